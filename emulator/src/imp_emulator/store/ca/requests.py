# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The certification authorities: their settings, their own certificates and the requests made to them."""

from __future__ import annotations

import json
from typing import NamedTuple

from imp_emulator.scenario.model import CaSpec
from imp_emulator.store.database import Database, Row

PENDING = "pending"
ISSUED = "issued"
DENIED = "denied"
REVOKED = "revoked"
STATES = (PENDING, ISSUED, DENIED, REVOKED)


class NewRequest(NamedTuple):
    """A request as it arrives.

    Attributes:
        csr: PKCS #10 in PEM.
        fingerprint: SHA-256 over its DER form, lower-case hexadecimal.
        state: What became of it at once.
        message: The disposition message.
        submitted_at: Virtual time, seconds since the epoch.
    """

    csr: str
    fingerprint: str
    subject: str
    template: str | None
    requester: str
    submitted_at: float
    state: str
    message: str


def add_authority(database: Database, spec: CaSpec) -> None:
    """Store a CA's settings."""
    database.execute(
        "INSERT INTO ca (host, common_name, kind, ipv4, templates, validity_days, issued_days, hash, key_size,"
        " minimum_key_size) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            *(spec.host, spec.common_name, spec.kind, spec.ipv4, json.dumps(spec.templates)),
            *(spec.validity_days, spec.issued_days, spec.hash, spec.key_size, spec.minimum_key_size),
        ),
    )


def authorities(database: Database) -> list[Row]:
    """Return the CAs' settings, see 40_ca.sql, by host."""
    return database.all("SELECT * FROM ca ORDER BY host")


def authority(database: Database, host: str) -> Row | None:
    """Return one CA's settings."""
    return database.one("SELECT * FROM ca WHERE host = ?", (host,))


def add_certificate(database: Database, host: str, level: int, private_key: str, certificate: str) -> int:
    """Store a new certificate of a CA, and its key, in PEM; returns its renewal number, 0 for the first."""
    database.execute(
        "INSERT INTO ca_certificate (host, level, renewal, private_key, certificate) SELECT ?1, ?2,"
        " (SELECT count(*) FROM ca_certificate WHERE host = ?1 AND level = ?2), ?3, ?4",
        (host, level, private_key, certificate),
    )
    return len(certificates(database, host, level)) - 1


def certificates(database: Database, host: str, level: int | None = None) -> list[Row]:
    """Return the certificates of one level, the issuing one by default: level, renewal, private_key, certificate."""
    return database.all(
        "SELECT level, renewal, private_key, certificate FROM ca_certificate WHERE host = ?1 AND level ="
        " coalesce(?2, (SELECT max(level) FROM ca_certificate WHERE host = ?1)) ORDER BY renewal",
        (host, level),
    )


def root(database: Database, host: str) -> str:
    """Return the newest root certificate in PEM."""
    return str(certificates(database, host, 0)[-1]["certificate"])


def add_request(database: Database, host: str, request: NewRequest) -> int:
    """Store a request and return its number."""
    row = database.one("SELECT coalesce(max(id), 0) + 1 AS id FROM ca_request WHERE host = ?", (host,))
    identifier = int(row["id"]) if row else 1
    database.execute(
        "INSERT INTO ca_request (host, id, csr, fingerprint, subject, template, requester, submitted_at, state,"
        " message) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (host, identifier, *request),
    )
    return identifier


def requests(database: Database, host: str, state: str | None = None) -> list[Row]:
    """Return the requests of a CA, all or those in one state, oldest first; see 40_ca.sql for the columns."""
    return database.all(
        "SELECT * FROM ca_request WHERE host = ?1 AND (?2 IS NULL OR state = ?2) ORDER BY id", (host, state)
    )


def request(database: Database, host: str, identifier: int) -> Row | None:
    """Return one request."""
    return database.one("SELECT * FROM ca_request WHERE host = ? AND id = ?", (host, identifier))


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
