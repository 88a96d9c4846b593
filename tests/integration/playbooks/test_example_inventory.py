# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The example inventories, by hand and by plugin, give the same variables to the playbooks; the EXAMPLES work too."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.emulator import Emulator
from tests.support.playbooks import ROOT, play, settings
from tests.support.plugin_files import plugin_source

PLUGIN = Path("plugins", "inventory", "imp_cluster.py")
FILES = re.split(r"\n(?=# Another file: )", plugin_source(PLUGIN, "EXAMPLES"))
"""The EXAMPLES of the plugin show several files; all but the first stand in comments."""
VAULT = re.compile(r"!vault \|\n(?:  .*\n)+")
PUBLISHERS = [("imp-pub", ""), ("imp-pub.dc2.example.com", "dc2"), ("imp-pub", "role_imp")]
"""How each of these files calls the IM and Presence publisher, and a group that it puts it in."""

EXAMPLE = ROOT / "inventory" / "example"


def shown(
    ready_file: Path, folder: Path, inventory: Path, expression: str, vault: dict[str, str] | None = None
) -> tuple[int, str]:
    """Evaluate an expression for the IM and Presence publisher of an inventory."""
    content = {"content": "{{ (" + expression + ") | to_json }}", "dest": str(folder / "shown.json")}
    task = {"name": "Show", "ansible.builtin.copy": content}
    book = folder / "show.yml"
    book.write_text(json.dumps([{"hosts": "imp_publisher", "gather_facts": False, "tasks": [task]}]))
    played = play(ready_file, folder, str(book), inventory=inventory, variables=vault)
    return played.status, played.output


def value(ready_file: Path, folder: Path, inventory: Path, expression: str) -> Any:
    # Up to ansible-core 2.18 the whole of a mapping is evaluated, the password in it too, when one entry is asked for.
    vault = {"vault_ucops_imp_application_password": "Vault-0aa1"}
    status, output = shown(ready_file, folder, inventory, expression, vault)
    assert status == 0, output
    return json.loads((folder / "shown.json").read_text())


def test_the_inventory_by_hand(environment: Emulator, tmp_path: Path) -> None:
    expression = "[trust_nodes, presence_engine_nodes, ucops_imp_cucm.hostname, ucops_imp_publisher.hostname]"

    trust, engine, cucm, publisher = value(environment.ready_file, tmp_path, EXAMPLE, expression)

    assert [node["name"] for node in trust] == ["imp1.example.com", "imp2.example.com"]
    assert engine == trust
    assert (cucm, publisher) == ("cucm1.example.com", "imp1.example.com")


def test_what_is_not_set_yet_is_told_by_variable_and_file(environment: Emulator, tmp_path: Path) -> None:
    """The copy of a newcomer, as it is: all that is to be set, in one list, and no warning."""
    shutil.copytree(EXAMPLE, tmp_path / "inventory")

    played = play(environment.ready_file, tmp_path, "ucops.imp.site", "--check", inventory=tmp_path / "inventory")

    assert played.status == 2
    assert "WARNING" not in played.output
    (message,) = re.findall(r'fatal: .* => .*"msg": (".*")\}', played.output)
    vault = "Set it in inventory/group_vars/all/vault.yml; vault.example.yml beside it shows how."
    first, second, *files = json.loads(message).splitlines()
    # Which role asks for which of them first is another matter on each ansible-core.
    application, system = sorted((first, second))
    assert application.startswith("vault_ucops_imp_application_password: it is not set, and ucops_imp_")
    assert system.startswith("vault_ucops_imp_os_password: it is not set, and ucops_imp_platform.password needs it.")
    assert [sentence for sentence in (application, system) if not sentence.endswith(vault)] == []
    folder = tmp_path / "inventory" / "group_vars" / "all" / "certificates"
    connections = "ucops_imp_platform.ca_path, ucops_imp_cucm.ca_path, ucops_imp_publisher.ca_path"
    assert files == [
        f"trust_certificates[0]: {folder}/exchange-root-ca.pem: No such file or directory",
        f"trust_certificates[1]: {folder}/exchange-issuing-ca.pem: No such file or directory",
        f"{connections}: there is no file {folder}/example-enterprise-ca.pem on the controller.",
    ]
    # The same as a table, after ansible's own words.
    assert "correct these settings. Nothing was changed." in played.output.partition("fatal: ")[2]
    assert re.search(r"^vault_ucops_imp_os_password +it is not set", played.output, re.MULTILINE)


def test_the_inventory_by_plugin(environment: Emulator, tmp_path: Path) -> None:
    """The example's file with only the address, account and CA of the running emulator put in."""
    folder = tmp_path / "example"
    shutil.copytree(EXAMPLE, folder)
    (folder / "hosts.yml").unlink()
    source = folder / "headquarters.imp_cluster.yml"
    source.with_name(f"{source.name}.txt").rename(source)
    username, password = environment.account()
    here = {"cucm1.example.com": "127.0.0.1", "svc-ansible": username}
    here["/etc/ssl/certs/example-enterprise-ca.pem"] = environment.ca_file
    text = source.read_text()
    for example, real in here.items():
        assert example in text
        text = text.replace(example, real)
    source.write_text(text + f"port: {environment.port('cucm-pub')}\npassword: {password}\n")

    nodes, cucm = value(environment.ready_file, tmp_path, folder, "[trust_nodes, ucops_imp_cucm.hostname]")

    assert nodes == [
        {"name": "imp-pub", "hostname": "imp-pub.example.com"},
        {"name": "imp-sub", "hostname": "imp-sub.example.com"},
    ]
    assert cucm == "cucm-pub.example.com"


def uncommented(example: str) -> str:
    """Return a file of the EXAMPLES without the words around it."""
    if example.lstrip().startswith("# Another file"):
        example = example[example.index("# plugin:") :]
        return "".join(line.removeprefix("# ") for line in example.splitlines(keepends=True))
    return example


@pytest.mark.parametrize(("number", "publisher"), list(enumerate(PUBLISHERS)), ids=["one", "several", "groups"])
def test_the_examples_of_the_plugin(
    environment: Emulator, tmp_path: Path, number: int, publisher: tuple[str, str]
) -> None:
    """Only the address and the CA are put in, and the password in the place of the vault's text."""
    assert len(FILES) == len(PUBLISHERS)
    name, group = publisher
    password = environment.account()[1]
    text = VAULT.sub(lambda _: f"{json.dumps(password)}\n", uncommented(FILES[number]))
    text = re.sub(r"^hostname: .*", "hostname: 127.0.0.1", text, flags=re.MULTILINE)
    file = tmp_path / "dc1.imp_cluster.yml"
    file.write_text(f"{text}\nport: {environment.port('cucm-pub')}\nca_path: {environment.ca_file}\n")
    tool = Path(sys.executable).parent / "ansible-inventory"
    command = [str(tool), "-i", str(file), "--list", "--export", "-e", json.dumps({"axl_password": password})]
    known = settings(environment.ready_file) | {"AXL_PASSWORD": password}

    done = subprocess.run(command, cwd=tmp_path, env=known, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr
    inventory = json.loads(done.stdout)
    assert inventory["imp_publisher"]["hosts"] == [name]
    assert not group or name in inventory[group]["hosts"]
