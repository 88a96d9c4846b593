# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A fleet of twenty clusters in one emulator: a converged ``site.yml`` over all, beside twenty times that of one."""

from __future__ import annotations

import shutil
import subprocess
import time
from pathlib import Path

from imp_emulator.scenario.writer import generate
from tests.benchmarks.table import Measurement, show
from tests.support.emulator import Emulator
from tests.support.playbooks import FASTER, INVENTORY, command, settings

CLUSTERS = 20
USERS = 50
FORKS = 4


def run(folder: Path) -> None:
    """Converge all of them, then measure both, each once, and print them."""
    place = folder / "fleet"
    place.mkdir()
    inventory = place / "inventory"
    shutil.copytree(INVENTORY, inventory)
    # What the example says of its one cluster holds for each.
    (inventory / "group_vars" / "dc1").rename(inventory / "group_vars" / "imp_publisher")
    (place / "scenario.yml").write_text(generate(USERS, CLUSTERS), encoding="utf-8")
    emulator = Emulator(place / "emulator", "--scenario", str(place / "scenario.yml"))
    try:
        everything = ("--forks", str(FORKS))
        _seconds(emulator, inventory, *everything)
        one = _seconds(emulator, inventory, "--limit", "dc1")
        fleet = _seconds(emulator, inventory, *everything)
    finally:
        emulator.stop()
    show(
        f"A converged site.yml, {FORKS} forks",
        [
            Measurement(f"one cluster, {CLUSTERS} times", one * CLUSTERS, "s"),
            Measurement(f"a fleet of {CLUSTERS}", fleet, "s"),
        ],
    )


def _seconds(emulator: Emulator, inventory: Path, *options: str) -> float:
    environment = {name: value for name, value in settings(emulator.ready_file).items() if name not in FASTER}
    begun = time.monotonic()
    done = subprocess.run(
        command("ucops.imp.site", *options, inventory=inventory),
        cwd=inventory.parent,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(f"site.yml failed:\n{done.stdout}\n{done.stderr}")
    return time.monotonic() - begun
