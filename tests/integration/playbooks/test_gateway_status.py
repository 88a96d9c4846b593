# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook ``ucops.imp.gateway_status`` ends with a screen, after a failure too."""

from __future__ import annotations

from pathlib import Path

from tests.support.emulator import Emulator
from tests.support.playbooks import play


def test_a_status_that_cannot_be_read_is_told_for_people_and_fails(environment: Emulator, tmp_path: Path) -> None:
    environment.control.fault("status", effect={"status": 500}, node="imp-pub")
    played = play(environment.ready_file, tmp_path, "ucops.imp.gateway_status")
    assert played.status == 2
    assert (played.recap["imp-pub.dc1"].failed, played.recap["imp-pub.dc1"].changed) == (1, 0)
    assert "\n\ndc1: presence gateways\n\nThe status was not read: Injected fault\n" in played.output
