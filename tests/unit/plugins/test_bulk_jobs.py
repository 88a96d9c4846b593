# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files for bulk jobs, which job on a server is the wanted one, and when it has to begin."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from typing import Any

import pytest
from ansible_collections.ucops.imp.plugins.module_utils._core.errors import UnexpectedAnswer
from ansible_collections.ucops.imp.plugins.module_utils._formats import bulk_file
from ansible_collections.ucops.imp.plugins.module_utils._formats.bulk_file import BulkFile
from ansible_collections.ucops.imp.plugins.module_utils._product.bulk_administration import (
    CUSTOM_FILE,
    LATER,
    QUERY,
    TRANSACTIONS,
    Wanted,
    needed_start,
    newest,
    time_of,
    told_lines,
)

CANARY = "Canary-77aa-cells"
TEXT = f'sep=;\nUSER ID;TITLE;PIN;\none;"a\nb";1;\ntwo;c,d;{CANARY};\n\nthree;never;1\n'


def read(text: str) -> BulkFile:
    file, problems = bulk_file.read_bytes(text.encode())
    assert file is not None, problems
    return file


def job(number: int, file: BulkFile | None, **more: Any) -> dict[str, Any]:
    return {
        "id": str(number),
        "description": "Sales",
        "transaction": TRANSACTIONS[CUSTOM_FILE],
        "status": "Completed",
        "sha256": None if file is None else file.digest,
        "keep_symbol": "#",
        "query": None,
        "set": None,
        "processed": 2,
        "failed": 0,
        "total": 2,
        **more,
    }


def test_a_file_is_sent_with_commas_and_told_with_its_own_lines() -> None:
    file = read(TEXT)
    assert file.text == f'USER ID,TITLE,PIN\none,"a\nb",1\ntwo,"c,d",{CANARY}\n'
    assert file.lines == {2: 3, 4: 5}
    rest = file.only({4})
    assert rest.text == f'USER ID,TITLE,PIN\ntwo,"c,d",{CANARY}\n'
    assert rest.lines == {2: 5}
    assert file.only(set(), behind=1) == rest
    assert file.only({1}).rows == ()
    assert CANARY not in repr(Wanted("Sales", CUSTOM_FILE, file))
    assert CANARY not in repr(file)


def test_a_carriage_return_in_a_cell_begins_no_row() -> None:
    """Python before 3.13 writes no quotes around it, so that a cell could name another user."""
    file = read('USER ID,TITLE\none,"a\ruser0002,b"\ntwo,c\n')
    assert file.text == 'USER ID,TITLE\n"one","a\ruser0002,b"\ntwo,c\n'
    assert file.lines == {2: 2, 4: 4}


def test_columns_are_sent_under_their_very_names() -> None:
    assert read("\u200buser  id,Depart\u200bment,Pin\none,a,b\n").text == "USER ID,DEPARTMENT,PIN\none,a,b\n"


@pytest.mark.parametrize(
    ("path", "name"),
    [("files/sales, new.csv", "sales_ new"), ("/x/営業.txt", "営業"), (f"{'n' * 200}.csv", "n" * 80), ("a\tb", "a_b")],
)
def test_the_name_on_the_server_can_be_one_and_says_which_content_it_is(path: str, name: str) -> None:
    file = read(TEXT)
    names = [bulk_file.name_on_server(path, *about) for about in ((file, "a"), (file, "b"), (file.only({4}), "a"))]
    assert all(re.fullmatch(f"{name}-[0-9a-f]{{8}}[.]txt", one) for one in names)
    assert len(set(names)) == 3


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (f"one,{CANARY}\n".encode(), "line 1: the first line must name the columns, USER ID among them."),
        (b"USER ID,PIN\n", "it has no line behind the header."),
        (b"USER ID,PIN\none,********\n", "line 2: column 2: it holds ********"),
        (b"USER ID\none\0\n", "line 2: it has the character U+0000"),
        (b"USER ID,TITLE\none," + b"x" * 131_073, "line 2: the row that begins here has a cell of more than 131,072"),
        (b'USER ID\n"one\n', "line 2: the row that begins here has a quote too many or too few."),
        ("USER ID\nmüller\n".encode("cp1252"), "Save it as CSV in UTF-8, which Excel calls CSV UTF-8."),
    ],
    ids=["no-header", "empty", "masked", "nul", "long", "quotes", "encoding"],
)
def test_what_is_no_file_for_a_job(data: bytes, problem: str) -> None:
    file, problems = bulk_file.read_bytes(data)
    assert file is None
    assert any(problem in one for one in problems), problems
    assert CANARY not in str(problems)


def test_a_file_that_is_too_large_is_told_before_it_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    data = "USER ID,TITLE\none,ü\n"
    monkeypatch.setattr(bulk_file, "LARGEST", len(data.encode()))
    assert bulk_file.read_bytes(data.encode())[1] == []
    monkeypatch.setattr(bulk_file, "LARGEST", len(data.encode()) - 1)
    (problem,) = bulk_file.read_bytes(data.encode())[1]
    assert problem == "it has 21 bytes as it is sent, more than 20; make it several files."


