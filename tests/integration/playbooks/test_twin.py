# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The inventory of a real cluster and ``ucops_imp_twin``: a run reaches the emulator, and not the cluster."""

from __future__ import annotations

import json
import shutil
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from tests.support.collection_tree import ensure_collection_tree
from tests.support.emulator import Emulator
from tests.support.headquarters import EXAMPLE
from tests.support.pages import Shell, commands
from tests.support.project_files import ROOT

SECRET = "Canary-90be"
DOMAIN = "dc1.example.com"
NAMES = {"cucm1": "cucm-pub", "imp1": "imp-pub", "imp2": "imp-sub"}
REAL = [*(f"{name}.{DOMAIN}" for name in NAMES.values()), "mail1.example.com", "mail2.example.com", "ca.example.com"]
VARIABLES: dict[str, Any] = {
    "calendar_integration_parts": ["trust", "presence_gateways", "calendar_users"],
    "calendar_users_query": {"userid": "user000%"},
    "presence_gateways_list": [{"name": "mail1.example.com"}, {"name": "mail2.example.com"}],
    "presence_gateways_account": "EXAMPLE\\svc-imp",
    "presence_gateways_account_password": "{{ vault_presence_gateways_account_password }}",
    "ucops_imp_backup": True,
    "ucops_imp_drift_undeclared": False,
}
ACCOUNT = {"username": "svc-real", "password": SECRET}
IMP = {"hostname": f"imp-pub.{DOMAIN}", **ACCOUNT}
MORE_USERS = {
    "import_playbook": "ucops.imp.calendar_users",
    "vars": {
        "calendar_users_query": {"userid": "user001%"},
        "calendar_users_canary": 1,
        "calendar_users_canary_retries": 1,
        "calendar_users_canary_delay": 0,
    },
}
"""The playbook that asks the IM and Presence nodes only when there are first users to look at."""
OWN: dict[str, Any] = {
    "hosts": "imp_publisher",
    "gather_facts": False,
    "tasks": [
        {"ucops.imp.presence_gateways_info": {**IMP, "status": True}, "register": "own"},
        {"ansible.builtin.assert": {"that": "own.status | selectattr('verified') | list | length == 2"}},
        {"ucops.imp.adcs_ca_info": {"hostname": "ca.example.com", **ACCOUNT, "crl": False}},
        {
            "ucops.imp.cluster_info": None,
            "environment": {f"UCOPS_CUCM_{key.upper()}": one for key, one in {**IMP, "hostname": REAL[0]}.items()},
            "register": "cluster",
        },
        {"ansible.builtin.assert": {"that": "cluster.nodes | length == 3"}},
        {
            "ucops.imp.services_info": {**IMP, "hostname": "imp9.example.com"},
            "ignore_errors": True,
            "register": "unknown",
        },
        {"ansible.builtin.assert": {"that": ["unknown is failed", "'has no node called imp9' in unknown.msg"]}},
        {
            "ucops.imp.services_info": IMP,
            "delegate_to": "elsewhere",
            "vars": {"ansible_connection": "ssh"},
            "ignore_errors": True,
            "register": "away",
        },
        {"ansible.builtin.assert": {"that": ["away is failed", "'ansible_connection' in away.msg"]}},
    ],
}


class Trap:
    """Where the names of the real servers lead to: it counts who comes, and lets nobody in."""

    def __init__(self) -> None:
        self.visits = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    @property
    def hosts(self) -> dict[str, dict[str, tuple[str, int]]]:
        """Return the table of names for :class:`Shell`."""
        place = ("127.0.0.1", self._listener.getsockname()[1])
        return {name: dict.fromkeys(("443", "5986", "8083", "8443"), place) for name in REAL}

    def _watch(self) -> None:
        while True:
            try:
                visitor, _address = self._listener.accept()
            except OSError:
                return
            self.visits += 1
            visitor.close()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()


@contextmanager
def trap() -> Iterator[Trap]:
    made = Trap()
    try:
        yield made
    finally:
        made.close()


def inventory_of_the_cluster(folder: Path, emulator: Emulator) -> Path:
    """Copy the example inventory, with the names of the emulator's cluster, and without the vault of the real one."""
    inventory = folder / "inventory"
    shutil.copytree(EXAMPLE, inventory)
    (inventory / "hosts.yml").unlink()
    source = inventory / "headquarters.imp_cluster.yml"
    source.with_name(f"{source.name}.txt").unlink()
    of_the_file = {"cluster": "headquarters", "domain": DOMAIN, "retries": 0}
    source.write_text(
        yaml.safe_dump({"plugin": "ucops.imp.imp_cluster", "hostname": REAL[0], **ACCOUNT, **of_the_file})
    )
    certificates = [{"path": emulator.ready["exchange"]["mail1.example.com"]["chain_file"]}]
    own = {**VARIABLES, "trust_certificates": certificates}
    (inventory / "group_vars" / "headquarters" / "more.yml").write_text(json.dumps(own))
    return inventory


def test_nothing_of_a_run_reaches_the_real_servers(environment: Emulator, tmp_path: Path) -> None:
    inventory = inventory_of_the_cluster(tmp_path, environment)
    (tmp_path / "own.yml").write_text(json.dumps([{"import_playbook": "ucops.imp.site"}, MORE_USERS, OWN]))
    kept = environment.ready_file.parent
    for folder in ("backups", "pending-restarts"):
        shutil.rmtree(kept / folder, ignore_errors=True)
    with trap() as real:
        more = {"ANSIBLE_COLLECTIONS_PATH": str(ensure_collection_tree(ROOT))}
        terminal = Shell(tmp_path, real.hosts, more)
        # So it is without the variable, which shows that the trap is one.
        terminal.run("ansible-inventory -i inventory --list")
        assert real.visits == 1
        twin = inventory / "group_vars" / "headquarters" / "twin.yml"
        twin.write_text(json.dumps({"ucops_imp_twin": str(environment.ready_file)}))

        told = terminal.run("ansible-playbook -i inventory own.yml")

        assert f"works on the twin {environment.ready_file}; the real servers are not asked." in told
        assert "headquarters (twin): " in told
        assert "failed=0" in told
        writes = environment.journal(writes=True)
        assert {"addUser", "updateUser"} & {entry["operation"] for entry in writes}
        # Which of it is the twin's: what a run goes on with the next time.
        assert [path.name for path in kept.glob("backups/*/*")] == [f"imp-pub.{DOMAIN}"]
        assert not (inventory / ".ucops_imp").exists()

        twin.unlink()
        (tmp_path / "twin").symlink_to(kept)
        (printed,) = (command for command in commands("docs/variables.md") if "ucops_imp_twin" in command)
        drift = terminal.run(printed)

        assert "of 1 cluster: no difference." in drift
        assert "headquarters (twin)" in "".join(path.read_text() for path in tmp_path.glob("drift-report/*.json"))
        assert environment.journal(writes=True) == writes
        assert real.visits == 1
    assert SECRET not in told + drift
    assert not [path for path in kept.rglob("*") if path.is_file() and SECRET.encode() in path.read_bytes()]
