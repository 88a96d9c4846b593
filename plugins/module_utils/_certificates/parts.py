# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""The parts of a certificate (RFC 5280), each read by itself, so that one that cannot be read costs no other. Pure.

What stands in a certificate is taken as OpenSSL takes it. Collection and emulator have this file alike.
"""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from itertools import chain
from typing import NamedTuple

from ansible_collections.ucops.imp.plugins.module_utils._certificates.signatures import signed
from ansible_collections.ucops.imp.plugins.module_utils._formats.der import (
    BIT_STRING,
    BOOLEAN,
    INTEGER,
    OCTET_STRING,
    OID,
    SEQUENCE,
    SET,
    Element,
    Malformed,
    dotted,
    element,
    moment,
    text,
)

COMMON_NAME = "2.5.4.3"
BASIC_CONSTRAINTS, KEY_USAGE, ALTERNATIVE_NAME = "2.5.29.19", "2.5.29.15", "2.5.29.17"
_NETSCAPE_TYPE = "2.16.840.1.113730.1.1"
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
_NUMERIC = 0x12
"""NumericString, the one kind of text that OpenSSL compares as it stands."""
_GONE_BY = {
    BASIC_CONSTRAINTS: SEQUENCE,
    KEY_USAGE: BIT_STRING,
    _NETSCAPE_TYPE: BIT_STRING,
    "2.5.29.37": SEQUENCE,  # extended key usage
    "2.5.29.14": OCTET_STRING,  # subject key identifier
    "2.5.29.35": SEQUENCE,  # authority key identifier
    "2.5.29.30": SEQUENCE,  # name constraints
    "2.5.29.31": SEQUENCE,  # CRL distribution points
}
_CERT_SIGN = 0x04
_NETSCAPE_CA = 0x07

NEVER = datetime.max.replace(tzinfo=timezone.utc), datetime.min.replace(tzinfo=timezone.utc)
"""From when to when a certificate is valid whose dates cannot be read, to nobody's surprise: at no time."""


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


class Extension(NamedTuple):
    """An extension: its object identifier, and its content in DER."""

    oid: str
    value: bytes


class Alternatives(NamedTuple):
    """The subject alternative name: host names, addresses, and whether it can be read at all.

    Entries of other kinds are passed over. ``readable`` is false for one that is damaged or there twice, which makes
    OpenSSL refuse the certificate whatever its name.
    """

    hosts: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    readable: bool = True


@dataclass(frozen=True)
class Parts:
    """What a certificate is made of, in DER where it is bytes; ``version`` counts from 0 as the certificate does."""

    der: bytes
    body: bytes
    version: int
    serial: bytes
    issuer: Name
    subject: Name
    not_before: datetime
    not_after: datetime
    key: bytes
    extensions: tuple[Extension, ...]
    algorithm: Element
    inner_algorithm: Element
    signature: bytes

    def extension(self, oid: str) -> bytes | None:
        """Return the content of an extension, ``None`` when there is none."""
        return next((one.value for one in self.extensions if one.oid == oid), None)

    def signed_by(self, key: bytes) -> bool | None:
        """Whether a public key (SubjectPublicKeyInfo, DER) has signed it; ``None`` when that cannot be told."""
        if self.algorithm.raw != self.inner_algorithm.raw:
            return False
        return signed(self.body, self.signature, self.algorithm, key)

    def issued_by(self, above: Parts) -> bool | None:
        """Whether another one has issued it, by name and signature; ``None`` when the signature cannot be checked."""
        return self.issuer.key == above.subject.key and self.signed_by(above.key)

    @property
    def self_issued(self) -> bool:
        """Whether it names itself as its issuer; that says nothing of who has signed it."""
        return self.subject.key == self.issuer.key

    @property
    def authority(self) -> bool:
        """Whether it may issue others, by the rules of OpenSSL (``X509_check_ca``), which knows old authorities too."""
        usage = _bits(self.extension(KEY_USAGE))
        if usage is not None and not usage & _CERT_SIGN:
            return False
        constraints = self.extension(BASIC_CONSTRAINTS)
        if constraints is not None:
            return _says_authority(constraints)
        if usage is not None or (self.version == 0 and self.self_issued):
            return True
        return bool((_bits(self.extension(_NETSCAPE_TYPE)) or 0) & _NETSCAPE_CA)

    @property
    def damaged(self) -> bool:
        """Whether OpenSSL refuses it for an extension that it goes by: one that is damaged, or there twice."""
        for number, tag in _GONE_BY.items():
            found = [one.value for one in self.extensions if one.oid == number]
            if len(found) > 1 or not all(_has_tag(one, tag) for one in found):
                return True
        return not self.alternatives.readable

    @property
    def alternatives(self) -> Alternatives:
        """The subject alternative name."""
        found = [one.value for one in self.extensions if one.oid == ALTERNATIVE_NAME]
        if len(found) > 1:
            return Alternatives(readable=False)
        try:
            return _alternatives(element(found[0]).of(SEQUENCE).children) if found else Alternatives()
        except Malformed:
            return Alternatives(readable=False)


