# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whom Exchange servers trust: their root certificates, and whether they reach revocation lists."""

from __future__ import annotations

from dataclasses import dataclass

from imp_emulator.scenario.model import ENTERPRISE_ROOT, REGISTRY_ROOT, Scenario
from imp_emulator.store import keys
from imp_emulator.store.ca import authorities
from imp_emulator.store.database import Database
from imp_emulator.x509.certificate import held_pem


@dataclass(frozen=True, slots=True)
class TrustedRoot:
    """A root certificate that a server trusts.

    Attributes:
        fingerprint: SHA-256, lower-case hexadecimal.
        kind: How it got there, as ``RootCAType`` tells it.
        certificate: PEM.
    """

    fingerprint: str
    kind: str
    certificate: str


def seed(database: Database, scenario: Scenario) -> None:
    """Store the roots that each server has from the start.

    Those of an enterprise reach it through the domain, a self-signed certificate was put there by Exchange's setup, and
    the scenario names the others.
    """
    enterprises = [spec.host for spec in scenario.certification_authorities if spec.kind == "enterprise"]
    for server in scenario.exchange:
        pair = keys.get(database, keys.NO_CLUSTER, server.name)
        # Who has no authority above has signed itself.
        add(database, server.name, ENTERPRISE_ROOT if pair.issuers else REGISTRY_ROOT, pair.root)
        for host in enterprises:
            add(database, server.name, ENTERPRISE_ROOT, authorities.root(database, host))
        for spec in server.roots:
            add(database, server.name, spec.kind, spec.certificate or authorities.root(database, spec.authority))
        set_crl_reachable(database, server.name, server.crl_reachable)


def add(database: Database, server: str, kind: str, pem: str) -> bool:
    """Store a root; returns whether it was not there yet. One that is there keeps its kind."""
    name = held_pem(pem)[0].fingerprint
    known = root(database, server, name) is not None
    database.execute(
        "INSERT OR IGNORE INTO exchange_root (server, fingerprint, kind, certificate) VALUES (?, ?, ?, ?)",
        (server, name, kind, pem),
    )
    return not known


def roots(database: Database, server: str) -> list[TrustedRoot]:
    """Return the roots of a server, by fingerprint."""
    rows = database.all(
        "SELECT fingerprint, kind, certificate FROM exchange_root WHERE server = ? ORDER BY fingerprint", (server,)
    )
    return [TrustedRoot(**dict(row)) for row in rows]


def root(database: Database, server: str, fingerprint: str) -> TrustedRoot | None:
    """Return one root."""
    row = database.one(
        "SELECT fingerprint, kind, certificate FROM exchange_root WHERE server = ? AND fingerprint = ?",
        (server, fingerprint),
    )
    return None if row is None else TrustedRoot(**dict(row))


def remove(database: Database, server: str, fingerprint: str) -> None:
    """Delete a root."""
    database.execute("DELETE FROM exchange_root WHERE server = ? AND fingerprint = ?", (server, fingerprint))


def crl_reachable(database: Database, server: str) -> bool:
    """Tell whether a server reaches the revocation lists of the authorities."""
    return database.one("SELECT 1 FROM exchange_without_crl WHERE server = ?", (server,)) is None


def set_crl_reachable(database: Database, server: str, reachable: bool) -> None:
    """Have a server reach the revocation lists, or not."""
    verb = "DELETE FROM exchange_without_crl WHERE server = ?"
    if not reachable:
        verb = "INSERT OR IGNORE INTO exchange_without_crl (server) VALUES (?)"
    database.execute(verb, (server,))
