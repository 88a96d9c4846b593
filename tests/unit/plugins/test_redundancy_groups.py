# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Presence redundancy groups: as AXL and the admin API tell them, when a node is in order, and the preflight's row."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.ucops.imp.plugins.module_utils._clients.axl import Axl
from ansible_collections.ucops.imp.plugins.module_utils._core.errors import ApiError
from ansible_collections.ucops.imp.plugins.module_utils._http import soap
from ansible_collections.ucops.imp.plugins.module_utils._preflight.redundancy import RedundancyFacts, rows
from ansible_collections.ucops.imp.plugins.module_utils._product.high_availability import (
    GroupNode,
    RedundancyGroup,
    group_of,
    merged,
    users_assigned,
    with_states,
)

from tests.support.scripted_axl import Fault, Server

NORMAL = GroupNode("a", "Normal", "", 3, 3), GroupNode("b", "Normal", "", 4, 4)
PAIR = RedundancyGroup("G", ha_enabled=True, nodes=NORMAL)


def changed(**fields: Any) -> RedundancyGroup:
    """Return the group with other fields of its second node."""
    return replace(PAIR, nodes=(NORMAL[0], replace(NORMAL[1], **fields)))


@pytest.mark.parametrize(
    ("group", "said"),
    [
        (PAIR, None),
        (changed(state="NORMAL"), None),
        (changed(state=None, users_here=None), None),
        (changed(state="Failed", reason="Peer Down"), "b is in the state Failed (Peer Down)"),
        (changed(state="Unknown"), "b is in the state Unknown"),
        (changed(users_here=0), "b serves 0 users where 4 are assigned to it"),
        (changed(users_here=5), "b serves 5 users where 4 are assigned to it"),
        (changed(users_assigned=None), None),
        (changed(trouble="X is Stopped on b"), "X is Stopped on b"),
        (replace(changed(state="Failed"), ha_enabled=False), None),
        (replace(changed(users_here=0), ha_enabled=False), "b serves 0 users where 4 are assigned to it"),
        (replace(PAIR, nodes=(replace(NORMAL[0], state="Failed"),)), None),
    ],
)
def test_when_a_group_carries_its_users(group: RedundancyGroup, said: str | None) -> None:
    assert [why for _node, why in group.unsettled()] == ([] if said is None else [said])


def test_whose_users_a_restart_touches() -> None:
    """Those of each node where it is told, else those of the group together, else nobody knows."""
    untold = replace(PAIR, nodes=(GroupNode("c"), GroupNode("d")))
    assert users_assigned([PAIR, replace(untold, users=9), untold]) == [
        {"nodes": ["a"], "users": 3},
        {"nodes": ["b"], "users": 4},
        {"nodes": ["c", "d"], "users": 9},
    ]


@pytest.mark.parametrize("state", ["Initializing", "failing over", "Taking Over", "Falling Back", "Taking Back"])
def test_states_that_pass(state: str) -> None:
    assert GroupNode("a", state).in_transit
    assert not GroupNode("a", "Failed Over").in_transit
    assert not GroupNode("a").in_transit


def test_what_several_tell_is_put_together() -> None:
    listed = [RedundancyGroup("G", ha_enabled=True, nodes=(GroupNode("A"), GroupNode("b")), users=7)]
    (group,) = merged(listed, [replace(PAIR, name="g", ha_enabled=False)])
    assert (group.name, group.ha_enabled, group.users) == ("G", True, 7), "the switch is Unified CM's to tell"
    assert [(node.name, node.users_here) for node in group.nodes] == [("A", 3), ("b", 4)]
    assert merged(listed, []) == tuple(listed)
    told = {"name": "B", "state": "Failed", "reason": "Peer Down", "users_assigned": 2}
    (group,) = with_states(listed, [told, {**told, "name": "a", "state": ""}])
    assert group.nodes == (GroupNode("A"), GroupNode("b", "Failed", "Peer Down", 2))
    assert not group.is_told
    assert group_of("b", [group]) is group
    assert group_of("B", [group]) is None, "nodes are called as the task calls them"


def listed_by(*groups: str) -> list[RedundancyGroup]:
    inside = "".join(f"<presenceRedundancyGroup>{group}</presenceRedundancyGroup>" for group in groups)
    return Axl(Server(listPresenceRedundancyGroup=lambda _request: f"<return>{inside}</return>")).redundancy_groups()


def test_groups_as_axl_lists_them() -> None:
    full = "<name>G 1</name><description>d</description><server1>a</server1><server2>b</server2>"
    assert listed_by(
        f"{full}<haEnabled>t</haEnabled><numUsers>7</numUsers>",
        "<name>G2</name><server1>c</server1><server2/><haEnabled>false</haEnabled>",
    ) == [
        RedundancyGroup("G 1", ha_enabled=True, nodes=(GroupNode("a"), GroupNode("b")), description="d", users=7),
        RedundancyGroup("G2", ha_enabled=False, nodes=(GroupNode("c"),)),
    ]
    assert listed_by() == []


def test_a_switch_names_the_group_and_the_switch_only() -> None:
    server = Server(updatePresenceRedundancyGroup=lambda _request: "<return>{1}</return>")
    Axl(server).switch_high_availability("G 1", on=False)
    Axl(server).switch_high_availability("G 1", on=True)
    sent = [
        [(child.tag, child.text) for child in message] for message in server.messages("updatePresenceRedundancyGroup")
    ]
    assert sent == [[("name", "G 1"), ("haEnabled", word)] for word in ("false", "true")]
    assert not any(one.idempotent for one in server.sent if one.operation.startswith("update"))
    assert {soap.local_name(one.message) for one in server.sent} == {"getCCMVersion", "updatePresenceRedundancyGroup"}


def test_a_refused_switch_has_the_servers_words() -> None:
    def refuse(_request: Any) -> str:
        raise Fault("-1", "Critical services are not running.")

    with pytest.raises(ApiError, match="Critical services are not running"):
        Axl(Server(updatePresenceRedundancyGroup=refuse)).switch_high_availability("G", on=True)


@pytest.mark.parametrize(
    ("groups", "result", "found"),
    [
        ((PAIR,), "ok", "Normal"),
        ((replace(PAIR, ha_enabled=False),), "ok", "high availability is off"),
        ((replace(PAIR, nodes=NORMAL[:1]),), "ok", "one node, nobody takes over"),
        ((changed(state="Failed"),), "failed", "b is in the state Failed"),
        ((changed(state=None),), "unknown", "high availability is on, no interface tells the states"),
        ((), "skipped", "not tried: the cluster has none"),
    ],
)
def test_the_row_of_the_preflight(groups: tuple[RedundancyGroup, ...], result: str, found: str) -> None:
    (row,) = rows(RedundancyFacts(None, groups))
    assert (row.check, row.result, row.found) == ("redundancy-normal", result, found)
    assert bool(row.advice) is (result in ("failed", "unknown"))


def test_the_row_where_nothing_is_known() -> None:
    (row,) = rows(RedundancyFacts("AXL does not answer", (PAIR,)))
    assert (row.result, row.found) == ("skipped", "not tried: AXL does not answer")
