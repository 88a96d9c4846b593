# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""The summary of a run in Markdown, to be pasted into a change ticket. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from ansible_collections.ucops.imp.plugins.module_utils._core.words import cell, counted, named, noun, text
from ansible_collections.ucops.imp.plugins.plugin_utils._screens.figures import about, duration
from ansible_collections.ucops.imp.plugins.plugin_utils._screens.findings import Group
from ansible_collections.ucops.imp.plugins.plugin_utils._screens.summary import (
    VERBS,
    Summary,
    failures,
    left_rows,
    next_steps,
    sentences,
)

NAMED = 50
"""So many names of objects with the same change are told; ansible's result has all of them."""


def markdown(summary: Summary) -> str:
    """Return the whole text, which ends with a line break."""
    planned = "Planned " if summary.check else ""
    took = duration(summary.seconds)
    facts = [
        ("Cluster", f"{summary.cluster} ({summary.host})"),
        ("Result", summary.verdict),
        ("Begun", f"{summary.begun:%Y-%m-%d %H:%M:%S %z}"),
        ("Ended", f"{summary.ended:%Y-%m-%d %H:%M:%S %z} ({took})"),
        ("By", summary.by),
    ]
    told = [f"# Calendar integration of {cell(summary.cluster)}: {cell(summary.verdict)}", ""]
    told += _table(("", ""), facts)
    told += _section(f"{planned}Changes", ("Object", "Where", "Field", "Before", "After"), _changes(summary.groups))
    restarts = [(node, ", ".join(services)) for node, services in summary.restarts.items()]
    told += _section(f"{planned}Restarts", ("Node", "Services"), restarts)
    times = [(step.what, about(step.seconds), step.basis) for step in summary.steps]
    told += _section("Time", ("For", "How long", "Figure"), times)
    failed = [
        (
            ", ".join(dict.fromkeys(part.title for part, _failure in same)),
            named([name for _part, failure in same for name in failure.ids], NAMED),
            message,
        )
        for same, message in failures(summary)
    ]
    told += _section("Failures", ("Part", "Objects", "What happened, and what to do"), failed)
    told += _section("Left alone", ("Part", "Why"), list(left_rows(summary.parts)))
    notes = [(part.title, warning) for part in summary.parts for warning in part.warnings]
    told += _section("Notes", ("Part", "Note"), notes)
    told += [f"\n{cell(sentence)}" for sentence in sentences(summary)]
    told += ["", "## Next", "", *(f"{number}. {cell(step)}" for number, step in enumerate(next_steps(summary), 1))]
    return "\n".join(told) + "\n"


def _section(title: str, titles: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    lines = _table(titles, rows)
    return ["", f"## {title.capitalize()}", "", *lines] if lines else []


def _table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Return the lines of a table, none for one without rows."""
    lines = [f"| {' | '.join(map(cell, row))} |" for row in rows]
    return [f"| {' | '.join(titles)} |", f"|{'---|' * len(titles)}", *lines] if lines else []


def _changes(groups: Iterable[Group]) -> Iterator[tuple[str, str, str, str, str]]:
    """Yield a row for each field of each change; the first one of a change names the objects."""
    for group in groups:
        one = noun(group.kind)
        what = one if len(group.names) == 1 else counted(len(group.names), one)
        what = f"{what} {VERBS.get(group.action, group.action)}"
        objects, where = f"{what}: {named(group.names, NAMED)}", named(group.nodes, NAMED)
        for name, before, after in group.fields or (("", None, None),):
            values = ("", "") if not name else (text(before), text(after))
            yield (objects, where, name, *values)
            objects = where = ""
