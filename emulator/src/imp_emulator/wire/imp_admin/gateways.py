# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Presence gateways over HTTP: the collection, its members, and their status (requirements G1-G7)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Header, Response
from pydantic import SecretStr

from imp_emulator.domain.imp import gateway_status as status
from imp_emulator.domain.imp import gateways, presence_list
from imp_emulator.domain.imp.office_365 import Office365Draft
from imp_emulator.domain.network.tls_probe import Result
from imp_emulator.wire.imp_admin.decoding import EndpointRouter
from imp_emulator.wire.imp_admin.models import (
    Gateway,
    GatewayIn,
    Gateways,
    GatewaySecrets,
    GatewayStatus,
    Office365,
    Office365In,
    SecretsComparison,
    Status,
)
from imp_emulator.wire.imp_admin.problems import ProblemError, responses
from imp_emulator.wire.imp_admin.served_node import JSON_ONLY, Here, OneNode, ServedNode

router = EndpointRouter(tags=["Presence gateways"])

_ETAG = {"ETag": {"schema": {"type": "string"}, "required": True, "description": "The gateway's entity tag."}}
_LOCATION = {"Location": {"schema": {"type": "string"}, "required": True, "description": "The gateway's address."}}
_ID = {"path.identifier": "$response.body#/id"}
_LINKS = {
    "get": {"operationId": "getPresenceGateway", "parameters": _ID},
    "replace": {
        "operationId": "replacePresenceGateway",
        "parameters": _ID | {"header.if-match": "$response.header.ETag"},
    },
    "delete": {
        "operationId": "deletePresenceGateway",
        "parameters": _ID | {"header.if-match": "$response.header.ETag"},
    },
    "compare": {"operationId": "compareGatewaySecrets", "parameters": _ID},
}
_JSON_BODY = ("invalid-json", "unsupported-media-type")
_BODY = (*_JSON_BODY, "credentials-required", "secret-required")
_CONFLICTS = ("gateway-exists", "ipv6-not-configured")
_PRECONDITION = ("gateway-not-found", "etag-mismatch", "precondition-required")

# The convertor keeps other methods of /presence-gateways/status from being taken for those of a gateway.
_MEMBER = "/presence-gateways/{identifier:uuid}"

IfMatch = Annotated[str, Header(description="The entity tag that the gateway must have, or * for any.")]


@router.get("/presence-gateways", operation_id="listPresenceGateways", responses=responses())
def list_gateways(here: Here) -> Gateways:
    """List the presence gateways, the first one first."""
    counts = presence_list.subscriptions(here.context, here.cluster)
    return Gateways(items=[_view(found, counts) for found in gateways.gateways(here.context, here.cluster)])


@router.post(
    "/presence-gateways",
    status_code=201,
    operation_id="addPresenceGateway",
    dependencies=[JSON_ONLY],
    responses={
        201: {"description": "The gateway was added.", "headers": _ETAG | _LOCATION, "links": _LINKS},
        **responses(*_BODY, *_CONFLICTS),
    },
)
def add_gateway(here: Here, gateway: GatewayIn, response: Response) -> Gateway:
    """Add a presence gateway; the account, when given, becomes every Exchange gateway's."""
    added = gateways.add(here.context, here.cluster, _draft(gateway))
    response.headers["Location"] = f"/imp-admin/v1/presence-gateways/{added.id}"
    response.headers["ETag"] = added.etag
    return _view(added, {})


async def _checked(here: Here, node: OneNode) -> Status:
    name = here.node if node is None else here.presence_node(node)
    checked = await status.check(here.context, here.cluster, name)
    return Status(node=name, items=[_status(found.gateway, found.result) for found in checked])


@router.get(
    "/presence-gateways/status",
    operation_id="getPresenceGatewayStatus",
    responses=responses("node-not-found"),
)
def gateway_status(checked: Annotated[Status, Depends(_checked)]) -> Status:
    """Check the first ten gateways from a node (by default the one asked), by TLS handshakes with its trust stores."""
    return checked


@router.get(
    _MEMBER,
    operation_id="getPresenceGateway",
    responses={200: {"description": "The gateway.", "headers": _ETAG}, **responses("gateway-not-found")},
)
def get_gateway(here: Here, identifier: UUID, response: Response) -> Gateway:
    """Return one presence gateway."""
    found = gateways.gateway(here.context, here.cluster, str(identifier))
    response.headers["ETag"] = found.etag
    return _view(found, presence_list.subscriptions(here.context, here.cluster))


