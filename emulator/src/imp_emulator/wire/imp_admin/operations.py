# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which operation a method and a path stand for."""

from __future__ import annotations

from collections.abc import Iterable

from starlette.routing import compile_path


class Operations:
    """The operations of an API.

    Args:
        routes: Path, method and identifier of each; of two paths that fit a request the first one counts.
    """

    def __init__(self, routes: Iterable[tuple[str, str, str]]) -> None:
        paths: dict[str, dict[str, str]] = {}
        for path, method, operation in routes:
            paths.setdefault(path, {})[method] = operation
        self._paths = [(compile_path(path)[0], methods) for path, methods in paths.items()]

    def find(self, method: str, path: str) -> str | None:
        """Return the operation's identifier, or ``None``."""
        return self._methods(path).get(method)

    def allowed(self, path: str) -> list[str]:
        """Return the methods that a path has."""
        return sorted(self._methods(path))

    def methods(self) -> dict[str, str]:
        """Return the method of every operation by the operation's identifier."""
        return {operation: method for _, methods in self._paths for method, operation in methods.items()}

    def _methods(self, path: str) -> dict[str, str]:
        return next((methods for pattern, methods in self._paths if pattern.match(path)), {})
