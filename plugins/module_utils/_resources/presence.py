# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""The presence that users have by hand (requirement O3): what the module presence manages.

The Presence Web Service takes a user on the user's own node only, and tells which that is. It is asked there when it is
surely a node of the cluster (:func:`home_node`): the password of the application user goes there, too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from ansible_collections.ucops.imp.plugins.module_utils._clients.presence_web_service import (
    NewPresence,
    PresenceWebService,
    Shown,
    WrongNode,
)
from ansible_collections.ucops.imp.plugins.module_utils._core.errors import ImpError
from ansible_collections.ucops.imp.plugins.module_utils._core.options import (
    DAY,
    Connection,
    address,
    ascii_lower,
    canonical_host,
    check_host,
    check_range,
    check_unique,
    given,
)
from ansible_collections.ucops.imp.plugins.module_utils._core.plan import (
    DELETE,
    Change,
    Field,
    Plan,
    Unknown,
    compare,
)
from ansible_collections.ucops.imp.plugins.module_utils._module.nodes import TaskNode, node_problems, task_nodes
from ansible_collections.ucops.imp.plugins.module_utils._module.resource import Context, Resource
from ansible_collections.ucops.imp.plugins.module_utils._product.cluster import qualified

T = TypeVar("T")

KIND = "user_presence"
DO_NOT_DISTURB = "do_not_disturb"
STATES = {
    "available": ("AVAILABLE", "available"),
    "busy": ("BUSY", "busy"),
    DO_NOT_DISTURB: ("DND", "dnd"),
    "away": ("AWAY", "away"),
    "unavailable": ("UNAVAILABLE", "unavailable"),
    # Rich presence has no vacation, and the service makes away of that of basic presence.
    "vacation": ("VACATION", "away"),
}
"""The option's words, and those of basic and of rich presence."""
SHOWN_AS = {"busy": "away", "vacation": "away"}
"""What the service may make of a state that it takes, by the option's words."""
SHORTEST, LONGEST = 60, 24 * 60
"""Minutes for which a presence can be set."""
SECONDS_BETWEEN_LOOKS = 0.5

_WORDS = {activity: word for word, (_basic, activity) in STATES.items() if word != "vacation"}


def _same_presence(told: Any, wanted: Any) -> bool:
    return told is not None and told in (wanted, SHOWN_AS.get(wanted))


FIELDS = (Field("presence", same=_same_presence), Field("override"), Field("note"), Field("expires_minutes"))


@dataclass(frozen=True)
class KnownPresence:
    """How the users are shown who could be asked, by user id, and on which node each was asked.

    ``taken`` are those for whom the service has just accepted a change.
    """

    users: Mapping[str, Shown]
    nodes: Mapping[str, str]
    taken: frozenset[str] = frozenset()


