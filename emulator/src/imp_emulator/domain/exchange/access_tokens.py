# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Access tokens of applications: what one says, and whether a resource accepts it.

Sources: the pages on the client credentials flow and on access tokens of the Microsoft identity platform.
"""

from __future__ import annotations

import base64
import uuid
from dataclasses import dataclass
from enum import Enum
from typing import Any

from imp_emulator.crypto import token_signing
from imp_emulator.domain.exchange import online
from imp_emulator.scenario.model import FULL_ACCESS, GRAPH_HOST, OUTLOOK_HOST
from imp_emulator.store import keys
from imp_emulator.store.accounts import Account
from imp_emulator.world.context import Context

LIFETIME = 3599
"""How long a token is good, in seconds of virtual time."""


class Resource(Enum):
    """What a token is for: its audience."""

    GRAPH = f"https://{GRAPH_HOST}"
    EXCHANGE = f"https://{OUTLOOK_HOST}"


_NAMES = {
    f"https://{GRAPH_HOST}": Resource.GRAPH,
    "00000003-0000-0000-c000-000000000000": Resource.GRAPH,
    f"https://{OUTLOOK_HOST}": Resource.EXCHANGE,
    "https://outlook.office.com": Resource.EXCHANGE,
    "00000002-0000-0ff1-ce00-000000000000": Resource.EXCHANGE,
}
"""How a request may name a resource: its URI or its application ID, both published."""


class Refusal(Enum):
    """Why a resource does not accept a token, with Microsoft Graph's words."""

    EMPTY = "Access token is empty."
    MALFORMED = "JWT is not well formed, there are no dots (.)."
    SIGNATURE = "Access token validation failure. Invalid signature."
    AUDIENCE = "Access token validation failure. Invalid audience."
    TENANT = "Access token validation failure. Invalid tenant."
    EXPIRED = "Lifetime validation failed, the token is expired."
    EARLY = "Lifetime validation failed, the token is not yet valid."


class TokenRefused(Exception):
    """A token is not accepted; ``refusal`` says why."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.value)
        self.refusal = refusal


@dataclass(frozen=True, slots=True)
class Principal:
    """The application that a good token stands for."""

    client_id: str
    permissions: frozenset[str]


def resource(name: str) -> Resource | None:
    """Return the resource that a scope or a ``resource`` parameter names; a slash at its end does not count."""
    return _NAMES.get(name.lower().rstrip("/"))


def issue(context: Context, application: Account, audience: Resource) -> str:
    """Return a signed token with the permissions that the application was granted for a resource.

    Its version is 1.0 from either endpoint: the resource decides, and both resources here want that.
    """
    spec = online.tenant(context)
    now = int(context.clock.timestamp())
    claims: dict[str, Any] = {
        "aud": audience.value,
        "iss": f"https://sts.windows.net/{spec.tenant_id}/",
        "iat": now,
        "nbf": now,
        "exp": now + LIFETIME,
        "app_displayname": application.label,
        "appid": application.username,
        "appidacr": "1",
        "idp": f"https://sts.windows.net/{spec.tenant_id}/",
        "idtyp": "app",
        "oid": service_principal(spec.tenant_id, application.username),
        "roles": sorted(_granted(application, audience)),
        "sub": service_principal(spec.tenant_id, application.username),
        "tid": spec.tenant_id,
        "uti": base64.urlsafe_b64encode(uuid.uuid4().bytes).decode("ascii").rstrip("="),
        "ver": "1.0",
    }
    return token_signing.sign(_signing(context), claims)


def verify(context: Context, token: str, audience: Resource) -> Principal:
    """Return the application that a token stands for.

    Raises:
        TokenRefused: It is not good at this moment of virtual time, or not for this resource.
    """
    if not token:
        raise TokenRefused(Refusal.EMPTY)
    if token.count(".") != 2:
        raise TokenRefused(Refusal.MALFORMED)
    try:
        claims = token_signing.verified(_signing(context), token)
    except token_signing.BrokenTokenError:
        raise TokenRefused(Refusal.SIGNATURE) from None
    if claims["tid"] != online.tenant(context).tenant_id or online.application(context, claims["appid"]) is None:
        raise TokenRefused(Refusal.TENANT)
    if claims["aud"] != audience.value:
        raise TokenRefused(Refusal.AUDIENCE)
    now = context.clock.timestamp()
    if now >= claims["exp"]:
        raise TokenRefused(Refusal.EXPIRED)
    if int(now) < claims["nbf"]:
        raise TokenRefused(Refusal.EARLY)
    return Principal(claims["appid"], frozenset(claims["roles"]))


def key_set(context: Context) -> dict[str, Any]:
    """Return the key set (RFC 7517) that verifies the tenant's tokens."""
    return {"keys": [token_signing.public_jwk(_signing(context))]}


def service_principal(tenant_id: str, client_id: str) -> str:
    """Return the object ID of an application in its tenant; the same on every machine."""
    return str(uuid.uuid5(uuid.UUID(tenant_id), client_id))


def _granted(application: Account, audience: Resource) -> set[str]:
    for_exchange = {FULL_ACCESS} & set(application.roles)
    return for_exchange if audience is Resource.EXCHANGE else set(application.roles) - for_exchange


def _signing(context: Context) -> keys.KeyPair:
    return keys.get(context.database, keys.NO_CLUSTER, keys.TOKEN_SIGNING)
