# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""A scenario without the names of the site that it is of. Pure.

The same name becomes the same other name wherever it stands. The place where it is met first decides which, so a
scenario that is anonymous already stays as it is. A certificate cannot be changed: what it is made of is told instead.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from typing import Any
from urllib.parse import urlsplit

from ansible_collections.ucops.imp.plugins.module_utils._certificates.chain import path_above
from ansible_collections.ucops.imp.plugins.module_utils._certificates.x509 import Certificate, NotACertificate, held_pem
from ansible_collections.ucops.imp.plugins.module_utils._core.options import address, canonical_host, in_url
from ansible_collections.ucops.imp.plugins.module_utils._product.office_365 import GRAPH, LOGIN, OUTLOOK

Entry = dict[str, Any]

_DEFAULT_GROUP = "DefaultCUPSubcluster"
"""The presence redundancy group that the product makes."""
_PUBLIC_HOSTS = frozenset(urlsplit(url).hostname for url in (LOGIN, GRAPH, OUTLOOK))
"""Hosts of Microsoft, which tell of nobody."""
_NAMELESS = re.compile(r"-?[0-9]{1,6}|[TFtf]")
"""Values of parameters that cannot name anything."""
_NEVER = datetime(2000, 1, 1, tzinfo=timezone.utc), datetime(2000, 1, 2, tzinfo=timezone.utc)
"""The dates of a certificate whose own cannot be read: it is out of date, there as here."""
_HOST = re.compile(r"(?:\*\.)?(?:[A-Za-z0-9_-]+\.)+[A-Za-z0-9_-]+")
_TEST_NETWORK = ipaddress.ip_network("198.18.0.0/15")
_DOCUMENTATION = ipaddress.ip_network("2001:db8::/32")
_USUAL_DIGITS = 4


def anonymous(scenario: Mapping[str, Any]) -> dict[str, Any]:
    """Return a scenario of one cluster, as :func:`~.build.scenario` makes it, with other names."""
    (cluster,) = scenario["clusters"]
    names = _Names()
    # The order decides which name becomes which.
    shown = {**cluster, "name": "cluster-1", "domain": names.domain(cluster["domain"])}
    shown["nodes"] = [_node(names, node) for node in cluster["nodes"]]
    servers = [_server(names, server) for server in scenario["exchange"]["servers"]]
    shown["presence_gateways"] = [_gateway(names, one) for one in cluster["presence_gateways"]]
    exchange = {**scenario["exchange"], "servers": servers}
    for place in (exchange, shown):
        for kind in ("account", "presence_gateways_account"):
            if kind in place:
                place[kind] = _account(names, place[kind])
    shown["accounts"] = {kind: _account(names, one) for kind, one in cluster["accounts"].items()}
    if "presence_redundancy_groups" in cluster:
        shown["presence_redundancy_groups"] = [_group(names, one) for one in cluster["presence_redundancy_groups"]]
    shown["service_parameters"] = _parameters(names, cluster["service_parameters"])
    shown["services"] = [{**one, "node": names.node(one["node"])} for one in cluster["services"]]
    shown["trust_stores"] = _certificates(names, servers, cluster["trust_stores"])
    shown["users"] = {"listed": _users(names, cluster["users"]["listed"])}
    return {**scenario, "exchange": exchange, "clusters": [shown]}


