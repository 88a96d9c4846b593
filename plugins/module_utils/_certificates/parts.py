# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""The parts of a certificate (RFC 5280), each read by itself, so that one that cannot be read costs no other. Pure.

What stands in a certificate is taken as OpenSSL takes it. Collection and emulator have this file alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone
from itertools import chain

from ansible_collections.ucops.imp.plugins.module_utils._certificates.distinguished_names import Name, read_name
from ansible_collections.ucops.imp.plugins.module_utils._certificates.extensions import (
    BASIC_CONSTRAINTS,
    KEY_USAGE,
    NETSCAPE_TYPE,
    Alternatives,
    Extension,
    alternatives_of,
    bits,
    is_damaged,
    read_extensions,
    says_authority,
)
from ansible_collections.ucops.imp.plugins.module_utils._certificates.signatures import signed
from ansible_collections.ucops.imp.plugins.module_utils._formats.der import (
    BIT_STRING,
    INTEGER,
    OID,
    SEQUENCE,
    Element,
    element,
    exactly,
    moment,
)

_CERT_SIGN = 0x04
_NETSCAPE_CA = 0x07

NEVER = datetime.max.replace(tzinfo=timezone.utc), datetime.min.replace(tzinfo=timezone.utc)
"""From when to when a certificate is valid whose dates cannot be read, to nobody's surprise: at no time."""


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
        if self.damaged:
            return False
        usage = bits(self.extension(KEY_USAGE))
        if usage is not None and not usage & _CERT_SIGN:
            return False
        constraints = self.extension(BASIC_CONSTRAINTS)
        if constraints is not None:
            return says_authority(constraints)
        if usage is not None or (self.version == 0 and self.self_issued):
            return True
        return bool((bits(self.extension(NETSCAPE_TYPE)) or 0) & _NETSCAPE_CA)

    @property
    def damaged(self) -> bool:
        """Whether OpenSSL refuses it for an extension that it goes by: one that is damaged, or there twice."""
        return is_damaged(self.extensions)

    @property
    def alternatives(self) -> Alternatives:
        """The subject alternative name."""
        return alternatives_of(self.extensions)


def read_parts(data: bytes) -> Parts:
    """Read a certificate in DER; what comes after its end is left alone. Raises :class:`Malformed`."""
    whole = element(data).of(SEQUENCE)
    body, algorithm, signature = exactly(whole.children, 3)
    fields = body.of(SEQUENCE).children
    version = element(fields.pop(0).content) if fields and fields[0].tag == 0xA0 else None
    serial, inner, issuer, validity, subject, key = exactly(fields[:6], 6)
    dates = [moment(one) for one in exactly(validity.of(SEQUENCE).children, 2)]
    exactly(algorithm.of(SEQUENCE).children[:1], 1)[0].of(OID)
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
