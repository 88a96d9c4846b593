# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""The services of one node, as a task that changes them looks at them, commands them and waits for them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress

from ansible_collections.ucops.imp.plugins.module_utils._clients.control_center import (
    ALREADY_STARTED,
    ALREADY_STOPPED,
    IN_BETWEEN,
    NOT_RUNNING,
    PENDING,
    STOPPED,
    ControlCenter,
    Service,
)
from ansible_collections.ucops.imp.plugins.module_utils._core.errors import (
    ApiError,
    Busy,
    ConnectionFailed,
    ImpError,
    TimedOut,
    WaitExpired,
)
from ansible_collections.ucops.imp.plugins.module_utils._core.options import ascii_lower, find_name
from ansible_collections.ucops.imp.plugins.module_utils._core.polling import Polling
from ansible_collections.ucops.imp.plugins.module_utils._http.transport import Transport
from ansible_collections.ucops.imp.plugins.module_utils._module.nodes import TaskNode
from ansible_collections.ucops.imp.plugins.module_utils._product.parameters import PRESENCE_ENGINE
from ansible_collections.ucops.imp.plugins.module_utils._resources.rolling_restart import (
    Trouble,
    not_started,
    unreachable,
)

COMMANDS = {"start": "Start", "stop": "Stop", "restart": "Restart", "activate": "Deploy", "deactivate": "UnDeploy"}
"""Actions of a plan and the words for them on the wire."""

YOUNG = 2
"""So many looks after the start of a service, whoever has waited for it has sent the next command."""

_ALREADY = {f"reason{code}" for code in (PENDING, ALREADY_STARTED, ALREADY_STOPPED)}
"""Refusals that mean that somebody else has given the same command; what counts is the state that is waited for."""


class NodeServices:
    """The services of a node; ``had_others`` tells of a command of somebody else, which was waited for or just done."""

    def __init__(self, node: TaskNode, transport: Transport, polling: Polling) -> None:
        self.node = node
        self.name = node.name
        self.transport = transport
        self.lost: ImpError | None = None
        self.had_others = False
        self._in_vain: set[str] = set()
        self._known_starts: set[tuple[str, str]] = set()
        self._cluster_name: str | None = None
        self._center = ControlCenter(transport)
        self._polling = polling

    def services(self, names: list[str]) -> dict[str, Service]:
        """Return these services by the name that was asked for, or all by their own."""
        found = self._center.services(names)
        if not names:
            return found
        return {name: service for name in names if (service := find_name(found, name)) is not None}

    def command(self, action: str, service: str) -> None:
        """Send a command; one that the service is carrying out already is as good."""
        send = self._center.deploy if COMMANDS[action].endswith("Deploy") else self._center.control
        try:
            # A node that was not named by the user may be called otherwise in the cluster; empty means itself.
            send(self.name if self.node.named else "", COMMANDS[action], [service])
        except ApiError as error:
            if error.code not in _ALREADY:
                text = f"{service} on {self.name}: {error.message}."
                raise ApiError(text, status=error.status, code=error.code) from None

    def wait(self, service: str, arrived: Callable[[Service], bool], wanted: str) -> Service:
        """Ask until ``arrived``; a node that does not answer meanwhile may be restarting its web server."""
        with self.transport.until(self._polling.timeout):
            return self._wait(service, arrived, wanted)

    def _wait(self, service: str, arrived: Callable[[Service], bool], wanted: str) -> Service:
        seen: Service | None = None
        status = "unknown"
        for report in self._polling.looks():
            try:
                seen = self.services([service]).get(service)
                status = seen.status if seen else "unknown"
                if seen and arrived(seen):
                    return seen
            except (ConnectionFailed, TimedOut, Busy) as error:
                status = f"not to be seen ({error.message})"
                self.transport.forget_failure()
            report(f"{service} on {self.name} is {status}")
        self._in_vain.add(service)
        timeout = self._polling.timeout
        raise WaitExpired(
            f"{service} on {self.name} is {status} after {timeout:g} s; it should be {wanted}. Look at the node's "
            f"logs, or raise wait_timeout if the node is slow.{why_stopped(service, seen)}",
            details={"node": self.name, "service": service, "status": status, "timeout": timeout},
        )

    def rest(self, service: str) -> Service:
        """Wait until somebody else's command has been carried out."""
        self.had_others = True
        now = self.wait(service, at_rest, "Started or Stopped")
        self.known_start(service, now.started)
        return now

    def known_start(self, service: str, started: str) -> None:
        """Take this start of a service for none of somebody else."""
        self._known_starts.add((service, started))

    def look_for_others(self, names: list[str]) -> None:
        """Note whether somebody else has just started a service; of a node that does not answer the command tells."""
        try:
            self._note_starts(self.services(names))
        except (ConnectionFailed, TimedOut, Busy):
            self.transport.forget_failure()
        except ImpError:
            pass

    def _note_starts(self, found: Mapping[str, Service]) -> None:
        """Note whether somebody else has just started one of these services; each such start counts once."""
        for name, service in found.items():
            young = 0 <= service.up_time <= YOUNG * self._polling.interval
            if young and (name, service.started) not in self._known_starts:
                self.known_start(name, service.started)
                self.had_others = True

    def settle(self, names: list[str]) -> None:
        """Let services that are starting or stopping come to rest, unless that was waited for in vain before."""
        found = self._look(names)
        self._note_starts(found)
        for name, service in found.items():
            if not at_rest(service) and name not in self._in_vain:
                with suppress(WaitExpired):
                    self.rest(name)

    def troubles(self, names: list[str]) -> list[Trouble]:
        """Return how the node stands now; one that could not be asked is not asked again by this task."""
        found = self._look(names)
        return [unreachable(self.name, self.lost.message)] if self.lost else not_started(self.name, found)

    @property
    def waited_in_vain(self) -> bool:
        """Whether the node does not answer, or one of its services did not get where it should be."""
        return self.lost is not None or bool(self._in_vain)

    def cluster_name(self) -> str:
        """Return what the cluster calls the node: the user's word, or that of the node itself; asked once."""
        if self._cluster_name is None:
            self._cluster_name = self.name
            if not self.node.named:
                with suppress(ImpError):
                    self._cluster_name = self._center.node_name()
        return self._cluster_name

    def _look(self, names: list[str]) -> dict[str, Service]:
        if self.lost is None:
            try:
                return self.services(names)
            except ImpError as error:
                self.lost = error
        return {}


def at_rest(service: Service) -> bool:
    """Whether it takes a command: it is not on its way from one state to another."""
    return service.status not in IN_BETWEEN


def why_stopped(name: str, seen: Service | None) -> str:
    """Return what is known of a service that did not start, in sentences with a space before them."""
    if seen is None or seen.status != STOPPED:
        return ""
    said = f" The control center says: {seen.reason}." if seen.reason_code == NOT_RUNNING and seen.reason else ""
    if ascii_lower(name) != ascii_lower(PRESENCE_ENGINE):
        return said
    return (
        f"{said} The Presence Engine does not start on a node where something else uses its notification port: see "
        "exchange_notification_port of ucops.imp.calendaring_parameters."
    )
