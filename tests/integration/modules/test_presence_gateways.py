# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``presence_gateways`` and its info twin against the emulator (requirements G1, G2, G4, G5, G6, G7)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.connections import connection, nodes
from tests.support.emulator import Emulator
from tests.support.modules import ModuleResult, assert_contract, assert_four_steps, run_module

MODULE = "presence_gateways"
ENGINE = "Cisco Presence Engine"
MAIL1: dict[str, Any] = {"name": "mail1.example.com", "description": "Exchange, first site"}
MAIL2: dict[str, Any] = {"name": "mail2.example.com", "description": "Exchange, second site"}
IPV6: dict[str, Any] = {"name": "2001:DB8:0::21"}
CANARY = "Canary-8f0e-77b1"


def options(emulator: Emulator, *gateways: dict[str, Any], credentials: bool = True, **more: Any) -> dict[str, Any]:
    known = emulator.ready["exchange_account"]
    account = {"account": known["username"], "account_password": known["password"]} if credentials else {}
    return {**connection(emulator, "imp"), "gateways": list(gateways), **account, **more}


def run(emulator: Emulator, *gateways: dict[str, Any], check: bool = False, **more: Any) -> ModuleResult:
    return run_module(MODULE, options(emulator, *gateways, **more), check=check)


def read_back(emulator: Emulator, **more: Any) -> ModuleResult:
    result = run_module(f"{MODULE}_info", {**connection(emulator, "imp"), "status": False, **more})
    assert not result.failed, result.msg
    return result


def writes(emulator: Emulator) -> list[dict[str, Any]]:
    return emulator.journal(protocol="imp_admin", writes=True)


def operations(emulator: Emulator) -> list[str]:
    return [entry["operation"] for entry in writes(emulator)]


@pytest.fixture(name="both")
def both_fixture(environment: Emulator) -> Emulator:
    """The emulator with both gateways."""
    result = run(environment, MAIL1, MAIL2)
    assert not result.failed, result.msg
    environment.control.clear_journal()
    return environment


def test_the_first_gateways_bring_the_account(environment: Emulator) -> None:
    steps = assert_four_steps(MODULE, options(environment, MAIL1, MAIL2), lambda: writes(environment))
    account = environment.ready["exchange_account"]["username"]
    first = {"type": "Exchange -- EWS Server", "description": "Exchange, first site", "port": 443}
    assert steps.done["diff"] == {
        "before": {},
        "after": {
            "presence_gateway": {
                "mail1.example.com": first,
                "mail2.example.com": {**first, "description": "Exchange, second site"},
            },
            "gateway_credentials": {"shared": {"account": account, "password": "(as given)"}},
        },
    }
    assert steps.done["changes"][2] == {
        "kind": "gateway_credentials",
        "id": "shared",
        "action": "create",
        "fields": [
            {"name": "account", "before": None, "after": account, "secret": False},
            {"name": "password", "before": None, "after": "(as given)", "secret": True},
        ],
    }
    assert steps.done["restart_required"] == [ENGINE]
    assert operations(environment) == ["addPresenceGateway"] * 2
    assert steps.predicted["current"] == {"account": None, "gateways": []}
    assert steps.done["current"] == {
        "account": account,
        "gateways": [
            {**MAIL1, "type": "exchange_ews", "port": 443, "position": 1},
            {**MAIL2, "type": "exchange_ews", "port": 443, "position": 2},
        ],
    }
    found = read_back(environment)
    subscribed = [{**gateway, "subscriptions": 0} for gateway in steps.done["current"]["gateways"]]
    assert (found["account"], found["gateways"]) == (account, subscribed)


