# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module ``presence`` against scripted servers: rules, comparison, nodes, failures, and no secret."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.ucops.imp.plugins.module_utils._core.options import Connection
from ansible_collections.ucops.imp.plugins.module_utils._module.nodes import TaskNode
from ansible_collections.ucops.imp.plugins.module_utils._product.endpoints import PWS
from ansible_collections.ucops.imp.plugins.module_utils._resources import presence
from ansible_collections.ucops.imp.plugins.module_utils._resources.presence import home_node

from tests.support.https_server import Reply, ScriptedServer, running
from tests.support.modules import ModuleResult, assert_contract, run_module
from tests.support.scripted_pws import APP_KEY, DONE, LOGINS, LOGOUTS, SECRETS, USER_KEY, error, redirect, rich, session
from tests.support.scripted_pws import told as told_of

MODULE = "presence"
PASSWORD = "canary-presence-51d0"
DND = {"userid": "ada", "presence": "do_not_disturb"}
LOGIN = ["POST users/app/sessions", "POST users/ada/sessions"]
LOOK = "GET users/ada/presence/rich/contacts/ada@example.com"
LOGOUT = ["DELETE users/ada/session", "DELETE users/app/session"]
SIGNED_IN, IN_DND = rich("available", "jabber"), rich("dnd", "jabber", "pws-override")


@pytest.fixture(name="server")
def server_fixture(served: tuple[ScriptedServer, Path]) -> ScriptedServer:
    served[0].script.clear()
    served[0].seen.clear()
    return served[0]


@pytest.fixture(name="options")
def options_fixture(served: tuple[ScriptedServer, Path], server: ScriptedServer) -> dict[str, Any]:
    return {
        "hostname": "127.0.0.1",
        "port": server.port,
        "username": "app",
        "password": PASSWORD,
        "ca_path": str(served[1]),
        "retries": 0,
        "domain": "example.com",
    }


@pytest.fixture(name="other")
def other_fixture(served: tuple[ScriptedServer, Path]) -> Iterator[ScriptedServer]:
    """The other node of the cluster; a certificate names no port."""
    folder = served[1].parent
    server = ScriptedServer(folder / "certificate.pem", folder / "key.pem")
    with running(server):
        yield server


def run(options: dict[str, Any], *users: dict[str, Any], check: bool = False, **more: Any) -> ModuleResult:
    result = run_module(MODULE, {**options, "users": list(users), "_ansible_verbosity": 3, **more}, check=check)
    for secret in (*SECRETS, PASSWORD):
        assert secret not in result.output
    return result


@pytest.mark.parametrize(
    ("user", "said"),
    [
        ({"userid": " "}, "users[0].userid: it is an empty text. Give a value, or leave the option out."),
        ({"userid": "a\x0b"}, "users[0].userid: it has the control character U+000B."),
        ({"note": "\ufffe"}, "users[0].note: it has the control character U+FFFE."),
        ({"override": False}, "override=true only (error 122)"),
        ({"expires_minutes": 59}, "expires_minutes: 59 is not in the range 60 to 1440 minutes."),
        ({"expires_minutes": 1441}, "expires_minutes: 1441 is not in the range 60 to 1440 minutes."),
        ({"address": "ada"}, "'ada' is no IM address"),
        ({"address": "a da@example.com"}, "is no IM address"),
        ({"address": "ada@exa mple"}, "is no IM address"),
    ],
)
def test_what_the_service_would_refuse_is_not_sent(
    options: dict[str, Any], server: ScriptedServer, user: dict[str, Any], said: str
) -> None:
    result = run(options, {**DND, **user})
    assert result["code"] == "invalid-input"
    assert said in result.msg
    assert server.seen == []


def test_what_is_wrong_with_the_whole_task_is_not_sent(options: dict[str, Any], server: ScriptedServer) -> None:
    result = run(options, DND, {**DND, "userid": "ADA"}, domain=None, wait_timeout=-1, nodes=[])
    assert "users[0].presence: say which" in run(options, {"userid": "ada"}).msg
    for said in ("ada is given more than once", "give it, or domain for all", "wait_timeout: -1", "nodes: the list"):
        assert said in result.msg
    assert "domain: 'a b' is no host name" in run(options, DND, domain="a b").msg
    assert server.seen == []


