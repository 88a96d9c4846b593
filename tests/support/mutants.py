# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``make mutants``: change one thing in a source file, and see whether a test fails; a seeded sample of such changes.

Each runs in a copy of the tree, first the unit tests that are nearest to the file, then a few with processes. A change
that nothing notices is named in ``.build/mutants/report.md``: either a test is missing, or it changes nothing that
anybody could see, and then ``tests/mutants_without_effect.yml`` says why.
"""

from __future__ import annotations

import argparse
import json
import os
import queue
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.support.environments import tool_environment
from tests.support.mutant_tests import Choice
from tests.support.project_files import ROOT, copy_project, project_files

FOLDER = ROOT / ".build" / "mutants"
WITHOUT_EFFECT = ROOT / "tests" / "mutants_without_effect.yml"
SCOPE = ("plugins/module_utils/*.py", "emulator/src/*.py")
TIMEOUT = 900  # seconds; a change may make something wait for ever
KILLED, SURVIVED, NO_EFFECT, NOT_JUDGED = "killed", "survived", "without effect", "not judged"
_FAILED = re.compile(r"^(?:FAILED|ERROR) (tests/.+?)(?: - .*)?$", re.MULTILINE)


@dataclass(frozen=True)
class Outcome:
    """What became of a mutation; ``by`` is the test that noticed it."""

    path: str
    line: int
    operator: str
    before: str
    after: str
    outcome: str
    by: str = ""


class NotJudged(Exception):
    """The tests cannot be run, whether anything is changed or not."""


class Tree:
    """A copy of the project, with at most one file changed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._clock = 0
        self.choice = Choice(folder)
        shutil.rmtree(folder, ignore_errors=True)
        copy_project(folder)

    def judge(self, mutation: dict[str, Any], unreliable: set[str]) -> tuple[str, str]:
        """Return the outcome of a mutation, and which test has noticed it."""
        path = mutation["path"]
        try:
            for tests in (self.choice.unit(path), self.choice.others(path)):
                failed = self._first_failure(path, mutation["source"], tests, unreliable)
                if failed:
                    return KILLED, failed
        except NotJudged as error:
            return NOT_JUDGED, str(error)
        return SURVIVED, ""

    def _first_failure(self, path: str, source: str, tests: list[str], unreliable: set[str]) -> str:
        """Return the first test that fails because of the change.

        One that fails without it as well tells nothing: it is left out from then on.
        """
        while tests:
            with self._changed(path, source):
                failed = self._run(tests, unreliable)
            named = failed.startswith("tests/")
            if not failed or not self._run([failed] if named else tests, unreliable - {failed}):
                return failed
            if not named:
                raise NotJudged(f"without any change {failed}")
            unreliable.add(failed)
        return ""

    def _run(self, tests: list[str], without: set[str]) -> str:
        """Return the first test that fails, or what else has gone wrong; empty when all pass."""
        command = [sys.executable, "-m", "pytest", "-x", "-q", *tests]
        command += [f"--deselect={name}" for name in sorted(without)]
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "PYTHON"))},
            "PYTHONPATH": str(self._folder / "emulator" / "src"),
            "ANSIBLE_COLLECTIONS_PATH": str(self._folder / ".build" / "collections"),
            "ANSIBLE_HOME": str(self._folder / ".build" / "ansible"),
        }
        with subprocess.Popen(
            command,
            cwd=self._folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        ) as started:
            try:
                output, _ = started.communicate(timeout=TIMEOUT)
            except subprocess.TimeoutExpired:
                os.killpg(started.pid, 9)
                started.communicate()
                return "time-out"
        # 5: every test was left out.
        if started.returncode in (0, 5):
            return ""
        found = _FAILED.search(output)
        last = output.strip().rpartition("\n")[2]
        return found[1] if found else f"pytest ended with {started.returncode}: {last}"

    def _changed(self, path: str, source: str) -> Changed:
        self._clock += 2
        return Changed(self._folder / path, source, self._clock)


