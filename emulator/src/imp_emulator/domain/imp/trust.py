# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The trust stores of a node (requirements C8, C10 and C11).

The Presence Engine and the SIP Proxy read cup-trust when they start, so a change of it is a pending restart of both.
"""

from __future__ import annotations

from collections.abc import Sequence

from imp_emulator.catalogue.services import PRESENCE_ENGINE, SIP_PROXY, XCP_ROUTER
from imp_emulator.crypto import stand_ins as crypto_stand_ins
from imp_emulator.crypto.reading import parse_bundle
from imp_emulator.domain.events import TrustChanged
from imp_emulator.domain.imp import nodes, restarts
from imp_emulator.errors import InvalidValue, NotFound
from imp_emulator.scenario.configuration import STORES
from imp_emulator.store import nodes as node_store
from imp_emulator.store import stand_ins
from imp_emulator.store.imp import gateways
from imp_emulator.store.imp import trust as store
from imp_emulator.store.imp.gateways import OFFICE_365
from imp_emulator.store.imp.trust import StoreKey, TrustedCertificate
from imp_emulator.world.context import Context
from imp_emulator.x509.certificate import Certificate, held_pem

CUP = "cup"
"""The service token of cup-trust, the store that counts for Exchange."""
TOMCAT = "tomcat"
"""The service token of tomcat-trust, which counts for Office 365 too."""
_READERS = {CUP: (PRESENCE_ENGINE, SIP_PROXY), "cup-xmpp": (XCP_ROUTER,)}
"""Services that read a store when they start. Tomcat reads one too, but nobody can restart it through an interface."""


def services(context: Context, cluster: str, node: str) -> tuple[str, ...]:
    """Return the service tokens of a node, each with its trust store (``cup`` -> cup-trust)."""
    return STORES[nodes.server(context, cluster, node).role]


def foreign_identities(context: Context, cluster: str, node: str) -> list[tuple[str, str]]:
    """Return what a node of a twin says that it identifies itself with, as the real one does: service and PEM.

    Their keys are not here, so the node shows other certificates. What is no longer in the trust store is left out.
    """
    found = []
    for spec in context.scenario.cluster(cluster).trusted:
        if spec.own and node in spec.nodes:
            pem = stand_ins.as_held(context.database, spec.certificate)
            held = {one.fingerprint for one in trusted(context, cluster, node, spec.store)}
            if held_pem(pem)[0].fingerprint in held:
                found.append((spec.store, pem))
    return found


def check_service(context: Context, cluster: str, node: str, service: str) -> str:
    """Return a service token that a node has a store for; raises ``InvalidValue`` for any other."""
    if service not in services(context, cluster, node):
        raise InvalidValue("unknown-service", f"Unsupported service: {service[:64]}", "service")
    return service


def trusted(context: Context, cluster: str, node: str, service: str) -> list[TrustedCertificate]:
    """Return the certificates of a trust store, by file name."""
    return store.trusted(context.database, cluster, node, check_service(context, cluster, node, service))


def all_services() -> list[str]:
    """Return the service tokens that any node has a trust store for, sorted."""
    return sorted({service for known in STORES.values() for service in known})


def page(
    context: Context, clusters: Sequence[str], node: str, service: str, skip: int, first: int
) -> tuple[int, list[tuple[StoreKey, TrustedCertificate]]]:
    """Return how many certificates there are in trust stores, and those of a page; see the store's function."""
    return store.page(context.database, clusters, node, service, skip, first)


def empty(context: Context, clusters: Sequence[str]) -> list[StoreKey]:
    """Return the trust stores of some clusters that hold nothing, in the scenario's order."""
    filled = store.filled(context.database, clusters)
    everything = (
        StoreKey(cluster, node.name, service)
        for cluster in clusters
        for node in node_store.nodes(context.database, cluster)
        for service in STORES[node.role]
    )
    return [one for one in everything if one not in filled]


