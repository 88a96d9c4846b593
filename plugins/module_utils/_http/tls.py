# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""The TLS settings of a connection, and the certificates that a server shows to anybody."""

from __future__ import annotations

import socket
import ssl
from pathlib import Path

from ansible_collections.ucops.imp.plugins.module_utils._core.errors import TlsFailed
from ansible_collections.ucops.imp.plugins.module_utils._core.options import Connection
from ansible_collections.ucops.imp.plugins.module_utils._formats import certificate_file
from ansible_collections.ucops.imp.plugins.module_utils._formats.text_file import NotRead


def tls_context(connection: Connection) -> ssl.SSLContext:
    """Return TLS settings: the pinned CA alone, or the system's; TLS 1.2 at least."""
    context = _trusting(connection.ca_path)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # The same on every Python: 3.13 turns both the other way round. The product's self-signed certificates do not
    # follow RFC 5280 to the letter, and whoever pins an issuing CA or the server's own certificate means just that.
    context.verify_flags = context.verify_flags & ~ssl.VERIFY_X509_STRICT | ssl.VERIFY_X509_PARTIAL_CHAIN
    if not connection.validate_certs:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _trusting(ca_path: str | None) -> ssl.SSLContext:
    """Return settings that trust the authorities of a file, or those of the system; raises :class:`TlsFailed`.

    OpenSSL reads the file where it can, because it heeds what TRUSTED CERTIFICATE says besides. It takes PEM only.
    """
    try:
        return ssl.create_default_context(cafile=ca_path or None)
    except (OSError, ssl.SSLError) as error:
        if not ca_path or not isinstance(error, ssl.SSLError):
            raise TlsFailed(f"ca_path: {ca_path}: {error.strerror}.") from None
    try:
        authorities = certificate_file.certificates(certificate_file.read_file(Path(ca_path)))
        return ssl.create_default_context(cadata=b"".join(authorities))
    except NotRead as error:
        raise TlsFailed(f"ca_path: {ca_path}: {error}") from None
    except (OSError, ssl.SSLError):
        raise TlsFailed(f"ca_path: {ca_path}: a certificate in it cannot be read; it is damaged or cut off.") from None


def accepting_all() -> ssl.SSLContext:
    """Return settings that accept whatever a server shows, for those who only look at it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def shown_chain(name: str, port: int, timeout: float) -> list[bytes]:
    """Return the certificates (DER) that a server shows, its own first; raises ``OSError`` when there is none.

    Python before 3.13 has no public way to the others; where the private one is not there, it is the server's own.
    """
    with (
        socket.create_connection((name, port), timeout) as plain,
        accepting_all().wrap_socket(plain, server_hostname=name) as secured,
    ):
        own = secured.getpeercert(binary_form=True) or b""
        public = getattr(secured, "get_unverified_chain", None)
        if public is not None:
            return [bytes(one) for one in public()] or [own]
        private = getattr(getattr(secured, "_sslobj", None), "get_unverified_chain", None)
        found = [] if private is None else (private() or [])
        return [ssl.PEM_cert_to_DER_cert(one.public_bytes()) for one in found] or [own]
