# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The BAT custom file: what is read, what is refused with its line, and that nothing secret is ever quoted."""

from __future__ import annotations

import io
import random
from pathlib import Path

import pytest
import yaml
from ansible_collections.ucops.imp.plugins.module_utils._formats import bat_file
from ansible_collections.ucops.imp.plugins.module_utils._formats.bat_file import HEADER, BatUser
from ansible_collections.ucops.imp.plugins.plugin_utils._settings.variables import spec_of
from hypothesis import given
from hypothesis import strategies as st

from tests.support.pages import blocks
from tests.support.plugin_files import plugin_source

HOME = "HOME CLUSTER"
PRESENCE = "ENABLE USER FOR UNIFIED CM IM AND PRESENCE"
MEETING = "INCLUDE MEETING INFORMATION IN PRESENCE"
CANARY = "Canary-5f1e"
OTHERS = "Windows-1252 or another code page of Windows"
NAMED = "of the header have the name"
SEPARATED = (
    "The first line names the columns, separated by commas, semicolons or tabs. A short file has the column userid, or "
    "is a list with one user id a line."
)


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
        ("USER ID,NAME", f"line 1: the header lacks {HOME}, {PRESENCE}, {MEETING}. {SEPARATED}"),
        (",".join(HEADER).replace(MEETING, "MEETINGS"), f"line 1: the header lacks {MEETING}. {SEPARATED}"),
        (user_row(CANARY), f"line 1: the header lacks USER ID, {HOME}, {PRESENCE}, {MEETING}. {SEPARATED}"),
        (
            ",".join(HEADER).replace(",", "|"),
            f"line 1: the header lacks USER ID, {HOME}, {PRESENCE}, {MEETING}. {SEPARATED}",
        ),
        (
            ",".join(HEADER).replace("DEPARTMENT", "TITLE"),
            "line 1: columns 3 and 12 of the header have the name TITLE; leave one.",
        ),
        (",".join(HEADER).replace("DEPARTMENT", ""), "line 1: column 3 of the header must have a name."),
        (
            f"{','.join(HEADER)},{MEETING}",
            f"line 1: columns 35 and 39 of the header have the name {MEETING}; leave one.",
        ),
    ],
)
def test_a_wrong_header_is_told(header: str, said: str) -> None:
    result = read(user_row("u"), header=header)
    assert result.problems == [said]
    assert CANARY not in str(result)


# --- columns by name


def columns(*names: str, end: str = "\r\n", separator: str = ",", **cells: str) -> str:
    """Return a file of one user with these columns; ``cells`` by column name, blanks as underscores."""
    named = {"USER ID": "user0001", PRESENCE: "t", MEETING: "t"} | {k.replace("_", " "): v for k, v in cells.items()}
    rows = (names, [named.get(name.strip().upper(), "#") for name in names])
    return end.join([*(separator.join(row) for row in rows), ""])


ONE = [BatUser(2, "user0001", None, True, True)]


@pytest.mark.parametrize("devices", [0, 1, 2, 3, 16])
def test_any_number_of_controlled_devices_is_taken(devices: int) -> None:
    """BAT.xlt asks for the number; what stands behind moves (the case bat-number-of-controlled-devices)."""
    at = HEADER.index("CONTROLLED DEVICE 1")
    some = [f"CONTROLLED DEVICE {number + 1}" for number in range(devices)]
    result = bat_file.read(columns(*HEADER[:at], *some, *HEADER[at + 1 :]))
    assert (result.users, result.problems, result.notes) == (ONE, [], [])


@pytest.mark.parametrize("seed", range(5))
def test_columns_may_stand_in_any_order(seed: int) -> None:
    names = random.Random(seed).sample(HEADER, len(HEADER))
    assert bat_file.read(columns(*names)).users == ONE


def test_the_managed_columns_are_enough() -> None:
    assert bat_file.read(columns(*bat_file.MANAGED)).users == ONE


def test_a_column_of_another_release_is_ignored_and_told() -> None:
    result = bat_file.read(columns(*HEADER, "USER RANK"))
    assert (result.users, result.problems) == (ONE, [])
    assert result.notes == ["line 1: these columns are not known and are ignored: USER RANK."]


def test_many_unknown_columns_are_told_in_one_short_sentence() -> None:
    (note,) = bat_file.read(columns(*HEADER, *(f"{number}{'X' * 500}" for number in range(10, 60)))).notes
    assert note.endswith(" and 40 more.")
    assert len(note) < 1000


