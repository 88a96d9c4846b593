# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rule of the rolling restart, and what a cluster says of its nodes."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.ucops.imp.plugins.module_utils._clients.control_center import Service
from ansible_collections.ucops.imp.plugins.module_utils._clients.imp_axl import ImpAxl
from ansible_collections.ucops.imp.plugins.module_utils._core.errors import (
    AnswerLost,
    ApiError,
    ConnectionFailed,
    Forbidden,
    ImpError,
    NoPublicApi,
    TimedOut,
    Unauthorized,
    UnexpectedAnswer,
)
from ansible_collections.ucops.imp.plugins.module_utils._core.options import Connection
from ansible_collections.ucops.imp.plugins.module_utils._core.plan import Change
from ansible_collections.ucops.imp.plugins.module_utils._http import soap
from ansible_collections.ucops.imp.plugins.module_utils._http.transport import Answer, Transport
from ansible_collections.ucops.imp.plugins.module_utils._module.nodes import TaskNode
from ansible_collections.ucops.imp.plugins.module_utils._product.endpoints import IMP
from ansible_collections.ucops.imp.plugins.module_utils._resources.rolling_restart import (
    Trouble,
    Unlisted,
    not_started,
    predict,
    refusal,
    unreachable,
)

ENGINE, PROXY = "Cisco Presence Engine", "Cisco SIP Proxy"
HERE = Connection(IMP, "imp1.example.com", 8443, "axladmin", "secret-word")


def service(status: str, code: int = -1) -> Service:
    return Service(ENGINE, status, code, "", "", -1)


def step(node: str, action: str, name: str = ENGINE) -> tuple[str, str, Change]:
    return node, name, Change("service", f"{node}:{name}", action)


@pytest.mark.parametrize(
    ("status", "code", "trouble"),
    [
        ("Started", -1, False),
        ("Stopped", -1069, True),
        ("Stopping", -1, True),
        ("Starting", -1, True),
        ("Unknown", -1, True),
        ("Stopped", -1068, False),
        ("Unknown", -1010, False),
    ],
)
def test_what_is_trouble(status: str, code: int, trouble: bool) -> None:
    """Neither a service that is not activated nor one that does not exist (codes of the control center)."""
    assert bool(not_started("a", {ENGINE: service(status, code)})) is trouble


def test_a_node_is_refused_for_the_troubles_of_others_only() -> None:
    own, other = Trouble("a", f"{ENGINE} is Stopped on a", ENGINE), unreachable("b", "No route. ")
    assert refusal("a", []) is None
    assert refusal("a", [own]) is None
    error = refusal("a", [own, other])
    assert error is not None
    assert error.code == "not-tried"
    assert error.message.startswith("Not tried: b cannot be asked how it is (No route")
    assert error.details == {"node": "b", "service": None}


def test_starts_that_are_predicted_end_their_trouble() -> None:
    troubles = [Trouble("a", "stopped", ENGINE), Trouble("a", "stopped", PROXY)]
    start, more, restart = step("a", "start"), step("a", "start", PROXY), step("b", "restart")
    assert predict([start, more, restart], troubles) == ([start[2], more[2], restart[2]], [])
    made, refused = predict([start, restart], troubles)
    assert made == [start[2]]
    assert [(change.id, error.code) for change, error in refused] == [(f"b:{ENGINE}", "not-tried")]


@pytest.mark.parametrize("action", ["start", "stop", "activate", "deactivate"])
def test_only_restarts_are_refused(action: str) -> None:
    assert predict([step("b", action)], [unreachable("a", "down")])[1] == []


class Asked(Transport):
    """Answers the requests to each path with a body, or with an error."""

    def __init__(self, **answers: Any) -> None:
        super().__init__(HERE)
        self.answers = answers

    def request(self, method: str, path: str, **options: Any) -> Answer:
        kind = "admin" if path.startswith("/imp-admin/") else "axl" if path == "/axl/" else "control"
        found = self.answers.get(kind, NoPublicApi("not here"))
        if isinstance(found, ImpError):
            raise found
        return Answer(200, {"content-type": "text/xml"}, found)


