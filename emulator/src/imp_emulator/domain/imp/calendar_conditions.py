# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The conditions under which a user's meeting is shown, each a pure function of what is known, with what to do.

A remedy names the module or the setting that puts it right. A Presence Engine knows only what it has loaded when it
started; where a change that it has not loaded explains a condition, the remedy is its restart.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from imp_emulator.catalogue.services import PRESENCE_ENGINE
from imp_emulator.domain.imp import presence
from imp_emulator.domain.imp.engine_settings import Gateway, Settings
from imp_emulator.domain.imp.presence import UserPresence
from imp_emulator.domain.imp.presence_rules import IN_A_MEETING, SHOWN_BUSY, SHOWN_OOF
from imp_emulator.domain.imp.restarts import Cause
from imp_emulator.domain.imp.services import ServiceState, Status, instant
from imp_emulator.store.cucm.users import PresenceUser
from imp_emulator.store.imp.engine import EngineUser

_GATEWAY_REMEDIES = {
    "unreachable": "Make {gateway} reachable for {node}: its name, its port, the network between.",
    "timeout": "See why {gateway} is slow, or raise exchange_timeout with the module calendaring_parameters.",
    "busy": "Raise the limits of Exchange's throttling policy, or lower exchange_threads with calendaring_parameters.",
    "queue": "Raise exchange_queue or exchange_threads with the module calendaring_parameters.",
    "answer": "See that Exchange Web Services run on {gateway}, and that its port is right (presence_gateways).",
}
_MAILBOX = ("mailbox", "folder")
_NAMED_CHANGES = 5


@dataclass(frozen=True, slots=True)
class Finding:
    """Whether a condition is met, what is known, and what to do when it is not."""

    met: bool
    detail: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Node:
    """An IM and Presence node as far as it matters to its users.

    Attributes:
        engine: The state of its Presence Engine.
        settings: What the running engine has loaded; ``None`` while it does not run.
        changes: What was changed since it started and is not loaded.
    """

    name: str
    engine: ServiceState
    settings: Settings | None
    changes: tuple[Cause, ...]

    @property
    def restart(self) -> str:
        """The remedy for what is not loaded."""
        return f"Restart {PRESENCE_ENGINE} on {self.name} (module services)."


@dataclass(frozen=True, slots=True)
class Case:
    """All that the conditions of a user are judged by.

    Attributes:
        followed: What the engine knows of the user; ``None`` while it does not follow the calendar.
        shown: ``None`` while no node serves the user.
        node: The home node, ``None`` without one.
        gateways: The names of the configured gateways, loaded or not.
        now: Virtual time, seconds since the epoch.
    """

    user: PresenceUser
    followed: EngineUser | None
    shown: UserPresence | None
    node: Node | None
    gateways: tuple[str, ...]
    now: float

    @property
    def home(self) -> Node:
        """The home node; the condition ``node`` comes before all that ask for it."""
        if self.node is None:
            raise LookupError(f"no node serves {self.user.userid}")
        return self.node

    @property
    def known(self) -> EngineUser:
        """What the engine knows; the condition ``gateway`` comes before all that ask for it."""
        if self.followed is None:
            raise LookupError(f"no engine follows {self.user.userid}")
        return self.followed

    @property
    def gateway(self) -> Gateway | None:
        """The gateway that the user was given, as the engine has loaded it."""
        pool = self.home.settings.gateways if self.home.settings else ()
        return next((found for found in pool if found.id == self.known.gateway), None)

    @property
    def pulled(self) -> bool:
        """Whether the calendar is asked for at intervals, for want of notifications."""
        return self.gateway is not None and not self.gateway.notifies

    def unloaded(self, *beginnings: str) -> str:
        """Return what of the changed objects that begin so the engine has not loaded, as a sentence; or ``""``."""
        found = [change for change in self.home.changes if change.obj.startswith(beginnings)]
        return _not_loaded(found)

    def failed(self, what: str, remedy: str, *beginnings: str) -> Finding:
        """Return the finding for the engine's last failure, with what it has not loaded of such objects."""
        unloaded = self.unloaded(*beginnings)
        detail = " ".join(part for part in (what, self.known.failure_detail, unloaded) if part)
        return Finding(False, detail, self.home.restart if unloaded else remedy)


