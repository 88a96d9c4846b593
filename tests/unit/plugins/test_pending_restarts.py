# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The file of pending restarts, and when a service has loaded what was noted."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

import pytest
import yaml
from ansible_collections.ucops.imp.plugins.module_utils._clients.control_center import Service
from ansible_collections.ucops.imp.plugins.module_utils._core.options import Connection
from ansible_collections.ucops.imp.plugins.module_utils._core.plan import Change
from ansible_collections.ucops.imp.plugins.module_utils._module.nodes import TaskNode
from ansible_collections.ucops.imp.plugins.module_utils._module.pending_restarts import (
    Content,
    Entry,
    Notebook,
    PendingRestarts,
    Seen,
    UnreadableNotes,
)
from ansible_collections.ucops.imp.plugins.module_utils._product.endpoints import IMP
from ansible_collections.ucops.imp.plugins.module_utils._resources.restart_duty import RestartDuty

from tests.support.project_files import ROOT

ENGINE = "Cisco Presence Engine"
NOW = 1_800_000_000.0
BEFORE, AFTER = "Mon Jan  4 10:00:00 2027", "Mon Jan  4 11:00:00 2027"
CHANGE = Change("parameter", "port", "update")


def entry(node: str | None = "imp1", *, noted: float = NOW - 100, made: float | None = NOW - 90) -> Entry:
    return Entry(ENGINE, node, "parameter", "port", "update", noted, made)


def running(up_time: int, started: str = BEFORE, status: str = "Started") -> Service:
    return Service(ENGINE, status, -1, "", started, up_time)


def due(
    path: Path, content: Content, service: Service, *, node: str = "imp1", named: bool = True, check: bool = True
) -> bool:
    """Whether the service of the one node of a task is due for a restart."""
    PendingRestarts(str(path)).edit(lambda _: content)
    connection = Connection(IMP, node, 8443, "axladmin", "canary-77aa")
    context: Any = SimpleNamespace(
        params={"pending_restarts_path": str(path)}, check_mode=check, warn=lambda _message: None
    )
    duty = RestartDuty(context, [TaskNode(node, connection, named)], [ENGINE])
    with mock.patch(f"{RestartDuty.__module__}.time.time", return_value=NOW):
        duty.read()
        return bool(duty.required({node: {ENGINE: service}}))


@pytest.mark.parametrize(
    ("up_time", "expected"),
    [(3600, True), (91, True), (90, True), (89, True), (88, False), (0, False)],
)
def test_the_start_decides_to_the_second(tmp_path: Path, up_time: int, expected: bool) -> None:
    assert due(tmp_path / "r.json", Content((entry(),)), running(up_time)) is expected


def test_a_change_that_was_not_answered_may_have_come_later(tmp_path: Path) -> None:
    content = Content((entry(made=None),))
    assert due(tmp_path / "r.json", content, running(80))
    assert due(tmp_path / "r.json", content, running(40))
    assert not due(tmp_path / "r.json", content, running(38))


@pytest.mark.parametrize("status", ["Stopped", "Starting", "Unknown"])
def test_what_does_not_run_has_loaded_nothing(tmp_path: Path, status: str) -> None:
    assert due(tmp_path / "r.json", Content((entry(),)), running(-1, "", status))


def test_the_same_start_as_before_the_change_is_no_restart(tmp_path: Path) -> None:
    seen = Seen("imp1", ENGINE, BEFORE, NOW - 200)
    assert due(tmp_path / "r.json", Content((entry(),), (seen,)), running(10, BEFORE))
    assert not due(tmp_path / "r.json", Content((entry(),), (seen,)), running(10, AFTER))


def test_another_start_than_after_the_change_is_a_restart(tmp_path: Path) -> None:
    """Also within the second that UpTime does not tell; another zone of the node is none."""
    content = Content((entry(made=NOW - 1),), (Seen("imp1", ENGINE, BEFORE, NOW - 0.5),))
    assert not due(tmp_path / "r.json", content, running(0, AFTER))
    assert due(tmp_path / "r.json", content, running(3600, AFTER))
    assert due(tmp_path / "r.json", content, running(3600, BEFORE))


