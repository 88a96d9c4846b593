# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certification authorities (requirements C2 to C5, C7): what becomes of a request, and who may decide on it.

A standalone CA leaves every request pending until an administrator issues or denies it, and takes no notice of a
template. An enterprise CA decides at once, by template, but for templates that demand a CA manager's approval. Either
denies what breaks the rules of C2 and C3: the CN of a request differs from the CA's name, an RSA key is long enough,
and a SAN that is filled holds the CN. Disposition messages and codes are those of Active Directory Certificate Services
where it has one for the case (winerror.h).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import ipaddress
import re
from collections.abc import Mapping, Sequence
from datetime import timedelta

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from imp_emulator.crypto import authority as signing
from imp_emulator.crypto.authority import SKEW, Signer
from imp_emulator.crypto.certificates import key_pem, pem, validity
from imp_emulator.domain.exchange import trust
from imp_emulator.errors import Forbidden, InvalidValue, NotFound
from imp_emulator.letter_case import ascii_lower
from imp_emulator.scenario.model import CaSpec
from imp_emulator.store.ca import authorities
from imp_emulator.store.ca import requests as store
from imp_emulator.store.ca.authorities import AuthorityCertificate, CertificationAuthority
from imp_emulator.store.ca.requests import CertificateRequest, RequestState
from imp_emulator.world.context import Context

__all__ = ["CertificateRequest", "RequestState"]

TEMPLATE = "certificatetemplate"
"""The request attribute that names the template, in lower case."""
REASONS = tuple(reason.value for reason in x509.ReasonFlags if reason is not x509.ReasonFlags.remove_from_crl)
"""Why a certificate may be revoked (RFC 5280)."""

_POLICY = "Denied by Policy Module"
_TAKEN = "Taken Under Submission"
_ENDED = (
    "A required certificate is not within its validity period when verifying against the current system clock or the"
    " timestamp in the signed file. 0x800b0101 (-2146762495 CERT_E_EXPIRED)"
)
_LONGEST_NAME = 64
"""Characters of a CN (RFC 5280, appendix A.1)."""
_BROKEN = (
    ValueError,
    TypeError,
    UnsupportedAlgorithm,
    x509.DuplicateExtension,
    x509.InvalidVersion,
    x509.UnsupportedGeneralNameType,
)
_ARMOUR = re.compile(r"-----(?:BEGIN|END) (?:NEW )?CERTIFICATE REQUEST-----")


class _Refused(Exception):
    """The CA denies a request by itself; the message is the disposition message."""


def authority(context: Context, host: str) -> CertificationAuthority:
    """Return a CA's settings.

    Raises:
        NotFound: There is no such CA.
    """
    found = authorities.authority(context.database, host)
    if found is None:
        raise NotFound("ca-not-found", f"There is no certification authority {host}.")
    return found


def language(context: Context, host: str) -> str:
    """Return the language of a CA's pages (ISO 639-1)."""
    return _declared(context, host).language


def _declared(context: Context, host: str) -> CaSpec:
    return next(spec for spec in context.scenario.certification_authorities if spec.host == host.lower())


def submit(context: Context, host: str, text: str, attributes: Mapping[str, str], requester: str) -> CertificateRequest:
    """Take a request in; returns it with what became of it.

    Args:
        text: PKCS #10 in base 64, with or without PEM's first and last lines.
        attributes: The request's attributes by name in lower case, see :data:`TEMPLATE`.
        requester: The account's name.

    Raises:
        InvalidValue: The text is no request at all, so there is nothing to give a number to.
    """
    settings = authority(context, host)
    csr = parse_request(text)
    template = attributes.get(TEMPLATE) or None
    try:
        _check(settings, csr, _names(context, host))
        if _has_ended(context, _newest(context, host)):
            raise _Refused(_ENDED)
        purposes = _purposes(settings, template)
        state, message = RequestState.PENDING, _TAKEN
    except _Refused as refusal:
        purposes, state, message = None, RequestState.DENIED, str(refusal)
    request = CertificateRequest(
        host=settings.host,
        id=store.next_id(context.database, host),
        csr=csr.public_bytes(serialization.Encoding.PEM).decode("ascii"),
        fingerprint=hashlib.sha256(csr.public_bytes(serialization.Encoding.DER)).hexdigest(),
        subject=csr.subject.rfc4514_string(),
        template=template,
        requester=requester,
        submitted_at=context.clock.timestamp(),
        state=state,
        message=message,
    )
    store.add(context.database, request)
    if settings.kind == "enterprise" and state is RequestState.PENDING and not _waits(context, host, template):
        _sign(context, settings, request, purposes)
    return find(context, host, request.id)


