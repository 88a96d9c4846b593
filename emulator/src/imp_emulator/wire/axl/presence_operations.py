# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The operation of IM and Presence's AXL about what is shown of a user, behind the page Presence Viewer."""

from __future__ import annotations

from imp_emulator.domain.cucm import users
from imp_emulator.domain.cucm.users import User, UserKey
from imp_emulator.domain.imp import presence, redundancy
from imp_emulator.domain.imp.presence import UserPresence
from imp_emulator.domain.imp.presence_rules import Presence, SignIn
from imp_emulator.errors import NotFound
from imp_emulator.wire.axl.protocol import AxlOperation, AxlRequest
from imp_emulator.wire.axl.schema import sequence
from imp_emulator.wire.http.soap import text as escape

_MAXIMUM_ROSTER = 200
"""The default of the product's setting "Maximum Contact List Size (per user)"."""
_LONGEST_STATUS = 1024
_VIEWER = sequence("userid:string50", "perspectiveuserid:string50", attributes=("sequence",))
# Nobody has contacts or watchers here; what the schema lets be nil has no value then.
_COUNTS = (
    "rosterCountTotal",
    "rosterCountTo",
    "rosterCountFrom",
    "rosterCountBoth",
    "rosterCountNone",
    "contactsCount",
    "grouplessContactsCount",
    "watchersCount",
)
_LISTS = ("contactsForUser", "grouplessContactsForUser", "watchersForUser")


def get_presence_viewer(request: AxlRequest) -> str:
    """Answer what is shown of a user; a user or watcher that there is not is said to be none, which is no fault."""
    user = _known(request, request.values["userid"])
    watcher = _known(request, request.values["perspectiveuserid"])
    shown = None if user is None else _shown(request, user)
    checks = {
        "maxRosterSize": str(_MAXIMUM_ROSTER),
        "userCheck": _flag(user is not None),
        "perspectiveUserCheck": _flag(watcher is not None),
        "isUserAssigned": _flag(shown is not None),
    }
    info = "" if user is None or watcher is None or shown is None else _info(request, user, shown)
    return _elements(checks) + info


def status_text(shown: Presence) -> str:
    """Write what is shown of a user as one text: presence, activity and message, as far as there are any."""
    parts = (shown.presence, shown.activity, shown.message)
    return " - ".join(part for part in parts if part)[:_LONGEST_STATUS]


def _known(request: AxlRequest, userid: str) -> User | None:
    try:
        return users.find(request.context, request.cluster, UserKey("userid", userid))
    except NotFound:
        return None


def _shown(request: AxlRequest, user: User) -> UserPresence | None:
    try:
        return presence.of_user(request.context, request.cluster, user.userid)
    except NotFound:
        return None  # No node serves the user.


def _info(request: AxlRequest, user: User, shown: UserPresence) -> str:
    fields = {
        "firstname": escape(user.first_name),
        "lastname": escape(user.last_name),
        "userstatus": escape(status_text(shown.presence)),
        "islocal": "true",
        "photo": "",
        "node": escape(shown.node),
        "subcluster": escape(redundancy.group_name(request.context, request.cluster, shown.node)),
        **dict.fromkeys(_COUNTS, "0"),
        "loginCupc": _flag(shown.sign_in is not SignIn.OFFLINE),
        "cupcVersion": "",
        **dict.fromkeys(_LISTS, ""),
    }
    return f"<PresenceViewerInfo>{_elements(fields)}</PresenceViewerInfo>"


def _elements(fields: dict[str, str]) -> str:
    return "".join(f"<{name}>{value}</{name}>" for name, value in fields.items())


def _flag(value: bool) -> str:
    return "true" if value else "false"


OPERATIONS: dict[str, AxlOperation] = {
    "getPresenceViewer": AxlOperation(_VIEWER, get_presence_viewer, "User"),
}
