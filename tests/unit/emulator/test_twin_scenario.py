# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A scenario that says what a cluster is configured with: what cannot be meant is refused with its place."""

from __future__ import annotations

import copy
import ssl
from pathlib import Path
from typing import Any

import pytest
import yaml

from imp_emulator.catalogue.services import PRESENCE_ENGINE
from imp_emulator.scenario import file as scenario_file
from imp_emulator.scenario.model import ONLINE_HOSTS, ScenarioError
from imp_emulator.serving import ready_content
from imp_emulator.store import accounts
from imp_emulator.store.database import Database
from imp_emulator.store.imp import gateways
from tests.support import states
from tests.support.twin_scenario import (
    ABOVE,
    CLIENT,
    CLUSTER,
    MAIL1,
    OWN,
    ROOT,
    TENANT,
    TWIN,
    UNREADABLE,
)

EMPTY = ssl.DER_cert_to_PEM_cert(b"\x30\x08\x30\x00\x30\x00\x03\x02\x00\x00")
"""A certificate in form, with nothing in it."""
SCENARIO = scenario_file.read(yaml.safe_dump(TWIN, allow_unicode=True))


def changed(path: str, value: Any) -> str:
    """Return the twin with one value replaced or added; a path is keys and indexes with slashes between."""
    content = copy.deepcopy(TWIN)
    *parents, last = [int(part) if part.isdigit() else part for part in path.split("/")]
    target: Any = content
    for part in parents:
        target = target[part]
    target[last] = value
    return str(yaml.safe_dump(content, allow_unicode=True))


AT = "clusters/0/"
GATEWAYS, CUP = f"{AT}presence_gateways", f"{AT}trust_stores/cup-trust"
CALENDARING, SERVICE = f"{AT}calendaring_parameters", f"{AT}service_parameters"
REFUSED = [
    (
        GATEWAYS + "/0",
        "mail",
        "presence_gateways[0]: must be a host name with a dot, or an address",
    ),
    (
        GATEWAYS + "/0",
        5,
        "presence_gateways[0]: must be a host name with a dot, or an address",
    ),
    (GATEWAYS + "/2/name", "MAIL1.example.com", "presence_gateways: holds 'mail1.example.com' twice"),
    (
        GATEWAYS + "/2/type",
        "office",
        "presence_gateways[2].type: must be one of exchange",
    ),
    (GATEWAYS + "/2/client_id", CLIENT, "presence_gateways[2].client_id: is not known here"),
    (GATEWAYS + "/2/name", "mail_3.example.com", "must be a host name with a dot, or an address, not 'mail_3.exa"),
    (GATEWAYS + "/6/proxy_url", "http://[::1]:x", "proxy_url: must be an http or https URL of a host, without a path"),
    (GATEWAYS + "/6/proxy_url", "http://[192.0.2.1]", "proxy_url: must be an http or https URL of a host"),
    (GATEWAYS + "/6/proxy_url", "http://proxy.example.com:0", "proxy_url: must be an http or https URL of a host"),
    (GATEWAYS + "/6/resource", "https://graph.microsoft.com/v1", "resource: must be an http or https URL of a host"),
    (GATEWAYS + "/6/tenant_id", "x", "presence_gateways[6].tenant_id: must be a UUID, not 'x'"),
    (AT + "presence_gateways", [], "presence_gateways_account: needs an Exchange server among presence_gateways"),
    (CALENDARING, {1: "x"}, "calendaring_parameters.1: must be text as a key, not a whole number"),
    (CALENDARING + "/CalendarSpread", True, 'not true or false; put "T" and "F" in quotation marks'),
    (CALENDARING + "/CalendarSpread", "a\x01", "must be text that XML can carry"),
    (
        SERVICE + "/1/node",
        "imp-x",
        "[1].node: must be a node of the cluster, not 'imp-x'",
    ),
    (
        SERVICE + "/1/value",
        None,
        "[1].value: must be text or a whole number, not nothing",
    ),
    (
        SERVICE + "/1",
        {"service": "Cisco Presence Engine", "name": "calendarspread", "value": 1},
        "calendaring_parameters and service_parameters: holds 'calendarspread of Cisco Presence Engine' twice",
    ),
    (AT + "trust_stores/cup", [], "trust_stores.cup: is not known here; known are CallManager-trust, CAPF-trust"),
    (
        CUP + "/1/nodes",
        ["192.0.2.11"],
        "nodes[0]: must be a node of the cluster that has cup-trust",
    ),
    (CUP + "/1/certificate", "x", "must be one certificate in PEM, not 'x'"),
    (CUP + "/1/certificate", ROOT.pem * 2, "must be one certificate in PEM, not a text of"),
    (CUP + "/1/certificate", ROOT.pem.replace("M", "*", 9), "must be one certificate in PEM"),
    (CUP + "/1/certificate", ROOT.pem, "trust_stores.cup-trust: holds 'IMP-pub.example.com: cert"),
    (
        CUP + "/1/file_name",
        "ROOT 1.pem",
        "cup-trust: holds 'IMP-pub.example.com: file ROOT 1.pem'",
    ),
    (CUP + "/1/generated", ABOVE, "cup-trust[1]: must have either a certificate or generated"),
    (CUP + "/4/generated/not_after", "2019-01-01", "not_after: must be later than not_before"),
    (
        CUP + "/4/generated/not_after",
        "soon",
        "must be a time like 2026-11-30T09:00:00Z",
    ),
    (CUP + "/4/generated/not_before", "1900-01-01", "must be in the years 1950 to 9999"),
    (AT + "services/0/node", "x", "services[0].node: must be a node of the cluster, not 'x'"),
    (AT + "services/2/running", True, "services[2].running: must be false for a service that is not activated"),
    (
        AT + "services/1",
        {"node": "IMP-SUB", "service": PRESENCE_ENGINE},
        "'Cisco Presence Engine on imp-sub' twice",
    ),
    ("exchange/servers/0/further_ports", [5986], "further_ports: must not hold 5986, which is there anyway"),
    ("exchange/servers/0/common_name", "x.example.com", "common_name: has no meaning beside stands_in_for"),
    ("exchange/servers/0/stands_in_for/1", {"generated": ABOVE}, "must hold certificates or generated ones, not both"),
    ("exchange/servers/0/stands_in_for/1", MAIL1.pem, "stands_in_for: holds 'the certificate"),
    ("exchange/servers/0/stands_in_for/1", 5, "must be one certificate in PEM, or a mapping with certificate or"),
    (
        "exchange/servers/1/stands_in_for",
        [
            {"generated": {**OWN, "common_name": "x"}},
            {"generated": {**ABOVE, "common_name": "y"}},
            {"generated": ABOVE},
        ],
        None,
    ),
    (
        "exchange/servers/1/stands_in_for",
        [{"generated": ABOVE}, {"generated": {**ABOVE, "common_name": "y"}}],
        "exchange.servers[4].stands_in_for[1]: must have the same certificate above it as in exchange.servers[1]",
    ),
    ("note", 5, "note: must be text, not a whole number"),
]


