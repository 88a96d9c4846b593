# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""The custom file of the Bulk Administration Tool's "Update Users" (requirement U2). Pure: no network, no ansible.

The format: a header of 38 columns; ``#`` keeps the stored value; booleans are ``t`` and ``f``; a blank row ends the
file; the file's name holds no comma. Of the 38 columns, the collection manages the user id and the three that calendar
integration needs. A file may hold passwords and PINs in other columns, so no message ever quotes a cell other than the
user id.
"""

from __future__ import annotations

import csv
import io
import re
import string
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.ucops.imp.plugins.module_utils._core.masked import REASON, is_masked
from ansible_collections.ucops.imp.plugins.module_utils._core.options import ascii_lower

HEADER = (
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
"""The 38 columns, in order."""

KEEP = "#"
"""A cell that leaves the stored value alone."""

USER_ID = HEADER.index("USER ID")
HOME_CLUSTER = HEADER.index("HOME CLUSTER")
IM_AND_PRESENCE = HEADER.index("ENABLE USER FOR UNIFIED CM IM AND PRESENCE")
MEETING_INFORMATION = HEADER.index("INCLUDE MEETING INFORMATION IN PRESENCE")
MANAGED = (USER_ID, HOME_CLUSTER, IM_AND_PRESENCE, MEETING_INFORMATION)

BLANKS = string.whitespace
"""What may stand around a cell. Other blanks, such as the ideographic space, belong to the user id."""
_BOOLEANS = {"t": True, "f": False, KEEP: None}
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_CELLS = {True: "t", False: "f"}
_Row = tuple[int, list[str]]
"""A row with the number of its first line in the file, counted from 1."""


@dataclass(frozen=True)
class BatUser:
    """What one row wants; ``None`` keeps the stored value."""

    line: int
    userid: str
    home_cluster: bool | None
    im_and_presence: bool | None
    meeting_information: bool | None


@dataclass
class BatFile:
    """A file that was read.

    Attributes:
        users: one entry a row, in the file's order.
        problems: what is wrong, one sentence each with its line; ``users`` is worth something only when there are none.
        notes: what the user should know although nothing is wrong.
    """

    users: list[BatUser] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def name_problem(file_name: str) -> str | None:
    """Return what is wrong with the file's own name (without directories), or ``None``."""
    return f"{file_name}: the name of a BAT file must not hold a comma." if "," in file_name else None


def read(lines: Iterable[str]) -> BatFile:
    """Read the file's lines, with their line ends; every problem is told, not only the first."""
    result = BatFile()
    try:
        rows = list(_rows(lines))
    except csv.Error as error:
        result.problems.append(str(error))
        return result
    wrong = _header_problem(rows[0] if rows else (1, []))
    if wrong:
        result.problems.append(wrong)
        return result
    seen: dict[str, int] = {}
    for line, cells in _content(rows[1:], result):
        user = _user(line, cells, result.problems)
        if user is None:
            continue
        first = seen.setdefault(ascii_lower(user.userid), line)
        if first != line:
            result.problems.append(f"line {line}: {user.userid} stands in line {first} already.")
        result.users.append(user)
    _note_ignored(rows[1 : 1 + len(result.users)], result)
    return result


def can_name(userid: str) -> bool:
    """Whether a file can name a user so that :func:`read` finds the very id: no line breaks, no blanks around."""
    return bool(userid.strip(BLANKS) == userid != KEEP and userid.strip() and not _CONTROL.search(userid))


