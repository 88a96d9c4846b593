# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``calendar_users`` and its info twin against the emulator (requirements U1 to U3)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.ucops.imp.plugins.module_utils._formats.bat_file import HEADER

from tests.support.connections import connection
from tests.support.emulator import Emulator
from tests.support.modules import ModuleResult, assert_contract, assert_four_steps, run_module

MODULE = "calendar_users"
OFF = {"im_and_presence": False, "meeting_information": False}
ON = {"im_and_presence": True, "meeting_information": True}
ALL = {"userid": "%"}

pytestmark = pytest.mark.usefixtures("gateway")


def run(emulator: Emulator, *, check: bool = False, **options: Any) -> ModuleResult:
    return run_module(MODULE, {**connection(emulator, "cucm"), **options}, check=check)


def four_steps(emulator: Emulator, *, quiet: bool = False, **options: Any) -> ModuleResult:
    """Check, do, check, do; return the result of the first doing."""
    given = {**connection(emulator, "cucm"), **options}
    return assert_four_steps(MODULE, given, lambda: writes(emulator), quiet=quiet).done


def read_back(emulator: Emulator, **options: Any) -> dict[str, dict[str, bool]]:
    result = run_module("calendar_users_info", {**connection(emulator, "cucm"), **options})
    assert not result.failed, result.msg
    return {user.pop("userid"): user for user in result["users"]}


def axl(emulator: Emulator, **filters: Any) -> list[dict[str, Any]]:
    return emulator.journal(protocol="axl", **filters)


def writes(emulator: Emulator) -> list[dict[str, Any]]:
    return axl(emulator, writes=True)


def operations(emulator: Emulator) -> list[str]:
    return [entry["operation"] for entry in axl(emulator)]


def user_ids(first: int, last: int) -> list[str]:
    return [f"user{number:04}" for number in range(first, last + 1)]


def listed(*userids: str, **options: bool) -> list[dict[str, Any]]:
    return [{"userid": userid, **options} for userid in userids]


def bat_file(folder: Path, *rows: tuple[str, str, str], name: str = "users.csv", password: str = "#") -> str:
    """Write a BAT file of rows (user id, IM and Presence, meeting information) and return its path."""
    lines = [",".join(HEADER)]
    for userid, presence, meeting in rows:
        cells = dict.fromkeys(HEADER, "#") | {"USER ID": userid, "PASSWORD": password}
        cells["ENABLE USER FOR UNIFIED CM IM AND PRESENCE"] = presence
        cells["INCLUDE MEETING INFORMATION IN PRESENCE"] = meeting
        lines.append(",".join(cells.values()))
    file = folder / name
    file.write_text("\r\n".join(lines), encoding="utf-8-sig")
    return str(file)


# --- the three sources


def test_one_user(environment: Emulator) -> None:
    done = four_steps(environment, users=listed("user0001"))
    assert done["diff"] == {
        "before": {"calendar_user": {"user0001": OFF}},
        "after": {"calendar_user": {"user0001": ON}},
    }
    assert done["changes"] == [
        {
            "kind": "calendar_user",
            "id": "user0001",
            "action": "update",
            "fields": [
                {"name": "im_and_presence", "before": False, "after": True, "secret": False},
                {"name": "meeting_information", "before": False, "after": True, "secret": False},
            ],
        }
    ]
    assert done["current"] == {
        "selected": 1,
        "unknown": 0,
        "home_cluster": 1,
        "im_and_presence": 1,
        "meeting_information": 1,
    }
    assert done["restart_required"] == []
    assert [entry["operation"] for entry in writes(environment)] == ["updateUser"]
    assert read_back(environment, users=["user0001"]) == {"user0001": {"home_cluster": True, **ON}}


def test_one_user_is_looked_up_instead_of_read_in_pages(environment: Emulator) -> None:
    run(environment, users=listed("user0001"), check=True)
    assert operations(environment) == ["getCCMVersion", "executeSQLQuery", "getUser", "executeSQLQuery"]


