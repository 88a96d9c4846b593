# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The five reports: what they hold, that they are valid, and that nothing from a cluster becomes markup."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from ansible_collections.ucops.imp.plugins.plugin_utils._drift import findings, formats
from ansible_collections.ucops.imp.plugins.plugin_utils._drift.page import SHOWN
from ansible_collections.ucops.imp.plugins.plugin_utils._drift.page import page as as_html
from ansible_collections.ucops.imp.plugins.plugin_utils._drift.records import Record, Status
from ansible_collections.ucops.imp.plugins.plugin_utils._drift.report import Report

from tests.support import drift
from tests.support.drift import change, field, result


def report_of(*found: dict[str, Any]) -> Report:
    report = Report("Drift report", playbook="drift.yml", started="2026-11-24T07:00:00+00:00")
    for one in found:
        report.add(drift.GATEWAYS, one)
    report.finish(["dc1"], failed=False, unreachable=False)
    return report


CLEAN = result()


def test_json_holds_every_record() -> None:
    report = drift.full_report()
    content = json.loads(formats.as_json(report))
    assert (content["format"], content["title"], content["exit_status"]) == (1, "Calendar integration", 2)
    assert content["summary"] == {
        "clusters": ["dc1", "dc2", "dc3"],
        "checks": 7,
        "could-not-check": 1,
        "drift": 5,
        "undeclared": 2,
        "unknown": 1,
        "corrected": 1,
    }
    assert [Record(**{**record, "status": Status(record["status"])}) for record in content["records"]] == report.records


def test_junit_has_a_case_for_each_object() -> None:
    root = ET.fromstring(formats.as_junit(drift.full_report()))
    suites = {suite.get("name"): suite for suite in root}
    assert list(suites) == ["dc1", "dc2", "dc3"]
    cases = {(case.get("classname"), case.get("name")): case for case in suites["dc1"]}
    assert len(cases) == len(suites["dc1"]) == 8
    gateway = cases["dc1.presence_gateway", "mail1.example.com"]
    assert [(child.tag, child.get("type")) for child in gateway] == [("failure", "drift")]
    assert (gateway.get("file"), gateway.get("line")) == ("site/gateways.yml", "14")
    # Drift of the password, and that another task could not compare it: one object, one case, both told.
    shared = cases["dc1.gateway_credentials", "shared"][0]
    assert shared.get("type") == "drift"
    assert "could not be compared" in (shared.text or "")
    assert cases["dc1.trust_certificates", "imp-sub"][0].tag == "error"
    assert [child.tag for case in suites["dc2"] for child in case] == []
    assert [child.tag for case in suites["dc3"] for child in case] == ["system-out"]


def test_junit_counts_agree_with_the_cases() -> None:
    root = ET.fromstring(formats.as_junit(drift.full_report()))
    for element in (root, *root):
        for name, tag in (("tests", "testcase"), ("failures", "failure"), ("errors", "error")):
            assert int(element.get(name, "-1")) == len(element.findall(f".//{tag}")), name


def test_a_clean_junit_report_is_not_empty() -> None:
    root = ET.fromstring(formats.as_junit(report_of(CLEAN)))
    (case,) = root.iter("testcase")
    assert case.get("name") == "Configure the Exchange servers as presence gateways (imp-pub.dc1)"
    assert list(case) == []


def test_junit_survives_characters_that_xml_forbids() -> None:
    odd = change("presence_gateway", "mail\x00\x1b1", field("description", "a\x08b", "\ud800<&>"))
    (failure,) = ET.fromstring(formats.as_junit(report_of(result(odd)))).iter("failure")
    assert "a\ufffdb" in (failure.text or "")


def sarif(report: Report) -> dict[str, Any]:
    content = json.loads(formats.as_sarif(report))
    assert (content["version"], content["$schema"].endswith("sarif-2.1.0.json")) == ("2.1.0", True)
    (run,) = content["runs"]
    return dict(run)


