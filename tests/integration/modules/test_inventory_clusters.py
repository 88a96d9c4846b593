# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The inventory plugin with several clusters whose nodes have the same names, and with other inventory files."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.connections import connection
from tests.support.emulator import Emulator
from tests.support.playbooks import on_one_line, settings
from tests.support.programs import run_ansible

PROGRAM = Path(sys.executable).parent / "ansible-inventory"
NODES = ("cucm-pub", "imp-pub", "imp-sub")


def _cluster(name: str, net: int) -> dict[str, Any]:
    nodes = [
        {"name": node, "role": node[: node.index("-")], "usage": usage, "ipv4": f"192.0.2.{net + number}"}
        for number, (node, usage) in enumerate(zip(NODES, ("publisher", "publisher", "subscriber"), strict=True))
    ]
    return {"name": name, "version": "14.0.1.13900-155", "domain": f"{name}.example.com", "nodes": nodes}


@pytest.fixture(scope="module")
def clusters(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """Serve two clusters with equally named nodes."""
    folder = tmp_path_factory.mktemp("clusters")
    scenario = folder / "scenario.yml"
    scenario.write_text(json.dumps({"format": 1, "clusters": [_cluster("one", 11), _cluster("two", 21)]}))
    emulator = Emulator(folder / "emulator", "--scenario", str(scenario))
    yield emulator
    emulator.stop()


def write(folder: Path, emulator: Emulator, cluster: str, /, **options: Any) -> Path:
    """Write a configuration file of the plugin for one of the two clusters."""
    folder.mkdir(exist_ok=True)
    file = folder / f"{cluster}.imp_cluster.yml"
    told = {"plugin": "ucops.imp.imp_cluster", **connection(emulator, "cucm", cluster=cluster), **options}
    file.write_text(yaml.safe_dump({name: value for name, value in told.items() if value is not None}))
    return file


def ask(emulator: Emulator, *sources: Path, **environment: str) -> tuple[dict[str, Any], str]:
    """Return what ``ansible-inventory`` lists, and what it warns of on one line; each word is followed by one space."""
    found, warned = ask_both(emulator, *sources, **environment)
    assert emulator.account(cluster="one")[1] not in json.dumps(found) + warned
    return found, warned


def ask_both(emulator: Emulator, *sources: Path, **environment: str) -> tuple[dict[str, Any], str]:
    """As :func:`ask`, also of the plugin whose variables hold the passwords of the emulator."""
    command = [str(PROGRAM), *(f"--inventory={source}" for source in sources), "--list", "--export"]
    known = {**settings(emulator.ready_file), **environment}
    done = run_ansible(command, known, Path.cwd(), errors_apart=True)
    assert "Traceback" not in done.stderr
    return json.loads(done.stdout), on_one_line(done.stderr)


def test_equally_named_nodes_are_not_merged(clusters: Emulator, tmp_path: Path) -> None:
    write(tmp_path, clusters, "one", cluster="one")
    write(tmp_path, clusters, "two", cluster="two")
    found, warned = ask(clusters, tmp_path)
    port = connection(clusters, "cucm", cluster="one")["port"]
    told = (
        f"cucm-pub, imp-pub, imp-sub: a node of the cluster of 127.0.0.1 port {port} is called so already. Set domain"
    )
    assert told in warned
    assert found["one"]["hosts"] == list(NODES)
    assert "two" not in found
    assert {found["_meta"]["hostvars"][name]["ucops_imp_cluster"] for name in NODES} == {"one"}
    (unread,) = found["all"]["vars"]["imp_cluster_unread"]
    assert "two.imp_cluster.yml" in str(unread)


@pytest.mark.parametrize("options", [{}, {"cluster": "one"}])
def test_nor_are_they_without_a_name_of_the_second(clusters: Emulator, tmp_path: Path, options: dict[str, str]) -> None:
    write(tmp_path, clusters, "one", cluster="one")
    write(tmp_path, clusters, "two", **options)
    assert "Set domain" in ask(clusters, tmp_path)[1]


def test_the_advice_helps(clusters: Emulator, tmp_path: Path) -> None:
    for name in ("one", "two"):
        write(tmp_path, clusters, name, cluster=name, domain=f"{name}.example.com")
    found, warned = ask(clusters, tmp_path)
    assert warned == ""
    assert found["imp_publisher"]["hosts"] == ["imp-pub.one.example.com", "imp-pub.two.example.com"]
    assert found["two"]["hosts"] == [f"{name}.two.example.com" for name in NODES]


def test_a_cluster_and_an_emulator_never_take_each_others_hosts(clusters: Emulator, tmp_path: Path) -> None:
    """Whichever is read first: with the other's connections a run would change the wrong servers."""
    real = write(tmp_path, clusters, "one", domain="one.example.com")
    options = {"plugin": "ucops.imp.imp_emulator", "ready_file": str(clusters.ready_file), "host_names": "full"}
    emulated = tmp_path / "test.imp_emulator.yml"
    emulated.write_text(yaml.safe_dump(options))
    found, warned = ask_both(clusters, real, emulated)
    assert "cucm-pub.one.example.com: it is a host of the cluster of 127.0.0.1 port" in warned
    assert "exchange" not in found
    found, warned = ask_both(clusters, emulated, real)
    assert f"the emulator of {clusters.ready_file} has a host of this name already" in warned
    assert found["_meta"]["hostvars"]["cucm-pub.one.example.com"].keys().isdisjoint({"imp_cluster_source"})


def test_a_source_that_is_named_twice_is_no_other_cluster(clusters: Emulator, tmp_path: Path) -> None:
    file = write(tmp_path, clusters, "one", cluster="one")
    found, warned = ask(clusters, tmp_path, file)
    assert (found["one"]["hosts"], warned) == (list(NODES), "")


def test_a_cluster_name_is_used_once(clusters: Emulator, tmp_path: Path) -> None:
    for name in ("one", "two"):
        write(tmp_path, clusters, name, cluster="site", domain=f"{name}.example.com")
    found, warned = ask(clusters, tmp_path)
    assert "cluster: site is the name of the cluster of 127.0.0.1 port" in warned
    assert found["site"]["hosts"] == [f"{name}.one.example.com" for name in NODES]


@pytest.mark.parametrize(
    "static",
    [
        {"imp_nodes": {"hosts": {"imp-pub": {"ucops_imp_cluster": "two"}}}},
        {"two": {"vars": {"ucops_imp_cluster": "two"}, "hosts": {"imp-pub": None}}},
        {"two": {"vars": {"ucops_imp_cluster": "two"}, "children": {"inner": {"hosts": {"imp-pub": None}}}}},
    ],
)
def test_a_static_file_may_give_a_host_to_another_cluster(
    clusters: Emulator, tmp_path: Path, static: dict[str, Any]
) -> None:
    (tmp_path / "a.yml").write_text(json.dumps(static))
    write(tmp_path, clusters, "one", cluster="one")
    found, warned = ask(clusters, tmp_path)
    told = "imp-pub: the inventory has a host of this name with ucops_imp_cluster=two already, not one. Set domain"
    assert told in warned
    assert "one" not in found


def test_a_static_file_may_say_more_of_a_node(clusters: Emulator, tmp_path: Path) -> None:
    static = {"one": {"vars": {"ucops_imp_cluster": "one"}, "hosts": {"imp-pub": {"rack": 7}}}}
    (tmp_path / "a.yml").write_text(json.dumps(static))
    write(tmp_path, clusters, "one", cluster="one")
    found, warned = ask(clusters, tmp_path)
    assert (warned, found["_meta"]["hostvars"]["imp-pub"]["rack"]) == ("", 7)
    assert set(found["one"]["hosts"]) == set(NODES)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"cluster": "imp_publisher"}, "cluster: imp_publisher is the name of another group"),
        ({"cluster": "x_imp_nodes", "prefix": "x_"}, "cluster: x_imp_nodes is the name of another group"),
        ({"cluster": "all"}, "cluster: all is the name of another group"),
        ({"cluster": "exchange"}, "cluster: exchange is the name of another group"),
        ({"cluster": "imp-pub"}, "imp-pub would be a host and a group"),
        ({"domain": "no domain"}, "domain: 'no domain' is no host name"),
        ({"domain": ".example.com"}, "domain: '.example.com' is no host name"),
    ],
)
def test_names_that_collide(clusters: Emulator, tmp_path: Path, options: dict[str, str], said: str) -> None:
    found, warned = ask(clusters, write(tmp_path, clusters, "one", **options))
    assert said in warned
    assert found["_meta"]["hostvars"].keys() == set()


