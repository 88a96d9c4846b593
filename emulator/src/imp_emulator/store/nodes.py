# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clusters and their nodes."""

from __future__ import annotations

import ipaddress
import uuid
from dataclasses import dataclass
from typing import Literal

from imp_emulator.scenario.model import Scenario
from imp_emulator.store.database import Database

# Identifiers are derived from names, so that the same scenario gives the same ones on every machine.
_NAMESPACE = uuid.UUID("7f0b2f6e-2f0c-5d0e-9a57-6c1d3e0a4b11")
_COLUMNS = "cluster, name, pkid, fqdn, role, usage, ipv4, ipv6, ipv6_name, description"


@dataclass(frozen=True, slots=True)
class Cluster:
    """A cluster of Unified CM and IM and Presence nodes."""

    name: str
    version: str
    domain: str


@dataclass(frozen=True, slots=True)
class Node:
    """A node of a cluster.

    Attributes:
        pkid: Its UUID, lower case, no braces.
        role: Whether Unified CM or IM and Presence runs on it.
        ipv6: The address of Eth0, or ``None``.
        ipv6_name: What Unified CM keeps as its IPv6 name; empty when unset.
    """

    cluster: str
    name: str
    pkid: str
    fqdn: str
    role: Literal["cucm", "imp"]
    usage: Literal["publisher", "subscriber"]
    ipv4: str
    ipv6: str | None
    ipv6_name: str
    description: str


def seed(database: Database, scenario: Scenario) -> None:
    """Store the clusters and nodes of a scenario."""
    for cluster in scenario.clusters:
        database.execute(
            "INSERT INTO cluster (name, version, domain) VALUES (?, ?, ?)",
            (cluster.name, cluster.version, cluster.domain),
        )
        database.executemany(
            "INSERT INTO node (cluster, name, pkid, fqdn, role, usage, ipv4, ipv6, description, position)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    cluster.name,
                    node.name,
                    str(uuid.uuid5(_NAMESPACE, f"{cluster.name}/{node.name}")),
                    node.fqdn,
                    node.role,
                    node.usage,
                    node.ipv4,
                    node.ipv6,
                    node.description,
                    position,
                )
                for position, node in enumerate(cluster.nodes)
            ],
        )


def clusters(database: Database) -> list[Cluster]:
    """Return all clusters, by name."""
    return [Cluster(*row) for row in database.all("SELECT name, version, domain FROM cluster ORDER BY name")]


def nodes(database: Database, cluster: str, role: str | None = None) -> list[Node]:
    """Return the nodes of a cluster, or those of one role, in the scenario's order."""
    rows = database.all(
        f"SELECT {_COLUMNS} FROM node WHERE cluster = ?1 AND (?2 IS NULL OR role = ?2) ORDER BY position",  # noqa: S608
        (cluster, role),
    )
    return [Node(*row) for row in rows]


def node(database: Database, cluster: str, name: str) -> Node | None:
    """Return one node by its name, FQDN or address (letter case and spelling do not matter), or ``None``."""
    means = "name = ?2 OR fqdn = ?2 OR ipv4 = ?2 OR ipv6 = ?2"
    row = database.one(
        f"SELECT {_COLUMNS} FROM node WHERE cluster = ?1 AND ({means})",  # noqa: S608
        (cluster, _canonical(name)),
    )
    return None if row is None else Node(*row)


def _canonical(name: str) -> str:
    """Return a name as the table holds it: an IPv6 address in its canonical form (RFC 5952)."""
    try:
        return str(ipaddress.IPv6Address(name)) if ":" in name else name
    except ValueError:
        return name


def set_ipv6(database: Database, cluster: str, name: str, address: str | None) -> None:
    """Set or remove the IPv6 address of a node's Eth0 (requirement G7)."""
    database.execute("UPDATE node SET ipv6 = ? WHERE cluster = ? AND name = ?", (address, cluster, name))


def describe(database: Database, cluster: str, name: str, description: str, ipv6_name: str) -> None:
    """Set a node's description and its IPv6 name, which is not the address of its Eth0."""
    database.execute(
        "UPDATE node SET description = ?, ipv6_name = ? WHERE cluster = ? AND name = ?",
        (description, ipv6_name, cluster, name),
    )
