# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes one line for each call of a module of the collection, so that tests and benchmarks can count them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: module_calls
type: aggregate
short_description: Count the calls of the collection's modules
description: Appends host and action of each call to the file that E(MODULE_CALLS_FILE) names.
"""

SCREENS = ("ucops.imp.screen", "ucops.imp.summary")
"""Actions that print on the controller and call no module."""


class CallbackModule(CallbackBase):
    """Appends ``host action`` for each result of a module of the collection."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "module_calls"
    CALLBACK_NEEDS_ENABLED = True

    def _write(self, result: Any, **_: Any) -> None:
        action = result._task.action
        if action.startswith("ucops.imp.") and action not in SCREENS:
            with Path(os.environ["MODULE_CALLS_FILE"]).open("a") as out:
                out.write(f"{result._host.get_name()} {action}\n")

    v2_runner_on_ok = _write
    v2_runner_on_failed = _write
