# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the Presence Engines have loaded, and what they know of the users whose calendars they follow."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, NamedTuple

from imp_emulator.store.database import Database, Row

_JSON = ("busy", "out_of_office")


@dataclass(frozen=True, slots=True)
class Loaded:
    """What the Presence Engine of a node loaded when it started; ``settings`` is what the domain makes of it.

    Attributes:
        loaded_at: Virtual time, seconds since the epoch.
        trust: The certificates of cup-trust, PEM.
        secrets: The password of the account that the Exchange servers share under ``account``, and the client secret
            and the password of the proxy of a gateway of Office 365 under its identifier.
        tomcat_trust: The certificates of tomcat-trust, PEM; gateways of Office 365 need both stores.
    """

    cluster: str
    node: str
    loaded_at: float
    settings: dict[str, Any]
    trust: str
    secrets: dict[str, str] = field(repr=False)
    tomcat_trust: str = ""


@dataclass(frozen=True, slots=True)
class EngineUser:
    """A user whose calendar a Presence Engine follows. All times are virtual, in seconds since the epoch.

    Attributes:
        mail: The mail address in Unified CM when its calendar was enabled: its mailbox.
        gateway: The identifier of the gateway that it was given; ``""`` while it has none.
        folder: Exchange's identifier of its calendar, asked for once.
        time_zone: Exchange's name of its mailbox's time zone; ``""`` while nobody has asked.
        token: The last part of the URL that its notifications come to, another one for each subscription. What
            was asked for under another one is worth nothing.
        subscription: Exchange's identifier of its subscription; ``""`` while it has none.
        minutes: The status frequency that the subscription was made with.
        port: The notification port that it was made with.
        spread: The calendar spread, in seconds, that was in force then.
        heard_at: When the last notification came, of an event or of the status.
        event_at: When the last notification of an event came.
        news: How many of them came since the calendar was read last.
        busy: ``[start, end, shown as]`` of what is in its calendar from ``window_start`` to ``window_end``.
        out_of_office: ``{"start": ..., "end": ...}``, each may be ``None``; ``None``: no replies.
        failure: Code of what went wrong last; ``""``: nothing.
    """

    cluster: str
    pkid: str
    node: str
    mail: str
    token: str = field(repr=False)
    gateway: str = ""
    folder: str = ""
    time_zone: str = ""
    subscription: str = ""
    minutes: int = 0
    port: int = 0
    spread: int = 0
    subscribed_at: float | None = None
    heard_at: float | None = None
    event_at: float | None = None
    news: int = 0
    read_at: float | None = None
    window_start: float | None = None
    window_end: float | None = None
    busy: tuple[tuple[float, float, str], ...] = ()
    out_of_office: dict[str, float | None] | None = None
    out_of_office_at: float | None = None
    failure: str = ""
    failure_detail: str = ""
    failed_at: float | None = None


_LOADED = "SELECT cluster, node, loaded_at, settings, trust, secrets, tomcat_trust FROM engine"


class Link(NamedTuple):
    """How a user is followed: through which gateway, whether by a subscription, and what went wrong last.

    Attributes:
        read: Whether the calendar was read since the engine started.
    """

    gateway: str
    subscribed: bool
    read: bool
    failure: str


_FIELDS = tuple(found.name for found in fields(EngineUser))
_USER = f"SELECT {', '.join(_FIELDS)} FROM engine_user"  # noqa: S608 - this project's column names


def put_loaded(database: Database, loaded: Loaded) -> None:
    """Store what an engine has loaded; its turns among the gateways begin anew."""
    database.execute(
        "INSERT OR REPLACE INTO engine (cluster, node, loaded_at, settings, trust, secrets, tomcat_trust)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            loaded.cluster,
            loaded.node,
            loaded.loaded_at,
            json.dumps(loaded.settings),
            loaded.trust,
            json.dumps(loaded.secrets),
            loaded.tomcat_trust,
        ),
    )


