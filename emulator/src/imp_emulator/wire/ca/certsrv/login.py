# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may use a certification authority's web server: Basic, NTLM or Negotiate, as IIS offers them together."""

from __future__ import annotations

from imp_emulator.pipeline.accounts import Accounts
from imp_emulator.pipeline.request import Request, Response
from imp_emulator.pipeline.windows_login import log_in as windows_log_in
from imp_emulator.wire.http.iis import unauthorized


def log_in(accounts: Accounts, request: Request) -> Response | None:
    """Set ``request.caller`` or return the refusal; the accounts are those of the CA whose host is ``request.node``."""
    known = {name: account.password for name, account in accounts.known(request.node).items()}
    challenges = windows_log_in(request, known, request.node)
    return unauthorized(challenges) if challenges else None


def has_role(accounts: Accounts, request: Request, role: str) -> bool:
    """Tell whether the caller, who is logged in, has a role."""
    account = accounts.known(request.node).get(request.caller or "")
    return account is not None and role in account.roles
