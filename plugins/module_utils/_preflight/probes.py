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
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from ansible_collections.ucops.imp.plugins.module_utils._certificates.chain import outdated_above
from ansible_collections.ucops.imp.plugins.module_utils._certificates.x509 import (
    Certificate,
    NotACertificate,
    read_der,
)
from ansible_collections.ucops.imp.plugins.module_utils._core.errors import TlsFailed, UnexpectedAnswer
from ansible_collections.ucops.imp.plugins.module_utils._core.options import Connection, address, in_url
from ansible_collections.ucops.imp.plugins.module_utils._http.adapter import limit, watched
from ansible_collections.ucops.imp.plugins.module_utils._http.tls import accepting_all, tls_context

EXPIRED = (9, 10)
"""OpenSSL's codes of certificates outside of their time."""


@dataclass(frozen=True)
class Endpoint:
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
        host = in_url(self.hostname)
        return f"{host}:{self.port}" if self.name == self.hostname else f"{self.name} ({host}:{self.port})"


@dataclass(frozen=True)
class Distrust:
    """Why OpenSSL does not accept a certificate: its code (0 when there is none) and words."""

    code: int
    message: str

    def of_authority(self, leaf: Certificate, now: datetime) -> bool:
        """Whether it is about the dates of an authority, because the server's own certificate is in time."""
        return self.code in EXPIRED and not leaf.out_of_date(now)

    def told(self, leaf: Certificate, others: Sequence[Certificate], now: datetime) -> str:
        """Return its words, with the authority that it is about; ``others`` are those that may stand above."""
        if not self.of_authority(leaf, now):
            return self.message
        above = outdated_above(leaf, others, now)
        name = above.subject if above else f"an authority above it, which was issued by {leaf.issuer}"
        return f"{name}: {self.message}"


@dataclass
class ProbeResult:
    """What was seen of an endpoint, as far as one got. Of the errors at most the first that happened is set.

    ``offset`` is by how many seconds the server's clock is ahead of the controller's, give or take a second.
    """

    endpoint: Endpoint
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
            return f"{self.endpoint.name} does not resolve"
        if self.port_error is not None:
            return f"{self.endpoint} does not answer"
        if self.tls_error is not None:
            return f"{self.endpoint} does not speak TLS"
        return None if self.distrust is None else f"the certificate of {self.endpoint} is not trusted"


class _NoConnection(Exception):
    """No TCP connection; the message says why."""


def probe(endpoint: Endpoint) -> ProbeResult:
    """Resolve, connect, shake hands, and ask for the time; never raises."""
    probed = ProbeResult(endpoint)
    try:
        probed.addresses = _resolve(endpoint.hostname)
    except (OSError, UnicodeError) as error:
        probed.name_error = str(getattr(error, "strerror", None) or error)
        return probed
    try:
        _look(probed)
    except _NoConnection as error:
        probed.port_error = str(error)
    except (OSError, NotACertificate) as error:
        probed.tls_error = _words(error)
    return probed


def judge(endpoint: Endpoint, trusted: Sequence[Certificate]) -> Distrust | None:
    """Return why a server's chain does not lead to a root among ``trusted``, or ``None`` when it does.

    Names are not compared. Raises ``OSError`` when there is no handshake.
    """
    # As on a node: with these settings a trusted intermediate without its root is not enough (requirement C8).
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    for certificate in trusted:
        # One that OpenSSL cannot read is nobody's root, and costs the others nothing.
        with suppress(ssl.SSLError):
            context.load_verify_locations(cadata=certificate.parts.der)
    try:
        _shake_hands(endpoint, context)
    except _NoConnection as error:
        raise OSError(str(error)) from None
    except ssl.SSLCertVerificationError as error:
        return Distrust(error.verify_code, error.verify_message)
    return None


def _resolve(hostname: str) -> tuple[str, ...]:
    found = socket.getaddrinfo(hostname, None, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))


def _look(probed: ProbeResult) -> None:
    endpoint = probed.endpoint
    if endpoint.connection is not None:
        try:
            _shake_hands(endpoint, tls_context(endpoint.connection), probed)
        except TlsFailed as error:
            probed.distrust = Distrust(0, error.message)
        except ssl.SSLCertVerificationError as error:
            probed.distrust = Distrust(error.verify_code, error.verify_message)
        else:
            return
    # However little it is to be trusted, its dates, names and clock can be told.
    _shake_hands(endpoint, accepting_all(), probed)


def _shake_hands(endpoint: Endpoint, context: ssl.SSLContext, probed: ProbeResult | None = None) -> None:
    try:
        plain = socket.create_connection((endpoint.hostname, endpoint.port), endpoint.timeout)
    except OSError as error:
        late = isinstance(error, TimeoutError)
        raise _NoConnection(f"no answer within {endpoint.timeout:g} s" if late else _words(error)) from None
    # A server that has several certificates chooses by the name that clients call it, which an Exchange gateway's is.
    name = endpoint.hostname if endpoint.connection is not None else endpoint.name
    with plain, watched(context).wrap_socket(plain, server_hostname=name) as secured:
        if probed is None:
            return
        probed.leaf = read_der(secured.getpeercert(binary_form=True) or b"", "what the server shows")
        if endpoint.connection is not None:
            limit(secured, str(endpoint), endpoint.timeout)
            probed.offset = _clock_offset(secured, endpoint.hostname)


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
    except (OSError, http.client.HTTPException, UnexpectedAnswer, ValueError, TypeError):
        return None


def _words(error: Exception) -> str:
    if isinstance(error, ssl.SSLError) and error.reason:
        return error.reason.replace("_", " ").lower()
    return str(getattr(error, "strerror", None) or error).lower()


def is_address(endpoint: Endpoint) -> bool:
    """Whether the endpoint is given by an IP address, which nobody has to resolve."""
    return address(endpoint.hostname) is not None
