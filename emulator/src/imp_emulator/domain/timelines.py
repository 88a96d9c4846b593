# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The timeline of a user: which step led from a meeting to what is shown, and why.

Whoever changes something notes it here, in the transaction of the change. A step is told by a name and values, so that
each reader has words of its own for it; none of the values is a secret. What repeats without telling anything new is
not noted: Exchange's status notifications, polls that find what is known.

``options`` are the user's settings in Unified CM, ``meeting`` and ``replies`` what happens in the mailbox,
``notification`` what Exchange tells the engine, ``engine`` what the Presence Engine does, ``client`` what clients and
telephones say and what is set by hand, ``rule`` the row of the table that decides from now on, and ``presence`` what
is shown because of that.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from imp_emulator.errors import NotFound
from imp_emulator.store import history
from imp_emulator.store.cucm import users
from imp_emulator.store.cucm.users import UserKey
from imp_emulator.store.exchange import mailboxes
from imp_emulator.store.history import Step
from imp_emulator.world.context import Context

__all__ = ["STEPS", "Step"]

STEPS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "options": {"set": ("home_cluster", "im_and_presence", "meeting_information")},
    "meeting": dict.fromkeys(("created", "modified", "deleted"), ("subject", "start", "end", "show_as", "series")),
    "replies": dict.fromkeys(("Disabled", "Enabled", "Scheduled"), ("start", "end")),
    "notification": {"event": ("node", "port")},
    "engine": {
        "started": ("node",),
        "stopped": ("node",),
        "followed": ("node", "mail", "gateway"),
        "released": ("node", "mail"),
        "subscribed": ("node", "gateway", "port", "minutes"),
        "lost_ended": ("gateway",),
        "lost_parameters": ("gateway",),
        "read_subscribed": ("gateway", "busy"),
        "read_notified": ("gateway", "busy"),
        "read_again": ("gateway", "busy"),
        "replies": ("gateway",),
        "replies_period": ("gateway", "start", "end"),
        "no_replies": ("gateway",),
        "gateway_silent": ("gateway", "before"),
        "gateway_failed": ("gateway", "before", "detail"),
        "failed": ("gateway", "failure", "detail"),
    },
    "client": {
        "signed_in": ("state",),
        "phone_on": (),
        "phone_off": (),
        "set_by_hand": ("presence", "activity", "override", "note", "until"),
        "given_back": (),
    },
    "rule": {"decides": ("rule", "before", "sign_in", "on_the_phone", "manual", "calendar", "out_of_office")},
    "presence": {"shown": ("presence", "activity", "message", "icon", "before"), "gone": ()},
}
"""What is noted: the values of each step, by its part of the way and its name. Times are in seconds since the epoch."""


def note_user(context: Context, cluster: str, pkid: str, step: str, what: str, **about: Any) -> None:
    """Note something about a user; the values are those of :data:`STEPS`."""
    _note(context, _user(cluster, pkid), step, what, about)


def note_mailbox(context: Context, mailbox: int, step: str, what: str, **about: Any) -> None:
    """Note something in a mailbox, by its row."""
    _note(context, _mailbox(mailbox), step, what, about)


def note_engine(context: Context, cluster: str, node: str, what: str) -> None:
    """Note something about the whole Presence Engine of a node."""
    _note(context, _engine(cluster, node), "engine", what, {"node": node})


def _note(context: Context, subject: str, step: str, what: str, about: Mapping[str, Any]) -> None:
    if about.keys() != set(STEPS[step][what]):
        raise ValueError(f"{step} {what} is told with {', '.join(STEPS[step][what])}")
    history.add(context.database, subject, Step(context.clock.timestamp(), step, what, about))


def of_user(context: Context, cluster: str, userid: str) -> list[Step]:
    """Return the newest steps of a user, of its mailbox and of the engine that serves it, the oldest first.

    Raises:
        NotFound: There is no such user.
    """
    user = users.presence_user(context.database, cluster, UserKey("userid", userid))
    if user is None:
        raise NotFound("user-not-found", f"There is no user {userid}.", "userid")
    subjects = [_user(cluster, user.pkid)]
    mailbox = mailboxes.by_address(context.database, user.mail) if user.mail else None
    if mailbox is not None:
        subjects.append(_mailbox(mailbox.id))
    if user.served_by is not None:
        subjects.append(_engine(cluster, user.served_by))
    return history.of(context.database, subjects)


def forget_user(context: Context, cluster: str, pkid: str) -> None:
    """Forget what was noted about a user that is removed."""
    history.forget(context.database, _user(cluster, pkid))


def forget_mailbox(context: Context, mailbox: int) -> None:
    """Forget what was noted in a mailbox that is removed."""
    history.forget(context.database, _mailbox(mailbox))


def _user(cluster: str, pkid: str) -> str:
    return f"user/{cluster}/{pkid}"


def _mailbox(mailbox: int) -> str:
    return f"mailbox/{mailbox}"


def _engine(cluster: str, node: str) -> str:
    return f"engine/{cluster}/{node}"
