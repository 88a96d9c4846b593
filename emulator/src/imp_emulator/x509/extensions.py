# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Extensions of certificates (RFC 5280, section 4.2), each read by itself, and what OpenSSL cannot use. Pure.

Collection and emulator have this file alike.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable, Sequence
from itertools import chain
from typing import NamedTuple

from imp_emulator.x509.der import (
    BIT_STRING,
    BOOLEAN,
    INTEGER,
    OCTET_STRING,
    OID,
    SEQUENCE,
    Element,
    Malformed,
    dotted,
    element,
    exactly,
    text,
)
from imp_emulator.x509.distinguished_names import check_name, printable

BASIC_CONSTRAINTS, KEY_USAGE, ALTERNATIVE_NAME = "2.5.29.19", "2.5.29.15", "2.5.29.17"
NETSCAPE_TYPE = "2.16.840.1.113730.1.1"
_OTHER, _MAIL, _HOST, _X400, _DIRECTORY, _PARTY, _URI, _ADDRESS, _NUMBER = (
    0xA0,
    0x81,
    0x82,
    0xA3,
    0xA4,
    0xA5,
    0x86,
    0x87,
    0x88,
)
"""The tags of GeneralName (RFC 5280, section 4.2.1.6)."""
_CONSTRUCTED = 0x20
"""A string with this bit is in several pieces, which nobody writes and OpenSSL reads (X.690, section 8.6.4)."""
_WIDTHS = {0x1C: 4, 0x1E: 2}
_SPARE = frozenset(bytes([number]) for number in range(8))
"""How many bits of the last octet may be left over, as the first octet of a BIT STRING says it."""


class Extension(NamedTuple):
    """An extension: its object identifier, and its content in DER."""

    oid: str
    value: bytes


class Alternatives(NamedTuple):
    """The host names and addresses of a subject alternative name; entries of other kinds are passed over.

    One that is damaged or there twice has none, and makes OpenSSL refuse the certificate whatever its name.
    """

    hosts: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()


def read_extensions(content: bytes) -> Iterable[Extension]:
    """Read the extensions of a certificate or a request; what is none is passed over."""
    try:
        found = element(content).of(SEQUENCE).children
    except Malformed:
        return
    yield from chain.from_iterable(map(_extension, found))


def _extension(given: Element) -> list[Extension]:
    try:
        oid, *_critical, value = given.of(SEQUENCE).children
        return [Extension(dotted(oid.of(OID).content), value.of(OCTET_STRING).content)]
    except ValueError:
        return []


def alternatives_of(extensions: Iterable[Extension]) -> Alternatives:
    """Return the subject alternative name, an empty one when there is none."""
    found = [one.value for one in extensions if one.oid == ALTERNATIVE_NAME]
    if len(found) != 1:
        return Alternatives()
    try:
        return _alternatives(element(found[0]).of(SEQUENCE).children)
    except Malformed:
        return Alternatives()


def _alternatives(entries: Sequence[Element]) -> Alternatives:
    hosts: list[str] = []
    addresses: list[str] = []
    for one in entries:
        _check_alternative(one)
        if one.tag == _HOST:
            hosts.append(printable(one.content.decode("latin-1")))
        elif one.tag == _ADDRESS and len(one.content) in (4, 16):
            addresses.append(str(ipaddress.ip_address(one.content)))
    return Alternatives(tuple(hosts), tuple(addresses))


def _check_alternative(given: Element) -> None:
    """Raise :class:`Malformed` for what OpenSSL cannot read, which then reads none of the entries."""
    if given.tag in (_MAIL, _HOST, _URI, _ADDRESS):
        return
    if given.tag & ~_CONSTRUCTED in (_MAIL, _HOST, _URI, _ADDRESS):
        _check_pieces(given)
        return
    if given.tag == _NUMBER:
        dotted(given.content)
        return
    parts = given.children
    if given.tag == _OTHER:
        kind, value = exactly(parts, 2)
        dotted(kind.of(OID).content)
        _check_width(exactly(value.of(0xA0).children, 1)[0])
    elif given.tag == _DIRECTORY:
        check_name(exactly(parts, 1)[0])
    elif given.tag == _PARTY:
        _check_party(parts)
    elif given.tag != _X400:
        raise Malformed("no general name")


def _check_party(parts: Sequence[Element]) -> None:
    if [one.tag for one in parts] not in ([0xA1], [0xA0, 0xA1]):
        raise Malformed("no party")
    for name in (exactly(one.children, 1)[0] for one in parts):
        _check_width(name)
        if text(name) is None:
            raise Malformed("a party without a name")


def _check_width(given: Element) -> None:
    """Raise :class:`Malformed` for a text of two or four octets a letter that has a part of one at its end."""
    if len(given.content) % _WIDTHS.get(given.tag, 1):
        raise Malformed("a part of a letter")


