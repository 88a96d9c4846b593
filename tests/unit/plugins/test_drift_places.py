# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which line of an inventory or playbook stands for a finding."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from ansible_collections.ucops.imp.plugins.plugin_utils._drift.places import Declared, Place


class Text(str):
    """A text that knows its line, as those of ansible do."""

    line = 0


def at(line: int, text: str) -> Text:
    placed = Text(text)
    placed.line = line
    return placed


def where(value: Any) -> Place | None:
    return Place("hosts.yml", value.line) if isinstance(value, Text) else None


class HostVars(Mapping[str, Any]):
    """What ansible templates as soon as it is read."""

    def __getitem__(self, name: str) -> Any:
        raise AssertionError(name)

    def __iter__(self) -> Any:
        raise AssertionError

    def __len__(self) -> int:
        return 1


GATEWAYS = [
    {at(2, "name"): at(2, "mail1.example.com"), at(3, "description"): at(3, "First"), at(4, "verify"): True},
    {at(5, "name"): at(5, "MAIL2.example.com")},
]
VARIABLES: dict[Any, Any] = {
    at(1, "gateways_list"): GATEWAYS,
    at(10, "gateways_account"): at(10, "{{ vault.account }}"),
    at(11, "vault"): {at(12, "account"): at(12, "svc"), at(13, "port"): 30},
    at(20, "spread"): 9,
    "options": "{{ lookup('ucops.imp.options', 'presence_gateways') }}",
    "around": at(30, "{{ again }}"),
    "again": at(31, "{{ around }}"),
    "hostvars": HostVars(),
    "services_here": at(40, "{{ [engine] + more }}"),
    "engine": at(41, "Cisco Presence Engine"),
    "more": [at(42, "Cisco SIP Proxy")],
}
OPTIONS = {
    "pending_restarts_path": at(99, "notes.json"),
    "undefined": "{{ options.nothing | default(omit) }}",
    "calendar_spread": "{{ options.spread | default(omit) }}",
    "gateways": "{{ options.gateways_list }}",
    "account_password": "{{ options.gateways_account }}",
    "services": "{{ services_here }}",
    "twisted": "{{ around }}{{ hostvars['x'].y }}",
    "loop": None,
}


@pytest.mark.parametrize(
    ("kind", "identifier", "field", "line"),
    [
        # A field where it is written, or the object: in a list, by its name in any case, or behind its node.
        ("presence_gateway", "mail1.example.com", "description", 3),
        ("presence_gateway", "mail1.example.com", "verify", 4),
        ("presence_gateway", "mail1.example.com", "port", 2),
        ("presence_gateway", "mail1.example.com", "exists", 2),
        ("presence_gateway", "mail2.example.com", None, 5),
        ("service", "imp-pub:Cisco Presence Engine", "status", 41),
        ("service", "imp-pub:Cisco SIP Proxy", "status", 42),
        # An option that has the name of the object; what no list has is missing in the list; a field as an option.
        ("calendaring_parameter", "calendar_spread", "value", 20),
        ("presence_gateway", "old.example.com", "exists", 1),
        ("gateway_credentials", "shared", "password", 10),
        ("service", "imp-pub:Cisco XCP Router", "status", 40),
        ("calendar_user", "user0001", "meeting_information", None),
        ("task", "A task", None, None),
    ],
)
def test_the_line_of_a_finding(kind: str, identifier: str, field: str | None, line: int | None) -> None:
    found = Declared(OPTIONS, VARIABLES, where).place(kind, identifier, field)
    assert found == (Place("hosts.yml", line) if line else None)


@pytest.mark.parametrize(
    ("options", "line"),
    [
        (OPTIONS, 20),
        ({"query": {"userid": at(7, "user%")}}, 7),
        ({"pending_restarts_path": at(99, "notes.json")}, None),
        ({"gateways": "{{ nobody_knows }}"}, None),
        ({}, None),
    ],
)
def test_the_first_thing_that_a_task_declares(options: dict[str, Any], line: int | None) -> None:
    found = Declared(options, VARIABLES, where).first
    assert found == (Place("hosts.yml", line) if line else None)


def test_variables_that_mention_each_other_many_times_are_each_followed_once() -> None:
    chain: dict[Any, Any] = {f"v{one}": f"{{{{ v{one + 1} if v{one + 1} else v{one + 2} }}}}" for one in range(200)}
    last = {**chain, at(3, "v200"): at(3, "mail1.example.com")}
    found = Declared({"gateways": "{{ v0 }}"}, last, where).place("presence_gateway", "mail1.example.com", None)
    assert found == Place("hosts.yml", 3)
