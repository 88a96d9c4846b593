# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who is logged in at the Presence Web Service: applications, and the end users that they log in (Cisco's cookbook).

An application logs end users in without their passwords, each at its home node; when that is down, at any other. Its
own session counts on every node of the cluster, which no source says: a redirect would lead nowhere otherwise.
"""

from __future__ import annotations

import uuid

from imp_emulator.catalogue.services import SIP_PROXY
from imp_emulator.domain.imp import services
from imp_emulator.errors import Conflict, NotFound
from imp_emulator.letter_case import ascii_lower
from imp_emulator.store import nodes
from imp_emulator.store.cucm import users
from imp_emulator.store.cucm.users import PresenceUser, UserKey
from imp_emulator.store.imp import redundancy
from imp_emulator.store.imp import web_service as store
from imp_emulator.world.context import Context

Session = store.Session

SECONDS = 12 * 3600.0
"""How long a session lasts from its last login on, in virtual time."""


def serves(context: Context, cluster: str, node: str) -> bool:
    """Tell whether a node's Presence Web Service runs: it is a part of Cisco SIP Proxy."""
    return services.is_running(context, cluster, node, SIP_PROXY)


def login_application(context: Context, cluster: str, node: str, username: str, *, force: bool) -> Session:
    """Log in an application whose password was right.

    Args:
        force: Begin a new session in place of the one that it has; otherwise that one is renewed.
    """
    now = context.clock.timestamp()
    store.purge(context.database, now)
    found = store.session_of(context.database, cluster, now, application=username)
    return _begin(context, found, Session(0, cluster, node, _key(), username, None, None, now + SECONDS), force=force)


def login_user(context: Context, application: Session, node: str, userid: str, *, force: bool) -> Session:
    """Log in an end user for an application.

    Args:
        force: Begin a new session in place of the one that the user has; otherwise that one is renewed.

    Raises:
        NotFound: No such user is enabled for IM and Presence.
        Conflict: Another application has logged in the user, or the same one at another node; not with ``force``.
    """
    user = _enabled(context, application.cluster, userid)
    now = context.clock.timestamp()
    store.purge(context.database, now)
    found = store.session_of(context.database, application.cluster, now, pkid=user.pkid)
    elsewhere = found is not None and (found.parent != application.id or not _same(found.node, node))
    if elsewhere and not force:
        raise Conflict("already-logged-in", "The user is logged in already.")
    wanted = Session(
        0, application.cluster, node, _key(), application.application, user.pkid, application.id, now + SECONDS
    )
    return _begin(context, found, wanted, force=force)


def _begin(context: Context, found: Session | None, wanted: Session, *, force: bool) -> Session:
    if found is not None and not force:
        store.renew_session(context.database, found.id, wanted.expires_at)
        return found
    if found is not None:
        store.remove_session(context.database, found.id)
    store.add_session(context.database, wanted)
    return wanted


def _key() -> str:
    return str(uuid.uuid4())


def redirected(context: Context, cluster: str, node: str, userid: str) -> nodes.Node | None:
    """Return the node at which an end user has to log in; ``None``: at this one.

    Raises:
        NotFound: No such user is enabled for IM and Presence.
    """
    serving = _enabled(context, cluster, userid).served_by or ""
    if _same(serving, node) or not serves(context, cluster, serving):
        return None
    return nodes.node(context.database, cluster, serving)


def backup(context: Context, cluster: str, node: str) -> nodes.Node | None:
    """Return the node to turn to when a node fails: its peer, else any other one; ``None`` when there is none."""
    others = [known for known in nodes.nodes(context.database, cluster, "imp") if not _same(known.name, node)]
    group = redundancy.group_of(context.database, cluster, node)
    paired = set() if group is None else {member.node for member in group.members}
    return next((known for known in others if known.name in paired), others[0] if others else None)


def find(context: Context, cluster: str, node: str, key: str) -> Session | None:
    """Return the session that a key stands for at a node, or ``None``.

    That of an end user counts only where the login was, and as long as the user is enabled.
    """
    found = store.session(context.database, cluster, key, context.clock.timestamp())
    if found is None or found.pkid is None:
        return found
    user = users.presence_user(context.database, cluster, UserKey("pkid", found.pkid))
    return None if user is None or user.presence_node is None or not _same(found.node, node) else found


def name(context: Context, session: Session) -> str:
    """Return the name of whoever is logged in: an application's user name, or an end user's user id."""
    if session.pkid is None:
        return session.application
    user = users.presence_user(context.database, session.cluster, UserKey("pkid", session.pkid))
    return "" if user is None else user.userid


def is_for(context: Context, session: Session, username: str) -> bool:
    """Tell whether a session is that of somebody; letter case counts in the names of applications only."""
    own = name(context, session)
    return own == username if session.pkid is None else _same(own, username)


def logout(context: Context, session: Session) -> None:
    """End a session with its endpoints and subscriptions; that of an application ends those of its end users, too."""
    store.remove_session(context.database, session.id)


def forget(context: Context, cluster: str, node: str) -> None:
    """Forget all that the service of a node remembered: it keeps it in memory."""
    with context.database.transaction():
        store.forget(context.database, cluster, node)


def begin(context: Context) -> None:
    """Go on after a process that has ended: a service that does not run remembers nothing."""
    for cluster in context.scenario.clusters:
        for node in cluster.nodes:
            if node.role == "imp" and not serves(context, cluster.name, node.name):
                forget(context, cluster.name, node.name)


def end_of_user(context: Context, cluster: str, pkid: str) -> None:
    """End the session of an end user who is not there any more, or not enabled."""
    session = store.session_of(context.database, cluster, context.clock.timestamp(), pkid=pkid)
    if session is not None and find(context, cluster, session.node, session.key) is None:
        store.remove_session(context.database, session.id)


def _enabled(context: Context, cluster: str, userid: str) -> PresenceUser:
    user = users.presence_user(context.database, cluster, UserKey("userid", userid))
    if user is None or user.presence_node is None:
        raise NotFound("user-not-found", "No such user is enabled for IM and Presence.", "userid")
    return user


def _same(one: str, other: str) -> bool:
    return ascii_lower(one) == ascii_lower(other)
