# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Presence Web Service: every error it has, who is logged in for how long, and what presence is set and shown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from imp_emulator.domain.imp import presence, services, web_service, web_sessions
from imp_emulator.domain.imp.presence_rules import Manual, SignIn
from imp_emulator.domain.imp.services import Action
from imp_emulator.scenario import file as scenario_file
from imp_emulator.scenario.writer import generate
from imp_emulator.wire.presence_web_service.errors import ERRORS
from imp_emulator.world.environment import Environment
from imp_emulator.world.faults import Effect, EffectKind, Fault
from tests.support import states
from tests.support.presence_web_service import HOUR, Answer, Service, endpoint, rich, subscription
from tests.support.states import advance

PERSON = "{urn:cisco:params:xml:ns:pidf:rpid}"
PIDF = "{urn:ietf:params:xml:ns:pidf}"


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


def error(answer: Answer) -> tuple[int, int]:
    """Return code and status of a refusal, which always has words."""
    assert answer.root.tag == "error"
    assert answer.text("message")
    return int(answer.text("code") or 0), answer.status


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


def test_a_presence_engine_that_does_not_run_takes_no_presence(service: Service) -> None:
    service.log_in("anna")
    with service.environment.database.transaction():
        services.control(service.environment.context, "dc1", "imp-pub", Action.STOP, "Cisco Presence Engine")
    assert error(service.set("anna", "<presence>AWAY</presence>")) == (120, 400)


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


def login(service: Service, method: str, user: str, who: str, node: str = "imp-pub") -> str | None:
    path = f"/users/{user}/session" + ("s" if method == "POST" else "")
    answer = service.ask(method, path, who=who, node=node)
    assert answer.status == 201, answer.body
    return answer.text("sessionKey")


def log_in_again(service: Service, method: str) -> Answer:
    path = f"/users/{service.application}/session" + ("s" if method == "POST" else "")
    return service.ask(method, path, f"<session><password>{service.password}</password></session>")


def test_a_login_is_repeated_or_forced(service: Service) -> None:
    first = login(service, "POST", "anna", "app")
    assert login(service, "POST", "ANNA", "app") == first
    forced = login(service, "PUT", "anna", "app")
    assert forced != first
    assert login(service, "POST", "anna", "app") == forced
    service.keys |= {"old": str(first), "anna": str(forced)}
    assert error(service.ask("DELETE", "/users/anna/session", who="old")) == (101, 401)
    assert login(service, "PUT", "anna", "other app") != forced
    assert error(service.ask("DELETE", "/users/anna/session", who="anna")) == (101, 401)


def test_an_application_logs_in_again(service: Service) -> None:
    service.log_in("anna")
    again = log_in_again(service, "POST")
    assert again.text("sessionKey") == service.keys["app"]
    assert again.text("backupServer") == "198.18.1.13"
    assert service.basic("anna@dc1.example.com") == "AVAILABLE"
    assert log_in_again(service, "PUT").text("sessionKey") != service.keys["app"]
    gone = service.ask("GET", f"{BASIC}/contacts/anna@dc1.example.com", who="anna")
    assert error(gone) == (101, 401)


def test_an_account_without_the_role_is_not_let_in(service: Service) -> None:
    body = f"<session><password>{service.roleless.password}</password></session>"
    assert error(service.ask("POST", f"/users/{service.roleless.username}/sessions", body)) == (114, 400)


def test_a_logout_of_an_application_is_that_of_its_end_users(service: Service) -> None:
    service.log_in("anna")
    service.log_in("carla", by="other app")
    service.register()
    service.subscribe("anna@dc1.example.com")
    out = service.ask("DELETE", f"/users/{service.application}/session", who="app")
    assert (out.status, out.body) == (200, b"")
    assert error(service.ask("GET", f"{BASIC}/subscriptions/1", who="anna")) == (101, 401)
    assert service.basic("anna@dc1.example.com", who="carla") == "AVAILABLE"
    log_in_again(service, "POST")
    service.log_in_applications()
    service.log_in("anna")
    assert error(service.ask("GET", f"{BASIC}/subscriptions/1", who="anna")) == (133, 400)
    assert service.register() == 1


def test_sessions_end_with_their_time(service: Service) -> None:
    service.log_in("anna")
    advance(service.environment, web_sessions.SECONDS - 1)
    log_in_again(service, "POST")
    assert service.basic("anna@dc1.example.com") == "AVAILABLE"
    advance(service.environment, 2)
    late = service.ask("GET", f"{BASIC}/contacts/anna@dc1.example.com", who="anna")
    assert error(late) == (101, 401)
    service.log_in("anna")
    advance(service.environment, web_sessions.SECONDS - 1)
    assert error(service.ask("POST", ENDPOINTS, endpoint(), "app", headers=ONE_HOUR)) == (101, 401)
    assert error(service.ask("DELETE", "/users/anna/session", who="anna")) == (101, 401), "its application's is over"


