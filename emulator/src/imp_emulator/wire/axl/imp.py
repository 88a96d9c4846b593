# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""AXL of the IM and Presence Service: an interface of its own, and off until its service is activated and started."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from imp_emulator.domain.cucm import public_tables
from imp_emulator.wire.axl import imp_operations, presence_operations
from imp_emulator.wire.axl.protocol import Axl, AxlOperation
from imp_emulator.wire.axl.sql import operations as sql


class ImpAxl(Axl):
    """AXL at the IM and Presence publisher."""

    name = "imp_axl"
    versions = ("8.0", "11.5", "12.5", "14.0", "15.0")
    table: ClassVar[Mapping[str, AxlOperation]] = {
        **imp_operations.OPERATIONS,
        **presence_operations.OPERATIONS,
        # The users are a copy of Unified CM's and are changed there.
        **sql.operations(public_tables.IMP, {"processconfig": sql.PROCESSCONFIG}),
    }
