# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A converged ``site.yml`` beside a playbook of as many trivial tasks, taking turns in one run."""

from __future__ import annotations

import json
import statistics
import subprocess
import time
from pathlib import Path

from tests.benchmarks.table import Measurement, show
from tests.support.playbooks import FASTER, ROOT, command, settings

ROUNDS = 5


def _play(playbook: str, ready_file: Path, calls: Path | None = None) -> float:
    """Run a playbook and return how many seconds it took; raises ``RuntimeError`` with its output when it fails."""
    # As fast as a user's run, no faster.
    environment = {name: value for name, value in settings(ready_file, calls).items() if name not in FASTER}
    start = time.perf_counter()
    done = subprocess.run(command(playbook), cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{playbook} failed:\n{done.stdout}\n{done.stderr}")
    return time.perf_counter() - start


def count_module_calls(ready_file: Path, folder: Path) -> int:
    """Run ``site.yml`` and return how many calls of the collection's modules it made."""
    calls = folder / "module_calls.txt"
    _play("ucops.imp.site", ready_file, calls)
    return len(calls.read_text().splitlines())


def _write_trivial_playbook(path: Path, tasks: int) -> None:
    """Write a playbook of so many modules that do nothing; the role's checks and includes are not counted for it."""
    ping = {"name": "Do nothing", "ansible.builtin.ping": {}}
    path.write_text(json.dumps([{"hosts": "imp_publisher", "gather_facts": False, "tasks": [ping] * tasks}]))


def run(ready_file: Path, folder: Path) -> None:
    """Converge once, then measure both playbooks in turn and print the ratio of their medians."""
    tasks = count_module_calls(ready_file, folder)
    trivial = folder / "trivial.yml"
    _write_trivial_playbook(trivial, tasks)
    timings: dict[str, list[float]] = {"trivial": [], "site": []}
    for _ in range(ROUNDS):
        for name, playbook in (("trivial", str(trivial)), ("site", "ucops.imp.site")):
            timings[name].append(_play(playbook, ready_file))
    show(
        f"A converged site.yml, median of {ROUNDS}",
        [
            Measurement(f"{tasks} trivial module calls", statistics.median(timings["trivial"]), "s"),
            Measurement(f"site.yml, {tasks} module calls", statistics.median(timings["site"]), "s"),
        ],
    )
