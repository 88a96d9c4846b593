# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The checks of ``make matrix``, ``make importer`` and ``make docs-site`` take nothing bad for good."""

from __future__ import annotations

import importlib.metadata
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support import environments
from tests.support.docs_site import PAGES, REPOSITORY, copy_pages, moved
from tests.support.environments import CORES, environment, left_to_the_matrix, requirements
from tests.support.importer import FINISHED, complaints
from tests.support.matrix import Counts, Row, sanity_counts, suite_counts
from tests.support.project_files import ROOT, project_files

SANITY = """Running sanity test "compile" on Python 3.10
Running sanity test "import" on Python 3.10
Running sanity test "validate-modules"
WARNING: Skipping sanity test "pslint" because it is unsupported here.
WARNING: Reviewing previous 1 warning(s):
WARNING: Skipping sanity test "pslint" because it is unsupported here.
"""
TOCTREE = re.compile(r"^```\{toctree\}\n(?::[^\n]*\n)+\n(.*?)^```", re.MULTILINE | re.DOTALL)
PICTURE = re.compile(r"!\[[^]]+\]\((?!https:)([^)]+)\)")
LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#]+)")


def test_sanity_that_passes_is_counted() -> None:
    assert sanity_counts(True, SANITY) == Counts(passed=3, failed=0, skipped=1)


def test_sanity_that_fails_or_breaks_off_has_failed() -> None:
    listed = "FATAL: The 2 sanity test(s) listed below (out of 3) failed. See error output above for details.\n"
    assert sanity_counts(False, SANITY + listed) == Counts(passed=1, failed=2, skipped=1)
    assert sanity_counts(False, "") == Counts(passed=0, failed=1, skipped=0)


def test_a_suite_is_counted_from_its_report(tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    report.write_text('<testsuites><testsuite tests="9" failures="1" errors="2" skipped="3"/></testsuites>')
    assert suite_counts(report, 1) == Counts(passed=3, failed=3, skipped=3)


def test_a_suite_that_breaks_off_has_failed(tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    assert suite_counts(report, 4).failed == 1
    report.write_text('<testsuites><testsuite tests="0" failures="0" errors="0" skipped="0"/></testsuites>')
    assert suite_counts(report, 5).failed == 1


def test_a_release_without_its_python_is_told_in_the_table() -> None:
    assert "skipped: Python 3.10 is not found" in str(Row("2.16", "3.10"))


def test_the_quick_run_says_what_it_leaves_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.metadata, "version", lambda _name: "2.19.4")
    monkeypatch.setattr(environments, "find_interpreter", lambda version: None if version == "3.10" else Path("found"))
    told = left_to_the_matrix()
    assert len(told) == len(CORES) - 1
    assert "ansible-core 2.17 skipped: Python 3.10 is not found" in told
    assert "ansible-core 2.21 skipped: make matrix runs it on Python 3.13" in told


@pytest.mark.parametrize(
    "line", ["WARNING: ERROR    Failed to find ucops.imp.certificates playbook.", "ERROR: no", "Traceback (most recent"]
)
def test_the_importer_may_not_complain(line: str) -> None:
    assert complaints(f"Importing\n{FINISHED}\n") == []
    assert complaints(f"Importing\n{line}\n{FINISHED}\n") == [line]


def test_the_importer_must_finish() -> None:
    assert complaints("Importing\n") == ["galaxy-importer did not finish"]


def test_requirements_are_taken_from_the_list(tmp_path: Path) -> None:
    listed = tmp_path / "list.txt"
    listed.write_text("# Why\npytest>=9.0 # runner\npytest-xdist>=3.8\n\nattrs<24\n")
    assert requirements(listed) == ["pytest>=9.0", "pytest-xdist>=3.8", "attrs<24"]
    assert requirements(listed, ["pytest"]) == ["pytest>=9.0"]
    with pytest.raises(KeyError, match="httpx"):
        requirements(listed, ["httpx"])


def test_an_environment_is_made_again_when_its_packages_change_or_it_was_not_finished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    venv, commands = tmp_path / "venv", []

    def run(command: list[Any], check: bool) -> None:
        assert check
        commands.append(command)
        venv.mkdir(exist_ok=True)
        if "broken" in command:
            raise OSError

    monkeypatch.setattr(subprocess, "run", run)
    with pytest.raises(OSError):  # noqa: PT011 - raised above
        environment(venv, Path(sys.executable), ["broken"])
    for packages, made in ((["a"], 2), (["a"], 0), (["a", "b"], 2)):
        commands.clear()
        environment(venv, Path(sys.executable), packages)
        assert len(commands) == made, packages


def test_links_hold_where_the_site_has_its_pages() -> None:
    assert moved("[a](other.md) [b](../CHANGELOG.md)") == "[a](other.md) [b](CHANGELOG.md)"
    assert moved("[c](../playbooks/site.yml)") == f"[c]({REPOSITORY}/playbooks/site.yml)"
    assert moved("[d](plugins/services_module.rst)") == "[d](plugins/services_module.rst)"
    assert moved("[e](docs/quality.md), as the root names it") == "[e](quality.md), as the root names it"


def test_the_site_has_every_page(tmp_path: Path) -> None:
    copy_pages(tmp_path)
    written = {page.name for page in (ROOT / "docs").rglob("*.md")}
    at_the_root = {page for page in PAGES if "/" not in page}
    assert {page.name for page in tmp_path.iterdir()} == written | at_the_root | {"index.md", "images"}
    pictures = {link for page in tmp_path.glob("*.md") for link in PICTURE.findall(page.read_text(encoding="utf-8"))}
    assert pictures
    assert [link for link in pictures if not (tmp_path / link).is_file()] == []


def test_the_start_page_of_the_site_leads_to_every_page() -> None:
    """Sphinx warns of a page that no list names; it is not part of the quick run."""
    start = (ROOT / "docs" / "site" / "index.md").read_text(encoding="utf-8")
    lines = [line for block in TOCTREE.findall(start) for line in block.splitlines()]
    listed = {line.rpartition("<")[2].rstrip(">") for line in lines}
    written = {page.stem for page in (ROOT / "docs").glob("*.md")} | {
        Path(page).stem for page in PAGES if "/" not in page
    }
    assert written <= listed, "name it below a caption of docs/site/index.md"
    assert listed - written == {"plugins/index", "plugins/environment_variables", "0*"}


def test_every_link_between_files_leads_to_one() -> None:
    dangling = [
        f"{page}: {link}"
        for page in project_files("*.md")
        for link in LINK.findall((ROOT / page).read_text(encoding="utf-8"))
        if not (ROOT / page.parent / link).exists()
    ]
    assert dangling == []


def test_the_licence_is_the_same_text_under_both_names() -> None:
    assert (ROOT / "LICENSES/GPL-3.0-or-later.txt").read_bytes() == (ROOT / "LICENSE").read_bytes()
