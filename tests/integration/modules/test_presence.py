# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``presence`` against the emulator's Presence Web Service: what is set by hand shows, and is given back (O3)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.connections import connection, nodes
from tests.support.emulator import Emulator
from tests.support.modules import ModuleResult, assert_contract, assert_four_steps, run_module

MODULE = "presence"
DOMAIN = "dc1.example.com"
CANARY = "Canary-6b0d-presence"
USERS: list[dict[str, Any]] = [
    {"userid": "user0001", "presence": "do_not_disturb", "note": "rehearsal"},
    {"userid": "user0002", "presence": "available"},
    {"userid": "user0003", "presence": "busy"},
    {"userid": "user0004", "presence": "busy", "note": "writing"},
    {"userid": "user0005", "presence": "vacation", "expires_minutes": 120},
    {"userid": "user0006", "presence": "unavailable"},
    {"userid": "user0007", "presence": "available", "override": False},
    {"userid": "user0008", "presence": "away", "address": f"USER0008@{DOMAIN}"},
]
SHOWN = {
    "user0001": ("Do not disturb", "rehearsal"),
    "user0002": ("Available", ""),
    "user0003": ("Away", ""),
    "user0004": ("Busy", "writing"),
    "user0005": ("Away", ""),
    "user0006": ("Offline", ""),
    "user0007": ("Available", ""),
    "user0008": ("Away", ""),
}
"""Basic presence knows no busy and no vacation; the server makes away of them."""


@pytest.fixture(name="served")
def served_fixture(environment: Emulator) -> Emulator:
    """The emulator with users whom its two nodes serve."""
    users = [{"userid": user["userid"], "meeting_information": False} for user in USERS]
    result = run_module("calendar_users", {**connection(environment, "cucm"), "users": users})
    assert not result.failed, result.msg
    environment.control.clear_journal()
    return environment


def options(emulator: Emulator, *users: dict[str, Any], **more: Any) -> dict[str, Any]:
    known = nodes(emulator, 8083)
    return {**connection(emulator, "pws"), "domain": DOMAIN, "users": list(users), "nodes": known, **more}


def run(emulator: Emulator, *users: dict[str, Any], **more: Any) -> ModuleResult:
    return run_module(MODULE, options(emulator, *users, **more))


def operations(emulator: Emulator) -> list[str]:
    return [entry["operation"] for entry in emulator.journal(protocol="presence_web_service")]


def settings(emulator: Emulator) -> list[str]:
    """Return what has set presence; logins and logouts write as well."""
    return [operation for operation in operations(emulator) if operation.startswith("set")]


def shown(emulator: Emulator) -> dict[str, tuple[str, str]]:
    return {user["userid"]: (user["presence"], user["message"]) for user in emulator.control.presences()}


def test_set_and_given_back(served: Emulator) -> None:
    """Users of both nodes, each of whom is logged in at the own one."""
    before = shown(served)
    # With override, a presence counts before a call.
    served.control.set_phone("user0001", on=True)
    steps = assert_four_steps(MODULE, options(served, *USERS), lambda: settings(served))
    assert shown(served) == SHOWN
    assert {user["node"] for user in served.control.presences()} == {"imp-pub", "imp-sub"}
    assert len(steps.done["changes"]) == len(USERS)
    assert steps.done["unknown"] == []
    assert {found["field"] for found in steps.repeated["unknown"]} == {"expires_minutes"}
    told = {user["userid"]: user for user in steps.done["current"]}
    assert (told["user0001"]["presence"], told["user0001"]["note"]) == ("do_not_disturb", "rehearsal")
    assert [told[userid]["override"] for userid in ("user0006", "user0007")] == [True, False]

    given_back = assert_four_steps(MODULE, options(served, *USERS, state="absent"), lambda: settings(served))
    assert {change["action"] for change in given_back.done["changes"]} == {"delete"}
    assert shown(served) == before | {"user0001": ("Busy", "")}
    assert all(user["override"] is None for user in given_back.done["current"])


def test_only_what_differs_is_set(served: Emulator) -> None:
    assert_contract(run(served, *USERS[:4]), changed=True)
    served.control.clear_journal()
    result = run(served, USERS[0], {**USERS[1], "presence": "away"}, USERS[2], {**USERS[3], "note": "reading"})
    assert result["diff"] == {
        "before": {"user_presence": {"user0002": {"presence": "available"}, "user0004": {"note": "writing"}}},
        "after": {"user_presence": {"user0002": {"presence": "away"}, "user0004": {"note": "reading"}}},
    }
    assert settings(served) == ["setBasicPresence", "setRichPresence"]


def test_it_ends_by_itself_and_is_set_anew(served: Emulator) -> None:
    served.control.clock(frozen=True)
    assert_contract(run(served, USERS[0]), changed=True)
    served.control.advance(3599)
    assert_contract(run(served, USERS[0]), changed=False)
    served.control.advance(1)
    assert_contract(run(served, USERS[0]), changed=True)
    assert shown(served)["user0001"] == SHOWN["user0001"]