def test_fields_are_updated(both: Emulator) -> None:
    wanted = options(both, {**MAIL1, "description": "moved", "port": 8443}, MAIL2, credentials=False)
    steps = assert_four_steps(MODULE, wanted, lambda: writes(both))
    assert steps.done["diff"] == {
        "before": {"presence_gateway": {"mail1.example.com": {"description": MAIL1["description"], "port": 443}}},
        "after": {"presence_gateway": {"mail1.example.com": {"description": "moved", "port": 8443}}},
    }
    assert operations(both) == ["replacePresenceGateway"]
    assert steps.done.warnings == ["mail1.example.com: Cisco recommends port 443, not 8443."]


def test_a_description_left_out_stays(both: Emulator) -> None:
    assert not run(both, {"name": "mail1.example.com"}).changed
    assert_contract(run(both, {"name": "mail1.example.com", "port": 444}), changed=True)
    assert read_back(both)["gateways"][0]["description"] == MAIL1["description"]
    assert_contract(run(both, {"name": "mail1.example.com", "description": ""}), changed=True)
    assert read_back(both)["gateways"][0]["description"] == ""


def test_names_are_the_same_in_any_writing(both: Emulator) -> None:
    assert not run(both, {**MAIL1, "name": "MAIL1.Example.Com"}).changed
    assert writes(both) == []


def test_purge_deletes_the_others(both: Emulator) -> None:
    steps = assert_four_steps(MODULE, options(both, MAIL2, purge=True), lambda: writes(both))
    assert steps.done["diff"] == {
        "before": {
            "presence_gateway": {
                "mail1.example.com": {
                    "type": "Exchange -- EWS Server",
                    "description": MAIL1["description"],
                    "port": 443,
                }
            }
        },
        "after": {},
    }
    assert [gateway["name"] for gateway in read_back(both)["gateways"]] == ["mail2.example.com"]


def test_all_gateways_may_be_replaced_at_once(both: Emulator) -> None:
    """The account would go with the last old gateway, so the new one comes first."""
    result = run(both, {"name": "192.0.2.21"}, purge=True)
    assert_contract(result, changed=True)
    assert operations(both) == ["addPresenceGateway", "deletePresenceGateway", "deletePresenceGateway"]
    assert result["current"]["account"] == both.ready["exchange_account"]["username"]


def test_absent(both: Emulator) -> None:
    wanted = options(
        both, {"name": "mail2.EXAMPLE.com"}, {"name": "never.example.com"}, credentials=False, state="absent"
    )
    steps = assert_four_steps(MODULE, wanted, lambda: writes(both))
    assert [change["id"] for change in steps.done["changes"]] == ["mail2.example.com"]
    gone = run(both, MAIL1, credentials=False, state="absent")
    assert gone["current"] == {"account": None, "gateways": []}


def test_everything_may_be_purged(both: Emulator) -> None:
    steps = assert_four_steps(MODULE, options(both, credentials=False, purge=True), lambda: writes(both))
    assert steps.done["current"] == {"account": None, "gateways": []}


def test_a_changed_password_is_seen_and_set_for_all(both: Emulator) -> None:
    wanted = options(both, MAIL1, MAIL2, account_password=CANARY)
    steps = assert_four_steps(MODULE, wanted, lambda: writes(both))
    assert steps.done["changes"] == [
        {
            "kind": "gateway_credentials",
            "id": "shared",
            "action": "update",
            "fields": [{"name": "password", "before": "(differs)", "after": "(as given)", "secret": True}],
        }
    ]
    assert operations(both) == ["replaceGatewayCredentials"]
    for result in (steps.predicted, steps.done, steps.checked, steps.repeated):
        assert CANARY not in result.output
        assert both.ready["exchange_account"]["password"] not in result.output


def test_a_changed_account_takes_its_password_along(both: Emulator) -> None:
    wanted = options(both, account="svc@example.com", account_password=CANARY)
    steps = assert_four_steps(MODULE, wanted, lambda: writes(both))
    before = both.ready["exchange_account"]["username"]
    assert steps.done["diff"] == {
        "before": {"gateway_credentials": {"shared": {"account": before, "password": None}}},
        "after": {"gateway_credentials": {"shared": {"account": "svc@example.com", "password": "(as given)"}}},
    }


