# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is shown of the users of IM and Presence, kept up to date: what a change does at once, and what time does.

Whoever changes something that decides calls :func:`refresh`. What changes by itself later (a meeting begins, an
out-of-office period ends, a manual presence expires) is one job for each user, put anew whenever it is looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any
from zlib import crc32

from imp_emulator.domain import timelines
from imp_emulator.domain.events import PresenceChanged
from imp_emulator.domain.exchange import time_zones
from imp_emulator.domain.imp import engine_settings, presence_words
from imp_emulator.domain.imp.presence_rules import (
    MANUAL_ACTIVITIES,
    MANUAL_PRESENCES,
    SHOWN_BUSY,
    SHOWN_OOF,
    Inputs,
    Manual,
    OutOfOffice,
    Presence,
    SignIn,
    compose,
)
from imp_emulator.errors import InvalidValue, NotFound
from imp_emulator.store.cucm import users
from imp_emulator.store.cucm.users import PresenceUser, UserKey
from imp_emulator.store.imp import engine
from imp_emulator.store.imp import presence as store
from imp_emulator.store.imp.engine import EngineUser
from imp_emulator.store.imp.presence import StoredPresence
from imp_emulator.store.jobs import Job
from imp_emulator.world.context import Context

NEXT = "presence-next"
"""The kind of the jobs after which something else is shown of a user; :func:`come` carries them out."""

LONGEST_NOTE = 1024

_DECIDING = (SHOWN_BUSY, SHOWN_OOF)
Meeting = tuple[float, float, str]
"""Start and end, in seconds since the epoch of the virtual clock, and how it is shown."""


@dataclass(frozen=True, slots=True)
class UserPresence:
    """What is shown of a user, and what was set of it.

    Attributes:
        pkid: The UUID, lower case, no braces.
        node: The IM and Presence node that is the user's home.
        served_by: The node that serves the user: the home, or its peer after a failover.
        since: Since when it is shown so; virtual time, in seconds since the epoch. ``None``: nothing has changed since
            the user was enabled.
        manual: What was set by hand and has not ended.
    """

    cluster: str
    pkid: str
    userid: str
    node: str
    served_by: str
    presence: Presence
    since: float | None
    sign_in: SignIn
    on_the_phone: bool
    manual: Manual | None


def refresh(context: Context, cluster: str, pkid: str) -> None:
    """Look anew at what is shown of a user, inside the transaction in which something that decides has changed.

    When it is something else, it is stored and :class:`PresenceChanged` is published. A user that no IM and Presence
    node serves is forgotten.
    """
    user = users.presence_user(context.database, cluster, UserKey("pkid", pkid))
    if user is None or user.presence_node is None:
        forget(context, cluster, pkid, "" if user is None else user.userid)
    else:
        _show(context, user, _described(context, cluster, user))


def come(context: Context, job: Job) -> None:
    """Show what is to be shown from now on: the handler of :data:`NEXT`."""
    cluster, _, pkid = job.key.partition("/")
    refresh(context, cluster, pkid)


def forget(context: Context, cluster: str, pkid: str, userid: str) -> None:
    """Forget what was set and shown of a user that is removed or disabled: nothing is shown of it any more."""
    context.jobs.cancel(NEXT, f"{cluster}/{pkid}")
    store.remove(context.database, cluster, pkid)
    timelines.note_user(context, cluster, pkid, "presence", "gone")
    context.events.publish(PresenceChanged(cluster, pkid, userid))


def of_user(context: Context, cluster: str, userid: str) -> UserPresence:
    """Return what is shown of a user; raises ``NotFound``."""
    return _described(context, cluster, _user(context, cluster, userid))


def of_cluster(context: Context, cluster: str, userids: Sequence[str] = (), node: str = "") -> list[UserPresence]:
    """Return what is shown of the users that a cluster's IM and Presence nodes serve.

    Args:
        userids: The users that are wanted; those that there are not are left out. Empty for all.
        node: The node whose users are wanted; empty for all.
    """
    if userids:
        keys = (UserKey("userid", userid) for userid in userids)
        found: Iterable[PresenceUser | None] = (users.presence_user(context.database, cluster, key) for key in keys)
    else:
        found = users.presence_users(context.database, cluster, node or None)
    wanted = {user.pkid: user for user in found if user is not None and node in ("", user.presence_node)}
    return list(of_users(context, cluster, wanted.values()).values())


def of_users(context: Context, cluster: str, found: Iterable[PresenceUser]) -> dict[str, UserPresence]:
    """Return what is shown of those of some users that a node serves, by UUID."""
    return {user.pkid: _described(context, cluster, user) for user in found if user.presence_node is not None}


def page(context: Context, cluster: str, after: str, first: int) -> list[UserPresence]:
    """Return what is shown of the first so many users of a cluster behind a user id (``""``: from the first one)."""
    found = users.presence_page(context.database, cluster, after, first)
    return [_described(context, cluster, user) for user in found]


