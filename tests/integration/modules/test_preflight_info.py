# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``preflight_info`` against the emulator: all is well, and each single thing that is not gives its row alone."""

from __future__ import annotations

import copy
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.certificates import issue
from tests.support.connections import connection, nodes
from tests.support.emulator import Emulator
from tests.support.modules import ModuleResult, run_module
from tests.support.scenarios import shipped, with_users, write_scenario
from tests.support.tls_server import serving

MODULE = "preflight_info"
GATEWAYS = ("mail1.example.com", "mail2.example.com")
CANARY = "Canary-3b77-91e0"
UNTRUSTED = {("gateway-trusted", f"{name} by {node}") for name in GATEWAYS for node in ("imp-pub", "imp-sub")}
"""What a new cluster is warned of: nobody has uploaded the authorities of Exchange yet."""

Options = dict[str, Any]
Rows = set[tuple[str, str]]


def gateway(emulator: Emulator, name: str, server: str | None = None) -> Options:
    """Return a gateway that the controller finds at the loopback address of a server, by default that of the name."""
    known = emulator.ready["exchange"][server or name]
    return {"name": name, "probe_hostname": known["address"], "probe_port": known["ports"]["443"]}


def options(emulator: Emulator) -> Options:
    return {
        **connection(emulator, "cucm"),
        "retries": 0,
        "imp": {**connection(emulator, "imp"), "nodes": nodes(emulator, 8443), "retries": 0},
        "platform": {**connection(emulator, "platform"), "nodes": nodes(emulator, 443), "retries": 0},
        "gateways": [gateway(emulator, name) for name in GATEWAYS],
    }


def run(emulator: Emulator, given: Options, *, check: bool = False) -> ModuleResult:
    """Run the module; whatever it finds, it has not failed, changed nothing and told no secret."""
    result = run_module(MODULE, given, check=check)
    assert not result.failed, result.msg
    assert result["passed"] is not bool(rows(result, "failed"))
    assert sum(result["counts"].values()) == len(result["checks"])
    assert emulator.journal(writes=True) == []
    for kind in (given, given["imp"], given.get("platform") or {}):
        assert kind.get("password", CANARY) not in result.output
    for row in result["checks"]:
        assert bool(row["advice"]) is (row["result"] not in ("ok", "skipped")), row
    return result


def rows(result: ModuleResult, outcome: str) -> Rows:
    return {(row["check"], row["subject"]) for row in result["checks"] if row["result"] == outcome}


def found(result: ModuleResult, check: str, subject: str) -> dict[str, str]:
    (row,) = (row for row in result["checks"] if (row["check"], row["subject"]) == (check, subject))
    return row


def closed_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def control(emulator: Emulator, node: str, service: str, state: str) -> None:
    place = {**connection(emulator, "imp"), "nodes": nodes(emulator, 8443, node)}
    assert run_module("services", {**place, "services": [service], "state": state}).changed
    emulator.control.clear_journal()


@pytest.mark.parametrize("check", [False, True])
def test_a_new_cluster_is_well_but_trusts_no_exchange_server_yet(environment: Emulator, check: bool) -> None:
    result = run(environment, options(environment), check=check)
    assert rows(result, "failed") == rows(result, "unknown") == set()
    assert rows(result, "warning") == UNTRUSTED
    advice = found(result, "gateway-trusted", "mail1.example.com by imp-sub")["advice"]
    assert "upload the certificate of CN=Example Enterprise Root CA,O=Example" in advice
    assert {check for check, _subject in rows(result, "skipped")} == {"ipv6-enabled", "ipv6-address"}
    assert len({check for check, _subject in rows(result, "ok")}) == 21
    assert found(result, "version-supported", "imp-sub (127.0.0.1)")["found"] == "14.0.1.13900-155"


