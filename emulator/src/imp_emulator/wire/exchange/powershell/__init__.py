# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Exchange remote PowerShell: /PowerShell/ of an Exchange server, WS-Management with PowerShell remoting inside."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Mapping
from typing import ClassVar

from psrpcore.types import PSObject

from imp_emulator.pipeline.accounts import EXCHANGE, Accounts
from imp_emulator.pipeline.request import Operation, Request, Response
from imp_emulator.pipeline.windows_login import log_in
from imp_emulator.wire.exchange.powershell import cmdlets, refusals, wsman
from imp_emulator.wire.exchange.powershell.cmdlets import Invocation, Session
from imp_emulator.wire.exchange.powershell.shells import Input, Runner, Shell, Shells
from imp_emulator.wire.http.iis import error_page, unauthorized
from imp_emulator.world.context import Context

_ADMIN = "exchange_admin"
"""The kind of account that may use remote PowerShell; any other of the domain is known and refused."""
_SIGNALS = (f"{wsman.SHELL}/signal/terminate", "powershell/signal/crtl_c")
"""End a command; the misspelling is the protocol's."""


class PowerShell:
    """Remote PowerShell of an Exchange server; in no-language mode, so cmdlets and their parameters are all there is.

    The journal shows the name of the cmdlet for the message that starts it, else the action of WS-Management.
    """

    name = "powershell"
    operations: ClassVar[Mapping[str, bool]] = {
        **dict.fromkeys(wsman.ACTIONS.values(), False),
        **{cmdlet.name: cmdlet.write for cmdlet in cmdlets.CMDLETS.values()},
    }

    def __init__(self, context: Context, accounts: Accounts) -> None:
        self._context = context
        self._accounts = accounts
        self._shells = Shells()
        self._actions: Mapping[str, Callable[[Request, wsman.Message], Operation]] = {
            "Create": self._create,
            "Delete": self._delete,
            "Command": self._command,
            "Send": self._send,
            "Receive": self._receive,
            "Signal": self._signal,
        }

    def owns(self, path: str) -> bool:
        return path.lower().rstrip("/") == "/powershell"

    def authenticate(self, request: Request) -> Response | None:
        known = self._accounts.known(EXCHANGE)
        challenges = log_in(request, {name: account.password for name, account in known.items()}, "Exchange")
        if challenges:
            return unauthorized(challenges)
        if known[request.caller or ""].kind != _ADMIN:
            return error_page(403, "Access is denied.")
        return None

    def route(self, request: Request) -> Operation:
        message_id = ""
        try:
            message = wsman.parse(request.body)
            message_id = message.message_id
            action = self._actions.get(message.action)
            if action is None:
                text = f"The action {message.action} is not supported by the service."
                raise wsman.WsmanFault(2150858753, "wsa:ActionNotSupported", text)
            if message.resource != wsman.RESOURCE:
                text = f"The resource URI is not supported; it is {wsman.RESOURCE}."
                raise wsman.WsmanFault(2150858752, "wsa:DestinationUnreachable", text)
            operation = action(request, message)
            if operation.refuse is None:
                operation.refuse = lambda code, values: _fault(request, message, code, values)
            return operation
        except wsman.WsmanFault as error:
            refusal = wsman.fault(error, message_id, request.node)
            return Operation("", False, lambda: refusal)

    def failure(self, request: Request, status: int, message: str) -> Response:
        return wsman.fault(
            wsman.WsmanFault(status, "wsman:InternalError", message, sender=False), "", request.node, status
        )

    def _create(self, request: Request, message: wsman.Message) -> Operation:
        data = message.payload("creationXml")
        identifier = message.body.get("ShellId") if message.body is not None else None
        wanted = identifier or str(uuid.uuid4()).upper()

        def run() -> Response:
            shell = self._shells.open(wanted, request.node, request.caller or "")
            try:
                shell.take(None, shell.look(None, data), self._runner(request))
            except wsman.WsmanFault as error:
                self._shells.close(shell)
                return wsman.fault(error, message.message_id, request.node)
            return wsman.created(message, wanted, request.caller or "")

        return Operation("Create", False, run)

    def _delete(self, request: Request, message: wsman.Message) -> Operation:
        shell = self._shell(request, message)

        def run() -> Response:
            self._shells.close(shell)
            return wsman.answer(message)

        return Operation("Delete", False, run)

    def _command(self, request: Request, message: wsman.Message) -> Operation:
        shell = self._shell(request, message)
        command = message.command_id() or uuid.uuid4()
        given = shell.look(command, message.payload("Arguments"))
        identifier = str(command).upper()
        markup = f"<rsp:CommandResponse><rsp:CommandId>{identifier}</rsp:CommandId></rsp:CommandResponse>"
        return self._input(request, message, shell, command, given, markup)

    def _send(self, request: Request, message: wsman.Message) -> Operation:
        shell = self._shell(request, message)
        command = message.command_id("Stream")
        given = shell.look(command, message.payload("Stream"))
        return self._input(request, message, shell, command, given, "<rsp:SendResponse/>")

    def _input(
        self,
        request: Request,
        message: wsman.Message,
        shell: Shell,
        command: uuid.UUID | None,
        given: Input,
        markup: str,
    ) -> Operation:
        invocation = given.invocation
        session = Session(self._context, request.node)

        def take(runner: Runner) -> Response:
            shell.take(command, given, runner)
            return wsman.answer(message, markup)

        def run() -> Response:
            try:
                return take(lambda wanted: cmdlets.run(session, wanted))
            except wsman.WsmanFault as error:
                return wsman.fault(error, message.message_id, request.node)

        if invocation is None:
            return Operation(message.action, False, run)
        size = cmdlets.key_to_make(invocation)

        async def make_key() -> None:
            """Make the key in a thread: it takes too long for the event loop."""
            if size is not None:
                session.key = await asyncio.to_thread(cmdlets.generate_key, size)

        cmdlet = cmdlets.cmdlet_of(invocation)
        name, write = (cmdlet.name, cmdlet.write) if cmdlet else ("unknown command", False)

        return Operation(name, write, run, make_key, refuse=self._refusing(request, message, name, take))

    def _refusing(
        self, request: Request, message: wsman.Message, cmdlet: str, take: Callable[[Runner], Response]
    ) -> Callable[[str, Mapping[str, str]], Response | None]:
        """Return what answers injected errors of a cmdlet: its own are error records, with which it ends."""

        def refuse(code: str, values: Mapping[str, str]) -> Response | None:
            def fail(_: Invocation) -> list[PSObject | str]:
                raise refusals.error(code, cmdlet, request.node, self._context.clock.now())

            return take(fail) if code in refusals.CMDLETS else _fault(request, message, code, values)

        return refuse

    def _receive(self, request: Request, message: wsman.Message) -> Operation:
        shell = self._shell(request, message)
        command = message.command_id("DesiredStream")
        if not shell.knows(command):
            raise wsman.unknown_shell()

        async def wait() -> None:
            await shell.wait(command, message.timeout)

        def run() -> Response:
            if not shell.pending(command):
                return wsman.fault(wsman.timed_out(), message.message_id, request.node)
            data, done = shell.receive(command)
            return wsman.output(message, data, command, done)

        return Operation("Receive", False, run, wait)

    def _signal(self, request: Request, message: wsman.Message) -> Operation:
        shell = self._shell(request, message)
        command = message.command_id()
        if command is None or message.text("Code").lower() not in _SIGNALS:
            raise wsman.invalid("The signal must name a command and end it.")

        def run() -> Response:
            shell.end(command)
            return wsman.answer(message, "<rsp:SignalResponse/>")

        return Operation("Signal", False, run)

    def _shell(self, request: Request, message: wsman.Message) -> Shell:
        return self._shells.get(message.shell_id, request.node, request.caller)

    def _runner(self, request: Request) -> Callable[[Invocation], list[PSObject | str]]:
        return lambda invocation: list(cmdlets.run(Session(self._context, request.node), invocation))


def _fault(request: Request, message: wsman.Message, code: str, values: Mapping[str, str]) -> Response | None:
    """Return the fault of an injected error; ``None`` for an error of another protocol, or of cmdlets only."""
    found = refusals.fault(code, values) if code in refusals.REFUSALS else None
    return None if found is None else wsman.fault(found, message.message_id, request.node)