def test_a_presence_is_set_and_then_it_is_so(options: dict[str, Any], server: ScriptedServer) -> None:
    server.script += [*LOGINS, SIGNED_IN, *LOGOUTS]
    predicted = run(options, DND, check=True)
    assert_contract(predicted, changed=True)
    assert told_of(server.seen) == [*LOGIN, LOOK, *LOGOUT]

    server.seen.clear()
    server.script += [*LOGINS, SIGNED_IN, DONE, IN_DND, *LOGOUTS]
    done = run(options, DND)
    assert_contract(done, changed=True)
    assert told_of(server.seen) == [*LOGIN, LOOK, "PUT users/ada/presence/basic", LOOK, *LOGOUT]
    assert server.seen[3].headers["Presence-Expiry"] == "3600"
    wanted = {"presence": "do_not_disturb", "override": True, "expires_minutes": 60}
    assert done["diff"] == predicted["diff"] == {"before": {}, "after": {"user_presence": {"ada": wanted}}}
    shown = {"userid": "ada", "node": "127.0.0.1", "presence": "do_not_disturb", "override": True, "note": ""}
    assert done["current"] == [shown]
    assert predicted["current"] == [{**shown, "presence": "available", "override": None}]
    assert predicted["unknown"] == done["unknown"] == []

    server.seen.clear()
    server.script += [*LOGINS, IN_DND, *LOGOUTS]
    repeated = run(options, DND)
    assert_contract(repeated, changed=False)
    assert told_of(server.seen) == [*LOGIN, LOOK, *LOGOUT]
    assert [found["field"] for found in repeated["unknown"]] == ["expires_minutes"]


@pytest.mark.parametrize(
    ("shown", "user", "changed"),
    [
        (rich("away", "pws-override"), {"presence": "busy"}, False),
        (rich("busy", "pws-override"), {"presence": "busy"}, False),
        (rich("away", "pws-override"), {"presence": "vacation"}, False),
        (rich("away", "pws-persistent"), {"presence": "away"}, False),
        (rich("away", "jabber"), {"presence": "away"}, True),
        (rich("busy", "pws-override"), {"presence": "away"}, True),
        (rich("dnd", "pws-override"), {"presence": "away"}, True),
        (rich("away", "cisco-pws"), {"presence": "away"}, True),
        (rich("away", "pws-override", note="lunch"), {"presence": "away", "note": "lunch"}, False),
        (rich("away", "pws-override", note="lunch"), {"presence": "away"}, False),
        (rich("away", "pws-override", note="lunch"), {"presence": "away", "note": ""}, True),
        (rich("away", "pws-override"), {"presence": "away", "note": "lunch"}, True),
        (rich("available", "cisco-pws"), {"presence": "available", "override": False}, False),
        (rich("meeting", "cisco-pws"), {"presence": "available", "override": False}, True),
        (rich("available", "jabber"), {"presence": "available", "override": False}, True),
    ],
)
def test_who_differs(
    options: dict[str, Any], server: ScriptedServer, shown: Reply, user: dict[str, Any], changed: bool
) -> None:
    server.script += [*LOGINS, shown, *LOGOUTS]
    assert run(options, {"userid": "ada", **user}, check=True).changed is changed


def test_without_override_the_rest_may_hide_it(options: dict[str, Any], server: ScriptedServer) -> None:
    """The presence was accepted; that a meeting is shown does not make it a failure, and tells nothing about it."""
    user = {"userid": "ada", "presence": "available", "override": False}
    meeting = rich("meeting", "cisco-pws")
    server.script += [*LOGINS, meeting, DONE, meeting, *LOGOUTS]
    result = run(options, user)
    assert_contract(result, changed=True)
    assert server.seen[3].headers["Presence-Override"] == "false"
    assert [found["field"] for found in result["unknown"]] == ["presence", "expires_minutes"]
    assert result["current"][0]["presence"] == "meeting"


