# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What remote PowerShell can be made to answer by an injected fault: faults of WS-Management, and errors of cmdlets.

Names and numbers of the quotas are those of wsmerror.h; the words are Microsoft's where its pages or users quote them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from imp_emulator.wire.exchange.powershell import records
from imp_emulator.wire.exchange.powershell.records import CmdletError
from imp_emulator.wire.exchange.powershell.wsman import WsmanFault

_PREFIX = "The WS-Management service cannot process the request. "
_SHELLS = (
    f"{_PREFIX}This user is allowed a maximum number of 18 concurrent shells, which has been exceeded. Close existing "
    "shells or raise the quota for this user."
)
_USER_LOAD = (
    f"{_PREFIX}The user load quota of 1000 requests per 2 seconds has been exceeded. Send future requests at a slower "
    "rate or raise the quota for this user. The next request from this user will not be approved for at least "
    "{milliseconds} milliseconds."
)
_SYSTEM_LOAD = (
    f"{_PREFIX}The system load quota of 1000 requests per 2 seconds has been exceeded. Send requests at a slower "
    "rate or raise the system quota. The next request will not be approved for at least {milliseconds} milliseconds."
)
QUOTAS: Mapping[str, tuple[int, str]] = {
    "QUOTA_LIMIT": (0x8033803F, "The WS-Management service is busy servicing other requests. Retry later."),
    "QUOTA_MAX_SHELLS": (0x803381A5, _SHELLS),
    "QUOTA_MAX_OPERATIONS": (0x803381A6, f"{_PREFIX}The maximum number of concurrent operations has been exceeded."),
    "QUOTA_USER": (0x803381A7, _USER_LOAD),
    "QUOTA_SYSTEM": (0x803381A8, _SYSTEM_LOAD),
    "QUOTA_MAX_SHELLUSERS": (0x803381AB, f"{_PREFIX}The maximum number of concurrent users has been exceeded."),
    "QUOTA_MAX_SHELLS_PPQ": (0x803381E4, f"{_PREFIX}This user has exceeded the allowed shells for this plugin."),
    "QUOTA_MAX_USERS_PPQ": (0x803381E5, f"{_PREFIX}This plugin has exceeded its allowed users."),
    "QUOTA_MAX_PLUGINSHELLS_PPQ": (0x803381E6, f"{_PREFIX}This plugin has exceeded its allowed shells."),
    "QUOTA_MAX_PLUGINOPERATIONS_PPQ": (0x803381E7, f"{_PREFIX}This plugin has exceeded its allowed operations."),
    "QUOTA_MAX_OPERATIONS_USER_PPQ": (0x803381E8, f"{_PREFIX}This user has exceeded the allowed operations."),
    "QUOTA_MAX_COMMANDS_PER_SHELL_PPQ": (0x803381E9, f"{_PREFIX}The shell has exceeded its allowed commands."),
}
"""Faults of a server whose quotas are used up, by the end of their name (ERROR_WSMAN_...)."""

_AUTHORISED = (
    "[AuthZRequestId=8feccdea-493c-4c12-85dd-d185232cc0be][FailureCategory=AuthZ-AuthorizationException] Fail to "
    "create {} Please wait for {{seconds}} seconds."
)
CONNECTIONS: Mapping[str, str] = {
    "MaxConcurrency": _AUTHORISED.format(
        "a runspace because you have exceeded the maximum number of connections allowed : 3 for the policy party : "
        "MaxConcurrency."
    ),
    "Budget": _AUTHORISED.format("runspace because you have exceeded your budget to create runspace."),
}
"""Faults of Exchange's own throttling, which come with the number of a denied access."""

CMDLETS: Mapping[str, str] = {
    "ADTransientException": "Active Directory server is not available. Error message: A transient error has occurred.",
    "DataSourceTransientException": "The data source has failed for a moment.",
    "StorageTransientException": "The mailbox database has failed for a moment.",
    "OverBudgetException": "The budget of the account is used up. Policy: PowerShellMaxCmdlets.",
    "ResourceUnhealthyException": "The resource is unhealthy and should not be accessed.",
    "RpcServerTooBusyException": "The RPC server is too busy to complete this operation.",
    "CmdletThrottlingException": "The cmdlet is being throttled.",
    "ServerBusyException": "The server is too busy. Try again later.",
}
"""Errors of a cmdlet, by the name of the exception; nothing of it was done."""

REFUSALS: Mapping[str, str] = {**{name: text for name, (_, text) in QUOTAS.items()}, **CONNECTIONS, **CMDLETS}
_TIMES = {"milliseconds": "500", "seconds": "1"}


def fault(code: str, values: Mapping[str, str]) -> WsmanFault | None:
    """Return the fault of that name; ``None`` for what only a cmdlet can say."""
    if code in CMDLETS:
        return None
    number, text = QUOTAS.get(code) or (5, CONNECTIONS[code])
    for name, default in _TIMES.items():
        text = text.replace(f"{{{name}}}", values.get(name, default))
    return WsmanFault(number, "wsman:QuotaLimit" if code in QUOTAS else "wsman:AccessDenied", text)


def error(code: str, cmdlet: str, server: str, at: datetime) -> CmdletError:
    """Return the error record with which a cmdlet ends."""
    return records.passing(code, CMDLETS[code], cmdlet, server, at)
