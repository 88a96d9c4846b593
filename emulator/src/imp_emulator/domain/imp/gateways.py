# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Presence gateways: add, replace, delete (requirements G1, G2, G5 and G7)."""

from __future__ import annotations

import hashlib
import json
import uuid
from dataclasses import astuple, dataclass, field

from imp_emulator.catalogue.office_365 import offered
from imp_emulator.catalogue.services import PRESENCE_ENGINE
from imp_emulator.domain.events import GatewayChanged
from imp_emulator.domain.imp import gateway_credentials, ipv6, office_365, restarts
from imp_emulator.domain.imp.office_365 import Office365, Office365Draft
from imp_emulator.domain.network import names
from imp_emulator.domain.network.names import GatewayName, NameKind
from imp_emulator.errors import Duplicate, Forbidden, InvalidValue, NotFound
from imp_emulator.store.imp import gateways as store
from imp_emulator.store.imp import office_365 as office_365_store
from imp_emulator.store.imp.office_365 import StoredOffice365
from imp_emulator.world.context import Context

EWS_SERVER = store.EWS_SERVER
OFFICE_365 = store.OFFICE_365
DEFAULT_PORT = store.DEFAULT_PORT
CHECKED = 10
"""How many gateways the status check looks at, in the order in which they were added (requirement G6)."""

MAXIMUM_DESCRIPTION = 255


@dataclass(frozen=True, slots=True)
class Draft:
    """A gateway as somebody wants it.

    Without an account or a password the shared ones stay as they are; only Exchange servers have them. Only a gateway
    of Office 365 has ``office_365``.
    """

    name: str
    description: str = ""
    port: int = DEFAULT_PORT
    type: str = EWS_SERVER
    account: str | None = None
    password: str | None = field(default=None, repr=False)
    office_365: Office365Draft | None = None


@dataclass(frozen=True, slots=True)
class Gateway:
    """A gateway as it is.

    Attributes:
        account: The one that all Exchange gateways of the cluster share; ``""`` for a gateway of Office 365.
        position: 1 for the gateway that was added first.
        etag: Changes whenever anything that a replacement sets changes, passwords and secrets included.
        office_365: What a gateway of Office 365 has beside that; ``None`` for the others.
    """

    id: str
    type: str
    name: str
    description: str
    port: int
    account: str
    position: int
    etag: str
    office_365: Office365 | None = None


def gateways(context: Context, cluster: str) -> list[Gateway]:
    """Return the gateways of a cluster in the order in which they were added."""
    shared = store.credentials(context.database, cluster)
    stored = store.gateways(context.database, cluster)
    return [_view(context, found, position, shared) for position, found in enumerate(stored, start=1)]


def gateway(context: Context, cluster: str, identifier: str) -> Gateway:
    """Return one gateway; raises ``NotFound``."""
    for found in gateways(context, cluster):
        if found.id == identifier:
            return found
    raise NotFound("gateway-not-found", "There is no such presence gateway.")


def _view(context: Context, stored: store.PresenceGateway, position: int, shared: store.Credentials | None) -> Gateway:
    fields = (stored.id, stored.type, stored.name, stored.description, stored.port)
    told: tuple[object, ...]
    if stored.type == OFFICE_365:
        account, online = "", office_365.fields(context, stored.id)
        told = (*fields, *(astuple(online) if online else ()), office_365.revision(context, stored.id))
    else:
        account, online = shared.account if shared else "", None
        told = (*fields, account, shared.revision if shared else 0)
    etag = hashlib.sha256(json.dumps(told).encode()).hexdigest()[:32]
    return Gateway(*fields, account, position, f'"{etag}"', online)


def add(context: Context, cluster: str, draft: Draft) -> Gateway:
    """Add a gateway behind the others.

    Raises:
        InvalidValue: A field breaks a rule or is none of the type's, the release does not have the type, the first
            Exchange gateway comes without an account and a password, or one of Office 365 without its secret.
        Duplicate: There is a gateway of that name.
        Forbidden: The name is an IPv6 address and the cluster is not ready for IPv6.
    """
    name = _checked(context, cluster, draft, None)
    online = _checked_online(context, cluster, draft, None)
    if online is None:
        gateway_credentials.change(context, cluster, draft.account, draft.password)
    identifier = str(uuid.uuid4())
    store.insert(context.database, cluster, _stored(identifier, draft, name))
    if online is not None:
        office_365_store.put(context.database, identifier, online)
    _changed(context, cluster, draft.name, "added")
    return gateway(context, cluster, identifier)


