# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The connection options with which a module reaches the emulator."""

from __future__ import annotations

from typing import Any

from tests.support.emulator import Emulator

_ENDPOINTS = {
    "cucm": ("cucm-pub", 8443, "application"),
    "imp": ("imp-pub", 8443, "application"),
    "platform": ("imp-pub", 443, "os"),
    "pws": ("imp-pub", 8083, "application"),
}
"""Node, port of the real product and account, by kind of endpoint."""


def connection(
    emulator: Emulator, kind: str, *, node: str | None = None, account: str | None = None, cluster: str = "dc1"
) -> dict[str, Any]:
    """Return a module's connection options for a kind of endpoint: one of :data:`_ENDPOINTS`."""
    usual_node, port, usual_account = _ENDPOINTS[kind]
    username, password = emulator.account(account or usual_account, cluster)
    return {
        "hostname": emulator.ready["clusters"][cluster]["nodes"][node or usual_node]["address"],
        "port": emulator.port(node or usual_node, port, cluster),
        "username": username,
        "password": password,
        "ca_path": emulator.ca_file,
    }


def nodes(emulator: Emulator, port: int, *names: str, cluster: str = "dc1") -> list[dict[str, Any]]:
    """Return the ``nodes`` option for the listeners of a product's port, by default of both IM and Presence nodes."""
    known = emulator.ready["clusters"][cluster]["nodes"]
    return [
        {"name": name, "hostname": known[name]["address"], "port": emulator.port(name, port, cluster)}
        for name in names or ("imp-pub", "imp-sub")
    ]


def ca_connection(
    emulator: Emulator, host: str = "ca.example.com", *, account: str = "account", **more: Any
) -> dict[str, Any]:
    """Return a module's connection options for a certification authority; ``account`` or ``requester``."""
    known = emulator.ready["certification_authorities"][host]
    return {
        "hostname": known["address"],
        "port": known["ports"]["443"],
        "username": known[account]["username"],
        "password": known[account]["password"],
        "ca_path": emulator.ca_file,
        **more,
    }
