# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``presence_info`` against the emulator: what is shown of users, and why a user is not in a meeting."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.support.connections import connection, nodes
from tests.support.emulator import Emulator
from tests.support.followed_users import follow
from tests.support.imp_admin import ENGINE, restart, trust_exchange
from tests.support.modules import ModuleResult, run_module
from tests.support.real_cluster import scenario

MODULE = "presence_info"


def read(environment: Emulator, **options: object) -> ModuleResult:
    return run_module(MODULE, {**connection(environment, "imp"), **options})


def test_all_users_that_a_node_serves(environment: Emulator, users_with_calendar: int) -> None:
    result = read(environment)
    assert not result.failed, result.msg
    assert (result["interface"], len(result["users"])) == ("admin_api", users_with_calendar)
    assert result["users"][0]["userid"] == "user0001"
    assert result["users"][0]["status"] == "Available"
    assert result["summary"]["presence"] == {"available": users_with_calendar}
    assert environment.journal(writes=True) == []
    half = read(environment, node="imp-sub")
    assert {user["node"] for user in half["users"]} == {"imp-sub"}
    assert 0 < len(half["users"]) < users_with_calendar


def test_users_by_their_ids(environment: Emulator, users_with_calendar: int) -> None:
    """Many more than fit into one request, and a user that no node serves."""
    wanted = [f"user{number:04}" for number in range(1, users_with_calendar + 1)]
    result = read(environment, users=["USER0999", *wanted, "nobody", "a/b&c=d"])
    assert len(result["users"]) == len(wanted) + 1
    assert result["unknown"] == ["nobody", "a/b&c=d"]
    (without,) = (user for user in result["users"] if user["userid"] == "user0999")
    assert (without["node"], without["presence"], without["status"], without["in_a_meeting"]) == (None, None, "", False)


def test_users_that_are_chosen_by_what_is_shown(environment: Emulator, users_with_calendar: int) -> None:
    assert len(read(environment, presence="available")["users"]) == users_with_calendar
    for option in ({"presence": "busy"}, {"activity": "in_a_meeting"}, {"gateway": "mail9.example.com"}):
        chosen = read(environment, **option)
        assert (chosen["users"], chosen["unknown"], chosen["summary"]["users"]) == ([], [], 0)
    assert "value of presence must be one of" in read(environment, presence="sleeping").msg
    assert "There is no such IM and Presence node." in read(environment, node="imp-bup").msg


def test_bad_ids_are_refused_before_anything_is_sent(environment: Emulator) -> None:
    assert "users: give at least one user id" in read(environment, users=[]).msg
    assert "users[1]: it is an empty text." in read(environment, users=["user0001", " "]).msg
    assert environment.journal() == []


def test_why_a_user_is_not_in_a_meeting(environment: Emulator, users_with_calendar: int) -> None:
    (user,) = read(environment, users=["user0999"], explain=True)["users"]
    assert user["reason"]["name"] == "enabled"
    assert user["reason"]["remedy"] == "Enable the user with the module calendar_users."
    assert [condition["met"] for condition in user["why"]] == [False, *[None] * 10]


def reason(environment: Emulator, userid: str) -> tuple[str, str]:
    """Return the condition that is not met, and what to do."""
    (user,) = read(environment, users=[userid], explain=True)["users"]
    return user["reason"]["name"], user["reason"]["remedy"]


