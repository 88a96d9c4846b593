# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A playbook that is killed between a change and the restart is healed by the next run, with exactly one restart."""

from __future__ import annotations

from pathlib import Path

from tests.support.emulator import Emulator
from tests.support.kill import kill_when
from tests.support.playbooks import play

SITE = "ucops.imp.site"
BLOCKED = 120  # seconds


def kill_after_the_gateways(environment: Emulator, folder: Path) -> None:
    """Run the site playbook until the gateways exist, and have it end while it waits for the users.

    The users are read after the gateways are written and before the restart: held up there, the run is for certain
    between change and restart when it dies.
    """
    held = environment.control.fault("delay", effect={"seconds": BLOCKED}, protocol="axl", operation="listUser")
    kill_when(environment, folder, SITE, lambda: _held_up(environment, held), whom="term")
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
