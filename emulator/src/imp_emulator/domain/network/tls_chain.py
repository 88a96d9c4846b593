# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The certificates that a TLS server offers in its handshake (requirement C9), whether or not anybody trusts them."""

from __future__ import annotations

import socket

from cryptography import x509
from OpenSSL import SSL

from imp_emulator.crypto.reading import Certificate, wrap
from imp_emulator.domain.network.names import GatewayName, NameKind
from imp_emulator.domain.network.tls_probe import TIMEOUT

_RECORD = 16384


class NoChain(Exception):
    """The server offered nothing that can be read."""


def offered(listener: tuple[str, int], name: GatewayName, timeout: float = TIMEOUT) -> list[Certificate]:
    """Connect to a server and return exactly what it sends, its own certificate first; blocks until the timeout.

    Python's ssl shows that list from release 3.13 on only, so pyOpenSSL does it.

    Args:
        listener: Address and port to connect to.
        name: The name that the server is asked for.
        timeout: Seconds of real time for each step.

    Raises:
        NoChain: There is no connection, no handshake, or something else than X.509 in it.
    """
    try:
        with socket.create_connection(listener, timeout) as connection:
            chain = _handshake(connection, name)
        return [wrap(certificate) for certificate in chain]
    except (OSError, SSL.Error, ValueError) as error:
        raise NoChain(str(error)) from None


def _handshake(connection: socket.socket, name: GatewayName) -> list[x509.Certificate]:
    """Shake hands through memory, because pyOpenSSL by itself does not keep the timeout of a socket."""
    context = SSL.Context(SSL.TLS_CLIENT_METHOD)
    context.set_verify(SSL.VERIFY_NONE)
    session = SSL.Connection(context, None)
    session.set_connect_state()
    if name.kind is NameKind.FQDN:
        session.set_tlsext_host_name(name.key.encode("ascii"))
    while not _advance(session):
        _send(session, connection)
        received = connection.recv(_RECORD)
        if not received:
            raise OSError("the server closed the connection")
        session.bio_write(received)
    # The server should see a handshake that ends, not one that breaks off.
    _send(session, connection)
    return session.get_peer_cert_chain(as_cryptography=True) or []


def _advance(session: SSL.Connection) -> bool:
    """Go on with the handshake; tell whether it is complete."""
    try:
        session.do_handshake()
    except SSL.WantReadError:
        return False
    return True


def _send(session: SSL.Connection, connection: socket.socket) -> None:
    """Send what the session has to say; nothing to say is no error."""
    while True:
        try:
            content = session.bio_read(_RECORD)
        except SSL.WantReadError:
            return
        connection.sendall(content)
