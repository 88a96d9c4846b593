# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading the public tables with a statement that can see them and nothing else."""

from __future__ import annotations

import re
import sqlite3
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from enum import Enum, auto
from functools import lru_cache
from typing import Any, NamedTuple

from imp_emulator.store.cucm.public_tables import PublicTables
from imp_emulator.store.database import Database

_FUNCTIONS = frozenset(
    {
        *("count", "min", "max", "sum", "avg", "lower", "upper", "length", "trim", "ltrim", "rtrim", "substr"),
        *("abs", "round", "nvl", "match", "like", "replace", "coalesce", "nullif"),
    }
)
_SECRETS = frozenset({"password_hash", "pin_hash"})
_STEPS_BETWEEN_LOOKS = 1_000
_MOST_STEPS = 20_000_000
_MOST_SECONDS = 1.5
"""Of this thread's processor time. Steps alone do not bound a statement: a call of a function is a single step, and may
compare the longest text with the longest pattern."""
_LIMITS = {
    sqlite3.SQLITE_LIMIT_LENGTH: 2 * 1024 * 1024,
    sqlite3.SQLITE_LIMIT_SQL_LENGTH: 2 * 1024 * 1024,
    sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH: 512,
    sqlite3.SQLITE_LIMIT_COMPOUND_SELECT: 100,
}
"""What a statement may hold. No text that AXL takes is longer, and no limit is one that a sensible statement meets."""
_LONGEST_MATCHED = 128 * 1024
_TOO_MUCH = ("interrupted", "string or blob too big", "LIKE or GLOB pattern too complex")


class Flaw(Enum):
    """What is wrong with a statement."""

    NO_TABLE = auto()
    NO_COLUMN = auto()
    AMBIGUOUS_COLUMN = auto()
    NO_FUNCTION = auto()
    TOO_LONG = auto()
    SYNTAX = auto()


class StatementError(Exception):
    """A statement that cannot be carried out.

    Args:
        flaw: What is wrong; everything that has no name here is :attr:`Flaw.SYNTAX`.
        name: The table, column or function that is at fault, where there is one.
    """

    def __init__(self, flaw: Flaw, name: str = "") -> None:
        super().__init__(f"{flaw.name.lower()} {name}".rstrip())
        self.flaw = flaw
        self.name = name


class Found(NamedTuple):
    """What a statement gives: the names of its columns, and its rows, which are read while they are asked for."""

    columns: Sequence[str]
    rows: Iterable[tuple[Any, ...]]


# What SQLite says, and what is meant by it; the name at fault is the pattern's group.
_SAID = (
    (re.compile(r"no such table: (?:\w+\.)?(\S+)"), Flaw.NO_TABLE),
    (re.compile(r"no such column: (\S+)"), Flaw.NO_COLUMN),
    (re.compile(r"ambiguous column name: (\S+)"), Flaw.AMBIGUOUS_COLUMN),
    (re.compile(r"(?:no such function: |not authorized to use function: )(\w+)"), Flaw.NO_FUNCTION),
)


@contextmanager
def select(database: Database, cluster: str, tables: PublicTables, statement: str) -> Iterator[Found]:
    """Run a SELECT statement of SQLite over a cluster's public tables.

    The connection is this statement's own and reads what was committed last. It sees the public tables as temporary
    views; whatever else the statement names is refused while SQLite prepares it.

    Raises:
        StatementError: The statement is wrong, names what is not public, or takes too long; also while rows are read.
    """
    uri = f"{database.path.absolute().as_uri()}?mode=ro"
    guard = _Guard(tables)
    try:
        with closing(sqlite3.connect(uri, uri=True)) as connection:
            _prepare(connection, cluster, tables, guard)
            connection.set_progress_handler(guard.too_long, _STEPS_BETWEEN_LOOKS)
            connection.set_authorizer(guard.authorize)
            cursor = connection.execute(statement)
            yield Found([column[0] for column in cursor.description], cursor)
    except sqlite3.Error as error:
        if guard.hidden is not None:
            raise StatementError(Flaw.NO_TABLE, guard.hidden) from None
        if guard.exhausted:
            raise StatementError(Flaw.TOO_LONG) from None
        raise _meant(str(error)) from None


