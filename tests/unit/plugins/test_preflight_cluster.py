# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The preflight's rows about interfaces, accounts, versions, services, IPv6, gateways, and whom it asks how often."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from ansible_collections.ucops.imp.plugins.module_utils._certificates.x509 import Certificate, read_der, split_bundle
from ansible_collections.ucops.imp.plugins.module_utils._clients.control_center import Service
from ansible_collections.ucops.imp.plugins.module_utils._core.errors import (
    ApiError,
    Forbidden,
    ImpError,
    NoPublicApi,
    TimedOut,
    Unauthorized,
)
from ansible_collections.ucops.imp.plugins.module_utils._core.options import Connection
from ansible_collections.ucops.imp.plugins.module_utils._preflight import cluster, gateways
from ansible_collections.ucops.imp.plugins.module_utils._preflight.gateways import AdminFacts, Gateway, Judgement
from ansible_collections.ucops.imp.plugins.module_utils._preflight.logins import Interface, InterfaceAnswer, ask_all
from ansible_collections.ucops.imp.plugins.module_utils._preflight.probes import Distrust, Endpoint, ProbeResult
from ansible_collections.ucops.imp.plugins.module_utils._preflight.rows import CHECKS, Row, ok, report
from ansible_collections.ucops.imp.plugins.module_utils._product import releases
from ansible_collections.ucops.imp.plugins.module_utils._product.endpoints import IMP
from ansible_collections.ucops.imp.plugins.module_utils._resources.certificate_import import PeerCheck

from tests.support.certificates import issue
from tests.support.odd_certificates import BASIC, IS_CA, ROOT_KEY, odd, root, valid

LEAF = split_bundle(issue("mail1.example.com", hosts=["mail1.example.com", "2001:db8::21"]).pem.encode())[0]
ENGINE = "Cisco Presence Engine"


def interface(name: str = "imp1", kind: str = "control center", **more: Any) -> Interface:
    password = more.pop("password", "secret-word")
    connection = Connection(IMP, name, 8443, "axladmin", password)
    probed = ProbeResult(Endpoint(name, name, 8443, 30, "imp", connection), **more)
    return Interface(kind, probed, connection, lambda: None)


def facts(
    version: str | None = "14.0.1.13900-155", services: dict[str, tuple[str, int]] | None = None
) -> cluster.NodeFacts:
    known = (services or {}).items()
    listed = {name: Service(name, status, code, "", "", 1) for name, (status, code) in known}
    return cluster.NodeFacts(listed, version)


def results(rows: list[Row]) -> list[tuple[str, str]]:
    return [(row.check, row.result) for row in rows]


THREE = ("interface-answers", "account-logs-in", "account-has-role")


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (None, ("ok", "ok", "ok")),
        (Unauthorized("The password is wrong."), ("ok", "failed", "skipped")),
        (Forbidden("Give it the role."), ("ok", "ok", "failed")),
        (NoPublicApi("Look at the page."), ("unknown", "skipped", "skipped")),
        (TimedOut("Too late."), ("failed", "skipped", "skipped")),
    ],
)
def test_interfaces_and_accounts(error: ImpError | None, expected: tuple[str, ...]) -> None:
    rows = cluster.interface_rows(InterfaceAnswer(interface(), error=error))
    assert results(rows) == list(zip(THREE, expected, strict=True))
    advice = " ".join(row.advice for row in rows)
    assert error is None or error.message in advice
    assert ("so that the account is not locked" in advice) is isinstance(error, Unauthorized)


def test_what_was_not_asked_is_skipped_with_the_reason() -> None:
    rows = cluster.interface_rows(InterfaceAnswer(interface(), not_asked="imp1:8443 does not answer"))
    assert results(rows) == [(check, "skipped") for check in THREE]
    assert {row.found for row in rows} == {"not tried: imp1:8443 does not answer"}


@pytest.mark.parametrize(
    ("version", "need", "result"),
    [
        ("11.5.1.12900-21", releases.AXL, "ok"),
        ("10.5.2.10000-5", releases.AXL, "failed"),
        ("14.0.1.13900-155", releases.CERTIFICATE_MANAGEMENT, "ok"),
        ("12.5.1.17900-64", releases.CERTIFICATE_MANAGEMENT, "failed"),
        ("12.5.1.17900-64", releases.IM_AND_PRESENCE, "ok"),
        ("15.0.1.11900-23", releases.CERTIFICATE_MANAGEMENT, "ok"),
        ("16.0.1.10000-1", releases.AXL, "warning"),
        ("strange", releases.AXL, "unknown"),
        (None, releases.AXL, "unknown"),
    ],
)
def test_versions(version: str | None, need: releases.Need, result: str) -> None:
    row = cluster.version_row(InterfaceAnswer(interface(), facts(version)), need)
    assert row.result == result
    assert (need.reason in row.advice) is (result == "failed")