def test_the_newest_job_that_does_the_same_counts_through_those_that_ran_its_rest() -> None:
    file = read("USER ID,PIN\na,1\nb,2\nc,3\nd,4\n")
    wanted = Wanted("Sales", CUSTOM_FILE, file, "x.txt", "#")
    logs = {"2": [{"line": 3, "userid": "b", "message": "no"}], "4": [{"line": 2, "userid": "b", "message": "still"}]}
    # Stopped behind the third line: the failed one and the fourth are left.
    first = job(2, file, status="InComplete", processed=3, failed=1, total=4)
    rest = file.only({3}, behind=3)
    assert rest.text == "USER ID,PIN\nb,2\nd,4\n"
    second = job(4, rest, processed=2, failed=1, total=2)
    others = [job(1, file), job(3, read("USER ID,PIN\na,1\n")), job(5, rest, keep_symbol="~")]
    others.append(job(6, rest, description="x"))
    jobs = sorted([*others, first, second], key=lambda one: int(one["id"]))

    found = newest(wanted, jobs, lambda number: logs[number])

    assert found is not None
    assert found.job["id"] == "4"
    assert found.failed
    assert found.left == 1
    assert found.lines() == [{"line": 3, "userid": "b", "message": "still"}]
    assert found.rest is not None
    assert found.rest.text == "USER ID,PIN\nb,2\n"
    # Before anything was run again, and after the rest of the rest was.
    alone = newest(wanted, jobs[:2], lambda number: logs[number])
    assert alone is not None
    assert (alone.job["id"], alone.left) == ("2", 2)
    last = newest(wanted, [*jobs, job(7, found.rest, processed=1, total=1)], lambda number: logs[number])
    assert last is not None
    assert not last.failed
    assert newest(wanted, others[1:], lambda number: logs[number]) is None


def test_a_query_is_the_same_job_whatever_the_server_leaves_out() -> None:
    wanted = Wanted("Sales", QUERY, query={"userid": "%"}, options={"im_and_presence": True})
    told = {"transaction": TRANSACTIONS[QUERY], "keep_symbol": None, "query": {"userid": "%", "department": None}}
    same = job(1, None, **told, set={"im_and_presence": True, "meeting_information": None})
    assert newest(wanted, [same], lambda _: []) is not None
    assert newest(wanted, [job(1, None, **told, set={"im_and_presence": False})], lambda _: []) is None


NOW = "2026-11-26T08:00:00Z"
EARLY, LATE = "2026-11-26T07:00:00.123456789Z", "2026-11-26T09:00:00Z"
AT = datetime(2026, 11, 26, 9, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("run", "at", "status", "start_at", "needed"),
    [
        ("immediately", None, "Hold", None, ("Hold", "immediately")),
        ("immediately", None, "Pending", EARLY, None),
        ("immediately", None, "Pending", LATE, ("2026-11-26T09:00:00+00:00", "immediately")),
        (LATER, None, "Hold", None, None),
        (LATER, None, "Pending", LATE, None),
        (LATER, AT, "Hold", None, ("Hold", "2026-11-26T09:00:00+00:00")),
        (LATER, AT, "Pending", LATE, None),
        (LATER, AT, "Pending", EARLY, None),
        (LATER, AT.replace(hour=10), "Pending", LATE, ("2026-11-26T09:00:00+00:00", "2026-11-26T10:00:00+00:00")),
    ],
)
def test_when_a_job_begins(
    run: str, at: datetime | None, status: str, start_at: str | None, needed: tuple[str, str] | None
) -> None:
    wanted = Wanted("Sales", QUERY, run=run, start_at=at)
    assert needed_start(wanted, {"status": status, "start_at": start_at}, NOW) == needed


@pytest.mark.parametrize("text", ["tomorrow", "2026-11-28T22:00:00", "9999-12-31T23:00:00-02:00", ""])
def test_what_is_no_time_with_a_zone(text: str) -> None:
    assert time_of(text) is None


def test_a_time_that_is_none_is_an_answer_that_is_none() -> None:
    with pytest.raises(UnexpectedAnswer):
        needed_start(Wanted("Sales", QUERY), {"status": "Pending", "start_at": "soon"}, NOW)


def test_many_lines_are_told_by_the_first() -> None:
    lines = [{"line": number, "userid": "", "message": f"wrong {number % 2}"} for number in range(1, 6)]
    text = told_lines(lines)
    assert text.startswith("5 lines cannot be carried out. ")
    assert text.endswith("And 2 more.")
    assert "line 3" in text
    assert "line 4" not in text


def test_what_a_server_says_without_an_end_gets_one() -> None:
    lines = [{"line": number, "userid": f"user{number}", "message": "User not found"} for number in range(1, 5)]
    told = "4 lines cannot be carried out. line 1 (user1), line 2 (user2), line 3 (user3): User not found. And 1 more."
    assert told_lines(lines) == told
