# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""Files for jobs of the Bulk Administration Tool, which reads them itself. Pure: no network, no ansible.

A file goes to the tool with all of its columns, as UTF-8 with commas, whatever the one on the controller is. What the
tool says about a line is told with the line of the file on the controller. A file may hold passwords and PINs, so no
message ever quotes a cell, nor a header before it is known to be one.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Collection
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import PurePath

from ansible_collections.ucops.imp.plugins.module_utils._core.masked import REASON, is_masked
from ansible_collections.ucops.imp.plugins.module_utils._formats import bat_file, text_file

LARGEST = 6 * 1024 * 1024
"""Bytes of a file as it is sent; more are several jobs."""
_LONGEST_STEM = 80
_DIGITS_OF_MARK = 8
_NOT_IN_NAMES = frozenset(',/\\"')


@dataclass(frozen=True)
class BulkFile:
    """A file as it is sent.

    Attributes:
        header: Its columns.
        rows: Its other rows, each with the number of its first line in the file on the controller.
        note: What the user should know although nothing is wrong, or ``""``.
    """

    header: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...] = field(repr=False)
    note: str = ""

    @cached_property
    def text(self) -> str:
        """What is sent."""
        return "".join(_written(row) for row in (self.header, *(cells for _line, cells in self.rows)))

    @cached_property
    def digest(self) -> str:
        """SHA-256 of what is sent, in hexadecimal digits."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    @cached_property
    def lines(self) -> dict[int, int]:
        """The line on the controller of each row, by its first line in what is sent."""
        found = {}
        number = _height(self.header) + 1
        for line, cells in self.rows:
            found[number] = line
            number += _height(cells)
        return found

    def only(self, sent: Collection[int], behind: int | None = None) -> BulkFile:
        """Return the file with some lines of what is sent only, and with the rows behind the first ``behind``."""
        kept = [
            row
            for position, (row, number) in enumerate(zip(self.rows, self.lines, strict=True))
            if number in sent or (behind is not None and position >= behind)
        ]
        return BulkFile(self.header, tuple(kept))


def read_bytes(data: bytes) -> tuple[BulkFile | None, list[str]]:
    """Read a file's bytes, in UTF-8 or UTF-16; return it, or what is wrong with it, one sentence each."""
    try:
        text = text_file.text_of(data)
    except text_file.NotRead as error:
        return None, [f"{error} Save it as CSV in UTF-8, which Excel calls CSV UTF-8."]
    if "\0" in text:
        line = text_file.line_number(text[: text.index("\0")])
        return None, [f"line {line}: it has the character U+0000, which no text has; remove it."]
    try:
        found = list(bat_file.rows_of(text))
    except csv.Error as error:
        return None, [str(error)]
    return _read(found)


def _read(found: list[tuple[int, list[str]]]) -> tuple[BulkFile | None, list[str]]:
    # The tool knows a column by its very name.
    header = tuple(map(bat_file.column_name, found[0][1])) if found else ()
    while header and not header[-1]:
        header = header[:-1]
    if bat_file.USER_ID not in header:
        return None, [f"line 1: the first line must name the columns, {bat_file.USER_ID} among them."]
    rows = []
    problems = []
    note = ""
    for index, (line, cells) in enumerate(found[1:], start=1):
        if not any(cells):
            note = bat_file.cut_off(found, index)
            break
        # Spreadsheets add empty cells at the end of a row.
        kept = cells if any(cells[len(header) :]) else cells[: len(header)]
        rows.append((line, tuple(kept)))
        problems += [
            f"line {line}: column {column}: {REASON}" for column, cell in enumerate(cells, start=1) if is_masked(cell)
        ]
    if not rows:
        problems.append("it has no line behind the header.")
    file = BulkFile(header, tuple(rows), note)
    size = len(file.text.encode())
    if size > LARGEST:
        problems.append(f"it has {size:,} bytes as it is sent, more than {LARGEST:,}; make it several files.")
    return (None if problems else file), problems


def name_on_server(path: str, file: BulkFile, transaction: str) -> str:
    """Return what a file is called on the server: as on the controller, with a mark of its content, and no comma.

    The mark is another one for another transaction, because a file on the server is for one alone.
    """
    stem = "".join("_" if sign in _NOT_IN_NAMES or not sign.isprintable() else sign for sign in PurePath(path).stem)
    mark = hashlib.sha256(f"{transaction}\n{file.text}".encode()).hexdigest()[:_DIGITS_OF_MARK]
    return f"{stem.strip()[:_LONGEST_STEM]}-{mark}.txt"


def _written(cells: Collection[str]) -> str:
    # Python before 3.13 writes no quotes around a carriage return, at which every reader ends the row.
    returns = any("\r" in cell for cell in cells)
    text = io.StringIO()
    csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_ALL if returns else csv.QUOTE_MINIMAL).writerow(cells)
    return text.getvalue()


def _height(cells: Collection[str]) -> int:
    """Return how many lines of text a row takes."""
    return text_file.line_number(_written(cells)) - 1
