# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two runs that want the same at the same time: the one that comes second finds it done, and has not failed.

The other run goes first by a hair: it makes each change after this one has planned it, and before this one sends its
request.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.ucops.imp.plugins.module_utils._clients.imp_admin import ImpAdmin
from ansible_collections.ucops.imp.plugins.module_utils._core.plan import Change
from ansible_collections.ucops.imp.plugins.module_utils._module.resource import Resource
from ansible_collections.ucops.imp.plugins.module_utils._resources.adcs_request import AdcsRequests
from ansible_collections.ucops.imp.plugins.module_utils._resources.certificate_import import CertificateImport
from ansible_collections.ucops.imp.plugins.module_utils._resources.exchange_certificate import ExchangeCertificate
from ansible_collections.ucops.imp.plugins.module_utils._resources.exchange_impersonation import Impersonation
from ansible_collections.ucops.imp.plugins.module_utils._resources.presence_gateways import Gateways
from ansible_collections.ucops.imp.plugins.module_utils._resources.service_parameters import ServiceParameters
from ansible_collections.ucops.imp.plugins.module_utils._resources.services import Services
from ansible_collections.ucops.imp.plugins.module_utils._resources.trust_certificates import TrustCertificates

from tests.support.certificates import issue
from tests.support.connections import ca_connection, connection
from tests.support.emulator import Emulator
from tests.support.exchange import exchange_connection, sign
from tests.support.modules import ModuleResult, assert_contract, run_module
from tests.support.signing_requests import pem, signing_request

MAIL1 = "mail1.example.com"
ROOT = issue("Example Root CA", ca=True)


def other_run_first(monkeypatch: pytest.MonkeyPatch, resource: type[Resource[Any]]) -> list[Change]:
    """Have each change made twice, at first by the other run; returns what that has made."""
    made: list[Change] = []
    apply = resource.apply

    def both(self: Resource[Any], change: Change) -> None:
        if change not in made:
            made.append(change)
            apply(self, change)
        apply(self, change)

    monkeypatch.setattr(resource, "apply", both)
    return made


def options_of(emulator: Emulator, module: str, **more: Any) -> dict[str, Any]:
    account = emulator.ready["exchange_account"]
    places: dict[str, dict[str, Any]] = {
        "presence_gateways": {
            **connection(emulator, "imp"),
            "gateways": [{"name": MAIL1, "description": "first"}],
            "account": account["username"],
            "account_password": account["password"],
        },
        "trust_certificates": {**connection(emulator, "platform"), "certificates": [{"content": ROOT.pem}]},
        "exchange_impersonation": {**exchange_connection(emulator), "account": account["username"]},
        "exchange_certificate": {**exchange_connection(emulator), "common_name": "autodiscover.example.com"},
        "certificate_import": {**connection(emulator, "imp"), "peers": [{"name": MAIL1}], "accept_chain": True},
        "services": {
            **connection(emulator, "imp"),
            "services": ["Cisco SIP Proxy"],
            "state": "stopped",
            "poll_interval": 0.02,
        },
        "service_parameters": {
            **connection(emulator, "cucm"),
            "parameters": [{"service": "Enterprise Wide", "name": "EnableIPV6", "value": "T"}],
        },
    }
    return {**places[module], **more}


CREATED = [
    ("presence_gateways", Gateways, True),
    ("exchange_impersonation", Impersonation, True),
    # What the server takes twice without a word counts as made by either.
    ("trust_certificates", TrustCertificates, False),
    ("certificate_import", CertificateImport, False),
    ("service_parameters", ServiceParameters, False),
    ("services", Services, False),
]
"""Modules whose second run is refused because it is all there already, and those of which it is not."""


@pytest.mark.parametrize(("module", "resource", "refused"), CREATED)
def test_what_is_there_already(
    environment: Emulator, monkeypatch: pytest.MonkeyPatch, module: str, resource: type[Resource[Any]], refused: bool
) -> None:
    made = other_run_first(monkeypatch, resource)
    result = run_module(module, options_of(environment, module))
    assert not result.failed, result.msg
    assert made
    keys = {(change["kind"], change["id"]) for change in result["changes"]}
    if refused:
        assert made[0].key not in keys, "the other run has made it, and tells it"
    assert_contract(run_module(module, options_of(environment, module)), changed=False)


