# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The control plane's view of the mailboxes: which there are, and what they answer by themselves."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from imp_emulator.control.refusals import context_of, refusals
from imp_emulator.domain.exchange import automatic_replies, mailboxes
from imp_emulator.domain.exchange.automatic_replies import AutomaticReplies
from imp_emulator.domain.exchange.mailboxes import Mailbox
from imp_emulator.errors import NotFound
from imp_emulator.scenario.reader import XML_TEXT
from imp_emulator.world.context import Context

router = APIRouter(prefix="/mailboxes")

Word = Annotated[str, Field(min_length=1, max_length=320, pattern=f"^{XML_TEXT}*$")]
Text = Annotated[str, Field(max_length=65536, pattern=f"^{XML_TEXT}*$")]


class NewMailbox(BaseModel):
    """A mailbox to add; the display name is by default the address's part before the ``@``."""

    model_config = ConfigDict(extra="forbid")

    address: Word
    display_name: Word | None = None
    time_zone: Word = "UTC"
    language: Word = "en-US"
    aliases: list[Word] = []


class MailboxChange(BaseModel):
    """What is to be different; what is left out stays as it is."""

    model_config = ConfigDict(extra="forbid")

    address: Word | None = None
    principal_name: Word | None = None
    display_name: Word | None = None
    time_zone: Word | None = None
    language: Word | None = None
    aliases: list[Word] | None = None


class Replies(BaseModel):
    """Automatic replies; start and end belong to ``Scheduled`` alone."""

    model_config = ConfigDict(extra="forbid")

    state: Literal["Disabled", "Enabled", "Scheduled"]
    external_audience: Literal["None", "Known", "All"] = "All"
    start: AwareDatetime | None = None
    end: AwareDatetime | None = None
    internal_reply: Text = ""
    external_reply: Text = ""


def mailbox_of(context: Context, address: str) -> Mailbox:
    """Return the mailbox with an address, its primary or another one; raises :class:`NotFound`."""
    found = mailboxes.find(context, address)
    if found is None:
        raise NotFound("mailbox-not-found", f"There is no mailbox with the address {address}.")
    return found


def described(context: Context, mailbox: Mailbox) -> dict[str, Any]:
    """Return a mailbox as an answer shows it."""
    return {
        "address": mailbox.address,
        "aliases": mailboxes.aliases(context, mailbox),
        "display_name": mailbox.display_name,
        "principal_name": mailbox.principal_name,
        "sid": mailbox.sid,
        "time_zone": mailbox.time_zone,
        "language": mailbox.language,
    }


@router.get("")
async def list_mailboxes(
    request: Request,
    after: Annotated[int, Query(ge=0, le=2**62)] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> dict[str, Any]:
    """The mailboxes, oldest first, so many at once; ``next`` is the ``after`` of the next call, null at the end."""
    context = context_of(request)
    found = mailboxes.mailboxes(context, after, limit)
    return {
        "mailboxes": [described(context, mailbox) for mailbox in found],
        "next": found[-1].id if len(found) == limit else None,
    }


@router.post("", status_code=201)
async def add_mailbox(request: Request, new: NewMailbox) -> dict[str, Any]:
    """Add a mailbox."""
    context = context_of(request)
    values = new.model_dump()
    address = values.pop("address")
    name = values.pop("display_name") or address.partition("@")[0]
    with refusals(), context.database.transaction():
        return described(context, mailboxes.add(context, address, name, **values))


@router.get("/{address}")
async def read_mailbox(request: Request, address: str) -> dict[str, Any]:
    """A mailbox, by any of its addresses."""
    context = context_of(request)
    with refusals():
        return described(context, mailbox_of(context, address))


@router.patch("/{address}")
async def change_mailbox(request: Request, address: str, change: MailboxChange) -> dict[str, Any]:
    """Change a mailbox; its calendar stays as it is."""
    context = context_of(request)
    with refusals(), context.database.transaction():
        values = change.model_dump(exclude_none=True)
        return described(context, mailboxes.change(context, mailbox_of(context, address), **values))


@router.delete("/{address}", status_code=204)
async def remove_mailbox(request: Request, address: str) -> None:
    """Remove a mailbox with all that is in it."""
    context = context_of(request)
    with refusals(), context.database.transaction():
        mailboxes.remove(context, mailbox_of(context, address))


@router.post("/{address}/move")
async def move_mailbox(request: Request, address: str) -> dict[str, Any]:
    """Move a mailbox to another database; clients with old identifiers go on with the copy that is left behind."""
    context = context_of(request)
    with refusals(), context.database.transaction():
        return described(context, mailboxes.move(context, mailbox_of(context, address)))


@router.get("/{address}/automatic-replies")
async def read_replies(request: Request, address: str) -> dict[str, Any]:
    """What a mailbox answers by itself."""
    context = context_of(request)
    with refusals():
        found = automatic_replies.get(context, mailbox_of(context, address).id)
    return _replies(found)


@router.put("/{address}/automatic-replies")
async def set_replies(request: Request, address: str, replies: Replies) -> dict[str, Any]:
    """Have a mailbox answer by itself, or not; as its owner would in the settings of the mail program."""
    context = context_of(request)
    with refusals(), context.database.transaction():
        mailbox = mailbox_of(context, address)
        automatic_replies.set(context, mailbox.id, AutomaticReplies(**replies.model_dump()))
        return _replies(automatic_replies.get(context, mailbox.id))


def _replies(found: AutomaticReplies) -> dict[str, Any]:
    return {
        "state": found.state,
        "external_audience": found.external_audience,
        "start": found.start and found.start.isoformat(),
        "end": found.end and found.end.isoformat(),
        "internal_reply": found.internal_reply,
        "external_reply": found.external_reply,
    }
