# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Message types: what an element may hold, in which order, checked as an XML schema validator would.

Beside what the schemas allow, the product takes what Cisco's own samples and SoapUI send: booleans in any letter case
(zeep writes ``True``) and ``?`` in the place of an attribute that nobody filled in.

A type is written as a list of lines, in the order that the schema demands: ``name:type`` with the marks ``?``
(optional), ``*`` (any number), ``+`` (at least one), ``~`` (may be nil) and, where releases differ, ``>=12.5`` or
``<12.5``; without a type it is a string. Nested types and choices have their own functions.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from lxml import etree

from imp_emulator.letter_case import ascii_lower
from imp_emulator.wire.axl import faults

LONGEST_TEXT = 1024 * 1024
"""In characters, where the schema names no limit. The work for a statement of SQL grows with its length."""
XSI = "http://www.w3.org/2001/XMLSchema-instance"
_NIL = f"{{{XSI}}}nil"
_LINE = re.compile(r"(?P<name>\w+)(:(?P<type>\w+))?(?P<marks>[?*+~]*)( >=(?P<since>[\d.]+))?( <(?P<until>[\d.]+))?")
_UUID = re.compile(r"\{.{8}-.{4}-.{4}-.{4}-.{12}\}")
_INTEGER = re.compile(r"\s*[+-]?\d{1,18}\s*")
_UNSIGNED = re.compile(r"\s*\d{1,20}\s*")
UNFILLED = "?"
"""What SoapUI puts into every attribute of a new request; left there, it says nothing."""

_BOOLEANS = {"t": True, "true": True, "1": True, "f": False, "false": False, "0": False}
_EXPECTED_SHOWN = 8
# What SQLite takes; there are never so many rows anyway.
_LARGEST = 2**63 - 1


class Reference(NamedTuple):
    """The value of an XFkType element: a name and, when given, a UUID (lower case, no braces)."""

    name: str
    uuid: str | None


Decoder = Callable[[etree._Element, str], Any]


@dataclass(frozen=True, slots=True)
class Element:
    """One line of a type.

    Attributes:
        decode: Turns the element and the schema version into a Python value, or raises a fault.
        branch: The choice that it belongs to and its alternative there, or ``None``.
    """

    name: str
    decode: Decoder
    required: bool
    many: bool
    nillable: bool
    since: float = 0.0
    until: float = 99.0
    branch: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """Alternatives that exclude each other; each is a list of elements."""

    alternatives: tuple[tuple[Element, ...], ...]
    required: bool


class _Compiled(NamedTuple):
    """A type for one schema version: elements by name with their position, and what must be there."""

    names: dict[str, tuple[int, Element]]
    required: frozenset[str]
    choices: tuple[_Members, ...]


class _Members(NamedTuple):
    """The elements of a choice."""

    required: bool
    names: tuple[str, ...]


