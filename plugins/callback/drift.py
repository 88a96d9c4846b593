# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: drift
type: aggregate
short_description: Report drift, and end the run with an exit status that says so
version_added: 0.1.0
author:
  - ucops contributors (@ucops)
description:
  - Collects what the modules of this collection find different from what is declared, one record for each object and
    field, and writes it as JSON, JUnit, SARIF, Markdown and HTML.
  - Ends C(ansible-playbook) with exit status 3 when there is drift. Ansible itself ends with 0 then.
  - The exit status is 0 when everything was checked and nothing differs, 3 when something differs, is there though
    nobody declared it, or cannot be compared, and Ansible's own (2 or 4) when something failed. When an error was
    ignored or rescued, so that Ansible would end with 0, it is 2, because what was not checked is not clean. It is 2
    as well when nothing was checked at all.
  - A run that has no module or role of this collection which compares something ends as it would without the callback,
    and makes no report.
  - A task in the background (C(async) with C(poll=0)) is reported by the result that C(ansible.builtin.async_status)
    reads. When nobody reads it, the task was not checked. With C(until), what each attempt found or changed is
    reported, and the errors of the last one.
  - The playbook C(ucops.imp.drift) checks a whole site and never writes. Any other playbook can be checked with
    C(--check).
  - Of modules of other collections it reports only that they changed or failed, because nobody knows which of their
    results are secret.
options:
  directory:
    description:
      - The folder for the reports. It is made when it is missing; reports of an earlier run are replaced.
      - A relative path starts in the working directory of the process; in C(ansible.cfg) it starts beside that file.
    type: path
    default: drift-report
    env:
      - name: UCOPS_IMP_DRIFT_DIR
    ini:
      - section: ucops_imp_drift
        key: directory
  formats:
    description:
      - The reports to write.
      - C(drift.json), C(drift.junit.xml), C(drift.sarif), C(drift.md) and C(drift.html) in O(directory).
    type: list
    elements: str
    choices: [json, junit, sarif, markdown, html]
    default: [json, junit, sarif, markdown, html]
    env:
      - name: UCOPS_IMP_DRIFT_FORMATS
    ini:
      - section: ucops_imp_drift
        key: formats
  title:
    description:
      - The title of the reports.
    type: str
    default: Drift report
    env:
      - name: UCOPS_IMP_DRIFT_TITLE
    ini:
      - section: ucops_imp_drift
        key: title
requirements:
  - Enable it in the configuration, for example with C(ANSIBLE_CALLBACKS_ENABLED=ucops.imp.drift).
notes:
  - List it last when more callbacks are enabled. It ends the run when the statistics are printed, so that a callback
    after it does not hear of them.
  - Give one playbook to each C(ansible-playbook). With several, the run ends after the first one that is not clean.
seealso:
  - name: Look for drift
    description: How to run it, read it and put it into CI.
    link: https://github.com/ucops/ucops.imp/blob/main/docs/drift.md
"""

EXAMPLES = r"""
# In a terminal or in a CI job:
#   ANSIBLE_CALLBACKS_ENABLED=ucops.imp.drift ansible-playbook -i inventory ucops.imp.drift
#
# Or for every run, in ansible.cfg:
#   [defaults]
#   callbacks_enabled = ucops.imp.drift
#   [ucops_imp_drift]
#   directory = reports
#   formats = json, html
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NoReturn

from ansible.errors import AnsibleError
from ansible.plugins.callback import CallbackBase
from ansible.template import Templar
from ansible_collections.ucops.imp.plugins.plugin_utils._drift.findings import as_terminal
from ansible_collections.ucops.imp.plugins.plugin_utils._drift.formats import FORMATS
from ansible_collections.ucops.imp.plugins.plugin_utils._drift.places import Declared
from ansible_collections.ucops.imp.plugins.plugin_utils._drift.playbook import (
    action_of,
    place_of,
    play_compares,
    shown,
    task_compares,
    users_place,
)
from ansible_collections.ucops.imp.plugins.plugin_utils._drift.records import Origin, is_ours
from ansible_collections.ucops.imp.plugins.plugin_utils._drift.report import CLEAN, COULD_NOT_CHECK, Report
from ansible_collections.ucops.imp.plugins.plugin_utils._twin.ready import TWIN, labelled

