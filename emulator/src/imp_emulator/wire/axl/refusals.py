# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What AXL can be made to answer by an injected fault: above all that it has no time just now.

Cisco's developer guide has the words of the memory that is used up. Numbers and words of locks and connections are
those of Informix; which of its numbers AXL hands on, and that it does so as with -239, is assumed.
"""

from __future__ import annotations

from collections.abc import Mapping

from imp_emulator.pipeline.request import Response
from imp_emulator.wire.axl import faults
from imp_emulator.wire.axl.faults import AxlFault
from imp_emulator.wire.http import soap
from imp_emulator.wire.http.tomcat import error_page

CHANGE_NOTIFICATIONS, MEMORY = "change-notifications", "memory"
TOO_MANY_NOTIFICATIONS = "Too many outstanding change notifications."
_MEMORY = "Maximum AXL Memory Allocation Consumed. Please retry once requests in progress have completed"
_ISAM = {
    -78: "ISAM error: deadlock situation, timeout expired.",
    -107: "ISAM error: record is locked.",
    -113: "ISAM error: the file is locked.",
    -134: "ISAM error: no more locks.",
    -143: "ISAM error: deadlock detected.",
    -144: "ISAM error: key value locked.",
    -154: "ISAM error: Lock Timeout Expired.",
}
_SQL = {
    -208: "Memory allocation failed during query processing.",
    -233: "Cannot read record that is locked by another user.",
    -243: "Could not position within a table (informix.enduser).",
    -244: "Could not do a physical-order read to fetch next row.",
    -245: "Could not position within a file via an index.",
    -246: "Could not do an indexed read to get the next row.",
    -263: "Could not lock row for UPDATE.",
    -289: "Cannot lock table (enduser) in requested mode.",
    -378: "Record currently locked by another user.",
    -458: "Long transaction aborted.",
    -710: "Table (enduser) has been dropped, altered, or renamed.",
    -908: "Attempt to connect to database server failed.",
    -25580: "System error occurred in network function.",
    -25582: "Network connection is broken.",
    -27002: "No connections are allowed in quiescent mode.",
}

REFUSALS: Mapping[str, str] = {
    CHANGE_NOTIFICATIONS: TOO_MANY_NOTIFICATIONS,
    MEMORY: _MEMORY,
    **{str(number): text for number, text in {**_ISAM, **_SQL}.items()},
}
"""The words of each, by its name or number."""


def answer(code: str, operation: str) -> Response:
    """Return the answer to a request that is refused so; ``operation`` is the name of what was asked for."""
    if code == CHANGE_NOTIFICATIONS:
        return error_page(503, TOO_MANY_NOTIFICATIONS)
    number = faults.TOO_LARGE if code == MEMORY else int(code)
    return Response(500, AxlFault(number, REFUSALS[code]).body(operation), soap.CONTENT_TYPE)
