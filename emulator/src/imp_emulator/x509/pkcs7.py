# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The certificates in a PKCS #7 bundle (RFC 2315), each as it stands there."""

from __future__ import annotations

from imp_emulator.x509.der import OID, SEQUENCE, Malformed, element

_SIGNED_DATA = bytes.fromhex("2a864886f70d010702")


def bundled(data: bytes) -> list[bytes]:
    """Return the certificates of a bundle (DER or BER), each in DER; raises :class:`Malformed`."""
    outer = element(data).of(SEQUENCE).children
    if [one.tag for one in outer] != [OID, 0xA0] or outer[0].content != _SIGNED_DATA:
        raise Malformed("no signed data")
    parts = element(outer[1].content).of(SEQUENCE).children
    return [one.raw for part in parts if part.tag == 0xA0 for one in part.children if one.tag == SEQUENCE]
