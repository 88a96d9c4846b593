# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The faults in force, and what can be put in force."""

from __future__ import annotations

from typing import Any

from imp_emulator.console.look import Look
from imp_emulator.control import error_catalogue
from imp_emulator.world.faults import EffectKind


async def view(look: Look) -> dict[str, Any]:
    """Return ``faults``, and what a new one can name: ``protocols``, ``kinds``, ``errors``, ``clusters``, ``nodes``."""
    scenario = look.context.scenario
    nodes = [node.name for cluster in scenario.clusters for node in cluster.nodes]
    return {
        "faults": look.environment.faults.active,
        "protocols": sorted(look.plane.operations),
        "kinds": [kind.value for kind in EffectKind],
        "errors": error_catalogue.ERRORS,
        "clusters": [cluster.name for cluster in scenario.clusters],
        "nodes": [*dict.fromkeys(nodes), *(server.name for server in scenario.exchange)],
    }
