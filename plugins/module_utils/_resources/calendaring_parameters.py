# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""The calendaring parameters of the Presence Engine (requirements P1 to P5), each an option of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.ucops.imp.plugins.module_utils._clients.axl import Axl
from ansible_collections.ucops.imp.plugins.module_utils._core.options import given
from ansible_collections.ucops.imp.plugins.module_utils._core.plan import Undeclared
from ansible_collections.ucops.imp.plugins.module_utils._module.resource import Context
from ansible_collections.ucops.imp.plugins.module_utils._product.parameters import (
    AUTO,
    BY_OPTION,
    ParameterPath,
    calendaring_paths,
    names_problems,
    parse_spread,
    problem,
    recommended_spread,
)
from ansible_collections.ucops.imp.plugins.module_utils._resources.service_parameters import (
    ParameterResource,
    Values,
    read_values,
)

SPREAD = "calendar_spread"


@dataclass(frozen=True)
class KnownParameters:
    """The parameters as they are, and what the automatic spread and the defaults depend on."""

    values: Values
    users: int | None
    """How many users the automatic spread is for; ``None`` without it."""
    release: int


class CalendaringParameters(ParameterResource[KnownParameters]):
    """The parameters of the table, those that the options name being managed."""

    kind = "calendaring_parameter"
    hint = "Cisco does not publish these names; give the name that this cluster uses in parameter_names."

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._options = given(context.params, BY_OPTION)
        self._spread = parse_spread(self._options[SPREAD]) if SPREAD in self._options else None
        self._users: int | None = context.params["assigned_users"]
        self._reset_others: bool = context.params["reset_others"]

    def problems(self) -> list[str]:
        found = names_problems(self.context.params["parameter_names"])
        if SPREAD in self._options and self._spread is None:
            found.append(f"{SPREAD}: {self._options[SPREAD]!r} is neither a number nor {AUTO}.")
        values = {**self._options, SPREAD: 0 if self._spread in (None, AUTO) else self._spread}
        found += [said for option, value in values.items() if (said := problem(BY_OPTION[option], value))]
        if self._users is not None and self._spread != AUTO:
            found.append(f"assigned_users: {self._users} is used with calendar_spread={AUTO} only.")
        elif self._users is not None and self._users < 0:
            found.append(f"assigned_users: {self._users} is negative.")
        self._warn_of_risks()
        return found

    def _warn_of_risks(self) -> None:
        """Warn of a value other than the default where Cisco advises against it."""
        for option, value in self._options.items():
            parameter = BY_OPTION[option]
            if parameter.caution and value != parameter.default:
                self.context.warn(
                    f"{option}: Cisco advises to leave {parameter.label} at {parameter.default}; {value} may harm the "
                    "integration with Exchange. Ask Cisco TAC before changing it."
                )

    def paths(self) -> Mapping[str, ParameterPath]:
        return calendaring_paths(self.context.params["parameter_names"])

    def read(self) -> KnownParameters:
        # Counted once: reading back must compare with the same number.
        if self._spread == AUTO and self._users is None:
            self._users = self.axl.count_users(with_meeting_information=True)
        return KnownParameters(self.read_known(self._options), self._users, self.axl.release)

    def values(self, state: KnownParameters) -> Values:
        return state.values

    def wanted(self, state: KnownParameters) -> Values:
        others = _defaults(state) if self._reset_others else {}
        if self._spread is None:
            return {**others, **self._options}
        spread = self._spread if state.users is None else recommended_spread(state.users)
        return {**others, **self._options, SPREAD: spread}

    def encode(self, key: str, value: Any) -> str:
        return BY_OPTION[key].encode(value)

    def decode(self, key: str, wire: str) -> Any:
        return BY_OPTION[key].decode(wire)

    def undeclared(self, state: KnownParameters) -> list[Undeclared]:
        defaults = _defaults(state)
        return [
            Undeclared(self.kind, option, {"value": value, "default": defaults[option]})
            for option, value in state.values.items()
            if option not in self._options and value != defaults[option] and not self._reset_others
        ]

    def more_results(self, state: KnownParameters) -> dict[str, Any]:
        return {"assigned_users": state.users} if self._spread == AUTO else {}


def _defaults(state: KnownParameters) -> Values:
    """Return the product's defaults in the cluster's release, of the parameters that it has."""
    return {option: BY_OPTION[option].default_in(state.release) for option in state.values}


def calendaring_problems(context: Context) -> list[str]:
    """Return what is wrong with the options of the module calendaring_parameters_info."""
    return names_problems(context.params["parameter_names"])


def read_calendaring(context: Context) -> dict[str, Any]:
    """Return the results of the module calendaring_parameters_info."""
    paths = calendaring_paths(context.params["parameter_names"])
    axl = Axl(context.transport())
    values = read_values(axl, paths)
    return {
        "current": {option: BY_OPTION[option].decode(wire) for option, wire in values.items()},
        "parameters": {
            option: {
                "label": BY_OPTION[option].label,
                "name": path.name,
                "found": option in values,
                "default": BY_OPTION[option].default_in(axl.release),
            }
            for option, path in paths.items()
        },
    }