def axl(*nodes: str) -> bytes:
    inside = "".join(f"<clusterNodesInfo><return>{node}</return></clusterNodesInfo>" for node in nodes)
    operation = "getClusterNodesAndCriticalServicesResponse"
    return (
        f'<e:Envelope xmlns:e="{soap.ENVELOPE}"><e:Body><n:{operation} xmlns:n="http://www.cisco.com/AXL/API/11.5">'
        f"<return>{inside}</return></n:{operation}></e:Body></e:Envelope>"
    ).encode()


def node(name: str, status: str = "Started", code: int = -1, installed: str = "true", reachable: str = "true") -> str:
    return (
        f"<name>{name}</name><isInstalled>{installed}</isInstalled><isReachable>{reachable}</isReachable>"
        f"<criticalServices><criticalServiceInfo><serviceName>{ENGINE}</serviceName><status>{status}</status>"
        f"<reasonCode>{code}</reasonCode></criticalServiceInfo></criticalServices>"
    )


def test_nodes_as_their_axl_tells_of_them() -> None:
    transport = Asked(axl=axl(node("imp1"), node("imp2", "Stopped", -1068, reachable="false"), node("x", installed="")))
    on, off = (
        {"name": ENGINE, "status": status, "activated": a} for status, a in (("Started", True), ("Stopped", False))
    )
    untold = {"state": "", "reason": "", "users_assigned": None}
    assert ImpAxl(transport).node_states() == [
        {"name": "imp1", "reachable": True, **untold, "services": [on]},
        {"name": "imp2", "reachable": False, **untold, "services": [off]},
    ]


def unlisted(transport: Transport, *listed: TaskNode) -> list[Trouble] | None:
    return Unlisted(transport, [(one, transport) for one in listed], [PROXY, ENGINE.upper()]).troubles()


@pytest.mark.parametrize(
    ("told", "texts"),
    [
        (node("imp2"), []),
        (node("imp2", "STARTED"), []),
        (node("imp2", "Stopped", -1069), [f"{ENGINE} is Stopped on imp2"]),
        (node("imp2", "Stopped", -1068), []),
        (node("imp2", "Stopped", installed="false"), []),
        (node("imp2", reachable="false"), ["imp2 cannot be asked how it is (its cluster does not reach it)"]),
    ],
)
def test_troubles_of_nodes_that_are_not_listed(told: str, texts: list[str]) -> None:
    found = unlisted(Asked(axl=axl(node("imp1", "Stopped"), told)), TaskNode("imp1.example.com", HERE))
    assert found is not None
    assert [trouble.text for trouble in found] == texts


@pytest.mark.parametrize(
    "error", [NoPublicApi("x"), UnexpectedAnswer("x"), Forbidden("x"), Unauthorized("x"), ApiError("x", status=500)]
)
def test_a_cluster_that_does_not_tell_is_unknown_and_not_well(error: ImpError) -> None:
    assert unlisted(Asked(axl=error), TaskNode("imp1", HERE)) is None


@pytest.mark.parametrize("error", [ConnectionFailed("No route."), TimedOut("Too late.")])
def test_a_server_that_does_not_answer_is_a_node_that_is_down(error: ImpError) -> None:
    elsewhere = TaskNode("imp2", HERE.at("imp2.example.com", None))
    found = unlisted(Asked(admin=error), elsewhere)
    assert found is not None
    assert [trouble.node for trouble in found] == ["imp1.example.com"]
    # A listed one is asked itself.
    assert unlisted(Asked(admin=error), elsewhere, TaskNode("imp1", HERE)) == []


@pytest.mark.parametrize("error", [AnswerLost("gone"), ApiError("out of order", status=500)])
def test_any_other_error_is_told_and_is_no_leave(error: ImpError) -> None:
    with pytest.raises(type(error)):
        unlisted(Asked(admin=error), TaskNode("imp1", HERE))


def test_a_server_that_does_not_say_its_name_counts_as_another() -> None:
    """Without nodes, and called by a name that the cluster does not know: its own service is Started at a restart."""
    transport = Asked(axl=axl(node("imp1"), node("imp2", "Stopped")), control=UnexpectedAnswer("no name"))
    found = unlisted(transport, TaskNode("192.0.2.1", HERE, named=False))
    assert found is not None
    assert [trouble.node for trouble in found] == ["imp2"]
