# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""What a DER file is, by its outermost elements; what stands inside a certificate is not looked at. Pure."""

from __future__ import annotations

from ansible_collections.ucops.imp.plugins.module_utils._formats.der import (
    BIT_STRING,
    GENERALIZED_TIME,
    INTEGER,
    OCTET_STRING,
    OID,
    SEQUENCE,
    UTC_TIME,
    Element,
    Malformed,
)
from ansible_collections.ucops.imp.plugins.module_utils._formats.pkcs7 import SIGNED_DATA, bundled

CERTIFICATE = "certificate"
REQUEST = "certificate signing request"
PKCS7 = "PKCS #7 with certificates"
PKCS7_OTHER = "PKCS #7 without certificates"
PKCS12 = "PKCS #12"
PRIVATE_KEY = "private key"
PUBLIC_KEY = "public key"
CRL = "revocation list"
UNKNOWN = "unknown"

_FIRST = 0xA0
_PKCS7_TYPES = bytes.fromhex("2a864886f70d0107")
"""1.2.840.113549.1.7 (RFC 2315, section 14); data of all kinds have their type below it."""


def kind_of(element: Element) -> str:
    """Return what an element is, one of the constants of this module."""
    try:
        parts = element.children if element.tag == SEQUENCE else []
        tags = [part.tag for part in parts]
        if tags[:1] == [OID] and parts[0].content.startswith(_PKCS7_TYPES):
            return PKCS7 if parts[0].content == SIGNED_DATA and bundled(element) else PKCS7_OTHER
        if tags[:1] == [INTEGER]:
            return _numbered(parts, tags)
        if tags == [SEQUENCE, OCTET_STRING]:
            return PRIVATE_KEY  # encrypted (RFC 5208, section 6)
        if tags == [SEQUENCE, BIT_STRING]:
            return PUBLIC_KEY
        return _signed(parts[0]) if tags == [SEQUENCE, SEQUENCE, BIT_STRING] else UNKNOWN
    except Malformed:
        return UNKNOWN


def _numbered(parts: list[Element], tags: list[int]) -> str:
    """Return the kind of a sequence that begins with a version."""
    version = int.from_bytes(parts[0].content, "big")
    if set(tags) == {INTEGER}:
        return PUBLIC_KEY if len(tags) == 2 else PRIVATE_KEY
    if version == 3 and tags[1] == SEQUENCE:
        return PKCS12
    return PRIVATE_KEY if OCTET_STRING in tags[1:3] else UNKNOWN


def _signed(content: Element) -> str:
    """Return the kind of something signed, by what is signed (RFC 5280, RFC 2986)."""
    tags = [part.tag for part in content.children]
    bare = tags[1:] if tags[:1] == [INTEGER] else tags
    if bare[:2] == [SEQUENCE, SEQUENCE] and bare[2:3] in ([UTC_TIME], [GENERALIZED_TIME]):
        return CRL
    return REQUEST if bare in ([SEQUENCE, SEQUENCE], [SEQUENCE, SEQUENCE, _FIRST]) else CERTIFICATE
