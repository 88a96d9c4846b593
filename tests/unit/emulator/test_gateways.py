# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules of presence gateways and of the account that they share (G1, G2, G4, G5, G7)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from imp_emulator.domain.cucm import parameters
from imp_emulator.domain.imp import gateway_credentials, gateways, ipv6, restarts
from imp_emulator.domain.imp.gateway_credentials import TooManyCompares
from imp_emulator.domain.imp.gateways import Draft, Gateway
from imp_emulator.errors import DomainError, Duplicate, Forbidden, InvalidValue, NotFound
from imp_emulator.store.imp import gateways as store
from imp_emulator.world.environment import Environment

ENGINE = "Cisco Presence Engine"
ACCOUNT, PASSWORD = r"EXAMPLE\svc-imp", "canary-of-the-gateways"
FIRST = Draft("mail1.example.com", account=ACCOUNT, password=PASSWORD)


def add(environment: Environment, draft: Draft) -> Gateway:
    with environment.database.transaction():
        return gateways.add(environment.context, "dc1", draft)


def put(environment: Environment, gateway: Gateway, draft: Draft) -> Gateway:
    with environment.database.transaction():
        return gateways.replace(environment.context, "dc1", gateway.id, draft)


def listed(environment: Environment) -> list[tuple[int, str]]:
    return [(found.position, found.name) for found in gateways.gateways(environment.context, "dc1")]


def forget_restarts(environment: Environment) -> None:
    environment.database.execute("DELETE FROM pending_restart")


def pending(environment: Environment) -> list[tuple[str, str, list[str]]]:
    found = restarts.pending(environment.context, "dc1")
    return [(p.node, p.service, [f"{c.obj} {c.action}" for c in p.causes]) for p in found]


def matches(environment: Environment, account: str = ACCOUNT, password: str = PASSWORD) -> bool:
    return gateway_credentials.compare(environment.context, "dc1", account, password)


def test_there_is_no_upper_bound_and_the_order_is_that_of_adding(emulated: Environment) -> None:
    add(emulated, FIRST)
    for number in range(2, 31):
        add(emulated, Draft(f"mail{number}.example.com"))
    assert listed(emulated) == [(n, f"mail{n}.example.com") for n in range(1, 31)]
    gateways.delete(emulated.context, "dc1", gateways.gateways(emulated.context, "dc1")[0].id)
    add(emulated, Draft("mail1.example.com"))
    assert listed(emulated)[0] == (1, "mail2.example.com")
    assert listed(emulated)[-1] == (30, "mail1.example.com")


def test_several_changes_in_a_row_ask_for_one_restart_of_every_engine(emulated: Environment) -> None:
    first = add(emulated, FIRST)
    second = add(emulated, Draft("mail2.example.com"))
    put(emulated, second, Draft("mail2.example.com", description="Branch"))
    gateways.delete(emulated.context, "dc1", first.id)
    causes = [
        "Presence gateway mail1.example.com added",
        "Presence gateway mail2.example.com added",
        "Presence gateway mail2.example.com updated",
        "Presence gateway mail1.example.com deleted",
    ]
    assert pending(emulated) == [("imp-pub", ENGINE, causes), ("imp-sub", ENGINE, causes)]


def test_a_replacement_that_changes_nothing_asks_for_none(emulated: Environment) -> None:
    first = add(emulated, FIRST)
    forget_restarts(emulated)
    assert put(emulated, first, Draft("mail1.example.com")) == first
    assert put(emulated, first, FIRST) == first
    assert pending(emulated) == []


@pytest.mark.parametrize(
    ("account", "password"),
    [(None, None), (ACCOUNT, None), (None, PASSWORD), ("", PASSWORD), (ACCOUNT, ""), (ACCOUNT, "  "), ("\t", PASSWORD)],
)
def test_the_first_gateway_needs_both_parts(emulated: Environment, account: str | None, password: str | None) -> None:
    with pytest.raises(InvalidValue) as refusal:
        add(emulated, Draft("mail1.example.com", account=account, password=password))
    assert refusal.value.code == "credentials-required"
    assert refusal.value.message.startswith("Add failed. Account Name and Password must be non NULL and non blank")
    assert listed(emulated) == []
    assert gateway_credentials.account(emulated.context, "dc1") is None


