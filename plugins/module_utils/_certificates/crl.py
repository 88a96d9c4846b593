# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""Revocation lists (RFC 5280, section 5). Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ansible_collections.ucops.imp.plugins.module_utils._certificates.distinguished_names import read_name
from ansible_collections.ucops.imp.plugins.module_utils._formats import certificate_file
from ansible_collections.ucops.imp.plugins.module_utils._formats.der import (
    INTEGER,
    SEQUENCE,
    Malformed,
    element,
    elements,
    moment,
)


@dataclass(frozen=True)
class RevocationList:
    """A CRL; ``revoked`` are serial numbers in hexadecimal."""

    issuer: str
    last_update: datetime
    next_update: datetime | None
    revoked: tuple[str, ...]
    pem: str = field(repr=False)

    def as_dict(self) -> dict[str, Any]:
        """Return ``{issuer, last_update, next_update, revoked, content}``, times as texts."""
        return {
            "issuer": self.issuer,
            "last_update": self.last_update.isoformat(),
            "next_update": self.next_update.isoformat() if self.next_update else None,
            "revoked": list(self.revoked),
            "content": self.pem,
        }


def read_crl(data: bytes) -> RevocationList:
    """Read a list in DER; its extensions are not looked at. Raises :class:`Malformed`."""
    whole = element(data).of(SEQUENCE)
    fields = whole.children[0].of(SEQUENCE).children if whole.children else []
    if fields and fields[0].tag == INTEGER:
        # The version, which the oldest kind of list does without.
        fields.pop(0)
    if len(fields) < 3:
        raise Malformed("no revocation list")
    _algorithm, issuer, first, *rest = fields
    last_update = moment(first)
    if last_update is None:
        raise Malformed("a revocation list without a time")
    next_update = moment(rest[0]) if rest else None
    revoked = [entry for one in rest if one.tag == SEQUENCE for entry in elements(one.content)]
    return RevocationList(
        issuer=read_name(issuer).text,
        last_update=last_update,
        next_update=next_update,
        revoked=tuple(_serial(entry.of(SEQUENCE).children[:1]) for entry in revoked),
        pem=certificate_file.pem("X509 CRL", whole.raw),
    )


def _serial(first: list[Any]) -> str:
    if not first:
        raise Malformed("an entry without a serial number")
    return f"{int.from_bytes(first[0].of(INTEGER).content, 'big', signed=True):x}"
