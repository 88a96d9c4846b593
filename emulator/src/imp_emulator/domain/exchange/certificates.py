# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates of an Exchange server (requirements C3 and C6): request, import, enable, remove; the key stays there."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from imp_emulator.crypto.certificates import Period, PrivateKey, issued_again, issuing_key, pem, usable
from imp_emulator.crypto.reading import imported
from imp_emulator.errors import Duplicate, Forbidden, InvalidValue, NotFound
from imp_emulator.store.exchange import certificates as store
from imp_emulator.store.exchange.certificates import IIS, PENDING, VALID, ExchangeCertificate
from imp_emulator.world.context import Context
from imp_emulator.x509.certificate import Certificate, held, held_pem
from imp_emulator.x509.der import Malformed
from imp_emulator.x509.signatures import canonical_key

__all__ = ["ExchangeCertificate"]

DEFAULT_KEY_SIZE = 2048
KEY_SIZES = (1024, 2048, 4096)
SERVICES = ("IMAP", "POP", "IIS", "SMTP")
_SHARED_SERVICE = "SMTP"
"""The one service that may use several certificates at once; of each other service there is one."""

_PLACEHOLDER_VALIDITY = timedelta(days=365)
_ATTRIBUTES = {"S": NameOID.STATE_OR_PROVINCE_NAME, "E": NameOID.EMAIL_ADDRESS}
"""Short names that Windows writes and RFC 4514 does not."""
_QUOTED = re.compile(r'"((?:[^"]|"")*)"')
"""How Windows writes a value with separators in it; RFC 4514 puts a backslash before each."""
_UNREADABLE = (ValueError, TypeError, x509.DuplicateExtension, x509.UnsupportedGeneralNameType, UnsupportedAlgorithm)
"""What the library raises about a certificate that it cannot read, or an extension that it cannot write again."""
_HOST = re.compile(r"(?:\*\.)?[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*")


@dataclass(frozen=True, slots=True)
class SigningRequest:
    """What a certificate is requested for; checked, so that only the key is missing."""

    subject: x509.Name
    names: tuple[str, ...]
    key_size: int
    friendly_name: str = ""
    exportable: bool = False


def checked_request(
    context: Context,
    server: str,
    subject: str,
    names: Sequence[str],
    key_size: int = DEFAULT_KEY_SIZE,
    friendly_name: str = "",
    exportable: bool = False,
) -> SigningRequest:
    """Check what is asked for.

    Args:
        subject: A distinguished name as Windows writes it, for example ``C=JP,O=Example,CN=mail.example.com``.
        names: The host names of the SAN; none makes a request without SAN.

    Raises:
        InvalidValue: The subject has no CN or cannot be read, a name is no host name, the SAN does not hold the CN, or
            the key is too short for the server (requirement C3).
    """
    name = parse_subject(subject)
    common_names = name.get_attributes_for_oid(NameOID.COMMON_NAME)
    if len(common_names) != 1:
        raise InvalidValue("subject-without-cn", "The subject name must hold exactly one common name (CN).", "subject")
    if key_size not in KEY_SIZES:
        sizes = ", ".join(str(size) for size in KEY_SIZES)
        raise InvalidValue("key-size", f"The key size {key_size} is not supported; valid sizes are {sizes}.", "size")
    minimum = _minimum_key_size(context, server)
    if key_size < minimum:
        raise InvalidValue("key-too-short", f"The key size {key_size} is below the minimum of {minimum} bits.", "size")
    for host in names:
        if not _HOST.fullmatch(host):
            raise InvalidValue("domain-name", f"{host!r} is not a valid domain name.", "names")
    common_name = str(common_names[0].value)
    if names and common_name.lower() not in {host.lower() for host in names}:
        text = f"The domain names must contain the subject's common name {common_name}."
        raise InvalidValue("cn-not-in-san", text, "names")
    hosts = tuple(dict.fromkeys(host.lower() for host in names))
    return SigningRequest(name, hosts, key_size, friendly_name, exportable)


def _minimum_key_size(context: Context, server: str) -> int:
    return next(spec.minimum_key_size for spec in context.scenario.exchange if spec.name == server.lower())