def replace(context: Context, cluster: str, identifier: str, draft: Draft) -> Gateway:
    """Replace the fields of a gateway; what is already so asks for no restart.

    Raises the errors of :func:`add`, and ``NotFound``.
    """
    before = gateway(context, cluster, identifier)
    name = _checked(context, cluster, draft, identifier)
    online = _checked_online(context, cluster, draft, identifier)
    if online is None:
        gateway_credentials.change(context, cluster, draft.account, draft.password)
    wanted = (draft.type, draft.name, draft.description, draft.port)
    same_online = online == office_365_store.get(context.database, identifier)
    if wanted != (before.type, before.name, before.description, before.port) or not same_online:
        store.update(context.database, _stored(identifier, draft, name))
        _put_online(context, identifier, online)
        _forget_account(context, cluster)
        _changed(context, cluster, draft.name, "updated")
    return gateway(context, cluster, identifier)


def _put_online(context: Context, identifier: str, online: StoredOffice365 | None) -> None:
    if online is None:
        office_365_store.remove(context.database, identifier)
    else:
        office_365_store.put(context.database, identifier, online)


def _forget_account(context: Context, cluster: str) -> None:
    """The shared account goes with the last gateway that uses it."""
    if store.count_of_type(context.database, cluster, EWS_SERVER) == 0:
        store.remove_credentials(context.database, cluster)


def delete(context: Context, cluster: str, identifier: str) -> None:
    """Delete a gateway; with the last Exchange gateway the shared account goes too. Raises ``NotFound``."""
    name = gateway(context, cluster, identifier).name
    store.remove(context.database, identifier)
    office_365_store.remove(context.database, identifier)
    _forget_account(context, cluster)
    _changed(context, cluster, name, "deleted")


def _stored(identifier: str, draft: Draft, name: GatewayName) -> store.PresenceGateway:
    return store.PresenceGateway(identifier, draft.type, draft.name, name.key, draft.description, draft.port)


def _changed(context: Context, cluster: str, name: str, action: str) -> None:
    context.events.publish(GatewayChanged(cluster, name, action))
    restarts.require_restart(context, cluster, (PRESENCE_ENGINE,), None, f"Presence gateway {name}", action)


def _checked(context: Context, cluster: str, draft: Draft, identifier: str | None) -> GatewayName:
    types = (EWS_SERVER, OFFICE_365) if offered(context.scenario.cluster(cluster)) else (EWS_SERVER,)
    if draft.type not in types:
        known = " or ".join(f'"{kind}"' for kind in types)
        raise InvalidValue("invalid-field", f"type must be {known} in this release.", "type")
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


def _checked_online(context: Context, cluster: str, draft: Draft, identifier: str | None) -> StoredOffice365 | None:
    """Check that a draft has the fields of its type and no others; returns those of Office 365."""
    if draft.type == EWS_SERVER:
        if draft.office_365 is not None:
            raise InvalidValue("invalid-field", f'office_365 belongs to the type "{OFFICE_365}".', "office_365")
        return None
    for name in ("account", "password"):
        if getattr(draft, name) is not None:
            raise InvalidValue("invalid-field", f'{name} belongs to the type "{EWS_SERVER}".', name)
    if draft.office_365 is None:
        raise InvalidValue("invalid-field", f'office_365 is needed for the type "{OFFICE_365}".', "office_365")
    return office_365.checked(context, cluster, draft.office_365, identifier)


def compare_secrets(
    context: Context, cluster: str, identifier: str, client_secret: str | None, proxy_password: str | None
) -> tuple[bool | None, bool | None]:
    """Tell of each secret whether it is that of a gateway of Office 365, see :func:`.office_365.compare`.

    Raises:
        NotFound: There is no such gateway.
        Forbidden: It is an Exchange server.
        TooManyCompares: Too many comparisons have failed of late.
    """
    if gateway(context, cluster, identifier).type != OFFICE_365:
        raise Forbidden("not-office-365", f'Only a gateway of the type "{OFFICE_365}" has secrets of its own.')
    return office_365.compare(context, cluster, identifier, client_secret, proxy_password)