def enabled(case: Case) -> Finding:
    """Requirement U1: the user's three options, and the address that the mailbox is found by."""
    user = case.user
    options = {
        "Home Cluster": user.home_cluster,
        "Enable User for Unified CM IM and Presence": user.im_and_presence,
        "Include meeting information in Presence": user.meeting_information,
    }
    missing = [name for name, on in options.items() if not on]
    if missing:
        return Finding(False, f"Not set: {', '.join(missing)}.", "Enable the user with the module calendar_users.")
    if not user.mail:
        remedy = "Give the user the mail address of the mailbox, in End User Configuration of Unified CM."
        return Finding(False, "The user has no mail address in Unified CM.", remedy)
    return Finding(True, f"Meeting information is included; the mailbox is {user.mail}.")


def node(case: Case) -> Finding:
    """The home node, and whether its Presence Engine runs."""
    if case.node is None:
        return Finding(
            False, "No IM and Presence node serves the user.", "Assign the user to a node (Presence Topology)."
        )
    state, home = case.node.engine, case.node
    if state.status in (Status.STARTING, Status.STOPPING):
        return Finding(False, f"{PRESENCE_ENGINE} on {home.name} is {state.status}.", "Wait until it has started.")
    if state.status is not Status.STARTED or home.settings is None:
        what = f"{PRESENCE_ENGINE} on {home.name} is {state.status}."
        remedy = f"Start {PRESENCE_ENGINE} on {home.name} (module services)."
        return Finding(False, f"{what} {state.detail}".strip(), remedy)
    runs = f"{PRESENCE_ENGINE} on {home.name} runs since {_time(state.started_at)}."
    return Finding(True, f"{runs} {_not_loaded(home.changes)}".strip())


def gateway(case: Case) -> Finding:
    """A gateway of the pool that the engine has loaded, which has not failed the user."""
    objects = tuple(f"Presence gateway {name}" for name in case.gateways)
    unloaded = case.unloaded(*objects) if objects else ""
    pool = case.home.settings.gateways if case.home.settings else ()
    if not pool:
        what = f"The engine of {case.home.name} has loaded no presence gateway. {unloaded}".strip()
        remedy = case.home.restart if objects else "Add one with the module presence_gateways."
        return Finding(False, what, remedy)
    if case.followed is None:
        return Finding(False, "The engine does not follow the user's calendar yet.", case.home.restart)
    assigned = case.gateway
    name = assigned.name if assigned else "the gateways"
    if case.known.failure in _GATEWAY_REMEDIES:
        remedy = _GATEWAY_REMEDIES[case.known.failure].format(gateway=name, node=case.home.name)
        changed = (f"Presence gateway {name}", f"{PRESENCE_ENGINE}: Exchange")
        return case.failed(f"{name} fails.", remedy, *changed)
    if assigned is None and not case.known.failure:
        return Finding(False, "The engine has given the user no gateway of its pool yet.", case.home.restart)
    return Finding(True, f"{name}, of a pool of {len(pool)}.")


def trust(case: Case) -> Finding:
    """The certificate of the gateway, verified with the trust stores as the engine has loaded them (G7, C8)."""
    if case.known.failure != "trust":
        return Finding(True, "The certificate of the gateway is verified.")
    stores = "cup-trust and tomcat-trust" if case.pulled else "cup-trust"
    remedy = (
        f"Upload the certificate of the CA to {stores} of {case.home.name} (module trust_certificates) and restart"
        f" {PRESENCE_ENGINE} there."
    )
    return case.failed("The certificate of the gateway is not verified.", remedy, "cup-trust certificate")


