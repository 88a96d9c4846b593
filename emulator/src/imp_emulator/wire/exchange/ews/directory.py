# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ResolveNames: who is meant by a part of a name or an address."""

from __future__ import annotations

from collections.abc import Mapping

from imp_emulator.domain.exchange import mailboxes
from imp_emulator.domain.exchange.mailboxes import Mailbox
from imp_emulator.wire.exchange.ews.envelope import Call, Handler, attribute, flag, required, schema_violation
from imp_emulator.wire.exchange.ews.item_parts import owner_element
from imp_emulator.wire.exchange.ews.messages import Element, EwsError, error, m, response, success, t
from imp_emulator.wire.http import soap
from imp_emulator.world.context import Context

_MOST = 100
"""So many are told, as the schema says."""
_SCOPES = ("ActiveDirectory", "ActiveDirectoryContacts", "Contacts", "ContactsActiveDirectory")


def _resolve_names(context: Context, call: Call) -> Element:
    entry = soap.content(required(call.body, "UnresolvedEntry"))
    if not entry:
        raise schema_violation("The element 'UnresolvedEntry' is empty.", call.body)
    full = flag(attribute(call.body, "ReturnFullContactData"))
    scope = call.body.get("SearchScope", "ActiveDirectoryContacts")
    if scope not in _SCOPES:
        raise schema_violation(f"'{scope[:40]}' is no scope to search in.", call.body)
    # The folders of contacts are empty.
    found = [] if scope == "Contacts" else _found(context, entry)
    if not found:
        raise EwsError("ErrorNameResolutionNoResults")
    resolved = m.ResolutionSet(
        *(_resolution(context, mailbox, full=full) for mailbox in found[:_MOST]),
        TotalItemsInView=str(min(len(found), _MOST)),
        IncludesLastItemInRange="true" if len(found) <= _MOST else "false",
    )
    if len(found) == 1:
        return response("ResolveNames", [success("ResolveNames", resolved)])
    return response("ResolveNames", [error("ResolveNames", EwsError("ErrorNameResolutionMultipleResults"), resolved)])


def _found(context: Context, entry: str) -> list[Mailbox]:
    """Return whom an entry may mean: the one with just this address, else all that begin so."""
    exact = mailboxes.find(context, entry)
    text = entry[len("smtp:") :] if entry.lower().startswith("smtp:") else entry
    return [exact] if exact is not None else mailboxes.search(context, text, _MOST + 1)


def _resolution(context: Context, mailbox: Mailbox, *, full: bool) -> Element:
    shown = t.Resolution(owner_element(mailbox))
    if full:
        addresses = [mailbox.address, *mailboxes.aliases(context, mailbox)]
        # The schema has room for three.
        entries = [t.Entry(f"SMTP:{text}", Key=f"EmailAddress{place}") for place, text in enumerate(addresses[:3], 1)]
        contact = t.Contact(
            t.Culture(mailbox.language),
            t.DisplayName(mailbox.display_name),
            t.EmailAddresses(*entries),
            t.ContactSource("ActiveDirectory"),
        )
        shown.append(contact)
    return shown


OPERATIONS: Mapping[str, Handler] = {"ResolveNames": Handler(write=False, run=_resolve_names)}
