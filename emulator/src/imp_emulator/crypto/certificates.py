# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates: the emulator's own CA with the nodes' server certificates, and the Exchange servers' chain.

Every certificate carries the extensions that RFC 5280 wants (basic constraints, key usage, key identifiers), so that
strict verifiers accept it.
"""

from __future__ import annotations

import ipaddress
import ssl
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.padding import AsymmetricPadding
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from imp_emulator.scenario.model import ClusterSpec, ExchangeSpec, NodeSpec, Scenario
from imp_emulator.scenario.names import MAXIMUM_COMMON_NAME
from imp_emulator.store import keys
from imp_emulator.store.database import Database
from imp_emulator.store.keys import KeyPair
from imp_emulator.x509.certificate import held_pem

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey

# A day before the first start, so that clients whose clock runs a little late accept what was made just now.
_FROM_DAYS, _UNTIL_DAYS = -1, 3650
_LOOPBACK_NAMES = ("localhost", "127.0.0.1", "::1")

Period = tuple[datetime, datetime]
"""From when to when a certificate is good."""


def validity(now: datetime, lifetime: timedelta, backdated: timedelta) -> Period:
    """Return the period of what is issued at a moment of virtual time, so that it holds the real present as well.

    Real clients judge by their own clock. A beginning that is still to come for them is that of the real present, and
    an end that is past for them counts from it.

    Args:
        now: Virtual time.
        backdated: How long before the moment of issue it begins.
    """
    real = datetime.now(UTC)
    start, end = now - backdated, now + lifetime
    return real - backdated if start > real else start, real + lifetime if end <= real else end


@dataclass(frozen=True, slots=True)
class Issuer:
    """A certification authority at work: its key, its certificate and the CA certificates from it upwards, in PEM."""

    key: PrivateKey
    certificate: x509.Certificate
    chain: str


def seed(database: Database, scenario: Scenario) -> None:
    """Make and store every key pair of a scenario.

    The nodes get EC P-256 keys under the emulator's CA; the Exchange servers RSA 2048 keys under an intermediate CA,
    as a Microsoft PKI of the guide's time has them. Those that stand in for real ones are seen to in ``stand_ins``.
    """
    emulator = _authority(database, keys.EMULATOR_CA, "imp-emulator CA", ec_key())
    for cluster in scenario.clusters:
        for node in cluster.nodes:
            keys.put(database, cluster.name, node.name, _node_pair(cluster, node, emulator))
    own = [server for server in scenario.exchange if not server.stands_in_for]
    if own:
        # As long as the longest of what they have issued: whoever moves the clock there meets a chain that is good.
        period = _from_to(
            min(_FROM_DAYS, *(server.certificate_from_days for server in own)),
            max(_UNTIL_DAYS, *(server.certificate_until_days for server in own)),
        )
        root = _authority(database, keys.EXCHANGE_ROOT, "Example Enterprise Root CA", rsa_key(), period=period)
        issuing = _authority(
            database, keys.EXCHANGE_INTERMEDIATE, "Example Enterprise Issuing CA", rsa_key(), root, period
        )
        for server in own:
            keys.put(database, keys.NO_CLUSTER, server.name, _exchange_pair(server, issuing))
    for server in scenario.exchange:
        management = web_server_pair(database, server.name)
        keys.put(database, keys.NO_CLUSTER, keys.management(server.name), management)
    for host in scenario.online.hosts if scenario.online else ():
        keys.put(database, keys.NO_CLUSTER, host, web_server_pair(database, host))
    if scenario.online:
        keys.put(database, keys.NO_CLUSTER, keys.TOKEN_SIGNING, leaf(subject("token signing"), [], rsa_key(), None))


def tls_context(served: str) -> ssl.SSLContext:
    """Return a TLS server context (1.2 and newer) of a private key and the certificates to send with it, in PEM."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # OpenSSL reads the pair from a file only; this one is private to the user and gone when the block ends.
    with tempfile.NamedTemporaryFile("w", suffix=".pem", encoding="ascii") as file:
        file.write(served)
        file.flush()
        context.load_cert_chain(Path(file.name))
    return context


