# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mailboxes of the Exchange organisation, and what a day of one looks like on the wall of its owner."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from imp_emulator.console.look import Look
from imp_emulator.console.views import users
from imp_emulator.domain.exchange import automatic_replies, calendars, local_times, mailboxes
from imp_emulator.domain.exchange.calendars import CalendarItem
from imp_emulator.errors import NotFound
from imp_emulator.wire.exchange.ews import ids

ROWS = 50
_DAY_MINUTES = 24 * 60


async def view(look: Look) -> dict[str, Any]:
    """Return a page of ``mailboxes`` with their automatic replies, and where the other pages are."""
    asked = look.filters("name")
    total, found = mailboxes.page(look.context, asked["name"], look.skip(ROWS), ROWS)
    now = look.context.clock.now()
    rows = []
    for mailbox in found:
        replies = automatic_replies.get(look.context, mailbox.id)
        rows.append({"mailbox": mailbox, "replies": replies, "in_effect": automatic_replies.in_effect(replies, now)})
    return {"mailboxes": rows, "filters": asked, "paging": look.paging(total, ROWS, asked)}


async def one(look: Look) -> dict[str, Any]:
    """Return one mailbox with its automatic replies, and what is in its calendar on a day, today unless asked for."""
    mailbox = mailboxes.find(look.context, look.place["address"])
    if mailbox is None:
        raise NotFound("mailbox-not-found", f"There is no mailbox with the address {look.place['address']}.")
    now = local_times.wall(look.context.clock.now(), mailbox.time_zone)
    day = _day(look.asked.get("day", ""), now.date())
    start = local_times.moment(datetime.combine(day, time()), mailbox.time_zone)
    end = local_times.moment(datetime.combine(day + timedelta(days=1), time()), mailbox.time_zone)
    items = calendars.view(look.context, mailbox.id, start, end).items
    return {
        "box": users.of_mailbox(look.context, mailbox),
        "aliases": mailboxes.aliases(look.context, mailbox),
        "day": day,
        "before": day - timedelta(days=1),
        "after": day + timedelta(days=1),
        "now": _minute(now, day) if now.date() == day else None,
        "meetings": [_meeting(item, day, mailbox.time_zone) for item in items],
    }


def _day(text: str, today: date) -> date:
    """Return the day that is asked for; today for none, or one at the very ends of the calendar."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return today
    return day if local_times.EARLIEST.year < day.year < local_times.LATEST.year else today


def _meeting(item: CalendarItem, day: date, zone: str) -> dict[str, Any]:
    """Return an item with its times on the wall, and the minutes of the day that it takes."""
    start, end = local_times.wall(item.start, zone), local_times.wall(item.end, zone)
    first, last = _minute(start, day), _minute(end, day)
    return {
        "item": item,
        "id": ids.item_id(item.ref),
        "start": start,
        "end": end,
        "first": first,
        "minutes": max(last - first, 1),
        "series": item.original_start is not None,
    }


def _minute(face: datetime, day: date) -> int:
    """Return which minute of a day a time is: the first or the last one for a time outside of it."""
    minutes = (face - datetime.combine(day, time())) / timedelta(minutes=1)
    return round(min(max(minutes, 0), _DAY_MINUTES))
