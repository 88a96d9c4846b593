# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""The rows about the users: their mailboxes, mail addresses and directories. Pure: an answer in, a row out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.ucops.imp.plugins.module_utils._core.errors import ImpError, NoPublicApi
from ansible_collections.ucops.imp.plugins.module_utils._preflight.cluster import why_silent
from ansible_collections.ucops.imp.plugins.module_utils._preflight.logins import InterfaceAnswer
from ansible_collections.ucops.imp.plugins.module_utils._preflight.rows import Row, ok, skipped, unknown, warned

NAMED = 5
"""So many users are named; how many more there are is told."""

_NO_MAILBOX = ("mailbox", "folder")
_NO_RIGHT = ("right",)
_ABOUT = ("mailboxes-readable", "users with meeting information")
_EXPECTED = "a mailbox for each mail address, and the right to read its calendar"


def mailboxes_row(answer: InterfaceAnswer) -> Row:
    """Say for whom Exchange has no mailbox, or gives the account of the gateways no right to it.

    Args:
        answer: That of the admin API of a node, which has found it out with the calendars of the users.
    """
    if isinstance(answer.error, NoPublicApi):
        where = "See whether meetings are shown, in Cisco Unified CM IM and Presence Administration, Presence Viewer."
        return unknown(*_ABOUT, "no interface tells", _EXPECTED, where)
    if not answer.answered:
        return skipped(*_ABOUT, why_silent(answer))
    found = answer.value.failing
    if found is None or not found.engines:
        what = "not known: no Presence Engine runs" if found else "not known: the admin API does not tell"
        return unknown(*_ABOUT, what, _EXPECTED, "Start Cisco Presence Engine, and run the preflight again.")
    without = _failing(found.users, _NO_MAILBOX)
    forbidden = _failing(found.users, _NO_RIGHT)
    if not without and not forbidden:
        return ok(*_ABOUT, f"none without on {', '.join(found.engines)}", _EXPECTED)
    told: list[str] = []
    advice: list[str] = []
    if without:
        told.append(f"{len(without)} without a mailbox: {_named(without)}")
        advice.append("Correct the mail addresses in Unified CM, or make the mailboxes.")
    if forbidden:
        told.append(f"{len(forbidden)} without the right: {_named(forbidden)}")
        advice.append("Give the account the right with ucops.imp.exchange_impersonation.")
    return warned(*_ABOUT, "; ".join(told), _EXPECTED, " ".join(advice))


@dataclass(frozen=True)
class DirectoryFacts:
    """An LDAP directory: how many of its users have meeting information, and what its feature group template says.

    ``included`` is ``None`` where it has no template.
    """

    name: str
    template: str
    included: bool | None
    users: int


@dataclass(frozen=True)
class UserFacts:
    """What Unified CM tells of the users with meeting information: who has no mail address, whose directory which."""

    without_mail: int
    named: Sequence[str]
    directories: Sequence[DirectoryFacts]


def origin_rows(answer: InterfaceAnswer) -> list[Row]:
    """Say who has no mail address, by which Exchange finds a calendar, and whose directory will undo the setting.

    Args:
        answer: That of AXL; its value is a :class:`UserFacts`, or the error that it was not told for.
    """
    checks = ("mail-addresses", "directory-templates")
    if not answer.answered:
        return [skipped(check, _ABOUT[1], why_silent(answer)) for check in checks]
    found: UserFacts | ImpError = answer.value
    if isinstance(found, ImpError):
        where = "See User Management, End User in Cisco Unified CM Administration."
        return [unknown(check, _ABOUT[1], f"not told: {found.message}", "", where) for check in checks]
    return [_mail_row(found), _template_row(found)]


def _mail_row(found: UserFacts) -> Row:
    about = ("mail-addresses", _ABOUT[1])
    expected = "a mail address of each in Unified CM"
    if not found.without_mail:
        return ok(*about, "none without", expected)
    more = found.without_mail - len(found.named)
    names = ", ".join(found.named) + (f" and {more} more" if more else "")
    advice = "Set them in the LDAP directory, or in Unified CM for local users."
    return warned(*about, f"{found.without_mail} without: {names}", expected, advice)


def _template_row(found: UserFacts) -> Row:
    about = ("directory-templates", _ABOUT[1])
    expected = "templates of their LDAP directories that say the same"
    undoing = [one for one in found.directories if one.included is False and one.users]
    if undoing:
        told = "; ".join(f"{one.template} of {one.name} says no, {one.users} of its users have it" for one in undoing)
        advice = "Include meeting information in the feature group template, or a synchronisation may take it away."
        return warned(*about, told, expected, advice)
    synchronised = sum(one.users for one in found.directories)
    return ok(*about, f"{synchronised} of LDAP directories, none undone", expected)


def _failing(users: Sequence[Mapping[str, Any]], codes: Sequence[str]) -> list[Mapping[str, Any]]:
    return [user for user in users if (user["failure"] or {}).get("code") in codes]


def _named(users: Sequence[Mapping[str, Any]]) -> str:
    names = [f"{user['userid']} ({user['mailbox']})" for user in users[:NAMED]]
    return ", ".join(names) + (f" and {len(users) - NAMED} more" if len(users) > NAMED else "")
