# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""The drift report in each format: one pure function from the report to text each, named in :data:`FORMATS`."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import islice, zip_longest
from urllib.parse import quote
from xml.etree import ElementTree as ET

from ansible_collections.ucops.imp.plugins.plugin_utils._drift.page import page as as_html
from ansible_collections.ucops.imp.plugins.plugin_utils._drift.records import Record, Status
from ansible_collections.ucops.imp.plugins.plugin_utils._drift.report import Report

ROWS_IN_MARKDOWN = 200
"""A job summary of GitHub holds 1 MiB; the JSON report has every record."""
LINES_ON_TERMINAL = 10
LONGEST_LINE = 500
"""Characters of a line on the terminal; a value may be longer than any screen."""
TOTALS_ON_TERMINAL = 30
"""Clusters whose totals are shown; of more, a last line has the sum."""

HEADINGS = {
    Status.COULD_NOT_CHECK: "could not be checked",
    Status.DRIFT: "drifted",
    Status.UNDECLARED: "undeclared",
    Status.UNKNOWN: "unknown (write-only)",
    Status.CORRECTED: "corrected",
}
LEVELS = {
    Status.COULD_NOT_CHECK: "error",
    Status.DRIFT: "error",
    Status.UNDECLARED: "warning",
    Status.UNKNOWN: "warning",
    Status.CORRECTED: "note",
}
SARIF_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
INFORMATION = "https://github.com/ucops/ucops.imp/blob/main/docs/drift.md"

_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def as_json(report: Report) -> str:
    """Return the whole report as JSON."""
    return json.dumps(report.as_dict(), indent=2, ensure_ascii=False, default=str) + "\n"


def as_junit(report: Report) -> str:
    """Return a JUnit report: a suite for each cluster, a case for each object and for each task that found nothing."""
    root = ET.Element("testsuites", name=report.title)
    for cluster in report.clusters:
        suite = ET.SubElement(root, "testsuite", name=cluster, timestamp=report.started)
        for check in report.checks:
            if check.origin.cluster == cluster and not check.records:
                _case(suite, f"{cluster}.{check.origin.action}", f"{check.origin.task} ({check.origin.host})")
        for records in _by_object(report.of(cluster)):
            _object_case(suite, records)
        _count(suite)
    _count(root)
    ET.indent(root)
    return f"<?xml version='1.0' encoding='utf-8'?>\n{ET.tostring(root, encoding='unicode')}\n"


def _by_object(records: Iterable[Record]) -> Iterable[list[Record]]:
    groups: dict[tuple[str, str, str], list[Record]] = {}
    for record in records:
        groups.setdefault((record.host, record.kind, record.id), []).append(record)
    return groups.values()


def _case(suite: ET.Element, classname: str, name: str) -> ET.Element:
    return ET.SubElement(suite, "testcase", classname=_xml(classname), name=_xml(name), time="0")


def _object_case(suite: ET.Element, records: list[Record]) -> None:
    """Add the case of one object; the worst of its records decides."""
    first = records[0]
    case = _case(suite, f"{first.cluster}.{first.kind}", first.id)
    case.set("file", first.path)
    case.set("line", str(first.line))
    told = _xml("\n".join(f"{first.id} {record.sentence}" for record in records))
    statuses = {record.status for record in records}
    if statuses == {Status.CORRECTED}:
        ET.SubElement(case, "system-out").text = told
        return
    worst = next(status for status in Status if status in statuses)
    tag = "error" if worst is Status.COULD_NOT_CHECK else "failure"
    details = ET.SubElement(case, tag, type=worst.value, message=_xml(f"{first.what}: {first.sentence}"))
    details.text = f"{told}\n{first.path}:{first.line}: {_xml(first.task)}"


def _count(element: ET.Element) -> None:
    """Write the number of cases below an element into its attributes."""
    element.set("tests", str(len(element.findall(".//testcase"))))
    element.set("failures", str(len(element.findall(".//failure"))))
    element.set("errors", str(len(element.findall(".//error"))))
    element.set("skipped", "0")
    element.set("time", "0")