def test_a_node_that_is_called_like_a_group_of_another_file(clusters: Emulator, tmp_path: Path) -> None:
    (tmp_path / "a.yml").write_text(json.dumps({"imp-sub": {"hosts": {"other": None}}}))
    write(tmp_path, clusters, "one")
    assert "imp-sub is a node, and a group of the inventory" in ask(clusters, tmp_path)[1]


@pytest.mark.parametrize(
    ("named", "options"),
    [
        ("imp-sub.one.example.com", {}),
        ("imp-sub.one.example.com", {"domain": "one.example.com"}),
        ("IMP-SUB.One.Example.COM", {"domain": "one.example.com"}),
        ("imp-sub", {"domain": "one.example.com"}),
        ("imp-sub.{{ lookup('env', 'PLACE') }}", {"domain": "{{ lookup('env', 'PLACE') }}"}),
    ],
)
def test_the_publisher_may_be_named_in_full(
    clusters: Emulator, tmp_path: Path, named: str, options: dict[str, str]
) -> None:
    file = write(tmp_path, clusters, "one", imp_publisher=named, **options)
    found, warned = ask(clusters, file, PLACE="one.example.com")
    (publisher,) = found["imp_publisher"]["hosts"]
    assert (publisher, warned) == ("imp-sub.one.example.com" if options else "imp-sub", "")


