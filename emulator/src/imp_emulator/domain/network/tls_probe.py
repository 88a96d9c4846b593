# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A server's certificate, judged by a trust store at a moment of virtual time (requirements G3, G6 and C1).

OpenSSL verifies the chain up to a root in the store, the purpose, the dates and the signatures, in a genuine handshake.
Whether the certificate stands for the name is decided here, because the guide's rules are not OpenSSL's. What both say
is put into the closed set of verdicts that the product shows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import Enum

from OpenSSL import SSL

from imp_emulator.domain.network.names import GatewayName, NameKind
from imp_emulator.domain.network.tls_handshake import (
    TIMEOUT,
    Handshake,
    Objection,
    TrustStore,
    Unreachable,
    shake_hands,
)
from imp_emulator.domain.network.tunnel import Tunnel
from imp_emulator.domain.network.verify_errors import AFTER_THE_NAME, NO_ISSUER, SELF_SIGNED, message
from imp_emulator.letter_case import ascii_lower
from imp_emulator.x509.certificate import Certificate


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
class Identity:
    """What was verified of a server: a connection to the one with this certificate needs no further look until then.

    Attributes:
        fingerprint: SHA-256 over the DER form of its certificate.
        since: From when on every certificate of the chain up to its root is valid, aware.
        until: How long.
    """

    fingerprint: bytes
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Result:
    """A verdict, whether the server accepted a connection at all, and what a person wants to know about a failure.

    Attributes:
        identity: What was verified, ``None`` when it was not; no part of what makes two results equal.
        offered: What the server has sent, its own certificate first, as far as OpenSSL could read it; no part either.
    """

    reachable: bool
    verdict: Verdict
    detail: str | None = None
    identity: Identity | None = field(default=None, compare=False)
    offered: tuple[Certificate, ...] = field(default=(), compare=False, repr=False)


def probe(
    listener: tuple[str, int],
    name: GatewayName,
    trusted: str,
    at: datetime | None = None,
    timeout: float = TIMEOUT,
    tunnel: Tunnel | None = None,
) -> Result:
    """Connect to a server under a name and judge its certificate; blocks for some milliseconds, or until the timeout.

    Args:
        listener: Address and port to connect to.
        name: The name that the certificate must stand for.
        trusted: The trust store, PEM; may be empty.
        at: The moment at which all certificates have to be valid, aware; by default that of the machine's clock.
        timeout: Seconds of real time for the connection, and again for the handshake.
        tunnel: What to ask of a proxy, when the listener is one.
    """
    store = TrustStore(trusted, at or datetime.now(UTC))
    try:
        handshake = shake_hands(listener, name, store, timeout, tunnel)
        if not handshake.chain:
            return Result(True, Verdict.FAILED, f"No TLS connection with {name.text}: no certificate.")
        result = _judge(name, handshake.chain, handshake.objections, empty=not trusted.strip())
        identity = _identity(handshake) if result.verdict is Verdict.VERIFIED else None
        return replace(result, identity=identity, offered=tuple(handshake.chain))
    except Unreachable as error:
        return Result(False, Verdict.NETWORK, f"{name.text} cannot be reached: {error}.")
    except SSL.Error as error:
        return _without_handshake(name, error)
    except OSError:
        return Result(True, Verdict.NETWORK, f"{name.text} did not complete the TLS handshake.")


def _identity(handshake: Handshake) -> Identity:
    return Identity(
        bytes.fromhex(handshake.chain[0].fingerprint),
        max(certificate.not_before for certificate in handshake.verified),
        min(certificate.not_after for certificate in handshake.verified),
    )


def _without_handshake(name: GatewayName, error: SSL.Error) -> Result:
    """Choose the verdict when OpenSSL gave up; at a chain of which it cannot read a part it does so at once."""
    reason = _reason(error)
    if reason == "CERTIFICATE_VERIFY_FAILED":
        return _damaged(name)
    if any(one[0] == "asn1 encoding routines" for one in _queue(error)):
        return Result(True, Verdict.BAD, f"The certificate of {name.text} was refused: it cannot be read ({reason}).")
    return Result(True, Verdict.FAILED, f"No TLS connection with {name.text}: {reason}.")


