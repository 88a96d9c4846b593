# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""The rows about presence redundancy groups: can a node be restarted, and would its users be carried? Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ansible_collections.ucops.imp.plugins.module_utils._core.errors import ImpError
from ansible_collections.ucops.imp.plugins.module_utils._preflight.rows import Row, failed, ok, skipped, unknown
from ansible_collections.ucops.imp.plugins.module_utils._preflight.users import UserFacts
from ansible_collections.ucops.imp.plugins.module_utils._product.high_availability import (
    GROUPS_PAGE,
    NORMAL,
    RedundancyGroup,
)

CHECK = "redundancy-normal"


@dataclass(frozen=True)
class AxlFacts:
    """What AXL of Unified CM tells: parameters by name, and the groups and the users or why it does not tell them."""

    parameters: Mapping[str, str]
    groups: list[RedundancyGroup] | ImpError
    users: UserFacts | ImpError


@dataclass(frozen=True)
class RedundancyFacts:
    """The groups with all that is known of their nodes, or why nothing is."""

    silent: str | None
    groups: tuple[RedundancyGroup, ...] = ()


def rows(facts: RedundancyFacts) -> list[Row]:
    """Say of each group whether its nodes serve their own users."""
    if facts.silent is not None or not facts.groups:
        return [skipped(CHECK, "presence redundancy groups", facts.silent or "the cluster has none")]
    return [_row(group) for group in facts.groups]


def _row(group: RedundancyGroup) -> Row:
    subject, expected = f"presence redundancy group {group.name}", f"{NORMAL} on every node"
    found = group.unsettled()
    if found:
        told = "; ".join(why for _node, why in found)
        advice = f"Bring the users back to their own nodes before anything is restarted: {GROUPS_PAGE}, Fallback."
        return failed(CHECK, subject, told, expected, advice)
    if not group.can_switch:
        return ok(CHECK, subject, "one node, nobody takes over")
    if not group.ha_enabled:
        return ok(CHECK, subject, "high availability is off")
    if not group.is_told:
        advice = f"See {GROUPS_PAGE}. Only AXL of IM and Presence would tell it, which is off by default."
        return unknown(CHECK, subject, "high availability is on, no interface tells the states", expected, advice)
    return ok(CHECK, subject, NORMAL, expected)
