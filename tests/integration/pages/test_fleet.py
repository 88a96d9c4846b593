# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``docs/fleet.md`` and ``examples/fleet``: run as printed, from one machine and shipped to another one."""

from __future__ import annotations

import json
import os
import shutil
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from tests.support import tarball
from tests.support.awx import options_of
from tests.support.emulator import Emulator
from tests.support.galaxy import galaxy
from tests.support.pages import NAMES, Shell, blocks
from tests.support.project_files import ROOT

PAGE = "docs/fleet.md"
FLEET = ROOT / "examples" / "fleet"
CLUSTERS = ("tokyo", "osaka")
PUBLISHERS = [f"imp1.{cluster}.example.com" for cluster in CLUSTERS]
ALONE, RUN, SHIP, IMAGE = ([*block.commands] for block in blocks(PAGE) if block.language == "console")


def scenario() -> dict[str, Any]:
    """Return the fleet of the example's inventory."""

    def cluster(number: int, name: str) -> dict[str, Any]:
        nodes = [("cucm1", "cucm", "publisher"), ("imp1", "imp", "publisher"), ("imp2", "imp", "subscriber")]
        return {
            "name": name,
            "version": "14.0.1.13900-155",
            "domain": f"{name}.example.com",
            "nodes": [
                {"name": node, "role": role, "usage": usage, "ipv4": f"192.0.2.{10 * number + place}"}
                for place, (node, role, usage) in enumerate(nodes, 1)
            ],
            "accounts": {
                label: {"username": username, "password_env": f"FLEET_{label.upper()}"}
                for label, username in (("application", "svc-ansible"), ("os", "administrator"))
            },
            "users": {"generated": {"count": 10, "mail_domain": "example.com", "departments": ["sales", "support"]}},
        }

    server = {"name": "mail1.example.com", "ipv4": "192.0.2.91"}
    clusters = [cluster(number, name) for number, name in enumerate(CLUSTERS, 1)]
    return {"format": 1, "clusters": clusters, "exchange": {"servers": [server]}}


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    folder = tmp_path_factory.mktemp("fleet")
    (folder / "scenario.yml").write_text(json.dumps(scenario()), encoding="utf-8")
    passwords = {"FLEET_APPLICATION": "Canary-application-1", "FLEET_OS": "Canary-os-password-2"}
    os.environ.update(passwords)
    emulator = Emulator(folder / "emulator", "--scenario", str(folder / "scenario.yml"))
    try:
        yield emulator
    finally:
        emulator.stop()
        for name in passwords:
            del os.environ[name]


