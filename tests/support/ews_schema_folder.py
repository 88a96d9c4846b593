# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the schema of Exchange Web Services is: Microsoft's, and no part of the project.

Its folder is named by the environment variable ``UCOPS_EWS_SCHEMA``, by default ``../shared/ews-schema`` beside the
project; it holds messages.xsd, which brings types.xsd. A run without it says so at its end. This file is a plugin of
every run, also in environments that have only what the collection needs, so it imports no package of the emulator.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.support.project_files import ROOT

VARIABLE = "UCOPS_EWS_SCHEMA"


def folder() -> Path:
    """Return where the schema is looked for."""
    named = os.environ.get(VARIABLE, "")
    return Path(named) if named else ROOT.parent / "shared" / "ews-schema"


def schema_file() -> Path | None:
    """Return the file that brings the whole schema, or ``None`` where there is none."""
    file = folder() / "messages.xsd"
    return file if file.is_file() else None


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say that answers were not validated, when they were not."""
    if schema_file() is None:
        text = (
            f"answers of Exchange Web Services are not validated: there is no messages.xsd in {folder()} ({VARIABLE})"
        )
        terminalreporter.line(text)