def write(users: Iterable[Mapping[str, Any]]) -> str:
    """Return the text of a file that says what users have now, sorted by user id; other columns are kept.

    ``users`` are ``{userid, im_and_presence, meeting_information}``. Raises ``ValueError`` for a user id that would not
    be read back as it is.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEADER)
    for user in sorted(users, key=lambda user: (str(user["userid"]).casefold(), str(user["userid"]))):
        userid, presence, meeting = str(user["userid"]), user["im_and_presence"], user["meeting_information"]
        if not can_name(userid):
            raise ValueError(f"A BAT file cannot name the user {userid!r}.")
        if is_masked(userid):
            raise ValueError(f"userid: {REASON}")
        cells = [KEEP] * len(HEADER)
        cells[USER_ID] = userid
        # A user that breaks the rule already stays as it is; a file that asks for the breach is refused.
        cells[IM_AND_PRESENCE] = KEEP if meeting and not presence else _CELLS[bool(presence)]
        cells[MEETING_INFORMATION] = _CELLS[bool(meeting)]
        writer.writerow(cells)
    return text.getvalue()


def _rows(lines: Iterable[str]) -> Iterator[_Row]:
    """Yield the rows; raises ``csv.Error`` with the line for what no CSV reader can take."""
    reader = csv.reader(lines, strict=True)
    line = 1
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise csv.Error(f"line {reader.line_num}: {error}.") from error
        yield line, [cell.strip(BLANKS) for cell in row]
        line = reader.line_num + 1


def _header_problem(row: _Row) -> str | None:
    names = [cell.upper() for cell in row[1]]
    if not any(names):
        return "line 1: the header is missing."
    if len(names) != len(HEADER):
        return f"line 1: the header has {len(names)} columns, the BAT format has {len(HEADER)}."
    for number, (name, due) in enumerate(zip(names, HEADER, strict=True), start=1):
        if name != due:
            return f"line 1: column {number} of the header must be {due}."
    return None


def _content(rows: list[_Row], result: BatFile) -> Iterator[_Row]:
    """Yield the rows before the blank one that ends the file, and note what it cuts off."""
    for index, (line, cells) in enumerate(rows):
        if any(cells):
            yield line, cells
            continue
        ignored = sum(1 for _line, rest in rows[index:] if any(rest))
        if ignored:
            result.notes.append(f"line {line} is blank and ends the file; {ignored} rows after it are ignored.")
        return


def _user(line: int, cells: list[str], problems: list[str]) -> BatUser | None:
    """Return what a row wants, or note its problems and return ``None``."""
    if len(cells) != len(HEADER):
        problems.append(f"line {line}: {len(cells)} columns, the header has {len(HEADER)}.")
        return None
    userid = cells[USER_ID]
    found = [f"line {line}: {HEADER[USER_ID]} must name a user."] if userid in ("", KEEP) else []
    found += [f"line {line}: {HEADER[USER_ID]}: {REASON}"] if is_masked(userid) else []
    # The value is not told: in a row that slipped by some columns it may be a password.
    found += [
        f"line {line}: column {column + 1} ({HEADER[column]}) must be t, f or {KEEP}."
        for column in (HOME_CLUSTER, IM_AND_PRESENCE, MEETING_INFORMATION)
        if cells[column].lower() not in _BOOLEANS
    ]
    if not found:
        home, presence, meeting = (
            _BOOLEANS[cells[column].lower()] for column in (HOME_CLUSTER, IM_AND_PRESENCE, MEETING_INFORMATION)
        )
        wrong = meeting_problem(home, presence, meeting)
        if wrong is None:
            return BatUser(line, userid, home, presence, meeting)
        found = [f"line {line}: {wrong}"]
    problems += found
    return None


def meeting_problem(home_cluster: bool | None, im_and_presence: bool | None, meeting: bool | None) -> str | None:
    """Return why a user cannot have these options together, or ``None`` (requirement U3).

    Meeting information can be included only where the user has this home cluster and is enabled for IM and Presence.
    ``None`` stands for a value that is not known yet, and breaks no rule.
    """
    if not meeting:
        return None
    missing = [
        name
        for name, value in (("its home cluster here", home_cluster), ("IM and Presence enabled", im_and_presence))
        if value is False
    ]
    return f"meeting information needs a user with {' and '.join(missing)}." if missing else None


def _note_ignored(rows: list[_Row], result: BatFile) -> None:
    """Note the columns that hold something to set which the collection does not manage."""
    used = sorted({c for _line, cells in rows for c, cell in enumerate(cells) if cell not in ("", KEEP)} - set(MANAGED))
    if used:
        names = ", ".join(HEADER[column] for column in used)
        result.notes.append(f"only the options for calendar integration are updated; ignored columns: {names}.")