def test_users_may_differ_from_each_other(environment: Emulator) -> None:
    users = [
        {"userid": "user0001", "meeting_information": False},
        {"userid": "user0002"},
        {"userid": "USER0003", "im_and_presence": False},
        {"userid": "user0004", "home_cluster": False, "meeting_information": False},
    ]
    done = four_steps(environment, users=users)
    assert [change["id"] for change in done["changes"]] == ["user0001", "user0002", "user0004"]
    assert read_back(environment, query={"userid": "user000%"}) == {
        "user0001": {"home_cluster": True, "im_and_presence": True, "meeting_information": False},
        "user0002": {"home_cluster": True, **ON},
        "user0003": {"home_cluster": True, **OFF},
        "user0004": {"home_cluster": False, "im_and_presence": True, "meeting_information": False},
        **{userid: {"home_cluster": True, **OFF} for userid in user_ids(5, 9)},
    }


def test_only_what_differs_is_written(environment: Emulator) -> None:
    run(environment, users=listed("user0001", meeting_information=False))
    done = four_steps(environment, users=listed("user0001"))
    assert [field["name"] for field in done["changes"][0]["fields"]] == ["meeting_information"]
    assert done["diff"]["before"] == {"calendar_user": {"user0001": {"meeting_information": False}}}


def test_nobody_is_no_work(environment: Emulator) -> None:
    assert four_steps(environment, quiet=True, users=[])["current"]["selected"] == 0


def test_a_thousand_users(environment: Emulator, tmp_path: Path) -> None:
    file = tmp_path / "changes.txt"
    done = four_steps(environment, users=listed(*user_ids(1, 1000)), page_size=300, diff_path=str(file))
    assert len(done["changes"]) == len(writes(environment)) == 1000
    assert done["current"]["meeting_information"] == 1000
    page = done["diff"]["prepared"].splitlines()
    assert page[1] == "  1,000 users: im_and_presence no -> yes, meeting_information no -> yes"
    assert page[-1] == f"All of them are in {file}."
    assert len(page) < 40
    # The last of the four runs, check, do, check, do, has changed nothing.
    assert file.read_text() == ""
    assert "getUser" not in operations(environment), "many users are read in pages"


def test_all_changes_are_in_a_file_when_one_is_asked_for(environment: Emulator, tmp_path: Path) -> None:
    """In check mode as well, for it is asked for then; only its owner reads who works there."""
    file = tmp_path / "changes.txt"
    result = run(environment, check=True, users=listed(*user_ids(1, 50)), diff_path=str(file))
    assert_contract(result, changed=True)
    assert writes(environment) == []
    lines = file.read_text().splitlines()
    assert len(lines) == 50
    assert lines[49] == "user user0050: im_and_presence no -> yes, meeting_information no -> yes"
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("missing/changes.txt", "diff_path: there is no folder {folder}/missing; make it first."),
        (".", "diff_path: {folder} is a folder; give the name of a file."),
        ("x" * 999, "cannot be written: File name too long."),
        ("a\0b", "diff_path"),
    ],
)
def test_a_file_for_the_changes_that_cannot_be_written_is_told_before_anything_is_sent(
    environment: Emulator, tmp_path: Path, name: str, said: str
) -> None:
    environment.control.clear_journal()
    result = run(environment, users=listed("user0001"), diff_path=str(tmp_path / name))
    assert result["code"] == "invalid-input"
    assert said.format(folder=tmp_path) in result.msg
    assert axl(environment) == []


def test_a_query(environment: Emulator) -> None:
    done = four_steps(environment, query={"department": "sales"})
    assert [change["id"] for change in done["changes"]] == user_ids(1, 1000)[::5]
    assert done["current"] == {
        "selected": 200,
        "unknown": 0,
        "home_cluster": 200,
        "im_and_presence": 200,
        "meeting_information": 200,
    }
    assert len(writes(environment)) == 200


def test_criteria_are_joined(environment: Emulator) -> None:
    done = run(environment, check=True, query={"department": "support", "userid": "user001%"})
    assert [change["id"] for change in done["changes"]] == ["user0012", "user0017"]


def test_a_query_that_matches_nobody_is_told(environment: Emulator) -> None:
    result = run(environment, query={"department": "no such department"})
    assert_contract(result, changed=False)
    assert result.warnings == ["query: no user matches department 'no such department'. Only % stands for any text."]
    result = run(environment, query={"department": "x%", "userid": "y"})
    assert result.warnings == ["query: no user matches userid 'y' and department 'x%'."]


def test_users_are_disabled(environment: Emulator, users_with_calendar: int) -> None:
    done = four_steps(environment, query=ALL, im_and_presence=False)
    assert len(done["changes"]) == users_with_calendar
    assert done["current"]["im_and_presence"] == done["current"]["meeting_information"] == 0


