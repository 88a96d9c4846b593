# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``preflight_info`` with Office 365: what the release speaks, which hosts it needs, and both trust stores."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.ucops.imp.plugins.module_utils._preflight import probes

from tests.support.connections import connection, nodes
from tests.support.emulator import Emulator
from tests.support.modules import ModuleResult, run_module
from tests.support.office_365 import CLIENT_ID, OUTLOOK, TENANT_ID

GATEWAY: dict[str, Any] = {
    "name": OUTLOOK,
    "type": "office_365",
    "client_id": CLIENT_ID,
    "tenant_id": TENANT_ID,
    "client_secret": "Canary-1c3d-secret",
}
LOGIN, GRAPH = "login.microsoftonline.com", "graph.microsoft.com"
STORES = ("", " (tomcat-trust)")


@pytest.fixture(autouse=True)
def _reached(releases: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the controller reach Microsoft's hosts at the emulator's listeners."""
    hosts = releases.ready["exchange_online"]["hosts"]
    connect, resolve = socket.create_connection, probes._resolve

    def connected(address: tuple[str, int], *args: Any, **options: Any) -> socket.socket:
        known = hosts.get(address[0])
        return connect((known["address"], known["ports"]["443"]) if known else address, *args, **options)

    monkeypatch.setattr(socket, "create_connection", connected)
    monkeypatch.setattr(probes, "_resolve", lambda name: ("192.0.2.41",) if name in hosts else resolve(name))


def run(emulator: Emulator, cluster: str, **changes: Any) -> ModuleResult:
    options = {
        **connection(emulator, "cucm", cluster=cluster),
        "imp": {
            **connection(emulator, "imp", cluster=cluster),
            "nodes": nodes(emulator, 8443, "imp-pub", cluster=cluster),
        },
        "platform": {
            **connection(emulator, "platform", cluster=cluster),
            "nodes": nodes(emulator, 443, "imp-pub", cluster=cluster),
        },
        "gateways": [{**GATEWAY, **changes}],
    }
    result = run_module("preflight_info", {**options, "retries": 0})
    assert not result.failed, result.msg
    assert "Canary" not in result.output
    return result


def rows(result: ModuleResult, check: str) -> dict[str, tuple[str, str, str]]:
    return {
        row["subject"]: (row["result"], row["found"], row["advice"])
        for row in result["checks"]
        if row["check"] == check
    }


@pytest.mark.parametrize(
    ("cluster", "outcome", "found", "said", "hosts"),
    [
        ("graph", "ok", "Microsoft Graph (15.0.1.14900-10)", "", (LOGIN, GRAPH)),
        ("ews", "warning", "Exchange Web Services (15.0.1.12900-10)", "until 1 April 2027.", (LOGIN, OUTLOOK)),
        ("old", "failed", "12.5.1.11900-10", "they come with 12.5(1)SU2.", (LOGIN, OUTLOOK)),
    ],
)
def test_the_release_decides_what_is_spoken_with_which_hosts(
    releases: Emulator, cluster: str, outcome: str, found: str, said: str, hosts: tuple[str, str]
) -> None:
    result = run(releases, cluster)
    ((told, what, advice),) = rows(result, "office-365-protocol").values()
    assert (told, what, advice.endswith(said)) == (outcome, found, True)
    assert {name: row[0] for name, row in rows(result, "gateway-name-matches").items()} == dict.fromkeys(hosts, "ok")
    assert {name: row[0] for name, row in rows(result, "gateway-reached").items()} == {
        f"{host} from imp-pub": "ok" for host in hosts
    }
    trusted = rows(result, "gateway-trusted")
    assert set(trusted) == {f"{host} by imp-pub{store}" for host in hosts for store in STORES}
    # Certificate management has no interface before release 14.
    assert {row[0] for row in trusted.values()} == {"skipped" if cluster == "old" else "warning"}


def test_both_trust_stores_are_looked_at(releases: Emulator) -> None:
    chain = Path(releases.ca_file).read_text(encoding="ascii")
    place = {**connection(releases, "platform", cluster="graph"), "certificates": [{"content": chain}]}
    for store, trusted in (("cup-trust", {""}), ("tomcat-trust", set(STORES))):
        assert run_module("trust_certificates", {**place, "store": store}).changed
        found = rows(run(releases, "graph"), "gateway-trusted")
        assert {name for name, row in found.items() if row[0] == "ok"} == {
            f"{host} by imp-pub{one}" for host in (LOGIN, GRAPH) for one in trusted
        }
        assert {row[0] for row in found.values()} <= {"ok", "warning"}


def test_hosts_of_another_cloud_and_of_a_proxy(releases: Emulator) -> None:
    result = run(releases, "graph", resource="https://graph.microsoft.us")
    assert set(rows(result, "gateway-name-matches")) == {LOGIN, "graph.microsoft.us"}
    assert rows(result, "name-resolves")["graph.microsoft.us"][0] == "failed"
    result = run(releases, "graph", proxy_url="http://proxy.example.com:3128")
    assert rows(result, "gateway-name-matches") == {}
    assert rows(result, "gateway-reached") == {
        OUTLOOK: ("skipped", "not tried: the nodes reach it through http://proxy.example.com:3128", "")
    }
