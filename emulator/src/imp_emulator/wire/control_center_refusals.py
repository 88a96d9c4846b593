# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the control center can be made to answer by an injected fault.

The fault of the rate control, misspelling included, was seen in answers of the real-time service that users published;
that the control center gives it too is assumed. The reason codes are those of Cisco's serviceability guide.
"""

from __future__ import annotations

from collections.abc import Mapping

from imp_emulator.pipeline.request import Response
from imp_emulator.wire.http import soap
from imp_emulator.wire.http.soap import text

RATE_CONTROL, BUSY = "RateControl", "busy"
_AXIS = "http://xml.apache.org/axis/"

REFUSALS: Mapping[str, str] = {
    RATE_CONTROL: "Exceeded allowed rate for Reatime information. Current allowed rate for realtime information is 15 "
    "requests per minute.",
    BUSY: "The server is busy. Please try again later.",
    "-1024": "Out of memory",
    "-1029": "Operation is pending",
    "-1031": "Operation timed out",
    "-1032": "File is locked",
    "-1041": "Dependencies still pending",
    "-1046": "Process recovery in progress",
    "-1047": "Operation pending on scheduled restart",
    "-1048": "Operation pending on active dependencies",
    "-1049": "Operation pending on active dependents",
    "-1050": "Shutdown is in progress",
}
"""The words of each: two faults, and reason codes, with which a command is not accepted."""


def answer(code: str, operation: str, namespace: str) -> Response:
    """Return the answer to a request that is refused so; a reason code stands in the operation's own answer."""
    words = REFUSALS[code]
    if code == RATE_CONTROL:
        markup = (
            f'<soapenv:Fault><faultcode xmlns:ns1="{_AXIS}">ns1:Server.{RATE_CONTROL}</faultcode>'
            f"<faultstring>AxisFault: {text(words)}</faultstring></soapenv:Fault>"
        )
        return Response(500, soap.envelope(markup.encode()), soap.CONTENT_TYPE)
    if code == BUSY:
        return Response(500, soap.fault("Server", words), soap.CONTENT_TYPE)
    inside = (
        f"<ns1:ReturnCode>1</ns1:ReturnCode><ns1:ReasonCode>{code}</ns1:ReasonCode>"
        f"<ns1:ReasonString>{text(words)}</ns1:ReasonString><ns1:ServiceInfoList/>"
    )
    markup = (
        f'<ns1:{operation}Response xmlns:ns1="{namespace}"><ns1:{operation}Return>{inside}'
        f"</ns1:{operation}Return></ns1:{operation}Response>"
    )
    return Response(200, soap.envelope(markup.encode()), soap.CONTENT_TYPE)
