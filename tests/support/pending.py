# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Changes after which services have to restart."""

from __future__ import annotations

from tests.support.connections import connection
from tests.support.emulator import Emulator
from tests.support.modules import run_module


def change_parameter(emulator: Emulator) -> None:
    """Make a change that the Presence Engine of every node has to load; the journal is empty afterwards."""
    parameter = {**connection(emulator, "cucm"), "calendar_spread": 10}
    assert run_module("calendaring_parameters", parameter).changed
    emulator.control.clear_journal()