def test_once_the_chain_is_uploaded_nothing_is_left_to_say(environment: Emulator) -> None:
    chain = {"path": environment.ready["exchange"]["mail1.example.com"]["chain_file"]}
    place = {**connection(environment, "platform"), "nodes": nodes(environment, 443)}
    assert run_module("trust_certificates", {**place, "certificates": [chain]}).changed
    environment.control.clear_journal()
    result = run(environment, options(environment))
    assert rows(result, "failed") == rows(result, "unknown") == rows(result, "warning") == set()


def test_an_intermediate_authority_without_its_root_is_not_enough(environment: Emulator) -> None:
    chain = Path(environment.ready["exchange"]["mail1.example.com"]["chain_file"]).read_text()
    issuing = chain[: chain.index("-----BEGIN", 1)]
    place = {**connection(environment, "platform"), "nodes": nodes(environment, 443)}
    uploaded = run_module("trust_certificates", {**place, "certificates": [{"content": issuing}]})
    assert {one["subject"] == one["issuer"] for one in uploaded["current"]} == {False}
    environment.control.clear_journal()
    assert rows(run(environment, options(environment)), "warning") == UNTRUSTED


# --- each single thing that is wrong


def test_a_service_that_is_stopped(environment: Emulator) -> None:
    control(environment, "imp-sub", "Cisco SIP Proxy", "stopped")
    result = run(environment, options(environment))
    assert rows(result, "failed") == {("service-runs", "Cisco SIP Proxy on imp-sub")}
    assert "Start it" in found(result, "service-runs", "Cisco SIP Proxy on imp-sub")["advice"]


def test_axl_that_does_not_run(environment: Emulator) -> None:
    control(environment, "cucm-pub", "Cisco AXL Web Service", "deactivated")
    result = run(environment, options(environment))
    row = ("axl-service-runs", "Cisco AXL Web Service on cucm")
    assert rows(result, "failed") == {row}
    assert "Activate it" in found(result, *row)["advice"]
    assert "does not run" in found(result, "interface-answers", "AXL of cucm")["found"]


@pytest.mark.parametrize(
    ("part", "asked"), [("imp", "control center of imp-pub"), ("platform", "certificate management of imp-pub")]
)
def test_a_wrong_password_is_sent_once(environment: Emulator, part: str, asked: str) -> None:
    given = options(environment)
    given[part]["password"] = f"wrong-{CANARY}"
    result = run(environment, given)
    row = ("account-logs-in", f"{given[part]['username']} at {asked}")
    assert rows(result, "failed") == {row}
    assert "tried once only" in found(result, *row)["advice"]
    assert CANARY not in result.output
    assert CANARY not in str(environment.journal())
    assert [entry["status"] for entry in environment.journal() if entry["status"] == 401] == [401]


def test_the_same_wrong_password_everywhere_is_sent_once(environment: Emulator) -> None:
    given = options(environment)
    given["password"] = given["imp"]["password"] = f"wrong-{CANARY}"
    result = run(environment, given)
    assert rows(result, "failed") == {("account-logs-in", "axladmin at AXL of cucm")}
    assert [entry["node"] for entry in environment.journal() if entry["status"] == 401] == ["cucm-pub"]
    assert "could lock the account" in found(result, "interface-answers", "admin API of imp-sub")["found"]
    # What needs no login is told all the same.
    assert ("clock-agrees", "imp-sub (127.0.0.1)") in rows(result, "ok")


def test_an_account_without_roles(environment: Emulator) -> None:
    given = options(environment)
    username, password = environment.account("readonly")
    given["imp"].update(username=username, password=password)
    result = run(environment, given)
    kinds = ("control center of imp-pub", "admin API of imp-pub", "control center of imp-sub", "admin API of imp-sub")
    assert rows(result, "failed") == {("account-has-role", f"{username} at {kind}") for kind in kinds}
    advice = found(result, "account-has-role", f"{username} at {kinds[0]}")["advice"]
    assert "Standard SERVICEABILITY" in advice
    assert ("account-logs-in", f"{username} at {kinds[0]}") in rows(result, "ok")


