# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The bodies of the administration API. Requests are strict: no unknown field, no value of another type."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr

from imp_emulator.domain.imp.gateway_credentials import MAXIMUM_PASSWORD
from imp_emulator.domain.imp.gateways import CHECKED, DEFAULT_PORT, MAXIMUM_DESCRIPTION
from imp_emulator.domain.imp.office_365 import MAXIMUM_SECRET, MAXIMUM_URL, UUID_PATTERN
from imp_emulator.domain.imp.services import Status as ServiceStatus
from imp_emulator.domain.network import names

_NAME_FORMS: list[dict[str, Any]] = [
    {"pattern": names.FQDN_PATTERN, "maxLength": names.MAXIMUM_NAME},
    {"format": "ipv4"},
    {"format": "ipv6"},
]
_ACCOUNT_FORMS: list[dict[str, Any]] = [{"pattern": names.UPN_PATTERN}, {"pattern": names.DOWN_LEVEL_PATTERN}]

GatewayType = Literal["Exchange -- EWS Server", "Office 365 Server"]
GatewayName = Annotated[
    str,
    Field(
        description="FQDN, IPv4 address or IPv6 address of the server; its certificate must hold it.",
        json_schema_extra={"anyOf": _NAME_FORMS},
    ),
]


def _whole(value: object) -> object:
    """Take a number without a fraction as the integer that it is for JSON Schema, also when it is written 443.0."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


_Port = Annotated[int, Field(ge=1, le=65535)]
Port = Annotated[_Port, BeforeValidator(_whole, json_schema_input_type=_Port)]
AccountName = Annotated[
    str,
    Field(
        description=r"The impersonation account: user@domain or domain\user. All gateways share it.",
        max_length=names.MAXIMUM_ACCOUNT,
        json_schema_extra={"anyOf": _ACCOUNT_FORMS},
    ),
]
Password = Annotated[
    SecretStr,
    Field(
        description="The account's password. It can be set and compared, never read.",
        max_length=MAXIMUM_PASSWORD,
        json_schema_extra={"pattern": names.NOT_BLANK_PATTERN},
    ),
]
Secret = Annotated[
    SecretStr,
    Field(
        description="It can be set and compared, never read.",
        max_length=MAXIMUM_SECRET,
        json_schema_extra={"pattern": names.NOT_BLANK_PATTERN},
    ),
]
_ID = Field(json_schema_extra={"pattern": UUID_PATTERN})
_HTTPS_URL = Field(
    description="An https URL of a host; from release 15SU2 on.",
    max_length=MAXIMUM_URL,
    json_schema_extra={"pattern": "^https://"},
)
_PROXY_URL = Field(
    description="The http or https URL of a proxy; empty: none.",
    max_length=MAXIMUM_URL,
    json_schema_extra={"pattern": "^(https?://.*)?$"},
)
_ONLINE = {
    "client_id": "7f4b0f64-6e0e-4c0f-8a55-0c0b8a1d2e01",
    "tenant_id": "3f1c5a52-6a0e-4a37-9a3f-2d1d7c1f0c11",
    "proxy_url": "",
    "proxy_username": "",
}
_GATEWAY = {"type": "Exchange -- EWS Server", "name": "mail1.example.com", "description": "Head office", "port": 443}
_CREDENTIALS = {"account": r"EXAMPLE\svc-imp", "password": "a long password"}
_VIEW = {
    "id": "6f1c5c1e-8c39-4c39-9a52-0b4a1f0a2f01",
    **_GATEWAY,
    "account": r"EXAMPLE\svc-imp",
    "position": 1,
    "etag": '"0d3a5e2f8a6a4b0c9f1e2d3c4b5a6978"',
    "subscriptions": 120,
    "office_365": None,
}


def _answer(example: dict[str, Any]) -> ConfigDict:
    return ConfigDict(json_schema_extra={"examples": [example]})


def _request(example: dict[str, Any]) -> ConfigDict:
    return ConfigDict(json_schema_extra={"examples": [example]}, extra="forbid", strict=True)


class Office365In(BaseModel):
    """What a gateway of Office 365 shall have beside name and port; a new one or another client ID needs the secret."""

    model_config = _request({**_ONLINE, "client_secret": "a long secret"})

    client_id: Annotated[str, _ID]
    tenant_id: Annotated[str, _ID]
    client_secret: Secret | None = None
    proxy_url: Annotated[str, _PROXY_URL] = ""
    proxy_username: Annotated[str, Field(max_length=names.MAXIMUM_ACCOUNT)] = ""
    proxy_password: Secret | None = None
    authentication_endpoint: Annotated[str, _HTTPS_URL] | None = None
    resource: Annotated[str, _HTTPS_URL] | None = None


class Office365(BaseModel):
    """What a gateway of Office 365 has beside name and port, without its secrets."""

    model_config = _answer(
        {
            **_ONLINE,
            "authentication_endpoint": "https://login.microsoftonline.com",
            "resource": "https://graph.microsoft.com",
        }
    )

    client_id: str
    tenant_id: str
    proxy_url: str
    proxy_username: str
    authentication_endpoint: str
    resource: str


class GatewaySecrets(BaseModel):
    """Secrets to be compared with those of a gateway of Office 365."""

    model_config = _request({"client_secret": "a long secret"})

    client_secret: Secret | None = None
    proxy_password: Secret | None = None


class SecretsComparison(BaseModel):
    """Whether each secret is the gateway's; null for one that was not given."""

    model_config = _answer({"client_secret": True, "proxy_password": None})

    client_secret: bool | None
    proxy_password: bool | None


