# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which modules use which operation of the interfaces of our own, as the fidelity page tells it."""

from __future__ import annotations

import re
from collections.abc import Iterable

from tests.support.project_files import ROOT

_ROW = re.compile(r"^\| `(\w+)` \| (.+?) \|$", re.MULTILINE)


def users_on_the_page(operations: Iterable[str]) -> dict[str, set[str]]:
    """Return the modules that use each of these operations.

    An operation that none uses has a reason in the place of their names. One that is missing, or told of twice, fails.
    """
    page = (ROOT / "docs" / "fidelity.md").read_text(encoding="utf-8")
    wanted = set(operations)
    rows: dict[str, set[str]] = {}
    for operation, users in _ROW.findall(page):
        if operation not in wanted:
            continue
        assert operation not in rows, f"{operation} has two rows"
        rows[operation] = set() if users.startswith("none: ") else set(re.findall(r"`(\w+)`", users))
        assert rows[operation] or users.startswith("none: "), f"{operation}: neither a module nor a reason"
    missing = wanted - rows.keys()
    assert not missing, f"docs/fidelity.md does not tell which modules use {sorted(missing)}"
    return rows
