# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Exchange Web Services of Exchange Online: for applications with a token, as long as the tenant has them."""

from __future__ import annotations

from imp_emulator.domain.exchange import online
from imp_emulator.domain.exchange.access_tokens import Refusal, Resource, TokenRefused
from imp_emulator.pipeline.request import Request, Response
from imp_emulator.scenario.model import FULL_ACCESS
from imp_emulator.wire.exchange.ews import Ews
from imp_emulator.wire.exchange.ews.envelope import Call, Message
from imp_emulator.wire.exchange.ews.messages import EwsError
from imp_emulator.wire.exchange.online import bearer
from imp_emulator.wire.http import iis

_CHALLENGE = (
    'Bearer client_id="00000002-0000-0ff1-ce00-000000000000",'
    ' authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize"'
)
_NO_PERMISSION = "The token contains no permissions, or permissions can not be understood."
_SWITCHED_OFF = "Exchange Web Services are turned off for this tenant, or for this application of it."


class OnlineEws(Ews):
    """What stands under /EWS/ of ``outlook.office365.com``: a server's protocol, for the same mailboxes."""

    def authenticate(self, request: Request) -> Response | None:
        try:
            principal = bearer.log_in(self._context, request, Resource.EXCHANGE)
        except TokenRefused as error:
            return _unauthorized(error.refusal)
        if FULL_ACCESS not in principal.permissions:
            return _refused("2000008", _NO_PERMISSION, "invalid_grant")
        if not online.may_speak_ews(self._context, principal.client_id):
            return iis.error_page(403, _SWITCHED_OFF)
        return None

    def _decode(self, request: Request, message: Message) -> Call:
        # An application has no mailbox of its own.
        if "ExchangeImpersonation" not in message.headers:
            raise EwsError("ErrorImpersonationRequired")
        return super()._decode(request, message)


def _unauthorized(refusal: Refusal) -> Response:
    if refusal is Refusal.EMPTY:
        return iis.unauthorized((_CHALLENGE,))
    return _refused("2000003", refusal.value, "invalid_token")


def _refused(number: str, reason: str, category: str) -> Response:
    """Return a refusal that says in the header x-ms-diagnostics why."""
    page = iis.unauthorized((f'{_CHALLENGE}, error="{category}"',))
    page.headers["x-ms-diagnostics"] = f'{number};reason="{reason}";error_category="{category}"'
    return page
