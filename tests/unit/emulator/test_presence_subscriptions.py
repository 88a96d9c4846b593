# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Endpoints and subscriptions of the Presence Web Service: what is told when, and what becomes of the numbers."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from imp_emulator.domain.cucm import users
from imp_emulator.domain.cucm.users import UserKey
from imp_emulator.domain.imp import presence, services, web_service
from imp_emulator.domain.imp.presence_rules import SignIn
from imp_emulator.domain.imp.services import Action
from imp_emulator.engine import outgoing
from imp_emulator.engine.outgoing import Answer, NoAnswer
from imp_emulator.world.context import Context
from imp_emulator.world.environment import Environment
from tests.support.presence_web_service import HOUR, Service, endpoint, subscription
from tests.support.states import advance

URL = "http://app.example.com/pws"
ONE_HOUR = {"Presence-Expiry": HOUR}
ANNA, BERT, CARLA = (f"{name}@dc1.example.com" for name in ("anna", "bert", "carla"))


@dataclass
class Endpoints:
    """What the endpoints are called with; ``statuses`` are answered in turn, ``0`` is no answer at all, then 200."""

    called: list[str] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)

    async def get(self, context: Context, url: str) -> Answer:
        self.called.append(url)
        status = self.statuses.pop(0) if self.statuses else 200
        if status == 0:
            raise NoAnswer("nobody is there")
        return Answer(status, b"")

    def taken(self) -> list[str]:
        found, self.called = self.called, []
        return found


@pytest.fixture
def endpoints(monkeypatch: pytest.MonkeyPatch) -> Endpoints:
    found = Endpoints()
    monkeypatch.setattr(outgoing, "get", found.get)
    return found


@pytest.fixture
def service(emulated: Environment, endpoints: Endpoints) -> Service:
    """Anna and carla are logged in, and endpoint 1 is there."""
    found = Service(emulated)
    found.log_in_applications()
    found.log_in("anna", "carla")
    found.register(URL)
    return found


def become(service: Service, userid: str, state: SignIn) -> None:
    with service.environment.database.transaction():
        presence.sign_in(service.environment.context, "dc1", userid, state)
    advance(service.environment, 0)


def called(number: int = 1, url: str = f"{URL}?") -> list[str]:
    return [f"{url}id={number}&eventType=PRESENCE_NOTIFICATION"]


def test_an_endpoint_is_called_at_once_and_then_for_each_change_that_was_asked_for(
    service: Service, endpoints: Endpoints
) -> None:
    assert service.subscribe(ANNA, BERT) == 1
    advance(service.environment, 0)
    assert endpoints.taken() == called()
    become(service, "bert", SignIn.AWAY)
    assert endpoints.taken() == [], "its application has not asked yet what the first call was for"
    assert service.changes() == {ANNA: "AVAILABLE", BERT: "AWAY"}
    assert service.changes() == {}
    become(service, "bert", SignIn.OFFLINE)
    assert endpoints.taken() == called()
    assert service.changes() == {BERT: "UNAVAILABLE"}
    become(service, "carla", SignIn.AWAY)
    become(service, "bert", SignIn.OFFLINE)
    assert endpoints.taken() == [], "carla is no contact, and bert is as before"


def test_rich_changes_are_documents(service: Service) -> None:
    service.subscribe(ANNA)
    answer = service.ask("GET", "/users/anna/presence/rich/subscriptions/1", who="anna")
    assert [element.get("entity") for element in answer.root] == [f"sip:{ANNA}"]


@pytest.mark.parametrize("removed", [False, True])
def test_a_contact_that_is_served_no_more_is_told_of(service: Service, endpoints: Endpoints, removed: bool) -> None:
    service.subscribe(BERT)
    advance(service.environment, 0)
    assert (service.changes(), endpoints.taken()) == ({BERT: "AVAILABLE"}, called())
    with service.environment.database.transaction():
        if removed:
            users.remove(service.environment.context, "dc1", UserKey("userid", "bert"))
        else:
            users.update(service.environment.context, "dc1", UserKey("userid", "bert"), {"im_and_presence": False})
    advance(service.environment, 0)
    assert (endpoints.taken(), service.changes()) == (called(), {BERT: "UNKNOWN"})


def test_a_contact_by_its_mail_address_is_told_of_too(service: Service, endpoints: Endpoints) -> None:
    service.subscribe("Bert@Example.com")
    service.changes()
    endpoints.taken()
    become(service, "bert", SignIn.AWAY)
    assert endpoints.taken()
    assert service.changes() == {"Bert@Example.com": "AWAY"}


def test_a_question_is_put_into_the_query_that_a_url_has(service: Service, endpoints: Endpoints) -> None:
    for number, (url, asked) in enumerate(((f"{URL}?of=mine", f"{URL}?of=mine&"), (f"{URL}#here", f"{URL}?")), 2):
        assert service.register(url) == number
        made = service.subscribe(ANNA, number=number)
        advance(service.environment, 0)
        assert endpoints.taken() == called(made, asked)


@pytest.mark.parametrize("failure", [0, 500, 302, 404])
def test_an_endpoint_that_does_not_answer_is_called_again_and_dropped_in_the_end(
    service: Service, endpoints: Endpoints, failure: int
) -> None:
    endpoints.statuses = [failure] * web_service.TRIES
    service.subscribe(ANNA)
    advance(service.environment, 0)
    assert len(endpoints.taken()) == 1
    become(service, "anna", SignIn.AWAY)
    assert len(endpoints.taken()) == 1, "a change is a reason to try, too"
    advance(service.environment, web_service.RETRY_SECONDS - 1)
    assert endpoints.taken() == []
    advance(service.environment, 1)
    assert len(endpoints.taken()) == 1
    gone = service.ask("GET", "/users/anna/presence/basic/subscriptions/1", who="anna")
    assert gone.text("code") == "133"
    assert service.register(URL) == 1, "its number is free again"


