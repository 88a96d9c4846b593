# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A tenant of Exchange Online with clusters of the releases that use it in different ways, or not at all."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.emulator import Emulator
from tests.support.scenarios import shipped, with_users, write_scenario

TYPE = "Office 365 Server"
OUTLOOK = "outlook.office365.com"
CLIENT_ID = "7f4b0f64-6e0e-4c0f-8a55-0c0b8a1d2e01"
TENANT_ID = "3f1c5a52-6a0e-4a37-9a3f-2d1d7c1f0c11"
LOGIN_URL, GRAPH_URL, OUTLOOK_URL = (
    "https://login.microsoftonline.com",
    "https://graph.microsoft.com",
    f"https://{OUTLOOK}",
)
VERSIONS = {
    "old": "12.5.1.11900-10",
    "first": "12.5.1.12900-10",
    "ews": "15.0.1.12900-10",
    "graph": "15.0.1.14900-10",
}
"""By cluster: without such gateways, the first with them, the first with fields for URLs, the first with Graph."""


def content(users: int = 2) -> dict[str, Any]:
    """Return the content of the scenario."""
    found = with_users(shipped("online"), users)
    first = found["clusters"][0]
    found["clusters"] = [_cluster(copy.deepcopy(first), name, number) for number, name in enumerate(VERSIONS, start=1)]
    return found


def _cluster(cluster: dict[str, Any], name: str, number: int) -> dict[str, Any]:
    nodes = [node | {"ipv4": f"192.0.2.{100 + 10 * number + place}"} for place, node in enumerate(cluster["nodes"])]
    users = {"generated": cluster["users"]["generated"] | {"mail_domain": f"{name}.example.com"}}
    return cluster | {
        "name": name,
        "version": VERSIONS[name],
        "domain": f"{name}.example.com",
        "nodes": nodes,
        "users": users,
    }


@pytest.fixture(scope="session")
def office_365_emulator(
    imp_emulator_class: type[Emulator], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Emulator]:
    """An emulator with this scenario, in whatever state the last test left it."""
    folder = tmp_path_factory.mktemp("office-365")
    emulator = imp_emulator_class(folder, "--scenario", str(write_scenario(folder, content())))
    yield emulator
    emulator.stop()


@pytest.fixture
def releases(office_365_emulator: Emulator) -> Emulator:
    """The same, set back to its scenario."""
    office_365_emulator.control.reset()
    return office_365_emulator
