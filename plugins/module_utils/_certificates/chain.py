# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""Who issued whom, by signature and not by name alone. Pure.

This decides what may be trusted at all, not whether a certificate is valid: dates and names are OpenSSL's business.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from ansible_collections.ucops.imp.plugins.module_utils._certificates.x509 import (
    MISSING_LIBRARY,
    UNREADABLE,
    Certificate,
)

if MISSING_LIBRARY is None:
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature


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
        above = (one for one in offered if one.fingerprint not in seen and _is_ca(one) and issued(top, one))
        waiting += [[*path, one] for one in above]
    return []


def missing_issuer(offered: Sequence[Certificate]) -> str | None:
    """Return who issued the last certificate of the offered chain, when the handshake does not offer that issuer."""
    if not offered:
        return None
    path = [offered[0]]
    while path[-1].subject != path[-1].issuer:
        above = next((one for one in offered if one not in path and issued(path[-1], one)), None)
        if above is None:
            return path[-1].issuer
        path.append(above)
    return None


def issued(certificate: Certificate, above: Certificate) -> bool:
    """Whether ``above`` has signed a certificate and is its issuer by name."""
    with suppress(TypeError, InvalidSignature, *UNREADABLE):
        certificate.parsed.verify_directly_issued_by(above.parsed)
        return True
    return False


def _is_ca(certificate: Certificate) -> bool:
    with suppress(x509.ExtensionNotFound, *UNREADABLE):
        return certificate.parsed.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    return False
