# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``presence_gateways`` with Office 365, against clusters of the releases that use it in different ways."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.connections import connection
from tests.support.emulator import Emulator
from tests.support.modules import ModuleResult, assert_contract, assert_four_steps, run_module
from tests.support.office_365 import CLIENT_ID, GRAPH_URL, LOGIN_URL, OUTLOOK, OUTLOOK_URL, TENANT_ID, TYPE
from tests.support.pages import blocks

MODULE = "presence_gateways"
SECRET, PROXY_SECRET = "Canary-1c3d-secret", "Canary-55aa-proxy"
ONLINE: dict[str, Any] = {
    "name": OUTLOOK,
    "type": "office_365",
    "client_id": CLIENT_ID,
    "tenant_id": TENANT_ID,
    "client_secret": SECRET,
}
PROXY = {"proxy_url": "http://proxy.example.com:3128", "proxy_username": "imp", "proxy_password": PROXY_SECRET}
END = (
    "Exchange Online turns Exchange Web Services off tenant by tenant from 1 October 2026; applications on a tenant's "
)


def options(emulator: Emulator, *gateways: dict[str, Any], cluster: str = "graph", **more: Any) -> dict[str, Any]:
    return {**connection(emulator, "imp", cluster=cluster), "gateways": list(gateways), **more}


def run(emulator: Emulator, *gateways: dict[str, Any], check: bool = False, **more: Any) -> ModuleResult:
    return run_module(MODULE, options(emulator, *gateways, **more), check=check)


def writes(emulator: Emulator) -> list[dict[str, Any]]:
    return emulator.journal(protocol="imp_admin", writes=True)


def operations(emulator: Emulator) -> list[str]:
    return [entry["operation"] for entry in writes(emulator)]


def info(emulator: Emulator, cluster: str = "graph", **more: Any) -> ModuleResult:
    found = run_module(f"{MODULE}_info", {**connection(emulator, "imp", cluster=cluster), **more})
    assert not found.failed, found.msg
    return found


@pytest.fixture(name="added")
def added_fixture(releases: Emulator) -> Emulator:
    """The emulator with the gateway, behind a proxy."""
    result = run(releases, {**ONLINE, **PROXY})
    assert not result.failed, result.msg
    releases.control.clear_journal()
    return releases


def test_a_gateway_of_office_365(releases: Emulator) -> None:
    wanted = options(releases, {**ONLINE, **PROXY, "description": "Exchange Online"})
    steps = assert_four_steps(MODULE, wanted, lambda: writes(releases))
    shown = {
        "type": TYPE,
        "description": "Exchange Online",
        "port": 443,
        "client_id": CLIENT_ID,
        "tenant_id": TENANT_ID,
        "proxy_url": PROXY["proxy_url"],
        "proxy_username": "imp",
        "client_secret": "(as given)",
        "proxy_password": "(as given)",
    }
    assert steps.done["diff"] == {"before": {}, "after": {"presence_gateway": {OUTLOOK: shown}}}
    assert steps.done["restart_required"] == ["Cisco Presence Engine"]
    assert steps.done.warnings == []
    assert operations(releases) == ["addPresenceGateway"]
    known = {one: value for one, value in shown.items() if value != "(as given)"}
    urls = {"authentication_endpoint": LOGIN_URL, "resource": GRAPH_URL}
    gateway = {**known, **urls, "name": OUTLOOK, "type": "office_365", "position": 1}
    assert steps.done["current"] == {"account": None, "gateways": [gateway]}
    assert info(releases, status=False)["gateways"] == [{**gateway, "subscriptions": 0}]
    for result in (steps.predicted, steps.done, steps.checked, steps.repeated):
        for secret in (SECRET, PROXY_SECRET):
            assert secret not in result.output
    assert SECRET not in str(releases.journal()) + releases.stderr


def test_what_the_page_prints(releases: Emulator) -> None:
    written = next(block.text for block in blocks("docs/exchange-online.md") if "presence_gateways_list" in block.text)
    variables = yaml.safe_load(written)
    (gateway,) = variables["presence_gateways_list"]
    assert gateway.pop("client_secret") == "{{ vault_office_365_secret }}"
    assert_contract(run(releases, {**gateway, "client_secret": SECRET}, check=True), changed=True)
    interval = {"office_365_pull_interval": variables["calendaring_office_365_pull_interval"]}
    place = connection(releases, "cucm", cluster="graph")
    steps = assert_four_steps(
        "calendaring_parameters", {**place, **interval}, lambda: releases.journal(protocol="axl", writes=True)
    )
    assert steps.done["restart_required"] == ["Cisco Presence Engine"]


