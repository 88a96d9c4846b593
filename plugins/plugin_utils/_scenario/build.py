# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""The scenario of an emulator that is a cluster's twin, made of what the module twin_info has read. Pure.

It is built with the names of the cluster. ``anonymous`` takes these out again, so that both ways group servers and
certificates alike.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from ansible_collections.ucops.imp.plugins.module_utils._certificates.x509 import NotACertificate, held_pem
from ansible_collections.ucops.imp.plugins.module_utils._core.options import address, canonical_host
from ansible_collections.ucops.imp.plugins.module_utils._product import office_365
from ansible_collections.ucops.imp.plugins.module_utils._product.parameters import (
    CALENDARING,
    ENTERPRISE_NODE,
    PRESENCE_ENGINE,
)

FORMAT = 1
"""The format of the scenario, as the emulator counts it."""
HTTPS = 443
_USUAL_PORTS = {HTTPS, 5986}
"""Where an emulated Exchange server answers anyway: Exchange Web Services, and remote PowerShell."""

_MADE_UP = ipaddress.ip_network("198.18.0.0/15")
"""Reserved for test networks (RFC 2544): where the addresses are that nobody tells."""
_FIRST_OF_NODES, _FIRST_OF_SERVERS = 11, 256
_HOST_NAME = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z][A-Za-z0-9-]*")
_USER_FIELDS = ("userid", "first_name", "last_name", "mail", "department", "locale")
_USER_OPTIONS = ("im_and_presence", "meeting_information")
URLS = ("proxy_url", *office_365.URLS)
"""What of a gateway of Office 365 is a URL."""
_CALENDARING = {parameter.name for parameter in CALENDARING}
# What could be a secret is nothing for a file, whatever the product calls it.
_SECRET = re.compile("passw|secret|passphrase|privatekey|credential|token", re.IGNORECASE)


def scenario(twin: Mapping[str, Any], cluster: str) -> dict[str, Any]:
    """Return the scenario of a cluster, without its note.

    Args:
        twin: What the module ``twin_info`` returns of the cluster.
        cluster: The cluster's name, that of its group in the inventory.
    """
    domain = _domain(twin, cluster)
    addresses = _Addresses(_told_addresses(twin))
    nodes = _nodes(twin["nodes"], addresses, domain)
    presence = [node["name"] for node in twin["nodes"] if node["role"] == "imp"]
    servers = _servers(twin["servers"], addresses, domain)
    account = {"username": twin["account"]} if twin["account"] else None
    gateways = [_gateway(gateway) for gateway in twin["gateways"] or []]
    uses_account = any(gateway["type"] == office_365.EXCHANGE_EWS for gateway in gateways)
    return {
        "format": FORMAT,
        "exchange": {**({"account": account} if account else {}), "servers": servers},
        "clusters": [
            {
                "name": cluster,
                "version": re.sub(r"\((\d+)\)$", r"-\1", twin["version"]),
                "domain": domain,
                "admin_api": twin["admin_api"],
                "accounts": {kind: {"username": name} for kind, name in twin["accounts"].items() if name},
                "nodes": nodes,
                **_redundancy_groups(twin["presence_redundancy_groups"], presence),
                "presence_gateways": gateways,
                **({"presence_gateways_account": account} if account and uses_account else {}),
                **_parameters(twin["parameters"]),
                "trust_stores": _trust_stores(twin["trust"], presence),
                "services": _services(twin["services"], nodes),
                "users": {"listed": [_user(one) for one in sorted(twin["users"], key=lambda one: str(one["userid"]))]},
            }
        ],
    }


class _Addresses:
    """Gives each host its address: the one that is told unless another host has it, else one that is made up."""

    def __init__(self, told: Iterable[str]) -> None:
        self._told = set(told)
        self._given: set[str] = set()
        self._next = {_FIRST_OF_NODES: _FIRST_OF_NODES, _FIRST_OF_SERVERS: _FIRST_OF_SERVERS}

    def take(self, told: str | None) -> str | None:
        """Return the address that is told, ``None`` when there is none or another host has it."""
        if told is None or told in self._given:
            return None
        self._given.add(told)
        return told

    def make_up(self, first: int) -> str:
        """Return an address that nobody has."""
        while True:
            made = str(_MADE_UP[self._next[first]])
            self._next[first] += 1
            if made not in self._told | self._given:
                self._given.add(made)
                return made


def is_made_up(text: str) -> bool:
    """Whether an address is one of those that are made up."""
    return ipaddress.ip_address(text) in _MADE_UP


