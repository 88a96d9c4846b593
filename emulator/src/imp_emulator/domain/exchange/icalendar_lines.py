# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The text of an iCalendar file (RFC 5545, section 3.1): its lines, and what begins and ends where.

What is odd in one component is noted there, with its line, and the rest of the file is read on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from icalendar.parser import Contentline, unescape_backslash

from imp_emulator.errors import InvalidValue
from imp_emulator.text_files import encoding_of

_LINE_BREAK = re.compile(rb"\r\n|\r|\n")
_OF_A_CALENDAR = ("VEVENT", "VTODO", "VJOURNAL", "VFREEBUSY", "VTIMEZONE")
"""What stands in no component but the calendar."""
_DEEPEST = 10
"""So many components in each other are more than any calendar has."""


@dataclass(frozen=True, slots=True)
class Property:
    """A line of a component.

    Attributes:
        name: In upper case.
        parameters: By names in upper case; of several values of one the first.
        raw: The value as it stands in the file.
        line: The number of the line on which it begins, from 1.
    """

    name: str
    parameters: Mapping[str, str]
    raw: str
    line: int

    @property
    def text(self) -> str:
        """Return the value as text, its escapes resolved."""
        return str(unescape_backslash(self.raw))


@dataclass(slots=True)
class Component:
    """What stands between BEGIN and END.

    Attributes:
        line: The number of the line of its BEGIN.
        odd: What is wrong with its text, and the number of the line; ``None`` when nothing is.
        lines: Its lines, unfolded, with those of its parts.
    """

    name: str
    line: int
    properties: list[Property] = field(default_factory=list)
    parts: list[Component] = field(default_factory=list)
    odd: tuple[int, str] | None = None
    lines: list[str] = field(default_factory=list)

    def first(self, name: str) -> Property | None:
        """Return the first property of a name, or ``None``."""
        return next((known for known in self.properties if known.name == name), None)

    def all(self, name: str) -> list[Property]:
        """Return the properties of a name, in their order."""
        return [known for known in self.properties if known.name == name]

    def text(self, name: str) -> str:
        """Return the text of the first property of a name, ``""`` without one."""
        found = self.first(name)
        return "" if found is None else found.text

    def word(self, name: str) -> str:
        """Return the value of the first property of a name in upper case and without blanks around it."""
        return self.text(name).strip().upper()

    def note(self, line: int, what: str) -> None:
        """Note what is wrong, unless something is already."""
        self.odd = self.odd or (line, what)


def _in_utf8(content: bytes) -> bytes:
    """Return a file without its byte order mark, and one in UTF-16 in UTF-8; a text of another encoding as it is."""
    encoding, skipped = encoding_of(content)
    if encoding == "utf-8":
        return content[skipped:]
    return content[skipped:].decode(encoding, "replace").encode()


def components(content: bytes) -> list[Component]:
    """Return the components in the calendars of a file.

    Raises:
        InvalidValue: There is no calendar in it, or its components stand in each other without end.
    """
    top = Component("", 0)
    stack = [top]
    for number, raw in _unfolded(_in_utf8(content)):
        try:
            text = raw.decode()
        except UnicodeDecodeError:
            stack[-1].note(number, "is not UTF-8; save the file as UTF-8")
            continue
        if text.strip():
            _take(stack, number, text)
    for unclosed in stack[1:]:
        unclosed.note(unclosed.line, f"BEGIN:{unclosed.name} has no END:{unclosed.name}; the file may be cut off")
    calendars = [part for part in top.parts if part.name == "VCALENDAR"]
    if not calendars:
        raise InvalidValue("not-a-calendar", "The file is no calendar: it has no line BEGIN:VCALENDAR.", "file")
    return [part for calendar in calendars for part in calendar.parts]


def _unfolded(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Return whole lines with their numbers; in bytes, because a fold may cut a character of several bytes in two."""
    start, parts = 0, [b""]
    for number, line in enumerate(_LINE_BREAK.split(content), 1):
        if line[:1] in (b" ", b"\t") and start:
            parts.append(line[1:])
            continue
        if start:
            yield start, b"".join(parts)
        start, parts = number, [line]
    yield start, b"".join(parts)


def _take(stack: list[Component], number: int, text: str) -> None:
    """Put a line where it belongs."""
    keyword, _, name = text.strip().partition(":")
    name = name.strip().upper()
    for known in stack[1:]:
        if known.name == "VTIMEZONE":
            known.lines.append(text)
    match keyword.strip().upper():
        case "BEGIN":
            _begin(stack, Component(name, number), text)
        case "END":
            _end(stack, number, name)
        case _:
            try:
                stack[-1].properties.append(_property(text, number))
            except ValueError:
                stack[-1].note(number, f"{text[:40]!r} is no line of a calendar (NAME:value)")


def _begin(stack: list[Component], component: Component, text: str) -> None:
    outside = {"VCALENDAR": ("",)} | dict.fromkeys(_OF_A_CALENDAR, ("", "VCALENDAR"))
    while stack[-1].name not in outside.get(component.name, (stack[-1].name,)):
        # What stands before it was never ended.
        lost = stack.pop()
        lost.note(lost.line, f"BEGIN:{lost.name} has no END:{lost.name}")
    if len(stack) > _DEEPEST:
        text = f"The file is no calendar: line {component.line} begins a component within {_DEEPEST} others."
        raise InvalidValue("not-a-calendar", text, "file")
    if component.name == "VTIMEZONE":
        component.lines.append(text)
    stack[-1].parts.append(component)
    stack.append(component)


def _end(stack: list[Component], number: int, name: str) -> None:
    if name not in (known.name for known in stack[1:]):
        stack[-1].note(number, f"END:{name[:40]} has no BEGIN:{name[:40]}")
        return
    while (ended := stack.pop()).name != name:
        ended.note(ended.line, f"BEGIN:{ended.name} has no END:{ended.name}")
        stack[-1].note(ended.line, f"BEGIN:{ended.name} has no END:{ended.name}")


def _property(text: str, number: int) -> Property:
    name, parameters, raw = Contentline(text).raw_parts()  # type: ignore[no-untyped-call]
    first = {key.upper(): value if isinstance(value, str) else value[0] for key, value in parameters.items()}
    return Property(name.upper(), first, raw, number)