def test_every_gateway_shares_the_account_whichever_one_changes_it(emulated: Environment) -> None:
    add(emulated, FIRST)
    second = add(emulated, Draft("mail2.example.com"))
    assert second.account == ACCOUNT
    forget_restarts(emulated)
    put(emulated, second, Draft("mail2.example.com", account="svc@example.com", password="another one"))
    assert [found.account for found in gateways.gateways(emulated.context, "dc1")] == ["svc@example.com"] * 2
    assert matches(emulated, "svc@example.com", "another one")
    assert [causes for *_, causes in pending(emulated)] == [["Presence gateway credentials updated"]] * 2
    add(emulated, Draft("mail3.example.com", account=ACCOUNT, password=PASSWORD))
    assert {found.account for found in gateways.gateways(emulated.context, "dc1")} == {ACCOUNT}


def test_a_password_alone_goes_to_the_shared_account_and_an_account_alone_is_not_enough(emulated: Environment) -> None:
    first = add(emulated, FIRST)
    put(emulated, first, Draft("mail1.example.com", password="new one"))
    assert matches(emulated, ACCOUNT, "new one")
    put(emulated, first, Draft("mail1.example.com", account=ACCOUNT))
    assert matches(emulated, ACCOUNT, "new one")
    with pytest.raises(InvalidValue) as refusal:
        put(emulated, first, Draft("mail1.example.com", account="svc@example.com"))
    assert (refusal.value.code, refusal.value.field) == ("credentials-required", "password")


def test_the_account_goes_with_the_last_gateway(emulated: Environment) -> None:
    first = add(emulated, FIRST)
    gateways.delete(emulated.context, "dc1", first.id)
    assert gateway_credentials.account(emulated.context, "dc1") is None
    assert store.credentials(emulated.database, "dc1") is None
    with pytest.raises(InvalidValue):
        add(emulated, Draft("mail1.example.com"))


def test_the_tag_changes_with_everything_that_a_replacement_sets(emulated: Environment) -> None:
    first = add(emulated, FIRST)
    tags = {first.etag}
    changes = [
        replace(FIRST, description="Head office"),
        replace(FIRST, port=8443),
        replace(FIRST, name="mail9.example.com"),
        replace(FIRST, account="svc@example.com"),
        replace(FIRST, password="another one"),
    ]
    for change in changes:
        tags.add(put(emulated, first, change).etag)
    assert len(tags) == len(changes) + 1


@pytest.mark.parametrize("name", ["mail1.example.com", "MAIL1.Example.com"])
def test_no_two_gateways_of_a_name(emulated: Environment, name: str) -> None:
    add(emulated, FIRST)
    second = add(emulated, Draft("mail2.example.com"))
    with pytest.raises(Duplicate) as refusal:
        add(emulated, Draft(name))
    assert refusal.value.code == "gateway-exists"
    assert refusal.value.message == "Add failed. Outlook or EWS Calendaring gateway already exists."
    with pytest.raises(Duplicate):
        put(emulated, second, Draft(name))


@pytest.mark.parametrize(
    ("draft", "field"),
    [
        (replace(FIRST, name="mail1"), "name"),
        (replace(FIRST, port=0), "port"),
        (replace(FIRST, port=65_536), "port"),
        (replace(FIRST, type="Exchange -- WebDAV"), "type"),
        (replace(FIRST, description="x" * 256), "description"),
        (replace(FIRST, account="svc-imp"), "account"),
        (replace(FIRST, password="x" * 257), "password"),
    ],
)
def test_fields_that_break_a_rule(emulated: Environment, draft: Draft, field: str) -> None:
    with pytest.raises(InvalidValue) as refusal:
        add(emulated, draft)
    assert refusal.value.field == field
    assert "xxx" not in refusal.value.message
    assert (listed(emulated), pending(emulated)) == ([], [])


def enable_ipv6(environment: Environment) -> None:
    row = parameters.find(environment.context, "dc1", "EnterpriseWideData", "Enterprise Wide", "EnableIPV6")
    parameters.change(environment.context, "dc1", row, "T")