@pytest.mark.parametrize(("path", "value", "message"), REFUSED)
def test_what_cannot_be_meant_is_refused_with_its_place(path: str, value: Any, message: str | None) -> None:
    if message is None:
        scenario_file.read(changed(path, value))
        return
    with pytest.raises(ScenarioError) as refused:
        scenario_file.read(changed(path, value))
    assert message in str(refused.value)
    assert "BEGIN CERT" not in str(refused.value)


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (
            CALENDARING + "/Spread",
            1,
            "parameters.Spread: is no calendaring parameter; they are",
        ),
        (CALENDARING + "/CalendarSpread", "soon", "a whole number from 0 to 2147483647 for CalendarSpread, not 'soon'"),
        (CALENDARING + "/EWSStatusFrequency", 0, "from 1 to 2147483647 for EWSStatusFrequency, not '0'"),
        (CALENDARING + "/EWSStatusFrequency", 10**10, "from 1 to 2147483647 for EWSStatusFrequency, not '1"),
        (
            "exchange/servers/1/stands_in_for",
            [UNREADABLE],
            "servers[1].stands_in_for: begins with a cert",
        ),
        ("exchange/servers/1/stands_in_for", [EMPTY], "servers[1].stands_in_for: begins with a certificate that no"),
        (GATEWAYS + "/6/client_secret_env", "NOT_SET", "environment variable NOT_SET"),
    ],
)
def test_what_only_the_first_start_can_tell_is_refused_too(path: str, value: Any, message: str, tmp_path: Path) -> None:
    with pytest.raises(ScenarioError) as refused:
        states.seed(tmp_path, scenario_file.read(changed(path, value)))
    assert message in str(refused.value)


def test_an_address_that_another_node_has_is_not_free() -> None:
    (cluster,) = scenario_file.read(changed(AT + "nodes/2/ipv4", "198.18.0.1")).clusters
    assert [node.ipv4 for node in cluster.nodes] == ["192.0.2.11", "198.18.0.2", "198.18.0.1", "198.18.0.3"]


def test_secrets_may_come_from_the_environment_or_be_those_of_the_tenant(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_OF_PROXY", "of the proxy")
    text = yaml.safe_load(changed(GATEWAYS + "/6/proxy_password_env", "SECRET_OF_PROXY"))
    text["clusters"][0]["presence_gateways_account"] = {"username": "EXAMPLE\\other", "password_env": "SECRET_OF_PROXY"}
    text["exchange"]["online"] = {
        "tenant_id": TENANT,
        "tenant_domain": "example.onmicrosoft.com",
        "addresses": dict(zip(ONLINE_HOSTS, ("192.0.2.41", "192.0.2.42", "192.0.2.43"), strict=True)),
        "applications": [{"label": "presence", "client_id": CLIENT}],
    }
    scenario = scenario_file.read(yaml.safe_dump(text))
    database = Database(states.seed(tmp_path, scenario))
    found = ready_content.of_gateways(database, CLUSTER)
    (known,) = accounts.accounts(database, accounts.ONLINE)
    database.close()
    assert found["gateways_account"] == {"username": "EXAMPLE\\other", "password": "of the proxy"}
    assert found["gateway_secrets"]["outlook.office365.com"] == {
        "client_secret": known.password,
        "proxy_password": "of the proxy",
    }


def test_an_account_that_exchange_knows_may_have_an_old_password_in_the_cluster(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OLD_PASSWORD", "the old one")
    account = {"username": "example\\SVC-imp", "password_env": "OLD_PASSWORD"}
    scenario = scenario_file.read(changed(AT + "presence_gateways_account", account))
    database = Database(states.seed(tmp_path, scenario))
    found = gateways.credentials(database, CLUSTER)
    database.close()
    assert found is not None
    assert (found.account, found.password) == ("example\\SVC-imp", "the old one")


def test_a_cluster_is_not_named_as_an_authority_because_accounts_are_kept_by_these_names() -> None:
    text = changed(AT + "name", "ca.example.com")
    authority = {"host": "ca.example.com", "common_name": "CA", "kind": "standalone", "ipv4": "192.0.2.9"}
    with pytest.raises(ScenarioError, match=r"hosts of certification authorities: holds 'ca\.example\.com' twice"):
        scenario_file.read(f"{text}\n{yaml.safe_dump({'certification_authorities': [authority]})}")
