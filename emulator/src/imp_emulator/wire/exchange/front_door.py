# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The front door of an Exchange server: a genuine TLS endpoint whose web services ask for the account."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from imp_emulator.pipeline.accounts import Access, Accounts
from imp_emulator.pipeline.request import Operation, Request, Response
from imp_emulator.wire.http.iis import error_page
from imp_emulator.world.context import Context

BASE = "/ews/"
_CHALLENGE = {"WWW-Authenticate": 'Basic realm="Exchange"'}


class Exchange:
    """What stands under ``/EWS/`` of an Exchange server: 401 without the account, else 404 until there are services.

    Whatever else is asked of the port belongs to no protocol, and its listener says so itself.
    """

    name = "exchange"
    operations: ClassVar[Mapping[str, bool]] = {}

    def __init__(self, context: Context, accounts: Accounts) -> None:
        self._context = context
        self._accounts = accounts

    def owns(self, path: str) -> bool:
        # IIS does not care about letter case.
        return f"{path.lower()}/".startswith(BASE)

    def authenticate(self, request: Request) -> Response | None:
        if self._accounts.basic(request, "exchange") is Access.OK:
            return None
        return error_page(401, headers=_CHALLENGE)

    def route(self, request: Request) -> Operation:
        return Operation("", False, lambda: error_page(404))

    def failure(self, request: Request, status: int, message: str) -> Response:
        return error_page(status, message)
