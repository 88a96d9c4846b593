# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""WS-Management as PowerShell remoting uses it (DSP0226, MS-WSMV): requests in, answers and faults out."""

from __future__ import annotations

import base64
import binascii
import re
import uuid
from dataclasses import dataclass

from lxml import etree

from imp_emulator.pipeline.request import Response
from imp_emulator.wire.http import iis, soap

ENVELOPE = "http://www.w3.org/2003/05/soap-envelope"
ADDRESSING = "http://schemas.xmlsoap.org/ws/2004/08/addressing"
WSMAN = "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd"
SHELL = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell"
TRANSFER = "http://schemas.xmlsoap.org/ws/2004/09/transfer"
FAULT = "http://schemas.microsoft.com/wbem/wsman/1/wsmanfault"
RESOURCE = "http://schemas.microsoft.com/powershell/Microsoft.Exchange"
CONTENT_TYPE = "application/soap+xml;charset=UTF-8"

ACTIONS = {
    f"{TRANSFER}/Create": "Create",
    f"{TRANSFER}/Delete": "Delete",
    f"{SHELL}/Command": "Command",
    f"{SHELL}/Send": "Send",
    f"{SHELL}/Receive": "Receive",
    f"{SHELL}/Signal": "Signal",
}
_RESPONSES = {"Create": f"{TRANSFER}/CreateResponse", "Delete": f"{TRANSFER}/DeleteResponse"}
DONE = f"{SHELL}/CommandState/Done"
RUNNING = f"{SHELL}/CommandState/Running"

LONGEST_WAIT = 60.0
"""Seconds; a client that asks to wait longer for output is told to ask again."""

_DURATION = re.compile(r"PT(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?")


class WsmanFault(Exception):
    """A request that is refused.

    Args:
        code: The number by which Windows knows the reason.
        subcode: Its qualified name, for example ``wsman:InvalidSelectors``.
    """

    def __init__(self, code: int, subcode: str, message: str, sender: bool = True) -> None:
        super().__init__(message)
        self.code = code
        self.subcode = subcode
        self.message = message
        self.sender = sender


def invalid(message: str) -> WsmanFault:
    """A message that is not as its schema wants it (ERROR_WSMAN_SCHEMA_VALIDATION_ERROR)."""
    return WsmanFault(2150858817, "wsman:SchemaValidationError", message)


def unknown_shell() -> WsmanFault:
    """A shell or command that does not exist, or not for this caller (ERROR_WSMAN_UNEXPECTED_SELECTORS)."""
    text = "The request for the Windows Remote Shell with the given ShellId failed because the shell was not found."
    return WsmanFault(2150858843, "wsman:InvalidSelectors", text)


def timed_out() -> WsmanFault:
    """No output within the time that the client wants to wait (ERROR_WSMAN_OPERATION_TIMEDOUT): ask again."""
    text = "The WS-Management service cannot complete the operation within the time specified in OperationTimeout."
    return WsmanFault(2150858793, "wsman:TimedOut", text, sender=False)


@dataclass(frozen=True, slots=True)
class Message:
    """One WS-Management message.

    Attributes:
        action: One of the values of :data:`ACTIONS`, or the URI of one that is not served.
        timeout: How long the client wants to wait, in seconds.
        body: The one element of the SOAP body, if any.
    """

    action: str
    message_id: str
    resource: str
    shell_id: str
    timeout: float
    body: etree._Element | None

    @property
    def known(self) -> bool:
        """Whether the action is served."""
        return self.action in ACTIONS.values()

    def payload(self, name: str) -> bytes:
        """Return the decoded base-64 content of the body's element of that local name; empty when it has none.

        Raises:
            WsmanFault: It is not base 64.
        """
        element = self._element(name)
        try:
            return base64.b64decode(soap.content(element), validate=True)
        except (binascii.Error, ValueError):
            raise invalid(f"The content of {name} is not base 64.") from None

    def command_id(self, name: str = "") -> uuid.UUID | None:
        """Return the command that the body, or its element of that name, is about.

        Raises:
            WsmanFault: It is no identifier.
        """
        element = self._element(name) if name else self.body
        text = None if element is None else element.get("CommandId")
        try:
            return None if text is None else uuid.UUID(text)
        except ValueError:
            raise invalid("The CommandId is not a UUID.") from None

    def text(self, name: str) -> str:
        """Return the text of the body's element of that local name."""
        return soap.content(self._element(name))

    def _element(self, name: str) -> etree._Element | None:
        return None if self.body is None else soap.child(self.body, name)


