# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a node identifies itself with: signing requests with a real key, and the certificates that answer them."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from imp_emulator.crypto.certificates import usable
from imp_emulator.crypto.reading import parse_bundle
from imp_emulator.domain.imp import trust
from imp_emulator.domain.network import names
from imp_emulator.errors import Forbidden, InvalidValue, NotFound
from imp_emulator.store.imp import trust as store
from imp_emulator.world.context import Context
from imp_emulator.x509.certificate import held_pem
from imp_emulator.x509.signatures import canonical_key

KEY_LENGTHS: dict[str, tuple[int, ...]] = {"rsa": (2048, 3072, 4096), "ec": (256, 384, 521)}
HASHES: dict[str, hashes.SHA256 | hashes.SHA384 | hashes.SHA512] = {
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}
_CURVES: dict[int, ec.EllipticCurve] = {256: ec.SECP256R1(), 384: ec.SECP384R1(), 521: ec.SECP521R1()}
PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


@dataclass(frozen=True, slots=True)
class SigningRequest:
    """What a certificate is asked for; key lengths are in bits."""

    common_name: str
    key_type: str = "rsa"
    key_length: int = 2048
    hash_algorithm: str = "sha256"
    alternative_names: tuple[str, ...] = ()


def check_request(request: SigningRequest) -> None:
    """Raise ``InvalidValue`` for a key, hash or name that is not supported."""
    lengths = KEY_LENGTHS.get(request.key_type)
    if lengths is None:
        raise InvalidValue("invalid-field", f"keyType must be one of {', '.join(KEY_LENGTHS)}.", "keyType")
    if request.key_length not in lengths:
        allowed = ", ".join(str(length) for length in lengths)
        raise InvalidValue("invalid-field", f"keyLength must be one of {allowed}.", "keyLength")
    if request.hash_algorithm not in HASHES:
        raise InvalidValue("invalid-field", f"hashAlgorithm must be one of {', '.join(HASHES)}.", "hashAlgorithm")
    _builder(request)


def make_key(request: SigningRequest) -> PrivateKey:
    """Make the key for a request that was checked; it takes a while, so not on the event loop."""
    if request.key_type == "ec":
        return ec.generate_private_key(_CURVES[request.key_length])
    return rsa.generate_private_key(public_exponent=65537, key_size=request.key_length)


def create_request(
    context: Context, cluster: str, node: str, service: str, request: SigningRequest, key: PrivateKey
) -> str:
    """Make a signing request (PKCS#10) for a service; an earlier one that still waits is replaced.

    The request was checked and its key made. Returns it in PEM.
    """
    signed = _builder(request).sign(key, HASHES[request.hash_algorithm])
    pem = signed.public_bytes(serialization.Encoding.PEM).decode("ascii")
    store.put_signing_request(context.database, cluster, node, service, store.WaitingRequest(pem, _key_pem(key)))
    return pem


def _builder(request: SigningRequest) -> x509.CertificateSigningRequestBuilder:
    try:
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, request.common_name)])
    except ValueError:
        raise InvalidValue("invalid-field", "commonName must have 1 to 64 characters.", "commonName") from None
    alternatives = [_general_name(name) for name in dict.fromkeys((request.common_name, *request.alternative_names))]
    usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH])
    return (
        x509.CertificateSigningRequestBuilder()
        .subject_name(subject)
        .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        .add_extension(usage, critical=False)
    )


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        if not names.is_host_name(name):
            raise InvalidValue(
                "invalid-field", "commonName and altNames must be host names or addresses.", "altNames"
            ) from None
        return x509.DNSName(name)


def _key_pem(key: PrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode("ascii")


def waiting_request(context: Context, cluster: str, node: str, service: str) -> str:
    """Return the signing request that waits for its certificate, in PEM; raises ``NotFound`` when there is none."""
    trust.check_service(context, cluster, node, service)
    waiting = store.signing_request(context.database, cluster, node, service)
    if waiting is None:
        raise NotFound("csr-not-found", f"There is no certificate signing request for {service}.", "service")
    return waiting.request


def certificate(context: Context, cluster: str, node: str, service: str) -> str:
    """Return the certificate that a service shows, in PEM; raises ``NotFound`` when it has none."""
    trust.check_service(context, cluster, node, service)
    identity = store.identity(context.database, cluster, node, service)
    if identity is None:
        raise NotFound("certificate-not-found", f"There is no identity certificate for {service}.", "service")
    return identity.certificate


def upload(context: Context, cluster: str, node: str, service: str, texts: Sequence[str]) -> None:
    """Install the certificate that answers the waiting signing request; the request is then done with.

    Args:
        texts: PEM texts: the certificate and, in any order, CA certificates above it.

    Raises:
        Forbidden: No signing request waits, none of the certificates is for its key, or the issuer is neither among
            them nor in the service's trust store.
        InvalidValue: The service is unknown or a text is no certificate.
    """
    trust.check_service(context, cluster, node, service)
    waiting = store.signing_request(context.database, cluster, node, service)
    if waiting is None:
        raise Forbidden("csr-not-found", f"There is no certificate signing request for {service}.")
    uploaded = [found for text in texts for found in parse_bundle(text)]
    request = x509.load_pem_x509_csr(waiting.request.encode("ascii"))
    key = request.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    leaf = next((found for found in uploaded if canonical_key(found.parts.key) == key), None)
    if leaf is None:
        raise Forbidden("csr-mismatch", "The certificate does not match the key of the certificate signing request.")
    known = [one for found in trust.trusted(context, cluster, node, service) for one in held_pem(found.pem)]
    if not any(leaf.issued_by(ca) for ca in uploaded + known):
        raise Forbidden("issuer-not-trusted", f"The issuer of the certificate is not in {service}-trust.")
    if not usable(waiting.private_key + leaf.pem):
        raise InvalidValue("not-a-certificate", "The certificate cannot be used by a server: it is damaged.")
    store.put_identity(context.database, cluster, node, service, store.Identity(leaf.pem, waiting.private_key))
    store.remove_signing_request(context.database, cluster, node, service)
