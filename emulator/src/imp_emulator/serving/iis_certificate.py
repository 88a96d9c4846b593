# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The TLS settings of Exchange's https port: each handshake gets the certificate that IIS uses at that moment."""

from __future__ import annotations

import ssl

from imp_emulator.crypto.certificates import tls_context
from imp_emulator.store.exchange import certificates
from imp_emulator.world.environment import Environment


class IisCertificate:
    """Hands out a server's TLS settings; asked at each handshake, so a change, a reset or a restored snapshot shows.

    Attributes:
        context: What the listener is given.
    """

    def __init__(self, environment: Environment, server: str) -> None:
        self._environment = environment
        self._server = server
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
        """Return the settings with the present certificate; those of earlier ones are kept, a server has few."""
        # Read of the store and not asked of the rules: this is a handshake, so there is no request and no caller.
        stored = certificates.served_by_iis(self._environment.database, self._server)
        if stored is None:
            # Nothing removes the certificate that IIS uses, so there always is one.
            raise LookupError(self._server)
        if stored.thumbprint not in self._made:
            self._made[stored.thumbprint] = tls_context(stored.private_key + stored.served)
        return self._made[stored.thumbprint]
