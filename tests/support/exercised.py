# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The complete test run fails when an operation that the emulator implements was never answered to any of its tests.

Each emulator that a test starts says at its end what it implements and what it has answered without an error, see
``/about``. The processes of pytest-xdist hand that to the one that judges. A run of some of the tests, or one in which
a test fails, is not judged.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

Operation = tuple[str, str]
"""Protocol and operation."""

WORKERS_WORD = "emulator_operations"
NARROWED_BY = ("keyword", "markexpr", "deselect", "ignore", "ignore_glob", "lf", "stepwise", "maxfail", "collectonly")
"""The options of pytest that leave tests out."""

_implemented: set[Operation] = set()
_answered: set[Operation] = set()
_verdict = pytest.StashKey[list[str]]()


def note(about: dict[str, Any]) -> None:
    """Remember what an emulator says about itself."""
    implemented = about["protocols"] | {"control": about["control"]}
    _implemented.update((protocol, operation) for protocol, found in implemented.items() for operation in found)
    _answered.update((protocol, operation) for protocol, found in about["answered"].items() for operation in found)


def _complete(config: pytest.Config) -> bool:
    narrowed = any(config.getoption(name, None) for name in NARROWED_BY)
    return config.args_source is pytest.Config.ArgsSource.TESTPATHS and not narrowed


def _take(pairs: Iterable[Iterable[str]]) -> Iterable[Operation]:
    return ((protocol, operation) for protocol, operation in pairs)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take over what a process of pytest-xdist has seen."""
    implemented, answered = getattr(node, "workeroutput", {}).get(WORKERS_WORD, ((), ()))
    _implemented.update(_take(implemented))
    _answered.update(_take(answered))


# Last, when the emulator of the whole session has been stopped.
@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Hand on what this process has seen, or judge the run."""
    config = session.config
    output: dict[str, Any] | None = getattr(config, "workeroutput", None)
    if output is not None:
        output[WORKERS_WORD] = (sorted(_implemented), sorted(_answered))
    elif exitstatus == pytest.ExitCode.OK and _complete(config):
        missing = [f"{protocol}: {operation}" for protocol, operation in sorted(_implemented - _answered)]
        config.stash[_verdict] = missing if _implemented else ["all of them: no emulator was asked"]
        if config.stash[_verdict]:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say which operations were left out; nothing of a run that is not judged."""
    missing = config.stash.get(_verdict, None)
    if missing is None:
        return
    if not missing:
        terminalreporter.line(f"{len(_implemented)} operations of the emulator, each of them answered to a test")
        return
    terminalreporter.section("operations of the emulator that no test exercises", red=True)
    for line in missing:
        terminalreporter.line(line)
