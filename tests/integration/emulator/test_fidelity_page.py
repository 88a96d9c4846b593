# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fidelity page tells of every operation that the emulator says it implements."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.emulator import Emulator

PAGE = Path(__file__).parents[3] / "docs" / "fidelity.md"


@pytest.mark.parametrize("scenario", ["environment", "tenant"])
def test_every_operation_stands_on_the_page(scenario: str, request: pytest.FixtureRequest) -> None:
    page = PAGE.read_text(encoding="utf-8")
    emulator: Emulator = request.getfixturevalue(scenario)
    about = emulator.control.about()
    protocols = about["protocols"] | {"control": about["control"]}

    untold = [
        f"{name}: {operation}"
        for name, found in protocols.items()
        for operation in found
        if f"`{operation}`" not in page
    ]

    assert sum(map(len, protocols.values())) > 0
    assert untold == []
