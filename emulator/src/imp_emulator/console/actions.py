# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be done from the page: each action is one call of the control plane, and is shown as that call.

A form names its action and gives values; :data:`ACTIONS` says which call that makes. So whatever a person does here, a
test can do with the same call.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import aiohttp
from yarl import URL

from imp_emulator.client.control import reason_of
from imp_emulator.domain.exchange import automatic_replies, local_times
from imp_emulator.errors import InvalidValue

Fields = Mapping[str, str]
_SECONDS = 600
"""How long a call may take; one that moves the clock by a year carries out all that is due until then."""


@dataclass(frozen=True, slots=True)
class Call:
    """A call of the control plane."""

    method: str
    path: str
    body: Any = None

    def __str__(self) -> str:
        body = "" if self.body is None else f" {json.dumps(self.body, ensure_ascii=False)}"
        return f"{self.method} {self.path}{body}"

    @property
    def curl(self) -> str:
        """The same as a command line; the token stays where it is."""
        body = "" if self.body is None else f" --json '{_in_quotes(json.dumps(self.body, ensure_ascii=False))}'"
        return f'curl -X {self.method} -H "Authorization: Bearer $TOKEN"{body} "$URL{self.path}"'


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the control plane has answered; ``message`` is why it has refused, empty when it has not."""

    call: Call
    status: int
    message: str

    @property
    def done(self) -> bool:
        """Whether the call did what it says."""
        return 200 <= self.status < 300


def _in_quotes(text: str) -> str:
    return text.replace("'", "'\\''")


def path(*parts: str) -> str:
    """Return a path of such parts, each as one part whatever it holds."""
    return "".join(f"/{quote(part, safe='')}" for part in parts)


def _advance(given: Fields) -> Call:
    return Call("POST", "/clock/advance", {"seconds": float(given["amount"]) * float(given["unit"])})


def _set_clock(given: Fields) -> Call:
    # What a browser's field for a time gives has no zone; the page says that it is UTC.
    now = datetime.fromisoformat(given["now"]).replace(tzinfo=UTC)
    return Call("PUT", "/clock", {"now": now.isoformat()})


def _decide(verb: str) -> Callable[[Fields], Call]:
    return lambda given: Call("POST", path("certification-authorities", given["host"], "requests", given["id"], verb))


_EFFECTS: Mapping[str, Mapping[str, Callable[[str], Any]]] = {
    "status": {"status": int},
    "delay": {"seconds": float},
    "error": {"code": str},
    "drip": {"seconds": float},
    "clock_skew": {"seconds": float},
}
"""What each kind of fault has beside its kind, by the form's fields."""


def _inject(given: Fields) -> Call:
    kind = given["kind"]
    about = {name: read(given[name]) for name, read in _EFFECTS.get(kind, {}).items() if given.get(name)}
    where = {name: given[name] for name in ("cluster", "node", "protocol", "operation") if given.get(name)}
    count = {name: int(given[name]) for name in ("times", "skip") if given.get(name)}
    share = float(given.get("probability") or 100) / 100
    return Call("POST", "/faults", {"effect": {"kind": kind, **about}, **where, **count, "probability": share})


def _of_user(given: Fields, method: str, what: str, body: Any = None) -> Call:
    return Call(method, path("presence", given["cluster"], given["userid"], what), body)


def _set_by_hand(given: Fields) -> Call:
    # What is empty is left out; the page says that the time is UTC.
    until = given.get("until")
    times = {"until": datetime.fromisoformat(until).replace(tzinfo=UTC).isoformat()} if until else {}
    about = {name: given[name] for name in ("activity", "note") if given.get(name)}
    body = {"presence": given["presence"], "override": given.get("override") == "yes", **about, **times}
    return _of_user(given, "PUT", "manual", body)


def _of_group(given: Fields, method: str, what: str, body: Any = None) -> Call:
    return Call(method, path("presence-redundancy-groups", given["cluster"], given["group"], what), body)


def _move_users(what: str) -> Callable[[Fields], Call]:
    return lambda given: _of_group(given, "POST", what, {"node": given["node"]})


def _change_service(given: Fields) -> Call:
    # What the button says: a verb and the name of the service.
    verb, _, service = given["change"].partition(" ")
    return _of_node(given, "POST", "services", service, verb)


def _of_node(given: Fields, method: str, *what: str, body: Any = None) -> Call:
    return Call(method, path("clusters", given["cluster"], "nodes", given["node"], *what), body)


def _take_port(given: Fields) -> Call:
    who = {"used_by": given["used_by"]} if given.get("used_by") else {}
    return _of_node(given, "PUT", "occupied-ports", str(int(given["port"])), body=who)


