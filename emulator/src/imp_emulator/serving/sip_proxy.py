# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What carries the Presence Web Service: Cisco SIP Proxy, while it runs."""

from __future__ import annotations

from imp_emulator.domain.imp import web_sessions
from imp_emulator.pipeline.gate import ABORT
from imp_emulator.pipeline.request import Application, Receive, Scope, Send
from imp_emulator.world.environment import Environment


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
