# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an Exchange server thinks of its certificates (requirement C6a): the root must be in the server's own store.

The words are those that Microsoft documents for ``Status`` and ``RootCAType`` of Get-ExchangeCertificate. Where a chain
ends is worked out by signature, from what came with the certificate, the CA certificates of the scenario (which Windows
would fetch from where the certificate says they are) and the server's roots.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from imp_emulator.crypto.reading import parse_bundle
from imp_emulator.errors import InvalidValue, NotFound
from imp_emulator.scenario.model import ENTERPRISE_ROOT
from imp_emulator.store.ca import authorities
from imp_emulator.store.ca.requests import RequestState, requests
from imp_emulator.store.exchange import roots as store
from imp_emulator.store.exchange.certificates import PENDING, VALID, ExchangeCertificate
from imp_emulator.store.exchange.roots import TrustedRoot
from imp_emulator.world.context import Context
from imp_emulator.x509.certificate import Certificate, held_pem

UNTRUSTED = "Untrusted"
DATE_INVALID = "DateInvalid"
INVALID = "Invalid"
REVOKED = "Revoked"
REVOCATION_CHECK_FAILURE = "RevocationCheckFailure"

NO_ROOT = "None"
"""The type of a root that is in no store of the server."""
_CRL_PLACE = "2.5.29.31"
"""The extension that says where the revocation list is."""
UNKNOWN_ROOT = "Unknown"
"""The type while there is a request only."""


@dataclass(frozen=True, slots=True)
class Trust:
    """What Get-ExchangeCertificate says of a certificate in ``Status`` and ``RootCAType``."""

    status: str
    root_ca_type: str


def judge(context: Context, stored: ExchangeCertificate) -> Trust:
    """Tell what the server thinks of one of its certificates at this moment of the virtual clock."""
    if stored.status == PENDING:
        return Trust(PENDING, UNKNOWN_ROOT)
    served = held_pem(stored.served)
    roots = store.roots(context.database, stored.server)
    kinds = {root.fingerprint: root.kind for root in roots}
    leaf = served[0]
    if leaf.self_signed:
        status = VALID if _in_time(context, [leaf]) else DATE_INVALID
        return Trust(status, kinds.get(leaf.fingerprint, NO_ROOT))
    anchors = parse_roots(roots)
    chains = _chains(leaf, [*served[1:], *_published(context)], anchors)
    # Two chains may end in different certificates of one key, as a renewed CA has them: the one that is in time counts.
    chain = next((one for one in chains if _in_time(context, one)), chains[0] if chains else None)
    kind = kinds[chain[-1].fingerprint] if chain else NO_ROOT
    return Trust(_status(context, stored, chain or [leaf], trusted=chain is not None), kind)


def _status(context: Context, stored: ExchangeCertificate, chain: Sequence[Certificate], *, trusted: bool) -> str:
    """Tell the status of a certificate by the best chain that there is."""
    leaf = chain[0]
    if not _in_time(context, chain):
        return DATE_INVALID
    if not trusted:
        return UNTRUSTED
    if not all(one.parts.authority for one in chain[1:]):
        return INVALID
    if leaf.parts.extension(_CRL_PLACE) is not None:
        if not store.crl_reachable(context.database, stored.server):
            return REVOCATION_CHECK_FAILURE
        if _revoked(context, leaf):
            return REVOKED
    return VALID


def parse_roots(found: Sequence[TrustedRoot]) -> list[Certificate]:
    """Return the certificates of roots."""
    return [one for root in found for one in held_pem(root.certificate)[:1]]


def _published(context: Context) -> list[Certificate]:
    """Return the CA certificates of the scenario below the roots."""
    database = context.database
    return [
        one
        for authority in authorities.authorities(database)
        for level in range(1, authorities.certificates(database, authority.host)[-1].level + 1)
        for own in authorities.certificates(database, authority.host, level)
        for one in held_pem(own.certificate)
    ]


def _chains(
    leaf: Certificate, others: Sequence[Certificate], anchors: Sequence[Certificate]
) -> list[list[Certificate]]:
    """Return every chain from a certificate up to a trusted root."""
    found: list[list[Certificate]] = []
    waiting = [[leaf]]
    while waiting:
        chain = waiting.pop(0)
        found += [[*chain, anchor] for anchor in anchors if chain[-1].issued_by(anchor)]
        known = {one.fingerprint for one in chain}
        waiting += [
            [*chain, above] for above in others if above.fingerprint not in known and chain[-1].issued_by(above)
        ]
    return found


def _in_time(context: Context, chain: Sequence[Certificate]) -> bool:
    now = context.clock.now()
    return all(one.not_before <= now <= one.not_after for one in chain)


def _revoked(context: Context, leaf: Certificate) -> bool:
    database = context.database
    return any(
        request.certificate == leaf.pem
        for authority in authorities.authorities(database)
        for request in requests(database, authority.host, RequestState.REVOKED)
    )


def add_roots(context: Context, server: str, pem: str, kind: str) -> list[Certificate]:
    """Put root certificates into a server's store; returns them. One that is there already stays as it is.

    Raises:
        NotFound: There is no such server.
        InvalidValue: The text holds no certificate, or one that is no root.
    """
    name = _known(context, server)
    found = parse_bundle(pem)
    for certificate in found:
        if not certificate.self_signed:
            text = f"{certificate.subject or certificate.fingerprint} is no root: it has not signed itself."
            raise InvalidValue("not-a-root", text, "certificates")
    for certificate in found:
        store.add(context.database, name, kind, certificate.pem)
    return found


def roots(context: Context, server: str) -> list[TrustedRoot]:
    """Return the roots of a server, by fingerprint.

    Raises:
        NotFound: There is no such server.
    """
    return store.roots(context.database, _known(context, server))


def remove_root(context: Context, server: str, fingerprint: str) -> None:
    """Take a root out of a server's store.

    Raises:
        NotFound: There is no such server or root.
    """
    name = _known(context, server)
    wanted = fingerprint.replace(":", "").lower()
    if store.root(context.database, name, wanted) is None:
        raise NotFound("root-not-found", f"The server {name} has no root certificate {fingerprint}.")
    store.remove(context.database, name, wanted)


def set_crl_reachable(context: Context, server: str, reachable: bool) -> None:
    """Have a server reach the revocation lists of the authorities, or not.

    Raises:
        NotFound: There is no such server.
    """
    store.set_crl_reachable(context.database, _known(context, server), reachable)


def distribute(context: Context, pem: str) -> None:
    """Have every server trust an enterprise's new root, as the domain does by itself."""
    for server in context.scenario.exchange:
        store.add(context.database, server.name, ENTERPRISE_ROOT, pem)


def _known(context: Context, server: str) -> str:
    names = [spec.name for spec in context.scenario.exchange if spec.name == server.lower()]
    if not names:
        raise NotFound("server-not-found", f"There is no Exchange server {server}.")
    return names[0]
