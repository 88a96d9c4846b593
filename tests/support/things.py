# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A resource that lives in memory, for the tests of the runner."""

from __future__ import annotations

from typing import Any

from ansible_collections.ucops.imp.plugins.module_utils._core.options import Arguments
from ansible_collections.ucops.imp.plugins.module_utils._core.plan import Change, Field, Plan, compare
from ansible_collections.ucops.imp.plugins.module_utils._module.resource import Resource
from ansible_collections.ucops.imp.plugins.module_utils._module.runner import run
from ansible_collections.ucops.imp.plugins.module_utils._product.endpoints import IMP

from tests.support.modules import ModuleResult, run_main

CONNECTION = {"hostname": "imp.example.com", "username": "axladmin", "password": "canary-77aa"}
ARGUMENTS = Arguments(IMP, {"things": {"type": "dict", "default": {}}, "key": {"type": "str", "no_log": True}})


class Things(Resource[dict[str, Any]]):
    """Values by name, kept in ``store``; tests override what should go wrong."""

    store: dict[str, Any]
    applied: list[str]

    def read(self) -> dict[str, Any]:
        return dict(self.store)

    def plan(self, state: dict[str, Any]) -> Plan:
        wanted = {name: {"value": value} for name, value in self.context.params["things"].items()}
        return compare("thing", {name: {"value": value} for name, value in state.items()}, wanted, (Field("value"),))

    def apply(self, change: Change) -> None:
        self.applied.append(change.id)
        self.store[change.id] = change.desired["value"]

    def current(self, state: dict[str, Any]) -> Any:
        return state

    def restarts(self, change: Change) -> list[str]:
        return ["Engine"]


def run_things(kind: type[Things], store: dict[str, Any], **things: Any) -> ModuleResult:
    kind.store, kind.applied = store, []
    return run_main(lambda: run(kind, ARGUMENTS), {**CONNECTION, "things": things})