def test_update_password_on_create(both: Emulator) -> None:
    assert not run(both, MAIL1, account_password=CANARY, update_password="on_create").changed
    assert [entry["operation"] for entry in both.journal(operation="compareGatewayCredentials")] == []
    assert run(both, MAIL1, account="other@example.com", account_password=CANARY, update_password="on_create").changed
    assert not run(both, account="other@example.com", account_password=CANARY).changed, "the password came along"


def test_the_first_gateway_needs_an_account(environment: Emulator) -> None:
    for check in (True, False):
        result = run(environment, MAIL1, credentials=False, check=check)
        assert (result.failed, result["code"]) == (True, "invalid-input")
        assert "account_password" in result.msg
    assert writes(environment) == []


def test_an_empty_list_changes_nothing(both: Emulator) -> None:
    assert not run(both, credentials=False).changed
    assert writes(both) == []


def test_an_account_without_a_gateway(environment: Emulator) -> None:
    predicted = run(environment, check=True)
    assert_contract(predicted, changed=True)
    assert "earlier task" in predicted.warnings[0]
    result = run(environment)
    assert_contract(result, changed=False, failed=True)
    assert result["failures"][0]["code"] == "no-gateway"


def test_ipv6_needs_its_prerequisites(environment: Emulator) -> None:
    predicted = run(environment, IPV6, check=True)
    assert_contract(predicted, changed=True)
    assert len(predicted.warnings) == 1
    assert "EnableIPV6" in predicted.warnings[0]
    assert "imp-pub, imp-sub" in predicted.warnings[0]

    result = run(environment, IPV6, MAIL1)
    assert_contract(result, changed=True, failed=True)
    (failure,) = result["failures"]
    assert (failure["id"], failure["code"]) == ("2001:db8::21", "ipv6-not-configured")
    assert "EnableIPV6" in failure["message"]
    assert "imp-pub, imp-sub" in failure["message"]
    assert [change["id"] for change in result["changes"]] == ["mail1.example.com", "shared"]


def test_ipv6_with_its_prerequisites(environment: Emulator) -> None:
    parameter = {"service": "Enterprise Wide", "name": "EnableIPV6", "value": "T"}
    enabled = run_module("service_parameters", {**connection(environment, "cucm"), "parameters": [parameter]})
    assert not enabled.failed, enabled.msg
    with environment.client("imp-pub") as client:
        for number, node in enumerate(("imp-pub", "imp-sub"), start=1):
            answer = client.put(f"/imp-admin/v1/nodes/{node}/ipv6", json={"address": f"2001:db8::{number}"})
            answer.raise_for_status()
    steps = assert_four_steps(MODULE, options(environment, IPV6), lambda: writes(environment))
    assert steps.predicted.warnings == []
    assert [change["id"] for change in steps.done["changes"]] == ["2001:db8::21", "shared"]


def test_one_refused_gateway_does_not_stop_the_others(environment: Emulator) -> None:
    environment.control.fault(
        "status", effect={"status": 500}, protocol="imp_admin", operation="addPresenceGateway", times=1
    )
    result = run(environment, MAIL1, MAIL2)
    assert_contract(result, changed=True, failed=True)
    assert [failure["id"] for failure in result["failures"]] == ["mail1.example.com"]
    assert [change["id"] for change in result["changes"]] == ["mail2.example.com", "shared"]
    assert result["restart_required"] == [ENGINE]
    healed = run(environment, MAIL1, MAIL2)
    assert_contract(healed, changed=True)
    assert [change["id"] for change in healed["changes"]] == ["mail1.example.com"]


def test_when_all_are_refused_the_account_is_not_claimed(environment: Emulator) -> None:
    environment.control.fault("status", effect={"status": 500}, protocol="imp_admin", operation="addPresenceGateway")
    result = run(environment, MAIL1)
    assert_contract(result, changed=False, failed=True)
    assert [failure["id"] for failure in result["failures"]] == ["mail1.example.com", "shared"]


