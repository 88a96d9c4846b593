# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tables of the clusters' databases that Cisco has made public, and reading them with a statement.

What may be changed through them is changed as anywhere else: object by object, by the rules for users, nodes and
parameters.
"""

from __future__ import annotations

from contextlib import AbstractContextManager

from imp_emulator.store.cucm import public_tables, queries
from imp_emulator.world.context import Context

CUCM, IMP = public_tables.CUCM, public_tables.IMP
PublicTables = public_tables.PublicTables
Found = queries.Found
Flaw = queries.Flaw
StatementError = queries.StatementError


def select(context: Context, cluster: str, tables: PublicTables, statement: str) -> AbstractContextManager[Found]:
    """Run a statement that reads, translated for the store, over a cluster's public tables.

    It reads what was committed last. Its rows are read while they are asked for, inside the context.

    Raises:
        StatementError: It is wrong, names what is not public, or takes too long; also while rows are read.
    """
    return queries.select(context.database, cluster, tables, statement)
