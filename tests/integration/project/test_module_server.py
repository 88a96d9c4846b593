# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A module that a process is forked for finds and leaves what it would in a Python that ansible starts for it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from tests.support.module_server import VARIABLE
from tests.support.playbooks import play

LOOKS = """
import atexit, json, os, sys
from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.brought import WORD
module = AnsibleModule({"how": {"type": "str"}})
how = module.params["how"]
atexit.register(lambda: open("ended.txt", "a").write("ended\\n"))
if how == "killed":
    os.kill(os.getpid(), 9)
if how == "status":
    print("said")
    print("complained", file=sys.stderr)
    sys.exit(7)
if how == "raised":
    raise ValueError("an odd value")
if how == "forked" and not os.fork():
    os._exit(0)
module.exit_json(
    parent=os.getppid(),
    python=sys.executable,
    path=[entry for entry in sys.path if "ansible" not in entry],
    arguments=sys.argv[1:],
    folder=os.getcwd(),
    umask=os.umask(0),
    read=sys.stdin.read(),
    locale=os.environ.get("LC_ALL"),
    zone=os.environ.get("TZ"),
    brought=WORD,
    set_for_it=os.environ.get("SET_FOR_IT"),
    open=sorted(int(number) for number in os.listdir("/proc/self/fd"))[:3] if os.path.isdir("/proc/self/fd") else [],
)
"""
WAYS = ["plain", "forked", "status", "raised", "killed"]
SPECIAL = len(WAYS)
PLAIN = {VARIABLE: "", "ANSIBLE_PIPELINING": "false"}


def tasks() -> list[dict[str, Any]]:
    """Return a task for each way that a module can end, and two with settings of their own."""
    common = {"ignore_errors": True, "register": "result"}
    ways = [{"looks": {"how": way}, **common} for way in WAYS]
    special = {"SET_FOR_IT": 'it\'s "quoted" & $HOME'}
    ways.append({"looks": {"how": "plain"}, "environment": special, **common})
    ways.append({"looks": {"how": "plain"}, "environment": {"TZ": "Asia/Tokyo"}, **common})
    keep = {"ansible.builtin.set_fact": {"all": "{{ all | default([]) + [result] }}"}}
    write = {"ansible.builtin.copy": {"content": "{{ all | to_json }}", "dest": "results.json"}}
    return [*(task for way in ways for task in (way, keep)), write]


def results(folder: Path, **environment: str) -> list[dict[str, Any]]:
    """Run them all and return what ansible makes of them."""
    (folder / "library").mkdir(parents=True)
    (folder / "library" / "looks.py").write_text(LOOKS)
    (folder / "module_utils").mkdir()
    (folder / "module_utils" / "brought.py").write_text("WORD = 'brought'\n")
    book = folder / "book.json"
    book.write_text(json.dumps([{"hosts": "localhost", "gather_facts": False, "tasks": tasks()}]))
    done = play(folder, folder, str(book), inventory=Path(os.devnull), environment=environment)
    assert done.status == 0, done.output
    found: list[dict[str, Any]] = json.loads((folder / "results.json").read_text().replace(str(folder), "FOLDER"))
    return found


def comparable(result: dict[str, Any]) -> dict[str, Any]:
    """Leave out whose child a module is, and where Python found what it was given."""
    told = {name: value for name, value in result.items() if name not in ("parent", "exception", "module_stderr")}
    # Only the last line of a traceback does not depend on the place, and that somebody was killed a shell says.
    last = result.get("module_stderr", "").strip().rpartition("\n")[2]
    return told | {"last": last.removeprefix("Killed")}


def test_a_module_finds_and_leaves_the_same(tmp_path: Path) -> None:
    served, plain = results(tmp_path / "served"), results(tmp_path / "plain", **PLAIN)

    assert [comparable(result) for result in served] == [comparable(result) for result in plain]
    assert [result["failed"] for result in served[: len(WAYS)]] == [False, False, True, True, True]
    assert served[0]["brought"] == "brought"
    assert served[SPECIAL]["set_for_it"] == 'it\'s "quoted" & $HOME'
    ended = [(tmp_path / folder / "ended.txt").read_text() for folder in ("served", "plain")]
    assert ended[0] == ended[1] == "ended\n" * (len(served) - 1)
    # One process has made them all but for that which Python must know when it starts.
    parents = [result["parent"] for result in served if "parent" in result]
    assert len(set(parents[:3])) == 1
    assert parents[3] not in parents[:3]
    assert len({result["parent"] for result in plain if "parent" in result}) == 4
