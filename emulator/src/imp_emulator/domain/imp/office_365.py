# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a presence gateway of the type "Office 365 Server" is told, by release, and how the Presence Engine uses it.

Sources: Cisco's guides for the Exchange integration, which name the fields. That the secrets can be compared is ours.
"""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

from imp_emulator.catalogue.office_365 import (
    AUTHENTICATION_ENDPOINT,
    URLS_FROM,
    at_least,
    default_resource,
    speaks_graph,
)
from imp_emulator.domain.imp import gateway_credentials
from imp_emulator.domain.network import names
from imp_emulator.domain.network.names import GatewayName
from imp_emulator.errors import InvalidValue
from imp_emulator.scenario import names as plain
from imp_emulator.scenario.model import ClusterSpec
from imp_emulator.store.imp import office_365 as store
from imp_emulator.store.imp.office_365 import StoredOffice365
from imp_emulator.world.context import Context

UUID_PATTERN = "^[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$"
MAXIMUM_SECRET = 256
MAXIMUM_URL = 255

_UUID = re.compile(UUID_PATTERN)
_INCOMPLETE = "The client secret must be given for a new gateway or client ID, and must not be blank."


@dataclass(frozen=True, slots=True)
class Office365:
    """The fields of a gateway that can be read; ``""`` for what it does not have.

    Attributes:
        client_id: Application (client) ID, a UUID in lower case.
        tenant_id: Directory (tenant) ID, a UUID in lower case.
        authentication_endpoint: Where tokens come from, an https URL.
        resource: What tokens are for, an https URL: Exchange Web Services or Microsoft Graph.
    """

    client_id: str
    tenant_id: str
    proxy_url: str
    proxy_username: str
    authentication_endpoint: str
    resource: str


@dataclass(frozen=True, slots=True)
class Office365Draft:
    """A gateway's fields as somebody wants them.

    ``None`` for a secret leaves it as it is, for a URL it means the release's own.
    """

    client_id: str
    tenant_id: str
    client_secret: str | None = field(default=None, repr=False)
    proxy_url: str = ""
    proxy_username: str = ""
    proxy_password: str | None = field(default=None, repr=False)
    authentication_endpoint: str | None = None
    resource: str | None = None


@dataclass(frozen=True, slots=True)
class Secrets:
    """The secrets of a gateway; ``""`` for none."""

    client_secret: str = field(repr=False)
    proxy_password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Place:
    """A host that the Presence Engine talks to, with its port."""

    name: GatewayName
    port: int


def places(cluster: ClusterSpec, gateway: GatewayName, port: int, online: Office365) -> tuple[Place, Place]:
    """Return where tokens come from, and where calendars are read.

    Microsoft Graph is where the resource says. Exchange Web Services are at the gateway itself.
    """
    calendars = place(online.resource) if speaks_graph(cluster) else Place(gateway, port)
    return place(online.authentication_endpoint), calendars


def place(url: str) -> Place:
    """Return the host and port of a URL that has been checked."""
    parts = urlsplit(url)
    default = 80 if parts.scheme == "http" else 443
    return Place(names.gateway_name(parts.hostname or ""), default if parts.port is None else parts.port)


def fields(context: Context, identifier: str) -> Office365 | None:
    """Return what can be read of a gateway; ``None`` for one of another type."""
    found = store.get(context.database, identifier)
    return None if found is None else _view(found)


def _view(stored: StoredOffice365) -> Office365:
    return Office365(
        stored.client_id,
        stored.tenant_id,
        stored.proxy_url,
        stored.proxy_username,
        stored.authentication_endpoint,
        stored.resource,
    )


def revision(context: Context, identifier: str) -> int:
    """Return how often the secrets of a gateway have changed."""
    found = store.get(context.database, identifier)
    return 0 if found is None else found.revision


def secrets(context: Context, identifier: str) -> Secrets:
    """Return the secrets of a gateway, for the engine that loads them."""
    found = store.get(context.database, identifier)
    return Secrets("", "") if found is None else Secrets(found.client_secret, found.proxy_password)


def checked(context: Context, cluster: str, draft: Office365Draft, identifier: str | None) -> StoredOffice365:
    """Return the fields as they would be stored.

    Args:
        identifier: The gateway that is replaced; ``None`` for a new one.

    Raises:
        InvalidValue: A field breaks a rule, the release does not have it, or a secret is missing.
    """
    spec = context.scenario.cluster(cluster)
    before = None if identifier is None else store.get(context.database, identifier)
    for name in ("client_id", "tenant_id"):
        if not _UUID.fullmatch(getattr(draft, name)):
            raise _invalid(name, "must be a UUID")
    wanted = StoredOffice365(
        client_id=draft.client_id.lower(),
        tenant_id=draft.tenant_id.lower(),
        client_secret=_client_secret(draft, before),
        proxy_url=_proxy_url(draft.proxy_url),
        proxy_username=draft.proxy_username,
        proxy_password=_proxy_password(draft, before),
        authentication_endpoint=_url(spec, draft, "authentication_endpoint", AUTHENTICATION_ENDPOINT),
        resource=_url(spec, draft, "resource", default_resource(spec)),
    )
    if before is None:
        return wanted
    same = (before.client_secret, before.proxy_password) == (wanted.client_secret, wanted.proxy_password)
    return replace(wanted, revision=before.revision + (not same))


def _client_secret(draft: Office365Draft, before: StoredOffice365 | None) -> str:
    if draft.client_secret is None and before is not None and before.client_id == draft.client_id.lower():
        return before.client_secret
    if draft.client_secret is None or names.is_blank(draft.client_secret):
        raise InvalidValue("secret-required", _INCOMPLETE, "office_365")
    return _short(draft.client_secret, "client_secret")


def _proxy_password(draft: Office365Draft, before: StoredOffice365 | None) -> str:
    """Return the password that goes with the proxy's user name; both are there or neither is."""
    if not draft.proxy_username:
        if draft.proxy_password:
            raise _invalid("proxy_password", "needs a proxy_username")
        return ""
    if not draft.proxy_url:
        raise _invalid("proxy_username", "needs a proxy_url")
    if len(draft.proxy_username) > names.MAXIMUM_ACCOUNT or names.is_blank(draft.proxy_username):
        raise _invalid("proxy_username", f"must not be blank and have at most {names.MAXIMUM_ACCOUNT} characters")
    if ":" in draft.proxy_username:
        raise _invalid("proxy_username", "must not hold a colon (RFC 7617)")
    if draft.proxy_password is None and before is not None and before.proxy_username == draft.proxy_username:
        return before.proxy_password
    if draft.proxy_password is None or names.is_blank(draft.proxy_password):
        raise InvalidValue("secret-required", "The proxy's user name needs a password.", "office_365")
    return _short(draft.proxy_password, "proxy_password")


