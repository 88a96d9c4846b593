# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The schema of Exchange Web Services, against which each answer is validated; Microsoft's, and no part of the project.

Its folder is named by the environment variable ``UCOPS_EWS_SCHEMA``, by default ``../shared/ews-schema`` beside the
project; it holds messages.xsd, which brings types.xsd. A run without it says so at its end. The schema has no operation
of availability and of automatic replies.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

import pytest
from lxml import etree

from tests.support.project_files import ROOT

VARIABLE = "UCOPS_EWS_SCHEMA"
SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
MESSAGES = "http://schemas.microsoft.com/exchange/services/2006/messages"
TYPES = "http://schemas.microsoft.com/exchange/services/2006/types"
LACKING = ("GetUserAvailability", "GetUserOofSettings", "SetUserOofSettings")
"""Operations that the schema does not have."""

OTHERWISE = (("Notifications", "Notification"), ("ErrorSubscriptionIds", "SubscriptionId"))
"""Elements that published answers have in the namespace of the messages, and the schema in that of the types."""


def folder() -> Path:
    """Return where the schema is looked for."""
    named = os.environ.get(VARIABLE, "")
    return Path(named) if named else ROOT.parent / "shared" / "ews-schema"


@cache
def schema() -> etree.XMLSchema | None:
    """Return the schema, or ``None`` where there is none."""
    file = folder() / "messages.xsd"
    return etree.XMLSchema(etree.parse(str(file))) if file.is_file() else None


def check(answer: bytes) -> etree._Element:
    """Validate an answer of the service, a whole SOAP message, and return the element in its body.

    The header must say which build has answered. A SOAP fault must have its code twice, as clients read it.

    Raises:
        AssertionError: The answer breaks the schema.
    """
    envelope = etree.fromstring(answer)
    assert envelope.tag == f"{{{SOAP}}}Envelope"
    header, body = envelope
    assert [child.tag for child in header] == [f"{{{TYPES}}}ServerVersionInfo"]
    assert len(body) == 1
    content: etree._Element = body[0]
    if content.tag == f"{{{SOAP}}}Fault":
        code = content.findtext("faultcode", "").rpartition(":")[2]
        assert content.findtext("detail/{*}ResponseCode") == code
        return content
    check_content(content)
    return content


def check_content(content: etree._Element) -> None:
    """Validate what is in the body of a SOAP message; raises ``AssertionError``."""
    name = etree.QName(content).localname
    known = schema()
    if known is not None and not name.startswith(LACKING):
        # Parsed by itself, so that line numbers of the message are those of the element.
        document = etree.fromstring(etree.tostring(content))
        for parent, child in OTHERWISE:
            for found in document.iterfind(f".//{{{MESSAGES}}}{parent}/{{{MESSAGES}}}{child}"):
                found.tag = f"{{{TYPES}}}{child}"
        assert known.validate(document), f"{name}: {known.error_log}"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say that answers were not validated, when they were not."""
    if schema() is None:
        text = (
            f"answers of Exchange Web Services are not validated: there is no messages.xsd in {folder()} ({VARIABLE})"
        )
        terminalreporter.line(text)
