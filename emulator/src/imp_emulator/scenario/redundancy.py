# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The presence redundancy groups of a cluster: those that a scenario lists, or one for each pair of nodes."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from imp_emulator.letter_case import ascii_lower
from imp_emulator.scenario.model import NodeSpec, RedundancyGroupSpec, ScenarioError
from imp_emulator.scenario.reader import Pattern, Section, unique

DEFAULT_GROUP = "DefaultCUPSubcluster"
"""The presence redundancy group that the product makes for its first IM and Presence node."""
GROUP_NAME = "[A-Za-z0-9_-]{1,128}"
"""What the name of a group may be, as a regular expression (Cisco's guide)."""
GROUP_DESCRIPTION = r'[^"%&\\<>]{0,128}'
"""What the description of a group may be, as a regular expression (Cisco's guide)."""
KEY = "presence_redundancy_groups"
"""The key of a cluster that lists its groups."""

DEFAULT_GROUP = "DefaultCUPSubcluster"
"""The presence redundancy group that the product makes for its first IM and Presence node."""
GROUP_NAME = "[A-Za-z0-9_-]{1,128}"
"""What the name of a group may be, as a regular expression (Cisco's guide)."""
GROUP_DESCRIPTION = r'[^"%&\\<>]{0,128}'
"""What the description of a group may be, as a regular expression (Cisco's guide)."""

_NAME = Pattern(GROUP_NAME, "a name of 1 to 128 letters, digits, underscores and hyphens")
_DESCRIPTION = Pattern(GROUP_DESCRIPTION, 'text of at most 128 characters without " % & \\ < >')


def read_groups(cluster: Section, nodes: Sequence[NodeSpec]) -> tuple[RedundancyGroupSpec, ...]:
    """Read the groups of a cluster.

    Raises:
        ScenarioError: They break a rule.
    """
    names = [node.name for node in nodes if node.role == "imp"]
    listed = KEY in cluster
    sections = cluster.sections(KEY, [])
    if not listed:
        return _pairs(names)
    groups = tuple(_group(section, names) for section in sections)
    unique(cluster.at(KEY), (group.name for group in groups))
    unique(f"nodes of {cluster.at(KEY)}", (node for group in groups for node in group.nodes))
    return groups


def _pairs(names: Sequence[str]) -> tuple[RedundancyGroupSpec, ...]:
    """Pair the nodes in their order; the first group has the product's own name, those of the others are ours."""
    pairs = [tuple(names[first : first + 2]) for first in range(0, len(names), 2)]
    return tuple(
        RedundancyGroupSpec(DEFAULT_GROUP if number == 1 else f"{DEFAULT_GROUP}-{number}", pair)
        for number, pair in enumerate(pairs, 1)
    )


def _node(names: Sequence[str], text: str) -> str:
    """Return the node that a text names in any letter case, as its cluster writes it."""
    found = next((name for name in names if ascii_lower(name) == ascii_lower(text)), None)
    if found is None:
        raise ValueError(text)
    return found


def _group(section: Section, names: Sequence[str]) -> RedundancyGroupSpec:
    group = RedundancyGroupSpec(
        name=section.text("name", _NAME),
        nodes=section.texts("nodes", partial(_node, names), "an IM and Presence node of the cluster"),
        high_availability=section.flag("high_availability", False),
        description=section.text("description", _DESCRIPTION, ""),
    )
    if not 1 <= len(group.nodes) <= 2:
        raise ScenarioError(section.at("nodes"), f"must hold one or two nodes, not {len(group.nodes)}")
    if group.high_availability and len(group.nodes) < 2:
        raise ScenarioError(section.at("high_availability"), "needs two nodes in the group")
    section.end()
    return group
