# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A playbook that is killed between a change and the restart is healed by the next run, with exactly one restart."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

from tests.support.emulator import Emulator
from tests.support.playbooks import command, play, settings

SITE = "ucops.imp.site"
PATIENCE = 60  # seconds
BLOCKED = 120  # seconds


def kill_after_the_gateways(environment: Emulator, folder: Path) -> None:
    """Run the site playbook until the gateways exist, and kill it while it waits for the users.

    The users are read after the gateways are written and before the restart: held up there, the run is for certain
    between change and restart when it dies.
    """
    held = environment.control.fault("delay", effect={"seconds": BLOCKED}, protocol="axl", operation="listUser")
    process = subprocess.Popen(
        command(SITE),
        cwd=folder,
        env=settings(environment.ready_file) | {"MODULE_CALLS_FILE": str(folder / "calls.txt")},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    deadline = time.monotonic() + PATIENCE
    while not _held_up(environment, held):
        assert process.poll() is None, "the playbook ended before it could be killed"
        assert time.monotonic() < deadline, "the playbook never came to the users"
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait(PATIENCE)
    environment.control.clear_faults()


def _held_up(environment: Emulator, fault: int) -> bool:
    return next(rule for rule in environment.control.faults() if rule["id"] == fault)["hits"] > 0


def restarts(environment: Emulator, after: int = 0) -> list[str]:
    return [entry["node"] for entry in environment.journal(operation="soapDoControlServices", after=after)]


def test_the_next_run_restarts_exactly_once(environment: Emulator, tmp_path: Path) -> None:
    kill_after_the_gateways(environment, tmp_path)
    assert environment.journal(writes=True), "nothing was changed before the kill"
    assert restarts(environment) == [], "the restart came before the kill"

    second = play(environment.ready_file, tmp_path, SITE)
    assert second.status == 0, second.output
    assert restarts(environment) == ["imp-pub", "imp-pub", "imp-sub", "imp-sub"]

    last = environment.control.last_journal_id()
    third = play(environment.ready_file, tmp_path, SITE)
    assert third.status == 0, third.output
    assert environment.journal(writes=True, after=last) == []
