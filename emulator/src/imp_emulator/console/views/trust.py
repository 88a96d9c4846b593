# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The trust stores of the nodes."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from imp_emulator.console.look import Look
from imp_emulator.console.views import certificates
from imp_emulator.domain.imp import trust
from imp_emulator.store import nodes as node_store
from imp_emulator.store.imp.trust import TrustedCertificate
from imp_emulator.x509.certificate import held_pem

ROWS = 50


async def view(look: Look) -> dict[str, Any]:
    """Return a page of the certificates in trust stores, as ``stores`` with those of each; and the ``empty`` ones."""
    asked = look.filters("cluster", "node", "store")
    service = asked["store"].removesuffix("-trust")
    total, found = trust.page(look.context, look.clusters, asked["node"], service, look.skip(ROWS), ROWS)
    chosen = any(asked.values())
    return {
        "stores": [
            {"key": key, "certificates": [_shown(look, one) for _key, one in rows]}
            for key, rows in groupby(found, key=lambda row: row[0])
        ],
        "empty": [] if chosen else trust.empty(look.context, look.clusters),
        "filters": asked,
        "clusters": [spec.name for spec in look.context.scenario.clusters],
        "nodes": [node for name in look.clusters for node in _nodes(look, name)],
        "names": [f"{service}-trust" for service in trust.all_services()],
        "paging": look.paging(total, ROWS, asked),
    }


def _nodes(look: Look, cluster: str) -> list[str]:
    return [node.name for node in node_store.nodes(look.context.database, cluster)]


def _shown(look: Look, stored: TrustedCertificate) -> dict[str, Any]:
    read = held_pem(stored.pem)
    about = certificates.shown(read[0], look.context.clock.now()) if read else None
    return {
        "filename": stored.filename,
        "description": stored.description,
        "fingerprint": stored.fingerprint,
        "certificate": about,
    }