class GatewayIn(BaseModel):
    """A presence gateway as it shall be.

    Exchange servers share an account, which the first of a cluster brings with its password (G4). A gateway of Office
    365 has none of the two and needs office_365, which no other gateway has.
    """

    model_config = _request({**_GATEWAY, **_CREDENTIALS})

    type: GatewayType
    name: GatewayName
    description: Annotated[str, Field(max_length=MAXIMUM_DESCRIPTION)] = ""
    port: Port = DEFAULT_PORT
    account: AccountName | None = None
    password: Password | None = None
    office_365: Office365In | None = None


class Gateway(BaseModel):
    """A presence gateway as it is."""

    model_config = _answer(_VIEW)

    id: UUID
    type: GatewayType
    name: str
    description: str
    port: int
    account: Annotated[str, Field(description="The shared account; empty for a gateway of Office 365.")]
    position: Annotated[int, Field(ge=1, description="1 for the gateway that was added first.")]
    etag: Annotated[str, Field(description="For If-Match when the gateway is replaced or deleted.")]
    subscriptions: Annotated[int, Field(ge=0, description="How many users have a subscription at it.")]
    office_365: Annotated[Office365 | None, Field(description="Null for an Exchange server.")]


class Gateways(BaseModel):
    """All presence gateways of the cluster, the first one first."""

    model_config = _answer({"items": [_VIEW]})

    items: list[Gateway]


class Account(BaseModel):
    """The shared account; null while there is no gateway."""

    model_config = _answer({"account": r"EXAMPLE\svc-imp"})

    account: str | None


class Credentials(BaseModel):
    """The shared account with its password."""

    model_config = _request(_CREDENTIALS)

    account: AccountName
    password: Password


class Comparison(BaseModel):
    """Whether account and password are both the shared ones; which of them differs is not told."""

    model_config = _answer({"match": True})

    match: bool


class GatewayStatus(BaseModel):
    """What a node sees of a gateway; nothing beyond the first ten."""

    model_config = _answer(
        {
            "id": _VIEW["id"],
            "name": "mail1.example.com",
            "position": 1,
            "checked": True,
            "reachability": "Exchange Reachability (pingable)",
            "verification": "SSL Connection/Certificate Verification - Failed - Subject CN Mismatch",
            "detail": "The gateway name mail1.example.com is not the certificate's subject CN mail.example.com.",
        }
    )

    id: UUID
    name: str
    position: int
    checked: Annotated[bool, Field(description=f"False beyond position {CHECKED}: the rest is then null.")]
    reachability: str | None
    verification: str | None
    detail: str | None


class Status(BaseModel):
    """The status of all gateways as one node sees them, by TLS handshakes with that node's trust stores."""

    node: str
    items: list[GatewayStatus]


class Reason(BaseModel):
    """What was done to what."""

    model_config = _answer(
        {"object": "Presence gateway mail1.example.com", "action": "added", "at": "2026-11-22T20:00:00Z"}
    )

    object: str
    action: str
    at: datetime


class RestartNotification(BaseModel):
    """A service that has to restart before it takes notice of what was changed."""

    node: str
    service: str
    since: datetime
    reasons: list[Reason]


class RestartNotifications(BaseModel):
    """All pending restarts."""

    items: list[RestartNotification]


class Node(BaseModel):
    """An IM and Presence node."""

    model_config = _answer(
        {
            "name": "imp-pub",
            "fqdn": "imp-pub.dc1.example.com",
            "usage": "publisher",
            "eth0_ipv4": "192.0.2.12",
            "eth0_ipv6": None,
            "ipv6_enabled": False,
        }
    )

    name: str
    fqdn: str
    usage: Literal["publisher", "subscriber"]
    eth0_ipv4: str
    eth0_ipv6: str | None
    ipv6_enabled: Annotated[bool, Field(description="The enterprise parameter is true and Eth0 has an address.")]


class Nodes(BaseModel):
    """The IM and Presence nodes of the cluster."""

    items: list[Node]


class ServiceOfNode(BaseModel):
    """A service of a node, in the control center's words."""

    name: str
    activated: bool
    status: ServiceStatus


class NodeStatus(BaseModel):
    """An IM and Presence node and how it is."""

    name: str
    fqdn: str
    eth0_ipv4: str
    eth0_ipv6: str | None
    reachable: Annotated[bool, Field(description="Whether the other nodes reach it; if not, its services are unknown.")]
    services: list[ServiceOfNode]


class PresenceTopology(BaseModel):
    """The IM and Presence nodes of the cluster and how they are."""

    items: list[NodeStatus]


class Ipv6(BaseModel):
    """The IPv6 address of Eth0; null takes it away."""

    model_config = _request({"address": "2001:db8::12"})

    address: Annotated[str, Field(json_schema_extra={"format": "ipv6"})] | None
