# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The CI examples: their commands run as they stand; only what they install and where the clusters are differs."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.drift_site import Site
from tests.support.playbooks import ROOT, settings

EXAMPLES = ROOT / "docs" / "ci"
DRIFT = 3
INSTALLS = ("pip install", "ansible-galaxy collection install")


def example(name: str) -> dict[str, Any]:
    return dict(yaml.safe_load((EXAMPLES / name).read_text(encoding="utf-8")))


def plain(variables: Mapping[str, str]) -> dict[str, str]:
    """Return the variables of a job; what the server fills in from its secrets is a word of ours."""
    return {name: "canary-of-the-vault" if "secrets." in value else value for name, value in variables.items()}


@pytest.fixture
def checkout(site: Site, tmp_path: Path) -> Path:
    """A repository with an inventory, as the job finds it; the clusters are as declared but for one user."""
    (tmp_path / "inventory").symlink_to(site.inventory)
    site.by_hand("calendar_users", "cucm", users=[{"userid": "user0007", "meeting_information": False}])
    return tmp_path


def run(site: Site, checkout: Path, command: str, variables: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a command of a job in the shell that runners use."""
    path = {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    return subprocess.run(
        ["bash", "-eo", "pipefail", "-c", command],
        cwd=checkout,
        env=settings(site.emulator.ready_file) | path | plain(variables),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def test_github_actions(site: Site, checkout: Path) -> None:
    (job,) = example("github-actions.yml")["jobs"].values()
    runner = {"GITHUB_STEP_SUMMARY": str(checkout / "summary.md")}
    commands = [step for step in job["steps"] if "run" in step and not any(word in step["run"] for word in INSTALLS)]
    look, *after = commands

    done = run(site, checkout, look["run"], {**runner, **job["env"], **look["env"]})

    assert done.returncode == DRIFT, done.stdout + done.stderr
    assert "user0007" in done.stdout
    assert "canary-of-the-vault" not in done.stdout + done.stderr
    assert after
    for step in after:
        assert step["if"] == "always()"
        assert run(site, checkout, step["run"], {**runner, **job["env"]}).returncode == 0
    assert "user0007" in (checkout / "summary.md").read_text()
    uploads = {step["uses"].partition("@")[0]: step["with"] for step in job["steps"] if "with" in step}
    assert (checkout / uploads["github/codeql-action/upload-sarif"]["sarif_file"]).is_file()
    assert (checkout / uploads["actions/upload-artifact"]["path"] / "drift.html").is_file()


def test_gitlab_ci(site: Site, checkout: Path) -> None:
    (job,) = example("gitlab-ci.yml").values()
    (command,) = job["script"]

    done = run(site, checkout, command, job["variables"])

    assert done.returncode == DRIFT, done.stdout + done.stderr
    assert job["allow_failure"] == {"exit_codes": [DRIFT]}
    assert job["artifacts"]["when"] == "always"
    assert (checkout / job["artifacts"]["reports"]["junit"]).is_file()
    (folder,) = job["artifacts"]["paths"]
    assert (checkout / folder / "drift.html").is_file()


@pytest.mark.parametrize("name", ["github-actions.yml", "gitlab-ci.yml"])
def test_the_page_shows_what_is_run(name: str) -> None:
    page = (ROOT / "docs" / "drift.md").read_text(encoding="utf-8")
    assert f"docs/ci/{name}" in page
