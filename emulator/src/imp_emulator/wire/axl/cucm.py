# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""AXL of Unified CM."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from imp_emulator.domain.cucm import public_tables
from imp_emulator.wire.axl import (
    directory_operations,
    node_operations,
    parameter_operations,
    redundancy_operations,
    user_operations,
)
from imp_emulator.wire.axl.protocol import Axl, AxlOperation
from imp_emulator.wire.axl.sql import operations as sql


class CucmAxl(Axl):
    """AXL at a Unified CM node."""

    name = "axl"
    versions = ("11.5", "12.5", "14.0", "15.0")
    table: ClassVar[Mapping[str, AxlOperation]] = {
        **node_operations.OPERATIONS,
        **user_operations.OPERATIONS,
        **parameter_operations.OPERATIONS,
        **redundancy_operations.OPERATIONS,
        **directory_operations.OPERATIONS,
        **sql.operations(
            public_tables.CUCM,
            {"enduser": sql.ENDUSER, "processnode": sql.PROCESSNODE, "processconfig": sql.PROCESSCONFIG},
        ),
    }