def test_an_answer_forgives_what_went_before(service: Service, endpoints: Endpoints) -> None:
    endpoints.statuses = [0, 0, 200, 0, 0, 200]
    service.subscribe(ANNA)
    advance(service.environment, 10 * web_service.RETRY_SECONDS)
    assert len(endpoints.taken()) == 3
    service.changes()
    become(service, "anna", SignIn.AWAY)
    advance(service.environment, 10 * web_service.RETRY_SECONDS)
    assert len(endpoints.taken()) == 3
    assert service.changes() == {ANNA: "AWAY"}


def test_a_process_that_begins_tells_of_everything_anew(service: Service, endpoints: Endpoints) -> None:
    """The process was killed after a change was stored and before anybody was told."""
    service.subscribe(ANNA)
    advance(service.environment, 0)
    service.changes()
    endpoints.taken()
    web_service.begin(service.environment.context)
    advance(service.environment, 0)
    assert endpoints.taken() == called()
    assert service.changes() == {ANNA: "AVAILABLE"}


def test_contacts_are_added_and_taken_out(service: Service, endpoints: Endpoints) -> None:
    service.subscribe(ANNA)
    service.changes()
    path = "/users/anna/subscriptions/1"
    added = service.ask("PUT", path, subscription([BERT, ANNA, CARLA]), "anna", headers={"Presence-Expiry": "0"})
    assert (added.status, added.number) == (201, 1)
    advance(service.environment, 0)
    assert endpoints.taken()
    assert service.changes() == {BERT: "AVAILABLE", CARLA: "AVAILABLE"}
    out = service.ask("DELETE", path, subscription([BERT.upper()]), "anna")
    assert (out.status, out.body) == (200, b"")
    become(service, "bert", SignIn.AWAY)
    assert service.changes() == {}
    assert service.ask("DELETE", path, subscription([ANNA, CARLA]), "anna").status == 200
    assert service.ask("DELETE", path, who="anna").text("code") == "133", "without contacts it has ended"


def test_a_subscription_moves_to_another_endpoint(service: Service, endpoints: Endpoints) -> None:
    service.subscribe(ANNA)
    service.changes()
    endpoints.taken()
    service.register(f"{URL}/2")
    moved = service.ask("PUT", "/users/anna/subscriptions/1", subscription(None, 2), "anna", headers=ONE_HOUR)
    assert moved.status == 201, moved.body
    become(service, "anna", SignIn.AWAY)
    assert endpoints.taken() == called(url=f"{URL}/2?")


def test_endpoints_and_subscriptions_last_as_long_as_they_were_given(service: Service, endpoints: Endpoints) -> None:
    service.subscribe(ANNA)
    advance(service.environment, 3000)
    longer = service.ask("PUT", "/endpoints/1", "<endpoint><expiration>7200</expiration></endpoint>", "app")
    assert (longer.status, longer.number) == (201, 1)
    advance(service.environment, 601)
    assert service.ask("DELETE", "/users/anna/subscriptions/1", who="anna").text("code") == "133"
    assert service.subscribe(ANNA) == 1, "the endpoint lasts longer"
    kept = service.ask("PUT", "/users/anna/subscriptions/1", "", "anna", headers={"Presence-Expiry": "86400"})
    assert kept.status == 201, kept.body
    service.changes()
    advance(service.environment, 7000)
    endpoints.taken()
    become(service, "anna", SignIn.AWAY)
    assert endpoints.taken() == [], "the endpoint has expired"
    assert service.ask("DELETE", "/endpoints/1", who="app").text("code") == "132"


def test_an_endpoint_that_is_unregistered_takes_its_subscriptions_along(service: Service) -> None:
    service.subscribe(ANNA)
    assert service.register(f"{URL}/2") == 2
    assert service.subscribe(ANNA, number=2) == 2
    assert service.ask("DELETE", "/endpoints/1", who="app").status == 200
    assert service.ask("DELETE", "/users/anna/subscriptions/1", who="anna").text("code") == "133"
    assert service.ask("DELETE", "/users/anna/subscriptions/2", who="anna").status == 200
    assert service.register() == 1


def test_nobody_is_called_after_a_logout_or_when_sip_proxy_has_stopped(service: Service, endpoints: Endpoints) -> None:
    service.subscribe(ANNA)
    service.subscribe(ANNA, who="carla")
    service.changes(1)
    service.changes(2, who="carla")
    endpoints.taken()
    service.ask("DELETE", "/users/anna/session", who="anna")
    become(service, "anna", SignIn.AWAY)
    assert endpoints.taken() == called(2)
    service.changes(2, who="carla")
    with service.environment.database.transaction():
        services.control(service.environment.context, "dc1", "imp-pub", Action.STOP, "Cisco SIP Proxy")
    become(service, "anna", SignIn.OFFLINE)
    assert endpoints.taken() == []


def test_urls_of_answers_are_those_of_the_port_that_was_asked(service: Service) -> None:
    for port, base in ((8082, "http://node.example:1234"), (8083, "https://node.example:1234")):
        headers = ONE_HOUR | {"Host": "node.example:1234"}
        answer = service.ask("POST", "/endpoints", endpoint(), "app", port=port, headers=headers)
        assert answer.headers["location"].startswith(f"{base}/presence-service/endpoints/")
