# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The users of a cluster with their presence, and with what the Presence Engines know of their calendars."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from imp_emulator.catalogue.services import PRESENCE_ENGINE
from imp_emulator.domain.imp import engine_settings, gateways, nodes, presence, services
from imp_emulator.domain.imp.explanations import Condition, Explainer
from imp_emulator.domain.imp.presence import UserPresence
from imp_emulator.errors import NotFound
from imp_emulator.store.cucm import users
from imp_emulator.store.cucm.users import PresenceUser, User, UserKey
from imp_emulator.store.imp import engine, people
from imp_emulator.store.imp.engine import EngineUser, Link
from imp_emulator.store.imp.people import Wanted
from imp_emulator.world.context import Context


@dataclass(frozen=True, slots=True)
class Listed:
    """A user.

    Attributes:
        shown: ``None`` while no IM and Presence node serves the user.
        followed: ``None`` while no engine follows the calendar.
        gateway: The name of the gateway that the user was given; ``""``: none.
        chain: Why the user is not in a meeting; empty unless it was asked for.
    """

    user: PresenceUser
    shown: UserPresence | None
    followed: EngineUser | None
    gateway: str
    chain: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class Query:
    """Which users, and which of them.

    Attributes:
        userids: These users, served by a node or not; without any, all that a node serves.
        node: Only those whose home node it is.
        presence: Only those that are shown so.
        failing: Only those whose meeting information is included and whose calendar is not followed.
        skip: How many of them to leave out.
        first: How many to return at most.
        explain: Whether to tell why they are not in a meeting.
    """

    userids: Sequence[str] = ()
    node: str = ""
    presence: str = ""
    failing: bool = False
    skip: int = 0
    first: int = 1000
    explain: bool = False


def find(context: Context, cluster: str, query: Query) -> tuple[int, list[Listed]]:
    """Return how many users there are, and those of the page, in the order of Unified CM; unknown ids are left out."""
    if not (query.userids or query.failing or query.presence):
        return _part(context, cluster, query)
    found = _chosen(context, cluster, query)
    if query.failing:
        links, pulling = engine.links(context.database, cluster), _pulling(context, cluster)
        found = [user for user in found if _fails(user, links.get(user.pkid), pulling)]
    if query.presence:
        wanted = presence.shown_so(context, cluster, query.presence)
        found = [user for user in found if user.presence_node is not None and wanted(user.pkid)]
    page = found[query.skip : query.skip + query.first]
    return len(found), _listed(context, cluster, page, query.explain)


def _part(context: Context, cluster: str, query: Query) -> tuple[int, list[Listed]]:
    """Find users without looking at all of them."""
    node = query.node or None
    found = users.presence_users(context.database, cluster, node, skip=query.skip, first=query.first)
    return users.count_presence_users(context.database, cluster, node), _listed(context, cluster, found, query.explain)


def of_user(context: Context, cluster: str, userid: str) -> Listed:
    """Return a user with the reasons why it is not in a meeting; raises ``NotFound``."""
    for found in find(context, cluster, Query((userid,), explain=True))[1]:
        return found
    raise NotFound("user-not-found", "There is no such user.", "userid")


@dataclass(frozen=True, slots=True)
class Person:
    """A user of a cluster, by name.

    Attributes:
        user: Who it is in Unified CM.
    """

    cluster: str
    user: User
    listed: Listed


def people_of(
    context: Context, clusters: Sequence[str], wanted: Wanted, gateway: str, skip: int, first: int
) -> tuple[int, list[Person]]:
    """Return how many users of some clusters are wanted, and those of a page, by cluster and user id.

    Args:
        wanted: Which users, the gateway aside.
        gateway: The name of the gateway through which they are followed; ``""`` for any or none.
    """
    if gateway:
        known = (found for name in clusters for found in gateways.gateways(context, name))
        wanted = replace(wanted, gateways=[found.id for found in known if found.name == gateway])
    others = {name: presence.of_others(context, name) for name in clusters}
    total, found = people.find(context.database, others, wanted, skip, first)
    by_cluster = {name: [userid for cluster, userid in found if cluster == name] for name in clusters}
    return total, [person for name, userids in by_cluster.items() for person in _people(context, name, userids)]


def person(context: Context, cluster: str, userid: str) -> Person:
    """Return a user with the reasons why it is not in a meeting; raises ``NotFound``."""
    for found in _people(context, cluster, [userid], explain=True):
        return found
    raise NotFound("user-not-found", f"There is no user {userid}.", "userid")


def _people(context: Context, cluster: str, userids: Sequence[str], *, explain: bool = False) -> list[Person]:
    keys = [UserKey("userid", userid) for userid in userids]
    names = [users.user(context.database, cluster, key) for key in keys]
    known = [users.presence_user(context.database, cluster, key) for key in keys]
    rows = _listed(context, cluster, [user for user in known if user is not None], explain)
    return [Person(cluster, user, row) for user, row in zip((one for one in names if one), rows, strict=True)]


def running_engines(context: Context, cluster: str) -> list[str]:
    """Return the nodes whose Presence Engine runs."""
    names = [node.name for node in nodes.presence_nodes(context, cluster)]
    return [name for name in names if services.is_running(context, cluster, name, PRESENCE_ENGINE)]


def subscriptions(context: Context, cluster: str) -> dict[str, int]:
    """Return how many users have a subscription, by the identifier of their gateway."""
    return engine.subscriptions_by_gateway(context.database, cluster)


def _chosen(context: Context, cluster: str, query: Query) -> list[PresenceUser]:
    if not query.userids:
        return users.presence_users(context.database, cluster, query.node or None)
    asked = (users.presence_user(context.database, cluster, UserKey("userid", userid)) for userid in query.userids)
    found = {user.id: user for user in asked if user is not None}
    return [found[key] for key in sorted(found) if query.node in ("", found[key].presence_node)]


def _pulling(context: Context, cluster: str) -> set[str]:
    """Return the gateways of engines that run whose users have no subscription, because their calendars are pulled."""
    loaded = (engine_settings.settings(context, cluster, node.name) for node in nodes.presence_nodes(context, cluster))
    return {found.id for settings in loaded if settings for found in settings.gateways if not found.notifies}


def _fails(user: PresenceUser, link: Link | None, pulling: set[str]) -> bool:
    if not (user.home_cluster and user.im_and_presence and user.meeting_information):
        return False
    if link is None or link.failure:
        return True
    return not (link.subscribed or (link.read and link.gateway in pulling))


def _listed(context: Context, cluster: str, page: list[PresenceUser], explain: bool) -> list[Listed]:
    shown = presence.of_users(context, cluster, page)
    names = {gateway.id: gateway.name for gateway in gateways.gateways(context, cluster)}
    explainer = Explainer(context, cluster) if explain else None
    rows = []
    for user in page:
        followed, seen = engine.user(context.database, cluster, user.pkid), shown.get(user.pkid)
        chain = tuple(explainer.chain(user, followed, seen)) if explainer else ()
        gateway = names.get(followed.gateway, "") if followed else ""
        rows.append(Listed(user, seen, followed, gateway, chain))
    return rows