def restart_sip_proxy(service: Service, node: str, action: Action = Action.RESTART) -> None:
    with service.environment.database.transaction():
        services.control(service.environment.context, "dc1", node, action, "Cisco SIP Proxy")


def test_a_restart_of_sip_proxy_forgets_everything_of_its_node(service: Service) -> None:
    service.log_in("anna")
    service.log_in("bert", node="imp-sub")
    restart_sip_proxy(service, "imp-sub")
    assert error(service.ask("DELETE", "/users/bert/session", who="bert", node="imp-sub")) == (101, 401)
    assert service.basic("anna@dc1.example.com") == "AVAILABLE"
    restart_sip_proxy(service, "imp-pub")
    assert error(service.ask("DELETE", "/users/anna/session", who="anna")) == (101, 401)


def test_a_process_that_begins_forgets_what_a_stopped_sip_proxy_had(service: Service) -> None:
    """The process was killed between the stop and what follows from it."""
    service.log_in("anna")
    service.environment.database.execute(
        "UPDATE service SET started_at = NULL, running = 0 WHERE node = 'imp-pub' AND name = 'Cisco SIP Proxy'"
    )
    web_sessions.begin(service.environment.context)
    assert service.environment.database.all("SELECT 1 FROM web_session") == []


def test_a_user_who_is_disabled_is_logged_out(service: Service) -> None:
    service.log_in("anna", "carla")
    service.disable("anna")
    rows = service.environment.database.all("SELECT 1 FROM web_session WHERE pkid IS NOT NULL")
    assert len(rows) == 1
    assert error(service.ask("POST", "/users/anna/sessions", who="app")) == (113, 404)


@pytest.mark.parametrize(("method", "path"), [("PUT", "session"), ("POST", "sessions")])
@pytest.mark.parametrize(("port", "url"), [(8083, "https://127.0.0.1:40083"), (8082, "http://127.0.0.1:40082")])
def test_the_wrong_node_names_the_right_one(service: Service, method: str, path: str, port: int, url: str) -> None:
    listeners = {("198.18.1.13", 8083): ("127.0.0.1", 40083), ("198.18.1.13", 8082): ("127.0.0.1", 40082)}
    service.environment.network.update(listeners)
    answer = service.ask(method, f"/users/bert/{path}", who="app", port=port)
    assert (answer.status, answer.headers["location"]) == (307, f"{url}/presence-service/users/bert/{path}")
    redirect = answer.root.find("redirect")
    assert redirect is not None
    assert redirect.attrib == {
        "primaryServer": "imp-sub.dc1.example.com",
        "backupServer": "imp-pub.dc1.example.com",
    }
    followed = service.ask(method, f"/users/bert/{path}", who="app", node="imp-sub")
    assert followed.status == 201
    service.keys["bert"] = str(followed.text("sessionKey"))
    away = service.ask("DELETE", "/users/bert/session", who="bert")
    assert error(away) == (101, 401), "an end user's session counts at its node only"


def test_another_node_takes_the_users_of_one_that_is_down(service: Service) -> None:
    restart_sip_proxy(service, "imp-sub", Action.STOP)
    service.log_in("bert")
    assert service.basic("bert@dc1.example.com", who="bert") == "AVAILABLE"


@pytest.mark.parametrize("word", ["BUSY", "AWAY", "VACATION", "UNAVAILABLE", "DND"])
def test_basic_presence_with_override(service: Service, word: str) -> None:
    service.log_in("anna")
    answer = service.set("anna", f'<?xml version="1.0"?>\n<presence>{word}</presence>')
    assert (answer.status, answer.body) == (200, b"")
    until = service.environment.clock.timestamp() + 3600
    shown = presence.of_user(service.environment.context, "dc1", "anna")
    assert shown.manual == Manual(word, override=True, until=until)
    expected = {"BUSY": "AWAY", "VACATION": "AWAY"}.get(word, word)
    assert service.basic("anna@dc1.example.com") == expected
    advance(service.environment, 3601)
    assert service.basic("anna@dc1.example.com") == "AVAILABLE", "it has expired"


