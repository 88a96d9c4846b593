# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""Logging a connection in with NTLM (MS-NTHT), on pyspnego: the requests on it need no header afterwards.

The messages of the protocol are the package's; here they are put into headers. They go out before the request that the
connection is made for: one that changes something is sent once, and one that could not log in was not sent at all.
"""

from __future__ import annotations

import base64
import struct
import traceback
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from ansible.module_utils.basic import missing_required_lib
from ansible_collections.ucops.imp.plugins.module_utils._core.errors import ImpError, Unauthorized, UnexpectedAnswer
from ansible_collections.ucops.imp.plugins.module_utils._core.options import Connection

if TYPE_CHECKING:
    from requests.models import Response

_MESSAGES = 3
_BROKEN = (struct.error, ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What pyspnego raises besides its own about messages that are broken."""


class NtlmLogin:
    r"""Logs connections in with a user name (``DOMAIN\user`` or ``user@domain``) and a password.

    Raises :class:`ImpError` when the Python package ``pyspnego`` is not installed.
    """

    def __init__(self, connection: Connection, headers: Mapping[str, str]) -> None:
        try:
            # Only who wants NTLM needs the package, and waits for it to load.
            import spnego  # noqa: PLC0415
        except ImportError:
            message = missing_required_lib("pyspnego", reason="for auth=ntlm")
            raise ImpError(message, code="missing-library", details={"trace": traceback.format_exc(1)}) from None
        self._spnego: Any = spnego
        self._connection = connection
        self._headers = dict(headers)

    def log_in(self, get: Callable[[dict[str, str]], Response]) -> None:
        """Authenticate a fresh connection; ``get`` asks over it for a page that changes nothing, with these headers.

        Raises :class:`Unauthorized`, :class:`UnexpectedAnswer`, and what ``get`` raises.
        """
        client = self._spnego.client(
            self._connection.username,
            self._connection.password,
            hostname=self._connection.hostname,
            service="http",
            protocol="ntlm",
            options=self._spnego.NegotiateOptions.use_ntlm,
        )
        token: bytes | None = None
        for _message in range(_MESSAGES):
            message = base64.b64encode(self._step(client, token)).decode("ascii")
            response = get({**self._headers, "Authorization": f"NTLM {message}"})
            if response.status_code != 401:
                return
            if client.complete:
                break
            token = _challenge(response.headers.get("WWW-Authenticate", ""))
            if token is None:
                raise UnexpectedAnswer("The server does not offer NTLM. Use auth=basic, or check host and port.")
        raise Unauthorized("The server does not accept the password.")

    def _step(self, client: Any, token: bytes | None) -> bytes:
        try:
            return client.step(token) or b""
        except (self._spnego.exceptions.SpnegoError, *_BROKEN):
            raise UnexpectedAnswer("The server's NTLM message cannot be read.") from None


def _challenge(values: str) -> bytes | None:
    """Return the token of an NTLM challenge among the values of ``WWW-Authenticate``."""
    for value in values.split(","):
        scheme, _space, token = value.strip().partition(" ")
        if scheme.lower() == "ntlm" and token:
            try:
                return base64.b64decode(token, validate=True)
            except ValueError:
                return None
    return None
