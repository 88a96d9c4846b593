# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""End users: who they are, and who may have calendar information in presence (requirements U1 and U3)."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import hmac
import secrets
import uuid
from collections.abc import Mapping
from typing import Any, Literal

from imp_emulator.domain import timelines
from imp_emulator.domain.events import PresenceChanged, UserChanged
from imp_emulator.domain.imp import following, presence
from imp_emulator.errors import Duplicate, Forbidden, InvalidValue, NotFound
from imp_emulator.store.cucm import users as store
from imp_emulator.store.imp import gateways, homes
from imp_emulator.world.context import Context

User = store.User
UserKey = store.UserKey

PRESENCE_FLAGS = ("home_cluster", "im_and_presence", "meeting_information")
"""The fields of requirement U1; the third needs the other two."""

_SHOWN = ("im_and_presence", "locale")
"""The fields that something of a user's presence comes from, beside what its calendar says."""
_FOLLOWED = (*PRESENCE_FLAGS, "mail", "presence_node")
"""The fields that decide which Presence Engine follows which mailbox for a user."""

_NEW_USER = {"home_cluster": True, "im_and_presence": False, "meeting_information": False}
_RANGES = {"max_desk_pickup_wait_time": (0, 30_000), "remote_destination_limit": (1, 10)}
_REQUIRED = ("userid", "last_name")
_LONGEST_USERID = 128
_SALT_BYTES = 16


def find(context: Context, cluster: str, key: UserKey) -> User:
    """Return a user; raises ``NotFound``."""
    user = store.user(context.database, cluster, key)
    if user is None:
        raise _not_found()
    return user


def search(
    context: Context, cluster: str, patterns: Mapping[str, str], skip: int = 0, first: int | None = None
) -> list[User]:
    """Return users in a fixed order.

    Args:
        patterns: Patterns by field (userid, first_name, last_name, department), all of which must match; ``%`` stands
            for any text and ``_`` for one character.
        skip: How many of the matching users to leave out.
        first: How many to return at most; ``None`` for all.
    """
    return store.search(context.database, cluster, patterns, skip, first)


def count(context: Context, cluster: str, patterns: Mapping[str, str]) -> int:
    """Return how many users match, see :func:`search`."""
    return store.count(context.database, cluster, patterns)


def add(context: Context, cluster: str, values: Mapping[str, Any]) -> str:
    """Add a user and return its UUID (lower case, no braces).

    Args:
        context: Where to add it.
        cluster: The user's cluster.
        values: Fields of the user; ``password`` and ``pin`` in plain text become hashes.

    Raises:
        InvalidValue: The user id or last name is missing, or a number is out of range.
        Duplicate: The user id is taken.
        Forbidden: The presence settings break rule U3.
    """
    check_new(context, cluster, values)
    pkid = str(uuid.uuid4())
    served = _served(context, cluster, None, bool(values.get("im_and_presence")))
    try:
        store.insert(context.database, cluster, pkid, _hashed({**values, **served}))
    except store.UseridTaken:
        raise _duplicate(values["userid"]) from None
    if values.keys() & set(PRESENCE_FLAGS):
        _note_options(context, cluster, pkid, {**_NEW_USER, **values})
    if served:
        context.events.publish(PresenceChanged(cluster, pkid, values["userid"]))
        following.review(context, cluster, None, store.presence_user(context.database, cluster, UserKey("pkid", pkid)))
    context.events.publish(UserChanged(cluster, pkid, values["userid"], "added"))
    return pkid


def update(context: Context, cluster: str, key: UserKey, changes: Mapping[str, Any]) -> str:
    """Change fields of a user and return its UUID (lower case, no braces).

    Args:
        context: Where the user is.
        cluster: The user's cluster.
        key: The user.
        changes: New values by field; ``password`` and ``pin`` in plain text become hashes.

    Raises:
        NotFound: There is no such user.
        InvalidValue: A value that is required is empty, or a number is out of range.
        Duplicate: The new user id is taken.
        Forbidden: The presence settings would break rule U3.
    """
    user = check_changes(context, cluster, key, changes)
    served = _served(context, cluster, user.presence_node, changes.get("im_and_presence", user.im_and_presence))
    try:
        changed = bool(changes) and store.update(context.database, user.id, _hashed({**changes, **served}))
    except store.UseridTaken:
        raise _duplicate(changes["userid"]) from None
    if changed:
        after = {flag: changes.get(flag, getattr(user, flag)) for flag in PRESENCE_FLAGS}
        if any(bool(after[flag]) != getattr(user, flag) for flag in PRESENCE_FLAGS):
            _note_options(context, cluster, user.pkid, after)
        if served and user.presence_node is None:
            context.events.publish(PresenceChanged(cluster, user.pkid, user.userid))
        known = {name: value for name, value in {**changes, **served}.items() if name in _FOLLOWED}
        if "presence_node" in known:
            home = known["presence_node"]
            known["served_by"] = None if home is None else homes.serving(context.database, cluster, home)
        following.review(context, cluster, user, dataclasses.replace(user, **known))
        if user.presence_node is not None and not changes.keys().isdisjoint(_SHOWN):
            presence.refresh(context, cluster, user.pkid)
        context.events.publish(UserChanged(cluster, user.pkid, changes.get("userid", user.userid), "updated"))
    return user.pkid


