# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the Presence Engine asks an Exchange server for (Exchange Web Services)."""

from __future__ import annotations

from dataclasses import dataclass, field

from imp_emulator.engine.exchange_requests import ExchangeFailure, Failure, Requests
from imp_emulator.world.context import Context

__all__ = ["Access", "ExchangeClient", "ExchangeFailure", "Failure", "Requests"]


@dataclass(frozen=True, slots=True)
class Access:
    r"""How a gateway is spoken to: what the engine loaded when it started.

    Attributes:
        account: ``DOMAIN\user`` or ``user@domain``.
        basic_only: Whether only Basic is used to sign in; otherwise NTLM, and Basic where nothing else is offered.
        trust: The certificates of the node's cup-trust, PEM.
        timeout: Seconds of real time for each request.
    """

    account: str
    password: str = field(repr=False)
    basic_only: bool
    trust: str = field(repr=False)
    timeout: float


class ExchangeClient:
    """A gateway as a node speaks to it; every operation raises :class:`ExchangeFailure`.

    Args:
        node: The node's short name.
        host: The gateway's name or address.
    """

    def __init__(
        self, context: Context, cluster: str, node: str, host: str, port: int, access: Access, requests: Requests
    ) -> None:
        raise NotImplementedError

    async def check(self) -> None:
        """Connect, verify the server and sign in."""
        raise NotImplementedError

    async def calendar_folder(self, address: str) -> str:
        """Return the id of the calendar of a mailbox."""
        raise NotImplementedError

    async def subscribe(self, address: str, folder: str, url: str, minutes: int) -> str:
        """Subscribe to every change in a calendar; returns the subscription's id.

        Args:
            url: Where the notifications are to be sent.
            minutes: How often Exchange sends one although nothing happened.
        """
        raise NotImplementedError

    async def unsubscribe(self, address: str, subscription: str) -> None:
        """End a subscription."""
        raise NotImplementedError

    async def calendar(
        self, address: str, folder: str, start: float, end: float
    ) -> tuple[tuple[float, float, str], ...]:
        """Return what stands in a calendar between two times: (start, end, ``LegacyFreeBusyStatus``)."""
        raise NotImplementedError

    async def out_of_office(self, address: str, now: float) -> dict[str, float | None] | None:
        """Return the period (``start``, ``end``) of a mailbox's automatic replies.

        ``None`` when they are disabled or over; without a period both are ``None``.
        """
        raise NotImplementedError

    async def time_zone(self, address: str) -> str:
        """Return the mailbox's time zone (IANA name), empty when it says nothing."""
        raise NotImplementedError

    async def close(self) -> None:
        """Close the connections."""
        raise NotImplementedError
