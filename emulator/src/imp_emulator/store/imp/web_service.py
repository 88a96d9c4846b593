# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the Presence Web Service of a node remembers: sessions, endpoints, subscriptions and their contacts.

What has expired is not found. Times are virtual, in seconds since the epoch.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from imp_emulator.store.database import Database, Row


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody who is logged in.

    Attributes:
        node: Where the login was; an application's session counts on the other nodes of its cluster, too.
        application: The account's user name; of an end user that of the application which logged it in.
        pkid: The end user; ``None`` for an application.
        parent: The session of an end user's application.
    """

    id: int
    cluster: str
    node: str
    key: str = field(repr=False)
    application: str
    pkid: str | None
    parent: int | None
    expires_at: float


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where an application wants to be called; ``number`` is its identifier on the wire."""

    id: int
    number: int
    session: int
    url: str
    failures: int


@dataclass(frozen=True, slots=True)
class Subscription:
    """Whose presence an end user wants to be told of; ``number`` is its identifier on the wire."""

    id: int
    cluster: str
    number: int
    session: int
    endpoint: int
    told: bool


_SESSION = (
    "SELECT id, cluster, node, session_key, application, pkid, parent, expires_at FROM web_session"
    " WHERE cluster = :cluster AND expires_at > :now"
)
_SUBSCRIPTION = "SELECT id, cluster, number, session, endpoint, told FROM web_subscription"

_LASTING = (
    f"{_SUBSCRIPTION} WHERE id = :id AND expires_at > :now"  # noqa: S608 - this project's statement
    " AND EXISTS (SELECT 1 FROM web_session s WHERE s.id = session AND s.expires_at > :now)"
    " AND EXISTS (SELECT 1 FROM web_endpoint e WHERE e.id = endpoint AND e.expires_at > :now)"
)


def purge(database: Database, now: float) -> None:
    """Forget what has expired, and all that belongs to it."""
    for table in ("web_session", "web_endpoint", "web_subscription"):
        database.execute(f"DELETE FROM {table} WHERE expires_at <= ?", (now,))  # noqa: S608 - the names above


def session(database: Database, cluster: str, key: str, now: float) -> Session | None:
    """Return the session that a key stands for; that of an end user only while its application's lasts, too."""
    row = database.one(f"{_SESSION} AND session_key = :key", {"cluster": cluster, "key": key, "now": now})
    found = _session(row)
    if found is None or found.parent is None:
        return found
    alive = database.one("SELECT 1 FROM web_session WHERE id = ? AND expires_at > ?", (found.parent, now))
    return None if alive is None else found


def session_of(
    database: Database, cluster: str, now: float, *, application: str = "", pkid: str = ""
) -> Session | None:
    """Return the session of an application, or that of an end user."""
    who = "pkid = :pkid" if pkid else "pkid IS NULL AND application = :application"
    values = {"cluster": cluster, "now": now, "application": application, "pkid": pkid}
    return _session(database.one(f"{_SESSION} AND {who}", values))


def _session(row: Row | None) -> Session | None:
    return None if row is None else Session(*row)


def add_session(database: Database, session: Session) -> None:
    """Store a new session; its ``id`` is chosen here."""
    database.execute(
        "INSERT INTO web_session (cluster, node, session_key, application, pkid, parent, expires_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            session.cluster,
            session.node,
            session.key,
            session.application,
            session.pkid,
            session.parent,
            session.expires_at,
        ),
    )


def renew_session(database: Database, identifier: int, expires_at: float) -> None:
    """Have a session last longer."""
    database.execute("UPDATE web_session SET expires_at = ? WHERE id = ?", (expires_at, identifier))


def remove_session(database: Database, identifier: int) -> None:
    """End a session, with its endpoints and subscriptions and the sessions that came from it."""
    database.execute("DELETE FROM web_session WHERE id = ?", (identifier,))


def forget(database: Database, cluster: str, node: str) -> None:
    """Forget all that a node remembers."""
    for table in ("web_session", "web_endpoint", "web_subscription"):
        database.execute(f"DELETE FROM {table} WHERE cluster = ? AND node = ?", (cluster, node))  # noqa: S608 - see above


