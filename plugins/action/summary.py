# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Show what a run did to a cluster, see the module of the same name for its documentation."""

from __future__ import annotations

import getpass
import platform
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from ansible.release import __version__ as ansible_version
from ansible_collections.ucops.imp.plugins.plugin_utils._drift.records import has_failed
from ansible_collections.ucops.imp.plugins.plugin_utils._screens import figures
from ansible_collections.ucops.imp.plugins.plugin_utils._screens.findings import (
    RESULTS,
    SERVERS,
    Part,
    left_to_console,
    part_of,
)
from ansible_collections.ucops.imp.plugins.plugin_utils._screens.shown import ScreenAction, terminal_width
from ansible_collections.ucops.imp.plugins.plugin_utils._screens.summary import Console, Summary, screen, states
from ansible_collections.ucops.imp.plugins.plugin_utils._screens.table import table
from ansible_collections.ucops.imp.plugins.plugin_utils._screens.ticket import markdown
from ansible_collections.ucops.imp.plugins.plugin_utils._settings.names import selected
from ansible_collections.ucops.imp.plugins.plugin_utils._settings.variables import templated
from ansible_collections.ucops.imp.plugins.plugin_utils._twin.ready import TWIN, labelled

OPTIONS: dict[str, dict[str, Any]] = {
    "parts": {"type": "list", "elements": "str", "choices": list(RESULTS), "default": []},
    "hosts": {"type": "list", "elements": "str"},
    "cluster": {"type": "str"},
    "failures": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {"part": {"type": "str", "required": True}, "message": {"type": "str", "required": True}},
    },
    "begun": {"type": "str"},
    "earlier": {"type": "dict", "default": {}},
    "servers": {"type": "list", "elements": "str", "default": []},
    "pending_restarts_path": {"type": "path"},
    "path": {"type": "path"},
    "console": {
        "type": "dict",
        "options": {
            "parts": {"type": "list", "elements": "str", "required": True},
            "steps": {"type": "int", "required": True},
            "path": {"type": "path", "required": True},
        },
    },
}
CLUSTER = "ucops_imp_cluster"
REGISTERED = "calendar_integration_summary"
"""The variable of a host that has the result of this action."""


class ActionModule(ScreenAction):
    """Collect the results, show the screen, write what is wanted. A run never fails because of it."""

    _twin: Any = None

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result: dict[str, Any] = {**super().run(tmp, task_vars), "changed": False}
        options, variables = self.options(OPTIONS), task_vars or {}
        try:
            self._twin = templated(self._templar, variables.get(TWIN), variables.get("omit"))
            return {**result, **self._told(options, variables)}
        except Exception as error:  # noqa: BLE001 - what was done does not fail because it cannot be shown
            self._display.warning(
                f"What this run did cannot be shown. This is a bug in ucops.imp.summary, please report it: {error!r}"
            )
            return {**result, "lines": []}

    def _told(self, options: dict[str, Any], variables: dict[str, Any]) -> dict[str, Any]:
        """Show what was asked for, and return it."""
        if options["hosts"] is not None:
            rows = list(_overview(options["hosts"], variables))
            lines = table(["CLUSTER", "HOST", "HOW IT ENDED"], rows, terminal_width())
            self.show(lines)
            return {"lines": lines}
        check = bool(variables.get("ansible_check_mode"))
        kept = figures.beside(options["pending_restarts_path"] or "")
        known = figures.read(kept)
        summary = _summary(options, variables, check, known)
        summary = replace(summary, cluster=labelled(summary.cluster, self._twin))
        if not check and kept is not None:
            self._keep(kept, known, figures.taken(summary.parts, known, summary.ended.isoformat(timespec="seconds")))
        lines = screen(summary, terminal_width())
        self.show(lines)
        told = {"lines": lines, "verdict": summary.verdict, "parts": states(summary.parts)}
        written = self._write(options["path"], summary) if options["path"] else None
        return told if written is None else {**told, "path": written}

    def _keep(self, path: Path, old: Mapping[str, figures.Figure], new: Mapping[str, figures.Figure]) -> None:
        if old == new:
            return
        try:
            figures.write(path, new)
        except OSError as error:
            self._display.warning(f"How long this run took cannot be noted: {path}: {error.strerror}.")

    def _write(self, path: str, summary: Summary) -> str | None:
        """Write the summary in Markdown; a task that hides its result writes nothing."""
        if self._task.no_log:
            self._display.warning(f"{path} is not written, because the task has no_log.")
            return None
        try:
            file = Path.cwd() / path
            figures.replace_text(file, markdown(summary))
        except OSError as error:
            self._display.warning(f"The summary cannot be written: {path}: {error.strerror}.")
            return None
        return str(file)


