# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""Files of users: the custom file of the Bulk Administration Tool, and a short one. Pure: no network, no ansible.

The format of the tool's "Update Users" (requirement U2): a header; ``#`` keeps the stored value; booleans are ``t``
and ``f``; a blank row ends the file; the file's name holds no comma. Columns are found by their names: BAT.xlt makes
as many columns CONTROLLED DEVICE n as it is told to, none among them, so those behind stand elsewhere. Spreadsheets
add empty cells at the end, and write semicolons or tabs in some countries. Of the columns, the collection manages the
user id and the three of calendar integration. A file may hold passwords and PINs in other columns, so no message ever
quotes a cell other than the user id, nor a header before it is known to be one.

The short file has the column ``userid`` and as many of the options as it wants to say something about, in any order:
``true``, ``false``, ``#`` to keep the stored value, nothing where the task says it. Without a header it is a list with
one user id a line. Blank rows are nothing.
"""

from __future__ import annotations

import csv
import io
import re
import string
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.ucops.imp.plugins.module_utils._core.masked import REASON, is_masked
from ansible_collections.ucops.imp.plugins.module_utils._core.options import ascii_lower
from ansible_collections.ucops.imp.plugins.module_utils._formats import text_file

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
"""The columns of the sample file, in order; it has one controlled device."""

KEEP = "#"
"""A cell that leaves the stored value alone."""

USER_ID = "USER ID"
HOME_CLUSTER = "HOME CLUSTER"
IM_AND_PRESENCE = "ENABLE USER FOR UNIFIED CM IM AND PRESENCE"
MEETING_INFORMATION = "INCLUDE MEETING INFORMATION IN PRESENCE"
MANAGED = (USER_ID, HOME_CLUSTER, IM_AND_PRESENCE, MEETING_INFORMATION)
"""The columns that a file must have."""
_DEVICE = re.compile(r"CONTROLLED DEVICE [0-9]+")
_SEPARATORS = (",", ";", "\t")
_HINT = re.compile(r'"?sep=(.)"?(?:\r\n|\r|\n)', re.IGNORECASE)
"""The first line with which Excel names the separator of a file."""
_TOLD_COLUMNS = 10

BLANKS = string.whitespace
"""What may stand around a cell. Other blanks, such as the ideographic space, belong to the user id."""
_BOOLEANS = {"t": True, "f": False, KEEP: None}
_SHORT_BOOLEANS = {**_BOOLEANS, "true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
_OPTIONS = {
    HOME_CLUSTER: "home_cluster",
    IM_AND_PRESENCE: "im_and_presence",
    MEETING_INFORMATION: "meeting_information",
}
"""The columns with options, and what the module calls these."""
_SHORT_TITLES = {"userid": USER_ID, **{name: column for column, name in _OPTIONS.items()}}
"""The columns of a short file, and what the tool calls them."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_NO_LIST = re.compile(rf"[ ;]|-----|{_CONTROL.pattern}")
"""What the lines of a list of user ids do not have: they are another file's."""
_CELLS = {True: "t", False: "f"}
_Row = tuple[int, list[str]]
"""A row with the number of its first line in the file, counted from 1."""


@dataclass(frozen=True)
class BatUser:
    """What one row wants; ``None`` keeps the stored value.

    ``left_out`` names the options of which the row says nothing, so that those of the task count.
    """

    line: int
    userid: str
    home_cluster: bool | None
    im_and_presence: bool | None
    meeting_information: bool | None
    left_out: tuple[str, ...] = ()


@dataclass
class BatFile:
    """A file that was read.

    Attributes:
        users: one entry a row, in the file's order.
        problems: what is wrong, one sentence each with its line; ``users`` is worth something only when there are none.
        notes: what the user should know although nothing is wrong.
        short: whether it is a short file, or a list of user ids, and not one of the Bulk Administration Tool.
    """

    users: list[BatUser] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    short: bool = False


