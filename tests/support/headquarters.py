# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The company whose names the pages print, as an emulated environment: cluster headquarters of example.com."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.support.emulator import Emulator
from tests.support.pages import Shell
from tests.support.project_files import ROOT

EXAMPLE = ROOT / "inventory" / "example"
_EXCHANGE = {"mail1.example.com": 21, "mail2.example.com": 22}

SCENARIO: dict[str, Any] = {
    "format": 1,
    "clusters": [
        {
            "name": "headquarters",
            "version": "14.0.1.13900-155",
            "domain": "example.com",
            "nodes": [
                {"name": "cucm1", "role": "cucm", "usage": "publisher", "ipv4": "192.0.2.11"},
                {"name": "imp1", "role": "imp", "usage": "publisher", "ipv4": "192.0.2.12"},
                {"name": "imp2", "role": "imp", "usage": "subscriber", "ipv4": "192.0.2.13"},
            ],
            "accounts": {
                "application": {"username": "svc-ansible"},
                "readonly": {"username": "noaxl"},
                "os": {"username": "administrator"},
            },
            "users": {"generated": {"count": 20, "mail_domain": "example.com", "departments": ["sales", "support"]}},
        }
    ],
    "exchange": {
        "servers": [
            {"name": name, "ipv4": f"192.0.2.{number}", "alternative_names": [name]}
            for name, number in _EXCHANGE.items()
        ]
    },
}

_REAL = {"admin_api": False, "presence_gateways": ["mail1.example.com"]}


@contextmanager
def headquarters(folder: Path, *, real: bool = False) -> Iterator[Emulator]:
    """Run the company's servers; ``folder`` takes the emulator's files.

    A ``real`` cluster serves no admin API, and somebody has added a presence gateway in its web pages.
    """
    scenario = {**SCENARIO, "clusters": [{**SCENARIO["clusters"][0], **(_REAL if real else {})}]}
    folder.mkdir()
    (folder / "scenario.yml").write_text(json.dumps(scenario))
    emulator = Emulator(folder / "emulator", "--scenario", str(folder / "scenario.yml"))
    try:
        yield emulator
    finally:
        emulator.stop()


def hosts(emulator: Emulator) -> dict[str, dict[str, tuple[str, int]]]:
    """Return what the company's DNS knows: for each full name where each of its ports is."""
    nodes = {node["fqdn"]: node for node in emulator.ready["clusters"]["headquarters"]["nodes"].values()}
    return {
        name: {port: (server["address"], real) for port, real in server["ports"].items()}
        for name, server in (nodes | emulator.ready["exchange"]).items()
    }


def passwords(emulator: Emulator, prefix: str) -> str:
    """Return the content of the vault's file, before it is encrypted."""
    accounts = {"application_password": "application", "os_password": "os"}
    return json.dumps({f"{prefix}_{name}": emulator.account(label)[1] for name, label in accounts.items()})


def files(emulator: Emulator, folder: Path) -> None:
    """Put the certificates there that the pages name."""
    folder.mkdir()
    (folder / "example-enterprise-ca.pem").write_bytes(Path(emulator.ca_file).read_bytes())
    exchange = emulator.ready["exchange"]["mail1.example.com"]
    (folder / "exchange-root-ca.pem").write_bytes(Path(exchange["root_file"]).read_bytes())
    (folder / "exchange-issuing-ca.pem").write_bytes(Path(exchange["chain_file"]).read_bytes())


def shell(emulator: Emulator, folder: Path, **more: str) -> Shell:
    """Return the terminal of somebody who works there."""
    return Shell(folder, hosts(emulator), more)


def inventory(emulator: Emulator, folder: Path) -> Path:
    """Copy the example inventory as its pages say: with a vault and the certificates; return the copy."""
    copy = folder / "inventory" / "example"
    shutil.copytree(EXAMPLE, copy)
    (copy / "group_vars" / "all" / "vault.yml").write_text(passwords(emulator, "vault_ucops_imp"))
    files(emulator, copy / "group_vars" / "all" / "certificates")
    return copy
