# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``docs/runbook.md``: its commands, in its order, on a cluster without the admin API, as every real one is."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from imp_emulator.client.control import Control
from tests.support.collection_tree import ensure_collection_tree
from tests.support.pages import Shell, commands
from tests.support.playbooks import INVENTORY
from tests.support.project_files import ROOT

PAGE = "docs/runbook.md"
WRITTEN, ELSEWHERE, SITE, SCENARIO, START, STOP = commands(PAGE)
EVERY_FORM = ["dc1.en.html", "dc1.en.md", "dc1.ja.html", "dc1.ja.md"]
GATEWAY = "mail1.example.com"


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Shell]:
    """The terminal of a reader whose inventory is that of the emulator, which has gateways that nobody may read."""
    shutil.copytree(INVENTORY, tmp_path / "inventory")
    ready = str(tmp_path / ".emulator" / "ready.json")
    more = {"ANSIBLE_COLLECTIONS_PATH": str(ensure_collection_tree(ROOT)), "IMP_EMULATOR_READY": ready}
    reader = Shell(tmp_path, more=more)
    reader.run(SCENARIO, START)
    try:
        yield reader
    finally:
        reader.run(STOP)


def test_before_release_14_the_certificates_are_left_as_well(terminal: Shell) -> None:
    """The trust stores have no interface then, each node says so, and none of it makes the run fail."""
    terminal.run(STOP, "rm -r .emulator", "sed -i 's/version: 14.*/version: 12.5.1.13900-155/' scenario.yml", START)
    written = terminal.run(WRITTEN)
    assert "Could not be read" not in written
    page = (terminal.folder / "runbook" / "dc1.ja.md").read_text(encoding="utf-8")
    assert [line for line in page.splitlines() if line.startswith("## ")] == [
        "## 1. IM and Presence のノードに Exchange の証明書を信頼させる",
        "## 2. プレゼンスゲートウェイを設定する",
        "## 3. サービスをノードごとに再起動する",
        "## 4. すべてのゲートウェイがグリーンであることを確認する",
    ]
    assert f"| `{GATEWAY}` | `443` |" in page
    shown = " ".join(terminal.run(SITE).split())
    assert "trust no interface, so it is left for the console" in shown
    assert "4 steps are left for the console." in shown
    assert "20 users changed" in shown


def control(terminal: Shell) -> Control:
    ready = json.loads((terminal.folder / ".emulator" / "ready.json").read_text(encoding="utf-8"))
    return Control(**ready["control"])


def test_the_page(terminal: Shell) -> None:
    told = terminal.run(WRITTEN)
    assert control(terminal).journal(writes=True) == []
    folder = terminal.folder / "runbook"
    assert sorted(path.name for path in folder.iterdir()) == EVERY_FORM
    english = (folder / "dc1.en.md").read_text(encoding="utf-8")
    assert [line for line in english.splitlines() if line.startswith("## ")] == [
        "## 1. Configure the presence gateways",
        "## 2. Restart the services, one node after another",
        "## 3. See that every gateway is green",
    ]
    assert f"| Presence Gateway | `{GATEWAY}` |" in english
    assert "| `imp-sub` | `Cisco Presence Engine, Cisco SIP Proxy` |" in english
    assert "presence_engine_only_if_required=no --limit imp-pub.dc1` |" in english
    assert str(folder / "dc1.en.md") in told
    passwords = [account["password"] for account in accounts(terminal)]
    assert [word for word in passwords for path in folder.iterdir() if word in path.read_text(encoding="utf-8")] == []
    assert "changed=0" in terminal.run(WRITTEN), "the same page is written anew"

    terminal.run(ELSEWHERE)
    assert sorted(path.name for path in (terminal.folder / "change-4711").iterdir()) == [
        "dc1-users.csv",
        "dc1.ja.html",
        "dc1.ja.md",
    ]
    lines = (terminal.folder / "change-4711" / "dc1-users.csv").read_text(encoding="utf-8").splitlines()
    assert (len(lines), lines[1].split(",")[0]) == (21, "user0001")
    assert "一括ジョブでユーザーを有効にする" in (terminal.folder / "change-4711" / "dc1.ja.md").read_text(
        encoding="utf-8"
    )
    assert control(terminal).journal(writes=True) == []

    # The run enables the users itself, so no bulk job is left for them.
    shown = " ".join(terminal.run(f"{SITE} -e runbook_bulk_job=yes").split())
    assert "presence gateways no interface, so it is left for the console" in shown
    assert f"3 steps are left for the console. See {folder / 'dc1.en.md'}" in shown
    assert "20 users changed" in shown
    assert "4 services restarted" in shown, "what the run itself changed is loaded"


def accounts(terminal: Shell) -> list[dict[str, str]]:
    ready = json.loads((terminal.folder / ".emulator" / "ready.json").read_text(encoding="utf-8"))
    return [*ready["clusters"]["dc1"]["accounts"].values(), ready["exchange_account"], ready["exchange_admin"]]