@dataclass(frozen=True)
class _Layout:
    """How the rows of a file are read.

    Attributes:
        columns: what each column is called; in a short file as the tool calls it.
        titles: what the file itself calls these.
        booleans: what cells with an option may say.
        allowed: the same as words in a sentence.
        short: whether the file is a short one: empty cells leave an option out, blank rows are skipped.
    """

    columns: list[str]
    titles: list[str]
    booleans: Mapping[str, bool | None] = field(default_factory=lambda: _BOOLEANS)
    allowed: str = f"t, f or {KEEP}"
    short: bool = False


def name_problem(file_name: str) -> str | None:
    """Return what is wrong with the file's own name (without directories), or ``None``."""
    return f"{file_name}: the name of a BAT file must not hold a comma." if "," in file_name else None


def read_bytes(data: bytes) -> BatFile:
    """Read a file's bytes, in UTF-8 or UTF-16; one that is something else is a problem that says what it is."""
    try:
        return read(text_file.text_of(data))
    except text_file.NotRead as error:
        return BatFile(problems=[f"{error} Save it as CSV in UTF-8, which Excel calls CSV UTF-8."])


def read(lines: str | Iterable[str]) -> BatFile:
    """Read a file's text, or its lines with their line ends; every problem is told, not only the first."""
    result = BatFile()
    text = lines if isinstance(lines, str) else "".join(lines)
    if "\0" in text:
        line = text_file.line_number(text[: text.index("\0")])
        result.problems.append(f"line {line}: it has the character U+0000, which no text has; remove it.")
        return result
    try:
        rows = list(rows_of(text))
    except csv.Error as error:
        result.problems.append(str(error))
        return result
    layout = _layout(rows, result)
    result.short = layout.short
    if result.problems:
        return result
    seen: dict[str, int] = {}
    content = list(_content(rows if layout is _LIST else rows[1:], result))
    for line, cells in content:
        user = _user(line, cells, layout, result.problems)
        if user is None:
            continue
        first = seen.setdefault(ascii_lower(user.userid), line)
        if first != line:
            result.problems.append(f"line {line}: {user.userid} stands in line {first} already.")
        result.users.append(user)
    if not layout.short:
        _note_ignored(content, layout.columns, result)
    return result


def can_name(userid: str) -> bool:
    """Whether a file can name a user so that :func:`read` finds the very id: no line breaks, no blanks around."""
    return bool(userid.strip(BLANKS) == userid != KEEP and userid.strip() and not _CONTROL.search(userid))


def write(users: Iterable[Mapping[str, Any]]) -> str:
    """Return the text of a file that says what users have now, sorted by user id; other columns are kept.

    ``users`` are ``{userid, im_and_presence, meeting_information}``; ``None`` keeps what is stored. Raises
    ``ValueError`` for a user id that would not be read back as it is.
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
        cells = {**dict.fromkeys(HEADER, KEEP), USER_ID: userid, MEETING_INFORMATION: _cell(meeting)}
        # A user that breaks the rule already stays as it is; a file that asks for the breach is refused.
        cells[IM_AND_PRESENCE] = KEEP if meeting and not presence else _cell(presence)
        writer.writerow(cells.values())
    return text.getvalue()


def _cell(value: Any) -> str:
    return KEEP if value is None else _CELLS[bool(value)]


def rows_of(text: str) -> Iterator[_Row]:
    """Yield the rows, each with the number of its first line.

    Raises ``csv.Error`` with the row's first line for quotes that no CSV reader can take.
    """
    # So ends a line that two programs have ended for Windows, one after the other.
    text = text.replace("\r\r\n", "\r\n")
    hint = _HINT.match(text)
    text, line = (text[hint.end() :], 2) if hint else (text, 1)
    first = line - 1
    lines = io.StringIO(text, newline="")
    reader = csv.reader(lines, delimiter=_separator(text, hint), strict=True, skipinitialspace=True)
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise csv.Error(f"line {line}: {_TOO_LONG if _IS_TOO_LONG in str(error) else _QUOTES}") from error
        yield line, [cell.strip(BLANKS) for cell in row]
        line = first + reader.line_num + 1


_QUOTES = (
    "the row that begins here has a quote too many or too few. A cell in quotes ends with one, right before the "
    "separator; a quote within it is written twice."
)

_IS_TOO_LONG = "field limit"
_TOO_LONG = (
    f"the row that begins here has a cell of more than {csv.field_size_limit():,} characters. Is there a quote that "
    "nothing ends?"
)


def _separator(text: str, hint: re.Match[str] | None) -> str:
    """Return what separates the cells: the one with which the first line is a header, or that Excel names."""
    first = io.StringIO(text, newline="").readline()
    for separator in _SEPARATORS:
        names = {column_name(cell) for cell in first.replace('"', "").split(separator)}
        if USER_ID in names or _SHORT_USERID in names:
            return separator
    named = hint.group(1) if hint else ","
    return named if named in _SEPARATORS else ","


def column_name(cell: str) -> str:
    """Return a column's name: letter case, how many blanks are in it, and what nobody sees do not matter."""
    return " ".join("".join(sign for sign in cell if unicodedata.category(sign) != "Cf").split()).upper()


