# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``make mutants``: what it leaves out, which tests it takes for a file, and what it says at the end."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tests.support.mutant_tests import Choice
from tests.support.mutants import KILLED, NO_EFFECT, SURVIVED, WITHOUT_EFFECT, Changed, Outcome, report
from tests.support.mutations import without_effect
from tests.support.project_files import ROOT

COLLECTION = "ansible_collections.ucops.imp.plugins.module_utils"
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


FILES = {
    "plugins/module_utils/_core/pauses.py": "LONGEST_PAUSE = 8",
    "plugins/module_utils/_clients/ask.py": f"from {COLLECTION}._core.pauses import LONGEST_PAUSE",
    "emulator/src/imp_emulator/wire/certificates.py": "def upload_certificate(): 'certmgr'",
    "tests/support/client.py": f"from {COLLECTION}._clients import ask",
    "tests/unit/test_client.py": "import pytest\nfrom tests.support.client import ask",
    "tests/unit/test_pauses.py": f"import {COLLECTION}._core.pauses",
    "tests/unit/test_else.py": "import json",
    "tests/integration/emulator/test_certificates.py": "def test_upload_certificate(): 'certmgr'",
    "tests/integration/emulator/test_users.py": "def test_listing(): 'pause'",
    "tests/integration/modules/test_asks.py": "LONGEST_PAUSE",
    "tests/integration/modules/test_load.py": "LONGEST_PAUSE upload_certificate",
    "tests/conformance/test_other.py": "def test_other(): 'other'",
}


@pytest.mark.parametrize(
    ("path", "unit", "others"),
    [
        ("plugins/module_utils/_core/pauses.py", ["pauses", "client"], ["asks"]),
        ("plugins/module_utils/_clients/ask.py", ["client"], ["asks"]),
        ("emulator/src/imp_emulator/wire/certificates.py", [], ["certificates"]),
    ],
)
def test_the_tests_of_a_file_are_those_that_are_about_it(
    tmp_path: Path, path: str, unit: list[str], others: list[str]
) -> None:
    """Those that import it, the nearest first; and those that share words that are rare, unless they take long."""
    for name, content in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content)
    choice = Choice(tmp_path)
    assert choice.unit(path) == [f"tests/unit/test_{name}.py" for name in unit]
    assert [Path(name).stem.removeprefix("test_") for name in choice.others(path)][: len(others)] == others
    assert "tests/integration/modules/test_load.py" not in choice.others(path)


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