def test_a_bat_file(environment: Emulator, tmp_path: Path) -> None:
    file = bat_file(tmp_path, ("user0001", "t", "t"), ("user0002", "t", "#"), ("user0003", "#", "#"))
    done = four_steps(environment, csv_path=file)
    assert done["diff"]["after"] == {"calendar_user": {"user0001": ON, "user0002": {"im_and_presence": True}}}
    assert done["current"]["selected"] == 3


def test_a_bat_file_warns_of_what_is_not_used(environment: Emulator, tmp_path: Path) -> None:
    canary = "Canary-b47f"
    file = bat_file(tmp_path, ("user0001", "t", "t"), ("", "#", "#"), ("user0002", "t", "t"), password=canary)
    lines = Path(file).read_text(encoding="utf-8-sig").splitlines()
    lines[2] = ""
    Path(file).write_text("\n".join(lines), encoding="utf-8")
    result = run(environment, csv_path=file)
    assert [change["id"] for change in result["changes"]] == ["user0001"]
    assert "line 3 is blank and ends the file" in result.warnings[0]
    assert "PASSWORD" in result.warnings[1]
    assert canary not in result.output


# --- rules and input


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, "users, csv_path, query"),
        ({"users": [], "query": ALL}, "mutually exclusive"),
        ({"users": [{"userid": " "}]}, "users[0].userid: it is an empty text"),
        ({"users": listed("user0001", "USER0001")}, "users: user0001 is given more than once"),
        ({"users": [{"im_and_presence": True}]}, "userid"),
        ({"users": ["user0001"]}, "users[0]: it is no dictionary. Give a dictionary with userid"),
        (
            {"users": listed("u1", im_and_presence=False, meeting_information=True)},
            "users: u1: meeting information needs",
        ),
        (
            {"users": listed("u1", home_cluster=False)},
            "users: u1: meeting information needs a user with its home cluster",
        ),
        (
            {"query": ALL, "im_and_presence": False, "meeting_information": True},
            "meeting_information: meeting information",
        ),
        ({"query": {}}, "query: give at least one of"),
        ({"query": {"department": ""}}, "query.department: it is an empty text"),
        ({"query": {"mail": "x"}}, "mail"),
        ({"users": [], "concurrency": 0}, "concurrency: 0 is not in the range 1 to 32"),
        ({"users": [], "concurrency": 33}, "concurrency: 33"),
        ({"users": [], "page_size": 0}, "page_size: 0"),
        ({"users": [], "max_changes": -1}, "max_changes: -1"),
        ({"users": [], "im_and_presence": "maybe"}, "im_and_presence"),
        ({"csv_path": "/no/such/file.csv"}, "csv_path: /no/such/file.csv cannot be read"),
    ],
)
def test_bad_input_is_refused_before_anything_is_sent(
    environment: Emulator, options: dict[str, Any], said: str
) -> None:
    result = run(environment, **options)
    assert result.failed
    assert said in result.msg
    assert environment.journal() == []


def test_a_bad_bat_file_is_refused_with_all_its_lines(environment: Emulator, tmp_path: Path) -> None:
    rows = [("user0001", "t", "t"), ("user0001", "t", "t"), ("user0002", "x", "t"), ("user0003", "f", "t")]
    result = run(environment, csv_path=bat_file(tmp_path, *rows))
    assert [said.split(":")[1] for said in result["details"]["problems"]] == [" line 3", " line 4", " line 5"]
    many = run(environment, csv_path=bat_file(tmp_path, *[("u", "x", "x")] * 30))
    assert len(many["details"]["problems"]) == 21
    assert many["details"]["problems"][-1] == "csv_path: 40 more problems."
    assert many.msg.endswith("more problems, see details.")
    assert environment.journal() == []


def test_a_bat_file_says_all_of_each_user_and_has_a_name_that_the_tool_takes(
    environment: Emulator, tmp_path: Path
) -> None:
    file = Path(bat_file(tmp_path, ("user0001", "t", "t")))
    named = file.rename(tmp_path / "a,b.csv")
    result = run(environment, csv_path=str(named), im_and_presence=True)
    assert result["details"]["problems"] == [
        "im_and_presence: the columns of csv_path say this for each user; leave it out.",
        "csv_path: a,b.csv: the name of a BAT file must not hold a comma.",
    ]


