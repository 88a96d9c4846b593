# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The AXL operations about end users (requirements U1-U3)."""

from __future__ import annotations

from typing import Any, Literal, TypeVar

from imp_emulator.domain.cucm import directories, users
from imp_emulator.domain.cucm.users import UserKey
from imp_emulator.errors import NotFound
from imp_emulator.letter_case import ascii_lower
from imp_emulator.wire.axl import faults
from imp_emulator.wire.axl import user_messages as messages
from imp_emulator.wire.axl.answers import braces, joined, render, selected
from imp_emulator.wire.axl.faults import AxlFault
from imp_emulator.wire.axl.protocol import AxlOperation, AxlRequest
from imp_emulator.wire.axl.schema import Reference

_T = TypeVar("_T")

_CRITERIA = {"firstName": "first_name", "lastName": "last_name", "userid": "userid", "department": "department"}
_KEYS = frozenset({"userid", "uuid"})
_AUTHENTICATED, _NOT_AUTHENTICATED = 0, 1
_NO_EXPIRY = 0


def get_user(request: AxlRequest) -> str:
    """Answer one user with all elements, or those of ``returnedTags``."""
    user = users.find(request.context, request.cluster, _key(request))
    tags = selected(messages.USER_TAGS, request.version, request.values.get("returnedTags"))
    return render("user", user.pkid, tags, user)


def list_user(request: AxlRequest) -> str:
    """Answer the users whose fields match the criteria; ``%`` stands for any text."""
    patterns = _patterns(request.values["searchCriteria"])
    first, skip = page(request.values)
    found = [] if patterns is None else users.search(request.context, request.cluster, patterns, skip, first)
    tags = selected(messages.LIST_TAGS, request.version, request.values["returnedTags"])
    items = [render("user", user.pkid, tags, user) for user in found]
    return joined(items, lambda: users.count(request.context, request.cluster, patterns or {}))


def page(values: dict[str, Any]) -> tuple[int | None, int]:
    """Return how many rows a list request wants (``None``: all) and how many to skip, which needs the former."""
    first: int | None = values.get("first")
    return first, 0 if first is None else values.get("skip", 0)


def paged(values: dict[str, Any], found: list[_T]) -> list[_T]:
    """Return the part of what was found that a list request wants."""
    first, skip = page(values)
    return found[skip:] if first is None else found[skip : skip + first]


def _patterns(criteria: dict[str, str]) -> dict[str, str] | None:
    """Return the patterns by field; ``None`` when none can match, as no emulated user belongs to a customer.

    Raises:
        AxlFault: There are no criteria at all.
    """
    if not criteria:
        raise faults.no_criteria()
    if criteria.get("customerName", "%").strip("%"):
        return None
    return {_CRITERIA[name]: value for name, value in criteria.items() if name in _CRITERIA}


def add_user(request: AxlRequest) -> str:
    """Add a user and answer its UUID."""
    values = request.values["user"]
    return braces(users.add(request.context, request.cluster, fields(request, values)))


def update_user(request: AxlRequest) -> str:
    """Change what the request names of a user and answer its UUID."""
    changes = fields(request, {name: value for name, value in request.values.items() if name not in _KEYS})
    return braces(users.update(request.context, request.cluster, _key(request), changes))


def remove_user(request: AxlRequest) -> str:
    """Remove a user and answer its UUID."""
    return braces(users.remove(request.context, request.cluster, _key(request)))


def authenticate_user(request: AxlRequest) -> str:
    """Tell whether a password or PIN is a user's; an unknown user is not told from a wrong password."""
    values = request.values
    kind: Literal["password", "pin"] = "password" if "password" in values else "pin"
    valid = users.authenticate(request.context, request.cluster, values["userid"], values[kind], kind)
    code = _AUTHENTICATED if valid else _NOT_AUTHENTICATED
    return (
        f"<userAuthenticated>{'true' if valid else 'false'}</userAuthenticated><code>{code}</code>"
        f"<daysToExpiry>{_NO_EXPIRY}</daysToExpiry><isWarningNeeded>false</isWarningNeeded>"
    )


