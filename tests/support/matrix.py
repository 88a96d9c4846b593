# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``make matrix``: sanity, units and integration of the collection on every supported ansible-core.

Each release runs in an environment of its own, on its own Python; the emulator, which wants a newer Python than the
oldest of them, runs on this one. The table at the end says what passed, and what was skipped for want of a Python.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

from tests.support.environments import CORES, core_environment, left_to_the_matrix
from tests.support.project_files import ROOT
from tests.support.sanity import link_interpreters, run_sanity

LOGS = ROOT / ".build" / "matrix"
SUITES = {
    "units": ("tests/unit/plugins",),
    "integration": ("tests/integration/modules", "tests/integration/playbooks"),
}
"""The tests that run the collection itself; all others test the emulator or the repository, on no ansible-core."""


@dataclass(frozen=True)
class Counts:
    """How the tests of one kind ended."""

    passed: int
    failed: int
    skipped: int

    def __str__(self) -> str:
        return f"{self.passed}/{self.failed}/{self.skipped}"


@dataclass
class Row:
    """One release's line in the table; without counts it was not run."""

    core: str
    python: str
    counts: dict[str, Counts] = field(default_factory=dict)
    seconds: float = 0

    def __str__(self) -> str:
        if not self.counts:
            return f"{self.core:<13}{self.python:<8}skipped: Python {self.python} is not found"
        cells = "".join(f"{self.counts[kind]!s:<14}" for kind in ("sanity", *SUITES))
        return f"{self.core:<13}{self.python:<8}{cells}{self.seconds:>6.0f} s"


def say(text: str) -> None:
    """Print one line at once, so that it stands before the output of the tool that it announces."""
    sys.stdout.write(f"matrix: {text}\n")
    sys.stdout.flush()


def sanity_counts(passed: bool, output: str) -> Counts:
    """Count the tests in the output of ``ansible-test sanity``."""
    started = len(re.findall(r'^Running sanity test "', output, re.MULTILINE))
    # Every warning is told again at the end.
    skipped = len(set(re.findall(r"^WARNING: Skipping sanity test .*", output, re.MULTILINE)))
    listed = re.search(r"The (\d+) sanity test\(s\) listed below", output)
    # A run that ends before its list of failures has failed nevertheless.
    failed = 0 if passed else int(listed[1]) if listed else 1
    return Counts(max(started - failed, 0), failed, skipped)


def suite_counts(report: Path, status: int) -> Counts:
    """Count the tests in a JUnit report of pytest; one that was never written, or reports too little, is a failure."""
    if not report.is_file():
        return Counts(0, 1, 0)
    (suite,) = ElementTree.parse(report).getroot()
    total, failures, errors, skipped = (int(suite.attrib[name]) for name in ("tests", "failures", "errors", "skipped"))
    failed = failures + errors
    return Counts(total - failed - skipped, failed or int(status != 0), skipped)


def run_suite(core: str, kind: str, venv: Path) -> Counts:
    """Run one kind of pytest's tests with the ansible-core of ``venv``; show the log when it fails."""
    log, report = LOGS / f"{core}-{kind}.txt", LOGS / f"{core}-{kind}.xml"
    report.unlink(missing_ok=True)
    options = ["--numprocesses", str(os.cpu_count()), "--dist", "worksteal", f"--junit-xml={report}"]
    with log.open("w", encoding="utf-8") as out:
        done = subprocess.run(
            [venv / "bin" / "python", "-m", "pytest", *options, *SUITES[kind]],
            cwd=ROOT,
            # The part of the emulator's package that tests use runs on any of the releases' Pythons.
            env=os.environ | {"IMP_EMULATOR_PYTHON": sys.executable, "PYTHONPATH": str(ROOT / "emulator" / "src")},
            stdout=out,
            stderr=subprocess.STDOUT,
            check=False,
        )
    counts = suite_counts(report, done.returncode)
    if counts.failed:
        sys.stdout.write(log.read_text(encoding="utf-8"))
    return counts


def run_release(core: str, python: str, workspace: Path) -> Row:
    """Run everything on one release of ansible-core."""
    row = Row(core, python)
    venv = core_environment(core, python)
    if venv is None:
        say(f"ansible-core {core} skipped: Python {python} is not found")
        return row
    start = time.monotonic()
    row.counts["sanity"] = sanity_counts(*run_sanity(core, python, venv, workspace))
    for kind in SUITES:
        say(f"ansible-core {core} on Python {python}: {kind}")
        row.counts[kind] = run_suite(core, kind, venv)
        say(f"ansible-core {core} on Python {python}: {kind} {row.counts[kind]} (passed/failed/skipped)")
    row.seconds = time.monotonic() - start
    return row


def say_skipped() -> None:
    """Say what the quick ``make test`` leaves out."""
    for text in left_to_the_matrix():
        say(f"units and integration: {text}")
    say("make importer, make docs-site and make release are not part of make test")


def main() -> int:
    """Run the matrix, or the releases that are named; the exit status is 1 when anything failed or nothing was run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cores", nargs="*", help="releases such as 2.17 (default: all)")
    parser.add_argument("--say-skipped", action="store_true", help="run nothing, say what make test leaves out")
    arguments = parser.parse_args()
    if arguments.say_skipped:
        say_skipped()
        return 0
    wanted = arguments.cores or [core for core, _python in CORES]
    if unknown := set(wanted) - {core for core, _python in CORES}:
        parser.error(f"not in the matrix: {', '.join(sorted(unknown))}")
    LOGS.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="ucops-matrix-") as folder:
        link_interpreters(Path(folder, "bin"))
        rows = [run_release(core, python, Path(folder)) for core, python in CORES if core in wanted]
    say("passed/failed/skipped")
    sys.stdout.write(f"{'ansible-core':<13}{'Python':<8}{'sanity':<14}{'units':<14}{'integration':<14}{'time':>8}\n")
    sys.stdout.write("".join(f"{row}\n" for row in rows))
    ran = [counts for row in rows for counts in row.counts.values()]
    return 1 if not ran or any(counts.failed for counts in ran) else 0


if __name__ == "__main__":
    sys.exit(main())
