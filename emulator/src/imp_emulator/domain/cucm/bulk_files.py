# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of the Bulk Administration Tool: their columns, and what a line wants of a user. Pure.

The first line names the columns. A blank line ends the file. In a file of Update Users the symbol that its operator has
chosen keeps the stored value; an empty cell is a value. No message quotes a cell: it may be a password.
"""

from __future__ import annotations

import csv
import io
import re
import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from imp_emulator.errors import InvalidValue
from imp_emulator.letter_case import ascii_lower

UPDATE_HEADER = (
    "USER ID",
    "MANAGER USER ID",
    "DEPARTMENT",
    "DEFAULT PROFILE",
    "USER LOCALE",
    "PASSWORD",
    "PIN",
    "TELEPHONE NUMBER",
    "MOBILE NUMBER",
    "HOME NUMBER",
    "PAGER NUMBER",
    "TITLE",
    "PRIMARY EXTENSION",
    "ASSOCIATED PC",
    "IPCC EXTENSION",
    "MAIL ID",
    "PRESENCE GROUP",
    "SUBSCRIBE CALLING SEARCH SPACE",
    "DIGEST CREDENTIALS",
    "REMOTE DESTINATION LIMIT",
    "MAXIMUM WAIT TIME FOR DESK PICKUP",
    "ALLOW CONTROL OF DEVICE FROM CTI",
    "ENABLE MOBILITY",
    "ENABLE MOBILE VOICE ACCESS",
    "ENABLE EMCC",
    "DIRECTORY URI",
    "NAME DIALING",
    "MLPP USER IDENTIFICATION NUMBER",
    "MLPP PASSWORD",
    "MLPP PRECEDENCE AUTHORIZATION LEVEL",
    "CONTROLLED DEVICE 1",
    "HOME CLUSTER",
    "ENABLE USER FOR UNIFIED CM IM AND PRESENCE",
    "UC SERVICE PROFILE",
    "INCLUDE MEETING INFORMATION IN PRESENCE",
    "SELF-SERVICE USER ID",
    "USER PROFILE",
    "ASSIGNED PRESENCE SERVER",
)
"""The columns of a file of Update Users, as the only published one has them."""

INSERT_HEADER = (
    "FIRST NAME",
    "MIDDLE NAME",
    "LAST NAME",
    *(name for name in UPDATE_HEADER if name not in ("CONTROLLED DEVICE 1", "ASSIGNED PRESENCE SERVER")),
)
"""The columns of a file of Insert Users. Cisco publishes none; these are the ones that such a user can have here."""

_TEXTS = {
    "FIRST NAME": "first_name",
    "MIDDLE NAME": "middle_name",
    "LAST NAME": "last_name",
    "MANAGER USER ID": "manager",
    "DEPARTMENT": "department",
    "USER LOCALE": "locale",
    "PASSWORD": "password",
    "PIN": "pin",
    "TELEPHONE NUMBER": "telephone",
    "MOBILE NUMBER": "mobile",
    "HOME NUMBER": "home_phone",
    "PAGER NUMBER": "pager",
    "TITLE": "title",
    "ASSOCIATED PC": "associated_pc",
    "MAIL ID": "mail",
    "DIRECTORY URI": "directory_uri",
    "NAME DIALING": "name_dialing",
    "SELF-SERVICE USER ID": "self_service",
}
_FLAGS = {
    "ALLOW CONTROL OF DEVICE FROM CTI": "enable_cti",
    "ENABLE MOBILITY": "enable_mobility",
    "ENABLE MOBILE VOICE ACCESS": "enable_mobile_voice_access",
    "ENABLE EMCC": "enable_emcc",
    "HOME CLUSTER": "home_cluster",
    "ENABLE USER FOR UNIFIED CM IM AND PRESENCE": "im_and_presence",
    "INCLUDE MEETING INFORMATION IN PRESENCE": "meeting_information",
}
_NUMBERS = {
    "REMOTE DESTINATION LIMIT": "remote_destination_limit",
    "MAXIMUM WAIT TIME FOR DESK PICKUP": "max_desk_pickup_wait_time",
}
_SECRETS = ("PASSWORD", "PIN")
_USER_ID = "USER ID"
_PRESENCE_GROUP, _STANDARD_GROUP = "PRESENCE GROUP", "standard presence group"
_BOOLEANS = {"t": True, "f": False}
_DEVICE = re.compile(r"CONTROLLED DEVICE [0-9]+")
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What no AXL answer could carry, so that no user may hold it."""
_MOST_DIGITS = 9
_QUOTES = "it has a quote too many or too few."