def test_everybody_is_logged_out_and_in_anew(served: Emulator) -> None:
    """The application has one session at both nodes, which ends with the first logout."""
    assert_contract(run(served, *USERS[:2]), changed=True)
    told = operations(served)
    assert told.count("logout") >= 3
    assert told[-1] == "logout"
    served.control.clear_journal()
    assert_contract(run(served, *USERS[:2]), changed=False)
    assert not {"setBasicPresence", "setRichPresence"} & set(operations(served))


def test_a_node_that_is_not_named_is_not_asked(served: Emulator) -> None:
    """The emulator's nodes are reached by addresses, of which nothing shows that they are of one cluster."""
    homes = {user["userid"]: user["node"] for user in served.control.presences()}
    away = {userid for userid, node in homes.items() if node == "imp-sub"}
    for known in (None, nodes(served, 8083, "imp-pub")):
        result = run(served, *USERS, nodes=known, state="absent")
        assert {failure["id"] for failure in result["failures"]} == away
        assert {failure["code"] for failure in result["failures"]} == {"wrong-node"}
        assert "says that the user is homed on imp-sub.dc1.example.com. It is not asked there" in result.msg
        assert {user["userid"] for user in result["current"]} == homes.keys() - away


def test_users_who_fail_do_not_stop_the_others(served: Emulator) -> None:
    result = run(
        served, {"userid": "user0900", "presence": "away"}, {"userid": "b c?#%ä", "presence": "away"}, USERS[0]
    )
    assert_contract(result, changed=True, failed=True)
    assert [(failure["id"], failure["code"]) for failure in result["failures"]] == [
        ("user0900", "113"),
        ("b c?#%ä", "113"),
    ]
    assert shown(served)["user0001"] == SHOWN["user0001"]


@pytest.mark.parametrize("account", ["application", "readonly"])
def test_an_application_user_who_may_not_log_in(served: Emulator, account: str) -> None:
    username, password = served.account(account)
    wrong = f"{password}-{CANARY}" if account == "application" else password
    result = run(served, *USERS, username=username, password=wrong)
    assert result["code"] == "unauthorized"
    assert username in result.msg
    assert wrong not in result.output
    assert operations(served) == ["login"]


def test_a_busy_node_is_waited_for(served: Emulator) -> None:
    fault = {"protocol": "presence_web_service", "operation": "setRichPresence", "times": 1}
    served.control.fault("error", effect={"code": "212"}, **fault)
    assert_contract(run(served, USERS[0]), changed=True)
    assert settings(served) == ["setRichPresence"] * 2
    served.control.fault("error", effect={"code": "210"}, **fault)
    result = run(served, {**USERS[0], "note": "other"}, retries=0)
    assert [failure["code"] for failure in result["failures"]] == ["busy"]


def test_a_wrong_domain_is_told(served: Emulator) -> None:
    result = run(served, USERS[0], domain="other.example.com")
    assert [failure["code"] for failure in result["failures"]] == ["unknown-address"]
    assert "user0001@other.example.com. Look at domain" in result.msg


def control_services(emulator: Emulator, state: str, service: str, *names: str) -> None:
    known = nodes(emulator, 8443, *names)
    result = run_module(
        "services", {**connection(emulator, "imp"), "nodes": known, "services": [service], "state": state}
    )
    assert not result.failed, result.msg


def test_a_session_elsewhere_is_taken_over(served: Emulator) -> None:
    """The user was logged in at the other node while the own one was down."""
    home = served.control.presence("user0001")["node"]
    other = {"imp-pub": "imp-sub", "imp-sub": "imp-pub"}[home]
    control_services(served, "stopped", "Cisco SIP Proxy", home)
    username, password = served.account()
    with served.client(other, 8083) as client:
        login = f"<session><password>{password}</password></session>"
        answer = client.post(f"/presence-service/users/{username}/sessions", content=login).raise_for_status()
        key = answer.text.partition("<sessionKey>")[2].partition("<")[0]
        headers = {"Presence-Session-Key": key}
        client.post("/presence-service/users/user0001/sessions", headers=headers).raise_for_status()
    control_services(served, "started", "Cisco SIP Proxy", home)
    assert_contract(run(served, USERS[0]), changed=True)
    assert operations(served).count("forcedLogin") == 1


def test_a_service_that_does_not_run(served: Emulator) -> None:
    control_services(served, "stopped", "Cisco Presence Engine")
    result = run(served, USERS[0], wait_timeout=0)
    assert [failure["code"] for failure in result["failures"]] == ["120"]
    assert "Look whether Cisco Presence Engine runs" in result.msg
    control_services(served, "stopped", "Cisco SIP Proxy")
    result = run(served, USERS[0], retries=0)
    assert result["code"] == "connection-failed"
    assert "Cisco SIP Proxy" in result.msg
