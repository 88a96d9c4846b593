# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Presence gateways: add, replace, delete (requirements G1, G2, G5 and G7)."""

from __future__ import annotations

import hashlib
import json
import uuid
from dataclasses import dataclass, field

from imp_emulator.catalogue.services import PRESENCE_ENGINE
from imp_emulator.domain.events import GatewayChanged
from imp_emulator.domain.imp import gateway_credentials, ipv6, restarts
from imp_emulator.domain.network import names
from imp_emulator.domain.network.names import GatewayName, NameKind
from imp_emulator.errors import Duplicate, InvalidValue, NotFound
from imp_emulator.store.imp import gateways as store
from imp_emulator.world.context import Context

EWS_SERVER = store.EWS_SERVER
DEFAULT_PORT = store.DEFAULT_PORT
CHECKED = 10
"""How many gateways the status check looks at, in the order in which they were added (requirement G6)."""

MAXIMUM_DESCRIPTION = 255


@dataclass(frozen=True, slots=True)
class Draft:
    """A gateway as somebody wants it; without an account or a password the shared ones stay as they are."""

    name: str
    description: str = ""
    port: int = DEFAULT_PORT
    type: str = EWS_SERVER
    account: str | None = None
    password: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Gateway:
    """A gateway as it is; its account is the one that all gateways of the cluster share.

    Attributes:
        position: 1 for the gateway that was added first.
        etag: Changes whenever anything that a replacement sets changes, the shared account and password included.
    """

    id: str
    type: str
    name: str
    description: str
    port: int
    account: str
    position: int
    etag: str


def gateways(context: Context, cluster: str) -> list[Gateway]:
    """Return the gateways of a cluster in the order in which they were added."""
    shared = store.credentials(context.database, cluster)
    stored = store.gateways(context.database, cluster)
    return [_view(found, position, shared) for position, found in enumerate(stored, start=1)]


def gateway(context: Context, cluster: str, identifier: str) -> Gateway:
    """Return one gateway; raises ``NotFound``."""
    for found in gateways(context, cluster):
        if found.id == identifier:
            return found
    raise NotFound("gateway-not-found", "There is no such presence gateway.")


def _view(stored: store.PresenceGateway, position: int, shared: store.Credentials | None) -> Gateway:
    account, revision = (shared.account, shared.revision) if shared else ("", 0)
    fields = (stored.id, stored.type, stored.name, stored.description, stored.port)
    etag = hashlib.sha256(json.dumps([*fields, account, revision]).encode()).hexdigest()[:32]
    return Gateway(*fields, account, position, f'"{etag}"')


def add(context: Context, cluster: str, draft: Draft) -> Gateway:
    """Add a gateway behind the others.

    Raises:
        InvalidValue: A field breaks a rule, or the first gateway comes without an account and a password.
        Duplicate: There is a gateway of that name.
        Forbidden: The name is an IPv6 address and the cluster is not ready for IPv6.
    """
    name = _checked(context, cluster, draft, None)
    gateway_credentials.change(context, cluster, draft.account, draft.password)
    identifier = str(uuid.uuid4())
    store.insert(context.database, cluster, _stored(identifier, draft, name))
    _changed(context, cluster, draft.name, "added")
    return gateway(context, cluster, identifier)


def replace(context: Context, cluster: str, identifier: str, draft: Draft) -> Gateway:
    """Replace the fields of a gateway; what is already so asks for no restart.

    Raises the errors of :func:`add`, and ``NotFound``.
    """
    before = gateway(context, cluster, identifier)
    name = _checked(context, cluster, draft, identifier)
    gateway_credentials.change(context, cluster, draft.account, draft.password)
    wanted = (draft.type, draft.name, draft.description, draft.port)
    if wanted != (before.type, before.name, before.description, before.port):
        store.update(context.database, _stored(identifier, draft, name))
        _changed(context, cluster, draft.name, "updated")
    return gateway(context, cluster, identifier)


def delete(context: Context, cluster: str, identifier: str) -> None:
    """Delete a gateway; with the last one the shared account goes too. Raises ``NotFound``."""
    name = gateway(context, cluster, identifier).name
    store.remove(context.database, identifier)
    if store.count(context.database, cluster) == 0:
        store.remove_credentials(context.database, cluster)
    _changed(context, cluster, name, "deleted")


def _stored(identifier: str, draft: Draft, name: GatewayName) -> store.PresenceGateway:
    return store.PresenceGateway(identifier, draft.type, draft.name, name.key, draft.description, draft.port)


def _changed(context: Context, cluster: str, name: str, action: str) -> None:
    context.events.publish(GatewayChanged(cluster, name, action))
    restarts.require_restart(context, cluster, (PRESENCE_ENGINE,), None, f"Presence gateway {name}", action)


def _checked(context: Context, cluster: str, draft: Draft, identifier: str | None) -> GatewayName:
    if draft.type != EWS_SERVER:
        raise InvalidValue("invalid-field", f'type must be "{EWS_SERVER}".', "type")
    if not 1 <= draft.port <= 65535:
        raise InvalidValue("invalid-field", "port must be a number from 1 to 65535.", "port")
    if len(draft.description) > MAXIMUM_DESCRIPTION:
        message = f"description must have at most {MAXIMUM_DESCRIPTION} characters."
        raise InvalidValue("invalid-field", message, "description")
    name = names.gateway_name(draft.name)
    same = store.by_key(context.database, cluster, name.key)
    if same is not None and same.id != identifier:
        message = "Add failed. Outlook or EWS Calendaring gateway already exists."
        raise Duplicate("gateway-exists", message, "name")
    if name.kind is NameKind.IPV6:
        ipv6.require(context, cluster)
    return name