def parse_subject(text: str) -> x509.Name:
    """Read a distinguished name in the order in which Windows writes it, outermost part first.

    Raises:
        InvalidValue: It cannot be read.
    """
    plain = _QUOTED.sub(lambda match: re.sub(r'([,+;<>=#"\\])', r"\\\1", match[1].replace('""', '"')), text.strip())
    try:
        reversed_name = x509.Name.from_rfc4514_string(re.sub(r"(?<!\\),\s+", ",", plain), _ATTRIBUTES)
    except ValueError:
        raise InvalidValue("subject-name", "The subject name is not a valid distinguished name.", "subject") from None
    return x509.Name(reversed(list(reversed_name.rdns)))


def generate_key(size: int) -> rsa.RSAPrivateKey:
    """Make a key; it takes a while, so not on the event loop."""
    return rsa.generate_private_key(public_exponent=65537, key_size=size)


def add_request(context: Context, server: str, request: SigningRequest, key: rsa.RSAPrivateKey) -> ExchangeCertificate:
    """Store a pending request with its key and return it."""
    builder = x509.CertificateSigningRequestBuilder().subject_name(request.subject)
    for extension, critical in _extensions(request):
        builder = builder.add_extension(extension, critical)
    signed = builder.sign(key, hashes.SHA256())
    placeholder = _placeholder(request, key, context.clock.now())
    stored = ExchangeCertificate(
        server=server,
        thumbprint=placeholder.thumbprint,
        status=PENDING,
        private_key=key.private_bytes(
            Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode("ascii"),
        served=placeholder.pem,
        # The words with which Windows frames a PKCS #10 request.
        request=signed.public_bytes(Encoding.PEM)
        .decode("ascii")
        .replace("CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST"),
        friendly_name=request.friendly_name,
        exportable=request.exportable,
    )
    store.put(context.database, stored)
    return stored


def _extensions(request: SigningRequest) -> list[tuple[x509.ExtensionType, bool]]:
    usage = x509.KeyUsage(True, False, True, False, False, False, False, False, False)
    found: list[tuple[x509.ExtensionType, bool]] = [(usage, True)]
    if request.names:
        found.append((x509.SubjectAlternativeName([x509.DNSName(name) for name in request.names]), False))
    found.append((x509.BasicConstraints(ca=False, path_length=None), True))
    return found


def _placeholder(request: SigningRequest, key: rsa.RSAPrivateKey, now: datetime) -> Certificate:
    """Make the self-signed certificate that stands for a pending request; no client is ever sent it."""
    builder = (
        x509.CertificateBuilder()
        .subject_name(request.subject)
        .issuer_name(request.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + _PLACEHOLDER_VALIDITY)
    )
    for extension, critical in _extensions(request):
        builder = builder.add_extension(extension, critical)
    return held(builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER))


def import_issued(context: Context, server: str, data: bytes, friendly_name: str = "") -> ExchangeCertificate:
    """Complete the pending request that an issued certificate answers (requirement C6).

    Args:
        data: The certificate alone or with the CA certificates above it: PEM, DER or PKCS #7.

    Raises:
        InvalidValue: It holds no certificate, or one that cannot be read.
        Duplicate: The certificate is there already.
        NotFound: No pending request of this server has the certificate's key.
    """
    found = _read(data)
    pending = {_public(row.certificate): row for row in certificates(context, server) if row.status == PENDING}
    for certificate in found:
        name = certificate.thumbprint
        if store.certificate(context.database, server, name) is not None:
            raise Duplicate("certificate-exists", f"A certificate with the thumbprint {name} already exists.")
    issued = next((certificate for certificate in found if _public(certificate) in pending), None)
    if issued is None:
        text = f"No pending request on the server {server} has the private key of the certificate."
        raise NotFound("no-matching-request", text)
    request = pending[_public(issued)]
    completed = ExchangeCertificate(
        server=server,
        thumbprint=issued.thumbprint,
        status=VALID,
        private_key=request.private_key,
        served=issued.pem + "".join(above.pem for above in _intermediates(issued, found)),
        friendly_name=friendly_name or request.friendly_name,
        exportable=request.exportable,
    )
    store.remove(context.database, request)
    store.put(context.database, completed)
    return completed


def _read(data: bytes) -> list[Certificate]:
    try:
        found = imported(data)
    except Malformed:
        raise InvalidValue("not-a-certificate", "The data holds a certificate that cannot be read.", "data") from None
    if not found:
        raise InvalidValue("not-a-certificate", "The data holds no certificate that can be imported.", "data")
    return found


