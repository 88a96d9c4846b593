# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""TLS settings that follow the state: each handshake gets the certificate that is to be shown at that moment."""

from __future__ import annotations

import ssl
from collections.abc import Callable

from imp_emulator.crypto.certificates import strange, tls_context
from imp_emulator.store import keys
from imp_emulator.store.exchange import certificates
from imp_emulator.store.imp import trust
from imp_emulator.store.keys import KeyPair
from imp_emulator.world.environment import Environment

_CUP = "cup"

Shown = Callable[[], str]
"""Returns private key and certificates, PEM, as the state has them now. It reads the store and does not ask the rules:
this is a handshake, so there is no request and no caller."""


class ServedCertificate:
    """Hands out a listener's TLS settings; asked at each handshake, so a change, a reset or a restored snapshot shows.

    Args:
        shown: What the listener shows.
        swapped: Tells whether a fault has this connection see another certificate; asked once for each handshake.

    Attributes:
        context: What the listener is given.
    """

    def __init__(self, shown: Shown, swapped: Callable[[], bool]) -> None:
        self._shown = shown
        self._swapped = swapped
        self._made: dict[str, ssl.SSLContext] = {}
        self._strange: dict[str, ssl.SSLContext] = {}
        self.context = self.current()
        self.context.sni_callback = self._choose

    def current(self) -> ssl.SSLContext:
        """Return the settings with the present certificate; those of earlier ones are kept, a server has few."""
        shown = self._shown()
        if shown not in self._made:
            self._made[shown] = tls_context(shown)
        return self._made[shown]

    def _choose(
        self, connection: ssl.SSLObject | ssl.SSLSocket, name: str | None, context: ssl.SSLContext
    ) -> int | None:
        """Called by OpenSSL after the client's hello, whether it names a host or not."""
        connection.context = self._other() if self._swapped() else self.current()
        return None

    def _other(self) -> ssl.SSLContext:
        """Return the settings with the certificate that a fault puts in place of the present one."""
        shown = self._shown()
        if shown not in self._strange:
            self._strange[shown] = tls_context(strange(shown))
        return self._strange[shown]


def of_pair(pair: KeyPair) -> Shown:
    """Return what shows a certificate that never changes."""
    served = pair.private_key + pair.served
    return lambda: served


def of_iis(environment: Environment, server: str) -> Shown:
    """Return what an Exchange server's https port shows: the certificate that IIS uses."""

    def shown() -> str:
        stored = certificates.served_by_iis(environment.database, server)
        if stored is None:
            # Nothing removes the certificate that IIS uses, so there always is one.
            raise LookupError(server)
        return stored.private_key + stored.served

    return shown


def of_cup(environment: Environment, cluster: str, node: str) -> Shown:
    """Return what a node's Presence Web Service shows: its cup certificate, or the one that it was installed with."""

    def shown() -> str:
        identity = trust.identity(environment.database, cluster, node, _CUP)
        if identity is not None:
            return identity.private_key + identity.certificate
        pair = keys.get(environment.database, cluster, node)
        return pair.private_key + pair.served

    return shown
