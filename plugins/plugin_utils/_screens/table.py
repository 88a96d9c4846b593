# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""Tables and paragraphs in text, for a terminal of a given width. Pure.

Widths are those of a terminal: a wide sign (Chinese, Japanese, Korean, most emoji) takes two columns, a combining one
none. What would break a line or steer a terminal, in a user's name perhaps, is spelled.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence

from ansible_collections.ucops.imp.plugins.module_utils._core.words import printable

SHORTEST, LONGEST = 60, 1000
"""Columns of a screen; a narrower terminal breaks the lines itself."""
GAP = 2
"""Blanks between the columns of a table."""
_NARROWEST = 4
"""No column of a table gets narrower, whatever the width."""


def width_of(text: str) -> int:
    """Return how many columns of a terminal a printable text takes."""
    return sum(map(_columns, text))


def wrapped(text: str, width: int, indent: str = "", later: str | None = None) -> list[str]:
    """Return the lines of a text, at most ``width`` columns long, broken at blanks where there are any.

    ``indent`` begins the first line, ``later`` the others (by default blanks as wide as ``indent``). At least one line.
    """
    later = " " * width_of(indent) if later is None else later
    lines, line, room = [], indent, max(width - width_of(indent), 1)
    empty = True
    for word in _words(printable(text), max(width - max(width_of(indent), width_of(later)), 2)):
        needed = width_of(word) + (not empty)
        if needed > room and not empty:
            lines.append(line)
            line, room, empty = later, max(width - width_of(later), 1), True
            needed = width_of(word)
        line += word if empty else f" {word}"
        room -= needed
        empty = False
    return [*lines, line.rstrip() if empty else line]


def table(
    titles: Sequence[str], rows: Sequence[Sequence[str | Sequence[str]]], width: int, *, rule: bool = True
) -> list[str]:
    """Return the lines of a table: the titles, a rule, and each row with its cells side by side.

    A cell is a text, or several that each begin a line. A table that is too wide has its widest columns wrapped.
    Raises ``ValueError`` for a row of another length.
    """
    if any(len(row) != len(titles) for row in rows):
        raise ValueError(f"each row must have as many cells as there are columns, {len(titles)}.")
    cells = [[_paragraphs(cell) for cell in row] for row in rows]
    widths = column_widths([[[title] for title in titles], *cells], width)
    head = [side_by_side(titles, widths)] if any(titles) else []
    ruled = ["-" * (sum(widths) + GAP * (len(widths) - 1))] if rule and head else []
    return [*head, *ruled, *(line for row in cells for line in _row_lines(row, widths))]


def column_widths(rows: Sequence[Sequence[Sequence[str]]], width: int) -> list[int]:
    """Return the width of each column: what it needs, or a fair part of ``width`` where that is too much.

    A column gets more than its part where it has a longer word, such as a path, and no other column loses one by it.
    """
    columns = [list(texts) for texts in _columns_of(rows)]
    needed = [max(map(width_of, texts), default=0) for texts in columns]
    words = [max((width_of(word) for text in texts for word in text.split()), default=0) for texts in columns]
    room = width - GAP * (len(needed) - 1)
    widths = [0] * len(needed)
    # Those that need little first: what they leave is shared by the others.
    order = sorted(range(len(needed)), key=needed.__getitem__)
    for done, column in enumerate(order):
        others = order[done + 1 :]
        fair = max(room // (len(others) + 1), _NARROWEST)
        longest = min(words[column], room - sum(words[other] for other in others))
        widths[column] = min(needed[column], max(fair, longest))
        room -= widths[column]
    return widths


def side_by_side(cells: Sequence[str], widths: Sequence[int]) -> str:
    """Return one line of cells that fit their columns."""
    padded = (f"{cell}{' ' * (width - width_of(cell))}" for cell, width in zip(cells, widths, strict=True))
    return (" " * GAP).join(padded).rstrip()


def _row_lines(row: Sequence[Sequence[str]], widths: Sequence[int]) -> Iterator[str]:
    columns = [
        [line for text in texts for line in wrapped(text, width)] for texts, width in zip(row, widths, strict=True)
    ]
    for number in range(max(map(len, columns), default=0)):
        yield side_by_side([column[number] if number < len(column) else "" for column in columns], widths)


def _columns_of(rows: Sequence[Sequence[Sequence[str]]]) -> Iterator[Iterator[str]]:
    """Yield the texts of each column."""
    for column in zip(*rows, strict=True):
        yield (printable(text) for cell in column for text in cell)


def _paragraphs(cell: str | Sequence[str]) -> list[str]:
    return [cell] if isinstance(cell, str) else list(cell) or [""]


def _words(text: str, width: int) -> Iterator[str]:
    """Yield the words of a text; one that no line can hold comes in pieces."""
    for word in text.split():
        piece, room = "", width
        for sign in word:
            if _columns(sign) > room and piece:
                yield piece
                piece, room = "", width
            piece += sign
            room -= _columns(sign)
        yield piece


def _columns(sign: str) -> int:
    if sign.isascii():
        return 1
    if unicodedata.category(sign) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(sign) in ("W", "F") else 1