def _damaged(name: GatewayName) -> Result:
    detail = f"The certificate of {name.text} was refused: an extension in its chain is damaged or there twice."
    return Result(True, Verdict.BAD, detail)


def _reason(error: SSL.Error) -> str:
    """Return the first of OpenSSL's reasons, in the form in which its header files write them."""
    found = _queue(error)
    return str(found[0][2]).upper().replace(" ", "_") if found else "refused"


def _queue(error: SSL.Error) -> list[tuple[str, str, str]]:
    """Return OpenSSL's errors, the first one first: library, function and reason of each."""
    return error.args[0] if error.args and isinstance(error.args[0], list) else []


def _judge(name: GatewayName, chain: Sequence[Certificate], objections: Sequence[Objection], *, empty: bool) -> Result:
    """Choose the verdict; OpenSSL looks at chain and purpose before the name, at dates and signatures after it."""
    leaf, first = chain[0], objections[0].code if objections else None
    if (first is None or first in AFTER_THE_NAME) and not _stands_for(leaf, name):
        return _mismatch(name, leaf)
    if first is None:
        return Result(True, Verdict.VERIFIED)
    if any(one.parts.damaged for one in chain):
        # OpenSSL finds no issuer for what it cannot use.
        return _damaged(name)
    if first in NO_ISSUER or (first == SELF_SIGNED and empty):
        detail = (
            f"The certificate of {name.text}, issued by {leaf.issuer}, has no chain up to a root in the trust store."
        )
        return Result(True, Verdict.MISSING, detail)
    # OpenSSL looks from the root downwards; of several with the same fault the server's own is to be seen to first.
    about = min((one for one in objections if one.code == first), key=lambda one: one.depth)
    what = f"The certificate of {name.text} was refused"
    if about.depth:
        what += f" because of {about.certificate.subject}, an authority above it"
    return Result(True, Verdict.BAD, f"{what}: {message(first)}.")


def _stands_for(leaf: Certificate, name: GatewayName) -> bool:
    """Tell whether a certificate holds a gateway's name: in the SAN where it has one, in the subject's CN otherwise.

    An IPv4 address may be a CN, which OpenSSL never looks at for one; an IPv6 address must stand in the SAN (G3). A
    SAN of addresses only still decides, where OpenSSL would fall back to the CN.
    """
    if name.kind is NameKind.FQDN:
        held = leaf.dns_names if _has_alternative_names(leaf) else leaf.common_names
        return any(_covers(pattern, name.key) for pattern in held)
    if _has_alternative_names(leaf):
        return name.key in leaf.addresses
    return name.kind is NameKind.IPV4 and name.key in leaf.common_names


def _covers(pattern: str, host: str) -> bool:
    """Tell whether a name in a certificate is a host's; a wildcard is the whole first label of at least three."""
    pattern = ascii_lower(pattern)
    if not pattern.startswith("*."):
        return pattern == host
    return pattern.count(".") > 1 and host.partition(".")[2] == pattern[2:]


def _has_alternative_names(leaf: Certificate) -> bool:
    return bool(leaf.dns_names or leaf.addresses)


def _mismatch(name: GatewayName, leaf: Certificate) -> Result:
    held = f"subject CN {', '.join(leaf.common_names) or '(none)'}"
    if not _has_alternative_names(leaf):
        return Result(True, Verdict.CN_MISMATCH, f"The gateway name {name.text} is not the certificate's {held}.")
    alternatives = ", ".join(leaf.dns_names + leaf.addresses)
    detail = f"The gateway name {name.text} is not among the certificate's SAN entries {alternatives} ({held})."
    return Result(True, Verdict.SAN_MISMATCH, detail)
