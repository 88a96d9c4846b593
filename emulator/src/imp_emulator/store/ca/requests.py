# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The requests made to certification authorities, and what became of them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from imp_emulator.store.database import Database, Row


class RequestState(StrEnum):
    """What has become of a request."""

    PENDING = "pending"
    ISSUED = "issued"
    DENIED = "denied"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class CertificateRequest:
    """A request; it is never removed.

    Attributes:
        host: The CA's.
        id: Counts from 1 for each CA.
        csr: PKCS #10 in PEM.
        fingerprint: SHA-256 over its DER form, lower-case hexadecimal.
        submitted_at: Virtual time, seconds since the epoch.
        message: The disposition message.
        certificate: What was issued, PEM.
        serial: Its serial number, hexadecimal.
        renewal: Which of the CA's certificates has signed it.
        revoked_at: Virtual time, seconds since the epoch.
        reason: Why it was revoked (RFC 5280).
    """

    host: str
    id: int
    csr: str = field(repr=False)
    fingerprint: str
    subject: str
    template: str | None
    requester: str
    submitted_at: float
    state: RequestState
    message: str
    certificate: str = ""
    serial: str = ""
    renewal: int = 0
    revoked_at: float = 0.0
    reason: str = ""


def next_id(database: Database, host: str) -> int:
    """Return the number of the request that comes next."""
    row = database.one("SELECT coalesce(max(id), 0) + 1 AS id FROM ca_request WHERE host = ?", (host,))
    return int(row["id"]) if row else 1


def add(database: Database, request: CertificateRequest) -> None:
    """Store a request as it arrives: not issued yet."""
    database.execute(
        "INSERT INTO ca_request (host, id, csr, fingerprint, subject, template, requester, submitted_at, state,"
        " message) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            *(request.host, request.id, request.csr, request.fingerprint, request.subject, request.template),
            *(request.requester, request.submitted_at, request.state, request.message),
        ),
    )


def requests(database: Database, host: str, state: RequestState | None = None) -> list[CertificateRequest]:
    """Return the requests of a CA, all or those in one state, oldest first."""
    rows = database.all(
        "SELECT * FROM ca_request WHERE host = ?1 AND (?2 IS NULL OR state = ?2) ORDER BY id", (host, state)
    )
    return [_request(row) for row in rows]


def page(
    database: Database, hosts: Sequence[str], state: str, skip: int, first: int
) -> tuple[int, list[CertificateRequest]]:
    """Return how many requests some CAs have, and those of a page: CA by CA, the newest first.

    Args:
        hosts: The CAs, in the order of the answer.
        state: Only those in this state; ``""`` for all.
        skip: How many to leave out.
        first: How many to return at most.
    """
    source = "FROM json_each(:hosts) AS h JOIN ca_request AS r ON r.host = h.value WHERE :state IN ('', r.state)"
    values = {"hosts": json.dumps(list(hosts)), "state": state}
    total = database.one(f"SELECT count(*) AS n {source}", values)
    rows = database.all(
        f"SELECT r.* {source} ORDER BY h.key, r.id DESC LIMIT :first OFFSET :skip",
        values | {"skip": skip, "first": first},
    )
    return 0 if total is None else int(total["n"]), [_request(row) for row in rows]


def request(database: Database, host: str, identifier: int) -> CertificateRequest | None:
    """Return one request."""
    row = database.one("SELECT * FROM ca_request WHERE host = ? AND id = ?", (host, identifier))
    return None if row is None else _request(row)


def set_issued(database: Database, host: str, identifier: int, certificate: str, serial: str, renewal: int) -> None:
    """Note that a request was issued: the certificate in PEM, its serial number, and which CA certificate signed."""
    database.execute(
        "UPDATE ca_request SET state = 'issued', message = 'Issued', certificate = ?, serial = ?, renewal = ?"
        " WHERE host = ? AND id = ?",
        (certificate, serial, renewal, host, identifier),
    )


def set_denied(database: Database, host: str, identifier: int, message: str) -> None:
    """Note that a request was denied."""
    database.execute(
        "UPDATE ca_request SET state = 'denied', message = ? WHERE host = ? AND id = ?", (message, host, identifier)
    )


def set_revoked(database: Database, host: str, identifier: int, at: float, reason: str, message: str) -> None:
    """Note that an issued certificate was revoked."""
    database.execute(
        "UPDATE ca_request SET state = 'revoked', message = ?, revoked_at = ?, reason = ? WHERE host = ? AND id = ?",
        (message, at, reason, host, identifier),
    )


def _request(row: Row) -> CertificateRequest:
    """Make a request of a row; a column that has no value yet keeps the default."""
    values = {name: value for name, value in dict(row).items() if value is not None}
    return CertificateRequest(**{"template": None, **values, "state": RequestState(row["state"])})
