# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ``make demo`` runs: configure an emulated cluster, converge, break it, see the drift, heal it.

The terminal gets the story. All that ansible prints is in files, which are named; when a playbook ends otherwise than
the story wants, what explains it is shown.
"""

from __future__ import annotations

import itertools
import os
import re
import shutil
import sys
import time
from pathlib import Path

from imp_emulator.testing import Emulator, EmulatorError
from tests.support.watched import watch

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
FOLDER = Path(".build/demo")
"""Where everything of a demonstration is kept, below the project's folder."""

DRIFT = 3  # the exit status that says so
REPORTING = {"ANSIBLE_CALLBACKS_ENABLED": "ucops.imp.drift", "UCOPS_IMP_DRIFT_DIR": str(FOLDER / "drift")}
SHOWN = 30
"""Lines of ansible's output that are shown when it ends otherwise than expected."""

GO_ON = """\
The emulator has ended, and its console with it. make demo KEEP=1 leaves both up
and ends with the link. Or try things yourself on a fresh emulated cluster; start
prints the link to its console, which shows all of it in a browser:
  .venv/bin/imp-emulator start --state .emulator/state.sqlite3 \\
    --ready-file .emulator/ready.json
  export ANSIBLE_COLLECTIONS_PATH=$PWD/.build/collections
  .venv/bin/ansible-playbook -i inventory/emulator ucops.imp.site --check --diff
For a real cluster: docs/getting-started.md"""

KEPT = f"""\
The emulator goes on. Look at it in a browser while you try things:
  {{console}}
  export IMP_EMULATOR_READY=$PWD/{FOLDER}/ready.json
  export ANSIBLE_COLLECTIONS_PATH=$PWD/.build/collections
  .venv/bin/ansible-playbook -i inventory/emulator ucops.imp.site --check --diff
  .venv/bin/imp-emulator stop --ready-file {FOLDER}/ready.json"""


class Stopped(Exception):
    """The story cannot go on; the text says why."""


class Story:
    """The steps so far, and the emulator that they happen on."""

    def __init__(self, environment: Emulator) -> None:
        self._environment = environment
        self._step = 1

    def step(self, title: str) -> None:
        """Begin a step."""
        self._step += 1
        heading(self._step, title)

    def play(self, playbook: str, expected: int = 0, **settings: str) -> list[str]:
        """Run a playbook against the emulator, and return the lines that it printed."""
        told = "".join(f"{name}={value} " for name, value in settings.items())
        print(f"$ {told}ansible-playbook {playbook} -i inventory/emulator", flush=True)
        output = FOLDER / f"{self._step}-{Path(playbook.removeprefix('ucops.imp.')).stem}.txt"
        command = [str(BIN / "ansible-playbook"), playbook, "-i", str(ROOT / "inventory" / "emulator")]
        began = time.monotonic()
        status = watch(command, ROOT / output, doing, environment=self._variables(settings), folder=ROOT)
        lines = (ROOT / output).read_text(encoding="utf-8").splitlines()
        print(f"  {time.monotonic() - began:.0f} s; the output of ansible is in {output}")
        if status != expected:
            print("\n".join(explaining(lines)))
            raise Stopped(f"ansible-playbook {playbook} ended with status {status}, see above")
        return lines

    def _variables(self, settings: dict[str, str]) -> dict[str, str]:
        return {
            **os.environ,
            "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".build" / "collections"),
            "ANSIBLE_LOCALHOST_WARNING": "false",
            "IMP_EMULATOR_READY": str(self._environment.ready_file),
            **settings,
        }

    def tell_writes(self) -> None:
        """Say how many writes the emulator's journal holds, and begin a new one."""
        print(f"  The emulator's journal: {len(self._environment.journal(writes=True)):,} writes.")
        self._environment.control.clear_journal()


def heading(step: int, title: str) -> None:
    """Print the title of a step."""
    text = f"=== {step}. {title}" if step else f"=== {title}"
    print(f"\n\033[1m{text}\033[0m" if sys.stdout.isatty() else f"\n{text}", flush=True)


def doing(line: str) -> str | None:
    """Return what a line of ansible's output says it is at: its task, or how far a module has come with it."""
    if found := re.match(r"TASK \[(?:[\w.]+ : )?(.*)\] \*", line):
        return found[1]
    return line if line.startswith("[") and "] " in line and not line.startswith("[WARNING]") else None


def explaining(lines: list[str]) -> list[str]:
    """Return of ansible's output what explains a failure: from the task that failed on, or else its end."""
    failed = next((number for number, line in enumerate(lines) if re.match(r"\[ERROR\]|fatal: |failed: ", line)), None)
    if failed is None:
        return lines[-SHOWN:]
    first = max((number for number, line in enumerate(lines[:failed]) if line.startswith("TASK [")), default=failed)
    return lines[first : first + SHOWN]


def screen(lines: list[str], title: str = "dc1: ") -> str:
    """Return the screen with this title in what ansible printed: all until its next task or result."""
    begun = itertools.dropwhile(lambda line: not line.startswith(title), lines)
    shown = itertools.takewhile(lambda line: not line.startswith(("ok: ", "changed: ", "TASK ", "PLAY ")), begun)
    return "\n".join(shown).strip("\n")


def tell(environment: Emulator) -> None:
    """Tell the story from a cluster that nobody has configured to one that was healed."""
    story = Story(environment)
    story.step("Configure the calendar integration from nothing")
    print(screen(story.play("ucops.imp.site")))
    story.tell_writes()
    story.step("Run it again: nothing is left to do")
    print(screen(story.play("ucops.imp.site")).partition("\n")[0])
    story.tell_writes()
    story.step("Somebody changes things by hand")
    lines = story.play("demo/tamper.yml")
    print("\n".join(f"  {line}" for line in re.findall(r"^TASK \[(.*)\] \*", "\n".join(lines), re.MULTILINE)))
    story.step("Look for drift, touching nothing")
    lines = story.play("ucops.imp.drift", expected=DRIFT, **REPORTING)
    print("\n".join(itertools.dropwhile(lambda line: not line.startswith("Drift report"), lines)))
    story.step("Heal it")
    print(screen(story.play("ucops.imp.site")).partition("\n\nLEFT ALONE")[0])
    story.step("The gateways as the cluster sees them")
    print(screen(story.play("ucops.imp.gateway_status")))


def main() -> None:
    """Start the emulator, tell the whole story once, and say how to go on."""
    folder = ROOT / FOLDER
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    print("Seven steps, about a minute; everything happens on this computer.")
    heading(1, "Start an emulated cluster")
    print("  One Unified CM, two IM and Presence nodes, two Exchange servers, 1,000 users.", flush=True)
    began = time.monotonic()
    environment = Emulator(folder)
    keep = bool(os.environ.get("KEEP"))
    try:
        print(f"  {time.monotonic() - began:.0f} s; its process is {environment.process.pid}")
        print(f"  To see it all in a browser meanwhile: {environment.console}")
        tell(environment)
    except BaseException:
        keep = False
        raise
    finally:
        if not keep:
            environment.stop()
    heading(0, "Done")
    print(KEPT.format(console=environment.console) if keep else GO_ON)


if __name__ == "__main__":
    try:
        main()
    except (EmulatorError, OSError, Stopped) as error:
        sys.exit(f"The demonstration stopped: {error}")
    except KeyboardInterrupt:
        sys.exit("The demonstration was stopped; the emulator has ended, too.")
