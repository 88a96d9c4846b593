# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Collection and emulator, which share no code, take the same names for one; drift reports keep apart what they do."""

from __future__ import annotations

import json
from xml.etree import ElementTree

from ansible_collections.ucops.imp.plugins.module_utils._core import options
from ansible_collections.ucops.imp.plugins.plugin_utils._drift.formats import as_junit, as_sarif
from ansible_collections.ucops.imp.plugins.plugin_utils._drift.records import Origin
from ansible_collections.ucops.imp.plugins.plugin_utils._drift.report import Report
from hypothesis import given
from hypothesis import strategies as st

from imp_emulator import letter_case
from imp_emulator.domain.network.names import gateway_name
from imp_emulator.errors import InvalidValue
from tests.support.odd_names import ODD

LABELS = st.text(st.sampled_from("aAkK\u212asS\u017f-0"), min_size=1, max_size=3)
SPELLINGS = st.sampled_from(("2001:db8::21", "2001:DB8:0:0::21", "2001:0db8::0021", "::ffff:192.0.2.1", "192.0.2.1"))
HOSTS = st.one_of(st.lists(LABELS, min_size=2, max_size=3).map(".".join), SPELLINGS)


def key_of(name: str) -> str | None:
    """Return the emulator's form of a gateway's name, ``None`` when it refuses the name."""
    try:
        return gateway_name(name).key
    except InvalidValue:
        return None


@given(st.text())
def test_both_ignore_the_same_letter_case(text: str) -> None:
    assert options.ascii_lower(text) == letter_case.ascii_lower(text)


@given(HOSTS, HOSTS)
def test_both_take_the_same_gateways_for_one(one: str, other: str) -> None:
    keys = key_of(one), key_of(other)
    if None not in keys:
        same = options.canonical_host(one) == options.canonical_host(other)
        assert same is (keys[0] == keys[1])


def test_a_report_has_every_user_once() -> None:
    report = Report("drift", "drift.yml")
    origin = Origin("dc1", "imp-pub", "Users", "users.yml", 1, "ucops.imp.calendar_users", predicted=True)
    field = {"name": "meeting_information", "before": False, "after": True, "secret": False}
    changes = [{"kind": "calendar_user", "id": name, "action": "update", "fields": [field]} for name in ODD]
    report.add(origin, {"changed": True, "changes": changes})
    report.finish(["dc1"], failed=False, unreachable=False)
    cases = ElementTree.fromstring(as_junit(report).encode()).iter("testcase")
    assert {case.get("name") for case in cases} >= set(ODD)
    results = json.loads(as_sarif(report))["runs"][0]["results"]
    assert len({json.dumps(result["partialFingerprints"]) for result in results}) == len(ODD)
