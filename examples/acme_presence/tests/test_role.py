# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
import os
import subprocess
from pathlib import Path

from imp_emulator.testing import Emulator

ROLE = Path(__file__).parents[1]


def converge(environment: Emulator) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["ansible-playbook", "molecule/default/converge.yml"],
        cwd=ROLE,
        env=os.environ | {"IMP_EMULATOR_READY": str(environment.ready_file)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_second_run_writes_nothing(imp_environment: Emulator) -> None:
    assert converge(imp_environment).returncode == 0
    assert imp_environment.journal(writes=True)
    imp_environment.control.clear_journal()
    assert converge(imp_environment).returncode == 0
    assert imp_environment.journal(writes=True) == []


def test_a_busy_publisher_is_asked_again(imp_environment: Emulator) -> None:
    imp_environment.control.fault("status", effect={"status": 503}, protocol="axl", times=2)
    assert converge(imp_environment).returncode == 0
    assert [entry["status"] for entry in imp_environment.journal(protocol="axl")[:3]] == [503, 503, 200]
