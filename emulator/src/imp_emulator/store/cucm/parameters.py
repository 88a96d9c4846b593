# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Service and enterprise parameters."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass

from imp_emulator.catalogue import parameters as catalogue
from imp_emulator.catalogue.parameters import ENTERPRISE_NODE, LONG, PARAMETERS, ParameterSpec, node_names
from imp_emulator.catalogue.services import PRESENCE_ENGINE
from imp_emulator.scenario.configured import ParameterValueSpec
from imp_emulator.scenario.model import ClusterSpec, Scenario, ScenarioError
from imp_emulator.store.database import Database

# Identifiers are derived from names, so that the same scenario gives the same ones on every machine.
_NAMESPACE = uuid.UUID("5b0a7a0c-7a6e-5c0c-9d0e-0f6f0a5f7d21")
_SELECT = "SELECT id, pkid, node, service, name, value FROM parameter WHERE cluster = ?"

_LARGEST = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Parameter:
    """A service or enterprise parameter with its value.

    Attributes:
        id: The key of its row, for :func:`set_value`.
        pkid: Its UUID, lower case, no braces.
        node: The node that it belongs to, or ``EnterpriseWideData``.
        value: The value as it stands on the wire.
    """

    id: int
    pkid: str
    node: str
    service: str
    name: str
    value: str


def seed(database: Database, scenario: Scenario) -> None:
    """Store every parameter of every cluster, with the value of the scenario or the default of its release.

    Raises:
        ScenarioError: There is no such calendaring parameter, or a number is none that the emulator can count with.
    """
    for cluster in scenario.clusters:
        for spec in PARAMETERS:
            database.executemany(
                "INSERT INTO parameter (cluster, pkid, node, service, name, value) VALUES (?, ?, ?, ?, ?, ?)",
                [
                    (
                        cluster.name,
                        str(uuid.uuid5(_NAMESPACE, f"{cluster.name}/{node}/{spec.service}/{spec.name}")),
                        node,
                        spec.service,
                        spec.name,
                        spec.default(cluster.release),
                    )
                    for node in node_names(spec, cluster)
                ],
            )
        for value in cluster.parameters:
            _put(database, cluster, value)


def _put(database: Database, cluster: ClusterSpec, given: ParameterValueSpec) -> None:
    """Store a value of the scenario; a parameter that is in no catalogue is added."""
    known = catalogue.spec(given.service, given.name)
    if known is None and given.service == PRESENCE_ENGINE and given.place.endswith(f".{given.name}"):
        names = ", ".join(one.name for one in PARAMETERS if one.service == PRESENCE_ENGINE)
        raise ScenarioError(given.place, f"is no calendaring parameter; they are {names}")
    if known is not None and known.kind == LONG:
        _check_number(known, known.low(cluster.release), given)
    service, name = (known.service, known.name) if known else (given.service, given.name)
    for node in [given.node] if given.node else node_names(known, cluster) if known else [ENTERPRISE_NODE]:
        pkid = str(uuid.uuid5(_NAMESPACE, f"{cluster.name}/{node}/{service}/{name}"))
        database.execute(
            "INSERT INTO parameter (cluster, pkid, node, service, name, value) VALUES (?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (cluster, node, service, name) DO UPDATE SET value = excluded.value",
            (cluster.name, pkid, node, service, name, given.value),
        )


def _check_number(known: ParameterSpec, low: int, given: ParameterValueSpec) -> None:
    """Refuse what the emulator cannot count with, as an interval of 0; the range of the product is left aside."""
    lowest = min(1, low)
    number = int(given.value) if re.fullmatch(r"-?\d{1,10}", given.value, re.ASCII) else None
    if number is None or not lowest <= number <= _LARGEST:
        rule = f"must be a whole number from {lowest} to {_LARGEST} for {known.name}, not {given.value!r}"
        raise ScenarioError(given.place, rule)


def parameter(database: Database, cluster: str, node: str, service: str, name: str) -> Parameter | None:
    """Return one parameter, or ``None``; letter case does not matter."""
    row = database.one(f"{_SELECT} AND node = ? AND service = ? AND name = ?", (cluster, node, service, name))
    return None if row is None else Parameter(*row)


def by_pkid(database: Database, cluster: str, pkid: str) -> Parameter | None:
    """Return one parameter by its UUID (lower case, no braces), or ``None``."""
    row = database.one(f"{_SELECT} AND pkid = ?", (cluster, pkid))
    return None if row is None else Parameter(*row)


def search(
    database: Database, cluster: str, node: str = "%", service: str = "%", skip: int = 0, first: int | None = None
) -> list[Parameter]:
    """Return the parameters whose node and service match the SQL LIKE patterns, in a fixed order."""
    rows = database.all(
        f"{_SELECT} AND node LIKE ? AND service LIKE ? ORDER BY id LIMIT ? OFFSET ?",
        (cluster, node, service, -1 if first is None else first, skip),
    )
    return [Parameter(*row) for row in rows]


def set_value(database: Database, parameter: Parameter, value: str) -> None:
    """Store a parameter's new value."""
    database.execute("UPDATE parameter SET value = ? WHERE id = ?", (value, parameter.id))
