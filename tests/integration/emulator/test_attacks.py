# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The emulator under attack: whatever a client sends is answered by its protocol, soon, and without a traceback."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import urlsplit
from xml.sax.saxutils import escape

import httpx
import pytest

from tests.support.attacked_sessions import requests_in_sessions
from tests.support.attacks import Attack, Attacker, json_request, requests, spoiled
from tests.support.axl import Answer, message
from tests.support.doors import INTERNAL_ERROR
from tests.support.emulator import Emulator
from tests.support.ews import PATH, SERVER, envelope

ATTACKS = 20_000 if os.environ.get("ALL_CASES") else 600
SEED = 12
SOAP = {"Content-Type": "text/xml"}
MANY = 2000


@pytest.fixture(name="attacker")
def attacker_fixture(environment: Emulator) -> Iterator[Attacker]:
    attacker = Attacker(environment)
    yield attacker
    attacker.close()


REFUSED = (
    "addPresenceRedundancyGroup",  # Both nodes are in a group already.
    "removePresenceRedundancyGroup",
    "/failover",  # The two nodes have not found each other yet.
    "/users/app/sessions",  # The password is wrong, and the key of the session in the next one.
    "/basic/contacts/user0002@dc1.example.com",
)
"""Requests that are refused as they stand, by a rule and not for their form."""


def test_no_request_is_answered_with_an_internal_error(environment: Emulator, attacker: Attacker) -> None:
    sound = (*requests(), *requests_in_sessions(environment))
    refused = [one for one in sound if not _is_taken(attacker.send(one))]
    assert [one for one in refused if not any(part in f"{one.headers} {one.path}" for part in REFUSED)] == []
    before = environment.stderr
    answered = 0
    for attack in spoiled(SEED, ATTACKS, sound):
        answer = attacker.send(attack)
        if answer is not None:
            answered += 1
            assert INTERNAL_ERROR not in answer.text, attack
            assert attack.host != "control" or answer.status_code != 500, attack
    assert environment.stderr == before
    assert answered > ATTACKS * 0.9
    environment.control.reset()
    assert all(attacker.send(one) is not None for one in requests())


def _is_taken(answer: httpx.Response | None) -> bool:
    return answer is not None and answer.status_code < 400


def sent(emulator: Emulator, data: bytes) -> bytes:
    """Send bytes to the control plane, and return what comes until it closes the connection."""
    address = urlsplit(emulator.ready["control"]["url"])
    received = b""
    with socket.create_connection((address.hostname or "", address.port or 0), timeout=30) as connection:
        try:
            connection.sendall(data)
            while more := connection.recv(65536):
                received += more
        except ConnectionError:
            pass  # What was sent after its answer is not read; the system says so to the sender.
    return received


def test_a_head_of_any_size_is_not_read_to_its_end(environment: Emulator) -> None:
    endless = b"GET /clock HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 70_000
    assert sent(environment, endless).startswith(b"HTTP/1.1 431 ")
    many = b"GET /clock HTTP/1.1\r\n" + b"A: b\r\n" * 12_000
    assert sent(environment, many).startswith(b"HTTP/1.1 431 ")
    assert environment.control.clock()["offset_seconds"] == 0


@pytest.mark.parametrize("token", [b"", b"Authorization: Bearer \xe9\r\n", b"Authorization: Bearer wrong\r\n"])
def test_the_control_plane_reads_no_body_of_a_stranger(environment: Emulator, token: bytes) -> None:
    head = b"POST /faults HTTP/1.1\r\nHost: x\r\nContent-Length: 5000000000\r\n%s\r\n{" % token
    assert sent(environment, head).startswith(b"HTTP/1.1 401 ")


def test_the_control_plane_reads_no_body_where_no_token_is_wanted(environment: Emulator) -> None:
    head = b"GET /openapi.json HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 5000000000\r\n\r\n{"
    assert sent(environment, head).startswith(b"HTTP/1.1 200 ")


def test_the_control_plane_takes_no_body_beyond_its_limit(environment: Emulator) -> None:
    token = environment.ready["control"]["token"].encode()
    size = 16 * 1024 * 1024 + 1
    head = b"POST /faults HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\nAuthorization: Bearer %s\r\n\r\n" % (size, token)
    assert sent(environment, head + b" " * size).startswith(b"HTTP/1.1 413 ")


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("text/xml", b'{"effect": "\xff\xfe"}'),
        ("application/json", b'{"effect": "%s"}' % (b"x" * 100_000)),
        ("application/json", b'{"%s": 1}' % (b"x" * 100_000)),
        ("application/json", b'{"effect": {"kind": "status"}, "protocol": "%s"}' % (b"x" * 100_000)),
        ("application/json", b'{"effect": {"kind": "error", "code": "503"}, "protocol": "nothing"}'),
        ("application/json", b"[%s1]" % (b"1," * 100_000)),
    ],
    ids=["bytes", "value", "key", "place", "protocol", "list"],
)
def test_what_the_control_plane_cannot_take_is_told_in_few_words(environment: Emulator, kind: str, body: bytes) -> None:
    control = environment.ready["control"]
    headers = {"Authorization": f"Bearer {control['token']}", "Content-Type": kind}
    answer = httpx.post(f"{control['url']}/faults", content=body, headers=headers, trust_env=False, timeout=30)
    assert (answer.status_code, len(answer.text) < 1000) == (422, True), answer.text[:2000]
    assert answer.json()["detail"]


