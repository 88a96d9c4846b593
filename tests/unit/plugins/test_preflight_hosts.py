# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The preflight's rows about servers: names, ports, certificates with their dates, clocks."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from ansible_collections.ucops.imp.plugins.module_utils._certificates.x509 import Certificate, split_bundle
from ansible_collections.ucops.imp.plugins.module_utils._core.options import Connection
from ansible_collections.ucops.imp.plugins.module_utils._preflight import hosts
from ansible_collections.ucops.imp.plugins.module_utils._preflight.probes import Distrust, Endpoint, ProbeResult
from ansible_collections.ucops.imp.plugins.module_utils._preflight.rows import Row
from ansible_collections.ucops.imp.plugins.module_utils._product.endpoints import IMP

from tests.support.certificates import issue

CONNECTION = Connection(IMP, "imp1.example.com", 8443, "axladmin", "secret-word", ca_path="/etc/ca.pem")
NODE = Endpoint("imp1.example.com", "imp1.example.com", 8443, 30, "imp", CONNECTION)
SERVER = Endpoint("mail1.example.com", "mail1.example.com", 443, 30, "gateways")
LEAF = split_bundle(issue("imp1.example.com", hosts=["imp1.example.com"]).pem.encode())[0]
NOW = datetime.now(timezone.utc)


def valid(begin: timedelta, end: timedelta) -> Certificate:
    return replace(LEAF, not_before=NOW + begin, not_after=NOW + end)


def probed(endpoint: Endpoint = NODE, **more: Any) -> ProbeResult:
    return ProbeResult(endpoint, **{"addresses": ("192.0.2.12",), "leaf": LEAF, "offset": 0.0, **more})


NO_NAME = probed(addresses=(), name_error="Name or service not known", leaf=None, offset=None)
NO_PORT = probed(port_error="connection refused", leaf=None, offset=None)
NO_TLS = probed(tls_error="wrong version number", leaf=None, offset=None)


def assert_row(row: Row, result: str, found: str = "", advice: str = "") -> None:
    assert row.result == result, row
    assert found in row.found, row
    assert advice in row.advice, row
    assert bool(row.advice) is (result not in ("ok", "skipped")), row


def test_names() -> None:
    known, unknown = hosts.name_rows([probed(), probed(replace(NODE, port=443)), renamed(NO_NAME, "imp2")])
    assert_row(known, "ok", "192.0.2.12")
    assert_row(unknown, "failed", "Name or service not known", "Add imp2 to the name service")


def renamed(seen: ProbeResult, name: str) -> ProbeResult:
    return replace(seen, endpoint=replace(seen.endpoint, name=name, hostname=name))


def test_an_address_needs_no_name_service() -> None:
    (row,) = hosts.name_rows([probed(replace(NODE, name="imp-pub", hostname="192.0.2.12"))])
    assert (row.subject, row.found) == ("imp-pub (192.0.2.12)", "is an address")


def test_ports() -> None:
    assert_row(hosts.port_row(probed()), "ok")
    assert_row(hosts.port_row(NO_PORT), "failed", "connection refused", "firewall")
    assert_row(hosts.port_row(NO_NAME), "skipped", "imp1.example.com does not resolve")
    assert hosts.port_row(probed(replace(NODE, hostname="2001:db8::1"))).subject == (
        "imp1.example.com ([2001:db8::1]:8443)"
    )


def test_trust() -> None:
    assert_row(hosts.trust_row(probed(), NOW), "ok", "trusted")
    assert_row(hosts.trust_row(NO_PORT, NOW), "skipped", "does not answer")
    assert_row(hosts.trust_row(NO_TLS, NOW), "failed", "wrong version number", "HTTPS")
    stranger = probed(distrust=Distrust(20, "unable to get local issuer certificate"))
    assert_row(hosts.trust_row(stranger, NOW), "failed", "local issuer", "ca_path")
    lenient = replace(NODE, connection=replace(CONNECTION, validate_certs=False))
    assert_row(hosts.trust_row(probed(lenient), NOW), "warning", "not verified", "validate_certs")


