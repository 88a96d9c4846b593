# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Backups: written before the first change, complete or not at all, without secrets; and read again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.ucops.imp.plugins.module_utils._core.options import Arguments
from ansible_collections.ucops.imp.plugins.module_utils._core.plan import Change
from ansible_collections.ucops.imp.plugins.module_utils._module.backups import (
    BACKUP,
    Backups,
    UnreadableBackup,
    read,
    read_folder,
)
from ansible_collections.ucops.imp.plugins.module_utils._module.runner import run
from ansible_collections.ucops.imp.plugins.module_utils._product.endpoints import IMP

from tests.support.modules import ModuleResult, assert_contract, run_main
from tests.support.things import CONNECTION, Things

ARGUMENTS = Arguments(IMP, {"things": {"type": "dict", "default": {}}, **BACKUP})


class Watching(Things):
    """Looks before each change at what the folder of backups has by then."""

    folder: Path
    seen: list[list[str]]

    def apply(self, change: Change) -> None:
        self.seen.append([entry["id"] for backup in read_folder(self.folder) for entry in backup.entries])
        super().apply(change)


def run_watching(folder: Path, store: dict[str, Any], *, check: bool = False, **things: Any) -> ModuleResult:
    Watching.folder, Watching.seen, Watching.store, Watching.applied = folder, [], store, []
    options = {"things": things, "backup": True, "backup_options": {"dir_path": str(folder)}}
    return run_main(lambda: run(Watching, ARGUMENTS), {**CONNECTION, **options}, check=check)


def test_all_that_is_about_to_change_is_written_before_the_first_change(tmp_path: Path) -> None:
    result = run_watching(tmp_path / "new" / "folder", {"a": 1}, a=2, b=3)
    assert_contract(result, changed=True)
    assert Watching.seen == [["a", "b"], ["a", "b"]]
    path = Path(result["backup_file"])
    assert path.parent == tmp_path / "new" / "folder"
    assert [path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777] == [0o600, 0o700]
    backup = read(path)
    assert backup.server == CONNECTION["hostname"]
    assert list(backup.entries) == result["changes"]
    assert list(path.parent.iterdir()) == [path]


def test_nothing_is_written_in_check_mode_or_when_nothing_changes(tmp_path: Path) -> None:
    for result in (run_watching(tmp_path, {"a": 1}, check=True, a=2), run_watching(tmp_path, {"a": 1}, a=1)):
        assert not result.failed
        assert "backup_file" not in result.data
    assert list(tmp_path.iterdir()) == []


def test_without_a_backup_nothing_is_changed(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = run_watching(tmp_path / "file" / "folder", {"a": 1}, a=2)
    assert (result.failed, result["code"]) == (True, "backup-not-written")
    assert result.msg.startswith("Nothing was changed, because there is no backup of it. ")
    assert "Not a directory" in result.msg
    assert Watching.applied == []


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, "backup_options: backup=true needs dir_path, a folder on the controller for the file."),
        ({"backup_options": {"dir_path": "kept"}}, "backup_options.dir_path: kept is relative"),
    ],
)
def test_a_folder_that_nobody_could_find_again_is_refused(options: dict[str, Any], said: str) -> None:
    result = run_main(lambda: run(Things, ARGUMENTS), {**CONNECTION, "things": {"a": 2}, "backup": True, **options})
    assert (result.failed, result["code"]) == (True, "invalid-input")
    assert said in result.msg


def test_two_tasks_of_one_moment_and_module_have_a_file_each(tmp_path: Path) -> None:
    paths = [run_watching(tmp_path, {"a": 1}, a=2)["backup_file"] for _number in range(3)]
    assert sorted(paths) == paths
    assert len(set(paths)) == len(read_folder(tmp_path)) == 3


def test_a_text_that_holds_a_secret_is_not_written_as_it_is(tmp_path: Path) -> None:
    backups = Backups({"backup": True, "backup_options": {"dir_path": str(tmp_path)}}, "module", "imp", {"hunter22"})
    item = {"name": "description", "before": "the hunter22 of us", "after": None, "secret": False}
    entry = {"kind": "thing", "id": "größe", "action": "update", "fields": [item], "before": {"list": ["hunter22"]}}
    path = Path(backups.keep([entry, {**entry, "fields": [], "before": {}}])["backup_file"])
    assert "hunter22" not in path.read_text()
    first, second = read(path).entries
    assert first["before"] == {"list": ["********"]}
    assert (first["id"], second["id"]) == ("größe", "größe")


def altered(path: Path, **changes: Any) -> Path:
    data = json.loads(path.read_text())
    (path.parent / "altered.json").write_text(json.dumps({**data, **changes}))
    return path.parent / "altered.json"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"format": 2}, "another release"),
        ({"entries": None}, "damaged"),
        ({"entries": [{"kind": "thing"}]}, "damaged"),
        ({"entries": [{"kind": "thing", "id": "a", "action": "update", "fields": ["a"]}]}, "damaged"),
        ({"server": 7}, "damaged"),
    ],
)
def test_what_is_no_backup_is_told_with_its_path(changes: dict[str, Any], said: str, tmp_path: Path) -> None:
    path = altered(Path(run_watching(tmp_path, {"a": 1}, a=2)["backup_file"]), **changes)
    with pytest.raises(UnreadableBackup, match=said) as refused:
        read(path)
    assert str(path) in refused.value.message


@pytest.mark.parametrize(("content", "said"), [(b"{", "damaged"), (b"\xff", "damaged"), (b"[]", "another release")])
def test_what_is_no_json_is_no_backup(content: bytes, said: str, tmp_path: Path) -> None:
    (tmp_path / "one.json").write_bytes(content)
    with pytest.raises(UnreadableBackup, match=said):
        read_folder(tmp_path)
    with pytest.raises(UnreadableBackup, match="cannot be read"):
        read_folder(tmp_path / "none")
