# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The control plane's view of presence: what is shown of users and why, and what their clients and telephones say."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, HTTPException, Query, Request
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from imp_emulator.control.refusals import asked_clusters, context_of, refusals
from imp_emulator.domain import timelines
from imp_emulator.domain.imp import explanations, gateways, presence
from imp_emulator.domain.imp.presence import UserPresence
from imp_emulator.domain.imp.presence_rules import PRESENCES, Manual, SignIn
from imp_emulator.scenario.reader import XML_TEXT
from imp_emulator.world.context import Context

router = APIRouter(prefix="/presence")

_LATEST = datetime(9999, 1, 1, tzinfo=UTC)
"""The last times that Python knows cannot be told in every time zone."""


class ClientState(BaseModel):
    """What a user's client says of itself; ``offline`` signs it out."""

    model_config = ConfigDict(extra="forbid")

    state: SignIn


class Phone(BaseModel):
    """Whether a user's telephone is in a call."""

    model_config = ConfigDict(extra="forbid")

    on: bool


class ByHand(BaseModel):
    """A presence that is set by hand; without ``until`` it stays until it is given back."""

    model_config = ConfigDict(extra="forbid")

    presence: Literal["AVAILABLE", "BUSY", "DND", "AWAY", "UNAVAILABLE", "VACATION"]
    override: bool = False
    activity: Literal["", "available", "away", "busy", "dnd", "meeting", "on-the-phone", "unavailable"] = ""
    note: Annotated[str, Field(max_length=presence.LONGEST_NOTE, pattern=f"^{XML_TEXT}*$")] = ""
    until: Annotated[AwareDatetime, Field(lt=_LATEST)] | None = None