def account(case: Case) -> Finding:
    """The login of the account that all Exchange servers share (G4), or that of a gateway's own application."""
    if case.pulled:
        return _application(case)
    if case.known.failure != "login":
        return Finding(True, "The account of the gateways logs in.")
    remedy = (
        f"Set the account and its password with the module presence_gateways and restart {PRESENCE_ENGINE} on"
        f" {case.home.name}."
    )
    changed = ("Presence gateway credentials", f"{PRESENCE_ENGINE}: FIPS")
    return case.failed("Exchange refuses the account of the gateways.", remedy, *changed)


def _application(case: Case) -> Finding:
    name = case.gateway.name if case.gateway else ""
    if case.known.failure != "login":
        return Finding(True, f"The application of {name} logs in.")
    remedy = (
        f"Correct the IDs and the secret of the application with the module presence_gateways and restart"
        f" {PRESENCE_ENGINE} on {case.home.name}, or grant the application its permissions at Microsoft."
    )
    return case.failed(f"The application of {name} is refused.", remedy, f"Presence gateway {name}")


def mailbox(case: Case) -> Finding:
    """The mailbox, which is that of the mail address in Unified CM when the calendar was enabled."""
    mail = case.known.mail
    if case.known.failure in _MAILBOX:
        remedy = f"Correct the user's mail address in Unified CM, or give {mail} a mailbox in Exchange."
        return case.failed(f"Exchange gives no calendar for {mail}.", remedy)
    return Finding(True, f"{mail} has a calendar.")


def right(case: Case) -> Finding:
    """The right of the account to act for the mailbox, or of the application to read it."""
    if case.known.failure != "right":
        return Finding(True, f"The {'application may read' if case.pulled else 'account may act for'} the mailbox.")
    if case.pulled:
        remedy = "Grant the application its permissions for this mailbox at Microsoft."
        return case.failed(f"The application may not read {case.known.mail}.", remedy)
    remedy = "Give the account the right to impersonate the user with the module exchange_impersonation."
    return case.failed(f"The account may not act for {case.known.mail}.", remedy)


def subscription(case: Case) -> Finding:
    """The subscription to the calendar or, where there is none to be had, the first time that it was read."""
    known = case.known
    if known.failure:
        return case.failed("The calendar is not followed.", case.home.restart)
    if case.pulled:
        if known.read_at is None:
            return Finding(False, "The calendar has not been read yet.", case.home.restart)
        return Finding(True, "The calendar is pulled at intervals.")
    if not known.subscription:
        again = f"Look again in a minute; when there is still none, restart {PRESENCE_ENGINE} on {case.home.name}."
        return Finding(False, "The user has no subscription yet.", again)
    made = f"Made at {_time(known.subscribed_at)} for status events each {known.minutes} minutes at port {known.port}."
    return Finding(True, made)


def event(case: Case) -> Finding:
    """The last notice from Exchange, at most twice the status frequency ago; of a pulled calendar the last reading."""
    known = case.known
    if case.pulled and case.home.settings:
        limit, heard = case.home.settings.pull_minutes * 120, known.read_at or 0.0
        what, remedy = "The calendar was read last", case.home.restart
    else:
        limit, heard = known.minutes * 120, max(known.heard_at or 0.0, known.subscribed_at or 0.0)
        what = "The last notice from Exchange came"
        remedy = f"See that Exchange reaches port {known.port} of {case.home.name}; a firewall is the usual reason."
    said = f"{what} at {_time(heard)}, {_duration(case.now - heard)} ago."
    return Finding(True, said) if case.now - heard <= limit else Finding(False, said, remedy)


