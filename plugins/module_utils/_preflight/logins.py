# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""Asking interfaces with accounts, in such a way that a wrong password is sent once and no account gets locked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any

from ansible_collections.ucops.imp.plugins.module_utils._core.errors import Forbidden, ImpError, Unauthorized
from ansible_collections.ucops.imp.plugins.module_utils._core.options import Connection
from ansible_collections.ucops.imp.plugins.module_utils._preflight.probes import Sight

AXL = "AXL"
CONTROL_CENTER = "control center"
ADMIN_API = "admin API"
CERTIFICATE_MANAGEMENT = "certificate management"


@dataclass(frozen=True)
class Interface:
    """Something that wants a login: its kind, where it is, and what it is asked."""

    kind: str
    sight: Sight
    connection: Connection
    ask: Callable[[], Any]

    def __str__(self) -> str:
        return f"{self.kind} of {self.sight.place.name}"


@dataclass(frozen=True)
class Reply:
    """What an interface said: a value, an error, or why it was not asked."""

    interface: Interface
    value: Any = None
    error: ImpError | None = None
    not_asked: str | None = None

    @property
    def answered(self) -> bool:
        """Whether there is a value."""
        return self.error is None and self.not_asked is None


def ask_all(interfaces: Sequence[Interface], pool: Executor) -> list[Reply]:
    """Ask every interface that can be reached, and return the replies in the same order; never raises ``ImpError``.

    The interfaces of one account are asked one after another until one has accepted its password, and then all at once.
    When one refuses it, the others are not asked.
    """
    replies = {id(one): Reply(one, not_asked=one.sight.obstacle) for one in interfaces}
    reachable = [one for one in interfaces if one.sight.obstacle is None]
    accounts = dict.fromkeys((one.connection.username, one.connection.password) for one in reachable)
    open_groups = [[one for one in reachable if _account(one) == account] for account in accounts]
    undecided = list(pool.map(_until_decided, open_groups))
    for replied, _rest in undecided:
        replies.update((id(reply.interface), reply) for reply in replied)
    rest = [one for _replied, remaining in undecided for one in remaining]
    replies.update((id(reply.interface), reply) for reply in pool.map(_ask, rest))
    return [replies[id(one)] for one in interfaces]


def _account(interface: Interface) -> tuple[str, str]:
    return interface.connection.username, interface.connection.password


def _until_decided(interfaces: Sequence[Interface]) -> tuple[list[Reply], Sequence[Interface]]:
    """Return the replies until a password was accepted or refused, and the interfaces that may be asked at once."""
    replies: list[Reply] = []
    for number, interface in enumerate(interfaces, start=1):
        reply = _ask(interface)
        replies.append(reply)
        if isinstance(reply.error, Unauthorized):
            return replies + _spared(interfaces[number:], interface), ()
        if reply.answered or isinstance(reply.error, Forbidden):
            return replies, interfaces[number:]
    return replies, ()


def _spared(interfaces: Iterable[Interface], refusing: Interface) -> list[Reply]:
    user = refusing.connection.username
    text = f"the {refusing} has refused the password of {user}, and trying it again could lock the account"
    return [Reply(one, not_asked=text) for one in interfaces]


def _ask(interface: Interface) -> Reply:
    try:
        return Reply(interface, interface.ask())
    except ImpError as error:
        return Reply(interface, error=error)
