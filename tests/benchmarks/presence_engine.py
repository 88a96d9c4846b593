# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One Presence Engine with 10,000 users: following them, 2,000 meetings in the same minute, 7,500 updates at a time."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import yaml

from imp_emulator.catalogue.services import PRESENCE_ENGINE
from imp_emulator.domain.imp import services, trust
from imp_emulator.domain.imp.services import Action
from imp_emulator.engine import ews_messages
from imp_emulator.scenario import file as scenario_file
from imp_emulator.scenario.writer import generate
from imp_emulator.serving import background
from imp_emulator.store import clock as clock_store
from imp_emulator.store import keys
from imp_emulator.store.clock import ClockSetting
from imp_emulator.store.database import Database
from imp_emulator.testing import Emulator, running
from imp_emulator.wire.exchange.ews.messages import Element
from imp_emulator.world.clock import Clock
from imp_emulator.world.environment import Environment
from imp_emulator.world.pace import ServicePace
from imp_emulator.world.snapshots import Snapshots, StateFolder, prepare
from tests.benchmarks.process import LongestWait, memory, processor_seconds
from tests.benchmarks.table import Measurement, show
from tests.support.ews import PATH, SERVER

USERS, MEETINGS, UPDATES = 10_000, 2_000, 7_500
BARE = 1_000
"""For how many users a client without a Presence Engine asks the same."""
SPREAD = 50
"""Calendar Spread, in seconds: the default."""
CONNECTIONS = 8
HALF_AN_HOUR = timedelta(minutes=30)
CLUSTER, NODE, NODE_ADDRESS = "dc1", "imp-pub", "198.18.1.12"


def scenario(users: int = USERS) -> str:
    """Return a scenario with one IM and Presence node, whose users are enabled for calendars from the start."""
    content = yaml.safe_load(generate(users=0))
    cluster = content["clusters"][0]
    cluster["nodes"] = [node for node in cluster["nodes"] if node["name"] != "imp-sub"]
    cluster["presence_gateways"] = [server["name"] for server in content["exchange"]["servers"]]
    cluster["users"] = {"listed": [_user(number) for number in range(1, users + 1)]}
    content["exchange"]["impersonation"] = True
    return yaml.safe_dump(content, sort_keys=False)


def _user(number: int) -> dict[str, Any]:
    enabled = {"im_and_presence": True, "meeting_information": True}
    return {"userid": f"user{number:05d}", "last_name": "User", "mail": _address(number), **enabled}


def _address(number: int) -> str:
    return f"user{number:05d}@example.com"


