# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certification authorities (requirements C2 to C5, C7): what becomes of a request, and who may decide on it.

A standalone CA leaves every request pending until an administrator issues or denies it, and takes no notice of a
template. An enterprise CA decides at once, by template. Either denies what breaks the rules of C2 and C3: the CN of a
request differs from the CA's name, an RSA key is long enough, and a SAN that is filled holds the CN. Disposition
messages and codes are those of Active Directory Certificate Services where it has one for the case (winerror.h).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import ipaddress
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from imp_emulator.crypto import authority as ca_pki
from imp_emulator.crypto import certificates as pki
from imp_emulator.crypto.authority import Authority
from imp_emulator.domain.exchange import trust as exchange_trust
from imp_emulator.errors import Forbidden, InvalidValue, NotFound
from imp_emulator.letter_case import ascii_lower
from imp_emulator.store.ca import requests as store
from imp_emulator.store.database import Row
from imp_emulator.world.context import Context

TEMPLATE = "certificatetemplate"
"""The request attribute that names the template, in lower case."""
REASONS = tuple(reason.value for reason in x509.ReasonFlags if reason is not x509.ReasonFlags.remove_from_crl)
"""Why a certificate may be revoked (RFC 5280)."""

_POLICY = "Denied by Policy Module"
_TAKEN = "Taken Under Submission"
_BROKEN = (ValueError, UnsupportedAlgorithm, x509.DuplicateExtension, x509.UnsupportedGeneralNameType, TypeError)
_ARMOUR = re.compile(r"-----(?:BEGIN|END) (?:NEW )?CERTIFICATE REQUEST-----")


class _Refused(Exception):
    """The CA denies a request by itself; the message is the disposition message."""


def authority(context: Context, host: str) -> Row:
    """Return a CA's settings.

    Raises:
        NotFound: There is no such CA.
    """
    row = store.authority(context.database, host)
    if row is None:
        raise NotFound("ca-not-found", f"There is no certification authority {host}.")
    return row


def language(context: Context, host: str) -> str:
    """Return the language of a CA's pages (ISO 639-1)."""
    return next(spec.language for spec in context.scenario.certification_authorities if spec.host == host.lower())


def submit(context: Context, host: str, text: str, attributes: Mapping[str, str], requester: str) -> Row:
    """Take a request in; returns it with what became of it (see 40_ca.sql).

    Args:
        text: PKCS #10 in base 64, with or without PEM's first and last lines.
        attributes: The request's attributes by name in lower case, see :data:`TEMPLATE`.
        requester: The account's name.

    Raises:
        InvalidValue: The text is no request at all, so there is nothing to give a number to.
    """
    settings = authority(context, host)
    request = parse_request(text)
    template = attributes.get(TEMPLATE) or None
    try:
        _check(settings, request, _names(context, host))
        purposes = _purposes(settings, template)
        state, message = store.PENDING, _TAKEN
    except _Refused as refusal:
        purposes, state, message = None, store.DENIED, str(refusal)
    new = store.NewRequest(
        csr=request.public_bytes(serialization.Encoding.PEM).decode("ascii"),
        fingerprint=hashlib.sha256(request.public_bytes(serialization.Encoding.DER)).hexdigest(),
        subject=request.subject.rfc4514_string(),
        template=template,
        requester=requester,
        submitted_at=context.clock.timestamp(),
        state=state,
        message=message,
    )
    identifier = store.add_request(context.database, host, new)
    if settings["kind"] == "enterprise" and state == store.PENDING:
        _sign(context, settings, find(context, host, identifier), purposes)
    return find(context, host, identifier)


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
        ca_pki.requested(request, x509.ExtendedKeyUsage)
        request.subject.rfc4514_string()
    except (binascii.Error, *_BROKEN):
        raise InvalidValue(
            "not-a-request", "Error Parsing Request  ASN1 bad tag value met. 0x8009310b (ASN: 267)", "CertRequest"
        ) from None
    return request


def find(context: Context, host: str, identifier: int) -> Row:
    """Return a request.

    Raises:
        NotFound: The CA has none of this number.
    """
    row = store.request(context.database, host, identifier)
    if row is None:
        raise NotFound("request-not-found", f"There is no request {identifier}.")
    return row


