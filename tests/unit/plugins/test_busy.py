# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What says "not now" in each protocol, what does not, how long it asks to wait, and whether anything was done."""

from __future__ import annotations

import json

import pytest
from ansible_collections.ucops.imp.plugins.module_utils._clients import (
    axl_faults,
    certmgr,
    certsrv,
    certsrv_errors,
    control_center,
    exchange_busy,
    presence_errors,
)
from ansible_collections.ucops.imp.plugins.module_utils._core import backoff
from ansible_collections.ucops.imp.plugins.module_utils._core.backoff import Asked, NotNow
from ansible_collections.ucops.imp.plugins.module_utils._core.errors import ApiError, Conflict
from ansible_collections.ucops.imp.plugins.module_utils._http import soap
from ansible_collections.ucops.imp.plugins.module_utils._http.transport import Answer

from tests.support.project_files import ROOT
from tests.support.scripted_axl import enveloped

USED_UP = "Maximum AXL Memory Allocation Consumed. Please retry once requests in progress have completed"


def test_the_page_lists_all_that_is_waited_for() -> None:
    page = (ROOT / "docs" / "busy-servers.md").read_text(encoding="utf-8")
    listed = {word.strip(",;.") for word in page.replace("|", " ").split()}
    numbers = {*axl_faults.LOCKED, *axl_faults.SHORT, *axl_faults.BROKEN_OFF, *axl_faults.DUPLICATE[:2]}
    numbers |= {str(code) for code in (*control_center.PASSING, control_center.TIMED_OUT, control_center.PENDING)}
    numbers |= {str(status) for status in (*backoff.NOTHING_DONE, *backoff.NOBODY_KNOWS, *Conflict.MEANS_IT)}
    numbers |= {str(number) for number in presence_errors.BUSY}
    codes = (*exchange_busy.QUOTAS, *certsrv_errors.NOT_NOW, *certsrv_errors.NOBODY_KNOWS)
    assert numbers | {f"0x{code:X}" for code in codes} <= listed


def fault(text: str, detail: str = "", code: str = "soapenv:Server", status: int = 500) -> Answer:
    inside = f"<faultcode>{code}</faultcode><faultstring>{text}</faultstring><detail>{detail}</detail>"
    return Answer(status, {}, enveloped(f"<soapenv:Fault>{inside}</soapenv:Fault>"))


def axl(code: int | str, text: str) -> Answer:
    detail = f"<axlError><axlcode>{code}</axlcode><axlmessage>{text}</axlmessage><request>x</request></axlError>"
    return fault(text, detail)


def told(found: NotNow | None) -> tuple[str, bool] | None:
    return None if found is None else (found.asked.retry_after, found.undone)


@pytest.mark.parametrize(
    "words",
    [
        "The server is too busy. Try again later.",
        "Server busy",
        "The service is temporarily unavailable",
        "Service currently unavailable.",
        "Too many requests",
        "The database is busy",
        "Please try your request again later.",
        "Retry later.",
        "Try again in a moment",
        "Please retry the operation",
        "Your request is being throttled.",
        "API rate limit exceeded",
        "Exceeded allowed rate for Perfmon information.",
        "It isn't available and can't be reached, try again later, don't wait.",
        "The server 'MAIL1' is temporarily unavailable.",
    ],
)
def test_words_that_ask_to_come_back(words: str) -> None:
    for text in (words, words.upper(), f"Error:\n  {words} (0x1)"):
        assert backoff.of_words(text) is not None, text
    assert backoff.of_words(words, undone=False) == NotNow(" ".join(words.split()), undone=False)


@pytest.mark.parametrize(
    "words",
    [
        "",
        "Item not valid: The specified User was not found",
        "Access is denied.",
        "The certificate is later than the request.",
        "Busy in the calendar",
        "The user busybody was not found",
        "Unavailable",
        "Could not insert new row - duplicate value in a UNIQUE INDEX column (Unique Index:).",
        "The retry interval must be at least 30 seconds",
        "The value 'server is busy' isn't valid for it's no number, so don't.",
        'There is no service "Try again later".',
        "Es gibt keinen Dienst \u201cServer busy\u201d.",
        "The rate of CalendarSpread is not valid",
    ],
)
def test_words_of_a_refusal(words: str) -> None:
    assert backoff.of_words(words) is None


