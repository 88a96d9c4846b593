# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The control plane's view of what the administration of the IM and Presence nodes shows as notifications."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Request

from imp_emulator.control.refusals import asked_clusters, context_of
from imp_emulator.domain.imp import notifications

router = APIRouter(prefix="/notifications")


@router.get("")
async def list_notifications(request: Request, cluster: str | None = None) -> dict[str, list[dict[str, Any]]]:
    """The notifications that are active, of one cluster or of all, oldest first in each."""
    context = context_of(request)
    found = [
        {
            "cluster": name,
            "node": one.node,
            "key": one.key,
            "severity": one.severity,
            "text": one.text,
            "raised_at": datetime.fromtimestamp(one.raised_at, UTC).isoformat(),
        }
        for name in asked_clusters(context, cluster)
        for one in notifications.active(context, name)
    ]
    return {"notifications": found}
