# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The presence redundancy groups of a cluster: those that a scenario lists, or one for each pair of nodes."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from imp_emulator.scenario.configuration import node_name
from imp_emulator.scenario.configured import RedundancyGroupSpec
from imp_emulator.scenario.model import NodeSpec, ScenarioError
from imp_emulator.scenario.reader import Pattern, Section, unique

DEFAULT_GROUP = "DefaultCUPSubcluster"
"""The presence redundancy group that the product makes for its first IM and Presence node."""
GROUP_NAME = "[A-Za-z0-9_-]{1,128}"
"""What the name of a group may be, as a regular expression (Cisco's guide)."""
GROUP_DESCRIPTION = r'[^"%&\\<>]{0,128}'
"""What the description of a group may be, as a regular expression (Cisco's guide)."""
KEY = "presence_redundancy_groups"
"""The key of a cluster that lists its groups."""

_NAME = Pattern(GROUP_NAME, "a name of 1 to 128 letters, digits, underscores and hyphens")
_DESCRIPTION = Pattern(GROUP_DESCRIPTION, 'text of at most 128 characters without " % & \\ < >')


def read_groups(cluster: Section, nodes: Sequence[NodeSpec]) -> tuple[RedundancyGroupSpec, ...]:
    """Read the groups of a cluster.

    Raises:
        ScenarioError: They break a rule.
    """
    presence = [node for node in nodes if node.role == "imp"]
    listed = KEY in cluster
    sections = cluster.sections(KEY, [])
    if not listed:
        return _pairs([node.name for node in presence])
    groups = tuple(_group(section, presence) for section in sections)
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


def _group(section: Section, nodes: Sequence[NodeSpec]) -> RedundancyGroupSpec:
    group = RedundancyGroupSpec(
        name=section.text("name", _NAME),
        nodes=section.texts("nodes", partial(node_name, nodes), "an IM and Presence node of the cluster"),
        high_availability=section.flag("high_availability", False),
        description=section.text("description", _DESCRIPTION, ""),
    )
    if not 1 <= len(group.nodes) <= 2:
        raise ScenarioError(section.at("nodes"), f"must hold one or two nodes, not {len(group.nodes)}")
    if group.high_availability and len(group.nodes) < 2:
        raise ScenarioError(section.at("high_availability"), "needs two nodes in the group")
    section.end()
    return group