class NoFile(InvalidValue):
    """A text is no file for a transaction at all.

    Args:
        line: The number of the line that shows it.
        reason: Why, in a sentence.
    """

    def __init__(self, line: int, reason: str) -> None:
        super().__init__("bulk-file-unreadable", f"line {line}: {reason}", "content")
        self.line = line
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a file.

    Attributes:
        number: That of the first line of text that it takes, from 1; the header is line 1.
        cells: By column; ``None`` when there are more or fewer than the header has.
        userid: Empty when it names none.
    """

    number: int
    cells: Mapping[str, str] | None
    userid: str


def header(insert: bool) -> tuple[str, ...]:
    """Return the columns of the sample file."""
    return INSERT_HEADER if insert else UPDATE_HEADER


def sample(insert: bool) -> str:
    """Return a sample file: the header and one line, in which the symbol # keeps what is stored."""
    cells = {
        **dict.fromkeys(header(insert), "" if insert else "#"),
        _USER_ID: "user0001",
        "HOME CLUSTER": "t",
        "ENABLE USER FOR UNIFIED CM IM AND PRESENCE": "t",
        "INCLUDE MEETING INFORMATION IN PRESENCE": "t",
        **({"FIRST NAME": "First", "LAST NAME": "Last", "MAIL ID": "user0001@example.com"} if insert else {}),
    }
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([cells.keys(), cells.values()])
    return text.getvalue()


@lru_cache(maxsize=2)
def read(content: str, insert: bool) -> tuple[Line, ...]:
    """Return the lines of a file behind its header.

    Raises:
        NoFile: It is none.
    """
    rows = _rows(content.removeprefix("\ufeff"))
    columns = [" ".join(cell.split()).upper() for cell in rows[0][1]] if rows else []
    while columns and not columns[-1]:
        columns.pop()
    _check_header(columns, insert)
    found = []
    for number, row in rows[1:]:
        cells = [cell.strip(string.whitespace) for cell in row]
        if not any(cells):
            break
        fits = len(cells) >= len(columns) and not any(cells[len(columns) :])
        named = dict(zip(columns, cells, strict=False)) if fits else None
        found.append(Line(number, named, named[_USER_ID] if named else ""))
    return tuple(found)


def _rows(content: str) -> list[tuple[int, list[str]]]:
    rows: list[tuple[int, list[str]]] = []
    reader = csv.reader(io.StringIO(content, newline=""), strict=True, skipinitialspace=True)
    begins = 1
    try:
        for row in reader:
            rows.append((begins, row))
            begins = reader.line_num + 1
    except csv.Error as error:
        too_long = "field limit" in str(error)
        raise NoFile(begins, "it has a cell that is too long." if too_long else _QUOTES) from None
    return rows


def _check_header(columns: Sequence[str], insert: bool) -> None:
    known = header(insert)
    wrong = [
        f"column {number} is none of the transaction's"
        for number, name in enumerate(columns, start=1)
        if name not in known and not (_DEVICE.fullmatch(name) and not insert)
    ]
    if _USER_ID not in columns:
        wrong.insert(0, f"the first line names no column {_USER_ID}")
    if len(set(columns)) < len(columns):
        wrong.append("a column is there twice")
    if wrong:
        raise NoFile(1, f"{wrong[0]}.")


def wanted(line: Line, insert: bool, keep_symbol: str | None) -> dict[str, Any]:
    """Return the fields of a user that a line sets, without the user id.

    Raises:
        InvalidValue: The line cannot be carried out, whatever the user is.
    """
    if line.cells is None:
        raise InvalidValue("bulk-line", "It has another number of columns than the header.")
    if not line.userid or line.userid == keep_symbol:
        raise InvalidValue("bulk-line", f"{_USER_ID} names no user.")
    found: dict[str, Any] = {}
    for column, cell in line.cells.items():
        if _NOT_XML.search(cell):
            raise InvalidValue("bulk-line", f"{column} has a control character.")
        if column == _USER_ID or (keep_symbol is not None and cell == keep_symbol):
            continue
        # An empty cell of a new user leaves what every new user has; nobody has an empty password.
        if cell or not (insert or column in _SECRETS):
            found.update(_field(column, cell))
    return found


def _field(column: str, cell: str) -> dict[str, Any]:
    if column in _TEXTS:
        return {_TEXTS[column]: cell}
    if column in _FLAGS:
        if cell.lower() not in _BOOLEANS:
            raise InvalidValue("bulk-line", f"{column} must be t or f.")
        return {_FLAGS[column]: _BOOLEANS[cell.lower()]}
    if column in _NUMBERS:
        if not (cell.isascii() and cell.isdigit() and len(cell) <= _MOST_DIGITS):
            raise InvalidValue("bulk-line", f"{column} must be a number.")
        return {_NUMBERS[column]: int(cell)}
    if cell and not (column == _PRESENCE_GROUP and ascii_lower(cell) == _STANDARD_GROUP):
        raise InvalidValue("bulk-line", f"{column} is not emulated; leave it empty or keep it.")
    return {}
