# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The calendaring parameters, and which of them the running Presence Engines have not loaded yet."""

from __future__ import annotations

from typing import Any

from imp_emulator.catalogue.parameters import ParameterSpec
from imp_emulator.catalogue.services import PRESENCE_ENGINE
from imp_emulator.console.look import Look
from imp_emulator.domain.cucm import parameters
from imp_emulator.domain.imp import restarts

ROWS = 10


async def view(look: Look) -> dict[str, Any]:
    """Return a page of ``clusters``: each with its Presence Engine's parameters, or with all of them (``?all=yes``)."""
    everything = look.asked.get("all") == "yes"
    names, skipped = look.clusters, look.skip(ROWS)
    return {
        "clusters": [_cluster(look, name, everything) for name in names[skipped : skipped + ROWS]],
        "all": everything,
        "paging": look.paging(len(names), ROWS, look.filters("cluster", "all")),
    }


def _cluster(look: Look, cluster: str, everything: bool) -> dict[str, Any]:
    release = look.context.scenario.cluster(cluster).release
    pending = {cause.obj for found in restarts.pending(look.context, cluster) for cause in found.causes}
    found = [(one, parameters.specification(one)) for one in parameters.search(look.context, cluster)]
    rows = [
        _row(one, rules, release, f"{rules.service}: {rules.name}" in pending)
        for one, rules in found
        if everything or one.service == PRESENCE_ENGINE
    ]
    return {"name": cluster, "parameters": rows}


def _row(parameter: parameters.Parameter, rules: ParameterSpec, release: float, waits: bool) -> dict[str, Any]:
    default = rules.default(release)
    return {
        "node": parameter.node,
        "service": parameter.service,
        "name": parameter.name,
        "value": parameter.value,
        "default": default,
        "rule": rules.rule(release),
        "changed": parameter.value != default,
        "waits": waits,
    }