@pytest.mark.parametrize(
    ("words", "seconds"),
    [
        ("will not be approved for at least 2500 milliseconds", "3"),
        ("not for at least 2 milliseconds", "1"),
        ("Please wait for 2 seconds.", "2"),
        ("Retry after 30 s", "30"),
        ("Try again in 5 minutes.", "300"),
        ("The user load quota of 1000 requests per 2 seconds has been exceeded", ""),
        ("Current allowed rate for realtime information is 15 requests per minute.", ""),
    ],
)
def test_the_pause_that_words_ask_for(words: str, seconds: str) -> None:
    assert backoff.in_words(words).asked.retry_after == seconds


def test_a_reason_is_short() -> None:
    found = backoff.in_words("Server busy. " + "x" * 100_000)
    assert len(found.reason) < 250


def test_statuses() -> None:
    found = {status: backoff.of_status(status) for status in range(100, 600)}
    undone = {408: True, 425: True, 429: True, 503: True, 502: False, 504: False}
    assert {status: one.undone for status, one in found.items() if one is not None} == undone
    asked = {status: one for status in range(100, 600) if (one := backoff.of_status(status, Asked("7"))) is not None}
    assert asked.keys() == {408, 425, 429, *range(500, 600)}, "any failure of a server that asks to come back passes"
    assert {one.asked.retry_after for one in asked.values()} == {"7"}
    assert {status for status, one in asked.items() if one.undone} == {408, 425, 429, 503}


@pytest.mark.parametrize(
    ("answer", "undone"),
    [
        (axl(-1, USED_UP), True),
        (axl(5000, USED_UP), True),
        (fault(USED_UP), True),
        *((axl(number, "Whatever it says."), True) for number in (*axl_faults.LOCKED, *axl_faults.SHORT)),
        *((axl(number, "Whatever it says."), False) for number in axl_faults.BROKEN_OFF),
        (axl(-271, "Could not insert new row into the table. ISAM error: record is locked."), True),
        (axl(-346, "Could not update a row in the table. (-346) ISAM error: key value locked"), True),
        (axl(0, "Error: java.sql.SQLException: Lock held, SQL State: IX000, Error Code: -244"), True),
        (axl(5000, "Error Code: -154"), True),
        (axl(5000, "SQLCODE=-25580"), False),
        (axl(5000, "ISAM error -107"), True),
        (axl(5000, "Could not position within a table (informix.enduser)."), True),
        (axl(5000, "Deadlock detected"), True),
        (axl(5000, "Cannot get a connection, pool exhausted"), True),
        (axl(5000, "Timeout waiting for idle object"), True),
        (axl(-1, "The server is busy, try again later"), True),
        (axl(-1, "Too many outstanding change notifications"), True),
    ],
)
def test_faults_of_axl_that_pass(answer: Answer, undone: bool) -> None:
    found = axl_faults.not_now(answer)
    assert found is not None
    assert found.undone is undone


@pytest.mark.parametrize(
    "answer",
    [
        axl(-1, "Query request too large. Total rows matched: 2816 rows. Suggestive Row Fetch: less than 844 rows"),
        axl(5007, "Item not valid: The specified User was not found"),
        axl(5003, "deadlock: try again later not found"),
        axl(5007, "Item not valid: the user 'server busy' lacks a gateway"),
        axl(-239, "Could not insert new row - duplicate value in a UNIQUE INDEX column (Unique Index:)."),
        axl(-268, "Unique constraint (informix.lock timeout expired) violated."),
        axl(-691, "Missing key in referenced table for referential constraint (informix.deadlock)."),
        axl(-201, "A syntax error has occurred."),
        axl(-206, "The specified table (x) is not in the database."),
        axl(-213, "Statement interrupted by user."),
        axl(-2430, "Something else."),
        axl(-746, "Error: java.sql.SQLException: 37131, SQL State: IX000, Error Code: -746"),
        Answer(200, {}, enveloped("<x><Fault>no</Fault></x>")),
        Answer(500, {}, b"<html>Fault: server busy</html>"),
        Answer(200, {}, b"Fault" + b"\xff" * 10),
    ],
)
def test_faults_of_axl_that_stay(answer: Answer) -> None:
    assert axl_faults.not_now(answer) is None


