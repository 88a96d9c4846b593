# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""What the controller sees of a server without logging in: its name, port, certificate and clock."""

from __future__ import annotations

import email.utils
import http.client
import socket
import ssl
import time
from dataclasses import dataclass

from ansible_collections.ucops.imp.plugins.module_utils._certificates.x509 import (
    Certificate,
    NotACertificate,
    split_bundle,
)
from ansible_collections.ucops.imp.plugins.module_utils._core.errors import TlsFailed
from ansible_collections.ucops.imp.plugins.module_utils._core.options import Connection, address
from ansible_collections.ucops.imp.plugins.module_utils._http.tls import tls_context

EXPIRED = (9, 10)
"""OpenSSL's codes of certificates outside of their time."""


@dataclass(frozen=True)
class Place:
    """A port of a server. ``name`` is what people call the server, ``hostname`` and ``port`` where it is reached.

    ``connection`` says by which authorities its certificate is judged; an Exchange server has none, because the nodes
    judge it and not the controller. ``option`` is where the user has named it.
    """

    name: str
    hostname: str
    port: int
    timeout: float
    option: str
    connection: Connection | None = None

    @property
    def host(self) -> str:
        """The server for people, with the address where that differs."""
        return self.name if self.name == self.hostname else f"{self.name} ({self.hostname})"

    def __str__(self) -> str:
        host = f"[{self.hostname}]" if ":" in self.hostname else self.hostname
        return f"{host}:{self.port}" if self.name == self.hostname else f"{self.name} ({host}:{self.port})"


@dataclass(frozen=True)
class Distrust:
    """Why OpenSSL does not accept a certificate: its code (0 when there is none) and words."""

    code: int
    message: str


@dataclass
class Sight:
    """What was seen of a place, as far as one got. Of the errors at most the first that happened is set.

    ``offset`` is by how many seconds the server's clock is ahead of the controller's, give or take a second.
    """

    place: Place
    addresses: tuple[str, ...] = ()
    name_error: str | None = None
    port_error: str | None = None
    tls_error: str | None = None
    distrust: Distrust | None = None
    leaf: Certificate | None = None
    offset: float | None = None

    @property
    def obstacle(self) -> str | None:
        """Say why nothing can be asked there, or ``None``."""
        if self.name_error is not None:
            return f"{self.place.name} does not resolve"
        if self.port_error is not None:
            return f"{self.place} does not answer"
        if self.tls_error is not None:
            return f"{self.place} does not speak TLS"
        return None if self.distrust is None else f"the certificate of {self.place} is not trusted"


class _NoConnection(Exception):
    """No TCP connection; the message says why."""


def probe(place: Place) -> Sight:
    """Resolve, connect, shake hands, and ask for the time; never raises."""
    sight = Sight(place)
    try:
        sight.addresses = _resolve(place.hostname)
    except (OSError, UnicodeError) as error:
        sight.name_error = str(getattr(error, "strerror", None) or error)
        return sight
    try:
        _look(sight)
    except _NoConnection as error:
        sight.port_error = str(error)
    except (OSError, NotACertificate) as error:
        sight.tls_error = _words(error)
    return sight


def judge(place: Place, trusted: str) -> Distrust | None:
    """Return why a server's chain does not lead to a root among ``trusted`` (PEM), or ``None`` when it does.

    Names are not compared. Raises ``OSError`` when there is no handshake.
    """
    # As on a node: with these settings a trusted intermediate without its root is not enough (requirement C8).
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    if trusted:
        context.load_verify_locations(cadata=trusted)
    try:
        _shake_hands(place, context)
    except _NoConnection as error:
        raise OSError(str(error)) from None
    except ssl.SSLCertVerificationError as error:
        return Distrust(error.verify_code, error.verify_message)
    return None


def _resolve(hostname: str) -> tuple[str, ...]:
    found = socket.getaddrinfo(hostname, None, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))


def _look(sight: Sight) -> None:
    place = sight.place
    if place.connection is not None:
        try:
            _shake_hands(place, tls_context(place.connection), sight)
        except TlsFailed as error:
            sight.distrust = Distrust(0, error.message)
        except ssl.SSLCertVerificationError as error:
            sight.distrust = Distrust(error.verify_code, error.verify_message)
        else:
            return
    # However little it is to be trusted, its dates, names and clock can be told.
    _shake_hands(place, _accepting_all(), sight)


def _accepting_all() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _shake_hands(place: Place, context: ssl.SSLContext, sight: Sight | None = None) -> None:
    try:
        plain = socket.create_connection((place.hostname, place.port), place.timeout)
    except OSError as error:
        late = isinstance(error, TimeoutError)
        raise _NoConnection(f"no answer within {place.timeout:g} s" if late else _words(error)) from None
    # A server that has several certificates chooses by the name that clients call it, which an Exchange gateway's is.
    name = place.hostname if place.connection is not None else place.name
    with plain, context.wrap_socket(plain, server_hostname=name) as secured:
        if sight is None:
            return
        (sight.leaf,) = split_bundle(ssl.DER_cert_to_PEM_cert(secured.getpeercert(binary_form=True) or b"").encode())
        if place.connection is not None:
            sight.offset = _clock_offset(secured, place.hostname)


def _clock_offset(secured: ssl.SSLSocket, hostname: str) -> float | None:
    """Ask for a page, logging in as nobody, for the sake of the Date in the answer; ``None`` when there is none."""
    client = http.client.HTTPConnection(hostname)
    client.sock = secured
    before = time.time()
    try:
        client.request("HEAD", "/", headers={"User-Agent": "ucops.imp"})
        told = client.getresponse().headers.get("Date", "")
        # It has whole seconds, cut off: on average half a second is lost.
        return email.utils.parsedate_to_datetime(told).timestamp() + 0.5 - (before + time.time()) / 2
    except (OSError, http.client.HTTPException, ValueError, TypeError):
        return None


def _words(error: Exception) -> str:
    if isinstance(error, ssl.SSLError) and error.reason:
        return error.reason.replace("_", " ").lower()
    return str(getattr(error, "strerror", None) or error).lower()


def is_address(place: Place) -> bool:
    """Whether the place is given by an IP address, which nobody has to resolve."""
    return address(place.hostname) is not None
