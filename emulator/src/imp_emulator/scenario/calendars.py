# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The mailboxes of a scenario, and what is in them from the start."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta


@dataclass(frozen=True, slots=True)
class LocalTime:
    """A time on the wall in the zone of a mailbox.

    Attributes:
        day: The date, or how many days it is from the day of the first start.
        time: The time of the day, without a zone.
    """

    day: date | int
    time: time

    def on(self, first: date) -> datetime:
        """Return the time, naive, when the environment is first started on that day."""
        day = self.day if isinstance(self.day, date) else first + timedelta(days=self.day)
        return datetime.combine(day, self.time)


@dataclass(frozen=True, slots=True)
class MeetingSpec:
    """An item of a calendar.

    Attributes:
        show_as: ``Free``, ``Tentative``, ``Busy``, ``OOF`` or ``WorkingElsewhere``.
        all_day: Whether it takes whole days; the time of the day of start and end is not looked at.
        recurrence: What repeats it, an RRULE of RFC 5545 without its name; ``""`` for a single item.
    """

    subject: str
    start: LocalTime
    end: LocalTime
    show_as: str = "Busy"
    all_day: bool = False
    recurrence: str = ""
    location: str = ""


@dataclass(frozen=True, slots=True)
class AutomaticRepliesSpec:
    """What a mailbox answers by itself.

    Attributes:
        state: ``Disabled``, ``Enabled`` or ``Scheduled``.
        external_audience: Who outside gets an answer: ``None``, ``Known`` or ``All``.
        start: From when, for ``Scheduled`` only.
        end: Until when, for ``Scheduled`` only.
    """

    state: str
    external_audience: str = "All"
    start: LocalTime | None = None
    end: LocalTime | None = None
    internal_reply: str = ""
    external_reply: str = ""


@dataclass(frozen=True, slots=True)
class MailboxSpec:
    """A mailbox of the Exchange organisation.

    Attributes:
        address: Its primary SMTP address, which is its user principal name too.
        aliases: Its further addresses.
        time_zone: The IANA name of its time zone.
        language: A language tag, for example ``en-US``.
    """

    address: str
    display_name: str
    aliases: tuple[str, ...] = ()
    time_zone: str = "UTC"
    language: str = "en-US"
    meetings: tuple[MeetingSpec, ...] = ()
    automatic_replies: AutomaticRepliesSpec | None = None


@dataclass(frozen=True, slots=True)
class MailboxesSpec:
    """Which mailboxes there are.

    Attributes:
        of_users: Whether each end user of each cluster with a mail address has one.
        time_zone: The time zone of those that say nothing of it, an IANA name.
        language: The language of those that say nothing of it.
    """

    of_users: bool = True
    time_zone: str = "UTC"
    language: str = "en-US"
    listed: tuple[MailboxSpec, ...] = ()
