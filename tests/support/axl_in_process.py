# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""AXL messages that are sent into a protocol object of the emulator, without a process or a network."""

from __future__ import annotations

import base64

from imp_emulator.pipeline.accounts import Accounts
from imp_emulator.pipeline.request import Request, Response
from imp_emulator.store import accounts
from imp_emulator.wire.axl.protocol import Axl
from imp_emulator.world.environment import Environment
from tests.support.axl import Answer, message


class InProcess:
    """Asks a protocol object as the gate does: one transaction, undone when the answer is an error."""

    def __init__(self, environment: Environment, protocol: type[Axl], node: str) -> None:
        self.environment = environment
        self.protocol = protocol(environment.context, Accounts(environment.database, environment.sessions))
        self.node = node

    def call(self, body: bytes, headers: dict[str, str] | None = None, account: str = "axladmin") -> Request:
        """Return a request with an account's credentials."""
        known_account = accounts.account(self.environment.database, "dc1", "application", account)
        assert known_account is not None
        token = base64.b64encode(f"{account}:{known_account.password}".encode()).decode()
        known = {"authorization": f"Basic {token}", "content-type": "text/xml"} | (headers or {})
        return Request("dc1", self.node, 8443, "POST", "/axl/", {}, known, body)

    def send(self, request: Request) -> Answer:
        """Send a request."""
        response = self.protocol.authenticate(request) or self._run(request)
        return Answer(response.status, response.body, response.headers)

    def _run(self, request: Request) -> Response:
        response = Response(0)
        try:
            with self.environment.database.transaction():
                response = self.protocol.route(request).run()
                if response.status >= 400:
                    raise _Undo
        except _Undo:
            return response
        return response

    def ask(self, operation: str, content: str = "", version: str = "14.0", sequence: int | None = None) -> Answer:
        """Send a request with the right SOAPAction."""
        action = {"soapaction": f'"CUCM:DB ver={version} {operation}"'}
        return self.send(self.call(message(operation, content, version, sequence), action))

    def sql(self, statement: str, update: bool = False) -> Answer:
        """Send an SQL statement."""
        return self.ask("executeSQLUpdate" if update else "executeSQLQuery", f"<sql><![CDATA[{statement}]]></sql>")


class _Undo(Exception):
    """Ends the transaction of a call that failed."""
