# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A twin that runs: what ``start`` says of it, and what is seen of it on the wire."""

from __future__ import annotations

import json
import ssl
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import yaml

from imp_emulator.client.control import Control
from tests.support.console_reader import words_of
from tests.support.twin_scenario import CLUSTER, NODE, PUB, SUB, TWIN


def run(*arguments: str | Path) -> str:
    command = [sys.executable, "-m", "imp_emulator", *map(str, arguments)]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=120).stdout


def test_a_twin_starts_says_what_it_is_and_looks_like_the_real_cluster(tmp_path: Path) -> None:
    scenario, ready_file = tmp_path / "scenario.yml", tmp_path / "ready.json"
    scenario.write_text(yaml.safe_dump(TWIN, allow_unicode=True), encoding="utf-8")
    told = run("start", "--scenario", scenario, "--state", tmp_path / "state.sqlite3", "--ready-file", ready_file)
    try:
        lines = told.splitlines()
        assert lines[0].startswith("The emulator is ready")
        assert lines[1:3] == ["  A twin of somebody's cluster.", "  Its Exchange servers' keys are made here."]
        look_at(json.loads(ready_file.read_text()))
    finally:
        run("stop", "--ready-file", ready_file)


def look_at(ready: dict[str, Any]) -> None:
    note = ready["note"]
    assert Control(**ready["control"]).about()["note"] == note == TWIN["note"].strip()
    with httpx.Client(base_url=ready["control"]["url"], trust_env=False, follow_redirects=True) as person:
        page = person.get("/", params={"token": ready["control"]["token"]}).text
        assert "About this environment" in words_of(page)
        assert note in page.replace("&#39;", "'")
    cluster = ready["clusters"][CLUSTER]
    assert (cluster["domain"], cluster["nodes"][PUB]["ipv4"]) == ("example.com", "198.18.0.1")
    assert cluster["gateways_account"] == {**ready["exchange_account"], "username": "example\\SVC-imp"}

    tls = ssl.create_default_context(cafile=ready["ca_file"])

    def ask(node: str, path: str, account: str) -> Any:
        place, known = cluster["nodes"][node], cluster["accounts"][account]
        url = f"https://{place['address']}:{place['ports']['8443' if account == 'application' else '443']}{path}"
        answer = httpx.get(url, auth=(known["username"], known["password"]), verify=tls, trust_env=False, timeout=60)
        assert answer.status_code == 200, answer.text
        return answer.json()

    shown = {
        node: [item["verification"].rpartition(" - ")[2] for item in ask(node, STATUS, "application")["items"]]
        for node in (PUB, SUB)
    }
    missing, network, good = "Certificate Missing From Chain", "Network Error", "Verified"
    assert shown == {
        # The second one is known by its address, which its certificate does not hold.
        PUB: [good, "SAN Mismatch", missing, "Bad Certificates", good, network, network],
        SUB: [good, missing, missing, good, good, network, network],
    }
    identities = ask(PUB, SNAPSHOT, "os")["identities"]
    assert [one["certificate"] for one in identities if one["certificate"] == NODE.pem] == [NODE.pem]


STATUS = "/imp-admin/v1/presence-gateways/status"
SNAPSHOT = "/platformcom/api/v1/certmgr/config/snapshot/server"
