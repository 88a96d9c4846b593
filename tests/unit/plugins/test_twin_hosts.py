# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The inventory of an emulator, whatever its scenario is: hosts, groups, connections."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.ucops.imp.plugins.plugin_utils._twin.hosts import GROUPS, Wanted, hosts_of
from ansible_collections.ucops.imp.plugins.plugin_utils._twin.ready import NotReady, read

from tests.support import twins
from tests.support.playbooks import PROGRAMS, on_one_line, settings
from tests.support.programs import run_ansible

TEMPLATE = "pass {{ word }}"


def application(port: int) -> dict[str, Any]:
    return {
        "hostname": "127.0.0.1",
        "port": port,
        "username": "application",
        "password": "twin-application",
        "ca_path": "/twin/ca.pem",
    }


def test_hosts_and_connections_of_one_cluster(tmp_path: Path) -> None:
    found = hosts_of(read(twins.write(tmp_path)), Wanted())

    assert {name: hosts for name, hosts in found.groups.items() if hosts} == {
        "cucm_publisher": ["cucm1.hq"],
        "imp_publisher": ["imp1.hq"],
        "imp_subscribers": ["imp2.hq"],
        "imp_nodes": ["imp1.hq", "imp2.hq"],
        "exchange": ["mail1.example.com", "mail2.example.com"],
        "hq": ["cucm1.hq", "imp1.hq", "imp2.hq"],
    }
    assert {*GROUPS} <= found.groups.keys()
    system = {"username": "os", "password": "twin-os"}
    assert found.group_variables["hq"] == {
        "ucops_imp_cluster": "hq",
        "ucops_imp_cucm": application(1100),
        "ucops_imp_publisher": application(1200),
        "ucops_imp_platform": {**application(1201), **system},
        "trust_nodes": [{"name": f"imp{n}", "hostname": "127.0.0.1", "port": 1101 + n * 100} for n in (1, 2)],
        "presence_engine_nodes": [{"name": f"imp{n}", "hostname": "127.0.0.1", "port": 1100 + n * 100} for n in (1, 2)],
        "ucops_imp_pending_restarts_path": str(tmp_path / "pending-restarts" / "hq.json"),
    }
    assert found.variables["imp1.hq"] == found.variables["cucm1.hq"] == {}
    assert found.variables["imp2.hq"] == {
        "ucops_imp_publisher": application(1300),
        "ucops_imp_platform": {**application(1301), **system},
    }
    administrator = {"username": "EXAMPLE\\exadmin", "password": "twin-EXAMPLE\\exadmin"}
    assert found.variables["mail2.example.com"]["ucops_exchange"] == {**application(2201), **administrator}
    everywhere = found.group_variables["all"]
    assert everywhere["ucops_ca"] == {**application(3100), "username": "requester", "password": "twin-requester"}
    assert everywhere["preflight_gateways"][1] == {
        "name": "mail2.example.com",
        "probe_hostname": "127.0.0.1",
        "probe_port": 2200,
    }


def test_any_scenario(tmp_path: Path) -> None:
    """Names with a domain and addresses as node names, no IM and Presence, several clusters with the same names."""
    clusters = {
        "one": twins.cluster(11, ("cucm1.example.com", "cucm", "publisher"), ("10.0.0.2", "imp", "publisher")),
        "two": twins.cluster(41, ("cucm1.example.com", "cucm", "publisher"), ("cucm2", "cucm", "subscriber")),
    }
    ready = read(twins.write(tmp_path, **clusters))
    found = hosts_of(ready, Wanted())
    assert found.groups["imp_publisher"] == ["10.0.0.2.one"]
    assert found.groups["cucm_subscribers"] == ["cucm2.two"]
    assert found.problems() == []
    assert found.group_variables["two"].keys().isdisjoint({"ucops_imp_publisher", "ucops_imp_platform"})
    assert found.group_variables["two"]["trust_nodes"] == []

    few = hosts_of(ready, Wanted(full_names=True, clusters=["two"], exchange_servers=[], authority="eca.example.com"))
    assert few.groups["two"] == ["cucm1.example.com", "cucm2.example.com"]
    assert few.groups["exchange"] == few.groups["imp_nodes"] == []
    assert "one" not in few.groups
    assert few.group_variables["all"]["ucops_ca"]["port"] == 3200
    for wanted, said in (
        (Wanted(clusters=["three"]), "clusters: there is no three, but one, two."),
        (Wanted(exchange_servers=["mail9"]), "exchange_servers: there is no mail9, but mail1.example.com, mail2.exam"),
        (Wanted(authority="ca"), "certification_authority: there is no ca, but ca.example.com, eca.example.com."),
    ):
        with pytest.raises(LookupError) as refused:
            hosts_of(ready, wanted)
        assert str(refused.value.args[0]).startswith(said)


