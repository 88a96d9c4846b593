# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every module against every kind of fault: a sentence at most, and a run without the fault finishes the job.

CI tries some pairs of each, always the same; ``make all-cases`` tries all.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from tests.support.emulator import Emulator
from tests.support.module_calls import call_of
from tests.support.modules import ModuleResult, run_module
from tests.support.plugin_files import MODULES, STATE_MODULES

ALL_CASES = "ALL_CASES" in os.environ
FAULTS: dict[str, dict[str, Any]] = {
    "status": {"effect": {"kind": "status", "status": 503}},
    "a proxy's status": {"effect": {"kind": "status", "status": 502, "after": True}},
    "drop": {"effect": {"kind": "drop"}},
    "drop_after": {"effect": {"kind": "drop_after"}},
    "cut": {"effect": {"kind": "cut"}},
    "delay": {"effect": {"kind": "delay", "seconds": 0.2}},
    "drip": {"effect": {"kind": "drip", "seconds": 0.2}},
    "endless": {"effect": {"kind": "endless"}},
    "session": {"effect": {"kind": "session"}},
    "disk_full": {"effect": {"kind": "disk_full"}},
    "clock_skew": {"effect": {"kind": "clock_skew", "seconds": -600}},
    "certificate": {"effect": {"kind": "certificate"}},
}
TALKING = [module for module in MODULES if module not in ("screen", "summary")]
"""Those that ask a server."""
SHARE = 8
"""Of so many pairs CI tries one: each fault several times, each module once or twice."""
PAIRS = [
    (module, fault)
    for row, module in enumerate(TALKING)
    for column, fault in enumerate(FAULTS)
    if ALL_CASES or (row + column) % SHARE == 0
]


def outcome(result: ModuleResult) -> tuple[bool, str | None]:
    """Return what a user acts on: whether it failed, and with which code."""
    return result.failed, result.data.get("code")


def run(environment: Emulator, module: str) -> ModuleResult:
    return run_module(module, {**call_of(module)(environment), "retries": 2, "timeout": 2})


@pytest.mark.parametrize(("module", "fault"), PAIRS)
def test_a_fault_is_survived_or_a_sentence_and_the_next_run_finishes(
    environment: Emulator, module: str, fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    environment.control.inject_fault(FAULTS[fault] | ({} if fault == "clock_skew" else {"every": 2, "times": 3}))
    struck = run(environment, module)
    assert struck.data.get("code") != "unexpected", struck.msg
    assert "Traceback" not in struck.output
    assert "bug in the collection" not in struck.msg
    assert struck.failed is False or struck.msg
    environment.control.clear_faults()
    after = run(environment, module)
    once_more = run(environment, module)
    assert outcome(after) == outcome(once_more)
    if module in STATE_MODULES and not once_more.failed:
        assert once_more.changed is False, "the run after the fault has not finished the job"
