# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The mailboxes of the Exchange organisation; every server is a front end to all of them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from imp_emulator.domain import timelines
from imp_emulator.domain.events import MailboxChanged
from imp_emulator.domain.exchange import texts, time_zones
from imp_emulator.errors import Duplicate, InvalidValue, NotFound
from imp_emulator.scenario.mailboxes import ADDRESS, LANGUAGE
from imp_emulator.store.exchange import calendars as calendar_store
from imp_emulator.store.exchange import mailboxes as store
from imp_emulator.store.exchange.mailboxes import Mailbox
from imp_emulator.world.context import Context

__all__ = ["Mailbox"]

_ADDRESS, _LANGUAGE = re.compile(ADDRESS.expression), re.compile(LANGUAGE.expression)
_LONGEST_NAME = 256
_LONGEST_ADDRESS = 320
_CHANGEABLE = frozenset({"address", "principal_name", "display_name", "time_zone", "language"})


def find(context: Context, address: str) -> Mailbox | None:
    """Return the mailbox with a primary or further address, or ``None``; ``SMTP:`` before it is tolerated."""
    bare = address.strip()
    return store.by_address(context.database, bare[5:] if bare[:5].upper() == "SMTP:" else bare)


def by_principal_name(context: Context, name: str) -> Mailbox | None:
    """Return the mailbox of an account by its user principal name, or ``None``."""
    return store.by_principal_name(context.database, name.strip())


def by_sid(context: Context, sid: str) -> Mailbox | None:
    """Return the mailbox of an account by its security identifier, or ``None``."""
    return store.by_sid(context.database, sid.strip())


def by_account(context: Context, account: int) -> Mailbox | None:
    """Return the mailbox of an account by the account's number, which a move does not change, or ``None``."""
    return store.by_account(context.database, account)


def of_service_account(context: Context) -> Mailbox | None:
    """Return the mailbox of the account of kind ``exchange``; ``None`` when somebody has removed it."""
    return find(context, context.scenario.service_address)


def get(context: Context, identifier: int) -> Mailbox:
    """Return a mailbox, or the copy that a moved one has left behind, by its row.

    Raises:
        NotFound: There is none.
    """
    mailbox = store.by_id(context.database, identifier)
    if mailbox is None:
        raise NotFound("mailbox-not-found", "The mailbox does not exist.")
    return mailbox


def owner_of(context: Context, identifier: int) -> int:
    """Return the row of the mailbox that a row belongs to: another one when it is a copy that was left behind."""
    return store.moved_to(context.database, identifier)


def search(context: Context, text: str, limit: int) -> list[Mailbox]:
    """Return at most ``limit`` mailboxes in which a word of the display name, or an address, begins with a text."""
    text = text.strip()
    # Nothing begins with more; and the database refuses to look for very long ones.
    return store.search(context.database, text, limit) if len(text) <= _LONGEST_ADDRESS else []


def mailboxes(context: Context, after: int, limit: int) -> list[Mailbox]:
    """Return mailboxes in the order of their rows, those behind the row ``after``, ``limit`` at most."""
    return store.after(context.database, after, limit)


def page(context: Context, text: str, skip: int, first: int) -> tuple[int, list[Mailbox]]:
    """Return how many mailboxes have a text in their name or address, and those of a page, sorted by address."""
    return store.page(context.database, text.strip(), skip, first)


def aliases(context: Context, mailbox: Mailbox) -> list[str]:
    """Return the further addresses of a mailbox, sorted."""
    return store.aliases(context.database, owner_of(context, mailbox.id))


def add(
    context: Context,
    address: str,
    display_name: str,
    *,
    time_zone: str = "UTC",
    language: str = "en-US",
    aliases: Iterable[str] = (),
) -> Mailbox:
    """Add a mailbox with an empty calendar.

    Args:
        context: The environment.
        address: Its primary SMTP address.
        display_name: What address lists show; 1 to 256 characters.
        time_zone: An IANA name or one of Windows; it is kept as the IANA name.
        language: A language tag, for example ``en-US``.
        aliases: Its further addresses.

    Raises:
        Duplicate: Another mailbox has one of the addresses.
        InvalidValue: A value breaks its rule.
    """
    further = tuple(aliases)
    time_zone = time_zones.iana(time_zone)
    _check({"address": address, "display_name": display_name, "time_zone": time_zone, "language": language})
    _check_aliases(address, further)
    for taken in (address, *further):
        _check_free(context, taken, None)
    try:
        identifier = store.insert(context.database, address, display_name, time_zone, language)
    except store.AddressTaken:
        # The address is free, as was just seen, and is also the principal name.
        raise _taken(address, "principal_name") from None
    store.set_aliases(context.database, identifier, further)
    context.events.publish(MailboxChanged(identifier, address, "added"))
    return get(context, identifier)


