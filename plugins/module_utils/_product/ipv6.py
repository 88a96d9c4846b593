# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""What a gateway with an IPv6 address needs first: an enterprise parameter and Eth0 of every node (G7). Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.ucops.imp.plugins.module_utils._core.options import address

PARAMETER = "EnableIPV6"
"""The enterprise parameter."""
ON = "T"
"""Its value on the wire when IPv6 is allowed."""


def is_ipv6(name: str) -> bool:
    """Whether a gateway's name is an IPv6 address."""
    ip = address(name)
    return ip is not None and ip.version == 6


def nodes_without_address(nodes: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the names of the nodes, as the admin API lists them, whose Eth0 has no IPv6 address."""
    return [str(node["name"]) for node in nodes if not node.get("eth0_ipv6")]
