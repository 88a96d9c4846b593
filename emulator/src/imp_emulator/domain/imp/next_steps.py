# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a Presence Engine does next for a user whose calendar it follows, and when: one pure function."""

from __future__ import annotations

from enum import StrEnum

from imp_emulator.store.imp.engine import EngineUser

DAY = 86_400.0
BEHIND = DAY
"""How far before now the calendar is read, in seconds."""
AHEAD = 7 * DAY
"""How far ahead."""
SILENT_AFTER = 2
"""After how many status frequencies without any notification a subscription counts as lost (requirement P1)."""
AT_ONCE = 0.0


class Step(StrEnum):
    """What can be done for a user."""

    SUBSCRIBE = "subscribe"
    CHANGE_GATEWAY = "change-gateway"
    READ = "read"
    ASK_REPLIES = "ask-replies"


def next_step(user: EngineUser, *, notified: bool) -> tuple[Step, float]:
    """Return what is to be done next for a user, and at what virtual time; :data:`AT_ONCE` for now.

    It depends on nothing but what is stored of the user, so an engine that was killed goes on from there.

    Args:
        user: What is known of the user.
        notified: Whether the user's gateway sends notifications.
    """
    if notified and not user.subscription:
        return Step.SUBSCRIBE, AT_ONCE
    if user.news or user.window_end is None:
        return Step.READ, AT_ONCE
    if user.out_of_office_at is None:
        return Step.ASK_REPLIES, AT_ONCE
    # Notifications tell of changes, not that the window has moved on.
    reads_again = (user.window_end - DAY, Step.READ)
    later = min(reads_again, (silent_at(user), Step.CHANGE_GATEWAY)) if notified else reads_again
    return later[1], later[0]


def silent_at(user: EngineUser) -> float:
    """Return when a subscription counts as lost unless a notification comes before."""
    heard = max(at for at in (user.heard_at, user.subscribed_at, AT_ONCE) if at is not None)
    return heard + SILENT_AFTER * user.minutes * 60