def _intermediates(leaf: Certificate, others: Collection[Certificate]) -> list[Certificate]:
    """Return the chain above a certificate as far as it was given, without the root, which no server sends."""
    chain: list[Certificate] = []
    current = leaf
    while True:
        above = next((one for one in others if one not in (leaf, *chain) and current.issued_by(one)), None)
        if above is None or above.self_signed:
            return chain
        chain.append(above)
        current = above


def enable(context: Context, server: str, name: str, services: Sequence[str]) -> ExchangeCertificate:
    """Have services use a certificate; those it has already stay. From then on the https port sends IIS's.

    Raises:
        NotFound: There is no such certificate.
        Forbidden: It is a request that is still pending, or no server can use it.
    """
    stored = find(context, server, name)
    if stored.status == PENDING:
        text = f"The certificate with the thumbprint {stored.thumbprint} is a pending request and cannot be enabled."
        raise Forbidden("request-pending", text)
    if not usable(stored.private_key + stored.served):
        text = f"The certificate with the thumbprint {stored.thumbprint} cannot be used by a server: it is damaged."
        raise Forbidden("certificate-unusable", text)
    taken = {service for service in services if service != _SHARED_SERVICE}
    for other in certificates(context, server):
        if other.thumbprint != stored.thumbprint and taken & set(other.services):
            kept = [service for service in other.services if service not in taken]
            store.set_services(context.database, other, kept)
    wanted = {*stored.services, *services}
    store.set_services(context.database, stored, [service for service in SERVICES if service in wanted])
    return find(context, server, name)


def remove(context: Context, server: str, name: str) -> None:
    """Delete a certificate or a pending request with its key.

    Raises:
        NotFound: There is no such certificate.
        Forbidden: The https port uses it.
    """
    stored = find(context, server, name)
    if IIS in stored.services:
        text = f"The certificate with the thumbprint {stored.thumbprint} is used by IIS and cannot be removed."
        raise Forbidden("certificate-in-use", text)
    store.remove(context.database, stored)


def issue_again(context: Context, server: str, days: int) -> ExchangeCertificate:
    """Have a server show its certificate issued anew: the same names, key and issuer, but with another end.

    Args:
        server: The server's name.
        days: When the new one ends, in days of the virtual clock from now on; negative for one that is over.

    Raises:
        NotFound: There is no such server, or its https port shows no certificate.
        Forbidden: The key of the issuer is not the emulator's to use: an authority that decides on requests has issued
            it, or it cannot be read.
    """
    stored = store.served_by_iis(context.database, server.lower())
    if stored is None:
        raise NotFound("certificate-not-found", f"There is no Exchange server {server} that shows a certificate.")
    try:
        old, *above = x509.load_pem_x509_certificates(stored.served.encode())
        made = issued_again(old, _signing_key(context, stored, old), _period(context, old, days))
    except _UNREADABLE:
        raise Forbidden("certificate-unusable", f"The certificate of {server} cannot be issued anew.") from None
    new = replace(stored, thumbprint=held_pem(made)[0].thumbprint, served=made + "".join(map(pem, above)))
    # It takes the other's place: a server that still had that one would only need to use it again.
    store.remove(context.database, stored)
    store.put(context.database, new)
    return new


def _period(context: Context, old: x509.Certificate, days: int) -> Period:
    # Whole seconds, as a certificate has them, so that so many days are left and not a moment less.
    end = context.clock.now().replace(microsecond=0) + timedelta(days=days, seconds=1)
    return min(old.not_valid_before_utc, end - timedelta(days=1)), end


def _signing_key(context: Context, stored: ExchangeCertificate, old: x509.Certificate) -> PrivateKey:
    found = issuing_key(context.database, old, stored.private_key)
    if found is None:
        text = f"The emulator has no key of the authority of {stored.server}'s certificate, so only that one issues it."
        raise Forbidden("issuer-elsewhere", text)
    return found


def certificates(context: Context, server: str) -> list[ExchangeCertificate]:
    """Return a server's certificates and pending requests, the newest first."""
    return store.certificates(context.database, server)


def find(context: Context, server: str, name: str) -> ExchangeCertificate:
    """Return a certificate by its thumbprint, written with or without spaces.

    Raises:
        NotFound: There is none.
    """
    stored = store.certificate(context.database, server, re.sub(r"[\s:]", "", name))
    if stored is None:
        text = f"The certificate with thumbprint {name} was not found on the server {server}."
        raise NotFound("certificate-not-found", text)
    return stored


def _public(certificate: Certificate) -> bytes:
    return canonical_key(certificate.parts.key)