class _Names:
    """What each name becomes, by kind and name."""

    def __init__(self) -> None:
        self._known: dict[str, dict[str, str]] = {}

    def numbered(self, kind: str, name: str, make: Callable[[int], str]) -> str:
        """Return what a name of a kind became; the first time ``make`` is given its number."""
        known = self._known.setdefault(kind, {})
        if name not in known:
            known[name] = make(len(known) + 1)
        return known[name]

    def text(self, kind: str, text: str) -> str:
        """Return a text that says no more than its kind and its number."""
        return self.numbered(kind, text, lambda number: f"{kind} {number:03}")

    def domain(self, name: str) -> str:
        """Return a domain; all that is below one stays below one."""
        return self.numbered("domain", name.lower(), lambda number: f"domain{number}.example.com")

    def address(self, text: str) -> str:
        """Return an address of the same kind, out of a network that is nobody's."""
        ip = ipaddress.ip_address(text)
        network = _TEST_NETWORK if ip.version == 4 else _DOCUMENTATION
        return self.numbered(f"IPv{ip.version}", str(ip), lambda number: str(network[number]))

    def host(self, name: str, kind: str) -> str:
        """Return a host name, wildcard or address; a wildcard covers the same hosts as before."""
        if address(name) is not None:
            return self.address(name)
        name = canonical_host(name)
        label, _dot, above = name.partition(".")
        if name in _PUBLIC_HOSTS:
            return name
        if label == "*":
            return f"*.{self.domain(above)}"
        known = self._known.setdefault("host", {})
        if name not in known:
            number = sum(one.startswith(f"{kind}-") for one in known.values()) + 1
            known[name] = f"{kind}-{number:03}" + (f".{self.domain(above)}" if above else "")
        return known[name]

    def call_node(self, name: str, becomes: str) -> None:
        """Remember what the cluster calls a node."""
        self._known.setdefault("node", {})[name] = becomes

    def node(self, name: str) -> str:
        """Return what the cluster calls a node."""
        return self._known["node"][name]

    def mail(self, text: str) -> str:
        """Return a mail address."""
        if "@" not in text:
            return self.numbered("mail", text, lambda number: f"mail{number}")
        domain = self.domain(text.rpartition("@")[2])
        return self.numbered("mail", text.casefold(), lambda number: f"person{number}@{domain}")

    def account(self, name: str) -> str:
        r"""Return an account, written as it was: ``domain\user``, ``user@domain``, or just ``user``."""
        domain, backslash, _user = name.rpartition("\\")
        _user, at, suffix = name.rpartition("@")
        before = self.numbered("NetBIOS", domain.casefold(), lambda number: f"DOMAIN{number}") if backslash else ""
        after = self.domain(suffix) if at and not backslash else ""
        made = self.numbered("account", name.casefold(), lambda number: f"account{number}")
        return f"{before}{backslash}{made}{at if after else ''}{after}"

    def url(self, text: str) -> str:
        """Return a URL with the same scheme and port."""
        parts = urlsplit(text)
        made = self.host(parts.hostname or "", "host")
        return f"{parts.scheme}://{in_url(made)}" + (f":{parts.port}" if parts.port else "")

    def uuid(self, text: str) -> str:
        """Return an identifier in the form of a UUID."""
        return self.numbered("UUID", text.lower(), lambda number: f"00000000-0000-4000-8000-{number:012}")


# --- nodes, gateways, parameters


def _node(names: _Names, node: Mapping[str, Any]) -> Entry:
    fqdn = names.host(node["fqdn"], node["role"])
    shown = {**node, "fqdn": fqdn}
    for kind in (kind for kind in ("ipv4", "ipv6") if kind in node):
        shown[kind] = names.address(node[kind])
    if address(node["name"]) is not None:
        shown["name"] = names.address(node["name"])
    else:
        shown["name"] = fqdn if "." in node["name"] else fqdn.partition(".")[0]
    names.call_node(node["name"], shown["name"])
    if "ipv6_name" in node:
        shown["ipv6_name"] = names.host(node["ipv6_name"], node["role"])
    if "description" in node:
        shown["description"] = names.text("Description", node["description"])
    return shown


def _server(names: _Names, server: Mapping[str, Any]) -> Entry:
    shown = {**server, "name": names.host(server["name"], "exchange")}
    for kind in (kind for kind in ("ipv4", "ipv6") if kind in server):
        shown[kind] = names.address(server[kind])
    if "aliases" in server:
        shown["aliases"] = [names.host(name, "exchange") for name in server["aliases"]]
    return shown


def _gateway(names: _Names, gateway: Mapping[str, Any]) -> Entry:
    shown = {**gateway, "name": names.host(gateway["name"], "exchange")}
    changes: dict[str, Callable[[str], str]] = {
        "description": lambda text: names.text("Description", text),
        "client_id": names.uuid,
        "tenant_id": names.uuid,
        "proxy_url": names.url,
        "proxy_username": names.account,
        "authentication_endpoint": names.url,
        "resource": names.url,
    }
    return {name: changes[name](value) if name in changes else value for name, value in shown.items()}


