# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``calendar_users``: groups and conditions that select, where users come from, and stopping at failures (U2a)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.axl import OverTheWire
from tests.support.connections import connection
from tests.support.emulator import Emulator
from tests.support.modules import ModuleResult, assert_four_steps, run_module

GROUP = "Calendar users"
SALES = "department = 'sales' and userid <= 'user0020'"
IN_GROUP = f"<associatedGroups><userGroup><name>{GROUP}</name></userGroup></associatedGroups>"

pytestmark = pytest.mark.usefixtures("gateway")


def run(emulator: Emulator, *, check: bool = False, module: str = "calendar_users", **options: Any) -> ModuleResult:
    return run_module(module, {**connection(emulator, "cucm"), **options}, check=check)


def changed(result: ModuleResult) -> list[str]:
    return [change["id"] for change in result["changes"]]


def writes(emulator: Emulator) -> list[dict[str, Any]]:
    return emulator.journal(protocol="axl", writes=True)


def update(emulator: Emulator, userid: str, content: str) -> None:
    OverTheWire(emulator).ask("updateUser", f"<userid>{userid}</userid>{content}").done()


def test_the_members_of_a_group(environment: Emulator) -> None:
    for userid in ("user0003", "user0007"):
        update(environment, userid, IN_GROUP)
    environment.control.clear_journal()
    given = {**connection(environment, "cucm"), "access_control_group": GROUP.upper()}
    done = assert_four_steps("calendar_users", given, lambda: writes(environment)).done
    assert changed(done) == ["user0003", "user0007"]
    assert done["remarks"] == {"without_mail": [], "ldap_synchronized": []}
    read = run(environment, module="calendar_users_info", access_control_group=GROUP)
    assert [user["userid"] for user in read["users"]] == ["user0003", "user0007"]
    assert read["counts"]["meeting_information"] == 2
    missing = run(environment, access_control_group="Calender users")
    assert missing.msg == f"access_control_group: Unified CM has no group 'Calender users'. Is it {GROUP!r}?"


def test_a_condition_in_sql(environment: Emulator) -> None:
    # Pages of two: the order is the same from page to page.
    done = run(environment, sql_where=SALES, page_size=2)
    assert changed(done) == ["user0001", "user0006", "user0011", "user0016"]
    assert not run(environment, sql_where=SALES).changed
    wrong = run(environment, sql_where="departement = 'sales'")
    assert wrong["code"] == "invalid-input"
    assert wrong.msg.startswith("sql_where: Unified CM cannot carry it out: Column (departement) not found")
    environment.control.clear_journal()
    writing = run(environment, sql_where="1 = 1; delete from enduser")
    assert writing.msg == "sql_where: it has a semicolon; give one condition, not statements."
    assert environment.journal(protocol="axl") == []


def test_nobody_is_told_with_the_option_that_selected(environment: Emulator) -> None:
    assert run(environment, sql_where="1 = 0").warnings == [
        "sql_where: no user matches this condition: 1 = 0. Texts are compared letter by letter."
    ]
    assert run(environment, access_control_group=GROUP).warnings == [
        f"access_control_group: the group {GROUP!r} has no members."
    ]


def test_users_without_a_mail_address_and_those_of_a_directory(environment: Emulator) -> None:
    update(environment, "user0001", "<mailid></mailid>")
    for userid in ("user0002", "user0003"):
        update(environment, userid, "<ldapDirectoryName>Corporate</ldapDirectoryName>")
    users = [{"userid": f"user000{number}"} for number in (1, 2, 3, 4)]
    planned = run(environment, users=users, check=True)
    done = run(environment, users=users)
    assert (
        done["remarks"]
        == planned["remarks"]
        == {
            "without_mail": ["user0001"],
            "ldap_synchronized": [
                {
                    "directory": "Corporate",
                    "feature_group_template": "Staff",
                    "users": 2,
                    "undone": ["user0002", "user0003"],
                }
            ],
        }
    )
    assert done.warnings == [
        (
            "1 user has no mail address in Unified CM, so its calendar is not found: user0001. Set it in the LDAP "
            "directory, or in Unified CM for a local user."
        ),
        (
            "The LDAP directory Corporate has the feature group template Staff, which says: meeting_information no. A "
            "synchronisation that applies it undoes the change of 2 users: user0002, user0003. Change the template "
            "as well."
        ),
    ]
    # The template says yes to IM and Presence, so that disabling does not last either.
    off = run(environment, users=users[1:3], im_and_presence=False)
    assert "which says: im_and_presence yes." in off.warnings[0]
    again = run(environment, users=users[1:3], im_and_presence=False)
    assert again.warnings == []
    assert "remarks" not in again.data
    read = run(environment, module="calendar_users_info", users=["user0001", "user0002"], origins=True)
    assert [(one["mail"], one["ldap_directory"], one["feature_group_template"]) for one in read["users"]] == [
        ("", None, None),
        ("user0002@example.com", "Corporate", "Staff"),
    ]
    assert (read["counts"]["without_mail"], read["counts"]["ldap_synchronized"]) == (1, 1)