def seed(file: Path, folder: Path) -> None:
    """Make a state file whose engine trusts Exchange and begins when time passes, on a clock that stands still."""
    spec = scenario_file.load(str(file))
    state = folder / "state.sqlite3"
    lock, database = StateFolder(state), Database(state)
    prepare(database, Snapshots(database, lock.path / "snapshots"), spec, background.complete)
    # The beginning of a minute.
    clock_store.save(database, ClockSetting(0.0, float(time.time() // 60 * 60)))
    context = Environment(database, Clock(), ServicePace(), spec).context
    root = keys.get(database, keys.NO_CLUSTER, keys.EXCHANGE_ROOT).certificate
    with database.transaction():
        trust.upload(context, CLUSTER, NODE, [trust.CUP], [root])
        services.control(context, CLUSTER, NODE, Action.RESTART, PRESENCE_ENGINE)
    database.close()
    lock.release()


@dataclass
class Used:
    """What a part of the benchmark has used: seconds of processor, and the longest wait for an answer in ms."""

    processor: float = 0.0
    wait: float = 0.0

    def rows(self, name: str, count: int, unit: str) -> list[Measurement]:
        """Return the lines of a table; ``count`` is how many of what ``unit`` names there were."""
        return [
            Measurement(f"{name}: processor", self.processor, "s"),
            Measurement(f"{name}: processor for each {unit}", self.processor / count * 1000, "ms"),
            Measurement(f"{name}: longest wait of another client", self.wait, "ms"),
        ]


@contextmanager
def measured(emulator: Emulator) -> Iterator[Used]:
    """Measure what the emulator uses until the block ends and all that it has caused has ended."""
    used, begun = Used(), processor_seconds(emulator)
    with LongestWait(emulator) as longest:
        yield used
        emulator.control.advance(0)
    used.processor, used.wait = processor_seconds(emulator) - begun, longest.milliseconds


def ask_bare(emulator: Emulator, numbers: Sequence[int]) -> None:
    """Ask for what the engine asks for each user, first notification included, but with nobody who takes it."""
    place, account = emulator.ready["exchange"][SERVER], emulator.ready["exchange_account"]
    url = f"http://{NODE_ADDRESS}:50020/presence-engine/notifications/nobody"
    begin = datetime.fromisoformat(emulator.control.clock()["now"]).timestamp() - 86_400
    with httpx.Client(
        base_url=f"https://{place['address']}:{place['ports']['443']}",
        auth=(account["username"], account["password"]),
        headers={"Content-Type": "text/xml; charset=utf-8", "Host": SERVER},
        verify=place["root_file"],
        trust_env=False,
    ) as client:

        def ask(message: bytes) -> Element:
            answer = client.post(PATH, content=message, extensions={"sni_hostname": SERVER})
            return ews_messages.answer(answer.raise_for_status().content)

        for address in map(_address, numbers):
            folder = ews_messages.folder_id(ask(ews_messages.get_folder(address)))
            ask(ews_messages.subscribe(address, folder, url, 60))
            ask(ews_messages.find_meetings(address, folder, begin, begin + 8 * 86_400))
            ask(ews_messages.get_automatic_replies(address))


def put_meetings(emulator: Emulator, numbers: Sequence[int], start: datetime) -> None:
    """Put a meeting of half an hour into each user's calendar, over several connections at a time."""
    end = start + HALF_AN_HOUR
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        for _ in pool.map(lambda number: emulator.control.add_meeting(_address(number), start, end), numbers):
            pass


def check(emulator: Emulator, count: int, start: datetime) -> tuple[float, float]:
    """Return after how many seconds the first and the last of so many users were shown in their meeting.

    Raises:
        RuntimeError: Not all of them are, or somebody else is, or one was later than the spread.
    """
    shown = emulator.control.presences(presence="Busy")
    since = [(datetime.fromisoformat(user["since"]) - start).total_seconds() for user in shown]
    if len(since) != count:
        raise RuntimeError(f"{len(since)} users are in a meeting and not {count}")
    if not 0 <= min(since) <= max(since) <= SPREAD:
        raise RuntimeError(f"meetings are shown {min(since)} to {max(since)} seconds after their start")
    return min(since), max(since)


def subscribed(emulator: Emulator) -> int:
    """Return how many users have a subscription, as the administration of the node tells."""
    with httpx.Client(
        base_url=emulator.url(NODE), auth=emulator.account(), verify=emulator.tls, trust_env=False, timeout=30
    ) as client:
        gateways = client.get("/imp-admin/v1/presence-gateways").raise_for_status().json()
    return sum(int(gateway["subscriptions"]) for gateway in gateways["items"])


def meetings(emulator: Emulator, name: str, count: int) -> list[Measurement]:
    """Put meetings into so many calendars that start in the same minute, let them start and end."""
    start = datetime.fromisoformat(emulator.control.clock()["now"]) + HALF_AN_HOUR
    numbers = range(1, count + 1)
    with measured(emulator) as told:
        put_meetings(emulator, numbers, start)
    emulator.control.advance(HALF_AN_HOUR.total_seconds() - 1)
    if emulator.control.presences(presence="Busy"):
        raise RuntimeError("somebody is in a meeting that has not begun")
    with measured(emulator) as begun:
        emulator.control.advance(60)
    first, last = check(emulator, count, start)
    emulator.control.advance(HALF_AN_HOUR.total_seconds())
    if emulator.control.presences(presence="Busy"):
        raise RuntimeError("somebody is still in a meeting that is over")
    return [
        *told.rows(f"{name} put in, told and read", count, "meeting"),
        *begun.rows(f"{name} begin", count, "transition"),
        Measurement(f"{name}: first shown after", first, "s"),
        Measurement(f"{name}: last shown after", last, "s"),
    ]


def run(folder: Path) -> None:
    """Seed a state file, serve it, measure and print."""
    file = folder / "presence.yml"
    file.write_text(scenario(), encoding="utf-8")
    served = folder / "presence"
    served.mkdir()
    seed(file, served)
    with running(file, served) as emulator:
        account = emulator.ready["exchange_account"]["username"]
        emulator.control.throttling_policy(account, max_burst=None)
        empty = memory(emulator.process.pid)
        with measured(emulator) as followed:
            pass
        if (found := subscribed(emulator)) != USERS:
            raise RuntimeError(f"{found} of {USERS} users are subscribed")
        with measured(emulator) as bare:
            ask_bare(emulator, range(1, BARE + 1))
        each = [
            Measurement("the same requests of a bare client", bare.processor / BARE * 1000, "ms"),
            Measurement("followed by the engine", followed.processor / USERS * 1000, "ms"),
        ]
        show("Processor time of the emulator for a user", each)
        rows = followed.rows(f"{USERS} users followed", USERS, "user")
        rows += meetings(emulator, f"{MEETINGS} meetings", MEETINGS)
        rows += meetings(emulator, f"{UPDATES} meetings", UPDATES)
        for row in rows:
            print(f"  {row.name:<60} {row.value:>10.2f} {row.unit}")
        used = [
            Measurement("before", empty, "MiB"),
            Measurement("at most", memory(emulator.process.pid, "VmHWM"), "MiB"),
        ]
        show("Memory of the emulator", used)
