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

from imp_emulator.pipeline.accounts import Access
from imp_emulator.pipeline.ntlm import Outcome, check_ntlm
from imp_emulator.pipeline.request import Connection, Request

USER = r"EXAMPLE\caadmin"
PASSWORD = "colon:in-it-äö"
PASSWORDS = {USER: PASSWORD, "svc@example.com": "another one"}


def requested(connection: Connection, header: str = "") -> Request:
    return Request("", "ca.example.com", 443, "GET", "/certsrv/", {}, {"authorization": header}, b"", None, connection)


def handshake(connection: Connection, username: str, password: str, scheme: str = "NTLM") -> tuple[Request, Outcome]:
    """Log in as a client does; returns the last request and its outcome."""
    options = spnego.NegotiateOptions.use_ntlm
    if scheme == "Negotiate":
        options |= spnego.NegotiateOptions.use_negotiate
    client = spnego.client(username, password, protocol=scheme.lower(), options=options)
    token: bytes | None = None
    for _round in range(4):
        request = requested(connection, f"{scheme} {base64.b64encode(client.step(token) or b'').decode()}")
        outcome = check_ntlm(request, PASSWORDS, schemes=("Negotiate", "NTLM"))
        if outcome.access is Access.OK or " " not in outcome.challenges[0]:
            return request, outcome
        given_scheme, encoded = outcome.challenges[0].split(" ")
        assert given_scheme == scheme
        token = base64.b64decode(encoded)
    raise AssertionError("the handshake does not end")


@pytest.mark.parametrize("scheme", ["NTLM", "Negotiate"])
@pytest.mark.parametrize("username", [USER, r"example\CAADMIN", "svc@example.com"])
def test_a_handshake_authenticates_the_connection(scheme: str, username: str) -> None:
    connection = Connection()
    password = PASSWORDS[USER] if "\\" in username else PASSWORDS[username]
    request, outcome = handshake(connection, username, password, scheme)
    assert outcome.access is Access.OK
    stored = USER if "\\" in username else username
    assert request.caller == stored
    later = requested(connection)
    assert check_ntlm(later, PASSWORDS).access is Access.OK
    assert later.caller == stored
    assert check_ntlm(requested(Connection()), PASSWORDS).access is Access.UNAUTHENTICATED, "another connection"
    assert check_ntlm(requested(connection), {"other": "accounts"}).access is Access.UNAUTHENTICATED


@pytest.mark.parametrize("scheme", ["NTLM", "Negotiate"])
@pytest.mark.parametrize(("username", "password"), [(USER, "wrong"), (r"OTHER\caadmin", PASSWORD), ("nobody", "x")])
def test_wrong_credentials_are_refused_and_may_be_put_right(scheme: str, username: str, password: str) -> None:
    connection = Connection()
    request, outcome = handshake(connection, username, password, scheme)
    assert (outcome.access, outcome.challenges) == (Access.UNAUTHENTICATED, ("Negotiate", "NTLM"))
    assert request.caller is None
    assert check_ntlm(requested(connection), PASSWORDS).access is Access.UNAUTHENTICATED
    assert handshake(connection, USER, PASSWORD, scheme)[1].access is Access.OK


def test_a_new_handshake_ends_the_old_login() -> None:
    connection = Connection()
    handshake(connection, USER, PASSWORD)
    handshake(connection, USER, "wrong")
    assert check_ntlm(requested(connection), PASSWORDS).access is Access.UNAUTHENTICATED


def test_without_a_header_the_schemes_are_offered() -> None:
    for header in ("", "Basic eDp5", "Digest abc"):
        outcome = check_ntlm(requested(Connection(), header), PASSWORDS, schemes=("Negotiate", "NTLM"))
        assert outcome == Outcome(Access.UNAUTHENTICATED, ("Negotiate", "NTLM"))


@settings(max_examples=500)
@given(st.binary(max_size=96), st.sampled_from(["NTLM", "Negotiate"]), st.booleans())
def test_rubbish_is_refused(rubbish: bytes, scheme: str, signed: bool) -> None:
    connection = Connection()
    content = (b"NTLMSSP\0" if signed else b"") + rubbish
    for _round in range(2):
        header = f"{scheme} {base64.b64encode(content).decode()}"
        outcome = check_ntlm(requested(connection, header), PASSWORDS, schemes=("Negotiate", "NTLM"))
        assert outcome.access is Access.UNAUTHENTICATED
    assert "NTLM_USER_FILE" not in os.environ
