# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults, clock, pace of services and accounts, each on its own."""

from __future__ import annotations

import base64
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from imp_emulator.pipeline.accounts import Access, Accounts, basic_credentials
from imp_emulator.pipeline.request import Request
from imp_emulator.scenario.model import ClusterSpec, NodeSpec, Scenario
from imp_emulator.store import accounts
from imp_emulator.store.database import Database
from imp_emulator.world.clock import Clock
from imp_emulator.world.environment import Environment
from imp_emulator.world.faults import Effect, EffectKind, Fault, Faults
from imp_emulator.world.pace import Pace, Rule, ServicePace

AXL = "Standard AXL API Access"


def struck(fault: Fault, times: int) -> list[bool]:
    return [fault.hit("dc1", "imp-pub", "axl", "getUser") for _ in range(times)]


def test_a_fault_skips_the_first_and_strikes_so_many_times() -> None:
    assert struck(Fault(1, Effect(EffectKind.DROP), skip=1, times=2), 5) == [False, True, True, False, False]


def test_a_fault_strikes_only_what_it_names() -> None:
    fault = Fault(1, Effect(EffectKind.DROP), cluster="dc1", node="imp-pub", protocol="axl", operation="getUser")
    assert fault.hit("dc1", "imp-pub", "axl", "getUser")
    for other in (("dc2", "imp-pub", "axl", "getUser"), ("dc1", "imp-sub", "axl", "getUser")):
        assert not fault.hit(*other)
    for other in (("dc1", "imp-pub", "certmgr", "getUser"), ("dc1", "imp-pub", "axl", "listUser")):
        assert not fault.hit(*other)
    assert fault.matched == 1


def test_a_random_fault_follows_its_seed() -> None:
    first = struck(Fault(1, Effect(EffectKind.DROP), probability=0.5, seed=7), 200)
    again = struck(Fault(2, Effect(EffectKind.DROP), probability=0.5, seed=7), 200)
    other = struck(Fault(3, Effect(EffectKind.DROP), probability=0.5, seed=8), 200)
    assert first == again
    assert first != other
    assert 60 < sum(first) < 140
    assert struck(Fault(4, Effect(EffectKind.DROP), probability=0.0), 20) == [False] * 20


def test_the_oldest_fault_that_strikes_wins_and_the_next_takes_over_when_it_is_spent() -> None:
    faults = Faults()
    faults.active = [
        Fault(faults.next_id(), Effect(EffectKind.DROP), times=1),
        Fault(faults.next_id(), Effect(EffectKind.DELAY, seconds=1)),
    ]
    kinds = []
    for _ in range(3):
        fault = faults.strike("dc1", "n", "p", "o")
        kinds.append(fault.effect.kind if fault else None)
    assert kinds == [EffectKind.DROP, EffectKind.DELAY, EffectKind.DELAY]
    assert faults.remove(2)
    assert not faults.remove(2)
    assert faults.strike("dc1", "n", "p", "o") is None


def test_a_frozen_clock_stands_still_and_goes_on_from_there() -> None:
    clock = Clock()
    clock.freeze(True)
    stopped = clock.timestamp()
    assert clock.timestamp() == stopped
    clock.advance(3600)
    assert clock.timestamp() == stopped + 3600
    clock.freeze(False)
    assert clock.timestamp() == pytest.approx(stopped + 3600, abs=5)


@pytest.mark.parametrize("frozen", [False, True])
def test_a_clock_can_be_set(frozen: bool) -> None:
    clock = Clock()
    clock.freeze(frozen)
    wanted = datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)
    clock.set(wanted.timestamp())
    assert clock.timestamp() == pytest.approx(wanted.timestamp(), abs=5)
    assert clock.isoformat().startswith("2030-01-02T03:04:")
    clock.reset()
    assert clock.offset_seconds == 0
    assert not clock.frozen


def test_the_most_specific_rule_of_the_pace_holds() -> None:
    pace = ServicePace()
    pace.set(Rule(Pace.POLLS, 3, node="imp-pub"))
    pace.set(Rule(Pace.HANG, 0, node="imp-pub", service="Cisco SIP Proxy"))
    pace.set(Rule(Pace.POLLS, 5, node="imp-pub"))
    assert pace.rule_for("imp-pub", "Cisco SIP Proxy").pace is Pace.HANG
    assert pace.rule_for("imp-pub", "Cisco Presence Engine").value == 5
    assert pace.rule_for("imp-sub", "Cisco Presence Engine").pace is Pace.IMMEDIATE


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    node = NodeSpec("cucm", "cucm.example.com", "cucm", "publisher", "192.0.2.1")
    scenario = Scenario((ClusterSpec("dc1", "14.0.1.13900-155", "example.com", (node,), ()),), ())
    database = Database(tmp_path / "state.sqlite3")
    accounts.seed(database, scenario)
    return Environment(database, Clock(), ServicePace(), scenario)