@pytest.mark.parametrize(
    ("code", "text", "conflict"),
    [
        ("-239", "Could not insert new row - duplicate value in a UNIQUE INDEX column (Unique Index:).", True),
        ("-268", "Unique constraint violated.", True),
        ("-100", "ISAM error: duplicate value for a record with unique key.", True),
        ("5007", "Item not valid: The specified User was not found", True),
        ("5003", "User not found", True),
        ("5007", "Item not valid: there is no gateway", False),
        ("5003", "The value 'x' of element 'y' is not valid for type 'z'.", False),
        ("-691", "Missing key in referenced table.", False),
        ("-1", "Query request too large.", False),
    ],
)
def test_refusals_of_axl_that_mean_to_look_again(code: str, text: str, conflict: bool) -> None:
    fault_ = soap.fault_of(axl(code, text).body)
    assert fault_ is not None
    error = axl_faults.refusal(fault_, 500)
    assert isinstance(error, ApiError)
    assert (isinstance(error, Conflict), error.code, error.message) == (conflict, code, text)


def command(*codes: int, returned: int = 1) -> Answer:
    items = "".join(f"<n:item><n:ReasonCode>{code}</n:ReasonCode></n:item>" for code in codes[1:])
    result = (
        f"<n:ReturnCode>{returned}</n:ReturnCode><n:ReasonCode>{codes[0]}</n:ReasonCode><n:ReasonString/>"
        f"<n:ServiceInfoList>{items}</n:ServiceInfoList>"
    )
    name = "soapDoControlServices"
    opening = f'<n:{name}Response xmlns:n="{control_center.NAMESPACE}"><n:{name}Return>'
    return Answer(200, {}, enveloped(f"{opening}{result}</n:{name}Return></n:{name}Response>"))


RATE = "AxisFault: Exceeded allowed rate for Reatime information. Current allowed rate is 15 requests per minute."


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (fault("Whatever", code="ns1:Server.RateControl"), ("15", True)),
        (fault(RATE), ("15", True)),
        (fault("Exceeded allowed rate for Perfmon information."), ("15", True)),
        (fault("The server is busy, please try again later."), ("", True)),
        (fault("No such operation"), None),
        (command(-1, -1032), ("", True)),
        (command(-1046), ("", True)),
        (command(-1031), ("", False)),
        (command(-1, -1031, -1032), ("", False)),
        (command(-1029), None),
        (command(-1, -1039), None),
        (command(-1, -1068), None),
        (command(-1032, returned=0), None),
        (Answer(200, {}, b"<html>"), None),
        (Answer(200, {}, enveloped("<x/>")), None),
    ],
)
def test_answers_of_the_control_center(answer: Answer, expected: tuple[str, bool] | None) -> None:
    assert told(control_center._command_not_now(answer)) == expected


def test_services_that_do_not_run_make_no_node_busy() -> None:
    assert control_center._not_now(command(-1024, -1032)) is None


@pytest.mark.parametrize(
    ("status", "content", "undone"),
    [
        (503, {"key": 503, "messages": ["Service Unavailable"]}, True),
        (500, {"key": 429, "messages": []}, True),
        (400, {"key": 503, "messages": None}, True),
        (500, {"key": 504, "messages": ["x"]}, False),
        (500, {"key": 500, "messages": ["Another operation is in progress.", "Please try again later"]}, True),
        (500, {"key": 500, "messages": ["Internal Error"]}, None),
        (400, {"key": 400, "messages": ["Invalid JSON Format"]}, None),
        (200, {"key": 503, "messages": ["Try again later"]}, None),
        (500, [1], None),
        (500, {"key": "503", "messages": "Try again later"}, None),
    ],
)
def test_errors_of_the_certificate_management(status: int, content: object, undone: bool | None) -> None:
    found = certmgr._not_now(Answer(status, {}, json.dumps(content).encode()))
    assert (None if found is None else found.undone) is undone


