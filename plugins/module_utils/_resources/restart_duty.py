# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""Which noted restarts are still due, where the cluster itself cannot tell (requirements G5, C11 and R1).

A node tells two things of a running service: ``StartTime``, a text in its own zone, and ``UpTime``, seconds. The text
is only ever compared with itself: the same as before the change means that the service has not restarted, another one
than after it that it has. Where no text was seen at the right moment, the controller's clock less ``UpTime`` is the
start, which needs neither the node's clock nor its zone. In doubt the restart is due: one too many is better than none.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from ansible_collections.ucops.imp.plugins.module_utils._clients.control_center import STARTED, Service
from ansible_collections.ucops.imp.plugins.module_utils._core.options import address, ascii_lower
from ansible_collections.ucops.imp.plugins.module_utils._module.nodes import TaskNode
from ansible_collections.ucops.imp.plugins.module_utils._module.pending_restarts import (
    Content,
    Entry,
    PendingRestarts,
    Seen,
    UnreadableNotes,
)
from ansible_collections.ucops.imp.plugins.module_utils._module.resource import Context
from ansible_collections.ucops.imp.plugins.module_utils._product.cluster import called

UNFINISHED = 60.0
"""Seconds. A run that was killed during a change may have made it so much later than it noted it."""
WHOLE_SECONDS = 1.0
"""UpTime and StartTime are told in whole seconds."""

ServiceOnNode = tuple[str, str]
"""Node and service as the task calls them."""


