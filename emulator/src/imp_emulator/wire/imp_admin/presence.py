# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Users' presence over HTTP, why a user is not in a meeting, and the notifications of the nodes."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import Depends, Path, Query

from imp_emulator.domain.imp import notifications, presence_list
from imp_emulator.domain.imp.presence_list import Listed
from imp_emulator.domain.imp.services import instant
from imp_emulator.wire.imp_admin.decoding import EndpointRouter
from imp_emulator.wire.imp_admin.presence_models import (
    Condition,
    Failure,
    Notification,
    Notifications,
    Period,
    PresencePage,
    ShownPresence,
    UserPresence,
)
from imp_emulator.wire.imp_admin.problems import responses
from imp_emulator.wire.imp_admin.served_node import Here, OneNode, ServedNode

router = EndpointRouter(tags=["Presence"])

LARGEST_PAGE = 200
"""With explanations a page takes 40 ms, in which nobody else is served."""
MOST_IDS = 40
"""So many of the longest ids fit into the head of a request."""
LONGEST_ID = 128
LARGEST_SKIP = 10_000_000

_UserId = Annotated[str, Query(min_length=1, max_length=LONGEST_ID)]
UserIds = Annotated[
    list[_UserId],
    Query(description="Only these users, whether a node serves them or not.", max_length=MOST_IDS),
]
_Flag = Literal["true", "false"]


@dataclass(frozen=True, slots=True)
class Page:
    """Which part of a list."""

    skip: int
    first: int


async def _page(
    skip: Annotated[int, Query(ge=0, le=LARGEST_SKIP, description="How many users to leave out.")] = 0,
    first: Annotated[int, Query(ge=1, le=LARGEST_PAGE, description="How many to return at most.")] = LARGEST_PAGE,
) -> Page:
    return Page(skip, first)


@router.get("/presence", operation_id="listPresence", responses=responses("node-not-found"))
def list_presence(
    here: Here,
    page: Annotated[Page, Depends(_page)],
    node: OneNode,
    userid: UserIds = [],  # noqa: B006 - FastAPI copies it
    presence: Annotated[ShownPresence | None, Query(description="Only users that are shown so.")] = None,
    failing: Annotated[
        _Flag, Query(description="Only users whose meeting information is included and whose calendar is not followed.")
    ] = "false",
    explain: Annotated[_Flag, Query(description="Whether to tell why they are not in a meeting.")] = "false",
) -> PresencePage:
    """List users with their presence and what the Presence Engine knows of their calendars, page by page.

    Without ids these are the users that an IM and Presence node serves. Ids of no user are left out.
    """
    query = presence_list.Query(
        userids=userid,
        node="" if node is None else here.presence_node(node),
        presence=presence or "",
        failing=failing == "true",
        skip=page.skip,
        first=page.first,
        explain=explain == "true",
    )
    total, found = presence_list.find(here.context, here.cluster, query)
    engines = presence_list.running_engines(here.context, here.cluster)
    return PresencePage(total=total, engines=engines, items=[_view(here, one) for one in found])


@router.get("/presence/{userid}", operation_id="getPresence", responses=responses("user-not-found"))
def get_presence(
    here: Here, userid: Annotated[str, Path(min_length=1, max_length=LONGEST_ID, description="The user id.")]
) -> UserPresence:
    """Return one user with the conditions for it to be in a meeting, the first of which that is not met is the reason.

    A user whose id has a slash is found with the list.
    """
    return _view(here, presence_list.of_user(here.context, here.cluster, userid))


@router.get("/notifications", operation_id="listNotifications", responses=responses("node-not-found"))
def list_notifications(here: Here, node: OneNode) -> Notifications:
    """List the active notifications of a node, by default of all, as their administration pages show them."""
    name = None if node is None else here.presence_node(node)
    active = notifications.active(here.context, here.cluster)
    return Notifications(
        items=[
            Notification.model_validate(
                {
                    "node": found.node,
                    "severity": found.severity,
                    "text": found.text,
                    "raised_at": instant(found.raised_at),
                }
            )
            for found in active
            if name in (None, found.node)
        ]
    )


def _view(here: ServedNode, listed: Listed) -> UserPresence:
    return UserPresence(
        userid=listed.user.userid,
        node=listed.user.presence_node,
        **_shown(listed),
        **_followed(listed, here.context.clock.timestamp()),
        conditions=[Condition.model_validate(dataclasses.asdict(one)) for one in listed.chain] or None,
    )


def _shown(listed: Listed) -> dict[str, Any]:
    if listed.shown is None:
        return dict.fromkeys(("presence", "activity", "message", "icon", "rule", "since"))
    shown = listed.shown.presence
    return {
        "presence": shown.presence,
        "activity": shown.activity,
        "message": shown.message,
        "icon": shown.icon,
        "rule": shown.rule,
        "since": _moment(listed.shown.since),
    }


def _followed(listed: Listed, now: float) -> dict[str, Any]:
    known = listed.followed
    if known is None:
        fields = ("subscription_age_seconds", "last_notification", "last_event", "calendar_read", "out_of_office")
        return dict.fromkeys(("mailbox", "gateway", "subscribed_at", *fields, "failure"))
    since = known.subscribed_at if known.subscription else None
    away = known.out_of_office
    return {
        "mailbox": known.mail,
        "gateway": listed.gateway or None,
        "subscribed_at": _moment(since),
        "subscription_age_seconds": None if since is None else max(0, int(now - since)),
        "last_notification": _moment(known.heard_at),
        "last_event": _moment(known.event_at),
        "calendar_read": _moment(known.read_at),
        "out_of_office": away and Period(start=_moment(away["start"]), end=_moment(away["end"])),
        "failure": _failure(listed),
    }


def _failure(listed: Listed) -> Failure | None:
    known = listed.followed
    if known is None or not known.failure:
        return None
    return Failure(code=known.failure, detail=known.failure_detail, since=_moment(known.failed_at))


def _moment(timestamp: float | None) -> datetime | None:
    return None if timestamp is None else instant(timestamp)