def _waits(context: Context, host: str, template: str | None) -> bool:
    """Tell whether requests by a template of an enterprise CA wait for a CA manager's approval."""
    demanding = {name.lower() for name in _declared(context, host).manager_approval}
    return template is not None and template.lower() in demanding


def parse_request(text: str) -> x509.CertificateSigningRequest:
    """Read a PKCS #10 request and touch all of it that is parsed late.

    Raises:
        InvalidValue: It cannot be read.
    """
    try:
        content = base64.b64decode("".join(_ARMOUR.sub("", text).split()), validate=True)
        request = x509.load_der_x509_csr(content)
        request.public_key()
        _alternative_names(request)
        signing.requested(request, x509.ExtendedKeyUsage)
        request.subject.rfc4514_string()
    except (binascii.Error, *_BROKEN):
        raise InvalidValue(
            "not-a-request", "Error Parsing Request  ASN1 bad tag value met. 0x8009310b (ASN: 267)", "CertRequest"
        ) from None
    return request


def requests(context: Context, host: str, state: RequestState | None = None) -> list[CertificateRequest]:
    """Return the requests of a CA, all or those in one state, oldest first.

    Raises:
        NotFound: There is no such CA.
    """
    return store.requests(context.database, authority(context, host).host, state)


def page(
    context: Context, hosts: Sequence[str], state: str, skip: int, first: int
) -> tuple[int, list[CertificateRequest]]:
    """Return how many requests some CAs have, and those of a page; see the store's function."""
    return store.page(context.database, hosts, state, skip, first)


def was_asked(context: Context, host: str) -> bool:
    """Tell whether a CA has seen a request."""
    return store.next_id(context.database, host) > 1


def find(context: Context, host: str, identifier: int) -> CertificateRequest:
    """Return a request.

    Raises:
        NotFound: The CA has none of this number.
    """
    request = store.request(context.database, host, identifier)
    if request is None:
        raise NotFound("request-not-found", f"There is no request {identifier}.")
    return request


def issue(context: Context, host: str, identifier: int) -> CertificateRequest:
    """Issue a pending request, or one that was denied, as the administrator of a CA can.

    Raises:
        NotFound: There is no such CA or request.
        Forbidden: It was issued already, or revoked, or the CA's own certificate has expired.
    """
    settings, request = authority(context, host), find(context, host, identifier)
    if request.state not in (RequestState.PENDING, RequestState.DENIED):
        raise Forbidden("wrong-state", f"Request {identifier} is {request.state}; only a pending one can be issued.")
    if _has_ended(context, _newest(context, host)):
        raise Forbidden("ca-expired", _ENDED)
    _sign(context, settings, request, signing.purposes(request.template) if settings.kind == "enterprise" else None)
    return find(context, host, identifier)


def deny(context: Context, host: str, identifier: int, actor: str) -> CertificateRequest:
    """Deny a pending request.

    Raises:
        NotFound: There is no such CA or request.
        Forbidden: It is not pending.
    """
    authority(context, host)
    request = find(context, host, identifier)
    if request.state != RequestState.PENDING:
        raise Forbidden("wrong-state", f"Request {identifier} is {request.state}; only a pending one can be denied.")
    store.set_denied(context.database, host, identifier, f"Denied by {actor}")
    return find(context, host, identifier)