def check_new(context: Context, cluster: str, values: Mapping[str, Any]) -> None:
    """Raise what :func:`add` would for these values; whether the user id is taken is not looked at."""
    if missing := [column for column in _REQUIRED if not values.get(column)]:
        raise InvalidValue("user-incomplete", f"A user needs {' and '.join(missing)}.", missing[0])
    _check_values(values)
    _check_presence(context, cluster, values["userid"], _NEW_USER, {**_NEW_USER, **values})


def check_changes(context: Context, cluster: str, key: UserKey, changes: Mapping[str, Any]) -> store.PresenceUser:
    """Raise what :func:`update` would for these changes, but for a new user id that is taken; return the user."""
    user = _presence_user(context, cluster, key)
    _check_values(changes)
    if any(flag in changes for flag in PRESENCE_FLAGS):
        before = {flag: getattr(user, flag) for flag in PRESENCE_FLAGS}
        _check_presence(context, cluster, user.userid, before, {**before, **changes})
    return user


def exists(context: Context, cluster: str, userid: str) -> bool:
    """Tell whether there is a user of this id, in any letter case of A to Z."""
    return store.presence_user(context.database, cluster, UserKey("userid", userid)) is not None


def remove(context: Context, cluster: str, key: UserKey) -> str:
    """Remove a user and return its UUID (lower case, no braces); raises ``NotFound``."""
    user = _presence_user(context, cluster, key)
    if _served(context, cluster, user.presence_node, False):
        presence.forget(context, cluster, user.pkid, user.userid)
    store.delete(context.database, user.id)
    following.review(context, cluster, user, None)
    timelines.forget_user(context, cluster, user.pkid)
    context.events.publish(UserChanged(cluster, user.pkid, user.userid, "removed"))
    return user.pkid


def authenticate(context: Context, cluster: str, userid: str, secret: str, kind: Literal["password", "pin"]) -> bool:
    """Tell whether a password or PIN is a user's; one that was never set matches nothing, nor does an unknown user's.

    Args:
        secret: What was given.
        kind: What it is.
    """
    stored = store.secret_hash(context.database, cluster, UserKey("userid", userid), kind)
    if stored is None:
        return False
    salt, expected = base64.b64decode(stored)[:_SALT_BYTES], base64.b64decode(stored)[_SALT_BYTES:]
    return hmac.compare_digest(_derive(secret, salt), expected)


def _note_options(context: Context, cluster: str, pkid: str, values: Mapping[str, Any]) -> None:
    flags = {flag: bool(values[flag]) for flag in PRESENCE_FLAGS}
    timelines.note_user(context, cluster, pkid, "options", "set", **flags)


def _served(context: Context, cluster: str, node: str | None, enabled: bool) -> dict[str, str | None]:
    """Have an IM and Presence node serve a user as long as it is enabled; return what changes in the user's row."""
    if enabled and node is None:
        return {"presence_node": homes.take(context.database, cluster)}
    if node is not None and not enabled:
        homes.leave(context.database, cluster, node)
        return {"presence_node": None}
    return {}


def _presence_user(context: Context, cluster: str, key: UserKey) -> store.PresenceUser:
    user = store.presence_user(context.database, cluster, key)
    if user is None:
        raise _not_found()
    return user


def _not_found() -> NotFound:
    return NotFound("user-not-found", "User not found", "userid")


def _check_presence(
    context: Context, cluster: str, userid: str, before: Mapping[str, Any], after: Mapping[str, Any]
) -> None:
    """Requirement U3: meeting information needs IM and Presence and, first of all, a presence gateway."""
    if not after["meeting_information"]:
        return
    if not (after["home_cluster"] and after["im_and_presence"]):
        message = (
            f"User {userid}: Include meeting information in Presence requires Home Cluster and Enable User for"
            " Unified CM IM and Presence."
        )
        raise Forbidden("meeting-information-needs-presence", message, "meeting_information")
    if not before["meeting_information"] and gateways.count(context.database, cluster) == 0:
        message = (
            f"User {userid}: Include meeting information in Presence requires a presence gateway; none is configured."
        )
        raise Forbidden("meeting-information-needs-gateway", message, "meeting_information")


def _check_values(values: Mapping[str, Any]) -> None:
    for column in _REQUIRED:
        if column in values and not values[column]:
            raise InvalidValue("user-incomplete", f"{column} of a user must not be empty.", column)
    if len(values.get("userid", "")) > _LONGEST_USERID:
        raise InvalidValue("userid-too-long", f"userid has at most {_LONGEST_USERID} characters.", "userid")
    for column, (low, high) in _RANGES.items():
        value = values.get(column, low)
        if value is None or not low <= value <= high:
            raise InvalidValue("number-out-of-range", f"{column} must be between {low} and {high}.", column)


def _duplicate(userid: str) -> Duplicate:
    return Duplicate("user-exists", f"A user {userid} exists already.", "userid")


def _hashed(values: Mapping[str, Any]) -> dict[str, Any]:
    columns = dict(values)
    for kind in ("password", "pin"):
        if kind in columns:
            salt = secrets.token_bytes(_SALT_BYTES)
            columns[f"{kind}_hash"] = base64.b64encode(salt + _derive(columns.pop(kind), salt)).decode()
    return columns


def _derive(secret: str, salt: bytes) -> bytes:
    # Cheap on purpose: the emulator answers on its event loop and these are no real people's passwords.
    return hashlib.scrypt(secret.encode(), salt=salt, n=1024, r=8, p=1, dklen=32)