@pytest.fixture(scope="module")
def terminal(fleet: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """A terminal beside a copy of the example, whose DNS knows the clusters, and where Galaxy has the collection."""
    folder = tmp_path_factory.mktemp("work")
    shutil.copytree(FLEET, folder / "fleet")
    variables = folder / "fleet" / "inventory" / "group_vars" / "imp_publisher"
    (variables / "certificates").mkdir()
    (variables / "certificates" / "example-enterprise-ca.pem").write_bytes(Path(fleet.ca_file).read_bytes())
    root = Path(fleet.ready["exchange"]["mail1.example.com"]["root_file"]).read_bytes()
    (variables / "certificates" / "exchange-root-ca.pem").write_bytes(root)
    (variables / "shared.yml").write_text(f"ucops_imp_shared_path: {folder / 'shared'}\n", encoding="utf-8")
    found = {
        node["fqdn"]: {port: (node["address"], real) for port, real in node["ports"].items()}
        for cluster in fleet.ready["clusters"].values()
        for node in cluster["nodes"].values()
    }
    server = fleet.ready["exchange"]["mail1.example.com"]
    found["mail1.example.com"] = {port: (server["address"], real) for port, real in server["ports"].items()}
    return Shell(folder, found)


def passwords(fleet: Emulator) -> dict[str, str]:
    """Return the variables that a credential of the controller brings."""
    accounts = fleet.ready["clusters"]["tokyo"]["accounts"]
    return {
        "vault_ucops_imp_application_password": accounts["application"]["password"],
        "vault_ucops_imp_os_password": accounts["os"]["password"],
        "vault_presence_gateways_account_password": fleet.ready["exchange_account"]["password"],
    }


def test_from_one_machine_and_shipped_to_another(fleet: Emulator, terminal: Shell) -> None:
    """Runs the blocks in their order; the worker has another folder, another home, and nothing of the first one."""
    folder = terminal.folder
    packages = f"{NAMES}:{sysconfig.get_path('purelib')}"
    with galaxy(tarball.build(folder.with_name("fleet-tarball"))) as server:
        prepare, install, preflight = RUN
        terminal.run(prepare)
        more = {"ANSIBLE_GALAXY_SERVER": server, "PYTHONPATH": packages}
        Shell(folder, terminal.hosts, more).run(install)
    (folder / "job" / "env" / "extravars").write_text(json.dumps(passwords(fleet)), encoding="utf-8")
    assert "0 failed" in terminal.run(preflight)
    assert fleet.journal(writes=True) == []

    transmit, work, process = SHIP
    terminal.run(transmit)
    elsewhere = folder / "elsewhere"
    elsewhere.mkdir()
    shutil.move(folder / "work.bin", elsewhere / "work.bin")
    Shell(elsewhere, terminal.hosts).run(work)
    shutil.move(elsewhere / "result.bin", folder / "result.bin")
    told = terminal.run(process)
    assert [name for name in PUBLISHERS if f"{name} : ok=" in " ".join(told.split())] == PUBLISHERS
    assert "failed=0" in told
    assert [word for word in passwords(fleet).values() if word in told] == []
    assert sorted(path.name for path in (folder / "shared" / "pending-restarts").glob("*.json")) != []

    # What the worker has done, the first machine finds done.
    (folder / "fleet" / "collections" / "ansible_collections").symlink_to(
        folder / "job" / "project" / "collections" / "ansible_collections"
    )
    (folder / "passwords.yml").write_text(json.dumps(passwords(fleet)), encoding="utf-8")
    one, everyone = (f"{command} -e @../passwords.yml" for command in ALONE)
    fleet.control.clear_journal()
    alone = terminal.run(one, folder=folder / "fleet")
    assert PUBLISHERS[1] not in alone
    both = " ".join(terminal.run(everyone, folder=folder / "fleet").split())
    assert [name for name in PUBLISHERS if f"{name} : ok=" in both] == PUBLISHERS
    assert "changed=0" in both
    assert fleet.journal(writes=True) == []


def test_the_image(terminal: Shell) -> None:
    """ansible-builder takes the definition, and writes what an engine builds from."""
    terminal.run(*IMAGE)
    context = terminal.folder / "context"
    made = (context / "Containerfile").read_text(encoding="utf-8")
    assert "ansible-runner>=2.4" in made
    # Not the python3 of the image, which is older than ansible-core wants.
    assert 'ARG PYCMD="/usr/bin/python3.11"' in made
    wanted = yaml.safe_load((context / "_build" / "requirements.yml").read_text(encoding="utf-8"))
    assert [collection["name"] for collection in wanted["collections"]] == ["ucops.imp"]


def tasks() -> list[dict[str, Any]]:
    """Return the tasks of the controller's playbook, a loop as a task for each of its items."""
    (play,) = yaml.load((FLEET / "controller" / "objects.yml").read_text(encoding="utf-8"), Loader=_Plain)
    return list(play["tasks"])


class _Plain(yaml.SafeLoader):
    """Takes what is marked as no template for the text that it is."""


_Plain.add_constructor("!unsafe", lambda _loader, node: node.value)


def test_the_modules_of_the_controller_take_these_objects(terminal: Shell) -> None:
    """Held against the documentation of ``awx.awx`` by ansible-core's own validator; a template may be any value."""
    calls = [(next(name for name in task if name.startswith("awx.awx.")), task) for task in tasks()]
    assert len(calls) > 10
    described = options_of({name for name, _task in calls}, terminal.environment())
    for name, task in calls:
        options = {
            option: {key: spec[key] for key in ("type", "choices", "elements", "required") if spec.get(key) is not None}
            for option, spec in described[name].items()
        }
        given = {key: value for key, value in task[name].items() if "{{" not in str(value) or "injectors" in key}
        rest = set(task[name]) - set(given)
        assert rest <= set(options), f"{task['name']}: {sorted(rest - set(options))}"
        loose = {
            key: {**spec, "required": bool(spec.get("required")) and key not in rest} for key, spec in options.items()
        }
        assert ArgumentSpecValidator(loose).validate(given).error_messages == [], task["name"]


def test_no_cluster_is_changed_by_two_jobs_at_once() -> None:
    """Slicing implies that a job may run twice at the same time, so what changes clusters has no slices."""
    (jobs,) = (task for task in tasks() if "awx.awx.job_template" in task)
    module = jobs["awx.awx.job_template"]
    assert (module["job_slice_count"], module["allow_simultaneous"]) == ("{{ item.slices | default(slices) }}", False)
    assert {job["name"]: job.get("slices") for job in jobs["loop"]} == {
        "UC preflight": None,
        "UC plan": None,
        "UC apply": 1,
        "UC drift": None,
    }


def test_the_credential_brings_what_the_inventory_reads() -> None:
    made = [task["awx.awx.credential_type"] for task in tasks() if "awx.awx.credential_type" in task]
    types = {one["name"]: one for one in made}
    brought = set(types["UC cluster"]["injectors"]["extra_vars"])
    read = {
        word
        for path in (FLEET / "inventory" / "group_vars" / "imp_publisher").glob("*.yml")
        for word in path.read_text(encoding="utf-8").replace('"', " ").split()
        if word.startswith("vault_")
    }
    assert brought == read
    fields = {field["id"] for field in types["UC cluster"]["inputs"]["fields"]}
    assert {value.strip("{} ") for value in types["UC cluster"]["injectors"]["extra_vars"].values()} == fields
