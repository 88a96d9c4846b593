# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The words of an SQL statement."""

from __future__ import annotations

import re
from enum import Enum, auto
from typing import NamedTuple

from imp_emulator.wire.axl.sql import errors


class TokenKind(Enum):
    """What a token is."""

    WORD = auto()
    STRING = auto()
    NUMBER = auto()
    OPERATOR = auto()


class Token(NamedTuple):
    """A token; a word keeps its letter case, a string has lost its quotes."""

    kind: TokenKind
    text: str

    def is_word(self, *words: str) -> bool:
        """Tell whether this is one of some keywords, which are given in capitals."""
        return self.kind is TokenKind.WORD and self.text.upper() in words

    def is_operator(self, text: str) -> bool:
        """Tell whether this is a certain operator."""
        return self.kind is TokenKind.OPERATOR and self.text == text

    def is_owner(self) -> bool:
        """Tell whether this names the owner of every table, quoted or not."""
        return self.kind in (TokenKind.WORD, TokenKind.STRING) and self.text.lower() == "informix"

    def render(self) -> str:
        """Write the token for SQLite."""
        return "'" + self.text.replace("'", "''") + "'" if self.kind is TokenKind.STRING else self.text


# Informix takes double quotes for strings too, and braces for comments. What is not listed here, for example the
# parameters and the quoted identifiers of SQLite, is no part of the language.
_PATTERN = re.compile(
    r"""
    (?P<skip>\s+|--[^\n]*|\{[^}]*\}|/\*.*?\*/)
    |(?P<string>'(?:[^']|'')*'|"(?:[^"]|"")*")
    |(?P<number>\d+(?:\.\d+)?)
    |(?P<word>[A-Za-z_][A-Za-z0-9_]*)
    |(?P<operator><>|!=|<=|>=|\|\||::|[-+*/(),.;=<>])
    """,
    re.VERBOSE | re.DOTALL,
)
_KINDS = {"number": TokenKind.NUMBER, "word": TokenKind.WORD, "operator": TokenKind.OPERATOR}


def tokenise(sql: str) -> list[Token]:
    """Split one statement into tokens; a semicolon may end it.

    Raises:
        AxlFault: A quote is not closed, a character belongs to no token, or a second statement follows.
    """
    tokens: list[Token] = []
    position = 0
    while position < len(sql):
        match = _PATTERN.match(sql, position)
        if match is None:
            raise errors.unmatched_quote() if sql[position] in "'\"" else errors.syntax()
        position = match.end()
        if match.lastgroup == "string":
            quote = match[0][0]
            tokens.append(Token(TokenKind.STRING, match[0][1:-1].replace(quote * 2, quote)))
        elif match.lastgroup in _KINDS:
            tokens.append(Token(_KINDS[match.lastgroup], match[0]))
    while tokens and tokens[-1].is_operator(";"):
        tokens.pop()
    if not tokens or any(token.is_operator(";") for token in tokens):
        raise errors.syntax()
    return tokens