@pytest.mark.parametrize(
    ("named", "options"),
    [
        ("imp-bup", {}),
        ("", {}),
        ("cucm-pub", {}),
        ("192.0.2.12", {}),
        ("imp-pub.two.example.com", {"domain": "one.example.com"}),
    ],
)
def test_a_publisher_that_is_no_node_is_an_error(
    clusters: Emulator, tmp_path: Path, named: str, options: dict[str, str]
) -> None:
    found, warned = ask(clusters, write(tmp_path, clusters, "one", imp_publisher=named, **options))
    assert f"imp_publisher: the cluster has no IM and Presence node called '{named}'." in warned
    assert "Its IM and Presence nodes are imp-pub, imp-sub." in warned
    assert "imp_nodes" not in found


def test_every_option_may_be_a_template(clusters: Emulator, tmp_path: Path) -> None:
    values = {name: str(value) for name, value in connection(clusters, "cucm", cluster="one").items()}
    values |= {"validate_certs": "yes", "timeout": "20", "retries": "1", "local_connection": "no"}
    values |= {"imp_publisher": "imp-sub", "cluster": "one", "domain": "one.example.com", "prefix": "p_"}
    templates = {name: f"{{{{ lookup('ansible.builtin.env', 'T_{name.upper()}') }}}}" for name in values}
    file = write(tmp_path, clusters, "one", **templates)
    found, warned = ask(clusters, file, **{f"T_{name.upper()}": value for name, value in values.items()})
    assert (found["p_imp_publisher"]["hosts"], warned) == (["imp-sub.one.example.com"], "")
    assert "ansible_connection" not in found["_meta"]["hostvars"]["imp-sub.one.example.com"]


def test_a_template_that_cannot_be_is_told_by_its_option(clusters: Emulator, tmp_path: Path) -> None:
    warned = ask(clusters, write(tmp_path, clusters, "one", domain="{{ no_such_variable }}"))[1]
    assert "domain: " in warned
    assert "no_such_variable" in warned


def test_the_environment_is_taken_as_it_is(clusters: Emulator, tmp_path: Path) -> None:
    """A password may have braces; as a template this one would be no expression."""
    file = write(tmp_path, clusters, "one", password=None)
    warned = ask(clusters, file, UCOPS_CUCM_PASSWORD="Canary-{{ 7d1c }}")[1]
    assert "does not accept the password" in warned
    assert "Canary" not in warned


def test_a_cache_does_not_outlive_the_file_that_it_was_made_for(clusters: Emulator, tmp_path: Path) -> None:
    cache = {"cache": True, "cache_plugin": "ansible.builtin.jsonfile", "cache_connection": str(tmp_path / "cache")}
    folder = tmp_path / "inventory"
    assert ask(clusters, write(folder, clusters, "one", **cache))[0]["imp_publisher"]["hosts"] == ["imp-pub"]
    file = write(folder, clusters, "one", **cache, imp_publisher="imp-sub")
    asked = clusters.control.last_journal_id()
    assert ask(clusters, file)[0]["imp_publisher"]["hosts"] == ["imp-sub"]
    assert clusters.journal(after=asked) == [], "the cluster need not be asked for that"
    two = write(tmp_path / "other", clusters, "two", **cache)
    two.replace(file)
    ask(clusters, file)
    assert {entry["cluster"] for entry in clusters.journal(after=asked)} == {"two"}
