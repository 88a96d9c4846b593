# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A cluster as it is in reality: without the admin API, so that it remembers no restart that is pending."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.support.certificates import issue
from tests.support.emulator import Emulator
from tests.support.playbooks import Played, play
from tests.support.scenarios import shipped, write_scenario

PARTS = ["trust", "calendar_users", "calendaring", "presence_engine"]
"""What a site run can do there; gateways are made in the product's own pages."""


def scenario(folder: Path, *clusters: str) -> Path:
    """Write the default scenario without the admin API, with a copy of its cluster for each further name."""
    content = shipped()
    (first,) = content["clusters"]
    made = []
    for number, name in enumerate(clusters or ("dc1",)):
        nodes = [{**node, "ipv4": node["ipv4"].replace("192.0.2", f"198.18.{number}")} for node in first["nodes"]]
        users = {"generated": {**first["users"]["generated"], "count": 5}}
        named = {"name": name, "domain": f"{name}.example.com", "nodes": nodes, "users": users}
        made.append({**first, **named, "admin_api": False, "presence_gateways": ["mail1.example.com"]})
    content["clusters"] = made
    return write_scenario(folder, content)


def new_authority(folder: Path, name: str = "New CA") -> dict[str, Any]:
    """Return variables with which ``trust`` has a certificate to upload to both nodes."""
    path = folder / f"{name.replace(' ', '-')}.pem"
    path.write_text(issue(name, ca=True).pem, encoding="utf-8")
    return {"trust_certificates": [{"path": str(path)}]}


def site(environment: Emulator, folder: Path, **variables: Any) -> Played:
    """Run the site playbook with the parts that a real cluster can do."""
    return play(
        environment.ready_file,
        folder,
        "ucops.imp.site",
        variables={"calendar_integration_parts": PARTS, **variables},
    )


def restarts(environment: Emulator, after: int = 0) -> list[str]:
    """Return the nodes of the restarts that the control centers were asked for, in order."""
    return [entry["node"] for entry in environment.journal(operation="soapDoControlServices", after=after)]
