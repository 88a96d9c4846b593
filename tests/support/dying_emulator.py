# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The emulator, killing itself (SIGKILL) at a wanted moment of the next write that succeeds.

``python -m tests.support.dying_emulator`` takes the arguments of ``imp-emulator``. The file that the environment
variable ``DIES_AT`` names holds the moment; as long as there is none, nothing happens.
"""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

from imp_emulator import cli
from imp_emulator.pipeline import gate
from imp_emulator.store.journal import Entry, Journal

VARIABLE = "DIES_AT"
BEFORE, BEHIND, STORED = "before its entry", "behind its entry", "stored"
"""The write is made and its journal entry is not; both are made and not committed; committed, but not answered."""


def _die_at(moment: str) -> None:
    file = Path(os.environ[VARIABLE])
    if file.is_file() and file.read_text(encoding="utf-8") == moment:
        os.kill(os.getpid(), signal.SIGKILL)


def main() -> None:
    """Run ``imp-emulator`` with the moments in it."""
    append, send = Journal.append, gate._send
    written = False

    def dying_append(self: Journal, entry: Entry) -> None:
        nonlocal written
        written = entry.write and 0 < entry.status < 400
        if written:
            _die_at(BEFORE)
        append(self, entry)
        if written:
            _die_at(BEHIND)

    async def dying_send(*arguments: Any) -> None:
        if written:
            _die_at(STORED)
        await send(*arguments)

    Journal.append = dying_append  # type: ignore[method-assign]
    gate._send = dying_send  # type: ignore[assignment]
    cli.main()


if __name__ == "__main__":
    main()