def issue(context: Context, host: str, identifier: int) -> Row:
    """Issue a pending request, or one that was denied, as the administrator of a CA can.

    Raises:
        NotFound: There is no such CA or request.
        Forbidden: It was issued already, or revoked.
    """
    settings, row = authority(context, host), find(context, host, identifier)
    if row["state"] not in (store.PENDING, store.DENIED):
        raise Forbidden("wrong-state", f"Request {identifier} is {row['state']}; only a pending one can be issued.")
    _sign(context, settings, row, ca_pki.purposes(row["template"]) if settings["kind"] == "enterprise" else None)
    return find(context, host, identifier)


def deny(context: Context, host: str, identifier: int, actor: str) -> Row:
    """Deny a pending request.

    Raises:
        NotFound: There is no such CA or request.
        Forbidden: It is not pending.
    """
    authority(context, host)
    row = find(context, host, identifier)
    if row["state"] != store.PENDING:
        raise Forbidden("wrong-state", f"Request {identifier} is {row['state']}; only a pending one can be denied.")
    store.set_denied(context.database, host, identifier, f"Denied by {actor}")
    return find(context, host, identifier)


def revoke(context: Context, host: str, identifier: int, actor: str, reason: str = "unspecified") -> Row:
    """Revoke an issued certificate; the CRL has it from now on.

    Raises:
        NotFound: There is no such CA or request.
        InvalidValue: The reason is none of :data:`REASONS`.
        Forbidden: It is not issued.
    """
    authority(context, host)
    row = find(context, host, identifier)
    if reason not in REASONS:
        raise InvalidValue("invalid-field", f"reason must be one of {', '.join(REASONS)}.", "reason")
    if row["state"] != store.ISSUED:
        raise Forbidden("wrong-state", f"Request {identifier} is {row['state']}; only an issued one can be revoked.")
    now = context.clock.timestamp()
    store.set_revoked(context.database, host, identifier, now, reason, f"Revoked by {actor}")
    return find(context, host, identifier)


def renew(context: Context, host: str, new_key: bool = True) -> int:
    """Give a CA a new certificate of its own, with a new key or the old one; returns how often it has been renewed.

    What was issued before stays valid, signed by the earlier certificate. A new root of an enterprise CA reaches the
    servers of its domain by itself; that of a standalone one does not.

    Raises:
        NotFound: There is no such CA.
    """
    settings = authority(context, host)
    database = context.database
    newest = store.certificates(database, host)[-1]
    old = Authority.of(newest)
    key = rsa.generate_private_key(public_exponent=65537, key_size=settings["key_size"]) if new_key else old.key
    level = newest["level"]
    above = Authority.of(store.certificates(database, host, level - 1)[-1]) if level else None
    start = _now(context) - timedelta(minutes=10)
    name = ca_pki.authority_name(settings["common_name"], level)
    validity = timedelta(days=settings["validity_days"])
    certificate = ca_pki.sign_authority(name, key, above, start, validity, ca_pki.HASHES[settings["hash"]])
    if level == 0 and settings["kind"] == "enterprise":
        exchange_trust.distribute(context, pki.pem(certificate))
    return store.add_certificate(database, host, level, pki.key_pem(key), pki.pem(certificate))


def renewals(context: Context, host: str) -> int:
    """Return how often the issuing certificate of a CA has been renewed."""
    authority(context, host)
    return len(store.certificates(context.database, host)) - 1


def chain(context: Context, host: str, renewal: int) -> list[x509.Certificate]:
    """Return an issuing certificate of the CA and the certificates above it, the root last.

    Raises:
        NotFound: There is no such CA, or it has not been renewed so often.
    """
    authority(context, host)
    rows = store.certificates(context.database, host)
    if not 0 <= renewal < len(rows):
        raise NotFound("renewal-not-found", f"The CA has no certificate of renewal {renewal}.")
    found = [_parsed(rows[renewal])]
    for level in range(rows[renewal]["level"] - 1, -1, -1):
        above = [_parsed(row) for row in store.certificates(context.database, host, level)]
        found.append(next(one for one in reversed(above) if _signed_by(found[-1], one)))
    return found


def crl(context: Context, host: str, renewal: int) -> x509.CertificateRevocationList:
    """Return the base CRL that belongs to one of the CA's issuing certificates.

    Raises:
        NotFound: There is no such CA, or it has not been renewed so often.
    """
    settings = authority(context, host)
    rows = store.certificates(context.database, host)
    if not 0 <= renewal < len(rows):
        raise NotFound("renewal-not-found", f"The CA has no certificate of renewal {renewal}.")
    revoked = store.requests(context.database, host, store.REVOKED)
    return ca_pki.sign_crl(Authority.of(rows[renewal]), settings, revoked, _now(context))