class Changed:
    """A file with another content for a while.

    Python knows what it has compiled by time and size, so each content gets a time of its own.
    """

    def __init__(self, file: Path, source: str, clock: int) -> None:
        self._file, self._source, self._clock = file, source, clock

    def __enter__(self) -> None:
        self._original = self._file.read_text(encoding="utf-8")
        self._write(self._source, self._clock)

    def __exit__(self, *_: object) -> None:
        self._write(self._original, self._clock + 1)

    def _write(self, content: str, clock: int) -> None:
        self._file.write_text(content, encoding="utf-8")
        time = int(self._file.stat().st_mtime) + clock
        os.utime(self._file, (time, time))


def sample(seed: int, number: int) -> Iterator[dict[str, Any]]:
    """Yield mutations of the files in :data:`SCOPE` as they are made, see ``mutations.py``."""
    program = tool_environment("mutants") / "bin" / "python"
    command = [str(program), str(ROOT / "tests" / "support" / "mutations.py"), str(seed), str(number)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as made:
        assert made.stdin
        assert made.stdout
        made.stdin.write("\n".join(map(str, project_files(*SCOPE))))
        made.stdin.close()
        yield from map(json.loads, made.stdout)
    if made.returncode:
        raise subprocess.CalledProcessError(made.returncode, command)


def without_effect() -> set[tuple[str, str, str]]:
    """Return the changes that nobody could notice: path, the line before, the line after."""
    listed = yaml.safe_load(WITHOUT_EFFECT.read_text(encoding="utf-8")) or []
    return {(item["path"], item["before"], item["after"]) for item in listed}


def report(outcomes: list[Outcome]) -> str:
    """Return the score and what has survived, as Markdown."""
    numbers = {word: sum(found.outcome == word for found in outcomes) for word in (KILLED, SURVIVED)}
    judged = numbers[KILLED] + numbers[SURVIVED]
    share = 100 * numbers[KILLED] / (judged or 1)
    others = len(outcomes) - judged
    told = f"{numbers[KILLED]} of {judged} mutations were noticed ({share:.0f} %); {others} have no effect or no tests."
    survived = sorted((found for found in outcomes if found.outcome == SURVIVED), key=lambda found: found.path)
    lines = [f"* {found.path}:{found.line}: `{found.before}` became `{found.after}`" for found in survived]
    return "\n".join([told, "", *lines]) + "\n"


def run(mutations: Iterable[dict[str, Any]], jobs: int, results: Path) -> list[Outcome]:
    """Judge the mutations, and write down each outcome as soon as it is known."""
    trees: queue.Queue[Tree] = queue.Queue()
    for number in range(jobs):
        trees.put(Tree(FOLDER / f"tree{number}"))
    harmless, unreliable, lock = without_effect(), set[str](), threading.Lock()

    def judge(mutation: dict[str, Any]) -> Outcome:
        known = {name: mutation[name] for name in ("path", "line", "operator", "before", "after")}
        if (mutation["path"], mutation["before"], mutation["after"]) in harmless:
            return Outcome(**known, outcome=NO_EFFECT)
        tree = trees.get()
        try:
            outcome, by = tree.judge(mutation, unreliable)
        finally:
            trees.put(tree)
        found = Outcome(**known, outcome=outcome, by=by)
        with lock, results.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(found)) + "\n")
            print(f"{found.outcome}: {found.path}:{found.line}: {found.before} -> {found.after} {found.by}", flush=True)
        return found

    with ThreadPoolExecutor(jobs) as pool:
        return list(pool.map(judge, mutations))


def main() -> int:
    """Judge a sample; the exit status is 1 when fewer are noticed than asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--number", type=int, default=120)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--least", type=float, default=0.95, help="the share that has to be noticed")
    asked = parser.parse_args()
    FOLDER.mkdir(parents=True, exist_ok=True)
    results = FOLDER / f"results-{asked.seed}.jsonl"
    results.unlink(missing_ok=True)
    outcomes = run(sample(asked.seed, asked.number), asked.jobs, results)
    told = report(outcomes)
    (FOLDER / "report.md").write_text(told, encoding="utf-8")
    print(told)
    judged = [found for found in outcomes if found.outcome in (KILLED, SURVIVED)]
    killed = sum(found.outcome == KILLED for found in judged)
    return 0 if killed >= asked.least * len(judged) else 1


if __name__ == "__main__":
    sys.exit(main())
