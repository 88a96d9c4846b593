# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``docs/exchange-online.md``: the emulator as it is started there, Microsoft's client, the scenario and the switch."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import yaml

from imp_emulator.client.control import Control
from imp_emulator.scenario import file as scenario_file
from imp_emulator.scenario.model import ONLINE_PERMISSIONS
from imp_emulator.scenario.writer import generate
from tests.support.pages import Shell, blocks, commands
from tests.support.project_files import ROOT

PAGE = "docs/exchange-online.md"


def printed(language: str) -> list[str]:
    return [block.text for block in blocks(PAGE) if block.language == language]


def test_the_page_leads_to_a_token(tmp_path: Path) -> None:
    start, stop = commands(PAGE)
    client = next(text for text in printed("python") if "msal" in text)
    (tmp_path / "client.py").write_text(f"{client}\nprint(len(token))\n", encoding="utf-8")
    terminal = Shell(tmp_path)
    terminal.run(start)
    try:
        ready = json.loads((tmp_path / "run" / "ready.json").read_text())
        assert int(terminal.run("env -u REQUESTS_CA_BUNDLE -u CURL_CA_BUNDLE python client.py")) > 500
        (shown,) = (json.loads(f"{{{text}}}") for text in printed("json"))
        assert shown["exchange_online"].keys() == ready["exchange_online"].keys()
        host, application = (next(iter(shown["exchange_online"][name].items())) for name in ("hosts", "applications"))
        assert host[1].keys() == ready["exchange_online"]["hosts"][host[0]].keys()
        assert application[1].keys() == ready["exchange_online"]["applications"][application[0]].keys()
        _switched(Control(**ready["control"]))
    finally:
        terminal.run(stop)


def _switched(control: Control) -> None:
    """Run what the page prints for tests, with the client of the control plane."""
    for text in printed("python"):
        if "emulator.control" in text:
            exec(text, {"emulator": SimpleNamespace(control=control)})
    assert control.online_ews() == {"state": "off", "allow_list": ["presence"], "ended": True}
    assert control.faults()[0]["effect"] == {"kind": "status", "status": 429, "retry_after": 10}


def test_the_scenario_of_the_page_is_one() -> None:
    content: dict[str, Any] = yaml.safe_load(generate(users=1))
    text = printed("yaml")[0]
    content["exchange"] |= yaml.safe_load(text)["exchange"]
    tenant = scenario_file.read(yaml.safe_dump(content)).online
    assert tenant is not None
    assert tenant.ews_allow_list == ("presence",)


def test_the_page_names_every_permission_and_key() -> None:
    text = (ROOT / PAGE).read_text(encoding="utf-8")
    assert [name for name in ONLINE_PERMISSIONS if f"`{name}`" not in text] == []
