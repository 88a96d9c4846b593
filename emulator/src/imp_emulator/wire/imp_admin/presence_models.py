# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The answers of the administration API about users' presence and about notifications. All times are virtual."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

ShownPresence = Literal["Available", "Busy", "Away", "Do not disturb", "Out of Office", "Offline"]
Icon = Literal["green", "red", "yellow", "orange", "grey"]


class Failure(BaseModel):
    """What went wrong last between the Presence Engine and Exchange."""

    code: str
    detail: str
    since: datetime | None


class Period(BaseModel):
    """Automatic replies that are sent; null where they have no beginning or no end."""

    start: datetime | None
    end: datetime | None


class Condition(BaseModel):
    """One condition for a user to be shown in a meeting."""

    name: Literal[
        "enabled",
        "node",
        "gateway",
        "trust",
        "account",
        "mailbox",
        "right",
        "subscription",
        "event",
        "window",
        "rule",
    ]
    met: Annotated[bool | None, Field(description="Null when it was not reached or is not needed.")]
    detail: str
    remedy: Annotated[str, Field(description="What to do; empty unless the condition is not met.")]


_EXAMPLE: dict[str, Any] = {
    "userid": "user0001",
    "node": "imp-pub",
    "presence": "Busy",
    "activity": "In a meeting",
    "message": "",
    "icon": "red",
    "rule": "meeting",
    "since": "2026-11-26T09:00:07Z",
    "mailbox": "user0001@example.com",
    "gateway": "mail1.example.com",
    "subscribed_at": "2026-11-26T08:00:00Z",
    "subscription_age_seconds": 3607,
    "last_notification": "2026-11-26T08:58:00Z",
    "last_event": "2026-11-26T08:40:11Z",
    "calendar_read": "2026-11-26T08:40:12Z",
    "out_of_office": None,
    "failure": None,
    "conditions": None,
}


class UserPresence(BaseModel):
    """A user: what is shown, and what the Presence Engine knows of the calendar."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    userid: str
    node: Annotated[str | None, Field(description="The home node; null, as what follows, while none serves the user.")]
    presence: ShownPresence | None
    activity: Annotated[str | None, Field(description='"In a meeting", "On the phone" or empty.')]
    message: str | None
    icon: Icon | None
    rule: Annotated[str | None, Field(description="The row of the table of states that decided.")]
    since: Annotated[datetime | None, Field(description="Null when nothing has changed since the user was enabled.")]
    mailbox: Annotated[str | None, Field(description="The address of the mailbox; null while no calendar is followed.")]
    gateway: Annotated[str | None, Field(description="The name of the gateway that the user was given.")]
    subscribed_at: datetime | None
    subscription_age_seconds: int | None
    last_notification: Annotated[datetime | None, Field(description="Of an event or of the status.")]
    last_event: datetime | None
    calendar_read: datetime | None
    out_of_office: Period | None
    failure: Failure | None
    conditions: Annotated[
        list[Condition] | None,
        Field(description="Why the user is not in a meeting: the first one that is not met. Null unless asked for."),
    ]


class PresencePage(BaseModel):
    """A page of users, in the order of Unified CM."""

    total: Annotated[int, Field(ge=0, description="How many users the filters leave, on all pages.")]
    engines: Annotated[list[str], Field(description="The nodes whose Presence Engine runs.")]
    items: list[UserPresence]


class Notification(BaseModel):
    """A notification that is active on a node."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "node": "imp-pub",
                    "severity": "Error",
                    "text": "No presence gateway can be used.",
                    "raised_at": "2026-11-26T08:00:00Z",
                }
            ]
        }
    )

    node: str
    severity: Literal["Information", "Warning", "Error"]
    text: str
    raised_at: datetime


class Notifications(BaseModel):
    """The active notifications, the oldest first."""

    items: list[Notification]
