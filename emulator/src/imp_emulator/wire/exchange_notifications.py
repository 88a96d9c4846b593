# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The door of a Presence Engine: Exchange's push notifications come in here, as plain HTTP.

Exchange does not sign in. It knows the URL, whose last part nobody can guess, and the identifier of its subscription.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from http import HTTPStatus
from typing import ClassVar

from lxml import etree

from imp_emulator.domain.imp import following
from imp_emulator.pipeline.accounts import Accounts
from imp_emulator.pipeline.request import Operation, Request, Response
from imp_emulator.wire.http import soap
from imp_emulator.world.context import Context

M = "http://schemas.microsoft.com/exchange/services/2006/messages"
JOURNALED_PORT = 50020
"""The default of the parameter Microsoft Exchange Notification Port; a request is journaled with it."""
_OPERATION = "SendNotification"
_STATUS = "StatusEvent"
_RESULT = (
    f'<m:SendNotificationResult xmlns:m="{M}">'
    "<m:SubscriptionStatus>%s</m:SubscriptionStatus></m:SendNotificationResult>"
)


class ExchangeNotifications:
    """The protocol of the notification port; ``request.node`` is the node whose engine it is."""

    name = "presence_engine"
    operations: ClassVar[Mapping[str, bool]] = {_OPERATION: True}

    def __init__(self, context: Context, _accounts: Accounts) -> None:
        self._context = context

    def owns(self, path: str) -> bool:
        """Tell whether a path is that of notifications."""
        return path.startswith(following.PATH)

    def authenticate(self, _request: Request) -> Response | None:
        """Let everybody in: the token in the path is what is known."""
        return None

    def route(self, request: Request) -> Operation:
        """Decode a notification."""
        if request.method != "POST":
            return _refused(partial(error_page, 405))
        try:
            _, content = soap.parse_envelope(request.body)
        except soap.MalformedXml as error:
            return _refused(partial(_fault, error.reason))
        if soap.split_tag(content) != (M, _OPERATION):
            return _refused(partial(_fault, f"There is no operation {soap.local_name(content)}."))
        return Operation(_OPERATION, True, partial(self._told, request, content))

    def failure(self, _request: Request, status: int, message: str) -> Response:
        """Answer a fault of the envelope's own, whatever went wrong."""
        return Response(status, soap.fault("Server", message), soap.CONTENT_TYPE)

    def _told(self, request: Request, content: etree._Element) -> Response:
        token = request.path.removeprefix(following.PATH)
        goes_on = False
        for message in content.iter(f"{{{M}}}SendNotificationResponseMessage"):
            goes_on = self._one(request, token, message)
        body = soap.envelope((_RESULT % ("OK" if goes_on else "Unsubscribe")).encode())
        return Response(200, body, soap.CONTENT_TYPE)

    def _one(self, request: Request, token: str, message: etree._Element) -> bool:
        """Take one message; tell whether its subscription is to go on."""
        notification = soap.child(message, "Notification")
        if message.get("ResponseClass") != "Success" or notification is None:
            following.ended(self._context, token)
            return False
        events = [name for child in notification if (name := soap.local_name(child)).endswith("Event")]
        return following.notified(
            self._context,
            request.cluster,
            request.node,
            token,
            soap.content(soap.child(notification, "SubscriptionId")),
            event=any(name != _STATUS for name in events),
        )


def _refused(answer: Callable[[], Response]) -> Operation:
    return Operation(_OPERATION, False, answer)


def _fault(reason: str) -> Response:
    return Response(500, soap.fault("Client", reason), soap.CONTENT_TYPE)


def error_page(status: int, _message: str = "") -> Response:
    """Return the page of a server that is not more than this door: the status in words."""
    return Response(status, f"{status} {HTTPStatus(status).phrase}\n".encode())
