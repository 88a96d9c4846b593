# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a running emulator publishes: the content of its ready file, and the certificates that clients need."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from imp_emulator.client.files import write_private
from imp_emulator.client.ready_file import FORMAT
from imp_emulator.serving.listeners import Listeners
from imp_emulator.store import accounts, keys
from imp_emulator.store.ca.authorities import root
from imp_emulator.store.database import Database
from imp_emulator.store.imp import gateways, office_365
from imp_emulator.world.environment import Environment


def describe(environment: Environment, listeners: Listeners, folder: Path, control: dict[str, str]) -> dict[str, Any]:
    """Return the content of the ready file; the certificates that it names are written to ``folder``.

    ``control`` is the control plane's ``url`` and ``token``. The scenario tells who is there; passwords and keys were
    made when the state file was, so those are read of the store.
    """
    database, scenario = environment.database, environment.scenario
    ports: dict[tuple[str, str], dict[str, Any]] = {}
    for endpoint, (address, port) in listeners.endpoints.items():
        entry = ports.setdefault((endpoint.cluster, endpoint.node), {"address": address, "ports": {}})
        entry["ports"][str(endpoint.port)] = port
    exchange = _accounts(database, accounts.EXCHANGE)
    return {
        "format": FORMAT,
        "note": scenario.note,
        "pid": os.getpid(),
        "state": str(database.path.absolute()),
        "control": control,
        "ca_file": _published(folder, "ca.pem", keys.get(database, keys.NO_CLUSTER, keys.EMULATOR_CA).certificate),
        "clusters": _clusters(environment, ports),
        "exchange": {
            server.name: ports["", server.name]
            | {"ipv4": server.ipv4, "ipv6": server.ipv6, "aliases": list(server.aliases)}
            | {"ews_url": _ews_url(ports["", server.name])}
            | _certificates(database, folder, server.name)
            for server in sorted(scenario.exchange, key=lambda server: server.name)
        },
        "exchange_account": exchange["exchange"],
        "exchange_admin": exchange["exchange_admin"],
        "certification_authorities": {
            authority.host: ports["", authority.host]
            | {"kind": authority.kind, "common_name": authority.common_name}
            | _accounts(database, authority.host)
            | {"root_file": _published(folder, f"{authority.host}-root.pem", root(database, authority.host))}
            for authority in sorted(scenario.certification_authorities, key=lambda authority: authority.host)
        },
        "exchange_online": _online(environment, ports),
    }


def exchange_account(database: Database) -> dict[str, str]:
    """Return user name and password of the account of the Exchange servers, which may change while it runs."""
    return _accounts(database, accounts.EXCHANGE)["exchange"]


def _online(environment: Environment, ports: Mapping[tuple[str, str], dict[str, Any]]) -> dict[str, Any] | None:
    """Return where the tenant's hosts listen and what its applications log in with; the hosts are of ``ca_file``."""
    tenant = environment.scenario.online
    if tenant is None:
        return None
    return {
        "tenant_id": tenant.tenant_id,
        "tenant_domain": tenant.tenant_domain,
        "hosts": {host: ports["", host] | {"ipv4": address} for host, address in tenant.hosts.items()},
        "applications": {
            account.label: {
                "client_id": account.username,
                "client_secret": account.password,
                "permissions": list(account.roles),
            }
            for account in accounts.accounts(environment.database, accounts.ONLINE)
        },
    }


def _ews_url(place: Mapping[str, Any]) -> str:
    return f"https://{place['address']}:{place['ports']['443']}/EWS/Exchange.asmx"


def _clusters(environment: Environment, ports: Mapping[tuple[str, str], dict[str, Any]]) -> dict[str, Any]:
    return {
        cluster.name: {
            "version": cluster.version,
            "domain": cluster.domain,
            "accounts": _accounts(environment.database, cluster.name),
            "nodes": {
                node.name: {"fqdn": node.fqdn, "role": node.role, "usage": node.usage}
                | {"ipv4": node.ipv4, "ipv6": node.ipv6, "description": node.description}
                | ports[cluster.name, node.name]
                for node in cluster.nodes
            },
            **of_gateways(environment.database, cluster.name),
        }
        for cluster in sorted(environment.scenario.clusters, key=lambda cluster: cluster.name)
    }


def of_gateways(database: Database, cluster: str) -> dict[str, Any]:
    """Return what the presence gateways of a cluster have stored and tell nobody."""
    shared, domain = gateways.credentials(database, cluster), exchange_account(database)
    # With a new password in its domain the cluster has the old one still; what has to be set is the new one.
    of_domain = shared is not None and shared.account.casefold() == domain["username"].casefold()
    online = {found.name: office_365.get(database, found.id) for found in gateways.gateways(database, cluster)}
    return {
        "gateways_account": None
        if shared is None
        else {"username": shared.account, "password": domain["password"] if of_domain else shared.password},
        "gateway_secrets": {
            name: {"client_secret": fields.client_secret, "proxy_password": fields.proxy_password}
            for name, fields in online.items()
            if fields is not None
        },
    }


def _accounts(database: Database, cluster: str) -> dict[str, dict[str, str]]:
    """Return user names and passwords by the accounts' labels."""
    return {
        account.label: {"username": account.username, "password": account.password}
        for account in accounts.accounts(database, cluster)
    }


def _certificates(database: Database, folder: Path, server: str) -> dict[str, str]:
    pair = keys.get(database, keys.NO_CLUSTER, server)
    return {
        "chain_file": _published(folder, f"{server}.pem", pair.issuers),
        "root_file": _published(folder, f"{server}-root.pem", pair.root),
        "leaf_file": _published(folder, f"{server}-leaf.pem", pair.certificate),
    }


def _published(folder: Path, name: str, pem: str) -> str:
    write_private(folder / name, pem)
    return str(folder / name)
