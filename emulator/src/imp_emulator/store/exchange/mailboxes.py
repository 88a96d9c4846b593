# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The mailboxes of the Exchange organisation."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from imp_emulator.letter_case import ascii_lower
from imp_emulator.scenario.calendars import MailboxSpec
from imp_emulator.scenario.model import Scenario
from imp_emulator.store.database import Database, Row, literally

_SID = "S-1-5-21-2893047162-1730285497-3318846205-"
_FIRST_RID = 1000
_SELECT = (
    "SELECT id, mailbox.address, principal_name, display_name, time_zone, language, coalesce(account, id) AS account,"
    " moved_to FROM mailbox"
)
_INSERT = (
    "INSERT INTO mailbox (address, principal_name, display_name, time_zone, language, id) VALUES (?, ?, ?, ?, ?, ?)"
)
_INSERT_ALIAS = "INSERT INTO mailbox_alias (address, mailbox) VALUES (?, ?)"
_NAMED = (
    " WHERE moved_to IS NULL AND"
    " (display_name LIKE :begins ESCAPE '\\' OR display_name LIKE '% ' || :begins ESCAPE '\\'"
    " OR address LIKE :begins ESCAPE '\\'"
    " OR id IN (SELECT mailbox FROM mailbox_alias WHERE address LIKE :begins ESCAPE '\\'))"
    " ORDER BY display_name COLLATE NOCASE, id LIMIT :limit"
)


class AddressTaken(Exception):
    """An address or principal name is another mailbox's already."""


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A mailbox, or the copy of one that was left behind when it was moved: its own row with all that the mailbox is.

    Attributes:
        id: Its row; no other mailbox ever has the same.
        account: The number of its account, which stays when the mailbox is moved.
        address: The primary SMTP address as it is shown; compared without regard to the letter case of A to Z.
        principal_name: The user principal name of its account, by default the address.
        sid: The security identifier of its account.
        display_name: The name that address lists show.
        time_zone: The IANA name of the time zone that its owner has chosen.
        language: The language of its owner, for example ``en-US``.
    """

    id: int
    account: int
    address: str
    principal_name: str
    sid: str
    display_name: str
    time_zone: str
    language: str


def seed(database: Database, scenario: Scenario) -> None:
    """Store the mailboxes of a scenario: of its users, of the service account, and the listed ones; rows, no more."""
    names: list[tuple[Any, ...]] = []
    aliases: list[tuple[str, int]] = []
    for number, spec in enumerate(_first_mailboxes(scenario), 1):
        names.append((spec.address, spec.address, spec.display_name, spec.time_zone, spec.language, number))
        aliases.extend((alias, number) for alias in spec.aliases)
    database.executemany(_INSERT, names)
    database.executemany(_INSERT_ALIAS, aliases)


def _first_mailboxes(scenario: Scenario) -> Iterator[MailboxSpec]:
    """Each address once: what is listed says more than a user does, and several clusters may have the same user."""
    mailboxes = scenario.mailboxes
    taken: set[str] = set()
    for listed in mailboxes.listed:
        taken.update(ascii_lower(address) for address in (listed.address, *listed.aliases))
        yield listed
    found = [(scenario.service_address, scenario.service_address.partition("@")[0])]
    if mailboxes.of_users:
        users = (user for cluster in scenario.clusters for user in cluster.users if "@" in user.mail)
        found.extend((user.mail, f"{user.first_name} {user.last_name}".strip()) for user in users)
    for address, name in found:
        key = ascii_lower(address)
        if key not in taken:
            taken.add(key)
            yield MailboxSpec(address, name, time_zone=mailboxes.time_zone, language=mailboxes.language)


def by_address(database: Database, address: str) -> Mailbox | None:
    """Return the mailbox that has an address as its primary or another one, or ``None``."""
    row = database.one(f"{_SELECT} WHERE address = ?", (address,)) or database.one(
        f"{_SELECT} JOIN mailbox_alias ON mailbox = id WHERE mailbox_alias.address = ?", (address,)
    )
    return None if row is None else _mailbox(row)


def by_principal_name(database: Database, name: str) -> Mailbox | None:
    """Return the mailbox of an account by its user principal name, or ``None``."""
    row = database.one(f"{_SELECT} WHERE principal_name = ?", (name,))
    return None if row is None else _mailbox(row)


def by_sid(database: Database, sid: str) -> Mailbox | None:
    """Return the mailbox of an account by its security identifier, or ``None``."""
    number = sid.upper().removeprefix(_SID)
    if not (number.isascii() and number.isdigit() and len(number) < 12):
        return None
    return by_account(database, int(number) - _FIRST_RID)


def by_account(database: Database, account: int) -> Mailbox | None:
    """Return the mailbox of an account by the account's number, or ``None``."""
    own = " WHERE account = :account OR id = :account AND account IS NULL AND moved_to IS NULL"
    row = database.one(_SELECT + own, {"account": account})
    return None if row is None else _mailbox(row)


