# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What tools of others read in the repository is what they want: ansible-builder, pre-commit, the server of the CI."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.environments import CORES
from tests.support.project_files import ROOT, copy_project, project_files

PROGRAMS = Path(sys.executable).parent
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


def content(path: str) -> Any:
    return yaml.safe_load((ROOT / path).read_text(encoding="utf-8"))


def make_targets(command: str) -> set[str]:
    """Return what a command has make do; nothing when it is another program's."""
    program, *words = shlex.split(command)
    return {word for word in words if "=" not in word} if program == "make" else set()


def test_ansible_builder_finds_what_the_modules_need(tmp_path: Path) -> None:
    copy_project(tmp_path / "ansible_collections" / "ucops" / "imp", "galaxy.yml", "meta")
    found = subprocess.run(
        [PROGRAMS / "ansible-builder", "introspect", str(tmp_path)], capture_output=True, text=True, check=True
    )
    python = yaml.safe_load(found.stdout)["python"]
    packages = {re.split(r"[<>= ]", line)[0] for line in python}
    assert packages == {"cryptography", "pypsrp", "pyspnego", "requests"}


def test_pre_commit_takes_its_settings_and_every_hook_is_a_target_of_make() -> None:
    file = ROOT / ".pre-commit-config.yaml"
    subprocess.run([PROGRAMS / "pre-commit", "validate-config", str(file)], check=True)
    hooks = [hook for repository in content(file.name)["repos"] for hook in repository["hooks"]]
    assert all(make_targets(hook["entry"]) <= TARGETS for hook in hooks)


def test_the_workflow_runs_what_there_is() -> None:
    jobs = content(".github/workflows/ci.yml")["jobs"]
    commands = [step["run"] for job in jobs.values() for step in job["steps"] if "run" in step]
    assert {"make demo", "bash .ci/run"} <= set(commands), "the README's two commands, the second as CI runs it"
    assert all(make_targets(command) <= TARGETS for command in commands)
    named = {word for command in commands for word in command.split() if word.startswith("tests/")}
    assert named
    assert all((ROOT / path).exists() for path in named)
    cores = jobs["cores"]["strategy"]["matrix"]["include"]
    assert [(row["core"], row["python"]) for row in cores] == list(CORES)


@pytest.mark.parametrize("form", ["bug_report", "wish"])
def test_the_forms_of_issues_can_be_filled_in(form: str) -> None:
    """The keys that the server of the issues requires of a form."""
    asked = content(f".github/ISSUE_TEMPLATE/{form}.yml")
    assert asked.keys() >= {"name", "description", "body"}
    identifiers = [field["id"] for field in asked["body"]]
    assert len(identifiers) == len(set(identifiers))
    for field in asked["body"]:
        assert field["type"] in {"textarea", "input", "dropdown"}
        assert field["attributes"]["label"]
        assert ("options" in field["attributes"]) == (field["type"] == "dropdown")


def test_nothing_of_this_is_packed() -> None:
    ignored = content("galaxy.yml")["build_ignore"]
    assert {".github", ".pre-commit-config.yaml"} <= set(ignored)
    assert Path("SECURITY.md") in project_files("SECURITY.md")