def shown_so(context: Context, cluster: str, wanted: str) -> Callable[[str], bool]:
    """Return what tells of a served user, by UUID, whether its presence is the one that is wanted.

    To describe all users of a cluster only to choose some of them would hold up everybody else.
    """
    stored = store.words(context.database, cluster)
    other = of_others(context, cluster)
    return lambda pkid: stored.get(pkid, other) == wanted


def of_others(context: Context, cluster: str) -> str:
    """Return the presence of the served users of a cluster of whom nothing is stored."""
    return compose(Inputs(_untouched(context, cluster)), "").presence


def sign_in(context: Context, cluster: str, userid: str, state: SignIn) -> None:
    """Have a user's client sign in or out, or say something else; raises ``NotFound``."""
    user = _user(context, cluster, userid)
    timelines.note_user(context, cluster, user.pkid, "client", "signed_in", state=state.value)
    _show(context, user, _described(context, cluster, user), sign_in=state)


def set_phone(context: Context, cluster: str, userid: str, on: bool) -> None:
    """Have a user's telephone be in a call, or not; raises ``NotFound``."""
    user = _user(context, cluster, userid)
    timelines.note_user(context, cluster, user.pkid, "client", "phone_on" if on else "phone_off")
    _show(context, user, _described(context, cluster, user), on_the_phone=on)


def set_manual(context: Context, cluster: str, userid: str, manual: Manual | None) -> None:
    """Set a user's presence by hand, or give it back with ``None`` (requirement O3).

    Raises:
        NotFound: IM and Presence knows no such user.
        InvalidValue: There is no such presence or activity, the note is too long, or the end has passed.
    """
    user = _user(context, cluster, userid)
    if manual is not None:
        _check(manual, context.clock.timestamp())
    about = {} if manual is None else asdict(manual)
    what = "given_back" if manual is None else "set_by_hand"
    timelines.note_user(context, cluster, user.pkid, "client", what, **about)
    _show(context, user, _described(context, cluster, user), manual=manual)


def _check(manual: Manual, now: float) -> None:
    if manual.presence not in MANUAL_PRESENCES:
        raise InvalidValue("manual-presence", f"presence must be one of {', '.join(MANUAL_PRESENCES)}.", "presence")
    if manual.activity and manual.activity not in MANUAL_ACTIVITIES:
        raise InvalidValue("manual-activity", f"activity must be one of {', '.join(MANUAL_ACTIVITIES)}.", "activity")
    if len(manual.note) > LONGEST_NOTE:
        raise InvalidValue("manual-note", f"note has at most {LONGEST_NOTE} characters.", "note")
    if manual.until is not None and manual.until <= now:
        raise InvalidValue("manual-until", "until must be later than the time of the virtual clock.", "until")


def _user(context: Context, cluster: str, userid: str) -> PresenceUser:
    user = users.presence_user(context.database, cluster, UserKey("userid", userid))
    if user is None or user.presence_node is None:
        raise NotFound("user-not-found", f"No IM and Presence node serves a user {userid}.", "userid")
    return user


def _described(context: Context, cluster: str, user: PresenceUser) -> UserPresence:
    """Return what is stored of a user, or what holds of every user of which nothing is."""
    row = store.find(context.database, cluster, user.pkid)
    place = (cluster, user.pkid, user.userid, user.presence_node or "", user.served_by or "")
    if row is None:
        signed_in = _untouched(context, cluster)
        return UserPresence(*place, compose(Inputs(signed_in), ""), None, signed_in, False, None)
    manual = None if row.manual is None else Manual(**row.manual)
    if manual is not None and manual.until is not None and manual.until <= context.clock.timestamp():
        manual = None
    return UserPresence(*place, Presence(**row.shown), row.since, SignIn(row.sign_in), row.on_the_phone, manual)


def _untouched(context: Context, cluster: str) -> SignIn:
    """Return what the clients of users say of whom nothing is stored."""
    return SignIn.AVAILABLE if context.scenario.cluster(cluster).signed_in else SignIn.OFFLINE


def _show(context: Context, user: PresenceUser, before: UserPresence, **changes: Any) -> None:
    """Store what was set of a user and what is shown because of that, and have it looked at again when that changes.

    Args:
        changes: What is set now, by the names of the fields of :class:`UserPresence`.
    """
    now = context.clock.timestamp()
    after = replace(before, **changes)
    calendar = _calendar_of(context, after, user)
    inputs = Inputs(after.sign_in, after.on_the_phone, after.manual, calendar.state(now), calendar.replies(now))
    after = replace(after, presence=compose(inputs, calendar.message(now)))
    if after != before:
        shown_anew = after.presence != before.presence or before.since is None
        _store(context, replace(after, since=now) if shown_anew else after)
    if after.presence != before.presence:
        _note(context, before.presence, after, inputs)
        context.events.publish(PresenceChanged(after.cluster, after.pkid, after.userid))
    ends = () if after.manual is None or after.manual.until is None else (after.manual.until,)
    later = min((at for at in (*ends, *calendar.moments()) if at > now), default=None)
    if later is None:
        context.jobs.cancel(NEXT, f"{after.cluster}/{after.pkid}")
    else:
        context.jobs.add(NEXT, f"{after.cluster}/{after.pkid}", later)


