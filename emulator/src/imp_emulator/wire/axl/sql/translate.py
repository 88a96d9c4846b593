# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From Informix's SQL to SQLite's: FIRST and SKIP, MATCHES, UNIQUE, casts, double-quoted strings.

Nothing is run here, and nothing is looked up: which tables and columns there are is decided when the statement runs.
"""

from __future__ import annotations

from typing import NamedTuple

from imp_emulator.wire.axl.sql import errors
from imp_emulator.wire.axl.sql.tokens import Token, TokenKind, tokenise

_WORDS = {"MATCHES": "MATCH", "UNIQUE": "DISTINCT"}
_KEYWORDS = frozenset(
    {
        *("ALL", "AND", "AS", "ASC", "BETWEEN", "BY", "CASE", "CAST", "CROSS", "DESC", "DISTINCT", "ELSE", "END"),
        *("ESCAPE", "EXISTS", "FROM", "FULL", "GROUP", "HAVING", "IN", "INNER", "IS", "JOIN", "LEFT", "LIKE"),
        *("MATCHES", "NOT", "NULL", "ON", "OR", "ORDER", "OUTER", "RIGHT", "SELECT", "THEN", "UNION", "UNIQUE"),
        *("WHEN", "WHERE"),
    }
)
"""The only words that reach SQLite as keywords; every other one is a name there, whatever it means to SQLite."""


class Update(NamedTuple):
    """An UPDATE statement.

    Attributes:
        columns: The columns that are set, in lower case.
        query: The statement, for SQLite, that gives the key and the new values of every row that the update is about.
    """

    table: str
    columns: tuple[str, ...]
    query: str


def query(sql: str) -> str:
    """Translate a SELECT statement.

    Raises:
        AxlFault: It is no SELECT statement, or uses what neither language has.
    """
    tokens = _without_owners(tokenise(sql))
    if not tokens[0].is_word("SELECT"):
        raise errors.syntax()
    return _select(tokens)


def update(sql: str) -> Update:
    """Translate an UPDATE statement of the form ``update TABLE set COLUMN = EXPRESSION, ... [where CONDITION]``.

    Raises:
        AxlFault: It has another form.
    """
    tokens = _without_owners(tokenise(sql))
    if tokens[0].is_word("INSERT", "DELETE"):
        raise errors.not_emulated(tokens[0].text.upper())
    if len(tokens) < 6 or not tokens[0].is_word("UPDATE") or tokens[1].kind is not TokenKind.WORD:
        raise errors.syntax()
    if not tokens[2].is_word("SET"):
        raise errors.syntax()
    table = tokens[1].text.lower()
    assigned, condition = _split_where(tokens[3:])
    columns: list[str] = []
    expressions: list[str] = []
    for part in _split_commas(assigned):
        if len(part) < 3 or part[0].kind is not TokenKind.WORD or not part[1].is_operator("="):
            raise errors.syntax()
        columns.append(part[0].text.lower())
        expressions.append(f"({_select(part[2:])})")
    where = f" WHERE {_select(condition)}" if condition else ""
    # The table's name is a plain word here, and whether it may be read is decided when the query runs.
    text = f"SELECT [pkid], {', '.join(expressions)} FROM [{table}]{where}"  # noqa: S608
    return Update(table, tuple(columns), text)


def _without_owners(tokens: list[Token]) -> list[Token]:
    """Leave out ``informix.``, the owner of every table, which may be quoted; SQLite would look for such a database."""
    kept: list[Token] = []
    for token in tokens:
        if token.is_operator(".") and kept and kept[-1].is_owner():
            kept.pop()
        else:
            kept.append(token)
    return kept


def _split_where(tokens: list[Token]) -> tuple[list[Token], list[Token]]:
    depth = 0
    for index, token in enumerate(tokens):
        depth += _step(token)
        if depth == 0 and token.is_word("WHERE"):
            if index + 1 == len(tokens):
                raise errors.syntax()
            return tokens[:index], tokens[index + 1 :]
    return tokens, []


def _split_commas(tokens: list[Token]) -> list[list[Token]]:
    parts: list[list[Token]] = [[]]
    depth = 0
    for token in tokens:
        depth += _step(token)
        if depth == 0 and token.is_operator(","):
            parts.append([])
        else:
            parts[-1].append(token)
    return parts


def _step(token: Token) -> int:
    return token.is_operator("(") - token.is_operator(")")


class _Writer:
    """Writes tokens for SQLite; a stack holds, for each level of parentheses, the LIMIT clause to end it with."""

    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._at = 0
        self._out: list[str] = []
        self._limits: list[str] = [""]

    def write(self) -> str:
        while self._at < len(self._tokens):
            token = self._tokens[self._at]
            self._at += 1
            if token.kind is TokenKind.WORD:
                self._word(token)
            elif token.is_operator("("):
                self._limits.append("")
                self._out.append("(")
            elif token.is_operator(")"):
                if len(self._limits) == 1:
                    raise errors.syntax()
                self._out.append(f"{self._limits.pop()})")
            elif token.is_operator("::"):
                self._skip_cast()
            else:
                self._out.append(token.render())
        if len(self._limits) != 1:
            raise errors.syntax()
        return " ".join(self._out) + self._limits[0]

    def _word(self, token: Token) -> None:
        if token.is_word("UNION") and self._limits[-1]:
            # Informix does not allow FIRST in a part of a UNION.
            raise errors.syntax()
        if token.is_word(*_KEYWORDS):
            self._out.append(_WORDS.get(token.text.upper(), token.text))
        elif self._at < len(self._tokens) and self._tokens[self._at].is_operator("("):
            self._out.append(token.text)
        else:
            # Not in double quotes: SQLite takes a name that it does not know for a string then.
            self._out.append(f"[{token.text}]")
        if token.is_word("SELECT"):
            self._projection()

    def _projection(self) -> None:
        """Take SKIP n and FIRST n from behind SELECT and keep them for the end of this level."""
        skip = self._number_after("SKIP")
        first = self._number_after("FIRST", "LIMIT")
        if skip is not None or first is not None:
            self._limits[-1] = f" LIMIT {first or -1} OFFSET {skip or 0}"

    def _number_after(self, *words: str) -> str | None:
        following = self._tokens[self._at : self._at + 2]
        if len(following) == 2 and following[0].is_word(*words) and following[1].kind is TokenKind.NUMBER:
            self._at += 2
            return following[1].text
        return None

    def _skip_cast(self) -> None:
        """Leave out a cast: SQLite's values carry their own types."""
        following = self._tokens[self._at : self._at + 1]
        if not following or following[0].kind is not TokenKind.WORD or following[0].is_word(*_KEYWORDS):
            raise errors.syntax()
        self._at += 1
        if self._at < len(self._tokens) and self._tokens[self._at].is_operator("("):
            while self._at < len(self._tokens) and not self._tokens[self._at].is_operator(")"):
                self._at += 1
            self._at += 1


def _select(tokens: list[Token]) -> str:
    return _Writer(tokens).write()
