# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``make bench``: start an emulator with the default scenario, measure, print ratios."""

from __future__ import annotations

import tempfile
from pathlib import Path

from imp_emulator.testing import running
from tests.benchmarks import bad_day, console, durable, fleet, mailboxes, presence_engine, protocols, site, users


def main() -> None:
    """Run every benchmark; those of the console, the mailboxes and the Presence Engine have emulators of their own."""
    with tempfile.TemporaryDirectory(prefix="ucops-imp-bench-") as name:
        folder = Path(name)
        with running(folder=folder) as emulator:
            protocols.run(emulator.ready)
            site.run(emulator.ready_file, folder)
        users.run(folder)
        console.run(folder)
        mailboxes.run(folder)
        presence_engine.run(folder)
        bad_day.run(folder)
        durable.run(folder)
        fleet.run(folder)


if __name__ == "__main__":
    main()
