# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clients that the tests of the emulator share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.emulator import Emulator
from tests.support.imp_admin import Api
from tests.support.online import online_emulator, tenant
from tests.support.presence_site import play, seeded, wanted

__all__ = ["api", "online_emulator", "play", "seeded", "tenant", "wanted"]


@pytest.fixture
def api(environment: Emulator) -> Iterator[Api]:
    api = Api(environment)
    yield api
    api.client.close()
