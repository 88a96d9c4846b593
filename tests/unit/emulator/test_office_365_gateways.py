# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules of presence gateways of Office 365: by release, their fields, their secrets, and the shared account."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from imp_emulator.catalogue.office_365 import speaks_graph
from imp_emulator.domain.imp import gateway_credentials, gateways, office_365, restarts, trust
from imp_emulator.domain.imp.gateway_credentials import TooManyCompares
from imp_emulator.domain.imp.gateways import Draft, Gateway
from imp_emulator.domain.imp.office_365 import Office365Draft
from imp_emulator.errors import DomainError, Forbidden, InvalidValue
from imp_emulator.scenario import file as scenario_file
from imp_emulator.world.environment import Environment
from tests.support import office_365 as support
from tests.support import states
from tests.support.certificates import issue
from tests.support.office_365 import CLIENT_ID, GRAPH_URL, LOGIN_URL, OUTLOOK, OUTLOOK_URL, TENANT_ID, TYPE

SCENARIO = scenario_file.read(yaml.safe_dump(support.content()))
SECRET, PROXY_SECRET = "canary-of-the-client", "canary-of-the-proxy"
ONLINE = Office365Draft(CLIENT_ID, TENANT_ID, client_secret=SECRET)
DRAFT = Draft(OUTLOOK, type=TYPE, office_365=ONLINE)
EXCHANGE = Draft("mail1.example.com", account=r"EXAMPLE\svc-imp", password="canary-of-the-account")
PROXY: dict[str, Any] = {
    "proxy_url": "http://proxy.example.com:3128",
    "proxy_username": "imp",
    "proxy_password": PROXY_SECRET,
}


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return states.seed(tmp_path_factory.mktemp("office"), SCENARIO)


@pytest.fixture
def emulated(seeded: Path, tmp_path: Path) -> Iterator[Environment]:
    with states.environment(seeded, tmp_path, SCENARIO) as environment:
        yield environment


def add(environment: Environment, draft: Draft = DRAFT, cluster: str = "graph", **online: Any) -> Gateway:
    if online:
        draft = replace(draft, office_365=replace(ONLINE, **online))
    with environment.database.transaction():
        return gateways.add(environment.context, cluster, draft)


def put(environment: Environment, gateway: Gateway, draft: Draft = DRAFT, **online: Any) -> Gateway:
    if online:
        draft = replace(draft, office_365=replace(ONLINE, **online))
    with environment.database.transaction():
        return gateways.replace(environment.context, "graph", gateway.id, draft)


def causes(environment: Environment) -> list[str]:
    """Return what the publisher's Presence Engine has to restart for, and forget it."""
    found = restarts.pending(environment.context, "graph")
    environment.database.execute("DELETE FROM pending_restart")
    listed = [(p.service, [f"{c.obj} {c.action}" for c in p.causes]) for p in found if p.node == "imp-pub"]
    assert {service for service, _ in listed} <= {"Cisco Presence Engine"}
    return [cause for _, some in listed for cause in some]


@pytest.mark.parametrize(
    ("cluster", "resource", "graph"),
    [("first", OUTLOOK_URL, False), ("ews", OUTLOOK_URL, False), ("graph", GRAPH_URL, True)],
)
def test_the_release_decides_where_calendars_come_from(
    emulated: Environment, cluster: str, resource: str, graph: bool
) -> None:
    found = add(emulated, cluster=cluster)
    assert found.office_365 is not None
    assert (found.office_365.authentication_endpoint, found.office_365.resource) == (LOGIN_URL, resource)
    assert speaks_graph(SCENARIO.cluster(cluster)) is graph
    assert (found.account, found.office_365.client_id) == ("", CLIENT_ID)


def test_older_releases_do_not_have_the_type_or_not_all_fields(emulated: Environment) -> None:
    with pytest.raises(InvalidValue) as refusal:
        add(emulated, cluster="old")
    assert (refusal.value.field, "Office 365" in refusal.value.message) == ("type", False)
    for name in ("authentication_endpoint", "resource"):
        with pytest.raises(InvalidValue, match=f"{name} can be set from release 15SU2 on"):
            add(emulated, DRAFT, "first", **{name: "https://login.microsoftonline.us"})
    found = add(emulated, DRAFT, "ews", authentication_endpoint=LOGIN_URL, resource=OUTLOOK_URL).office_365
    assert found is not None
    assert found.resource == OUTLOOK_URL