def _meant(said: str) -> StatementError:
    if said in _TOO_MUCH:
        return StatementError(Flaw.TOO_LONG)
    for pattern, flaw in _SAID:
        if match := pattern.search(said):
            return StatementError(flaw, match[1])
    return StatementError(Flaw.SYNTAX)


def _prepare(connection: sqlite3.Connection, cluster: str, tables: PublicTables, guard: _Guard) -> None:
    connection.execute("PRAGMA case_sensitive_like = ON")
    for name, table in tables.items():
        connection.execute(f"CREATE TEMP VIEW {name} AS {table.select(cluster)}")
    connection.create_function("nvl", 2, lambda value, other: other if value is None else value, deterministic=True)
    connection.create_function("match", 2, guard.matches, deterministic=True)
    for limit, most in _LIMITS.items():
        connection.setlimit(limit, most)


class _Guard:
    """Watches over one statement.

    Attributes:
        hidden: The table that the statement named and that is not public.
        exhausted: Whether it was stopped because it takes too long.
    """

    def __init__(self, tables: PublicTables) -> None:
        self.hidden: str | None = None
        self.exhausted = False
        self._tables = tables
        self._steps = 0
        self._end = time.thread_time() + _MOST_SECONDS

    def too_long(self) -> bool:
        """Count the work; tell SQLite to stop when there was enough of it."""
        self._steps += _STEPS_BETWEEN_LOOKS
        self.exhausted = self.exhausted or self._steps > _MOST_STEPS or time.thread_time() > self._end
        return self.exhausted

    def matches(self, pattern: Any, value: Any) -> bool | None:
        """Informix's MATCHES, which SQLite calls with its right side first.

        Raises:
            StatementError: The pattern or the value is too long, or the statement has taken too long.
        """
        if pattern is None or value is None:
            return None
        wanted = str(pattern)
        self.exhausted = (
            self.exhausted
            or len(wanted) > _LIMITS[sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH]
            or len(str(value)) > _LONGEST_MATCHED
            or time.thread_time() > self._end
        )
        if self.exhausted:
            raise StatementError(Flaw.TOO_LONG)
        return _expression(wanted).fullmatch(str(value)) is not None

    def authorize(
        self, action: int, first: str | None, second: str | None, _database: str | None, view: str | None
    ) -> int:
        """Allow reading public tables with known functions, and nothing else."""
        if action == sqlite3.SQLITE_SELECT:
            return sqlite3.SQLITE_OK
        if action == sqlite3.SQLITE_FUNCTION and (second or "").lower() in _FUNCTIONS:
            return sqlite3.SQLITE_OK
        if action == sqlite3.SQLITE_READ:
            if self._may_read((first or "").lower(), second or "", view):
                return sqlite3.SQLITE_OK
            self.hidden = first
        return sqlite3.SQLITE_DENY

    def _may_read(self, table: str, column: str, view: str | None) -> bool:
        """Tell whether a column may be read: those of a view by anybody, those of a table by the views made of it."""
        if table in self._tables:
            return True
        source = self._tables.get((view or "").lower())
        return source is not None and table in source.tables and column not in _SECRETS


@lru_cache(maxsize=256)
def _expression(pattern: str) -> re.Pattern[str]:
    """Translate a MATCHES pattern: ``*``, ``?``, ``[a-z]``, ``[^a-z]``, and a backslash before a literal letter.

    What stands between two stars has a fixed length, so where it is found first is as good as anywhere else. An atomic
    group says so; without it the time to find that nothing fits grows with a power of the number of stars.
    """
    pieces = [""]
    rest = pattern
    while rest:
        if match := re.match(r"\\(.)", rest, re.DOTALL):
            pieces[-1] += re.escape(match[1])
        elif match := re.match(r"\[(\^?)([^\]]+)\]", rest):
            members = re.sub(r"[\\\[&~|^]", lambda found: "\\" + found[0], match[2])
            pieces[-1] += f"[{match[1]}{members}]"
        elif rest[0] == "*":
            pieces.append("")
        else:
            pieces[-1] += "." if rest[0] == "?" else re.escape(rest[0])
        rest = rest[match.end() if match else 1 :]
    first, *others = pieces
    between = "".join(f"(?>.*?{piece})" for piece in others[:-1] if piece)
    try:
        return re.compile(first + between + (f".*{others[-1]}" if others else ""), re.DOTALL)
    except re.error:
        # For example a range whose ends are the wrong way round: it matches nothing.
        return re.compile(r"(?!)")