def test_axl_without_its_role(environment: Emulator) -> None:
    given = options(environment)
    given.update(zip(("username", "password"), environment.account("readonly"), strict=True))
    result = run(environment, given)
    expected = {("account-has-role", f"noaxl at {kind}") for kind in ("AXL of cucm", "control center of cucm")}
    assert rows(result, "failed") == expected
    assert "Standard AXL API Access" in found(result, "account-has-role", "noaxl at AXL of cucm")["advice"]


def test_a_node_that_is_down(environment: Emulator) -> None:
    given = options(environment)
    port = given["imp"]["nodes"][1]["port"] = closed_port()
    result = run(environment, given)
    assert rows(result, "failed") == {("port-answers", f"imp-sub (127.0.0.1:{port})")}
    for row in [
        ("certificate-trusted", f"imp-sub (127.0.0.1:{port})"),
        ("certificate-valid", f"imp-sub (127.0.0.1:{port})"),
        ("account-logs-in", "axladmin at control center of imp-sub"),
        ("version-supported", "imp-sub (127.0.0.1)"),
        ("service-runs", "Cisco Presence Engine on imp-sub"),
        ("gateway-reached", "mail1.example.com from imp-sub"),
    ]:
        assert found(result, *row)["found"] == f"not tried: imp-sub (127.0.0.1:{port}) does not answer"


def test_a_name_that_does_not_resolve(environment: Emulator) -> None:
    given = options(environment)
    given["platform"]["nodes"] = [{"name": "imp-pub", "hostname": "imp-pub.invalid", "port": 443}]
    result = run(environment, given)
    assert rows(result, "failed") == {("name-resolves", "imp-pub (imp-pub.invalid)")}
    assert "name service" in found(result, "name-resolves", "imp-pub (imp-pub.invalid)")["advice"]
    assert ("port-answers", "imp-pub (imp-pub.invalid:443)") in rows(result, "skipped")


def test_another_authority(environment: Emulator, tmp_path: Path) -> None:
    other = tmp_path / "other.pem"
    other.write_text(issue("Another CA", ca=True).pem)
    given = options(environment)
    given["ca_path"] = str(other)
    result = run(environment, given)
    place = f"cucm (127.0.0.1:{given['port']})"
    assert rows(result, "failed") == {("certificate-trusted", place)}
    assert "ca_path" in found(result, "certificate-trusted", place)["advice"]
    assert ("certificate-valid", place) in rows(result, "ok")
    assert not [entry for entry in environment.journal(node="cucm-pub") if entry["caller"]]


def test_a_ca_file_without_certificates(environment: Emulator, tmp_path: Path) -> None:
    empty = tmp_path / "empty.pem"
    empty.write_text("nothing")
    given = options(environment)
    given["ca_path"] = str(empty)
    result = run(environment, given)
    ((check, _subject),) = rows(result, "failed")
    assert check == "certificate-trusted"


def test_a_certificate_that_ends_soon(environment: Emulator, tmp_path: Path) -> None:
    authority = issue("Exchange CA", ca=True)
    given = options(environment)
    leaf = issue("mail1.example.com", by=authority, hosts=["mail1.example.com"], days=(-1, 10))
    with serving(tmp_path / "server", leaf) as (host, port):
        given["gateways"][0].update(probe_hostname=host, probe_port=port)
        result = run(environment, given)
        given["min_days"] = 9
        assert run(environment, given)["passed"]
    row = ("certificate-valid", f"mail1.example.com (127.0.0.1:{port})")
    assert rows(result, "failed") == {row}
    assert found(result, *row)["found"].startswith("9 days left, until ")


def test_an_authority_that_ends_soon(environment: Emulator) -> None:
    place = {**connection(environment, "platform"), "nodes": nodes(environment, 443, "imp-sub")}
    old = issue("Old CA", ca=True, days=(-1, 20))
    assert run_module("trust_certificates", {**place, "certificates": [{"content": old.pem}]}).changed
    environment.control.clear_journal()
    result = run(environment, options(environment))
    row = ("trust-store-valid", "cup-trust of imp-sub")
    assert rows(result, "warning") == {row, *UNTRUSTED}
    assert "CN=Old CA until 20" in found(result, *row)["found"]
    assert rows(run(environment, {**options(environment), "min_days": 10}), "warning") == UNTRUSTED