@pytest.mark.parametrize(
    ("module", "resource"), [("trust_certificates", TrustCertificates), ("exchange_impersonation", Impersonation)]
)
def test_what_is_gone_already(
    environment: Emulator, monkeypatch: pytest.MonkeyPatch, module: str, resource: type[Resource[Any]]
) -> None:
    assert run_module(module, options_of(environment, module)).changed
    made = other_run_first(monkeypatch, resource)
    result = run_module(module, options_of(environment, module, state="absent"))
    assert_contract(result, changed=False)
    assert [change.action for change in made] == ["delete"]


def test_a_certificate_that_is_installed_or_removed_already(
    environment: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(state: str, **more: Any) -> ModuleResult:
        return run_module("exchange_certificate", options_of(environment, "exchange_certificate", state=state, **more))

    signed = sign(run("requested")["current"]["request"], issue("Test CA", ca=True))
    made = other_run_first(monkeypatch, ExchangeCertificate)
    assert_contract(run("installed", certificate=signed), changed=False)
    assert_contract(run("absent"), changed=False)
    assert [(change.kind, change.action) for change in made] == [("certificate", "create"), ("certificate", "delete")]


def test_a_request_that_is_decided_already(
    environment: Emulator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    csr = {"csr": pem(signing_request(MAIL1)), "path": str(tmp_path / "mail1.cer"), "wait": False}
    place = ca_connection(environment, account="requester")
    number = run_module("adcs_certificate", {**place, **csr})["current"]["request_id"]
    other_run_first(monkeypatch, AdcsRequests)
    wanted = {**ca_connection(environment), "request_ids": [number], "state": "issued"}
    assert_contract(run_module("adcs_request", wanted), changed=False)


def test_a_gateway_that_changed_after_it_was_read(environment: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """412: the other run has written another field, so this one's is still to be written, over the new state."""
    run_module("presence_gateways", options_of(environment, "presence_gateways"))
    replace = ImpAdmin.replace_gateway
    bodies: list[str] = []

    def stale(self: ImpAdmin, gateway: Any, fields: Any) -> None:
        if not bodies:
            replace(self, gateway, {**fields, "port": 444, "description": "first"})
        bodies.append(fields["description"])
        replace(self, gateway, fields)

    monkeypatch.setattr(ImpAdmin, "replace_gateway", stale)
    gateways = [{"name": MAIL1, "description": "second", "port": 444}]
    result = run_module("presence_gateways", options_of(environment, "presence_gateways", gateways=gateways))
    assert_contract(result, changed=True)
    assert bodies == ["second", "second"]
    (change,) = result["changes"]
    assert [field["name"] for field in change["fields"]] == ["description"], "the port is the other run's change"
    assert result["current"]["gateways"][0]["description"] == "second"


def test_a_gateway_that_another_run_added_otherwise(environment: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """409: it is there, and not as wanted, so it is changed."""
    create = ImpAdmin.create_gateway

    def second(self: ImpAdmin, fields: Any) -> None:
        create(self, {**fields, "description": "of the other run"})
        create(self, fields)

    monkeypatch.setattr(ImpAdmin, "create_gateway", second)
    result = run_module("presence_gateways", options_of(environment, "presence_gateways"))
    assert_contract(result, changed=True)
    assert ("presence_gateway", MAIL1, "update") in {
        (change["kind"], change["id"], change["action"]) for change in result["changes"]
    }
    assert result["current"]["gateways"][0]["description"] == "first"


@pytest.mark.parametrize("code", ["gateway-exists", "etag-mismatch"])
def test_a_refusal_that_stays_is_a_failure(environment: Emulator, code: str) -> None:
    environment.control.fault("error", effect={"code": code}, protocol="imp_admin", operation="addPresenceGateway")
    result = run_module("presence_gateways", options_of(environment, "presence_gateways"))
    assert result.failed
    assert (MAIL1, code) in [(failure["id"], failure["code"]) for failure in result["failures"]]
    sent = environment.journal(protocol="imp_admin", operation="addPresenceGateway")
    assert len(sent) == (3 if code == "etag-mismatch" else 1), "sent again only if that may help"