def sql(emulator: Emulator, statement: str) -> httpx.Response:
    headers = SOAP | {"SOAPAction": '"CUCM:DB ver=14.0 executeSQLQuery"'}
    content = message("executeSQLQuery", f"<sql>{escape(statement)}</sql>")
    with emulator.client("cucm-pub") as client:
        return client.post("/axl/", content=content, headers=headers)


@pytest.mark.parametrize(
    "statement",
    [
        f"select userid from enduser where '{'a' * 5000}' matches '{'*a' * 15}*z'",
        f"select userid from enduser where '{'a' * 5000}' like '{'%a' * 15}%z'",
        f"select userid from enduser where userid matches '{'*u' * 40}*z'",
    ],
    ids=["long-value", "like", "many-stars"],
)
def test_a_pattern_with_many_stars_costs_no_more_than_another(environment: Emulator, statement: str) -> None:
    answer = sql(environment, statement)
    assert (answer.status_code, "<row>" in answer.text) == (200, False)


@pytest.mark.parametrize(
    "statement",
    [
        f"select userid from enduser where userid matches '{'a' * 60_000}'",
        f"select userid from enduser where userid like '{'a' * 60_000}'",
        "select count(*) from enduser a, enduser b, enduser c, enduser d",
        "select " + "replace(" * 6 + f"'{'a' * 40}'" + f", 'a', '{'a' * 40}')" * 6 + " from enduser",
    ],
    ids=["matches", "like", "join", "replace"],
)
def test_a_statement_that_is_too_much_work_is_interrupted(environment: Emulator, statement: str) -> None:
    answer = sql(environment, statement)
    assert Answer(answer.status_code, answer.content).fault.axlcode == -213


def test_a_text_is_taken_up_to_a_length(environment: Emulator) -> None:
    answer = sql(environment, f"select userid from enduser where userid in ({', '.join(['1'] * 400_000)})")
    fault = Answer(answer.status_code, answer.content).fault
    assert ("is not valid for type 'String1048576'" in fault.message, len(fault.message) < 300) == (True, True)


ITEMS = '<t:ItemId Id="AAAA"/>' * MANY
SHAPE = "<m:ItemShape><t:BaseShape>IdOnly</t:BaseShape></m:ItemShape>"


def ews(body: str) -> Attack:
    return Attack(SERVER, 443, "exchange", "POST", PATH, SOAP, envelope(body).encode())


@pytest.mark.parametrize(
    ("attack", "status", "rule"),
    [
        (
            ews(f"<m:GetItem>{SHAPE}<m:ItemIds>{ITEMS}</m:ItemIds></m:GetItem>"),
            500,
            "a list of more than 1000 elements",
        ),
        (ews(f"<m:GetItem>{'<t:a/>' * 110_000}</m:GetItem>"), 500, "more than 100000 tags"),
        (json_request("POST", "/imp-admin/v1/presence-gateways", "[" * 300_000), 413, "exceeds 262144 bytes"),
    ],
    ids=["ews-list", "tags", "imp-admin"],
)
def test_a_request_for_very_much_is_refused(attacker: Attacker, attack: Attack, status: int, rule: str) -> None:
    answer = attacker.send(attack)
    assert answer is not None
    assert (answer.status_code, rule in answer.text) == (status, True)


def test_a_command_for_very_many_services_is_refused(environment: Emulator, attacker: Attacker) -> None:
    (status,) = (sound for sound in requests() if b"soapGetServiceStatus" in sound.body)
    names = b"".join(b"<s:ServiceStatus>service %d</s:ServiceStatus>" % number for number in range(MANY))
    start = status.body.index(b"<s:ServiceStatus>")
    answer = attacker.send(replace(status, body=status.body[:start] + names + status.body[start:]))
    assert answer is not None
    assert "More than 1000 services are named" in answer.text
    assert environment.journal(protocol="control_center")[-1]["status"] == 500


LONG = "%a" * 60_000
FIND = f"<searchCriteria><userid>{LONG}</userid></searchCriteria><returnedTags><userid/></returnedTags>"
RESOLVE = (
    f'<m:ResolveNames ReturnFullContactData="false"><m:UnresolvedEntry>{LONG}</m:UnresolvedEntry></m:ResolveNames>'
)


@pytest.mark.parametrize(
    ("attack", "words"),
    [
        (Attack("cucm-pub", 8443, "application", "POST", "/axl/", SOAP, message("listUser", FIND)), "too long"),
        (ews(RESOLVE), "ErrorNameResolutionNoResults"),
    ],
    ids=["axl", "ews"],
)
def test_a_text_to_search_for_has_a_longest(attacker: Attacker, attack: Attack, words: str) -> None:
    answer = attacker.send(attack)
    assert answer is not None
    assert (words in answer.text, INTERNAL_ERROR in answer.text, len(answer.text) < 2000) == (True, False, True)