@pytest.mark.parametrize(
    ("document", "override", "manual", "shown"),
    [
        (rich("away", source="Human"), True, ("AWAY", "away", ""), "AWAY"),
        (rich("dnd", source="Human", note="Custom DND"), True, ("DND", "dnd", "Custom DND"), "DND"),
        (rich("available", source="Human"), True, ("AVAILABLE", "available", ""), "AVAILABLE"),
        (rich("away", device="pws-persistent"), True, ("AWAY", "away", ""), "AWAY"),
        (rich("busy", "meeting"), True, ("BUSY", "meeting", ""), "BUSY"),
        (rich("busy", "on-the-phone"), True, ("BUSY", "on-the-phone", ""), "BUSY"),
        (rich("unavailable"), True, ("UNAVAILABLE", "unavailable", ""), "UNAVAILABLE"),
        (rich("dnd", device="my-device"), False, ("DND", "dnd", ""), None),
        (rich("busy", device="my-device"), False, ("BUSY", "busy", ""), None),
    ],
)
def test_rich_presence(
    service: Service, document: str, override: bool, manual: tuple[str, str, str], shown: str | None
) -> None:
    """Cisco's examples; what one device among others means for the user is a matter of the state rules."""
    service.log_in("anna")
    answer = service.set("anna", document, "rich", str(override).lower())
    assert answer.status == 200, answer.body
    until = service.environment.clock.timestamp() + 3600
    word, activity, note = manual
    found = presence.of_user(service.environment.context, "dc1", "anna")
    assert found.manual == Manual(word, override, until, activity, note)
    if shown:
        assert service.basic("anna@dc1.example.com") == shown
    cleared = service.set("anna", rich("clear", device="pws_override"), "rich", "false")
    assert cleared.status == 200, cleared.body
    assert presence.of_user(service.environment.context, "dc1", "anna").manual is None
    assert service.basic("anna@dc1.example.com") == "AVAILABLE"


def test_contacts_are_found_by_their_addresses(service: Service) -> None:
    context = service.environment.context
    service.log_in("anna")
    with service.environment.database.transaction():
        presence.sign_in(context, "dc1", "bert", SignIn.AWAY)
        service.environment.database.execute("UPDATE end_user SET directory_uri = 'b@d.example' WHERE userid = 'bert'")
    for address in ("bert@dc1.example.com", "BERT@DC1.example.com", "sip:bert@dc1.example.com", "Bert@Example.com"):
        assert service.basic(address) == "AWAY", address
    assert service.basic("b@d.example") == "AWAY"
    for stranger in ("nobody@dc1.example.com", "bert@elsewhere.example"):
        assert service.basic(stranger) == "UNKNOWN", stranger
    service.disable("bert")
    assert service.basic("bert@dc1.example.com") == "UNKNOWN"


def rich_of(service: Service, contact: str) -> Answer:
    answer = service.ask("GET", f"{RICH}/contacts/{contact}", who="anna", headers={"Accept": "application/xml"})
    assert answer.headers["content-type"] == "application/xml;charset=UTF-8"
    return answer


def test_rich_presence_is_a_document(service: Service) -> None:
    service.log_in("anna")
    service.set("anna", rich("busy", "meeting", note="Until four"), "rich")
    with service.environment.database.transaction():
        presence.set_phone(service.environment.context, "dc1", "anna", True)
    root = rich_of(service, "anna@example.com").root
    assert (root.tag, root.get("entity")) == (f"{PIDF}presence", "sip:anna@example.com")
    activities = root.find(f"{PERSON}person/{PERSON}activities")
    assert activities is not None
    assert [element.tag.removeprefix(PERSON) for element in activities] == [
        "busy",
        "meeting",
        "phone-status",
        "im-status",
    ]
    assert [element.text for element in activities][2:] == ["busy", "available"]
    assert root.findtext("{urn:ietf:params:xml:ns:pidf:cipid}display-name") == "Anna Berg"
    device = root.find(f"{PIDF}tuple")
    assert device is not None
    assert device.get("id") == "pws-override"
    assert device.findtext(f"{PIDF}note") == "Until four"
    assert device.findtext(f"{PIDF}status/{PIDF}basic") == "open"
    assert device.findtext("{urn:ietf:params:xml:ns:pidf:servcaps}servcaps/{*}text") == "true"


def test_rich_presence_of_nobody_and_of_somebody_offline(service: Service) -> None:
    service.log_in("anna")
    with service.environment.database.transaction():
        presence.sign_in(service.environment.context, "dc1", "bert", SignIn.OFFLINE)
    for contact, activity in (("bert@dc1.example.com", "unavailable"), ("nobody@dc1.example.com", "unknown")):
        root = rich_of(service, contact).root
        assert root.find(f"{PERSON}person/{PERSON}activities/{PERSON}{activity}") is not None
        assert root.findtext(f"{PIDF}tuple/{PIDF}status/{PIDF}basic") == "closed"


def test_the_journal_says_who_called_and_holds_no_key(service: Service) -> None:
    service.log_in("anna")
    service.basic("anna@dc1.example.com")
    entries = service.environment.journal.entries({})[0]
    assert [(entry.operation, entry.caller, entry.status) for entry in entries] == [
        ("login", service.application, 201),
        ("login", "second", 201),
        ("login", service.application, 201),
        ("getBasicPresence", "anna", 200),
    ]
