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
  - List it last when more callbacks are enabled. It ends the run when the statistics are told, so that a callback
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

from pathlib import Path
from typing import Any, NoReturn

from ansible.errors import AnsibleError
from ansible.plugins.callback import CallbackBase
from ansible.template import Templar
from ansible_collections.ucops.imp.plugins.plugin_utils._drift.formats import FORMATS, as_terminal
from ansible_collections.ucops.imp.plugins.plugin_utils._drift.records import Origin
from ansible_collections.ucops.imp.plugins.plugin_utils._drift.report import CLEAN, COULD_NOT_CHECK, Report

CLUSTER = "ucops_imp_cluster"
BAD_OPTION = 5
"""Ansible's own exit status for options that cannot be right."""
INSTALLED = "ansible_collections"


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "ucops.imp.drift"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._report = Report("")
        self._clusters: dict[str, str | None] = {}
        self._play: Any = None

    # Ansible goes on when a callback raises an error, and would end with 0: nothing here may be lost that way.

    def set_options(self, *args: Any, **kwargs: Any) -> None:
        try:
            super().set_options(*args, **kwargs)
        except AnsibleError as error:
            self._stop(f"The options of ucops.imp.drift: {error}", BAD_OPTION)
        self._report.title = str(self.get_option("title"))
        self._folder = Path(self.get_option("directory"))
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            self._stop(f"The folder for drift reports cannot be made: {self._folder}: {error.strerror}", BAD_OPTION)

    def v2_playbook_on_start(self, playbook: Any) -> None:
        self._report.playbook = _shown(Path(playbook._file_name))

    def v2_playbook_on_play_start(self, play: Any) -> None:
        self._play = play

    def v2_runner_on_ok(self, result: Any) -> None:
        self._add(result)

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        self._add(result, failed=True)

    def v2_runner_on_unreachable(self, result: Any) -> None:
        self._add(result, failed=True)

    def v2_runner_on_skipped(self, result: Any) -> None:
        self._cluster(result._task, result._host)

    def v2_playbook_on_stats(self, stats: Any) -> None:
        try:
            self._report.finish(
                filter(None, self._clusters.values()), failed=bool(stats.failures), unreachable=bool(stats.dark)
            )
            self._write()
        except OSError as error:
            self._stop(f"The drift reports cannot be written: {error}", COULD_NOT_CHECK)
        except Exception as error:  # noqa: BLE001 - Ansible would end with 0
            self._stop(f"This is a bug in ucops.imp.drift, please report it: {error!r}", COULD_NOT_CHECK)
        if self._report.exit_status != CLEAN:
            raise SystemExit(self._report.exit_status)

    def _add(self, result: Any, *, failed: bool = False) -> None:
        host = result._host.get_name()
        try:
            self._report.add(self._origin(result), result._result, failed=failed)
        except Exception as error:  # noqa: BLE001 - Ansible would go on and end with 0
            text = f"The result of {result._task.get_name()} is not understood: {error!r}"
            self._report.could_not_check(self._clusters.get(host) or host, text)

    def _origin(self, result: Any) -> Origin:
        task, host = result._task, result._host
        path, _colon, line = str(task.get_path() or "").rpartition(":")
        return Origin(
            cluster=self._cluster(task, host) or host.get_name(),
            host=host.get_name(),
            task=result.task_name,
            path=_shown(Path(path)),
            line=int(line) if line.isdecimal() else 1,
            action=task.resolved_action or task.action,
            predicted=bool(result._task_fields.get("check_mode")),
        )

    def _cluster(self, task: Any, host: Any) -> str | None:
        """Return the name of a host's cluster, or ``None`` when it belongs to none."""
        name = host.get_name()
        if name not in self._clusters:
            variables = task.get_variable_manager().get_vars(play=self._play, host=host)
            told = variables.get(CLUSTER)
            try:
                told = Templar(loader=task.get_loader(), variables=variables).template(told)
            except AnsibleError as error:
                self._display.warning(f"{CLUSTER} of {name}: {error}")
                told = None
            self._clusters[name] = None if told is None else str(told)
        return self._clusters[name]

    def _write(self) -> None:
        for name in self.get_option("formats"):
            file_name, render = FORMATS[name]
            (self._folder / file_name).write_text(render(self._report), encoding="utf-8", errors="replace")
        self._display.display(f"\n{as_terminal(self._report)}\nReports: {self._folder}")

    def _stop(self, message: str, status: int) -> NoReturn:
        self._display.error(message, wrap_text=False)
        raise SystemExit(status)


def _shown(path: Path) -> str:
    """Return a path that is the same on every machine, where there is one: reports are compared between runs."""
    if path.is_relative_to(Path.cwd()):
        return path.relative_to(Path.cwd()).as_posix()
    if INSTALLED in path.parts:
        return Path(*path.parts[path.parts.index(INSTALLED) :]).as_posix()
    return path.as_posix()
