# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every AXL message that the collection sends, and the answer to it, against the schemas of public client packages."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any, cast

import pytest
from ansible_collections.ucops.imp.plugins.module_utils._clients import axl, axl_pages
from ansible_collections.ucops.imp.plugins.module_utils._clients.axl import SEARCH_TAGS
from ansible_collections.ucops.imp.plugins.module_utils._http.transport import Answer, Transport

from imp_emulator.wire.axl.cucm import CucmAxl
from imp_emulator.world.environment import Environment
from tests.conformance.axl_schemas import OFFERED_VERSIONS, schema
from tests.support.axl_in_process import InProcess

ENGINE = "Cisco Presence Engine"
CLUSTER = "EnterpriseWideData"
TEMPLATE, DIRECTORY = "5b0a7a0c-7a6e-5c0c-9d0e-0f6f0a5f7d21", "6b0a7a0c-7a6e-5c0c-9d0e-0f6f0a5f7d21"


class Direct:
    """Stands in for the collection's transport: asks the emulator's protocol object and checks both messages."""

    server = "the emulator"

    def __init__(self, environment: Environment, version: str) -> None:
        self._axl = InProcess(environment, CucmAxl, "cucm-pub")
        self._oracle = schema("CUCM", version)
        self.environment = environment
        self.operations: set[str] = set()

    def request(
        self, _method: str, _path: str, *, body: bytes, headers: Mapping[str, str], **_policy: object
    ) -> Answer:
        known = {name.lower(): value for name, value in headers.items()}
        answer = self._axl.send(self._axl.call(body, known))
        # The question for the version is written in a namespace that has no schema.
        if known.get("soapaction"):
            assert self._oracle.errors(body) == [], body
            assert self._oracle.errors(answer.text.encode()) == []
            self.operations.add(known["soapaction"].strip('"').split()[-1])
        return Answer(answer.status, {}, answer.text.encode())


@pytest.fixture(params=OFFERED_VERSIONS)
def collection(emulated: Environment, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The collection's client, made to write in an older schema than the cluster has."""
    # An emulator in this process is for this thread.
    monkeypatch.setattr(axl_pages, "AHEAD", 0)

    class Older(axl.Axl):
        @property
        def schema(self) -> str:
            return str(request.param)

    transport = Direct(emulated, request.param)
    client: Any = Older(cast(Transport, transport))
    client.transport = transport
    return client


def with_directory(client: Any) -> Any:
    """Return the client, of a cluster with an LDAP directory and its template, which this scenario does not have."""
    database = client.transport.environment.database
    database.execute(f"INSERT INTO feature_group_template VALUES (1, 'dc1', '{TEMPLATE}', 'Staff', '', 1, 1, 0)")
    database.execute(f"INSERT INTO ldap_directory VALUES (1, 'dc1', '{DIRECTORY}', 'Corporate', '{TEMPLATE}', 0, NULL)")
    return client


CALLS: dict[str, Callable[[Any], Any]] = {
    "get_user": lambda axl: axl.get_user("user0001"),
    "list_users": lambda axl: [
        list(axl.list_users({}, page_size=1)),
        list(axl.list_users(dict.fromkeys(SEARCH_TAGS, "%"))),
    ],
    "list_people": lambda axl: list(axl.list_people(page_size=1)),
    "update_user": lambda axl: [
        axl.update_user("user0001", {"home_cluster": True, "im_and_presence": True}),
        axl.update_user("user0001", {"meeting_information": False}),
    ],
    "list_parameters": lambda axl: axl.list_parameters(ENGINE, CLUSTER),
    "update_parameter": lambda axl: axl.update_parameter(ENGINE, CLUSTER, "CalendarSpread", "10"),
    "process_nodes": lambda axl: axl.process_nodes(),
    "node_services": lambda axl: axl.node_services(),
    "redundancy_groups": lambda axl: axl.redundancy_groups(),
    "switch_high_availability": lambda axl: [
        axl.switch_high_availability("DefaultCUPSubcluster", on=True),
        axl.switch_high_availability("DefaultCUPSubcluster", on=False),
    ],
    "select_users": lambda axl: list(axl.select_users("department = 'sales'", page_size=1)),
    "origins": lambda axl: list(axl.origins("mailid is not null")),
    "access_control_groups": lambda axl: axl.access_control_groups(),
    "ldap_directories": lambda axl: with_directory(axl).ldap_directories(),
    "count_where": lambda axl: axl.count_where("mailid is null"),
    "count_users": lambda axl: axl.count_users(with_meeting_information=True),
    "sql": lambda axl: axl.sql("select first 1 userid from enduser where userid <> 'x'"),
}
"""Everything that the collection's client can do, apart from asking for the version and sending any message."""


@pytest.mark.parametrize("name", CALLS)
def test_what_the_collection_sends_is_valid(collection: Any, name: str) -> None:
    CALLS[name](collection)
    assert collection.transport.operations


def test_the_version_is_asked_without_a_schema(collection: Any) -> None:
    assert collection.version == "14.0.1.13900-155"


def test_no_call_of_the_collection_is_left_out() -> None:
    methods = {name for name, _ in inspect.getmembers(axl.Axl, inspect.isfunction) if not name.startswith("_")}
    assert methods - {"call"} == set(CALLS)
