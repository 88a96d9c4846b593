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
    say the same of several subjects share a line.
  - The result is a list, because Ansible's usual output shows a list line by line, and a text in one long line.
options:
  _input:
    description: The RV(ucops.imp.preflight_info#module:checks) of the module.
    type: list
    elements: dict
    required: true
  width:
    description: The longest line, in characters. At least 60.
    type: int
    default: 110
  fold:
    description: Whether rows that say the same share a line.
    type: bool
    default: true
seealso:
  - module: ucops.imp.preflight_info
"""

EXAMPLES = r"""
- name: Show the result as a table
  ansible.builtin.debug:
    msg: "{{ preflight.checks | ucops.imp.preflight_table }}"

- name: Every row on a line of its own, for a wide screen
  ansible.builtin.debug:
    msg: "{{ preflight.checks | ucops.imp.preflight_table(width=180, fold=false) }}"
"""

RETURN = r"""
_value:
  description: The lines of the table.
  type: list
  elements: str
"""

import textwrap
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.ucops.imp.plugins.module_utils._preflight_rows import OK, REQUIREMENTS, RESULTS

SHORTEST = 60
_RESULT = max(map(len, RESULTS)) + 2
_CHECK = max(map(len, REQUIREMENTS)) + 2

Row = Mapping[str, Any]


def preflight_table(checks: Any, width: int = 110, fold: bool = True) -> list[str]:
    """Return the lines of the table; raises ``AnsibleFilterError`` for anything that is not rows of a preflight."""
    if not isinstance(checks, Sequence) or not all(isinstance(row, Mapping) and "result" in row for row in checks):
        raise AnsibleFilterError("preflight_table: give it the checks that ucops.imp.preflight_info returns.")
    if width < SHORTEST:
        raise AnsibleFilterError(f"preflight_table: width {width} is below {SHORTEST}.")
    lines = [_columns("RESULT", "CHECK", "SUBJECT: FOUND (EXPECTED)"), "-" * width]
    for result in RESULTS:
        rows = [row for row in checks if row["result"] == result]
        for group in _groups(rows, fold):
            lines += _entry(group, width)
    counts = [f"{sum(row['result'] == result for row in checks)} {result}" for result in RESULTS]
    return [*lines, "-" * width, ", ".join(counts)]


def _groups(rows: Sequence[Row], fold: bool) -> list[list[Row]]:
    """Put the rows together that share a line."""
    groups: dict[tuple[Any, ...], list[Row]] = {}
    for number, row in enumerate(rows):
        same = (row["check"], row["found"], row["advice"])
        groups.setdefault(same if fold else (number,), []).append(row)
    return list(groups.values())


def _entry(group: Sequence[Row], width: int) -> list[str]:
    row = group[0]
    expected = f" (expected: {row['expected']})" if row["expected"] and row["result"] != OK else ""
    text = f"{', '.join(str(one['subject']) for one in group)}: {row['found']}{expected}"
    cells = _wrapped(text, width)
    if row["advice"]:
        cells += _wrapped(f"-> {row['advice']}", width)
    first = _columns(row["result"], row["check"], cells[0])
    return [first, *(_columns("", "", cell) for cell in cells[1:])]


def _wrapped(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, width - _RESULT - _CHECK, break_on_hyphens=False) or [""]


def _columns(result: str, check: str, text: str) -> str:
    return f"{result:{_RESULT}}{check:{_CHECK}}{text}"


class FilterModule:
    """Tell ansible which filters are here."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters by name."""
        return {"preflight_table": preflight_table}
