# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the public client ``exchangelib``, unmodified, does to a mailbox becomes presence: meetings and replies."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from exchangelib import NTLM, UTC, EWSDateTime, OofSettings

from tests.support.exchangelib_client import Login, login_fixture, meeting
from tests.support.presence_chain import (
    DAY,
    HOUR,
    IN_A_MEETING,
    MINUTE,
    ONE,
    Chain,
    address,
    chain_fixture,
    environment_fixture,
    followed_fixture,
    japanese,
)

__all__ = ["chain_fixture", "environment_fixture", "followed_fixture", "login_fixture"]

pytestmark = pytest.mark.parametrize("login", [NTLM], indirect=True)


def time(at: datetime) -> EWSDateTime:
    return EWSDateTime.from_datetime(at).astimezone(UTC)


def test_a_meeting_is_shown_from_the_offset_of_the_user_to_its_end(login: Login, chain: Chain) -> None:
    account, begin, offset = login(address(ONE)), chain.at(HOUR), chain.offset()
    assert 0 <= offset <= 50
    chain.control.clear_journal()
    meeting(account, time(begin))
    chain.quiet()
    (notice,) = chain.notices()
    assert (notice["node"], notice["status"], notice["at"]) == ("imp-pub", 200, chain.now.isoformat())
    assert [found["start"] for found in chain.known()["busy"]] == [begin.isoformat()]
    chain.control.advance(HOUR + offset - 1)
    assert chain.shown() == "Available"
    chain.control.advance(1)
    assert chain.shown() == IN_A_MEETING
    assert chain.control.presence(ONE)["icon"] == "red"
    chain.control.advance(HOUR - 1)
    assert chain.shown() == IN_A_MEETING
    chain.control.advance(1)
    assert chain.shown() == "Available"


def test_a_meeting_that_is_moved_or_deleted(login: Login, chain: Chain) -> None:
    account, offset = login(address(ONE)), chain.offset()
    item = meeting(account, time(chain.now))
    chain.control.advance(MINUTE)
    assert chain.shown() == IN_A_MEETING
    chain.control.clear_journal()
    item.start += timedelta(hours=3)
    item.end += timedelta(hours=3)
    item.save(update_fields=["start", "end"])
    chain.quiet()
    assert len(chain.notices()) == 1
    assert chain.shown() == "Available", "it is no meeting of now any more"
    chain.control.advance(3 * HOUR - MINUTE + offset - 1)
    assert chain.shown() == "Available"
    chain.control.advance(1)
    assert chain.shown() == IN_A_MEETING
    chain.control.clear_journal()
    item.delete()
    chain.quiet()
    assert len(chain.notices()) == 1
    assert (chain.shown(), chain.known()["busy"]) == ("Available", [])


def test_automatic_replies_are_shown_in_the_language_and_time_of_the_user(login: Login, chain: Chain) -> None:
    """The period goes across the night in which the clocks are set elsewhere; Japan has no summer time."""
    chain.control.change_mailbox(address(ONE), time_zone="Asia/Tokyo")
    account = login(address(ONE))
    start, end = chain.at(HOUR / 2), chain.at(5 * DAY)
    words = {"internal_reply": "Out.", "external_reply": "Out."}
    account.oof_settings = OofSettings(state="Scheduled", start=time(start), end=time(end), **words)
    chain.control.advance(HOUR - 1)
    assert chain.shown() == "Available", "automatic replies are asked for once an hour"
    chain.control.advance(1)
    found = chain.control.presence(ONE)
    assert (found["presence"], found["icon"], found["rule"]) == ("Out of Office", "orange", "out_of_office")
    first, last = (at + timedelta(hours=9) for at in (start, end))
    assert found["message"] == f"{japanese(first)} から {japanese(last)} まで不在です (JST)"
    account.oof_settings = OofSettings(state="Disabled", **words)
    chain.control.advance(HOUR)
    assert (chain.shown(), chain.control.presence(ONE)["message"]) == ("Available", "")
