# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``make release`` refuses what is not fit to be released, and says why."""

from __future__ import annotations

import io
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

from tests.support import changelog, tarball
from tests.support.project_files import copy_project
from tests.support.release import obstacles

FEW = 5


def git(root: Path, *arguments: str) -> None:
    me = ["-c", "user.name=tester", "-c", "user.email=tester@example.com", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *me, *arguments], cwd=root, check=True, capture_output=True)


def commit(root: Path) -> None:
    git(root, "add", "--all")
    git(root, "commit", "--message", "State of the test", "--allow-empty")


@pytest.fixture(scope="module")
def releasable(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with the project's files, few of its fragments, and the changelog that they make.

    All of the fragments make one too, which takes seconds: each of their lines is checked. The tests make four more.
    """
    root = tmp_path_factory.mktemp("releasable") / "ansible_collections" / "ucops" / "imp"
    copy_project(root)
    changelog.write(root)
    for fragment in sorted((root / "changelogs/fragments").iterdir())[FEW:]:
        fragment.unlink()
    changelog.write(root)
    git(root, "init")
    commit(root)
    return root


@pytest.fixture
def project(releasable: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(releasable, tmp_path / "ansible_collections" / "ucops" / "imp"))


def raise_version(project: Path) -> str:
    old = changelog.version(project)
    settings = project / "galaxy.yml"
    settings.write_text(settings.read_text().replace(f"version: {old}", "version: 99.0.0"))
    return old


def test_a_version_without_a_changelog_is_refused(project: Path) -> None:
    old = raise_version(project)
    commit(project)
    (said,) = obstacles(project)
    assert "99.0.0" in said
    assert old in said
    assert "run make changelog" in said


def test_a_fragment_that_is_not_in_the_changelog_is_refused(project: Path) -> None:
    (project / "changelogs/fragments/more.yml").write_text("bugfixes:\n  - A fault is gone.\n")
    commit(project)
    (said,) = obstacles(project)
    assert "fragments" in said
    assert "run make changelog" in said


def test_an_edited_changelog_is_refused(project: Path) -> None:
    page = project / "CHANGELOG.md"
    page.write_text(page.read_text() + "More.\n")
    commit(project)
    (said,) = obstacles(project)
    assert "run make changelog" in said


def test_a_committed_version_with_its_changelog_and_tag_is_fit_until_something_changes(project: Path) -> None:
    tag = f"v{changelog.version(project)}"
    git(project, "tag", tag)
    assert obstacles(project) == []
    commit(project)
    (project / "left_over.txt").touch()
    changed, tagged = obstacles(project)
    assert "not what is committed" in changed
    assert "left_over.txt" in changed
    assert tag in tagged
    assert "raise it in galaxy.yml" in tagged


def test_a_tarball_with_more_or_less_than_the_collection_is_refused(tmp_path: Path) -> None:
    names = {f"{name}/file" if "." not in name else name for name in tarball.CONTENTS - {"plugins"}}
    strange = tmp_path / "strange.tar.gz"
    with tarfile.open(strange, "w:gz") as archive:
        for name in names | {"tests/support/sanity.py", "emulator/README.md"}:
            archive.addfile(tarfile.TarInfo(name), io.BytesIO())

    assert tarball.problems(strange) == [
        "emulator does not belong into the tarball: name it in build_ignore",
        "tests/support does not belong into the tarball: name it in build_ignore",
        "plugins is missing in the tarball",
    ]
