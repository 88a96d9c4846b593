# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""Who issued whom, by signature and not by name alone. Pure.

This decides what may be trusted at all, not whether a certificate is valid: dates and names are OpenSSL's business.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from ansible_collections.ucops.imp.plugins.module_utils._certificates.x509 import Certificate


def chain_to(offered: Sequence[Certificate], anchors: Sequence[Certificate]) -> list[Certificate]:
    """Return the certificates of ``offered`` that lead from its first one to an anchor; none when nothing does.

    The anchor itself is among them only when it is offered. Whoever issues in between must be a CA, or any server
    certificate of the same CA could vouch for another.
    """
    pinned = {anchor.fingerprint for anchor in anchors}
    waiting = [[certificate] for certificate in offered[:1]]
    seen: set[str] = set()
    while waiting:
        path = waiting.pop(0)
        top = path[-1]
        if top.fingerprint in pinned or any(issued(top, anchor) for anchor in anchors):
            return path + [one for one in offered if one.fingerprint in pinned and one not in path]
        seen.add(top.fingerprint)
        above = (one for one in offered if one.fingerprint not in seen and one.parts.authority and issued(top, one))
        waiting += [[*path, one] for one in above]
    return []


def missing_issuer(offered: Sequence[Certificate]) -> str | None:
    """Return who issued the last certificate of the offered chain, when the handshake does not offer that issuer."""
    path = path_above(offered[0], offered) if offered else []
    return path[-1].issuer if path and not path[-1].self_signed else None


def path_above(first: Certificate, others: Sequence[Certificate]) -> list[Certificate]:
    """Return a certificate and what stands above it among others, as far as they reach.

    Of several authorities of one name it is the one that has signed; one whose signature cannot be checked counts when
    none has.
    """
    path = [first]
    while not path[-1].self_signed:
        above = [one for one in others if one not in path and path[-1].parts.issued_by(one.parts) is not False]
        if not above:
            break
        path.append(next((one for one in above if issued(path[-1], one)), above[0]))
    return path


def outdated_above(leaf: Certificate, others: Sequence[Certificate], now: datetime) -> Certificate | None:
    """Return the lowest authority above a certificate that is out of its time, ``None`` when none is known to be."""
    return next((one for one in path_above(leaf, others)[1:] if one.out_of_date(now)), None)


def issued(certificate: Certificate, above: Certificate) -> bool:
    """Whether ``above`` has signed a certificate and is its issuer by name."""
    return certificate.parts.issued_by(above.parts) is True