def _xml(told: str) -> str:
    return _NOT_IN_XML.sub("\ufffd", told)


def as_sarif(report: Report) -> str:
    """Return SARIF 2.1.0, a rule for each kind of object, each record where its task stands."""
    kinds = sorted({record.kind for record in report.records})
    driver = {
        "name": "ucops.imp.drift",
        "informationUri": INFORMATION,
        "rules": [_rule(kind) for kind in kinds],
    }
    run = {
        "tool": {"driver": driver},
        "automationDetails": {"id": "ucops.imp.drift/"},
        "columnKind": "utf16CodeUnits",
        "invocations": [
            {
                "executionSuccessful": not report.count(Status.COULD_NOT_CHECK),
                "exitCode": report.exit_status,
                "startTimeUtc": report.started.replace("+00:00", "Z"),
                "endTimeUtc": report.finished.replace("+00:00", "Z"),
            }
        ],
        "results": [_result(record, kinds) for record in report.records],
    }
    content = {"$schema": SARIF_SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def _rule(kind: str) -> dict[str, object]:
    name = kind.replace("_", " ")
    return {
        "id": kind,
        "name": "".join(word.capitalize() for word in kind.split("_")),
        "shortDescription": {"text": f"Drift: {name}"},
        "fullDescription": {
            "text": f"A {name} on a cluster is not what the playbook declares, or could not be checked."
        },
        "helpUri": INFORMATION,
        "defaultConfiguration": {"level": "error"},
    }


def _result(record: Record, kinds: list[str]) -> dict[str, object]:
    return {
        "ruleId": record.kind,
        "ruleIndex": kinds.index(record.kind),
        "level": LEVELS[record.status],
        "message": {"text": f"{record.cluster}: {record.what} {record.id} {record.sentence}"},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": quote(record.path)},
                    "region": {"startLine": max(record.line, 1)},
                },
                "logicalLocations": [
                    {"fullyQualifiedName": f"{record.cluster}/{record.kind}/{record.id}", "kind": "resource"}
                ],
            }
        ],
        "partialFingerprints": {"ucopsImpDrift/v1": fingerprint(record)},
        "properties": {"status": record.status.value, "cluster": record.cluster, "host": record.host},
    }


def fingerprint(record: Record) -> str:
    """Return what identifies a finding from run to run: where it is and what, but no values and no line."""
    parts = (record.cluster, record.host, record.kind, record.id, record.field or "", record.status.value)
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


