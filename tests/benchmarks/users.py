# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module ``calendar_users`` beside a bare client that sends the same requests: throughput, reading, memory.

Both sides take turns, each run in a process of its own, so that its processor time and its memory are its own. On a
machine that does something else, too, the processor time says more than the seconds.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from imp_emulator.scenario.writer import generate
from tests.benchmarks.keepalive import Target, requests_per_second
from tests.benchmarks.process import memory, processor_seconds
from tests.benchmarks.protocols import axl
from tests.benchmarks.table import Measurement, show
from tests.support.axl import add_gateway
from tests.support.connections import connection
from tests.support.emulator import Emulator
from tests.support.modules import run_module

USERS = 100_000
UPDATES = 10_000
CONNECTIONS = 4
PAGE = 5_000
ROUNDS = 3
LEAST_THROUGHPUT = 0.5
"""Of the bare client's."""
MOST_READING = 1.5
"""Times the bare fetch of the same pages."""
MOST_MEMORY = 400
"""MiB of the module's process."""
EVERYBODY = {"userid": "%"}
TAGS = ("userid", "homeCluster", "imAndPresenceEnable", "calendarPresence")


@dataclass(frozen=True)
class Run:
    """What a process has used: seconds of the work, seconds of processor time for it, MiB at most."""

    seconds: float
    processor: float
    memory: float


@dataclass(frozen=True)
class Pair:
    """The same work done by the bare client and by the module, and the processor time of the server for each."""

    bare: Run
    module: Run
    bare_server: float
    module_server: float


def run(folder: Path) -> None:
    """Measure and print; end with an error when one of the goals is missed by what others on the machine do not do."""
    place = folder / "users"
    place.mkdir()
    (place / "scenario.yml").write_text(generate(USERS), encoding="utf-8")
    emulator = Emulator(place, "--scenario", str(place / "scenario.yml"))
    try:
        add_gateway(emulator)
        job = {"do": "write", "users": _userids(emulator)}
        writing = [_both(emulator, {**job, "on": on}) for on in [True, False] * ROUNDS]
        everybody, _server = _measured(emulator, {"do": "write", "client": "module", "users": None})
        reading = [_both(emulator, {"do": "read"}) for _ in range(ROUNDS)]
    finally:
        emulator.stop()
    _show(f"{UPDATES:,} users of {USERS:,} updated, {CONNECTIONS} connections", writing, UPDATES)
    _show(f"{USERS:,} users, no change", reading, USERS // PAGE)
    most = max(everybody.memory, *(pair.module.memory for pair in (*writing, *reading)))
    print(f"\nMemory of the module's process: {most:.0f} MiB at most; {USERS:,} users changed in one task")
    print(f"  {everybody.seconds:.1f} s, {everybody.processor:.1f} s of processor time")


def _show(title: str, pairs: list[Pair], requests: int) -> None:
    def median(of: str, what: str) -> float:
        return statistics.median(getattr(getattr(pair, of), what) for pair in pairs)

    rate = "requests/s"
    show(title, [Measurement(of, requests / median(of, "seconds"), rate) for of in ("bare", "module")])
    rows = [Measurement(of, median(of, "seconds"), "s") for of in ("bare", "module")]
    rows += [Measurement(f"{of}, processor", median(of, "processor"), "s") for of in ("bare", "module")]
    for of in ("bare_server", "module_server"):
        rows.append(Measurement(f"{of}, processor", statistics.median(getattr(pair, of) for pair in pairs), "s"))
    rows += [Measurement(f"{of}, memory", median(of, "memory"), "MiB") for of in ("bare", "module")]
    show("and in detail", rows)


def _userids(emulator: Emulator) -> list[str]:
    known = run_module("calendar_users_info", connection(emulator, "cucm"))["users"]
    return [user["userid"] for user in known if user["userid"].startswith("user")][:UPDATES]


def _both(emulator: Emulator, job: dict[str, Any]) -> Pair:
    """Let both do a job; the bare client does the opposite of a change first, so that there is as much to change."""
    bare, bare_server = _measured(emulator, {**job, "client": "bare", "on": not job.get("on", False)})
    module, module_server = _measured(emulator, {**job, "client": "module"})
    return Pair(bare, module, bare_server, module_server)


def _measured(emulator: Emulator, job: dict[str, Any]) -> tuple[Run, float]:
    before = processor_seconds(emulator)
    job["options"] = connection(emulator, "cucm")
    command = [sys.executable, "-m", "tests.benchmarks.users"]
    done = subprocess.run(command, input=json.dumps(job), capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{job['client']}: {done.stdout[-500:]} {done.stderr[-2000:]}")
    return Run(**json.loads(done.stdout)), processor_seconds(emulator) - before


def _work(job: dict[str, Any]) -> Run:
    """Do a job in this process and return what it took."""
    seconds, processor = time.perf_counter(), time.process_time()
    (_bare if job["client"] == "bare" else _module)(job)
    taken = time.perf_counter() - seconds, time.process_time() - processor
    return Run(*taken, memory(os.getpid(), "VmHWM"))


def _module(job: dict[str, Any]) -> None:
    options = {**job["options"], "concurrency": CONNECTIONS, "page_size": PAGE}
    selected = {"users": [{"userid": userid} for userid in job["users"]]} if job.get("users") else {"query": EVERYBODY}
    result = run_module("calendar_users", {**options, **selected, "im_and_presence": job.get("on", True)})
    changes = len(result.data.get("changes", []))
    wrong = changes > 0 if job["do"] == "read" else changes < len(job["users"] or range(USERS - UPDATES))
    if result.failed or wrong:
        raise RuntimeError(f"{result.msg} {changes} changes")


def _bare(job: dict[str, Any]) -> None:
    options = job["options"]
    target = Target(options["hostname"], options["port"], options["ca_path"], options["username"], options["password"])
    if job["do"] == "read":
        returned = "".join(f"<{tag}>t</{tag}>" for tag in TAGS)
        search = f"<searchCriteria><userid>%</userid></searchCriteria><returnedTags>{returned}</returnedTags>"

        def page(number: int) -> bytes:
            return axl(target, "listUser", f"{search}<skip>{number * PAGE}</skip><first>{PAGE}</first>")

        requests_per_second(target, page, 200, USERS // PAGE, 1)
        return
    value = "true" if job["on"] else "false"

    def update(number: int) -> bytes:
        options = f"<imAndPresenceEnable>{value}</imAndPresenceEnable><calendarPresence>{value}</calendarPresence>"
        return axl(target, "updateUser", f"<userid>{job['users'][number]}</userid>{options}")

    requests_per_second(target, update, 200, len(job["users"]), CONNECTIONS)


if __name__ == "__main__":
    print(json.dumps(asdict(_work(json.load(sys.stdin)))))
