# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""What the modules of a role would refuse, asked before its first task runs; nothing is sent.

The rules stand once: the arguments are those that the role's own tasks hand over, with the variables of the host
filled in, and they are judged by the module's own argument spec and checks. What an earlier task of the role finds is
not known yet; arguments that need it are left to the module.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleError
from ansible_collections.ucops.imp.plugins.module_utils._core.options import Arguments, EndpointKind, connection_options
from ansible_collections.ucops.imp.plugins.module_utils._module.runner import run_info
from ansible_collections.ucops.imp.plugins.module_utils._module.validation import Job, job_of, problems_of
from ansible_collections.ucops.imp.plugins.module_utils._product.endpoints import ENDPOINT_KINDS
from ansible_collections.ucops.imp.plugins.plugin_utils._drift.playbook import SHOWS
from ansible_collections.ucops.imp.plugins.plugin_utils._settings.unset import Unset, filled_in
from ansible_collections.ucops.imp.plugins.plugin_utils._settings.variables import (
    COLLECTION,
    SETTINGS,
    Host,
    Options,
    computed_defaults,
    converted,
    known_variables,
    needed,
    spec_of,
    without_secrets,
)
from ansible_collections.ucops.imp.plugins.plugin_utils._twin.arguments import in_the_twin

OURS = "ucops.imp."
CONNECTIONS = {
    "cucm": "ucops_imp_cucm",
    "imp": "ucops_imp_publisher",
    "platform": "ucops_imp_platform",
    "exchange": "ucops_exchange",
    "ca": "ucops_ca",
}
"""The variables with which the playbooks name the connections, by kind of endpoint."""
_STAND_IN = {"hostname": "unknown.invalid", "username": "unknown", "password": "not known yet"}
"""A connection in the place of one that is told about already."""
_WORD = re.compile(r"\w+")
_INCLUDES = ("include_tasks", "import_tasks")


@dataclass(frozen=True)
class Call:
    """A call of a module of the collection by a task, with its arguments as templates.

    ``later`` are the names of variables that are not known yet.
    """

    module: str
    arguments: Mapping[str, Any]
    host: Host
    later: frozenset[str]