def _told_addresses(twin: Mapping[str, Any]) -> Iterator[str]:
    for node in twin["nodes"]:
        yield from filter(None, (node["ipv4"], node["ipv6"]))
    for server in twin["servers"]:
        yield from server["addresses"]


def _domain(twin: Mapping[str, Any], cluster: str) -> str:
    """Return the domain of the first node whose full name is known, else one that is made up."""
    for node in sorted(twin["nodes"], key=lambda one: bool(one["role"] != "imp")):
        for name in (node["fqdn"] or "", node["name"]):
            above = name.partition(".")[2]
            if _HOST_NAME.fullmatch(name) and "." in above:
                return str(above).lower()
    return f"{re.sub('[^a-z0-9]+', '-', cluster.lower()).strip('-') or 'cluster'}.example.com"


def _nodes(nodes: Iterable[Mapping[str, Any]], addresses: _Addresses, domain: str) -> list[dict[str, Any]]:
    found = []
    for node in nodes:
        shown = {name: node[name] for name in ("name", "role", "usage")}
        shown["fqdn"] = _full_name(node["name"], domain) if node["fqdn"] is None else node["fqdn"].lower()
        shown["ipv4"] = addresses.take(node["ipv4"]) or addresses.make_up(_FIRST_OF_NODES)
        ipv6 = addresses.take(node["ipv6"])
        more = {"ipv6": ipv6, "ipv6_name": node["ipv6_name"], "description": node["description"]}
        found.append({**shown, **{name: value for name, value in more.items() if value}})
    return found


def _full_name(name: str, domain: str) -> str:
    """Return the full name of a node that nobody tells: a name with a domain is one, and so is what we make up."""
    if address(name) is not None:
        return f"node-{re.sub('[.:]+', '-', canonical_host(name)).strip('-')}.{domain}"
    return name.lower() if "." in name else f"{name.lower()}.{domain}"


def _redundancy_groups(groups: Sequence[Mapping[str, Any]] | None, presence: Sequence[str]) -> dict[str, Any]:
    """Return the groups; where nobody tells them, the emulator makes them as the product does."""
    if groups is None:
        return {}
    shown = [
        {
            "name": group["name"],
            "nodes": [node["name"] for node in group["nodes"]],
            "high_availability": group["ha_enabled"],
            **({"description": group["description"]} if group["description"] else {}),
        }
        for group in groups
        if group["nodes"] and all(node["name"] in presence for node in group["nodes"])
    ]
    return {"presence_redundancy_groups": shown}


def _gateway(gateway: Mapping[str, Any]) -> dict[str, Any]:
    shown = {name: gateway[name] for name in ("name", "type")}
    if gateway.get("port", HTTPS) != HTTPS:
        shown["port"] = gateway["port"]
    more = {name: gateway.get(name) for name in ("description", *office_365.FIELDS)}
    more.update({name: _origin(more[name] or "") for name in URLS})
    return {**shown, **{name: value for name, value in more.items() if value}}


def _origin(url: str) -> str:
    """Return scheme, host and port of a URL, nothing for one that no gateway of an emulator can have.

    A name and any password may stand before the host of a proxy.
    """
    found = re.fullmatch(r"(\w+://)(?:.*@)?([^/?#@]+).*", url.strip(), re.DOTALL)
    shown = f"{found[1]}{found[2]}" if found else ""
    return shown if office_365.is_origin(shown, ("http", "https")) else ""


def _parameters(parameters: Iterable[Mapping[str, str]]) -> dict[str, Any]:
    calendaring: dict[str, str] = {}
    others = []
    for one in parameters:
        if _SECRET.search(one["name"]):
            continue
        if (one["service"], one["node"]) == (PRESENCE_ENGINE, ENTERPRISE_NODE) and one["name"] in _CALENDARING:
            calendaring[one["name"]] = one["value"]
        else:
            place = {} if one["node"] == ENTERPRISE_NODE else {"node": one["node"]}
            others.append({"service": one["service"], "name": one["name"], "value": one["value"], **place})
    return {"calendaring_parameters": calendaring, "service_parameters": others}


