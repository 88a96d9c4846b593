# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A ready file as the emulator writes it, for tests that need no emulator."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def account(name: str) -> dict[str, str]:
    return {"username": name, "password": f"twin-{name}"}


def place(number: int, *ports: int, **more: Any) -> dict[str, Any]:
    """Return where a server listens: its product's ports at real ones of its own."""
    return {"address": "127.0.0.1", "ports": {str(port): number * 100 + n for n, port in enumerate(ports)}, **more}


def node(number: int, name: str, role: str, usage: str = "publisher") -> dict[str, Any]:
    fqdn = name if "." in name else f"{name}.example.com"
    there = {"fqdn": fqdn, "role": role, "usage": usage, "ipv4": f"192.0.2.{number}", "ipv6": None}
    return place(number, 8443, 443, *((8083,) if role == "imp" else ()), **there)


def cluster(number: int, *nodes: tuple[str, str, str]) -> dict[str, Any]:
    return {
        "accounts": {label: account(label) for label in ("application", "readonly", "os")},
        "nodes": {name: node(number + n, name, role, usage) for n, (name, role, usage) in enumerate(nodes)},
        "gateways_account": None,
        "gateway_secrets": {},
    }


def content(**clusters: dict[str, Any]) -> dict[str, Any]:
    """Return the content of a ready file; by default one cluster with two IM and Presence nodes."""
    usual = cluster(11, ("cucm1", "cucm", "publisher"), ("imp1", "imp", "publisher"), ("imp2", "imp", "subscriber"))
    return {
        "format": 1,
        "ca_file": "/twin/ca.pem",
        "clusters": clusters or {"hq": usual},
        "exchange": {
            "mail1.example.com": place(21, 443, 5986, ipv4="192.0.2.21", aliases=["owa.example.com"]),
            "mail2.example.com": place(22, 443, 5986, ipv4="192.0.2.22"),
        },
        "exchange_account": account("EXAMPLE\\svc-imp"),
        "exchange_admin": account("EXAMPLE\\exadmin"),
        "exchange_online": {"applications": {"app": {"client_id": "1-2", "client_secret": "twin-application"}}},
        "certification_authorities": {
            host: place(number, 443, account=account("caadmin"), requester=account("requester"))
            for number, host in ((31, "ca.example.com"), (32, "eca.example.com"))
        },
    }


def write(folder: Path, **clusters: dict[str, Any]) -> Path:
    """Write a ready file; return its path."""
    path = folder / "ready.json"
    path.write_text(json.dumps(content(**clusters)))
    return path
