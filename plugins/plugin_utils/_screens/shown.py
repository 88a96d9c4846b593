# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""What the actions that show a screen have in common: they print it, in one piece, beside ansible's own output.

Ansible shows a result as JSON; a screen is for people. It goes through ansible's ``Display``, from a worker too, and so
into the log file and to whatever captures the output.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ansible import constants
from ansible.plugins.action import ActionBase
from ansible.utils.color import stringc
from ansible.utils.display import Display
from ansible_collections.ucops.imp.plugins.plugin_utils._screens.table import LONGEST, SHORTEST

FOR_MACHINES = ("json", "jsonl", "null")
"""Ansible's output in these formats is read by programs, or wanted by nobody."""
TONES = {
    "failed": "COLOR_ERROR",
    "unknown": "COLOR_WARN",
    "warning": "COLOR_WARN",
    "changed": "COLOR_CHANGED",
    "done": "COLOR_CHANGED",
    "ok": "COLOR_OK",
}
"""The first word of a line, in any letter case, and the setting of ansible that has its colour."""

_display = Display()


def terminal_width() -> int:
    """Return how many columns a line may take: those of the terminal, 79 where there is none."""
    return min(max(int(_display.columns), SHORTEST), LONGEST)


def coloured(line: str) -> str:
    """Return a line in the colour of the state that it begins with, where ansible shows colours."""
    setting = TONES.get(line.partition("  ")[0].strip().casefold())
    return stringc(line, getattr(constants, setting)) if setting else line


class ScreenAction(ActionBase):
    """An action that needs no host and no connection, changes nothing, and shows lines."""

    TRANSFERS_FILES = False
    _requires_connection = False
    _supports_async = False

    def show(self, lines: Sequence[str]) -> None:
        """Print lines in one piece, unless the task hides its result or the output is for programs."""
        hidden = bool(self._task.no_log)
        if not hidden and str(constants.DEFAULT_STDOUT_CALLBACK).rpartition(".")[2] not in FOR_MACHINES:
            _display.display("\n" + "\n".join(map(coloured, lines)))

    def options(self, spec: dict[str, dict[str, Any]]) -> dict[str, Any]:
        """Return the options of the task, converted; raises ansible's own error for what the spec does not allow."""
        _result, options = self.validate_argument_spec(argument_spec=spec)
        return dict(options)