def test_the_warning_comes_true_with_the_next_synchronisation(environment: Emulator) -> None:
    update(environment, "user0002", "<ldapDirectoryName>Corporate</ldapDirectoryName>")
    run(environment, users=[{"userid": "user0002"}])
    OverTheWire(environment).ask("doLdapSync", "<name>Corporate</name><sync>true</sync>").done()
    environment.control.advance(1)
    back = run(environment, users=[{"userid": "user0002"}], check=True)
    assert [field["name"] for field in back["changes"][0]["fields"]] == ["meeting_information"]


def test_only_some_of_the_selection(environment: Emulator) -> None:
    some = run(environment, sql_where=SALES, only=["USER0006", "user0002"])
    assert changed(some) == ["user0006"]
    listed = [{"userid": f"user000{number}"} for number in range(1, 4)]
    assert changed(run(environment, users=listed, only=["user0002"])) == ["user0002"]
    assert not run(environment, users=listed, only=[]).changed
    nobody = run(environment, users=listed, only=["user0009"])
    assert (nobody.changed, nobody.warnings) == (False, ["only: the selection has none of these users."])
    both = run(environment, users=listed, only=["user0002"], report_undeclared=True)
    assert both.msg == "only: leave it out with report_undeclared, for which the whole selection counts."


def test_a_list_of_nothing_but_null_is_neither_everybody_nor_nobody(environment: Emulator) -> None:
    nulls = run(environment, sql_where=SALES, only=[None])
    assert nulls.msg == "only: it has nothing but null. Give values, [] for none, or leave the option out."
    assert changed(run(environment, sql_where=SALES, only=[None, "user0006"])) == ["user0006"]
    read = run(environment, module="bulk_jobs_info", names=[None])
    assert read.msg.startswith("names: it has nothing but null.")


def test_users_that_are_not_there_stop_all_when_they_are_too_many(environment: Emulator) -> None:
    users = [{"userid": userid} for userid in ("user0001", "nobody1", "nobody2")]
    planned = run(environment, users=users, max_failures=2, check=True)
    assert any(
        said.startswith("2 users cannot be as wanted, and max_failures is 2. Outside") for said in planned.warnings
    )
    stopped = run(environment, users=users, max_failures=2)
    assert (stopped["code"], len(stopped["failures"])) == ("too-many-failures", 2)
    assert stopped.msg == (
        "2 users cannot be as wanted, and max_failures is 2. Nothing was changed. nobody1, nobody2: There is no such "
        "user in Unified CM. Correct the selection, or raise max_failures."
    )
    assert writes(environment) == []
    assert changed(run(environment, users=users, max_failures=3)) == ["user0001"]


def test_updates_that_fail_stop_the_others(environment: Emulator) -> None:
    environment.control.fault("error", effect={"code": "-458"}, protocol="axl", operation="updateUser")
    users = [{"userid": f"user00{number}"} for number in range(10, 30)]
    stopped = run(environment, users=users, max_failures=3, concurrency=1, retries=0)
    codes = [failure["code"] for failure in stopped["failures"]]
    assert len(codes) == 20
    assert codes.count("not-tried") == 17
    assert stopped["failures"][-1]["message"] == "Not tried, because max_failures (3) is reached."
    assert len(writes(environment)) == 3
