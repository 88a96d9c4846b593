# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The errors that a fault of kind ``error`` can inject, by protocol: each has its own names and words for them."""

from __future__ import annotations

from collections.abc import Mapping

from imp_emulator.wire import certmgr_refusals, control_center_refusals
from imp_emulator.wire.axl import refusals as axl
from imp_emulator.wire.ca.certsrv import refusals as certsrv
from imp_emulator.wire.exchange.ews.faults import ERRORS as EWS_ERRORS
from imp_emulator.wire.exchange.powershell import refusals as powershell
from imp_emulator.wire.imp_admin.problems import CATALOGUE as PROBLEMS
from imp_emulator.wire.presence_web_service.errors import ERRORS as PRESENCE_ERRORS

ERRORS: Mapping[str, Mapping[str, str]] = {
    "axl": axl.REFUSALS,
    "certmgr": {code: text for code, (_, text) in certmgr_refusals.REFUSALS.items()},
    "certsrv": certsrv.REFUSALS,
    "control_center": control_center_refusals.REFUSALS,
    "cucm_admin": {code: text for code, (_, text) in PROBLEMS.items()},
    "ews": {code: error.text for code, error in EWS_ERRORS.items()},
    "imp_admin": {code: text for code, (_, text) in PROBLEMS.items()},
    "imp_axl": axl.REFUSALS,
    "powershell": powershell.REFUSALS,
    "presence_web_service": {str(number): text for number, text in PRESENCE_ERRORS.items()},
}
"""What each protocol says, by the code of the error."""


def problem(code: str, protocol: str | None) -> str | None:
    """Return what is wrong with an error to inject into a protocol, ``None`` for any; ``None`` when nothing is."""
    if protocol is not None and protocol not in ERRORS:
        return f"{protocol!r} has no errors of its own; those that have are {', '.join(ERRORS)}"
    of = [ERRORS[protocol]] if protocol is not None else list(ERRORS.values())
    if any(code in errors for errors in of):
        return None
    known = ", ".join(dict.fromkeys(name for errors in of for name in errors))
    whose = f"of {protocol}" if protocol is not None else "of any protocol"
    return f"{code!r} is no error {whose} that is known here; known are {known}"
