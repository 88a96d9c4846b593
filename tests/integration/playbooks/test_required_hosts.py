# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""No playbook ends well when it has left out what it is for; Ansible itself skips a play without hosts."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.connections import connection
from tests.support.emulator import Emulator
from tests.support.playbooks import INVENTORY, ROOT, Played, play

GUARD = "require_hosts"
PLAYBOOKS = sorted(path.stem for path in (ROOT / "playbooks").glob("*.yml") if path.stem != GUARD)
OWN_GROUPS = ["certificates", "drift", "site"]
"""Those that tell the guard which groups they need."""
NO_READY_FILE = Path("/no/such/ready.json")
CALLBACK = {"ANSIBLE_CALLBACKS_ENABLED": "ucops.imp.drift"}
OTHER = {"cucm_publisher": {"hosts": {"cucm-pub.dc1": None}}}


WHOLE = {
    "imp_publisher": {"hosts": {"imp-pub.dc1": None}},
    "imp_subscribers": {"hosts": {"imp-sub.dc1": None}},
    "exchange": {"hosts": {"mail1.example.com": None}},
    **OTHER,
}


def run(folder: Path, playbook: str, *options: str, inventory: Any = WHOLE, **more: Any) -> Played:
    source = folder / "hosts.yml"
    source.write_text(json.dumps(inventory))
    more = {"environment": {"UCOPS_IMP_DRIFT_FORMATS": "json", **(CALLBACK if playbook == "drift" else {})}, **more}
    played = play(NO_READY_FILE, folder, f"ucops.imp.{playbook}", *options, inventory=source, **more)
    assert played.module_calls == []
    return played


def said(played: Played) -> str:
    return " ".join(played.output.split())


def test_every_playbook_begins_with_the_guard() -> None:
    """Those that tell it nothing begin with the very same, so that one of them stands for all in the tests below."""
    assert {"site", "certificates", "preflight", "drift", "export", "trust"} <= set(PLAYBOOKS)
    for playbook in PLAYBOOKS:
        first = yaml.safe_load((ROOT / "playbooks" / f"{playbook}.yml").read_text())[0]
        assert first.pop("name"), playbook
        assert first.pop("ansible.builtin.import_playbook") == f"{GUARD}.yml", playbook
        assert [*first] == (["vars"] if playbook in OWN_GROUPS else []), playbook


@pytest.mark.parametrize("playbook", [*OWN_GROUPS, "preflight"])
def test_an_inventory_without_a_publisher(playbook: str, tmp_path: Path) -> None:
    played = run(tmp_path, playbook, inventory={**OTHER, "imp_publisher": {}})
    assert played.status == 2, played.output
    assert "Nothing was checked or changed. The inventory has no host in the group" in said(played)
    assert "imp_publisher" in said(played)


@pytest.mark.parametrize(
    ("playbook", "options"),
    [("site", ["--check"]), ("preflight", ["--diff", "--tags", "no-such-tag"]), ("site", ["--skip-tags", "trust"])],
)
def test_so_in_every_mode(playbook: str, options: list[str], tmp_path: Path) -> None:
    played = run(tmp_path, playbook, *options, inventory=OTHER)
    assert played.status == 2, played.output
    assert list(played.recap) == ["cucm-pub.dc1"]


@pytest.mark.parametrize("playbook", ["site", "preflight"])
def test_no_inventory_at_all(playbook: str, tmp_path: Path) -> None:
    played = run(tmp_path, playbook, inventory={})
    assert played.status == 2, played.output
    assert "Nothing was checked" in said(played)


@pytest.mark.parametrize(
    ("playbook", "limit"), [("site", "cucm_publisher"), ("site", "exchange"), ("preflight", "imp-sub.dc1")]
)
def test_a_limit_that_leaves_no_publisher(playbook: str, limit: str, tmp_path: Path) -> None:
    played = run(tmp_path, playbook, "--limit", limit)
    assert played.status == 2, played.output
    assert f"--limit {limit} leaves no host of the group imp_publisher" in said(played)


def test_certificates_need_both_groups_unless_hosts_are_named(tmp_path: Path) -> None:
    played = run(tmp_path, "certificates", inventory={"imp_publisher": {"hosts": {"imp-pub.dc1": None}}})
    assert (played.status, "no host in the group exchange" in said(played)) == (2, True)
    played = run(tmp_path, "certificates", "--limit", "cucm_publisher")
    assert (played.status, "no host of the group imp_publisher or exchange" in said(played)) == (2, True)
    played = run(
        tmp_path,
        "site",
        inventory={"imp_publisher": {"hosts": {"x": None}}, "all": {"vars": {"ucops_imp_certificates": True}}},
    )
    assert (played.status, "no host in the group exchange" in said(played)) == (2, True)


