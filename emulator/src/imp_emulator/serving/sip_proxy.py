# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What carries the Presence Web Service: Cisco SIP Proxy, with the node's cup certificate, while it runs."""

from __future__ import annotations

import ssl

from imp_emulator.crypto.certificates import tls_context
from imp_emulator.domain.imp import web_sessions
from imp_emulator.pipeline.gate import ABORT
from imp_emulator.pipeline.request import Application, Receive, Scope, Send
from imp_emulator.store import keys
from imp_emulator.store.imp import trust
from imp_emulator.world.environment import Environment

SERVICE = "cup"


class CupCertificate:
    """Hands out a node's TLS settings, at each handshake those of its present cup certificate.

    A node that was given none shows the certificate that it was installed with.

    Attributes:
        context: What the listener is given.
    """

    def __init__(self, environment: Environment, cluster: str, node: str) -> None:
        self._environment = environment
        self._place = (cluster, node)
        self._made: dict[str, ssl.SSLContext] = {}
        self.context = self._current()
        self.context.sni_callback = self._choose

    def _choose(
        self, connection: ssl.SSLObject | ssl.SSLSocket, name: str | None, context: ssl.SSLContext
    ) -> int | None:
        """Called by OpenSSL after the client's hello, whether it names a host or not."""
        connection.context = self._current()
        return None

    def _current(self) -> ssl.SSLContext:
        # Read of the store and not asked of the rules: this is a handshake, so there is no request and no caller.
        identity = trust.identity(self._environment.database, *self._place, SERVICE)
        pair = keys.get(self._environment.database, *self._place)
        served = pair.private_key + pair.served if identity is None else identity.private_key + identity.certificate
        if served not in self._made:
            self._made[served] = tls_context(served)
        return self._made[served]


class WhileRunning:
    """An application that closes its connections without an answer while a node's Cisco SIP Proxy does not run."""

    def __init__(self, environment: Environment, cluster: str, node: str, application: Application) -> None:
        self._environment = environment
        self._place = (cluster, node)
        self._application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or close its connection."""
        if scope["type"] == "http" and not web_sessions.serves(self._environment.context, *self._place):
            scope["extensions"][ABORT]()
            while (await receive())["type"] != "http.disconnect":
                pass
            return
        await self._application(scope, receive, send)
