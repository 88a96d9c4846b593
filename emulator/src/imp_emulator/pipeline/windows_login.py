# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How IIS lets accounts of a domain in: Negotiate, NTLM or Basic, offered together and in this order."""

from __future__ import annotations

import hmac
from collections.abc import Mapping

from imp_emulator.pipeline.accounts import Access, basic_credentials
from imp_emulator.pipeline.ntlm import check_ntlm
from imp_emulator.pipeline.request import Request

_SCHEMES = ("Negotiate", "NTLM")


def log_in(request: Request, passwords: Mapping[str, str], realm: str) -> tuple[str, ...]:
    r"""Set ``request.caller``, or return what the answer 401 has to offer, one ``WWW-Authenticate`` header each.

    In the middle of a handshake that is the server's token alone: the client is past choosing. Negotiate and NTLM log
    the connection in, Basic the request. Windows compares account names without regard to letter case.

    Args:
        passwords: The accounts that may log in, by user name: ``DOMAIN\user`` or ``user@domain``.
        realm: What Basic calls the place.

    Returns:
        The challenges; none when the caller is known.
    """
    challenges: tuple[str, ...] = _SCHEMES
    given = basic_credentials(request.headers.get("authorization", ""))
    if given is not None:
        if _matches(request, given, passwords):
            return ()
    else:
        outcome = check_ntlm(request, passwords, _SCHEMES)
        if outcome.access is Access.OK:
            return ()
        challenges = outcome.challenges
    return (*challenges, f'Basic realm="{realm}"') if challenges == _SCHEMES else challenges


def _matches(request: Request, given: tuple[str, str], passwords: Mapping[str, str]) -> bool:
    username, password = given
    name = next((known for known in passwords if known.casefold() == username.casefold()), None)
    # An unknown name costs the same comparison as a known one.
    expected = "" if name is None else passwords[name]
    if not hmac.compare_digest(password.encode(), expected.encode()) or name is None:
        return False
    request.caller = name
    return True
