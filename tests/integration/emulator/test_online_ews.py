# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Exchange Web Services of Exchange Online: who is let in, for whom, and until when."""

from __future__ import annotations

from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

import pytest
import requests
import yaml

from imp_emulator.scenario.model import OUTLOOK_HOST
from tests.support import ews, online
from tests.support.emulator import Emulator
from tests.support.online import Graph

ANNA = "user0001@example.com"
GET_FOLDER = (
    "<m:GetFolder><m:FolderShape><t:BaseShape>Default</t:BaseShape></m:FolderShape>"
    '<m:FolderIds><t:DistinguishedFolderId Id="calendar"/></m:FolderIds></m:GetFolder>'
)


def post(emulator: Emulator, token: str, content: str = GET_FOLDER, acting_for: str | None = ANNA) -> requests.Response:
    header = "" if acting_for is None else ews.impersonation(acting_for)
    headers = {**ews.HEADERS, **({"Authorization": f"Bearer {token}"} if token else {})}
    url = f"https://{OUTLOOK_HOST}{ews.PATH}"
    return online.session(emulator).post(url, ews.envelope(content, header), headers=headers)


def test_an_application_acts_for_any_mailbox(tenant: Emulator) -> None:
    token = online.token(tenant, scope=online.EWS_SCOPE)
    for mailbox in (ANNA, "user0999@example.com"):
        answer = post(tenant, token, acting_for=mailbox)
        assert (answer.status_code, "NoError" in answer.text) == (200, True)
    (entry, _) = tenant.journal(protocol="ews", operation="GetFolder", node=OUTLOOK_HOST)
    assert entry["caller"] == online.application(tenant)[0]


def test_an_application_must_say_for_whom_it_acts(tenant: Emulator) -> None:
    answer = post(tenant, online.token(tenant, scope=online.EWS_SCOPE), acting_for=None)
    assert (answer.status_code, "ErrorImpersonationRequired" in answer.text) == (500, True)


def test_both_doors_show_the_same_calendar(tenant: Emulator) -> None:
    event = {
        "subject": "From Graph",
        "start": {"dateTime": "2026-11-26T09:00:00"},
        "end": {"dateTime": "2026-11-26T10:00:00"},
        "allowNewTimeProposals": False,
        "singleValueExtendedProperties": [{"id": "String 0x1234", "value": "blue"}],
    }
    created = Graph(tenant).call("POST", f"/users/{ANNA}/events", event).json()
    find = (
        '<m:FindItem Traversal="Shallow"><m:ItemShape><t:BaseShape>AllProperties</t:BaseShape>'
        '<t:AdditionalProperties><t:FieldURI FieldURI="calendar:AllowNewTimeProposal"/>'
        '<t:ExtendedFieldURI PropertyTag="0x1234" PropertyType="String"/></t:AdditionalProperties></m:ItemShape>'
        '<m:CalendarView StartDate="2026-11-26T00:00:00Z" EndDate="2026-11-27T00:00:00Z"/>'
        '<m:ParentFolderIds><t:DistinguishedFolderId Id="calendar"/></m:ParentFolderIds></m:FindItem>'
    )
    answer = post(tenant, online.token(tenant, scope=online.EWS_SCOPE), find).text
    assert created["id"].replace("-", "/").replace("_", "+") in answer
    assert "<t:Subject>From Graph</t:Subject>" in answer
    assert "AllowNewTimeProposal>false<" in answer
    assert "<t:Value>blue</t:Value>" in answer
    assert created["changeKey"] in answer


def test_without_a_good_token_nobody_is_let_in(tenant: Emulator) -> None:
    none = post(tenant, "")
    assert (none.status_code, none.headers["WWW-Authenticate"].split()[0]) == (401, "Bearer")
    for_graph = post(tenant, online.token(tenant))
    assert (for_graph.status_code, "Invalid audience" in for_graph.headers["x-ms-diagnostics"]) == (401, True)
    unpermitted = post(tenant, online.token(tenant, "writer", online.EWS_SCOPE))
    assert unpermitted.status_code == 401
    assert unpermitted.headers["x-ms-diagnostics"].startswith('2000008;reason="The token contains no permissions')


def test_an_application_goes_on_as_long_as_the_tenant_lets_it(tenant: Emulator) -> None:
    tenant.control.clock(frozen=True, now="2026-11-26T12:00:00+00:00")
    listed, forgotten = (online.token(tenant, label, online.EWS_SCOPE) for label in ("presence", "forgotten"))
    assert (post(tenant, listed).status_code, post(tenant, forgotten).status_code) == (200, 403)
    tenant.control.set_online_ews("on")
    assert post(tenant, forgotten).status_code == 200
    tenant.control.set_online_ews("off")
    assert (post(tenant, listed).status_code, post(tenant, forgotten).status_code) == (403, 403)
    assert Graph(tenant).call("GET", f"/users/{ANNA}/events").status_code == 200


@pytest.mark.parametrize(("now", "status"), [("2027-03-31T23:59:59+00:00", 200), ("2027-04-01T00:00:00+00:00", 403)])
def test_it_is_over_for_all_on_the_first_of_april(tenant: Emulator, now: str, status: int) -> None:
    tenant.control.clock(frozen=True, now=now)
    tenant.control.set_online_ews("on")
    assert post(tenant, online.token(tenant, scope=online.EWS_SCOPE)).status_code == status


def test_the_servers_of_the_organisation_take_no_token(tenant: Emulator) -> None:
    url, root = f"https://{ews.SERVER}{ews.PATH}", tenant.ready["exchange"][ews.SERVER]["root_file"]
    headers = {"Authorization": f"Bearer {online.token(tenant, scope=online.EWS_SCOPE)}", **ews.HEADERS}
    answer = requests.post(url, ews.envelope(GET_FOLDER), headers=headers, verify=root, timeout=30)
    assert answer.status_code == 401


def test_a_tenant_needs_no_server_and_no_cluster(start_emulator: Callable[..., Emulator], tmp_path: Path) -> None:
    scenario = yaml.safe_load((files("imp_emulator.scenario") / "online.yml").read_text(encoding="utf-8"))
    mailboxes = {"listed": [{"address": "anna@example.com", "display_name": "Anna Berg"}]}
    alone = {"format": 1, "exchange": {"online": scenario["exchange"]["online"], "mailboxes": mailboxes}}
    (tmp_path / "alone.yml").write_text(yaml.safe_dump(alone), encoding="utf-8")
    emulator = start_emulator("--scenario", str(tmp_path / "alone.yml"))
    assert (emulator.ready["clusters"], emulator.ready["exchange"]) == ({}, {})
    with online.reached(emulator):
        users = Graph(emulator).get("/users")["value"]
        token = online.token(emulator, scope=online.EWS_SCOPE)
        assert post(emulator, token, acting_for="anna@example.com").status_code == 200
    assert "anna@example.com" in [user["mail"] for user in users]