@pytest.mark.parametrize("empty", [1, 3, 200])
def test_empty_cells_at_the_end_are_nothing(empty: int) -> None:
    """Spreadsheets add them to the header, to rows, or to both."""
    header, row = ",".join(HEADER), user_row("user0001")
    more = "," * empty
    for text in (f"{header}{more}\n{row}{more}\n", f"{header}\n{row}{more}\n", f"{header}{more}\n{row}\n"):
        assert bat_file.read(text).users == ONE
        assert bat_file.read(text).problems == []
    assert bat_file.read(f"{header}\n{row}{more}{CANARY}\n").problems == [
        f"line 2: {38 + empty} columns, the header has 38."
    ]


def test_a_row_with_too_few_cells_may_have_slipped() -> None:
    (said,) = read(user_row("user0001").removesuffix(",#")).problems
    assert said == "line 2: 37 columns, the header has 38."


# --- how files are written


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_a_file_as_programs_write_it(separator: str, end: str, encoding: str) -> None:
    text = columns(*HEADER, end=end, separator=separator, USER_ID="山田\u3000太郎")
    result = bat_file.read_bytes(text.encode(encoding))
    assert (result.users, result.problems, result.notes) == ([BatUser(2, "山田\u3000太郎", None, True, True)], [], [])


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_every_cell_may_be_quoted(separator: str) -> None:
    text = columns(*HEADER, USER_ID="a,b;c")
    rows = [text.splitlines()[0].split(","), [*text.splitlines()[1].replace("a,b;c", "ID").split(",")]]
    quoted = "\n".join(f"{separator} ".join(f'"{cell}"' for cell in row) for row in rows).replace('"ID"', '"a,b;c"')
    assert bat_file.read(quoted).users == [BatUser(2, "a,b;c", None, True, True)]


@pytest.mark.parametrize("hint", ["sep=;", "SEP=;", '"sep=;"'])
def test_the_line_with_which_excel_names_the_separator_is_no_row(hint: str) -> None:
    result = bat_file.read(f"{hint}\r\n" + columns(*HEADER, separator=";"))
    assert result.users == [BatUser(3, "user0001", None, True, True)]
    broken = bat_file.read("sep=;\r\n" + columns(*HEADER, separator=";").replace("user0001", '"u"x'))
    assert [said.split(":")[0] for said in broken.problems] == ["line 3"]


@pytest.mark.parametrize(
    ("header", "shown"),
    [("USER\u00a0ID", "no-break"), (" user  id ", "blanks"), ("\u200bUSER ID", "invisible"), ("\ufeffUSER ID", "mark")],
)
def test_a_column_is_known_by_what_one_sees(header: str, shown: str) -> None:
    text = columns(*HEADER).replace("USER ID", header, 1)
    assert bat_file.read(text).users == ONE, shown


