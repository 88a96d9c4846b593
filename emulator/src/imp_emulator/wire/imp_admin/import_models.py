# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The bodies of the Certificate Import Tool; see :mod:`imp_emulator.wire.imp_admin.models` for the rest."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from imp_emulator.domain.imp.gateways import DEFAULT_PORT
from imp_emulator.domain.network import names
from imp_emulator.wire.imp_admin.models import Port

_PEER: dict[str, Any] = {"peer_server": "mail1.example.com", "port": 443, "store": "cup-trust"}
_FINGERPRINT = "4fa02d0c7e8a51b3996012ee6c05d17730c81bfa22849de5135abcf70861942e"
_NAME_FORMS: list[dict[str, Any]] = [
    {"pattern": names.FQDN_PATTERN, "maxLength": names.MAXIMUM_NAME},
    {"pattern": names.SHORT_NAME_PATTERN},
    {"format": "ipv4"},
    {"format": "ipv6"},
]

Store = Literal["cup-trust", "cup-xmpp-trust", "tomcat-trust"]
PeerServer = Annotated[
    str,
    Field(
        description="Host name, FQDN, IPv4 or IPv6 address of the server, exactly as the gateway is called.",
        json_schema_extra={"anyOf": _NAME_FORMS},
    ),
]
Fingerprint = Annotated[str, Field(pattern="^[0-9A-Fa-f]{64}$", description="SHA-256 over the DER form.")]


class PeerIn(BaseModel):
    """The server to connect to, and the trust store that its certificates are for."""

    model_config = ConfigDict(json_schema_extra={"examples": [_PEER]}, extra="forbid", strict=True)

    peer_server: PeerServer
    port: Port = DEFAULT_PORT
    store: Store = "cup-trust"


class Acceptance(PeerIn):
    """The approval of certificates, each by its fingerprint."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{**_PEER, "fingerprints": [_FINGERPRINT]}]}, extra="forbid", strict=True
    )

    fingerprints: Annotated[list[Fingerprint], Field(min_length=1, max_length=100)]


class OfferedCertificate(BaseModel):
    """A certificate that the handshake offers."""

    subject: str
    issuer: str
    fingerprint: Annotated[str, Field(description="SHA-256 over the DER form, in lower case.")]
    not_before: datetime
    not_after: datetime
    position: Annotated[int, Field(ge=1, description="Place in the handshake; 1 is the server's own.")]
    status: Annotated[
        Literal["Missing", "Verified"],
        Field(description="Whether the trust store has it; for the server's own, also whether it has its issuer."),
    ]
    pem: str


class PeerReport(BaseModel):
    """What the node finds about the peer server, with its own trust store."""

    peer_server: str
    port: int
    node: str
    store: Store
    reachability: str
    verification: str
    detail: str | None
    certificates: Annotated[list[OfferedCertificate], Field(description="Exactly what the handshake offers.")]


class Imported(BaseModel):
    """What was installed."""

    peer_server: str
    port: int
    node: str
    store: Store
    installed: Annotated[list[str], Field(description="Fingerprints; none of what had been in the store before.")]