def _sign(context: Context, settings: Row, row: Row, purposes: tuple[x509.ObjectIdentifier, ...] | None) -> None:
    newest = Authority.of(store.certificates(context.database, settings["host"])[-1])
    request = x509.load_pem_x509_csr(row["csr"].encode())
    certificate = ca_pki.sign_leaf(request, newest, settings, _now(context), purposes)
    serial = f"{certificate.serial_number:x}"
    store.set_issued(context.database, settings["host"], row["id"], pki.pem(certificate), serial, newest.renewal)


def _check(settings: Row, request: x509.CertificateSigningRequest, ca_names: set[str]) -> None:
    """Apply the rules of C2 and C3."""
    if not request.is_signature_valid:
        raise _Refused(
            "The signature of the certificate cannot be verified. 0x80096004 (-2146869244 TRUST_E_CERT_SIGNATURE)"
        )
    names = [str(name.value) for name in request.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
    if not names or not names[0].strip():
        raise _Refused(
            "The request subject name is invalid or too long. 0x80094001 (-2146877439 CERTSRV_E_BAD_REQUESTSUBJECT)"
        )
    if ascii_lower(names[0]) in ca_names:
        raise _Refused(f"{_POLICY}  The common name of the request is the name of the certification authority (C2).")
    key = request.public_key()
    minimum = settings["minimum_key_size"]
    if isinstance(key, rsa.RSAPublicKey):
        if key.key_size < minimum:
            raise _Refused(
                "The public key does not meet the minimum size required by the specified certificate template."
                f" 0x80094811 (-2146875375 CERTSRV_E_KEY_LENGTH)  {_POLICY}, {minimum} bits are required (C3)."
            )
    elif not isinstance(key, ec.EllipticCurvePublicKey):
        raise _Refused("Invalid algorithm specified. 0x80090008 (-2146893816 NTE_BAD_ALGID)")
    alternatives = _alternative_names(request)
    if alternatives and _comparable(names[0]) not in alternatives:
        raise _Refused(f"{_POLICY}  The subject alternative name does not hold the common name (C3).")


def _purposes(settings: Row, template: str | None) -> tuple[x509.ObjectIdentifier, ...] | None:
    """Return the extended key usage by template, or ``None`` when the request decides."""
    if settings["kind"] == "standalone":
        return None
    if template is None:
        raise _Refused(
            "The request contains no certificate template information. 0x80094801 (-2146875391 CERTSRV_E_NO_CERT_TYPE)"
            f"  {_POLICY}  0x80094801, The request does not contain a certificate template extension or the"
            " CertificateTemplate request attribute."
        )
    if template.lower() not in {known.lower() for known in json.loads(settings["templates"])}:
        raise _Refused(
            "The requested certificate template is not supported by this CA."
            f" 0x80094800 (-2146875392 CERTSRV_E_UNSUPPORTED_CERT_TYPE)  {_POLICY}  0x80094800, The request was for a"
            " certificate template that is not supported by the policy of this CA."
        )
    return ca_pki.purposes(template)


def _names(context: Context, host: str) -> set[str]:
    """Return the CNs of a CA, root and intermediates, folded for comparison."""
    return {
        ascii_lower(str(name.value))
        for certificate in chain(context, host, renewals(context, host))
        for name in certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    }


def _alternative_names(request: x509.CertificateSigningRequest) -> set[str]:
    """Return the host names and addresses of a request's SAN, in the form in which they are compared."""
    found = ca_pki.requested(request, x509.SubjectAlternativeName)
    if found is None:
        return set()
    names = [*found.get_values_for_type(x509.DNSName), *map(str, found.get_values_for_type(x509.IPAddress))]
    return {_comparable(name) for name in names}


def _comparable(name: str) -> str:
    try:
        return str(ipaddress.ip_address(name))
    except ValueError:
        return ascii_lower(name)


def _parsed(row: Row) -> x509.Certificate:
    return x509.load_pem_x509_certificate(row["certificate"].encode())


def _signed_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _now(context: Context) -> datetime:
    return datetime.fromtimestamp(context.clock.timestamp(), UTC)
