# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter ``from_working_directory``: the process decides where a relative path starts, not its environment."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.ucops.imp.plugins.filter.from_working_directory import FilterModule

resolve = FilterModule().filters()["from_working_directory"]
NOBODY = 65534


@pytest.mark.parametrize("told", [None, "", "/", "/no/such/folder", "reports"])
def test_a_relative_path_starts_where_the_process_is(
    told: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PWD", raising=False)
    if told is not None:
        monkeypatch.setenv("PWD", told)
    assert resolve("reports") == f"{tmp_path}/reports"
    assert resolve("a/../b", writable=True) == f"{tmp_path}/a/../b"
    assert resolve(".") == str(tmp_path)


def test_a_folder_that_was_entered_by_a_link_is_called_by_its_own_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    monkeypatch.chdir(tmp_path / "link")
    monkeypatch.setenv("PWD", str(tmp_path / "link"))
    assert resolve("reports") == f"{tmp_path}/real/reports"


def test_absolute_paths_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/srv/me")
    assert (resolve("/srv/x/../y"), resolve("~/reports"), resolve("~")) == (
        "/srv/x/../y",
        "/srv/me/reports",
        "/srv/me",
    )


@pytest.mark.parametrize("path", ["", "  ", None, 7, ["reports"], "a\0b"])
def test_what_is_no_path_is_refused(path: Any) -> None:
    with pytest.raises(AnsibleFilterError, match="is no path"):
        resolve(path)


def test_a_user_that_there_is_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(AnsibleFilterError, match=r"~no-such-user/x: there is no such user"):
        resolve("~no-such-user/x")


def test_a_working_directory_that_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    with pytest.raises(AnsibleFilterError, match=r"the working directory is gone\. Start the command in"):
        resolve("reports")
    assert resolve("/srv") == "/srv"


def test_a_file_in_the_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "reports").touch()
    said = f"Nothing can be written to {tmp_path}/reports/x: {tmp_path}/reports is no folder. Give another path, or "
    with pytest.raises(AnsibleFilterError, match=said):
        resolve("reports/x", writable=True)
    assert resolve("reports/x") == f"{tmp_path}/reports/x"


@pytest.fixture
def read_only() -> Iterator[Path]:
    """Give a folder that others can read, unlike pytest's own."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o555)
        yield Path(name)
        Path(name).chmod(0o755)


def test_a_folder_that_cannot_be_written_to(read_only: Path) -> None:
    """In a process of its own, because the administrator may write everywhere."""
    start, end = os.pipe()
    child = os.fork()
    if not child:
        try:
            os.chdir(read_only)
            if os.getuid() == 0:
                os.setuid(NOBODY)
            resolve("reports", writable=True)
        except AnsibleFilterError as error:
            os.write(end, str(error).encode())
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    os.close(end)
    with os.fdopen(start) as answer:
        assert answer.read() == (
            f"Nothing can be written to {read_only}/reports: {read_only} cannot be written to. Give another path, or "
            f"start the command in another folder than {read_only}."
        )