def usable(served: str) -> bool:
    """Tell whether a server can use a private key and the certificates to send with it, in PEM."""
    try:
        tls_context(served)
    except ssl.SSLError:
        return False
    return True


def web_server_pair(database: Database, host: str) -> KeyPair:
    """Return a new key pair, signed by the emulator's CA, for a listener that clients reach on loopback."""
    stored = keys.get(database, keys.NO_CLUSTER, keys.EMULATOR_CA)
    certificate = x509.load_pem_x509_certificate(stored.certificate.encode())
    issuer = Issuer(private_key(stored.private_key), certificate, stored.certificate)
    return leaf(subject(host), [host, *_LOOPBACK_NAMES], ec_key(), issuer)


def strange(served: str) -> str:
    """Return what somebody else would show in a server's place: its names, another key, an authority nobody knows.

    Args:
        served: What the server shows, its own certificate first; PEM.

    Returns:
        A private key and the certificates to send with it, in PEM.
    """
    own = held_pem(served)[0]
    authority_of_nobody = authority("Unknown CA", ec_key(), None, None)
    name = "".join(own.common_names[:1])[:MAXIMUM_COMMON_NAME] or "unknown"
    names = [one for one in (*own.dns_names, *own.addresses) if one.isascii()]
    pair = leaf(subject(name), names, ec_key(), authority_of_nobody)
    return pair.private_key + pair.served


def issuing_key(database: Database, certificate: x509.Certificate, own_key: str) -> PrivateKey | None:
    """Return the key that has signed a certificate; ``None`` when it is none of the named CAs'.

    Args:
        own_key: The certificate's own, PEM, with which it is self-signed.
    """
    if certificate.issuer == certificate.subject:
        return private_key(own_key)
    for pair in keys.of_no_cluster(database):
        # Of an authority that stands in for a real one there is the key alone.
        known = x509.load_pem_x509_certificates(pair.certificate.encode()) if pair.certificate else []
        if [one.subject for one in known] in ([], [certificate.issuer]):
            key = private_key(pair.private_key)
            if _has_signed(key, certificate):
                return key
    return None


def _has_signed(key: PrivateKey, certificate: x509.Certificate) -> bool:
    public, parameters = key.public_key(), certificate.signature_algorithm_parameters
    algorithm, signed = certificate.signature_hash_algorithm, certificate.tbs_certificate_bytes
    try:
        if isinstance(public, rsa.RSAPublicKey) and isinstance(parameters, AsymmetricPadding) and algorithm is not None:
            public.verify(certificate.signature, signed, parameters, algorithm)
        elif isinstance(public, ec.EllipticCurvePublicKey) and isinstance(parameters, ec.ECDSA):
            public.verify(certificate.signature, signed, parameters)
        else:
            return False
    except InvalidSignature:
        return False
    return True