def bundle(context: Context, cluster: str, node: str, service: str) -> str:
    """Return what a server is verified with by a trust store, PEM, one behind the other.

    In a twin, the certificates of ours stand in place of the real ones that they stand in for: the keys of those are
    not here, so no server could show anything that they have signed.
    """
    found = trusted(context, cluster, node, service)
    return "".join(stand_ins.of_fingerprint(context.database, one.fingerprint) or one.pem for one in found)


def upload(
    context: Context,
    cluster: str,
    node: str,
    services: Sequence[str],
    texts: Sequence[str],
    description: str = "",
) -> int:
    """Add certificates to trust stores of a node: all of them or, when one is refused, none.

    Args:
        services: Service tokens of the stores.
        texts: PEM texts of one or more certificates each.

    Returns how many were added over all stores; those that are there already are left as they are. Of several with one
    subject a store keeps the one whose validity begins last.

    Raises:
        InvalidValue: Nothing was given, a store does not exist, or a text is no certificate.
    """
    if not services or not texts:
        raise InvalidValue("missing-value", "At least one service and one certificate must be given.")
    stores = [check_service(context, cluster, node, service) for service in dict.fromkeys(services)]
    certificates = {found.fingerprint: found for text in texts for found in parse_bundle(text)}
    added = 0
    for service in stores:
        for certificate in certificates.values():
            added += _add(context, cluster, node, service, certificate, description)
    if added:
        crypto_stand_ins.learn(context.database, [_read_pem(pem) for pem in store.all_trusted(context.database)])
    return added


def _add(context: Context, cluster: str, node: str, service: str, certificate: Certificate, description: str) -> bool:
    """Add a certificate to a store as Cisco's guide says: of several with one subject the one that begins last stays.

    An older one is not added, which is no error; a younger one takes the place of those that are there. One without a
    subject has no name that could be another's.
    """
    present = trusted(context, cluster, node, service)
    if any(found.fingerprint == certificate.fingerprint for found in present):
        return False
    alike = [found for found in present if certificate.subject and _read(found).subject == certificate.subject]
    if any(_read(found).not_before >= certificate.not_before for found in alike):
        return False
    for found in alike:
        store.remove_trusted(context.database, cluster, node, service, found.fingerprint)
        _changed(context, cluster, node, service, found.filename, "replaced")
    filename = store.file_name(certificate, {found.filename for found in present if found not in alike})
    record = TrustedCertificate(certificate.fingerprint, filename, description, certificate.pem)
    store.add_trusted(context.database, cluster, node, service, record)
    _changed(context, cluster, node, service, filename, "uploaded")
    return True


def _read(stored: TrustedCertificate) -> Certificate:
    return _read_pem(stored.pem)


def _read_pem(pem: str) -> Certificate:
    return held_pem(pem)[0]


def delete(context: Context, cluster: str, node: str, service: str, fingerprint: str) -> None:
    """Remove a certificate from a trust store.

    Args:
        fingerprint: SHA-256 in hexadecimal; letter case and colons do not matter.

    Raises:
        NotFound: It is not in the store.
        InvalidValue: There is no such store.
    """
    wanted = fingerprint.replace(":", "").lower()
    for found in trusted(context, cluster, node, service):
        if found.fingerprint == wanted:
            store.remove_trusted(context.database, cluster, node, service, wanted)
            _changed(context, cluster, node, service, found.filename, "deleted")
            return
    raise NotFound("certificate-not-found", f"The certificate is not in {service}-trust.", "fingerprint")


def _changed(context: Context, cluster: str, node: str, service: str, filename: str, action: str) -> None:
    context.events.publish(TrustChanged(cluster, node, service, filename, action))
    readers = _READERS.get(service, ())
    if service == TOMCAT and _follows_office_365(context, cluster, node):
        readers = (PRESENCE_ENGINE,)
    restarts.require_restart(context, cluster, readers, [node], f"{service}-trust certificate {filename}", action)


def _follows_office_365(context: Context, cluster: str, node: str) -> bool:
    """Tell whether a node has a Presence Engine that asks Office 365, for which tomcat-trust counts too."""
    if nodes.server(context, cluster, node).role != "imp":
        return False
    return any(found.type == OFFICE_365 for found in gateways.gateways(context.database, cluster))
