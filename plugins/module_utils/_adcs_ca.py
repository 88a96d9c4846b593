# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""What a certification authority gives to everybody (requirement C7): its certificate, its chain, its CRL."""

from __future__ import annotations

from typing import Any

from ansible_collections.ucops.imp.plugins.module_utils._certsrv import CertSrv
from ansible_collections.ucops.imp.plugins.module_utils._errors import InvalidInput
from ansible_collections.ucops.imp.plugins.module_utils._run import Context
from ansible_collections.ucops.imp.plugins.module_utils._x509 import Certificate, require_library


def read_ca(context: Context) -> dict[str, Any]:
    """Return the results of the module adcs_ca_info."""
    require_library()
    pages = CertSrv(context.transport())
    newest = pages.renewals()
    wanted: int | None = context.params["renewal"]
    renewal = newest if wanted is None else wanted
    if not 0 <= renewal <= newest:
        raise InvalidInput([f"renewal: {renewal} is not among 0 to {newest}, so often has the CA been renewed."])
    own = pages.ca_certificate(renewal)
    chain = in_order(own, pages.chain(renewal))
    return {
        "renewals": newest,
        "renewal": renewal,
        "certificate": _shown(own),
        "root": _shown(chain[-1]) if chain[-1].subject == chain[-1].issuer else None,
        "chain": [_shown(certificate) for certificate in chain],
        "chain_content": "".join(certificate.pem for certificate in chain),
        "crl": pages.crl(renewal) if context.params["crl"] else None,
    }


def in_order(first: Certificate, others: list[Certificate]) -> list[Certificate]:
    """Return a chain from its first certificate upwards, matched by name; what does not belong to it is left out."""
    chain = [first]
    while chain[-1].subject != chain[-1].issuer:
        above = next((one for one in others if one.subject == chain[-1].issuer and one not in chain), None)
        if above is None:
            break
        chain.append(above)
    return chain


def _shown(certificate: Certificate) -> dict[str, str]:
    return {**certificate.as_dict(), "content": certificate.pem}
