# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The AXL operations about service and enterprise parameters (requirements P1-P5, G7)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from imp_emulator.domain.cucm import nodes, parameters
from imp_emulator.domain.cucm.parameters import Parameter
from imp_emulator.wire.axl import faults
from imp_emulator.wire.axl.answers import Tag, braces, joined, render, selected, tag_type, text
from imp_emulator.wire.axl.protocol import AxlOperation, AxlRequest
from imp_emulator.wire.axl.schema import Reference, element, nested, one_of, sequence
from imp_emulator.wire.axl.user_operations import page
from imp_emulator.wire.http.soap import text as escape


def node_reference(name: str, pkid: str) -> str:
    """Write a reference to a process node."""
    return f'<processNodeName uuid="{braces(pkid)}">{escape(name)}</processNodeName>'


@dataclass(frozen=True, slots=True)
class _Shown:
    """A parameter as an answer shows it: with its node's UUID and its type."""

    node: str
    node_pkid: str
    service: str
    name: str
    value: str
    kind: str


TAGS = (
    Tag("processNodeName", lambda shown: node_reference(shown.node, shown.node_pkid)),
    Tag("name", text("name")),
    Tag("service", text("service")),
    Tag("value", text("value")),
    Tag("valueType", text("kind")),
)
"""What get and list can return, in order."""

_KEY = one_of("uuid:uuid", ("processNodeName:fk", "name", "service"))

_GET = sequence(_KEY, element("returnedTags?", tag_type(TAGS).decode), attributes=("sequence",))
_LIST = sequence(
    nested("searchCriteria", "processNodeName?", "service?"),
    element("returnedTags", tag_type(TAGS).decode),
    "skip:unsigned?",
    "first:unsigned?",
    attributes=("sequence",),
)
_UPDATE = sequence(_KEY, "value?~", attributes=("sequence",))
_RESET = sequence("processNodeName:fk", "service", attributes=("sequence",))


def get_parameter(request: AxlRequest) -> str:
    """Answer one parameter."""
    tags = selected(TAGS, request.version, request.values.get("returnedTags"))
    return _rendered(request, [_find(request)], tags)[0]


def list_parameters(request: AxlRequest) -> str:
    """Answer the parameters whose node and service match the criteria; ``%`` stands for any text."""
    criteria = request.values["searchCriteria"]
    if not criteria:
        raise faults.no_criteria()
    first, skip = page(request.values)
    node, service = criteria.get("processNodeName", "%"), criteria.get("service", "%")
    found = parameters.search(request.context, request.cluster, node, service, skip, first)
    tags = selected(TAGS, request.version, request.values["returnedTags"])
    return joined(_rendered(request, found, tags), lambda: len(found))


def update_parameter(request: AxlRequest) -> str:
    """Change a parameter's value (nil: its default) and answer its UUID; without a value nothing changes."""
    parameter = _find(request)
    if "value" in request.values:
        parameters.change(request.context, request.cluster, parameter, request.values["value"])
    return braces(parameter.pkid)


def reset_parameters(request: AxlRequest) -> str:
    """Give all parameters of a service on a node their defaults."""
    node = node_name(request, request.values["processNodeName"])
    parameters.reset(request.context, request.cluster, node, request.values["service"])
    return "true"


def _find(request: AxlRequest) -> Parameter:
    values = request.values
    if "uuid" in values:
        return parameters.by_pkid(request.context, request.cluster, values["uuid"])
    node = node_name(request, values["processNodeName"])
    return parameters.find(request.context, request.cluster, node, values["service"], values["name"])


def node_name(request: AxlRequest, reference: Reference) -> str:
    """Return the name of the process node that an element refers to; a UUID wins over a name."""
    if reference.uuid is None:
        return reference.name
    return _names_by_id(request).get(reference.uuid, reference.uuid)


def _names_by_id(request: AxlRequest) -> dict[str, str]:
    return {node.pkid: node.name for node in nodes.process_nodes(request.context, request.cluster)}


def _rendered(request: AxlRequest, found: Sequence[Parameter], tags: Sequence[Tag]) -> list[str]:
    ids = {name: pkid for pkid, name in _names_by_id(request).items()}
    return [
        render("serviceParameter", parameter.pkid, tags, _shown(parameter, ids[parameter.node])) for parameter in found
    ]


def _shown(parameter: Parameter, node_pkid: str) -> _Shown:
    kind = parameters.specification(parameter).kind
    return _Shown(parameter.node, node_pkid, parameter.service, parameter.name, parameter.value, kind)


OPERATIONS: dict[str, AxlOperation] = {
    "getServiceParameter": AxlOperation(_GET, get_parameter, "ServiceParameter"),
    "listServiceParameter": AxlOperation(_LIST, list_parameters, "ServiceParameter"),
    "updateServiceParameter": AxlOperation(_UPDATE, update_parameter, "ServiceParameter", write=True),
    "doServiceParametersReset": AxlOperation(_RESET, reset_parameters, "ServiceParameter", write=True),
}