def _account(names: _Names, account: Mapping[str, str]) -> Entry:
    return {"username": names.account(account["username"])}


def _group(names: _Names, group: Mapping[str, Any]) -> Entry:
    shown = {**group, "nodes": [names.node(node) for node in group["nodes"]]}
    if group["name"] != _DEFAULT_GROUP:
        shown["name"] = names.numbered("group", group["name"], lambda number: f"group-{number:03}")
    if "description" in group:
        shown["description"] = names.text("Description", group["description"])
    return shown


def _parameters(names: _Names, parameters: list[Entry]) -> list[Entry]:
    """Return the parameters whose values are numbers or switches; the others are as the product makes them."""
    return [
        {**one, **({"node": names.node(one["node"])} if "node" in one else {})}
        for one in parameters
        if _NAMELESS.fullmatch(one["value"])
    ]


# --- users


def _users(names: _Names, users: list[Entry]) -> list[Entry]:
    digits = max(_USUAL_DIGITS, len(str(len(users))))
    changes: dict[str, Callable[[str], str]] = {
        "first_name": lambda text: names.numbered("first name", text, lambda number: f"Given{number}"),
        "last_name": lambda text: names.numbered("last name", text, lambda number: f"Family{number}"),
        "mail": names.mail,
        "department": lambda text: names.text("Department", text),
    }
    return [
        {
            **{name: changes[name](value) if name in changes else value for name, value in user.items()},
            "userid": f"user{number:0{digits}}",
        }
        for number, user in enumerate(users, start=1)
    ]


# --- certificates


def _certificates(names: _Names, servers: list[Entry], stores: Mapping[str, list[Entry]]) -> dict[str, list[Entry]]:
    """Return the trust stores, and change the chains of the servers, with what each certificate is made of.

    What is made of the same is the same certificate. A chain is told up to its root, as far as it is known.
    """
    trusted = [one for entries in stores.values() for entry in entries for one in _held(entry["certificate"])]
    for server in servers:
        offered = [one for pem in server["stands_in_for"] for one in _held(pem)]
        path = path_above(offered[0], [*offered, *trusted]) if offered else []
        server["stands_in_for"] = [_made(names, one) for one in path]
    return {store: _store(names, entries) for store, entries in stores.items()}


def _held(pem: str) -> list[Certificate]:
    try:
        return held_pem(pem)
    except NotACertificate:
        return []


def _store(names: _Names, entries: list[Entry]) -> list[Entry]:
    """Return what is in a store, sorted by the other names; two that are made of the same are one."""
    shown: list[Entry] = []
    for entry in entries:
        for certificate in _held(entry["certificate"]):
            one = {**entry, **_made(names, certificate)}
            del one["certificate"]
            if "nodes" in one:
                one["nodes"] = [names.node(node) for node in one["nodes"]]
            if all(one["generated"] != other["generated"] for other in shown):
                shown.append(one)
    order = ("common_name", "not_before", "not_after")
    return sorted(shown, key=lambda one: [one["generated"][name] for name in order])


def _made(names: _Names, certificate: Certificate) -> Entry:
    """Return what a certificate is made of."""
    dates = certificate.not_before, certificate.not_after
    before, after = (one.replace(microsecond=0).isoformat() for one in (dates if dates[0] < dates[1] else _NEVER))
    shown: Entry = {"common_name": _common_name(names, certificate), "not_before": before, "not_after": after}
    alternatives = [*(name for name in certificate.names.hosts if "." in name), *certificate.names.addresses]
    if alternatives:
        shown["alternative_names"] = list(dict.fromkeys(names.host(one, "host") for one in alternatives))
    return {"generated": shown}


def _common_name(names: _Names, certificate: Certificate) -> str:
    first = next(iter(certificate.names.common_names), "")
    if address(first) is not None or _HOST.fullmatch(first):
        return names.host(first, "host")
    return names.text("Authority" if certificate.parts.authority else "Certificate", certificate.subject)
