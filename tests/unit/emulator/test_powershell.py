# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""WS-Management messages and PowerShell remoting fragments: what is let in, and looked at before it is taken."""

from __future__ import annotations

import base64
import struct
import uuid
from collections.abc import Sequence

import pytest
from psrpcore import ClientPowerShell, ClientRunspacePool, Command
from psrpcore.types import PSObject

from imp_emulator.pipeline.request import Response
from imp_emulator.wire.exchange.powershell import cmdlets, wsman
from imp_emulator.wire.exchange.powershell.cmdlets import Invocation
from imp_emulator.wire.exchange.powershell.shells import MOST_SHELLS, Shell, Shells, _messages
from imp_emulator.wire.exchange.powershell.wsman import WsmanFault

_HEADER = (
    '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" '
    'xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" '
    'xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd" '
    'xmlns:rsp="http://schemas.microsoft.com/wbem/wsman/1/windows/shell"><s:Header>'
    "<a:Action>http://schemas.microsoft.com/wbem/wsman/1/windows/shell/Receive</a:Action>"
    "<a:MessageID>uuid:1</a:MessageID><w:OperationTimeout>{timeout}</w:OperationTimeout>"
    '<w:SelectorSet><w:Selector Name="ShellId">S1</w:Selector></w:SelectorSet></s:Header>'
    "<s:Body>{body}</s:Body></s:Envelope>"
)


def message(body: str = "<rsp:Receive/>", timeout: str = "PT20.000S") -> bytes:
    return _HEADER.format(body=body, timeout=timeout).encode()


def fragment(number: int, flags: int, data: bytes) -> bytes:
    return struct.pack(">QQBI", 1, number, flags, len(data)) + data


@pytest.mark.parametrize(
    ("timeout", "seconds"), [("PT20S", 20), ("PT0.5S", 0.5), ("PT1M5S", 60), ("P1D", 60), ("", 60), ("PT3600S", 60)]
)
def test_how_long_a_client_waits(timeout: str, seconds: float) -> None:
    request = wsman.parse(message(timeout=timeout))
    assert (request.action, request.shell_id, request.timeout) == ("Receive", "S1", seconds)


@pytest.mark.parametrize("body", [b"", b"text", b"<x/>", b"<!DOCTYPE x><x/>", b"<s:Envelope/>"])
def test_what_is_no_message(body: bytes) -> None:
    with pytest.raises(WsmanFault):
        wsman.parse(body)


def test_parts_of_a_body_that_cannot_be_read() -> None:
    request = wsman.parse(message('<rsp:Receive><rsp:DesiredStream CommandId="x">%%</rsp:DesiredStream></rsp:Receive>'))
    with pytest.raises(WsmanFault):
        request.command_id("DesiredStream")
    with pytest.raises(WsmanFault):
        request.payload("DesiredStream")
    assert wsman.parse(message("")).command_id() is None


def test_fragments_are_put_together() -> None:
    whole = fragment(0, 3, b"one") + fragment(0, 1, b"tw") + fragment(1, 2, b"o")
    assert _messages(whole) == [b"one", b"two"]
    assert _messages(fragment(0, 1, b"tw")) is None
    assert _messages(b"") is None


@pytest.mark.parametrize("data", [b"short", fragment(1, 2, b"x"), fragment(0, 2, b"x"), fragment(0, 3, b"xyz")[:-1]])
def test_fragments_that_are_out_of_order_or_cut_off(data: bytes) -> None:
    with pytest.raises((ValueError, struct.error)):
        _messages(data)
    with pytest.raises(WsmanFault):
        Shell("S", "mail1", "me").look(None, data)