def window(case: Case) -> Finding:
    """A meeting of this moment in what the engine has read of the calendar, after the user's part of the spread."""
    known = case.known
    if known.window_start is None or known.window_end is None or not known.window_start <= case.now < known.window_end:
        return Finding(False, "The engine has not read the calendar of this time.", case.home.restart)
    offset = presence.offset(known.pkid, known.spread)
    shown = _shown_as(known, case.now - offset)
    if SHOWN_BUSY in shown and SHOWN_OOF not in shown:
        return Finding(
            True, f"A meeting until {_time(shown[SHOWN_BUSY])}, shown {offset} seconds late by the calendar spread."
        )
    if SHOWN_BUSY in _shown_as(known, case.now) and SHOWN_OOF not in shown:
        what = f"A meeting has begun; the calendar spread shows it {offset} seconds after its beginning."
        return Finding(False, what, "Wait for the calendar spread.")
    if SHOWN_OOF in shown:
        what = f"A meeting of now is shown as {SHOWN_OOF}, which goes before {SHOWN_BUSY}"
    else:
        what = f"No meeting of now is shown as {SHOWN_BUSY}"
        what += f", but one as {', '.join(sorted(shown))}" if shown else ""
    coming = min((start for start, _, how in known.busy if start > case.now and how == SHOWN_BUSY), default=None)
    what += f"; none begins until {_time(known.window_end)}." if coming is None else f"; one begins at {_time(coming)}."
    return Finding(
        False,
        what,
        f"Make a meeting of now in the calendar of {known.mail}, shown as {SHOWN_BUSY} and not {SHOWN_OOF}.",
    )


def _shown_as(known: EngineUser, at: float) -> dict[str, float]:
    """Return how the meetings of a moment are shown, and until when."""
    return {how: end for start, end, how in sorted(known.busy, key=lambda one: one[1]) if start <= at < end}


_RULE_REMEDIES: Mapping[str, str] = {
    "override": "Give the manual presence back with the module presence, or wait until it ends.",
    "offline": "Sign the user in; who is offline stays Offline.",
    "on_the_phone": "Wait for the end of the call.",
    "out_of_office": "Switch the automatic replies off, or hide them with the module calendaring_parameters.",
}


def rule(case: Case) -> Finding:
    """The row of the table of states that decided."""
    if case.shown is None:
        return Finding(False, "The user has no presence.", "Assign the user to a node (Presence Topology).")
    shown = case.shown.presence
    state = f"{shown.presence} ({shown.activity})" if shown.activity else shown.presence
    said = f'The row "{shown.rule}" of the table of states decides: {state}.'
    if shown.activity == IN_A_MEETING:
        return Finding(True, said)
    unloaded = case.unloaded(f"{PRESENCE_ENGINE}: CalendarOutOfOffice") if shown.rule == "out_of_office" else ""
    if unloaded:
        return Finding(False, f"{said} {unloaded}", case.home.restart)
    known = next(
        (text for name, text in _RULE_REMEDIES.items() if shown.rule.startswith(name)), "Look again in a minute."
    )
    return Finding(False, said, known)


CONDITIONS: Mapping[str, Callable[[Case], Finding]] = {
    check.__name__: check
    for check in (enabled, node, gateway, trust, account, mailbox, right, subscription, event, window, rule)
}
"""The conditions by name, in the order in which they are judged."""


def _not_loaded(changes: list[Cause] | tuple[Cause, ...]) -> str:
    if not changes:
        return ""
    told = [f"{change.obj} {change.action}" for change in changes[:_NAMED_CHANGES]]
    told += [f"{len(changes) - _NAMED_CHANGES} more"] if len(changes) > _NAMED_CHANGES else []
    return f"It has not loaded what was changed since: {', '.join(told)}."


def _time(timestamp: float | None) -> str:
    return "never" if not timestamp else instant(timestamp).strftime("%Y-%m-%d %H:%M:%S UTC")


def _duration(seconds: float) -> str:
    return f"{round(seconds)} seconds" if seconds < 120 else f"{round(seconds / 60)} minutes"
