# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two emulated clusters that ``site.yml`` has configured, and a look for drift at them as a user takes it."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from imp_emulator.client.launch import COMMAND
from tests.support.connections import connection, nodes
from tests.support.emulator import Emulator
from tests.support.modules import run_module
from tests.support.playbooks import INVENTORY, Played, play

CALLBACK = {"ANSIBLE_CALLBACKS_ENABLED": "module_calls,ucops.imp.drift"}
CONFIGURED = "configured"
USERS = 20
DECLARED_IN_DC2 = "user002%"
"""Nine of its users, user0021 to user0040; in dc1 all are declared."""
ENGINE, PROXY = "Cisco Presence Engine", "Cisco SIP Proxy"
Finding = tuple[str, str, str, str, str | None]
"""Status, cluster, kind, id and field of a record."""


@dataclass(frozen=True)
class Look:
    """A run with the drift callback: how it ended, and its reports by file name."""

    played: Played
    reports: dict[str, str]

    @property
    def status(self) -> int:
        return self.played.status

    @property
    def output(self) -> str:
        return self.played.output

    @property
    def report(self) -> dict[str, Any]:
        return dict(json.loads(self.reports["drift.json"]))

    @property
    def findings(self) -> set[Finding]:
        records = self.report["records"]
        found = [tuple(record[name] for name in ("status", "cluster", "kind", "id", "field")) for record in records]
        assert len(found) == len(set(found)), "a finding is told twice"
        return set(found)


@dataclass(frozen=True)
class Site:
    """The clusters dc1 and dc2 of one emulator, and the inventory of both."""

    emulator: Emulator
    inventory: Path

    def reset(self) -> None:
        """Go back to what ``site.yml`` has made of it."""
        self.emulator.control.clear_faults()
        self.emulator.control.restore(CONFIGURED)
        self.emulator.control.clear_journal()

    def play(
        self, folder: Path, playbook: str, *options: str, variables: Mapping[str, Any] | None = None, **environment: str
    ) -> Played:
        """Run a playbook on both clusters."""
        return play(
            self.emulator.ready_file,
            folder,
            playbook,
            *options,
            variables=variables,
            inventory=self.inventory,
            environment=environment,
        )

    def look(
        self,
        folder: Path,
        *options: str,
        playbook: str = "ucops.imp.drift",
        variables: Mapping[str, Any] | None = None,
    ) -> Look:
        """Run a playbook, by default the one that looks for drift, with the callback."""
        reports = folder / "reports"
        shutil.rmtree(reports, ignore_errors=True)
        # A relative folder starts where the process is, whatever the variable says.
        environment = {**CALLBACK, "UCOPS_IMP_DRIFT_DIR": "reports", "PWD": "/no/such/folder"}
        played = self.play(folder, playbook, *options, variables=variables, **environment)
        return Look(played, {file.name: file.read_text(encoding="utf-8") for file in sorted(reports.glob("*"))})

    def by_hand(self, module: str, kind: str, cluster: str = "dc1", **options: Any) -> None:
        """Change something behind the back of the declaration."""
        changed = run_module(module, {**connection(self.emulator, kind, cluster=cluster), **options})
        assert not changed.failed, changed.msg
        assert changed.changed

    def only(self, cluster: str, folder: Path) -> Path:
        """Copy the inventory to ``folder`` with one of the clusters: half of the work where nothing depends on both."""
        copy = folder / "inventory"
        shutil.copytree(self.inventory, copy)
        _write_hosts(copy, cluster)
        return copy

    def restart(self, cluster: str = "dc1") -> None:
        """Restart what reads the configuration, so that what was changed is loaded."""
        there = nodes(self.emulator, 8443, cluster=cluster)
        self.by_hand(
            "services", "imp", cluster, nodes=there, services=[ENGINE, PROXY], state="restarted", poll_interval=0.05
        )


@contextmanager
def configured_site(folder: Path) -> Iterator[Site]:
    """Run two clusters that ``site.yml`` has configured."""
    scenario = folder / "scenario.yml"
    command = [*COMMAND, "scenario", "--users", str(USERS), "--clusters", "2"]
    scenario.write_bytes(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    inventory = folder / "inventory"
    shutil.copytree(INVENTORY, inventory)
    shutil.copytree(inventory / "group_vars" / "dc1", inventory / "group_vars" / "dc2")
    fewer = {"calendar_users_query": {"userid": DECLARED_IN_DC2}}
    (inventory / "group_vars" / "dc2" / "users.yml").write_text(json.dumps(fewer))
    _write_hosts(inventory, "dc1", "dc2")
    emulator = Emulator(folder / "emulator", "--scenario", str(scenario))
    try:
        site = Site(emulator, inventory)
        done = site.play(folder, "ucops.imp.site")
        assert done.status == 0, done.output
        emulator.control.snapshot(CONFIGURED)
        yield site
    finally:
        emulator.stop()


def _write_hosts(inventory: Path, *clusters: str) -> None:
    """Make an inventory one of these clusters alone. A server that is down stays down; nobody need wait for it."""
    source = inventory / "imp_emulator.yml"
    only = {"clusters": [*clusters], "exchange_servers": [], "retries": 1}
    source.write_text(json.dumps({**yaml.safe_load((INVENTORY / source.name).read_text()), **only}))