def loaded(database: Database, cluster: str, node: str) -> Loaded | None:
    """Return what the running engine of a node has loaded; ``None`` when it does not run."""
    row = database.one(f"{_LOADED} WHERE cluster = ? AND node = ?", (cluster, node))
    return None if row is None else _loaded(row)


def settings(database: Database, cluster: str, node: str) -> str | None:
    """Return the settings that the running engine of a node has loaded, as JSON; ``None`` when it does not run."""
    row = database.one("SELECT settings FROM engine WHERE cluster = ? AND node = ?", (cluster, node))
    return None if row is None else str(row["settings"])


def runs(database: Database, cluster: str, node: str) -> bool:
    """Tell whether the engine of a node runs."""
    return settings(database, cluster, node) is not None


def engines(database: Database) -> list[Loaded]:
    """Return what each running engine has loaded."""
    return [_loaded(row) for row in database.all(f"{_LOADED} ORDER BY cluster, node")]


def _loaded(row: Row) -> Loaded:
    cluster, node, loaded_at, settings, trust, secrets, tomcat_trust = row
    return Loaded(cluster, node, loaded_at, json.loads(settings), trust, json.loads(secrets), tomcat_trust)


def remove_loaded(database: Database, cluster: str, node: str) -> None:
    """Forget what an engine had loaded: it has stopped."""
    database.execute("DELETE FROM engine WHERE cluster = ? AND node = ?", (cluster, node))


def take_turn(database: Database, cluster: str, node: str) -> int:
    """Count that a gateway is given to a user, and return how many were given before."""
    row = database.one(
        "UPDATE engine SET turn = turn + 1 WHERE cluster = ? AND node = ? RETURNING turn - 1 AS turn", (cluster, node)
    )
    return 0 if row is None else int(row["turn"])


def put(database: Database, user: EngineUser) -> None:
    """Store a user; what was known of it before is replaced."""
    values = [_stored(name, getattr(user, name)) for name in _FIELDS]
    places = ", ".join("?" * len(_FIELDS))
    sql = f"INSERT OR REPLACE INTO engine_user ({', '.join(_FIELDS)}) VALUES ({places})"  # noqa: S608
    database.execute(sql, values)


def change(database: Database, known: EngineUser, **changes: Any) -> bool:
    """Change fields of a user by name, unless its token is another one than it was; tell whether it was changed."""
    assignments = ", ".join(f"{name} = ?" for name in changes)
    sql = f"UPDATE engine_user SET {assignments} WHERE cluster = ? AND pkid = ? AND token = ?"  # noqa: S608
    values = [*(_stored(name, value) for name, value in changes.items()), known.cluster, known.pkid, known.token]
    return database.execute(sql, values).rowcount > 0


def told(database: Database, known: EngineUser, events: int) -> None:
    """Count events that a user's engine was told, or take away (below 0) those that it has looked at."""
    sql = "UPDATE engine_user SET news = max(0, news + ?) WHERE cluster = ? AND pkid = ? AND token = ?"
    database.execute(sql, (events, known.cluster, known.pkid, known.token))


def move_heard(database: Database, seconds: float) -> None:
    """Have the last sign of every subscription (that it was made, or a notification) come so many seconds later."""
    # What was heard last may belong to an earlier subscription.
    sql = (
        "UPDATE engine_user SET heard_at = max(coalesce(heard_at, subscribed_at), subscribed_at) + ?"
        " WHERE subscription != ''"
    )
    database.execute(sql, (seconds,))


def forget_calendars(database: Database, cluster: str, node: str) -> None:
    """Forget what an engine knew of its users but who they are, their gateway and their calendar's identifier."""
    database.execute(
        "UPDATE engine_user SET token = lower(hex(randomblob(16))), subscription = '', subscribed_at = NULL,"
        " heard_at = NULL, event_at = NULL, news = 0, read_at = NULL, window_start = NULL, window_end = NULL,"
        " busy = '[]', out_of_office = 'null', out_of_office_at = NULL, failure = '', failure_detail = '',"
        " failed_at = NULL WHERE cluster = ? AND node = ?",
        (cluster, node),
    )


