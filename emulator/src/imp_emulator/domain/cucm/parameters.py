# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Service and enterprise parameters: read, change, reset, and the restarts that a change asks for (P1-P5, G7)."""

from __future__ import annotations

from imp_emulator.catalogue import database
from imp_emulator.catalogue.parameters import ENTERPRISE_NODE, ENTERPRISE_SERVICE, ParameterSpec, spec, unknown
from imp_emulator.catalogue.services import PRESENCE_ENGINE, SIP_PROXY, XCP_ROUTER
from imp_emulator.domain.events import ParameterChanged
from imp_emulator.domain.imp import restarts
from imp_emulator.errors import InvalidValue, NotEmulated, NotFound
from imp_emulator.letter_case import ascii_lower
from imp_emulator.store import nodes
from imp_emulator.store.cucm import parameters as store
from imp_emulator.world.context import Context

Parameter = store.Parameter

_IPV6_SERVICES = (XCP_ROUTER, SIP_PROXY, PRESENCE_ENGINE)


def find(context: Context, cluster: str, node: str, service: str, name: str) -> Parameter:
    """Return a node's parameter.

    A cluster-wide parameter is found under ``EnterpriseWideData`` and under the name of every node of the cluster:
    all of them share the one value (requirement P5).

    Raises:
        NotFound: There is no such parameter, or no such node.
        NotEmulated: Every cluster has the parameter, and the emulator has not.
    """
    found = store.parameter(context.database, cluster, node, service, name)
    if found is None and nodes.node(context.database, cluster, node) is not None:
        found = store.parameter(context.database, cluster, ENTERPRISE_NODE, service, name)
    if found is None and _is_known(service, name):
        message = f"Service parameter {name} of service {service} is not implemented by this emulator."
        raise NotEmulated("parameter-not-emulated", message, "name")
    if found is None:
        message = f"Service parameter {name} of service {service} was not found on {node}."
        raise NotFound("parameter-not-found", message, "name")
    return found


def _is_known(service: str, name: str) -> bool:
    """Tell whether every cluster has a parameter that is in no catalogue here."""
    known = {ascii_lower(owner): names for owner, names in database.PARAMETERS.items()}
    return ascii_lower(name) in map(ascii_lower, known.get(ascii_lower(service), ()))


def by_pkid(context: Context, cluster: str, pkid: str) -> Parameter:
    """Return a parameter by its UUID (lower case, no braces); raises ``NotFound``."""
    found = store.by_pkid(context.database, cluster, pkid)
    if found is None:
        raise NotFound("parameter-not-found", "There is no such parameter.", "uuid")
    return found


def search(
    context: Context, cluster: str, node: str = "%", service: str = "%", skip: int = 0, first: int | None = None
) -> list[Parameter]:
    """Return parameters in a fixed order.

    Args:
        node: A pattern that the node's name matches; ``%`` stands for any text and ``_`` for one character.
        service: The same for the service.
        skip: How many of the matching parameters to leave out.
        first: How many to return at most; ``None`` for all.
    """
    return store.search(context.database, cluster, node, service, skip, first)


def change(context: Context, cluster: str, parameter: Parameter, new: str | None) -> bool:
    """Give a parameter a new value and tell whether that changed anything; only then a restart becomes pending.

    Args:
        context: Where the parameter is.
        cluster: The parameter's cluster.
        parameter: The parameter as it is, see :func:`find`.
        new: The value as it stands on the wire; ``None`` stands for the default.

    Raises:
        InvalidValue: The value breaks the parameter's type or range; the message says which values are allowed.
    """
    rules = specification(parameter)
    release = context.scenario.cluster(cluster).release
    wanted = rules.default(release) if new is None else new
    if not rules.accepts(wanted, release):
        message = f"{rules.name} of {rules.service} must be {rules.rule(release)}, not {wanted!r}."
        raise InvalidValue("parameter-out-of-range", message, "value")
    if wanted == parameter.value:
        return False
    store.set_value(context.database, parameter, wanted)
    context.events.publish(ParameterChanged(cluster, parameter.node, parameter.service, parameter.name, wanted))
    services = _affected(rules)
    if services:
        restarts.require_restart(context, cluster, services, None, f"{rules.service}: {rules.name}", "changed")
    return True


def reset(context: Context, cluster: str, node: str, service: str) -> None:
    """Give every parameter of a service the default of the release, on one node or cluster-wide.

    Raises:
        NotFound: The node has no parameter of that service.
    """
    known = nodes.node(context.database, cluster, node)
    holders = {ascii_lower(ENTERPRISE_NODE), ascii_lower(node if known is None else known.name)}
    if known is None and len(holders) > 1:
        raise NotFound("node-not-found", f"There is no process node {node}.", "processNodeName")
    found = [
        parameter
        for parameter in store.search(context.database, cluster)
        if ascii_lower(parameter.service) == ascii_lower(service) and ascii_lower(parameter.node) in holders
    ]
    if not found:
        raise NotFound("service-not-found", f"Service {service} has no parameters on {node}.", "service")
    for parameter in found:
        change(context, cluster, parameter, None)


def specification(parameter: Parameter) -> ParameterSpec:
    """Return the type, range and defaults of a parameter."""
    return spec(parameter.service, parameter.name) or unknown(parameter.service, parameter.name, parameter.value)


def _affected(rules: ParameterSpec) -> tuple[str, ...]:
    if rules.service == PRESENCE_ENGINE:
        return (PRESENCE_ENGINE,)
    if (rules.service, rules.name) == (ENTERPRISE_SERVICE, "EnableIPV6"):
        return _IPV6_SERVICES
    return ()
