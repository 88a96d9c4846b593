# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who calls: HTTP Basic against the stored accounts, and the sessions that Tomcat's cookies stand for."""

from __future__ import annotations

import base64
import binascii
import hmac
import json
import secrets
from enum import Enum
from typing import TYPE_CHECKING

from imp_emulator.store import accounts

if TYPE_CHECKING:
    from imp_emulator.pipeline.request import Request
    from imp_emulator.world.environment import Environment

SESSION_COOKIE = "JSESSIONIDSSO"


class Access(Enum):
    """The outcome of a check; HTTP 401 and 403 are the refusals."""

    OK = "ok"
    UNAUTHENTICATED = "unauthenticated"
    FORBIDDEN = "forbidden"


class Sessions:
    """Session tokens for callers that have authenticated once.

    There is one per account and node, however many clients log in; like Tomcat's sessions they end with the process.
    """

    def __init__(self) -> None:
        self._tokens: dict[tuple[str, str, str | None], str] = {}
        self._callers: dict[tuple[str, str, str], str | None] = {}

    def issue(self, request: Request) -> str:
        """Return the token that stands for an authenticated call's caller on its node."""
        token = self._tokens.get((request.cluster, request.node, request.caller))
        if token is None:
            token = self._tokens[request.cluster, request.node, request.caller] = secrets.token_hex(16).upper()
            self._callers[request.cluster, request.node, token] = request.caller
        return token

    def caller(self, request: Request, token: str) -> str | None:
        """Return whom a token stands for on the call's node, or ``None``."""
        return self._callers.get((request.cluster, request.node, token))


def check_basic(
    environment: Environment, request: Request, kind: str, role: str | None = None, owner: str | None = None
) -> Access:
    """Check the ``Authorization: Basic`` header (RFC 7617) and set ``request.caller``.

    ``kind`` is that of the accounts that count here (``application``, ``os``, ``exchange``, ...), ``role`` the one that
    the account must have, for example ``Standard AXL API Access``. The accounts are those of the call's cluster, or of
    ``owner``, a certification authority's host.
    """
    credentials = basic_credentials(request.headers.get("authorization", ""))
    if credentials is None:
        return Access.UNAUTHENTICATED
    username, password = credentials
    account = accounts.account(environment.database, request.cluster if owner is None else owner, kind, username)
    # An unknown name costs the same comparison as a known one, so the time tells nothing about which names exist.
    expected = "" if account is None else account["password"]
    matches = hmac.compare_digest(password.encode(), expected.encode())
    if account is None or not matches:
        return Access.UNAUTHENTICATED
    request.caller = account["username"]
    return Access.OK if role is None or role in json.loads(account["roles"]) else Access.FORBIDDEN


def check_session(environment: Environment, request: Request, kind: str, role: str | None = None) -> Access:
    """Check the cookie that an earlier success issued (see :func:`issue_session`) and set ``request.caller``."""
    token = _cookie(request.headers.get("cookie", ""), SESSION_COOKIE)
    caller = environment.sessions.caller(request, token) if token else None
    account = accounts.account(environment.database, request.cluster, kind, caller) if caller else None
    if account is None:
        return Access.UNAUTHENTICATED
    request.caller = account["username"]
    return Access.OK if role is None or role in json.loads(account["roles"]) else Access.FORBIDDEN


def issue_session(environment: Environment, request: Request) -> str:
    """Return the value of the session cookie for the call's authenticated caller."""
    return environment.sessions.issue(request)


def basic_credentials(header: str) -> tuple[str, str] | None:
    """Decode an ``Authorization`` header (RFC 7617, UTF-8); ``None`` when it holds no Basic credentials."""
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        text = base64.b64decode(encoded.strip(), validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        return None
    username, colon, password = text.partition(":")
    return (username, password) if colon else None


def _cookie(header: str, name: str) -> str | None:
    for part in header.split(";"):
        key, _, value = part.strip().partition("=")
        if key == name:
            return value.strip('"')
    return None