def read_parts(data: bytes) -> Parts:
    """Read a certificate in DER; what comes after its end is left alone. Raises :class:`Malformed`."""
    whole = element(data).of(SEQUENCE)
    body, algorithm, signature = _exactly(whole.children, 3)
    fields = body.of(SEQUENCE).children
    version = element(fields.pop(0).content) if fields and fields[0].tag == 0xA0 else None
    serial, inner, issuer, validity, subject, key = _exactly(fields[:6], 6)
    dates = [moment(one) for one in _exactly(validity.of(SEQUENCE).children, 2)]
    _exactly(algorithm.of(SEQUENCE).children[:1], 1)[0].of(OID)
    key.of(SEQUENCE)
    return Parts(
        der=whole.raw,
        body=body.raw,
        version=int.from_bytes(version.of(INTEGER).content[:8], "big") if version else 0,
        serial=serial.of(INTEGER).content,
        issuer=read_name(issuer),
        subject=read_name(subject),
        not_before=dates[0] or NEVER[0],
        not_after=dates[1] or NEVER[1],
        key=key.raw,
        extensions=tuple(chain.from_iterable(read_extensions(one.content) for one in fields if one.tag == 0xA3)),
        algorithm=algorithm,
        inner_algorithm=inner,
        signature=signature.of(BIT_STRING).content[1:],
    )


def unreadable(data: bytes) -> Parts:
    """Return what stands for bytes that are no certificate, where one should be: a name for people, and no dates."""
    nothing = Element(0, b"", b"")
    nobody = Name("(cannot be read)", (), (data,))
    return Parts(data, data, 0, b"", Name("", (), ()), nobody, *NEVER, data, (), nothing, nothing, b"")


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


def _attribute(given: Element) -> tuple[str, Element]:
    oid, value = _exactly(given.of(SEQUENCE).children, 2)
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
    return "".join(
        "".join(f"\\{octet:02X}" for octet in one.encode()) if unicodedata.category(one) in _INVISIBLE else one
        for one in given
    )


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
    if given.tag == _NUMBER:
        dotted(given.content)
        return
    parts = given.children
    if given.tag == _OTHER:
        kind, value = _exactly(parts, 2)
        dotted(kind.of(OID).content)
        _exactly(value.of(0xA0).children, 1)
    elif given.tag == _DIRECTORY:
        read_name(_exactly(parts, 1)[0])
    elif given.tag == _PARTY:
        if [one.tag for one in parts] not in ([0xA1], [0xA0, 0xA1]):
            raise Malformed("no party")
        if any(text(element(one.content)) is None for one in parts):
            raise Malformed("a party without a name")
    elif given.tag != _X400:
        raise Malformed("no general name")


def _has_tag(content: bytes, tag: int) -> bool:
    try:
        return element(content).tag == tag
    except Malformed:
        return False


def _bits(content: bytes | None) -> int | None:
    """Return the first eight bits of a BIT STRING, none of them when it is damaged; ``None`` when there is none."""
    if content is None:
        return None
    try:
        octets = element(content).of(BIT_STRING).content
    except Malformed:
        return 0
    return octets[1] if len(octets) > 1 else 0


def _says_authority(constraints: bytes) -> bool:
    try:
        first = element(constraints).of(SEQUENCE).children[:1]
    except Malformed:
        return False
    return any(one.tag == BOOLEAN and any(one.content) for one in first)


def _exactly(found: list[Element], number: int) -> list[Element]:
    if len(found) != number:
        raise Malformed(f"{len(found)} elements where {number} are due")
    return found