def _key(request: AxlRequest) -> UserKey:
    userid = request.values.get("userid")
    return UserKey("pkid", request.values["uuid"]) if userid is None else UserKey("userid", userid)


def fields(request: AxlRequest, values: dict[str, Any]) -> dict[str, Any]:
    """Translate the elements of a request into fields of a user.

    Raises:
        AxlFault: An element refers to an object that the emulated cluster does not have, or sets something that the
            emulator keeps no state for; what it cannot keep, it refuses rather than forgets.
    """
    found: dict[str, Any] = {}
    for name, value in values.items():
        field = messages.STORED.get(name)
        if field is not None:
            found[field] = "" if value is None and name not in messages.NUMBERS else value
        elif name == messages.ACCESS_GROUPS:
            found["access_groups"] = _access_groups(request, value or {})
        elif name == messages.LDAP_DIRECTORY:
            found["ldap_directory"] = _directory(request, value)
        elif name in messages.REFERENCES:
            _check_reference(name, value)
        elif name not in messages.IGNORED and _says_something(value):
            raise AxlFault(faults.ITEM_NOT_VALID, f"Item not valid: {name} is not emulated; leave it out.")
    return found


def _access_groups(request: AxlRequest, value: dict[str, Any]) -> str:
    """Return the groups that a request names, each once; the roles are the group's, whatever the request says."""
    found: dict[str, None] = {}
    for group in filter(_says_something, value.get("userGroup", [])):
        name = directories.group_name(request.context, request.cluster, group["name"])
        if name is None:
            raise faults.foreign_key(messages.NO_SUCH_GROUP)
        found[name] = None
    return "\n".join(found)


def _directory(request: AxlRequest, value: Reference | None) -> str | None:
    """Return the UUID of the LDAP directory that a request names, ``None`` for a local user."""
    if value is None or not _says_something(value):
        return None
    key = directories.Key("name", value.name) if value.uuid is None else directories.Key("pkid", value.uuid)
    try:
        return directories.directory(request.context, request.cluster, key).pkid
    except NotFound:
        raise faults.foreign_key(messages.NO_SUCH_DIRECTORY) from None


def _check_reference(name: str, value: Any) -> None:
    if name == "presenceGroupName" and isinstance(value, Reference) and _is_standard_group(value):
        return
    if _says_something(value):
        raise faults.foreign_key(messages.REFERENCES[name])


def _is_standard_group(group: Reference) -> bool:
    """Tell whether a reference means the one presence group: by its UUID, else by its name in any letter case."""
    if group.uuid is not None:
        return group.uuid == messages.PRESENCE_GROUP_ID
    return ascii_lower(group.name) == ascii_lower(messages.PRESENCE_GROUP)


def _says_something(value: Any) -> bool:
    """Tell whether a value is more than empty elements."""
    if isinstance(value, Reference):
        return bool(value.name or value.uuid)
    if isinstance(value, dict):
        return any(_says_something(inner) for inner in value.values())
    if isinstance(value, list):
        return any(_says_something(inner) for inner in value)
    return bool(value)


OPERATIONS: dict[str, AxlOperation] = {
    "getUser": AxlOperation(messages.GET_USER, get_user, "User"),
    "listUser": AxlOperation(messages.LIST_USER, list_user, "User"),
    "addUser": AxlOperation(messages.ADD_USER, add_user, "User", write=True),
    "updateUser": AxlOperation(messages.UPDATE_USER, update_user, "User", write=True),
    "removeUser": AxlOperation(messages.REMOVE_USER, remove_user, "User", write=True),
    "doAuthenticateUser": AxlOperation(messages.AUTHENTICATE_USER, authenticate_user, "User"),
}
