# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The console's pages of clusters and gateways: which services come first, what can be done to them and to groups."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from lxml import html

from imp_emulator.catalogue.services import AXL_WEB_SERVICE, PRESENCE_ENGINE, RECOVERY_MANAGER, SIP_PROXY, XCP_ROUTER
from imp_emulator.console.actions import ACTIONS, Call
from imp_emulator.domain.cucm import parameters
from imp_emulator.domain.imp import gateways, ipv6, services, trust
from imp_emulator.domain.imp.gateways import Draft
from imp_emulator.domain.imp.services import Action, Verb
from imp_emulator.domain.network import tls_chain, tls_probe
from imp_emulator.domain.network.tls_handshake import Handshake
from imp_emulator.world.environment import Environment
from imp_emulator.world.pace import Pace, Rule
from tests.support import console_door
from tests.support.certificates import issue
from tests.support.console_door import Visitor
from tests.support.console_reader import Reader, words_of
from tests.support.redundancy import fail_over, pair, pair_scenario, seeded_pair, shown
from tests.support.states import advance
from tests.support.tls_server import serving

__all__ = ["pair", "pair_scenario", "seeded_pair"]

GATEWAY = "mail1.example.com"
ADDRESS = "2001:db8::9"
BULK = "Cisco Bulk Provisioning Service"


@pytest.fixture(name="reader")
def reader_fixture(emulated: Environment, tmp_path: Path) -> Reader:
    return Reader(emulated, tmp_path)


def cards(text: str) -> dict[str, html.HtmlElement]:
    """Return the card of each node, by its name."""
    found = html.document_fromstring(text).iter("article")
    return {str(card.findtext("h3")).strip(): card for card in found}


def listed(card: html.HtmlElement) -> list[str]:
    """Return the services that are seen without opening anything."""
    return [str(item.findtext("span")).strip() for item in card.iterfind("form/ul/li")]


def offered(card: html.HtmlElement, service: str) -> list[str]:
    """Return what can be done to a service."""
    changes = [str(button.get("value")).partition(" ") for button in card.iter("button")]
    return [verb for verb, _, about in changes if about == service]


def test_the_services_that_matter_come_first(emulated: Environment, reader: Reader) -> None:
    nodes = cards(reader.page("/"))
    assert listed(nodes["cucm-pub"]) == [AXL_WEB_SERVICE]
    calendars = [SIP_PROXY, PRESENCE_ENGINE, XCP_ROUTER, RECOVERY_MANAGER]
    assert listed(nodes["imp-pub"]) == listed(nodes["imp-sub"]) == calendars
    others = nodes["imp-pub"].find("details")
    assert f"Other services: {len(others.findall('form/ul/li'))}" in words_of(html.tostring(others, encoding="unicode"))
    with emulated.database.transaction():
        services.control(emulated.context, "dc1", "imp-pub", Action.STOP, BULK)
        services.deploy(emulated.context, "dc1", "imp-sub", BULK, activate=False)
    nodes = cards(reader.page("/"))
    assert sorted(listed(nodes["imp-pub"])) == sorted([*calendars, BULK])
    assert listed(nodes["imp-sub"]) == calendars, "what is not meant to run is not missed"


def test_each_service_offers_what_can_be_done_to_it(emulated: Environment, reader: Reader) -> None:
    card = cards(reader.page("/"))["imp-pub"]
    assert offered(card, PRESENCE_ENGINE) == ["restart", "stop", "deactivate"]
    assert offered(card, XCP_ROUTER) == ["restart", "stop"], "it is no feature service"
    assert offered(card, "A Cisco DB") == []
    assert offered(card, "Cisco XCP File Transfer Manager") == ["activate"]
    labels = [one.get("aria-label") for one in card.iter("button")]
    assert len(labels) == len(set(labels)), "who hears a button knows which service it is about"
    services.set_pace(emulated.context, Rule(Pace.HANG, 0, None, PRESENCE_ENGINE))
    with emulated.database.transaction():
        services.control(emulated.context, "dc1", "imp-pub", Action.STOP, SIP_PROXY)
        services.control(emulated.context, "dc1", "imp-pub", Action.STOP, PRESENCE_ENGINE)
    card = cards(reader.page("/"))["imp-pub"]
    assert offered(card, SIP_PROXY) == ["start", "deactivate"]
    assert offered(card, PRESENCE_ENGINE) == [], "it is stopping"