@router.put(
    _MEMBER,
    operation_id="replacePresenceGateway",
    dependencies=[JSON_ONLY],
    responses={
        200: {"description": "The gateway as it is now.", "headers": _ETAG},
        **responses(*_BODY, *_CONFLICTS, *_PRECONDITION),
    },
)
def replace_gateway(here: Here, identifier: UUID, if_match: IfMatch, gateway: GatewayIn, response: Response) -> Gateway:
    """Replace a presence gateway; an account, password or secret that is not given stays."""
    _require_match(here, str(identifier), if_match)
    replaced = gateways.replace(here.context, here.cluster, str(identifier), _draft(gateway))
    response.headers["ETag"] = replaced.etag
    return _view(replaced, presence_list.subscriptions(here.context, here.cluster))


@router.delete(
    _MEMBER,
    status_code=204,
    operation_id="deletePresenceGateway",
    responses=responses(*_PRECONDITION),
)
def delete_gateway(here: Here, identifier: UUID, if_match: IfMatch) -> None:
    """Delete a presence gateway; with the last Exchange gateway the shared account goes too."""
    _require_match(here, str(identifier), if_match)
    gateways.delete(here.context, here.cluster, str(identifier))


@router.post(
    f"{_MEMBER}/secrets/compare",
    operation_id="compareGatewaySecrets",
    dependencies=[JSON_ONLY],
    responses=responses(*_JSON_BODY, "gateway-not-found", "not-office-365", "too-many-compares"),
)
def compare_secrets(here: Here, identifier: UUID, secrets: GatewaySecrets) -> SecretsComparison:
    """Tell whether secrets are those of a gateway of Office 365; ten failures a minute and no more."""
    given = _open(secrets.client_secret), _open(secrets.proxy_password)
    client_secret, proxy_password = gateways.compare_secrets(here.context, here.cluster, str(identifier), *given)
    return SecretsComparison(client_secret=client_secret, proxy_password=proxy_password)


def _require_match(here: ServedNode, identifier: str, if_match: str) -> None:
    """Check an If-Match header (RFC 9110, 13.1.1); a weak tag never matches."""
    etag = gateways.gateway(here.context, here.cluster, identifier).etag
    if if_match.strip() != "*" and etag not in [tag.strip() for tag in if_match.split(",")]:
        raise ProblemError("etag-mismatch", field="If-Match")


def _draft(gateway: GatewayIn) -> gateways.Draft:
    return gateways.Draft(
        type=gateway.type,
        name=gateway.name,
        description=gateway.description,
        port=gateway.port,
        account=gateway.account,
        password=_open(gateway.password),
        office_365=None if gateway.office_365 is None else _online_draft(gateway.office_365),
    )


def _online_draft(online: Office365In) -> Office365Draft:
    fields: dict[str, Any] = online.model_dump()
    secrets = {"client_secret": _open(online.client_secret), "proxy_password": _open(online.proxy_password)}
    return Office365Draft(**fields | secrets)


def _open(secret: SecretStr | None) -> str | None:
    return None if secret is None else secret.get_secret_value()


def _view(gateway: gateways.Gateway, subscriptions: Mapping[str, int]) -> Gateway:
    own = {
        "id": UUID(gateway.id),
        "subscriptions": subscriptions.get(gateway.id, 0),
        "office_365": None if gateway.office_365 is None else Office365(**asdict(gateway.office_365)),
    }
    fields: dict[str, Any] = {name: getattr(gateway, name) for name in Gateway.model_fields if name not in own}
    return Gateway(**fields | own)


def _status(gateway: gateways.Gateway, result: Result | None) -> GatewayStatus:
    common: dict[str, Any] = {"id": UUID(gateway.id), "name": gateway.name, "position": gateway.position}
    if result is None:
        return GatewayStatus(**common, checked=False, reachability=None, verification=None, detail=None)
    return GatewayStatus(
        **common,
        checked=True,
        reachability=f"Exchange Reachability ({'pingable' if result.reachable else 'unreachable'})",
        verification=f"SSL Connection/Certificate Verification - {result.verdict.value}",
        detail=result.detail,
    )
