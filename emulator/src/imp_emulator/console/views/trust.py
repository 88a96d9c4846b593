# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The trust stores of the nodes."""

from __future__ import annotations

from typing import Any

from imp_emulator.console.look import Look
from imp_emulator.console.views import certificates
from imp_emulator.domain.imp import trust
from imp_emulator.store import nodes as node_store
from imp_emulator.store.imp.trust import TrustedCertificate
from imp_emulator.x509.certificate import held_pem


async def view(look: Look) -> dict[str, Any]:
    """Return ``stores``: those of every node, each with its certificates; ``empty`` are the names of those without."""
    stores, empty = [], []
    for cluster in look.clusters:
        for node in node_store.nodes(look.context.database, cluster):
            for service in trust.services(look.context, cluster, node.name):
                found = trust.trusted(look.context, cluster, node.name, service)
                place = {"cluster": cluster, "node": node.name, "name": f"{service}-trust"}
                if found:
                    stores.append({**place, "certificates": [_shown(look, one) for one in found]})
                else:
                    empty.append(place)
    return {"stores": stores, "empty": empty}


def _shown(look: Look, stored: TrustedCertificate) -> dict[str, Any]:
    read = held_pem(stored.pem)
    about = certificates.shown(read[0], look.context.clock.now()) if read else None
    return {
        "filename": stored.filename,
        "description": stored.description,
        "fingerprint": stored.fingerprint,
        "certificate": about,
    }
