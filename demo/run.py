# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ``make demo`` runs: configure an emulated cluster, converge, break it, see the drift, heal it."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from imp_emulator.testing import Emulator, EmulatorError, running

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent

DRIFT = 3  # the exit status that says so
REPORTING = {"ANSIBLE_CALLBACKS_ENABLED": "ucops.imp.drift", "UCOPS_IMP_DRIFT_DIR": ".build/drift-report"}


def say(text: str) -> None:
    """Print a heading between the outputs of the programs that this script runs."""
    print(f"\n\033[1m=== {text}\033[0m" if sys.stdout.isatty() else f"\n=== {text}", flush=True)


def play(playbook: str, folder: Path, expected: int = 0, **settings: str) -> None:
    """Run a playbook against the emulator; one that ends with another status than expected ends the demonstration."""
    told = "".join(f"{name}={value} " for name, value in settings.items())
    print(f"$ {told}ansible-playbook {playbook} -i inventory/emulator", flush=True)
    environment = {
        **os.environ,
        "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".build" / "collections"),
        # What does not apply, such as certificates that nobody has asked for, is no part of the story.
        "ANSIBLE_DISPLAY_SKIPPED_HOSTS": "false",
        "ANSIBLE_LOCALHOST_WARNING": "false",
        "IMP_EMULATOR_READY": str(folder / "ready.json"),
        **settings,
    }
    command = [str(BIN / "ansible-playbook"), playbook, "-i", str(ROOT / "inventory" / "emulator")]
    done = subprocess.run(command, check=False, cwd=ROOT, env=environment)
    if done.returncode != expected:
        raise subprocess.CalledProcessError(done.returncode, command)


def tell_writes(environment: Emulator) -> None:
    """Say how many writes the emulator's journal holds, and begin a new one."""
    print(f"The emulator's journal: {len(environment.journal(writes=True))} writes.")
    environment.control.clear_journal()


def main() -> None:
    """Tell the whole story once."""
    with tempfile.TemporaryDirectory(prefix="ucops-imp-demo-") as name:
        folder = Path(name)
        say("Start an emulated cluster: 1 CUCM, 2 IM and Presence nodes, 2 Exchange servers, 1,000 users")
        with running(folder=folder) as environment:
            say("Configure the calendar integration from nothing")
            play("ucops.imp.site", folder)
            tell_writes(environment)
            say("Run it again: nothing is left to do")
            play("ucops.imp.site", folder)
            tell_writes(environment)
            say("Somebody changes things by hand")
            play("demo/tamper.yml", folder)
            say("Look for drift, touching nothing")
            play("ucops.imp.drift", folder, expected=DRIFT, **REPORTING)
            say("Heal it")
            play("ucops.imp.site", folder)
            say("The gateways as the cluster sees them")
            play("ucops.imp.gateway_status", folder)
    say("Done")


if __name__ == "__main__":
    try:
        main()
    except subprocess.CalledProcessError as error:
        sys.exit(f"The demonstration stopped: {error.cmd[0]} ended with status {error.returncode}.")
    except EmulatorError as error:
        sys.exit(f"The demonstration stopped: {error}")
