# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The AXL operations about end users (requirements U1-U3)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from imp_emulator.domain.cucm import users
from imp_emulator.errors import NotFound
from imp_emulator.store.cucm import users as store
from imp_emulator.store.database import Row
from imp_emulator.wire.axl import faults
from imp_emulator.wire.axl import user_messages as messages
from imp_emulator.wire.axl.answers import braces, joined, render, selected
from imp_emulator.wire.axl.faults import AxlFault
from imp_emulator.wire.axl.protocol import AxlOperation, AxlRequest
from imp_emulator.wire.axl.schema import Reference

_CRITERIA = {"firstName": "first_name", "lastName": "last_name", "userid": "userid", "department": "department"}
_KEYS = frozenset({"userid", "uuid"})
_SECRETS = frozenset({"password", "pin"})
_AUTHENTICATED, _NOT_AUTHENTICATED = 0, 1
_NO_EXPIRY = 0


def get_user(request: AxlRequest) -> str:
    """Answer one user with all elements, or those of ``returnedTags``."""
    row = _find(request)
    tags = selected(messages.USER_TAGS, request.version, request.values.get("returnedTags"))
    return render("user", row["pkid"], tags, row)


def list_user(request: AxlRequest) -> str:
    """Answer the users whose fields match the criteria; ``%`` stands for any text."""
    patterns = _patterns(request.values["searchCriteria"])
    first, skip = page(request.values)
    database = request.context.database
    rows = store.search(database, request.cluster, patterns, skip, first) if patterns is not None else []
    tags = selected(messages.LIST_TAGS, request.version, request.values["returnedTags"])
    items = [render("user", row["pkid"], tags, row) for row in rows]
    return joined(items, lambda: store.count(database, request.cluster, patterns or {}))


def page(values: dict[str, Any]) -> tuple[int | None, int]:
    """Return how many rows a list request wants (``None``: all) and how many to skip, which needs the former."""
    first: int | None = values.get("first")
    return first, 0 if first is None else values.get("skip", 0)


def _patterns(criteria: dict[str, str]) -> dict[str, str] | None:
    """Return the patterns by column; ``None`` when none can match, as no emulated user belongs to a customer.

    Raises:
        AxlFault: There are no criteria at all.
    """
    if not criteria:
        raise AxlFault(faults.ITEM_NOT_VALID, "Item not valid: searchCriteria needs at least one element.")
    if criteria.get("customerName", "%").strip("%"):
        return None
    return {_CRITERIA[name]: value for name, value in criteria.items() if name in _CRITERIA}


def add_user(request: AxlRequest) -> str:
    """Add a user and answer its UUID."""
    values = request.values["user"]
    return braces(users.add(request.context, request.cluster, columns(values)))


def update_user(request: AxlRequest) -> str:
    """Change what the request names of a user and answer its UUID."""
    changes = columns({name: value for name, value in request.values.items() if name not in _KEYS})
    row = _find(request, changes.keys() - _SECRETS)
    users.update(request.context, request.cluster, row, changes)
    return braces(row["pkid"])


def remove_user(request: AxlRequest) -> str:
    """Remove a user and answer its UUID."""
    row = _find(request)
    users.remove(request.context, row)
    return braces(row["pkid"])


def authenticate_user(request: AxlRequest) -> str:
    """Tell whether a password or PIN is a user's; an unknown user is not told from a wrong password."""
    kind = "password" if "password" in request.values else "pin"
    try:
        row = users.find(request.context, request.cluster, userid=request.values["userid"])
    except NotFound:
        valid = False
    else:
        valid = users.authenticate(row, request.values[kind], kind)
    code = _AUTHENTICATED if valid else _NOT_AUTHENTICATED
    return (
        f"<userAuthenticated>{'true' if valid else 'false'}</userAuthenticated><code>{code}</code>"
        f"<daysToExpiry>{_NO_EXPIRY}</daysToExpiry><isWarningNeeded>false</isWarningNeeded>"
    )


def _find(request: AxlRequest, needed: Iterable[str] | None = None) -> Row:
    values = request.values
    return users.find(request.context, request.cluster, values.get("userid"), values.get("uuid"), needed)


def columns(values: dict[str, Any]) -> dict[str, Any]:
    """Translate the elements of a request into columns of a user.

    Raises:
        AxlFault: An element refers to an object that the emulated cluster does not have, or sets something that the
            emulator keeps no state for; what it cannot keep, it refuses rather than forgets.
    """
    found: dict[str, Any] = {}
    for name, value in values.items():
        column = messages.STORED.get(name)
        if column is not None:
            found[column] = "" if value is None and name not in messages.NUMBERS else value
        elif name in messages.REFERENCES:
            _check_reference(name, value)
        elif name not in messages.IGNORED and _says_something(value):
            raise AxlFault(faults.ITEM_NOT_VALID, f"Item not valid: {name} is not emulated; leave it out.")
    return found


def _check_reference(name: str, value: Any) -> None:
    if name == "presenceGroupName" and isinstance(value, Reference) and value.name == messages.PRESENCE_GROUP:
        return
    if _says_something(value):
        raise faults.foreign_key(messages.REFERENCES[name])


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
