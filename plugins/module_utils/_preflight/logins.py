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
from ansible_collections.ucops.imp.plugins.module_utils._preflight.probes import ProbeResult

AXL = "AXL"
CONTROL_CENTER = "control center"
ADMIN_API = "admin API"
CERTIFICATE_MANAGEMENT = "certificate management"


@dataclass(frozen=True)
class Interface:
    """Something that wants a login: what it is called, where it is, and what it is asked."""

    name: str
    probed: ProbeResult
    connection: Connection
    ask: Callable[[], Any]

    def __str__(self) -> str:
        return f"{self.name} of {self.probed.endpoint.name}"


@dataclass(frozen=True)
class InterfaceAnswer:
    """What an interface said: a value, an error, or why it was not asked."""

    interface: Interface
    value: Any = None
    error: ImpError | None = None
    not_asked: str | None = None

    @property
    def answered(self) -> bool:
        """Whether there is a value."""
        return self.error is None and self.not_asked is None


def ask_all(interfaces: Sequence[Interface], pool: Executor) -> list[InterfaceAnswer]:
    """Ask every interface that can be reached, and return the answers in the same order; never raises ``ImpError``.

    The interfaces of one account are asked one after another until one has accepted its password, and then all at once.
    When one refuses it, the others are not asked.
    """
    answers = {id(one): InterfaceAnswer(one, not_asked=one.probed.obstacle) for one in interfaces}
    reachable = [one for one in interfaces if one.probed.obstacle is None]
    accounts = dict.fromkeys((one.connection.username, one.connection.password) for one in reachable)
    open_groups = [[one for one in reachable if _account(one) == account] for account in accounts]
    undecided = list(pool.map(_until_decided, open_groups))
    for replied, _rest in undecided:
        answers.update((id(answer.interface), answer) for answer in replied)
    rest = [one for _replied, remaining in undecided for one in remaining]
    answers.update((id(answer.interface), answer) for answer in pool.map(_ask, rest))
    return [answers[id(one)] for one in interfaces]


def _account(interface: Interface) -> tuple[str, str]:
    return interface.connection.username, interface.connection.password


def _until_decided(interfaces: Sequence[Interface]) -> tuple[list[InterfaceAnswer], Sequence[Interface]]:
    """Return the answers until a password was accepted or refused, and the interfaces that may be asked at once."""
    answers: list[InterfaceAnswer] = []
    for number, interface in enumerate(interfaces, start=1):
        answer = _ask(interface)
        answers.append(answer)
        if isinstance(answer.error, Unauthorized):
            return answers + _spared(interfaces[number:], interface), ()
        if answer.answered or isinstance(answer.error, Forbidden):
            return answers, interfaces[number:]
    return answers, ()


def _spared(interfaces: Iterable[Interface], refusing: Interface) -> list[InterfaceAnswer]:
    user = refusing.connection.username
    text = f"the {refusing} has refused the password of {user}, and trying it again could lock the account"
    return [InterfaceAnswer(one, not_asked=text) for one in interfaces]


def _ask(interface: Interface) -> InterfaceAnswer:
    try:
        return InterfaceAnswer(interface, interface.ask())
    except ImpError as error:
        return InterfaceAnswer(interface, error=error)
