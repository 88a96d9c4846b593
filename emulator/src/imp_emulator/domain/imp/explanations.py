# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why a user is not in a meeting: the conditions from the user's options to the table of states, in order.

Only what is stored counts; nothing is asked on the network. The order and the words are ours.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from imp_emulator.catalogue.services import PRESENCE_ENGINE
from imp_emulator.domain.imp import engine_settings, gateways, presence, restarts, services
from imp_emulator.domain.imp.calendar_conditions import CONDITIONS, Case, Finding, Node
from imp_emulator.domain.imp.presence import UserPresence
from imp_emulator.domain.imp.presence_rules import IN_A_MEETING
from imp_emulator.errors import NotFound
from imp_emulator.store.cucm import users
from imp_emulator.store.cucm.users import PresenceUser, UserKey
from imp_emulator.store.imp import engine
from imp_emulator.store.imp.engine import EngineUser
from imp_emulator.world.context import Context


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition for a user to be shown in a meeting.

    Attributes:
        name: One of ``enabled``, ``node``, ``gateway``, ``trust``, ``account``, ``mailbox``, ``right``,
            ``subscription``, ``event``, ``window``, ``rule``.
        met: ``None``: not reached, because one before it is not met; or not needed, because the user is in a meeting
            without it.
        detail: What is known, one or more sentences; ``""`` when it was not reached.
        remedy: What to do, one sentence; ``""`` unless it is not met.
    """

    name: str
    met: bool | None
    detail: str
    remedy: str


def explain(context: Context, cluster: str, userid: str) -> list[Condition]:
    """Return the chain of a user; raises ``NotFound``.

    The first condition with ``met=False`` is why the user is not in a meeting; there is none while it is in one.
    """
    user = users.presence_user(context.database, cluster, UserKey("userid", userid))
    if user is None:
        raise NotFound("user-not-found", "There is no such user.", "userid")
    followed = engine.user(context.database, cluster, user.pkid)
    shown = None if user.presence_node is None else presence.of_user(context, cluster, user.userid)
    return Explainer(context, cluster).chain(user, followed, shown)


class Explainer:
    """Explains users of one cluster; what its nodes have in common is looked up once."""

    def __init__(self, context: Context, cluster: str) -> None:
        self._context = context
        self._cluster = cluster
        self._nodes: dict[str, Node] = {}
        self._gateways = gateways.gateways(context, cluster)

    def chain(self, user: PresenceUser, followed: EngineUser | None, shown: UserPresence | None) -> list[Condition]:
        """Return the chain of a user, of whom the engine knows ``followed`` and clients see ``shown``."""
        case = Case(
            user=user,
            followed=followed,
            shown=shown,
            node=None if user.served_by is None else self._node(user.served_by),
            gateways=tuple(found.name for found in self._gateways),
            now=self._context.clock.timestamp(),
        )
        found = _until_unmet(case)
        if shown is not None and shown.presence.activity == IN_A_MEETING and not found["rule"].met:
            # Somebody has set it by hand, which needs no calendar.
            found = {name: replace(one, met=one.met or None, remedy="") for name, one in found.items()}
            found["rule"] = _condition("rule", CONDITIONS["rule"](case))
        return list(found.values())

    def _node(self, name: str) -> Node:
        if name not in self._nodes:
            self._nodes[name] = self._looked_up(name)
        return self._nodes[name]

    def _looked_up(self, name: str) -> Node:
        context, cluster = self._context, self._cluster
        state = services.status(context, cluster, name, PRESENCE_ENGINE)
        pending = restarts.pending(context, cluster, name)
        return Node(
            name=name,
            engine=state,
            settings=engine_settings.settings(context, cluster, name),
            changes=tuple(cause for found in pending if found.service == PRESENCE_ENGINE for cause in found.causes),
        )


def _until_unmet(case: Case) -> dict[str, Condition]:
    found: dict[str, Condition] = {}
    unmet = False
    for name, check in CONDITIONS.items():
        found[name] = Condition(name, None, "", "") if unmet else _condition(name, check(case))
        unmet = unmet or not found[name].met
    return found


def _condition(name: str, finding: Finding) -> Condition:
    return Condition(name, finding.met, finding.detail, "" if finding.met else finding.remedy)
