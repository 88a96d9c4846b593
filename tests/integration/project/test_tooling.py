# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The helpers that the Makefile calls: collection tree, interpreters, the copy that ansible-test checks."""

from __future__ import annotations

import importlib.util
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.support import check_python
from tests.support.collection_tree import ENTRIES, ensure_collection_tree
from tests.support.interpreters import find_interpreter
from tests.support.sanity import copy_collection

RUNNING = f"{sys.version_info[0]}.{sys.version_info[1]}"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    (tmp_path / "plugins").mkdir()
    (tmp_path / "galaxy.yml").write_text("name: imp\n")
    return tmp_path


def test_the_tree_is_a_real_directory_with_links_to_what_exists(checkout: Path) -> None:
    collection = ensure_collection_tree(checkout) / "ansible_collections" / "ucops" / "imp"
    assert not collection.is_symlink()
    assert {entry.name for entry in collection.iterdir()} == {"plugins", "galaxy.yml"}
    assert all(entry.is_symlink() and entry.samefile(checkout / entry.name) for entry in collection.iterdir())


def test_the_tree_is_mended_when_entries_come_go_or_point_elsewhere(checkout: Path) -> None:
    collection = ensure_collection_tree(checkout) / "ansible_collections" / "ucops" / "imp"
    (checkout / "roles").mkdir()
    (checkout / "galaxy.yml").unlink()
    (collection / "plugins").unlink()
    (collection / "plugins").symlink_to("elsewhere")
    ensure_collection_tree(checkout)
    assert {entry.name for entry in collection.iterdir()} == {"plugins", "roles"}
    assert (collection / "plugins").samefile(checkout / "plugins")


def test_the_tree_may_be_made_by_many_at_once(checkout: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        trees = set(pool.map(lambda _: ensure_collection_tree(checkout), range(64)))
    (tree,) = trees
    assert {entry.name for entry in (tree / "ansible_collections" / "ucops" / "imp").iterdir()} == {
        "plugins",
        "galaxy.yml",
    }


def test_the_running_interpreter_is_found_and_runs() -> None:
    found = find_interpreter(RUNNING)
    assert found is not None
    answer = subprocess.run(
        [found, "-c", "import sys; print(sys.version_info[:2])"], capture_output=True, text=True, check=True
    )
    assert answer.stdout.strip() == str(tuple(sys.version_info[:2]))


def test_a_shim_that_fails_is_no_interpreter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shim = tmp_path / "python3.12"
    shim.write_text("#!/bin/sh\necho 'command not found in this version' >&2\nexit 127\n")
    shim.chmod(shim.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_interpreter("3.12") is None


def test_a_shim_that_needs_to_be_told_the_version_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shim = tmp_path / f"python{RUNNING}"
    shim.write_text(f'#!/bin/sh\n[ "$PYENV_VERSION" = "{RUNNING}" ] && exec "{sys.executable}" "$@"\nexit 127\n')
    shim.chmod(shim.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("PYENV_VERSION", raising=False)
    assert find_interpreter(RUNNING) not in {None, shim}


def test_an_old_python_is_named_with_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 9, 2, "final", 0))
    assert "python3 is 3.9" in check_python.problem()
    assert "make PYTHON=" in check_python.problem()


def test_a_python_without_ensurepip_is_named_with_the_package_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    assert f"apt-get install python{RUNNING}-venv" in check_python.problem()


def test_ansible_test_gets_the_collection_and_nothing_else(tmp_path: Path) -> None:
    copy_collection(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} <= {*ENTRIES, "tests"}
    assert [path.name for path in (tmp_path / "tests").iterdir()] == ["config.yml"]
    assert not [path for path in tmp_path.rglob("*") if path.is_symlink() or path.name == "__pycache__"]