def by_id(database: Database, identifier: int) -> Mailbox | None:
    """Return a mailbox, or the copy of one that was moved, by its row, or ``None``."""
    row = database.one(f"{_SELECT} WHERE id = ?", (identifier,))
    if row is None or row["moved_to"] is None:
        return None if row is None else _mailbox(row)
    owner = by_id(database, row["moved_to"])
    return None if owner is None else replace(owner, id=identifier)


def moved_to(database: Database, identifier: int) -> int:
    """Return the row of the mailbox that a row belongs to: another one when it is the copy of one that was moved."""
    row = database.one("SELECT moved_to FROM mailbox WHERE id = ? AND moved_to IS NOT NULL", (identifier,))
    return identifier if row is None else int(row["moved_to"])


def after(database: Database, identifier: int, limit: int) -> list[Mailbox]:
    """Return mailboxes in the order of their rows, those behind a row, ``limit`` at most."""
    rows = database.all(f"{_SELECT} WHERE id > ? AND moved_to IS NULL ORDER BY id LIMIT ?", (identifier, limit))
    return [_mailbox(row) for row in rows]


def search(database: Database, text: str, limit: int) -> list[Mailbox]:
    """Return mailboxes by name: those in which a word of the display name, or an address, begins with a text."""
    rows = database.all(_SELECT + _NAMED, {"begins": f"{literally(text)}%", "limit": limit})
    return [_mailbox(row) for row in rows]


def page(database: Database, text: str, skip: int, first: int) -> tuple[int, list[Mailbox]]:
    """Return how many mailboxes have a text in their name or address, and those of a page, sorted by address."""
    values = {"part": f"%{literally(text)}%", "first": first, "skip": skip}
    where = " WHERE moved_to IS NULL AND (address LIKE :part ESCAPE '\\' OR display_name LIKE :part ESCAPE '\\')"
    total = database.one(f"SELECT count(*) AS n FROM mailbox{where}", values)  # noqa: S608 - no values
    rows = database.all(f"{_SELECT}{where} ORDER BY address LIMIT :first OFFSET :skip", values)
    return 0 if total is None else int(total["n"]), [_mailbox(row) for row in rows]


def aliases(database: Database, identifier: int) -> list[str]:
    """Return the further addresses of a mailbox, sorted."""
    rows = database.all("SELECT address FROM mailbox_alias WHERE mailbox = ? ORDER BY address", (identifier,))
    return [row["address"] for row in rows]


def insert(database: Database, address: str, display_name: str, time_zone: str, language: str) -> int:
    """Add a mailbox and return its row; raises :class:`AddressTaken`."""
    try:
        cursor = database.execute(_INSERT, (address, address, display_name, time_zone, language, None))
    except sqlite3.IntegrityError:
        raise AddressTaken(address) from None
    return int(cursor.lastrowid or 0)


def update(database: Database, identifier: int, changes: Mapping[str, str]) -> None:
    """Change columns of a mailbox; raises :class:`AddressTaken`."""
    columns = ", ".join(f"{column} = ?" for column in changes)
    try:
        database.execute(f"UPDATE mailbox SET {columns} WHERE id = ?", (*changes.values(), identifier))  # noqa: S608
    except sqlite3.IntegrityError:
        raise AddressTaken(changes.get("address", "")) from None


def set_aliases(database: Database, identifier: int, addresses: Iterable[str]) -> None:
    """Give a mailbox other further addresses; raises :class:`AddressTaken`."""
    database.execute("DELETE FROM mailbox_alias WHERE mailbox = ?", (identifier,))
    for address in addresses:
        try:
            database.execute(_INSERT_ALIAS, (address, identifier))
        except sqlite3.IntegrityError:
            raise AddressTaken(address) from None


def move(database: Database, mailbox: Mailbox) -> int:
    """Move a mailbox to a new row, which gets its names, and return that; the calendar stays with the old row."""
    old = {"old": mailbox.id}
    database.execute("UPDATE mailbox SET account = NULL, address = NULL, principal_name = NULL WHERE id = :old", old)
    names = (mailbox.address, mailbox.principal_name, mailbox.display_name, mailbox.time_zone, mailbox.language, None)
    new = int(database.execute(_INSERT, names).lastrowid or 0)
    both = {**old, "new": new, "account": mailbox.account}
    database.execute("UPDATE mailbox SET account = :account WHERE id = :new", both)
    database.execute("UPDATE mailbox SET moved_to = :new WHERE id = :old OR moved_to = :old", both)
    database.execute("UPDATE mailbox_alias SET mailbox = :new WHERE mailbox = :old", both)
    database.execute("UPDATE automatic_replies SET mailbox = :new WHERE mailbox = :old", both)
    return new


def delete(database: Database, identifier: int) -> None:
    """Remove a mailbox with all that is in it, and the copies that it has left behind."""
    database.execute("DELETE FROM mailbox WHERE id = ?", (identifier,))


def _mailbox(row: Row) -> Mailbox:
    identifier, address, principal_name, display_name, time_zone, language, account, _ = row
    sid = f"{_SID}{_FIRST_RID + account}"
    return Mailbox(identifier, account, address, principal_name, sid, display_name, time_zone, language)
