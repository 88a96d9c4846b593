# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading the public tables with a statement that can see them and nothing else."""

from __future__ import annotations

import re
import sqlite3
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
_STEPS_BETWEEN_LOOKS = 100_000
_MOST_LOOKS = 200


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
            _prepare(connection, cluster, tables)
            connection.set_progress_handler(guard.too_long, _STEPS_BETWEEN_LOOKS)
            connection.set_authorizer(guard.authorize)
            cursor = connection.execute(statement)
            yield Found([column[0] for column in cursor.description], cursor)
    except sqlite3.Error as error:
        if guard.hidden is not None:
            raise StatementError(Flaw.NO_TABLE, guard.hidden) from None
        raise _meant(str(error)) from None


def _meant(said: str) -> StatementError:
    if said == "interrupted":
        return StatementError(Flaw.TOO_LONG)
    for pattern, flaw in _SAID:
        if match := pattern.search(said):
            return StatementError(flaw, match[1])
    return StatementError(Flaw.SYNTAX)


def _prepare(connection: sqlite3.Connection, cluster: str, tables: PublicTables) -> None:
    connection.execute("PRAGMA case_sensitive_like = ON")
    for name, table in tables.items():
        connection.execute(f"CREATE TEMP VIEW {name} AS {table.select(cluster)}")
    connection.create_function("nvl", 2, lambda value, other: other if value is None else value, deterministic=True)
    connection.create_function("match", 2, _matches, deterministic=True)


class _Guard:
    """Watches over one statement.

    Attributes:
        hidden: The table that the statement named and that is not public.
    """

    def __init__(self, tables: PublicTables) -> None:
        self.hidden: str | None = None
        self._tables = tables
        self._looks = 0

    def too_long(self) -> bool:
        """Count the time; tell SQLite to stop when there was enough of it."""
        self._looks += 1
        return self._looks > _MOST_LOOKS

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


def _matches(pattern: Any, value: Any) -> bool | None:
    """Informix's MATCHES, which SQLite calls with its right side first."""
    if pattern is None or value is None:
        return None
    return _expression(str(pattern)).fullmatch(str(value)) is not None


@lru_cache(maxsize=256)
def _expression(pattern: str) -> re.Pattern[str]:
    """Translate a MATCHES pattern: ``*``, ``?``, ``[a-z]``, ``[^a-z]``, and a backslash before a literal letter."""
    parts: list[str] = []
    rest = pattern
    while rest:
        if match := re.match(r"\\(.)", rest, re.DOTALL):
            parts.append(re.escape(match[1]))
        elif match := re.match(r"\[(\^?)([^\]]+)\]", rest):
            members = re.sub(r"[\\\[&~|^]", lambda found: "\\" + found[0], match[2])
            parts.append(f"[{match[1]}{members}]")
        else:
            match = re.match(r".", rest, re.DOTALL)
            letter = rest[0]
            parts.append({"*": ".*", "?": "."}.get(letter, re.escape(letter)))
        rest = rest[match.end() if match else 1 :]
    try:
        return re.compile("".join(parts), re.DOTALL)
    except re.error:
        # For example a range whose ends are the wrong way round: it matches nothing.
        return re.compile(r"(?!)")
