# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Signing requests (PKCS #10) for the tests of certification authorities."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.x509.oid import NameOID

from tests.support.certificates import general_name

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


@cache
def rsa_key(size: int = 2048, number: int = 0) -> rsa.RSAPrivateKey:
    """Return an RSA key; the same for the same arguments, because making one takes a while."""
    return rsa.generate_private_key(public_exponent=65537, key_size=size)


def signing_request(
    common_name: str | None, names: Sequence[str] = (), *, key: PrivateKey | None = None
) -> x509.CertificateSigningRequest:
    """Make a request for a CN (``None``: without) and the host names and addresses of a SAN (empty: without)."""
    attributes = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Example")]
    if common_name is not None:
        attributes.append(x509.NameAttribute(NameOID.COMMON_NAME, common_name))
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name(attributes))
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName([general_name(name) for name in names]), False)
    return builder.sign(key or rsa_key(), hashes.SHA256())


def pem(request: x509.CertificateSigningRequest) -> str:
    """Return a request as the text that is pasted into the CA's form."""
    return request.public_bytes(serialization.Encoding.PEM).decode("ascii")


def spki(key: CertificatePublicKeyTypes) -> bytes:
    """Return a public key in one form, to compare keys by."""
    return key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