def issued_again(old: x509.Certificate, key: PrivateKey, period: Period) -> str:
    """Return a certificate anew in PEM, signed with its issuer's key: only number and dates are others."""
    start, end = period
    builder = (
        x509.CertificateBuilder()
        .subject_name(old.subject)
        .issuer_name(old.issuer)
        .public_key(old.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(end)
    )
    for extension in old.extensions:
        builder = builder.add_extension(extension.value, extension.critical)
    return pem(builder.sign(key, hashes.SHA256()))


def _node_pair(cluster: ClusterSpec, node: NodeSpec, issuer: Issuer) -> KeyPair:
    names = dict.fromkeys((node.fqdn, node.name, *_LOOPBACK_NAMES))
    return leaf(subject(node.fqdn, organisation=cluster.domain), list(names), ec_key(), issuer)


def _exchange_pair(server: ExchangeSpec, issuer: Issuer) -> KeyPair:
    signer = None if server.certificate == "self_signed" else issuer
    period = _from_to(server.certificate_from_days, server.certificate_until_days)
    return leaf(subject(server.common_name), server.alternative_names, rsa_key(), signer, period)


def ec_key() -> PrivateKey:
    """Return a new EC P-256 key."""
    return ec.generate_private_key(ec.SECP256R1())


def rsa_key() -> PrivateKey:
    """Return a new RSA key of 2048 bits."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def subject(common_name: str, organisation: str = "Example") -> x509.Name:
    """Return a distinguished name; of a host name that is too long for a CN, its first label is there."""
    if len(common_name) > MAXIMUM_COMMON_NAME:
        common_name = common_name.partition(".")[0]
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


def _authority(
    database: Database,
    owner: str,
    common_name: str,
    key: PrivateKey,
    issuer: Issuer | None = None,
    period: Period | None = None,
) -> Issuer:
    """Make and store a CA, see :func:`authority`."""
    made = authority(common_name, key, issuer, period, path_length=0 if issuer else None)
    above = issuer.chain if issuer else ""
    keys.put(database, keys.NO_CLUSTER, owner, KeyPair(key_pem(key), pem(made.certificate), above))
    return made


def authority(
    common_name: str,
    key: PrivateKey,
    issuer: Issuer | None,
    period: Period | None,
    names: Sequence[str] = (),
    path_length: int | None = None,
) -> Issuer:
    """Make a CA: self-signed without an issuer.

    Args:
        period: From when to when it is good; ten years from now on without one.
        names: Its subject alternative names; none for a certificate without them.
        path_length: How many authorities may stand below it; ``None`` for any number.
    """
    own = subject(common_name)
    builder = _builder(own, issuer.certificate.subject if issuer else own, key, period)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=path_length), critical=True)
    builder = builder.add_extension(key_usage(key.public_key(), authority=True), critical=True)
    if names:
        builder = builder.add_extension(_alternatives(names), critical=False)
    certificate = _signed(builder, issuer.key if issuer else key)
    return Issuer(key, certificate, pem(certificate) + (issuer.chain if issuer else ""))


def leaf(
    subject: x509.Name, names: Sequence[str], key: PrivateKey, issuer: Issuer | None, period: Period | None = None
) -> KeyPair:
    """Make a server's key pair: self-signed without an issuer."""
    builder = _builder(subject, issuer.certificate.subject if issuer else subject, key, period)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(key_usage(key.public_key(), authority=False), critical=True)
    purposes = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
    builder = builder.add_extension(x509.ExtendedKeyUsage(purposes), critical=False)
    if names:
        builder = builder.add_extension(_alternatives(names), critical=False)
    certificate = pem(_signed(builder, issuer.key if issuer else key))
    return KeyPair(key_pem(key), certificate, issuer.chain if issuer else "")


def private_key(text: str) -> PrivateKey:
    """Load a key that the state holds, in PEM."""
    key = serialization.load_pem_private_key(text.encode(), None)
    if not isinstance(key, (ec.EllipticCurvePrivateKey, rsa.RSAPrivateKey)):
        raise TypeError("the state holds keys of EC and RSA")
    return key


def _from_to(first: int, last: int) -> Period:
    """Return a period in days of real time; what is made for a listener does not ask the virtual clock."""
    now = datetime.now(UTC)
    return now + timedelta(days=first), now + timedelta(days=last)


def _builder(subject: x509.Name, issuer: x509.Name, key: PrivateKey, period: Period | None) -> x509.CertificateBuilder:
    start, end = period or _from_to(_FROM_DAYS, _UNTIL_DAYS)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(end)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _signed(builder: x509.CertificateBuilder, key: PrivateKey) -> x509.Certificate:
    identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key())
    return builder.add_extension(identifier, critical=False).sign(key, hashes.SHA256())


def key_usage(key: CertificatePublicKeyTypes, authority: bool) -> x509.KeyUsage:
    """Return the key usage of a CA's or an end entity's certificate; only an RSA key can encipher another key."""
    return x509.KeyUsage(
        digital_signature=not authority,
        content_commitment=False,
        key_encipherment=isinstance(key, rsa.RSAPublicKey) and not authority,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )


def _alternatives(names: Sequence[str]) -> x509.SubjectAlternativeName:
    return x509.SubjectAlternativeName([_general_name(name) for name in names])


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def pem(certificate: x509.Certificate) -> str:
    """Return a certificate in PEM."""
    return certificate.public_bytes(serialization.Encoding.PEM).decode("ascii")


def key_pem(key: PrivateKey) -> str:
    """Return a private key in PEM (PKCS #8), unencrypted."""
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode("ascii")