class _Client:
    """psrpcore's client half, against a shell without a network."""

    def __init__(self) -> None:
        self.shell = Shell("S", "mail1", "me")
        self.pool = ClientRunspacePool()
        self.ran: list[Invocation] = []
        self.pool.open()
        self.send(None)
        data, _ = self.shell.receive(None)
        assert data

    def send(self, command: uuid.UUID | None) -> Invocation | None:
        payload = self.pool.data_to_send()
        assert payload is not None
        given = self.shell.look(command, payload.data)
        self.shell.take(command, given, self._run)
        return given.invocation

    def _run(self, invocation: Invocation) -> Sequence[PSObject | str]:
        self.ran.append(invocation)
        return ["done"]

    def start(self, *commands: Command) -> uuid.UUID:
        pipeline = ClientPowerShell(self.pool)
        pipeline.metadata.commands.extend(commands)
        pipeline.start()
        self.send(pipeline.pipeline_id)
        return pipeline.pipeline_id


def test_a_command_runs_once_and_ends() -> None:
    client = _Client()
    command = Command("Get-ExchangeCertificate")
    command.add_parameters(Thumbprint="00")
    identifier = client.start(command)
    assert [(one.name, list(one.arguments)) for one in client.ran] == [
        ("Get-ExchangeCertificate", [("Thumbprint", "00")])
    ]
    assert client.shell.pending(identifier)
    data, done = client.shell.receive(identifier)
    assert done
    assert b"done" in data
    client.shell.end(identifier)
    assert not client.shell.knows(identifier)


@pytest.mark.parametrize(
    "commands", [[Command("Get-Process", is_script=True)], [Command("Get-ExchangeCertificate"), Command("Out-Null")]]
)
def test_language_is_recognised_before_anything_runs(commands: list[Command]) -> None:
    client = _Client()
    client.start(*commands)
    assert [one.script for one in client.ran] == [True]
    assert cmdlets.cmdlet_of(client.ran[0]) is None


def test_looking_changes_nothing() -> None:
    client = _Client()
    pipeline = ClientPowerShell(client.pool)
    pipeline.metadata.commands.append(Command("Get-ExchangeCertificate"))
    pipeline.start()
    payload = client.pool.data_to_send()
    assert payload is not None
    first = client.shell.look(pipeline.pipeline_id, payload.data)
    assert first == client.shell.look(pipeline.pipeline_id, payload.data)
    assert not client.shell.knows(pipeline.pipeline_id)


def test_document_types_do_not_reach_the_parser_below() -> None:
    content = b'<!DOCTYPE x [<!ENTITY e "e">]><Obj RefId="0"/>'
    data = fragment(0, 3, struct.pack("<II", 2, 0x00021006) + bytes(32) + content)
    with pytest.raises(WsmanFault):
        Shell("S", "mail1", "me").look(uuid.uuid4(), data)


def test_shells_belong_to_their_caller_and_are_limited() -> None:
    shells = Shells()
    first = shells.open("S0", "mail1", "me")
    assert shells.get("s0", "mail1", "me") is first
    for server, owner in (("mail2", "me"), ("mail1", "you")):
        with pytest.raises(WsmanFault):
            shells.get("S0", server, owner)
    for number in range(1, MOST_SHELLS + 1):
        shells.open(f"S{number}", "mail1", "me")
    with pytest.raises(WsmanFault):
        shells.get("S0", "mail1", "me")
    shells.close(shells.get("S5", "mail1", "me"))


def test_keys_are_made_for_good_requests_only() -> None:
    good = [("GenerateRequest", None), ("SubjectName", "CN=a.b")]
    assert cmdlets.key_to_make(Invocation("New-ExchangeCertificate", arguments=good)) == 2048
    assert cmdlets.key_to_make(Invocation("New-ExchangeCertificate", arguments=[*good, ("KeySize", 4096)])) == 4096
    assert cmdlets.key_to_make(Invocation("New-ExchangeCertificate", arguments=[*good, ("KeySize", 10**9)])) is None
    assert cmdlets.key_to_make(Invocation("New-ExchangeCertificate", arguments=[("Colour", "red")])) is None
    assert cmdlets.key_to_make(Invocation("Get-ExchangeCertificate")) is None


def test_output_is_marked_with_its_command() -> None:
    request = wsman.parse(message())
    command = uuid.uuid4()
    response: Response = wsman.output(request, b"data", command, done=True)
    assert base64.b64encode(b"data") in response.body
    assert f'CommandId="{str(command).upper()}"'.encode() in response.body
    assert b"CommandState/Done" in response.body
