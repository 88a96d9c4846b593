# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The checks of options: what is refused before anything is sent."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.ucops.imp.plugins.module_utils._core.options import (
    Arguments,
    Connection,
    EndpointKind,
    canonical_host,
    check_host,
    check_port,
    check_secret,
    check_unique,
    connection_from,
    connection_options,
)
from ansible_collections.ucops.imp.plugins.module_utils._core.options import given as given_options
from ansible_collections.ucops.imp.plugins.module_utils._product.endpoints import ENDPOINT_KINDS, IMP
from hypothesis import given
from hypothesis import strategies as st


def connection(**changes: Any) -> Connection:
    values: dict[str, Any] = {"hostname": "imp", "port": 8443, "username": "axladmin", "password": "secret-word"}
    return Connection(kind=IMP, **{**values, **changes})


@pytest.mark.parametrize("name", ["mail1.example.com", "a-b.c.d", "192.0.2.1", "2001:db8::1", "A.EXAMPLE.COM", "1.a"])
def test_hosts_that_are_right(name: str) -> None:
    assert check_host("name", name, qualified=True) == []


@pytest.mark.parametrize(
    "name",
    [
        "",
        " ",
        "a b.example.com",
        "-a.example.com",
        "a-.example.com",
        "a..b",
        "192.0.2.256",
        "2001:db8::g",
        "x" * 64 + ".a",
        "https://mail1.example.com",
        "mail1.example.com:443",
        "[2001:db8::1]",
        "a." * 127 + "example",
        "1.2.3",
        "mail1.example.com\n",
        "*.example.com",
        "fe80::1%eth0",
    ],
)
@pytest.mark.parametrize("qualified", [False, True])
def test_hosts_that_are_refused(name: str, qualified: bool) -> None:
    (problem,) = check_host("gateways[0].name", name, qualified=qualified)
    assert problem.startswith("gateways[0].name: ")


def test_a_connection_takes_more_names_than_a_gateway() -> None:
    assert check_host("hostname", "imp_pub") == []
    (problem,) = check_host("name", "imp-pub", qualified=True)
    assert "fully qualified" in problem
    assert check_host("name", "imp_pub.example.com", qualified=True)


@pytest.mark.parametrize(
    ("one", "other"), [("Mail1.Example.COM", "mail1.example.com"), ("2001:DB8:0:0::1", "2001:db8::1")]
)
def test_names_that_are_the_same(one: str, other: str) -> None:
    assert canonical_host(one) == other


@given(st.ip_addresses(v=6))
def test_every_writing_of_an_ipv6_address_is_the_same(value: Any) -> None:
    assert canonical_host(value.exploded.upper()) == canonical_host(str(value))


@pytest.mark.parametrize(("port", "right"), [(0, False), (1, True), (65535, True), (65536, False), (-1, False)])
def test_ports(port: int, right: bool) -> None:
    assert (check_port("port", port) == []) is right


@pytest.mark.parametrize(("secret", "right"), [("", False), ("abc", False), ("abcd", True)])
def test_secrets_too_short_to_mask_are_refused(secret: str, right: bool) -> None:
    problems = check_secret("password", secret)
    assert (problems == []) is right
    assert not any("abc" in problem for problem in problems)


@pytest.mark.parametrize(
    ("secret", "reason"),
    [
        ("    ", "has only blanks"),
        ("\u00a0\u00a0\u00a0\u00a0", "has only blanks"),
        ("\n", "has only blanks"),
        ("secret-word\n", "line break"),
        ("secret-word\r\n", "line break"),
        ("\nsecret-word", "line break"),
        ("secret\nword", "U+000A"),
        ("secret-word\t", "U+0009"),
        ("secret\x00word", "U+0000"),
        ("secret\x85word", "U+0085"),
        ("\ufeffsecret-word", "U+FEFF"),
        ("secret\udce4word", "U+DCE4"),
        (" abc ", "at least 4 characters"),
    ],
)
def test_secrets_that_cannot_be_meant_are_refused(secret: str, reason: str) -> None:
    (problem,) = check_secret("password", secret)
    assert problem.startswith("password: ")
    assert reason in problem
    assert "secret-word" not in problem


@pytest.mark.parametrize("secret", ["Pässwörd", "пароль", "密码密码", "two words", " blank", "\U0001f600" * 4])
def test_secrets_of_any_language_are_taken(secret: str) -> None:
    assert check_secret("password", secret) == []


def test_duplicates_are_named_once() -> None:
    assert check_unique("services", ["a", "b", "a", "a"]) == ["services: a is given more than once."]


def test_every_problem_of_a_connection_is_told() -> None:
    wrong = connection(
        hostname="a b", port=0, username=" ", password="x", ca_path="/no/such/file", timeout=0, retries=-1
    )
    options = [problem.split(":")[0] for problem in wrong.problems()]
    assert options == ["hostname", "port", "username", "password", "ca_path", "timeout", "retries"]
    assert connection(ca_path=str(Path(__file__))).problems() == []


def test_a_connection_does_not_show_its_password() -> None:
    assert "secret-word" not in repr(connection())


def test_a_connection_to_another_node_keeps_the_account() -> None:
    other = connection().at("imp-sub", 1234)
    assert (other.hostname, other.port, other.password) == ("imp-sub", 1234, "secret-word")
    assert connection().at("imp-sub").port == 8443


@pytest.mark.parametrize("kind", ENDPOINT_KINDS.values(), ids=ENDPOINT_KINDS)
def test_connection_options(kind: EndpointKind) -> None:
    spec = connection_options(kind)
    assert spec["port"]["default"] == kind.port
    assert spec["password"]["no_log"] is True
    assert spec["hostname"]["fallback"][1] == [f"{kind.environment}_HOSTNAME"]
    params = {name: option.get("default", "word") for name, option in spec.items()}
    assert connection_from(kind, params).hostname == "word"


def test_arguments_join_the_connection_and_the_module() -> None:
    arguments = Arguments(IMP, {"account_password": {"type": "str", "no_log": True}}, required_together=[("a", "b")])
    kwargs = arguments.module_kwargs()
    assert {"hostname", "account_password"} <= kwargs["argument_spec"].keys()
    assert kwargs["supports_check_mode"] is True
    assert kwargs["required_together"] == [("a", "b")]


def test_options_left_out_are_not_managed() -> None:
    assert given_options({"a": 0, "b": None, "c": ""}, ["a", "b", "c", "d"]) == {"a": 0, "c": ""}
