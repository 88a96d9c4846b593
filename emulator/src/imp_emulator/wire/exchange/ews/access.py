# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which mailbox and which folder a request means, and whether it may."""

from __future__ import annotations

from imp_emulator.domain.exchange import mailboxes, throttling
from imp_emulator.domain.exchange.folders import FOLDERS, Folder
from imp_emulator.domain.exchange.mailboxes import Mailbox
from imp_emulator.wire.exchange.ews import ids
from imp_emulator.wire.exchange.ews.envelope import Call, attribute, schema_violation
from imp_emulator.wire.exchange.ews.messages import Element, EwsError
from imp_emulator.wire.exchange.ews.versions import Version
from imp_emulator.wire.http import soap
from imp_emulator.world.context import Context


def mailbox_for(context: Context, call: Call, address: str | None = None) -> Mailbox:
    """Return the mailbox that a request works on.

    Args:
        context: The environment.
        call: The request.
        address: The one that it names, or ``None`` for the one that it acts for.

    Raises:
        EwsError: There is no such mailbox, or the request may not open it.
    """
    found = call.mailbox if address is None else mailboxes.find(context, address)
    if found is None:
        raise EwsError("ErrorNonExistentMailbox")
    check(context, call, found.id)
    return found


def check(context: Context, call: Call, mailbox: int) -> None:
    """Refuse a mailbox, given by its row, that a request does not act for; a copy left by a move is its mailbox's.

    Raises:
        EwsError: It does not.
    """
    if call.mailbox is None or call.mailbox.id != mailboxes.owner_of(context, mailbox):
        raise EwsError("ErrorAccessDenied")


def results_at_most(context: Context, call: Call, total: int, *, paged: bool) -> int | None:
    """Return how many results a request gets at a time by the policy of its account, or ``None`` for no limit.

    Requests of early versions, and those that do not ask for a page, cannot be told of a part.

    Raises:
        EwsError: There are more than such a request may have.
    """
    limit = throttling.find_limit(context, call.caller)
    if limit is not None and total > limit and call.version < Version.EXCHANGE2010_SP1:
        raise EwsError("ErrorServerBusy")
    if limit is not None and total > limit and not paged:
        raise EwsError("ErrorExceededFindCountLimit")
    return limit


def folder_of(context: Context, call: Call, element: Element) -> tuple[Mailbox, Folder]:
    """Return what a ``t:FolderId`` or ``t:DistinguishedFolderId`` stands for.

    Raises:
        EwsError: There is no such folder, or the request may not open it.
    """
    kind = soap.local_name(element)
    if kind == "FolderId":
        identifier, name = ids.parse_folder_id(attribute(element, "Id"))
        check(context, call, identifier)
        return mailboxes.get(context, identifier), FOLDERS[name]
    if kind != "DistinguishedFolderId":
        raise schema_violation(f"The element '{kind}' is no folder's id.", element)
    owner = soap.child(element, "Mailbox")
    address = None if owner is None else soap.content(soap.child(owner, "EmailAddress"))
    mailbox = mailbox_for(context, call, address)
    folder = FOLDERS.get(attribute(element, "Id"))
    if folder is None:
        raise EwsError("ErrorFolderNotFound")
    return mailbox, folder