def test_releases_that_differ_are_told() -> None:
    answers = [
        InterfaceAnswer(interface(name), facts(version)) for name, version in (("cucm1", "15.0.1"), ("imp1", "14.0.1"))
    ]
    row = cluster.same_version_row(answers)
    assert (row.result, row.found) == ("warning", "cucm1 15.0, imp1 14.0")
    assert cluster.same_version_row([answers[0], answers[0]]).result == "skipped"
    assert cluster.same_version_row([answers[0], InterfaceAnswer(interface("imp1"), facts("15.0.9"))]).result == "ok"


@pytest.mark.parametrize(
    ("service", "result", "advice"),
    [
        (("Started", -1), "ok", ""),
        (("Stopped", -1069), "failed", "Start it"),
        (("Stopped", -1068), "failed", "Activate it"),
        (("Starting", -1), "failed", "Wait until"),
        (("Unknown", -1010), "failed", "the right node"),
        (None, "failed", "the right node"),
    ],
)
def test_services(service: tuple[str, int] | None, result: str, advice: str) -> None:
    answer = InterfaceAnswer(interface(), facts(services={ENGINE.upper(): service} if service else None))
    (row,) = cluster.service_rows(answer, [ENGINE])
    assert (row.result, row.subject) == (result, f"{ENGINE} on imp1")
    assert advice in row.advice


@pytest.mark.parametrize(
    ("value", "result", "advice"),
    [
        ("50020", "ok", ""),
        (
            "5060",
            "failed",
            "exchange_notification_port 50020. exchange_notification_port: 5060 is used by Cisco SIP Proxy",
        ),
        ("80", "failed", "not in the range 1024 to 65535"),
        ("", "failed", "exchange_notification_port 50020"),
        (None, "unknown", "AXL does not know ExchangeNotificationPort"),
    ],
)
def test_the_notification_port(value: str | None, result: str, advice: str) -> None:
    told = {} if value is None else {"ExchangeNotificationPort": value}
    row = cluster.notification_port_row(InterfaceAnswer(interface(kind="AXL"), told))
    assert (row.check, row.result) == ("notify-port-unused", result)
    assert advice in row.advice
    told = {name.upper(): value for name, value in told.items()}
    assert cluster.notification_port_row(InterfaceAnswer(interface(kind="AXL"), told)) == row, (
        "names in any letter case"
    )
    silent = cluster.notification_port_row(InterfaceAnswer(interface(kind="AXL"), not_asked="it is off"))
    assert (silent.result, silent.found) == ("skipped", "not tried: it is off")


def ipv6(axl: Any, admin: InterfaceAnswer, *names: str, enable: bool = False) -> list[Row]:
    return cluster.ipv6_rows(InterfaceAnswer(interface(kind="AXL"), axl), admin, names or ("2001:db8::21",), enable)


def admin(*nodes: tuple[str, str | None], error: ImpError | None = None) -> InterfaceAnswer:
    listed = [{"name": name, "eth0_ipv6": address} for name, address in nodes]
    return InterfaceAnswer(interface(kind="admin API"), AdminFacts(listed, {}), error=error)


def test_ipv6_matters_to_gateways_that_are_ipv6_addresses_only() -> None:
    rows = ipv6({}, admin(), "mail1.example.com", "192.0.2.21")
    assert results(rows) == [("ipv6-enabled", "skipped"), ("ipv6-address", "skipped")]


def test_ipv6_needs_the_parameter_and_every_eth0() -> None:
    both = admin(("imp1", "2001:db8::12"), ("imp2", None))
    off, first, second = ipv6({"EnableIPV6": "F"}, both)
    assert (off.result, off.found) == ("failed", "F")
    assert "service_parameters" in off.advice
    assert (first.result, second.result, second.subject) == ("ok", "failed", "Eth0 of imp2")
    assert [row.result for row in ipv6({"EnableIPV6": "T"}, admin(("imp1", "2001:db8::12")))] == ["ok", "ok"]
    assert ipv6({}, both)[0].found == "no such parameter"


