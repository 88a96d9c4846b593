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
        self._told: dict[tuple[str, str], str] = {}

    def reopen(self) -> None:
        """Open the ports of the engines that run by the present state, and close all others."""
        for place in self._open:
            self._environment.network.pop(place, None)
        self._open.clear()
        self._told.clear()
        for loaded in store.engines(self._environment.database):
            self.listen_again(loaded.cluster, loaded.node)

    def listen_again(self, cluster: str, node: str) -> None:
        """Open the ports of an engine: the present one, and those that subscriptions were made with."""
        context = self._environment.context
        wanted = {engine_settings.terms(context, cluster).port, *store.ports(context.database, cluster, node)}
        for port in sorted(wanted):
            self.listen(cluster, node, port)

    def listen(self, cluster: str, node: str, port: int) -> None:
        """Open a port of a node, unless something else has it."""
        listener = self._environment.engine_listeners.get((cluster, node))
        places = [(address, port) for address in self._addresses(cluster, node)]
        if listener is None or self._open.issuperset(places):
            self._tell(cluster, node, port, "")
            return
        taken = ports.why_not_listening(self._environment.context, cluster, node, port)
        self._tell(cluster, node, port, taken)
        if not taken:
            new = [place for place in places if place not in self._environment.network]
            self._environment.network.update(dict.fromkeys(new, listener))
            self._open.update(new)

    def _tell(self, cluster: str, node: str, port: int, taken: str) -> None:
        """Have a node's administration say why the present port cannot be opened; ``""``: it can."""
        context = self._environment.context
        if self._told.get((cluster, node)) == taken or port != engine_settings.terms(context, cluster).port:
            return
        self._told[cluster, node] = taken
        place = (context, cluster, node, notifications.NOTIFICATION_PORT)
        with context.database.transaction():
            if taken:
                notifications.raise_(*place, notifications.ERROR, f"{taken}; no notification of Exchange can arrive.")
            else:
                notifications.clear(*place)

    def close(self, cluster: str, node: str) -> None:
        """Close all ports of a node."""
        self._told.pop((cluster, node), None)
        addresses = set(self._addresses(cluster, node))
        for place in [place for place in self._open if place[0] in addresses]:
            self._open.remove(place)
            self._environment.network.pop(place, None)

    def _addresses(self, cluster: str, node: str) -> list[str]:
        found = nodes.node(self._environment.database, cluster, node)
        return [] if found is None else [address for address in (found.ipv4, found.ipv6) if address]
