# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every error of the Presence Web Service, and that a refusal changes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from imp_emulator.domain.imp import web_service
from imp_emulator.scenario import file as scenario_file
from imp_emulator.scenario.writer import generate
from imp_emulator.wire.presence_web_service.errors import ERRORS
from imp_emulator.world.environment import Environment
from imp_emulator.world.faults import Effect, EffectKind, Fault
from tests.support import states
from tests.support.presence_web_service import HOUR, Service, endpoint, error, rich, subscription


@pytest.fixture
def service(emulated: Environment) -> Service:
    found = Service(emulated)
    found.log_in_applications()
    return found


@dataclass(frozen=True)
class Refused:
    """A request, what it is refused with, and who sends it."""

    code: int
    status: int
    method: str
    path: str
    who: str = "anna"
    body: str | bytes = ""
    headers: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.code}-{self.method}{self.path.replace('/', '-')}"


ONE_HOUR = {"Presence-Expiry": HOUR}
SET = ONE_HOUR | {"Presence-Override": "true"}
SET_DEVICE = ONE_HOUR | {"Presence-Override": "false"}
BASIC, RICH = "/users/anna/presence/basic", "/users/anna/presence/rich"
ENDPOINTS, SUBSCRIPTIONS = "/endpoints", "/users/anna/subscriptions"
LOGIN = "/users/APPLICATION/sessions"
"""The application's name is put in."""


def basic_set(code: int, body: str, headers: Mapping[str, str] = SET, who: str = "anna") -> Refused:
    return Refused(code, 401 if code < 102 else 400, "PUT", BASIC, who, body, headers)


def rich_set(code: int, body: str, headers: Mapping[str, str] = SET) -> Refused:
    return Refused(code, 400, "PUT", RICH, "anna", body, headers)


def registered(code: int, body: str, headers: Mapping[str, str] = ONE_HOUR, who: str = "app") -> Refused:
    return Refused(code, 400, "POST", ENDPOINTS, who, body, headers)


def subscribed(code: int, body: str, headers: Mapping[str, str] = ONE_HOUR, who: str = "anna") -> Refused:
    return Refused(code, 400, "POST", SUBSCRIPTIONS, who, body, headers)


def extended(code: int, body: str, headers: Mapping[str, str] | None = None, number: object = 1) -> Refused:
    return Refused(code, 400, "PUT", f"{SUBSCRIPTIONS}/{number}", "anna", body, headers or {})


def listing(inside: str) -> str:
    return subscription().replace('<contact contactURI="anna@dc1.example.com"/>', inside)


