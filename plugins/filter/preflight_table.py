# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter that makes the result of ``preflight_info`` readable."""

from __future__ import annotations

DOCUMENTATION = r"""
name: preflight_table
short_description: Make a table of the rows of a preflight
version_added: 0.1.0
author:
  - ucops contributors (@ucops)
description:
  - Makes lines of text of the rows that M(ucops.imp.preflight_info) returns, for people to read on a terminal.
  - What failed comes first, then what nobody could tell, the warnings, what was skipped, and what is well. Rows that
    say the same of several subjects share a line, which names the first three of those that are well.
  - The result is a list, a line each. M(ucops.imp.screen) shows them as they are.
options:
  _input:
    description: The RV(ucops.imp.preflight_info#module:checks) of the module.
    type: list
    elements: dict
    required: true
  width:
    description:
      - The longest line, in columns of a terminal, 60 to 1000.
      - Left out, it is the terminal's own width, but not more than 110; and 79 where there is no terminal.
    type: int
  fold:
    description: Whether rows that say the same share a line.
    type: bool
    default: true
seealso:
  - module: ucops.imp.preflight_info
  - module: ucops.imp.screen
"""

EXAMPLES = r"""
- name: Show the result as a table
  ucops.imp.screen:
    lines: "{{ preflight.checks | ucops.imp.preflight_table }}"

- name: Every row on a line of its own, for a wide screen
  ucops.imp.screen:
    lines: "{{ preflight.checks | ucops.imp.preflight_table(width=180, fold=false) }}"
"""

RETURN = r"""
_value:
  description: The lines of the table.
  type: list
  elements: str
"""

from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.ucops.imp.plugins.module_utils._core.errors import shortened
from ansible_collections.ucops.imp.plugins.plugin_utils._screens.preflight import table
from ansible_collections.ucops.imp.plugins.plugin_utils._screens.shown import terminal_width

_READABLE = 110
"""Longer lines are hard to read, however wide the terminal is."""


def preflight_table(checks: Any, width: int | None = None, fold: bool = True) -> list[str]:
    """Return the lines of the table; raises ``AnsibleFilterError`` for anything that is not rows of a preflight."""
    try:
        return table(checks, min(terminal_width(), _READABLE) if width is None else width, fold)
    except (OverflowError, TypeError, ValueError) as error:
        raise AnsibleFilterError(shortened(f"preflight_table: {error}")) from None


class FilterModule:
    """Tell ansible which filters are here."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters by name."""
        return {"preflight_table": preflight_table}
