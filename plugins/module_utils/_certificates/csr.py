# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""Certificate signing requests (PKCS #10, RFC 2986). Pure."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from ansible_collections.ucops.imp.plugins.module_utils._certificates.distinguished_names import read_name
from ansible_collections.ucops.imp.plugins.module_utils._certificates.signatures import key_fingerprint
from ansible_collections.ucops.imp.plugins.module_utils._formats import certificate_file
from ansible_collections.ucops.imp.plugins.module_utils._formats.der import (
    BIT_STRING,
    INTEGER,
    SEQUENCE,
    Malformed,
    element,
)
from ansible_collections.ucops.imp.plugins.module_utils._formats.text_file import NotRead


class NotARequest(ValueError):
    """What was given is no certificate signing request; the message says what it is."""


@dataclass(frozen=True)
class SigningRequest:
    """A request.

    ``fingerprint`` is SHA-256 over its DER form and ``key`` over its public key, both in lower-case hexadecimal.
    """

    fingerprint: str
    key: str
    subject: str
    common_name: str
    pem: str = field(repr=False)


def read_request(data: bytes | str) -> SigningRequest:
    """Read a request, as a .txt, .req or .csr file or a text holds it; raises :class:`NotARequest`."""
    data = data.encode("utf-8", "replace") if isinstance(data, str) else data
    try:
        return request_of(certificate_file.request(data))
    except NotRead as error:
        raise NotARequest(str(error)) from None
    except Malformed:
        raise NotARequest(
            "it is no certificate signing request in PEM (-----BEGIN CERTIFICATE REQUEST-----)."
        ) from None


def request_of(data: bytes) -> SigningRequest:
    """Read a request in DER; what it asks for besides name and key is not looked at. Raises :class:`Malformed`."""
    whole = element(data).of(SEQUENCE)
    parts = whole.children
    fields = parts[0].of(SEQUENCE).children if len(parts) == 3 else []
    if len(fields) < 3:
        raise Malformed("no request")
    version, subject, key = fields[:3]
    version.of(INTEGER)
    key.of(SEQUENCE)
    parts[2].of(BIT_STRING)
    name = read_name(subject)
    return SigningRequest(
        fingerprint=hashlib.sha256(whole.raw).hexdigest(),
        key=key_fingerprint(key.raw),
        subject=name.text,
        common_name=name.common_names[0] if name.common_names else "",
        pem=certificate_file.pem("CERTIFICATE REQUEST", whole.raw),
    )
