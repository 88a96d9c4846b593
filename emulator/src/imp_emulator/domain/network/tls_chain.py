# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The certificates that a TLS server offers in its handshake (requirement C9), whether or not anybody trusts them."""

from __future__ import annotations

from OpenSSL import SSL

from imp_emulator.domain.network.names import GatewayName
from imp_emulator.domain.network.tls_handshake import TIMEOUT, shake_hands
from imp_emulator.x509.certificate import Certificate


class NoChain(Exception):
    """The server offered nothing that can be read."""


def offered(listener: tuple[str, int], name: GatewayName, timeout: float = TIMEOUT) -> list[Certificate]:
    """Connect to a server and return exactly what it sends, its own certificate first; blocks until the timeout.

    Args:
        listener: Address and port to connect to.
        name: The name that the server is asked for.
        timeout: Seconds of real time for the connection, and again for the handshake.

    Raises:
        NoChain: There is no connection, or no handshake.
    """
    try:
        return shake_hands(listener, name, timeout=timeout).chain
    except (OSError, SSL.Error) as error:
        raise NoChain(str(error)) from None
