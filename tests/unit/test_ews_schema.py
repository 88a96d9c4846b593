# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The check of answers of Exchange Web Services refuses what breaks the schema, and a run without it says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import ews_schema, ews_schema_folder

MESSAGES, TYPES = ews_schema.MESSAGES, ews_schema.TYPES
ANSWER = (
    f'<s:Envelope xmlns:s="{ews_schema.SOAP}"><s:Header><h:ServerVersionInfo xmlns:h="{TYPES}" MajorVersion="15"/>'
    f'</s:Header><s:Body><m:ConvertIdResponse xmlns:m="{MESSAGES}"><m:ResponseMessages><m:ConvertIdResponseMessage'
    ' ResponseClass="Success"><m:ResponseCode>NoError</m:ResponseCode></m:ConvertIdResponseMessage>'
    "</m:ResponseMessages></m:ConvertIdResponse></s:Body></s:Envelope>"
)
FAULT = (
    f'<s:Envelope xmlns:s="{ews_schema.SOAP}"><s:Header><h:ServerVersionInfo xmlns:h="{TYPES}"/></s:Header><s:Body>'
    '<s:Fault><faultcode>a:ErrorServerBusy</faultcode><detail><e:ResponseCode xmlns:e="x">'
    "ErrorServerBusy</e:ResponseCode></detail></s:Fault></s:Body></s:Envelope>"
)


class Reporter:
    """Takes the lines of a run's summary."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def line(self, text: str) -> None:
        self.lines.append(text)


def test_what_is_valid_passes() -> None:
    assert ews_schema.check(ANSWER.encode()).tag == f"{{{MESSAGES}}}ConvertIdResponse"
    assert ews_schema.check(FAULT.encode()).tag.endswith("Fault")


@pytest.mark.skipif(ews_schema.schema() is None, reason=f"there is no schema in {ews_schema_folder.folder()}")
@pytest.mark.parametrize(
    ("right", "wrong"), [("NoError<", "NoErrorAtAll<"), ("ResponseClass", "Class"), ("MessageType", "")]
)
def test_what_breaks_the_schema_does_not(right: str, wrong: str) -> None:
    broken = ANSWER.replace(right, wrong) if wrong else ANSWER.replace("ConvertIdResponseMessage", "GetItemMessage")
    with pytest.raises(AssertionError, match="ConvertIdResponse: "):
        ews_schema.check(broken.encode())


@pytest.mark.parametrize(
    ("answer", "right", "wrong"),
    [
        (ANSWER, "ServerVersionInfo", "Version"),
        (FAULT, "a:ErrorServerBusy", "a:Client"),
        (ANSWER, "s:Envelope", "s:Note"),
    ],
)
def test_nor_does_a_message_without_its_frame(answer: str, right: str, wrong: str) -> None:
    with pytest.raises(AssertionError):
        ews_schema.check(answer.replace(right, wrong).encode())


def test_a_run_without_the_schema_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(ews_schema_folder.VARIABLE, str(tmp_path))
    reporter = Reporter()
    ews_schema_folder.pytest_terminal_summary(reporter)  # type: ignore[arg-type]
    assert reporter.lines == [
        f"answers of Exchange Web Services are not validated: there is no messages.xsd in {tmp_path} (UCOPS_EWS_SCHEMA)"
    ]
