# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What one look at a page is about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from imp_emulator.control.app import Control
from imp_emulator.errors import NotFound
from imp_emulator.world.context import Context
from imp_emulator.world.environment import Environment

_MOST_PAGES = 10**6


@dataclass(frozen=True, slots=True)
class Paging:
    """Where a page of a long list stands in it.

    Attributes:
        total: How many rows there are.
        first: The number of the first one that is shown, from 1.
        last: That of the last one.
        before: The query of the page before; ``""`` for the first one, as for the last one's ``after``.
    """

    total: int
    first: int
    last: int
    before: str
    after: str


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

    def filters(self, *names: str) -> dict[str, str]:
        """Return what is asked for by some names; empty where nothing is."""
        return {name: self.asked.get(name, "") for name in names}

    @property
    def _page(self) -> int:
        text = self.asked.get("page", "")
        return max(1, min(int(text), _MOST_PAGES)) if text.isascii() and text.isdigit() and len(text) < 9 else 1

    def skip(self, rows: int) -> int:
        """Return how many rows stand before the page of a list that is asked for."""
        return (self._page - 1) * rows

    def paging(self, total: int, rows: int, filters: Mapping[str, str]) -> Paging:
        """Return where the page of a list that is asked for stands, with the filters in force on the pages around."""
        kept = {name: value for name, value in filters.items() if value}
        before, after = (urlencode({**kept, "page": page}) for page in (self._page - 1, self._page + 1))
        skipped = self.skip(rows)
        last = min(skipped + rows, total)
        return Paging(total, min(skipped + 1, last), last, before if skipped else "", after if last < total else "")

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
