# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shells: the PowerShell sessions that are open, on psrpcore (MS-PSRP).

What a client sends is looked into before any state changes: the gate must know which cmdlet it is, and a fault that is
injected must leave the session as it was.
"""

from __future__ import annotations

import asyncio
import struct
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any
from xml.etree import ElementTree

from psrpcore import (
    CreatePipelineEvent,
    GetAvailableRunspacesEvent,
    GetCommandMetadataEvent,
    PSRPCoreError,
    PSRPEvent,
    PSRPPayload,
    ResetRunspaceStateEvent,
    ServerPipeline,
    ServerRunspacePool,
    SetMaxRunspacesEvent,
    SetMinRunspacesEvent,
    StreamType,
)
from psrpcore import PowerShell as Pipeline
from psrpcore.types import (
    PipelineState,
    PSCryptoProvider,
    PSInvocationState,
    PSObject,
    PSRPMessageType,
    deserialize,
)

from imp_emulator.wire.exchange.powershell import records, wsman
from imp_emulator.wire.exchange.powershell.cmdlets import Invocation
from imp_emulator.wire.http import soap

_FRAGMENT = struct.Struct(">QQBI")
_FIRST, _LAST = 1, 2
_MESSAGE_HEADER = 40
_BROKEN = (PSRPCoreError, ElementTree.ParseError, ValueError, LookupError, AttributeError, TypeError, struct.error)
"""What psrpcore raises about messages that are not as MS-PSRP wants them."""

_NO_SECRETS = PSCryptoProvider()
"""No cmdlet here takes a secure string, so none is ever decrypted."""

MOST_SHELLS = 64
"""Of one server; when there are more, the one that has rested longest is closed."""

Runner = Callable[[Invocation], Sequence[PSObject | str]]
"""Runs a cmdlet and returns its output; raises :class:`records.CmdletError`."""


@dataclass(frozen=True, slots=True)
class Input:
    """What a client sent for a shell or a command, complete or with more to come.

    Attributes:
        invocation: The command that it starts, or ``None``.
    """

    data: bytes
    complete: bool
    invocation: Invocation | None = None


class Shell:
    """One session of one caller; it knows nothing of cmdlets but how to start one.

    Attributes:
        rested_since: When it was last asked for something, on the monotonic clock.
    """

    def __init__(self, identifier: str, server: str, owner: str) -> None:
        self.id = identifier
        self.server = server
        self.owner = owner
        self.rested_since = monotonic()
        self._pool = ServerRunspacePool()
        self._unfinished: dict[uuid.UUID | None, bytes] = {}
        self._output: dict[uuid.UUID | None, bytearray] = {}
        self._running: set[uuid.UUID] = set()
        self._news = asyncio.Event()

    def look(self, command: uuid.UUID | None, data: bytes) -> Input:
        """Tell what further data means, without taking it in.

        Raises:
            wsman.WsmanFault: It is not what MS-PSRP allows.
        """
        together = self._unfinished.get(command, b"") + data
        try:
            messages = _messages(together)
            if messages is None:
                return Input(together, complete=False)
            return Input(together, True, next(filter(None, map(self._invocation, messages)), None))
        except _BROKEN:
            raise wsman.invalid("The PowerShell remoting data cannot be read.") from None

    def _invocation(self, message: bytes) -> Invocation | None:
        kind = struct.unpack_from("<I", message, 4)[0]
        content = message[_MESSAGE_HEADER:]
        if content:
            try:
                soap.parse_xml(content)
            except soap.MalformedXml as error:
                raise ValueError(error.reason) from None
        if kind == PSRPMessageType.GetCommandMetadata.value:
            return Invocation("Get-Command")
        if kind != PSRPMessageType.CreatePipeline.value:
            return None
        element = ElementTree.fromstring(content.removeprefix(b"\xef\xbb\xbf"))  # noqa: S314 - checked above
        try:
            created: Any = deserialize(element, _NO_SECRETS)
        except NotImplementedError:  # psrpcore's word for what it has no key to decrypt
            raise ValueError("a secure string") from None
        pipeline = created.PowerShell
        if len(pipeline.Cmds) != 1 or len(getattr(pipeline, "ExtraCmds", None) or ()) > 1:
            # A pipeline or several statements: more language than the session has.
            return Invocation("", script=True)
        (command,) = pipeline.Cmds
        arguments = [(None if argument.N is None else str(argument.N), argument.V) for argument in command.Args]
        return Invocation(str(command.Cmd), bool(command.IsScript), arguments)

    def take(self, command: uuid.UUID | None, given: Input, runner: Runner) -> None:
        """Take data in and do what it asks for.

        Raises:
            wsman.WsmanFault: It is not what MS-PSRP allows at this point.
        """
        if not given.complete:
            self._unfinished[command] = given.data
            return
        self._unfinished.pop(command, None)
        if command is not None and command not in self._pool.pipeline_table:
            ServerPipeline(self._pool, command)
            self._running.add(command)
        try:
            self._pool.receive_data(PSRPPayload(given.data, StreamType.default, command))
            while event := self._pool.next_event():
                self._react(event, given, runner)
        except _BROKEN:
            raise wsman.invalid("The PowerShell remoting data is not allowed here.") from None
        finally:
            self._drain()

    def _react(self, event: PSRPEvent[Any, Any], given: Input, runner: Runner) -> None:
        if isinstance(event, CreatePipelineEvent | GetCommandMetadataEvent) and given.invocation is not None:
            pipeline = self._pool.pipeline_table[event.pipeline_id]
            if isinstance(event, CreatePipelineEvent) and not isinstance(event.pipeline, Pipeline):
                raise ValueError("no pipeline")
            self._run(pipeline, given.invocation, runner)
        elif isinstance(event, SetMaxRunspacesEvent | SetMinRunspacesEvent | ResetRunspaceStateEvent):
            self._pool.runspace_availability_response(event.ci, True)
        elif isinstance(event, GetAvailableRunspacesEvent):
            self._pool.runspace_availability_response(event.ci, 1)

    def _run(self, pipeline: ServerPipeline, invocation: Invocation, runner: Runner) -> None:
        pipeline.start()
        try:
            for value in runner(invocation):
                pipeline.write_output(value)
        except records.CmdletError as error:
            record = error.record
            if error.terminating:
                state = PipelineState(PipelineState=PSInvocationState.Failed.value, ExceptionAsErrorRecord=record)
                pipeline.prepare_message(state)
            else:
                pipeline.write_error(
                    record.Exception, record.CategoryInfo, fully_qualified_error_id=record.FullyQualifiedErrorId
                )
                pipeline.complete()
        else:
            pipeline.complete()
        self._running.discard(pipeline.pipeline_id)

    def _drain(self) -> None:
        """Move what the session has to say to the outputs, each command's apart."""
        while payload := self._pool.data_to_send():
            self._output.setdefault(payload.pipeline_id, bytearray()).extend(payload.data)
        self._news.set()
        self._news = asyncio.Event()

    def knows(self, command: uuid.UUID | None) -> bool:
        """Tell whether a command exists; ``None`` is the shell itself."""
        return command is None or command in self._pool.pipeline_table

    def pending(self, command: uuid.UUID | None) -> bool:
        """Tell whether there is anything to receive: output, or a command's end."""
        return bool(self._output.get(command)) or (command is not None and command not in self._running)

    async def wait(self, command: uuid.UUID | None, seconds: float) -> None:
        """Wait until there is something to receive, at most so many seconds."""
        deadline = monotonic() + seconds
        while self.knows(command) and not self.pending(command):
            try:
                await asyncio.wait_for(self._news.wait(), deadline - monotonic())
            except TimeoutError:
                return

    def receive(self, command: uuid.UUID | None) -> tuple[bytes, bool]:
        """Return the output that waits, and whether it is the last of a command."""
        data = bytes(self._output.pop(command, b""))
        return data, command is not None and command not in self._running

    def end(self, command: uuid.UUID) -> None:
        """Forget a command that has ended, or end it."""
        self._pool.pipeline_table.pop(command, None)
        self._running.discard(command)
        self._unfinished.pop(command, None)
        self._output.pop(command, None)
        self._drain()


