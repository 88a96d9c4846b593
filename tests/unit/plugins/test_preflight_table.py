# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of a preflight: order, shared lines, line lengths, counts."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.ucops.imp.plugins.module_utils._preflight.rows import (
    CHECKS,
    RESULTS,
    SKIPPED,
    Row,
    failed,
    ok,
    skipped,
)
from ansible_collections.ucops.imp.plugins.plugin_utils._screens.preflight import table
from hypothesis import given
from hypothesis import strategies as st

STOPPED = failed("service-runs", "Cisco SIP Proxy on imp-sub", "Stopped", "Started", "Start it.")
ANSWERS = [ok("port-answers", f"{name}:8443", "accepts connections") for name in ("cucm1", "imp1", "imp2")]


def lines_of(*rows: Row, **options: Any) -> list[str]:
    return table([row.as_dict() for row in rows], **{"width": 110, **options})


def test_what_failed_stands_first_with_what_to_do() -> None:
    lines = lines_of(*ANSWERS, STOPPED)
    assert lines[0].split() == ["RESULT", "CHECK", "SUBJECT:", "FOUND", "(EXPECTED)"]
    assert lines[2].split(maxsplit=2) == [
        "failed",
        "service-runs",
        "Cisco SIP Proxy on imp-sub: Stopped (expected: Started)",
    ]
    assert lines[3].strip() == "-> Start it."
    assert lines[4].split(maxsplit=2) == [
        "ok",
        "port-answers",
        "cucm1:8443, imp1:8443, imp2:8443: accepts connections",
    ]
    assert lines[-1] == "1 failed, 0 unknown, 0 warning, 0 skipped, 3 ok"


def test_of_what_is_well_a_few_names_will_do_and_what_failed_is_named_in_full() -> None:
    names = [f"imp{number}" for number in range(1, 7)]
    well = lines_of(*(ok("version-supported", name, "14.0") for name in names))[2]
    assert well.split(maxsplit=2)[2] == "imp1, imp2, imp3 and 3 more: 14.0"
    wrong = lines_of(*(failed("version-supported", name, "10.5", "14.0", "Upgrade it.") for name in names))[2]
    assert wrong.split(maxsplit=2)[2] == f"{', '.join(names)}: 10.5 (expected: 14.0)"


def test_rows_that_differ_do_not_share_a_line() -> None:
    other = failed("service-runs", "Cisco SIP Proxy on imp-pub", "not activated", "Started", "Activate it.")
    same = failed("service-runs", "Cisco SIP Proxy on imp-3", "Stopped", "Started", "Start it.")
    lines = lines_of(STOPPED, other, same)
    assert sum(line.startswith("failed") for line in lines) == 2
    assert any("Cisco SIP Proxy on imp-sub, Cisco SIP Proxy on imp-3: Stopped" in line for line in lines)


def test_what_was_skipped_for_one_reason_is_one_line() -> None:
    why = "imp2:8443 does not answer"
    rows = [skipped("account-logs-in", f"axladmin at interface {number} of imp2", why) for number in range(3)]
    lines = lines_of(*rows, skipped("version-supported", "imp2", why))
    assert " ".join(" ".join(lines[2:-2]).split()) == (
        f"skipped 4 rows not tried: {why}: account-logs-in, version-supported"
    )
    (alone,) = lines_of(*rows[:1])[2:-2]
    assert alone.split(maxsplit=2)[1:] == ["account-logs-in", f"axladmin at interface 0 of imp2: not tried: {why}"]


def test_every_row_may_have_its_own_line() -> None:
    lines = lines_of(*ANSWERS, STOPPED, fold=False)
    assert [line.split()[0] for line in lines[2:-2]] == ["failed", "->", "ok", "ok", "ok"]


def test_nothing_was_checked() -> None:
    assert lines_of()[-1] == ", ".join(f"0 {result}" for result in RESULTS)


WORDS = st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1, max_size=12)
TEXTS = st.lists(WORDS, min_size=1, max_size=30).map(" ".join)
MADE = st.builds(Row, st.sampled_from(list(CHECKS)), TEXTS, st.sampled_from(RESULTS), TEXTS, TEXTS, TEXTS)
# A row that was skipped asks for nothing.
ROWS = MADE.map(lambda row: replace(row, advice="") if row.result == SKIPPED else row)


@given(st.lists(ROWS, max_size=8), st.integers(60, 200), st.booleans())
def test_no_line_is_too_long_and_no_row_is_lost(rows: list[Row], width: int, fold: bool) -> None:
    lines = lines_of(*rows, width=width, fold=fold)
    assert max(map(len, lines)) <= width
    shown = " ".join(" ".join(lines).split())
    for row in rows:
        # Of what was skipped for the same reason, the reason names the server.
        assert (row.check if fold and row.result == SKIPPED else row.subject) in shown
        assert row.found in shown
        assert row.advice in shown


@pytest.mark.parametrize("checks", ["text", {"checks": []}, [1], [{"check": "x"}], None])
def test_what_is_no_preflight_is_refused(checks: Any) -> None:
    with pytest.raises(TypeError, match="preflight_info"):
        table(checks, 110)


def test_a_narrow_table_is_refused() -> None:
    with pytest.raises(ValueError, match="width 59 is not in the range 60 to 1000"):
        lines_of(width=59)
