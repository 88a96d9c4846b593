# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``report_undeclared`` of the modules in the action group ``audit``, and ``unknown``: read, told, never written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.certificates import issue
from tests.support.connections import connection, nodes
from tests.support.emulator import Emulator
from tests.support.modules import ModuleResult, assert_contract, run_module

MAIL1 = {"name": "mail1.example.com", "description": "Exchange, first site"}
MAIL2 = {"name": "MAIL2.example.com", "description": "by hand", "port": 444}
EXTRA_GATEWAY = {
    "kind": "presence_gateway",
    "id": "mail2.example.com",
    "fields": {"type": "Exchange -- EWS Server", "description": "by hand", "port": 444},
}
ROOT = issue("Example Root CA", ca=True)
STRANGER = issue("Unknown CA", ca=True)
CANARY = "Canary-3c11-9a7d"


def run(emulator: Emulator, module: str, kind: str, *, check: bool = False, **options: Any) -> ModuleResult:
    return run_module(module, {**connection(emulator, kind), "report_undeclared": True, **options}, check=check)


def done(result: ModuleResult) -> ModuleResult:
    assert not result.failed, result.msg
    return result


def ids(result: ModuleResult) -> list[str]:
    return [found["id"] for found in result["undeclared"]]


# --- presence_gateways


def gateways(emulator: Emulator, *wanted: dict[str, Any], **options: Any) -> ModuleResult:
    return run(emulator, "presence_gateways", "imp", gateways=list(wanted), **options)


def account(emulator: Emulator) -> dict[str, str]:
    known = emulator.ready["exchange_account"]
    return {"account": known["username"], "account_password": known["password"]}


@pytest.fixture(name="both")
def both_fixture(environment: Emulator) -> Emulator:
    """The emulator with both gateways, the second one added by hand."""
    done(gateways(environment, MAIL1, MAIL2, **account(environment)))
    environment.control.clear_journal()
    return environment


@pytest.mark.parametrize("check", [True, False])
def test_gateways_that_are_not_listed(both: Emulator, check: bool) -> None:
    result = gateways(both, {**MAIL1, "name": "Mail1.example.com"}, check=check)
    assert_contract(result, changed=False)
    assert result["undeclared"] == [EXTRA_GATEWAY]
    assert both.journal(writes=True) == []


def test_gateways_are_reported_beside_a_change_of_another_one(both: Emulator) -> None:
    for check in (True, False):
        result = gateways(both, {**MAIL1, "description": "moved"}, {"name": "192.0.2.22"}, check=check)
        assert_contract(result, changed=True)
        assert result["undeclared"] == [EXTRA_GATEWAY]


@pytest.mark.parametrize(
    "task",
    [
        {"gateways": [MAIL1, MAIL2]},
        {"gateways": [MAIL1], "purge": True},
        {"gateways": [{"name": "mail1.example.com"}], "state": "absent"},
        {"gateways": None},
    ],
)
def test_tasks_after_which_no_gateway_is_undeclared(both: Emulator, task: dict[str, Any]) -> None:
    credentials = account(both) if task["gateways"] is None else {}
    result = run(both, "presence_gateways", "imp", check=True, **credentials, **task)
    assert (result.failed, result["undeclared"]) == (False, [])


def test_an_empty_list_leaves_every_gateway_undeclared(both: Emulator) -> None:
    assert ids(gateways(both)) == ["mail1.example.com", "mail2.example.com"]


def test_a_password_that_is_not_compared_is_unknown(both: Emulator) -> None:
    wanted = {**account(both), "account_password": CANARY}
    for check in (True, False):
        result = gateways(both, MAIL1, **wanted, update_password="on_create", check=check)
        assert_contract(result, changed=False)
        (unknown,) = result["unknown"]
        assert {name: unknown[name] for name in ("kind", "id", "field")} == {
            "kind": "gateway_credentials",
            "id": "shared",
            "field": "password",
        }
        assert "update_password=on_create" in unknown["reason"]
        assert CANARY not in result.output
    assert both.journal(operation="compareGatewayCredentials") == []


def test_a_password_that_is_compared_or_written_is_not_unknown(both: Emulator) -> None:
    assert gateways(both, MAIL1, **account(both))["unknown"] == []
    assert gateways(both, MAIL1)["unknown"] == [], "no password was asked for"
    other = {"account": "other@example.com", "account_password": CANARY, "update_password": "on_create"}
    written = gateways(both, MAIL1, **other)
    assert_contract(written, changed=True)
    assert written["unknown"] == []
    assert len(gateways(both, MAIL1, **other)["unknown"]) == 1