def page(text: str, kind: str = "text/html; charset=UTF-8", status: int = 200) -> Answer:
    return Answer(status, {"content-type": kind}, f"<html><body>{text}</body></html>".encode())


@pytest.mark.parametrize(
    ("answer", "undone"),
    [
        (page("The RPC server is unavailable. 0x800706ba (WIN32: 1722)"), True),
        (page("RPC-Server nicht verf\u00fcgbar 0x800706BA"), True),
        (page("CCertRequest::Submit: 0x800706bb", status=500), True),
        (page("Result: 0x0, then 0x8009400F"), True),
        (page("The remote procedure call failed. 0x800706be"), False),
        (page("ESE 0xc800044d"), True),
        (page("<p id=locInfoReqID>Your Request Id is 7.</p> 0x800706ba"), None),
        (page("Denied by Policy Module 0x80094800, no such template"), None),
        (page("0x80094004"), None),
        (page("0x800706ba0"), None),
        (page("0x800706ba", kind="application/pkix-cert"), None),
        (page("Certificate Pending. Your Request Id is 7."), None),
    ],
)
def test_pages_of_web_enrollment(answer: Answer, undone: bool | None) -> None:
    found = certsrv._not_now(answer)
    assert (None if found is None else found.undone) is undone


@pytest.mark.parametrize(
    ("code", "words", "expected"),
    [
        *((code, "Whatever.", ("", True)) for code in exchange_busy.QUOTAS),
        (2150858843, "The shell was not found.", ("", True)),
        (0x803381A7, "The next request will not be approved for at least 1500 milliseconds.", ("2", True)),
        (
            5,
            "Fail to create a runspace because you have exceeded the maximum number of connections allowed : 3",
            ("", True),
        ),
        (5, "because you have exceeded your budget to create runspace. Please wait for 2 seconds.", ("2", True)),
        (1, "This user is allowed a maximum number of 3 concurrent shells, which has been exceeded.", ("", True)),
        (1, "This user is allowed a maximum of 18 concurrent shells, which has been exceeded.", ("", True)),
        (1, "The server exceeded the maximum number of users concurrently performing remote operations.", ("", True)),
        (503, "", ("", True)),
        (504, "", ("", False)),
        (5, "Access is denied.", None),
        (5, "[FailureCategory=AuthZ-CmdletAccessDeniedException] The user isn't assigned to any roles.", None),
        (None, "", None),
        (2150858817, "The SOAP XML does not match the schema. Change the XML and retry.", None),
    ],
)
def test_faults_of_remote_powershell(code: int | None, words: str, expected: tuple[str, bool] | None) -> None:
    assert told(exchange_busy.of_fault(code, words)) == expected


@pytest.mark.parametrize("code", [0x803381A7, 2150858843, 503, 504, 5])
def test_headers_count_before_the_words_of_a_fault(code: int) -> None:
    found = exchange_busy.of_fault(code, "Server busy. Please wait for 2 seconds.", Asked("9"))
    assert found is not None
    assert found.asked == Asked("9")


@pytest.mark.parametrize(
    ("name", "words", "undone"),
    [
        ("ADTransientException", "", False),
        ("DataSourceTransientException", "", False),
        ("SuitabilityDirectoryException", "", False),
        ("OverBudgetException", "", True),
        ("MapiExceptionRpcServerTooBusy", "", True),
        ("ResourceUnhealthyException", "", True),
        ("ArgumentException", "You have exceeded your budget.", True),
        ("InvalidOperationException", "The server is too busy. Try again later.", False),
        ("ManagementObjectNotFoundException", "'x' couldn't be found.", None),
        ("ArgumentException", "The value is not valid.", None),
    ],
)
def test_error_records_of_cmdlets(name: str, words: str, undone: bool | None) -> None:
    identifiers = [f"[Server=MAIL1,RequestId=1] [FailureCategory=Cmdlet-{name}] 4D3F,X.Y", f"{name},X.Y"]
    for identifier in identifiers:
        found = exchange_busy.of_record(identifier, words)
        assert (None if found is None else found.undone) is undone