def test_fields_are_updated_and_the_others_stay(added: Emulator) -> None:
    change = {"resource": OUTLOOK_URL, "description": "moved"}
    wanted = options(
        added, {"name": OUTLOOK, "type": "office_365", "client_id": CLIENT_ID.upper(), "tenant_id": TENANT_ID, **change}
    )
    steps = assert_four_steps(MODULE, wanted, lambda: writes(added))
    assert steps.done["diff"] == {
        "before": {"presence_gateway": {OUTLOOK: {"description": "", "resource": GRAPH_URL}}},
        "after": {"presence_gateway": {OUTLOOK: change}},
    }
    assert not run(added, {**ONLINE, **PROXY, **change}).changed, "both secrets are what they were"


def test_a_changed_secret_is_seen_and_set(added: Emulator) -> None:
    wanted = options(added, {**ONLINE, **PROXY, "client_secret": "Canary-other-one"})
    steps = assert_four_steps(MODULE, wanted, lambda: writes(added))
    assert steps.done["changes"] == [
        {
            "kind": "presence_gateway",
            "id": OUTLOOK,
            "action": "update",
            "fields": [{"name": "client_secret", "before": "(differs)", "after": "(as given)", "secret": True}],
        }
    ]
    for result in (steps.predicted, steps.done, steps.checked, steps.repeated):
        assert "Canary" not in result.output


def test_update_password_on_create(added: Emulator) -> None:
    other = {**ONLINE, **PROXY, "client_secret": "Canary-other-one", "proxy_password": "Canary-other-two"}
    result = run(added, {**other, "description": "moved"}, update_password="on_create")
    assert_contract(result, changed=True)
    reason = "With update_password=on_create the stored {} is not compared with the given one."
    assert result["unknown"] == [
        {"kind": "presence_gateway", "id": OUTLOOK, "field": field, "reason": reason.format(field.replace("_", " "))}
        for field in ("client_secret", "proxy_password")
    ]
    assert added.journal(operation="compareGatewaySecrets") == []
    assert not run(added, {**ONLINE, **PROXY}).changed, "the secrets have stayed"
    another = {**other, "client_id": TENANT_ID}
    assert run(added, another, update_password="on_create").changed
    assert not run(added, {**another, "proxy_password": PROXY_SECRET}).changed, "the client's secret came along"


def test_a_proxy_is_taken_away(added: Emulator) -> None:
    steps = assert_four_steps(MODULE, options(added, {**ONLINE, "proxy_url": ""}), lambda: writes(added))
    assert steps.done["diff"] == {
        "before": {"presence_gateway": {OUTLOOK: {"proxy_url": PROXY["proxy_url"], "proxy_username": "imp"}}},
        "after": {"presence_gateway": {OUTLOOK: {"proxy_url": "", "proxy_username": ""}}},
    }


def test_exchange_and_office_365_side_by_side(added: Emulator) -> None:
    known = added.ready["exchange_account"]
    account = {"account": known["username"], "account_password": known["password"]}
    exchange = {"name": "mail1.example.com"}
    refused = run(added, {**ONLINE, **PROXY}, exchange)
    assert "account: the first Exchange server needs account" in refused.msg
    assert run(added, {**ONLINE, **PROXY}, exchange, **account).changed
    assert not run(added, {**ONLINE, **PROXY}, exchange, **account).changed
    gone = run(added, exchange, state="absent")
    assert_contract(gone, changed=True)
    assert (gone["current"]["account"], [one["name"] for one in gone["current"]["gateways"]]) == (None, [OUTLOOK])
    changed = run(added, {"name": OUTLOOK}, **account)
    assert_contract(changed, changed=True)
    assert (changed["current"]["account"], operations(added)[-1]) == (known["username"], "replacePresenceGateway")