def test_a_short_file_and_a_list(environment: Emulator, tmp_path: Path) -> None:
    """The options of the task count for what a row does not say."""
    file = tmp_path / "a, b.csv"
    file.write_text("meeting_information;userid\r\n;user0001\r\nfalse;user0002\r\n#;user0003", encoding="utf-16")
    done = four_steps(environment, csv_path=str(file))
    only = {"im_and_presence": True}
    after = {"user0001": ON, "user0002": only, "user0003": only}
    assert done["diff"]["after"] == {"calendar_user": after}

    file.write_text("user0001\nuser0002\n")
    done = run(environment, csv_path=str(file), im_and_presence=False)
    assert [change["id"] for change in done["changes"]] == ["user0001", "user0002"]
    assert done["current"]["im_and_presence"] == 0

    file.write_text("userid,meeting_information\nuser0001,true\n")
    refused = run(environment, csv_path=str(file), im_and_presence=False)
    assert "csv_path: line 2: meeting information needs a user with IM and Presence enabled" in refused.msg


def test_a_file_in_another_encoding_is_refused(environment: Emulator, tmp_path: Path) -> None:
    file = tmp_path / "latin.csv"
    file.write_bytes(",".join(HEADER).encode() + b"\nM\xfcller,#\n")
    result = run(environment, csv_path=str(file))
    assert "csv_path: line 2: it is not UTF-8; it looks like Windows-1252" in result.msg
    assert "CSV UTF-8" in result.msg


def test_a_file_with_other_columns_and_separators(environment: Emulator, tmp_path: Path) -> None:
    """As BAT.xlt and spreadsheets write it: three devices, empty cells at the end, semicolons, UTF-16."""
    at = HEADER.index("CONTROLLED DEVICE 1")
    names = [*HEADER[:at], *(f"CONTROLLED DEVICE {number}" for number in (1, 2, 3)), *HEADER[at + 1 :]]
    cells = dict.fromkeys(names, "#") | {
        "USER ID": "user0001",
        "ENABLE USER FOR UNIFIED CM IM AND PRESENCE": "t",
        "INCLUDE MEETING INFORMATION IN PRESENCE": "t",
    }
    file = tmp_path / "users.csv"
    rows = [";".join([*names, "", ""]), ";".join([*cells.values(), "", "", ""]), ""]
    file.write_bytes("\r\n".join(rows).encode("utf-16"))
    done = four_steps(environment, csv_path=str(file))
    assert [change["id"] for change in done["changes"]] == ["user0001"]


def test_an_id_in_which_nobody_sees_a_character_is_told(environment: Emulator, tmp_path: Path) -> None:
    file = bat_file(tmp_path, ("user0001", "t", "t"), ("user0002\u200b", "t", "t"))
    result = run(environment, csv_path=file)
    assert_contract(result, changed=True, failed=True)
    (failure,) = result["failures"]
    assert failure["message"] == (
        "There is no such user in Unified CM. In the user id (csv_path: line 3) character 9 is U+200B "
        "(Zero width space), which nobody sees; take it out."
    )
    in_a_list = run(environment, users=listed("user0001", " user0002"))
    assert "In the user id (users) character 1 is U+0020 (Space), which nobody sees" in in_a_list.msg
    control = run(environment, csv_path=bat_file(tmp_path, ("user0001", "t", "t"), ("us\x01er", "t", "t")))
    assert "csv_path: line 3: userid 'us\\x01er' has a character that XML cannot carry" in control.msg


def test_the_stored_value_counts_for_the_rule(environment: Emulator, tmp_path: Path) -> None:
    """Meeting information is wanted, but IM and Presence is left as it is, which is off (requirement U3)."""
    file = bat_file(tmp_path, ("user0001", "#", "t"), ("user0002", "t", "t"))
    for check in (True, False):
        result = run(environment, check=check, csv_path=file)
        assert_contract(result, changed=True, failed=True)
        assert [(failure["id"], failure["code"]) for failure in result["failures"]] == [
            ("user0001", "meeting-information-needs-presence")
        ]
    assert [entry["operation"] for entry in writes(environment)] == ["updateUser"]


# --- what goes wrong with single users