@pytest.mark.parametrize(
    ("codec", "name", "said"),
    [
        ("cp932", "山田　太郎", "it looks like Shift_JIS"),
        ("cp932", "山田太郎", "it looks like Shift_JIS"),
        ("cp932", "やまだたろう", "it looks like Shift_JIS"),
        ("cp932", "ヤマダ タロウ", "it looks like Shift_JIS"),
        ("cp932", "東京都 千代田区", "it looks like Shift_JIS"),
        ("cp932", "髙橋 﨑", "it looks like Shift_JIS"),
        ("euc_jp", "山田　太郎", f"it looks like EUC-JP, {OTHERS}"),
        ("iso2022_jp", "山田", "it looks like ISO-2022-JP"),
        ("cp1252", "Müller", f"it looks like {OTHERS}"),
        ("cp1252", "Händel", f"it looks like {OTHERS}"),
        ("cp1252", "Gößweinstein", f"it looks like {OTHERS}"),
        ("cp1252", "Ångström", f"it looks like {OTHERS}"),
        ("cp1252", "Noël", f"it looks like {OTHERS}"),
        ("cp1250", "Łódź", f"it looks like {OTHERS}"),
        ("cp1253", "Παπαδόπουλος", f"it looks like {OTHERS}"),
        ("cp850", "Müller", f"it looks like {OTHERS}"),
        ("big5", "陳小明", f"it looks like {OTHERS}"),
        # What fits several is named for all of them.
        ("cp1250", "Žižek", f"it looks like Shift_JIS, {OTHERS}"),
        ("cp1251", "иван", f"it looks like Shift_JIS, EUC-JP, {OTHERS}"),
        ("gbk", "张伟", f"it looks like EUC-JP, {OTHERS}"),
        ("latin-1", "\0\xff", "and no text"),
    ],
)
def test_another_encoding_is_named_with_its_line(codec: str, name: str, said: str) -> None:
    text = columns(*HEADER, USER_ID="plain") + user_row(name)
    (told,) = bat_file.read_bytes(text.encode(codec)).problems
    assert told.startswith("line 3: ")
    assert told.endswith(f"{said}. Save it as CSV in UTF-8, which Excel calls CSV UTF-8.")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"PK\x03\x04workbook", "Excel workbook (.xlsx)"),
        (bytes.fromhex("d0cf11e0a1b11ae1"), "Excel workbook (.xls)"),
        (b"\x1f\x8b\x08", "gzip"),
        (b"%PDF-1.7", "PDF"),
        (b"$ANSIBLE_VAULT;1.1;AES256\n", "ansible-vault"),
        ("USER ID".encode("utf-16")[:-1], "UTF-16, and damaged"),
        (b"", "the header is missing"),
        (b"\xef\xbb\xbf", "the header is missing"),
    ],
)
def test_a_file_that_is_something_else_is_named(data: bytes, said: str) -> None:
    (told,) = bat_file.read_bytes(data).problems
    assert said in told


@given(st.binary(max_size=300))
def test_no_bytes_make_the_reader_fall_over(data: bytes) -> None:
    result = bat_file.read_bytes(data)
    assert result.problems or [user for user in result.users if not bat_file.can_name(user.userid)] == []


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


@pytest.mark.parametrize("userid", ['"u2"x', '"u2', 'u2" ,#,"', '"u2" '])
def test_broken_quoting_is_told_with_the_line_where_its_row_begins(userid: str) -> None:
    (said,) = read(user_row("u1"), user_row(userid), *(user_row(f"v{number}") for number in range(9))).problems
    assert said.startswith("line 3: the row that begins here has a quote too many or too few.")


def test_a_quote_that_is_open_to_the_end_of_a_large_file_is_told_with_its_line() -> None:
    (said,) = read(user_row("u1"), user_row('"u2'), *[user_row("u3")] * 3000).problems
    assert said.startswith("line 3: ")


def test_a_header_in_the_middle_is_told_once() -> None:
    """Two files that were joined; the second may have its byte order mark."""
    header = ",".join(HEADER)
    assert read(user_row("u1"), f"\ufeff{header}", user_row("u2")).problems == [
        "line 3: the header is here again; remove it."
    ]


def test_a_line_end_that_was_made_twice_is_one() -> None:
    result = read(user_row("u1"), user_row("u2"), end="\r\r\n")
    assert [(user.userid, user.line) for user in result.users] == [("u1", 2), ("u2", 3)]
    assert result.notes == []


@pytest.mark.parametrize("column", ["USER ID", "TITLE"])
def test_a_character_that_is_none_is_told_wherever_it_stands(column: str) -> None:
    (said,) = read(user_row("u1"), row(**{"USER ID": "u2", column: "a\0b"})).problems
    assert said.startswith("line 3: it has the character U+0000")


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
    assert result.problems or len(result.users) <= text.count("\n") + text.count("\r") + 1


def test_many_rows_are_read() -> None:
    result = read(*(user_row(f"user{number}") for number in range(20_000)))
    assert (len(result.users), result.problems, result.notes) == (20_000, [], [])


def short(userid: str, presence: bool | None = None, meeting: bool | None = None, line: int = 2) -> BatUser:
    """Return a row of a short file that says nothing of what is ``None``."""
    said = {"home_cluster": None, "im_and_presence": presence, "meeting_information": meeting}
    return BatUser(line, userid, **said, left_out=tuple(name for name, value in said.items() if value is None))