REFUSED: Sequence[Refused] = (
    Refused(100, 401, "GET", f"{BASIC}/contacts/anna@dc1.example.com", ""),
    Refused(100, 401, "POST", "/users/anna/sessions", ""),
    Refused(100, 401, "POST", ENDPOINTS, "", endpoint(), ONE_HOUR),
    Refused(101, 401, "GET", f"{BASIC}/contacts/anna@dc1.example.com", "wrong"),
    Refused(101, 401, "PUT", "/users/anna/session", "wrong"),
    Refused(101, 401, "DELETE", "/users/anna/session", "carla"),
    basic_set(101, "<presence>AWAY</presence>", who="carla"),
    basic_set(102, "<presence>AWAY"),
    basic_set(102, '<!DOCTYPE p [<!ENTITY a "AWAY">]><presence>&a;</presence>'),
    rich_set(102, "no XML at all"),
    basic_set(103, "<status>AWAY</status>"),
    Refused(103, 400, "POST", LOGIN, "", "<login/>"),
    registered(103, subscription()),
    subscribed(103, endpoint()),
    Refused(110, 400, "PUT", "/users/anna/presence/poor", "anna", "<presence>AWAY</presence>", SET),
    Refused(110, 400, "GET", "/users/anna/presence/poor/contacts/anna@dc1.example.com"),
    Refused(111, 400, "POST", LOGIN, "", "<session><password/></session>"),
    Refused(112, 400, "POST", LOGIN, "", "<session/>"),
    Refused(113, 404, "POST", "/users/nobody/sessions", "app"),
    Refused(113, 404, "PUT", "/users//session", "app"),
    Refused(114, 400, "POST", LOGIN, "", "<session><password>wrong</password></session>"),
    Refused(114, 400, "POST", "/users/anna/sessions", "", "<session><password>wrong</password></session>"),
    basic_set(115, "<presence/>"),
    basic_set(115, "<presence>UNKNOWN</presence>"),
    basic_set(115, "<presence>away</presence>"),
    rich_set(120, rich()),
    rich_set(120, rich("sleeping")),
    rich_set(120, rich("away", note="n" * 1025)),
    basic_set(121, "<presence>AVAILABLE</presence>"),
    basic_set(122, "<presence>DND</presence>", SET_DEVICE),
    Refused(123, 400, "PUT", f"{ENDPOINTS}/1", "app", endpoint(), ONE_HOUR),
    Refused(124, 400, "GET", f"{BASIC}/contacts/anna"),
    Refused(124, 400, "GET", f"{BASIC}/contacts/anna berg@dc1.example.com"),
    Refused(124, 400, "GET", f"{RICH}/contacts/anna%EF%BF%BE@dc1.example.com"),
    subscribed(124, subscription(["@dc1.example.com"])),
    extended(124, subscription(["x" * 400 + "@dc1.example.com"])),
    basic_set(125, "<presence>AWAY</presence>", ONE_HOUR),
    basic_set(125, "<presence>AWAY</presence>", ONE_HOUR | {"Presence-Override": "True"}),
    rich_set(125, rich("away"), ONE_HOUR | {"Presence-Override": "1"}),
    registered(130, endpoint("")),
    registered(130, "<endpoint/>"),
    registered(130, endpoint("ftp://127.0.0.1/")),
    registered(130, endpoint("http://127.0.0.1:99999/")),
    registered(130, endpoint(f"http://127.0.0.1/{'x' * 2100}")),
    registered(131, endpoint(), {}),
    registered(131, endpoint(), {"Presence-Expiry": "3599"}),
    registered(131, endpoint(), {"Presence-Expiry": "86401"}),
    registered(131, endpoint(), {"Presence-Expiry": "0"}),
    registered(131, endpoint(), {"Presence-Expiry": "one hour"}),
    registered(131, endpoint(more="<expiration>60</expiration>"), {}),
    Refused(131, 400, "PUT", f"{ENDPOINTS}/1", "app", "", {"Presence-Expiry": "-3600"}),
    basic_set(131, "<presence>AWAY</presence>", {"Presence-Override": "true"}),
    subscribed(131, subscription(), {"Presence-Expiry": "0"}),
    extended(131, "", {"Presence-Expiry": "0"}),
    extended(131, subscription(), {"Presence-Expiry": "3599"}),
    Refused(132, 400, "DELETE", f"{ENDPOINTS}/77", "app"),
    Refused(132, 400, "PUT", f"{ENDPOINTS}/one", "app", "", ONE_HOUR),
    subscribed(132, subscription(number=77)),
    subscribed(132, subscription(number="-1")),
    Refused(133, 400, "DELETE", f"{SUBSCRIPTIONS}/77"),
    Refused(133, 400, "GET", f"{BASIC}/subscriptions/77"),
    Refused(133, 400, "GET", f"{RICH}/subscriptions/one"),
    extended(133, "", ONE_HOUR, number=77),
    subscribed(134, subscription(kind="CALL_NOTIFICATION")),
    subscribed(134, "<subscription><contactsList/></subscription>"),
    subscribed(135, subscription([])),
    subscribed(135, subscription([f"user{number}@dc1.example.com" for number in range(5001)])),
    extended(135, subscription([])),
    extended(135, subscription([f"user{number}@dc1.example.com" for number in range(5000)])),
    Refused(136, 400, "DELETE", f"{ENDPOINTS}/2", "app"),
    Refused(136, 400, "PUT", f"{ENDPOINTS}/1", "other app", "", ONE_HOUR),
    subscribed(136, subscription(number=2)),
    Refused(137, 400, "DELETE", "/users/carla/subscriptions/1", "carla"),
    Refused(137, 400, "GET", "/users/carla/presence/basic/subscriptions/1", "carla"),
    basic_set(140, "<presence>AWAY</presence>", who="app"),
    subscribed(140, subscription(), who="app"),
    registered(141, endpoint(), who="anna"),
    Refused(141, 400, "DELETE", f"{ENDPOINTS}/1", "anna"),
    Refused(141, 400, "POST", "/users/carla/sessions", "anna"),
    registered(142, endpoint("http://127.0.0.1/my place")),
    subscribed(143, listing("<contact/>")),
    subscribed(143, listing('<contact contactURI=" "/>')),
    Refused(144, 400, "DELETE", f"{SUBSCRIPTIONS}/1", "anna", subscription(["bert@dc1.example.com"])),
    extended(145, ""),
    extended(145, subscription(None)),
    subscribed(146, subscription(None)),
    Refused(146, 400, "DELETE", f"{SUBSCRIPTIONS}/1", "anna", subscription(None)),
    subscribed(147, listing("<buddy/>")),
    subscribed(148, listing('<contact contactURI="anna@dc1.example.com" name="Anna"/>')),
    basic_set(150, ""),
    subscribed(150, " "),
    Refused(160, 409, "POST", "/users/anna/sessions", "other app"),
    rich_set(161, rich("away", device="my-device")),
    rich_set(162, rich("away", source="Somebody")),
    rich_set(162, rich("away", device="my-device", source=None), SET_DEVICE),
)


