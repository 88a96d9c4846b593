# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The BAT custom file: what is read, what is refused with its line, and that nothing secret is ever quoted."""

from __future__ import annotations

import io

import pytest
from ansible_collections.ucops.imp.plugins.module_utils._formats import bat_file
from ansible_collections.ucops.imp.plugins.module_utils._formats.bat_file import HEADER, BatUser
from hypothesis import given
from hypothesis import strategies as st

HOME = "HOME CLUSTER"
PRESENCE = "ENABLE USER FOR UNIFIED CM IM AND PRESENCE"
MEETING = "INCLUDE MEETING INFORMATION IN PRESENCE"
CANARY = "Canary-5f1e"


def row(**cells: str) -> str:
    """Return a row that keeps everything but ``cells`` (by column name, blanks as underscores)."""
    named = {name.replace("_", " "): value for name, value in cells.items()}
    return ",".join(named.get(column, "#") for column in HEADER)


def user_row(userid: str, home: str = "#", presence: str = "t", meeting: str = "t") -> str:
    return row(**{"USER ID": userid, HOME: home, PRESENCE: presence, MEETING: meeting})


def read(*rows: str, header: str = ",".join(HEADER), end: str = "\r\n") -> bat_file.BatFile:
    return bat_file.read(io.StringIO(end.join((header, *rows)) + end, newline=""))


def test_the_header_has_38_columns() -> None:
    assert len(HEADER) == len(set(HEADER)) == 38
    assert (HEADER[0], HEADER[31], HEADER[32], HEADER[34]) == ("USER ID", HOME, PRESENCE, MEETING)


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_rows_are_read_in_order(end: str) -> None:
    result = read(user_row("user0002"), user_row("user0001", "t", "F", "f"), user_row("u3", "#", "#", "#"), end=end)
    assert result.problems == result.notes == []
    assert result.users == [
        BatUser(2, "user0002", None, True, True),
        BatUser(3, "user0001", True, False, False),
        BatUser(4, "u3", None, None, None),
    ]


def test_a_header_alone_is_an_empty_file() -> None:
    assert read() == bat_file.BatFile()


def test_header_may_differ_in_case() -> None:
    assert read(user_row("u"), header=",".join(HEADER).lower()).problems == []


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("", "line 1: the header is missing."),
        ("USER ID,NAME", "line 1: the header has 2 columns, the BAT format has 38."),
        (",".join(HEADER).replace("DEPARTMENT", "DIVISION"), "line 1: column 3 of the header must be DEPARTMENT."),
        (user_row("user0001"), "line 1: column 1 of the header must be USER ID."),
    ],
)
def test_a_wrong_header_is_told(header: str, said: str) -> None:
    assert read(user_row("u"), header=header).problems == [said]


def test_an_empty_file_has_no_header() -> None:
    assert bat_file.read([]).problems == ["line 1: the header is missing."]


def test_blank_row_ends_the_file() -> None:
    result = read(user_row("u1"), "," * 37, user_row("u2"), "garbage")
    assert [user.userid for user in result.users] == ["u1"]
    assert result.problems == []
    assert result.notes == ["line 3 is blank and ends the file; 2 rows after it are ignored."]


def test_trailing_blank_rows_are_nothing_to_tell() -> None:
    assert read(user_row("u1"), "", "", "  ").notes == []


def test_every_problem_is_told_with_its_line() -> None:
    result = read(
        user_row(""),
        user_row("#"),
        "only,three,columns",
        user_row("u1", presence="yes", meeting=""),
        user_row("u2"),
        user_row("U2"),
        user_row("u3", presence="f"),
        user_row("u4", home="f", presence="f"),
    )
    assert result.problems == [
        "line 2: USER ID must name a user.",
        "line 3: USER ID must name a user.",
        "line 4: 3 columns, the header has 38.",
        f"line 5: column 33 ({PRESENCE}) must be t, f or #.",
        f"line 5: column 35 ({MEETING}) must be t, f or #.",
        "line 7: U2 stands in line 6 already.",
        "line 8: meeting information needs a user with IM and Presence enabled.",
        f"line 9: {bat_file.meeting_problem(False, False, True)}",
    ]
    assert "its home cluster here and IM and Presence enabled" in result.problems[-1]


def test_lines_are_counted_as_an_editor_does() -> None:
    multiline = row(**{"USER ID": "u1", "TITLE": '"Head of\r\nsales"'})
    assert read(multiline, user_row("")).problems == ["line 4: USER ID must name a user."]


def test_broken_quoting_is_told_with_its_line() -> None:
    (said,) = read(user_row("u1"), user_row('"u2"x')).problems
    assert said.startswith("line 3: ")


def test_other_columns_are_told_once_and_never_quoted() -> None:
    result = read(
        row(**{"USER ID": "u1", "PASSWORD": CANARY, "DEPARTMENT": ""}), row(**{"USER ID": "u2", "PIN": CANARY})
    )
    assert result.notes == ["only the options for calendar integration are updated; ignored columns: PASSWORD, PIN."]


def test_a_slipped_row_does_not_quote_a_password() -> None:
    cells = user_row("u1").split(",")
    cells[32] = CANARY
    result = read(",".join(cells), f"{CANARY},{CANARY}")
    assert len(result.problems) == 2
    assert CANARY not in str(result)


@pytest.mark.parametrize(("name", "fine"), [("users.csv", True), ("my users.csv", True), ("a,b.csv", False)])
def test_the_file_name_holds_no_comma(name: str, fine: bool) -> None:
    said = bat_file.name_problem(name)
    assert (said is None) is fine
    assert fine or "comma" in str(said)


@given(st.sampled_from([True, False, None]), st.sampled_from([True, False, None]), st.sampled_from([True, False, None]))
def test_meeting_information_needs_both(home: bool | None, presence: bool | None, meeting: bool | None) -> None:
    """An unknown value (the stored one) never breaks the rule; a known false one always does."""
    forbidden = meeting is True and (home is False or presence is False)
    assert (bat_file.meeting_problem(home, presence, meeting) is not None) is forbidden


@given(st.text())
def test_no_text_makes_the_reader_fall_over(text: str) -> None:
    result = bat_file.read(io.StringIO(text, newline=""))
    assert result.problems or len(result.users) <= text.count("\n") + 1


def test_many_rows_are_read() -> None:
    result = read(*(user_row(f"user{number}") for number in range(20_000)))
    assert (len(result.users), result.problems, result.notes) == (20_000, [], [])