class Complex:
    """A type with child elements in a fixed order.

    Args:
        parts: Elements and choices, in order.
        attributes: The attributes that the element may have.
        may_be_empty: Whether the element may have no children at all, even where some are required.
    """

    def __init__(
        self,
        parts: tuple[Element | Choice, ...],
        attributes: frozenset[str] = frozenset(),
        may_be_empty: bool = False,
    ) -> None:
        self._parts = parts
        self._attributes = attributes
        self._may_be_empty = may_be_empty
        self._versions: dict[str, _Compiled] = {}

    def elements(self, version: str) -> list[Element]:
        """Return the elements of a schema version, in order."""
        return [line for _position, line in self._compiled(version).names.values()]

    def decode(self, element: etree._Element, version: str) -> dict[str, Any]:
        """Check an element's children and return their values by name; a repeated element gives a list.

        Raises:
            AxlFault: An element is unknown, out of order, missing or given twice, or a value breaks its type.
        """
        if element.attrib:
            check_attributes(element, self._attributes)
        if element.text and not element.text.isspace():
            raise faults.bad_value(str(element.tag), "text", "element-only content")
        compiled = self._compiled(version)
        names, last = compiled.names, -1
        values: dict[str, Any] = {}
        for child in element:
            name = child.tag
            found = names.get(name)
            if found is None or found[0] < last or (found[0] == last and not found[1].many):
                raise faults.unexpected(name, self._expected(compiled, last))
            if child.tail and not child.tail.isspace():
                raise faults.bad_value(str(element.tag), "text", "element-only content")
            last, line = found
            if line.many:
                values.setdefault(name, []).append(_value(line, child, version))
            else:
                values[name] = _value(line, child, version)
        if values or not self._may_be_empty:
            _check_complete(element, compiled, values)
        return values

    def _compiled(self, version: str) -> _Compiled:
        compiled = self._versions.get(version)
        if compiled is None:
            compiled = self._versions[version] = self._compile(float(version))
        return compiled

    def _compile(self, version: float) -> _Compiled:
        lines: list[Element] = []
        choices: list[_Members] = []
        for number, part in enumerate(self._parts):
            if isinstance(part, Element):
                lines.append(part)
                continue
            inside = [
                replace(line, branch=(number, index))
                for index, alternative in enumerate(part.alternatives)
                for line in alternative
            ]
            lines += inside
            choices.append(_Members(part.required, tuple(line.name for line in inside)))
        valid = [line for line in lines if line.since <= version < line.until]
        names = {line.name: (position, line) for position, line in enumerate(valid)}
        required = frozenset(line.name for line in valid if line.required and line.branch is None)
        return _Compiled(names, required, tuple(choices))

    @staticmethod
    def _expected(compiled: _Compiled, last: int) -> str:
        following = [
            name
            for name, (position, line) in compiled.names.items()
            if position > last or (position == last and line.many)
        ]
        shown = following[:_EXPECTED_SHOWN]
        return ", ".join(shown + ["..."] * (len(following) > len(shown)))


def _value(line: Element, element: etree._Element, version: str) -> Any:
    if element.attrib and element.get(_NIL) in ("true", "1"):
        if not line.nillable:
            raise faults.bad_value(line.name, "nil", "an element that is not nillable")
        return None
    return line.decode(element, version)


def _check_complete(element: etree._Element, compiled: _Compiled, values: dict[str, Any]) -> None:
    if missing := compiled.required - values.keys():
        raise faults.missing(str(element.tag), next(name for name in compiled.names if name in missing))
    for choice in compiled.choices:
        _check_choice(element, choice, compiled.names, values)


def _check_choice(
    element: etree._Element, choice: _Members, names: dict[str, tuple[int, Element]], values: dict[str, Any]
) -> None:
    if values.keys().isdisjoint(choice.names):
        if choice.required:
            raise faults.missing(str(element.tag), " | ".join(name for name in choice.names if name in names))
        return
    present = [names[name][1] for name in choice.names if name in values]
    chosen = present[0].branch
    for line in present:
        if line.branch != chosen:
            raise faults.unexpected(line.name, "")
    for name in choice.names:
        if name in names and names[name][1].branch == chosen and names[name][1].required and name not in values:
            raise faults.missing(str(element.tag), name)


def check_attributes(element: etree._Element, allowed: frozenset[str]) -> None:
    """Refuse an attribute that is not declared; those of XML Schema itself may stand anywhere."""
    for name in element.attrib:
        if name not in allowed and not str(name).startswith(f"{{{XSI}}}"):
            raise faults.bad_attribute(str(element.tag), str(name))


def _plain(element: etree._Element, allowed: frozenset[str] = frozenset()) -> str:
    if element.attrib:
        check_attributes(element, allowed)
    if len(element):
        raise faults.unexpected(str(element[0].tag), "")
    return element.text or ""


def _limited(length: int) -> Decoder:
    def decode(element: etree._Element, _version: str) -> str:
        value = _plain(element)
        if len(value) > length:
            raise faults.bad_value(str(element.tag), value, f"String{length}")
        return value

    return decode


