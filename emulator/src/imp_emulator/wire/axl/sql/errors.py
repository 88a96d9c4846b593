# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The SQL errors, with Informix's numbers and words."""

from __future__ import annotations

from collections.abc import Callable

from imp_emulator.catalogue import database
from imp_emulator.domain.cucm.public_tables import Flaw, StatementError
from imp_emulator.letter_case import ascii_lower
from imp_emulator.wire.axl import faults
from imp_emulator.wire.axl.faults import AxlFault

SYNTAX = -201
NO_TABLE = -206
NO_COLUMN = -217
NO_PERMISSION = -273
UNMATCHED_QUOTE = -282
AMBIGUOUS = -324
NO_ROUTINE = -674
CONVERSION = -1213
INTERRUPTED = -213


def syntax() -> AxlFault:
    """A statement that cannot be understood, or more than one."""
    return AxlFault(SYNTAX, "A syntax error has occurred.")


def unmatched_quote() -> AxlFault:
    """A string that does not end."""
    return AxlFault(UNMATCHED_QUOTE, "Found a quote for which there is no matching quote.")


def no_table(name: str) -> AxlFault:
    """A table that does not exist, or that nobody may see; one that the products have is told apart."""
    if ascii_lower(name) in database.TABLES:
        return faults.not_emulated(f"Table {name} is not implemented by this emulator.")
    return AxlFault(NO_TABLE, f"The specified table ({name}) is not in the database.")


def no_column(name: str) -> AxlFault:
    """A column that does not exist, maybe with its table's name before it; one that the products have is told apart."""
    if ascii_lower(name) in database.FUNCTIONS:
        return _no_function(name)
    if ascii_lower(name).rpartition(".")[2] in database.COLUMNS:
        return faults.not_emulated(f"Column {name} is not implemented by this emulator.")
    return AxlFault(NO_COLUMN, f"Column ({name}) not found in any table in the query (or SLV is undefined).")


def no_permission(what: str) -> AxlFault:
    """A table or column that cannot be changed this way."""
    return AxlFault(NO_PERMISSION, f"No UPDATE permission for {what}.")


def not_emulated(verb: str) -> AxlFault:
    """A statement that the product carries out and the emulator does not."""
    return faults.not_emulated(f"{verb} is not implemented by this emulator; use addUser and the like.")


def not_convertible() -> AxlFault:
    """A value that does not fit its column's type."""
    return AxlFault(CONVERSION, "A character to numeric conversion process failed.")


def interrupted() -> AxlFault:
    """A statement that takes too long."""
    return AxlFault(INTERRUPTED, "Statement interrupted by user.")


def ambiguous(name: str) -> AxlFault:
    """A column that more than one table of the statement has."""
    return AxlFault(AMBIGUOUS, f"Ambiguous column ({name}).")


def no_routine(name: str) -> AxlFault:
    """A function that does not exist, or that nobody may call; one that Informix has is told apart."""
    if ascii_lower(name) in database.FUNCTIONS:
        return _no_function(name)
    return AxlFault(NO_ROUTINE, f"Routine ({name}) can not be resolved.")


def _no_function(name: str) -> AxlFault:
    return faults.not_emulated(f"Function {name} is not implemented by this emulator.")


_NAMED: dict[Flaw, Callable[[str], AxlFault]] = {
    Flaw.NO_TABLE: no_table,
    Flaw.NO_COLUMN: no_column,
    Flaw.AMBIGUOUS_COLUMN: ambiguous,
    Flaw.NO_FUNCTION: no_routine,
}


def of_statement(error: StatementError) -> AxlFault:
    """Return Informix's error for a statement that the store could not carry out."""
    if error.flaw is Flaw.TOO_LONG:
        return interrupted()
    return _NAMED[error.flaw](error.name) if error.flaw in _NAMED else syntax()
