# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``docs/rollback.md``: its commands put back what a run has changed. ``test_examples.py`` runs its play."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.ucops.imp.plugins.module_utils._module.backups import read

from tests.support.certificates import issue
from tests.support.collection_tree import ensure_collection_tree
from tests.support.connections import connection, nodes
from tests.support.emulator import Emulator
from tests.support.exchange import exchange_connection
from tests.support.modules import run_module
from tests.support.office_365 import CLIENT_ID, OUTLOOK, TENANT_ID
from tests.support.pages import Shell, blocks
from tests.support.playbooks import INVENTORY
from tests.support.project_files import ROOT

PAGE = "docs/rollback.md"
OTHER_TASKS = 5
"""Gateways back, users, parameters, gateways deleted, other parameters: the tasks for a cluster but for its trust."""
NO_TRUST_STORES = """
ucops_imp_platform: {hostname: 127.0.0.1, port: 1, username: nobody, password: wrong-password}
trust_nodes: []
"""
ONLINE = {
    "name": OUTLOOK,
    "type": "office_365",
    "client_id": CLIENT_ID,
    "tenant_id": TENANT_ID,
    "client_secret": "Canary-1c3d-secret",
}
HOST, SERVER = "imp-pub.dc1", "mail1.example.com"
OLD_CA, NEW_CA = issue("Old CA", ca=True), issue("New CA", ca=True)
RENEWED = issue("Old CA", ca=True, days=(1, 365))


class Cluster:
    """The emulated cluster, changed by modules that write down what was there before in the folder of a run."""

    def __init__(self, emulator: Emulator, folder: Path) -> None:
        self.emulator = emulator
        self.inventory = folder / "inventory"
        shutil.copytree(INVENTORY, self.inventory)
        self.variables = self.inventory / "group_vars" / "all"
        # What restarts is the business of other tests.
        (self.variables / "restart.yml").write_text("restore_restart: false\nucops_imp_backup: true\n")
        self.run = self.inventory / ".ucops_imp" / "backups" / "2026-11-26T151725.123Z"
        more = {"IMP_EMULATOR_READY": str(emulator.ready_file)}
        self.terminal = Shell(folder, more={"ANSIBLE_COLLECTIONS_PATH": str(ensure_collection_tree(ROOT)), **more})

    def change(self, kind: str, module: str, *, host: str = HOST, backup: bool = True, **options: Any) -> None:
        place = exchange_connection(self.emulator) if kind == "exchange" else connection(self.emulator, kind)
        where = {"nodes": nodes(self.emulator, 443)} if kind == "platform" else {}
        kept = {"backup": backup, "backup_options": {"dir_path": str(self.run / host)}}
        result = run_module(module, {**place, **where, **kept, **options})
        assert result.changed, result.msg

    @property
    def state(self) -> dict[str, Any]:
        """All of it that the modules can put back."""
        gateways = run_module("presence_gateways_info", connection(self.emulator, "imp"))
        users = run_module("calendar_users_info", {**connection(self.emulator, "cucm"), "query": {"userid": "user00%"}})
        parameters = run_module("calendaring_parameters_info", connection(self.emulator, "cucm"))
        place = {**connection(self.emulator, "platform"), "nodes": nodes(self.emulator, 443)}
        trusted = run_module("trust_certificates_info", place)["certificates"]
        account = self.emulator.ready["exchange_account"]["username"]
        right = run_module(
            "exchange_impersonation", {**exchange_connection(self.emulator), "account": account}, check=True
        )
        ipv6 = {"name": "EnableIPV6", "service": "Enterprise Wide"}
        others = run_module("service_parameters_info", {**connection(self.emulator, "cucm"), "parameters": [ipv6]})
        return {
            "gateways": {one["name"]: {**one, "position": 0, "subscriptions": 0} for one in gateways["gateways"]},
            "account": gateways["account"],
            "users": users["users"],
            "parameters": parameters["current"],
            "others": others["parameters"],
            "trusted": sorted((one["node"], one["fingerprint"]) for one in trusted),
            "rights": len(right["current"]["assignments"]),
        }


@pytest.fixture(name="cluster")
def cluster_fixture(environment: Emulator, tmp_path: Path) -> Cluster:
    """The cluster as somebody has configured it some time ago."""
    cluster = Cluster(environment, tmp_path)
    known = environment.ready["exchange_account"]
    account = {"account": known["username"], "account_password": known["password"]}
    first = {"name": SERVER, "description": "first site"}
    cluster.change("platform", "trust_certificates", backup=False, certificates=[{"content": OLD_CA.pem}])
    cluster.change("imp", "presence_gateways", backup=False, gateways=[first], **account)
    cluster.change("cucm", "calendar_users", backup=False, users=[{"userid": "user0001"}, {"userid": "user0002"}])
    return cluster


def change_everything(cluster: Cluster) -> None:
    certificates = [{"content": NEW_CA.pem}, {"content": RENEWED.pem}]
    cluster.change("platform", "trust_certificates", certificates=certificates)
    cluster.change("imp", "presence_gateways", gateways=[ONLINE], purge=True)
    users = [{"userid": "user0001", "meeting_information": False}, {"userid": "user0003"}]
    cluster.change("cucm", "calendar_users", users=users)
    cluster.change(
        "cucm", "calendaring_parameters", ews_status_frequency=30, out_of_office_information="do_not_display"
    )
    cluster.change("cucm", "calendaring_parameters", ews_status_frequency=45)
    ipv6 = {"name": "EnableIPV6", "service": "Enterprise Wide", "value": "T"}
    cluster.change("cucm", "service_parameters", parameters=[ipv6])
    account = cluster.emulator.ready["exchange_account"]["username"]
    cluster.change("exchange", "exchange_impersonation", host=SERVER, account=account)


def test_a_run_is_put_back_by_the_commands_of_the_page(cluster: Cluster) -> None:
    """Of the check the trust stores cannot be asked: what fails keeps nothing else back.

    Without a gateway of Exchange the account is gone: it comes back with its password. A restore is backed up, too.
    """
    before = cluster.state
    change_everything(cluster)
    after = cluster.state
    assert all(after[part] != before[part] for part in before)
    (printed,) = [block.commands for block in blocks(PAGE) if block.language == "console"]
    choose, check, restore = printed

    broken = cluster.variables / "no_trust_stores.yml"
    broken.write_text(NO_TRUST_STORES)
    cluster.emulator.control.clear_journal()
    told = cluster.terminal.run(choose, check, expected=2)
    assert cluster.emulator.journal(writes=True) == []
    assert "\nyes       users: 2\n" in told
    assert 0 < told.index("\nno        The order of the gateways") < told.index("\nyes       users: 2\n")
    assert told.count(f"changed: [{HOST}]\n") == OTHER_TASKS
    assert "trust: 2 failed, everything else was tried. imp-pub, imp-sub: The name " in " ".join(told.split()), told

    broken.unlink()
    cluster.terminal.run(choose, restore)
    assert cluster.state == before
    (own,) = [path for path in cluster.run.parent.iterdir() if path != cluster.run]
    undone = [read(path).entries for path in sorted((own / HOST).glob("*-presence_gateways.json"))]
    assert [[(entry["id"], entry["action"]) for entry in entries] for entries in undone] == [
        [(SERVER, "create"), ("shared", "create")],
        [(OUTLOOK, "delete")],
    ]