def free_number(database: Database, kind: str, cluster: str, node: str, most: int) -> int | None:
    """Return the lowest identifier of an ``endpoint`` or ``subscription`` that is free on a node, or ``None``."""
    row = database.one(
        f"WITH taken (number) AS (SELECT 0 UNION ALL SELECT number FROM web_{kind} WHERE cluster = ?1 AND node = ?2)"  # noqa: S608
        " SELECT min(number) + 1 AS number FROM taken WHERE number + 1 NOT IN taken",
        (cluster, node),
    )
    number = 1 if row is None else int(row["number"])
    return number if number <= most else None


def add_endpoint(database: Database, place: tuple[str, str, int], session: int, url: str, expires_at: float) -> None:
    """Store a new endpoint at a place: cluster, node and number."""
    database.execute(
        "INSERT INTO web_endpoint (cluster, node, number, session, url, expires_at) VALUES (?, ?, ?, ?, ?, ?)",
        (*place, session, url, expires_at),
    )


def endpoint(database: Database, cluster: str, node: str, number: int, now: float) -> Endpoint | None:
    """Return an endpoint of a node by its number, or ``None``."""
    row = database.one(
        "SELECT id, number, session, url, failures FROM web_endpoint"
        " WHERE cluster = ? AND node = ? AND number = ? AND expires_at > ?",
        (cluster, node, number, now),
    )
    return None if row is None else Endpoint(*row)


def renew_endpoint(database: Database, identifier: int, expires_at: float) -> None:
    """Have an endpoint last longer, or less long."""
    database.execute("UPDATE web_endpoint SET expires_at = ? WHERE id = ?", (expires_at, identifier))


def remove_endpoint(database: Database, identifier: int) -> None:
    """Forget an endpoint, with the subscriptions that are told there."""
    database.execute("DELETE FROM web_endpoint WHERE id = ?", (identifier,))


def add_subscription(
    database: Database, place: tuple[str, str, int], session: int, endpoint: int, expires_at: float
) -> int:
    """Store a new subscription without contacts at a place (cluster, node and number), and return its ``id``."""
    cursor = database.execute(
        "INSERT INTO web_subscription (cluster, node, number, session, endpoint, expires_at) VALUES (?, ?, ?, ?, ?, ?)",
        (*place, session, endpoint, expires_at),
    )
    return int(cursor.lastrowid or 0)


def subscription(database: Database, cluster: str, node: str, number: int, now: float) -> Subscription | None:
    """Return a subscription of a node by its number, or ``None``."""
    row = database.one(
        f"{_SUBSCRIPTION} WHERE cluster = ? AND node = ? AND number = ? AND expires_at > ?",
        (cluster, node, number, now),
    )
    return _subscription(row)


def subscription_of_id(database: Database, identifier: int, now: float) -> Subscription | None:
    """Return a subscription whose session and endpoint last, or ``None``."""
    row = database.one(_LASTING, {"id": identifier, "now": now})
    return _subscription(row)


def _subscription(row: Row | None) -> Subscription | None:
    if row is None:
        return None
    identifier, cluster, number, session, endpoint, told = row
    return Subscription(identifier, cluster, number, session, endpoint, bool(told))


def renew_subscription(database: Database, identifier: int, expires_at: float) -> None:
    """Have a subscription last longer, or less long."""
    database.execute("UPDATE web_subscription SET expires_at = ? WHERE id = ?", (expires_at, identifier))


def move_subscription(database: Database, identifier: int, endpoint: int) -> None:
    """Have a subscription told at another endpoint."""
    database.execute("UPDATE web_subscription SET endpoint = ? WHERE id = ?", (endpoint, identifier))


def remove_subscription(database: Database, identifier: int) -> None:
    """Forget a subscription."""
    database.execute("DELETE FROM web_subscription WHERE id = ?", (identifier,))


def contacts(database: Database, subscription: int) -> list[str]:
    """Return the contacts of a subscription in the order in which they were added."""
    rows = database.all("SELECT uri FROM web_contact WHERE subscription = ? ORDER BY position", (subscription,))
    return [str(row["uri"]) for row in rows]