def _check_pieces(given: Element) -> None:
    """Raise :class:`Malformed` when something that says that it is in pieces is not."""
    for piece in given.children:
        if piece.tag & _CONSTRUCTED:
            _check_pieces(piece)


def is_damaged(extensions: Iterable[Extension]) -> bool:
    """Whether OpenSSL refuses a certificate for an extension that it goes by: one that is damaged, or there twice."""
    given = [one for one in extensions if one.oid in _GONE_BY]
    return len({one.oid for one in given}) < len(given) or not all(map(_is_well_made, given))


def _is_well_made(given: Extension) -> bool:
    try:
        return _GONE_BY[given.oid](element(given.value))
    except Malformed:
        return False


def _is_constraints(value: Element) -> bool:
    parts = value.of(SEQUENCE).children
    # A flag of another length is none, and nothing can stand below fewer than no authorities.
    flags = all(len(one.content) == 1 for one in parts if one.tag == BOOLEAN)
    limits = all(one.content and one.content[0] < 0x80 for one in parts if one.tag == INTEGER)
    return flags and limits and _in_order(parts, BOOLEAN, INTEGER)


def _is_bits(value: Element) -> bool:
    if value.tag == BIT_STRING | _CONSTRUCTED:
        return all(map(_is_bits, value.children))
    return value.of(BIT_STRING).content[:1] in _SPARE


def _is_usage(value: Element) -> bool:
    if not _is_bits(value):
        return False
    spare, *octets = value.content
    return int.from_bytes(octets, "big") >> spare > 0  # OpenSSL takes no usage at all for damage, too.


def _is_octets(value: Element) -> bool:
    return value.tag == OCTET_STRING


def _is_purposes(value: Element) -> bool:
    return all(dotted(one.of(OID).content) for one in value.of(SEQUENCE).children)


def _is_names(value: Element) -> bool:
    """Whether something is a list of general names; of those of the subject nothing else is asked."""
    for one in value.children:
        _check_alternative(one)
    return True


def _is_subject_names(value: Element) -> bool:
    return _is_names(value.of(SEQUENCE))


def _is_key_identifier(value: Element) -> bool:
    parts = value.of(SEQUENCE).children
    return _in_order(parts, 0x80, 0xA1, 0x82) and all(_is_names(one) for one in parts if one.tag == 0xA1)


def _is_name_constraints(value: Element) -> bool:
    parts = value.of(SEQUENCE).children
    trees = [tree.of(SEQUENCE).children for part in parts for tree in part.children]
    for tree in trees:
        _check_alternative(exactly(tree[:1], 1)[0])
    sizes = all(one.content for tree in trees for one in tree[1:])
    return sizes and _in_order(parts, 0xA0, 0xA1) and all(_in_order(tree[1:], 0x80, 0x81) for tree in trees)


def _is_points(value: Element) -> bool:
    return all(map(_is_point, value.of(SEQUENCE).children))


def _is_point(value: Element) -> bool:
    parts = value.of(SEQUENCE).children
    return _in_order(parts, 0xA0, 0x81, 0xA2) and all(map(_is_of_point, parts))


def _is_of_point(part: Element) -> bool:
    if part.tag == 0x81:
        return part.content[:1] in _SPARE
    if part.tag == 0xA2:
        return _is_names(part)
    place = exactly(part.children, 1)[0]
    return _is_names(place) if place.tag == 0xA0 else place.tag == 0xA1


_GONE_BY: dict[str, Callable[[Element], bool]] = {
    BASIC_CONSTRAINTS: _is_constraints,
    KEY_USAGE: _is_usage,
    ALTERNATIVE_NAME: _is_subject_names,
    NETSCAPE_TYPE: _is_bits,
    "2.5.29.37": _is_purposes,  # extended key usage
    "2.5.29.14": _is_octets,  # subject key identifier
    "2.5.29.35": _is_key_identifier,  # authority key identifier
    "2.5.29.30": _is_name_constraints,
    "2.5.29.31": _is_points,  # CRL distribution points
}
"""What OpenSSL decodes of every certificate, and whether it can; what stands after the end of one is left alone."""


def _in_order(parts: Sequence[Element], *tags: int) -> bool:
    """Whether elements have some of these tags, each once at most and in their order."""
    found = [one.tag for one in parts]
    return found == [tag for tag in tags if tag in found]


def bits(content: bytes | None) -> int | None:
    """Return the first eight bits of a BIT STRING, none of them when it is damaged; ``None`` when there is none."""
    if content is None:
        return None
    try:
        octets = element(content).of(BIT_STRING).content
    except Malformed:
        return 0
    return octets[1] if len(octets) > 1 else 0


def says_authority(constraints: bytes) -> bool:
    """Whether the basic constraints call a certificate that of an authority."""
    try:
        first = element(constraints).of(SEQUENCE).children[:1]
    except Malformed:
        return False
    return any(one.tag == BOOLEAN and any(one.content) for one in first)
