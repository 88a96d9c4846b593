# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""What a run did to one cluster, part by part, from the results that the roles register. Pure.

A part of the calendar integration registers the results of its modules under names of its own, :data:`RESULTS`. One
change of many objects is one :class:`Group`: 3,267 users that get the same options, or a certificate on every node.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.ucops.imp.plugins.module_utils._core.masked import without_masks
from ansible_collections.ucops.imp.plugins.module_utils._core.options import ascii_lower
from ansible_collections.ucops.imp.plugins.module_utils._core.plan import DIFFERS, GIVEN
from ansible_collections.ucops.imp.plugins.module_utils._core.words import alike
from ansible_collections.ucops.imp.plugins.plugin_utils._drift.records import HIDDEN, has_failed

RESULTS: dict[str, tuple[str, ...]] = {
    "trust": ("trust_authority", "trust_result"),
    "exchange_certificate": (
        "exchange_certificate_request",
        "exchange_certificate_submitted",
        "exchange_certificate_result",
        "ucops_imp_failure",
    ),
    "presence_gateways": ("presence_gateways_ipv6_result", "presence_gateways_result"),
    "calendar_users": ("calendar_users_result",),
    "calendaring": ("calendaring_result",),
    "presence_engine": ("presence_engine_result",),
    "gateway_status": ("calendar_integration_gateways",),
    "proof": ("calendar_integration_proof",),
}
"""The parts in the order in which they run, with the variables that have their results."""
SERVERS = "exchange_certificate"
"""The part whose results are those of the Exchange servers."""
USERS, SERVICE, SWITCH = "calendar_user", "service", "high_availability"
PER_NODE = ("trust_certificate", SERVICE)
"""Kinds whose ids are a node, a colon and a name without a colon; a node may be an IPv6 address."""

CHANGED, RIGHT, FAILED, NOT_RUN = "changed", "ok", "failed", "not run"

Results = Sequence[tuple[str, Mapping[str, Any]]]
"""Results of modules, each with the name of the server that it is about; the name is empty for the cluster itself."""


@dataclass(frozen=True)
class Group:
    """One change of one or more objects; ``fields`` are ``(name, before, after)`` without secrets."""

    kind: str
    action: str
    fields: tuple[tuple[str, Any, Any], ...]
    names: tuple[str, ...]
    nodes: tuple[str, ...] = ()

    @property
    def count(self) -> int:
        """How many objects: one that is on several nodes is one on each."""
        return len(self.names) * max(len(self.nodes), 1)


@dataclass(frozen=True)
class Failure:
    """What failed for one reason: the objects (none when it is the whole part), and what happened and what to do."""

    ids: tuple[str, ...]
    message: str


@dataclass(frozen=True)
class Part:
    """What became of one part.

    Attributes:
        state: :data:`CHANGED` (in check mode: would be), :data:`RIGHT`, :data:`FAILED` or :data:`NOT_RUN`.
        why: of a part that did not run.
        restarts: the services that must restart before its changes have effect.
    """

    name: str
    state: str
    groups: tuple[Group, ...] = ()
    failures: tuple[Failure, ...] = ()
    warnings: tuple[str, ...] = ()
    restarts: tuple[str, ...] = ()
    why: str = ""
    found: Mapping[str, Any] = field(default_factory=dict)
    """Further results: ``assigned_users``, ``current``, ``elapsed``, ``users_assigned``, ``status``, and as a list
    ``backup_files``."""

    @property
    def title(self) -> str:
        """The name in words."""
        return self.name.replace("_", " ")


def part_of(name: str, results: Results, failures: Iterable[str], why: str = "") -> Part:
    """Return what became of a part.

    Args:
        name: of the part.
        results: of its modules.
        failures: messages of what failed, of its tasks as a whole.
        why: the reason when it did not run, a sentence without its period.
    """
    taken = [(server, result) for server, result in results if not result.get("skipped")]
    failed = tuple(failures_of(name, taken, failures))
    groups = tuple(groups_of(taken))
    if not taken and not failed:
        return Part(name, NOT_RUN, why=why or "it was not reached")
    state = FAILED if failed else CHANGED if groups else RIGHT
    services = dict.fromkeys(str(service) for _s, result in taken for service in _list(result, "restart_required"))
    warnings = dict.fromkeys(_warning(warning) for _s, result in taken for warning in _list(result, "warnings"))
    return Part(name, state, groups, failed, tuple(warnings), tuple(services), "", _found(taken))


def left_to_console(name: str) -> Part:
    """Return a part for which the cluster has no interface, and whose steps are written down for a person."""
    return Part(name, NOT_RUN, why="no interface, so it is left for the console")


def _found(results: Results) -> dict[str, Any]:
    names = ("assigned_users", "current", "elapsed", "users_assigned", "status")
    found = {name: result[name] for _server, result in results for name in names if name in result}
    files = [str(result["backup_file"]) for _server, result in results if result.get("backup_file")]
    return {**found, "backup_files": files} if files else found


