# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A genuine TLS handshake with a server: what it sends, and what OpenSSL says of it at a moment of virtual time.

pyOpenSSL does it, because Python's ssl can neither verify at another time than the machine's nor, before release 3.13,
tell the chain that a server sends.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

from OpenSSL import SSL, crypto

from imp_emulator.domain.network.names import GatewayName, NameKind
from imp_emulator.domain.network.tunnel import Tunnel, open_tunnel
from imp_emulator.x509.certificate import Certificate, held_pem, of_openssl

TIMEOUT = 5.0
"""Seconds of real time for the connection, and again for the whole handshake."""

_RECORD = 16384
# What Python's ssl asks of a server too: keys and signatures of 112 bits of security, TLS 1.2 or newer.
_CIPHERS = b"DEFAULT:@SECLEVEL=2"


class Unreachable(OSError):
    """Nothing accepts connections there; the message says why."""


@dataclass(frozen=True, slots=True)
class TrustStore:
    """What a server's chain is verified with.

    Attributes:
        trusted: The certificates that the verification may end in, PEM; may be empty.
        at: The moment at which they and the server's have to be valid.
    """

    trusted: str
    at: datetime


class Objection(NamedTuple):
    """What OpenSSL has against a chain.

    Attributes:
        code: Its number (``X509_V_ERR_...``).
        depth: How far above the server's own certificate the one is that it is about.
        certificate: That one.
    """

    code: int
    depth: int
    certificate: Certificate


@dataclass(frozen=True, slots=True)
class Handshake:
    """A handshake that came to the server's certificate, whatever the verification said.

    Attributes:
        chain: What the server sends, its own certificate first.
        objections: In the order in which OpenSSL met them; empty when the chain is good.
        verified: What was verified, from the server's certificate to the root; empty without a store.
    """

    chain: list[Certificate]
    objections: Sequence[Objection]
    verified: Sequence[Certificate] = ()


def shake_hands(
    listener: tuple[str, int],
    name: GatewayName,
    store: TrustStore | None = None,
    timeout: float = TIMEOUT,
    tunnel: Tunnel | None = None,
) -> Handshake:
    """Connect to a server and shake hands; blocks for some milliseconds, or until the timeout.

    Args:
        listener: Address and port to connect to.
        name: The name that the server is asked for. Whether its certificate stands for it is not looked at.
        store: What the server's chain is verified with; it is not without one.
        timeout: Seconds of real time for the connection, and again for the handshake.
        tunnel: What to ask of a proxy, when the listener is one.

    Raises:
        Unreachable: Nothing accepts connections there, or the proxy makes none.
        OSError: The server does not go on with the handshake.
        SSL.Error: It breaks it off, or speaks something else.
    """
    objections: list[Objection] = []
    session = SSL.Connection(_context(store, objections), None)
    session.set_connect_state()
    if name.kind is NameKind.FQDN:
        session.set_tlsext_host_name(name.key.encode("ascii"))
    with connect(listener, timeout) as connection:
        deadline = time.monotonic() + timeout
        if tunnel is not None:
            _pass_through(connection, tunnel, deadline)
        try:
            _converse(session, connection, deadline)
        except SSL.Error:
            leaf = [one.certificate for one in objections if one.depth == 0][:1]
            if not leaf:
                raise
            # What was said against the certificate counts, and not what OpenSSL could not do with it afterwards.
            return Handshake(leaf, objections)
    # As OpenSSL has read them: another library would refuse a whole chain for one odd extension.
    chain = session.get_peer_cert_chain() or []
    verified = [] if store is None else session.get_verified_chain() or []
    return Handshake([of_openssl(one) for one in chain], objections, [of_openssl(one) for one in verified])


def connect(listener: tuple[str, int], timeout: float) -> socket.socket:
    """Open a connection.

    Raises:
        Unreachable: There is none.
    """
    try:
        return socket.create_connection(listener, timeout)
    except OSError as error:
        raise Unreachable(error.strerror or "timed out") from None


def _pass_through(connection: socket.socket, tunnel: Tunnel, deadline: float) -> None:
    try:
        open_tunnel(connection, tunnel, deadline)
    except OSError as error:
        raise Unreachable(error.strerror or str(error)) from None


def _context(store: TrustStore | None, objections: list[Objection]) -> SSL.Context:
    context = SSL.Context(SSL.TLS_CLIENT_METHOD)
    context.set_min_proto_version(SSL.TLS1_2_VERSION)
    context.set_cipher_list(_CIPHERS)
    if store is None:
        context.set_verify(SSL.VERIFY_NONE)
        return context

    def note(_session: SSL.Connection, certificate: crypto.X509, error: int, depth: int, good: int) -> bool:
        """Note an error and have OpenSSL go on: who sees the verdict wants to see the certificates as well."""
        if not good:
            objections.append(Objection(error, depth, of_openssl(certificate)))
        return True

    context.set_verify(SSL.VERIFY_PEER, note)
    anchors = context.get_cert_store()
    if anchors is None:
        raise ValueError("a context for clients has a certificate store")
    for trusted in held_pem(store.trusted):
        with suppress(crypto.Error):
            anchors.add_cert(crypto.load_certificate(crypto.FILETYPE_ASN1, trusted.parts.der))
    anchors.set_time(store.at.astimezone(UTC))
    return context


def _converse(session: SSL.Connection, connection: socket.socket, deadline: float) -> None:
    """Shake hands through memory, because pyOpenSSL by itself does not keep the timeout of a socket."""
    while not _advance(session):
        _send(session, connection)
        # One timeout for all steps: a server that drips must not hold the check for ever.
        connection.settimeout(max(deadline - time.monotonic(), 0.001))
        received = connection.recv(_RECORD)
        if not received:
            raise SSL.Error([("SSL routines", "", "unexpected eof while reading")])
        session.bio_write(received)
    # The server should see a handshake that ends, not one that breaks off.
    _send(session, connection)


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
