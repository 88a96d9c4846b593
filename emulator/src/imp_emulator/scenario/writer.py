# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writing a scenario of a wanted size."""

from __future__ import annotations

from typing import Any

import yaml

_HEADER = "# A scenario of imp-emulator; passwords are generated at the first start.\n---\n"
_NODES = (("cucm-pub", "cucm", "publisher"), ("imp-pub", "imp", "publisher"), ("imp-sub", "imp", "subscriber"))
_SERVERS = (1, 2)
_VERSION = "14.0.1.13900-155"


def generate(
    users: int,
    clusters: int = 1,
    *,
    admin_api: bool = True,
    gateways: bool = False,
    certificate_days: tuple[int, int] | None = None,
) -> str:
    """Return the YAML text of a scenario.

    Args:
        users: How many users each cluster has; their numbers go on from one cluster to the next.
        clusters: How many clusters there are, each with a Unified CM publisher and two IM and Presence nodes.
        admin_api: Whether the clusters serve the admin API; no real one does.
        gateways: Whether the Exchange servers are presence gateways from the start, as without the admin API nobody
            can make them ones.
        certificate_days: From when to when the certificates of the Exchange servers are valid, in days from the first
            start; ``None`` leaves it to the emulator.
    """
    content = {
        "format": 1,
        "clusters": [_cluster(number, users, admin_api, gateways) for number in range(1, clusters + 1)],
        "exchange": {"servers": [_exchange_server(number, certificate_days) for number in _SERVERS]},
    }
    return _HEADER + yaml.safe_dump(content, sort_keys=False)


def _cluster(number: int, users: int, admin_api: bool, gateways: bool) -> dict[str, Any]:
    return {
        "name": f"dc{number}",
        "version": _VERSION,
        "domain": f"dc{number}.example.com",
        **({} if admin_api else {"admin_api": False}),
        **({"presence_gateways": [_server_name(server) for server in _SERVERS]} if gateways else {}),
        "nodes": [
            # 198.18.0.0/15 is reserved for test networks (RFC 2544) and large enough for many clusters.
            {"name": name, "role": role, "usage": usage, "ipv4": f"198.18.{number}.{host}"}
            for host, (name, role, usage) in enumerate(_NODES, 11)
        ],
        "users": {"generated": {"count": users, "start": (number - 1) * users + 1, "mail_domain": "example.com"}},
    }


def _server_name(number: int) -> str:
    return f"mail{number}.example.com"


def _exchange_server(number: int, certificate_days: tuple[int, int] | None) -> dict[str, Any]:
    name, ipv4, ipv6 = _server_name(number), f"192.0.2.2{number}", f"2001:db8::2{number}"
    server = {"name": name, "ipv4": ipv4, "ipv6": ipv6, "alternative_names": [name, ipv4, ipv6]}
    if certificate_days is None:
        return server
    return {**server, "certificate_from_days": certificate_days[0], "certificate_until_days": certificate_days[1]}
