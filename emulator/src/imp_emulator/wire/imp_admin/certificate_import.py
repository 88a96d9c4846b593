# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Certificate Import Tool over HTTP (requirement C9): check a peer server, accept certificates that it offers."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends

from imp_emulator.domain.imp import import_tool
from imp_emulator.domain.imp.import_tool import Offer, Peer, Report
from imp_emulator.wire.imp_admin.decoding import EndpointRouter
from imp_emulator.wire.imp_admin.import_models import Acceptance, Imported, OfferedCertificate, PeerIn, PeerReport
from imp_emulator.wire.imp_admin.problems import responses
from imp_emulator.wire.imp_admin.served_node import JSON_ONLY, Here, ServedNode

router = EndpointRouter(tags=["Certificate import"])


async def _checked(here: Here, peer: PeerIn) -> Report:
    return await import_tool.check(here.context, _peer(here, peer))


async def _offered(here: Here, acceptance: Acceptance) -> Report:
    return await import_tool.check(here.context, _peer(here, acceptance))


@router.post(
    "/certificate-import/check",
    operation_id="checkCertificateImport",
    dependencies=[JSON_ONLY],
    responses=responses("invalid-json", "unsupported-media-type"),
)
def check(here: Here, peer: PeerIn, report: Annotated[Report, Depends(_checked)]) -> PeerReport:
    """Connect to a peer server from this node and tell what its handshake offers; this changes nothing."""
    return PeerReport(
        peer_server=peer.peer_server,
        port=peer.port,
        node=here.node,
        store=peer.store,
        reachability=f"Peer Server Reachability Status ({'pingable' if report.result.reachable else 'unreachable'})",
        verification=f"SSL Connection/Certificate Verification - {report.result.verdict.value}",
        detail=report.result.detail,
        certificates=[_view(offer) for offer in report.offers],
    )


@router.post(
    "/certificate-import/accept",
    operation_id="acceptCertificateImport",
    dependencies=[JSON_ONLY],
    responses=responses("invalid-json", "unsupported-media-type", "certificate-not-offered"),
)
def accept(here: Here, acceptance: Acceptance, report: Annotated[Report, Depends(_offered)]) -> Imported:
    """Install the certificates with these fingerprints, as far as the server offers them now and the store lacks them.

    When the server does not offer one of them, none is installed.
    """
    peer = _peer(here, acceptance)
    installed = import_tool.accept(here.context, peer, report, acceptance.fingerprints)
    return Imported(
        peer_server=peer.server, port=peer.port, node=here.node, store=acceptance.store, installed=installed
    )


def _peer(here: ServedNode, peer: PeerIn) -> Peer:
    return Peer(here.cluster, here.node, peer.peer_server, peer.port, peer.store)


def _view(offer: Offer) -> OfferedCertificate:
    certificate = offer.certificate
    return OfferedCertificate(
        subject=certificate.subject,
        issuer=certificate.issuer,
        fingerprint=certificate.fingerprint,
        not_before=certificate.not_before,
        not_after=certificate.not_after,
        position=offer.position,
        status=offer.state.value,
        pem=certificate.pem,
    )
