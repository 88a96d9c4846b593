# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""Office 365 as a presence gateway: what Cisco's guides say by release, and what its options must look like. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from ansible_collections.ucops.imp.plugins.module_utils._core.options import (
    ascii_lower,
    check_host,
    given,
    in_url,
)
from ansible_collections.ucops.imp.plugins.module_utils._product.releases import Update, update_of, written_update

TYPE = "Office 365 Server"
"""What the product calls the type of gateway."""
EXCHANGE_EWS, OFFICE_365 = "exchange_ews", "office_365"
GATEWAY_TYPES = {EXCHANGE_EWS: "Exchange -- EWS Server", OFFICE_365: TYPE}
"""Kinds of gateway: the option's word and the product's."""

OFFERED_FROM: Update = (12, 5, 2)
URLS_FROM: Update = (15, 0, 2)
"""From which on the authentication endpoint and the resource can be set."""
GRAPH_FROM: Update = (15, 0, 4)

LOGIN = "https://login.microsoftonline.com"
GRAPH = "https://graph.microsoft.com"
OUTLOOK = "https://outlook.office365.com"

STORES = ("cup-trust", "tomcat-trust")
"""The trust stores of a node that both need the authorities of Microsoft's hosts."""

SECRETS = ("client_secret", "proxy_password")
URLS = ("authentication_endpoint", "resource")
FIELDS = ("client_id", "tenant_id", "proxy_url", "proxy_username", *URLS)
"""What can be read back."""
OPTIONS: dict[str, dict[str, Any]] = {
    "client_id": {"type": "str"},
    "tenant_id": {"type": "str"},
    "client_secret": {"type": "str", "no_log": True},
    "proxy_url": {"type": "str"},
    "proxy_username": {"type": "str"},
    "proxy_password": {"type": "str", "no_log": True},
    "authentication_endpoint": {"type": "str"},
    "resource": {"type": "str"},
}
"""The argument spec of what a gateway of Office 365 has beside name, description and port."""

END_OF_EWS = (
    "Exchange Online turns Exchange Web Services off tenant by tenant from 1 October 2026; applications on a tenant's "
    "allow list go on until 1 April 2027."
)

_UUID = re.compile("[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")


def speaks_graph(version: str | None) -> bool | None:
    """Tell whether a version reads calendars over Microsoft Graph; ``None`` when the version is not known."""
    update = update_of(version or "")
    return None if update is None else update >= GRAPH_FROM


def warning(version: str | None) -> str | None:
    """Return what to know about a version that may still speak Exchange Web Services, or ``None``."""
    graph = speaks_graph(version)
    if graph:
        return None
    since = written_update(GRAPH_FROM)
    what = (
        f"releases before {since} read Office 365 over Exchange Web Services, and from {since} on over Microsoft Graph"
        if graph is None
        else f"{version} reads Office 365 over Exchange Web Services; Microsoft Graph comes with {since}"
    )
    return f"{what}. {END_OF_EWS}"


def release_problems(version: str | None, options: Mapping[str, Any]) -> list[str]:
    """Return what of a gateway's options a version does not have; nothing when it is not known."""
    update = update_of(version or "")
    if update is None:
        return []
    if update < OFFERED_FROM:
        return [f"{version} has no gateways of the type office_365; they come with {written_update(OFFERED_FROM)}."]
    if update >= URLS_FROM:
        return []
    usual = {"authentication_endpoint": LOGIN, "resource": OUTLOOK}
    return [
        f"{version} has no field for {name}; it comes with {written_update(URLS_FROM)}."
        for name, value in given(options, URLS).items()
        if value != usual[name]
    ]


def problems(place: str, gateway: Mapping[str, Any], *, wanted: bool) -> list[str]:
    """Return what is wrong with the options of a gateway; ``wanted`` unless it is only named to be deleted."""
    mine = given(gateway, OPTIONS)
    if gateway["type"] != "office_365":
        return [f"{place}.{name}: belongs to gateways of the type office_365." for name in mine]
    found: list[str] = []
    for name in ("client_id", "tenant_id"):
        if name not in mine:
            found += [f"{place}.{name}: the type office_365 needs it."] if wanted else []
        elif not _UUID.fullmatch(mine[name]):
            found.append(f"{place}.{name}: {mine[name]!r} is no UUID.")
    for name in URLS:
        if name in mine and not is_origin(mine[name], ("https",)):
            found.append(f"{place}.{name}: {mine[name]!r} is no https URL without a path, such as {LOGIN}.")
    return found + _proxy_problems(place, mine)


def _proxy_problems(place: str, mine: Mapping[str, Any]) -> list[str]:
    url, user = mine.get("proxy_url"), mine.get("proxy_username")
    found: list[str] = []
    if url and not is_origin(url, ("http", "https")):
        found.append(f"{place}.proxy_url: give an http or https URL of a host, without a user name and a path.")
    if user and not url:
        found.append(f"{place}.proxy_username: needs a proxy_url.")
    if user and ":" in user:
        found.append(f"{place}.proxy_username: it must not hold a colon.")
    if bool(user) != ("proxy_password" in mine):
        found.append(f"{place}.proxy_password: give it together with proxy_username.")
    return found


def is_origin(url: str, schemes: tuple[str, ...]) -> bool:
    """Tell whether a URL is a scheme, a host, a port if need be, and nothing else."""
    try:
        parts = urlsplit(url)
        port = "" if parts.port is None else f":{parts.port}"
    except ValueError:
        return False
    host = parts.hostname or ""
    same = ascii_lower(url) == f"{parts.scheme}://{in_url(host)}{port}"
    return parts.scheme in schemes and same and parts.port != 0 and not check_host("url", host, qualified=True)


def host_of(url: str) -> tuple[str, int]:
    """Return the host and port of a URL that has been checked."""
    parts = urlsplit(url)
    return parts.hostname or "", parts.port or 443


def fields(gateway: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options that somebody gave, as they are compared and sent."""
    mine = given(gateway, OPTIONS)
    if mine.get("proxy_url") == "":
        mine["proxy_username"] = ""
    for name in ("client_id", "tenant_id"):
        if name in mine:
            mine[name] = ascii_lower(mine[name])
    return mine
