# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What runs every module of the collection: ansible's own ``normal``, with a line to the module.

``meta/runtime.yml`` names it for each module. It has the name of one of them, because every action plugin has to have a
module of its name that documents it.
"""

from __future__ import annotations

import os
from importlib import import_module
from typing import Any

from ansible import constants
from ansible.plugins.action.normal import ActionModule as NormalModule
from ansible.utils.display import Display
from ansible_collections.ucops.imp.plugins.module_utils._core.errors import joined
from ansible_collections.ucops.imp.plugins.module_utils._module.lifeline import ADDRESS
from ansible_collections.ucops.imp.plugins.module_utils._module.validation import job_of
from ansible_collections.ucops.imp.plugins.plugin_utils._progress.line import Line, NoLine, leave_if_orphaned
from ansible_collections.ucops.imp.plugins.plugin_utils._settings.variables import templated
from ansible_collections.ucops.imp.plugins.plugin_utils._twin.arguments import AWAY, in_the_twin
from ansible_collections.ucops.imp.plugins.plugin_utils._twin.ready import TWIN, NotReady, Ready, chosen

display = Display()


class ActionModule(NormalModule):  # type: ignore[misc, unused-ignore]
    """Runs a module as ansible does without an action plugin, shows its progress and has it end when ansible ends.

    With the variable ``ucops_imp_twin`` the module is given the servers of the twin, and none of the real ones.
    """

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the module's result, which is the same as without a line."""
        variables = task_vars or {}
        try:
            twin = chosen(templated(self._templar, variables.get(TWIN), variables.get("omit")))
            if twin is None:
                return self._run(tmp, task_vars)
            problems = self._go_to(twin)
        except NotReady as reason:
            problems = [f"{TWIN}: {reason}"]
        # Nothing has been sent: not to the real servers, and not to those of the twin.
        return {"failed": True, "changed": False, "msg": joined(problems)} if problems else self._run(tmp, task_vars)

    def _go_to(self, twin: Ready) -> list[str]:
        """Give the module the servers of a twin; return why that cannot be."""
        if self._connection.transport != "local":
            return [f"{TWIN}: {AWAY}"]
        name = self._task.action.rpartition(".")[2]
        main = import_module(f"ansible_collections.ucops.imp.plugins.modules.{name}").main
        environment = {**os.environ, **self._own_environment()}
        self._task.args, problems = in_the_twin(twin, name, job_of(main).arguments, self._task.args, environment)
        return problems

    def _own_environment(self) -> dict[str, Any]:
        """Return the variables that the task sets for the module."""
        given = self._task.environment or []
        filled_in = [self._templar.template(one) for one in (given if isinstance(given, list) else [given])]
        return {name: value for one in filled_in if isinstance(one, dict) for name, value in one.items()}

    def _run(self, tmp: str | None, task_vars: dict[str, Any] | None) -> dict[str, Any]:
        line = self._line(task_vars or {})
        if line is None:
            return dict(super().run(tmp, task_vars))
        environment = self._task.environment
        self._task.environment = [*(environment or []), {ADDRESS: line.address}]
        result: dict[str, Any] = {}
        try:
            with line:
                result = dict(super().run(tmp, task_vars))
        finally:
            self._task.environment = environment
            # After an error as well: when ansible ends, nobody may be there to take it.
            line.bid_farewell(result)
        return result

    def _line(self, task_vars: dict[str, Any]) -> Line | None:
        """Make a line, for a module that runs here and is waited for."""
        if self._connection.transport != "local" or self._task.async_val:
            return None
        title = f"[{task_vars.get('inventory_hostname', 'localhost')}] {self._task.action.rpartition('.')[2]}: "
        try:
            leave_if_orphaned()
            return Line(title, None if self._task.no_log else _show, constants.DEFAULT_LOCAL_TMP)
        except NoLine as reason:
            display.vvvv(f"{title}no progress is shown: {reason}")
            return None


def _show(text: str) -> None:
    # Not among the results, which a program may read.
    display.display(text, stderr=True)
