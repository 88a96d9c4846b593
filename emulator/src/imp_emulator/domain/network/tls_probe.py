# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A genuine TLS handshake with a server, judged by a trust store (requirements G3, G6 and C1).

OpenSSL does the verification: the chain up to a root in the store, the dates, and the name. What it says is put into
the closed set of verdicts that the product shows.
"""

from __future__ import annotations

import socket
import ssl
from dataclasses import dataclass
from enum import Enum

from cryptography import x509

from imp_emulator.crypto.reading import Certificate, wrap
from imp_emulator.domain.network.names import GatewayName, NameKind

TIMEOUT = 5.0
"""Seconds of real time for the connection, and again for each step of the handshake."""

# X509_V_ERR_* of OpenSSL.
_NO_ISSUER = (2, 19, 20, 21)
_SELF_SIGNED = 18
_WRONG_HOST, _WRONG_ADDRESS = 62, 64


class Verdict(Enum):
    """The product's verdicts on a connection."""

    VERIFIED = "Verified"
    MISSING = "Failed - Certificate Missing From Chain"
    CN_MISMATCH = "Failed - Subject CN Mismatch"
    SAN_MISMATCH = "Failed - SAN Mismatch"
    BAD = "Failed - Bad Certificates"
    NETWORK = "Failed - Network Error"
    FAILED = "Failed"


@dataclass(frozen=True, slots=True)
class Result:
    """A verdict, whether the server accepted a connection at all, and what a person wants to know about a failure."""

    reachable: bool
    verdict: Verdict
    detail: str | None = None


def probe(listener: tuple[str, int], name: GatewayName, trusted: str, timeout: float = TIMEOUT) -> Result:
    """Connect to a server under a name and judge its certificate; blocks for some milliseconds, or until the timeout.

    Args:
        listener: Address and port to connect to.
        name: The name that the certificate must stand for.
        trusted: The trust store, PEM; may be empty.
        timeout: Seconds of real time for each step.
    """
    try:
        return _judge(listener, name, trusted, timeout)
    except _Unreachable as error:
        return Result(False, Verdict.NETWORK, f"{name.text} cannot be reached: {error}.")
    except ssl.SSLError as error:
        return Result(True, Verdict.FAILED, f"No TLS connection with {name.text}: {error.reason or 'refused'}.")
    except OSError:
        return Result(True, Verdict.NETWORK, f"{name.text} did not complete the TLS handshake.")


class _Unreachable(Exception):
    """Nothing accepts connections there."""


@dataclass(frozen=True, slots=True)
class _Outcome:
    """OpenSSL's verification code (0 for success) and message, and the server's certificate if there was success."""

    code: int
    message: str
    leaf: Certificate | None


def _judge(listener: tuple[str, int], name: GatewayName, trusted: str, timeout: float) -> Result:
    outcome = _handshake(listener, name, _verifying(trusted), timeout)
    leaf = outcome.leaf or _any_certificate(listener, name, timeout)
    if outcome.code == _WRONG_ADDRESS and _address_in_common_name(name, leaf):
        outcome = _handshake(listener, name, _verifying(trusted, check_name=False), timeout)
    code = outcome.code
    if code in (_WRONG_HOST, _WRONG_ADDRESS) or (code == 0 and _only_common_name_matches(name, leaf)):
        return _mismatch(name, leaf)
    if code in _NO_ISSUER or (code == _SELF_SIGNED and not trusted.strip()):
        detail = (
            f"The certificate of {name.text}, issued by {leaf.issuer}, has no chain up to a root in the trust store."
        )
        return Result(True, Verdict.MISSING, detail)
    if code != 0:
        return Result(True, Verdict.BAD, f"The certificate of {name.text} was refused: {outcome.message}.")
    return Result(True, Verdict.VERIFIED)


def _verifying(trusted: str, check_name: bool = True) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = check_name
    # A certificate without host names in its SAN may hold the name in its CN (requirement C1).
    context.hostname_checks_common_name = True
    # The whole chain counts: a trusted intermediate or server certificate without its root is not enough (C8).
    context.verify_flags &= ~ssl.VerifyFlags.VERIFY_X509_PARTIAL_CHAIN
    if trusted.strip():
        context.load_verify_locations(cadata=trusted)
    return context


def _handshake(listener: tuple[str, int], name: GatewayName, context: ssl.SSLContext, timeout: float) -> _Outcome:
    try:
        connection = socket.create_connection(listener, timeout)
    except OSError as error:
        raise _Unreachable(error.strerror or "timed out") from None
    with connection:
        try:
            with context.wrap_socket(connection, server_hostname=name.key) as secured:
                der = secured.getpeercert(binary_form=True) or b""
        except ssl.SSLCertVerificationError as error:
            return _Outcome(error.verify_code, error.verify_message, None)
    return _Outcome(0, "", wrap(x509.load_der_x509_certificate(der)))


def _any_certificate(listener: tuple[str, int], name: GatewayName, timeout: float) -> Certificate:
    """Fetch the server's certificate, however little it is to be trusted."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    leaf = _handshake(listener, name, context, timeout).leaf
    if leaf is None:
        raise ssl.SSLError("no certificate")
    return leaf


def _address_in_common_name(name: GatewayName, leaf: Certificate) -> bool:
    """Tell whether a certificate without SAN has an IPv4 address for CN, which OpenSSL never looks for there.

    An IPv6 address must stand in the SAN (requirement G3).
    """
    return name.kind is NameKind.IPV4 and not _has_alternative_names(leaf) and leaf.common_name == name.key


def _only_common_name_matches(name: GatewayName, leaf: Certificate) -> bool:
    """Tell whether OpenSSL took the name from the CN although there is a SAN.

    It falls back to the CN when the SAN holds addresses only; the guide has the SAN decide whenever there is one.
    """
    return name.kind is NameKind.FQDN and _has_alternative_names(leaf) and not leaf.dns_names


def _has_alternative_names(leaf: Certificate) -> bool:
    return bool(leaf.dns_names or leaf.addresses)


def _mismatch(name: GatewayName, leaf: Certificate) -> Result:
    held = f"subject CN {leaf.common_name or '(none)'}"
    if not _has_alternative_names(leaf):
        return Result(True, Verdict.CN_MISMATCH, f"The gateway name {name.text} is not the certificate's {held}.")
    alternatives = ", ".join(leaf.dns_names + leaf.addresses)
    detail = f"The gateway name {name.text} is not among the certificate's SAN entries {alternatives} ({held})."
    return Result(True, Verdict.SAN_MISMATCH, detail)