def as_markdown(report: Report) -> str:
    """Return Markdown for a job summary or a comment."""
    lines = [f"# {_cell(report.title)}", "", f"**{report.verdict}** {summary(report)}", ""]
    most = max(ROWS_IN_MARKDOWN // len(report.clusters), 1)
    for cluster in report.clusters:
        records = report.of(cluster)
        lines += [f"## {_cell(cluster)}", ""]
        if not records:
            lines += ["Clean.", ""]
            continue
        lines += ["| status | object | finding |", "|---|---|---|"]
        for record in records[:most]:
            name = f"{_cell(record.what)} `{_code(record.id)}`"
            lines.append(f"| {HEADINGS[record.status]} | {name} | {_cell(record.sentence)} |")
        if len(records) > most:
            lines += ["", f"{len(records) - most} more are in the other reports."]
        lines.append("")
    lines.append(f"{report.playbook}, {report.started} to {report.finished}")
    return "\n".join(lines) + "\n"


def _cell(told: str) -> str:
    """Return text that neither ends a table cell nor is taken for markup."""
    flat = " ".join(told.split())
    return re.sub(r"([\\`*_\[\]<>|#~])", r"\\\1", flat)


def _code(told: str) -> str:
    return " ".join(told.split()).replace("`", "'").replace("|", "\\|")


def summary(report: Report) -> str:
    """Return the counts in one sentence, those that are not zero."""
    counts = [f"{report.count(status)} {words}" for status, words in HEADINGS.items() if report.count(status)]
    checked = f"{_some(len(report.checks), 'check')} of {_some(len(report.clusters), 'cluster')}"
    return f"{checked}: {', '.join(counts) or 'no difference'}."


def _some(number: int, word: str) -> str:
    return f"{number} {word}{'s' * (number != 1)}"


def as_terminal(report: Report) -> str:
    """Return what is printed at the end of the run: totals first, then some findings of each.

    One cluster with few findings has no totals: its findings are all there.
    """
    found = report.records
    lines = [f"{report.title}: {report.verdict} {summary(report)}"]
    if len(found) > LINES_ON_TERMINAL or len(report.clusters) > 1:
        lines += _totals(report)
    lines += [_line(record) for record in islice(_mixed(found), LINES_ON_TERMINAL)]
    more = len(found) - LINES_ON_TERMINAL
    return "\n".join([*lines, f"  and {more} more in the reports"] if more > 0 else lines)


def _line(record: Record) -> str:
    told = f"  {_flat(record.cluster)}: {record.what} {_flat(record.id)} {_flat(record.sentence)}"
    return told if len(told) <= LONGEST_LINE else f"{told[:LONGEST_LINE]} ..."


def _flat(told: str) -> str:
    """Return text as one line, without what a terminal takes for a command."""
    return " ".join("".join(sign if sign.isprintable() or sign.isspace() else "\ufffd" for sign in told).split())


def _totals(report: Report) -> Iterator[str]:
    """Yield a line for each cluster that has findings, the fullest first, with their numbers by status and kind."""
    full = sorted(filter(report.of, report.clusters), key=lambda cluster: -len(report.of(cluster)))
    for cluster in full[:TOTALS_ON_TERMINAL]:
        yield f"  {_flat(cluster)}: {_counted(report.of(cluster))}"
    rest = full[TOTALS_ON_TERMINAL:]
    if rest:
        records = [record for cluster in rest for record in report.of(cluster)]
        yield f"  {_some(len(rest), 'more cluster')}: {_counted(records)}"
    clean = len(report.clusters) - len(full)
    if clean:
        yield f"  {_some(clean, 'cluster')}: no difference"


def _counted(records: Iterable[Record]) -> str:
    """Return numbers by status and kind: ``2 services, 1 task could not be checked; 200 calendar users drifted``."""
    numbers = Counter((record.status, record.kind) for record in records)
    told = []
    for status, words in HEADINGS.items():
        # What could not be checked has the name of its module, which may be a plural.
        kinds = [
            _some(number, kind.replace("_", " ").removesuffix("s"))
            for (found, kind), number in numbers.items()
            if found is status
        ]
        if kinds:
            told.append(f"{', '.join(kinds)} {words}")
    return "; ".join(told)


def _mixed(records: Iterable[Record]) -> Iterator[Record]:
    """Yield one record of each cluster, then another of each; those of a cluster take turns by status and kind."""
    clusters: dict[str, dict[tuple[Status, str], list[Record]]] = {}
    for record in records:
        clusters.setdefault(record.cluster, {}).setdefault((record.status, record.kind), []).append(record)
    return _in_turn(_in_turn(groups.values()) for groups in clusters.values())


def _in_turn(groups: Iterable[Iterable[Record]]) -> Iterator[Record]:
    for layer in zip_longest(*groups):
        yield from filter(None, layer)


FORMATS: dict[str, tuple[str, Callable[[Report], str]]] = {
    "json": ("drift.json", as_json),
    "junit": ("drift.junit.xml", as_junit),
    "sarif": ("drift.sarif", as_sarif),
    "markdown": ("drift.md", as_markdown),
    "html": ("drift.html", as_html),
}
"""File name and renderer of each format."""
