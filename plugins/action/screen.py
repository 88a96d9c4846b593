# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Show a table and sentences to people, see the module of the same name for its documentation."""

from __future__ import annotations

from typing import Any

from ansible.errors import AnsibleActionFail
from ansible_collections.ucops.imp.plugins.module_utils._core.words import printable
from ansible_collections.ucops.imp.plugins.plugin_utils._screens.shown import ScreenAction, terminal_width
from ansible_collections.ucops.imp.plugins.plugin_utils._screens.table import (
    LONGEST,
    SHORTEST,
    table,
    wrapped,
)

OPTIONS: dict[str, dict[str, Any]] = {
    "title": {"type": "str"},
    "columns": {"type": "list", "elements": "str"},
    "rows": {"type": "list", "elements": "list"},
    "lines": {"type": "list", "elements": "str"},
    "notes": {"type": "list", "elements": "str"},
    "width": {"type": "int"},
}


class ActionModule(ScreenAction):
    """Make the lines and show them."""

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        options = self.options(OPTIONS)
        width = terminal_width() if options["width"] is None else options["width"]
        if not SHORTEST <= width <= LONGEST:
            raise AnsibleActionFail(f"width {width} is not in the range {SHORTEST} to {LONGEST}.")
        try:
            lines = screen(options, width)
        except ValueError as error:
            raise AnsibleActionFail(f"rows: {error}") from None
        self.show(lines)
        return {**result, "changed": False, "lines": lines}


def screen(options: dict[str, Any], width: int) -> list[str]:
    """Return the lines of a screen; raises ``ValueError`` for rows that do not fit the columns."""
    lines: list[str] = []
    if options["title"]:
        lines += [*wrapped(options["title"], width), ""]
    if options["columns"]:
        rows = [[_cell(value) for value in row] for row in options["rows"] or []]
        lines += table(options["columns"], rows, width) + ([] if rows else ["(none)"])
    lines += map(printable, options["lines"] or [])
    notes = [line for note in options["notes"] or [] for line in wrapped(note, width)]
    return lines + ([""] if lines and notes and lines[-1] else []) + notes


def _cell(value: Any) -> str | list[str]:
    """Return a value as people read it: yes and no, nothing for null, one line for each item of a list."""
    if isinstance(value, (list, tuple)):
        return [str(_cell(item)) for item in value]
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)
