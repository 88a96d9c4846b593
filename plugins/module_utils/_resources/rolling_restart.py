# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""The rule of the rolling restart: no running service is taken down on a node while another node is in trouble.

In trouble is a node that cannot be asked, or on which a service that the task names is activated and not Started,
whoever has stopped it and whenever. Its users are carried by the other nodes. Nothing is remembered between runs: what
counts is how the nodes stand at the moment of the restart. A start is never refused, because it takes nothing down.

The rule itself is pure; :class:`Unlisted` asks a cluster about the nodes that a task does not name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from ansible_collections.ucops.imp.plugins.module_utils._clients.control_center import STARTED, ControlCenter, Service
from ansible_collections.ucops.imp.plugins.module_utils._clients.imp_admin import ImpAdmin
from ansible_collections.ucops.imp.plugins.module_utils._clients.imp_axl import ImpAxl
from ansible_collections.ucops.imp.plugins.module_utils._core.errors import (
    ApiError,
    Busy,
    ConnectionFailed,
    Forbidden,
    NoPublicApi,
    TimedOut,
    Unauthorized,
    UnexpectedAnswer,
)
from ansible_collections.ucops.imp.plugins.module_utils._core.options import ascii_lower
from ansible_collections.ucops.imp.plugins.module_utils._core.plan import Change, Refusal
from ansible_collections.ucops.imp.plugins.module_utils._http.transport import Transport
from ansible_collections.ucops.imp.plugins.module_utils._module.nodes import TaskNode

NO_ANSWER = (ConnectionFailed, TimedOut, Busy)
"""A server that is there and does not answer, or is not there: the node is down, as far as anybody can see."""
_SILENT = (Forbidden, NoPublicApi, Unauthorized, UnexpectedAnswer)
"""An interface that does not exist, is switched off or is not for this account: nothing is known."""


@dataclass(frozen=True)
class Trouble:
    """Why a node does not carry its users: ``text`` says it as a sentence. No ``service`` means the node as a whole."""

    node: str
    text: str
    service: str | None = None


def unreachable(node: str, reason: str) -> Trouble:
    """Return the trouble of a node that cannot be asked."""
    return Trouble(node, f"{node} cannot be asked how it is ({reason.rstrip('.')})")


def not_started(node: str, services: Mapping[str, Service]) -> list[Trouble]:
    """Return the troubles of a node that was asked; a service that is not there or not activated is none."""
    return [
        Trouble(node, f"{name} is {service.status} on {node}", name)
        for name, service in services.items()
        if service.exists and service.activated and service.status != STARTED
    ]


def refusal(node: str, troubles: Iterable[Trouble]) -> Refusal | None:
    """Return why nothing is restarted on ``node``, or ``None``: its own troubles do not count."""
    other = next((trouble for trouble in troubles if trouble.node != node), None)
    if other is None:
        return None
    text = (
        f"Not tried: {other.text}, and {node} carries the users until all services are Started on {other.node}. Mend "
        "that first, then run again; ignore_other_nodes=true restarts all the same."
    )
    return Refusal(text, "not-tried", details={"node": other.node, "service": other.service})


def predict(
    steps: Iterable[tuple[str, str, Change]], troubles: Iterable[Trouble]
) -> tuple[list[Change], list[tuple[Change, Refusal]]]:
    """Return the changes that would be made and those that would be refused, if all goes well.

    ``steps`` are (node, service, change) in their order; a start ends the trouble that its service is.
    """
    left = list(troubles)
    made: list[Change] = []
    refused: list[tuple[Change, Refusal]] = []
    for node, service, change in steps:
        if change.action == "start":
            left = [trouble for trouble in left if (trouble.node, trouble.service) != (node, service)]
        reason = refusal(node, left) if change.action == "restart" else None
        if reason is None:
            made.append(change)
        else:
            refused.append((change, replace(reason, id=change.id)))
    return made, refused


class Unlisted:
    """The nodes of the cluster that a task does not name, as far as the cluster tells how they are.

    The admin API and the AXL of IM and Presence tell it, through the server of the connection options.
    """

    def __init__(self, transport: Transport, nodes: Sequence[tuple[TaskNode, Transport]], services: list[str]) -> None:
        self._transport = transport
        self._nodes = nodes
        self._services = services
        self._own: str | None = None

    def troubles(self) -> list[Trouble] | None:
        """Return how these nodes stand now; ``None`` when nobody tells which nodes there are."""
        try:
            states = self._states()
        except NO_ANSWER as error:
            server = self._transport.connection
            named = [(node.connection.hostname, node.connection.port) for node, _transport in self._nodes]
            # A listed node is asked itself.
            return [] if (server.hostname, server.port) in named else [unreachable(server.hostname, error.message)]
        if states is None:
            return None
        listed = {state["name"] for state in states if self._is_listed(state)} or {self._own_name()}
        return [trouble for state in states if state["name"] not in listed for trouble in self._of(state)]

    def _states(self) -> list[dict[str, Any]] | None:
        try:
            return ImpAdmin(self._transport).node_states()
        except ApiError as error:
            if error.status >= 500:
                reason = error.message.rstrip(".")
                text = (
                    f"Not tried, because the state of the cluster's other nodes is not known: {reason}. "
                    "Correct that first, then run again; ignore_other_nodes=true restarts all the same."
                )
                raise ApiError(text, status=error.status, code="not-tried") from None
        except _SILENT:
            pass
        try:
            return ImpAxl(self._transport).node_states()
        except (ApiError, *_SILENT):
            # AXL refuses an operation that it does not know, as that of Unified CM does, with HTTP 500 too.
            return None

    def _is_listed(self, state: Mapping[str, Any]) -> bool:
        names = [str(state[key]) for key in ("name", "fqdn", "eth0_ipv4", "eth0_ipv6") if state.get(key)]
        return any(node.is_called(name) for node, _transport in self._nodes for name in names)

    def _own_name(self) -> str:
        """Return what the cluster calls the one server of a task without ``nodes``, which may be any name of it."""
        node, transport = self._nodes[0]
        if self._own is None:
            self._own = ""
            if not node.named:
                with suppress(UnexpectedAnswer):
                    self._own = ControlCenter(transport).node_name()
        return self._own

    def _of(self, state: Mapping[str, Any]) -> list[Trouble]:
        if not state["reachable"]:
            return [unreachable(state["name"], "its cluster does not reach it")]
        wanted = {ascii_lower(name) for name in self._services}
        return [
            Trouble(state["name"], f"{service['name']} is {service['status']} on {state['name']}", service["name"])
            for service in state["services"]
            if ascii_lower(service["name"]) in wanted
            and service["activated"]
            and ascii_lower(service["status"]) != ascii_lower(STARTED)
        ]
