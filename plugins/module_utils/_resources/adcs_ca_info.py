# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""What a certification authority gives to everybody (requirement C7): its certificates, their chains, its CRL.

A CA that was renewed has several certificates of its own. What an earlier one has signed stays in use until it ends, so
each that is still valid has to be trusted (requirement C8).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

from ansible_collections.ucops.imp.plugins.module_utils._certificates.chain import path_above
from ansible_collections.ucops.imp.plugins.module_utils._certificates.x509 import Certificate, require_library, unique
from ansible_collections.ucops.imp.plugins.module_utils._clients.certsrv import CertSrv
from ansible_collections.ucops.imp.plugins.module_utils._core.errors import ApiError, InvalidInput, UnexpectedAnswer
from ansible_collections.ucops.imp.plugins.module_utils._module.resource import Context


@dataclass
class Needed:
    """What has to be trusted, the newest renewal first; ``expired`` and ``missing`` say what is not among it."""

    valid: list[Certificate] = field(default_factory=list)
    expired: list[Certificate] = field(default_factory=list)
    missing: list[int] = field(default_factory=list)


def read_ca(context: Context) -> dict[str, Any]:
    """Return the results of the module adcs_ca_info."""
    require_library()
    pages = CertSrv(context.transport())
    newest = pages.renewals()
    wanted: int | None = context.params["renewal"]
    renewal = newest if wanted is None else wanted
    if not 0 <= renewal <= newest:
        raise InvalidInput([f"renewal: {renewal} is not in the range 0 to {newest}, the number of the CA's renewals."])
    chain = _chain(pages, renewal)
    needed = _needed(context, pages, newest, {renewal: chain})
    return {
        "renewals": newest,
        "renewal": renewal,
        "certificate": _shown(chain[0]),
        "root": _shown(chain[-1]) if chain[-1].self_signed else None,
        "chain": [_shown(certificate) for certificate in chain],
        "chain_content": _text(chain),
        "valid": [_shown(certificate) for certificate in needed.valid],
        "valid_content": _text(needed.valid),
        "expired": [_shown(certificate) for certificate in needed.expired],
        "missing": needed.missing,
        "crl": pages.crl(renewal).as_dict() if context.params["crl"] else None,
    }


def _chain(pages: CertSrv, renewal: int) -> list[Certificate]:
    return path_above(pages.ca_certificate(renewal), pages.chain(renewal))


def _needed(context: Context, pages: CertSrv, newest: int, known: dict[int, list[Certificate]]) -> Needed:
    """Return the certificates of every renewal, with what is above them; ``known`` has chains that were read already.

    A CA may have lost an old certificate, or not offer it any more: that is told, and no reason to fail.
    """
    now = datetime.now(timezone.utc)
    needed = Needed()
    found: list[Certificate] = []
    for renewal in range(newest, -1, -1):
        try:
            found += known.get(renewal) or _chain(pages, renewal)
        except (ApiError, UnexpectedAnswer) as error:  # noqa: PERF203 - an old one that is gone does not hide the others
            if renewal == newest:
                raise
            needed.missing.append(renewal)
            context.warn(
                f"The CA does not give its certificate of renewal {renewal}: {error.message} While a server shows a "
                "certificate that this one has signed, add it to what is trusted yourself."
            )
    for certificate in unique(found):
        (needed.expired if certificate.expired(now) else needed.valid).append(certificate)
    if needed.expired:
        context.warn(f"Not among what is to be trusted, because it has expired: {_listed(needed.expired)}.")
    return needed


def _listed(certificates: Iterable[Certificate]) -> str:
    return ", ".join(
        f"{one.subject} (until {one.not_after.isoformat()}, {one.fingerprint[:16]}...)" for one in certificates
    )


def _shown(certificate: Certificate) -> dict[str, str]:
    return {**certificate.as_dict(), "content": certificate.pem}


def _text(certificates: Iterable[Certificate]) -> str:
    return "".join(certificate.pem for certificate in certificates)
