# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which letter case the emulated products ignore: that of A to Z, as the state file's NOCASE and LIKE do (SQLite)."""

from __future__ import annotations

import string

_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)


def ascii_lower(text: str) -> str:
    """Return a text with the letters A to Z in lower case and all others as they are."""
    return text.translate(_LOWER)