def test_unknown_users_are_reported_and_all_others_done(environment: Emulator) -> None:
    users = listed("user0001", "nobody1", "user0002", "nobody2")
    predicted, done = run(environment, check=True, users=users), run(environment, users=users)
    for result in (predicted, done):
        assert_contract(result, changed=True, failed=True)
        assert result["failures"] == [
            {"id": userid, "code": "user-not-found", "message": "There is no such user in Unified CM."}
            for userid in ("nobody1", "nobody2")
        ]
        assert [change["id"] for change in result["changes"]] == ["user0001", "user0002"]
    assert done["current"]["unknown"] == 2
    assert read_back(environment, enabled_only=True).keys() == {"user0001", "user0002"}
    again = run(environment, users=users)
    assert_contract(again, changed=False, failed=True)


def test_unknown_users_among_many(environment: Emulator) -> None:
    result = run(environment, users=listed(*user_ids(990, 1010)), page_size=7)
    assert [failure["id"] for failure in result["failures"]] == user_ids(1001, 1010)
    assert len(result["changes"]) == 11


def test_every_refused_user_is_listed(environment: Emulator) -> None:
    """Requirement U3: without a gateway Unified CM refuses, and says so for each user."""
    environment.control.reset()
    result = run(environment, users=listed(*user_ids(1, 30)))
    assert_contract(result, changed=False, failed=True)
    assert [failure["id"] for failure in result["failures"]] == user_ids(1, 30)
    for failure in result["failures"]:
        assert failure["code"] == "5007"
        assert "gateway" in failure["message"]
        assert failure["id"] in failure["message"]
    # In the message it is one sentence.
    assert result.msg.count("gateway") == 1
    assert "tried. user0001, user0002, user0003 and 27 more: " in result.msg


def test_failures_in_the_middle_leave_the_others_done(environment: Emulator) -> None:
    environment.control.fault("status", effect={"status": 500}, operation="updateUser", skip=3, times=2)
    result = run(environment, users=listed(*user_ids(1, 20)), concurrency=1)
    assert_contract(result, changed=True, failed=True)
    assert [failure["id"] for failure in result["failures"]] == user_ids(4, 5)
    assert len(result["changes"]) == 18
    assert len(read_back(environment, enabled_only=True)) == 18
    healed = run(environment, users=listed(*user_ids(1, 20)))
    assert [change["id"] for change in healed["changes"]] == user_ids(4, 5)


# --- a server under load


def test_busy_answers_are_waited_out(environment: Emulator) -> None:
    environment.control.fault("status", effect={"status": 503, "retry_after": 1}, operation="updateUser", times=6)
    done = run(environment, users=listed(*user_ids(1, 40)))
    assert_contract(done, changed=True)
    assert len(done["changes"]) == 40
    assert len(writes(environment)) == 46


def test_a_server_that_stays_busy_is_not_asked_a_thousand_times(environment: Emulator) -> None:
    environment.control.fault("status", effect={"status": 503}, operation="updateUser")
    result = run(environment, users=listed(*user_ids(1, 100)), retries=0)
    assert_contract(result, changed=False, failed=True)
    assert [failure["id"] for failure in result["failures"]] == user_ids(1, 100)
    codes = [failure["code"] for failure in result["failures"]]
    assert set(codes) == {"busy", "not-tried"}
    assert len(writes(environment)) == codes.count("busy") < 20


@pytest.mark.parametrize("kind", ["drop", "drop_after"])
def test_lost_answers_are_compared_before_anything_is_sent_again(environment: Emulator, kind: str) -> None:
    # Two, because every thread may lose all of them to one user, and each user is tried three times.
    environment.control.fault(kind, operation="updateUser", times=2)
    result = run(environment, users=listed(*user_ids(1, 20)))
    assert_contract(result, changed=True)
    assert len(read_back(environment, enabled_only=True)) == 20
    assert len([entry for entry in writes(environment) if entry["status"] == 200]) == 20


# --- the guard


def test_too_many_changes_are_refused(environment: Emulator) -> None:
    result = run(environment, query=ALL, max_changes=999)
    assert (result.failed, result["code"]) == (True, "too-many-changes")
    assert result["details"] == {"planned": 1000, "max_changes": 999}
    assert writes(environment) == []


def test_check_mode_shows_what_the_guard_stops(environment: Emulator) -> None:
    result = run(environment, check=True, query=ALL, max_changes=10)
    assert_contract(result, changed=True)
    assert len(result["changes"]) == 1000
    assert "max_changes" in result.warnings[0]


def test_the_guard_counts_changes_not_users(environment: Emulator) -> None:
    run(environment, users=listed(*user_ids(2, 9)))
    assert_contract(run(environment, query={"userid": "user000%"}, max_changes=1), changed=True)