def test_a_service_is_changed_and_a_refusal_says_why(emulated: Environment, tmp_path: Path) -> None:
    place = {"cluster": "dc1", "node": "imp-pub"}

    async def use(visitor: Visitor) -> None:
        for verb, status, running, activated in (
            ("stop", 200, "Stopped", True),
            ("stop", 422, "Stopped", True),
            ("start", 200, "Started", True),
            ("restart", 200, "Started", True),
            ("deactivate", 200, "Stopped", False),
            ("restart", 422, "Stopped", False),
            ("activate", 200, "Started", True),
            ("explode", 422, "Started", True),
        ):
            answer = await visitor.client.post(
                "/console/do/change-service", data={**place, "change": f"{verb} {PRESENCE_ENGINE}"}
            )
            state = services.status(emulated.context, "dc1", "imp-pub", PRESENCE_ENGINE)
            assert (answer.status_code, state.status, state.activated) == (status, running, activated), verb
            told = words_of(answer.text)
            assert f"POST /clusters/dc1/nodes/imp-pub/services/Cisco%20Presence%20Engine/{verb}" in told
        for node, change, why in (
            ("imp-9", f"stop {PRESENCE_ENGINE}", "Refused (404): There is no such node."),
            ("imp-pub", "stop None", "Refused (404): There is no service None on imp-pub."),
            ("imp-pub", "stop", "Refused (404): Not Found"),
            ("imp-pub", "stop A Cisco DB", "Refused (409): stop of A Cisco DB on imp-pub was refused: Requested"),
        ):
            given = {**place, "node": node, "change": change}
            assert why in (await visitor.client.post("/console/do/change-service", data=given)).text

    console_door.visit(emulated, tmp_path, use)


def test_every_verb_is_one_of_the_control_center_or_of_service_activation() -> None:
    assert {verb.value for verb in Verb} == {"start", "stop", "restart", "activate", "deactivate"}


# Presence redundancy groups


def forms(text: str) -> set[tuple[str, str]]:
    """Return the actions on groups that a page offers, each with its node or its group."""
    found = set()
    for form in html.document_fromstring(text).iterfind(".//div[@class='group']//form"):
        given = {one.get("name"): str(one.get("value")) for one in form.iter("input")}
        found.add((str(form.get("action")).removeprefix("/console/do/"), given.get("node") or given["group"]))
    return found


def test_users_are_moved_there_and_back_as_far_as_it_can_be_done(pair: Environment, tmp_path: Path) -> None:
    place = {"cluster": "dc1", "group": "pair"}
    switches = {("set-high-availability", "pair"), ("set-high-availability", "single")}

    async def use(visitor: Visitor) -> None:
        async def offers() -> set[tuple[str, str]]:
            return forms((await visitor.client.get("/console/")).text) - switches

        async def does(action: str, **given: str) -> str:
            return words_of((await visitor.client.post(f"/console/do/{action}", data={**place, **given})).text)

        assert await offers() == {("fail-over", "imp1"), ("fail-over", "imp2")}
        assert "Done." in await does("fail-over", node="imp1")
        assert await offers() == set(), "it is on its way"
        assert "Refused (409): A failover needs both nodes in the state Normal" in await does("fail-over", node="imp2")
        await pair.scheduler.advance(600)
        assert await offers() == {("fall-back", "imp1")}
        assert "Done." in await does("fall-back", node="imp1")
        await pair.scheduler.advance(600)
        assert await offers() == {("fail-over", "imp1"), ("fail-over", "imp2")}
        assert "Done." in await does("set-high-availability", enabled="no")
        assert await offers() == set()
        assert "Refused (409): High availability of pair is off" in await does("fail-over", node="imp1")
        assert "Done." in await does("set-high-availability", enabled="yes")
        assert "Refused (409)" in await does("recover-group")
        assert "Refused (404)" in await does("recover-group", group="none")
        assert "Refused (409): High availability needs two nodes" in await does(
            "set-high-availability", group="single", enabled="yes"
        )

    console_door.visit(pair, tmp_path, use)


