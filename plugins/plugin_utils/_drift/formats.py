# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""The drift report in each format: one pure function from the report to text each, named in :data:`FORMATS`.

Here are those for programs, with every record.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable
from urllib.parse import quote
from xml.etree import ElementTree as ET

from ansible_collections.ucops.imp.plugins.plugin_utils._drift.findings import as_markdown
from ansible_collections.ucops.imp.plugins.plugin_utils._drift.page import page as as_html
from ansible_collections.ucops.imp.plugins.plugin_utils._drift.records import Record, Status
from ansible_collections.ucops.imp.plugins.plugin_utils._drift.report import Report

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


FORMATS: dict[str, tuple[str, Callable[[Report], str]]] = {
    "json": ("drift.json", as_json),
    "junit": ("drift.junit.xml", as_junit),
    "sarif": ("drift.sarif", as_sarif),
    "markdown": ("drift.md", as_markdown),
    "html": ("drift.html", as_html),
}
"""File name and renderer of each format."""
