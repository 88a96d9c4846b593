# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""About how long a run takes: what the last one on the cluster took, kept in a file, or else assumptions.

The file lies beside that of the pending restarts and says nothing but numbers and times. It is a help, never a
condition: one that cannot be read or written costs an estimate, not a run. The rules are pure, but for reading and
writing.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ansible_collections.ucops.imp.plugins.module_utils._core.words import counted
from ansible_collections.ucops.imp.plugins.plugin_utils._screens.findings import (
    NOT_RUN,
    SERVICE,
    SWITCH,
    USERS,
    Part,
)

FORMAT = 1
SUFFIX = ".figures.json"
MINUTE, HOUR = 60.0, 3600.0


@dataclass(frozen=True)
class Figure:
    """What changes of one sort took: so many, in so many seconds, and when (ISO 8601)."""

    changes: int
    seconds: float
    at: str


@dataclass(frozen=True)
class Sort:
    """A sort of changes that takes as long as there are many of it.

    Attributes:
        noun: what one is called.
        kinds: of objects; the first is counted, the time of the others is part of it.
        each: the assumed seconds for one, where no run tells.
        few: a run with fewer tells nothing of many.
    """

    noun: str
    kinds: tuple[str, ...]
    each: float
    few: int = 1

    def number(self, part: Part) -> int:
        """Return how many such changes a part has."""
        return sum(group.count for group in part.groups if group.kind in self.kinds[:1])


SORTS = {
    # Unified CM takes 1,500 changes by AXL a minute unless it is told otherwise; four connections get less.
    "calendar_users": Sort("user", (USERS,), 1 / 15, few=50),
    "presence_engine": Sort("restart", (SERVICE, SWITCH), 120.0),
}
OTHERS = Sort("other change", (), 2.0)


@dataclass(frozen=True)
class Step:
    """One line of an estimate: what, how long (seconds), and where the figure is from."""

    what: str
    seconds: float
    basis: str


def beside(pending_restarts: str) -> Path | None:
    """Return the file of figures that belongs to a file of pending restarts; ``None`` where that is not kept."""
    if not pending_restarts:
        return None
    path = Path(pending_restarts)
    return path.with_name(f"{path.name.removesuffix('.json')}{SUFFIX}")


def estimate(parts: Sequence[Part], reading: float, figures: Mapping[str, Figure]) -> list[Step]:
    """Return about how long the changes that a check has planned take; ``reading`` is what the check itself took."""
    steps = [Step("read and compare", reading, "as in this check")]
    for name, sort in SORTS.items():
        number = sum(sort.number(part) for part in parts)
        if number:
            steps.append(_step(sort, number, figures.get(name)))
    known = {kind for sort in SORTS.values() for kind in sort.kinds}
    number = sum(group.count for part in parts for group in part.groups if group.kind not in known)
    return [*steps, _step(OTHERS, number, None)] if number else steps


def _step(sort: Sort, number: int, figure: Figure | None) -> Step:
    what = counted(number, sort.noun)
    if figure is None:
        basis = f"assumed: {sort.each:g} s each" if sort.each >= 1 else f"assumed: {1 / sort.each:g} a second"
        return Step(what, number * sort.each, basis)
    basis = f"last time {counted(figure.changes, sort.noun)} took {duration(figure.seconds)}"
    return Step(what, number * figure.seconds / figure.changes, f"{basis} ({figure.at[:10]})")


def taken(parts: Sequence[Part], old: Mapping[str, Figure], at: str) -> dict[str, Figure]:
    """Return the figures after a run: those of this run where it tells something, else the old ones."""
    figures = dict(old)
    for part in parts:
        sort, elapsed = SORTS.get(part.name), part.found.get("elapsed")
        if sort is None or part.state == NOT_RUN or not isinstance(elapsed, (int, float)):
            continue
        number = sort.number(part)
        if number >= sort.few and elapsed > 0:
            figures[part.name] = Figure(number, float(elapsed), at)
    return figures


def read(path: Path | None) -> dict[str, Figure]:
    """Return the figures of a file; none when there is no file, or none that can be understood."""
    if path is None:
        return {}
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        return dict(_figures(data)) if data["format"] == FORMAT else {}
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return {}


def _figures(data: Mapping[str, Any]) -> Iterator[tuple[str, Figure]]:
    for name in SORTS:
        found = data["figures"].get(name)
        if found is not None:
            figure = Figure(int(found["changes"]), float(found["seconds"]), str(found["at"]))
            if figure.changes > 0 and 0 < figure.seconds < float("inf"):
                yield name, figure


def write(path: Path, figures: Mapping[str, Figure]) -> None:
    """Write the figures; raises ``OSError`` when that fails."""
    about = "How long the last runs of ucops.imp took on this cluster, for the estimate of a check. It may be deleted."
    data = {"about": about, "format": FORMAT, "figures": {name: asdict(figure) for name, figure in figures.items()}}
    replace_text(path, f"{json.dumps(data, indent=2)}\n")


def replace_text(path: Path, text: str) -> None:
    """Write a file as a whole, with its folder: a reader sees the old one or the new one. Raises ``OSError``."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(text)
        Path(name).chmod(0o666 & ~_umask())
        Path(name).replace(path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise


def _umask() -> int:
    """Return which rights this user does not give to new files; they can only be read by setting them."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def duration(seconds: float) -> str:
    """Return a time as people tell it: ``29 s``, ``7 min 29 s``, ``2 h 10 min``."""
    whole = round(seconds)
    if whole < MINUTE:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if whole < HOUR:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


def about(seconds: float) -> str:
    """Return an estimated time, no more exact than it is: ``about 10 s``, ``about 8 min``, ``about 2 h 10 min``."""
    if seconds <= MINUTE - 10:
        return f"about {max(-(-round(seconds) // 10) * 10, 10)} s"
    if seconds < HOUR:
        return f"about {duration(-(-seconds // MINUTE) * MINUTE)}"
    return f"about {duration(-(-seconds // (10 * MINUTE)) * 10 * MINUTE)}"
