# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The inventory plugin ``imp_cluster`` through ``ansible-inventory`` and ``ansible-playbook``, as a user runs it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.release import __version__

from tests.support.connections import connection
from tests.support.emulator import Emulator
from tests.support.playbooks import on_one_line, settings
from tests.support.programs import run_ansible

BIN = Path(sys.executable).parent
MEMBERS = {
    "cucm_publisher": ["cucm-pub"],
    "imp_publisher": ["imp-pub"],
    "imp_subscribers": ["imp-sub"],
    "imp_nodes": ["imp-pub", "imp-sub"],
}
EMPTY = "cucm_subscribers"

PLAYBOOK = """
- hosts: imp_nodes
  gather_facts: false
  tasks:
    - ansible.builtin.debug:
        msg: "{{ inventory_hostname }} is {{ imp_cluster_node.usage }}"
- hosts: cucm_publisher
  gather_facts: false
  module_defaults:
    group/ucops.imp.cucm:
      hostname: "{{ lookup('ansible.builtin.env', 'TEST_HOSTNAME') }}"
      port: "{{ lookup('ansible.builtin.env', 'TEST_PORT') }}"
      username: "{{ lookup('ansible.builtin.env', 'TEST_USERNAME') }}"
      password: "{{ lookup('ansible.builtin.env', 'TEST_PASSWORD') }}"
      ca_path: "{{ lookup('ansible.builtin.env', 'TEST_CA_PATH') }}"
  tasks:
    - ucops.imp.cluster_info:
"""


