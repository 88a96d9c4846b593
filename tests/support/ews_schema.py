# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The schema of Exchange Web Services, against which each answer is validated; Microsoft's, and no part of the project.

Where it is looked for, and what a run says that has none, is in :mod:`tests.support.ews_schema_folder`. It has no
operation of availability and of automatic replies.
"""

from __future__ import annotations

from functools import cache

from lxml import etree

from tests.support.ews_schema_folder import schema_file

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
MESSAGES = "http://schemas.microsoft.com/exchange/services/2006/messages"
TYPES = "http://schemas.microsoft.com/exchange/services/2006/types"
LACKING = ("GetUserAvailability", "GetUserOofSettings", "SetUserOofSettings")
"""Operations that the schema does not have."""

OTHERWISE = (("Notifications", "Notification"), ("ErrorSubscriptionIds", "SubscriptionId"))
"""Elements that published answers have in the namespace of the messages, and the schema in that of the types."""
UNLISTED = ("GetUserConfigurationResponse",)
"""Answers of which the schema describes, by their name, the message alone that clients want in a list of messages."""


@cache
def schema() -> etree.XMLSchema | None:
    """Return the schema, or ``None`` where there is none."""
    file = schema_file()
    return None if file is None else etree.XMLSchema(etree.parse(str(file)))


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
        for part in _messages(document) if name in UNLISTED else [document]:
            assert known.validate(part), f"{name}: {known.error_log}"


def _messages(answer: etree._Element) -> list[etree._Element]:
    """Return the messages of an answer, each as the schema has it."""
    (listed,) = answer
    assert listed.tag == f"{{{MESSAGES}}}ResponseMessages"
    for message in listed:
        assert message.tag == f"{answer.tag}Message"
        message.tag = str(answer.tag)
    return [etree.fromstring(etree.tostring(message)) for message in listed]