def _short(secret: str, name: str) -> str:
    if len(secret) > MAXIMUM_SECRET:
        raise _invalid(name, f"must have at most {MAXIMUM_SECRET} characters")
    return secret


def _url(cluster: ClusterSpec, draft: Office365Draft, name: str, default: str) -> str:
    value: str | None = getattr(draft, name)
    if value is None or value == default:
        return default
    if not at_least(cluster, URLS_FROM):
        raise _invalid(name, "can be set from release 15SU2 on")
    if not _is_origin(value, ("https",)):
        raise _invalid(name, "must be an https URL of a host, for example " + default)
    return value


def _proxy_url(url: str) -> str:
    if url and not _is_origin(url, ("http", "https")):
        raise _invalid("proxy_url", "must be an http or https URL of a host, without a user name and a path")
    return url


def _is_origin(url: str, schemes: tuple[str, ...]) -> bool:
    """Tell whether a URL is a scheme, a host, a port if need be, and nothing else."""
    try:
        plain.origin(url)
    except ValueError:
        return False
    return urlsplit(url).scheme in schemes and len(url) <= MAXIMUM_URL


def _invalid(name: str, rule: str) -> InvalidValue:
    return InvalidValue("invalid-field", f"office_365.{name} {rule}.", "office_365")


def compare(
    context: Context, cluster: str, identifier: str, some_secret: str | None, some_password: str | None
) -> tuple[bool | None, bool | None]:
    """Tell of a client secret and a proxy's password whether each is the gateway's; ``None`` for one not given.

    Raises:
        TooManyCompares: As for the shared account, with which the failures are counted together.
    """
    gateway_credentials.let_in(context, cluster)
    known = secrets(context, identifier)
    found = (_same(some_secret, known.client_secret), _same(some_password, known.proxy_password))
    if False in found:
        gateway_credentials.note_failure(context, cluster)
    return found


def _same(given: str | None, known: str) -> bool | None:
    return None if given is None else bool(known) and hmac.compare_digest(given.encode(), known.encode())