def test_the_engine_has_to_restart_for_tomcat_trust_too(emulated: Environment) -> None:
    def upload(common_name: str) -> None:
        with emulated.database.transaction():
            trust.upload(emulated.context, "graph", "imp-pub", ["tomcat"], [issue(common_name).pem])

    upload("Before")
    assert causes(emulated) == []
    add(emulated)
    causes(emulated)
    upload("After")
    assert causes(emulated) == ["tomcat-trust certificate After.pem uploaded"]


def test_the_secrets_are_kept_unless_others_are_given(emulated: Environment) -> None:
    added = add(emulated, **PROXY)
    assert office_365.secrets(emulated.context, added.id) == office_365.Secrets(SECRET, PROXY_SECRET)
    assert causes(emulated) == [f"Presence gateway {OUTLOOK} added"]
    kept: dict[str, Any] = {"client_secret": None, **PROXY, "proxy_password": None}
    assert put(emulated, added, **kept) == added
    assert causes(emulated) == []
    other = put(emulated, added, **{**kept, "client_secret": "another secret"})
    assert office_365.secrets(emulated.context, added.id).client_secret == "another secret"
    assert other.etag != added.etag
    assert causes(emulated) == [f"Presence gateway {OUTLOOK} updated"]
    tags = {added.etag, other.etag, put(emulated, added, **{**kept, "proxy_password": "another"}).etag}
    tags.add(put(emulated, added, client_secret=None).etag)
    assert len(tags) == 4
    assert office_365.secrets(emulated.context, added.id) == office_365.Secrets("another secret", "")
    assert SECRET not in repr(added) + repr(DRAFT) + repr(office_365.secrets(emulated.context, added.id))


@pytest.mark.parametrize(
    ("online", "code", "said"),
    [
        ({"client_id": "presence"}, "invalid-field", "client_id must be a UUID"),
        ({"client_id": CLIENT_ID + "\n"}, "invalid-field", "client_id must be a UUID"),
        ({"tenant_id": "example.onmicrosoft.com"}, "invalid-field", "tenant_id must be a UUID"),
        ({"client_secret": None}, "secret-required", "client secret"),
        ({"client_secret": " \t"}, "secret-required", "client secret"),
        ({"client_secret": "x" * 257}, "invalid-field", "client_secret must have at most 256"),
        ({"authentication_endpoint": "http://login.microsoftonline.com"}, "invalid-field", "authentication_endpoint"),
        ({"authentication_endpoint": LOGIN_URL + "/"}, "invalid-field", "authentication_endpoint"),
        ({"authentication_endpoint": "https://login"}, "invalid-field", "authentication_endpoint"),
        ({"resource": "https://user@graph.microsoft.com"}, "invalid-field", "resource"),
        ({"resource": "https://graph.microsoft.com:0"}, "invalid-field", "resource"),
        ({"resource": "https://graph.microsoft.com:"}, "invalid-field", "resource"),
        ({"resource": "https://graph.microsoft.com:99999"}, "invalid-field", "resource"),
        ({"resource": "https://[::1"}, "invalid-field", "resource"),
        ({"resource": ""}, "invalid-field", "resource"),
        ({"proxy_url": "socks5://proxy.example.com"}, "invalid-field", "proxy_url"),
        ({"proxy_url": "http://imp:canary@proxy.example.com"}, "invalid-field", "proxy_url"),
        ({"proxy_username": "imp", "proxy_password": "x"}, "invalid-field", "proxy_username needs a proxy_url"),
        ({**PROXY, "proxy_username": ""}, "invalid-field", "proxy_password needs a proxy_username"),
        ({**PROXY, "proxy_username": "a:b"}, "invalid-field", "colon"),
        ({**PROXY, "proxy_password": None}, "secret-required", "password"),
        ({**PROXY, "proxy_password": " "}, "secret-required", "password"),
    ],
)
def test_fields_that_break_a_rule(emulated: Environment, online: dict[str, Any], code: str, said: str) -> None:
    with pytest.raises(InvalidValue, match=said) as refusal:
        add(emulated, **online)
    assert (refusal.value.code, refusal.value.field) == (code, "office_365")
    assert "canary" not in refusal.value.message
    assert (gateways.gateways(emulated.context, "graph"), causes(emulated)) == ([], [])


@pytest.mark.parametrize(
    "url",
    ["https://login.microsoftonline.us", "https://192.0.2.41:8443", "https://[2001:db8::1]", "https://A.example.com"],
)
def test_urls_of_other_clouds(emulated: Environment, url: str) -> None:
    found = add(emulated, authentication_endpoint=url, resource=url).office_365
    assert found is not None
    assert (found.authentication_endpoint, found.resource) == (url, url)


