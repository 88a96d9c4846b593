# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run playbooks as a user does: ``ansible-playbook`` in a process of its own against the running emulator."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.collection_tree import ensure_collection_tree
from tests.support.module_server import served
from tests.support.programs import PAYLOADS, run_ansible

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = Path(sys.executable).parent
INVENTORY = ROOT / "inventory" / "emulator"
CALLBACKS = ROOT / "tests" / "support" / "callback_plugins"
FASTER = {"ANSIBLE_CONFIG": str(ROOT / "tests" / "support" / "ansible.cfg"), "PAYLOADS_FOLDER": PAYLOADS}
"""What costs a run less processor time than a user's own takes, and changes nothing else."""
TIMEOUT = 300  # seconds
_RECAP = re.compile(r"^(\S+)\s*: ok=(\d+)\s+changed=(\d+)\s+unreachable=(\d+)\s+failed=(\d+)", re.MULTILINE)


@dataclass(frozen=True)
class Recap:
    """One host's line at the end of a run."""

    ok: int
    changed: int
    unreachable: int
    failed: int


@dataclass(frozen=True)
class Played:
    """A finished run: exit status, everything it printed, and the module calls it made (``host action``)."""

    status: int
    output: str
    module_calls: list[str]

    @property
    def recap(self) -> dict[str, Recap]:
        """The recap by host."""
        return {host: Recap(*map(int, numbers)) for host, *numbers in _RECAP.findall(self.output)}


def on_one_line(told: str) -> str:
    """Return what Ansible tells on one line, words a blank apart: it breaks lines at blanks, or after hyphens."""
    return " ".join(told.replace("-\n", "-").split())


def command(playbook: str, *options: str, inventory: Path = INVENTORY, programs: Path = PROGRAMS) -> list[str]:
    """Return the command line that runs a playbook with the ansible in the folder ``programs``."""
    return [str(programs / "ansible-playbook"), playbook, "-i", str(inventory), *options]


def settings(ready_file: Path, calls: Path | None = None) -> dict[str, str]:
    """Return the environment of a run: this tree's collection, this emulator, nothing of the user's own settings.

    With ``calls`` each call of one of the collection's modules adds a line (``host action``) to that file.
    """
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "UCOPS_"))}
    counted = {
        "ANSIBLE_CALLBACKS_ENABLED": "module_calls",
        "MODULE_CALLS_FILE": str(calls),
    }
    return {
        **inherited,
        "ANSIBLE_CALLBACK_PLUGINS": str(CALLBACKS),
        "ANSIBLE_COLLECTIONS_PATH": str(ensure_collection_tree(ROOT)),
        "ANSIBLE_HOME": str(ROOT / ".build" / "ansible"),
        "ANSIBLE_NOCOLOR": "true",
        "IMP_EMULATOR_READY": str(ready_file),
        **FASTER,
        **(counted if calls else {}),
    }


def play(
    ready_file: Path,
    folder: Path,
    playbook: str,
    *options: str,
    variables: Mapping[str, Any] | None = None,
    inventory: Path = INVENTORY,
    programs: Path = PROGRAMS,
    environment: Mapping[str, str] | None = None,
) -> Played:
    """Run a playbook to its end, whatever its outcome; ``folder`` is one that the test may write to.

    ``programs`` is the folder of another ansible than this one, ``environment`` what is set besides :func:`settings`.
    """
    calls = folder / "module_calls.txt"
    calls.write_text("")
    extra = ["--extra-vars", json.dumps(variables)] if variables else []
    done = run_ansible(
        command(playbook, *options, *extra, inventory=inventory, programs=programs),
        {**served(settings(ready_file, calls)), **(environment or {})},
        folder,
        TIMEOUT,
    )
    return Played(done.returncode, done.stdout, calls.read_text().splitlines())