_SHORT_USERID = "USERID"
_LIST = _Layout([USER_ID], ["userid"], short=True)
"""A list of user ids, which has no header."""


def _layout(rows: list[_Row], result: BatFile) -> _Layout:
    """Return how a file is read; add to problems and notes."""
    line, cells = rows[0] if rows else (1, [])
    names = [column_name(cell) for cell in cells]
    while names and not names[-1]:
        names.pop()
    if _SHORT_USERID in names:
        return _short_layout(line, names, result)
    if len(names) == 1 and names[0] not in HEADER and not _NO_LIST.search(cells[0]):
        return _LIST
    return _Layout(_columns(line, names, result), names)


def _short_layout(line: int, names: list[str], result: BatFile) -> _Layout:
    """Return how a short file is read. A column that nothing reads is refused: it may be a misspelt option."""
    titles = [name.lower().replace(" ", "_").replace("-", "_") for name in names]
    known = ", ".join(_SHORT_TITLES)
    result.problems += _repeated(line, titles)
    result.problems += [
        f"line {line}: nothing reads the column {title[:64]}. The columns are {known}; take the others out."
        for title in dict.fromkeys(titles)
        if title and title not in _SHORT_TITLES
    ]
    columns = [_SHORT_TITLES.get(title, title) for title in titles]
    return _Layout(columns, titles, _SHORT_BOOLEANS, f"true, false or {KEEP}, or be empty", short=True)


def _columns(line: int, names: list[str], result: BatFile) -> list[str]:
    """Return the names of the columns of the tool; add to problems and notes."""
    if not names:
        result.problems.append(f"line {line}: the header is missing.")
        return names
    missing = [name for name in MANAGED if name not in names]
    if missing:
        # It may be a row of users, so nothing of it is told.
        told = f"line {line}: the header lacks {', '.join(missing)}."
        result.problems.append(f"{told} {_FIRST_LINE}")
        return names
    result.problems += _repeated(line, names)
    unknown = [name for name in dict.fromkeys(names) if name not in HEADER and not _DEVICE.fullmatch(name)]
    if unknown and not result.problems:
        told = ", ".join(name[:64] for name in unknown[:_TOLD_COLUMNS])
        more = f" and {len(unknown) - _TOLD_COLUMNS} more" if len(unknown) > _TOLD_COLUMNS else ""
        result.notes.append(f"line {line}: these columns are not known and are ignored: {told}{more}.")
    return names


_FIRST_LINE = (
    "The first line names the columns, separated by commas, semicolons or tabs. A short file has the column userid, or "
    "is a list with one user id a line."
)