def test_a_user_in_a_meeting_and_one_without_a_mailbox(environment: Emulator) -> None:
    follow(environment)
    name, remedy = reason(environment, "user0002")
    assert name == "trust"
    assert remedy.startswith("Upload the certificate of the CA to cup-trust of imp-sub (module trust_certificates)")
    trust_exchange(environment, "imp-sub")
    assert reason(environment, "user0002") == ("trust", "Restart Cisco Presence Engine on imp-sub (module services).")
    restart(environment, "imp-sub", ENGINE)
    environment.control.advance(1)

    result = read(environment, explain=True)
    meeting, failing = result["users"]
    assert (meeting["userid"], meeting["presence"], meeting["activity"]) == ("user0001", "busy", "in_a_meeting")
    assert (meeting["status"], meeting["icon"], meeting["in_a_meeting"]) == ("Busy - In a meeting", "red", True)
    assert (meeting["gateway"], meeting["mailbox"]) == ("mail1.example.com", "user0001@example.com")
    assert (meeting["subscription_age_seconds"], meeting["failure"], meeting["reason"]) == (2, None, None)
    assert {condition["met"] for condition in meeting["why"]} == {True}
    assert (failing["reason"]["name"], failing["failure"]["code"]) == ("mailbox", "mailbox")
    assert failing["in_a_meeting"] is False
    assert result["engines"] == ["imp-pub", "imp-sub"]
    summary = {"users": 2, "in_a_meeting": 1, "failing": 1, "presence": {"busy": 1, "available": 1}}
    assert result["summary"] == summary | {"gateway": {"mail1.example.com": 2}}

    assert [user["userid"] for user in read(environment, failing=True)["users"]] == ["user0002"]
    assert [user["userid"] for user in read(environment, activity="in_a_meeting")["users"]] == ["user0001"]
    assert len(read(environment, gateway="MAIL1.example.com")["users"]) == 2
    (gateway,) = run_module("presence_gateways_info", {**connection(environment, "imp"), "status": False})["gateways"]
    assert gateway["subscriptions"] == 1

    checks = run_module("preflight_info", {**connection(environment, "cucm"), "imp": connection(environment, "imp")})[
        "checks"
    ]
    (row,) = (row for row in checks if row["check"] == "mailboxes-readable")
    assert (row["result"], row["found"]) == ("warning", "1 without a mailbox: user0002 (user0002@example.com)")


def test_a_cluster_without_the_admin_api(start_emulator: Callable[..., Emulator], tmp_path: Path) -> None:
    real = start_emulator("--scenario", str(scenario(tmp_path)))
    nobody = read(real)
    assert nobody["code"] == "no-public-api"
    assert "AXL tells of single users only: give the task with users." in nobody.msg
    filtered = read(real, users=["user0001"], presence="busy", failing=True)
    assert "give the task without presence and failing." in filtered.msg
    silent = read(real, users=["user0001"])
    assert silent["code"] == "no-public-api"
    assert "has no admin API, and its AXL does not answer." in silent.msg
    assert "activate its Cisco AXL Web Service" in silent.msg

    service = {"services": ["Cisco AXL Web Service"], "state": "activated", "only_if_required": False}
    assert run_module("services", {**connection(real, "imp"), "nodes": nodes(real, 8443, "imp-pub"), **service}).changed
    users = [{"userid": "user0001"}]
    assert run_module("calendar_users", {**connection(real, "cucm"), "users": users}).changed
    real.control.clear_journal()
    told = read(real, users=["user0001", "user0002", "nobody"], explain=True, watcher="user0002")
    assert not told.failed, told.msg
    shown, unserved = told["users"]
    assert (shown["userid"], shown["status"], shown["node"]) == ("user0001", "Available", "imp-pub")
    assert (shown["in_a_meeting"], shown["presence"], shown["why"], shown["reason"]) == (False, None, None, None)
    assert (unserved["userid"], unserved["status"], unserved["node"]) == ("user0002", "", None)
    assert (told["interface"], told["unknown"], told["engines"]) == ("axl", ["nobody"], None)
    (warning,) = told.warnings
    assert "has no admin API, so AXL was asked." in warning
    assert "nor why a user is not in a meeting." in warning
    assert len(real.journal(operation="getPresenceViewer")) == 3
    assert "watcher: there is no user nobody." in read(real, users=["user0001"], watcher="nobody").msg
    assert [user["status"] for user in read(real, users=["user0001"])["users"]] == ["Available"]