def _note(context: Context, before: Presence, after: UserPresence, inputs: Inputs) -> None:
    """Note which rule decides now, by what, and what is shown by it."""
    place, shown = (context, after.cluster, after.pkid), after.presence
    if shown.rule != before.rule:
        about = asdict(inputs) | {"sign_in": inputs.sign_in.value}
        timelines.note_user(*place, "rule", "decides", rule=shown.rule, before=before.rule, **about)
    if replace(before, rule=shown.rule) != shown:
        about = {name: getattr(shown, name) for name in ("presence", "activity", "message", "icon")}
        timelines.note_user(*place, "presence", "shown", before=before.presence, **about)


def _store(context: Context, known: UserPresence) -> None:
    manual = None if known.manual is None else asdict(known.manual)
    shown, since = asdict(known.presence), known.since or 0.0
    row = StoredPresence(known.cluster, known.pkid, known.sign_in, known.on_the_phone, manual, shown, since)
    store.put(context.database, row)


@dataclass(frozen=True, slots=True)
class _Calendar:
    """What the running Presence Engine of a node knows of a user; nothing when it follows no calendar.

    Attributes:
        displays: Whether out-of-office information is displayed (requirement P5).
    """

    user: PresenceUser
    followed: EngineUser | None = None
    displays: bool = False

    def moments(self) -> Iterator[float]:
        """When something else may have to be shown, in any order; times that have passed are among them."""
        if self.followed is not None:
            for start, end, shown_as in self.followed.busy:
                if shown_as in _DECIDING:
                    yield start + self._offset
                    yield end + self._offset
            yield from (at for at in (self.followed.out_of_office or {}).values() if at is not None)

    def state(self, now: float) -> str | None:
        """How the meeting of this moment is shown."""
        if self.followed is None:
            return None
        at = now - self._offset
        states = {shown_as for start, end, shown_as in self.followed.busy if start <= at < end}
        return next((state for state in reversed(_DECIDING) if state in states), None)

    @property
    def _offset(self) -> int:
        return 0 if self.followed is None else offset(self.user.pkid, self.followed.spread)

    def replies(self, now: float) -> OutOfOffice | None:
        """The automatic replies that are sent and displayed."""
        if self.followed is None or self.followed.out_of_office is None or not self.displays:
            return None
        found = OutOfOffice(self.followed.out_of_office.get("start"), self.followed.out_of_office.get("end"))
        begun = found.start is None or found.start <= now
        return found if begun and (found.end is None or now < found.end) else None

    def message(self, now: float) -> str:
        """The words of the automatic replies, ``""`` without any."""
        replies = self.replies(now)
        if replies is None or self.followed is None:
            return ""
        locale = presence_words.locale(self.user.locale)
        return presence_words.out_of_office(replies.start, replies.end, _iana(self.followed.time_zone), locale)


def followed(context: Context, user: UserPresence) -> EngineUser | None:
    """Return what the Presence Engine knows of a user's calendar; ``None`` when it follows none, or does not run."""
    if _displays(context, user.cluster, user.served_by) is None:
        return None
    return engine.user(context.database, user.cluster, user.pkid)


def next_meeting(known: EngineUser | None, now: float) -> Meeting | None:
    """Return the meeting that goes on, or else the next one, of those that decide something and the engine knows."""
    found = () if known is None else known.busy
    return min((one for one in found if one[2] in _DECIDING and one[1] > now), default=None)


def _calendar_of(context: Context, known: UserPresence, user: PresenceUser) -> _Calendar:
    displays = _displays(context, known.cluster, known.served_by)
    return _Calendar(user, followed(context, known), bool(displays))


def _displays(context: Context, cluster: str, node: str) -> bool | None:
    """Tell whether a node's running engine displays out-of-office information; ``None`` when it does not run."""
    loaded = engine_settings.settings(context, cluster, node)
    return None if loaded is None else loaded.display_out_of_office


def offset(pkid: str, spread: int) -> int:
    """Return how many seconds after the minute a user's calendar shows: a hash spreads the users (requirement P3).

    Args:
        spread: The parameter Calendar Spread, in seconds.
    """
    return crc32(pkid.encode()) % (spread + 1)


def _iana(zone: str) -> str:
    """Return the IANA name of a mailbox's time zone; ``""`` for one that nobody knows."""
    try:
        return time_zones.iana(zone)
    except InvalidValue:
        return ""