def test_sarif_has_what_the_standard_and_github_ask_for() -> None:
    run = sarif(drift.full_report())
    driver = run["tool"]["driver"]
    assert driver["name"] == "ucops.imp.drift"
    ids = [rule["id"] for rule in driver["rules"]]
    assert len(ids) == len(set(ids))
    for found in run["results"]:
        assert ids[found["ruleIndex"]] == found["ruleId"]
        assert found["level"] in {"error", "warning", "note"}
        assert found["message"]["text"]
        physical = found["locations"][0]["physicalLocation"]
        assert physical["artifactLocation"]["uri"] == "site/gateways.yml"
        assert physical["region"]["startLine"] >= 1
    (invocation,) = run["invocations"]
    assert (invocation["executionSuccessful"], invocation["exitCode"]) == (False, 2)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", invocation["startTimeUtc"])


def test_sarif_has_a_reference_for_every_path() -> None:
    report = Report("Drift report")
    report.add(replace(drift.GATEWAYS, path="site one/größe %.yml"), result(drift.DESCRIPTION))
    report.finish([], failed=False, unreachable=False)
    (found,) = sarif(report)["results"]
    uri = found["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert uri == "site%20one/gr%C3%B6%C3%9Fe%20%25.yml"


def test_sarif_levels_follow_the_status() -> None:
    run = sarif(drift.full_report())
    levels = {found["properties"]["status"]: found["level"] for found in run["results"]}
    assert levels == {
        "could-not-check": "error",
        "drift": "error",
        "undeclared": "warning",
        "unknown": "warning",
        "corrected": "note",
    }


def test_a_finding_keeps_its_fingerprint_and_no_two_share_one() -> None:
    records = drift.full_report().records
    prints = [formats.fingerprint(record) for record in records]
    assert len(prints) == len(set(prints))
    moved = [replace(record, line=1, path="x.yml", task="y", before="z", message="w") for record in records]
    assert [formats.fingerprint(record) for record in moved] == prints


def test_a_clean_sarif_report_has_no_results() -> None:
    run = sarif(report_of(CLEAN))
    assert (run["results"], run["tool"]["driver"]["rules"]) == ([], [])
    assert run["invocations"][0]["executionSuccessful"] is True


def test_markdown_shows_each_cluster_and_escapes_what_it_quotes() -> None:
    told = findings.as_markdown(drift.full_report())
    assert "| dc2 | 0 | 0 | 0 | 0 | 0 |\n" in told
    assert "## dc1\n\n**1 could not be checked**" in told
    rows = [line for line in told.splitlines() if line.startswith("| ") and "mail1.example.com" in line]
    assert rows[0] == ('| `mail1.example.com` | description is "ask \\<Jim\\> \\| \\*now\\*", should be "First site" |')


def test_markdown_of_a_clean_run_names_the_clusters() -> None:
    assert "\n\nClean: dc1.\n\n" in findings.as_markdown(report_of(CLEAN))


def test_markdown_of_very_much_drift_stays_short() -> None:
    many = [change("presence_gateway", f"mail{one}", field("description", one, "x")) for one in range(5000)]
    told = findings.as_markdown(report_of(result(*many)))
    assert told.count("\n| `mail") == findings.ROWS_IN_MARKDOWN
    assert "4,800 more are in the other reports." in told


def users(number: int) -> list[dict[str, Any]]:
    options = (field("im_and_presence", False, True), field("meeting_information", False, True))
    return [change("calendar_user", f"user{one:04}", *options) for one in range(number)]


def test_what_is_the_same_of_many_is_one_row_for_people_and_a_record_each_for_programs() -> None:
    report = report_of(result(*users(200)))
    same = "user0000, user0001, user0002 and 197 more"
    said = "im_and_presence is no, should be yes; meeting_information is no, should be yes"
    assert findings.as_terminal(report).splitlines()[1:] == [
        "dc1:",
        "  200 users drifted:",
        f"    {same}: {said}",
    ]
    assert findings.as_markdown(report).count("\n| `") == 1
    page = Page(as_html(report))
    assert page.tags.count("tr") == 2
    assert same in page.text
    assert "user0150" in page.text, "the names are all there, folded"
    assert len(json.loads(formats.as_json(report))["records"]) == 400


def refused(*tasks: str) -> Report:
    report = Report("Drift report")
    for task in tasks:
        origin = replace(drift.GATEWAYS, task=task, action=f"ucops.imp.{task}")
        report.add_failed(origin, {"msg": "imp-pub.dc1 refuses the account.", "failed": True, "code": "unauthorized"})
    report.finish([], failed=True, unreachable=False)
    return report


def test_six_identical_refusals_are_one() -> None:
    report = refused("trust", "gateways", "users", "calendaring", "restart", "started")
    told = "trust, gateways, users and 3 more: imp-pub.dc1 refuses the account."
    assert findings.as_terminal(report).splitlines()[1:] == ["dc1:", "  6 could not be checked:", f"    {told}"]
    for shown in (findings.as_markdown(report), as_html(report)):
        assert shown.count("refuses the account") == 1
    assert len(report.records) == 6


class Page(HTMLParser):
    """Collects the tags, attributes and text of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name in {"src", "href", "action"}]

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_page_needs_nothing_else() -> None:
    page = as_html(drift.full_report())
    assert [link for link in Page(page).links if not link.startswith("#")] == []
    assert not re.search(r"https?://|url\(|@import", page)
    assert "script" not in Page(page).tags


def test_the_page_tells_every_record_and_no_markup_comes_from_a_cluster() -> None:
    evil = "<script>alert('x')</script>"
    found = change("presence_gateway", evil, field("description", evil, "\"'&"))
    page = Page(as_html(report_of(result(found))))
    assert "script" not in page.tags
    assert page.text.count(evil) == 2
    full = Page(as_html(drift.full_report()))
    # One row for each finding, and one for the head of each kind's table.
    assert full.tags.count("tr") == 2 * len(drift.full_report().records)
    for record in drift.full_report().records:
        assert record.id in full.text


def test_the_page_can_be_heard_as_well_as_seen() -> None:
    page = as_html(drift.full_report())
    assert '<html lang="en">' in page
    labels = re.findall(r'<table aria-labelledby="([^"]+)"', page)
    assert len(labels) == page.count("<table") == 10
    for label in labels:
        assert page.count(f'id="{label}"') == 1
    assert page.count('<th scope="row"') == len(drift.full_report().records)
    assert "prefers-color-scheme:dark" in page
    assert "width=device-width" in page


def printing(style: str) -> dict[str, str]:
    """Return what the page's last media query declares for print, by selector."""
    block = style.partition("@media print{")[2]
    found: dict[str, str] = {}
    for selectors, declarations in re.findall(r"([^{}]+)\{([^{}]*)\}", block):
        for selector in re.split(r",(?![^(]*\))", selectors):
            found[selector.strip()] = found.get(selector.strip(), "") + declarations + ";"
    return found


def test_the_page_is_printed_without_gaps_and_in_light() -> None:
    style = as_html(drift.full_report()).partition("<style>")[2].partition("</style>")[0]
    printed = printing(style)
    assert {name for name, told in printed.items() if "break-inside:avoid" in told} == {"tr", ".tiles li", ".verdict"}
    assert "break-after:avoid" in printed["section>header"]
    assert "break-after:avoid" in printed["h3"]
    # What is folded is left out on paper; that it is there is not.
    assert printed["details:not([open],.more)"] == "display:none;"
    assert "color-scheme:light" in printed[":root"]
    dark = set(re.findall(r"--[\w-]+(?=:)", style.partition("prefers-color-scheme:dark")[2].partition("}}")[0]))
    assert dark
    assert dark <= set(re.findall(r"--[\w-]+(?=:)", printed[":root"]))
    # Sheets are narrower than many a screen: the table stays one.
    assert "@media screen and (max-width:44rem)" in style


def test_very_many_findings_unfold() -> None:
    many = [change("presence_gateway", f"mail{one}", field("description", one, "x")) for one in range(5000)]
    page = as_html(report_of(result(*many)))
    at_once = page.partition('<details class="more">')[0]
    assert at_once.count('<th scope="row"') == SHOWN
    assert page.count('<th scope="row"') == 5000
    assert "<summary>4,975 more</summary>" in page


def test_clusters_without_a_finding_are_together_and_the_others_are_named_first() -> None:
    page = as_html(many_clusters(2))
    assert re.findall(r'<a href="#(cluster-\d+)">(dc\d\d)</a>', page) == [("cluster-1", "dc01"), ("cluster-2", "dc02")]
    assert "<small>1 user drifted, 1 presence gateway drifted</small>" in page
    assert page.count("Everything is as declared.") == 1
    assert "<nav" not in as_html(report_of(result(drift.DESCRIPTION)))


def test_no_word_of_the_page_is_wider_than_a_phone() -> None:
    style = as_html(drift.full_report()).partition("<style>")[2].partition("</style>")[0]
    assert any("overflow-wrap:anywhere" in told for told in re.findall(r"^body\{([^}]*)\}", style, re.MULTILINE))
    assert "minmax(min(10.5rem,100%),1fr)" in style


@pytest.mark.parametrize(("found", "mood"), [(CLEAN, "good"), (result(drift.USER), "warn")])
def test_the_page_says_at_once_how_it_went(found: dict[str, Any], mood: str) -> None:
    assert f'class="verdict {mood}"' in as_html(report_of(found))


def test_the_terminal_shows_some_findings_of_each_kind_and_counts_the_rest() -> None:
    many = [change("presence_gateway", f"mail{one}", field("description", one, "x")) for one in range(25)]
    lines = findings.as_terminal(report_of(result(*many, *users(1)))).splitlines()
    assert lines[0] == "Drift report: What is there is not what is declared. 1 check of 1 cluster: 26 drifted."
    assert lines[1:4] == [
        "dc1: 26 drifted",
        "  25 presence gateways drifted:",
        '    mail0: description is 0, should be "x"',
    ]
    assert lines[8:10] == ["    and 20 more in the reports", "  1 user drifted:"]
    assert len(lines) == 11


def many_clusters(number: int) -> Report:
    """A report of clusters with 1, 2, 3 ... users and a gateway each that have drifted, and one that is clean."""
    report = Report("Drift report")
    report.add(replace(drift.GATEWAYS, cluster="clean"), result())
    for count in range(1, number + 1):
        origin = replace(drift.GATEWAYS, cluster=f"dc{count:02}")
        report.add(origin, result(*users(count), drift.DESCRIPTION, failures=[drift.NODE_DOWN] * (count == 2)))
    report.finish([], failed=False, unreachable=False)
    return report


def test_the_terminal_shows_each_cluster_with_its_kinds_and_their_numbers() -> None:
    lines = findings.as_terminal(many_clusters(4)).splitlines()
    assert [line for line in lines if not line.startswith("    ")][1:] == [
        "dc01: 2 drifted",
        "  1 user drifted:",
        "  1 presence gateway drifted:",
        "dc02: 1 could not be checked, 3 drifted",
        "  1 could not be checked:",
        "  2 users drifted:",
        "  1 presence gateway drifted:",
        "dc03: 4 drifted",
        "  3 users drifted:",
        "  1 presence gateway drifted:",
        "dc04: 5 drifted",
        "  4 users drifted:",
        "  1 presence gateway drifted:",
        "1 cluster: no difference",
    ]


def test_clusters_of_which_the_same_is_to_be_told_are_together() -> None:
    report = Report("Drift report")
    for cluster in ("dc1", "dc2", "dc3"):
        report.add(replace(drift.GATEWAYS, cluster=cluster), result(drift.USER))
    report.finish([], failed=False, unreachable=False)
    assert findings.as_terminal(report).splitlines()[1:] == [
        "dc1, dc2, dc3, each:",
        "  1 user drifted:",
        "    user0042: meeting_information is no, should be yes",
    ]


def test_the_terminal_sums_up_what_is_too_many_clusters() -> None:
    most = findings.CLUSTERS_ON_TERMINAL
    lines = findings.as_terminal(many_clusters(most + 2)).splitlines()
    assert lines[1] == f"  dc{most + 2}: {most + 2} users drifted, 1 presence gateway drifted"
    assert lines[most + 1] == "  2 more clusters: 4 users drifted, 2 presence gateways drifted"
    assert lines[most + 2] == "  dc02: 1 could not be checked: imp-sub does not answer on port 443."
    assert lines[most + 3].startswith("  dc01, dc02, dc03 and 29 more: 528 users drifted: im_and_presence is no,")
    assert lines[-1] == "1 cluster: no difference"


def test_the_terminal_gets_no_commands_and_no_endless_lines() -> None:
    odd = change("presence_gateway", "a\x1b[2Jb\u202ec", field("description", "x" * 9999, "y\nz"))
    line = findings.as_terminal(report_of(result(odd))).splitlines()[3]
    assert line.startswith("    a\\u001b[2Jb\\u202ec: description")
    assert len(line) == findings.LONGEST_LINE + 4