@router.get("")
async def list_presence(
    request: Request,
    cluster: str | None = None,
    userid: Annotated[list[str] | None, Query(max_length=1000)] = None,
    shown: Annotated[str | None, Query(alias="presence")] = None,
    after: str = "",
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> dict[str, Any]:
    """What is shown of the users that IM and Presence serves, by cluster and user id.

    So many users are looked at in one call; ``next`` is the ``after`` of the next call, null at the end.
    """
    context = context_of(request)
    if shown is not None and shown not in PRESENCES:
        raise HTTPException(422, f"presence must be one of {', '.join(PRESENCES)}")
    if userid:
        clusters = asked_clusters(context, cluster)
        found = [user for name in clusters for user in presence.of_cluster(context, name, userid)]
        rest = None
    else:
        found, rest = _page(context, asked_clusters(context, cluster), after, limit)
    users = [_listed(user) for user in found if shown in (None, user.presence.presence)]
    return {"users": users, "next": rest}


def _page(context: Context, clusters: list[str], after: str, limit: int) -> tuple[list[UserPresence], str | None]:
    """Return the users behind a place, and the place of the last one when there may be more.

    A place is a cluster and a user id, with a slash between.
    """
    begun, _, last = after.partition("/")
    if begun:
        begun = asked_clusters(context, begun)[0]
        clusters = clusters[clusters.index(begun) :] if begun in clusters else []
    found: list[UserPresence] = []
    for cluster in clusters:
        found += presence.page(context, cluster, last if cluster == begun else "", limit - len(found))
        if len(found) == limit:
            return found, f"{cluster}/{found[-1].userid}"
    return found, None


@router.get("/{cluster}/{userid:path}/timeline")
async def read_timeline(request: Request, cluster: str, userid: str) -> dict[str, Any]:
    """What has happened on the way to what is shown of a user, oldest first: of the user, its mailbox and its engine.

    The newest steps of each are kept. ``step`` and ``what`` name one, ``about`` has its values; times in it are seconds
    since the epoch.
    """
    context = context_of(request)
    with refusals():
        found = timelines.of_user(context, asked_clusters(context, cluster)[0], userid)
    return {"timeline": [asdict(one) | {"at": _time(one.at)} for one in found]}


@router.get("/{cluster}/{userid:path}")
async def read_presence(request: Request, cluster: str, userid: str) -> dict[str, Any]:
    """What is shown of a user, what decides it, and what the Presence Engine knows of the user's calendar.

    ``why`` are the conditions for a meeting to show, in order; the first with ``met`` false is why it does not.
    """
    context = context_of(request)
    with refusals():
        return _described(context, presence.of_user(context, asked_clusters(context, cluster)[0], userid))


@router.put("/{cluster}/{userid:path}/sign-in")
async def sign_in(request: Request, cluster: str, userid: str, client: ClientState) -> dict[str, Any]:
    """Have a user's client sign in, say something else, or sign out."""
    context = context_of(request)
    with refusals(), context.database.transaction():
        presence.sign_in(context, asked_clusters(context, cluster)[0], userid, client.state)
        return _described(context, presence.of_user(context, cluster, userid))


@router.put("/{cluster}/{userid:path}/phone")
async def set_phone(request: Request, cluster: str, userid: str, phone: Phone) -> dict[str, Any]:
    """Have a user's telephone be in a call, or not."""
    context = context_of(request)
    with refusals(), context.database.transaction():
        presence.set_phone(context, asked_clusters(context, cluster)[0], userid, phone.on)
        return _described(context, presence.of_user(context, cluster, userid))


@router.put("/{cluster}/{userid:path}/manual")
async def set_manual(request: Request, cluster: str, userid: str, by_hand: ByHand) -> dict[str, Any]:
    """Set a user's presence by hand, as its client or a program would."""
    context = context_of(request)
    until = None if by_hand.until is None else by_hand.until.timestamp()
    manual = Manual(by_hand.presence, by_hand.override, until, by_hand.activity, by_hand.note)
    with refusals(), context.database.transaction():
        presence.set_manual(context, asked_clusters(context, cluster)[0], userid, manual)
        return _described(context, presence.of_user(context, cluster, userid))


@router.delete("/{cluster}/{userid:path}/manual")
async def release_manual(request: Request, cluster: str, userid: str) -> dict[str, Any]:
    """Give back what was set by hand; nothing is no error."""
    context = context_of(request)
    with refusals(), context.database.transaction():
        presence.set_manual(context, asked_clusters(context, cluster)[0], userid, None)
        return _described(context, presence.of_user(context, cluster, userid))


def _listed(user: UserPresence) -> dict[str, Any]:
    shown = user.presence
    return {
        "cluster": user.cluster,
        "userid": user.userid,
        "node": user.node,
        "presence": shown.presence,
        "activity": shown.activity,
        "message": shown.message,
        "icon": shown.icon,
        "since": _time(user.since),
    }


def _described(context: Context, user: UserPresence) -> dict[str, Any]:
    manual = None if user.manual is None else {**asdict(user.manual), "until": _time(user.manual.until)}
    return {
        **_listed(user),
        "rule": user.presence.rule,
        "sign_in": user.sign_in,
        "on_the_phone": user.on_the_phone,
        "manual": manual,
        "calendar": _calendar(context, user),
        "why": [asdict(found) for found in explanations.explain(context, user.cluster, user.userid)],
    }


def _calendar(context: Context, user: UserPresence) -> dict[str, Any] | None:
    """Return what the Presence Engine knows of a user; ``None`` when it follows no calendar of it."""
    known = presence.followed(context, user)
    if known is None:
        return None
    names = {gateway.id: gateway.name for gateway in gateways.gateways(context, user.cluster)}
    now = context.clock.timestamp()
    replies = known.out_of_office
    return {
        "mail": known.mail,
        "gateway": names.get(known.gateway),
        "time_zone": known.time_zone,
        "subscribed": bool(known.subscription),
        "subscription_age": None if known.subscribed_at is None else now - known.subscribed_at,
        "status_frequency": known.minutes,
        "notification_port": known.port,
        "spread": known.spread,
        "offset": presence.offset(known.pkid, known.spread),
        "heard_at": _time(known.heard_at),
        "event_at": _time(known.event_at),
        "read_at": _time(known.read_at),
        "window": {"start": _time(known.window_start), "end": _time(known.window_end)},
        "busy": [{"start": _time(start), "end": _time(end), "show_as": shown} for start, end, shown in known.busy],
        "out_of_office": replies and {name: _time(at) for name, at in replies.items()},
        "out_of_office_at": _time(known.out_of_office_at),
        "failure": known.failure,
        "failure_detail": known.failure_detail,
        "failed_at": _time(known.failed_at),
    }


def _time(at: float | None) -> str | None:
    return None if at is None else datetime.fromtimestamp(at, UTC).isoformat()
