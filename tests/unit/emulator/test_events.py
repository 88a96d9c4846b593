# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Events: told upwards after the commit, to those who asked for their kind, and never of what was undone."""

from __future__ import annotations

import dataclasses
import logging

import pytest

from imp_emulator.catalogue.parameters import ENTERPRISE_NODE
from imp_emulator.domain.cucm import parameters, users
from imp_emulator.domain.events import (
    GatewayChanged,
    GatewayCredentialsChanged,
    ParameterChanged,
    ServiceStarted,
    ServiceStartFailed,
    ServiceStopped,
    ServiceStopping,
    TrustChanged,
    UserChanged,
)
from imp_emulator.domain.imp import gateways, ports, services, trust
from imp_emulator.domain.imp.services import Action
from imp_emulator.store import keys
from imp_emulator.store.cucm.users import UserKey
from imp_emulator.world.environment import Environment
from imp_emulator.world.events import Event
from imp_emulator.world.pace import Pace, Rule
from tests.support.states import advance

ENGINE = "Cisco Presence Engine"
NODE = ("dc1", "imp-pub")
STARTED = ServiceStarted(*NODE, ENGINE, 1.0)


def heard(environment: Environment, kind: type[Event] = Event) -> list[Event]:
    """Return a list that grows by the events of a kind."""
    found: list[Event] = []
    environment.events.subscribe(kind, found.append)
    return found


def test_an_event_is_delivered_after_the_commit_to_those_who_want_its_kind(emulated: Environment) -> None:
    everything, started, stopped = heard(emulated), heard(emulated, ServiceStarted), heard(emulated, ServiceStopped)
    with emulated.database.transaction():
        emulated.events.publish(STARTED)
        assert everything == []
    assert everything == started == [STARTED]
    assert stopped == []


def test_what_was_undone_is_never_told(emulated: Environment) -> None:
    everything = heard(emulated)

    def broken() -> None:
        with emulated.database.transaction():
            emulated.events.publish(STARTED)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        broken()
    with emulated.database.transaction():
        pass
    assert everything == []


def test_a_listener_that_fails_breaks_neither_the_request_nor_the_others(
    emulated: Environment, caplog: pytest.LogCaptureFixture
) -> None:
    secret = "swordfish"

    def fails(event: Event) -> None:
        raise ValueError(secret)

    emulated.events.subscribe(ServiceStarted, fails)
    others = heard(emulated)
    with caplog.at_level(logging.ERROR), emulated.database.transaction():
        emulated.events.publish(STARTED)
    assert others == [STARTED]
    assert "internal error in a listener of ServiceStarted: ValueError" in caplog.text
    assert secret not in caplog.text


def test_a_listener_may_change_something_itself(emulated: Environment) -> None:
    """The transaction that it was told of is over, so its own is one by itself."""

    def occupy(event: ServiceStopped) -> None:
        with emulated.database.transaction():
            ports.occupy(emulated.context, event.cluster, event.node, 50021, "who was told")

    emulated.events.subscribe(ServiceStopped, occupy)
    with emulated.database.transaction():
        services.control(emulated.context, *NODE, Action.STOP, ENGINE)
        assert ports.occupied(emulated.context, *NODE) == []
    assert [port.used_by for port in ports.occupied(emulated.context, *NODE)] == ["who was told"]


def test_services_tell_when_they_stop_and_start(emulated: Environment) -> None:
    everything = heard(emulated)
    now = emulated.clock.timestamp()
    services.control(emulated.context, *NODE, Action.STOP, ENGINE)
    assert everything == [ServiceStopping(*NODE, ENGINE, now), ServiceStopped(*NODE, ENGINE, now)]
    everything.clear()
    emulated.pace.set(Rule(Pace.SECONDS, 30))
    services.control(emulated.context, *NODE, Action.START, ENGINE)
    assert everything == []
    advance(emulated, 100)
    assert everything == [ServiceStarted(*NODE, ENGINE, now + 30)]
    everything.clear()
    ports.occupy(emulated.context, *NODE, 50020, "a backup agent")
    services.control(emulated.context, *NODE, Action.RESTART, ENGINE)
    assert everything == [ServiceStopping(*NODE, ENGINE, now + 100)]
    advance(emulated, 30)
    (failed,) = everything[1:]
    assert isinstance(failed, ServiceStartFailed)
    assert (failed.at, failed.reason.split()[-1]) == (now + 130, "agent")


def test_gateways_trust_and_parameters_tell_what_changed_and_no_secret(emulated: Environment) -> None:
    everything, context = heard(emulated), emulated.context
    draft = gateways.Draft("mail1.example.com", account=r"EXAMPLE\svc", password="a secret")
    with emulated.database.transaction():
        added = gateways.add(context, "dc1", draft)
        gateways.replace(context, "dc1", added.id, dataclasses.replace(draft, description="first"))
        gateways.delete(context, "dc1", added.id)
    assert everything == [
        GatewayCredentialsChanged("dc1"),
        GatewayChanged("dc1", "mail1.example.com", "added"),
        GatewayChanged("dc1", "mail1.example.com", "updated"),
        GatewayChanged("dc1", "mail1.example.com", "deleted"),
    ]
    assert "a secret" not in repr(everything)
    everything.clear()
    pem = keys.get(emulated.database, keys.NO_CLUSTER, keys.EMULATOR_CA).certificate
    for _ in range(2):
        trust.upload(context, *NODE, ["cup"], [pem])
    (found,) = trust.trusted(context, *NODE, "cup")
    trust.delete(context, *NODE, "cup", found.fingerprint)
    assert everything == [TrustChanged(*NODE, "cup", found.filename, action) for action in ("uploaded", "deleted")]
    everything.clear()
    parameter = parameters.find(context, "dc1", ENTERPRISE_NODE, ENGINE, ports.NOTIFICATION_PORT)
    for _ in range(2):
        parameters.change(
            context, "dc1", parameters.find(context, "dc1", ENTERPRISE_NODE, ENGINE, parameter.name), "50099"
        )
    assert everything == [ParameterChanged("dc1", ENTERPRISE_NODE, ENGINE, ports.NOTIFICATION_PORT, "50099")]


def test_users_tell_what_changed(emulated: Environment) -> None:
    everything, context = heard(emulated), emulated.context
    pkid = users.add(context, "dc1", {"userid": "new", "last_name": "New", "password": "a secret"})
    users.update(context, "dc1", UserKey("userid", "new"), {})
    users.update(context, "dc1", UserKey("userid", "new"), {"last_name": "New", "im_and_presence": False})
    users.update(context, "dc1", UserKey("userid", "new"), {"userid": "other"})
    users.remove(context, "dc1", UserKey("userid", "other"))
    told = (("new", "added"), ("other", "updated"), ("other", "removed"))
    assert everything == [UserChanged("dc1", pkid, userid, action) for userid, action in told]