def _issue_again(given: Fields) -> Call:
    return Call("POST", path("exchange-servers", given["server"], "certificate"), {"days": int(given["days"])})


def _moment(face: str, zone: str) -> str:
    """Return a time that was typed as it is on the wall of a time zone."""
    try:
        return local_times.moment(datetime.fromisoformat(face), zone).isoformat()
    except InvalidValue as error:
        raise ValueError(error.message) from None


def _set_replies(given: Fields) -> Call:
    times = {}
    if given["state"] == automatic_replies.SCHEDULED:
        times = {name: _moment(given[name], given["zone"]) for name in ("start", "end")}
    words = {name: given.get("reply", "") for name in ("internal_reply", "external_reply")}
    return Call(
        "PUT", path("mailboxes", given["address"], "automatic-replies"), {"state": given["state"], **times, **words}
    )


def _add_meeting(given: Fields) -> Call:
    times = {name: datetime.fromisoformat(given[name]).isoformat() for name in ("start", "end")}
    body = {"subject": given.get("subject", ""), **times, "time_zone": given["zone"], "show_as": given["show_as"]}
    return Call("POST", path("mailboxes", given["address"], "meetings"), body)


ACTIONS: Mapping[str, Callable[[Fields], Call]] = {
    "sign-in": lambda given: _of_user(given, "PUT", "sign-in", {"state": given["state"]}),
    "set-phone": lambda given: _of_user(given, "PUT", "phone", {"on": given["on"] == "yes"}),
    "change-service": _change_service,
    "set-high-availability": lambda given: _of_group(
        given, "PUT", "high-availability", {"enabled": given["enabled"] == "yes"}
    ),
    "begin-outage": lambda given: _of_node(given, "PUT", "outage", body={"begins": given["begins"]}),
    "end-outage": lambda given: _of_node(given, "DELETE", "outage"),
    "take-port": _take_port,
    "release-port": lambda given: _of_node(given, "DELETE", "occupied-ports", given["port"]),
    "issue-again": _issue_again,
    "change-password": lambda _given: Call("PUT", "/exchange-account/password"),
    "fail-over": _move_users("failover"),
    "fall-back": _move_users("fallback"),
    "recover-group": lambda given: _of_group(given, "POST", "recover"),
    "set-presence": _set_by_hand,
    "give-back-presence": lambda given: _of_user(given, "DELETE", "manual"),
    "set-replies": _set_replies,
    "add-meeting": _add_meeting,
    "delete-meeting": lambda given: Call("DELETE", path("mailboxes", given["address"], "meetings", given["id"])),
    "activate-bulk-job": lambda given: Call("POST", path("bulk-jobs", given["cluster"], given["id"], "activate")),
    "stop-bulk-job": lambda given: Call("POST", path("bulk-jobs", given["cluster"], given["id"], "stop")),
    "issue-request": _decide("issue"),
    "deny-request": _decide("deny"),
    "revoke-request": _decide("revoke"),
    "clear-journal": lambda _given: Call("DELETE", "/journal"),
    "inject-fault": _inject,
    "withdraw-fault": lambda given: Call("DELETE", path("faults", given["id"])),
    "clear-faults": lambda _given: Call("DELETE", "/faults"),
    "advance-clock": _advance,
    "set-clock": _set_clock,
    "freeze-clock": lambda given: Call("PUT", "/clock", {"frozen": given["frozen"] == "yes"}),
    "take-snapshot": lambda given: Call("PUT", path("snapshots", given["name"])),
    "restore-snapshot": lambda given: Call("POST", path("snapshots", given["name"], "restore")),
    "remove-snapshot": lambda given: Call("DELETE", path("snapshots", given["name"])),
    "reset": lambda _given: Call("POST", "/reset"),
}
"""By the name that forms use; each raises ``KeyError`` or ``ValueError`` for values that make no call."""


async def carry_out(call: Call, url: str, token: str) -> Outcome:
    """Make a call of the control plane, as any client of it does.

    Args:
        url: Where it listens.
        token: What it wants.
    """
    timeout = aiohttp.ClientTimeout(total=_SECONDS)
    headers = {"Authorization": f"Bearer {token}"}
    # The path is sent as it is shown: a name of two dots leads nowhere else.
    place = URL(url + call.path, encoded=True)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout, headers=headers) as session,
            session.request(call.method, place, json=call.body, allow_redirects=False) as answer,
        ):
            done = Outcome(call, answer.status, "")
            return done if done.done else Outcome(call, answer.status, reason_of(await answer.text()))
    except (aiohttp.ClientError, TimeoutError) as error:
        return Outcome(call, 504, str(error) or f"There was no answer within {_SECONDS} seconds.")
