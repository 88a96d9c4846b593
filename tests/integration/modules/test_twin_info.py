# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A twin of a cluster is that cluster: what is read of it makes the same twin again, under its own names or others."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.ucops.imp.plugins.filter.scenario import scenario
from ansible_collections.ucops.imp.plugins.module_utils._certificates.x509 import held_pem

from tests.support.by_hand import GATEWAYS, configure_by_hand
from tests.support.connections import connection, nodes
from tests.support.emulator import Emulator
from tests.support.modules import run_module
from tests.support.odd_names import ODD
from tests.support.scenarios import shipped, with_users, write_scenario

NAMES = ["Ödegård's", 'de la "Cruz"', "", "山田", "{{ 7 * 7 }}", "#"]
"""Last names; a user of a real cluster may be without one."""
BARE = {
    "name": "dc_2",
    "version": "15.0.1.13900-155",
    "domain": "dc2.example.net",
    "admin_api": False,
    "nodes": [
        {"name": "198.51.100.11", "role": "cucm", "usage": "publisher", "ipv4": "198.51.100.11"},
        {"name": "IMP-A.dc2.example.net", "role": "imp", "usage": "publisher", "ipv4": "198.51.100.12"},
        {"name": "IMP-B.dc2.example.net", "role": "imp", "usage": "subscriber", "ipv4": "198.51.100.13"},
    ],
    "presence_redundancy_groups": [
        {"name": "pair", "nodes": ["IMP-A.dc2.example.net", "IMP-B.dc2.example.net"], "high_availability": True}
    ],
    "users": {"listed": [{"userid": "alone", "last_name": "Only"}]},
}
"""A cluster as real ones are: without the admin API, and with whole names or addresses for its nodes."""


def of_role(emulator: Emulator, cluster: str, role: str) -> list[str]:
    """Return the nodes of a role, the publisher first."""
    known = emulator.ready["clusters"][cluster]["nodes"]
    return sorted((name for name in known if known[name]["role"] == role), key=lambda name: known[name]["usage"])


def read(emulator: Emulator, cluster: str = "dc1", **options: Any) -> dict[str, Any]:
    """Return what the module reads of a cluster."""
    presence = of_role(emulator, cluster, "imp")
    imp, platform = (
        {
            **connection(emulator, kind, node=presence[0], cluster=cluster),
            "nodes": nodes(emulator, port, *presence, cluster=cluster),
        }
        for kind, port in (("imp", 8443), ("platform", 443))
    )
    cucm = connection(emulator, "cucm", node=of_role(emulator, cluster, "cucm")[0], cluster=cluster)
    result = run_module("twin_info", {**cucm, "imp": imp, "platform": platform, **options})
    assert not result.failed, result.msg
    twin: dict[str, Any] = result["twin"]
    return twin


def verdicts(emulator: Emulator, cluster: str = "dc1") -> list[tuple[str, str]]:
    """Return the two status lines of each gateway."""
    publisher = of_role(emulator, cluster, "imp")[0]
    found = run_module("presence_gateways_info", connection(emulator, "imp", node=publisher, cluster=cluster))
    return [(one["reachability"], one["verification"]) for one in found["status"]]


