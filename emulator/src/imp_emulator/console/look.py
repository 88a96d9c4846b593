# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What one look at a page is about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from imp_emulator.control.app import Control
from imp_emulator.errors import NotFound
from imp_emulator.world.context import Context
from imp_emulator.world.environment import Environment


@dataclass(frozen=True, slots=True)
class Look:
    """What a view is given.

    Attributes:
        plane: What the control plane works on: the environment and its snapshots.
        place: The parameters of the path.
        asked: Those of the query, such as filters and the page of a long list.
        language: The one in which words are shown.
    """

    plane: Control
    place: Mapping[str, str]
    asked: Mapping[str, str]
    language: str

    @property
    def environment(self) -> Environment:
        """The emulated environment."""
        return self.plane.environment

    @property
    def context(self) -> Context:
        """The part of it that rules are given."""
        return self.plane.environment.context

    @property
    def clusters(self) -> list[str]:
        """The names of the clusters that the look is about: the one that is asked for, or all.

        Raises:
            NotFound: There is no such cluster.
        """
        known = [spec.name for spec in self.context.scenario.clusters]
        wanted = self.place.get("cluster") or self.asked.get("cluster")
        if not wanted:
            return known
        if wanted not in known:
            raise NotFound("cluster-not-found", f"There is no cluster {wanted}.", "cluster")
        return [wanted]
