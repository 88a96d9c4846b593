# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever a server calls its users, everything that reads them goes on: export, preflight, drift; generated ids."""

from __future__ import annotations

import json
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import yaml
from ansible_collections.ucops.imp.plugins.filter.bat_file import bat_file as as_bat_file
from ansible_collections.ucops.imp.plugins.filter.bat_unnamed import bat_unnamed
from ansible_collections.ucops.imp.plugins.filter.inventory_value import inventory_value
from ansible_collections.ucops.imp.plugins.module_utils._clients.imp_admin import Presence
from ansible_collections.ucops.imp.plugins.module_utils._formats import bat_file, text_file
from ansible_collections.ucops.imp.plugins.module_utils._preflight.gateways import AdminFacts
from ansible_collections.ucops.imp.plugins.module_utils._preflight.logins import InterfaceAnswer
from ansible_collections.ucops.imp.plugins.module_utils._preflight.rows import Row
from ansible_collections.ucops.imp.plugins.module_utils._preflight.users import mailboxes_row
from ansible_collections.ucops.imp.plugins.plugin_utils._drift import findings, formats
from ansible_collections.ucops.imp.plugins.plugin_utils._drift.page import page
from ansible_collections.ucops.imp.plugins.plugin_utils._drift.report import Report
from ansible_collections.ucops.imp.plugins.plugin_utils._screens.preflight import table
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.support import drift
from tests.support.drift import change, field, result
from tests.support.odd_names import ODD, USERIDS, ascii_key
from tests.unit.plugins.test_preflight_cluster import interface

# Controls that XML 1.0 can carry, what nobody sees, blanks of all widths, and what is no letter of its own.
CLOSE = st.text(
    st.sampled_from("aA#t,;\t\n\r\x7f\x85\u00a0\u200b\u2028\u3000\ufeff\u202e\u0301{}%\"'"), min_size=1, max_size=8
)
LONG = st.integers(100, 128).flatmap(
    lambda size: st.text(st.sampled_from("aé山\U0001f600"), min_size=size, max_size=size)
)
IDS = st.one_of(USERIDS, CLOSE, LONG)
MANY = st.lists(IDS, min_size=1, max_size=10, unique_by=ascii_key)


def mailboxes(users: list[dict[str, Any]]) -> Row:
    facts = AdminFacts([], {}, failing=Presence(users, ["imp-pub"]))
    return mailboxes_row(InterfaceAnswer(interface(kind="admin API"), facts))


QUICK = settings(deadline=None, max_examples=25)


@QUICK
@given(MANY)
@example([*ODD, "山田\u3000太郎", " a", "a\u00a0", "li\nsa", "#"])
def test_one_that_no_file_can_hold_costs_nobody_else(names: list[str]) -> None:
    """The role exports those that the filter does not name, and the file is read back as they are."""
    unnamed = bat_unnamed(names)
    users = [{"userid": name, "im_and_presence": True, "meeting_information": True} for name in names]
    text = as_bat_file([user for user in users if user["userid"] not in unnamed])
    found = bat_file.read_bytes(text.encode())
    assert (found.problems, found.notes) == ([], [])
    assert sorted(user.userid for user in found.users) == sorted(set(names) - set(unnamed))
    assert all(name == "#" or name != name.strip() or not name.isprintable() or "\x85" in name for name in unnamed)


@QUICK
@given(st.one_of(IDS, st.text(st.characters(codec="utf-8"), max_size=30)))
@example("007")
@example("yes")
@example("{{ lookup('pipe', 'id') }}")
def test_a_value_of_an_inventory_is_read_back_as_it_was(name: str) -> None:
    line = inventory_value(name)
    assert "\n" not in line
    assert yaml.safe_load(line.removeprefix("!unsafe ")) == name


@QUICK
@given(MANY)
def test_the_preflight_names_them(names: list[str]) -> None:
    users = [{"userid": name, "mailbox": name, "failure": {"code": "mailbox"}} for name in names]
    row = mailboxes(users)
    assert f"{len(names)} without a mailbox" in row.found
    assert names[0] in row.found
    lines = table([row.as_dict()], 110)
    assert all(len(line.splitlines()) <= 1 for line in lines), "a line of the table is one line"


@QUICK
@given(MANY)
def test_every_report_of_drift_holds_them(names: list[str]) -> None:
    report = Report("Drift report", playbook="drift.yml", started="2026-11-24T07:00:00+00:00")
    changes = [change("calendar_user", name, field("meeting_information", False, True)) for name in names]
    report.add(drift.GATEWAYS, result(*changes))
    report.finish(["dc1"], failed=False, unreachable=False)
    content = json.loads(formats.as_json(report))
    assert [record["id"] for record in content["records"]] == names
    assert len(ET.fromstring(formats.as_junit(report)).findall(".//testcase")) >= 1
    json.loads(formats.as_sarif(report))
    for shown in (findings.as_markdown(report), findings.as_terminal(report), page(report)):
        assert shown.encode()


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("user0001\u200b", "character 9 is U+200B (Zero width space), which nobody sees"),
        ("\u3000anna", "character 1 is U+3000 (Ideographic space), which nobody sees"),
        ("an\u00a0na", "character 3 is U+00A0 (No-break space), which nobody sees"),
        ("anna\x85", "character 5 is U+0085 (A control character), which nobody sees"),
        ("\ufeffanna", "character 1 is U+FEFF (Zero width no-break space), which nobody sees"),
        ("山田\u3000太郎", None),
        ("John Smith", None),
        ("müller", None),
    ],
)
def test_what_nobody_sees_in_an_id_is_told(name: str, said: str | None) -> None:
    assert text_file.invisible(name) == said


def test_a_long_list_of_odd_users_is_one_short_sentence() -> None:
    users = [{"userid": "山" * 128, "mailbox": "m", "failure": {"code": "mailbox"}} for _number in range(1000)]
    row = mailboxes(users)
    assert "and 995 more" in row.found
    assert len(row.found) < 1000