def test_every_certificate_is_looked_at(environment: Emulator) -> None:
    given = {**options(environment), "min_days": 36500}
    result = run(environment, given)
    assert {check for check, _subject in rows(result, "failed")} == {"certificate-valid"}
    assert len(rows(result, "failed")) == 7


def test_a_gateway_whose_certificate_holds_another_name(environment: Emulator) -> None:
    given = options(environment)
    given["gateways"] = [gateway(environment, "mail2.example.com", server="mail1.example.com")]
    result = run(environment, given)
    assert rows(result, "failed") == {("gateway-name-matches", "mail2.example.com")}
    row = found(result, "gateway-name-matches", "mail2.example.com")
    assert "mail1.example.com" in row["found"]
    assert "SAN" in row["advice"]


def test_a_gateway_that_the_nodes_do_not_know(environment: Emulator, tmp_path: Path) -> None:
    given = options(environment)
    with serving(tmp_path / "server", issue("mail9", hosts=["mail9.example.com"])) as (host, port):
        given["gateways"] = [{"name": "mail9.example.com", "probe_hostname": host, "probe_port": port}]
        result = run(environment, given)
    expected = {("gateway-reached", f"mail9.example.com from {node}") for node in ("imp-pub", "imp-sub")}
    assert rows(result, "failed") == expected
    assert "does not resolve" in found(result, "gateway-reached", "mail9.example.com from imp-pub")["found"]


def test_an_ipv6_gateway_without_its_prerequisites(environment: Emulator) -> None:
    given = options(environment)
    given["gateways"] = [gateway(environment, "2001:db8::21", server="mail1.example.com")]
    addresses = {("ipv6-address", f"Eth0 of {node}") for node in ("imp-pub", "imp-sub")}
    result = run(environment, given)
    assert rows(result, "failed") == {("ipv6-enabled", "enterprise parameter EnableIPV6"), *addresses}
    assert ("gateway-reached", "2001:db8::21 from imp-pub") in rows(result, "skipped")

    declared = run(environment, {**given, "enable_ipv6": True})
    assert rows(declared, "failed") == addresses
    assert ("ipv6-enabled", "enterprise parameter EnableIPV6") in rows(declared, "warning")
    assert ("gateway-reached", "2001:db8::21 from imp-pub") in rows(declared, "skipped")

    parameter = {"service": "Enterprise Wide", "name": "EnableIPV6", "value": "T"}
    assert run_module("service_parameters", {**connection(environment, "cucm"), "parameters": [parameter]}).changed
    environment.control.clear_journal()
    assert rows(run(environment, given), "failed") == addresses

    with environment.client("imp-pub") as client:
        for number, node in enumerate(("imp-pub", "imp-sub"), start=12):
            setting = {"address": f"2001:db8::{number}"}
            client.put(f"/imp-admin/v1/nodes/{node}/ipv6", json=setting).raise_for_status()
    environment.control.clear_journal()
    result = run(environment, given)
    assert result["passed"]
    assert ("gateway-reached", "2001:db8::21 from imp-sub") in rows(result, "ok")


def test_a_clock_that_is_off(environment: Emulator) -> None:
    environment.control.clock(offset_seconds=-300)
    result = run(environment, options(environment))
    names = ("cucm (127.0.0.1)", "imp-pub (127.0.0.1)", "imp-sub (127.0.0.1)")
    assert rows(result, "failed") == {("clock-agrees", name) for name in names}
    off = found(result, "clock-agrees", names[0])["found"]
    assert off in {f"{seconds} s behind the controller" for seconds in range(298, 303)}
    assert ("clocks-agree", "nodes of the cluster") in rows(result, "ok")
    assert run(environment, {**options(environment), "max_clock_skew": 310})["passed"]


def test_an_interface_that_is_busy(environment: Emulator) -> None:
    environment.control.fault("status", effect={"status": 503}, protocol="certmgr", node="imp-sub")
    result = run(environment, options(environment))
    assert rows(result, "failed") == {("interface-answers", "certificate management of imp-sub")}
    assert ("gateway-trusted", "mail1.example.com by imp-sub") in rows(result, "skipped")


