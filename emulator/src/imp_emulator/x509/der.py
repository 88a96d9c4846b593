# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ASN.1 as certificates hold it, read element by element (ITU-T X.690), so that one odd part costs no other. Pure.

It is as lenient as OpenSSL is: lengths need not be the shortest, a default may be written out, a set need not be in
order, and a length may be left open. Collection and emulator have this file alike.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from itertools import islice
from typing import NamedTuple

BOOLEAN, INTEGER, BIT_STRING, OCTET_STRING, OID = 0x01, 0x02, 0x03, 0x04, 0x06
UTC_TIME, GENERALIZED_TIME = 0x17, 0x18
SEQUENCE, SET = 0x30, 0x31

_CONSTRUCTED = 0x20
_MOST = 100_000
"""So many elements stand side by side in another at most: no certificate, nor the authorities of a system, has more."""
_DEEPEST = 40
"""How many open lengths may stand in each other; no certificate has more than a few."""
_LONGEST_OID = 128
"""Octets; the numbers of a longer one would take long to write, and nothing has one."""
_LONGEST_LENGTH = 4
"""Octets that are not zero; OpenSSL reads no longer ones either."""
_ENCODINGS = {
    0x0C: "utf-8",
    0x12: "latin-1",  # NumericString
    0x13: "latin-1",  # PrintableString
    0x14: "latin-1",  # T61String: what OpenSSL and Windows take it for, and what old authorities write into it
    0x16: "latin-1",  # IA5String
    0x1A: "latin-1",  # VisibleString
    0x1C: "utf-32-be",  # UniversalString
    0x1E: "utf-16-be",  # BMPString
}
_PADDED = re.compile(rb"(?:^|[\x00-\x7f])\x80", re.DOTALL)
"""A number of an object identifier that begins with a zero."""
_TIME = re.compile(r"(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)?(?:[.,]\d+)?(?:Z|([+-])(\d\d)(\d\d))?")


class Malformed(ValueError):
    """What was given is no ASN.1, or not of the kind that is due."""


class CutOff(Malformed):
    """An element is longer than what is there."""


class Element(NamedTuple):
    """One element: its identifier octets as a number, its content, and all of its octets."""

    tag: int
    content: bytes
    raw: bytes

    @property
    def children(self) -> list[Element]:
        """The elements inside; raises :class:`Malformed` when there is something else, or far too many."""
        return listed(self.content)

    def of(self, tag: int) -> Element:
        """Return the element itself; raises :class:`Malformed` when it has another tag."""
        if self.tag != tag:
            raise Malformed(f"tag {self.tag:#x} where {tag:#x} was expected")
        return self


def elements(data: bytes) -> Iterator[Element]:
    """Yield one element after the other, however many there are; raises :class:`Malformed` where none is."""
    at = 0
    while at < len(data):
        one = element(data, at)
        yield one
        at += len(one.raw)


def listed(data: bytes) -> list[Element]:
    """Return the elements that stand one after the other; raises :class:`Malformed` where none is, or far too many."""
    found = list(islice(elements(data), _MOST + 1))
    if len(found) > _MOST:
        raise Malformed("too many elements")
    return found


def element(data: bytes, at: int = 0, depth: int = 0) -> Element:
    """Read the element that begins at an octet; what comes after it is left alone.

    Raises :class:`Malformed`, :class:`CutOff` when its end is missing.
    """
    tag, place = _tag(data, at)
    length, place = _length(data, place)
    if length is not None:
        if length > len(data) - place:
            raise CutOff(f"{len(data) - at} of {place - at + length} bytes")
        return Element(tag, data[place : place + length], data[at : place + length])
    if depth > _DEEPEST or not data[at] & _CONSTRUCTED:
        raise Malformed("an open length where none can be")
    start = place
    for _number in range(_MOST + 1):
        if data[place : place + 2] == b"\0\0":
            return Element(tag, data[start:place], data[at : place + 2])
        place += len(element(data, place, depth + 1).raw)
    raise Malformed("too many elements")


def exactly(found: list[Element], number: int) -> list[Element]:
    """Return as many elements as are due; raises :class:`Malformed` when there are more or fewer."""
    if len(found) != number:
        raise Malformed(f"{len(found)} elements where {number} were expected")
    return found


def _octet(data: bytes, at: int) -> int:
    if at >= len(data):
        raise CutOff("no end")
    return data[at]


def _tag(data: bytes, at: int) -> tuple[int, int]:
    tag = first = _octet(data, at)
    at += 1
    if first & 0x1F == 0x1F:
        while True:
            octet = _octet(data, at)
            tag, at = tag << 8 | octet, at + 1
            if octet < 0x80:
                break
            if tag > 0xFFFFFFFF:
                raise Malformed("a tag without end")
    return tag, at


def _length(data: bytes, at: int) -> tuple[int | None, int]:
    """Return the length, ``None`` when it is open, and where the content begins."""
    first = _octet(data, at)
    at += 1
    if first == 0x80:
        return None, at
    if first < 0x80:
        return first, at
    octets = data[at : at + first - 0x80]
    if len(octets) < first - 0x80:
        raise CutOff("no end")
    if len(octets.lstrip(b"\0")) > _LONGEST_LENGTH:
        raise Malformed("a length that nothing has")
    return int.from_bytes(octets, "big"), at + len(octets)


def dotted(content: bytes) -> str:
    """Return an object identifier in numbers and dots; raises :class:`Malformed`."""
    if not content or len(content) > _LONGEST_OID or content[-1] >= 0x80 or _PADDED.search(content):
        raise Malformed("no object identifier")
    numbers: list[int] = []
    number = 0
    for octet in content:
        number = number << 7 | octet & 0x7F
        if octet < 0x80:
            numbers.append(number)
            number = 0
    first = min(numbers[0] // 40, 2)
    return ".".join(map(str, (first, numbers[0] - 40 * first, *numbers[1:])))


def text(value: Element) -> str | None:
    """Return a text, with replacement characters for what cannot be read; ``None`` when it is no text."""
    encoding = _ENCODINGS.get(value.tag)
    return None if encoding is None else value.content.decode(encoding, "replace")


def is_well_encoded(value: Element) -> bool:
    """Whether a text is in the encoding that its tag says; true of everything that is no text."""
    try:
        value.content.decode(_ENCODINGS.get(value.tag, "latin-1"))
    except UnicodeDecodeError:
        return False
    return True


def moment(value: Element) -> datetime | None:
    """Return a time, aware; ``None`` when it is none."""
    if value.tag not in (UTC_TIME, GENERALIZED_TIME):
        return None
    digits = value.content.decode("latin-1")
    year, rest = digits[:2], digits[2:]
    if value.tag == UTC_TIME:
        # RFC 5280, section 4.1.2.5.1.
        year = f"{'19' if year >= '50' else '20'}{year}"
    else:
        year, rest = digits[:4], digits[4:]
    found = _TIME.fullmatch(rest) if re.fullmatch("[0-9]{4}", year) and rest.isascii() else None
    if found is None:
        return None
    month, day, hour, minute, second = (int(one or 0) for one in found.groups()[:5])
    try:
        offset = timedelta(hours=int(found[7] or 0), minutes=int(found[8] or 0))
        # Python has no year 0, which some write for the beginning of all times.
        local = datetime(int(year) or 1, month, day, hour, minute, second, tzinfo=timezone.utc)
        return local + offset if found[6] == "-" else local - offset
    except (ValueError, OverflowError):
        return None
