# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The errors that the domain raises; each wire protocol translates them into its own faults."""

from __future__ import annotations


class DomainError(Exception):
    """A request that the environment refuses.

    Args:
        code: A stable identifier in kebab case, for example ``gateway-exists``.
        message: The sentence for the caller; it never holds a secret.
        field: The field of the request that is at fault, where there is one.
    """

    def __init__(self, code: str, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.field = field


class NotFound(DomainError):
    """The object that the request names does not exist."""


class NotEmulated(DomainError):
    """The object is one that every product has and the emulator has not."""


class Duplicate(DomainError):
    """An object with the same key exists already."""


class InvalidValue(DomainError):
    """A value breaks a type, range or format rule."""


class Forbidden(DomainError):
    """The rule of the environment does not allow the operation in its present state."""


class Conflict(DomainError):
    """The object has changed since the caller read it."""
