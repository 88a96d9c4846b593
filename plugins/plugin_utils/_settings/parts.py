# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""What the modules of a role would refuse, asked before its first task runs; nothing is sent.

The rules stand once: the arguments are those that the role's own tasks hand over, with the variables of the host filled
in, and they are judged by the module's own argument spec and checks. What an earlier task of the role finds is not known
yet; arguments that need it are left to the module.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleError
from ansible_collections.ucops.imp.plugins.module_utils._core.options import Arguments, EndpointKind, connection_options
from ansible_collections.ucops.imp.plugins.module_utils._module.runner import Job
from ansible_collections.ucops.imp.plugins.module_utils._module.validation import problems_of
from ansible_collections.ucops.imp.plugins.module_utils._product.endpoints import ENDPOINT_KINDS
from ansible_collections.ucops.imp.plugins.plugin_utils._settings.unset import Unset, filled_in
from ansible_collections.ucops.imp.plugins.plugin_utils._settings.variables import (
    COLLECTION,
    Host,
    Options,
    computed_defaults,
    known_variables,
    needed,
)

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

Arrives = frozenset[str]
"""Names of what only the tasks of a role find out."""


@dataclass(frozen=True)
class Call:
    """A call of a module of the collection by a task, with its arguments as templates."""

    module: str
    arguments: Mapping[str, Any]
    host: Host


class Connections:
    """The connections of a host, each looked at once."""

    def __init__(self, host: Host, unset: Unset) -> None:
        self._host = host
        self._unset = unset
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

    def _read(self, kind: EndpointKind, variable: str) -> dict[str, Any]:
        raw = self._host.variables.get(variable)
        if raw is None:
            self.problems.append(needed(variable))
            return dict(_STAND_IN)
        noted = self._unset.noted
        value = filled_in(variable, raw, self._host, self._unset)
        unset = self._unset.noted > noted
        if not isinstance(value, Mapping):
            # What is no dictionary is told with the variables.
            return dict(_STAND_IN)
        given = {**_STAND_IN, **value} if unset else dict(value)
        problems = problems_of(Job(Arguments(kind), lambda _context: []), given)
        self.problems += [_placed(said, variable, connection_options(kind)) for said in problems]
        return dict(_STAND_IN) if problems else given


def _placed(said: str, variable: str, options: Collection[str]) -> str:
    """Name the variable at the beginning of what is said of an option."""
    option = _WORD.match(said)
    return f"{variable}.{said}" if option and option[0] in options else f"{variable}: {said}"


@dataclass
class Parts:
    """Asks the modules of roles. ``runs`` tells whether tasks with these tags run, ``job`` finds a module's job."""

    host: Host
    unset: Unset
    runs: Callable[[Iterable[str]], bool]
    job: Callable[[str], Job]
    connections: Connections = field(init=False)

    def __post_init__(self) -> None:
        self.connections = Connections(self.host, self.unset)

    def problems(self, role: str, options: Options) -> list[str]:
        """Return what the modules of a role would refuse, beside what is wrong with its options by themselves."""
        folder = COLLECTION / "roles" / role
        arrives = _arrives(folder)
        own = self.host.file(folder / "vars" / "main.yml")
        known = {name: None if name in arrives else value for name, value in own.items()}
        host = self.host.with_variables({**known, f"{role}_options": options.values})
        tasks = self.host.file(folder / "tasks" / "main.yml")
        found: list[str] = []
        for call in self._calls(folder, tasks, host, arrives):
            found += self._refused(call, role, options, arrives)
        return found

    def _calls(self, folder: Path, tasks: Iterable[Any], host: Host, arrives: Arrives) -> Iterator[Call]:
        """Yield the calls of tasks that may run."""
        for task in tasks:
            here = host.with_variables(task["vars"]) if "vars" in task else host
            if not self._may_run(task, here, arrives):
                continue
            yield from self._calls(folder, [*task.get("block", ()), *task.get("always", ())], here, arrives)
            for name, value in task.items():
                short = name.rpartition(".")[2]
                if name.startswith(OURS):
                    yield Call(short, value or {}, here)
                elif short in _INCLUDES:
                    path = folder / "tasks" / str(here.value(value))
                    yield from self._calls(folder, self.host.file(path), here, arrives)

    def _may_run(self, task: Mapping[str, Any], host: Host, arrives: Arrives) -> bool:
        tags = task.get("tags", ())
        if tags and not self.runs([tags] if isinstance(tags, str) else tags):
            return False
        conditions = task.get("when", [])
        known = conditions if isinstance(conditions, list) else [conditions]
        return all(_is_met(condition, host) for condition in known if not arrives & _words(condition))

    def _refused(self, call: Call, role: str, options: Options, arrives: Arrives) -> list[str]:
        job = self.job(call.module)
        arguments: dict[str, Any] = {}
        later = {name for name, one in call.arguments.items() if (arrives | options.unfit) & _words(one)}
        for name, template in call.arguments.items():
            try:
                value = call.host.value(template)
            except AnsibleError:
                later.add(name)
                continue
            arguments[name] = _from(value, job.arguments.spec.get(name, {}), self.host.variables.get("playbook_dir"))
        given = {**self.connections.of(job.arguments.kind), **arguments}
        return [self._named(said, call, role) for said in problems_of(job, given, later)]

    def _named(self, said: str, call: Call, role: str) -> str:
        """Name the variable of the role at the beginning of what a module says of an option."""
        option = _WORD.match(said)
        template = str(call.arguments.get(option[0], "")) if option else ""
        variable = re.search(rf"\b{role}_options\.([\w.]+)", template)
        if option is None or variable is None:
            return f"{role}: {said}"
        return f"{self._origin(variable[1], role)}{said[option.end() :]}"

    def _origin(self, variable: str, role: str) -> str:
        """Return the variable that a user has set, where the role's own is made of it."""
        if self.host.variables.get(variable) is None:
            template = computed_defaults(role, self.host).get(variable, "")
            for name in _WORD.findall(str(template)):
                if name in known_variables() and self.host.variables.get(name) is not None:
                    return str(name)
        return variable


def connection_problems(parts: Parts, variables: Iterable[str], if_set: Iterable[str]) -> list[str]:
    """Return what is wrong with the connections that a playbook needs, and with those that it takes when they are set."""
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


@cache
def _arrives(folder: Path) -> Arrives:
    """Return the names of what a role's tasks register or set, and of the role's variables that are made of these."""
    text = "\n".join(path.read_text(encoding="utf-8") for path in sorted((folder / "tasks").glob("*.yml")))
    found = set(re.findall(r"^\s*register: (\w+)", text, re.MULTILINE))
    found |= set(re.findall(r"set_fact:\n\s+(\w+):", text))
    own = (folder / "vars" / "main.yml").read_text(encoding="utf-8")
    made = {one[1]: _words(one[0]) - {one[1]} for one in re.finditer(r"^(\w+):.*(?:\n(?:[ \t].*)?)*", own, re.MULTILINE)}
    while more := {name for name, words in made.items() if words & found} - found:
        found |= more
    return frozenset(found)