class Shells:
    """The open shells of all servers; they end with the process."""

    def __init__(self) -> None:
        self._shells: dict[tuple[str, str], Shell] = {}

    def open(self, identifier: str, server: str, owner: str) -> Shell:
        """Add a shell; the identifier is the client's choice, or a new one."""
        mine = [shell for shell in self._shells.values() if shell.server == server]
        if len(mine) >= MOST_SHELLS:
            self.close(min(mine, key=lambda shell: shell.rested_since))
        shell = Shell(identifier, server, owner)
        self._shells[server, identifier.upper()] = shell
        return shell

    def get(self, identifier: str, server: str, owner: str | None) -> Shell:
        """Return a shell of this caller.

        Raises:
            wsman.WsmanFault: There is none.
        """
        shell = self._shells.get((server, identifier.upper()))
        if shell is None or shell.owner != owner:
            raise wsman.unknown_shell()
        shell.rested_since = monotonic()
        return shell

    def close(self, shell: Shell) -> None:
        """Remove a shell."""
        self._shells.pop((shell.server, shell.id.upper()), None)


def _messages(data: bytes) -> list[bytes] | None:
    """Put fragments together (MS-PSRP 2.2.4); ``None`` when the last message is not complete.

    Raises:
        ValueError: They are cut off or out of order.
    """
    found: list[bytes] = []
    parts: list[bytes] = []
    at = 0
    while at < len(data):
        _, number, flags, length = _FRAGMENT.unpack_from(data, at)
        at += _FRAGMENT.size
        part = data[at : at + length]
        if len(part) != length or number != len(parts) or bool(flags & _FIRST) != (number == 0):
            raise ValueError("fragment")
        at += length
        parts.append(part)
        if flags & _LAST:
            found.append(b"".join(parts))
            parts = []
    return None if parts or not found else found