def _services(services: Iterable[Mapping[str, Any]], nodes: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the services of the nodes; Unified CM may list those of other servers, which no scenario has."""
    known = {node["name"] for node in nodes}
    return [
        {name: value for name, value in one.items() if value is not None} for one in services if one["node"] in known
    ]


def _user(user: Mapping[str, Any]) -> dict[str, Any]:
    shown = {name: user[name] for name in _USER_FIELDS if user[name]}
    shown.update({name: True for name in _USER_OPTIONS if user[name]})
    return shown if user["home_cluster"] else {**shown, "home_cluster": False}


# --- trust stores


def _trust_stores(trust: Iterable[Mapping[str, Any]], presence: Sequence[str]) -> dict[str, Any]:
    """Return the certificates of each store that was read, each once with its nodes, sorted by what they say."""
    stores: dict[str, list[dict[str, Any]]] = {}
    for store in trust:
        entries = sorted(store["certificates"], key=lambda one: (one["subject"], one["not_before"], one["fingerprint"]))
        stores[store["store"]] = [
            {
                "certificate": one["content"],
                **({} if set(one["nodes"]) == set(presence) else {"nodes": one["nodes"]}),
                **({"own": True} if one["own"] else {}),
            }
            for one in entries
        ]
    return stores


# --- Exchange servers


def _servers(shown: Sequence[Mapping[str, Any]], addresses: _Addresses, domain: str) -> list[dict[str, Any]]:
    """Return the Exchange servers behind the gateways that showed a certificate.

    A gateway that is an address belongs to the server that shows the same certificate at a name. Two names are two
    servers unless they have an address in common.
    """
    servers: list[dict[str, Any]] = []
    reached = [one for one in shown if one["chain"]]
    for one in (named for named in reached if address(named["name"]) is None):
        _named(servers, one)["ports"].add(one["port"])
    for one in (bare for bare in reached if address(bare["name"]) is not None):
        _at_address(servers, one, domain)["ports"].add(one["port"])
    return [_server(one, addresses) for one in servers]


def _named(servers: list[dict[str, Any]], shown: Mapping[str, Any]) -> dict[str, Any]:
    """Return the server of a name, a new one where there is none."""
    name = canonical_host(shown["name"])
    for server in servers:
        if name in (server["name"], *server["aliases"]):
            return server
        if server["chain"] == shown["chain"] and server["addresses"] & set(shown["addresses"]):
            server["aliases"].append(name)
            return server
    return _added(servers, name, shown["addresses"], shown["chain"])


def _at_address(servers: list[dict[str, Any]], shown: Mapping[str, Any], domain: str) -> dict[str, Any]:
    """Return the server at an address, a new one where there is none, named as its certificate says."""
    ip = canonical_host(shown["name"])
    for server in servers:
        kinds = {_version(one) for one in server["addresses"]}
        if ip in server["addresses"]:
            return server
        if server["chain"] == shown["chain"] and _version(ip) not in kinds:
            server["addresses"].add(ip)
            return server
    taken = {name for server in servers for name in (server["name"], *server["aliases"])}
    hosts = [name for name in _host_names(shown["chain"][0]) if name not in taken]
    name = hosts[0] if hosts else f"exchange-{len(servers) + 1}.{domain}"
    return _added(servers, name, [ip], shown["chain"])


def _added(servers: list[dict[str, Any]], name: str, addresses: Iterable[str], chain: Iterable[str]) -> dict[str, Any]:
    servers.append({"name": name, "aliases": [], "addresses": set(addresses), "ports": set(), "chain": list(chain)})
    return servers[-1]


def _server(server: Mapping[str, Any], addresses: _Addresses) -> dict[str, Any]:
    told = {
        version: next((addresses.take(one) for one in sorted(server["addresses"]) if _version(one) == version), None)
        for version in (4, 6)
    }
    if not any(told.values()):
        told[4] = addresses.make_up(_FIRST_OF_SERVERS)
    further = sorted(server["ports"] - _USUAL_PORTS)
    return {
        "name": server["name"],
        **{f"ipv{version}": one for version, one in told.items() if one},
        **({"aliases": server["aliases"]} if server["aliases"] else {}),
        **({"further_ports": further} if further else {}),
        "stands_in_for": list(server["chain"]),
    }


def _host_names(pem: str) -> list[str]:
    """Return the host names in a certificate, those of its SAN first; wildcards and addresses are none."""
    try:
        (leaf,) = held_pem(pem)
    except (NotACertificate, ValueError):
        return []
    names = (*leaf.names.hosts, *leaf.names.common_names)
    return list(dict.fromkeys(name.lower() for name in names if _HOST_NAME.fullmatch(name)))


def _version(text: str) -> int:
    return ipaddress.ip_address(text).version