def test_ipv6_that_the_playbooks_switch_on_may_still_be_off() -> None:
    one = admin(("imp1", "2001:db8::12"))
    off, eth0 = ipv6({"EnableIPV6": "F"}, one, enable=True)
    assert (off.result, off.found, eth0.result) == ("warning", "F", "ok")
    assert "presence_gateways_enable_ipv6" in off.advice
    assert ipv6({"EnableIPV6": "T"}, one, enable=True)[0].result == "ok"
    # No playbook can set what the cluster does not have, or give Eth0 an address.
    assert ipv6({}, one, enable=True)[0].result == "failed"
    assert ipv6({"EnableIPV6": "F"}, admin(("imp1", None)), enable=True)[1].result == "failed"


def test_without_an_interface_somebody_has_to_look() -> None:
    _parameter, eth0 = ipv6({"EnableIPV6": "T"}, admin(error=NoPublicApi("none")))
    assert eth0.result == "unknown"
    assert "Ethernet IPv6" in eth0.advice
    row = gateways.reached_row(gateway(), admin(error=NoPublicApi("none")), False)
    assert row.result == "unknown"
    assert "Certificate Import Tool" in row.advice


def gateway(name: str = "mail1.example.com", **more: Any) -> Gateway:
    return Gateway(name, 443, ProbeResult(Endpoint(name, name, 443, 30, "gateways"), **{"leaf": LEAF, **more}))


def test_the_certificate_must_hold_the_name_of_the_gateway() -> None:
    assert gateways.name_row(gateway()).result == "ok"
    assert gateways.name_row(gateway("2001:DB8:0::21")).result == "ok"
    row = gateways.name_row(gateway("mail2.example.com"))
    assert row.result == "failed"
    assert "SAN mail1.example.com, 2001:db8::21" in row.found
    assert "mail2.example.com" in row.advice
    assert gateways.name_row(gateway(leaf=None, name_error="unknown")).result == "skipped"


PLATFORM = InterfaceAnswer(interface(kind="certificate management"), [LEAF])


NOW = datetime.now(timezone.utc)
OLD = replace(LEAF, not_after=NOW - timedelta(days=1))
EXPIRED = Distrust(10, "certificate has expired")


@pytest.mark.parametrize(
    ("verdict", "leaf", "result", "advice"),
    [
        (None, LEAF, "ok", ""),
        (Distrust(20, "unable to get local issuer"), LEAF, "warning", "upload the certificate of CN=mail1.example.com"),
        (Distrust(26, "unsupported purpose"), LEAF, "failed", "new certificate"),
        (EXPIRED, OLD, "skipped", ""),
        # One above the server's own has expired, which no other row tells.
        (EXPIRED, LEAF, "failed", "renewing it alone changes nothing"),
        ("no handshake: refused", LEAF, "unknown", "again"),
        (None, None, "skipped", ""),
    ],
)
def test_what_a_node_thinks_of_a_gateway(
    verdict: Distrust | str | None, leaf: Certificate | None, result: str, advice: str
) -> None:
    row = gateways.trusted_row(Judgement(gateway(leaf=leaf), PLATFORM, verdict), NOW)
    assert row.result == result
    assert advice in row.advice


def test_an_authority_that_has_expired_is_named_and_not_the_servers_own() -> None:
    top = root()
    old = odd("Issuing CA", (BASIC, IS_CA), by=top, key=ROOT_KEY, validity=valid((-9, -2)))
    leaf, above, anchor = (read_der(one.der, "it") for one in (odd("mail1.example.com", by=old), old, top))
    alone = gateways.trusted_row(Judgement(gateway(leaf=leaf), PLATFORM, EXPIRED), NOW)
    assert alone.found == ("an authority above it, which was issued by CN=Issuing CA: certificate has expired")
    store = InterfaceAnswer(PLATFORM.interface, [anchor, above])
    stored = gateways.trusted_row(Judgement(gateway(leaf=leaf), store, EXPIRED), NOW)
    assert (stored.result, stored.found) == ("failed", "CN=Issuing CA: certificate has expired")
    seen = PeerCheck("imp-pub", "mail1.example.com", 443, True, "", "", None, ((leaf, "Verified"), (above, "Missing")))
    offered = gateways.trusted_row(Judgement(gateway(leaf=leaf), PLATFORM, EXPIRED, seen), NOW)
    assert offered.found == "CN=Issuing CA: certificate has expired"


def test_what_a_node_trusts_is_not_known_without_its_certificate_management() -> None:
    refused = InterfaceAnswer(PLATFORM.interface, error=Unauthorized("wrong"))
    assert "axladmin may not ask" in gateways.trusted_row(Judgement(gateway(), refused, None), NOW).found
    assert gateways.store_row(refused, 30, NOW).result == "skipped"


