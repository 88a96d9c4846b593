# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a fault may strike: one at a place that nobody has would strike nothing, and a rehearsal would look well."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches

from imp_emulator.scenario.model import Scenario

PROTOCOLS = (
    *("axl", "ca_admin", "certmgr", "certsrv", "control_center", "cucm_admin", "ews", "graph", "imp_admin", "imp_axl"),
    *("powershell", "presence_engine", "presence_web_service", "token"),
)
"""The names of all protocols, of which a scenario need not have each."""
_NO_OPERATION = ("malformed", "page")
_TOLD = 20
"""So many names are told at most."""
Operations = Mapping[str, Sequence[str]]
"""The operations of each protocol that is served."""


def problem(
    scenario: Scenario,
    operations: Operations,
    *,
    cluster: str | None,
    node: str | None,
    protocol: str | None,
    operation: str | None,
) -> str | None:
    """Return which part of a place nobody has, ``None`` when all of it is there; ``None`` for a part means any."""
    if cluster not in (None, ""):
        clusters = [one.name for one in scenario.clusters]
        if cluster not in clusters:
            return _unknown("cluster", cluster, clusters)
    nodes = _nodes(scenario, cluster)
    if node is not None and node not in nodes:
        return _unknown("node", node, nodes)
    if protocol is not None and protocol not in PROTOCOLS:
        return _unknown("protocol", protocol, PROTOCOLS)
    known = operations.get(protocol, ()) if protocol is not None else [one for of in operations.values() for one in of]
    # A protocol that is not served has none.
    if operation is not None and known and operation not in known and not _means_none(operation):
        return _unknown("operation", operation, known)
    return None


def _means_none(operation: str) -> bool:
    """Tell whether this is how the journal calls a request that means no operation; most by their HTTP method."""
    return operation in _NO_OPERATION or operation.split(" ", maxsplit=1)[0].isupper()


def _nodes(scenario: Scenario, cluster: str | None) -> list[str]:
    """Return the nodes of a cluster; for an empty name the servers that are of none, without one all."""
    clusters = [one for one in scenario.clusters if cluster in (None, one.name)]
    found = [node.name for one in clusters for node in one.nodes]
    if cluster:
        return found
    found += [server.name for server in scenario.exchange]
    found += [authority.host for authority in scenario.certification_authorities]
    return found + list(scenario.online.hosts if scenario.online else ())


def _unknown(what: str, given: str, known: Iterable[str]) -> str:
    names = sorted(set(known))
    close = get_close_matches(given, names, n=1) if len(names) > _TOLD else []
    more = f" and {len(names) - _TOLD} more" if len(names) > _TOLD else ""
    told = f"is it {close[0]!r}?" if close else f"known are {', '.join(names[:_TOLD])}{more}"
    return f"{what}: there is no {given!r}; {told}"