@pytest.mark.parametrize("name", ["exchange", "all", "imp_nodes"])
def test_a_cluster_that_is_called_like_a_group(tmp_path: Path, name: str) -> None:
    with pytest.raises(LookupError, match=f"the cluster {name} is called like a group"):
        hosts_of(read(twins.write(tmp_path, **{name: twins.content()["clusters"]["hq"]})), Wanted())


def test_a_host_that_is_called_like_a_cluster(tmp_path: Path) -> None:
    ready = read(twins.write(tmp_path, **{"mail1.example.com": twins.content()["clusters"]["hq"]}))
    assert hosts_of(ready, Wanted()).problems() == ["mail1.example.com would be a host and a group."]


def test_two_clusters_whose_nodes_have_the_same_full_names(tmp_path: Path) -> None:
    """A host would be in both, and a run on one of them would have the connections of the other."""
    nodes = (("cucm1", "cucm", "publisher"), ("imp1", "imp", "publisher"))
    ready = read(twins.write(tmp_path, one=twins.cluster(11, *nodes), two=twins.cluster(14, *nodes)))
    assert hosts_of(ready, Wanted()).problems() == []
    assert hosts_of(ready, Wanted(full_names=True)).problems() == [
        f"Several servers would be the host {name}.example.com. Choose clusters, or other host_names."
        for name in ("cucm1", "imp1")
    ]
    assert hosts_of(ready, Wanted(full_names=True, clusters=["two"])).problems() == []


def listed(source: Path, *options: str) -> tuple[dict[str, Any], str]:
    command = [str(PROGRAMS / "ansible-inventory"), "-i", str(source), "--list", "--export", *options]
    environment = {name: value for name, value in settings(source).items() if name != "IMP_EMULATOR_READY"}
    done = run_ansible(command, environment, Path.cwd(), errors_apart=True)
    return json.loads(done.stdout or "{}"), on_one_line(done.stderr)


def test_the_plugin(tmp_path: Path) -> None:
    """``ucops.imp.imp_emulator``: a relative path, templates in options, none in values, and files that go first."""
    content = twins.content()
    content["clusters"]["hq"]["accounts"]["application"]["password"] = TEMPLATE
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "ready.json").write_text(json.dumps(content))
    source = tmp_path / "test.imp_emulator.yml"
    options = {"ready_file": "{{ folder }}/ready.json", "retries": 2}
    source.write_text(yaml.safe_dump({"plugin": "ucops.imp.imp_emulator", **options}))
    (tmp_path / "group_vars").mkdir()
    (tmp_path / "group_vars" / "hq.yml").write_text("trust_nodes: []\n")

    found, warned = listed(source, "-e", "folder=other")

    assert "WARNING" not in warned
    assert found["imp_nodes"]["hosts"] == ["imp1.hq", "imp2.hq"]
    assert found["hq"]["vars"]["trust_nodes"] == []
    cucm = found["hq"]["vars"]["ucops_imp_cucm"]
    assert cucm["retries"] == 2
    assert TEMPLATE in json.dumps(cucm)
    assert "local" in str(found["_meta"]["hostvars"]["mail1.example.com"]["ansible_connection"])

    nothing, warned = listed(source, "-e", "folder=none")
    assert f"there is no file {tmp_path}/none/ready.json, so there are no hosts." in warned
    assert "imp_nodes" in nothing["all"]["children"]
    assert "Start the emulator" in str(nothing["all"]["vars"]["imp_cluster_unread"])

    misspelt: dict[Any, Any] = {"host_name": "full", "colour": 1, 7: 1}
    for more, said in (
        (
            misspelt,
            "there is no option host_name, colour, 7; there are certification_authority, ",
        ),
        ({"ready_file": ""}, f"ready_file: {tmp_path} is a folder. Name the file, here or in IMP_EMULATOR_READY."),
    ):
        source.write_text(yaml.safe_dump({"plugin": "ucops.imp.imp_emulator", **options, **more}, sort_keys=False))
        nothing, warned = listed(source, "-e", "folder=other")
        assert said in warned
        assert said in str(nothing["all"]["vars"]["imp_cluster_unread"])