@pytest.mark.parametrize(("days", "result"), [(31, "ok"), (29, "warning"), (-1, "warning")])
def test_what_a_node_trusts_should_last(days: int, result: str) -> None:
    ending = replace(LEAF, subject="CN=Old CA", not_after=NOW + timedelta(days=days))
    row = gateways.store_row(InterfaceAnswer(PLATFORM.interface, [LEAF, ending]), 30, NOW)
    assert row.result == result
    assert ("CN=Old CA until" in row.found) is (result == "warning")
    assert LEAF.subject not in row.found


def seen(reachable: bool | ImpError) -> InterfaceAnswer:
    check = PeerCheck("imp1", "mail1.example.com", 443, reachable is True, "row", "row", "Nothing listens.", ())
    known = reachable if isinstance(reachable, ImpError) else check
    return InterfaceAnswer(interface(kind="admin API"), AdminFacts([], {"mail1.example.com": known}))


def test_whether_a_node_reaches_a_gateway() -> None:
    assert gateways.reached_row(gateway(), seen(True), False).result == "ok"
    row = gateways.reached_row(gateway(), seen(False), False)
    assert (row.result, row.found) == ("failed", "Nothing listens.")
    assert "name resolves" in row.advice
    assert gateways.reached_row(gateway(), seen(False), True).result == "skipped"
    assert gateways.reached_row(gateway(), seen(ApiError("no", status=409, code="odd")), False).result == "unknown"


# --- whom it asks how often


class Script:
    """Interfaces that answer as they are told, and count how often they are asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def interface(self, name: str, error: ImpError | None = None, **more: Any) -> Interface:
        made = interface(name, **more)

        def ask() -> str:
            self.asked.append(name)
            if error is not None:
                raise error
            return name

        return Interface(made.name, made.probed, made.connection, ask)


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(4) as executor:
        yield executor


def test_a_refused_password_is_sent_once(pool: ThreadPoolExecutor) -> None:
    script = Script()
    names = [f"imp{number}" for number in range(8)]
    answers = ask_all([script.interface(name, Unauthorized("wrong")) for name in names], pool)
    assert script.asked == ["imp0"]
    assert isinstance(answers[0].error, Unauthorized)
    assert all("could lock the account" in str(answer.not_asked) for answer in answers[1:])


def test_what_tells_nothing_of_the_password_is_followed_by_one_more_try(pool: ThreadPoolExecutor) -> None:
    script = Script()
    asked = [
        script.interface("imp0", port_error="refused"),
        script.interface("imp1", TimedOut("late")),
        script.interface("imp2", Unauthorized("wrong")),
        script.interface("imp3"),
    ]
    answers = ask_all(asked, pool)
    assert script.asked == ["imp1", "imp2"]
    assert answers[0].not_asked == "imp0:8443 does not answer"
    assert [answer.interface.probed.endpoint.name for answer in answers] == ["imp0", "imp1", "imp2", "imp3"]


@pytest.mark.parametrize("first", [None, Forbidden("no role")])
def test_once_a_password_is_accepted_all_are_asked(pool: ThreadPoolExecutor, first: ImpError | None) -> None:
    script = Script()
    answers = ask_all([script.interface("imp0", first), script.interface("imp1"), script.interface("imp2")], pool)
    assert sorted(script.asked) == ["imp0", "imp1", "imp2"]
    assert [answer.answered for answer in answers] == [first is None, True, True]


def test_accounts_do_not_pay_for_each_other(pool: ThreadPoolExecutor) -> None:
    script = Script()
    one = script.interface("imp0", Unauthorized("wrong"))
    other = script.interface("imp1", password="another-word")
    assert [answer.answered for answer in ask_all([one, other], pool)] == [False, True]
    assert sorted(script.asked) == ["imp0", "imp1"]


# --- the report


def test_rows_come_in_the_order_of_the_checks_and_are_counted() -> None:
    told = report([ok(check, "x", "y") for check in reversed(CHECKS)])
    assert [row["check"] for row in told["checks"]] == list(CHECKS)
    assert told["counts"] == {"failed": 0, "unknown": 0, "warning": 0, "skipped": 0, "ok": len(CHECKS)}
    assert told["passed"] is True
    assert told["checks"][0].keys() == {"check", "subject", "result", "found", "expected", "advice"}


@pytest.mark.parametrize(
    ("detail", "said"),
    [("Nothing listens.", "Nothing listens."), (None, "imp1 does not say more about mail1.example.com.")],
)
def test_a_check_says_what_is_known_also_when_the_node_says_nothing(detail: str | None, said: str) -> None:
    check = PeerCheck("imp1", "mail1.example.com", 443, False, "Failed", "Failed - Network Error", detail, ())
    assert check.advice
    assert check.reason == f"{said} {check.advice}"
    assert replace(check, verification="Verified").reason == said
