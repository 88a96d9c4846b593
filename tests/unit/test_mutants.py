# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``make mutants``: what it leaves out, which tests it takes for a file, and what it says at the end."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tests.support.mutant_tests import MOST_OTHERS, MOST_UNIT, Choice
from tests.support.mutants import KILLED, NO_EFFECT, SURVIVED, WITHOUT_EFFECT, Changed, Outcome, report
from tests.support.mutations import without_effect
from tests.support.project_files import ROOT

TYPES = """
from typing import TYPE_CHECKING
if TYPE_CHECKING:
    import x
Rows = list[str | None]
LIMIT = [1, 2][0]
def size(größe: int | None = 3) -> str | None:
    text: str | bytes = 1 + 2
    return text
"""


def test_types_are_left_out_and_nothing_else() -> None:
    found = {start[0]: _text(start, end) for start, end in without_effect(TYPES) if start[0] != 7}
    assert found == {3: "if TYPE_CHECKING:\n    import x", 5: "Rows = list[str | None]", 8: "str | bytes"}
    line = {_text(start, end) for start, end in without_effect(TYPES) if start[0] == 7}
    assert line == {"int | None", "str | None"}


def _text(start: tuple[int, int], end: tuple[int, int]) -> str:
    lines = TYPES.splitlines()[start[0] - 1 : end[0]]
    lines[-1] = lines[-1][: end[1]]
    lines[0] = lines[0][start[1] :]
    return "\n".join(lines)


@pytest.fixture(scope="module")
def choice() -> Choice:
    return Choice(ROOT)


@pytest.mark.parametrize(
    ("path", "unit", "other"),
    [
        ("plugins/module_utils/_core/backoff.py", "plugins/test_backoff.py", "modules/test_misbehaviour.py"),
        ("plugins/module_utils/_resources/services.py", "plugins/test_pure_plans.py", "modules/test_services.py"),
        (
            "emulator/src/imp_emulator/domain/exchange/recurrence.py",
            "emulator/test_recurrence.py",
            "emulator/test_ews_series.py",
        ),
        (
            "emulator/src/imp_emulator/wire/certmgr.py",
            "emulator/test_certmgr_keys.py",
            "emulator/test_certmgr.py",
        ),
    ],
)
def test_the_tests_of_a_file_are_those_that_are_about_it(choice: Choice, path: str, unit: str, other: str) -> None:
    near, others = choice.unit(path), choice.others(path)
    assert f"tests/unit/{unit}" in near
    assert any(name.endswith(other) for name in others)
    assert len(near) <= MOST_UNIT
    assert len(others) <= MOST_OTHERS


def test_a_changed_file_is_compiled_anew_and_comes_back(tmp_path: Path) -> None:
    file = tmp_path / "x.py"
    file.write_text("a = 1 + 1\n")
    times = [int(file.stat().st_mtime)]
    with Changed(file, "a = 1 - 1\n", 2):
        assert file.read_text() == "a = 1 - 1\n"
        times.append(int(file.stat().st_mtime))
    assert file.read_text() == "a = 1 + 1\n"
    assert len({*times, int(file.stat().st_mtime)}) == 3


def test_the_report_names_what_nobody_has_noticed() -> None:
    told = report(
        [
            Outcome("a.py", 1, "AddNot", "if x:", "if not x:", KILLED, "tests/test_a.py::test_x"),
            Outcome("b.py", 2, "NumberReplacer", "LIMIT = 3", "LIMIT = 4", SURVIVED),
            Outcome("c.py", 3, "NumberReplacer", "indent=2", "indent=3", NO_EFFECT),
        ]
    )
    assert "1 of 2 mutations were noticed (50 %)" in told
    assert "* b.py:2: `LIMIT = 3` became `LIMIT = 4`" in told
    assert "a.py" not in told


def test_what_has_no_effect_says_why_and_is_still_there() -> None:
    for item in yaml.safe_load(WITHOUT_EFFECT.read_text(encoding="utf-8")):
        assert item["why"].strip()
        assert item["before"] in (ROOT / item["path"]).read_text(encoding="utf-8")
