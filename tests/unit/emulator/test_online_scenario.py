# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tenant of Exchange Online in scenario files, and its switch of Exchange Web Services."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from imp_emulator.domain.exchange import online
from imp_emulator.errors import InvalidValue
from imp_emulator.scenario import file as scenario_file
from imp_emulator.scenario.model import ScenarioError
from imp_emulator.scenario.writer import generate
from imp_emulator.world.environment import Environment
from tests.support import states

TENANT = yaml.safe_load("""
tenant_id: 3F1C5A52-6A0E-4A37-9A3F-2D1D7C1F0C11
tenant_domain: example.onmicrosoft.com
addresses: {login.microsoftonline.com: 192.0.2.41, graph.microsoft.com: 192.0.2.42, outlook.office365.com: 192.0.2.43}
ews: allow-listed
ews_allow_list: [presence]
applications:
  - label: presence
    client_id: 7f4b0f64-6e0e-4c0f-8a55-0c0b8a1d2e01
    permissions: [Calendars.Read, full_access_as_app]
    secret_env: ONLINE_SECRET
  - {label: other, client_id: 7f4b0f64-6e0e-4c0f-8a55-0c0b8a1d2e02, permissions: [full_access_as_app]}
""")
PRESENCE, OTHER = (one["client_id"] for one in TENANT["applications"])


def scenario(**changes: Any) -> str:
    content = yaml.safe_load(generate(users=1))
    content["exchange"]["online"] = {**copy.deepcopy(TENANT), **changes}
    return str(yaml.safe_dump(content))


def test_every_value_of_a_tenant_is_read() -> None:
    found = scenario_file.read(scenario()).online
    assert found is not None
    assert found.tenant_id == "3f1c5a52-6a0e-4a37-9a3f-2d1d7c1f0c11"
    assert found.hosts["graph.microsoft.com"] == "192.0.2.42"
    assert (found.ews, found.ews_allow_list) == ("allow-listed", ("presence",))
    assert [(one.label, one.roles, one.password_env) for one in found.applications] == [
        ("presence", ("Calendars.Read", "full_access_as_app"), "ONLINE_SECRET"),
        ("other", ("full_access_as_app",), None),
    ]
    assert scenario_file.load("default").online is None


@pytest.mark.parametrize(("written", "meant"), [("on", "on"), ("off", "off"), ("'off'", "off"), ("true", "on")])
def test_on_and_off_need_no_quotes(written: str, meant: str) -> None:
    text = scenario().replace("ews: allow-listed", f"ews: {written}")
    found = scenario_file.read(text).online
    assert found is not None
    assert found.ews == meant


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"ews": "maybe"}, "exchange.online.ews: must be one of on, off, allow-listed, not 'maybe'"),
        ({"tenant_id": "example"}, "exchange.online.tenant_id: must be a UUID, not 'example'"),
        ({"tenant_domain": "Example"}, "exchange.online.tenant_domain: must be a domain name with a dot"),
        (
            {"ews_allow_list": ["nobody"]},
            "exchange.online.ews_allow_list[0]: must be the label of an application, not 'nobody'",
        ),
        ({"addresses": {}}, "exchange.online.addresses.login.microsoftonline.com: is missing"),
        (
            {"applications": [{"label": "a", "client_id": PRESENCE, "permissions": ["Mail.Send"]}]},
            "exchange.online.applications[0].permissions[0]: must be one of Calendars.ReadBasic.All",
        ),
        (
            {"applications": [{"label": name, "client_id": PRESENCE} for name in "ab"], "ews_allow_list": []},
            "exchange.online.applications: holds '7f4b0f64-6e0e-4c0f-8a55-0c0b8a1d2e01' twice",
        ),
        (
            {"addresses": {**TENANT["addresses"], "graph.microsoft.com": "192.0.2.41"}},
            "addresses of nodes, Exchange servers and certification authorities: holds '192.0.2.41' twice",
        ),
        ({"requests_per_mailbox": 0}, "exchange.online.requests_per_mailbox: must be between 1 and 1000000, not 0"),
        ({"region": "EU"}, "exchange.online.region: is not known here"),
    ],
)
def test_a_wrong_value_is_refused_by_its_place(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ScenarioError) as error:
        scenario_file.read(scenario(**changes))
    assert message in str(error.value)


@pytest.fixture(name="seeded_tenant", scope="session")
def seeded_tenant_fixture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ONLINE_SECRET", "from the environment")
        return states.seed(tmp_path_factory.mktemp("tenant"), scenario_file.read(scenario()))


@pytest.fixture(name="tenant")
def tenant_fixture(seeded_tenant: Path, tmp_path: Path) -> Iterator[Environment]:
    with states.environment(seeded_tenant, tmp_path, scenario_file.read(scenario())) as environment:
        yield environment


def test_a_secret_comes_from_the_environment_or_is_made(tenant: Environment) -> None:
    presence = online.application(tenant.context, PRESENCE.upper())
    other = online.application(tenant.context, OTHER)
    assert presence is not None
    assert other is not None
    assert presence.password == "from the environment"
    assert len(other.password) > 20
    assert online.application(tenant.context, TENANT["tenant_id"]) is None


@pytest.mark.parametrize(
    ("state", "now", "presence", "other"),
    [
        ("on", datetime(2026, 11, 1, tzinfo=UTC), True, True),
        ("allow-listed", datetime(2026, 11, 1, tzinfo=UTC), True, False),
        ("off", datetime(2026, 11, 1, tzinfo=UTC), False, False),
        ("allow-listed", datetime(2027, 3, 31, 23, 59, 59, tzinfo=UTC), True, False),
        ("allow-listed", datetime(2027, 4, 1, tzinfo=UTC), False, False),
        ("on", datetime(2027, 4, 1, tzinfo=UTC), False, False),
    ],
)
def test_who_may_speak_ews(tenant: Environment, state: str, now: datetime, presence: bool, other: bool) -> None:
    tenant.clock.freeze(True)
    tenant.clock.set(now.timestamp())
    online.set_ews_access(tenant.context, state)
    assert online.may_speak_ews(tenant.context, PRESENCE) is presence
    assert online.may_speak_ews(tenant.context, OTHER) is other
    assert online.ews_access(tenant.context).ended is (now.year == 2027 and now.month == 4)


def test_the_list_is_replaced_and_knows_its_applications(tenant: Environment) -> None:
    online.set_ews_access(tenant.context, "allow-listed", ["other"])
    assert online.ews_access(tenant.context).allow_list == ("other",)
    assert not online.may_speak_ews(tenant.context, PRESENCE)
    for state, labels in (("allow-listed", ["nobody"]), ("perhaps", None)):
        with pytest.raises(InvalidValue):
            online.set_ews_access(tenant.context, state, labels)
    assert online.ews_access(tenant.context).allow_list == ("other",)
