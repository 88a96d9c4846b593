# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""TLS settings that follow the state: each handshake gets the certificate that is to be shown at that moment."""

from __future__ import annotations

import ssl
from collections.abc import Callable

from imp_emulator.crypto.certificates import tls_context
from imp_emulator.store import keys
from imp_emulator.store.exchange import certificates
from imp_emulator.store.imp import trust
from imp_emulator.world.environment import Environment

_CUP = "cup"


class ServedCertificate:
    """Hands out a listener's TLS settings; asked at each handshake, so a change, a reset or a restored snapshot shows.

    Args:
        read: Returns private key and certificates, PEM, as the state has them now. It reads the store and does not ask
            the rules: this is a handshake, so there is no request and no caller.

    Attributes:
        context: What the listener is given.
    """

    def __init__(self, read: Callable[[], str]) -> None:
        self._read = read
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
        served = self._read()
        if served not in self._made:
            self._made[served] = tls_context(served)
        return self._made[served]


def of_iis(environment: Environment, server: str) -> ServedCertificate:
    """Return what an Exchange server's https port shows: the certificate that IIS uses."""

    def read() -> str:
        stored = certificates.served_by_iis(environment.database, server)
        if stored is None:
            # Nothing removes the certificate that IIS uses, so there always is one.
            raise LookupError(server)
        return stored.private_key + stored.served

    return ServedCertificate(read)


def of_cup(environment: Environment, cluster: str, node: str) -> ServedCertificate:
    """Return what a node's Presence Web Service shows: its cup certificate, or the one that it was installed with."""

    def read() -> str:
        identity = trust.identity(environment.database, cluster, node, _CUP)
        if identity is not None:
            return identity.private_key + identity.certificate
        pair = keys.get(environment.database, cluster, node)
        return pair.private_key + pair.served

    return ServedCertificate(read)
