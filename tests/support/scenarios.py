# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Scenarios that tests make of those that the emulator ships."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path
from typing import Any

import yaml


def shipped(name: str = "default") -> dict[str, Any]:
    """Return the content of a scenario that the emulator ships, for the test to change."""
    text = (resources.files("imp_emulator.scenario") / f"{name}.yml").read_text(encoding="utf-8")
    return dict(yaml.safe_load(text))


def write_scenario(folder: Path, content: dict[str, Any]) -> Path:
    """Write a scenario into a folder and return its path."""
    path = folder / "scenario.yml"
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def with_users(content: dict[str, Any], count: int) -> dict[str, Any]:
    """Have each cluster of a scenario begin with so many users; most tests need but a few."""
    for cluster in content["clusters"]:
        cluster["users"]["generated"]["count"] = count
    return content
