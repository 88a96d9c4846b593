# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""The TLS settings of a connection."""

from __future__ import annotations

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