@pytest.mark.parametrize(
    "text",
    [
        "userid,im_and_presence,meeting_information\nada,true,false\n",
        "meeting_information;userid;IM and Presence\nno;ada;yes\n",
        "UserID\tmeeting-information\tim_and_presence\t\n\nada\tf\tT\t\n\n",
        'sep=;\n"userid";"im_and_presence";"meeting_information"\n"ada";1;0',
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le"])
def test_a_short_file_has_its_columns_in_any_order(text: str, encoding: str) -> None:
    result = bat_file.read_bytes(text.encode(encoding))
    assert (result.problems, result.notes, result.short) == ([], [], True)
    assert [(user.userid, user.im_and_presence, user.meeting_information) for user in result.users] == [
        ("ada", True, False)
    ]


def test_a_short_file_leaves_to_the_task_what_it_does_not_say() -> None:
    result = bat_file.read("userid;meeting_information\nada\nbob;\n\ncai;#\ndan;true\n")
    assert result.problems == []
    kept = BatUser(5, "cai", None, None, None, left_out=("home_cluster", "im_and_presence"))
    assert result.users == [short("ada"), short("bob", line=3), kept, short("dan", meeting=True, line=6)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_list_has_one_user_id_a_line(encoding: str) -> None:
    result = bat_file.read_bytes('ada\r\n"bob",,\r\n\r\n 山田\u3000太郎 \r\n'.encode(encoding))
    assert (result.problems, result.notes, result.short) == ([], [], True)
    assert result.users == [short("ada", line=1), short("bob"), short("山田\u3000太郎", line=4)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("userid,im_and_presense\nada,t", "nothing reads the column im_and_presense. The columns are userid, home_cl"),
        ("userid,userid\nada,ada", "line 1: columns 1 and 2 of the header have the name userid; leave one."),
        ("userid,,meeting_information\nada,,t", "line 1: column 2 of the header must have a name."),
        (f"userid,im_and_presence\nada,{CANARY}", "column 2 (im_and_presence) must be true, false or #, or be empty."),
        (f"userid\nada,{CANARY}", "line 2: 2 columns, the header has 1."),
        ("userid\n#", "line 2: userid must name a user."),
        ("userid\nada\nADA", "line 3: ADA stands in line 2 already."),
        ("userid\nuserid", "line 2: the header is here again; remove it."),
        ("userid,im_and_presence,meeting_information\nada,f,t", "line 2: meeting information needs a user with"),
        (f"ada\nbob,{CANARY}", "line 2: 2 columns, and no header that names them; give one."),
        (f"ada\nbob;{CANARY}", "line 2: it has a blank, a semicolon or a control character"),
        (f"ada;{CANARY}\n", "line 1: the header lacks USER ID"),
        (f"-----BEGIN CERTIFICATE REQUEST-----\n{CANARY}\n", "line 1: the header lacks USER ID"),
    ],
)
def test_what_is_wrong_with_a_short_file_is_told(text: str, said: str) -> None:
    (problem,) = bat_file.read(text).problems
    assert said in problem
    assert CANARY not in problem


def test_the_page_shows_the_samples() -> None:
    samples = [block.text for block in blocks("docs/user-files.md") if block.language == "text"]
    assert samples == [(SAMPLES / name).read_text() for name in ("list.csv", "short.csv")]


def test_the_variables_of_the_page_are_those_of_the_role() -> None:
    shown = [yaml.safe_load(block.text) for block in blocks("docs/user-files.md") if block.language == "yaml"]
    variables = {name for one in shown if isinstance(one, dict) for name in one}
    assert variables
    assert variables <= spec_of("calendar_users").keys()
    # The task is one of the examples of the filter, which run.
    (task,) = (task for one in shown if isinstance(one, list) for task in one)
    assert task in yaml.safe_load(plugin_source(Path("plugins", "filter", "bat_file.py"), "EXAMPLES"))


SAMPLES = Path(__file__).parents[3] / "examples" / "users"


def test_the_samples_say_the_same_in_each_format() -> None:
    found = {path.name: bat_file.read_bytes(path.read_bytes()) for path in sorted(SAMPLES.glob("*.csv"))}
    assert list(found) == ["bat.csv", "list.csv", "short.csv"]
    assert [one.problems + one.notes for one in found.values()] == [[], [], []]
    assert [one.short for one in found.values()] == [False, True, True]
    names = {name: [user.userid for user in one.users] for name, one in found.items()}
    assert names["bat.csv"] == names["short.csv"] == names["list.csv"] == ["user0001", "user0002", "user0003"]
    options = [[(user.im_and_presence, user.meeting_information) for user in one.users] for one in found.values()]
    assert options[0] == options[2] == [(True, True), (True, False), (False, False)]
