# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The console in the running emulator: what a person does there to users and mailboxes, and what comes of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import httpx
import pytest

from imp_emulator.testing import ControlError
from tests.support.console_reader import words_of
from tests.support.presence_chain import (
    HOUR,
    MINUTE,
    ONE,
    TWO,
    Chain,
    address,
    chain_fixture,
    environment_fixture,
    followed_fixture,
)

__all__ = ["chain_fixture", "environment_fixture", "followed_fixture"]

FORM = "%Y-%m-%dT%H:%M"


class Person:
    """Somebody who has opened the link; sends forms as a page without scripts does."""

    def __init__(self, chain: Chain, client: httpx.Client) -> None:
        self.chain = chain
        self.client = client
        client.get("/", params={"token": chain.environment.ready["control"]["token"]})

    def reads(self, path: str) -> str:
        answer = self.client.get(f"/console{path}")
        assert answer.status_code == 200, answer.text
        return answer.text

    def does(self, action: str, **fields: str) -> tuple[int, str]:
        answer = self.client.post(f"/console/do/{action}", data=fields)
        return answer.status_code, words_of(answer.text)


@pytest.fixture(name="person")
def person_fixture(chain: Chain) -> Iterator[Person]:
    url = chain.environment.ready["control"]["url"]
    with httpx.Client(base_url=url, trust_env=False, follow_redirects=True) as client:
        yield Person(chain, client)


def steps(chain: Chain, userid: str, since: int) -> list[str]:
    """Return what the control plane tells of a user, behind so many steps."""
    return [f"{one['step']} {one['what']}" for one in chain.control.timeline(userid)[since:]]


def test_a_meeting_of_the_page_is_followed_to_what_is_shown(person: Person) -> None:
    chain = person.chain
    before = len(chain.control.timeline(ONE))
    begin = chain.at(10 * MINUTE).replace(second=0)
    times = {"start": begin.strftime(FORM), "end": (begin + timedelta(hours=1)).strftime(FORM)}
    box = {"address": address(ONE), "zone": "UTC"}
    status, said = person.does("add-meeting", **box, **times, subject="Planning", show_as="Busy")
    assert (status, "POST /mailboxes/user0001%40example.com/meetings" in said) == (200, True), said
    chain.control.advance(30 * MINUTE)
    assert steps(chain, ONE, before) == [
        "meeting created",
        "notification event",
        "engine read_notified",
        "rule decides",
        "presence shown",
    ]
    page = person.reads(f"/users/dc1/{ONE}")
    told = words_of(page)
    assert 'class="icon red"' in page
    assert "Available became Busy. In a meeting" in told
    assert f"“Planning”, {begin:%Y-%m-%d %H:%M:%S} \N{EN DASH} " in told
    assert "not met" not in told
    day = person.reads(f"/mailboxes/{address(ONE)}?day={begin:%Y-%m-%d}")
    assert "Planning" in day
    meeting = day.split('name="id" value="')[1].split('"')[0]
    assert person.does("delete-meeting", address=address(ONE), id=meeting)[0] == 200
    chain.quiet()
    assert steps(chain, ONE, before)[5:] == [
        "meeting deleted",
        "notification event",
        "engine read_notified",
        "rule decides",
        "presence shown",
    ]
    assert person.does("delete-meeting", address=address(ONE), id=meeting)[0] == 422


def test_an_automatic_reply_of_the_page_turns_a_user_orange(person: Person) -> None:
    chain = person.chain
    before = len(chain.control.timeline(TWO))
    begin = chain.at(10 * MINUTE)
    times = {"start": begin.strftime(FORM), "end": (begin + timedelta(days=1)).strftime(FORM)}
    box = {"address": address(TWO), "zone": "UTC"}
    assert person.does("set-replies", **box, **times, state="Scheduled", reply="Away")[0] == 200
    chain.control.advance(2 * HOUR)
    assert 'class="icon orange"' in person.reads("/users?presence=Out+of+Office")
    assert steps(chain, TWO, before) == [
        "replies Scheduled",
        "engine replies_period",
        "rule decides",
        "presence shown",
    ]
    assert person.does("set-replies", **box, start="", end="", state="Scheduled")[0] == 422
    assert person.does("sign-in", cluster="dc1", userid=TWO, state="offline")[0] == 200
    assert chain.shown(TWO) == "Offline"
    assert person.does("sign-in", cluster="dc1", userid="nobody", state="offline")[0] == 422


def test_nobody_has_no_timeline(chain: Chain) -> None:
    with pytest.raises(ControlError, match="404 There is no user nobody"):
        chain.control.timeline("nobody")
