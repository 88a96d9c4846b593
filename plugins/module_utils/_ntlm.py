# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""NTLM over HTTP, client side: it authenticates a connection once, and the requests on it need no header (MS-NTHT)."""

from __future__ import annotations

import base64
import http.client
import struct
import traceback
from collections.abc import Mapping
from typing import Any

from ansible.module_utils.basic import missing_required_lib
from ansible_collections.ucops.imp.plugins.module_utils._errors import ImpError, Unauthorized, UnexpectedAnswer

_PATH = "/certsrv/"
_MESSAGES = 3
_BROKEN = (struct.error, ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What pyspnego raises besides its own about messages that are broken."""


class NtlmLogin:
    r"""Logs connections in with a user name (``DOMAIN\user`` or ``user@domain``) and a password.

    Raises :class:`ImpError` when the Python package ``pyspnego`` is not installed.
    """

    def __init__(self, hostname: str, username: str, password: str, headers: Mapping[str, str]) -> None:
        try:
            # Only who wants NTLM needs the package, and waits for it to load.
            import spnego  # noqa: PLC0415
        except ImportError:
            message = missing_required_lib("pyspnego", reason="for auth=ntlm")
            raise ImpError(message, code="missing-library", details={"trace": traceback.format_exc(1)}) from None
        self._spnego: Any = spnego
        self._hostname = hostname
        self._username = username
        self._password = password
        self._headers = dict(headers)

    def log_in(self, connection: http.client.HTTPSConnection) -> None:
        """Authenticate a fresh connection with requests for a page that changes nothing.

        Raises :class:`Unauthorized` or :class:`UnexpectedAnswer`, and what ``http.client`` raises.
        """
        client = self._spnego.client(
            self._username,
            self._password,
            hostname=self._hostname,
            service="http",
            protocol="ntlm",
            options=self._spnego.NegotiateOptions.use_ntlm,
        )
        token: bytes | None = None
        for _message in range(_MESSAGES):
            answer = self._step(client, token)
            headers = {**self._headers, "Authorization": f"NTLM {base64.b64encode(answer).decode('ascii')}"}
            connection.request("GET", _PATH, headers=headers)
            response = connection.getresponse()
            response.read()
            if response.status != 401:
                return
            token = _challenge(response.headers.get_all("WWW-Authenticate") or [])
            if token is None and client.complete:
                break
            if token is None:
                raise UnexpectedAnswer("The server does not offer NTLM. Use auth=basic, or check host and port.")
        raise Unauthorized("The server does not accept the password.")

    def _step(self, client: Any, token: bytes | None) -> bytes:
        try:
            return client.step(token) or b""
        except (self._spnego.exceptions.SpnegoError, *_BROKEN):
            raise UnexpectedAnswer("The server's NTLM message cannot be read.") from None


def _challenge(values: list[str]) -> bytes | None:
    """Return the token of an NTLM challenge among the values of ``WWW-Authenticate``."""
    for value in ",".join(values).split(","):
        scheme, _space, token = value.strip().partition(" ")
        if scheme.lower() == "ntlm" and token:
            try:
                return base64.b64decode(token, validate=True)
            except ValueError:
                return None
    return None
