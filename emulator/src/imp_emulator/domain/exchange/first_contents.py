# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is in the mailboxes of a scenario from the start."""

from __future__ import annotations

from datetime import date

from imp_emulator.domain.exchange import automatic_replies, calendars, local_times, mailboxes, recurrence
from imp_emulator.domain.exchange.automatic_replies import AutomaticReplies
from imp_emulator.domain.exchange.mailboxes import Mailbox
from imp_emulator.errors import DomainError
from imp_emulator.scenario.calendars import AutomaticRepliesSpec, MailboxSpec, MeetingSpec
from imp_emulator.scenario.model import ScenarioError
from imp_emulator.world.context import Context


def fill(context: Context) -> None:
    """Put meetings and automatic replies into the listed mailboxes, in the transaction that seeds the state.

    Raises:
        ScenarioError: A rule refuses one of them.
    """
    for number, spec in enumerate(context.scenario.mailboxes.listed):
        mailbox = mailboxes.find(context, spec.address)
        if mailbox is None:
            raise ScenarioError(f"exchange.mailboxes.listed[{number}]", "has no mailbox in this state file")
        _fill_one(context, mailbox, spec, f"exchange.mailboxes.listed[{number}]")


def _fill_one(context: Context, mailbox: Mailbox, spec: MailboxSpec, place: str) -> None:
    """The one place where the contents of a listed mailbox come from."""
    first = local_times.wall(context.clock.now(), mailbox.time_zone).date()
    for number, meeting in enumerate(spec.meetings):
        try:
            calendars.create(context, mailbox.id, _draft(meeting, mailbox.time_zone, first))
        except DomainError as error:
            raise ScenarioError(f"{place}.meetings[{number}]", error.message) from None
    if spec.automatic_replies is not None:
        try:
            replies = _replies(spec.automatic_replies, mailbox.time_zone, first)
            automatic_replies.set(context, mailbox.id, replies, may_be_over=True)
        except DomainError as error:
            raise ScenarioError(f"{place}.automatic_replies", error.message) from None


def _replies(spec: AutomaticRepliesSpec, time_zone: str, first: date) -> AutomaticReplies:
    start, end = (
        None if time is None else local_times.moment(time.on(first), time_zone) for time in (spec.start, spec.end)
    )
    return AutomaticReplies(spec.state, spec.external_audience, start, end, spec.internal_reply, spec.external_reply)


def _draft(meeting: MeetingSpec, time_zone: str, first: date) -> calendars.Draft:
    zone = local_times.zone(time_zone)
    start, end = meeting.start.on(first), meeting.end.on(first)
    repeats = meeting.recurrence and recurrence.recurrence_of(
        meeting.recurrence, start.date() if meeting.all_day else start, time_zone
    )
    return calendars.Draft(
        start.replace(tzinfo=zone),
        end.replace(tzinfo=zone),
        zone=time_zone,
        all_day=meeting.all_day,
        show_as=meeting.show_as,
        subject=meeting.subject,
        location=meeting.location,
        recurrence=repeats or None,
    )
