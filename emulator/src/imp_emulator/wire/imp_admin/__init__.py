# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The administration API of an IM and Presence node: what the product offers on its web pages only.

Presence gateways and their status, restart notifications and IPv6 settings have no public interface at Cisco; this
one is the project's own. It is described by the OpenAPI document that it serves.
"""

from __future__ import annotations

from imp_emulator.pipeline.accounts import Accounts
from imp_emulator.wire.imp_admin import certificate_import, credentials, gateways, nodes, presence, redundancy
from imp_emulator.wire.imp_admin.app import Interface
from imp_emulator.wire.imp_admin.door import AdminApi
from imp_emulator.world.context import Context

_INTERFACE = Interface(
    "/imp-admin/v1",
    "IM and Presence administration",
    "What Cisco Unified CM IM and Presence offers on its web pages only; this interface is not Cisco's.",
    [part.router for part in (gateways, credentials, nodes, certificate_import, presence, redundancy)],
)
_NO_WRITES = ("compareGatewayCredentials", "compareGatewaySecrets", "checkCertificateImport")
_BODY_LIMIT = 256 * 1024
"""In bytes. No request has more to say, and checking a body field by field takes long for a large one."""


class ImpAdmin(AdminApi):
    """The API on port 8443 of every IM and Presence node; all of them act on the same cluster."""

    name = "imp_admin"

    def __init__(self, context: Context, accounts: Accounts) -> None:
        super().__init__(
            context,
            accounts,
            interface=_INTERFACE,
            product="Cisco Unified CM IM and Presence",
            no_writes=_NO_WRITES,
            body_limit=_BODY_LIMIT,
        )
