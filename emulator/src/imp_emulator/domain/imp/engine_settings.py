# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a Presence Engine goes by: what it loads when it starts and never later, and what it looks up each time.

Gateways, trust store, account and most parameters are loaded with the start (requirements G5 and P4), so a change of
them waits for a restart. Status frequency, notification port and calendar spread reach a user with its next
subscription (P1 to P3).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any

from imp_emulator.catalogue.parameters import ENTERPRISE_NODE
from imp_emulator.catalogue.services import PRESENCE_ENGINE
from imp_emulator.domain.imp import office_365, trust
from imp_emulator.domain.imp.office_365 import Office365
from imp_emulator.domain.imp.ports import NOTIFICATION_PORT
from imp_emulator.store.cucm import parameters
from imp_emulator.store.imp import engine as store
from imp_emulator.store.imp import gateways
from imp_emulator.store.imp.engine import Loaded
from imp_emulator.world.context import Context

ACCOUNT = "account"
"""The key of the shared account's password among the secrets that an engine has loaded."""


@dataclass(frozen=True, slots=True)
class Gateway:
    """A presence gateway as an engine has loaded it.

    Attributes:
        type: ``Exchange -- EWS Server``, which notifies, or another one, which has to be asked again and again.
        online: What one of Office 365 is told beside.
    """

    id: str
    type: str
    name: str
    port: int
    online: Office365 | None = None

    @property
    def notifies(self) -> bool:
        """Whether its calendars are subscribed to."""
        return self.type == gateways.EWS_SERVER


@dataclass(frozen=True, slots=True)
class Settings:
    r"""What an engine has loaded, secrets and trust store aside.

    Attributes:
        gateways: The pool, in the order in which its gateways were added.
        account: The account that its Exchange servers share, ``DOMAIN\user`` or ``user@domain``.
        timeout: Exchange Timeout, seconds.
        queue: Exchange Queue, requests that wait.
        threads: Exchange Threads, requests at a time.
        display_out_of_office: Calendar Out of Office (requirement P5).
        basic_only: Whether to sign in with Basic only, not with NTLM.
        pull_minutes: How often gateways that do not notify are asked.
        out_of_office_minutes: How often the others are asked for automatic replies.
    """

    gateways: tuple[Gateway, ...]
    account: str
    timeout: int
    queue: int
    threads: int
    display_out_of_office: bool
    basic_only: bool
    pull_minutes: int
    out_of_office_minutes: int

    def gateway(self, identifier: str) -> Gateway | None:
        """Return a gateway of the pool; ``None`` for one that is not in it."""
        return next((found for found in self.gateways if found.id == identifier), None)


@dataclass(frozen=True, slots=True)
class Terms:
    """What a user's subscription is made with: the parameters as they are at that moment.

    Attributes:
        minutes: EWS Status Frequency.
        port: Microsoft Exchange Notification Port.
        spread: Calendar Spread, seconds.
    """

    minutes: int
    port: int
    spread: int


def load(context: Context, cluster: str, node: str) -> Settings:
    """Have the engine of a node, which starts, load what it goes by until it stops."""
    shared = gateways.credentials(context.database, cluster)
    found = Settings(
        gateways=_pool(context, cluster),
        account="" if shared is None else shared.account,
        timeout=_number(context, cluster, "ExchangeTimeout"),
        queue=_number(context, cluster, "ExchangeQueue"),
        threads=_number(context, cluster, "ExchangeThreads"),
        display_out_of_office=_number(context, cluster, "CalendarOutOfOffice") == 1,
        basic_only=_number(context, cluster, "FIPSModeExchangeServerAuthentication") == 1,
        pull_minutes=_number(context, cluster, "Office365CalendarInformationPullInterval"),
        out_of_office_minutes=context.scenario.cluster(cluster).out_of_office_poll_minutes,
    )
    loaded = Loaded(
        cluster=cluster,
        node=node,
        loaded_at=context.clock.timestamp(),
        settings=asdict(found),
        trust=trust.bundle(context, cluster, node, trust.CUP),
        secrets=_secrets(context, cluster, found.gateways),
        tomcat_trust=trust.bundle(context, cluster, node, trust.TOMCAT),
    )
    store.put_loaded(context.database, loaded)
    return found


def unload(context: Context, cluster: str, node: str) -> None:
    """Note that the engine of a node has begun to stop."""
    store.remove_loaded(context.database, cluster, node)


def settings(context: Context, cluster: str, node: str) -> Settings | None:
    """Return what the running engine of a node has loaded; ``None`` when it does not run."""
    stored = store.settings(context.database, cluster, node)
    return None if stored is None else _read(stored)


def of(loaded: Loaded) -> Settings:
    """Return the settings among what was loaded."""
    return _settings(loaded.settings)


@lru_cache(maxsize=64)
def _read(stored: str) -> Settings:
    """Return what is stored; it is asked for several times for each user, and changes only when an engine starts."""
    return _settings(json.loads(stored))


def _settings(values: dict[str, Any]) -> Settings:
    return Settings(**{**values, "gateways": tuple(map(_gateway, values["gateways"]))})


def _gateway(stored: dict[str, Any]) -> Gateway:
    online = stored.get("online")
    return Gateway(**{**stored, "online": None if online is None else Office365(**online)})


def terms(context: Context, cluster: str) -> Terms:
    """Return what a subscription is made with now."""
    return Terms(
        minutes=_number(context, cluster, "EWSStatusFrequency"),
        port=_number(context, cluster, NOTIFICATION_PORT),
        spread=_number(context, cluster, "CalendarSpread"),
    )


def _pool(context: Context, cluster: str) -> tuple[Gateway, ...]:
    return tuple(
        Gateway(found.id, found.type, found.name, found.port, office_365.fields(context, found.id))
        for found in gateways.gateways(context.database, cluster)
    )


def _secrets(context: Context, cluster: str, pool: Sequence[Gateway]) -> dict[str, str]:
    shared = gateways.credentials(context.database, cluster)
    found = {} if shared is None else {ACCOUNT: shared.password}
    for gateway in pool:
        if gateway.online is not None:
            secrets = office_365.secrets(context, gateway.id)
            found |= {gateway.id: secrets.client_secret, proxy_key(gateway): secrets.proxy_password}
    return found


def proxy_key(gateway: Gateway) -> str:
    """Return the key of the password of a gateway's proxy among the secrets."""
    return f"{gateway.id}/proxy"


def _number(context: Context, cluster: str, name: str) -> int:
    found = parameters.parameter(context.database, cluster, ENTERPRISE_NODE, PRESENCE_ENGINE, name)
    if found is None:
        raise LookupError(f"{cluster} has no parameter {name}")
    return int(found.value)
