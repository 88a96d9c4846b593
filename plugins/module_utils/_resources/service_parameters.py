# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""Service and enterprise parameters: what every module about them does, and the module service_parameters."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.ucops.imp.plugins.module_utils._clients.axl import Axl
from ansible_collections.ucops.imp.plugins.module_utils._core.errors import ImpError
from ansible_collections.ucops.imp.plugins.module_utils._core.options import ascii_lower, check_unique, find_name
from ansible_collections.ucops.imp.plugins.module_utils._core.plan import Change, Field, Plan, compare
from ansible_collections.ucops.imp.plugins.module_utils._module.backups import Entry, saved
from ansible_collections.ucops.imp.plugins.module_utils._module.resource import Context, Resource
from ansible_collections.ucops.imp.plugins.module_utils._module.runner import State
from ansible_collections.ucops.imp.plugins.module_utils._product.parameters import ParameterPath, restarts

Values = dict[str, Any]
"""The parameters' values by id, in the module's own words."""

_VALUE = Field("value")


def read_values(axl: Axl, paths: Mapping[str, ParameterPath]) -> dict[str, str]:
    """Return the values on the wire by id of the paths that the cluster has; one request a service and node."""
    found: dict[tuple[str, str], dict[str, str]] = {}
    for path in paths.values():
        place = (path.service, path.node)
        if place not in found:
            found[place] = axl.list_parameters(*place)
    values = {key: find_name(found[path.service, path.node], path.name) for key, path in paths.items()}
    return {key: value for key, value in values.items() if value is not None}


class ParameterResource(Resource[State]):
    """Parameters that are read in lists and set one by one. A module says which, and what they should be."""

    kind: str
    hint = ""
    """What to do about a parameter that the cluster does not have."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.axl = Axl(context.transport())

    @abstractmethod
    def paths(self) -> Mapping[str, ParameterPath]:
        """Return the parameters to read, by id."""

    @abstractmethod
    def values(self, state: State) -> Values:
        """Return the values that there are, by id."""

    @abstractmethod
    def wanted(self, state: State) -> Values:
        """Return the values that the options ask for, by id."""

    def encode(self, key: str, value: Any) -> str:
        """Return the value on the wire."""
        return str(value)

    def decode(self, key: str, wire: str) -> Any:
        """Return the value in the module's words."""
        return wire

    def read_known(self, wanted: Iterable[str]) -> Values:
        """Return the values that there are, by id; one that is wanted and that the cluster does not have fails."""
        paths = self.paths()
        values = {key: self.decode(key, wire) for key, wire in read_values(self.axl, paths).items()}
        for key in wanted:
            if key not in values:
                path = paths[key]
                text = f"{path.service} has no parameter {path.name} at {path.node}. {self.hint}".rstrip()
                self.context.fail(key, ImpError(text, code="not-found"))
        return values

    def plan(self, state: State) -> Plan:
        values = self.values(state)
        return compare(
            self.kind,
            {key: {"value": value} for key, value in values.items()},
            {key: {"value": value} for key, value in self.wanted(state).items() if key in values},
            (_VALUE,),
        )

    def apply(self, change: Change) -> None:
        path = self.paths()[change.id]
        value = self.encode(change.id, change.desired["value"])
        self.axl.update_parameter(path.service, path.node, path.name, value)

    def current(self, state: State) -> Any:
        return self.values(state)

    def backup(self, state: State, plan: Plan) -> list[Entry]:
        paths = self.paths()
        return [saved(step, vars(paths[step.id])) for step in plan]

    def restarts(self, change: Change) -> Iterable[str]:
        path = self.paths()[change.id]
        return restarts(path.service, path.name)


class ServiceParameters(ParameterResource[Values]):
    """The parameters that the options name, each under its full path."""

    kind = "service_parameter"
    hint = "See ucops.imp.service_parameters_info for those that there are."

    def problems(self) -> list[str]:
        parameters = self.context.params["parameters"]
        return check_unique("parameters", (str(_path(item)) for item in parameters), ascii_lower)

    def paths(self) -> Mapping[str, ParameterPath]:
        return {str(path): path for path in map(_path, self.context.params["parameters"])}

    def read(self) -> Values:
        return self.read_known(self.paths())

    def values(self, state: Values) -> Values:
        return state

    def wanted(self, state: Values) -> Values:
        return {str(_path(item)): item["value"] for item in self.context.params["parameters"]}


def _path(item: Mapping[str, str]) -> ParameterPath:
    return ParameterPath(item["service"], item["node"], item["name"])


def read_parameters(context: Context) -> dict[str, Any]:
    """Return the results of the module service_parameters_info."""
    axl = Axl(context.transport())
    places: dict[tuple[str, str], set[str | None]] = {}
    for item in context.params["parameters"]:
        name = None if item["name"] is None else ascii_lower(item["name"])
        places.setdefault((item["node"], item["service"]), set()).add(name)
    return {
        "parameters": [
            {"service": service, "name": name, "value": value, "node": node}
            for (node, service), names in sorted(places.items())
            for name, value in sorted(axl.list_parameters(service, node).items())
            if None in names or ascii_lower(name) in names
        ]
    }