# --- trust_certificates


def trust(emulator: Emulator, *contents: str, **options: Any) -> ModuleResult:
    wanted = [{"content": content} for content in contents]
    return run(
        emulator, "trust_certificates", "platform", **{"nodes": nodes(emulator, 443), "certificates": wanted, **options}
    )


@pytest.mark.parametrize("check", [True, False])
def test_certificates_that_are_not_listed(environment: Emulator, check: bool) -> None:
    done(trust(environment, ROOT.pem))
    done(trust(environment, STRANGER.pem, nodes=nodes(environment, 443, "imp-sub")))
    environment.control.clear_journal()

    result = trust(environment, ROOT.pem, check=check)

    assert_contract(result, changed=False)
    assert result["undeclared"] == [
        {
            "kind": "trust_certificate",
            "id": f"imp-sub:{STRANGER.fingerprint}",
            "fields": {
                "store": "cup-trust",
                "subject": "CN=Unknown CA",
                "issuer": "CN=Unknown CA",
                "not_after": STRANGER.certificate.not_valid_after_utc.isoformat(),
            },
        }
    ]
    assert environment.journal(writes=True) == []


def test_a_certificate_that_this_run_uploads_is_not_undeclared(environment: Emulator) -> None:
    done(trust(environment, STRANGER.pem))
    result = trust(environment, ROOT.pem)
    assert_contract(result, changed=True)
    assert ids(result) == [f"{node}:{STRANGER.fingerprint}" for node in ("imp-pub", "imp-sub")]


def test_what_the_nodes_are_trusted_with_is_no_false_alarm(environment: Emulator) -> None:
    """Each node trusts itself and its peer by such entries, and by the authority above them."""
    identities = []
    for node in ("imp-pub", "imp-sub"):
        with environment.client(node, 443, "os") as client:
            found = client.get("/platformcom/api/v1/certmgr/config/snapshot/server").json()["identities"]
        identities.append(next(entry["certificate"] for entry in found if entry["certificate"]))
    authority = Path(environment.ca_file).read_text()
    done(trust(environment, *identities, authority, STRANGER.pem))
    place = {**connection(environment, "platform"), "nodes": nodes(environment, 443)}
    told = done(run_module("trust_certificates_info", place))["certificates"]

    assert [entry["fingerprint"] for entry in told if not entry["own"]] == [STRANGER.fingerprint] * 2
    assert len(told) == 2 * 4
    assert ids(trust(environment)) == [f"{node}:{STRANGER.fingerprint}" for node in ("imp-pub", "imp-sub")]


@pytest.mark.parametrize(
    "task",
    [{"purge": True, "certificates": [{"content": ROOT.pem}]}, {"state": "absent"}, {"store": "cup-xmpp-trust"}],
)
def test_tasks_after_which_no_certificate_is_undeclared(environment: Emulator, task: dict[str, Any]) -> None:
    done(trust(environment, ROOT.pem, STRANGER.pem))
    result = trust(environment, check=True, **task)
    assert (result.failed, result["undeclared"]) == (False, [])


def test_without_the_option_the_identities_are_not_asked_for(environment: Emulator) -> None:
    result = trust(environment, ROOT.pem, report_undeclared=False, check=True)
    assert "undeclared" not in result.data
    assert {entry["operation"] for entry in environment.journal()} == {"GET /trust/certificate"}


# --- calendar_users


def users(emulator: Emulator, **options: Any) -> ModuleResult:
    return run(emulator, "calendar_users", "cucm", **options)


def listed(*numbers: int) -> list[dict[str, Any]]:
    return [{"userid": f"user{number:04}"} for number in numbers]


ENABLED = {"home_cluster": True, "im_and_presence": True, "meeting_information": True}
SELECTIONS: list[dict[str, Any]] = [{"users": listed(*range(1, 200))}, {"query": {"userid": "user01%"}}]