class Connections:
    """The connections of a host, each looked at once."""

    def __init__(self, host: Host, unset: Unset) -> None:
        self._host = host
        self._unset = unset
        self._twin = host.twin()
        self._known: dict[str, dict[str, Any]] = {}
        self.problems: list[str] = []

    def of(self, kind: EndpointKind) -> Mapping[str, Any]:
        """Return the options of a connection, or others that nobody complains of, when these are told about."""
        variable = CONNECTIONS.get(kind.name)
        if variable is None:
            return _STAND_IN
        if variable not in self._known:
            self._known[variable] = self._read(kind, variable)
        return self._known[variable]

    def in_the_twin(self, module: str, job: Job, given: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
        """Return a module's arguments with the servers of the twin that the run works on, and what it has not."""
        if self._twin is None:
            return dict(given), []
        return in_the_twin(self._twin, module, job.arguments, given, os.environ)

    def _read(self, kind: EndpointKind, variable: str) -> dict[str, Any]:
        raw = self._host.variables.get(variable)
        if raw is None:
            self.problems.append(needed(variable))
            return dict(_STAND_IN)
        noted = self._unset.noted
        if self._twin is not None:
            raw = without_secrets(variable, raw, spec_of(SETTINGS)[variable])
        value = filled_in(variable, raw, self._host, self._unset)
        unset = self._unset.noted > noted
        # As the lookup takes it that the playbooks ask: from the command line it may be a text.
        read, said_of_shape = converted({variable: spec_of(SETTINGS)[variable]}, {variable: value})
        value = read.get(variable)
        if not isinstance(value, Mapping):
            self.problems += [] if unset else said_of_shape or [needed(variable)]
            return dict(_STAND_IN)
        own = {"options": connection_options(kind)}
        value = _from(value, own, self._host.variables.get("playbook_dir"))
        given = {**_STAND_IN, **value} if unset else value
        nothing_else = job_of(lambda: run_info(lambda _context: {}, Arguments(kind)))
        given, problems = self.in_the_twin("", nothing_else, given)
        problems = problems or problems_of(nothing_else, given)
        self.problems += [_placed(said, variable, connection_options(kind)) for said in problems]
        return dict(_STAND_IN) if problems else given


def _placed(said: str, variable: str, options: Collection[str]) -> str:
    """Name the variable at the beginning of what is said of an option."""
    option = _WORD.match(said)
    return f"{variable}.{said}" if option and option[0] in options else f"{variable}: {said}"


class _Role:
    """A role as its tasks go: what the earlier ones find out is not known yet to those that come after them."""

    def __init__(self, role: str, host: Host, options: Options, runs: Callable[[Iterable[str]], bool]) -> None:
        self.name = role
        self.options = options
        self._folder = COLLECTION / "roles" / role
        self._base = host
        self._runs = runs
        self._arrived: set[str] = set()

    def calls(self) -> Iterator[Call]:
        """Yield the calls of modules by tasks that may run, in their order."""
        return self._calls(self._file("tasks", "main.yml"), {})

    def _file(self, *path: str) -> Any:
        return self._base.file(self._folder.joinpath(*path)) or []

    def _calls(self, tasks: Iterable[Mapping[str, Any]], variables: Mapping[str, Any]) -> Iterator[Call]:
        for task in tasks:
            known = {**variables, **task.get("vars", {})}
            later = self._not_known_yet()
            host = self._host(known, later)
            if not self._may_run(task, host, later):
                continue
            yield from self._calls([*task.get("block", ()), *task.get("always", ())], known)
            for name, value in task.items():
                if name.startswith(OURS) and name not in SHOWS:
                    yield Call(name.rpartition(".")[2], value or {}, host, later | self.options.unfit)
                elif name.rpartition(".")[2] in _INCLUDES:
                    yield from self._calls(self._included(value, host), known)
            self._arrived |= _made_known(task)

    def _included(self, name: Any, host: Host) -> Any:
        try:
            return self._file("tasks", str(host.value(name)))
        except AnsibleError:
            # The variable that names the file is told.
            return []

    def _not_known_yet(self) -> frozenset[str]:
        """Return the names of what earlier tasks find out, and of the role's variables that are made of these."""
        found = set(self._arrived)
        while more := {name for name, words in _made_of(self._folder).items() if words & found} - found:
            found |= more
        return frozenset(found)

    def _host(self, variables: Mapping[str, Any], later: frozenset[str]) -> Host:
        own = {name: None if name in later else value for name, value in self._file("vars", "main.yml").items()}
        return self._base.with_variables({**own, f"{self.name}_options": self.options.values, **variables})

    def _may_run(self, task: Mapping[str, Any], host: Host, later: frozenset[str]) -> bool:
        tags = task.get("tags", ())
        if tags and not self._runs([tags] if isinstance(tags, str) else tags):
            return False
        conditions = task.get("when", [])
        known = conditions if isinstance(conditions, list) else [conditions]
        return all(_is_met(condition, host) for condition in known if not later & _words(condition))


@dataclass
class Parts:
    """Asks the modules of roles.

    ``runs`` tells whether tasks with these tags run, ``job`` finds a module's job, if it has one. ``same_python`` is
    whether modules run with the Python that runs this.
    """

    host: Host
    unset: Unset
    runs: Callable[[Iterable[str]], bool]
    job: Callable[[str], Job | None]
    same_python: bool = False
    connections: Connections = field(init=False)

    def __post_init__(self) -> None:
        self.connections = Connections(self.host, self.unset)

    def problems(self, role: str, options: Options) -> list[str]:
        """Return what the modules of a role would refuse, beside what is wrong with its options by themselves."""
        calls = _Role(role, self.host, options, self.runs).calls()
        return [said for call in calls for said in self._refused(call, role)]

    def _refused(self, call: Call, role: str) -> list[str]:
        job = self.job(call.module)
        if job is None:
            return []
        arguments: dict[str, Any] = {}
        later = {name for name, template in call.arguments.items() if call.later & _words(template)}
        for name, template in call.arguments.items():
            option = job.arguments.spec.get(name, {})
            # Of a list the rest may be known.
            if name in later and option.get("type") != "list":
                continue
            try:
                value = call.host.value(template)
            except AnsibleError:
                later.add(name)
                continue
            arguments[name] = _from(value, option, self.host.variables.get("playbook_dir"))
        given = {**self.connections.of(job.arguments.kind), **arguments}
        given, untwinned = self.connections.in_the_twin(call.module, job, given)
        # The connection is told about by itself.
        found = [said for said in untwinned if not said.startswith("hostname:")]
        found = found or problems_of(job, given, later, same_python=self.same_python)
        return [self._named(said, call, role) for said in found]

    def _named(self, said: str, call: Call, role: str) -> str:
        """Name the variables of the role in the place of the options of which a module says something."""
        option = _WORD.match(said)
        variable = self._variable(option[0], call, role) if option else None
        if option is not None and variable is not None:
            return f"{variable}{said[option.end() :]}"
        # Ansible's own words end with the options that belong together.
        rule, colon, names = said.rpartition(": ")
        told = _WORD.sub(lambda name: self._variable(name[0], call, role) or name[0], names)
        return f"{role}: {rule}{colon}{told}"

    def _variable(self, option: str, call: Call, role: str) -> str | None:
        """Return the variable from which a call takes an option."""
        found = re.search(rf"\b{role}_options\.([\w.]+)", str(call.arguments.get(option, "")))
        return self._origin(found[1], role) if found else None

    def _origin(self, variable: str, role: str) -> str:
        """Return the variable that a user has set, where the role's own is made of it."""
        if self.host.variables.get(variable) is None:
            template = computed_defaults(role, self.host).get(variable, "")
            for name in _WORD.findall(str(template)):
                if name in known_variables() and self.host.variables.get(name) is not None:
                    return str(name)
        return variable


def connection_problems(parts: Parts, variables: Iterable[str], if_set: Iterable[str]) -> list[str]:
    """Return what is wrong with the connections that roles and playbook need, or that it takes when they are set."""
    kinds = {CONNECTIONS[name]: kind for name, kind in ENDPOINT_KINDS.items() if name in CONNECTIONS}
    for variable in [*variables, *(name for name in if_set if parts.host.variables.get(name) is not None)]:
        parts.connections.of(kinds[variable])
    return parts.connections.problems


def _is_met(condition: Any, host: Host) -> bool:
    try:
        return host.holds(condition)
    except AnsibleError:
        # It needs what is not known yet.
        return True


def _words(value: Any) -> frozenset[str]:
    return frozenset(_WORD.findall(str(value)))


def _from(value: Any, option: Mapping[str, Any], folder: Any) -> Any:
    """Return an argument with each relative path from the folder in which ansible runs the module."""
    if isinstance(value, list):
        return [_from(one, option, folder) for one in value]
    if isinstance(value, Mapping):
        inner = option.get("options") or {}
        return {key: _from(one, inner.get(key, {}), folder) for key, one in value.items()}
    return str(Path(folder or ".") / value) if option.get("type") == "path" and value else value


def _made_known(task: Mapping[str, Any]) -> set[str]:
    """Return the names of what a task registers or sets."""
    facts = {fact for name, value in task.items() if name.rpartition(".")[2] == "set_fact" for fact in value}
    return facts | {task["register"]} if "register" in task else facts


@cache
def _made_of(folder: Path) -> Mapping[str, frozenset[str]]:
    """Return the words of each variable in a role's ``vars/main.yml``."""
    text = (folder / "vars" / "main.yml").read_text(encoding="utf-8")
    found = re.finditer(r"^(\w+):.*(?:\n(?:[ \t].*)?)*", text, re.MULTILINE)
    return {one[1]: _words(one[0]) - {one[1]} for one in found}
