# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What happens in the environment: the events that rules publish, for those above who react to them.

They name what changed and hold no secret; who wants to know more asks the rules. Times are of the virtual clock, in
seconds since the epoch.
"""

from __future__ import annotations

from dataclasses import dataclass

from imp_emulator.world.events import Event


@dataclass(frozen=True, slots=True)
class ServiceDeployed(Event):
    """A service has been activated or deactivated; whether it runs, other events tell."""

    cluster: str
    node: str
    service: str
    at: float


@dataclass(frozen=True, slots=True)
class ServiceStopping(Event):
    """A running service has begun to stop or to restart; it does nothing any more."""

    cluster: str
    node: str
    service: str
    at: float


@dataclass(frozen=True, slots=True)
class ServiceStopped(Event):
    """A service has stopped."""

    cluster: str
    node: str
    service: str
    at: float


@dataclass(frozen=True, slots=True)
class ServiceStarted(Event):
    """A service has started, and has loaded everything that was changed before."""

    cluster: str
    node: str
    service: str
    at: float


@dataclass(frozen=True, slots=True)
class ServiceStartFailed(Event):
    """A service could not start; it is stopped and has loaded nothing."""

    cluster: str
    node: str
    service: str
    at: float
    reason: str


@dataclass(frozen=True, slots=True)
class NodeWentAway(Event):
    """A node answers nobody any more."""

    cluster: str
    node: str


@dataclass(frozen=True, slots=True)
class NodeCameBack(Event):
    """A node that was away, or was about to be, answers."""

    cluster: str
    node: str


@dataclass(frozen=True, slots=True)
class GatewayChanged(Event):
    """A presence gateway was ``added``, ``updated`` or ``deleted``."""

    cluster: str
    name: str
    action: str


@dataclass(frozen=True, slots=True)
class GatewayCredentialsChanged(Event):
    """The account that all presence gateways of a cluster share is another, or its password."""

    cluster: str


@dataclass(frozen=True, slots=True)
class TrustChanged(Event):
    """A certificate was ``uploaded`` to a trust store of a node, or ``deleted`` from it."""

    cluster: str
    node: str
    store: str
    filename: str
    action: str


@dataclass(frozen=True, slots=True)
class ParameterChanged(Event):
    """A service parameter or enterprise parameter has another value."""

    cluster: str
    node: str
    service: str
    name: str
    value: str


@dataclass(frozen=True, slots=True)
class UserChanged(Event):
    """An end user was ``added``, ``updated`` or ``removed``; the user id is the one that it has afterwards."""

    cluster: str
    pkid: str
    userid: str
    action: str


@dataclass(frozen=True, slots=True)
class MailboxChanged(Event):
    """A mailbox was ``added``, ``updated``, ``moved`` or ``removed``; the address is the one that it has afterwards.

    One that was moved has a new row, which is the one given.
    """

    mailbox: int
    address: str
    action: str


@dataclass(frozen=True, slots=True)
class CalendarItemChanged(Event):
    """A calendar item was ``created``, ``modified`` or ``deleted``.

    Exchange keeps the occurrences of a series in its master: a change of one is a change of the master.
    """

    mailbox: int
    address: str
    item: int
    action: str


@dataclass(frozen=True, slots=True)
class AutomaticRepliesChanged(Event):
    """The automatic replies of a mailbox are others: their state, their time or their words."""

    mailbox: int
    address: str


@dataclass(frozen=True, slots=True)
class MailboxEventsRecorded(Event):
    """Something has happened in a mailbox that somebody watches."""

    mailbox: int


@dataclass(frozen=True, slots=True)
class SubscriptionEnded(Event):
    """A subscription to a mailbox is no more: its client has ended it, or it was not used, not answered or lost."""

    subscription: str
    unsubscribed: bool


@dataclass(frozen=True, slots=True)
class StreamTick(Event):
    """A minute of an open streaming connection has passed, perhaps its last one."""

    stream: str
    over: bool


@dataclass(frozen=True, slots=True)
class StreamOpened(Event):
    """A streaming connection has begun; any other one of the same subscriptions is over."""

    stream: str
    subscriptions: frozenset[str]


@dataclass(frozen=True, slots=True)
class WebServicesRestarted(Event):
    """The web services of an Exchange server have restarted; its connections and subscriptions are gone."""

    server: str


@dataclass(frozen=True, slots=True)
class AccountPasswordChanged(Event):
    """The account of the presence gateways has another password in its domain."""


@dataclass(frozen=True, slots=True)
class PresenceChanged(Event):
    """What is shown of a user's presence is something else now."""

    cluster: str
    pkid: str
    userid: str
