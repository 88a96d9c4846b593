# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How Unified CM's database names nodes: their roles, and the node that stands for the whole cluster."""

from __future__ import annotations

ENTERPRISE_NODE_ID = "00000000-1111-0000-0000-000000000000"
"""The identifier of the node ``EnterpriseWideData``, the same in every cluster."""

ROLES = {"cucm": "CUCM Voice/Video", "imp": "CUCM IM and Presence"}
"""The roles of nodes in the product's words."""
