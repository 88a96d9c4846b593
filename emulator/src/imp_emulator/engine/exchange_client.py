# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the Presence Engine asks an Exchange server for (Exchange Web Services)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

from imp_emulator.domain.exchange import time_zones
from imp_emulator.engine import ews_messages
from imp_emulator.engine.ews_messages import DISABLED, Meeting, Refused, Unreadable
from imp_emulator.engine.exchange_connection import Access, Connections
from imp_emulator.engine.exchange_requests import ExchangeFailure, Failure, Requests
from imp_emulator.errors import InvalidValue
from imp_emulator.wire.exchange.ews.messages import Element
from imp_emulator.world.context import Context

__all__ = ["Access", "ExchangeClient", "ExchangeFailure", "Failure", "Requests"]

_Found = TypeVar("_Found")

_FAILURES: dict[str, tuple[Failure, str]] = {
    **dict.fromkeys(
        (
            "ErrorImpersonateUserDenied",
            "ErrorImpersonationDenied",
            "ErrorImpersonationFailed",
            "ErrorAccessDenied",
        ),
        (Failure.RIGHT, "{account} may not act for {address}"),
    ),
    **dict.fromkeys(
        (
            "ErrorNonExistentMailbox",
            "ErrorInvalidExchangeImpersonationHeaderData",
            "ErrorInvalidSmtpAddress",
            "ErrorMailRecipientNotFound",
            "ErrorMissingEmailAddress",
        ),
        (Failure.MAILBOX, "There is no mailbox {address}"),
    ),
    **dict.fromkeys(
        ("ErrorMailboxStoreUnavailable", "ErrorMailboxMoveInProgress"),
        (Failure.MAILBOX, "The mailbox {address} cannot be reached now"),
    ),
    "ErrorExceededSubscriptionCount": (Failure.MAILBOX, "The mailbox {address} has too many subscriptions"),
    **dict.fromkeys(
        (
            "ErrorCalendarFolderIsInvalidForCalendarView",
            "ErrorFolderNotFound",
            "ErrorInvalidFolderId",
            "ErrorInvalidId",
            "ErrorInvalidIdMalformed",
        ),
        (Failure.FOLDER, "The calendar of {address} was not found"),
    ),
}
"""What the service's errors mean, and how to tell a person; all others are answers that do not help."""

_ENDED = frozenset(
    {
        "ErrorExpiredSubscription",
        "ErrorInvalidSubscription",
        "ErrorSubscriptionNotFound",
        "ErrorSubscriptionUnsubscribed",
    }
)
"""What is answered to the end of a subscription that there is no more."""
_NO_OPTIONS = "ErrorItemNotFound"


class Channel(Protocol):
    """What brings messages to a server and its answers back."""

    async def check(self) -> None:
        """Connect, verify the server and sign in."""

    async def ask(self, message: bytes, address: str) -> Element:
        """Send a message about a mailbox, and return the element of its answer."""

    async def close(self) -> None:
        """Close the connections."""