@pytest.mark.parametrize(
    ("noted", "asked", "named", "expected"),
    [
        ("imp1", "imp1", True, True),
        ("imp1", "IMP1.example.com", True, True),
        ("imp1.example.com", "imp1.example.org", True, False),
        ("imp1", "imp2", True, False),
        ("imp1", "192.0.2.1", True, True),
        ("192.0.2.1", "192.0.2.2", True, False),
        ("imp1", "imp2", False, True),
        (None, "imp2", True, True),
    ],
)
def test_names_of_a_node(tmp_path: Path, noted: str | None, asked: str, named: bool, expected: bool) -> None:
    content = Content((entry(noted),))
    assert due(tmp_path / "r.json", content, running(3600), node=asked, named=named) is expected


def test_what_was_seen_to_be_loaded_is_taken_out(tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    assert not due(path, Content((entry(), entry(None))), running(5), check=False)
    left = PendingRestarts(str(path)).read()
    assert left.restarts == (replace(entry(None), loaded=("imp1",)),)
    assert left.seen == (Seen("imp1", ENGINE, BEFORE, NOW),)


def test_a_clock_in_the_future_leaves_the_restart_due(tmp_path: Path) -> None:
    assert due(tmp_path / "r.json", Content((entry(noted=NOW + 50, made=NOW + 60),)), running(0))


def book(path: Path, now: float = NOW) -> Notebook:
    return Notebook(str(path), pytest.fail, lambda: now)


def test_a_note_is_made_and_withdrawn(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "r.json"
    file = PendingRestarts(str(path))
    first = book(path).note(CHANGE, [ENGINE], ["imp1"])
    assert [known.made for known in file.read().restarts] == [None]
    book(path, NOW + 1.25).made(first)
    made = file.read()
    assert [known.made for known in made.restarts] == [NOW + 1.25]

    book(path, NOW + 0.123456789).withdraw(book(path, NOW + 0.123456789).note(CHANGE, [ENGINE], ["imp1", "imp2"]))
    assert file.read() == made, "what was pending before is pending still"


def test_a_note_of_another_run_is_not_withdrawn(tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    mine = book(path).note(CHANGE, [ENGINE], None)
    book(path, NOW + 5).note(CHANGE, [ENGINE], None)
    book(path).withdraw(mine)
    assert [known.noted for known in PendingRestarts(str(path)).read().restarts] == [NOW + 5]


def test_many_writers_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "r.json"

    def write(number: int) -> None:
        for step in range(5):
            book(path).note(Change("parameter", f"{number}-{step}", "update"), [ENGINE], None)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(PendingRestarts(str(path)).read().restarts) == 40
    assert sorted(found.name for found in tmp_path.iterdir()) == ["r.json", "r.json.lock"]


@pytest.mark.parametrize(
    "text",
    [
        '{"format": 1, "restarts": [], "seen": [{"node": 1, "service": "s", "started": "", "at": "2027"}]}',
        '{"format": 1, "restarts": {"a": 1}, "seen": []}',
        (
            '{"format": 1, "restarts": [{"service": "s", "node": null, "kind": "k", "id": "i", "action": "a",'
            ' "noted": "2027-01-01T00:00:00", "made": null, "loaded": []}], "seen": []}'
        ),
        '{"format": null}',
    ],
)
def test_what_is_not_in_the_format_is_told(tmp_path: Path, text: str) -> None:
    path = tmp_path / "r.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UnreadableNotes, match="still have to restart"):
        book(path).check()
    with pytest.raises(UnreadableNotes):
        book(path).note(CHANGE, [ENGINE], None)
    assert path.read_text(encoding="utf-8") == text


def test_a_change_without_restarts_writes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    book(path).made(book(path).note(CHANGE, [], None))
    assert list(tmp_path.iterdir()) == []


def test_the_roles_keep_one_file_together() -> None:
    """A role that looked elsewhere would miss what the others have written down."""
    roles = ("calendaring", "presence_engine", "presence_gateways", "trust")
    defaults = [yaml.safe_load((ROOT / "roles" / role / "defaults" / "main.yml").read_text()) for role in roles]
    assert len({own[f"{role}_pending_restarts_path"] for role, own in zip(roles, defaults, strict=True)}) == 1