@pytest.mark.parametrize(("source", "override"), [("cisco-pws", False), ("pws-override", True)])
def test_a_note_may_be_hidden_by_another_text(
    options: dict[str, Any], server: ScriptedServer, source: str, override: bool
) -> None:
    user = {"userid": "ada", "presence": "away", "override": override, "note": "lunch"}
    server.script += [*LOGINS, SIGNED_IN, DONE, rich("away", source, note="Out of office"), *LOGOUTS]
    result = run(options, user)
    assert_contract(result, changed=True)
    assert result["current"][0]["note"] == "Out of office"


def test_a_presence_is_given_back(options: dict[str, Any], server: ScriptedServer) -> None:
    server.script += [*LOGINS, IN_DND, DONE, SIGNED_IN, *LOGOUTS]
    result = run(options, {"userid": "ada"}, state="absent")
    assert_contract(result, changed=True)
    assert result["changes"][0]["action"] == "delete"
    assert b"<clear />" in server.seen[3].body
    assert "unknown" not in result.data or result["unknown"] == []

    server.seen.clear()
    server.script += [*LOGINS, SIGNED_IN, *LOGOUTS]
    assert_contract(run(options, DND, state="absent"), changed=False)


def test_what_is_shown_later_is_waited_for(
    options: dict[str, Any], server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(presence, "SECONDS_BETWEEN_LOOKS", 0.01)
    server.script += [*LOGINS, SIGNED_IN, DONE, SIGNED_IN, SIGNED_IN, IN_DND, *LOGOUTS]
    assert_contract(run(options, DND), changed=True)

    server.seen.clear()
    server.script += [*LOGINS, SIGNED_IN, DONE, SIGNED_IN, SIGNED_IN, *LOGOUTS]
    result = run(options, DND, wait_timeout=0)
    assert_contract(result, changed=False, failed=True)
    assert result["failures"][0]["code"] == "not-effective"
    assert told_of(server.seen)[-2:] == LOGOUT


def test_one_user_who_fails_does_not_stop_the_others(options: dict[str, Any], server: ScriptedServer) -> None:
    """The last one is told apart by the session, which is the only one that stands when the task ends."""
    bob, eve = rich("available", userid="bob"), {"userid": "eve", "presence": "away"}
    server.script += [LOGINS[0], error(113, 404), session(USER_KEY), bob, session("eve-key"), rich("available")]
    server.script += [error(120), DONE]
    server.script += [error(113, 404), bob, rich("away", "pws-override", userid="eve"), DONE, DONE, DONE]
    result = run(options, DND, {"userid": "bob", "presence": "away"}, eve, wait_timeout=0)
    assert_contract(result, changed=True, failed=True)
    assert [(failure["id"], failure["code"]) for failure in result["failures"]] == [("ada", "113"), ("bob", "120")]
    assert [change["id"] for change in result["changes"]] == ["eve"]
    assert "enabled for IM and Presence" in result.msg
    ended = ["DELETE users/bob/session", "DELETE users/eve/session", "DELETE users/app/session"]
    assert told_of(server.seen)[-3:] == ended


def test_a_lost_answer_is_compared(options: dict[str, Any], server: ScriptedServer) -> None:
    server.script += [*LOGINS, SIGNED_IN, Reply(hang_up=True), IN_DND, IN_DND, *LOGOUTS]
    assert_contract(run(options, DND), changed=True)
    assert sum(one.method == "PUT" for one in server.seen) == 1


def test_a_refused_login_is_one_failure_of_the_task(options: dict[str, Any], server: ScriptedServer) -> None:
    server.script += [error(114)]
    result = run(options, DND, {**DND, "userid": "bob"})
    assert (result["code"], result["failures"]) == ("unauthorized", [])
    assert told_of(server.seen) == LOGIN[:1]


def test_a_session_key_that_comes_back_as_a_text_is_masked(options: dict[str, Any], server: ScriptedServer) -> None:
    """No server should put it there; the last line of defence hides it all the same."""
    server.script += [*LOGINS, rich("dnd", "pws-override", note=f"{APP_KEY} {USER_KEY}"), *LOGOUTS]
    result = run(options, DND, check=True)
    assert result["current"][0]["note"] == "******** ********"


def test_a_user_of_another_node_is_asked_there(
    options: dict[str, Any], server: ScriptedServer, other: ScriptedServer
) -> None:
    nodes = [{"name": "imp1", "hostname": "127.0.0.1"}, {"name": "imp2", "hostname": "127.0.0.1", "port": other.port}]
    sent_on = redirect("https://imp2.example.com:1/presence-service/users/ada/session")
    server.script += [LOGINS[0], sent_on, DONE]
    other.script += [*LOGINS, SIGNED_IN, DONE, IN_DND, *LOGOUTS]
    assert_contract(run(options, DND, nodes=nodes), changed=True)
    assert told_of(server.seen) == [*LOGIN, LOGOUT[1]]
    assert told_of(other.seen) == [*LOGIN, LOOK, "PUT users/ada/presence/basic", LOOK, *LOGOUT]
    assert PASSWORD.encode() in other.seen[0].body

    server.script += [LOGINS[0], sent_on, DONE]
    other.script += [LOGINS[0], redirect("https://imp1.example.com/"), DONE]
    result = run(options, DND, nodes=nodes)
    assert [failure["code"] for failure in result["failures"]] == ["wrong-node"]
    assert "Another node sent the user on" in result.msg


@pytest.mark.parametrize("nodes", [None, [{"name": "imp1", "hostname": "127.0.0.1"}]])
def test_a_node_that_is_not_known_is_sent_nothing(
    options: dict[str, Any], server: ScriptedServer, other: ScriptedServer, nodes: list[dict[str, Any]] | None
) -> None:
    # Nodes behind one address are told apart by their names alone.
    for location in (f"https://127.0.0.2:{other.port}/", f"https://127.0.0.1:{other.port}/"):
        server.script += [LOGINS[0], redirect(location, "imp2.example.com"), DONE]
        result = run(options, DND, nodes=nodes)
        assert [failure["code"] for failure in result["failures"]] == ["wrong-node"]
        assert "homed on imp2.example.com. It is not asked there" in result.msg
        assert "Name it in nodes." in result.msg
    assert other.seen == []
    assert told_of(server.seen) == [*LOGIN, LOGOUT[1]] * 2


ASKED = Connection(PWS, "imp1.dc1.example.com", 8083, "app", PASSWORD)
LISTED = [
    TaskNode("imp1.dc1.example.com", ASKED),
    TaskNode("imp2", ASKED.at("192.0.2.2", 8084)),
    TaskNode("imp3", ASKED.at("192.0.2.3")),
    TaskNode("imp4", ASKED.at("192.0.2.3", 1)),
]


@pytest.mark.parametrize(
    ("asked", "nodes", "named", "place"),
    [
        ("imp1.dc1.example.com", [], "imp2.dc1.example.com", ("imp2.dc1.example.com", 8083)),
        ("imp1.dc1.example.com", [], "IMP2.DC1.Example.com", ("IMP2.DC1.Example.com", 8083)),
        ("imp1.dc1.example.com", [], "imp2", ("imp2.dc1.example.com", 8083)),
        ("imp1.dc1.example.com", [], "imp2.example.com", None),
        ("imp1.dc1.example.com", [], "imp2.dc1.example.com.attacker.net", None),
        ("imp1.dc1.example.com", [], "a.imp2.dc1.example.com", None),
        ("imp1.dc1.example.com", [], "192.0.2.2", None),
        ("imp1.dc1.example.com", [], "2001:db8::2", None),
        ("imp1.com", [], "attacker.com", None),
        ("imp1", [], "imp2", None),
        ("imp1", [], "attacker.com", None),
        ("192.0.2.1", [], "192.0.2.2", None),
        ("192.0.2.1", [], "imp2", None),
        ("imp1.dc1.example.com", LISTED, "imp2.dc1.example.com", ("192.0.2.2", 8084)),
        ("imp1.dc1.example.com", LISTED, "192.0.2.2", ("192.0.2.2", 8084)),
        ("imp1.dc1.example.com", LISTED, "192.0.2.3", None),
        ("imp1.dc1.example.com", LISTED, "imp5.dc1.example.com", None),
    ],
)
def test_where_a_password_may_go(asked: str, nodes: list[TaskNode], named: str, place: tuple[str, int] | None) -> None:
    home = home_node(ASKED.at(asked), nodes, named)
    assert (home and (home.hostname, home.port)) == place
