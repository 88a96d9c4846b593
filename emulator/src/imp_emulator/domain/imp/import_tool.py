# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Certificate Import Tool (requirement C9): what a peer server offers, and what of it a trust store lacks.

The tool installs nothing that the handshake does not offer. What a server keeps to itself, usually the certificate of
the CA, stays missing until somebody uploads it (requirement C10).
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum

from imp_emulator.domain.imp import gateway_status, trust
from imp_emulator.domain.network import names
from imp_emulator.domain.network.names import GatewayName, NameKind
from imp_emulator.domain.network.tls_chain import NoChain, offered
from imp_emulator.domain.network.tls_probe import Result, Verdict
from imp_emulator.errors import Forbidden, InvalidValue
from imp_emulator.world.context import Context
from imp_emulator.x509.certificate import Certificate, held_pem

STORES = {"cup-trust": "cup", "cup-xmpp-trust": "cup-xmpp", "tomcat-trust": "tomcat"}
"""The service token of each trust store; ``cup-trust`` is the product's "IM and Presence (IM/P) Trust"."""


class ImportState(StrEnum):
    """What the tool says of one certificate."""

    MISSING = "Missing"
    VERIFIED = "Verified"


@dataclass(frozen=True, slots=True)
class Offer:
    """A certificate of the handshake; position 1 is the server's own."""

    certificate: Certificate
    position: int
    state: ImportState


@dataclass(frozen=True, slots=True)
class Report:
    """What the tool has found about a peer server."""

    result: Result
    offers: list[Offer]


@dataclass(frozen=True, slots=True)
class Peer:
    """Whom to ask, from which node, and for which trust store (a key of :data:`STORES`)."""

    cluster: str
    node: str
    server: str
    port: int
    store: str


def peer_name(text: str) -> GatewayName:
    """Check the name of a peer server: as a gateway is called, or a host name without a domain (requirement C9).

    Raises:
        InvalidValue: It is none of these.
    """
    if re.fullmatch(names.SHORT_NAME_PATTERN, text):
        return GatewayName(text, NameKind.FQDN, text.lower())
    try:
        return names.gateway_name(text)
    except InvalidValue:
        message = "peer_server must be a host name, an IPv4 address or an IPv6 address."
        raise InvalidValue("invalid-field", message, "peer_server") from None


async def check(context: Context, peer: Peer) -> Report:
    """Connect to a peer server from a node, judge it by the trust store, and download what it offers.

    Raises:
        InvalidValue: The name of the peer server is none.
    """
    target = gateway_status.locate(context, peer.cluster, peer.node, peer_name(peer.server), peer.port)
    trusted = _trusted(context, peer)
    # The servers at the other end are served by this very event loop.
    result = await asyncio.to_thread(gateway_status.judge, target, "".join(found.pem for found in trusted))
    chain = [] if result.verdict is Verdict.NETWORK else await asyncio.to_thread(_download, target)
    return Report(result, _offers(chain, trusted))


def judged(context: Context, peer: Peer, chain: Sequence[Certificate]) -> list[Offer]:
    """Return what the tool says of certificates that a peer server has offered already, its own first."""
    return _offers(chain, _trusted(context, peer))


def accept(context: Context, peer: Peer, report: Report, fingerprints: Collection[str]) -> list[str]:
    """Install those certificates of a report that are approved; the services have to restart afterwards.

    Args:
        fingerprints: SHA-256 in hexadecimal, in either letter case.

    Returns the fingerprints of what was installed; what is in the store already stays as it is.

    Raises:
        Forbidden: One of them is not among what the server offers; then nothing is installed.
    """
    chain = {offer.certificate.fingerprint: offer.certificate for offer in report.offers}
    approved = list(dict.fromkeys(fingerprint.lower() for fingerprint in fingerprints))
    strange = [fingerprint for fingerprint in approved if fingerprint not in chain]
    if strange:
        message = f"{peer.server} does not offer the certificate {', '.join(strange)}."
        raise Forbidden("certificate-not-offered", message, "fingerprints")
    service = STORES[peer.store]
    description = f"Imported from {peer.server}"
    return [
        fingerprint
        for fingerprint in approved
        if trust.upload(context, peer.cluster, peer.node, [service], [chain[fingerprint].pem], description=description)
    ]


def _trusted(context: Context, peer: Peer) -> list[Certificate]:
    return held_pem(trust.bundle(context, peer.cluster, peer.node, STORES[peer.store]))


def _offers(chain: Sequence[Certificate], trusted: list[Certificate]) -> list[Offer]:
    return [Offer(found, position, _state(found, position, trusted)) for position, found in enumerate(chain, 1)]


def _download(target: gateway_status.ProbeTarget) -> list[Certificate]:
    if target.listener is None:
        return []
    try:
        return offered(target.listener, target.name)
    except NoChain:
        # The verdict already tells what is wrong with the connection.
        return []


def _state(certificate: Certificate, position: int, trusted: list[Certificate]) -> ImportState:
    """Tell whether the store lacks a certificate; a server's own needs but the one above it there (requirement C8)."""
    known = any(found.fingerprint == certificate.fingerprint for found in trusted)
    if known or (position == 1 and any(certificate.issued_by(found) for found in trusted)):
        return ImportState.VERIFIED
    return ImportState.MISSING