@pytest.mark.parametrize(
    ("draft", "field"),
    [
        (replace(DRAFT, account=r"EXAMPLE\svc-imp"), "account"),
        (replace(DRAFT, password="x"), "password"),
        (replace(DRAFT, office_365=None), "office_365"),
        (replace(EXCHANGE, office_365=ONLINE), "office_365"),
        (replace(DRAFT, type="Exchange -- EWS Auto Discover"), "type"),
    ],
)
def test_each_type_has_its_own_fields(emulated: Environment, draft: Draft, field: str) -> None:
    with pytest.raises(InvalidValue) as refusal:
        add(emulated, draft)
    assert refusal.value.field == field


def test_the_account_is_that_of_exchange_servers_and_goes_with_the_last_of_them(emulated: Environment) -> None:
    online = add(emulated)
    assert gateway_credentials.account(emulated.context, "graph") is None
    with pytest.raises(Forbidden):
        gateway_credentials.replace(emulated.context, "graph", r"EXAMPLE\svc-imp", "password")
    with pytest.raises(InvalidValue, match="Account Name and Password"):
        add(emulated, Draft("mail1.example.com"))
    exchange = add(emulated, EXCHANGE)
    assert [one.account for one in gateways.gateways(emulated.context, "graph")] == ["", r"EXAMPLE\svc-imp"]
    tag = gateways.gateway(emulated.context, "graph", online.id).etag
    gateway_credentials.replace(emulated.context, "graph", "svc@example.com", "password")
    assert gateways.gateway(emulated.context, "graph", online.id).etag == tag
    gateways.delete(emulated.context, "graph", exchange.id)
    assert gateway_credentials.account(emulated.context, "graph") is None
    assert [one.name for one in gateways.gateways(emulated.context, "graph")] == [OUTLOOK]


def test_a_gateway_may_change_its_type(emulated: Environment) -> None:
    exchange = add(emulated, EXCHANGE)
    causes(emulated)
    changed = put(emulated, exchange, replace(DRAFT, name="mail1.example.com"))
    assert (changed.type, changed.office_365 is None) == (TYPE, False)
    assert gateway_credentials.account(emulated.context, "graph") is None
    assert causes(emulated) == ["Presence gateway mail1.example.com updated"]
    back = put(emulated, exchange, EXCHANGE)
    assert (back.type, back.office_365) == (exchange.type, None)
    assert office_365.secrets(emulated.context, exchange.id) == office_365.Secrets("", "")
    with pytest.raises(InvalidValue, match="client secret"):
        put(emulated, exchange, replace(DRAFT, office_365=replace(ONLINE, client_secret=None)))


def test_another_client_needs_its_secret(emulated: Environment) -> None:
    added = add(emulated)
    other = "7F4B0F64-6E0E-4C0F-8A55-0C0B8A1D2E02"
    with pytest.raises(InvalidValue, match="client secret"):
        put(emulated, added, client_id=other, client_secret=None)
    changed = put(emulated, added, client_id=other)
    assert changed.office_365 is not None
    assert changed.office_365.client_id == other.lower()


def test_secrets_are_compared_each_by_itself(emulated: Environment) -> None:
    added = add(emulated, **PROXY)

    def compare(secret: str | None, password: str | None) -> tuple[bool | None, bool | None]:
        return gateways.compare_secrets(emulated.context, "graph", added.id, secret, password)

    assert compare(SECRET, PROXY_SECRET) == (True, True)
    assert compare(SECRET, None) == (True, None)
    assert compare(None, None) == (None, None)
    assert compare("wrong", PROXY_SECRET) == (False, True)
    plain = add(emulated, replace(DRAFT, name="two.example.com"))
    assert gateways.compare_secrets(emulated.context, "graph", plain.id, None, "") == (None, False)


def test_failed_comparisons_are_counted_together_with_those_of_the_account(emulated: Environment) -> None:
    added, exchange = add(emulated), add(emulated, EXCHANGE)
    for _ in range(9):
        gateways.compare_secrets(emulated.context, "graph", added.id, "wrong", "wrong")
    assert not gateway_credentials.compare(emulated.context, "graph", r"EXAMPLE\svc-imp", "wrong")
    with pytest.raises(TooManyCompares):
        gateways.compare_secrets(emulated.context, "graph", added.id, SECRET, None)
    states.advance(emulated, 60)
    assert gateways.compare_secrets(emulated.context, "graph", added.id, SECRET, None) == (True, None)
    with pytest.raises(DomainError) as refusal:
        gateways.compare_secrets(emulated.context, "graph", exchange.id, SECRET, None)
    assert refusal.value.code == "not-office-365"
