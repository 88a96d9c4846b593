# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""10,000 mailboxes with 200,000 calendar items: what a day's view costs, and how much memory the emulator takes."""

from __future__ import annotations

import statistics
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from imp_emulator.domain.exchange import calendars, mailboxes, recurrence
from imp_emulator.domain.exchange.calendars import Draft
from imp_emulator.scenario import file as scenario_file
from imp_emulator.scenario.writer import generate
from imp_emulator.store.database import Database
from imp_emulator.testing import Emulator, running
from imp_emulator.world.clock import Clock
from imp_emulator.world.context import Context
from imp_emulator.world.environment import Environment
from imp_emulator.world.pace import ServicePace
from tests.benchmarks.keepalive import Target, read_answer
from tests.benchmarks.process import memory, processor_seconds
from tests.benchmarks.table import Measurement, show
from tests.support.ews import PATH, SERVER, envelope, impersonation

MAILBOXES = 10_000
SINGLES, SERIES = 18, 2
"""Items of each mailbox."""
VIEWS = 1_000
GOAL = 5.0  # milliseconds
FIRST = datetime(2026, 6, 1, 8, tzinfo=UTC)
"""A Monday; each mailbox has two meetings on each of nine days, and two series."""

VIEW = (
    '<m:FindItem Traversal="Shallow"><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape><t:AdditionalProperties>'
    '<t:FieldURI FieldURI="item:Subject"/><t:FieldURI FieldURI="calendar:Start"/><t:FieldURI FieldURI="calendar:End"/>'
    '<t:FieldURI FieldURI="calendar:LegacyFreeBusyStatus"/></t:AdditionalProperties></m:ItemShape>'
    '<m:CalendarView StartDate="{0:%Y-%m-%d}T00:00:00Z" EndDate="{1:%Y-%m-%d}T00:00:00Z"/>'
    '<m:ParentFolderIds><t:DistinguishedFolderId Id="calendar"/></m:ParentFolderIds></m:FindItem>'
)


def fill(context: Context) -> list[str]:
    """Put the items into the mailboxes of all users, in one transaction, as no client could; returns the addresses."""
    owners = [one for one in mailboxes.mailboxes(context, 0, 2 * MAILBOXES) if one.address.startswith("user")]
    weekly = recurrence.recurrence_of("FREQ=WEEKLY;BYDAY=MO,WE", FIRST.date())
    with context.database.transaction():
        for mailbox in owners:
            for number in range(SINGLES + SERIES):
                start = FIRST + timedelta(days=number % 9, hours=number // 9)
                repeats = weekly if number >= SINGLES else None
                draft = Draft(start, start + timedelta(hours=1), subject=f"Meeting {number}", recurrence=repeats)
                calendars.create(context, mailbox.id, draft)
    return [one.address for one in owners]


def milliseconds(target: Target, requests: list[bytes]) -> list[float]:
    """Send requests one after the other over one connection; returns how long each answer took."""
    taken = []
    with target.connect() as connection:
        buffer = bytearray()
        for request in requests:
            begun = time.perf_counter()
            connection.sendall(request)
            status = read_answer(connection, buffer)
            taken.append((time.perf_counter() - begun) * 1000)
            if status != 200:
                raise RuntimeError(f"HTTP {status} instead of 200")
    return taken


def measure(emulator: Emulator, addresses: list[str]) -> list[Measurement]:
    """Measure a day's view of mailboxes all over the state."""
    emulator.control.impersonation(allowed=True)
    place, account = emulator.ready["exchange"][SERVER], emulator.ready["exchange_account"]
    emulator.control.throttling_policy(account["username"], max_burst=None)
    target = Target(
        place["address"], place["ports"]["443"], place["root_file"], account["username"], account["password"], SERVER
    )
    headers = ("Content-Type: text/xml; charset=utf-8",)

    def view(number: int) -> bytes:
        day = FIRST + timedelta(days=number % 9)
        header = impersonation(addresses[number * 7919 % len(addresses)])
        body = envelope(VIEW.format(day, day + timedelta(days=1)), header)
        return target.request("POST", PATH, body, headers)

    before = processor_seconds(emulator)
    taken = milliseconds(target, [view(number) for number in range(VIEWS)])
    used = (processor_seconds(emulator) - before) * 1000 / VIEWS
    return [
        Measurement("the goal", GOAL, "ms"),
        Measurement("processor time of the server, mean", used, "ms"),
        Measurement("until the client has the answer, median", statistics.median(taken), "ms"),
    ]


def run(folder: Path) -> None:
    """Fill a state file, serve it, measure and print."""
    scenario = folder / "mailboxes.yml"
    scenario.write_text(generate(MAILBOXES), encoding="utf-8")
    served = folder / "mailboxes"
    served.mkdir()
    with running(scenario, served) as emulator:
        empty = memory(emulator.process.pid)
    spec = scenario_file.load(str(scenario))
    database = Database(served / "state.sqlite3")
    addresses = fill(Environment(database, Clock(), ServicePace(), spec).context)
    database.close()
    with running(scenario, served) as emulator:
        items = len(addresses) * (SINGLES + SERIES)
        show(f"{len(addresses)} mailboxes, {items} items, a view of one day", measure(emulator, addresses))
        used = memory(emulator.process.pid)
        rows = [Measurement("empty calendars", empty, "MiB"), Measurement("after the views", used, "MiB")]
        show("Memory of the emulator", rows)