class Inventory:
    """A configuration file of the plugin and ansible's tools on it."""

    def __init__(self, folder: Path, emulator: Emulator, **options: Any) -> None:
        self.file = folder / "dc1.imp_cluster.yml"
        self.environment = settings(emulator.ready_file)
        self.write({"plugin": "ucops.imp.imp_cluster", **connection(emulator, "cucm"), **options})

    def write(self, options: dict[str, Any]) -> None:
        self.file.write_text(yaml.safe_dump({name: value for name, value in options.items() if value is not None}))

    def run(self, tool: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [str(BIN / tool), "-i", str(self.file), *arguments]
        return run_ansible(command, self.environment, self.file.parent, errors_apart=True)

    def list(self, *arguments: str) -> dict[str, Any]:
        done = self.run("ansible-inventory", "--list", "--export", *arguments)
        assert done.returncode == 0, done.stderr
        assert "WARNING" not in done.stderr, done.stderr
        return json.loads(done.stdout)


def plain(value: Any) -> Any:
    """Return a value without the marks of what is no template."""
    if isinstance(value, dict):
        return value["__ansible_unsafe"] if "__ansible_unsafe" in value else {k: plain(v) for k, v in value.items()}
    return value


def node_group(variables: dict[str, Any]) -> dict[str, Any]:
    """Return what each host tells of its presence redundancy group; a Unified CM server is in none."""
    key = "imp_cluster_redundancy_group"
    return {host: told[key] for host, told in variables.items() if key in told}


def test_groups_and_variables(environment: Emulator, tmp_path: Path) -> None:
    found = Inventory(tmp_path, environment).list()
    assert {group: found[group]["hosts"] for group in MEMBERS} == MEMBERS
    assert EMPTY in found["all"]["children"]
    variables = plain(found["_meta"]["hostvars"])
    assert variables.keys() == {"cucm-pub", "imp-pub", "imp-sub"}
    assert variables["imp-sub"]["ansible_connection"] == "local"
    assert Path(variables["imp-sub"]["ansible_python_interpreter"]).resolve() == Path(sys.executable).resolve()
    node = variables["imp-sub"]["imp_cluster_node"]
    assert (node["name"], node["role"], node["usage"], node["ipv6_name"]) == ("imp-sub", "imp", "subscriber", None)
    group = {"name": "DefaultCUPSubcluster", "ha_enabled": False, "peer": "imp-pub"}
    assert node_group(variables) == {"imp-pub": {**group, "peer": "imp-sub"}, "imp-sub": group}
    asked = [entry["operation"] for entry in environment.journal()]
    assert asked == ["getCCMVersion", "listProcessNode", "listPresenceRedundancyGroup"]


def test_options_come_from_the_environment(environment: Emulator, tmp_path: Path) -> None:
    inventory = Inventory(tmp_path, environment)
    for name, value in connection(environment, "cucm").items():
        inventory.environment[f"UCOPS_CUCM_{name.upper()}"] = str(value)
    inventory.write({"plugin": "ucops.imp.imp_cluster"})
    assert inventory.list()["imp_nodes"]["hosts"] == MEMBERS["imp_nodes"]


def test_a_busy_publisher_is_waited_for_and_the_wait_is_told(environment: Emulator, tmp_path: Path) -> None:
    environment.control.fault("error", effect={"code": "memory"}, protocol="axl", operation="listProcessNode", times=1)
    inventory = Inventory(tmp_path, environment)
    inventory.environment["ANSIBLE_VERBOSE_TO_STDERR"] = "1"
    done = inventory.run("ansible-inventory", "--list", "-vvv")
    assert json.loads(done.stdout)["imp_nodes"]["hosts"] == MEMBERS["imp_nodes"]
    assert "answered Maximum AXL Memory Allocation Consumed" in done.stderr
    assert "try 2 in 0." in done.stderr


def test_options_may_be_templates(environment: Emulator, tmp_path: Path) -> None:
    inventory = Inventory(
        tmp_path,
        environment,
        password="{{ lookup('ansible.builtin.env', 'SECRET') }}",
        prefix="{{ cluster }}_",
    )
    inventory.environment["SECRET"] = environment.account()[1]
    assert inventory.list("-e", "cluster=dc9")["dc9_imp_nodes"]["hosts"] == MEMBERS["imp_nodes"]


def test_the_password_may_be_vaulted(environment: Emulator, tmp_path: Path) -> None:
    inventory = Inventory(tmp_path, environment, password=None)
    key = tmp_path / "vault-key"
    key.write_text("a vault key of the test")
    encrypted = subprocess.run(
        [str(BIN / "ansible-vault"), "encrypt_string", "--vault-password-file", str(key), "--stdin-name", "password"],
        input=environment.account()[1],
        env=inventory.environment,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    inventory.file.write_text(inventory.file.read_text() + encrypted)
    assert environment.account()[1] not in inventory.file.read_text()
    assert inventory.list("--vault-password-file", str(key))["imp_nodes"]["hosts"] == MEMBERS["imp_nodes"]


def test_composed_variables_and_groups(environment: Emulator, tmp_path: Path) -> None:
    inventory = Inventory(
        tmp_path,
        environment,
        local_connection=False,
        imp_publisher="imp-sub",
        compose={"ansible_host": "imp_cluster_node.name ~ '.dc1.example.com'"},
        keyed_groups=[{"key": "imp_cluster_node.role", "prefix": "role"}],
        groups={"second": "imp_cluster_node.usage == 'subscriber'"},
        strict=True,
    )
    found = inventory.list()
    assert found["role_imp"]["hosts"] == ["imp-sub", "imp-pub"]
    assert found["imp_publisher"]["hosts"] == ["imp-sub"]
    assert found["second"]["hosts"] == ["imp-pub"]
    variables = plain(found["_meta"]["hostvars"])["imp-pub"]
    assert variables["ansible_host"] == "imp-pub.dc1.example.com"
    assert "ansible_connection" not in variables


def test_several_clusters_fit_into_one_inventory(environment: Emulator, tmp_path: Path) -> None:
    """Two files for the one emulated cluster, as if it were two with the same short names."""
    one = Inventory(tmp_path, environment, cluster="dc1", domain="dc1.example.com")
    two = tmp_path / "dc2.imp_cluster.yml"
    two.write_text(one.file.read_text().replace("dc1.example", "dc2.example").replace("cluster: dc1", "cluster: dc2"))
    found = one.list("-i", str(two))
    assert found["imp_publisher"]["hosts"] == ["imp-pub.dc1.example.com", "imp-pub.dc2.example.com"]
    assert set(found["dc2"]["hosts"]) == {f"{name}.dc2.example.com" for name in ("cucm-pub", "imp-pub", "imp-sub")}
    variables = plain(found["_meta"]["hostvars"])["imp-sub.dc2.example.com"]
    assert (variables["ucops_imp_cluster"], variables["imp_cluster_node"]["name"]) == ("dc2", "imp-sub")


def test_the_cache_spares_the_publisher(environment: Emulator, tmp_path: Path) -> None:
    inventory = Inventory(
        tmp_path,
        environment,
        cache=True,
        cache_plugin="ansible.builtin.jsonfile",
        cache_connection=str(tmp_path / "cache"),
    )
    first = inventory.list()
    asked = len(environment.journal())
    assert inventory.list() == first
    assert len(environment.journal()) == asked
    # ansible-inventory itself takes the option from ansible-core 2.19 on only.
    playbook = tmp_path / "play.yml"
    playbook.write_text(PLAYBOOK)
    assert inventory.run("ansible-playbook", str(playbook), "--list-hosts", "--flush-cache").returncode == 0
    assert len(environment.journal()) == 2 * asked
    assert inventory.list() == first
    assert len(environment.journal()) == 2 * asked
    cached = "".join(file.read_text() for file in (tmp_path / "cache").iterdir())
    assert environment.account()[1] not in cached


# How Ansible itself names an option whose value is no text.
NAMED = "setting: password" if __version__.startswith(("2.16", "2.17", "2.18")) else "'password'"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"password": "Canary-7d1c"}, "does not accept the password"),
        ({"password": "abc"}, "password: a secret needs at least 4 characters"),
        ({"password": None}, "password"),
        ({"password": "Canary-7d1c\n"}, "password: it begins or ends with a line break"),
        ({"password": ["Canary-7d1c"]}, NAMED),
        ({"password": {"a_key": "Canary-7d1c"}}, NAMED),
        ({"password": "{{ ['Canary-' ~ '7d1c'] }}"}, NAMED),
        ({"password": "{{ {'a_key': 'Canary-' ~ '7d1c'} }}"}, NAMED),
        ({"username": "******** admin"}, "username: it holds ********"),
        ({"hostname": "no host"}, "hostname: 'no host'"),
        ({"port": 0}, "port: 0"),
        ({"ca_path": "/no/such/ca.pem"}, "ca_path: there is no file /no/such/ca.pem"),
        ({"ca_path": None}, "is not trusted"),
        ({"compose": {"x": "no_such_variable"}, "strict": True}, "no_such_variable"),
    ],
)
def test_what_goes_wrong_is_said(environment: Emulator, tmp_path: Path, options: dict[str, Any], said: str) -> None:
    done = Inventory(tmp_path, environment, **options).run("ansible-inventory", "--graph")
    assert said in on_one_line(done.stderr)
    assert "Traceback" not in done.stderr
    assert "Canary" not in done.stderr
    assert environment.account()[1] not in done.stderr + done.stdout


