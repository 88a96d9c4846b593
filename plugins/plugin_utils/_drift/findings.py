# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""What a report tells people: records grouped by cluster, kind and status, and what is the same told once. Pure.

Programs get every record. People get a group for each kind and status of a cluster, with the number of its objects,
and in it a finding for each sentence, with the names of those that it is about.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ansible_collections.ucops.imp.plugins.module_utils._core.errors import shortened
from ansible_collections.ucops.imp.plugins.module_utils._core.words import alike, cell, counted, flat, named, noun
from ansible_collections.ucops.imp.plugins.plugin_utils._drift.records import Record, Status
from ansible_collections.ucops.imp.plugins.plugin_utils._drift.report import Report

HEADINGS = {
    Status.COULD_NOT_CHECK: "could not be checked",
    Status.DRIFT: "drifted",
    Status.UNDECLARED: "undeclared",
    Status.UNKNOWN: "unknown (write-only)",
    Status.CORRECTED: "corrected",
}
LINES_ON_TERMINAL = 60
"""So many lines about clusters and what was found there, with headings."""
FINDINGS_IN_GROUP = 5
LONGEST_LINE = 500
"""Characters of a line on the terminal; a value may be longer than any screen."""
CLUSTERS_ON_TERMINAL = 30
"""Clusters whose totals are shown where there is no room for findings; of more, a last line has the sum."""
FINDINGS_OF_MANY = 10
"""So many findings are shown then."""
ROWS_IN_MARKDOWN = 200
"""A job summary of GitHub holds 1 MiB; the JSON report has every record."""


@dataclass(frozen=True)
class Object:
    """What was found of one object: one record or more of the same status."""

    records: tuple[Record, ...]

    @property
    def id(self) -> str:
        """What it is called."""
        return self.records[0].id

    @property
    def sentence(self) -> str:
        """All that was found of it, in words that follow its name."""
        return "; ".join(dict.fromkeys(map(said, self.records)))


def said(record: Record) -> str:
    """Return what was found; a heading says already what could not be checked."""
    return record.message or "" if record.status is Status.COULD_NOT_CHECK else record.sentence


@dataclass(frozen=True)
class Finding:
    """A sentence and the objects that it is about."""

    objects: tuple[Object, ...]
    sentence: str

    @property
    def names(self) -> list[str]:
        """What the objects are called, each once."""
        return list(dict.fromkeys(one.id for one in self.objects))

    @property
    def first(self) -> tuple[Record, ...]:
        """The records of the first object: those of the others say the same."""
        return self.objects[0].records

    @property
    def elsewhere(self) -> str:
        """Whether the objects are declared in other places than the first too, in words that follow that place."""
        places = {(one.records[0].path, one.records[0].line) for one in self.objects}
        return f" and {counted(len(places) - 1, 'more place')}" if len(places) > 1 else ""

    @property
    def line(self) -> str:
        """The finding in one line."""
        return shortened(f"{flat(named(self.names))}: {flat(self.sentence)}", LONGEST_LINE)


@dataclass(frozen=True)
class Group:
    """The findings of one status; of one kind too, unless they could not be checked: then the reason counts."""

    status: Status
    kind: str | None
    findings: tuple[Finding, ...]

    @property
    def number(self) -> int:
        """How many objects it has."""
        return sum(len(found.objects) for found in self.findings)

    @property
    def counted(self) -> str:
        """The number in words: ``200 users``."""
        return counted(self.number, noun(self.kind) if self.kind else "check")

    @property
    def heading(self) -> str:
        """The number and the status: ``200 users drifted``."""
        return f"{self.counted if self.kind else f'{self.number:,}'} {HEADINGS[self.status]}"


def groups_of(records: Iterable[Record]) -> list[Group]:
    """Return the groups of some records, worst status first, kinds in the order of the run."""
    objects: dict[tuple[Status, str | None], dict[tuple[str, ...], list[Record]]] = {}
    for record in records:
        key = (record.status, None if record.status is Status.COULD_NOT_CHECK else record.kind)
        # What could not be checked may fail for more than one reason; two fields of an object are one object.
        own = (record.message or "",) if key[1] is None else ()
        one = (record.cluster, record.host, record.kind, record.id, *own)
        objects.setdefault(key, {}).setdefault(one, []).append(record)
    order = list(Status)
    found = [
        Group(status, kind, _findings(Object(tuple(same)) for same in grouped.values()))
        for (status, kind), grouped in objects.items()
    ]
    return sorted(found, key=lambda group: order.index(group.status))


def _findings(objects: Iterable[Object]) -> tuple[Finding, ...]:
    return tuple(
        Finding(tuple(same), sentence) for same, sentence in alike(objects, lambda one: (one.id, one.sentence))
    )


def counts(records: Iterable[Record]) -> dict[Status, int]:
    """Return the numbers of objects by status, those that are not zero."""
    return _numbers(groups_of(records))


def _numbers(groups: Iterable[Group]) -> dict[Status, int]:
    found: dict[Status, int] = {}
    for group in groups:
        found[group.status] = found.get(group.status, 0) + group.number
    return found


def summary(report: Report) -> str:
    """Return the counts in one sentence, those that are not zero."""
    checked = f"{counted(len(report.checks), 'check')} of {counted(len(report.clusters), 'cluster')}"
    return f"{checked}: {_in_words(counts(report.records)) or 'no difference'}."


