# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is taken for a condition in SQL that only reads, and what is refused before anything is sent."""

from __future__ import annotations

import pytest
from ansible_collections.ucops.imp.plugins.module_utils._formats.sql_condition import LONGEST, problems

MEMBERS = "select fkenduser from enduserdirgroupmap"


@pytest.mark.parametrize(
    "condition",
    [
        "department = 'sales'",
        "department in ('Berlin', 'Kyoto') and mailid like '%@example.com'",
        "lower(userid) matches 'user*' or (not enablecups = 't' and mailid is not null)",
        f"pkid in ({MEMBERS})",
        "exists (select 1 from dirgroup as g where g.name = 'x' order by 1)",
        "title = 'O''Brien; drop table -- {x}'",
        'department = "its"',
        "case when mailid = '' then 'f' else enablecups end = 't'",
        "length(userid) * 2 >= 10 and userid <> 'x' || 'y'",
        "lastname = '長谷川'",
    ],
)
def test_a_condition_that_reads(condition: str) -> None:
    assert problems(condition) == []


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        (" ", "it is empty"),
        ("x" * (LONGEST + 1), "4,000 are the most"),
        ("1 = 1; delete from enduser", "a semicolon"),
        ("1 = 1) or (1 = 1", "closes a parenthesis that it has not opened"),
        ("(1 = 1", "a parenthesis is not closed"),
        ("userid = 'x", "begins with ' does not end"),
        ("1 = 1 -- and more", "a comment (--)"),
        ("1 = 1 {x}", "a comment ({)"),
        ("1 = 1 /* x */", "a comment (/*)"),
        ("where department = 'x'", "leave out the word WHERE"),
        ("select userid from enduser", "leave out the word WHERE and all before it"),
        ("1 = 1 union select 1", "the word UNION is not allowed outside of a subselect"),
        ("1 = 1 order by userid", "the word ORDER"),
        ("pkid in (select 1 into temp x)", "the word INTO"),
        ("pkid in (delete from enduser)", "the word DELETE"),
        ("1 = (execute procedure x())", "the word EXECUTE"),
        ("1 = dbinfo('version', 'full')", "the function dbinfo is not allowed"),
        ("1 = _own()", "the function _own"),
        ("1 = informix.own (1)", "the function own"),
        ("1 = \"lotofile\" ('x')", "right before a parenthesis"),
        ("1", "it compares nothing"),
        ("not (userid)", "it compares nothing"),
        ("userid = ?", "the character '?' has no meaning"),
        ("userid\u3000= 'x'", "the character '\\u3000' has no meaning"),
        ("userid\u00a0= 'x'", "the character '\\xa0' has no meaning"),
        ("userid = \u00fc", "the character 'ü' has no meaning"),
        (" and ".join([f"pkid in ({MEMBERS})"] * 6), "6 subselects; 5 are the most"),
    ],
)
def test_what_is_no_condition_is_told_why(condition: str, said: str) -> None:
    assert any(said in problem for problem in problems(condition)), problems(condition)
