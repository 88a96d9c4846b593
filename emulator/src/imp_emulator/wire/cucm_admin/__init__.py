# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The administration API of the publisher of Unified CM: what the product offers on its web pages only.

The Bulk Administration Tool has no public interface at Cisco; this one is the project's own. It is described by the
OpenAPI document that it serves.
"""

from __future__ import annotations

from imp_emulator.pipeline.accounts import Accounts
from imp_emulator.wire.cucm_admin import bulk
from imp_emulator.wire.cucm_admin.models import BODY_LIMIT
from imp_emulator.wire.imp_admin.app import Interface
from imp_emulator.wire.imp_admin.door import AdminApi
from imp_emulator.world.context import Context

_INTERFACE = Interface(
    "/cucm-admin/v1",
    "Unified CM administration",
    "What Cisco Unified CM offers on its web pages only; this interface is not Cisco's.",
    [bulk.router],
)


class CucmAdmin(AdminApi):
    """The API on port 8443 of the publisher of Unified CM; its subscribers have no menu for bulk jobs."""

    name = "cucm_admin"

    def __init__(self, context: Context, accounts: Accounts) -> None:
        super().__init__(
            context,
            accounts,
            interface=_INTERFACE,
            product="Cisco Unified CM",
            no_writes=["validateBulkFile"],
            body_limit=BODY_LIMIT,
        )
