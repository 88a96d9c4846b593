# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""The rows of a preflight as lines for people to read. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.ucops.imp.plugins.module_utils._core.words import named
from ansible_collections.ucops.imp.plugins.module_utils._preflight.rows import CHECKS, OK, RESULTS, SKIPPED
from ansible_collections.ucops.imp.plugins.plugin_utils._screens.table import (
    GAP,
    LONGEST,
    SHORTEST,
    side_by_side,
    wrapped,
)

_NEEDED = {"result", "check", "subject", "found", "expected", "advice"}
_RESULT = max(map(len, RESULTS))
_CHECK = max(map(len, CHECKS))

Row = Mapping[str, Any]


def table(checks: Any, width: int, fold: bool = True) -> list[str]:
    """Return the lines of the table.

    Raises ``TypeError`` for anything that is not rows of a preflight, ``ValueError`` for a width that is too small.
    """
    if not isinstance(checks, Sequence) or not all(isinstance(row, Mapping) and {*row} >= _NEEDED for row in checks):
        raise TypeError("give it the checks that ucops.imp.preflight_info returns.")
    if not SHORTEST <= width <= LONGEST:
        raise ValueError(f"width {width} is not in the range {SHORTEST} to {LONGEST}.")
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
        # A server that is down takes a dozen checks with it, of which one line is enough.
        same = (row["found"],) if row["result"] == SKIPPED else (row["check"], row["found"], row["advice"])
        groups.setdefault(same if fold else (number,), []).append(row)
    return list(groups.values())


def _entry(group: Sequence[Row], width: int) -> list[str]:
    row = group[0]
    checks = list(dict.fromkeys(str(one["check"]) for one in group))
    if len(checks) > 1:
        return _lines(row["result"], f"{len(group)} rows", f"{row['found']}: {', '.join(checks)}", "", width)
    expected = f" (expected: {row['expected']})" if row["expected"] and row["result"] != OK else ""
    subjects = [str(one["subject"]) for one in group]
    # Of what is well a few names will do; what has to be put right is named in full.
    names = named(subjects) if row["result"] == OK else ", ".join(subjects)
    text = f"{names}: {row['found']}{expected}"
    return _lines(row["result"], row["check"], text, row["advice"], width)


def _lines(result: str, check: str, text: str, advice: str, width: int) -> list[str]:
    room = width - _RESULT - _CHECK - 2 * GAP
    cells = [*wrapped(text, room), *(wrapped(f"-> {advice}", room) if advice else ())]
    return [_columns(result, check, cells[0]), *(_columns("", "", cell) for cell in cells[1:])]


def _columns(result: str, check: str, text: str) -> str:
    return side_by_side([result, check, text], [_RESULT, _CHECK, 0])