@pytest.mark.parametrize(
    ("cluster", "gateway", "code", "said"),
    [
        (
            "old",
            {},
            "invalid-input",
            "12.5.1.11900-10 has no gateways of the type office_365; they come with 12.5(1)SU2.",
        ),
        ("first", {"resource": GRAPH_URL}, "invalid-input", "has no field for resource; it comes with 15SU2."),
        ("graph", {"client_secret": None}, "invalid-input", "a new gateway or client_id needs its client_secret."),
    ],
)
def test_what_the_release_does_not_have_is_refused_before_it_is_sent(
    releases: Emulator, cluster: str, gateway: dict[str, Any], code: str, said: str
) -> None:
    for check in (True, False):
        result = run(releases, {**ONLINE, **gateway}, cluster=cluster, check=check)
        assert_contract(result, changed=False, failed=True)
        assert [(one["id"], one["code"]) for one in result["failures"]] == [(OUTLOOK, code)]
        assert said in result["failures"][0]["message"]
    assert writes(releases) == []


def test_who_reads_over_exchange_web_services_is_told_until_when(releases: Emulator) -> None:
    result = run(releases, ONLINE, cluster="ews", check=True)
    (warning,) = result.warnings
    assert warning.startswith(
        f"{OUTLOOK}: 15.0.1.12900-10 reads Office 365 over Exchange Web Services; Microsoft Graph"
    )
    assert END in warning
    releases.control.fault("status", effect={"status": 500}, operation="getProductInformationList")
    (warning,) = run(releases, ONLINE, check=True, retries=0).warnings
    assert warning.startswith(f"{OUTLOOK}: releases before 15SU4 read Office 365 over Exchange Web Services, and from")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"client_id": None}, "gateways[0].client_id: the type office_365 needs it"),
        ({"tenant_id": "example.com"}, "gateways[0].tenant_id: 'example.com' is no UUID"),
        ({"client_secret": "abc"}, "gateways[0].client_secret: a secret needs"),
        ({"resource": "graph.microsoft.com"}, "gateways[0].resource: 'graph.microsoft.com' is no https URL"),
        ({"resource": "https://graph.microsoft.com/"}, "is no https URL without a path, such as https://login."),
        ({"authentication_endpoint": LOGIN_URL + "/x"}, "gateways[0].authentication_endpoint"),
        ({"proxy_url": "ftp://proxy.example.com"}, "gateways[0].proxy_url"),
        ({"proxy_username": "imp"}, "gateways[0].proxy_username: needs a proxy_url"),
        ({**PROXY, "proxy_password": None}, "gateways[0].proxy_password: give it together"),
        ({**PROXY, "proxy_username": "a:b"}, "gateways[0].proxy_username: it must not hold a colon"),
        ({"type": "exchange_ews"}, "gateways[0].client_id: belongs to gateways of the type office_365"),
        ({"type": "exchange_autodiscover"}, "type"),
    ],
)
def test_options_that_cannot_be_meant(office_365_emulator: Emulator, wrong: dict[str, Any], said: str) -> None:
    result = run(office_365_emulator, {**ONLINE, **wrong})
    assert result.failed
    assert said in result.msg
    assert "Canary" not in result.output


def trust(emulator: Emulator, cluster: str, store: str) -> None:
    chain = Path(emulator.ca_file).read_text(encoding="ascii")
    at = {**connection(emulator, "platform", cluster=cluster), "store": store, "certificates": [{"content": chain}]}
    result = run_module("trust_certificates", at)
    assert not result.failed, result.msg


def test_the_status_needs_both_trust_stores_for_both_hosts(releases: Emulator) -> None:
    assert run(releases, ONLINE).changed

    def status() -> tuple[bool, str, str]:
        (row,) = info(releases)["status"]
        return row["reachable"], row["verification"].rpartition(" - ")[2], row["detail"] or ""

    reachable, verdict, detail = status()
    assert (reachable, verdict) == (True, "Certificate Missing From Chain")
    assert detail.startswith("login.microsoftonline.com with cup-trust: ")
    trust(releases, "graph", "cup-trust")
    assert status()[2].startswith("login.microsoftonline.com with tomcat-trust: ")
    trust(releases, "graph", "tomcat-trust")
    assert status() == (True, "Verified", "")
    # Microsoft Graph has no certificate for such a name, and so the second host is looked at as well.
    assert run(releases, {**ONLINE, "resource": "https://192.0.2.42"}).changed
    reachable, verdict, detail = status()
    assert (reachable, verdict) == (True, "SAN Mismatch")
    assert detail.startswith("192.0.2.42 with cup-trust: ")


def test_the_status_goes_through_the_proxy(added: Emulator) -> None:
    (row,) = info(added)["status"]
    assert (row["reachable"], row["verified"]) == (False, False)
    assert row["detail"].startswith("The proxy http://proxy.example.com:3128 cannot be reached: ")
