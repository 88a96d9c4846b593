# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is shown of a user: one table, the first row that fits decides.

The states of the calendar are Cisco's table; that an override beats every device, that one available device is enough
and that a user is unavailable only when every device is, is Cisco's description of the Presence Web Service. That a
phone call goes before the calendar is how older clients show it; the order of the rest is published nowhere and ours.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

AVAILABLE, BUSY, AWAY, DO_NOT_DISTURB = "Available", "Busy", "Away", "Do not disturb"
OUT_OF_OFFICE, OFFLINE = "Out of Office", "Offline"
PRESENCES = (AVAILABLE, BUSY, AWAY, DO_NOT_DISTURB, OUT_OF_OFFICE, OFFLINE)
IN_A_MEETING, ON_THE_PHONE = "In a meeting", "On the phone"
GREEN, RED, YELLOW, ORANGE, GREY = "green", "red", "yellow", "orange", "grey"

SHOWN_BUSY, SHOWN_OOF = "Busy", "OOF"
"""How a meeting is shown in a calendar, where that says anything of its owner's presence; of both the second counts."""

MANUAL_PRESENCES = ("AVAILABLE", "BUSY", "DND", "AWAY", "UNAVAILABLE", "VACATION")
MANUAL_ACTIVITIES = ("available", "away", "busy", "dnd", "meeting", "on-the-phone", "unavailable")

_BASIC = {
    "AVAILABLE": "available",
    "BUSY": "away",  # The server makes away of this and of a vacation.
    "DND": "dnd",
    "AWAY": "away",
    "UNAVAILABLE": "unavailable",
    "VACATION": "away",
}


class SignIn(StrEnum):
    """What a user's client says of itself."""

    OFFLINE = "offline"
    AVAILABLE = "available"
    AWAY = "away"
    DO_NOT_DISTURB = "do_not_disturb"


_CLIENTS = {SignIn.AVAILABLE: "available", SignIn.AWAY: "away", SignIn.DO_NOT_DISTURB: "dnd"}


@dataclass(frozen=True, slots=True)
class Manual:
    """What was set by hand, beside what clients say (requirement O3).

    Attributes:
        presence: One of :data:`MANUAL_PRESENCES`.
        override: Whether it counts before everything else; otherwise it is one device more.
        until: Virtual time at which it ends, in seconds since the epoch; ``None``: when it is given back.
        activity: One of :data:`MANUAL_ACTIVITIES` where rich presence was set, which counts then; or ``""``.
        note: Words of the user, shown as the message.
    """

    presence: str
    override: bool
    until: float | None = None
    activity: str = ""
    note: str = ""

    @property
    def state(self) -> str:
        """The activity that it stands for, one of :data:`MANUAL_ACTIVITIES`."""
        return self.activity or _BASIC[self.presence]


@dataclass(frozen=True, slots=True)
class OutOfOffice:
    """Automatic replies that are sent: for a period, or (both ``None``) until they are switched off.

    Attributes:
        start: Virtual time in seconds since the epoch, like ``end``.
    """

    start: float | None
    end: float | None


@dataclass(frozen=True, slots=True)
class Inputs:
    """All that decides what is shown of a user.

    Attributes:
        manual: What was set by hand and has not ended.
        calendar: How the meeting of this moment is shown, as Exchange says it (``Free``, ``Tentative``, ``Busy``,
            ``OOF``, ``WorkingElsewhere``); ``None`` without one.
        out_of_office: ``None`` unless automatic replies are sent at this moment, and displayed (requirement P5).
    """

    sign_in: SignIn
    on_the_phone: bool = False
    manual: Manual | None = None
    calendar: str | None = None
    out_of_office: OutOfOffice | None = None

    def devices(self) -> Iterator[str]:
        """What each device says, in the words of :data:`MANUAL_ACTIVITIES`; one that is unavailable says nothing."""
        if self.sign_in is not SignIn.OFFLINE:
            yield _CLIENTS[self.sign_in]
        if self.manual is not None and not self.manual.override and self.manual.state != "unavailable":
            yield self.manual.state


@dataclass(frozen=True, slots=True)
class Presence:
    """What is shown of a user.

    Attributes:
        presence: One of :data:`PRESENCES`.
        activity: ``In a meeting``, ``On the phone`` or ``""``.
        message: What a client shows beside it; may be empty.
        icon: The colour: ``green``, ``red``, ``yellow``, ``orange`` or ``grey``.
        rule: The name of the row of :data:`RULES` that decided.
    """

    presence: str
    activity: str
    message: str
    icon: str
    rule: str


@dataclass(frozen=True, slots=True)
class Rule:
    """A row of the table.

    Attributes:
        period: Whether the message of an out-of-office period is shown; otherwise, or without one, the user's note is.
    """

    name: str
    fits: Callable[[Inputs], bool]
    presence: str
    activity: str
    icon: str
    period: bool = False


def _override(state: str) -> Callable[[Inputs], bool]:
    return lambda it: it.manual is not None and it.manual.override and it.manual.state == state


RULES = (
    Rule("override_available", _override("available"), AVAILABLE, "", GREEN),
    Rule("override_away", _override("away"), AWAY, "", YELLOW),
    Rule("override_busy", _override("busy"), BUSY, "", RED),
    Rule("override_do_not_disturb", _override("dnd"), DO_NOT_DISTURB, "", RED),
    Rule("override_meeting", _override("meeting"), BUSY, IN_A_MEETING, RED),
    Rule("override_on_the_phone", _override("on-the-phone"), BUSY, ON_THE_PHONE, RED),
    Rule("override_unavailable", _override("unavailable"), OFFLINE, "", GREY, period=True),
    Rule("offline", lambda it: not any(it.devices()), OFFLINE, "", GREY, period=True),
    Rule("on_the_phone", lambda it: it.on_the_phone or "on-the-phone" in it.devices(), BUSY, ON_THE_PHONE, RED),
    Rule("out_of_office", lambda it: it.out_of_office is not None, OUT_OF_OFFICE, "", ORANGE, period=True),
    Rule("meeting", lambda it: it.calendar == SHOWN_BUSY or "meeting" in it.devices(), BUSY, IN_A_MEETING, RED),
    Rule("away_by_calendar", lambda it: it.calendar == SHOWN_OOF, AWAY, "", YELLOW),
    Rule("available", lambda it: "available" in it.devices(), AVAILABLE, "", GREEN),
    Rule("do_not_disturb", lambda it: "dnd" in it.devices(), DO_NOT_DISTURB, "", RED),
    Rule("busy", lambda it: "busy" in it.devices(), BUSY, "", RED),
    Rule("away", lambda _it: True, AWAY, "", YELLOW),
)
"""What decides, in order: an override (O3); offline (O2); a call; out of office (O1); the calendar; the devices."""


def compose(inputs: Inputs, message: str) -> Presence:
    """Return what is shown of a user.

    Args:
        message: The words of the out-of-office period, ``""`` when there is none.
    """
    rule = next(rule for rule in RULES if rule.fits(inputs))
    note = "" if inputs.manual is None else inputs.manual.note
    shown = message if rule.period and message else note
    return Presence(rule.presence, rule.activity, shown, rule.icon, rule.name)
