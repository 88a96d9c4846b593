# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Texts that clients hand over: the certificates in them, or what is wrong with them."""

from __future__ import annotations

import base64
import re

from imp_emulator.errors import InvalidValue
from imp_emulator.x509.certificate import Certificate, checked, checked_pem
from imp_emulator.x509.der import Malformed, element
from imp_emulator.x509.pkcs7 import bundled

_ANY_BLOCK = re.compile(r"-----BEGIN (CERTIFICATE|PKCS7)-----(.*?)-----END \1-----", re.DOTALL)
"""Windows writes CERTIFICATE around a PKCS #7 bundle, too."""


def imported(data: bytes) -> list[Certificate]:
    """Read what an import of Windows takes: certificates in PEM or DER, or a PKCS #7 bundle of them; may be none.

    Raises:
        Malformed: One of them is broken.
    """
    blocks = _ANY_BLOCK.findall(data.decode("latin-1"))
    try:
        contents = [base64.b64decode("".join(body.split()), validate=True) for _label, body in blocks] or [data]
    except ValueError:
        raise Malformed("no base 64") from None
    found: list[Certificate] = []
    for content in contents:
        try:
            found += [checked(one) for one in bundled(element(content))]
        except Malformed:
            if not blocks and content[:1] != b"\x30":
                return []
            found.append(checked(content))
    return found


def parse_bundle(text: str) -> list[Certificate]:
    """Read every certificate of a PEM text, in its order; text between the blocks is passed over.

    Raises:
        InvalidValue: There is no certificate in it, one of them is broken, or there is a private key in it, which
            nobody should ever upload. The message holds nothing of the text.
    """
    if "PRIVATE KEY-----" in text:
        raise InvalidValue("private-key", "The text holds a private key; only certificates are accepted.")
    try:
        return checked_pem(text)
    except ValueError:
        raise InvalidValue("not-a-certificate", "The text is not an X.509 certificate in PEM format.") from None
