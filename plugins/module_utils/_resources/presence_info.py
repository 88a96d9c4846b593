# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""The presence of users: all of it from the admin API, or its text from AXL where there is no admin API."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.ucops.imp.plugins.module_utils._clients.imp_admin import ImpAdmin
from ansible_collections.ucops.imp.plugins.module_utils._clients.imp_axl import ImpAxl, Viewed
from ansible_collections.ucops.imp.plugins.module_utils._core.errors import (
    ApiError,
    Forbidden,
    ImpError,
    InvalidInput,
    NoPublicApi,
    UnexpectedAnswer,
)
from ansible_collections.ucops.imp.plugins.module_utils._core.options import (
    OptionSpec,
    ascii_lower,
    canonical_host,
)
from ansible_collections.ucops.imp.plugins.module_utils._module.resource import Context

PRESENCES = {
    "available": "Available",
    "busy": "Busy",
    "away": "Away",
    "do_not_disturb": "Do not disturb",
    "out_of_office": "Out of Office",
    "offline": "Offline",
}
"""What is shown of a user: the collection's words and the product's."""
ACTIVITIES = {"in_a_meeting": "In a meeting", "on_the_phone": "On the phone"}

OPTIONS: dict[str, OptionSpec] = {
    "users": {"type": "list", "elements": "str"},
    "node": {"type": "str"},
    "presence": {"type": "str", "choices": list(PRESENCES)},
    "activity": {"type": "str", "choices": list(ACTIVITIES)},
    "gateway": {"type": "str"},
    "failing": {"type": "bool", "default": False},
    "explain": {"type": "bool", "default": False},
    "watcher": {"type": "str"},
}

_COPIED = (
    "userid",
    "message",
    "icon",
    "since",
    "node",
    "gateway",
    "mailbox",
    "subscription_age_seconds",
    "last_notification",
    "last_event",
    "failure",
)
_FILTERS = ("node", "presence", "activity", "gateway", "failing")
"""The options that choose among users, which AXL cannot do."""


def read_presence_problems(context: Context) -> list[str]:
    """Return what is wrong with the options of the module presence_info."""
    wanted = context.params["users"]
    return [] if wanted is None or wanted else ["users: give at least one user id, or leave it out for all users."]


def read_presence(context: Context) -> dict[str, Any]:
    """Return the results of the module presence_info."""
    try:
        return _from_admin_api(context, ImpAdmin(context.transport()))
    except NoPublicApi as error:
        absent = error
    found = _from_axl(context, ImpAxl(context.transport()), absent)
    context.warn(
        f"{absent.details['server']} has no admin API, so AXL was asked. It tells the text that is shown of a user and "
        "its node, and nothing of presence, activity, message, icon, gateway, subscription, mailbox, failures and "
        "notifications, nor why a user is not in a meeting."
    )
    return found


def _from_admin_api(context: Context, admin: ImpAdmin) -> dict[str, Any]:
    params = context.params
    filters = {name: "true" for name in ("failing", "explain") if params[name]}
    filters |= {"node": params["node"]} if params["node"] else {}
    filters |= {"presence": PRESENCES[params["presence"]]} if params["presence"] else {}
    found = admin.presence(params["users"] or (), filters)
    known = {ascii_lower(user["userid"]) for user in found.users}
    filtered = any(params[name] for name in _FILTERS)
    users = [_user(user, explain=params["explain"]) for user in found.users]
    users = [user for user in users if _wanted(user, params)]
    unknown = [] if filtered else [name for name in params["users"] or () if ascii_lower(name) not in known]
    return {
        "interface": "admin_api",
        "users": users,
        "unknown": unknown,
        "summary": _summary(users),
        "engines": found.engines,
        "notifications": admin.notifications(),
    }


def _user(user: Mapping[str, Any], *, explain: bool) -> dict[str, Any]:
    shown = {
        "presence": _word(PRESENCES, user["presence"]),
        "activity": _word(ACTIVITIES, user["activity"]),
        "status": " - ".join(user[part] for part in ("presence", "activity", "message") if user[part]),
        "in_a_meeting": user["activity"] == ACTIVITIES["in_a_meeting"],
    }
    result = {**{name: user.get(name) for name in _COPIED}, **shown}
    if explain:
        why = user.get("conditions") or []
        unmet = next((condition for condition in why if condition["met"] is False), None)
        result.update(why=why, reason=unmet)
    return result


def _word(words: Mapping[str, str], said: str | None) -> str | None:
    """Return the collection's word for what the product says; ``None`` for nothing, and an unknown text as it is."""
    return next((word for word, text in words.items() if text == said), said or None)


def _wanted(user: Mapping[str, Any], params: Mapping[str, Any]) -> bool:
    if params["activity"] and user["activity"] != params["activity"]:
        return False
    gateway = params["gateway"]
    return not gateway or canonical_host(user["gateway"] or "") == canonical_host(gateway)


def _summary(users: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {
        "users": len(users),
        "in_a_meeting": sum(user["in_a_meeting"] for user in users),
        "failing": sum(user["failure"] is not None for user in users),
        "presence": dict(Counter(user["presence"] for user in users if user["presence"])),
        "gateway": dict(Counter(user["gateway"] for user in users if user["gateway"])),
    }


def _from_axl(context: Context, axl: ImpAxl, absent: NoPublicApi) -> dict[str, Any]:
    """Return what AXL tells, one request for each user."""
    wanted = context.params["users"]
    asked = [name for name in _FILTERS if context.params[name]]
    if not wanted or asked:
        need = f"without {' and '.join(asked)}" if wanted else "with users"
        raise NoPublicApi(f"{absent.message} AXL tells of single users only: give the task {need}.")
    users, unknown = [], []
    for userid in wanted:
        viewed = _view(axl, userid, context.params["watcher"] or userid, absent)
        if viewed.user:
            users.append(_viewed(userid, viewed, explain=context.params["explain"]))
        else:
            unknown.append(userid)
    return {
        "interface": "axl",
        "users": users,
        "unknown": unknown,
        "summary": _summary(users),
        "engines": None,
        "notifications": None,
    }


def _view(axl: ImpAxl, userid: str, watcher: str, absent: NoPublicApi) -> Viewed:
    try:
        viewed = axl.presence(userid, watcher)
    except (ApiError, Forbidden, UnexpectedAnswer) as error:
        raise _nobody_tells(absent, error) from None
    if viewed.user and not viewed.watcher:
        raise InvalidInput([f"watcher: there is no user {watcher}."])
    return viewed


def _nobody_tells(absent: NoPublicApi, error: ImpError) -> NoPublicApi:
    server = absent.details["server"]
    # What is no AXL at all has words that are about Unified CM.
    said = "does not answer." if isinstance(error, UnexpectedAnswer) else f"says: {error.message}"
    return NoPublicApi(
        f"The presence of users cannot be read here. {server} has no admin API, and its AXL {said} Give the IM "
        "and Presence publisher as hostname, activate its Cisco AXL Web Service, and use an application user with the "
        "role Standard AXL API Access.",
        details={"server": server, "axl": error.code},
    )


def _viewed(userid: str, viewed: Viewed, *, explain: bool) -> dict[str, Any]:
    known = {
        "userid": userid,
        "node": viewed.node or None,
        "status": viewed.status,
        # The words are the cluster's own; these are Cisco's for a meeting, in English.
        "in_a_meeting": ascii_lower(ACTIVITIES["in_a_meeting"]) in ascii_lower(viewed.status),
    }
    empty = dict.fromkeys((*_COPIED, "presence", "activity", *(("why", "reason") if explain else ())))
    return {**empty, **known}
