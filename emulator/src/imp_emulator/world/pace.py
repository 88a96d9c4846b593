# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long a service takes to start or stop: at once, after some polls, after some seconds, or never."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Pace(StrEnum):
    """The ways in which a start or stop comes to its end."""

    IMMEDIATE = "immediate"
    POLLS = "polls"
    SECONDS = "seconds"
    HANG = "hang"


@dataclass(frozen=True, slots=True)
class Rule:
    """A pace for one node and service; ``None`` stands for all of them."""

    pace: Pace
    value: float = 0
    node: str | None = None
    service: str | None = None


class ServicePace:
    """The rules in force; a rule for a node and a service wins over a general one, a later one over an earlier."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Every start and stop is immediate again."""
        self.rules: list[Rule] = [Rule(Pace.IMMEDIATE)]

    def set(self, rule: Rule) -> None:
        """Put a rule in force; one for the same node and service is replaced."""
        self.rules = [old for old in self.rules if (old.node, old.service) != (rule.node, rule.service)] + [rule]

    def rule_for(self, node: str, service: str) -> Rule:
        """Return the most specific rule for a service on a node."""
        matching = [r for r in self.rules if r.node in (None, node) and r.service in (None, service)]
        return max(matching, key=lambda r: (r.node is not None) + (r.service is not None))