def _boolean(element: etree._Element, _version: str) -> bool:
    value = _plain(element)
    known = _BOOLEANS.get(ascii_lower(value))
    if known is None:
        raise faults.bad_value(str(element.tag), value, "boolean")
    return known


def _integer(element: etree._Element, _version: str) -> int | None:
    """XInteger: a whole number or nothing."""
    value = _plain(element)
    if value and not _INTEGER.fullmatch(value):
        raise faults.bad_value(str(element.tag), value, "XInteger")
    return int(value) if value else None


def _unsigned(element: etree._Element, _version: str) -> int:
    value = _plain(element)
    if not _UNSIGNED.fullmatch(value):
        raise faults.bad_value(str(element.tag), value, "unsignedLong")
    return min(int(value), _LARGEST)


def _uuid_text(name: str, value: str) -> str:
    if not _UUID.fullmatch(value):
        raise faults.bad_value(name, value, "XUUID")
    return value[1:-1].lower()


def _uuid(element: etree._Element, _version: str) -> str:
    return _uuid_text(str(element.tag), _plain(element))


def _reference(element: etree._Element, _version: str) -> Reference:
    name = _plain(element, frozenset({"uuid"}))
    own = element.get("uuid", UNFILLED)
    return Reference(name, None if own == UNFILLED else _uuid_text("uuid", own))


def _mac(element: etree._Element, _version: str) -> str:
    value = _plain(element)
    if not re.fullmatch(r"[0-9a-fA-F]{12}", value):
        raise faults.bad_value(str(element.tag), value, "XMacAddress")
    return value


def _pin(element: etree._Element, _version: str) -> str:
    value = _plain(element)
    if not re.fullmatch(r"\d{4,}", value):
        raise faults.bad_value(str(element.tag), "***", "PIN")
    return value


def _anything(element: etree._Element, _version: str) -> bool:
    """A tag in ``returnedTags``, whose own content means nothing."""
    return element is not None


TYPES: dict[str, Decoder] = {
    "string": _limited(LONGEST_TEXT),
    "string50": _limited(50),
    "string100": _limited(100),
    "string128": _limited(128),
    "string255": _limited(255),
    "boolean": _boolean,
    "integer": _integer,
    "unsigned": _unsigned,
    "uuid": _uuid,
    "fk": _reference,
    "mac": _mac,
    "pin": _pin,
    "tag": _anything,
}
"""The simple types by the names that the lines use."""


def element(line: str, decode: Decoder | None = None) -> Element:
    """Read one line of a type; ``decode`` replaces the simple type."""
    match = _LINE.fullmatch(line)
    if match is None:
        raise ValueError(f"not a line of a type: {line!r}")
    marks = match["marks"]
    return Element(
        match["name"],
        decode or TYPES[match["type"] or "string"],
        required="?" not in marks and "*" not in marks,
        many="*" in marks or "+" in marks,
        nillable="~" in marks,
        since=float(match["since"] or 0),
        until=float(match["until"] or 99),
    )


def one_of(*alternatives: str | tuple[str | Element, ...], optional: bool = False) -> Choice:
    """Make a choice; an alternative is one line or several."""
    return Choice(
        tuple(
            tuple(_element(line) for line in ((lines,) if isinstance(lines, str) else lines)) for lines in alternatives
        ),
        required=not optional,
    )


def sequence(*parts: str | Element | Choice, attributes: tuple[str, ...] = (), may_be_empty: bool = False) -> Complex:
    """Make a type of lines, elements and choices."""
    own = tuple(part if isinstance(part, Choice) else _element(part) for part in parts)
    return Complex(own, frozenset(attributes), may_be_empty)


def nested(line: str, *parts: str | Element | Choice) -> Element:
    """Make an element that holds others or nothing."""
    return element(line, sequence(*parts, may_be_empty=True).decode)


def _element(part: str | Element) -> Element:
    return element(part) if isinstance(part, str) else part