def test_an_ipv6_gateway_needs_the_parameter_and_every_eth0(emulated: Environment) -> None:
    draft = replace(FIRST, name="2001:db8::21")
    with pytest.raises(Forbidden) as refusal:
        add(emulated, draft)
    assert refusal.value.code == "ipv6-not-configured"
    assert all(word in refusal.value.message for word in ("EnableIPV6", "imp-pub", "imp-sub"))
    enable_ipv6(emulated)
    ipv6.set_eth0(emulated.context, "dc1", "imp-pub", "2001:db8::12")
    with pytest.raises(Forbidden) as refusal:
        add(emulated, draft)
    assert "imp-sub" in refusal.value.message
    assert not any(word in refusal.value.message for word in ("EnableIPV6", "imp-pub"))
    ipv6.set_eth0(emulated.context, "dc1", "imp-sub", "2001:DB8::13")
    add(emulated, draft)
    with pytest.raises(Duplicate):
        add(emulated, Draft("2001:DB8:0:0::21"))


def test_eth0_asks_for_restarts_on_its_node_and_only_when_it_changes(emulated: Environment) -> None:
    ipv6.set_eth0(emulated.context, "dc1", "imp-pub", "2001:db8::12")
    services = ["Cisco Presence Engine", "Cisco SIP Proxy", "Cisco XCP Router"]
    assert [(node, service) for node, service, _ in pending(emulated)] == [("imp-pub", name) for name in services]
    forget_restarts(emulated)
    assert ipv6.set_eth0(emulated.context, "dc1", "IMP-PUB", "2001:db8:0::12").ipv6 == "2001:db8::12"
    assert pending(emulated) == []
    assert ipv6.set_eth0(emulated.context, "dc1", "imp-pub", None).ipv6 is None
    assert len(pending(emulated)) == 3
    for name in ("cucm-pub", "imp-xyz"):
        with pytest.raises(NotFound):
            ipv6.set_eth0(emulated.context, "dc1", name, None)


def test_credentials_on_their_own(emulated: Environment) -> None:
    with pytest.raises(Forbidden) as refusal:
        gateway_credentials.replace(emulated.context, "dc1", ACCOUNT, PASSWORD)
    assert refusal.value.code == "no-gateway"
    add(emulated, FIRST)
    forget_restarts(emulated)
    assert not gateway_credentials.replace(emulated.context, "dc1", ACCOUNT, PASSWORD)
    assert pending(emulated) == []
    assert gateway_credentials.replace(emulated.context, "dc1", ACCOUNT, "another one")
    assert len(pending(emulated)) == 2
    for account, password in (("", "x"), (ACCOUNT, " "), ("svc", "x")):
        with pytest.raises(DomainError):
            gateway_credentials.replace(emulated.context, "dc1", account, password)


def test_compare_needs_both_parts_to_be_right(emulated: Environment) -> None:
    assert not matches(emulated)
    add(emulated, FIRST)
    assert matches(emulated)
    assert not matches(emulated, password="canary")
    assert not matches(emulated, account="svc@example.com")
    for change in ({"account": "svc"}, {"password": " "}):
        with pytest.raises(InvalidValue):
            matches(emulated, **change)


def test_ten_failed_compares_a_minute_and_no_more(emulated: Environment) -> None:
    add(emulated, FIRST)
    for _ in range(10):
        assert not matches(emulated, password="wrong")
        emulated.clock.advance(1)
    with pytest.raises(TooManyCompares) as refusal:
        matches(emulated)
    assert refusal.value.retry_after == 50
    emulated.clock.advance(refusal.value.retry_after)
    assert matches(emulated)
    assert not matches(emulated, password="wrong")
    with pytest.raises(TooManyCompares):
        matches(emulated)


def test_right_compares_are_never_too_many_and_a_clock_set_back_locks_nobody_out(emulated: Environment) -> None:
    add(emulated, FIRST)
    assert all(matches(emulated) for _ in range(50))
    for _ in range(10):
        matches(emulated, password="wrong")
    emulated.clock.advance(-3600)
    assert matches(emulated)


def test_clusters_share_nothing(emulated: Environment) -> None:
    first = add(emulated, FIRST)
    assert gateways.gateways(emulated.context, "dc2") == []
    with pytest.raises(NotFound):
        gateways.gateway(emulated.context, "dc2", first.id)
