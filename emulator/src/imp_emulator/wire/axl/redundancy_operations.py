# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The AXL operations about presence redundancy groups and their high availability."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from imp_emulator.domain.cucm import nodes
from imp_emulator.domain.imp import redundancy
from imp_emulator.domain.imp.redundancy import GroupKey, GroupView, Wanted
from imp_emulator.errors import NotFound
from imp_emulator.letter_case import like
from imp_emulator.wire.axl import faults
from imp_emulator.wire.axl.answers import Tag, braces, flag, joined, render, selected, tag_type, text
from imp_emulator.wire.axl.protocol import AxlOperation, AxlRequest
from imp_emulator.wire.axl.schema import Reference, element, nested, one_of, sequence
from imp_emulator.wire.axl.user_operations import paged
from imp_emulator.wire.http.soap import text as escape

KIND = "PresenceRedundancyGroup"
_PLACES = ("server1", "server2")


def _server(place: int) -> Tag:
    def fill(group: GroupView) -> str | None:
        if place >= len(group.nodes):
            return None
        node = group.nodes[place]
        return f'<{_PLACES[place]} uuid="{braces(node.pkid)}">{escape(node.node)}</{_PLACES[place]}>'

    return Tag(_PLACES[place], fill)


TAGS = (
    Tag("name", text("name")),
    Tag("description", text("description")),
    _server(0),
    _server(1),
    Tag("haEnabled", flag("ha_enabled")),
    Tag("numUsers", text("users")),
)
"""What get and list can return, in order."""

_CRITERIA: dict[str, Callable[[GroupView], str]] = {
    "name": lambda group: group.name,
    "description": lambda group: group.description,
}

_KEY = one_of("name:string100", "uuid:uuid")
_GET = sequence(_KEY, element("returnedTags?", tag_type(TAGS).decode), attributes=("sequence",))
_LIST = sequence(
    nested("searchCriteria", "name?", "description?"),
    element("returnedTags", tag_type(TAGS).decode),
    "skip:unsigned?",
    "first:unsigned?",
    attributes=("sequence",),
)
_ADD = sequence(
    nested(
        "presenceRedundancyGroup",
        "name:string255",
        "description:string255?",
        "server1:fk~",
        "server2:fk?~",
        "haEnabled:boolean?",
    ),
    attributes=("sequence",),
)
_UPDATE = sequence(
    _KEY,
    "newName:string255?",
    "description:string255?",
    "server1:fk?~",
    "server2:fk?~",
    "haEnabled:boolean?",
    attributes=("sequence",),
)
_REMOVE = sequence(_KEY, attributes=("sequence",))


def get_group(request: AxlRequest) -> str:
    """Answer one group."""
    group = redundancy.find(request.context, request.cluster, _key(request))
    tags = selected(TAGS, request.version, request.values.get("returnedTags"))
    return render("presenceRedundancyGroup", group.pkid, tags, group)


def list_groups(request: AxlRequest) -> str:
    """Answer the groups that match the criteria; ``%`` stands for any text."""
    criteria = request.values["searchCriteria"]
    if not criteria:
        raise faults.no_criteria()
    found = [
        group
        for group in redundancy.groups(request.context, request.cluster)
        if all(like(pattern, _CRITERIA[tag](group)) for tag, pattern in criteria.items())
    ]
    tags = selected(TAGS, request.version, request.values["returnedTags"])
    items = [render("presenceRedundancyGroup", group.pkid, tags, group) for group in paged(request.values, found)]
    return joined(items, lambda: len(found))


def add_group(request: AxlRequest) -> str:
    """Add a group and answer its UUID."""
    values = request.values["presenceRedundancyGroup"]
    if not values:
        raise faults.missing("presenceRedundancyGroup", "name")
    return braces(redundancy.add(request.context, request.cluster, _wanted(request, values, values["name"])))


def update_group(request: AxlRequest) -> str:
    """Change what the request names of a group and answer its UUID."""
    wanted = _wanted(request, request.values, request.values.get("newName"))
    return braces(redundancy.update(request.context, request.cluster, _key(request), wanted))


def remove_group(request: AxlRequest) -> str:
    """Remove a group and answer its UUID."""
    return braces(redundancy.remove(request.context, request.cluster, _key(request)))


def _key(request: AxlRequest) -> GroupKey:
    name = request.values.get("name")
    return GroupKey("pkid", request.values["uuid"]) if name is None else GroupKey("name", name)


def _wanted(request: AxlRequest, values: dict[str, Any], name: str | None) -> Wanted:
    places = [_place(request, values[place]) if place in values else None for place in _PLACES]
    return Wanted(name, values.get("description"), (places[0], places[1]), values.get("haEnabled"))


def _place(request: AxlRequest, server: Reference | None) -> str:
    """Return the name of the node that an element refers to; ``""`` for nil or an empty one.

    Raises:
        AxlFault: There is no such node.
    """
    if server is None or not (server.name or server.uuid):
        return ""
    try:
        return nodes.find(request.context, request.cluster, server.name, server.uuid).name
    except NotFound:
        raise faults.foreign_key("fk_processnode_fkprocessnodegroup") from None


OPERATIONS: dict[str, AxlOperation] = {
    "listPresenceRedundancyGroup": AxlOperation(_LIST, list_groups, KIND),
    "getPresenceRedundancyGroup": AxlOperation(_GET, get_group, KIND),
    "addPresenceRedundancyGroup": AxlOperation(_ADD, add_group, KIND, write=True),
    "updatePresenceRedundancyGroup": AxlOperation(_UPDATE, update_group, KIND, write=True),
    "removePresenceRedundancyGroup": AxlOperation(_REMOVE, remove_group, KIND, write=True),
}
