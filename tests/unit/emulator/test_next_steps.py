# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a Presence Engine does next for a user, and when."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from imp_emulator.domain.imp.next_steps import AT_ONCE, DAY, Step, next_step
from imp_emulator.store.imp.engine import EngineUser

NEW = EngineUser("dc1", "1", "imp-pub", "a@example.com", "token", gateway="g")
NOW = 1_800_000_000.0
SUBSCRIBED = replace(NEW, subscription="s", minutes=60, subscribed_at=NOW)
READ = replace(SUBSCRIBED, read_at=NOW, window_start=NOW - DAY, window_end=NOW + 7 * DAY)
SETTLED = replace(READ, out_of_office_at=NOW)


@pytest.mark.parametrize(
    ("user", "notified", "expected"),
    [
        (NEW, True, (Step.SUBSCRIBE, AT_ONCE)),
        (NEW, False, (Step.READ, AT_ONCE)),
        (SUBSCRIBED, True, (Step.READ, AT_ONCE)),
        (READ, True, (Step.ASK_REPLIES, AT_ONCE)),
        (replace(SETTLED, news=1), True, (Step.READ, AT_ONCE)),
        (replace(SETTLED, subscription="", news=1), True, (Step.SUBSCRIBE, AT_ONCE)),
        (SETTLED, True, (Step.CHANGE_GATEWAY, NOW + 2 * 3600)),
        (replace(SETTLED, heard_at=NOW + 60), True, (Step.CHANGE_GATEWAY, NOW + 60 + 2 * 3600)),
        # One that was heard of an earlier subscription says nothing of this one.
        (replace(SETTLED, heard_at=NOW - 60), True, (Step.CHANGE_GATEWAY, NOW + 2 * 3600)),
        (replace(SETTLED, minutes=1440, heard_at=NOW + 5 * DAY), True, (Step.READ, NOW + 6 * DAY)),
        (replace(SETTLED, subscription=""), False, (Step.READ, NOW + 6 * DAY)),
    ],
)
def test_what_is_done_next(user: EngineUser, notified: bool, expected: Any) -> None:
    assert next_step(user, notified=notified) == expected
