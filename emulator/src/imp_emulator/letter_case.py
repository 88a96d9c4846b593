# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which letter case the emulated products ignore: that of A to Z, as the state file's NOCASE and LIKE do (SQLite)."""

from __future__ import annotations

import re
import string

_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)


def ascii_lower(text: str) -> str:
    """Return a text with the letters A to Z in lower case and all others as they are."""
    return text.translate(_LOWER)


def like(pattern: str, text: str, one: str = "_") -> bool:
    """Tell whether a text matches a pattern of SQL's LIKE, in any letter case of A to Z.

    The time that it takes grows with the lengths only: what stands between two % is looked for once.

    Args:
        pattern: Of its signs % stands for any text.
        text: What is compared.
        one: The sign that stands for any one; empty where there is none.
    """
    parts = [
        "".join("." if sign == one else re.escape(sign) for sign in part) for part in ascii_lower(pattern).split("%")
    ]
    begin, *others = parts
    between = "".join(f"(?>.*?{part})" for part in others[:-1])
    expression = f"{begin}{between}.*{others[-1]}" if others else begin
    return re.fullmatch(expression, ascii_lower(text), re.DOTALL) is not None
