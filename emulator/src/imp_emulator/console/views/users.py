# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Users: what is shown of them and why, how their calendars are followed, and what has happened to each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from imp_emulator.console import language, show
from imp_emulator.console.look import Look
from imp_emulator.domain import timelines
from imp_emulator.domain.exchange import automatic_replies, local_times, mailboxes
from imp_emulator.domain.exchange.calendar_items import SHOW_AS
from imp_emulator.domain.imp import gateways, presence, presence_list
from imp_emulator.domain.imp.presence_list import Person
from imp_emulator.domain.imp.presence_rules import (
    IN_A_MEETING,
    MANUAL_ACTIVITIES,
    MANUAL_PRESENCES,
    ON_THE_PHONE,
    PRESENCES,
    SignIn,
)
from imp_emulator.store.imp.people import Wanted
from imp_emulator.world.context import Context

ROWS = 50
_FILTERS = ("name", "department", "presence", "gateway", "cluster")


async def view(look: Look) -> dict[str, Any]:
    """Return a page of ``users``, the ``filters`` in force with what may be chosen, and where the other pages are."""
    asked = look.filters(*_FILTERS)
    wanted = Wanted(asked["name"].strip(), asked["department"].strip(), asked["presence"])
    total, found = presence_list.people_of(look.context, look.clusters, wanted, asked["gateway"], look.skip(ROWS), ROWS)
    names = sorted({gateway.name for name in look.clusters for gateway in gateways.gateways(look.context, name)})
    return {
        "users": [_row(look.context, person) for person in found],
        "filters": asked,
        "presences": PRESENCES,
        "gateways": names,
        "clusters": [spec.name for spec in look.context.scenario.clusters],
        "paging": look.paging(total, ROWS, asked),
    }


def _row(context: Context, person: Person) -> dict[str, Any]:
    """Return a user with what a list shows of it."""
    user, listed = person.user, person.listed
    return {
        "person": person,
        "name": user.display_name or f"{user.first_name} {user.last_name}".strip(),
        "shown": listed.shown,
        "meeting": presence.next_meeting(listed.followed, context.clock.timestamp()),
        "gateway": listed.gateway,
        "link": _link(person),
    }


def _link(person: Person) -> str:
    """Return how a user's calendar is followed: the last part of a word's key."""
    followed = person.listed.followed
    if not person.listed.user.included:
        return "off"
    if followed is None:
        return "nobody"
    if followed.failure:
        return "failed"
    if followed.subscription:
        return "subscribed"
    return "asked" if followed.read_at is not None else "begins"


async def one(look: Look) -> dict[str, Any]:
    """Return one user with its mailbox, why it is not in a meeting, and its timeline, the newest step first."""
    cluster = look.clusters[0]
    person = presence_list.person(look.context, cluster, look.place["userid"])
    steps = timelines.of_user(look.context, cluster, person.user.userid)
    return {
        **_row(look.context, person),
        "followed": person.listed.followed,
        "chain": person.listed.chain,
        "states": [state.value for state in SignIn],
        "manual_presences": MANUAL_PRESENCES,
        "manual_activities": MANUAL_ACTIVITIES,
        "longest_note": presence.LONGEST_NOTE,
        "mailbox": _mailbox(look.context, person.user.mail),
        "steps": [_step(look.language, step) for step in reversed(steps)],
    }


def _mailbox(context: Context, mail: str) -> dict[str, Any] | None:
    """Return the mailbox of a user; ``None`` when Exchange has none with the address."""
    found = mailboxes.find(context, mail) if mail else None
    return None if found is None else of_mailbox(context, found)


def of_mailbox(context: Context, mailbox: mailboxes.Mailbox) -> dict[str, Any]:
    """Return a mailbox with its automatic replies and with what its forms offer: the next hour on its wall."""
    now = local_times.wall(context.clock.now(), mailbox.time_zone)
    hour = now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    replies = automatic_replies.get(context, mailbox.id)
    return {
        "mailbox": mailbox,
        "replies": replies,
        "in_effect": automatic_replies.in_effect(replies, context.clock.now()),
        "states": automatic_replies.STATES,
        "shown_as": [one for one in SHOW_AS if one != "NoData"],
        "start": f"{hour:%Y-%m-%dT%H:%M}",
        "end": f"{hour + timedelta(hours=1):%Y-%m-%dT%H:%M}",
    }


_TIMES = ("start", "end", "until")
_WORDS = {"show_as": "show_as", "calendar": "show_as", "state": "client", "sign_in": "client", "rule": "rule"}
"""Values that have words of their own in each language: the first part of the words' keys."""


def _step(chosen: str, step: timelines.Step) -> dict[str, Any]:
    icon = step.about.get("icon") if step.step == "presence" else None
    return {"at": step.at, "step": step.step, "icon": icon, "words": in_words(chosen, step)}


def in_words(chosen: str, step: timelines.Step) -> str:
    """Return what a step tells in a language."""

    def t(key: str, **values: object) -> str:
        return language.said(chosen, key, **values)

    values = {name: _written(name, value, t) for name, value in step.about.items()}
    if step.what == "set_by_hand":
        values |= _by_hand(values, step.about["override"], t)
    return t(f"timeline.{step.step}.{step.what}", **values).strip()


def _by_hand(values: Mapping[str, str], override: bool, t: Callable[..., str]) -> dict[str, str]:
    """Return what was set by hand, each part with the words around it; nothing for what was not."""
    parts = {name: values[name] for name in ("activity", "note", "until")}
    told = {name: t(f"timeline.by_hand.{name}", value=value) if value else "" for name, value in parts.items()}
    return told | {"override": t("timeline.by_hand.override") if override else ""}


def _written(name: str, value: Any, t: Callable[..., str]) -> str:
    """Return a value of a step as people read it; nothing for what only programs look at."""
    if name in _TIMES:
        return show.time(value)
    key = _key(name, value)
    if key:
        return t(key)
    return str(value) if isinstance(value, int | str) and key is None else ""


def _key(name: str, value: Any) -> str | None:
    """Return the key of a value's words; ``""`` to say nothing, ``None`` for one that stands as it is."""
    key = None
    if name == "series":
        key = "timeline.series" if value else ""
    elif isinstance(value, bool):
        key = "word.yes" if value else "word.no"
    elif value is None:
        key = "timeline.nothing" if name == "calendar" else ""
    elif name in _WORDS:
        key = f"{_WORDS[name]}.{value.lower()}"
    elif name in ("presence", "before") and value in PRESENCES:
        key = f"presence.{show.key(value)}"
    elif value in (MANUAL_PRESENCES if name == "presence" else MANUAL_ACTIVITIES if name == "activity" else ()):
        key = f"manual.{show.key(value)}"
    elif name == "activity" and value in (IN_A_MEETING, ON_THE_PHONE):
        key = f"activity.{show.key(value)}"
    return key
