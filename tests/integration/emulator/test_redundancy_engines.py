# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A failover takes the users' calendars with it: the engine of the peer follows them, the other one lets go."""

from __future__ import annotations

import pytest

from imp_emulator.catalogue.services import SIP_PROXY
from imp_emulator.domain.exchange import mailboxes, subscriptions
from imp_emulator.domain.imp import recovery, redundancy, services
from imp_emulator.domain.imp.redundancy import GroupKey, Wanted
from imp_emulator.domain.imp.services import Action
from tests.support.presence_site import CLUSTER, HOUR, MINUTE, NODE, ONE, TWO, USERS, Play, Site, address

GROUP = GroupKey("name", "DefaultCUPSubcluster")
PEER = "imp-sub"
AWAY = 90 + recovery.MOVE_SECONDS


async def switch(site: Site, on: bool) -> None:
    with site.environment.database.transaction():
        redundancy.update(site.environment.context, CLUSTER, GROUP, Wanted(ha_enabled=on))
    await site.advance(15)


def nodes(site: Site) -> set[str]:
    """Return the nodes whose engines follow the users."""
    return {user.node for user in site.followed()}


def subscribed(site: Site, userid: str) -> int:
    mailbox = mailboxes.find(site.environment.context, address(userid))
    assert mailbox is not None
    return subscriptions.count(site.environment.context, mailbox.id)


def control(site: Site, action: Action, service: str) -> None:
    with site.environment.database.transaction():
        services.control(site.environment.context, CLUSTER, NODE, action, service)


async def fall_back(site: Site) -> None:
    with site.environment.database.transaction():
        redundancy.fallback(site.environment.context, CLUSTER, GROUP.value, NODE)
    await site.advance(recovery.MOVE_SECONDS)


def test_the_peers_engine_follows_the_users_of_one_that_has_stopped(play: Play) -> None:
    async def conversation(site: Site) -> None:
        await switch(site, on=True)
        site.meeting(address(ONE), 0, HOUR)
        await site.advance(MINUTE)
        assert site.shown(ONE) == "Busy: In a meeting"
        site.control(Action.STOP)
        await site.advance(AWAY - 1)
        assert (site.shown(ONE), nodes(site)) == ("Available", {NODE, PEER})
        await site.advance(1)
        assert (site.shown(ONE), nodes(site)) == ("Busy: In a meeting", {PEER})
        assert len(site.followed()) == USERS
        site.control(Action.START)
        await site.quiet()
        # It runs, and follows nobody: its users are elsewhere.
        assert nodes(site) == {PEER}
        await fall_back(site)
        assert (site.known(ONE).node, site.known(TWO).node, site.shown(ONE)) == (NODE, PEER, "Busy: In a meeting")

    play(conversation)


def test_an_engine_that_goes_on_running_lets_go_of_its_users(play: Play) -> None:
    """Another critical service is down: the engine itself could go on, but its users are elsewhere."""

    async def conversation(site: Site) -> None:
        await switch(site, on=True)
        control(site, Action.STOP, SIP_PROXY)
        await site.advance(AWAY)
        assert (nodes(site), len(site.followed())) == ({PEER}, USERS)
        assert subscribed(site, ONE) == 1
        control(site, Action.START, SIP_PROXY)
        await fall_back(site)
        assert (nodes(site), subscribed(site, ONE)) == ({NODE, PEER}, 1)

    play(conversation)


@pytest.mark.parametrize("runs", [True, False])
def test_switching_off_brings_them_home_even_where_nobody_follows_them(play: Play, runs: bool) -> None:
    async def conversation(site: Site) -> None:
        await switch(site, on=True)
        site.meeting(address(ONE), 0, HOUR)
        site.control(Action.STOP)
        await site.advance(AWAY)
        if runs:
            site.control(Action.START)
            await site.quiet()
        site.asked()
        await switch(site, on=False)
        await site.advance(MINUTE)
        # The peer's engine has let go of both.
        assert site.asked().count("Unsubscribe") == USERS // 2
        if runs:
            assert (site.known(ONE).node, site.shown(ONE)) == (NODE, "Busy: In a meeting")
        else:
            assert (site.user(ONE), site.shown(ONE)) == (None, "Available")

    play(conversation)
