# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How much an account may ask of Exchange Web Services: requests at a time, subscriptions, results, server time.

What an account has used is work in progress of the running servers: it ends with the process, a reset or a restore.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, fields, replace

from imp_emulator.errors import Forbidden, InvalidValue
from imp_emulator.scenario.model import ThrottlingSpec
from imp_emulator.store.exchange import throttling as store
from imp_emulator.world.context import Context

Policy = ThrottlingSpec
"""The limits of an account; ``None`` stands for no limit."""

_HOUR = 3600.0
LARGEST = 2**31 - 1


def policy(context: Context, account: str) -> Policy:
    """Return the policy of an account, or of a mailbox's address: its own, or that of the scenario."""
    changed = store.get(context.database, account)
    return replace(context.scenario.throttling, **changed) if changed else context.scenario.throttling


def change_policy(context: Context, account: str, **changes: int | None) -> Policy:
    """Change limits of an account's policy, and return all of them.

    Args:
        account: The account's stored name, or the address of a mailbox.
        changes: The limits by the names of :class:`Policy`; ``None`` lifts one.

    Raises:
        InvalidValue: There is no such limit, or a value is not a whole number from 0 to 2147483647.
    """
    known = {limit.name for limit in fields(Policy)}
    for name, value in changes.items():
        if name not in known:
            raise InvalidValue("throttling", f"there is no limit {name}; known are {', '.join(sorted(known))}", name)
        if value is not None and (isinstance(value, bool) or not 0 <= value <= LARGEST):
            raise InvalidValue("throttling", f"{name} must be a whole number from 0 to {LARGEST}, not {value}", name)
    store.put(context.database, account, store.get(context.database, account) | changes)
    return policy(context, account)


def reset_policy(context: Context, account: str) -> None:
    """Give an account the scenario's policy again."""
    store.remove(context.database, account)


def find_limit(context: Context, account: str) -> int | None:
    """Return how many results of FindItem and FindFolder an account gets at a time (EWSFindCountLimit)."""
    return policy(context, account).find_count_limit


def check_subscriptions(context: Context, mailbox: str, active: int) -> None:
    """Refuse one more subscription to a mailbox that has as many as it may have (EWSMaxSubscriptions).

    Args:
        mailbox: The address of the mailbox, which is charged whoever subscribes.
        active: How many subscriptions it has.

    Raises:
        Forbidden: It has too many.
    """
    limit = policy(context, mailbox).max_subscriptions
    if limit is not None and active >= limit:
        raise Forbidden("subscription-count", f"{mailbox} has {active} subscriptions, which is all that it may have")


@dataclass(frozen=True, slots=True)
class Exceeded:
    """A budget is used up.

    Attributes:
        back_off: After how many milliseconds there is some again; ``None`` when it was the number of requests at a
            time, which nobody can tell.
    """

    back_off: int | None = None


@dataclass(slots=True)
class _Account:
    """What an account has used.

    Attributes:
        under_way: How many requests are not answered yet, by whether they hang.
        balance: Milliseconds of server time that are left; negative when more was used.
    """

    balance: float
    at: float
    generation: int
    under_way: Counter[bool] = field(default_factory=Counter)


class Budgets:
    """What the accounts have used, at each server, of what their policies give them."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._accounts: dict[tuple[str, str], _Account] = {}

    @contextmanager
    def spend(self, server: str, account: str, *, hanging: bool = False) -> Iterator[Exceeded | None]:
        """Count a request while the block lasts; gives what is exceeded, and then it is not counted.

        Args:
            server: The Exchange server; each one counts for itself.
            account: Who asks.
            hanging: Whether it is one of those whose answer goes on for minutes, which are counted by themselves.
        """
        limits = policy(self._context, account)
        known = self._known((server, account), limits)
        allowed = limits.hanging_connections if hanging else limits.max_concurrency
        if allowed is not None and known.under_way[hanging] >= allowed:
            yield Exceeded()
            return
        back_off = _back_off(known.balance, limits)
        if back_off is not None:
            yield Exceeded(back_off)
            return
        known.under_way[hanging] += 1
        if limits.max_burst is not None:
            known.balance -= limits.request_cost or 0
        try:
            yield None
        finally:
            known.under_way[hanging] -= 1

    def _known(self, key: tuple[str, str], limits: Policy) -> _Account:
        now = self._context.clock.timestamp()
        generation = self._context.database.generation
        full = float(limits.max_burst or 0)
        known = self._accounts.get(key)
        if known is None or known.generation != generation:
            # Requests of before a reset end in the count that they began in.
            known = self._accounts[key] = _Account(full, now, generation)
        recharged = max(0.0, now - known.at) / _HOUR * (limits.recharge_rate or 0)
        known.balance = full if limits.recharge_rate is None else min(full, known.balance + recharged)
        known.at = now
        return known


def _back_off(balance: float, limits: Policy) -> int | None:
    """Return the milliseconds until an account may ask again, or ``None`` when it may."""
    if limits.max_burst is None or limits.cutoff_balance is None:
        return None
    missing = -limits.cutoff_balance - balance
    if missing < 0:
        return None
    if not limits.recharge_rate:
        return int(_HOUR * 1000)
    return max(1, math.ceil(missing / limits.recharge_rate * _HOUR * 1000))