def add_contacts(database: Database, subscription: int, uris: Sequence[str]) -> None:
    """Add contacts to a subscription, as changed; those that it has stay as they are."""
    # Asked for once: no index has the position, and thousands of contacts would each read all that went before.
    row = database.one(
        "SELECT coalesce(max(position), 0) AS last FROM web_contact WHERE subscription = ?", (subscription,)
    )
    first = 1 if row is None else int(row["last"]) + 1
    database.executemany(
        "INSERT OR IGNORE INTO web_contact (subscription, uri, position) VALUES (?, ?, ?)",
        [(subscription, uri, position) for position, uri in enumerate(uris, first)],
    )


def remove_contacts(database: Database, subscription: int, uris: Iterable[str]) -> None:
    """Take contacts out of a subscription."""
    database.executemany(
        "DELETE FROM web_contact WHERE subscription = ? AND uri = ?", [(subscription, uri) for uri in uris]
    )


def changed(database: Database, subscription: int) -> list[str]:
    """Return the contacts of a subscription that have changed, in their order."""
    rows = database.all(
        "SELECT uri FROM web_contact WHERE subscription = ? AND changed = 1 ORDER BY position", (subscription,)
    )
    return [str(row["uri"]) for row in rows]


def asked(database: Database, subscription: int) -> None:
    """Note that the changes of a subscription were asked for: there is none any more, and nobody was told of one."""
    database.execute("UPDATE web_contact SET changed = 0 WHERE subscription = ? AND changed = 1", (subscription,))
    set_told(database, subscription, told=False)


def set_told(database: Database, subscription: int, *, told: bool) -> None:
    """Note whether a subscription's endpoint was called for the changes that there are."""
    database.execute("UPDATE web_subscription SET told = ? WHERE id = ?", (told, subscription))


def mark(database: Database, cluster: str, uris: Sequence[str]) -> list[int]:
    """Note that the presence of a user changed, whom any of the contacts may mean; return the subscriptions to it."""
    places = ", ".join("?" * len(uris))
    rows = database.all(
        f"UPDATE web_contact SET changed = 1 WHERE uri IN ({places})"  # noqa: S608 - placeholders only
        " AND subscription IN (SELECT id FROM web_subscription WHERE cluster = ?) RETURNING subscription",
        (*uris, cluster),
    )
    return sorted({int(row["subscription"]) for row in rows})


def mark_all(database: Database) -> list[int]:
    """Note that every contact may have changed; return all subscriptions."""
    database.execute("UPDATE web_contact SET changed = 1")
    return [int(row["id"]) for row in database.all("SELECT id FROM web_subscription ORDER BY id")]


def any_subscription(database: Database, cluster: str) -> bool:
    """Tell whether a cluster has a subscription."""
    return database.one("SELECT 1 FROM web_subscription WHERE cluster = ? LIMIT 1", (cluster,)) is not None


def endpoint_of(database: Database, subscription: Subscription) -> Endpoint | None:
    """Return the endpoint at which a subscription is told."""
    row = database.one(
        "SELECT id, number, session, url, failures FROM web_endpoint WHERE id = ?", (subscription.endpoint,)
    )
    return None if row is None else Endpoint(*row)


def set_failures(database: Database, endpoint: int, failures: int) -> None:
    """Note how many calls of an endpoint in a row were not answered."""
    database.execute("UPDATE web_endpoint SET failures = ? WHERE id = ?", (failures, endpoint))


def pkid_of_contact(database: Database, cluster: str, uri: str, userid: str) -> str | None:
    """Return the end user that a contact means, of several the oldest; ``None``: nobody.

    Args:
        uri: A mail address or directory URI.
        userid: What the contact says in the cluster's own domain; empty for another domain.
    """
    row = database.one(
        "SELECT pkid FROM (SELECT id, pkid FROM end_user WHERE cluster = ?1 AND userid = ?3 AND ?3 <> ''"
        " UNION SELECT id, pkid FROM end_user WHERE cluster = ?1 AND mail = ?2 COLLATE NOCASE AND mail <> ''"
        " UNION SELECT id, pkid FROM end_user WHERE cluster = ?1 AND directory_uri = ?2 COLLATE NOCASE"
        " AND directory_uri <> '') ORDER BY id LIMIT 1",
        (cluster, uri, userid),
    )
    return None if row is None else str(row["pkid"])
