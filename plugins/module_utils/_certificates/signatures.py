# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""Whether a key has made a signature, by the algorithms of RFC 3279, 4055, 5758 and 8410. Pure.

Collection and emulator have this file alike.
"""

from __future__ import annotations

import hashlib
import traceback
from collections.abc import Callable
from typing import Any

from ansible_collections.ucops.imp.plugins.module_utils._formats.der import (
    OID,
    SEQUENCE,
    Element,
    Malformed,
    dotted,
    element,
)

try:
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, padding, rsa
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key
except ImportError:
    MISSING_LIBRARY: str | None = traceback.format_exc()
else:
    MISSING_LIBRARY = None

_RSA, _PSS = "1.2.840.113549.1.1", "1.2.840.113549.1.1.10"
_NIST = "2.16.840.1.101.3.4"
_HASHES = {
    "1.2.840.113549.2.5": "MD5",
    "1.3.14.3.2.26": "SHA1",
    f"{_NIST}.2.1": "SHA256",
    f"{_NIST}.2.2": "SHA384",
    f"{_NIST}.2.3": "SHA512",
    f"{_NIST}.2.4": "SHA224",
}
_ALGORITHMS = {
    f"{_RSA}.4": "MD5",
    f"{_RSA}.5": "SHA1",
    "1.3.14.3.2.29": "SHA1",
    f"{_RSA}.11": "SHA256",
    f"{_RSA}.12": "SHA384",
    f"{_RSA}.13": "SHA512",
    f"{_RSA}.14": "SHA224",
    "1.2.840.10045.4.1": "SHA1",
    "1.2.840.10045.4.3.1": "SHA224",
    "1.2.840.10045.4.3.2": "SHA256",
    "1.2.840.10045.4.3.3": "SHA384",
    "1.2.840.10045.4.3.4": "SHA512",
    "1.2.840.10040.4.3": "SHA1",
    **{f"{_NIST}.3.{number}": name for number, name in enumerate(("SHA224", "SHA256", "SHA384", "SHA512"), 1)},
    **{
        f"{_NIST}.3.{number}": f"SHA3_{bits}"
        for first in (5, 9, 13)
        for number, bits in enumerate((224, 256, 384, 512), first)
    },
}
"""The hash of each algorithm that goes with one kind of key; the key itself tells which kind that is."""
_EDWARDS = ("1.3.101.112", "1.3.101.113")
_EC_KEY = "1.2.840.10045.2.1"
_CURVES = {
    "SECP256R1": (1 << 256) - (1 << 224) + (1 << 192) + (1 << 96) - 1,
    "SECP384R1": (1 << 384) - (1 << 128) - (1 << 96) + (1 << 32) - 1,
    "SECP521R1": (1 << 521) - 1,
}
"""The prime of each curve whose parameters may be written out in a key (RFC 3279, section 2.3.5; FIPS 186)."""


def signed(content: bytes, signature: bytes, algorithm: Element, key: bytes) -> bool | None:
    """Whether a public key has signed something; ``None`` when that cannot be told for this kind of key or signature.

    ``algorithm`` is an AlgorithmIdentifier, ``key`` a SubjectPublicKeyInfo in DER.
    """
    try:
        name, parameters = _identifier(algorithm)
        public = public_key(key)
        check = _check(public, name, parameters)
        if check is None:
            return None
        check(signature, content)
    except InvalidSignature:
        return False
    except (ValueError, TypeError, LookupError, AttributeError, UnsupportedAlgorithm):
        # A hash that the library does not know, a key that is too short for it, parameters that are none.
        return None
    return True


def public_key(key: bytes) -> Any:
    """Return a key for the library; raises what the library raises about one that it does not know."""
    algorithm, point = element(key).children[:2]
    name, parameters = _identifier(algorithm)
    if name == _EC_KEY and parameters is not None and parameters.tag == SEQUENCE:
        prime = int.from_bytes(parameters.children[1].children[1].content, "big")
        curve = next((name for name, known in _CURVES.items() if known == prime), None)
        if curve is None:
            raise Malformed("an unknown curve")
        return ec.EllipticCurvePublicKey.from_encoded_point(getattr(ec, curve)(), point.content[1:])
    return load_der_public_key(key)


def canonical_key(key: bytes) -> bytes:
    """Return a public key as the library writes it; one that it does not know stays as it is."""
    try:
        return bytes(public_key(key).public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))
    except (ValueError, TypeError, LookupError, AttributeError, UnsupportedAlgorithm):
        return key


def key_fingerprint(key: bytes) -> str:
    """Return SHA-256 over the DER form of a public key, in lower-case hexadecimal."""
    return hashlib.sha256(canonical_key(key)).hexdigest()


def _identifier(algorithm: Element) -> tuple[str, Element | None]:
    """Return name and parameters of an AlgorithmIdentifier."""
    parts = algorithm.of(SEQUENCE).children
    if not parts:
        raise Malformed("an algorithm without a name")
    return dotted(parts[0].of(OID).content), parts[1] if len(parts) > 1 else None


def _check(public: Any, name: str, parameters: Element | None) -> Callable[[bytes, bytes], None] | None:
    """Return what takes signature and content and raises when they do not fit; ``None`` for an unknown algorithm."""
    if isinstance(public, (ed25519.Ed25519PublicKey, ed448.Ed448PublicKey)):
        return public.verify if name in _EDWARDS else None
    if name != _PSS and name not in _ALGORITHMS:
        return None
    scheme: Any = padding.PKCS1v15()
    if name == _PSS:
        scheme, hash_name = _pss(parameters)
    else:
        hash_name = _ALGORITHMS[name]
    algorithm = getattr(hashes, hash_name)()
    extra: tuple[Any, ...] = (algorithm,)
    if isinstance(public, rsa.RSAPublicKey):
        extra = scheme, algorithm
    elif isinstance(public, ec.EllipticCurvePublicKey):
        extra = (ec.ECDSA(algorithm),)
    elif not isinstance(public, dsa.DSAPublicKey):
        return None
    return lambda signature, content: public.verify(signature, content, *extra)


def _pss(parameters: Element | None) -> tuple[Any, str]:
    """Read RSASSA-PSS-params (RFC 4055, section 3.1), all of which have defaults."""
    given = {one.tag: element(one.content) for one in parameters.of(SEQUENCE).children} if parameters else {}
    hash_name = mask = "SHA1"
    if 0xA0 in given:
        hash_name = _HASHES[_identifier(given[0xA0])[0]]
    if 0xA1 in given:
        inner = _identifier(given[0xA1])[1]
        mask = _HASHES[_identifier(inner)[0]] if inner else mask
    salt = int.from_bytes(given[0xA2].content, "big") if 0xA2 in given else 20
    return padding.PSS(padding.MGF1(getattr(hashes, mask)()), salt), hash_name
