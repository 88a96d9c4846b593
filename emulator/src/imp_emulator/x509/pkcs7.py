# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The certificates in a PKCS #7 bundle (RFC 2315), each as it stands there."""

from __future__ import annotations

from imp_emulator.x509.der import OID, SEQUENCE, Malformed, element

_SIGNED_DATA = bytes.fromhex("2a864886f70d010702")


def bundled(data: bytes) -> list[bytes]:
    """Return the certificates of a bundle (DER or BER), each in DER; raises :class:`Malformed`."""
    kind, content = (*element(data).of(SEQUENCE).children, None)[:2]
    if kind is None or kind.of(OID).content != _SIGNED_DATA or content is None or content.tag != 0xA0:
        raise Malformed("no signed data")
    parts = element(content.content).of(SEQUENCE).children
    return [one.raw for part in parts if part.tag == 0xA0 for one in part.children if one.tag == SEQUENCE]
