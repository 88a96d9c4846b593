# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Distinguished names as certificates hold them (RFC 5280, RFC 4514), read as OpenSSL reads them. Pure.

Collection and emulator have this file alike.
"""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

from imp_emulator.x509.der import OID, SEQUENCE, SET, Element, Malformed, dotted, exactly, is_well_encoded, text

COMMON_NAME = "2.5.4.3"
_SHORT_NAMES = {
    COMMON_NAME: "CN",
    "2.5.4.7": "L",
    "2.5.4.8": "ST",
    "2.5.4.10": "O",
    "2.5.4.11": "OU",
    "2.5.4.6": "C",
    "2.5.4.9": "STREET",
    "0.9.2342.19200300.100.1.25": "DC",
    "0.9.2342.19200300.100.1.1": "UID",
}
"""Attributes that RFC 4514 has a word for; the others are written in numbers."""
_ESCAPED = frozenset('\\"+,;<>')
_INVISIBLE = frozenset(("Cc", "Cf", "Zl", "Zp"))
"""Unicode's categories of what would change the look of a line or the order of its letters."""
_OF_VALUES = frozenset((0x03, *range(0x07, 0x10), 0x30, 0x12, 0x13, 0x14, 0x16, 0x1C, 0x1D, 0x1E))
"""Tags of the values that OpenSSL takes in a name (``B_ASN1_PRINTABLE``)."""
_NUMERIC = 0x12
"""NumericString, the one kind of text that OpenSSL compares as it stands."""


class Name(NamedTuple):
    """A distinguished name.

    Attributes:
        text: As RFC 4514 writes it; replacement characters stand for what cannot be read.
        common_names: Every CN, in the order of the certificate.
        key: What OpenSSL compares: letter case, spaces and kind of text do not count.
        relative: The same text part by part, in the order of the certificate.
    """

    text: str
    common_names: tuple[str, ...]
    key: tuple[object, ...]
    relative: tuple[str, ...] = ()


def read_name(given: Element) -> Name:
    """Read a distinguished name; a part that cannot be read is written in hexadecimal. Raises :class:`Malformed`."""
    shown: list[str] = []
    common_names: list[str] = []
    key: list[object] = []
    for relative in given.of(SEQUENCE).children:
        pairs = [_attribute(one) for one in relative.of(SET).children]
        shown.append("+".join(f"{_SHORT_NAMES.get(oid, oid)}={_escaped(value)}" for oid, value in pairs))
        values = [(oid, text(value)) for oid, value in pairs]
        common_names += [printable(value) for oid, value in values if oid == COMMON_NAME and value is not None]
        key.append(tuple(sorted((oid, _comparable(value)) for oid, value in pairs)))
    return Name(",".join(reversed(shown)), tuple(common_names), tuple(key), tuple(shown))


def check_name(given: Element) -> None:
    """Raise :class:`Malformed` for a distinguished name that OpenSSL cannot read; texts have to be what they say."""
    for relative in given.of(SEQUENCE).children:
        for _oid, value in map(_attribute, relative.of(SET).children):
            if value.tag not in _OF_VALUES or not is_well_encoded(value):
                raise Malformed("a name that cannot be read")


def _attribute(given: Element) -> tuple[str, Element]:
    oid, value = exactly(given.of(SEQUENCE).children, 2)
    return dotted(oid.of(OID).content), value


def _escaped(value: Element) -> str:
    """Write the value of an attribute as RFC 4514 does."""
    given = text(value)
    if given is None:
        return f"#{value.raw.hex()}"
    written = printable("".join(f"\\{one}" if one in _ESCAPED else one for one in given))
    if given.endswith(" ") and len(given) > 1:
        written = f"{written[:-1]}\\ "
    return f"\\{written}" if given[:1] in ("#", " ") else written


def _comparable(value: Element) -> bytes:
    given = text(value)
    if given is None or value.tag == _NUMERIC:
        return value.raw
    return re.sub(r"[ \t\n\v\f\r]+", " ", given).strip(" ").encode().lower()


def printable(given: str) -> str:
    """Return a text in which what nobody can see, or what moves other letters, stands as octets in hexadecimal."""
    if given.isprintable():
        return given
    return "".join("".join(f"\\{octet:02X}" for octet in one.encode()) if _is_invisible(one) else one for one in given)


def _is_invisible(sign: str) -> bool:
    """Whether nobody can see a character; one that Unicode never assigns (U+FFFE and the like) is none for XML."""
    code = ord(sign)
    return unicodedata.category(sign) in _INVISIBLE or code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF
