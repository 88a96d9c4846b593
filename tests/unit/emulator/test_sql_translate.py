# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The SQL translator on its own: text in, text out, and everything else refused."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imp_emulator.store.cucm.queries import _Guard
from imp_emulator.wire.axl.faults import AxlFault
from imp_emulator.wire.axl.sql import translate


@pytest.mark.parametrize(
    ("informix", "sqlite"),
    [
        ("select first 5 a from t", "select [a] from [t] LIMIT 5 OFFSET 0"),
        ("SELECT SKIP 10 FIRST 5 a FROM t ORDER BY a", "SELECT [a] FROM [t] ORDER BY [a] LIMIT 5 OFFSET 10"),
        ("select skip 3 a from t", "select [a] from [t] LIMIT -1 OFFSET 3"),
        ("select limit 5 a from t", "select [a] from [t] LIMIT 5 OFFSET 0"),
        ("select first 1 a from t;", "select [a] from [t] LIMIT 1 OFFSET 0"),
        (
            "select a from t where b in (select first 2 b from u) and c = 1",
            "select [a] from [t] where [b] in ( select [b] from [u]  LIMIT 2 OFFSET 0) and [c] = 1",
        ),
        ("select unique a from t", "select DISTINCT [a] from [t]"),
        ("select a from t where b matches 'x*'", "select [a] from [t] where [b] MATCH 'x*'"),
        ("select a from t where b not matches 'x'", "select [a] from [t] where [b] not MATCH 'x'"),
        ('select a from t where b = "it\'s"', "select [a] from [t] where [b] = 'it''s'"),
        ("select a::varchar(50), b::int from t", "select [a] , [b] from [t]"),
        ("select a -- comment; drop\n from { another } t", "select [a] from [t]"),
        ("select a || ' ' || b, c <> 1 from t", "select [a] || ' ' || [b] , [c] <> 1 from [t]"),
        ("select first from t", "select [first] from [t]"),
        ("select max(a) with from pragma", "select max ( [a] ) [with] from [pragma]"),
    ],
)
def test_informix_becomes_sqlite(informix: str, sqlite: str) -> None:
    assert translate.query(informix) == sqlite


@pytest.mark.parametrize(
    "statement",
    [
        "",
        ";",
        "update t set a = 1",
        "delete from t",
        "drop table t",
        "pragma journal_mode",
        "attach database 'x' as y",
        "with t as (select 1) select * from t",
        "select 1; select 2",
        "select 1;; drop table t",
        "select (a from t",
        "select a) from t",
        "select ? from t",
        "select :a from t",
        "select @a from t",
        "select `a` from t",
        "select [a] from t",
        "select first 1 a from t union select a from u",
        "select a:: from t",
        "select \u00e4 from t",
    ],
)
def test_what_is_no_query_is_a_syntax_error(statement: str) -> None:
    with pytest.raises(AxlFault) as raised:
        translate.query(statement)
    assert raised.value.axlcode == -201


@pytest.mark.parametrize("statement", ["select 'a from t", 'select "a from t', "select 'a'' from t"])
def test_an_open_quote_is_named(statement: str) -> None:
    with pytest.raises(AxlFault) as raised:
        translate.query(statement)
    assert raised.value.axlcode == -282


def test_an_update_becomes_a_query_for_keys_and_new_values() -> None:
    statement = translate.update(
        "UPDATE EndUser SET enablecups = 't', title = nvl(title, 'a, b') || (select max(c) from u where d = 1)"
        " WHERE userid matches 'u*'"
    )
    assert (statement.table, statement.columns) == ("enduser", ("enablecups", "title"))
    assert statement.query == (
        "SELECT [pkid], ('t'), (nvl ( [title] , 'a, b' ) || ( select max ( [c] ) from [u] where [d] = 1 ))"
        " FROM [enduser] WHERE [userid] MATCH 'u*'"
    )


@pytest.mark.parametrize(
    "statement",
    [
        "select 1",
        "update t",
        "update t set",
        "update t set a",
        "update t set a =",
        "update t set a = 1,",
        "update t set a = 1 where",
        "update t set (a) = (1)",
        "update t set a = 1; delete from t",
        "update 't' set a = 1",
        "update t set a = 1) from account --",
        "update t set a = (1",
    ],
)
def test_what_is_no_update_is_a_syntax_error(statement: str) -> None:
    with pytest.raises(AxlFault) as raised:
        translate.update(statement)
    assert raised.value.axlcode == -201


@pytest.mark.parametrize("statement", ["insert into t values (1)", "delete from t where a = 1"])
def test_other_changes_are_not_emulated(statement: str) -> None:
    with pytest.raises(AxlFault) as raised:
        translate.update(statement)
    assert raised.value.axlcode == 5002
    assert statement.split(maxsplit=1)[0].upper() in raised.value.message


@given(st.text(alphabet=st.sampled_from("abz09 '\"();,.=<>*-{}[]?:@`\\/_|\n") | st.characters(), max_size=60))
def test_any_text_is_translated_or_refused_and_never_becomes_two_statements(text: str) -> None:
    try:
        sql = translate.query(f"select {text}")
    except AxlFault:
        return
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.set_authorizer(lambda action, *_: sqlite3.SQLITE_OK if action == sqlite3.SQLITE_SELECT else 1)
        assert "one statement at a time" not in complaint(connection, sql)


def complaint(connection: sqlite3.Connection, sql: str) -> str:
    try:
        connection.execute(sql)
    except sqlite3.Error as error:
        return str(error)
    return ""


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30))
def test_any_string_survives_the_translation(text: str) -> None:
    quoted = text.replace("'", "''")
    sql = translate.query(f"select '{quoted}'")
    with closing(sqlite3.connect(":memory:")) as connection:
        assert connection.execute(sql).fetchone() == (text,)


@pytest.mark.parametrize(
    ("pattern", "value", "expected"),
    [
        ("user*", "user0001", True),
        ("user*", "User0001", False),
        ("user???1", "user0001", True),
        ("user[0-4]*", "user0001", True),
        ("user[^0-4]*", "user0001", False),
        ("a\\*b", "a*b", True),
        ("a\\*b", "axb", False),
        ("a.c", "abc", False),
        ("*", "", True),
        ("[z-a]", "m", False),
        ("[a", "[a", True),
        ("a*\nb", "axx\nb", True),
        (None, "a", None),
        ("a", None, None),
    ],
)
def test_matches(pattern: str | None, value: str | None, expected: bool | None) -> None:
    assert _Guard({}).matches(pattern, value) is expected


def matched(pattern: str, value: str) -> bool:
    """What a pattern of ``*``, ``?`` and letters means, by its definition."""
    if not pattern:
        return not value
    if pattern[0] == "*":
        return any(matched(pattern[1:], value[start:]) for start in range(len(value) + 1))
    return bool(value) and pattern[0] in ("?", value[0]) and matched(pattern[1:], value[1:])


@given(st.text("ab*?", max_size=8), st.text("ab", max_size=8))
def test_stars_mean_what_their_definition_says(pattern: str, value: str) -> None:
    assert _Guard({}).matches(pattern, value) is matched(pattern, value)
