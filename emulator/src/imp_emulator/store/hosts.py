# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Exchange servers and the name service of the emulated network."""

from __future__ import annotations

from dataclasses import dataclass

from imp_emulator.scenario.model import Scenario
from imp_emulator.store.database import Database


@dataclass(frozen=True, slots=True)
class ExchangeServer:
    """An Exchange server and its addresses, of which it has at least one."""

    name: str
    ipv4: str | None
    ipv6: str | None


def seed(database: Database, scenario: Scenario) -> None:
    """Store the Exchange servers and a host record for each name of a node or server."""
    records: list[tuple[str, str]] = []
    for cluster in scenario.clusters:
        records += [(node.fqdn, address) for node in cluster.nodes for address in (node.ipv4, node.ipv6) if address]
    for server in scenario.exchange:
        database.execute(
            "INSERT INTO exchange (name, ipv4, ipv6) VALUES (?, ?, ?)", (server.name, server.ipv4, server.ipv6)
        )
        names = (server.name, *server.aliases)
        records += [(name, address) for name in names for address in (server.ipv4, server.ipv6) if address]
    for authority in scenario.certification_authorities:
        records += [(authority.host, address) for address in authority.addresses]
    records += scenario.online.hosts.items() if scenario.online else ()
    database.executemany("INSERT OR IGNORE INTO host (name, address) VALUES (?, ?)", records)


def servers(database: Database) -> list[ExchangeServer]:
    """Return the Exchange servers, by name."""
    return [ExchangeServer(*row) for row in database.all("SELECT name, ipv4, ipv6 FROM exchange ORDER BY name")]


def addresses(database: Database, name: str) -> list[str]:
    """Return the addresses of a host name, IPv4 before IPv6; none when the name is unknown."""
    rows = database.all("SELECT address FROM host WHERE name = ? ORDER BY instr(address, ':') > 0, address", (name,))
    return [row["address"] for row in rows]
