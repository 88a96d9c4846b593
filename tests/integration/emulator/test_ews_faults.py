# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each error of Exchange Web Services as it can be rehearsed: its HTTP status, its shape and its words."""

from __future__ import annotations

import pytest
import requests

from imp_emulator.testing import ControlError
from imp_emulator.wire.exchange.ews.faults import ERRORS, Shape
from tests.support.emulator import Emulator
from tests.support.ews import NAMESPACES, PATH, Ews

ASKED = (
    "<m:GetFolder><m:FolderShape><t:BaseShape>IdOnly</t:BaseShape></m:FolderShape>"
    '<m:FolderIds><t:DistinguishedFolderId Id="root"/></m:FolderIds></m:GetFolder>'
)
FAULTS = {
    "ErrorImpersonateUserDenied",
    "ErrorImpersonationDenied",
    "ErrorImpersonationFailed",
    "ErrorImpersonationRequired",
    "ErrorInvalidExchangeImpersonationHeaderData",
    "ErrorServerBusy",
    "ErrorExceededConnectionCount",
    "ErrorSchemaValidation",
    "ErrorInvalidServerVersion",
    "ErrorIncorrectSchemaVersion",
    "ErrorInvalidRequest",
    "ErrorTimeZone",
    "ErrorDuplicateSOAPHeader",
    "ErrorInternalServerTransientError",
}
QUOTED = {
    "ErrorImpersonateUserDenied": "The account does not have permission to impersonate the requested user.",
    "ErrorNonExistentMailbox": "The SMTP address has no mailbox associated with it.",
    "ErrorServerBusy": "The server cannot service this request right now. Try again later.",
}
"""The words that Microsoft's pages show."""


def test_the_table_says_which_errors_are_faults() -> None:
    assert {code for code, known in ERRORS.items() if known.shape is Shape.FAULT} == FAULTS
    assert {code: ERRORS[code].text for code in QUOTED} == QUOTED


@pytest.mark.parametrize("code", sorted(ERRORS))
def test_each_error_comes_in_its_shape(environment: Emulator, code: str) -> None:
    environment.control.fault("error", effect={"code": code}, protocol="ews", operation="GetFolder", times=1)
    with Ews(environment) as ews:
        answer = ews.ask(ASKED)
        assert answer.codes == [code]
        if code in FAULTS:
            assert answer.status == 500
            assert answer.body.findtext("faultcode", "").endswith(f":{code}")
            assert answer.body.findtext("faultstring") == ERRORS[code].text
            assert answer.body.findtext("detail/{*}Message") == ERRORS[code].text
        else:
            message = answer.find(".//m:GetFolderResponseMessage")
            assert message is not None
            warning = code == "ErrorNameResolutionMultipleResults"
            assert (answer.status, message.get("ResponseClass")) == (200, "Warning" if warning else "Error")
            assert (answer.text(".//m:MessageText"), answer.text(".//m:DescriptiveLinkKey")) == (ERRORS[code].text, "0")
        assert ews.ask(ASKED).codes == ["NoError"]
    entries = environment.journal(protocol="ews")
    assert [(entry["operation"], entry["fault"]) for entry in entries] == [("GetFolder", "error"), ("GetFolder", None)]


def test_throttled_with_the_time_to_wait(environment: Emulator) -> None:
    effect = {"code": "ErrorServerBusy", "values": {"BackOffMilliseconds": "297749"}}
    environment.control.fault("error", effect=effect, protocol="ews", times=1)
    with Ews(environment) as ews:
        answer = ews.ask(ASKED)
        assert (answer.status, answer.codes) == (500, ["ErrorServerBusy"])
        value = answer.body.find("detail/t:MessageXml/t:Value", NAMESPACES)
        assert value is not None
        assert (value.get("Name"), value.text) == ("BackOffMilliseconds", "297749")
    assert environment.control.faults()[0]["effect"] == {"kind": "error", **effect}


def test_throttled_inside_a_response_message(environment: Emulator) -> None:
    effect = {"code": "ErrorInternalServerError", "values": {"InnerErrorResponseCode": "ErrorServerBusy"}}
    environment.control.fault("error", effect=effect, protocol="ews", times=1)
    with Ews(environment) as ews:
        answer = ews.ask(ASKED)
        assert (answer.status, answer.codes) == (200, ["ErrorInternalServerError"])
        assert answer.text(".//m:MessageXml/t:Value") == "ErrorServerBusy"


def test_another_protocol_answers_such_a_fault_with_a_status(environment: Emulator) -> None:
    environment.control.fault("error", effect={"code": "ErrorServerBusy"}, operation="getUser", times=1)
    with environment.client("cucm-pub") as client:
        content = (
            '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body><ns:getUser'
            ' xmlns:ns="http://www.cisco.com/AXL/API/14.0"><userid>user0001</userid></ns:getUser></soapenv:Body>'
            "</soapenv:Envelope>"
        )
        assert client.post("/axl/", content=content).status_code == 503


@pytest.mark.parametrize(
    "effect", [{}, {"code": "ErrorOfNobody"}, {"code": "NoError"}, {"code": "ErrorServerBusy", "values": {"a": 1}}]
)
def test_only_what_is_known_can_be_injected(environment: Emulator, effect: dict[str, object]) -> None:
    with pytest.raises(ControlError):
        environment.control.fault("error", effect=effect)
    assert environment.control.faults() == []


def test_status_cut_and_refused(environment: Emulator) -> None:
    with Ews(environment) as ews:
        environment.control.fault("status", effect={"status": 503, "retry_after": 7}, protocol="ews", times=1)
        busy = ews.client.post(PATH, content=ews.message(ASKED))
        assert (busy.status_code, busy.headers["retry-after"], "503 - " in busy.text) == (503, "7", True)
        environment.control.fault("status", effect={"status": 500}, protocol="ews", times=1)
        failed = ews.ask(ASKED)
        assert (failed.status, failed.codes) == (500, ["ErrorInternalServerError"])
    environment.control.fault("drop", protocol="ews", times=1)
    place = environment.ready["exchange"]["mail1.example.com"]
    account = environment.ready["exchange_account"]
    url = f"https://{place['address']}:{place['ports']['443']}{PATH}"
    with requests.Session() as session:
        session.trust_env = False
        session.verify = False
        with pytest.raises(requests.exceptions.ConnectionError), pytest.warns(match="Unverified HTTPS request"):
            session.post(
                url, data=b"<x/>", headers={"Content-Type": "text/xml"}, auth=(account["username"], account["password"])
            )
