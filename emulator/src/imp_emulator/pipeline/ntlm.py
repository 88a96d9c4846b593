# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
r"""NTLM over HTTP, server side: it authenticates a connection, so later requests of the connection need no header.

How a protocol uses it, in its ``authenticate``::

    outcome = check_ntlm(request, {r"EXAMPLE\svc-imp": "password", ...}, schemes=("Negotiate", "NTLM"))
    if outcome.access is Access.OK:
        return None                                      # request.caller is set
    return Response(401, challenges=(*outcome.challenges, 'Basic realm="..."'))

``challenges`` are what the answer has to carry: the bare schemes that are offered or, in the middle of a handshake,
the one scheme with the server's token (Basic is then best left out: the client is past choosing). A client without
any of the schemes in its ``Authorization`` header, on a connection that is not authenticated, is UNAUTHENTICATED.

The messages themselves are done by pyspnego (MS-NLMP, MS-NNTM; ``Negotiate`` also RFC 4559 with NTLM inside). Account
names are compared without regard to letter case, in the form in which they are stored: ``DOMAIN\user`` or
``user@domain``. Channel bindings are accepted and not checked, as IIS does with extended protection off.
"""

from __future__ import annotations

import base64
import os
import secrets
import struct
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import spnego
from spnego._ntlm_raw.crypto import ntowfv1
from spnego.exceptions import SpnegoError

from imp_emulator.pipeline.accounts import Access
from imp_emulator.pipeline.request import Request

_STORE = "NTLM_USER_FILE"
"""The environment variable by which pyspnego finds the accounts; there is no other way to give them."""

_BROKEN = (SpnegoError, struct.error, ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What pyspnego raises about messages that are broken, or right and not accepted."""

_LOGIN = {
    "ntlm": ("ntlm", spnego.NegotiateOptions.use_ntlm),
    "negotiate": ("negotiate", spnego.NegotiateOptions.use_negotiate | spnego.NegotiateOptions.use_ntlm),
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a check.

    Attributes:
        challenges: Values for ``WWW-Authenticate``, each a scheme or a scheme with a token.
    """

    access: Access
    challenges: tuple[str, ...] = ()


def check_ntlm(request: Request, passwords: Mapping[str, str], schemes: Sequence[str] = ("NTLM",)) -> Outcome:
    """Take the next step of the connection's authentication, or find it done; sets ``request.caller`` when it is.

    Args:
        request: The request; its ``connection`` carries the state.
        passwords: The accounts that may log in, by user name.
        schemes: ``NTLM``, ``Negotiate`` or both, in the order in which they are offered.
    """
    scheme, token = _token(request.headers.get("authorization", ""), schemes)
    if token is None:
        caller = request.connection.caller
        if caller is not None and passwords.get(caller) == request.connection.password:
            request.caller = caller
            return Outcome(Access.OK)
        return Outcome(Access.UNAUTHENTICATED, tuple(schemes))
    request.connection.caller = None
    try:
        answer, caller = _step(request, scheme, token, passwords)
    except _BROKEN:
        # Whatever is wrong with it, the message of a stranger is worth no more than a wrong password.
        request.connection.exchange = None
        return Outcome(Access.UNAUTHENTICATED, tuple(schemes))
    if caller is None:
        return Outcome(Access.UNAUTHENTICATED, (f"{scheme} {base64.b64encode(answer).decode('ascii')}",))
    request.caller = request.connection.caller = caller
    request.connection.password = passwords[caller]
    return Outcome(Access.OK)


def _step(request: Request, scheme: str, token: bytes, passwords: Mapping[str, str]) -> tuple[bytes, str | None]:
    """Feed a token to the handshake; returns the server's token and, at the end, the account."""
    connection = request.connection
    with _account_store(passwords):
        if connection.exchange is None:
            protocol, options = _LOGIN[scheme.lower()]
            connection.exchange = spnego.server(protocol=protocol, options=options)
        context: spnego.ContextProxy = connection.exchange
        answer = context.step(token)
    if not context.complete:
        return answer or b"", None
    connection.exchange = None
    return answer or b"", _stored_name(context.client_principal or "", passwords)


def _stored_name(principal: str, passwords: Mapping[str, str]) -> str:
    """Return the name of an account as it is stored; raises ``KeyError`` for an unknown one."""
    if principal in passwords:
        return principal
    return {name.casefold(): name for name in passwords}[principal.casefold()]


def _token(header: str, schemes: Sequence[str]) -> tuple[str, bytes | None]:
    """Read an ``Authorization`` header; without a token of one of the schemes the second value is ``None``."""
    given, _, encoded = header.partition(" ")
    scheme = next((known for known in schemes if known.lower() == given.lower()), "")
    if not scheme:
        return "", None
    try:
        return scheme, base64.b64decode(encoded.strip(), validate=True)
    except ValueError:  # Not ASCII or not base64.
        return scheme, b""


@contextmanager
def _account_store(passwords: Mapping[str, str]) -> Iterator[None]:
    """Let pyspnego see the accounts: a file of NT hashes, private to the user and gone when the block ends.

    The hash and not the password stands in it, because a colon in a password would break the format. The hash of LAN
    Manager is one that no password has: without one pyspnego takes that of the empty password, and computes it in
    Python for milliseconds.
    """
    nobodys = secrets.token_hex(16)
    lines = [f"{name}:0:{nobodys}:{ntowfv1(password).hex()}:[U]:" for name, password in passwords.items()]
    with tempfile.NamedTemporaryFile("w", suffix=".ntlm", encoding="utf-8") as file:
        file.write("\n".join(lines))
        file.flush()
        os.environ[_STORE] = file.name
        try:
            yield
        finally:
            del os.environ[_STORE]