def change(context: Context, mailbox: Mailbox, **fields: Any) -> Mailbox:
    """Change a mailbox and return it as it is then.

    Args:
        context: The environment.
        mailbox: Which one.
        fields: ``address``, ``principal_name``, ``display_name``, ``time_zone``, ``language`` or ``aliases``, which
            replace all former ones.

    Raises:
        Duplicate: Another mailbox has one of the addresses, or the principal name.
        InvalidValue: A value breaks its rule, or there is no such field.
    """
    columns = {name: value for name, value in fields.items() if name in _CHANGEABLE}
    if unknown := fields.keys() - columns.keys() - {"aliases"}:
        raise InvalidValue("mailbox-field", f"A mailbox has no field {min(unknown)}.", min(unknown))
    if "time_zone" in columns:
        columns["time_zone"] = time_zones.iana(columns["time_zone"])
    _check(columns)
    address = columns.get("address", mailbox.address)
    further = tuple(fields["aliases"] if "aliases" in fields else store.aliases(context.database, mailbox.id))
    _check_aliases(address, further)
    for taken in (address, *further):
        _check_free(context, taken, mailbox.id)
    if columns:
        try:
            store.update(context.database, mailbox.id, columns)
        except store.AddressTaken:
            # The address is free, as was just seen.
            raise _taken(columns["principal_name"], "principal_name") from None
    store.set_aliases(context.database, mailbox.id, further)
    context.events.publish(MailboxChanged(mailbox.id, address, "updated"))
    return get(context, mailbox.id)


def move(context: Context, mailbox: Mailbox) -> Mailbox:
    """Move a mailbox to another database, and return it as it is there.

    Its old copy is left behind, with its calendar as it is now. Identifiers of folders and items that were given out
    lead to that copy, and so do subscriptions, which see nothing happen any more: Exchange tells nobody of a move, and
    the presence engine goes on with what it knows (Cisco's guide on Exchange integration). All that goes by the
    address, or by the account, leads to the new one.
    """
    new = store.move(context.database, mailbox)
    calendar_store.copy(context.database, mailbox.id, new)
    context.events.publish(MailboxChanged(new, mailbox.address, "moved"))
    return get(context, new)


def remove(context: Context, mailbox: Mailbox) -> None:
    """Remove a mailbox with its calendar; its identifiers are never given to another one."""
    store.delete(context.database, mailbox.id)
    timelines.forget_mailbox(context, mailbox.id)
    context.events.publish(MailboxChanged(mailbox.id, mailbox.address, "removed"))


def _check(values: dict[str, Any]) -> None:
    for field in ("address", "principal_name"):
        if field in values and not _ADDRESS.fullmatch(values[field]):
            raise InvalidValue("mailbox-address", f"{field} must be an address like anna@example.com.", field)
        texts.check(field, values.get(field, ""), "mailbox-address")
    name = values.get("display_name", "-")
    texts.check("display_name", name, "mailbox-display-name")
    if not name.strip() or len(name) > _LONGEST_NAME:
        text = f"display_name must have 1 to {_LONGEST_NAME} characters."
        raise InvalidValue("mailbox-display-name", text, "display_name")
    if not _LANGUAGE.fullmatch(values.get("language", "en")):
        raise InvalidValue("mailbox-language", "language must be a tag like en-US.", "language")


def _check_aliases(address: str, aliases: tuple[str, ...]) -> None:
    seen = {address.lower()}
    for alias in aliases:
        if not _ADDRESS.fullmatch(alias):
            raise InvalidValue("mailbox-address", "aliases must be addresses like anna@example.com.", "aliases")
        texts.check("aliases", alias, "mailbox-address")
        if alias.lower() in seen:
            raise InvalidValue("mailbox-address-twice", f"The address {alias} is given twice.", "aliases")
        seen.add(alias.lower())


def _check_free(context: Context, address: str, own: int | None) -> None:
    found = store.by_address(context.database, address)
    if found is not None and found.id != own:
        raise _taken(address)


def _taken(name: str, field: str = "address") -> Duplicate:
    words = field.replace("_", " ")
    return Duplicate("mailbox-exists", f"Another mailbox has the {words} {name} already.", field)
