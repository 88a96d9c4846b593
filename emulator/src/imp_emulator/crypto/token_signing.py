# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Signed access tokens (JSON Web Tokens, RFC 7519, RS256) and the public key that verifies them (RFC 7517)."""

from __future__ import annotations

import base64
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from jwt.algorithms import RSAAlgorithm

from imp_emulator.store.keys import KeyPair

if TYPE_CHECKING:
    from jwt.types import Options

_ALGORITHM = "RS256"
# Times are judged by the virtual clock, which a library cannot know; the audience is judged with them.
_SIGNATURE_ONLY: Options = {
    "verify_signature": True,
    "verify_exp": False,
    "verify_nbf": False,
    "verify_iat": False,
    "verify_aud": False,
    "verify_iss": False,
}


class BrokenTokenError(Exception):
    """A text is no token, or this key has not signed it."""


def sign(pair: KeyPair, claims: dict[str, Any]) -> str:
    """Return a token in its compact form; its header names the key by ``kid`` and ``x5t``."""
    name = thumbprint(pair.certificate)
    return jwt.encode(claims, pair.private_key, algorithm=_ALGORITHM, headers={"kid": name, "x5t": name})


def verified(pair: KeyPair, token: str) -> dict[str, Any]:
    """Return the claims of a token, its times not looked at.

    Raises:
        BrokenTokenError: It is not a token, or it was not signed with this key.
    """
    try:
        return jwt.decode(token, _public_key(pair.certificate), algorithms=[_ALGORITHM], options=_SIGNATURE_ONLY)
    except jwt.PyJWTError as error:
        raise BrokenTokenError(str(error)) from None


def public_jwk(pair: KeyPair) -> dict[str, Any]:
    """Return the public key as a member of a key set."""
    certificate = x509.load_pem_x509_certificate(pair.certificate.encode())
    name = thumbprint(pair.certificate)
    numbers = RSAAlgorithm.to_jwk(_public_key(pair.certificate), as_dict=True)
    der = certificate.public_bytes(serialization.Encoding.DER)
    return {
        "kty": "RSA",
        "use": "sig",
        "kid": name,
        "x5t": name,
        "n": numbers["n"],
        "e": numbers["e"],
        "x5c": [base64.b64encode(der).decode("ascii")],
    }


@lru_cache(maxsize=4)
def thumbprint(certificate: str) -> str:
    """Return the SHA-1 thumbprint of a certificate in base64url, as key sets name it (RFC 7517, 4.8)."""
    digest = x509.load_pem_x509_certificate(certificate.encode()).fingerprint(hashes.SHA1())  # noqa: S303 - a name
    return base64.urlsafe_b64encode(digest).decode("ascii").rstrip("=")


@lru_cache(maxsize=4)
def _public_key(certificate: str) -> Any:
    return x509.load_pem_x509_certificate(certificate.encode()).public_key()