class Presence(Resource[KnownPresence]):
    """The presence that users have by hand."""

    counted = "users"

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        params = context.params
        self._present: bool = params["state"] == "present"
        self._users: dict[str, dict[str, Any]] = {user["userid"]: user for user in params["users"]}
        self._nodes = task_nodes(context.connection, params) if params["nodes"] else []
        self._services: dict[tuple[str, int], PresenceWebService] = {}
        self._homes: dict[str, Connection] = {}
        self._taken: set[str] = set()

    # --- what is wanted

    def problems(self) -> list[str]:
        params = self.context.params
        found = node_problems(self.context.connection, params)
        if params["domain"] is not None:
            found += check_host("domain", params["domain"])
        found += check_range("wait_timeout", params["wait_timeout"], 0, DAY, "seconds")
        for number, user in enumerate(params["users"]):
            found += [f"users[{number}].{problem}" for problem in self._user_problems(user)]
        return found + check_unique("users", [user["userid"] for user in params["users"]], ascii_lower)

    def _user_problems(self, user: Mapping[str, Any]) -> Iterable[str]:
        if user["address"] is None and self.context.params["domain"] is None:
            yield "address: give it, or domain for all users."
        elif user["address"] is not None and not _is_address(user["address"]):
            yield f"address: {user['address']!r} is no IM address; give it as user@domain."
        if not self._present:
            return
        if user["presence"] is None:
            yield "presence: say which; it can be left out with state=absent only."
        if user["presence"] == DO_NOT_DISTURB and not user["override"]:
            yield "override: the service takes do_not_disturb with override=true only (error 122)."
        yield from check_range("expires_minutes", user["expires_minutes"], SHORTEST, LONGEST, "minutes")

    def _wanted(self, userid: str) -> dict[str, Any]:
        return given(self._users[userid], ("presence", "override", "note", "expires_minutes"))

    def _address(self, userid: str) -> str:
        own: str | None = self._users[userid]["address"]
        return own or f"{userid}@{self.context.params['domain']}"

    # --- what is there

    def read(self) -> KnownPresence:
        # A login that fails concerns all users.
        self._service(self.context.connection).log_in()
        return self._read()

    def _read(self) -> KnownPresence:
        users: dict[str, Shown] = {}
        for userid in self._users:
            try:
                users[userid] = self._look(userid)
            except ImpError as error:  # noqa: PERF203 - one user who cannot be asked does not hide the others
                self.context.fail(userid, error)
        return self._known(users)

    def _known(self, users: Mapping[str, Shown]) -> KnownPresence:
        nodes = {userid: self._homes.get(userid, self.context.connection).hostname for userid in users}
        return KnownPresence(users, nodes, frozenset(self._taken))

    def read_back(self) -> KnownPresence:
        """Look until what was accepted is shown; the nodes tell each other of it, which takes a moment."""
        polling = self.context.polling(self.context.params["wait_timeout"], SECONDS_BETWEEN_LOOKS)
        state = self._read()
        with self.context.backoff.until(polling.timeout):
            for _report in polling.looks():
                if not any(step.id in self._taken for step in self.plan(state)):
                    break
                state = self._read()
        return state

    def still_needed(self, change: Change) -> Change | None:
        return next(iter(self.plan(self._known({change.id: self._look(change.id)}))), None)

    def _look(self, userid: str) -> Shown:
        return self._ask(userid, lambda service: service.shown(userid, self._address(userid)))

    def _ask(self, userid: str, call: Callable[[PresenceWebService], T]) -> T:
        """Ask the node of a user, which is found out on the way; nodes may not agree, so that happens once."""
        if userid not in self._homes:
            try:
                return call(self._service(self.context.connection))
            except WrongNode as moved:
                self._homes[userid] = self._home(moved)
        try:
            return call(self._service(self._homes[userid]))
        except WrongNode as moved:
            text = f"{moved.message} Another node sent the user on to this one; look at the user's node."
            raise ImpError(text, code=moved.code, details=moved.details) from None

    def _home(self, moved: WrongNode) -> Connection:
        """Return where a user is asked whom the service sends to another node."""
        for host in moved.hosts:
            home = home_node(self.context.connection, self._nodes, host)
            if home is not None and _place(home) != _place(self.context.connection):
                return home
        text = "It is not asked there, because nothing shows that it is a node of the cluster. Name it in nodes."
        raise ImpError(f"{moved.message} {text}", code=moved.code, details=moved.details)

    def _service(self, connection: Connection) -> PresenceWebService:
        place = _place(connection)
        if place not in self._services:
            service = PresenceWebService(self.context.transport(connection), self.context.hide)
            self._services[place] = self.context.keep(service)
        return self._services[place]

    # --- what to do

    def plan(self, state: KnownPresence) -> Plan:
        current = {
            userid: self._told(state, userid) for userid, shown in state.users.items() if shown.override is not None
        }
        desired = {userid: self._wanted(userid) if self._present else None for userid in state.users}
        return compare(KIND, current, desired, FIELDS)

    def _told(self, state: KnownPresence, userid: str) -> dict[str, Any]:
        """Return what was set by hand for a user; what the service does not tell is taken to be as it is wanted."""
        shown, wanted = state.users[userid], self._wanted(userid)
        told = {"presence": _WORDS.get(shown.activity, shown.activity), "override": shown.override, "note": shown.note}
        if userid in state.taken and shown.override == wanted["override"]:
            # It was accepted, and whether it shows is the business of what else the user has.
            told.update(given(wanted, ("note",) if shown.override else ("note", "presence")))
        return {**told, "expires_minutes": wanted["expires_minutes"]}

    def unknown(self, state: KnownPresence) -> list[Unknown]:
        found = []
        for userid, shown in state.users.items() if self._present else ():
            if shown.override is None:
                continue
            wanted = self._wanted(userid)
            if (
                not shown.override
                and not wanted["override"]
                and not _same_presence(_WORDS.get(shown.activity), wanted["presence"])
            ):
                reason = "Without override, all devices of the user count, so it cannot be compared and is set again."
                found.append(Unknown(KIND, userid, "presence", reason))
            reason = "The service does not tell when a presence ends. To have it end later, release it first (absent)."
            found.append(Unknown(KIND, userid, "expires_minutes", reason))
        return found

    def apply(self, change: Change) -> None:
        userid = change.id
        if change.action == DELETE:
            self._ask(userid, lambda service: service.release(userid, self._address(userid), SHORTEST * 60))
        else:
            new = _new_presence(change.desired)
            self._ask(userid, lambda service: service.set_presence(userid, self._address(userid), new))
        self._taken.add(userid)

    def current(self, state: KnownPresence) -> list[dict[str, Any]]:
        return [
            {
                "userid": userid,
                "node": state.nodes[userid],
                "presence": _WORDS.get(shown.activity, shown.activity),
                "override": shown.override,
                "note": shown.note,
            }
            for userid, shown in state.users.items()
        ]


def _new_presence(wanted: Mapping[str, Any]) -> NewPresence:
    basic, activity = STATES[wanted["presence"]]
    return NewPresence(basic, activity, wanted["override"], wanted["expires_minutes"] * 60, wanted.get("note", ""))


def _is_address(text: str) -> bool:
    user, _at, domain = text.rpartition("@")
    return bool(user) and not any(sign.isspace() for sign in text) and not check_host("address", domain)


def _place(connection: Connection) -> tuple[str, int]:
    return canonical_host(connection.hostname), connection.port


def home_node(asked: Connection, nodes: list[TaskNode], host: str) -> Connection | None:
    """Return where a user is logged in whom the service sends to ``host``; ``None`` when that is not safe. Pure.

    * With ``nodes``, it must be one of them, by its name or by where it is reached, and is reached as it says there.
    * Without, it must have a full name in the domain of the server that was asked, which has a full name itself, and
      is asked at the same port. A name of one label is one in that domain.

    The port and the protocol of the redirect are never followed.
    """
    if nodes:
        found = [node for node in nodes if node.is_called(host)]
        found = found or [node for node in nodes if canonical_host(node.connection.hostname) == canonical_host(host)]
        return found[0].connection if len(found) == 1 else None
    domain = asked.hostname.partition(".")[2]
    named = qualified(host, domain)
    if address(asked.hostname) or "." not in domain:
        return None
    same = canonical_host(named.partition(".")[2]) == canonical_host(domain)
    return asked.at(named) if same else None
