# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""The row about the users' mailboxes. Pure: an answer in, a row out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.ucops.imp.plugins.module_utils._core.errors import NoPublicApi
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


def _failing(users: Sequence[Mapping[str, Any]], codes: Sequence[str]) -> list[Mapping[str, Any]]:
    return [user for user in users if (user["failure"] or {}).get("code") in codes]


def _named(users: Sequence[Mapping[str, Any]]) -> str:
    names = [f"{user['userid']} ({user['mailbox']})" for user in users[:NAMED]]
    return ", ".join(names) + (f" and {len(users) - NAMED} more" if len(users) > NAMED else "")