@pytest.mark.parametrize("check", [True, False])
@pytest.mark.parametrize("selection", SELECTIONS)
def test_users_outside_of_the_selection(
    environment: Emulator, users_with_calendar: int, selection: dict[str, Any], check: bool
) -> None:
    """A list reads everybody anyway; a query needs one more read."""
    result = users(environment, **selection, check=check)
    assert_contract(result, changed=False)
    expected = [200, 201] if "users" in selection else [*range(1, 100), 200, 201]
    assert result["undeclared"] == [
        {"kind": "calendar_user", "id": f"user{number:04}", "fields": ENABLED} for number in expected
    ]
    assert len(environment.journal(operation="listUser")) == len(selection) + ("query" in selection)
    assert environment.journal(operation="getUser") == []
    assert environment.journal(writes=True) == []


def test_a_query_for_everybody_reads_everybody_once(environment: Emulator, users_with_calendar: int) -> None:
    """And still finds nobody outside of it."""
    result = users(environment, query={"userid": "%"}, check=True)
    assert (result.failed, len(result["changes"]), result["undeclared"]) == (False, 1000 - users_with_calendar, [])
    assert len(environment.journal(operation="listUser")) == 1


def test_users_that_this_run_enables_are_not_undeclared(environment: Emulator, gateway: str) -> None:
    done(users(environment, users=listed(7)))
    result = users(environment, users=listed(1, 2))
    assert_contract(result, changed=True)
    assert ids(result) == ["user0007"]


def test_a_user_that_does_not_exist_does_not_hide_the_others(environment: Emulator, gateway: str) -> None:
    done(users(environment, users=listed(7)))
    result = users(environment, users=[{"userid": "nobody"}, {"userid": "USER0007"}])
    assert_contract(result, changed=False, failed=True)
    assert ids(result) == []
    assert ids(users(environment, users=[{"userid": "nobody"}])) == ["user0007"]


@pytest.mark.parametrize(
    "task",
    [
        {"query": {"userid": "user0500"}, "im_and_presence": False},
        {"users": [{"userid": "user0500", "meeting_information": False}]},
    ],
)
def test_a_task_that_enables_nobody_reports_nobody(
    environment: Emulator, users_with_calendar: int, task: dict[str, Any]
) -> None:
    assert users(environment, **task, check=True)["undeclared"] == []


def test_an_empty_list_leaves_every_user_undeclared(environment: Emulator, users_with_calendar: int) -> None:
    assert len(users(environment, users=[])["undeclared"]) == users_with_calendar


# --- calendaring_parameters


def parameters(emulator: Emulator, **options: Any) -> ModuleResult:
    return run(emulator, "calendaring_parameters", "cucm", **options)


@pytest.mark.parametrize("check", [True, False])
def test_parameters_off_their_default(environment: Emulator, check: bool) -> None:
    assert parameters(environment)["undeclared"] == [], "a new cluster has nothing to report"
    done(parameters(environment, exchange_timeout=5, calendar_spread=10, out_of_office_information="do_not_display"))
    environment.control.clear_journal()

    result = parameters(environment, calendar_spread=10, check=check)

    assert_contract(result, changed=False)
    assert {found["id"]: found["fields"] for found in result["undeclared"]} == {
        "exchange_timeout": {"value": 5, "default": 3},
        "out_of_office_information": {"value": "do_not_display", "default": "display"},
    }
    assert {found["kind"] for found in result["undeclared"]} == {"calendaring_parameter"}
    assert environment.journal(writes=True) == []


def test_the_default_is_the_one_of_the_release(start_emulator: Callable[..., Emulator], tmp_path: Path) -> None:
    """The guide of release 15 hides out of office information by default."""
    scenario = tmp_path / "scenario.yml"
    nodes_of = [("cucm-pub", "cucm"), ("imp-pub", "imp")]
    lines = ["format: 1", "clusters:", "  - name: dc1", "    version: 15.0.1.10000-1", "    domain: dc1.example.com"]
    lines.append("    nodes:")
    for number, (name, role) in enumerate(nodes_of, start=11):
        lines.append(f"      - {{name: {name}, role: {role}, usage: publisher, ipv4: 192.0.2.{number}}}")
    lines.append("    accounts: {application: {username: axladmin}, os: {username: osadmin}}")
    scenario.write_text("\n".join(lines) + "\n")
    emulator = start_emulator("--scenario", str(scenario))

    assert parameters(emulator)["undeclared"] == []
    done(parameters(emulator, out_of_office_information="display"))
    assert parameters(emulator)["undeclared"][0]["fields"] == {"value": "display", "default": "do_not_display"}
