# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The server side of NTLM: handshakes with pyspnego's client, bound to one connection."""

from __future__ import annotations

import base64
import os

import pytest
import spnego
from hypothesis import given, settings
from hypothesis import strategies as st

from imp_emulator.pipeline.accounts import Verdict
from imp_emulator.pipeline.ntlm import Outcome, check_ntlm
from imp_emulator.pipeline.request import Call, Connection

USER = r"EXAMPLE\caadmin"
PASSWORD = "colon:in-it-äö"
PASSWORDS = {USER: PASSWORD, "svc@example.com": "another one"}


def request(connection: Connection, header: str = "") -> Call:
    return Call("", "ca.example.com", 443, "GET", "/certsrv/", {}, {"authorization": header}, b"", None, connection)


def handshake(connection: Connection, username: str, password: str, scheme: str = "NTLM") -> tuple[Call, Outcome]:
    """Log in as a client does; returns the last request and its outcome."""
    options = spnego.NegotiateOptions.use_ntlm
    if scheme == "Negotiate":
        options |= spnego.NegotiateOptions.use_negotiate
    client = spnego.client(username, password, protocol=scheme.lower(), options=options)
    token: bytes | None = None
    for _round in range(4):
        call = request(connection, f"{scheme} {base64.b64encode(client.step(token) or b'').decode()}")
        outcome = check_ntlm(call, PASSWORDS, schemes=("Negotiate", "NTLM"))
        if outcome.verdict is Verdict.OK or " " not in outcome.challenges[0]:
            return call, outcome
        given_scheme, encoded = outcome.challenges[0].split(" ")
        assert given_scheme == scheme
        token = base64.b64decode(encoded)
    raise AssertionError("the handshake does not end")


@pytest.mark.parametrize("scheme", ["NTLM", "Negotiate"])
@pytest.mark.parametrize("username", [USER, r"example\CAADMIN", "svc@example.com"])
def test_a_handshake_authenticates_the_connection(scheme: str, username: str) -> None:
    connection = Connection()
    password = PASSWORDS[USER] if "\\" in username else PASSWORDS[username]
    call, outcome = handshake(connection, username, password, scheme)
    assert outcome.verdict is Verdict.OK
    stored = USER if "\\" in username else username
    assert call.caller == stored
    later = request(connection)
    assert check_ntlm(later, PASSWORDS).verdict is Verdict.OK
    assert later.caller == stored
    assert check_ntlm(request(Connection()), PASSWORDS).verdict is Verdict.UNAUTHENTICATED, "another connection"
    assert check_ntlm(request(connection), {"other": "accounts"}).verdict is Verdict.UNAUTHENTICATED


@pytest.mark.parametrize("scheme", ["NTLM", "Negotiate"])
@pytest.mark.parametrize(("username", "password"), [(USER, "wrong"), (r"OTHER\caadmin", PASSWORD), ("nobody", "x")])
def test_wrong_credentials_are_refused_and_may_be_put_right(scheme: str, username: str, password: str) -> None:
    connection = Connection()
    call, outcome = handshake(connection, username, password, scheme)
    assert (outcome.verdict, outcome.challenges) == (Verdict.UNAUTHENTICATED, ("Negotiate", "NTLM"))
    assert call.caller is None
    assert check_ntlm(request(connection), PASSWORDS).verdict is Verdict.UNAUTHENTICATED
    assert handshake(connection, USER, PASSWORD, scheme)[1].verdict is Verdict.OK


def test_a_new_handshake_ends_the_old_login() -> None:
    connection = Connection()
    handshake(connection, USER, PASSWORD)
    handshake(connection, USER, "wrong")
    assert check_ntlm(request(connection), PASSWORDS).verdict is Verdict.UNAUTHENTICATED


def test_without_a_header_the_schemes_are_offered() -> None:
    for header in ("", "Basic eDp5", "Digest abc"):
        outcome = check_ntlm(request(Connection(), header), PASSWORDS, schemes=("Negotiate", "NTLM"))
        assert outcome == Outcome(Verdict.UNAUTHENTICATED, ("Negotiate", "NTLM"))


@settings(max_examples=500)
@given(st.binary(max_size=96), st.sampled_from(["NTLM", "Negotiate"]), st.booleans())
def test_rubbish_is_refused(rubbish: bytes, scheme: str, signed: bool) -> None:
    connection = Connection()
    content = (b"NTLMSSP\0" if signed else b"") + rubbish
    for _round in range(2):
        header = f"{scheme} {base64.b64encode(content).decode()}"
        outcome = check_ntlm(request(connection, header), PASSWORDS, schemes=("Negotiate", "NTLM"))
        assert outcome.verdict is Verdict.UNAUTHENTICATED
    assert "NTLM_USER_FILE" not in os.environ