@pytest.mark.parametrize("kind", ["drop", "drop_after"])
@pytest.mark.parametrize(
    ("operation", "wanted"),
    [
        ("addPresenceGateway", {"gateways": [MAIL1, MAIL2, {"name": "192.0.2.22"}]}),
        ("replacePresenceGateway", {"gateways": [{**MAIL1, "port": 444}]}),
        ("deletePresenceGateway", {"gateways": [MAIL2], "purge": True}),
        ("replaceGatewayCredentials", {"account_password": CANARY}),
    ],
)
def test_a_lost_answer_is_settled_by_comparing(
    both: Emulator, kind: str, operation: str, wanted: dict[str, Any]
) -> None:
    both.control.fault(kind, protocol="imp_admin", operation=operation, times=1)
    result = run_module(MODULE, {**options(both), **wanted})
    assert_contract(result, changed=True)
    assert len(result["changes"]) == 1
    # Lost before it was carried out: sent again. Lost after: found to be done.
    assert [entry["operation"] for entry in writes(both)] == [operation] * (2 if kind == "drop" else 1)
    assert not run_module(MODULE, {**options(both), **wanted}).changed


def test_changes_leave_a_restart_pending_on_every_node(environment: Emulator) -> None:
    run(environment, MAIL1)
    services = {**connection(environment, "imp"), "nodes": nodes(environment, 8443), "services": [ENGINE]}
    pending = run_module("services_info", services)["restart_notifications"]
    assert [(entry["node"], entry["service"]) for entry in pending] == [("imp-pub", ENGINE), ("imp-sub", ENGINE)]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"gateways": [{"name": "mail1"}]}, "gateways[0].name: mail1 is not fully qualified"),
        ({"gateways": [MAIL1, {"name": "mail_2.example.com"}]}, "gateways[1].name"),
        ({"gateways": [{"name": "*.example.com"}]}, "gateways[0].name"),
        ({"gateways": [{"name": "https://mail1.example.com"}]}, "gateways[0].name"),
        ({"gateways": [{**MAIL1, "port": 0}]}, "gateways[0].port: 0 is no TCP port"),
        ({"gateways": [{**MAIL1, "port": "https"}]}, "port"),
        ({"gateways": [{**MAIL1, "type": "office365"}]}, "type"),
        ({"gateways": [{"description": "nameless"}]}, "name"),
        ({"gateways": [MAIL1, {"name": "MAIL1.example.com"}]}, "mail1.example.com is given more than once"),
        ({"gateways": [IPV6, {"name": "2001:db8::21"}]}, "2001:db8::21 is given more than once"),
        ({}, "gateways"),
        ({"account": "a@b", "account_password": CANARY, "purge": True}, "purge: needs gateways"),
        ({"account": "svc", "account_password": CANARY}, "account: give it as"),
        ({"account": "a@b@c", "account_password": CANARY}, "account: give it as"),
        ({"account": r"EXAMPLE\svc\x", "account_password": CANARY}, "account: give it as"),
        ({"account": r"EXAMPLE\svc"}, "account_password"),
        ({"account_password": CANARY}, "account"),
        ({"account": r"EXAMPLE\svc", "account_password": "abc"}, "account_password: a secret needs"),
        ({"account": r"EXAMPLE\svc", "account_password": "       "}, "account_password: it is empty or has only"),
        ({"gateways": [MAIL1], "state": "absent", "purge": True}, "purge: "),
        ({"gateways": [MAIL1], "state": "absent", "account": "a@b", "account_password": CANARY}, "account: "),
        ({"gateways": [], "purge": True, "account": "a@b", "account_password": CANARY}, "account: "),
        ({"gateways": [MAIL1], "state": "query"}, "state"),
        ({"gateways": [MAIL1], "update_password": "never"}, "update_password"),
    ],
)
def test_bad_input_is_refused_before_anything_is_sent(environment: Emulator, wrong: dict[str, Any], said: str) -> None:
    result = run_module(MODULE, {**connection(environment, "imp"), **wrong})
    assert result.failed
    assert said in result.msg
    assert CANARY not in result.output
    assert environment.journal() == []


