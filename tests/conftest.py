# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every test may use: the collection under its own name, and the emulator, of which the run leaves nothing out."""

from __future__ import annotations

from pathlib import Path

from tests.support.collection_tree import ensure_collection_tree
from tests.support.emulator import (
    certificates_emulator,
    certificates_environment,
    emulator,
    environment,
    imp_emulator_class,
    start_emulator,
)
from tests.support.exercised import pytest_sessionfinish, pytest_terminal_summary, pytest_testnodedown

__all__ = [
    "certificates_emulator",
    "certificates_environment",
    "emulator",
    "environment",
    "imp_emulator_class",
    "pytest_sessionfinish",
    "pytest_terminal_summary",
    "pytest_testnodedown",
    "start_emulator",
]

# Its entry point would do, but is missing where the emulator's package is only on the path.
pytest_plugins = ["imp_emulator.pytest_plugin", "tests.support.ews_schema_folder"]

# Before any test module is imported, for they import the collection by that name.
ensure_collection_tree(Path(__file__).parents[1])
