# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Presence Web Service: who is logged in for how long, and what presence is set and shown."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from imp_emulator.domain.imp import presence, services, web_sessions
from imp_emulator.domain.imp.presence_rules import Manual, SignIn
from imp_emulator.domain.imp.services import Action
from imp_emulator.world.environment import Environment
from tests.support.presence_web_service import HOUR, Answer, Service, endpoint, error, rich, subscription
from tests.support.states import advance

PERSON = "{urn:cisco:params:xml:ns:pidf:rpid}"
PIDF = "{urn:ietf:params:xml:ns:pidf}"


@pytest.fixture
def service(emulated: Environment) -> Service:
    found = Service(emulated)
    found.log_in_applications()
    return found


BASIC, RICH = "/users/anna/presence/basic", "/users/anna/presence/rich"
ONE_HOUR = {"Presence-Expiry": HOUR}


def test_a_presence_engine_that_does_not_run_takes_no_presence(service: Service) -> None:
    service.log_in("anna")
    with service.environment.database.transaction():
        services.control(service.environment.context, "dc1", "imp-pub", Action.STOP, "Cisco Presence Engine")
    assert error(service.set("anna", "<presence>AWAY</presence>")) == (120, 400)


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
    assert error(service.ask("POST", "/endpoints", endpoint(), "app", headers=ONE_HOUR)) == (101, 401)
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
    servers = ["imp-sub.dc1.example.com", "imp-pub.dc1.example.com"]
    assert [redirect.get("primaryServer"), redirect.get("backupServer")] == servers
    followed = service.ask(method, f"/users/bert/{path}", who="app", node="imp-sub")
    assert followed.status == 201
    service.keys["bert"] = str(followed.text("sessionKey"))
    away = service.ask("DELETE", "/users/bert/session", who="bert")
    assert error(away) == (101, 401), "an end user's session counts at its node only"


@pytest.mark.parametrize("userid", ["a/b c?#;", "50%41 off", "日本", "a+b\n"])
def test_a_user_whose_name_means_something_in_urls(service: Service, userid: str) -> None:
    """A location leads to where the request was for; a decoded one would lead elsewhere, or not be a header at all."""
    with service.environment.database.transaction():
        service.environment.database.execute("UPDATE end_user SET userid = ? WHERE userid = 'bert'", (userid,))
    path = f"/users/{quote(userid, safe='')}"
    away = service.ask("POST", f"{path}/sessions", who="app").headers["location"]
    assert away == f"https://imp-sub.dc1.example.com:8083/presence-service{path}/sessions"
    service.keys["bert"] = str(service.ask("POST", f"{path}/sessions", who="app", node="imp-sub").text("sessionKey"))
    place = service.ask("POST", "/endpoints", endpoint(), "app", "imp-sub", headers=ONE_HOUR)
    assert place.status == 201, place.body
    made = service.ask("POST", f"{path}/subscriptions", subscription(), "bert", "imp-sub", headers=ONE_HOUR)
    assert made.headers["location"].endswith(f"{path}/subscriptions/1")


def test_letter_case_counts_beyond_a_to_z(service: Service) -> None:
    """As in the state file: these are two users, and the session of one is not the other's."""
    execute = service.environment.database.execute
    with service.environment.database.transaction():
        execute("UPDATE end_user SET userid = 'éric' WHERE userid = 'anna'")
        execute("UPDATE end_user SET userid = 'ÉRIC' WHERE userid = 'carla'")
    service.log_in("éric")
    assert error(service.ask("DELETE", "/users/ÉRIC/session", who="éric")) == (101, 401)
    service.register()
    contacts = ("éric@dc1.example.com", "ÉRIC@dc1.example.com")
    service.subscribe(*contacts, who="éric")
    out = service.ask("DELETE", "/users/éric/subscriptions/1", subscription(contacts[1:]), "éric")
    assert out.status == 200, out.body
    assert list(service.changes(who="éric")) == ["éric@dc1.example.com"]


def test_a_client_that_knows_the_names_of_nodes_gets_one(service: Service) -> None:
    service.environment.network[("198.18.1.13", 8083)] = ("127.0.0.1", 40083)
    for host in ("imp-pub.dc1.example.com:8083", "198.18.1.12:8083"):
        answer = service.ask("PUT", "/users/bert/session", who="app", headers={"Host": host})
        assert answer.headers["location"] == "https://imp-sub.dc1.example.com:8083/presence-service/users/bert/session"


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