def revoke(context: Context, host: str, identifier: int, actor: str, reason: str = "unspecified") -> CertificateRequest:
    """Revoke an issued certificate; the CRL has it from now on.

    Raises:
        NotFound: There is no such CA or request.
        InvalidValue: The reason is none of :data:`REASONS`.
        Forbidden: It is not issued.
    """
    authority(context, host)
    request = find(context, host, identifier)
    if reason not in REASONS:
        raise InvalidValue("invalid-field", f"reason must be one of {', '.join(REASONS)}.", "reason")
    if request.state != RequestState.ISSUED:
        raise Forbidden("wrong-state", f"Request {identifier} is {request.state}; only an issued one can be revoked.")
    now = context.clock.timestamp()
    store.set_revoked(context.database, host, identifier, now, reason, f"Revoked by {actor}")
    return find(context, host, identifier)


def renew(context: Context, host: str, new_key: bool = True) -> int:
    """Give a CA a new certificate of its own, with a new key or the old one; returns how often it has been renewed.

    What was issued before stays valid, signed by the earlier certificate. A new root of an enterprise CA reaches the
    servers of its domain by itself; that of a standalone one does not.

    Raises:
        NotFound: There is no such CA.
        Forbidden: The certificate of the CA above it has expired.
    """
    settings = authority(context, host)
    database = context.database
    newest = authorities.certificates(database, host)[-1]
    key_size = settings.key_size
    key = rsa.generate_private_key(public_exponent=65537, key_size=key_size) if new_key else Signer.of(newest).key
    level = newest.level
    above = Signer.of(authorities.certificates(database, host, level - 1)[-1]) if level else None
    if above and _has_ended(context, above):
        raise Forbidden("ca-expired", _ENDED)
    name = signing.authority_name(settings.common_name, level)
    # Its days are counted from the beginning, which lies a little before this moment.
    now = context.clock.now()
    start, end = validity(now, timedelta(days=settings.validity_days) - SKEW, SKEW)
    # Later than the one before, as others tell the newer by it; not when the clock was set back before that.
    later = _parsed(newest).not_valid_before_utc + timedelta(seconds=1)
    start = max(start, later) if later <= now else start
    certificate = signing.sign_authority(name, key, above, (start, end), signing.HASHES[settings.hash])
    if level == 0 and settings.kind == "enterprise":
        trust.distribute(context, pem(certificate))
    return authorities.add_certificate(database, host, level, key_pem(key), pem(certificate))


def renewals(context: Context, host: str) -> int:
    """Return how often the issuing certificate of a CA has been renewed."""
    authority(context, host)
    return len(authorities.certificates(context.database, host)) - 1


def chain(context: Context, host: str, renewal: int) -> list[x509.Certificate]:
    """Return an issuing certificate of the CA and the certificates above it, the root last.

    Raises:
        NotFound: There is no such CA, or it has not been renewed so often.
    """
    own = _own(context, host, renewal)
    found = [_parsed(own)]
    for level in range(own.level - 1, -1, -1):
        above = [_parsed(one) for one in authorities.certificates(context.database, host, level)]
        found.append(next(one for one in reversed(above) if _signed_by(found[-1], one)))
    return found


def crl(context: Context, host: str, renewal: int) -> x509.CertificateRevocationList:
    """Return the base CRL that belongs to one of the CA's issuing certificates.

    Raises:
        NotFound: There is no such CA, or it has not been renewed so often.
    """
    settings = authority(context, host)
    signer = Signer.of(_own(context, host, renewal))
    revoked = store.requests(context.database, host, RequestState.REVOKED)
    return signing.sign_crl(signer, settings, revoked, context.clock.now())


def _own(context: Context, host: str, renewal: int) -> AuthorityCertificate:
    """Return one of the issuing certificates of a CA."""
    authority(context, host)
    found = authorities.certificates(context.database, host)
    if not 0 <= renewal < len(found):
        raise NotFound("renewal-not-found", f"The CA has no certificate of renewal {renewal}.")
    return found[renewal]


def _newest(context: Context, host: str) -> Signer:
    """Return the certificate that a CA issues with."""
    return Signer.of(authorities.certificates(context.database, host)[-1])


def _has_ended(context: Context, signer: Signer) -> bool:
    """Tell whether a CA's certificate is over, so that nothing can be issued with it any more."""
    return signer.certificate.not_valid_after_utc <= context.clock.now()


