# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The forms of gateway and account names (G2, G3)."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imp_emulator.domain.network import names
from imp_emulator.domain.network.names import NameKind
from imp_emulator.errors import InvalidValue


@pytest.mark.parametrize(
    ("text", "kind", "key"),
    [
        ("mail1.example.com", NameKind.FQDN, "mail1.example.com"),
        ("Mail1.Example.COM", NameKind.FQDN, "mail1.example.com"),
        ("xn--bcher-kva.example", NameKind.FQDN, "xn--bcher-kva.example"),
        ("1.mail.example", NameKind.FQDN, "1.mail.example"),
        ("192.0.2.21", NameKind.IPV4, "192.0.2.21"),
        ("2001:DB8:0:0::21", NameKind.IPV6, "2001:db8::21"),
        ("::ffff:192.0.2.1", NameKind.IPV6, str(ipaddress.ip_address("::ffff:192.0.2.1"))),
    ],
)
def test_gateway_names(text: str, kind: NameKind, key: str) -> None:
    found = names.gateway_name(text)
    assert (found.text, found.kind, found.key) == (text, kind, key)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "mail1",
        "localhost",
        "mail1.example.com\n",
        " mail1.example.com",
        "mail1.example.com.",
        "mail1..example.com",
        "-mail.example.com",
        "mail-.example.com",
        "mail_1.example.com",
        "*.example.com",
        "https://mail1.example.com",
        "mail1.example.com:443",
        "192.0.2.300",
        "192.0.2",
        "192.0.02.1",
        "[2001:db8::1]",
        "2001:db8::1%eth0",
        "2001:db8::zz",
        "büro.example.com",
        "a" * 64 + ".example.com",
        ".".join(["a" * 60] * 5),
    ],
)
def test_what_is_no_gateway_name(text: str) -> None:
    with pytest.raises(InvalidValue) as refusal:
        names.gateway_name(text)
    assert refusal.value.field == "name"


@given(st.ip_addresses(v=6))
def test_every_spelling_of_an_ipv6_address_has_one_key(address: ipaddress.IPv6Address) -> None:
    spellings = (address.exploded, address.exploded.upper(), address.compressed)
    assert {names.gateway_name(spelling).key for spelling in spellings} == {address.compressed}


@pytest.mark.parametrize(
    "text",
    [
        "svc-imp@example.com",
        "svc.imp@example",
        r"EXAMPLE\svc-imp",
        r"example.com\svc_imp",
        r"E\s",
        "o'neil@example.com",
    ],
)
def test_account_names(text: str) -> None:
    assert names.account(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "svc-imp",
        "",
        "@example.com",
        "svc@",
        "svc imp@example.com",
        "svc@exa mple.com",
        r"\svc",
        "EXAMPLE\\",
        r"EXAMPLE\svc\imp",
        r"EXAMPLE\svc@example.com",
        "EXAMPLE/svc",
        "svc@example.com\n",
        "a@b@c",
        "a" * 250 + "@example.com",
    ],
)
def test_what_is_no_account_name(text: str) -> None:
    with pytest.raises(InvalidValue) as refusal:
        names.account(text)
    assert refusal.value.field == "account"


def test_ipv6_addresses_of_interfaces() -> None:
    assert names.ipv6_address("2001:DB8:0::12") == "2001:db8::12"


@pytest.mark.parametrize("text", ["", "192.0.2.1", "::", "::1", "ff02::1", "fe80::1%eth0", "2001:db8::/64"])
def test_what_no_interface_can_have(text: str) -> None:
    with pytest.raises(InvalidValue):
        names.ipv6_address(text)
