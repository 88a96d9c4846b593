# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Presence Engine asks Office 365 again and again, where Exchange would notify it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from imp_emulator.catalogue.services import PRESENCE_ENGINE
from imp_emulator.domain.cucm import parameters, users
from imp_emulator.domain.exchange import calendars, mailboxes
from imp_emulator.domain.exchange.calendars import Draft
from imp_emulator.domain.imp import gateways, presence, services, trust
from imp_emulator.domain.imp.gateways import OFFICE_365
from imp_emulator.domain.imp.office_365 import Office365Draft
from imp_emulator.domain.imp.services import Action
from imp_emulator.scenario import file as scenario_file
from imp_emulator.scenario.model import GRAPH_HOST, LOGIN_HOST, OUTLOOK_HOST
from imp_emulator.store import accounts, keys
from imp_emulator.store.cucm.users import UserKey
from imp_emulator.store.imp import engine
from imp_emulator.store.imp.engine import EngineUser
from tests.support import office_365 as support
from tests.support import states
from tests.support.presence_site import DAY, HOUR, MINUTE, Site, running

SCENARIO = scenario_file.read(yaml.safe_dump(support.content(users=1)))


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return states.seed(tmp_path_factory.mktemp("online"), SCENARIO)


def follow(site: Site, cluster: str) -> str:
    """Have a cluster's engines follow its user through Office 365, asked every ten minutes; returns the user id."""
    context, database = site.environment.context, site.environment.database
    known = {one.label: one for one in accounts.accounts(database, accounts.ONLINE)}["presence"]
    roots = "".join(
        {keys.get(database, keys.NO_CLUSTER, host).issuers for host in (LOGIN_HOST, GRAPH_HOST, OUTLOOK_HOST)}
    )
    user = SCENARIO.cluster(cluster).users[0]
    interval = (PRESENCE_ENGINE, "Office365CalendarInformationPullInterval")
    with database.transaction():
        online = Office365Draft(known.username, support.TENANT_ID, known.password)
        gateways.add(context, cluster, gateways.Draft(OUTLOOK_HOST, type=OFFICE_365, office_365=online))
        parameters.change(context, cluster, parameters.find(context, cluster, "imp-pub", *interval), "10")
        trust.upload(context, cluster, "imp-pub", [trust.CUP, "tomcat"], [roots])
        services.control(context, cluster, "imp-pub", Action.RESTART, PRESENCE_ENGINE)
        flags = {"im_and_presence": True, "meeting_information": True}
        users.update(context, cluster, UserKey("userid", user.userid), flags)
    return user.userid


@pytest.mark.parametrize("cluster", ["graph", "ews"])
def test_calendars_of_office_365_are_asked_for_at_the_interval(seeded: Path, tmp_path: Path, cluster: str) -> None:
    async def conversation(site: Site) -> None:
        context = site.environment.context

        def known() -> EngineUser:
            return next(engine.users(site.environment.database, cluster))

        def activity() -> str:
            return presence.of_user(context, cluster, userid).presence.activity

        await site.environment.scheduler.change_clock(lambda clock: clock.freeze(True))
        userid = follow(site, cluster)
        await site.quiet()
        assert (known().failure, known().subscription, known().read_at) == ("", "", site.now), known().failure_detail
        assert known().window_end == site.now + 7 * DAY
        with site.environment.database.transaction():
            mailbox = mailboxes.find(context, known().mail)
            assert mailbox is not None
            start, end = (datetime.fromtimestamp(site.now + seconds, UTC) for seconds in (0.0, HOUR))
            calendars.create(context, mailbox.id, Draft(start, end, show_as="Busy"))
        await site.advance(10 * MINUTE - 1)
        assert (known().busy, activity()) == ((), "")
        await site.advance(1)
        assert known().read_at == known().out_of_office_at == site.now
        assert activity() == "In a meeting"
        await site.advance(HOUR)
        assert activity() == ""

    async def whole() -> None:
        async with running(seeded, tmp_path, SCENARIO) as site:
            await conversation(site)

    asyncio.run(whole())
