# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The part of a scenario about mailboxes: whose there are, and what is in some of them."""

from __future__ import annotations

import re
from zoneinfo import ZoneInfo

from tzlocal.windows_tz import win_tz

from imp_emulator.letter_case import ascii_lower
from imp_emulator.scenario.calendars import (
    AutomaticRepliesSpec,
    LocalTime,
    MailboxesSpec,
    MailboxSpec,
    MeetingSpec,
)
from imp_emulator.scenario.model import ScenarioError
from imp_emulator.scenario.reader import Pattern, Section, unique

ADDRESS = Pattern(
    r"[^\s@<>()\[\]\\,;:\"]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?", "an address like anna@example.com"
)
LANGUAGE = Pattern(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*", "a language tag like en-US")
_NAME = Pattern(r"\S(?:.{0,254}\S)?", "text of 1 to 256 characters")
_ZONE_WORDS = "an IANA name like Europe/Berlin or a Windows name like W. Europe Standard Time"
_SHOW_AS = ("Free", "Tentative", "Busy", "OOF", "WorkingElsewhere")
_IANA = {name.casefold(): zone for name, zone in win_tz.items()}
_OF_THE_MACHINE = ("localtime", "posix", "right/", "Factory")
"""How files beside the zones begin: what they hold differs from machine to machine, or counts leap seconds."""
_NO_ZONE = (ValueError, KeyError, OSError)


def read_mailboxes(section: Section) -> MailboxesSpec:
    """Read which mailboxes there are.

    Raises:
        ScenarioError: A rule is broken; what a recurrence means is looked at when the calendars are filled.
    """
    of_users = section.flag("of_users", True)
    default = MailboxSpec(
        address="",
        display_name="",
        time_zone=section.converted("time_zone", time_zone, _ZONE_WORDS, "UTC"),
        language=section.text("language", LANGUAGE, "en-US"),
    )
    listed = tuple(_mailbox(entry, default) for entry in section.sections("listed", []))
    unique(section.at("listed"), (address for mailbox in listed for address in (mailbox.address, *mailbox.aliases)))
    section.end()
    return MailboxesSpec(of_users, default.time_zone, default.language, listed)


def _mailbox(section: Section, default: MailboxSpec) -> MailboxSpec:
    address = section.text("address", ADDRESS)
    mailbox = MailboxSpec(
        address=address,
        display_name=section.text("display_name", _NAME, address.partition("@")[0]),
        aliases=section.texts("aliases", _alias, ADDRESS.words, []),
        time_zone=section.converted("time_zone", time_zone, _ZONE_WORDS, default.time_zone),
        language=section.text("language", LANGUAGE, default.language),
        meetings=tuple(_meeting(meeting) for meeting in section.sections("meetings", [])),
        automatic_replies=(
            _automatic_replies(section.section("automatic_replies")) if "automatic_replies" in section else None
        ),
    )
    section.end()
    unique(section.at("aliases"), (ascii_lower(name) for name in (mailbox.address, *mailbox.aliases)))
    return mailbox


def _meeting(section: Section) -> MeetingSpec:
    meeting = MeetingSpec(
        subject=section.text("subject", default=""),
        start=section.local_time("start"),
        end=section.local_time("end"),
        show_as=section.choice("show_as", _SHOW_AS, "Busy"),
        all_day=section.flag("all_day", False),
        recurrence=section.text("recurrence", default=""),
        location=section.text("location", default=""),
    )
    section.end()
    return meeting


def _automatic_replies(section: Section) -> AutomaticRepliesSpec:
    replies = AutomaticRepliesSpec(
        state=section.choice("state", ("Disabled", "Enabled", "Scheduled")),
        external_audience=section.choice("external_audience", ("None", "Known", "All"), "All"),
        start=section.local_time("start", None),
        end=section.local_time("end", None),
        internal_reply=section.text("internal_reply", default=""),
        external_reply=section.text("external_reply", default=""),
    )
    times: tuple[LocalTime | None, ...] = (replies.start, replies.end)
    if (replies.state == "Scheduled") != all(times) or any(times) != all(times):
        raise ScenarioError(section.place, "has a start and an end when its state is Scheduled, and only then")
    section.end()
    return replies


def _alias(text: str) -> str:
    if not re.fullmatch(ADDRESS.expression, text):
        raise ValueError(text)
    return text


def time_zone(text: str) -> str:
    """Return the IANA name of a time zone that is given by its name of Windows, in any letter case, or by that itself.

    Raises:
        ValueError: There is no such zone.
    """
    name = _IANA.get(text.strip().casefold(), text.strip())
    if name.startswith(_OF_THE_MACHINE):
        raise ValueError(text)
    try:
        return "UTC" if name == "Etc/UTC" else ZoneInfo(name).key
    except _NO_ZONE:
        raise ValueError(text) from None