def refused(folder: Path) -> str:
    """Return why a file of a folder's inventory is not read; empty when all are."""
    return str(listed(folder)[0]["all"].get("vars", {}).get("imp_cluster_unread", ""))


def configured(folder: Path, name: str, ready: Path, more: str = "") -> None:
    folder.mkdir(exist_ok=True)
    text = f"plugin: ucops.imp.imp_emulator\nready_file: {ready}\n{more}"
    (folder / f"{name}.imp_emulator.yml").write_text(text, encoding="utf-8")


def test_hosts_of_two_emulators_never_take_each_others_place(tmp_path: Path) -> None:
    """Their clusters and hosts have the same names as a rule, and the variables of all hosts are those of one."""
    ready = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        ready.append(twins.write(tmp_path / name))
    inventory = tmp_path / "inventory"
    configured(inventory, "a", ready[0])
    configured(inventory, "b", ready[0])
    assert refused(inventory) == ""
    configured(inventory, "b", ready[0], "host_names: full\n")
    assert "host_names: the cluster hq has the host cucm1.hq already; call its nodes as there." in refused(inventory)
    configured(inventory, "b", ready[1])
    assert f"the inventory has the emulator of {ready[0]} already, not that of {ready[1]}" in refused(inventory)


def test_a_host_of_another_source_is_not_taken_over(tmp_path: Path) -> None:
    inventory = tmp_path / "inventory"
    configured(inventory, "z", twins.write(tmp_path))
    variables = {"imp1.hq": {"ucops_imp_cluster": "other"}, "cucm1.hq": {"imp_cluster_source": "cucm.example.com"}}
    (inventory / "a.yml").write_text(json.dumps({"all": {"hosts": {**variables, "imp2.hq": {"own": 1}}}}))
    said = refused(inventory)
    assert "imp1.hq: the inventory has a host of this name with ucops_imp_cluster=other already." in said
    assert "cucm1.hq: it is a host of the cluster of cucm.example.com already." in said
    assert "imp2.hq" not in said


def test_a_ready_file_that_windows_wrote_and_what_is_none(tmp_path: Path) -> None:
    right = twins.write(tmp_path)
    text = right.read_text(encoding="utf-8")
    other = tmp_path / "other.json"
    for encoding in ("utf-8-sig", "utf-16"):
        other.write_text(text, encoding=encoding)
        assert read(other).clusters.keys() == read(right).clusters.keys()
    with pytest.raises(NotReady, match="/dev/zero is no ready file of the emulator"):
        read(Path("/dev/zero"))
    broken = json.loads(text)
    broken["clusters"]["hq"]["accounts"] = {}
    other.write_text(json.dumps(broken), encoding="utf-8")
    inventory = tmp_path / "inventory"
    configured(inventory, "a", other)
    assert f"ready_file: {other} lacks 'application' of a server." in refused(inventory)
