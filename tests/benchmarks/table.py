# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prints measurements of one run side by side, each as a ratio to the first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Measurement:
    """One measured figure.

    Attributes:
        value: The figure, in ``unit``.
        unit: For example ``s`` or ``requests/s``.
    """

    name: str
    value: float
    unit: str


def show(title: str, rows: Sequence[Measurement]) -> None:
    """Print a table; the first row is what the others are compared with."""
    width = max(len(row.name) for row in rows)
    print(f"\n{title}")
    for row in rows:
        print(f"  {row.name:<{width}}  {row.value:>10.2f} {row.unit:<11} {row.value / rows[0].value:>6.2f} x")