def groups_of(results: Results) -> list[Group]:
    """Return the changes of results, the same ones of many objects together, in the order of the first of each."""
    found: dict[str, tuple[dict[str, None], dict[str, None], Mapping[str, Any]]] = {}
    for server, result in results:
        for change in _list(result, "changes"):
            name, node = _name_and_node(change, server)
            fields = _fields(change)
            same = json.dumps(
                [change.get("kind"), change.get("action"), fields, name if node else None], default=str, sort_keys=True
            )
            names, nodes, _first = found.setdefault(same, ({}, {}, change))
            names[name] = None
            if node:
                nodes[node] = None
    return [
        Group(str(first.get("kind")), str(first.get("action")), _fields(first), tuple(names), tuple(nodes))
        for names, nodes, first in found.values()
    ]


def _name_and_node(change: Mapping[str, Any], server: str) -> tuple[str, str]:
    """Return how people call the object of a change, and the node or server that it is on (or an empty text)."""
    identifier = str(change.get("id"))
    if change.get("kind") not in PER_NODE:
        return identifier, server
    node, _colon, rest = identifier.rpartition(":")
    fields = {item.get("name"): item for item in _list(change, "fields")}
    subject = fields.get("subject", {})
    # A fingerprint tells people nothing.
    return str(subject.get("after") or subject.get("before") or rest), node


def _fields(change: Mapping[str, Any]) -> tuple[tuple[str, Any, Any], ...]:
    return tuple(
        (str(item.get("name")), _safe(item, "before"), _safe(item, "after")) for item in _list(change, "fields")
    )


def _safe(item: Mapping[str, Any], side: str) -> Any:
    """Return a value without secrets, whatever the module told."""
    value = item.get(side)
    return HIDDEN if item.get("secret") and value not in (None, DIFFERS, GIVEN) else without_masks(value)


def failures_of(name: str, results: Results, others: Iterable[str]) -> Iterator[Failure]:
    """Yield what failed, each reason once; ``others``, messages of other tasks, if nothing else tells it."""
    reasons: list[tuple[str, str]] = []
    for server, result in results:
        items = _list(result, "failures") if has_failed(result) else []
        reasons += [(str(item.get("id")), _text(item.get("message"))) for item in items]
        if has_failed(result) and not items:
            reasons.append((server, _text(result.get("msg"))))
        for row in _unverified(result) if name == "gateway_status" and list(others) else ():
            message = f"{row.get('reachability')}, {row.get('verification')}. {row.get('advice') or ''}".strip()
            reasons.append((str(row.get("name")), _text(message)))
    for same, message in alike(reasons or [("", _text(message)) for message in others], lambda reason: reason):
        yield Failure(tuple(dict.fromkeys(name for name, _message in same if name)), message)


def _unverified(result: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [row for row in _list(result, "status") if row.get("checked") and not row.get("verified")]


def restarted(parts: Iterable[Part]) -> dict[str, list[str]]:
    """Return the services that were (in check mode: would be) restarted or started, by node."""
    nodes: dict[str, list[str]] = {}
    for part in parts:
        for group in part.groups:
            if group.kind == SERVICE and group.action in ("restart", "start", "activate"):
                for node in group.nodes:
                    nodes.setdefault(node, []).extend(group.names)
    return nodes


def still_to_restart(parts: Sequence[Part]) -> list[str]:
    """Return the services that changes of this run need restarted, and that were not."""
    needed = dict.fromkeys(service for part in parts for service in part.restarts)
    engine = next((part for part in parts if part.name == "presence_engine"), None)
    if engine is None or engine.state == NOT_RUN:
        return list(needed)
    failed = {identifier.rpartition(":")[2] for failure in engine.failures for identifier in failure.ids}
    if engine.state == FAILED and not failed & set(needed):
        return list(needed)
    return [service for service in needed if service in failed]


def users_of(restarts: Mapping[str, Sequence[str]], parts: Iterable[Part]) -> int | None:
    """Return how many users are assigned to the nodes that restart, ``None`` where the cluster does not tell it."""
    told = next((part.found["users_assigned"] for part in parts if "users_assigned" in part.found), None) or []
    nodes = set(map(ascii_lower, restarts))
    counted = [entry for entry in told if nodes & set(map(ascii_lower, entry["nodes"]))]
    covered = {ascii_lower(node) for entry in counted for node in entry["nodes"]}
    return sum(entry["users"] for entry in counted) if nodes and nodes <= covered else None


def _list(mapping: Mapping[str, Any], name: str) -> list[Any]:
    """Return a list of a result, an empty one for anything else."""
    value = mapping.get(name)
    return list(value) if isinstance(value, (list, tuple)) else []


def _warning(warning: Any) -> str:
    """Return the text of a warning, which ansible-core 2.19 and later keep as an object."""
    return _text(getattr(getattr(warning, "event", None), "msg", None) or warning)


def _text(message: Any) -> str:
    return " ".join(str(without_masks(message or "see the task that failed above")).split())
