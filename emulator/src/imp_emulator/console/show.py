# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How values are written on a page: filters of the templates. Pure."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any


def time(at: float | datetime | None) -> str:
    """Return a moment of virtual time, in UTC to the second; nothing for none."""
    if at is None:
        return ""
    moment = at if isinstance(at, datetime) else datetime.fromtimestamp(at, UTC)
    return f"{moment:%Y-%m-%d %H:%M:%S}"


def number(value: int) -> str:
    """Return a number with its thousands apart."""
    return f"{value:,}"


def key(text: str) -> str:
    """Return a name of the product as a part of a word's key, for example ``out_of_office``."""
    return text.lower().replace(" ", "_").replace("-", "_")


def minute(at: datetime) -> str:
    """Return a time of a day, without the day."""
    return f"{at:%H:%M}"


FILTERS: dict[str, Callable[..., Any]] = {"time": time, "number": number, "key": key, "minute": minute}
"""By the names that templates use."""