class RestartDuty:
    """The notes of a cluster, seen by the task that restarts; without a path there are none."""

    def __init__(self, context: Context, nodes: Sequence[TaskNode], services: Sequence[str]) -> None:
        self._context = context
        self._nodes = {node.name: node for node in nodes}
        self._services = list(services)
        path: str | None = context.params["pending_restarts_path"]
        self.asked_for = path is not None
        self._file = PendingRestarts(path) if path else None
        self._content = Content()
        self._read_at = 0.0
        self._loaded: set[ServiceOnNode] = set()

    def read(self) -> None:
        """Read the notes, before the services are looked at: what is noted later is for a later run."""
        self._read_at = time.time()
        if self._file is not None:
            self._content = self._file.read()

    def required(self, services: Mapping[str, Mapping[str, Service]]) -> frozenset[ServiceOnNode]:
        """Return what has to restart though the cluster cannot say so; note what has been seen."""
        self._warn_of_what_cannot_be_known()
        due: set[ServiceOnNode] = set()
        for node, found in services.items():
            for name, service in found.items():
                entries = self._concerning(node, name)
                fresh = [entry for entry in entries if self._has_loaded(entry, node, name, service)]
                self._take_out(fresh, node)
                if len(fresh) < len(entries) and (node, name) not in self._loaded:
                    due.add((node, name))
        self._warn_of_what_stays()
        self._note_starts(services)
        return frozenset(due)

    def loaded(self, node: str, service: str) -> None:
        """Note that a command of this task has started a service anew: it has loaded every change noted before."""
        self._loaded.add((node, service))
        self._take_out(self._concerning(node, service), node)

    def told(self, pending: Iterable[ServiceOnNode]) -> None:
        """Take out what a cluster that remembers by itself does not wait for.

        Nodes are called as the cluster calls them; names are in the form of ``ascii_lower``.
        """
        waiting = list(pending)
        gone = [
            entry
            for entry in self._content.restarts
            if not any(
                name == ascii_lower(entry.service) and (entry.node is None or _may_be(entry.node, node))
                for node, name in waiting
            )
        ]
        self._take_out(gone, None)

    def _concerning(self, node: str, service: str) -> list[Entry]:
        return [
            entry
            for entry in self._content.restarts
            if ascii_lower(entry.service) == ascii_lower(service) and self._concerns(entry, self._nodes[node])
        ]

    def _concerns(self, entry: Entry, node: TaskNode) -> bool:
        if any(node.is_called(name) for name in entry.loaded):
            return False
        # A node that the user did not name may be any of the cluster.
        return entry.node is None or not node.named or _may_be(entry.node, node.name)

    def _has_loaded(self, entry: Entry, node: str, name: str, service: Service) -> bool:
        if service.status != STARTED or service.up_time < 0:
            return False
        after = entry.noted + UNFINISHED if entry.made is None else entry.made
        seen = self._seen(node, name)
        if seen is not None and seen.at <= entry.noted and seen.started and seen.started == service.started:
            return False
        started = self._read_at - service.up_time
        if seen is not None and seen.at >= after and seen.started != service.started:
            # A node whose zone was changed writes the same start otherwise; then it is older than what was seen.
            return started >= seen.at - 2 * WHOLE_SECONDS
        return started - WHOLE_SECONDS > after

    def _seen(self, node: str, service: str) -> Seen | None:
        return next((seen for seen in self._content.seen if (seen.node, seen.service) == (node, service)), None)

    def _take_out(self, entries: Sequence[Entry], node: str | None) -> None:
        """Take notes out, for one node or (``None``) altogether; what was noted anew meanwhile stays."""
        if not entries or self._context.check_mode or self._file is None:
            return

        def take(content: Content) -> Content:
            kept = []
            for known in content.restarts:
                if not any(known.is_same_note(entry) for entry in entries):
                    kept.append(known)
                elif node is not None and not self._is_only(known, node):
                    kept.append(replace(known, loaded=(*known.loaded, node)))
            return replace(content, restarts=tuple(kept))

        self._edit(take)

    def _is_only(self, entry: Entry, node: str) -> bool:
        """Whether the entry is about this node for certain and about no other."""
        mine = self._nodes[node]
        return entry.node is not None and mine.named and mine.is_called(entry.node)

    def _note_starts(self, services: Mapping[str, Mapping[str, Service]]) -> None:
        """Keep the start times as the nodes write them, for later runs to compare."""
        if self._context.check_mode or self._file is None:
            return
        now = {
            (node, name): Seen(node, name, service.started, self._read_at)
            for node, found in services.items()
            for name, service in found.items()
        }
        self._edit(lambda content: replace(content, seen=_merged(content.seen, now)))

    def _edit(self, change: Callable[[Content], Content]) -> None:
        if self._file is None:
            return
        try:
            self._file.edit(change)
        except OSError as error:
            self._context.warn(
                f"{self._file.path} cannot be written ({error.strerror}), so restarts that were made stay noted in it. "
                "The next run may restart these services once more."
            )
        except UnreadableNotes as error:
            # It was readable when this task began, and what was done since counts.
            self._context.warn(error.message)

    def _warn_of_what_cannot_be_known(self) -> None:
        if not self.asked_for or self._content.seen:
            return
        where = f"{self._file.path} tells of no earlier run" if self._file else "pending_restarts_path is empty"
        self._context.warn(
            "Restarts that an earlier run on another controller left open cannot be seen here: this cluster has no "
            f"interface for restart notifications, and {where}. If such a run was interrupted, restart the "
            "services yourself."
        )

    def _warn_of_what_stays(self) -> None:
        """Tell of notes that no node or service of this task can settle."""
        mine = [entry for node in self._nodes for name in self._services for entry in self._concerning(node, name)]
        done = [entry for entry in self._content.restarts if entry.loaded]
        others = [entry for entry in self._content.restarts if entry not in mine and entry not in done]
        if others:
            told = sorted({f"{entry.service} on {entry.node or 'every node'}" for entry in others})
            self._context.warn(
                f"These restarts are due and not this task's, which names other services or nodes: {', '.join(told)}."
            )


def _merged(old: Iterable[Seen], new: dict[ServiceOnNode, Seen]) -> tuple[Seen, ...]:
    return tuple(({(seen.node, seen.service): seen for seen in old} | new).values())


def _may_be(one: str, other: str) -> bool:
    """Whether two names can mean the same node: a name without a domain stands for any, an address for any name."""
    return bool(address(one)) != bool(address(other)) or bool(called(one, {other: [other]}))
