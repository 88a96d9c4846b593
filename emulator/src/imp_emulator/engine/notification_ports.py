# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ports at which the Presence Engines listen for notifications: in the emulated network, while they run.

Each node has one listener for as long as the emulator runs. A port that is opened in the emulated network leads to it.
"""

from __future__ import annotations

from imp_emulator.domain.imp import engine_settings, notifications, ports
from imp_emulator.store import nodes
from imp_emulator.store.imp import engine as store
from imp_emulator.world.environment import Environment


class NotificationPorts:
    """Opens and closes notification ports in the emulated network."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._open: set[tuple[str, int]] = set()

    def reopen(self) -> None:
        """Open the ports of the engines that run by the present state, and close all others."""
        for place in self._open:
            self._environment.network.pop(place, None)
        self._open.clear()
        for loaded in store.engines(self._environment.database):
            self.listen_again(loaded.cluster, loaded.node)

    def listen_again(self, cluster: str, node: str) -> None:
        """Open the ports of an engine: the present one, and those that subscriptions were made with."""
        context = self._environment.context
        wanted = {engine_settings.terms(context, cluster).port, *store.ports(context.database, cluster, node)}
        for port in sorted(wanted):
            self.listen(cluster, node, port)

    def listen(self, cluster: str, node: str, port: int) -> None:
        """Open a port of a node; when something else has it, the node's administration says so."""
        context, listener = self._environment.context, self._environment.engine_listeners.get((cluster, node))
        addresses = self._addresses(cluster, node)
        if listener is None or all((address, port) in self._open for address in addresses):
            return
        taken = ports.why_not_listening(context, cluster, node, port)
        place = (context, cluster, node, notifications.NOTIFICATION_PORT)
        with context.database.transaction():
            if taken:
                notifications.raise_(*place, notifications.ERROR, f"{taken}; no notification of Exchange can arrive.")
                return
            notifications.clear(*place)
        for address in addresses:
            if (address, port) not in self._environment.network:
                self._environment.network[address, port] = listener
                self._open.add((address, port))

    def close(self, cluster: str, node: str) -> None:
        """Close all ports of a node."""
        addresses = set(self._addresses(cluster, node))
        for place in [place for place in self._open if place[0] in addresses]:
            self._open.remove(place)
            self._environment.network.pop(place, None)

    def _addresses(self, cluster: str, node: str) -> list[str]:
        found = nodes.node(self._environment.database, cluster, node)
        return [] if found is None else [address for address in (found.ipv4, found.ipv6) if address]