CLUSTER = "ucops_imp_cluster"
BAD_OPTION = 5
"""Ansible's own exit status for options that cannot be right."""


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "ucops.imp.drift"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._report = Report("")
        self._folder: Path | None = None
        self._bad_option: str | None = None
        self._clusters: dict[str, str | None] = {}
        self._play: Any = None
        self._playbook = ""
        # The hosts of this play that had a task, and those of all plays that compare something.
        self._met: set[str] = set()
        self._compared: set[str] = set()
        self._compares = False
        self._options: dict[str, dict[str, Any]] = {}

    # Ansible goes on when a callback raises an error, and would end with 0: nothing here may be lost that way.

    def set_options(self, *args: Any, **kwargs: Any) -> None:
        try:
            super().set_options(*args, **kwargs)
        except AnsibleError as error:
            self._bad_option = f"The options of ucops.imp.drift: {error}"

    def v2_playbook_on_start(self, playbook: Any) -> None:
        self._playbook = shown(Path(playbook._file_name))
        if any(map(play_compares, playbook.get_plays())):
            self._begin()

    def v2_playbook_on_play_start(self, play: Any) -> None:
        self._end_play()
        self._play = play
        self._compares = play_compares(play)

    def v2_playbook_on_task_start(self, task: Any, **_: Any) -> None:
        if task_compares(task):
            self._begin()
            self._compares = True
        # As they were written: those of a result are templated.
        self._options[task._uuid] = {**task.args, "loop": task.loop}

    def v2_playbook_on_handler_task_start(self, task: Any) -> None:
        self.v2_playbook_on_task_start(task)

    def v2_runner_retry(self, result: Any) -> None:
        self._take(result, self._report.add_attempt)

    def v2_runner_on_ok(self, result: Any) -> None:
        self._take(result, self._report.add)

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        self._take(result, self._report.add_failed)

    def v2_runner_on_unreachable(self, result: Any) -> None:
        self._take(result, self._report.add_failed)

    def v2_runner_on_skipped(self, result: Any) -> None:
        self._meet(result)

    def v2_playbook_on_stats(self, stats: Any) -> None:
        self._end_play()
        if self._folder is None:
            # Nothing of this run is ours: it ends as it would without this callback.
            return
        try:
            met = filter(None, map(self._clusters.get, sorted(self._compared)))
            self._report.finish(met, failed=bool(stats.failures), unreachable=bool(stats.dark))
            self._write(self._folder)
        except OSError as error:
            self._stop(f"The drift reports cannot be written: {error}", COULD_NOT_CHECK)
        except Exception as error:  # noqa: BLE001 - Ansible would end with 0
            self._stop(f"This is a bug in ucops.imp.drift, please report it: {error!r}", COULD_NOT_CHECK)
        if self._report.exit_status != CLEAN:
            raise SystemExit(self._report.exit_status)

    def _begin(self) -> None:
        """Make the folder for the reports, before anything that they tell of."""
        if self._folder is not None:
            return
        if self._bad_option:
            self._stop(self._bad_option, BAD_OPTION)
        self._report.title = str(self.get_option("title"))
        self._report.playbook = self._playbook
        folder = Path(self.get_option("directory"))
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            self._stop(f"The folder for drift reports cannot be made: {folder}: {error.strerror}", BAD_OPTION)
        self._folder = folder

    def _end_play(self) -> None:
        """A cluster that a play compares nothing of need not be checked by it, whatever else it does there."""
        if self._compares:
            self._compared |= self._met
        self._met = set()
        self._compares = False

    def _take(self, result: Any, add: Callable[[Origin, Mapping[str, Any]], None]) -> None:
        host = result._host.get_name()
        try:
            self._meet(result)
            add(self._origin(result), result._result)
        except Exception as error:  # noqa: BLE001 - Ansible would go on and end with 0
            text = f"The result of {result._task.get_name()} is not understood: {error!r}"
            self._report.could_not_check(self._clusters.get(host) or host, text)

    def _meet(self, result: Any) -> None:
        self._met.add(result._host.get_name())
        self._cluster(result._task, result._host)

    def _origin(self, result: Any) -> Origin:
        task, host = result._task, result._host
        declared = self._declared(task, host) if is_ours(action_of(task)) else None
        place = users_place(task, host, self._play, declared)
        return Origin(
            cluster=self._cluster(task, host) or host.get_name(),
            host=host.get_name(),
            task=result.task_name,
            path=place.path,
            line=place.line,
            action=action_of(task),
            predicted=bool(result._task_fields.get("check_mode")),
            declared=declared,
        )

    def _declared(self, task: Any, host: Any) -> Declared | None:
        """Return what the user has declared for a task, to find the lines that a report points at."""
        try:
            variables = task.get_variable_manager().get_vars(play=self._play, host=host, task=task)
            return Declared(self._options.get(task._uuid, {}), variables, place_of)
        except Exception as error:  # noqa: BLE001 - a finding without its line is better than none
            self._display.vv(f"Where {task.get_name()} is declared is not known: {error!r}")
            return None

    def _cluster(self, task: Any, host: Any) -> str | None:
        """Return the name of a host's cluster, or ``None`` when it belongs to none."""
        name = host.get_name()
        if name not in self._clusters:
            try:
                variables = task.get_variable_manager().get_vars(play=self._play, host=host)
                templar = Templar(loader=task.get_loader(), variables=variables)
                told, twin = templar.template(variables.get(CLUSTER)), templar.template(variables.get(TWIN))
            except AnsibleError as error:
                self._display.warning(f"{CLUSTER} of {name}: {error}")
                told = twin = None
            self._clusters[name] = None if told is None else labelled(str(told), twin)
        return self._clusters[name]

    def _write(self, folder: Path) -> None:
        for name in self.get_option("formats"):
            file_name, render = FORMATS[name]
            (folder / file_name).write_text(render(self._report), encoding="utf-8", errors="replace")
        self._display.display(f"\n{as_terminal(self._report)}\nReports: {folder}")

    def _stop(self, message: str, status: int) -> NoReturn:
        self._display.error(message, wrap_text=False)
        raise SystemExit(status)