def test_hosts_are_only_listed(tmp_path: Path) -> None:
    for options in (["--list-hosts"], ["--list-tasks"], ["--syntax-check"]):
        assert run(tmp_path, "site", *options, inventory=OTHER).status == 0


@pytest.mark.parametrize("playbook", ["site", "certificates"])
def test_certificates_of_exchange_servers_alone(environment: Emulator, playbook: str, tmp_path: Path) -> None:
    """The publishers are somebody else's; the guard leaves no trace in the recap."""
    chosen = {"ucops_imp_certificates": True, "exchange_certificate_directory": str(tmp_path / "certificates")}
    played = play(
        environment.ready_file, tmp_path, f"ucops.imp.{playbook}", "--check", "--limit", "exchange", variables=chosen
    )
    assert "Nothing was checked or changed" not in played.output
    assert played.module_calls != []
    assert set(played.recap) == {"mail1.example.com", "mail2.example.com"}


def test_an_inventory_that_could_not_be_read(environment: Emulator, tmp_path: Path) -> None:
    """Ansible would go on with the hosts of the other source. Whoever names hosts may do so."""
    inventory = tmp_path / "inventory"
    shutil.copytree(INVENTORY, inventory)
    bad = {"plugin": "ucops.imp.imp_cluster", **connection(environment, "cucm"), "password": "Canary-7d1c"}
    (inventory / "bad.imp_cluster.yml").write_text(yaml.safe_dump(bad))
    for playbook in ("site", "preflight"):
        played = play(environment.ready_file, tmp_path, f"ucops.imp.{playbook}", inventory=inventory)
        assert (played.status, played.module_calls) == (2, []), played.output
        assert "Hosts are missing, because an inventory could not be read:" in said(played)
        assert "bad.imp_cluster.yml" in said(played)
        assert "Canary" not in played.output
    played = play(
        environment.ready_file, tmp_path, "ucops.imp.preflight", "--limit", "imp-pub.dc1", inventory=inventory
    )
    assert played.status == 0, played.output
    assert list(played.recap) == ["imp-pub.dc1"]


def test_a_wrong_password_of_the_inventory_alone(environment: Emulator, tmp_path: Path) -> None:
    bad = {"plugin": "ucops.imp.imp_cluster", **connection(environment, "cucm"), "password": "Canary-7d1c"}
    source = tmp_path / "bad.imp_cluster.yml"
    source.write_text(yaml.safe_dump(bad))
    played = play(environment.ready_file, tmp_path, "ucops.imp.preflight", inventory=source)
    assert played.status == 2, played.output
    assert "Nothing was checked or changed" in said(played) or "Hosts are missing" in said(played)


@pytest.mark.parametrize(("playbook", "tag"), [("preflight", "no-such-tag"), ("export", "tagged")])
def test_a_playbook_without_tags_is_not_left_out_by_one(
    environment: Emulator, tmp_path: Path, playbook: str, tag: str
) -> None:
    played = play(environment.ready_file, tmp_path, f"ucops.imp.{playbook}", "--tags", tag)
    assert played.status == 2, played.output
    assert f"--tags {tag}: this playbook has no such tag" in played.output
    assert environment.journal() == []


def test_a_preflight_beside_other_playbooks_leaves_their_tags_alone(environment: Emulator, tmp_path: Path) -> None:
    """Whoever has chosen another play by its tag has not asked for a preflight."""
    book = tmp_path / "all.yml"
    own = {"hosts": "localhost", "gather_facts": False, "tags": ["network"]}
    own["tasks"] = [{"ansible.builtin.debug": {"msg": "the network"}}]
    book.write_text(json.dumps([own, {"import_playbook": "ucops.imp.preflight", "tags": ["before"]}]))
    played = play(environment.ready_file, tmp_path, str(book), "--tags", "network")
    assert (played.status, played.module_calls) == (0, []), played.output
    checked = play(environment.ready_file, tmp_path, str(book), "--tags", "before")
    assert [call.split()[1] for call in checked.module_calls] == ["ucops.imp.preflight_info"]
