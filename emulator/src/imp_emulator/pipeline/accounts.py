# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who calls: HTTP Basic against the stored accounts, and the sessions that Tomcat's cookies stand for."""

from __future__ import annotations

import base64
import hmac
import secrets
from enum import Enum

from imp_emulator.pipeline.request import Request
from imp_emulator.store import accounts as store
from imp_emulator.store.accounts import EXCHANGE, Account
from imp_emulator.store.database import Database
from imp_emulator.world.sessions import Sessions

__all__ = ["EXCHANGE", "SESSION_COOKIE", "Access", "Account", "Accounts", "basic_credentials", "same_secret"]

SESSION_COOKIE = "JSESSIONIDSSO"


class Access(Enum):
    """The outcome of a check; HTTP 401 and 403 are the refusals."""

    OK = "ok"
    UNAUTHENTICATED = "unauthenticated"
    FORBIDDEN = "forbidden"


class Accounts:
    """The accounts that the state holds, and the sessions of those who have logged in.

    Args:
        database: The state.
        sessions: What the cookies handed out stand for.
    """

    def __init__(self, database: Database, sessions: Sessions) -> None:
        self._database = database
        self._sessions = sessions

    def known(self, owner: str) -> dict[str, Account]:
        """Return the accounts of a cluster, a certification authority's host or :data:`EXCHANGE`, by user name."""
        return {account.username: account for account in store.accounts(self._database, owner)}

    def basic(self, request: Request, kind: str, role: str | None = None, owner: str | None = None) -> Access:
        """Check the ``Authorization: Basic`` header (RFC 7617) and set ``request.caller``.

        Args:
            kind: The kind of the accounts that count here (``application``, ``os``, ``exchange``, ...).
            role: The one that the account must have, for example ``Standard AXL API Access``.
            owner: Whose accounts count: the request's cluster, or a certification authority's host.
        """
        credentials = basic_credentials(request.headers.get("authorization", ""))
        if credentials is None:
            return Access.UNAUTHENTICATED
        username, password = credentials
        access = self.check(request.cluster if owner is None else owner, kind, username, password, role)
        if access is not Access.UNAUTHENTICATED:
            request.caller = username
        return access

    def check(self, owner: str, kind: str, username: str, password: str, role: str | None = None) -> Access:
        """Check the password of an account, and whether it has a role; see :meth:`basic`."""
        account = store.account(self._database, owner, kind, username)
        # An unknown name costs the same comparison as a known one, so the time tells nothing about which names exist.
        matches = same_secret(password, "" if account is None else account.password)
        if account is None or not matches:
            return Access.UNAUTHENTICATED
        return Access.OK if role is None or role in account.roles else Access.FORBIDDEN

    def session(self, request: Request, kind: str, role: str | None = None) -> Access:
        """Check the cookie that an earlier success issued (see :meth:`new_session`) and set ``request.caller``."""
        caller = self._in_session(request)
        account = store.account(self._database, request.cluster, kind, caller) if caller else None
        if account is None:
            return Access.UNAUTHENTICATED
        request.caller = account.username
        return Access.OK if role is None or role in account.roles else Access.FORBIDDEN

    def _in_session(self, request: Request) -> str | None:
        """Return whose session the request's cookie belongs to; that of another node is a stranger's."""
        token = _cookie(request.headers.get("cookie", ""), SESSION_COOKIE)
        return self._sessions.caller(request.cluster, request.node, token) if token else None

    def session_or_basic(self, request: Request, kind: str, role: str | None = None) -> Access:
        """Check the cookie and, where it stands for nobody, the password; see :meth:`session` and :meth:`basic`."""
        access = self.session(request, kind, role)
        return self.basic(request, kind, role) if access is Access.UNAUTHENTICATED else access

    def new_session(self, request: Request, path: str) -> tuple[str, ...]:
        """Return the cookies of a new session for the authenticated caller, or none when the client is in one already.

        Args:
            path: What the web application's own cookie belongs to; that of the session counts on the whole node.
        """
        if self._in_session(request) is not None:
            return ()
        token = self._sessions.issue(request.cluster, request.node, request.caller)
        return (
            f"{SESSION_COOKIE}={token}; Path=/; Secure; HttpOnly",
            f"JSESSIONID={secrets.token_hex(16).upper()}; Path={path}; Secure; HttpOnly",
        )


def same_secret(given: str, expected: str) -> bool:
    """Compare two secrets in a time that tells nothing about them."""
    return hmac.compare_digest(given.encode(), expected.encode())


def basic_credentials(header: str) -> tuple[str, str] | None:
    """Decode an ``Authorization`` header (RFC 7617, UTF-8); ``None`` when it holds no Basic credentials."""
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        text = base64.b64decode(encoded.strip(), validate=True).decode("utf-8")
    except ValueError:  # Not ASCII, not base64, or not UTF-8.
        return None
    username, colon, password = text.partition(":")
    return (username, password) if colon else None


def _cookie(header: str, name: str) -> str | None:
    for part in header.split(";"):
        key, _, value = part.strip().partition("=")
        if key == name:
            return value.strip('"')
    return None
