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

from imp_emulator.pipeline.accounts import Verdict, check_basic
from imp_emulator.pipeline.ntlm import check_ntlm
from imp_emulator.pipeline.request import Call, Reply, Route
from imp_emulator.store import accounts
from imp_emulator.wire.exchange.powershell import cmdlets, wsman
from imp_emulator.wire.exchange.powershell.cmdlets import Invocation, Session
from imp_emulator.wire.exchange.powershell.shells import Input, Shell, Shells
from imp_emulator.wire.http.tomcat import error_page
from imp_emulator.world.environment import Environment

_SCHEMES = ("Negotiate", "NTLM")
_BASIC = 'Basic realm="Exchange"'
_ADMIN = "exchange_admin"
"""The kind of account that may use remote PowerShell; any other of the domain is known and refused."""
_SIGNALS = (f"{wsman.SHELL}/signal/terminate", "powershell/signal/crtl_c")
"""End a command; the misspelling is the protocol's."""


class PowerShell:
    """Remote PowerShell of an Exchange server; in no-language mode, so cmdlets and their parameters are all there is.

    The journal shows the name of the cmdlet for the request that starts it, else the action of WS-Management.
    """

    name = "powershell"
    operations: ClassVar[Mapping[str, bool]] = {
        **dict.fromkeys(wsman.ACTIONS.values(), False),
        **{cmdlet.name: cmdlet.write for cmdlet in cmdlets.CMDLETS.values()},
    }

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._shells = Shells()
        self._actions: Mapping[str, Callable[[Call, wsman.Request], Route]] = {
            "Create": self._create,
            "Delete": self._delete,
            "Command": self._command,
            "Send": self._send,
            "Receive": self._receive,
            "Signal": self._signal,
        }

    def owns(self, path: str) -> bool:
        return path.lower().rstrip("/") == "/powershell"

    def authenticate(self, call: Call) -> Reply | None:
        known = {row["username"]: row for row in accounts.accounts(self._environment.database, accounts.EXCHANGE)}
        challenges: tuple[str, ...] = _SCHEMES
        if call.headers.get("authorization", "").lower().startswith("basic "):
            kinds = {row["kind"] for row in known.values()}
            verdicts = [check_basic(self._environment, call, kind) for kind in kinds]
            verdict = Verdict.OK if Verdict.OK in verdicts else Verdict.UNAUTHENTICATED
        else:
            outcome = check_ntlm(call, {name: row["password"] for name, row in known.items()}, _SCHEMES)
            verdict, challenges = outcome.verdict, outcome.challenges
        if verdict is Verdict.UNAUTHENTICATED:
            offered = (*challenges, _BASIC) if challenges == _SCHEMES else challenges
            return error_page(401, headers={"WWW-Authenticate": ", ".join(offered)})
        if known[call.caller or ""]["kind"] != _ADMIN:
            return error_page(403, "Access is denied.")
        return None

    def route(self, call: Call) -> Route:
        message_id = ""
        try:
            request = wsman.parse(call.body)
            message_id = request.message_id
            action = self._actions.get(request.action)
            if action is None:
                text = f"The action {request.action} is not supported by the service."
                raise wsman.WsmanFault(2150858753, "wsa:ActionNotSupported", text)
            if request.resource != wsman.RESOURCE:
                text = f"The resource URI is not supported; it is {wsman.RESOURCE}."
                raise wsman.WsmanFault(2150858752, "wsa:DestinationUnreachable", text)
            return action(call, request)
        except wsman.WsmanFault as error:
            refusal = wsman.fault(error, message_id, call.node)
            return Route("", False, lambda: refusal)

    def failure(self, call: Call, status: int, message: str) -> Reply:
        return wsman.fault(
            wsman.WsmanFault(status, "wsman:InternalError", message, sender=False), "", call.node, status
        )

    def _create(self, call: Call, request: wsman.Request) -> Route:
        data = request.payload("creationXml")
        identifier = request.body.get("ShellId") if request.body is not None else None
        wanted = identifier or str(uuid.uuid4()).upper()

        def run() -> Reply:
            shell = self._shells.open(wanted, call.node, call.caller or "")
            try:
                shell.take(None, shell.look(None, data), self._runner(call))
            except wsman.WsmanFault as error:
                self._shells.close(shell)
                return wsman.fault(error, request.message_id, call.node)
            return wsman.created(request, wanted, call.caller or "")

        return Route("Create", False, run)

    def _delete(self, call: Call, request: wsman.Request) -> Route:
        shell = self._shell(call, request)

        def run() -> Reply:
            self._shells.close(shell)
            return wsman.answer(request)

        return Route("Delete", False, run)

    def _command(self, call: Call, request: wsman.Request) -> Route:
        shell = self._shell(call, request)
        command = request.command_id() or uuid.uuid4()
        given = shell.look(command, request.payload("Arguments"))
        identifier = str(command).upper()
        markup = f"<rsp:CommandResponse><rsp:CommandId>{identifier}</rsp:CommandId></rsp:CommandResponse>"
        return self._input(call, request, shell, command, given, markup)

    def _send(self, call: Call, request: wsman.Request) -> Route:
        shell = self._shell(call, request)
        command = request.command_id("Stream")
        given = shell.look(command, request.payload("Stream"))
        return self._input(call, request, shell, command, given, "<rsp:SendResponse/>")

    def _input(
        self,
        call: Call,
        request: wsman.Request,
        shell: Shell,
        command: uuid.UUID | None,
        given: Input,
        markup: str,
    ) -> Route:
        invocation = given.invocation
        session = Session(self._environment, call.node)

        def run() -> Reply:
            try:
                shell.take(command, given, lambda wanted: cmdlets.run(session, wanted))
            except wsman.WsmanFault as error:
                return wsman.fault(error, request.message_id, call.node)
            return wsman.answer(request, markup)

        if invocation is None:
            return Route(request.action, False, run)
        size = cmdlets.key_to_make(invocation)

        async def make_key() -> None:
            """Make the key in a thread: it takes too long for the event loop."""
            if size is not None:
                session.key = await asyncio.to_thread(cmdlets.generate_key, size)

        cmdlet = cmdlets.cmdlet_of(invocation)
        name, write = (cmdlet.name, cmdlet.write) if cmdlet else ("unknown command", False)
        return Route(name, write, run, make_key)

    def _receive(self, call: Call, request: wsman.Request) -> Route:
        shell = self._shell(call, request)
        command = request.command_id("DesiredStream")
        if not shell.knows(command):
            raise wsman.unknown_shell()

        async def wait() -> None:
            await shell.wait(command, request.timeout)

        def run() -> Reply:
            if not shell.pending(command):
                return wsman.fault(wsman.timed_out(), request.message_id, call.node)
            data, done = shell.receive(command)
            return wsman.output(request, data, command, done)

        return Route("Receive", False, run, wait)

    def _signal(self, call: Call, request: wsman.Request) -> Route:
        shell = self._shell(call, request)
        command = request.command_id()
        if command is None or request.text("Code").lower() not in _SIGNALS:
            raise wsman.invalid("The signal must name a command and end it.")

        def run() -> Reply:
            shell.end(command)
            return wsman.answer(request, "<rsp:SignalResponse/>")

        return Route("Signal", False, run)

    def _shell(self, call: Call, request: wsman.Request) -> Shell:
        return self._shells.get(request.shell_id, call.node, call.caller)

    def _runner(self, call: Call) -> Callable[[Invocation], list[PSObject | str]]:
        return lambda invocation: list(cmdlets.run(Session(self._environment, call.node), invocation))
