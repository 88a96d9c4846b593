# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ``make demo`` runs: configure an emulated cluster, converge, break it, see the drift, heal it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
START_TIMEOUT = 60  # seconds


def say(text: str) -> None:
    """Print a heading between the outputs of the programs that this script runs."""
    print(f"\n\033[1m=== {text}\033[0m" if sys.stdout.isatty() else f"\n=== {text}", flush=True)


@contextmanager
def emulator(folder: Path) -> Iterator[dict[str, Any]]:
    """Run the default scenario while the block runs; yields the content of the ready file."""
    ready_file = folder / "ready.json"
    command = [BIN / "imp-emulator", "serve", "--state", folder / "state.db", "--ready-file", ready_file]
    with (folder / "emulator.log").open("w") as log:
        process = subprocess.Popen([str(word) for word in command], stdout=log, stderr=subprocess.STDOUT)
    try:
        subprocess.run(
            [str(BIN / "imp-emulator"), "wait", "--ready-file", str(ready_file), "--timeout", str(START_TIMEOUT)],
            check=True,
        )
        yield json.loads(ready_file.read_text())
    finally:
        process.terminate()
        process.wait(timeout=START_TIMEOUT)


def play(playbook: str, folder: Path, *options: str) -> None:
    """Run a playbook against the emulator; a failed play ends the demonstration."""
    print(f"$ ansible-playbook {playbook} -i inventory/emulator {' '.join(options)}".rstrip(), flush=True)
    environment = {
        **os.environ,
        "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".build" / "collections"),
        "ANSIBLE_LOCALHOST_WARNING": "false",
        "IMP_EMULATOR_READY": str(folder / "ready.json"),
    }
    command = [str(BIN / "ansible-playbook"), playbook, "-i", str(ROOT / "inventory" / "emulator"), *options]
    subprocess.run(command, check=True, cwd=ROOT, env=environment)


def writes(ready: dict[str, Any], after: int) -> tuple[int, int]:
    """Return how many writes the emulator's journal holds after an entry, and the number of its last entry."""
    control = ready["control"]
    request = urllib.request.Request(  # noqa: S310 - the control plane's own loopback address
        f"{control['url']}/journal?writes=true&after={after}", headers={"Authorization": f"Bearer {control['token']}"}
    )
    with urllib.request.urlopen(request, timeout=START_TIMEOUT) as answer:  # noqa: S310
        journal = json.load(answer)
    return len(journal["entries"]), journal["last"]


def main() -> None:
    """Tell the whole story once."""
    with tempfile.TemporaryDirectory(prefix="ucops-imp-demo-") as name:
        folder = Path(name)
        say("Start an emulated cluster: 1 CUCM, 2 IM and Presence nodes, 2 Exchange servers, 1,000 users")
        with emulator(folder) as ready:
            say("Configure the calendar integration from nothing")
            play("ucops.imp.site", folder)
            count, last = writes(ready, 0)
            print(f"The emulator's journal: {count} writes.")
            say("Run it again: nothing is left to do")
            play("ucops.imp.site", folder)
            count, last = writes(ready, last)
            print(f"The emulator's journal: {count} writes.")
            say("Somebody changes things by hand")
            play("demo/tamper.yml", folder)
            say("Look for drift, touching nothing")
            play("ucops.imp.site", folder, "--check", "--diff")
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
