# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``cluster_info`` against the emulator."""

from __future__ import annotations

from tests.support.connections import connection
from tests.support.emulator import Emulator
from tests.support.modules import run_module


def test_version_nodes_and_groups(environment: Emulator) -> None:
    result = run_module("cluster_info", connection(environment, "cucm"), check=True)
    assert not result.failed, result.msg
    assert result["version"] == environment.ready["clusters"]["dc1"]["version"]
    assert result["version"].startswith(result["axl_schema"])
    assert [(node["name"], node["role"], node["usage"]) for node in result["nodes"]] == [
        ("cucm-pub", "cucm", "publisher"),
        ("imp-pub", "imp", "publisher"),
        ("imp-sub", "imp", "subscriber"),
    ]
    assert result["groups"] == {
        "cucm_publisher": ["cucm-pub"],
        "cucm_subscribers": [],
        "imp_publisher": ["imp-pub"],
        "imp_subscribers": ["imp-sub"],
        "imp_nodes": ["imp-pub", "imp-sub"],
    }
    assert environment.journal(writes=True) == []


def test_services_of_every_node(environment: Emulator) -> None:
    result = run_module("cluster_info", connection(environment, "cucm"))
    services = {node["name"]: node["services"] for node in result["nodes"]}
    for node in ("imp-pub", "imp-sub"):
        assert services[node]["Cisco Presence Engine"] is True
        assert services[node]["Cisco AXL Web Service"] is False
    assert services["cucm-pub"]["Cisco AXL Web Service"] is True
    assert "Cisco Presence Engine" not in services["cucm-pub"]


def test_the_imp_publisher_can_be_named(environment: Emulator) -> None:
    result = run_module("cluster_info", {**connection(environment, "cucm"), "imp_publisher": "IMP-SUB"})
    assert result["groups"]["imp_publisher"] == ["imp-sub"]
    assert result["groups"]["imp_nodes"] == ["imp-sub", "imp-pub"]


def test_a_publisher_that_is_no_node_is_an_error(environment: Emulator) -> None:
    result = run_module("cluster_info", {**connection(environment, "cucm"), "imp_publisher": "imp-bup"})
    assert result.failed
    said = "imp_publisher: the cluster has no IM and Presence node called 'imp-bup'. Its IM and Presence nodes are imp-"
    assert said in result.msg
    full = run_module("cluster_info", {**connection(environment, "cucm"), "imp_publisher": "imp-sub.dc1.example.com"})
    assert full["groups"]["imp_publisher"] == ["imp-sub"]


def test_a_reading_costs_four_requests(environment: Emulator) -> None:
    run_module("cluster_info", connection(environment, "cucm"))
    assert [entry["operation"] for entry in environment.journal()] == [
        "getCCMVersion",
        "listProcessNode",
        "listProcessNodeService",
        "listPresenceRedundancyGroup",
    ]
