# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Automatic replies of mailboxes ("out of office"): what may be set, and whether they are in effect.

The rules are those that Microsoft documents with the response codes of Exchange Web Services.
"""

from __future__ import annotations

from datetime import datetime

from imp_emulator.domain import timelines
from imp_emulator.domain.events import AutomaticRepliesChanged
from imp_emulator.domain.exchange import local_times, mailboxes, texts
from imp_emulator.errors import InvalidValue
from imp_emulator.store.exchange import automatic_replies as store
from imp_emulator.store.exchange.automatic_replies import AutomaticReplies
from imp_emulator.world.context import Context

__all__ = ["AUDIENCES", "DISABLED", "ENABLED", "SCHEDULED", "STATES", "AutomaticReplies"]

DISABLED, ENABLED, SCHEDULED = "Disabled", "Enabled", "Scheduled"
STATES = (DISABLED, ENABLED, SCHEDULED)
AUDIENCES = ("None", "Known", "All")
_NEVER_SET = AutomaticReplies()


def get(context: Context, mailbox: int) -> AutomaticReplies:
    """Return the automatic replies of a mailbox, switched off when it has never been given any.

    Raises:
        NotFound: There is no such mailbox.
    """
    mailboxes.get(context, mailbox)
    return store.get(context.database, mailbox) or _NEVER_SET


def set(  # noqa: A001 - the counterpart of get
    context: Context, mailbox: int, replies: AutomaticReplies, *, may_be_over: bool = False
) -> None:
    """Give a mailbox automatic replies in place of those it has.

    A time that is not scheduled is kept and has no effect.

    Args:
        context: The environment.
        mailbox: The row of the mailbox.
        replies: What it answers from now on.
        may_be_over: Whether a scheduled time may have passed, as in a scenario that is used again later.

    Raises:
        NotFound: There is no such mailbox.
        InvalidValue: ``invalid-state`` or ``invalid-audience``: such a word is not known. ``invalid-reply``: XML
            cannot carry a reply. ``invalid-duration``: a time is out of the range of calendars, there is a start
            without an end or an end without a start, or a scheduled time is missing, does not end after its start, or
            has passed.
    """
    address = mailboxes.get(context, mailbox).address
    _check_word("state", replies.state, STATES)
    _check_word("audience", replies.external_audience, AUDIENCES)
    for name in ("internal_reply", "external_reply"):
        texts.check(name, getattr(replies, name), "invalid-reply")
    for name, moment in (("start", replies.start), ("end", replies.end)):
        if moment is not None and not local_times.EARLIEST < moment < local_times.LATEST:
            raise InvalidValue("invalid-duration", f"The {name} of automatic replies is out of range.", name)
    if replies.state == SCHEDULED:
        _check_time(replies, None if may_be_over else context.clock.now())
    elif (replies.start is None) != (replies.end is None):
        raise InvalidValue("invalid-duration", "Automatic replies have both a start and an end, or none.", "end")
    store.put(context.database, mailbox, replies)
    start, end = (None if at is None else at.timestamp() for at in (replies.start, replies.end))
    timelines.note_mailbox(context, mailbox, "replies", replies.state, start=start, end=end)
    context.events.publish(AutomaticRepliesChanged(mailbox, address))


def in_effect(replies: AutomaticReplies, now: datetime) -> bool:
    """Tell whether somebody who writes now is answered: enabled, or scheduled from its start until before its end."""
    if replies.state != SCHEDULED:
        return replies.state == ENABLED
    return replies.start is not None and replies.end is not None and replies.start <= now < replies.end


def _check_word(what: str, word: str, known: tuple[str, ...]) -> None:
    if word not in known:
        text = f"The {what} of automatic replies is one of {', '.join(known)}, not {word!r}."
        raise InvalidValue(f"invalid-{what}", text, what)


def _check_time(replies: AutomaticReplies, now: datetime | None) -> None:
    if replies.start is None or replies.end is None:
        problem = "Scheduled automatic replies need a start and an end."
    elif replies.end <= replies.start:
        problem = "Scheduled automatic replies must end after they start."
    elif now is not None and replies.end <= now:
        problem = "Scheduled automatic replies must end in the future."
    else:
        return
    raise InvalidValue("invalid-duration", problem, "end")
