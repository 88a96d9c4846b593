# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bulk jobs as a server tells of them, for the plan of what a task does about them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.ucops.imp.plugins.module_utils._product.bulk_administration import SHOWN, Known, State

BULK_SERVICE = {"node": "cucm1", "name": "Cisco Bulk Provisioning Service", "activated": True, "status": "Started"}
BULK_NOW, BULK_LATER = "2026-11-26T08:00:00Z", "2026-11-26T09:00:00Z"
BULK = {
    "name": "Sales",
    "transaction": "update_users_query",
    "query": {"userid": "%"},
    "set": {"im_and_presence": True},
}
BULK_AT_NINE = {**BULK, "run": "later", "start_at": BULK_LATER}


def bulk_job(status: str, **more: Any) -> dict[str, Any]:
    shown = dict.fromkeys((*SHOWN, "sha256"))
    counts = {"processed": 2, "failed": 0, "total": 2}
    return {**shown, **counts, "id": "7", "description": "Sales", "status": status, "start_at": BULK_NOW, **more}


def bulk(job: Mapping[str, Any] | None, *, now: str = BULK_NOW, taken: bool = False, **service: Any) -> State:
    known = {} if job is None else {"Sales": Known(job)}
    jobs = [] if job is None else [job]
    return State({**BULK_SERVICE, **service}, now, jobs, known, {}, frozenset({"Sales"} if taken else ()))


BULK_FAILED = bulk_job("Completed", failed=1)
