# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sessions that Tomcat's cookies stand for."""

from __future__ import annotations

import secrets


class Sessions:
    """Session tokens for callers that have authenticated once.

    There is one per account and node, however many clients log in; like Tomcat's sessions they end with the process.
    """

    def __init__(self) -> None:
        self._tokens: dict[tuple[str, str, str | None], str] = {}
        self._callers: dict[tuple[str, str, str], str | None] = {}

    def issue(self, cluster: str, node: str, caller: str | None) -> str:
        """Return the token that stands for an authenticated caller on a node."""
        token = self._tokens.get((cluster, node, caller))
        if token is None:
            token = self._tokens[cluster, node, caller] = secrets.token_hex(16).upper()
            self._callers[cluster, node, token] = caller
        return token

    def caller(self, cluster: str, node: str, token: str) -> str | None:
        """Return whom a token stands for on a node, or ``None``."""
        return self._callers.get((cluster, node, token))

    def end(self, cluster: str, node: str, caller: str | None) -> None:
        """End the session of a caller on a node, as a timeout does; a token of it stands for nobody any more."""
        token = self._tokens.pop((cluster, node, caller), None)
        if token is not None:
            del self._callers[cluster, node, token]