def call(headers: dict[str, str], cluster: str = "dc1") -> Request:
    return Request(cluster, "cucm", 8443, "POST", "/axl/", {}, headers, b"")


def basic(username: str, password: str) -> dict[str, str]:
    return {"authorization": "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()}


def password(environment: Environment, label: str) -> str:
    found = accounts.accounts(environment.database, "dc1")
    return next(account.password for account in found if account.label == label)


def known(environment: Environment) -> Accounts:
    return Accounts(environment.database, environment.sessions)


def test_basic_credentials_are_checked_against_kind_and_role(environment: Environment) -> None:
    good = basic("axladmin", password(environment, "application"))
    accepted = call(good)
    assert known(environment).basic(accepted, "application", AXL) is Access.OK
    assert accepted.caller == "axladmin"
    assert known(environment).basic(call(good), "application", "No Such Role") is Access.FORBIDDEN
    assert known(environment).basic(call(good), "os") is Access.UNAUTHENTICATED
    assert known(environment).basic(call(good, "dc2"), "application") is Access.UNAUTHENTICATED
    unprivileged = basic("noaxl", password(environment, "readonly"))
    assert known(environment).basic(call(unprivileged), "application", AXL) is Access.FORBIDDEN
    assert known(environment).basic(call(unprivileged), "application") is Access.OK


@pytest.mark.parametrize(
    "headers",
    [
        {},
        basic("axladmin", ""),
        basic("axladmin", "wrong"),
        basic("axladmin", "пароль"),
        basic("nobody", ""),
        basic("", ""),
        {"authorization": "Basic not-base64!"},
        {"authorization": "Basic /w=="},
        {"authorization": "Bearer abc"},
        {"authorization": "Basic " + base64.b64encode(b"no colon").decode()},
    ],
)
def test_other_credentials_are_refused(environment: Environment, headers: dict[str, str]) -> None:
    refused = call(headers)
    assert known(environment).basic(refused, "application") is Access.UNAUTHENTICATED
    assert refused.caller is None


def test_a_password_may_hold_colons_and_any_letters() -> None:
    assert basic_credentials(basic("user", "a:b:ü")["authorization"]) == ("user", "a:b:ü")


def test_a_session_stands_for_its_account_on_its_node_only(environment: Environment) -> None:
    first = call(basic("axladmin", password(environment, "application")))
    known(environment).basic(first, "application", AXL)
    session, page = known(environment).new_session(first, "/axl")
    assert re.fullmatch(r"JSESSIONID=[0-9A-F]{32}; Path=/axl; Secure; HttpOnly", page)
    token = session.removeprefix("JSESSIONIDSSO=").removesuffix("; Path=/; Secure; HttpOnly")
    cookie = {"cookie": f'other=1; JSESSIONIDSSO="{token}"'}
    again = call(cookie)
    assert known(environment).session(again, "application", AXL) is Access.OK
    assert again.caller == "axladmin"
    assert known(environment).new_session(again, "/axl") == ()
    first.headers = {"cookie": "JSESSIONIDSSO=0"}
    assert known(environment).new_session(first, "/axl")[0] == session
    elsewhere = call(cookie)
    elsewhere.node = "other"
    assert known(environment).session(elsewhere, "application", AXL) is Access.UNAUTHENTICATED
    assert known(environment).session(call({"cookie": "JSESSIONIDSSO=0"}), "application") is Access.UNAUTHENTICATED
    assert known(environment).session(call({}), "application") is Access.UNAUTHENTICATED
    assert known(environment).session(call(cookie), "application", "No Such Role") is Access.FORBIDDEN


@pytest.mark.parametrize(
    ("fault", "down"),
    [
        ({"node": "n"}, True),
        ({}, True),
        ({"cluster": "dc1", "node": "n"}, True),
        ({"node": "other"}, False),
        ({"cluster": "dc2"}, False),
        ({"node": "n", "protocol": "axl"}, False),
        ({"node": "n", "operation": "getUser"}, False),
        ({"node": "n", "times": 1}, False),
        ({"node": "n", "skip": 1}, False),
        ({"node": "n", "probability": 0.5}, False),
        ({"node": "n", "effect": Effect(EffectKind.STATUS)}, False),
    ],
)
def test_a_node_is_cut_off_when_every_request_to_it_is_dropped(fault: dict[str, Any], down: bool) -> None:
    faults = Faults()
    faults.active.append(Fault(**{"id": 1, "effect": Effect(EffectKind.DROP), **fault}))
    assert faults.cut_off("dc1", "n") is down
