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
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from ansible_collections.ucops.imp.plugins.modules import calendar_users

from imp_emulator.scenario.writer import generate
from tests.benchmarks.keepalive import Target, requests_per_second
from tests.benchmarks.process import memory, processor_seconds
from tests.benchmarks.protocols import axl
from tests.benchmarks.table import Measurement, show
from tests.support.axl import add_gateway
from tests.support.connections import connection
from tests.support.emulator import Emulator
from tests.support.modules import run_main, run_module

USERS = 100_000
UPDATES = 10_000
CONNECTIONS = 4
PAGE = 5_000
ROUNDS = 3
EVERYBODY = {"userid": "%"}
TAGS = ("userid", "homeCluster", "imAndPresenceEnable", "calendarPresence")


@dataclass(frozen=True)
class Run:
    """What a process has used.

    Attributes:
        seconds: Of the work; ``writing`` of the updates among it, without what is read before and after.
        processor: Seconds of processor time for the work.
        memory: MiB at most.
        server: Seconds of processor time of the server meanwhile.
    """

    seconds: float
    writing: float
    processor: float
    memory: float
    server: float = 0.0


@dataclass(frozen=True)
class Pair:
    """The same work done by the bare client and by the module."""

    bare: Run
    module: Run


def run(folder: Path) -> None:
    """Measure and print."""
    place = folder / "users"
    place.mkdir()
    (place / "scenario.yml").write_text(generate(USERS), encoding="utf-8")
    emulator = Emulator(place, "--scenario", str(place / "scenario.yml"))
    try:
        add_gateway(emulator)
        job = {"do": "write", "users": _userids(emulator)}
        writing = [_both(emulator, {**job, "on": on}) for on in [True, False] * ROUNDS]
        everybody = _measured(emulator, {"do": "write", "client": "module", "least": USERS - UPDATES})
        reading = [_both(emulator, {"do": "read"}) for _ in range(ROUNDS)]
    finally:
        emulator.stop()
    title = f"{UPDATES:,} of {USERS:,} users updated, {CONNECTIONS} connections"
    _show(title, writing, "The goal for the seconds of writing is 2.00 at most.")
    _show(f"{USERS:,} users, no change", reading, "The goal for the seconds is 1.50 at most.")
    most = max(everybody.memory, *(pair.module.memory for pair in (*writing, *reading)))
    print(f"\n{USERS:,} users changed in one task: {everybody.seconds:.0f} s, {everybody.processor:.1f} s of processor")
    print(f"Memory of the module's process: {most:.0f} MiB at most; the goal is 400 MiB at most.")


def _rows(pairs: list[Pair], what: str) -> list[Measurement]:
    """Return the median of one figure, first of the bare client and then of the module."""
    unit = "MiB" if what == "memory" else "s"
    found = {of: statistics.median(getattr(getattr(pair, of), what) for pair in pairs) for of in ("bare", "module")}
    return [Measurement(f"{what}, {of}", value, unit) for of, value in found.items()]


def _show(title: str, pairs: list[Pair], most: str) -> None:
    """Print each figure as a table of its own, since its ratio is what counts."""
    for what in ("seconds", "writing", "processor", "server", "memory"):
        if rows := [row for row in _rows(pairs, what) if row.value]:
            show(f"{title}: {what}", rows)
    print(f"  {most}")


def _userids(emulator: Emulator) -> list[str]:
    known = run_module("calendar_users_info", connection(emulator, "cucm"))["users"]
    return [user["userid"] for user in known if user["userid"].startswith("user")][:UPDATES]


def _both(emulator: Emulator, job: dict[str, Any]) -> Pair:
    """Let both do a job, the second one the opposite of the first, so that each changes all there is to change."""
    runs: dict[str, Run] = {}
    for client, on in zip(("bare", "module") if job.get("on") else ("module", "bare"), (True, False), strict=True):
        runs[client] = _measured(emulator, {**job, "client": client, **({"on": on} if "on" in job else {})})
    return Pair(**runs)


def _measured(emulator: Emulator, job: dict[str, Any]) -> Run:
    before = processor_seconds(emulator)
    job["options"] = connection(emulator, "cucm")
    command = [sys.executable, "-m", "tests.benchmarks.users"]
    done = subprocess.run(command, input=json.dumps(job), capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{job['client']}: {done.stdout[-500:]} {done.stderr[-2000:]}")
    return replace(Run(**json.loads(done.stdout)), server=processor_seconds(emulator) - before)


def _work(job: dict[str, Any]) -> Run:
    """Do a job in this process and return what it took."""
    seconds, processor = time.perf_counter(), time.process_time()
    writing, most = (_bare if job["client"] == "bare" else _module)(job)
    return Run(time.perf_counter() - seconds, writing, time.process_time() - processor, most)


def _most_memory() -> float:
    return memory(os.getpid(), "VmHWM")


def _module(job: dict[str, Any]) -> tuple[float, float]:
    """Run the module; return the seconds of its updates, and its memory before anybody reads what it has printed."""
    most = 0.0

    def main() -> None:
        nonlocal most
        try:
            calendar_users.main()
        finally:
            most = _most_memory()

    options = {**job["options"], "concurrency": CONNECTIONS, "page_size": PAGE}
    selected = {"users": [{"userid": userid} for userid in job["users"]]} if job.get("users") else {"query": EVERYBODY}
    result = run_main(main, {**options, **selected, "im_and_presence": job.get("on", True)})
    changes = len(result.data.get("changes", []))
    wrong = changes > 0 if job["do"] == "read" else changes < job.get("least", UPDATES)
    if result.failed or wrong:
        raise RuntimeError(f"{result.msg} {changes} changes")
    return float(result.data.get("elapsed", 0.0)), most


def _bare(job: dict[str, Any]) -> tuple[float, float]:
    options = job["options"]
    target = Target(options["hostname"], options["port"], options["ca_path"], options["username"], options["password"])
    if job["do"] == "read":
        returned = "".join(f"<{tag}>t</{tag}>" for tag in TAGS)
        search = f"<searchCriteria><userid>%</userid></searchCriteria><returnedTags>{returned}</returnedTags>"

        def page(number: int) -> bytes:
            return axl(target, "listUser", f"{search}<skip>{number * PAGE}</skip><first>{PAGE}</first>")

        requests_per_second(target, page, 200, USERS // PAGE, 1)
        return 0.0, _most_memory()
    value = str(job["on"]).lower()

    def update(number: int) -> bytes:
        options = f"<imAndPresenceEnable>{value}</imAndPresenceEnable><calendarPresence>{value}</calendarPresence>"
        return axl(target, "updateUser", f"<userid>{job['users'][number]}</userid>{options}")

    rate = requests_per_second(target, update, 200, len(job["users"]), CONNECTIONS)
    return len(job["users"]) / rate, _most_memory()


if __name__ == "__main__":
    print(json.dumps(asdict(_work(json.load(sys.stdin)))))