def _in_words(numbers: dict[Status, int]) -> str:
    return ", ".join(f"{number:,} {HEADINGS[status]}" for status, number in numbers.items())


def as_terminal(report: Report) -> str:
    """Return what is printed at the end of the run: for each cluster its totals by kind, and what was found."""
    lines = [f"{report.title}: {report.verdict} {summary(report)}"]
    full = {cluster: groups_of(report.of(cluster)) for cluster in report.clusters}
    full = {cluster: groups for cluster, groups in full.items() if groups}
    number = sum(map(len, full.values()))
    each = min(FINDINGS_IN_GROUP, (LINES_ON_TERMINAL - len(full) - number) // max(number, 1))
    lines += _clusters(full, each) if each > 0 else _totals(report, full)
    clean = len(report.clusters) - len(full)
    if clean and full:
        lines.append(f"{counted(clean, 'cluster')}: no difference")
    return "\n".join(lines)


def _clusters(full: dict[str, list[Group]], each: int) -> Iterator[str]:
    """Yield the lines about each cluster; those of which the same is to be said are together."""
    blocks = {cluster: "\n".join(_group_lines(groups, each)) for cluster, groups in full.items()}
    for same, lines in alike(blocks.items(), lambda block: ("", block[1])):
        groups = full[same[0][0]]
        told = [named([flat(cluster) for cluster, _lines in same]), *(["each"] if len(same) > 1 else [])]
        # Of one group its heading has the number.
        yield f"{', '.join(told)}:{f' {_in_words(_numbers(groups))}' if len(groups) > 1 else ''}"
        yield lines


def _group_lines(groups: Iterable[Group], each: int) -> Iterator[str]:
    for group in groups:
        yield f"  {group.heading}:"
        yield from (f"    {found.line}" for found in group.findings[:each])
        rest = sum(len(found.objects) for found in group.findings[each:])
        if rest:
            yield f"    and {rest:,} more in the reports"


def _totals(report: Report, full: dict[str, list[Group]]) -> Iterator[str]:
    """Yield a line for each of many clusters, the fullest first, and what was found in most of them."""
    order = sorted(full, key=lambda cluster: -sum(group.number for group in full[cluster]))
    for cluster in order[:CLUSTERS_ON_TERMINAL]:
        yield f"  {flat(cluster)}: {', '.join(group.heading for group in full[cluster])}"
    rest = order[CLUSTERS_ON_TERMINAL:]
    if rest:
        together = groups_of(record for cluster in rest for record in report.of(cluster))
        yield f"  {counted(len(rest), 'more cluster')}: {', '.join(group.heading for group in together)}"
    findings = [(group, found) for group in groups_of(report.records) for found in group.findings]
    for group, found in findings[:FINDINGS_OF_MANY]:
        clusters = list(dict.fromkeys(one.records[0].cluster for one in found.objects))
        same = Group(group.status, group.kind, (found,))
        told = f"{named(clusters)}: {same.heading}: {found.sentence}"
        yield f"  {shortened(flat(told), LONGEST_LINE)}"
    more = sum(len(found.objects) for _group, found in findings[FINDINGS_OF_MANY:])
    if more:
        yield f"  and {more:,} more in the reports"


def as_markdown(report: Report) -> str:
    """Return Markdown for a job summary or a comment."""
    lines = [f"# {cell(report.title)}", "", f"**{report.verdict}** {summary(report)}", ""]
    if report.records and len(report.clusters) > 1:
        lines += [*_markdown_totals(report), ""]
    room = ROWS_IN_MARKDOWN
    for cluster in report.clusters:
        groups = groups_of(report.of(cluster))
        if not groups:
            continue
        lines += [f"## {cell(cluster)}", ""]
        for group in groups:
            lines += [*_markdown_group(group, max(room, 1)), ""]
            room -= len(group.findings)
    if not report.records:
        lines += [f"Clean: {named([cell(cluster) for cluster in report.clusters], ROWS_IN_MARKDOWN)}.", ""]
    lines.append(f"{report.playbook}, {report.started} to {report.finished}")
    return "\n".join(lines) + "\n"


def _markdown_totals(report: Report) -> Iterator[str]:
    """Yield a table with the numbers of each cluster."""
    statuses = list(counts(report.records))
    yield f"| {' | '.join(['cluster', *(HEADINGS[status] for status in statuses)])} |"
    yield f"|---|{'---:|' * len(statuses)}"
    for cluster in report.clusters:
        numbers = counts(report.of(cluster))
        cells = [f"{numbers.get(status, 0):,}" for status in statuses]
        yield f"| {' | '.join([cell(cluster), *cells])} |"


def _markdown_group(group: Group, most: int) -> Iterator[str]:
    """Yield the table of a group, with so many findings at most."""
    yield f"**{group.heading[0].upper()}{group.heading[1:]}**"
    yield ""
    yield "| object | finding |"
    yield "|---|---|"
    for found in group.findings[:most]:
        yield f"| {named([f'`{_code(name)}`' for name in found.names])} | {cell(found.sentence)} |"
    more = sum(len(found.objects) for found in group.findings[most:])
    if more:
        yield ""
        yield f"{more:,} more are in the other reports."


def _code(told: str) -> str:
    return flat(told).replace("`", "'").replace("|", "\\|")
