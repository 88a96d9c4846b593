# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""The certificates in a PKCS #7 bundle (RFC 2315), each as it stands there. Pure.

Collection and emulator have this file alike.
"""

from __future__ import annotations

from ansible_collections.ucops.imp.plugins.module_utils._formats.der import OID, SEQUENCE, Element, Malformed, element

SIGNED_DATA = bytes.fromhex("2a864886f70d010702")
"""The type of a bundle, 1.2.840.113549.1.7.2."""
_CERTIFICATES = 0xA0


def bundled(bundle: Element) -> list[bytes]:
    """Return the certificates of a bundle (DER or BER), in its order, each in DER; raises :class:`Malformed`.

    Other kinds of certificates, such as those of attributes, have tags of their own and are left out.
    """
    outer = bundle.of(SEQUENCE).children
    if [one.tag for one in outer] != [OID, 0xA0] or outer[0].content != SIGNED_DATA:
        raise Malformed("no signed data")
    parts = element(outer[1].content).of(SEQUENCE).children
    return [one.raw for part in parts if part.tag == _CERTIFICATES for one in part.children if one.tag == SEQUENCE]
