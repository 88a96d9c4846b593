# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The SQLite database: one connection, write-ahead log, nested transactions."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from importlib import resources
from pathlib import Path
from typing import Any

from imp_emulator.errors import InvalidValue

Row = sqlite3.Row
_LONG_PATTERN = "LIKE or GLOB pattern too complex"


def literally(text: str) -> str:
    """Return what stands for a text itself in a pattern of LIKE whose ESCAPE is the backslash."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


class StateError(Exception):
    """The state file cannot be used; the message says why and what to do."""


class NotStored(Exception):
    """SQLite cannot work with the state file: the disk is full, another process has it locked, it is read-only.

    Attributes:
        kind: SQLite's name of the error, for example ``SQLITE_FULL``.
    """

    def __init__(self, error: sqlite3.Error) -> None:
        super().__init__(str(error))
        self.kind: str = error.sqlite_errorname


class Database:
    """The emulator's state file.

    The event loop's thread is the only one that uses it. A write is acknowledged only after its commit, so a
    process that is killed loses nothing that a client was told is done.

    Args:
        path: The state file; it is created with mode 0600 because it holds the emulated passwords and keys.
        synchronous: SQLite's ``synchronous`` setting; ``NORMAL`` survives a killed process, ``FULL`` also a power cut.

    Raises:
        StateError: The file cannot be opened, or is no SQLite database.

    Attributes:
        generation: Grows whenever the whole content is replaced; anything derived from the content and kept in
            memory is worth nothing once it has changed.
    """

    def __init__(self, path: Path, synchronous: str = "NORMAL") -> None:
        self.path = path
        self.generation = 0
        self._depth = 0
        self._after_commit: list[Callable[[], None]] = []
        try:
            self._open(synchronous)
        except (sqlite3.DatabaseError, OSError) as error:
            raise StateError(f"{path} cannot be used as a state file: {error}") from None

    def _open(self, synchronous: str) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600))
        self._connection = sqlite3.connect(self.path, isolation_level=None, cached_statements=512)
        self._connection.row_factory = sqlite3.Row
        for pragma in ("journal_mode=WAL", f"synchronous={synchronous}", "foreign_keys=ON", "cache_size=-65536"):
            self._connection.execute(f"PRAGMA {pragma}")
        self._create_tables()

    def _create_tables(self) -> None:
        folder = resources.files("imp_emulator.store") / "schema"
        for script in sorted(folder.iterdir(), key=lambda entry: entry.name):
            self._connection.executescript(script.read_text(encoding="utf-8"))

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit what happens inside, or undo all of it; an inner transaction joins the outer one.

        Nothing inside may await: another request would become part of the transaction.

        Raises:
            NotStored: It could not begin or not be committed; it is undone.
        """
        if self._depth:
            yield
        else:
            with self._outermost("BEGIN IMMEDIATE"):
                yield

    @contextmanager
    def own_transaction(self, *, write: bool) -> Iterator[None]:
        """A transaction that joins no other one, for a whole request.

        Args:
            write: Whether to take the right to write at once. Without it what is read inside is answered even when
                nothing can be written.

        Raises:
            NotStored: See :meth:`transaction`.
            RuntimeError: Another one is open: whoever holds it has awaited something.
        """
        if self._depth:
            raise RuntimeError("a request has come in while the transaction of another one was open")
        with self._outermost("BEGIN IMMEDIATE" if write else "BEGIN"):
            yield

    @contextmanager
    def _outermost(self, begin: str) -> Iterator[None]:
        self.execute(begin)
        self._depth += 1
        try:
            yield
            self.execute("COMMIT")
        except BaseException:
            self._after_commit.clear()
            # SQLite has already undone it after some errors, a full disk among them.
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise
        finally:
            self._depth -= 1
        waiting, self._after_commit = self._after_commit, []
        for action in waiting:
            action()

    def on_commit(self, action: Callable[[], None]) -> None:
        """Have something done once the open transaction is committed, never when it is undone; without one, at once.

        The action must not raise: what was asked for is done and stored.
        """
        if self._depth:
            self._after_commit.append(action)
        else:
            action()

    def execute(self, sql: str, values: Sequence[Any] | dict[str, Any] = ()) -> sqlite3.Cursor:
        """Run one statement.

        Raises:
            NotStored: The state file is in no condition for it.
            InvalidValue: It compares with a pattern of more than 50,000 bytes.
        """
        try:
            return self._connection.execute(sql, values)
        except sqlite3.OperationalError as error:
            raise _translated(error) from error

    def executemany(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        """Run one statement for many rows; raises as :meth:`execute` does."""
        try:
            self._connection.executemany(sql, rows)
        except sqlite3.OperationalError as error:
            raise _translated(error) from error

    def one(self, sql: str, values: Sequence[Any] | dict[str, Any] = ()) -> Row | None:
        """Return the first row or ``None``."""
        row: Row | None = self.execute(sql, values).fetchone()
        return row

    def all(self, sql: str, values: Sequence[Any] | dict[str, Any] = ()) -> list[Row]:
        """Return every row."""
        return self.execute(sql, values).fetchall()

    def copy_to(self, path: Path) -> None:
        """Write the whole content to a file of mode 0600, which appears complete or not at all.

        Raises:
            NotStored: It could not be written.
        """
        fresh = path.with_name(path.name + ".new")
        fresh.unlink(missing_ok=True)
        os.close(os.open(fresh, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        with closing(sqlite3.connect(fresh)) as target:
            _copy(self._connection, target)
        fresh.replace(path)

    def replace_from(self, path: Path) -> None:
        """Replace the whole content by that of a file that :meth:`copy_to` wrote; all of it or, when killed, nothing.

        Raises:
            NotStored: It could not be written.
            sqlite3.DatabaseError: There is no such file, or it is no database.
        """
        # Python's copying waits for ever for another process that has the file locked; a transaction does not.
        with self.transaction():
            pass
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as source:
            _copy(source, self._connection)
        self.generation += 1

    @property
    def changes(self) -> int:
        """How many rows were written since the file was opened: another number says that something is new."""
        return self._connection.total_changes

    def close(self) -> None:
        """Close the connection; the write-ahead log is folded into the file."""
        self._connection.close()


def _copy(source: sqlite3.Connection, target: sqlite3.Connection) -> None:
    try:
        source.backup(target)
    except sqlite3.OperationalError as error:
        raise _translated(error) from error


def _translated(error: sqlite3.OperationalError) -> Exception:
    """Tell a state file that is in no condition from a statement that is wrong, which stays SQLite's error.

    A pattern to search for is what a client sends: one that is too long is the client's error.
    """
    if str(error) == _LONG_PATTERN:
        return InvalidValue("pattern-too-long", "The text to search for is too long.")
    wrong_statement = error.sqlite_errorcode == sqlite3.SQLITE_ERROR
    return error if wrong_statement else NotStored(error)