@pytest.fixture(scope="module")
def refusing(seeded_state: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """One for all that is refused, because that changes nothing.

    Anna has subscription 1 at endpoint 1; endpoint 2 is another application's.
    """
    scenario = scenario_file.read(generate(users=2))
    with states.environment(seeded_state, tmp_path_factory.mktemp("refusing"), scenario) as environment:
        found = Service(environment)
        found.log_in_applications()
        found.log_in("anna", "carla")
        found.register()
        found.register(who="other app")
        found.subscribe("anna@dc1.example.com")
        yield found


def contents(service: Service) -> list[list[tuple[object, ...]]]:
    tables = ("presence", "web_session", "web_endpoint", "web_subscription", "web_contact")
    return [[tuple(row) for row in service.environment.database.all(f"SELECT * FROM {table}")] for table in tables]


@pytest.mark.parametrize("refused", REFUSED, ids=str)
def test_each_error(refusing: Service, refused: Refused) -> None:
    before = contents(refusing)
    path = refused.path.replace("APPLICATION", refusing.application)
    answer = refusing.ask(refused.method, path, refused.body, refused.who, headers=dict(refused.headers))
    assert error(answer) == (refused.code, refused.status)
    assert contents(refusing) == before


def test_no_number_is_free(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    service.log_in("anna")
    service.register()
    service.subscribe("anna@dc1.example.com")
    monkeypatch.setattr(web_service, "MOST_ENDPOINTS", 1)
    monkeypatch.setattr(web_service, "MOST_SUBSCRIPTIONS", 1)
    assert error(service.ask("POST", ENDPOINTS, endpoint(), "app", headers=ONE_HOUR)) == (138, 400)
    assert error(service.ask("POST", SUBSCRIPTIONS, subscription(), "anna", headers=ONE_HOUR)) == (139, 400)


@pytest.mark.parametrize("code", range(200, 213))
def test_what_only_an_injected_fault_answers(refusing: Service, code: int) -> None:
    effect = Effect(EffectKind.ERROR, code=str(code))
    fault = Fault(1, effect, protocol="presence_web_service", operation="login", times=1)
    refusing.environment.faults.active.append(fault)
    answer = refusing.ask("POST", "/users/anna/sessions", who="app")
    assert error(answer) == (code, 503 if code > 209 else 500)


def test_the_table_is_whole() -> None:
    tested = {refused.code for refused in REFUSED} | {138, 139} | set(range(200, 213))
    assert tested == set(ERRORS)


def test_what_is_not_there(refusing: Service) -> None:
    service = refusing
    assert service.ask("GET", "/nothing").status == 404
    answer = service.ask("GET", "/endpoints")
    assert (answer.status, answer.headers["allow"]) == (405, "POST")
    chunked = service.ask("POST", "/users/anna/sessions", headers={"Transfer-Encoding": "chunked"})
    assert chunked.status == 411
    for kind, code in (
        ("text/xml", "{http://schemas.xmlsoap.org/soap/envelope/}Fault"),
        ("application/soap+xml; action=login", "{http://www.w3.org/2003/05/soap-envelope}Fault"),
    ):
        answer = service.ask("POST", "/soap", "<x/>", headers={"Content-Type": kind})
        assert answer.status == 500
        assert answer.root.find(f".//{code}") is not None
        assert answer.headers["content-type"].startswith(kind.partition(";")[0])