class ServiceClient:
    """What a node asks of Exchange Web Services, whoever brings it there.

    Args:
        channel: Brings it there.
        host: The server's name, for people.
        account: Who acts for the mailboxes, for people.
        requests: What the clients of the node share.
    """

    def __init__(self, channel: Channel, host: str, account: str, requests: Requests) -> None:
        self._channel = channel
        self._host = host
        self._account = account
        self._requests = requests

    async def check(self) -> None:
        """Connect, verify the server and sign in.

        What was found within the last minute is taken for true: the verdict on the certificate, and a refused account.
        """
        async with self._requests.turn():
            await self._channel.check()

    async def calendar_folder(self, address: str) -> str:
        """Return the id of the calendar of a mailbox."""
        return await self._ask(address, ews_messages.get_folder(address), ews_messages.folder_id)

    async def subscribe(self, address: str, folder: str, url: str, minutes: int) -> str:
        """Subscribe to every change in a calendar; returns the subscription's id.

        Args:
            address: The mailbox's.
            folder: The calendar's id.
            url: Where the notifications are to be sent.
            minutes: How often Exchange sends one although nothing happened.
        """
        message = ews_messages.subscribe(address, folder, url, minutes)
        return await self._ask(address, message, ews_messages.subscription_id)

    async def unsubscribe(self, address: str, subscription: str) -> None:
        """End a subscription; one that there is no more has ended."""
        message = ews_messages.unsubscribe(address, subscription)
        await self._ask(address, message, lambda _: None, unless=dict.fromkeys(_ENDED))

    async def calendar(
        self, address: str, folder: str, start: float, end: float
    ) -> tuple[tuple[float, float, str], ...]:
        """Return what stands in a calendar between two times, in the order of its start.

        Cancelled meetings are left out.

        Returns:
            (start, end, ``LegacyFreeBusyStatus``) of each, times in seconds since the epoch.
        """
        found: dict[str, Meeting] = {}
        while True:
            message = ews_messages.find_meetings(address, folder, start, end)
            page = await self._ask(address, message, ews_messages.meetings)
            known = len(found)
            found.update({meeting.id: meeting for meeting in page.meetings})
            if page.whole:
                break
            # The next page begins where the last meeting of this one does; those that go on until then come again.
            if len(found) == known:
                detail = f"{self._host} does not tell of the meetings of {address} that come after the first ones."
                raise ExchangeFailure(Failure.ANSWER, detail)
            start = max(start, page.meetings[-1].start)
        taking_place = (meeting for meeting in found.values() if not meeting.cancelled)
        return tuple(sorted((meeting.start, meeting.end, meeting.status) for meeting in taking_place))

    async def out_of_office(self, address: str, now: float) -> dict[str, float | None] | None:
        """Return the period of a mailbox's automatic replies.

        Args:
            address: The mailbox's.
            now: The virtual time, seconds since the epoch.

        Returns:
            ``start`` and ``end``, both ``None`` for replies without an end; ``None`` when they are disabled or over.
        """
        message = ews_messages.get_automatic_replies(address)
        replies = await self._ask(address, message, ews_messages.automatic_replies)
        over = replies.end is not None and replies.end <= now
        return None if replies.state == DISABLED or over else {"start": replies.start, "end": replies.end}

    async def time_zone(self, address: str) -> str:
        """Return the mailbox's time zone (IANA name), empty when it says nothing or names one that is not known."""
        message = ews_messages.get_options(address)
        name = await self._ask(address, message, ews_messages.time_zone, unless={_NO_OPTIONS: ""})
        try:
            return time_zones.iana(name) if name else ""
        except InvalidValue:
            return ""

    async def close(self) -> None:
        """Close the connections; what is under way fails."""
        await self._channel.close()

    async def _ask(
        self,
        address: str,
        message: bytes,
        read: Callable[[Element], _Found],
        unless: dict[str, _Found] | None = None,
    ) -> _Found:
        """Send a message and return what its answer says.

        Args:
            address: The mailbox that it is about.
            message: The message.
            read: Finds it in the answer.
            unless: What errors of the service stand for that are none here.
        """
        if not address.isprintable() or "@" not in address:
            raise ExchangeFailure(Failure.MAILBOX, f"{address!r} is not a mail address.")
        async with self._requests.turn():
            try:
                return read(await self._channel.ask(message, address))
            except Refused as refused:
                if unless is not None and refused.code in unless:
                    return unless[refused.code]
                raise self._failure(refused.code, address) from None
            except Unreadable as error:
                detail = f"{self._host} did not answer as Exchange Web Services does: {error}."
                raise ExchangeFailure(Failure.ANSWER, detail) from None

    def _failure(self, code: str, address: str) -> ExchangeFailure:
        failure, text = _FAILURES.get(code, (Failure.ANSWER, "{host} refused a request for {address}"))
        words = text.format(account=self._account, address=address, host=self._host)
        return ExchangeFailure(failure, f"{words} ({code[:100]}).")


class ExchangeClient(ServiceClient):
    """A gateway as a node speaks to it.

    Every operation may raise :class:`ExchangeFailure`. It waits for its turn among ``requests``, takes as long as
    ``access.timeout`` at most for each try, and is tried again while the server is busy.

    Args:
        context: The environment.
        cluster: The node's.
        node: The node's short name.
        host: The gateway's name or address.
        port: The gateway's.
        access: How it is spoken to.
        requests: What the clients of the node share.
    """

    def __init__(
        self, context: Context, cluster: str, node: str, host: str, port: int, access: Access, requests: Requests
    ) -> None:
        self._connections = Connections(context, cluster, node, host, port, access, requests.threads)
        super().__init__(self._connections, host, access.account, requests)