def _stored(name: str, value: Any) -> Any:
    return json.dumps(value) if name in _JSON else value


def user(database: Database, cluster: str, pkid: str) -> EngineUser | None:
    """Return what is known of a user; ``None`` when no engine follows its calendar."""
    row = database.one(f"{_USER} WHERE cluster = ? AND pkid = ?", (cluster, pkid))
    return None if row is None else _user(row)


def by_token(database: Database, token: str) -> EngineUser | None:
    """Return the user whose notifications come to a URL with this last part."""
    row = database.one(f"{_USER} WHERE token = ?", (token,))
    return None if row is None else _user(row)


def users(database: Database, cluster: str, node: str | None = None) -> Iterator[EngineUser]:
    """Give the users of a cluster, or of one node of it, one after the other, by UUID."""
    sql = f"{_USER} WHERE cluster = ?1 AND (?2 IS NULL OR node = ?2) ORDER BY pkid"
    return (_user(row) for row in database.all(sql, (cluster, node)))


def _user(row: Row) -> EngineUser:
    values = {name: json.loads(row[name]) if name in _JSON else row[name] for name in _FIELDS}
    values["busy"] = tuple((start, end, shown) for start, end, shown in values["busy"])
    return EngineUser(**values)


def remove(database: Database, cluster: str, pkid: str) -> None:
    """Forget a user: nobody follows its calendar any more."""
    database.execute("DELETE FROM engine_user WHERE cluster = ? AND pkid = ?", (cluster, pkid))


def subscriptions_by_gateway(database: Database, cluster: str) -> dict[str, int]:
    """Return how many users have a subscription, by the gateway's identifier."""
    rows = database.all(
        "SELECT gateway, count(*) AS n FROM engine_user WHERE cluster = ? AND subscription != '' GROUP BY gateway",
        (cluster,),
    )
    return {row["gateway"]: row["n"] for row in rows}


def links(database: Database, cluster: str) -> dict[str, Link]:
    """Return how each user of a cluster is followed, by UUID; calendars are left out, there are many of them."""
    sql = (
        "SELECT pkid, gateway, subscription != '' AS subscribed, read_at IS NOT NULL AS read, failure"
        " FROM engine_user WHERE cluster = ?"
    )
    return {
        row["pkid"]: Link(row["gateway"], bool(row["subscribed"]), bool(row["read"]), row["failure"])
        for row in database.all(sql, (cluster,))
    }


def pkids(database: Database, cluster: str, node: str, *, gateways: Sequence[str] | None = None) -> list[str]:
    """Return the users of a node, by UUID; with ``gateways`` those that have one of these."""
    wanted = None if gateways is None else json.dumps(list(gateways))
    sql = (
        "SELECT pkid FROM engine_user WHERE cluster = ?1 AND node = ?2"
        " AND (?3 IS NULL OR gateway IN (SELECT value FROM json_each(?3))) ORDER BY pkid"
    )
    return [row["pkid"] for row in database.all(sql, (cluster, node, wanted))]


def failed(database: Database, cluster: str, node: str) -> list[str]:
    """Return the users of a node for whom something went wrong, by UUID."""
    sql = "SELECT pkid FROM engine_user WHERE cluster = ? AND node = ? AND failure != '' ORDER BY pkid"
    return [row["pkid"] for row in database.all(sql, (cluster, node))]


def has_failed(database: Database, cluster: str, node: str) -> bool:
    """Tell whether something went wrong for any user of a node."""
    sql = "SELECT 1 FROM engine_user WHERE cluster = ? AND node = ? AND failure != '' LIMIT 1"
    return database.one(sql, (cluster, node)) is not None


def ports(database: Database, cluster: str, node: str) -> list[int]:
    """Return the notification ports that subscriptions of a node's users were made with."""
    sql = "SELECT DISTINCT port FROM engine_user WHERE cluster = ? AND node = ? AND subscription != ''"
    return [row["port"] for row in database.all(sql, (cluster, node))]