def _summary(
    options: dict[str, Any], variables: dict[str, Any], check: bool, known: Mapping[str, figures.Figure]
) -> Summary:
    ended = datetime.now(timezone.utc).astimezone()
    host = str(variables["inventory_hostname"])
    parts = tuple(_parts(options, variables))
    begun = _time(options["begun"], ended)
    reading = (ended - begun).total_seconds()
    steps = tuple(figures.estimate(parts, reading, known)) if check and any(part.groups for part in parts) else ()
    left = options["console"] or {}
    console = Console(left["steps"], left["path"]) if left else None
    return Summary(options["cluster"] or host, host, check, begun, ended, _by(), parts, steps, console)


def _parts(options: dict[str, Any], variables: dict[str, Any]) -> Iterator[Part]:
    """Yield the parts, in the order in which they run."""
    run, skipped = variables.get("ansible_run_tags") or ["all"], variables.get("ansible_skip_tags") or []
    failed = [failure["part"] for failure in options["failures"]]
    by_hand = (options["console"] or {}).get("parts", ())
    for name in RESULTS:
        results = list(_results(name, options, variables))
        if not results and name not in options["parts"]:
            continue
        messages = [failure["message"] for failure in options["failures"] if failure["part"] == name]
        why = f"left out, because {', '.join(failed)} failed" if failed else "left out"
        if not selected([name], run, skipped):
            why = "not selected by the tags of this run"
        yield left_to_console(name) if name in by_hand else part_of(name, results, messages, why)


def _results(name: str, options: dict[str, Any], variables: dict[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    if name == SERVERS:
        for host in options["servers"]:
            yield from _server_results(host, options["cluster"], _variables_of(host, variables))
        return
    for variable in RESULTS[name]:
        for result in (options["earlier"].get(variable), variables.get(variable)):
            if isinstance(result, Mapping) and result:
                yield "", result


def _server_results(
    host: str, cluster: str | None, variables: Mapping[str, Any]
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the results of an Exchange server, unless it is said to belong to another cluster."""
    own = variables.get(CLUSTER)
    if isinstance(own, str) and "{{" not in own and cluster not in (None, own):
        return
    results = [result for name in RESULTS[SERVERS] if isinstance(result := variables.get(name), Mapping)]
    for number, result in enumerate(results):
        # The message of the task that failed is that of a module's result, if one has failed.
        if number + 1 < len(results) or not any(map(has_failed, results[:number])):
            yield host, result


def _variables_of(host: str, variables: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a host's variables as they are: looking one up in hostvars would template every value of it."""
    found: Mapping[str, Any] = variables["hostvars"].raw_get(host)
    return found


def _overview(hosts: Sequence[str], variables: Mapping[str, Any]) -> Iterator[list[str]]:
    """Yield cluster, host and how it ended, for each host of a play, those that dropped out among them."""
    for host in hosts:
        own = _variables_of(host, variables)
        shown = own.get(REGISTERED)
        verdict = shown.get("verdict") if isinstance(shown, Mapping) else None
        cluster = str(own.get(CLUSTER) or host)
        yield [host if "{{" in cluster else cluster, host, str(verdict or "dropped out, see its message above")]


def _time(text: str | None, otherwise: datetime) -> datetime:
    """Return a moment in the time zone of this computer."""
    try:
        return datetime.fromisoformat(text or "").astimezone()
    except ValueError:
        return otherwise


def _by() -> str:
    """Return who runs this, and where."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        # No account has the user's number, as in a container.
        user = "an unnamed user"
    return f"{user} on {platform.node()}, ansible-core {ansible_version}"