def test_a_group_in_failed_mode_offers_to_recover(pair: Environment, tmp_path: Path) -> None:
    fail_over(pair)
    with pair.database.transaction():
        services.control(pair.context, "dc1", "imp2", Action.STOP, XCP_ROUTER)
    advance(pair, 600)
    assert {state for state, _reason in shown(pair)} == {"Running in Failed Mode"}
    assert ("recover-group", "pair") in forms(Reader(pair, tmp_path).page("/"))

    async def use(visitor: Visitor) -> None:
        answer = await visitor.client.post("/console/do/recover-group", data={"cluster": "dc1", "group": "pair"})
        assert answer.status_code == 200
        await pair.scheduler.advance(600)

    console_door.visit(pair, tmp_path, use)
    assert {state for state, _reason in shown(pair)} == {"Normal"}


def test_the_forms_make_calls_of_the_control_plane() -> None:
    place = {"cluster": "dc1", "group": "a/b"}
    assert ACTIONS["fail-over"]({**place, "node": "n"}) == Call(
        "POST", "/presence-redundancy-groups/dc1/a%2Fb/failover", {"node": "n"}
    )
    assert ACTIONS["fall-back"]({**place, "node": "n"}).path.endswith("/fallback")
    switched = ACTIONS["set-high-availability"]({**place, "enabled": "no"})
    assert (switched.method, switched.body) == ("PUT", {"enabled": False})


# Gateways


@pytest.fixture(name="handshakes")
def handshakes_fixture(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the servers that were connected to, once for each connection."""
    made: list[str] = []
    for module in (tls_probe, tls_chain):
        shake_hands = module.shake_hands

        def counted(*given: object, _shake: Callable[..., Handshake] = shake_hands, **more: object) -> Handshake:
            made.append(given[1].text)  # type: ignore[attr-defined]
            return _shake(*given, **more)

        monkeypatch.setattr(module, "shake_hands", counted)
    return made


@pytest.fixture(name="mail")
def mail_fixture(emulated: Environment, tmp_path: Path) -> Iterator[str]:
    """A gateway whose server shows its own certificate and the one above; returns the root's (PEM)."""
    root = issue("Root CA", ca=True)
    issuing = issue("Issuing CA", by=root, ca=True)
    row = emulated.database.one("SELECT ipv4 FROM exchange WHERE name = ?", (GATEWAY,))
    assert row is not None
    with ExitStack() as stack:
        listener = stack.enter_context(serving(tmp_path / "mail", issue(GATEWAY, by=issuing, hosts=[GATEWAY]), issuing))
        emulated.network[row["ipv4"], 443] = listener
        draft = Draft(GATEWAY, account="svc@example.com", password="password")
        gateways.add(emulated.context, "dc1", draft)
        yield root.pem + issuing.pem


def test_each_node_shakes_hands_once(emulated: Environment, reader: Reader, mail: str, handshakes: list[str]) -> None:
    with emulated.database.transaction():
        trust.upload(emulated.context, "dc1", "imp-pub", ["cup"], [mail])
    told = words_of(reader.page("/gateways"))
    assert handshakes == [GATEWAY] * 2
    assert "imp-pub Exchange Reachability (pingable) SSL Connection/Certificate Verification - Verified" in told
    assert "Certificates that the server shows imp-pub: 2 in the trust store" in told
    assert told.count(" in the trust store Subject") == 2
    assert "not in the trust store" not in told


def test_a_server_that_one_node_does_not_reach_is_shown_as_the_other_sees_it(
    emulated: Environment, reader: Reader, mail: str, handshakes: list[str]
) -> None:
    del mail
    for number, node in enumerate(("imp-pub", "imp-sub"), 12):
        ipv6.set_eth0(emulated.context, "dc1", node, f"2001:db8::{number}")
    row = parameters.find(emulated.context, "dc1", "EnterpriseWideData", "Enterprise Wide", "EnableIPV6")
    parameters.change(emulated.context, "dc1", row, "T")
    emulated.network[ADDRESS, 443] = next(iter(emulated.network.values()))
    (gateway,) = gateways.gateways(emulated.context, "dc1")
    gateways.add(emulated.context, "dc1", Draft(ADDRESS, account="svc@example.com", password="password"))
    gateways.delete(emulated.context, "dc1", gateway.id)
    ipv6.set_eth0(emulated.context, "dc1", "imp-pub", None)
    told = words_of(reader.page("/gateways"))
    assert "imp-pub has no IPv6 connectivity" in told
    assert "Certificates that the server shows imp-sub: 2 not in the trust store" in told
    assert handshakes == [ADDRESS]
