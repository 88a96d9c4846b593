# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The same environment without listeners as the unit tests use, and a session of remote PowerShell."""

from collections.abc import Iterator

import pytest

from tests.support.emulator import Emulator
from tests.support.exchange import Session, powershell
from tests.support.online import online_emulator, tenant
from tests.unit.emulator.conftest import emulated, seeded_state

__all__ = ["emulated", "online_emulator", "seeded_state", "session_fixture", "tenant"]


@pytest.fixture(name="session")
def session_fixture(environment: Emulator) -> Iterator[Session]:
    """A session with the first Exchange server, with the administrator's account."""
    with powershell(environment) as opened:
        environment.control.clear_journal()
        yield opened