def test_wrong_dates_are_one_row_and_not_two() -> None:
    old = probed(leaf=valid(timedelta(-9), timedelta(-1)), distrust=Distrust(10, "certificate has expired"))
    assert_row(hosts.trust_row(old, NOW), "skipped", "see certificate-valid")
    assert_row(hosts.dates_row(old, 30, NOW), "failed", "expired on")
    # When it is a certificate above it that has expired, the dates of the server's own are right.
    above = probed(distrust=Distrust(10, "certificate has expired"))
    assert_row(hosts.trust_row(above, NOW), "failed", "an authority above it, which was issued by", "authority renewed")
    assert_row(hosts.dates_row(above, 30, NOW), "ok")


@pytest.mark.parametrize(
    ("left", "result"),
    [
        (timedelta(days=30), "ok"),
        (timedelta(days=30, seconds=-1), "failed"),
        (timedelta(seconds=1), "failed"),
        (timedelta(0), "failed"),
        (timedelta(seconds=-1), "failed"),
    ],
)
def test_days_that_a_certificate_must_have_left(left: timedelta, result: str) -> None:
    row = hosts.dates_row(probed(leaf=valid(timedelta(-1), left)), 30, NOW)
    assert row.result == result
    assert row.expected == "valid for 30 more days"
    assert ("expired" in row.found) is (left < timedelta(0))


def test_no_days_are_enough_for_one_that_is_valid_at_all() -> None:
    assert_row(hosts.dates_row(probed(leaf=valid(timedelta(-1), timedelta(0))), 0, NOW), "ok", "0 days left")


def test_a_certificate_of_tomorrow() -> None:
    row = hosts.dates_row(probed(leaf=valid(timedelta(1), timedelta(90))), 30, NOW)
    assert_row(row, "failed", "valid from", "clocks")


@pytest.mark.parametrize(
    ("endpoint", "advice"), [(NODE, "Certificate Management (tomcat)"), (SERVER, "ucops.imp.certific")]
)
def test_who_renews_a_certificate(endpoint: Endpoint, advice: str) -> None:
    assert_row(
        hosts.dates_row(probed(endpoint, leaf=valid(timedelta(-9), timedelta(9))), 30, NOW), "failed", "9", advice
    )


def test_dates_of_what_was_not_seen() -> None:
    assert_row(hosts.dates_row(NO_TLS, 30, NOW), "skipped", "does not speak TLS")


def clocks(*offsets: float | None) -> list[Row]:
    results = [renamed(probed(offset=offset), f"imp{number}") for number, offset in enumerate(offsets, start=1)]
    return hosts.clock_rows(results, 60)


@pytest.mark.parametrize(("offset", "result"), [(60.0, "ok"), (-60.0, "ok"), (60.01, "failed"), (-60.01, "failed")])
def test_how_far_a_clock_may_be_off(offset: float, result: str) -> None:
    row = clocks(offset)[0]
    assert row.result == result
    assert ("ahead of" in row.found) is (offset > 0)
    assert ("utils ntp status" in row.advice) is (result == "failed")


def test_clocks_of_nodes_are_compared_with_each_other_too() -> None:
    first, second, together = clocks(-45.0, 45.0)
    assert (first.result, second.result) == ("ok", "ok")
    assert_row(together, "failed", "imp2 is 90 s ahead of imp1", "the same time server")
    assert_row(clocks(-25.0, 35.0)[-1], "ok")


def test_a_clock_that_nobody_tells() -> None:
    first, second, together = clocks(None, 1.0)
    assert_row(first, "unknown", "no date", "utils ntp status")
    assert_row(second, "ok", "less than 2 s apart")
    assert_row(together, "skipped", "fewer than two")
    assert_row(hosts.clock_rows([NO_PORT], 60)[0], "skipped", "does not answer")


def test_one_port_is_enough_to_tell_a_clock() -> None:
    silent = probed(replace(NODE, port=443), offset=None, leaf=None, port_error="refused")
    rows = hosts.clock_rows([silent, probed(offset=3.0)], 60)
    assert [row.result for row in rows] == ["ok", "skipped"]
