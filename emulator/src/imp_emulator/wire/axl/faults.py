# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every fault that AXL answers: its number, its words, and the errors of the domain that become it.

The numbers 5003, 5007, -1, -239 and -691 and their words were seen in answers of the product that users published;
5000, 5002 and 5005, and the words of all three, are assumed. The SQL errors -201,
-206, -217 and their like are Informix's.
"""

from __future__ import annotations

from imp_emulator import errors
from imp_emulator.wire.http import soap

UNKNOWN_ERROR = 5000
UNKNOWN_REQUEST = 5002
INVALID_VALUE = 5003
UNEXPECTED_NODE = 5005
ITEM_NOT_VALID = 5007
DUPLICATE = -239
FOREIGN_KEY = -691
TOO_LARGE = -1

_LONGEST_SHOWN = 200


class AxlFault(Exception):
    """An answer of AXL that is a fault; HTTP status 500.

    Args:
        axlcode: The number in the detail.
        message: The fault string, which also stands in the detail.
        client: Whether the fault code is ``Client`` instead of ``Server``.
    """

    def __init__(self, axlcode: int, message: str, client: bool = False) -> None:
        super().__init__(message)
        self.axlcode = axlcode
        self.message = message
        self.client = client

    def body(self, request: str) -> bytes:
        """Return the SOAP message; ``request`` is the name of the operation that was asked for."""
        detail = (
            f"<axlError><axlcode>{self.axlcode}</axlcode><axlmessage>{soap.text(self.message)}</axlmessage>"
            f"<request>{soap.text(request)}</request></axlError>"
        )
        return soap.fault("Client" if self.client else "Server", self.message, detail)


def malformed(reason: str) -> AxlFault:
    """A body that is no SOAP message."""
    return AxlFault(UNKNOWN_ERROR, reason, client=True)


def not_implemented(operation: str) -> AxlFault:
    """An operation that the emulator does not have, whether the product has it or not."""
    return AxlFault(UNKNOWN_REQUEST, f"Unknown request: {operation} is not implemented by this emulator.")


def not_emulated(sentence: str) -> AxlFault:
    """What the product has or does and the emulator does not; the sentence says so."""
    return AxlFault(UNKNOWN_REQUEST, sentence)


def unexpected(name: str, expected: str) -> AxlFault:
    """An element where it may not stand."""
    allowed = f"One of '{{{expected}}}' is expected." if expected else "No child element is expected at this point."
    return AxlFault(UNEXPECTED_NODE, f"Invalid content was found starting with element '{name}'. {allowed}")


def missing(parent: str, expected: str) -> AxlFault:
    """An element without a child that it must have."""
    return AxlFault(UNEXPECTED_NODE, f"The content of element '{parent}' is not complete. '{expected}' is expected.")


def bad_attribute(parent: str, name: str) -> AxlFault:
    """An attribute that is not declared."""
    return AxlFault(UNEXPECTED_NODE, f"Attribute '{name}' is not allowed to appear in element '{parent}'.")


def bad_value(name: str, value: str, type_name: str) -> AxlFault:
    """A value that its type does not allow."""
    shown = value if len(value) <= _LONGEST_SHOWN else f"{value[:_LONGEST_SHOWN]}..."
    return AxlFault(INVALID_VALUE, f"The value '{shown}' of element '{name}' is not valid for type '{type_name}'.")


def no_criteria() -> AxlFault:
    """A list that is asked for without saying of what."""
    return AxlFault(ITEM_NOT_VALID, "Item not valid: searchCriteria needs at least one element.")


def not_found(kind: str, update: bool) -> AxlFault:
    """An object that does not exist: two different answers for reading and for updating.

    Args:
        kind: What it is, in AXL's words, for example ``User``.
        update: Whether the operation updates.
    """
    if update:
        return AxlFault(INVALID_VALUE, f"{kind} not found")
    return AxlFault(ITEM_NOT_VALID, f"Item not valid: The specified {kind} was not found")


def duplicate() -> AxlFault:
    """A key that is taken."""
    message = "Could not insert new row - duplicate value in a UNIQUE INDEX column (Unique Index:)."
    return AxlFault(DUPLICATE, message, client=True)


def foreign_key(constraint: str) -> AxlFault:
    """A reference to an object that does not exist."""
    message = f"Missing key in referenced table for referential constraint (informix.{constraint})."
    return AxlFault(FOREIGN_KEY, message, client=True)


def too_large(matched: int, fitting: int) -> AxlFault:
    """An answer over the size limit: so many rows matched, fewer than so many can be fetched at once."""
    message = (
        f"Query request too large. Total rows matched: {matched} rows."
        f" Suggestive Row Fetch: less than {max(1, fitting)} rows"
    )
    return AxlFault(TOO_LARGE, message)


def of_domain(error: errors.DomainError, kind: str, update: bool) -> AxlFault:
    """Translate an error of the domain; see :func:`not_found` for ``kind`` and ``update``."""
    if isinstance(error, errors.NotFound):
        return not_found(kind, update)
    if isinstance(error, errors.NotEmulated):
        return not_emulated(error.message)
    if isinstance(error, errors.Duplicate):
        return duplicate()
    return AxlFault(ITEM_NOT_VALID, f"Item not valid: {error.message}")