def test_an_account_without_the_role(environment: Emulator, tmp_path: Path) -> None:
    username, password = environment.account("readonly")
    done = Inventory(tmp_path, environment, username=username, password=password).run("ansible-inventory", "--graph")
    assert "Standard AXL API Access" in on_one_line(done.stderr)


def test_files_of_other_names_are_left_alone(environment: Emulator, tmp_path: Path) -> None:
    inventory = Inventory(tmp_path, environment)
    inventory.file = inventory.file.rename(tmp_path / "other.yml")
    done = inventory.run("ansible-inventory", "--graph")
    assert "imp_nodes" not in done.stdout
    assert environment.journal() == []


def test_a_play_on_the_hosts_shows_no_secret(environment: Emulator, tmp_path: Path) -> None:
    inventory = Inventory(tmp_path, environment)
    for name, value in connection(environment, "cucm").items():
        inventory.environment[f"TEST_{name.upper()}"] = str(value)
    playbook = tmp_path / "play.yml"
    playbook.write_text(PLAYBOOK)
    done = inventory.run("ansible-playbook", str(playbook), "-vvvv")
    assert done.returncode == 0, done.stdout + done.stderr
    for line in ("imp-pub is publisher", "imp-sub is subscriber", '"axl_schema": "14.0"'):
        assert line in done.stdout
    assert environment.account()[1] not in done.stdout + done.stderr
