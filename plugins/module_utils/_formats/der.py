# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""What a DER file is, by its outermost elements (X.690); what stands inside a certificate is not looked at. Pure.

Only tags, lengths and object identifiers are read, so what no library can read of a certificate costs nothing here.
Indefinite lengths are read too, which PKCS #7 has from some programs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

CERTIFICATE = "certificate"
REQUEST = "certificate signing request"
PKCS7 = "PKCS #7 with certificates"
PKCS7_OTHER = "PKCS #7 without certificates"
PKCS12 = "PKCS #12"
PRIVATE_KEY = "private key"
PUBLIC_KEY = "public key"
CRL = "revocation list"
UNKNOWN = "unknown"

_INTEGER, _BITS, _OCTETS, _OID, _SEQUENCE, _FIRST, _UTC, _GENERAL = 0x02, 0x03, 0x04, 0x06, 0x30, 0xA0, 0x17, 0x18
_PKCS7_TYPES = bytes.fromhex("2a864886f70d0107")
"""1.2.840.113549.1.7 (RFC 2315, section 14); .2 below it is signedData."""
_SIGNED_DATA = _PKCS7_TYPES + b"\x02"
_INDEFINITE = 0x80
_END = b"\0\0"
_DEEPEST = 16
_MOST = 10_000
"""So many elements stand side by side at most: more than the authorities of all systems."""
_LONGEST_LENGTH = 4


class NotDer(ValueError):
    """Bytes are no DER."""


class CutOff(NotDer):
    """An element is longer than what is there."""


@dataclass(frozen=True)
class Element:
    """A tag (one byte: numbers above 30 are not told apart), what stands in the element, and all of its bytes."""

    tag: int
    content: memoryview
    raw: memoryview


def first(data: bytes | memoryview, depth: int = 0) -> Element:
    """Return the element at the beginning; raises :class:`NotDer`, :class:`CutOff` when its end is missing."""
    if depth > _DEEPEST:
        raise NotDer("nested too deep")
    data = memoryview(data)  # Nothing is copied, however many elements there are.
    at = _after_tag(data)
    length, at = _length(data, at)
    if length is not None:
        if at + length > len(data):
            raise CutOff(f"{len(data)} of {at + length} bytes")
        return Element(data[0], data[at : at + length], data[: at + length])
    inside = at
    for _number in range(_MOST):
        if bytes(data[at : at + 2]) == _END:
            return Element(data[0], data[inside:at], data[: at + 2])
        if at >= len(data):
            raise CutOff("no end")
        at += len(first(data[at:], depth + 1).raw)
    raise NotDer("too many elements")


def elements(data: bytes | memoryview) -> Iterator[Element]:
    """Yield one element after the other; raises :class:`NotDer` where none is."""
    data = memoryview(data)
    for _number in range(_MOST):
        if not data:
            return
        element = first(data)
        yield element
        data = data[len(element.raw) :]
    raise NotDer("too many elements")


def kind_of(element: Element) -> str:
    """Return what an element is, one of the constants of this module."""
    try:
        parts = list(elements(element.content)) if element.tag == _SEQUENCE else []
        tags = [part.tag for part in parts]
        if tags[:1] == [_OID] and bytes(parts[0].content[: len(_PKCS7_TYPES)]) == _PKCS7_TYPES:
            return PKCS7 if parts[0].content == _SIGNED_DATA and pkcs7_certificates(element) else PKCS7_OTHER
        if tags[:1] == [_INTEGER]:
            return _numbered(parts, tags)
        if tags == [_SEQUENCE, _OCTETS]:
            return PRIVATE_KEY  # encrypted (RFC 5208, section 6)
        if tags == [_SEQUENCE, _BITS]:
            return PUBLIC_KEY
        return _signed(parts[0]) if tags == [_SEQUENCE, _SEQUENCE, _BITS] else UNKNOWN
    except NotDer:
        return UNKNOWN


def pkcs7_certificates(element: Element) -> list[bytes]:
    """Return the certificates of a signedData (RFC 2315, section 9.1), DER, in their order; raises :class:`NotDer`.

    Other kinds of certificates, such as those of attributes, have a tag of their own and are left out.
    """
    _kind, wrapped = _two(element)
    signed = next(elements(wrapped.content), None)
    for part in elements(signed.content) if signed else ():
        if part.tag == _FIRST:
            return [bytes(one.raw) for one in elements(part.content) if one.tag == _SEQUENCE]
    return []


def _two(element: Element) -> tuple[Element, Element]:
    parts = list(elements(element.content))
    if len(parts) < 2:
        raise NotDer("too short")
    return parts[0], parts[1]


def _numbered(parts: list[Element], tags: list[int]) -> str:
    """Return the kind of a sequence that begins with a version."""
    version = int.from_bytes(parts[0].content, "big")
    if set(tags) == {_INTEGER}:
        return PUBLIC_KEY if len(tags) == 2 else PRIVATE_KEY
    if version == 3 and tags[1] == _SEQUENCE:
        return PKCS12
    return PRIVATE_KEY if _OCTETS in tags[1:3] else UNKNOWN


def _signed(content: Element) -> str:
    """Return the kind of something signed, by what is signed (RFC 5280, RFC 2986)."""
    tags = [part.tag for part in elements(content.content)]
    bare = tags[1:] if tags[:1] == [_INTEGER] else tags
    if bare[:2] == [_SEQUENCE, _SEQUENCE] and bare[2:3] in ([_UTC], [_GENERAL]):
        return CRL
    return REQUEST if bare in ([_SEQUENCE, _SEQUENCE], [_SEQUENCE, _SEQUENCE, _FIRST]) else CERTIFICATE


def _after_tag(data: memoryview) -> int:
    """Return where the length begins."""
    at = 1
    if data and data[0] & 0x1F == 0x1F:
        while at < len(data) and data[at] & 0x80:
            at += 1
        at += 1
    if at >= len(data):
        raise CutOff("no length")
    return at


def _length(data: memoryview, at: int) -> tuple[int | None, int]:
    """Return the length, ``None`` for an indefinite one, and where the content begins."""
    head = data[at]
    if head == _INDEFINITE:
        return None, at + 1
    if head < _INDEFINITE:
        return head, at + 1
    size = head & 0x7F
    if size > _LONGEST_LENGTH:
        raise NotDer("a length that no file has")
    if at + 1 + size > len(data):
        raise CutOff("no length")
    return int.from_bytes(data[at + 1 : at + 1 + size], "big"), at + 1 + size