def parse(body: bytes) -> Message:
    """Read a message.

    Raises:
        WsmanFault: It is not XML, no SOAP 1.2 envelope, or lacks a header.
    """
    try:
        root = soap.parse_xml(body)
    except soap.MalformedXml as error:
        raise invalid(error.reason) from None
    header, content = root.find(f"{{{ENVELOPE}}}Header"), root.find(f"{{{ENVELOPE}}}Body")
    if root.tag != f"{{{ENVELOPE}}}Envelope" or header is None or content is None:
        raise invalid("The message is not a SOAP 1.2 envelope with a header and a body.")
    action = soap.content(header.find(f"{{{ADDRESSING}}}Action"))
    selectors = header.findall(f"{{{WSMAN}}}SelectorSet/{{{WSMAN}}}Selector")
    return Message(
        action=ACTIONS.get(action, action),
        message_id=soap.content(header.find(f"{{{ADDRESSING}}}MessageID")),
        resource=soap.content(header.find(f"{{{WSMAN}}}ResourceURI")),
        shell_id=next((soap.content(one) for one in selectors if one.get("Name") == "ShellId"), ""),
        timeout=_seconds(soap.content(header.find(f"{{{WSMAN}}}OperationTimeout"))),
        body=content[0] if len(content) else None,
    )


def _seconds(duration: str) -> float:
    match = _DURATION.fullmatch(duration)
    if match is None:
        return LONGEST_WAIT
    return min(float(match.group(1) or 0) * 60 + float(match.group(2) or 0), LONGEST_WAIT)


def answer(message: Message, markup: str = "") -> Response:
    """Answer a request with the markup of a body element; the prefixes ``rsp``, ``wsman``, ``wsa``, ``wst`` stand."""
    action = _RESPONSES.get(message.action, f"{SHELL}/{message.action}Response")
    return iis.answer(200, _message(action, message.message_id, markup), CONTENT_TYPE)


def fault(error: WsmanFault, message_id: str, machine: str, status: int = 500) -> Response:
    """Answer with a fault, which carries the Windows code that clients act on."""
    text = soap.text(error.message)
    markup = (
        f"<s:Fault><s:Code><s:Value>s:{'Sender' if error.sender else 'Receiver'}</s:Value>"
        f"<s:Subcode><s:Value>{error.subcode}</s:Value></s:Subcode></s:Code>"
        f'<s:Reason><s:Text xml:lang="en-US">{text}</s:Text></s:Reason>'
        f'<s:Detail><f:WSManFault xmlns:f="{FAULT}" Code="{error.code}" Machine="{soap.text(machine)}">'
        f"<f:Message>{text}</f:Message></f:WSManFault></s:Detail></s:Fault>"
    )
    return iis.answer(status, _message(f"{WSMAN.rpartition('/')[0]}/fault", message_id, markup), CONTENT_TYPE)


def _message(action: str, relates_to: str, markup: str) -> bytes:
    return (
        f'<s:Envelope xmlns:s="{ENVELOPE}" xmlns:wsa="{ADDRESSING}" xmlns:wsman="{WSMAN}" xmlns:rsp="{SHELL}" '
        f'xmlns:wst="{TRANSFER}"><s:Header><wsa:Action>{action}</wsa:Action>'
        f"<wsa:MessageID>uuid:{str(uuid.uuid4()).upper()}</wsa:MessageID>"
        f"<wsa:To>{ADDRESSING}/role/anonymous</wsa:To><wsa:RelatesTo>{soap.text(relates_to)}</wsa:RelatesTo>"
        f"</s:Header><s:Body>{markup}</s:Body></s:Envelope>"
    ).encode()


def created(message: Message, shell_id: str, owner: str) -> Response:
    """Answer the creation of a shell."""
    return answer(
        message,
        f"<wst:ResourceCreated><wsa:Address>{ADDRESSING}/role/anonymous</wsa:Address><wsa:ReferenceParameters>"
        f"<wsman:ResourceURI>{RESOURCE}</wsman:ResourceURI><wsman:SelectorSet>"
        f'<wsman:Selector Name="ShellId">{shell_id}</wsman:Selector></wsman:SelectorSet></wsa:ReferenceParameters>'
        f"</wst:ResourceCreated><rsp:Shell><rsp:ShellId>{shell_id}</rsp:ShellId>"
        f"<rsp:ResourceUri>{RESOURCE}</rsp:ResourceUri><rsp:Owner>{soap.text(owner)}</rsp:Owner>"
        "<rsp:InputStreams>stdin pr</rsp:InputStreams><rsp:OutputStreams>stdout</rsp:OutputStreams></rsp:Shell>",
    )


def output(message: Message, data: bytes, command_id: uuid.UUID | None, done: bool) -> Response:
    """Answer a Receive with what the shell, or one of its commands, has put out."""
    about = f' CommandId="{str(command_id).upper()}"' if command_id else ""
    stream = f'<rsp:Stream Name="stdout"{about}>{base64.b64encode(data).decode()}</rsp:Stream>' if data else ""
    state = f'<rsp:CommandState{about} State="{DONE if done else RUNNING}"/>' if command_id else ""
    return answer(message, f"<rsp:ReceiveResponse>{stream}{state}</rsp:ReceiveResponse>")
