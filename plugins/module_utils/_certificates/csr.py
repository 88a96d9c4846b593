# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""Certificate signing requests (PKCS #10). Pure."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from ansible_collections.ucops.imp.plugins.module_utils._certificates.x509 import (
    MISSING_LIBRARY,
    UNREADABLE,
    key_fingerprint,
)
from ansible_collections.ucops.imp.plugins.module_utils._formats import certificate_file
from ansible_collections.ucops.imp.plugins.module_utils._formats.text_file import NotRead

if MISSING_LIBRARY is None:
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding
    from cryptography.x509.oid import NameOID

_NOT_READ: tuple[type[Exception], ...] = (*UNREADABLE, TypeError)


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
        parsed = x509.load_der_x509_csr(certificate_file.request(data))
        names = parsed.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        return SigningRequest(
            fingerprint=hashlib.sha256(parsed.public_bytes(Encoding.DER)).hexdigest(),
            key=key_fingerprint(parsed.public_key()),
            subject=parsed.subject.rfc4514_string(),
            common_name=str(names[0].value) if names else "",
            pem=parsed.public_bytes(Encoding.PEM).decode("ascii"),
        )
    except NotRead as error:
        raise NotARequest(str(error)) from None
    except _NOT_READ:
        raise NotARequest(
            "it is no certificate signing request in PEM (-----BEGIN CERTIFICATE REQUEST-----)."
        ) from None
