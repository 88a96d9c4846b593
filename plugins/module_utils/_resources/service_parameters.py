# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""What modules that manage service or enterprise parameters have in common."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.ucops.imp.plugins.module_utils._clients.axl import Axl
from ansible_collections.ucops.imp.plugins.module_utils._core.errors import ImpError
from ansible_collections.ucops.imp.plugins.module_utils._core.options import find_name
from ansible_collections.ucops.imp.plugins.module_utils._core.plan import Change, Field, Plan, compare
from ansible_collections.ucops.imp.plugins.module_utils._module.runner import Context, Resource
from ansible_collections.ucops.imp.plugins.module_utils._product.parameters import Target, restarts

Values = dict[str, Any]
"""The parameters' values by id, in the module's own words."""

_VALUE = Field("value")


def read_values(axl: Axl, targets: Mapping[str, Target]) -> dict[str, str]:
    """Return the values on the wire by id of the targets that the cluster has; one request a service and node."""
    found: dict[tuple[str, str], dict[str, str]] = {}
    for target in targets.values():
        place = (target.service, target.node)
        if place not in found:
            found[place] = axl.list_parameters(*place)
    values = {key: find_name(found[target.service, target.node], target.name) for key, target in targets.items()}
    return {key: value for key, value in values.items() if value is not None}


class ParameterResource(Resource[Values]):
    """Parameters that are read in lists and set one by one. A module says which, and what they should be."""

    kind: str
    hint = ""
    """What to do about a parameter that the cluster does not have."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.axl = Axl(context.transport())

    @abstractmethod
    def targets(self) -> Mapping[str, Target]:
        """Return the parameters to read, by id."""

    @abstractmethod
    def wanted(self) -> Values:
        """Return the values that the options ask for, by id. Called after :meth:`read`."""

    def encode(self, key: str, value: Any) -> str:
        """Return the value on the wire."""
        return str(value)

    def decode(self, key: str, wire: str) -> Any:
        """Return the value in the module's words."""
        return wire

    def read(self) -> Values:
        targets = self.targets()
        values = {key: self.decode(key, wire) for key, wire in read_values(self.axl, targets).items()}
        for key in self.wanted():
            if key not in values:
                target = targets[key]
                text = f"{target.service} has no parameter {target.name} at {target.node}. {self.hint}".rstrip()
                self.context.fail(key, ImpError(text, code="not-found"))
        return values

    def plan(self, state: Values) -> Plan:
        return compare(
            self.kind,
            {key: {"value": value} for key, value in state.items()},
            {key: {"value": value} for key, value in self.wanted().items() if key in state},
            (_VALUE,),
        )

    def apply(self, change: Change) -> None:
        target = self.targets()[change.id]
        value = self.encode(change.id, change.desired["value"])
        self.axl.update_parameter(target.service, target.node, target.name, value)

    def current(self, state: Values) -> Any:
        return state

    def restarts(self, change: Change) -> Iterable[str]:
        target = self.targets()[change.id]
        return restarts(target.service, target.name)