@pytest.fixture(scope="module")
def odd(imp_emulator_class: type[Emulator], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """Two clusters: one with odd users, and one without the admin API."""
    folder = tmp_path_factory.mktemp("odd")
    content = with_users(shipped(), 100)
    listed = [
        {"userid": userid, "last_name": NAMES[number % len(NAMES)], "mail": f"person-{number}@example.org"}
        for number, userid in enumerate(ODD)
    ]
    content["clusters"][0]["users"]["listed"] = listed
    content["clusters"].append(BARE)
    emulator = imp_emulator_class(folder, "--scenario", str(write_scenario(folder, content)))
    yield emulator
    emulator.stop()


def started(start_emulator: Callable[..., Emulator], folder: Path, text: str) -> Emulator:
    """Start the twin that a text describes."""
    folder.mkdir()
    path = folder / "scenario.yml"
    path.write_text(text, encoding="utf-8")
    return start_emulator("--scenario", str(path), folder=folder.name)


def test_a_twin_of_a_twin_is_the_same_twin(
    odd: Emulator, start_emulator: Callable[..., Emulator], tmp_path: Path
) -> None:
    configure_by_hand(odd)
    last = odd.control.last_journal_id()

    found = read(odd)
    text, anonymous = scenario(found, "dc1"), scenario(found, "dc1", anonymize=True)
    assert odd.journal(writes=True, after=last) == []
    listed = {user["userid"]: user for user in yaml.safe_load(text)["clusters"][0]["users"]["listed"]}
    assert [name for name in ODD if name not in listed] == []
    assert [name for name in NAMES if name and name not in {user.get("last_name") for user in listed.values()}] == []

    under_other_names = started(start_emulator, tmp_path / "anonymous", anonymous)
    again = scenario(read(under_other_names, "cluster-1"), "mine", anonymize=True)
    assert again == anonymous
    status = verdicts(odd)
    assert len(set(status)) == 2, "one is reached and trusted, one is not reached"
    assert verdicts(under_other_names, "cluster-1") == status


def found_by_name(monkeypatch: pytest.MonkeyPatch, hosts: Mapping[str, str]) -> None:
    """Have the DNS of the controller know these hosts."""
    asked = socket.getaddrinfo

    def answer(host: str, *arguments: Any, **options: Any) -> Any:
        return asked(hosts.get(host, host), *arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", answer)


def test_the_controller_looks_where_no_node_does(odd: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a real cluster: names are in the DNS, and nobody but the server itself tells what it shows."""
    mail = odd.ready["exchange"]["mail1.example.com"]
    cucm = odd.ready["clusters"]["dc_2"]["nodes"]["198.51.100.11"]
    found_by_name(
        monkeypatch,
        {
            "mail1.example.com": mail["address"],
            "cucm.example.net": cucm["address"],
            "IMP-A.dc2.example.net": "203.0.113.7",
            "IMP-B.dc2.example.net": "no address at all",
        },
    )
    gateways = [{"name": "mail1.example.com", "port": mail["ports"]["443"]}, {"name": "mail1.example.com", "port": 1}]
    by_name = {"hostname": "cucm.example.net", "validate_certs": False}

    found = read(odd, "dc_2", gateways=gateways, **by_name)
    reached, closed = found["servers"]
    chain = [held_pem(pem)[0] for pem in reached["chain"]]
    assert chain[0].names.common_names == ("mail1.example.com",)
    assert len(chain) > 1, "the authority that the server sends along"
    assert (closed["chain"], reached["addresses"]) == ([], []), "an address of this machine is nobody's in a network"
    assert {node["name"]: node["ipv4"] for node in found["nodes"]} == {
        "198.51.100.11": "198.51.100.11",
        "IMP-A.dc2.example.net": "203.0.113.7",
        "IMP-B.dc2.example.net": None,
    }


def test_a_cluster_without_the_admin_api_has_a_twin_too(
    odd: Emulator, start_emulator: Callable[..., Emulator], tmp_path: Path
) -> None:
    """Its gateways are those that the inventory has, because nobody else tells them."""
    declared = {"gateways": [*GATEWAYS, {"name": "gone.example.com"}], "account": "svc@example.com"}

    found = read(odd, "dc_2", **declared)
    (cluster,) = (made := yaml.safe_load(scenario(found, "dc_2")))["clusters"]
    assert (cluster["name"], cluster["admin_api"], cluster["domain"]) == ("dc_2", False, "dc2.example.net")
    assert [(node["name"], node["usage"]) for node in cluster["nodes"]] == [
        ("198.51.100.11", "publisher"),
        ("IMP-A.dc2.example.net", "publisher"),
        ("IMP-B.dc2.example.net", "subscriber"),
    ]
    assert cluster["presence_redundancy_groups"][0]["high_availability"] is True
    assert [one["name"] for one in cluster["presence_gateways"]] == [
        *(one["name"] for one in GATEWAYS),
        "gone.example.com",
    ]
    assert "Gateways whose server was not reached: 4." in made["note"]
    twin = started(start_emulator, tmp_path / "twin", scenario(found, "dc_2"))
    assert scenario(read(twin, "dc_2", **declared), "dc_2") == scenario(found, "dc_2")

    untold = read(odd, "dc_2")
    assert [one["part"] for one in untold["unread"]] == ["presence gateways"]
    assert "Cisco publishes no interface" in untold["unread"][0]["message"]
    assert "Not read, and as the product makes it: presence gateways." in scenario(untold, "dc_2")
