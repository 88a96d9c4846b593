# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The certification authorities: their settings and their own certificates."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from imp_emulator.scenario.model import CaSpec
from imp_emulator.store.database import Database, Row


@dataclass(frozen=True, slots=True)
class CertificationAuthority:
    """A CA's settings, as its scenario declares them (see :class:`~imp_emulator.scenario.model.CaSpec`)."""

    host: str
    common_name: str
    kind: str
    templates: tuple[str, ...]
    validity_days: int
    issued_days: int
    hash: str
    key_size: int
    minimum_key_size: int


@dataclass(frozen=True, slots=True)
class AuthorityCertificate:
    """One of a CA's own certificates.

    Attributes:
        level: 0 is the root, the highest one issues.
        renewal: Counts from 0 for each level.
        private_key: PEM; it never leaves the CA.
        certificate: PEM.
    """

    level: int
    renewal: int
    private_key: str = field(repr=False)
    certificate: str


def add(database: Database, spec: CaSpec) -> None:
    """Store a CA's settings."""
    database.execute(
        "INSERT INTO ca (host, common_name, kind, templates, validity_days, issued_days, hash, key_size,"
        " minimum_key_size) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            *(spec.host, spec.common_name, spec.kind, json.dumps(spec.templates)),
            *(spec.validity_days, spec.issued_days, spec.hash, spec.key_size, spec.minimum_key_size),
        ),
    )


def authorities(database: Database) -> list[CertificationAuthority]:
    """Return the CAs, by host."""
    return [_authority(row) for row in database.all("SELECT * FROM ca ORDER BY host")]


def authority(database: Database, host: str) -> CertificationAuthority | None:
    """Return one CA."""
    row = database.one("SELECT * FROM ca WHERE host = ?", (host,))
    return None if row is None else _authority(row)


def add_certificate(database: Database, host: str, level: int, private_key: str, certificate: str) -> int:
    """Store a new certificate of a CA, and its key, in PEM; returns its renewal number, 0 for the first."""
    database.execute(
        "INSERT INTO ca_certificate (host, level, renewal, private_key, certificate) SELECT ?1, ?2,"
        " (SELECT count(*) FROM ca_certificate WHERE host = ?1 AND level = ?2), ?3, ?4",
        (host, level, private_key, certificate),
    )
    return len(certificates(database, host, level)) - 1


def certificates(database: Database, host: str, level: int | None = None) -> list[AuthorityCertificate]:
    """Return the certificates of one level, the issuing one by default, in the order of renewal."""
    rows = database.all(
        "SELECT level, renewal, private_key, certificate FROM ca_certificate WHERE host = ?1 AND level ="
        " coalesce(?2, (SELECT max(level) FROM ca_certificate WHERE host = ?1)) ORDER BY renewal",
        (host, level),
    )
    return [AuthorityCertificate(**dict(row)) for row in rows]


def root(database: Database, host: str) -> str:
    """Return the newest root certificate in PEM."""
    return certificates(database, host, 0)[-1].certificate


def _authority(row: Row) -> CertificationAuthority:
    return CertificationAuthority(**{**dict(row), "templates": tuple(json.loads(row["templates"]))})
