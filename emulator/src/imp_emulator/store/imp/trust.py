# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The certificates of the nodes: which they trust, which they show, and the signing requests in between."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from imp_emulator.scenario.configuration import STORES
from imp_emulator.scenario.model import ClusterSpec, Scenario
from imp_emulator.store import keys, stand_ins
from imp_emulator.store.database import Database
from imp_emulator.x509.certificate import Certificate, held_pem

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


@dataclass(frozen=True, slots=True)
class TrustedCertificate:
    """A certificate of a trust store; see the table of the same name."""

    fingerprint: str
    filename: str
    description: str
    pem: str


@dataclass(frozen=True, slots=True)
class Identity:
    """What a service identifies itself with, in PEM."""

    certificate: str
    private_key: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class WaitingRequest:
    """A signing request (PKCS#10) that waits for its certificate, and its key, in PEM."""

    request: str
    private_key: str = field(repr=False)


def seed(database: Database, scenario: Scenario) -> None:
    """Give every node its identities, and its trust stores what the scenario has; others start empty.

    All services of a node show the same certificate, the one that its listeners use. The keys must be in the
    database already.
    """
    for cluster in scenario.clusters:
        for node in cluster.nodes:
            pair = keys.get(database, cluster.name, node.name)
            for service in STORES[node.role]:
                put_identity(database, cluster.name, node.name, service, Identity(pair.certificate, pair.private_key))
        _seed_trusted(database, cluster)


def _seed_trusted(database: Database, cluster: ClusterSpec) -> None:
    """Store what the scenario has in the trust stores, also what the product's own rules would not let in today."""
    taken: dict[tuple[str, str], set[str]] = {}
    for spec in cluster.trusted:
        for node in spec.nodes:
            taken.setdefault((node, spec.store), set()).add(spec.file_name)
    for spec in cluster.trusted:
        (found,) = held_pem(stand_ins.as_held(database, spec.certificate))
        for node in spec.nodes:
            names = taken[node, spec.store]
            name = spec.file_name or file_name(found, names)
            names.add(name)
            stored = TrustedCertificate(found.fingerprint, name, spec.description, found.pem)
            add_trusted(database, cluster.name, node, spec.store, stored)


def file_name(certificate: Certificate, taken: Collection[str]) -> str:
    """Name a certificate after its subject's CN or, without one, its serial number; a number keeps names apart."""
    stem = _UNSAFE.sub("_", "".join(certificate.common_names[:1])).strip("_.")[:80] or certificate.serial[:80]
    name, number = f"{stem}.pem", 1
    while name in taken:
        name, number = f"{stem}-{number}.pem", number + 1
    return name


def trusted(database: Database, cluster: str, node: str, store: str) -> list[TrustedCertificate]:
    """Return the certificates of a trust store, by file name."""
    rows = database.all(
        "SELECT fingerprint, filename, description, pem FROM trust_certificate"
        " WHERE cluster = ? AND node = ? AND store = ? ORDER BY filename",
        (cluster, node, store),
    )
    return [TrustedCertificate(*row) for row in rows]


@dataclass(frozen=True, slots=True)
class StoreKey:
    """A trust store, by the service token that it belongs to."""

    cluster: str
    node: str
    store: str


def page(
    database: Database, clusters: Sequence[str], node: str, store: str, skip: int, first: int
) -> tuple[int, list[tuple[StoreKey, TrustedCertificate]]]:
    """Return how many certificates the trust stores of some clusters hold, and those of a page, store by store.

    Args:
        node: Only those of this node; ``""`` for all, as for ``store``.
        skip: How many to leave out.
        first: How many to return at most.
    """
    source = (
        "FROM trust_certificate WHERE cluster IN (SELECT value FROM json_each(:clusters))"
        " AND :node IN ('', node) AND :store IN ('', store)"
    )
    values = {"clusters": json.dumps(list(clusters)), "node": node, "store": store}
    total = database.one(f"SELECT count(*) AS n {source}", values)
    rows = database.all(
        "SELECT cluster, node, store, fingerprint, filename, description, pem"
        f" {source} ORDER BY cluster, node, store, filename LIMIT :first OFFSET :skip",
        values | {"skip": skip, "first": first},
    )
    found = [(StoreKey(*row[:3]), TrustedCertificate(*row[3:])) for row in rows]
    return 0 if total is None else int(total["n"]), found


def filled(database: Database, clusters: Sequence[str]) -> set[StoreKey]:
    """Return the trust stores of some clusters that hold a certificate."""
    rows = database.all(
        "SELECT DISTINCT cluster, node, store FROM trust_certificate WHERE cluster IN (SELECT value FROM json_each(?))",
        (json.dumps(list(clusters)),),
    )
    return {StoreKey(*row) for row in rows}


def all_trusted(database: Database) -> list[str]:
    """Return every certificate of every trust store once, PEM."""
    return [row["pem"] for row in database.all("SELECT DISTINCT pem FROM trust_certificate ORDER BY fingerprint")]


def add_trusted(database: Database, cluster: str, node: str, store: str, certificate: TrustedCertificate) -> None:
    """Add a certificate to a trust store."""
    database.execute(
        "INSERT INTO trust_certificate (cluster, node, store, fingerprint, filename, description, pem)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            cluster,
            node,
            store,
            certificate.fingerprint,
            certificate.filename,
            certificate.description,
            certificate.pem,
        ),
    )


def remove_trusted(database: Database, cluster: str, node: str, store: str, fingerprint: str) -> None:
    """Remove a certificate from a trust store."""
    database.execute(
        "DELETE FROM trust_certificate WHERE cluster = ? AND node = ? AND store = ? AND fingerprint = ?",
        (cluster, node, store, fingerprint),
    )


def identity(database: Database, cluster: str, node: str, service: str) -> Identity | None:
    """Return what a service identifies itself with."""
    row = database.one(
        "SELECT certificate, private_key FROM identity WHERE cluster = ? AND node = ? AND service = ?",
        (cluster, node, service),
    )
    return None if row is None else Identity(*row)


def put_identity(database: Database, cluster: str, node: str, service: str, identity: Identity) -> None:
    """Set or replace what a service identifies itself with."""
    database.execute(
        "INSERT OR REPLACE INTO identity (cluster, node, service, certificate, private_key) VALUES (?, ?, ?, ?, ?)",
        (cluster, node, service, identity.certificate, identity.private_key),
    )


def signing_request(database: Database, cluster: str, node: str, service: str) -> WaitingRequest | None:
    """Return the signing request of a service that waits for its certificate."""
    row = database.one(
        "SELECT request, private_key FROM signing_request WHERE cluster = ? AND node = ? AND service = ?",
        (cluster, node, service),
    )
    return None if row is None else WaitingRequest(*row)


def put_signing_request(database: Database, cluster: str, node: str, service: str, waiting: WaitingRequest) -> None:
    """Set or replace a service's signing request."""
    database.execute(
        "INSERT OR REPLACE INTO signing_request (cluster, node, service, request, private_key) VALUES (?, ?, ?, ?, ?)",
        (cluster, node, service, waiting.request, waiting.private_key),
    )


def remove_signing_request(database: Database, cluster: str, node: str, service: str) -> None:
    """Forget a service's signing request and its key."""
    database.execute(
        "DELETE FROM signing_request WHERE cluster = ? AND node = ? AND service = ?", (cluster, node, service)
    )