def _repeated(line: int, names: list[str]) -> list[str]:
    """Return which columns of a header have no name, or the name of another."""
    places: dict[str, list[int]] = {}
    for number, name in enumerate(names, start=1):
        places.setdefault(name, []).append(number)
    found = []
    for name, numbers in places.items():
        where = f"{'columns' if len(numbers) > 1 else 'column'} {' and '.join(map(str, numbers))} of the header"
        if not name:
            found.append(f"line {line}: {where} must have a name.")
        elif len(numbers) > 1:
            found.append(f"line {line}: {where} have the name {name[:64]}; leave one.")
    return found


def _content(rows: list[_Row], result: BatFile) -> Iterator[_Row]:
    """Yield the rows before the blank one that ends the tool's file, and note what it cuts off."""
    for index, (line, cells) in enumerate(rows):
        if any(cells):
            yield line, cells
            continue
        if result.short:
            continue
        result.notes += [note] if (note := cut_off(rows, index)) else []
        return


def cut_off(rows: list[_Row], blank: int) -> str:
    """Say, as a sentence, what the blank row at this place cuts off; ``""`` for nothing."""
    ignored = sum(1 for _line, rest in rows[blank:] if any(rest))
    return f"line {rows[blank][0]} is blank and ends the file; {ignored} rows after it are ignored." if ignored else ""


def _user(line: int, cells: list[str], layout: _Layout, problems: list[str]) -> BatUser | None:
    """Return what a row wants, or note its problems and return ``None``."""
    found = _row_problems(line, cells, layout)
    if not found:
        named = dict(zip(layout.columns, cells, strict=False))
        said = {
            option: layout.booleans[named[column].lower()] for column, option in _OPTIONS.items() if named.get(column)
        }
        options = {option: said.get(option) for option in _OPTIONS.values()}
        wrong = meeting_problem(*options.values())
        if wrong is None:
            left_out = tuple(option for option in options if option not in said)
            return BatUser(line, named[USER_ID], **options, left_out=left_out)
        found = [f"line {line}: {wrong}"]
    problems += found
    return None


def _row_problems(line: int, cells: list[str], layout: _Layout) -> list[str]:
    """Return what is wrong with a row by itself."""
    columns = layout.columns
    # Spreadsheets leave the empty cells at the end of a row out.
    cells += [""] * (len(columns) - len(cells)) if layout.short else []
    if len(cells) < len(columns) or any(cells[len(columns) :]):
        due = "and no header that names them; give one" if layout is _LIST else f"the header has {len(columns)}"
        return [f"line {line}: {len(cells)} columns, {due}."]
    if all(column_name(cell) == column_name(title) for title, cell in zip(layout.titles, cells, strict=False)):
        return [f"line {line}: the header is here again; remove it."]
    named = dict(zip(columns, cells, strict=False))
    userid = named[USER_ID]
    title = layout.titles[columns.index(USER_ID)]
    found = [f"line {line}: {title} must name a user."] if userid in ("", KEEP) else []
    found += [f"line {line}: {title}: {REASON}"] if is_masked(userid) else []
    if layout is _LIST and _NO_LIST.search(userid):
        found.append(
            f"line {line}: it has a blank, a semicolon or a control character. For such user ids write the header "
            "userid above the list."
        )
    # The value is not told: in a row that slipped by some columns it may be a password.
    found += [
        f"line {line}: column {number} ({layout.titles[number - 1]}) must be {layout.allowed}."
        for number, column in enumerate(columns, start=1)
        if column in _OPTIONS and not (layout.short and not named[column])
        if named[column].lower() not in layout.booleans
    ]
    return found


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


def _note_ignored(rows: list[_Row], columns: list[str], result: BatFile) -> None:
    """Note the columns that hold something to set which the collection does not manage."""
    pairs = (pair for _line, cells in rows for pair in zip(columns, cells, strict=False))
    used = {name for name, cell in pairs if cell not in ("", KEEP)}
    names = [name for name in columns if name in used and (name in HEADER or _DEVICE.fullmatch(name))]
    names = [name for name in names if name not in MANAGED]
    if names:
        told = f"only the options for calendar integration are updated; ignored columns: {', '.join(names)}."
        result.notes.append(told)