def _sign(
    context: Context,
    settings: CertificationAuthority,
    request: CertificateRequest,
    purposes: tuple[x509.ObjectIdentifier, ...] | None,
) -> None:
    newest = _newest(context, settings.host)
    csr = x509.load_pem_x509_csr(request.csr.encode())
    certificate = signing.sign_leaf(csr, newest, settings, context.clock.now(), purposes)
    serial = f"{certificate.serial_number:x}"
    store.set_issued(context.database, settings.host, request.id, pem(certificate), serial, newest.renewal)


def _check(settings: CertificationAuthority, request: x509.CertificateSigningRequest, ca_names: set[str]) -> None:
    """Apply the rules of C2 and C3."""
    if not request.is_signature_valid:
        raise _Refused(
            "The signature of the certificate cannot be verified. 0x80096004 (-2146869244 TRUST_E_CERT_SIGNATURE)"
        )
    names = [str(name.value) for name in request.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
    if not names or not names[0].strip() or len(names[0]) > _LONGEST_NAME:
        raise _Refused(
            "The request subject name is invalid or too long. 0x80094001 (-2146877439 CERTSRV_E_BAD_REQUESTSUBJECT)"
        )
    if ascii_lower(names[0]) in ca_names:
        raise _Refused(f"{_POLICY}  The common name of the request is the name of the certification authority.")
    key = request.public_key()
    minimum = settings.minimum_key_size
    if isinstance(key, rsa.RSAPublicKey):
        if key.key_size < minimum:
            raise _Refused(
                "The public key does not meet the minimum size required by the specified certificate template."
                f" 0x80094811 (-2146875375 CERTSRV_E_KEY_LENGTH)  {_POLICY}, {minimum} bits are required."
            )
    elif not isinstance(key, ec.EllipticCurvePublicKey):
        raise _Refused("Invalid algorithm specified. 0x80090008 (-2146893816 NTE_BAD_ALGID)")
    alternatives = _alternative_names(request)
    if alternatives and _comparable(names[0]) not in alternatives:
        raise _Refused(f"{_POLICY}  The subject alternative name does not hold the common name.")


def _purposes(settings: CertificationAuthority, template: str | None) -> tuple[x509.ObjectIdentifier, ...] | None:
    """Return the extended key usage by template, or ``None`` when the request decides."""
    if settings.kind == "standalone":
        return None
    if template is None:
        raise _Refused(
            "The request contains no certificate template information. 0x80094801 (-2146875391 CERTSRV_E_NO_CERT_TYPE)"
            f"  {_POLICY}  0x80094801, The request does not contain a certificate template extension or the"
            " CertificateTemplate request attribute."
        )
    if template.lower() not in {known.lower() for known in settings.templates}:
        raise _Refused(
            "The requested certificate template is not supported by this CA."
            f" 0x80094800 (-2146875392 CERTSRV_E_UNSUPPORTED_CERT_TYPE)  {_POLICY}  0x80094800, The request was for a"
            " certificate template that is not supported by the policy of this CA."
        )
    return signing.purposes(template)


def _names(context: Context, host: str) -> set[str]:
    """Return the CNs of a CA, root and intermediates, folded for comparison."""
    return {
        ascii_lower(str(name.value))
        for certificate in chain(context, host, renewals(context, host))
        for name in certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    }


def _alternative_names(request: x509.CertificateSigningRequest) -> set[str]:
    """Return the host names and addresses of a request's SAN, in the form in which they are compared."""
    found = signing.requested(request, x509.SubjectAlternativeName)
    if found is None:
        return set()
    names = [*found.get_values_for_type(x509.DNSName), *map(str, found.get_values_for_type(x509.IPAddress))]
    return {_comparable(name) for name in names}


def _comparable(name: str) -> str:
    try:
        return str(ipaddress.ip_address(name))
    except ValueError:
        return ascii_lower(name)


def _parsed(own: AuthorityCertificate) -> x509.Certificate:
    return x509.load_pem_x509_certificate(own.certificate.encode())


def _signed_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True