def test_a_release_without_an_interface_for_certificates(
    start_emulator: Callable[..., Emulator], tmp_path: Path
) -> None:
    content = with_users(shipped(), 1)
    content["clusters"][0]["version"] = "12.5.1.17900-64"
    emulator = start_emulator("--scenario", str(write_scenario(tmp_path, content)))
    result = run(emulator, options(emulator))
    expected = {("version-supported", f"{node} (127.0.0.1)") for node in ("imp-pub", "imp-sub")}
    assert rows(result, "failed") == expected
    assert "certificate management" in found(result, "version-supported", "imp-pub (127.0.0.1)")["advice"]
    # Whoever uploads certificates by hand can do with it.
    without = run(emulator, {**options(emulator), "platform": None})
    assert without["passed"]
    assert ("interface-answers", "certificate management") in rows(without, "skipped")


def test_what_no_interface_tells_somebody_has_to_look_at(environment: Emulator) -> None:
    """Unified CM stands in for a node of a real cluster: a control center, and a 404 page instead of the admin API."""
    given = options(environment)
    given["imp"]["nodes"] = nodes(environment, 8443, "cucm-pub")
    given["services"] = ["Cisco Tomcat"]
    given["gateways"] = [gateway(environment, "2001:db8::21", server="mail1.example.com")]
    parameter = {"service": "Enterprise Wide", "name": "EnableIPV6", "value": "T"}
    assert run_module("service_parameters", {**connection(environment, "cucm"), "parameters": [parameter]}).changed
    environment.control.clear_journal()
    result = run(environment, given)
    assert result["passed"]
    assert rows(result, "unknown") == {
        ("interface-answers", "admin API of cucm-pub"),
        ("ipv6-address", "Eth0 of the nodes"),
        ("gateway-reached", "2001:db8::21 from cucm-pub"),
        ("mailboxes-readable", "users with meeting information"),
    }
    for row in rows(result, "unknown"):
        assert "Administration" in found(result, *row)["advice"]


def test_a_cluster_without_gateways(environment: Emulator) -> None:
    result = run(environment, {**options(environment), "gateways": []})
    assert result["passed"]
    assert found(result, "gateway-name-matches", "gateways")["found"] == "not tried: no gateway was given"


# --- what is no environment


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"min_days": -1}, "min_days: -1 is not in the range 0 to 36525 days"),
        ({"max_clock_skew": 1}, "max_clock_skew: 1 is below 2"),
        ({"gateways": [{"name": "mail1"}]}, "gateways[0].name: mail1 is not fully qualified"),
        ({"gateways": [{"name": "a.example.com"}, {"name": "A.example.com"}]}, "gateways: a.example.com is given more"),
        ({"gateways": [{"name": "a.example.com", "probe_port": 0}]}, "gateways[0].probe_port: 0"),
        ({"gateways": [{"name": "a.example.com", "probe_port": 70000}]}, "gateways[0].probe_port: 70000"),
        ({"gateways": [{"name": "a.example.com", "probe_hostname": "no host"}]}, "gateways[0].probe_hostname"),
        ({"imp": {"password": "abc"}}, "imp.password: a secret needs at least 4"),
        ({"imp": {"nodes": []}}, "imp.nodes: the list is empty"),
        ({"platform": {"ca_path": "/none"}}, "platform.ca_path: there is no file /none"),
        ({"password": "abc"}, "password: a secret needs at least 4"),
    ],
)
def test_bad_input_is_refused_before_anything_is_sent(environment: Emulator, change: Options, told: str) -> None:
    given = copy.deepcopy(options(environment))
    for name, value in change.items():
        given[name] = {**given[name], **value} if isinstance(value, dict) else value
    result = run_module(MODULE, given)
    assert result.failed
    assert result["code"] == "invalid-input"
    assert told in result.msg
    assert environment.journal() == []