def test_info_tells_how_a_node_finds_the_servers(both: Emulator) -> None:
    result = read_back(both, status=True, node="imp-sub")
    assert result["node"] == "imp-sub"
    assert [(row["name"], row["checked"], row["reachable"], row["verified"]) for row in result["status"]] == [
        ("mail1.example.com", True, True, False),
        ("mail2.example.com", True, True, False),
    ]
    chain = both.ready["exchange"]["mail1.example.com"]["chain_file"]
    trust = {**connection(both, "platform"), "nodes": nodes(both, 443), "certificates": [{"path": chain}]}
    assert run_module("trust_certificates", trust).changed
    status = {row["name"]: row for row in read_back(both, status=True)["status"]}
    assert status["mail1.example.com"]["verified"] is True
    assert status["mail1.example.com"]["verification"] == "SSL Connection/Certificate Verification - Verified"


def test_only_the_first_ten_are_checked(environment: Emulator) -> None:
    run(environment, MAIL1, MAIL2, *({"name": f"192.0.2.{number}"} for number in range(100, 110)))
    rows = read_back(environment, status=True)["status"]
    assert [row["checked"] for row in rows] == [True] * 10 + [False] * 2
    assert [rows[10][name] for name in ("reachable", "verified", "reachability")] == [None, None, None]


def test_info_of_an_unknown_node(both: Emulator) -> None:
    result = run_module(f"{MODULE}_info", {**connection(both, "imp"), "node": "imp-9"})
    assert (result.failed, result["code"]) == (True, "node-not-found")


def test_a_cluster_without_the_admin_api(environment: Emulator) -> None:
    """As every real one: the publisher of Unified CM answers at the port, but not with this interface."""
    for module in (MODULE, f"{MODULE}_info"):
        wanted = options(environment, MAIL1) if module == MODULE else {}
        result = run_module(module, {**wanted, **connection(environment, "cucm")})
        assert (result.failed, result["code"]) == (True, "no-public-api")
        assert "Cisco publishes no interface" in result.msg


@pytest.mark.parametrize("check", [True, False])
def test_a_gateway_that_is_dropped_from_the_list_is_told_once(both: Emulator, check: bool) -> None:
    """It is no change; the list may be empty too, and change something else."""
    name = MAIL2["name"]
    rest = "or remove it with purge=true (presence_gateways_purge in the roles)."
    warning = f"{name} is not in the list and stays, because purge is off. Add the gateway to the list, {rest}"
    told = run(both, MAIL1, check=check)
    assert (told.changed, told.warnings, told["kept"]) == (False, [warning], [name])
    changed = run(both, {**MAIL1, "description": "new"}, check=check)
    assert (changed.changed, changed.warnings) == (True, [warning])
    both_stay = run(both, check=check, gateways=[])
    assert both_stay["kept"] == [MAIL1["name"], name]
    assert f"{MAIL1['name']}, {name} are not in the list and stay, because" in both_stay.warnings[0]


def test_where_nothing_is_dropped_nothing_is_told(both: Emulator) -> None:
    assert run(both, MAIL1, MAIL2).warnings == []
    assert run(both, {**MAIL1, "name": MAIL1["name"].upper()}, MAIL2).warnings == []
    assert run(both, gateways=None).warnings == []
    reported = run(both, MAIL1, report_undeclared=True)
    assert (reported.warnings, [item["id"] for item in reported["undeclared"]]) == ([], [MAIL2["name"]])
    assert reported["kept"] == [MAIL2["name"]]
    assert run(both, MAIL1, state="absent", check=True).warnings == []
    purged = run(both, MAIL1, purge=True)
    assert (purged.warnings, purged["kept"]) == ([], [])
