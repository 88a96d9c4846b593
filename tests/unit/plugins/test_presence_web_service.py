# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The client of the Presence Web Service against a scripted server: its requests, sessions, errors, odd answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from ansible_collections.ucops.imp.plugins.module_utils._clients.presence_errors import BUSY, ERRORS, error_number
from ansible_collections.ucops.imp.plugins.module_utils._clients.presence_web_service import (
    LARGEST_DOCUMENT,
    NewPresence,
    PresenceWebService,
    Shown,
    WrongNode,
)
from ansible_collections.ucops.imp.plugins.module_utils._core.backoff import Backoff
from ansible_collections.ucops.imp.plugins.module_utils._core.errors import (
    AnswerLost,
    ApiError,
    Busy,
    ConnectionFailed,
    Forbidden,
    ImpError,
    InvalidInput,
    Unauthorized,
    UnexpectedAnswer,
)
from ansible_collections.ucops.imp.plugins.module_utils._core.options import Connection
from ansible_collections.ucops.imp.plugins.module_utils._http.transport import Transport
from ansible_collections.ucops.imp.plugins.module_utils._product.endpoints import PWS

from tests.support.https_server import Reply, ScriptedServer
from tests.support.scripted_pws import (
    APP_KEY,
    DONE,
    LOGINS,
    LOGOUTS,
    SECRETS,
    USER_KEY,
    error,
    redirect,
    rich,
    session,
    told,
)

PASSWORD = "canary-pws-password-c7"
ADDRESS = "ada@example.com"
IMP2 = "imp2.example.com"
DND = NewPresence("DND", "dnd", True, 3600)
LOGIN = ["POST users/app/sessions", "POST users/ada/sessions"]
LOGOUT = ["DELETE users/ada/session", "DELETE users/app/session"]
PUBLISHED = {
    *(100, 101, 102, 103),
    *range(110, 116),
    *range(120, 126),
    *range(130, 149),
    *(150, 160, 161, 162),
    *range(200, 213),
}
"""The numbers of the cookbook's appendix."""

Make = Callable[..., PresenceWebService]


@pytest.fixture(name="server")
def server_fixture(served: tuple[ScriptedServer, Path]) -> ScriptedServer:
    served[0].script.clear()
    served[0].seen.clear()
    return served[0]


@pytest.fixture(name="pauses")
def pauses_fixture() -> list[float]:
    return []


@pytest.fixture(name="hidden")
def hidden_fixture() -> list[str]:
    return []


@pytest.fixture(name="service")
def service_fixture(
    served: tuple[ScriptedServer, Path], server: ScriptedServer, pauses: list[float], hidden: list[str]
) -> Iterator[PresenceWebService]:
    connection = Connection(PWS, "127.0.0.1", server.port, "app", PASSWORD, ca_path=str(served[1]), retries=2)
    with Transport(connection, backoff=Backoff(sleep=pauses.append)) as transport:
        yield PresenceWebService(transport, hidden.append)


def shape(document: bytes) -> list[Any]:
    """Return a document as nested lists of names, attributes and texts."""

    def inside(element: ElementTree.Element) -> list[Any]:
        content: list[Any] = [inside(child) for child in element] or [element.text]
        return [element.tag, *([element.attrib] if element.attrib else []), *content]

    return inside(ElementTree.fromstring(document))


def failing(call: Callable[[], object]) -> ImpError:
    """Return the failure of a call, which tells no secret."""
    with pytest.raises(ImpError) as caught:
        call()
    for secret in (*SECRETS, PASSWORD):
        assert secret not in f"{caught.value.message} {caught.value.details} {caught.value!r}"
    return caught.value


def test_a_login_and_what_follows(server: ScriptedServer, service: PresenceWebService, hidden: list[str]) -> None:
    server.script += [*LOGINS, DONE, rich("dnd", "pws-override"), DONE, *LOGOUTS]
    with service:
        service.set_presence("ada", ADDRESS, DND)
        assert service.shown("ada", ADDRESS) == Shown("dnd", True, "")
        service.release("ada", ADDRESS, 3600)

    expected = [
        *LOGIN,
        "PUT users/ada/presence/basic",
        "GET users/ada/presence/rich/contacts/ada@example.com",
        "PUT users/ada/presence/rich",
        *LOGOUT,
    ]
    assert told(server.seen) == expected
    keys = [one.headers.get("Presence-Session-Key") for one in server.seen]
    assert keys == [None, APP_KEY, USER_KEY, USER_KEY, USER_KEY, USER_KEY, APP_KEY]
    assert shape(server.seen[0].body) == ["session", ["password", PASSWORD]]
    assert (server.seen[1].body, server.seen[1].headers["Content-Length"]) == (b"", "0")
    assert shape(server.seen[2].body) == ["presence", "DND"]
    for one in server.seen:
        # The service cannot read chunks, and takes no other login.
        assert not {"Transfer-Encoding", "Authorization", "Cookie"} & one.headers.keys()
        assert one.headers.get("Content-Type", "") == ("application/xml" if one.body else "")
    assert hidden == [APP_KEY, USER_KEY]


@pytest.mark.parametrize(
    ("new", "kind", "override", "body"),
    [
        (DND, "basic", "true", ["presence", "DND"]),
        (NewPresence("AVAILABLE", "available", False, 86400), "basic", "false", ["presence", "AVAILABLE"]),
        (NewPresence("AVAILABLE", "available", True, 3600), "rich", "true", ["available", "pws-override", None]),
        (NewPresence("DND", "dnd", True, 7200, "a < b\r&"), "rich", "true", ["dnd", "pws-override", "a < b\r&"]),
        (NewPresence("BUSY", "busy", False, 3600, "ünd"), "rich", "false", ["busy", "cisco-pws", "ünd"]),
    ],
    ids=["dnd", "available", "available-override", "note", "device"],
)
def test_how_a_presence_is_set(
    server: ScriptedServer, service: PresenceWebService, new: NewPresence, kind: str, override: str, body: list[Any]
) -> None:
    server.script += [*LOGINS, DONE]
    service.set_presence("ada", ADDRESS, new)
    seen = server.seen[-1]
    assert told([seen]) == [f"PUT users/ada/presence/{kind}"]
    assert seen.headers["Presence-Override"] == override
    assert seen.headers["Presence-Expiry"] == str(new.expires)
    assert shape(seen.body) == (body if kind == "basic" else document(*body))


def document(activity: str, source: str, note: str | None) -> list[Any]:
    """Return the shape of a presence document as Cisco's own requests have it."""
    person = ["person", {"id": "ada"}, ["activities", [activity, None]], ["class", "manual"]]
    device = [
        "tuple",
        {"id": source},
        ["{urn:cisco:params:xml:ns:pidf:source}source", "Presence Web Service"],
        ["servcaps", ["text", "true"]],
        ["status", ["basic", "open"]],
    ]
    return ["presence", {"entity": "sip:ada@example.com"}, [*person, *([["note", note]] if note else [])], device]


def test_a_release_is_that_of_ciscos_own_requests(server: ScriptedServer, service: PresenceWebService) -> None:
    server.script += [*LOGINS, DONE]
    service.release("ada", ADDRESS, 3600)
    assert server.seen[-1].headers["Presence-Override"] == "false"
    assert shape(server.seen[-1].body) == document("clear", "pws_override", None)
    assert b'<source xmlns="urn:cisco:params:xml:ns:pidf:source">' in server.seen[-1].body


def test_names_are_encoded_in_addresses(server: ScriptedServer, service: PresenceWebService) -> None:
    server.script += [*LOGINS, rich("away")]
    service.shown("a/b?c ü", "a/b?c@example.com")
    assert told(server.seen[1:]) == [
        "POST users/a%2Fb%3Fc%20%C3%BC/sessions",
        "GET users/a%2Fb%3Fc%20%C3%BC/presence/rich/contacts/a%2Fb%3Fc@example.com",
    ]


@pytest.mark.parametrize(
    ("answer", "shown"),
    [
        (rich("available", "jabber"), Shown("available", None, "")),
        (rich("dnd", "jabber", "pws-override", note=" now "), Shown("dnd", True, "now")),
        (rich("away", "pws-persistent", "cisco-pws"), Shown("away", True, "")),
        (rich("busy", "cisco-pws", note="x"), Shown("busy", False, "x")),
        (rich("strange"), Shown("", None, "")),
        (Reply(200, b"<list><presence><person><note>n</note></person><tuple id='cisco-pws'/></presence></list>"), None),
    ],
    ids=["signed-in", "override", "persistent", "device", "strange", "in-a-list"],
)
def test_a_presence_is_read(
    server: ScriptedServer, service: PresenceWebService, answer: Reply, shown: Shown | None
) -> None:
    server.script += [*LOGINS, answer]
    assert service.shown("ada", ADDRESS) == (shown or Shown("", False, "n"))


def test_a_user_of_another_application_is_taken_over(server: ScriptedServer, service: PresenceWebService) -> None:
    server.script += [LOGINS[0], error(160, 409), session(USER_KEY), DONE]
    service.set_presence("ada", ADDRESS, DND)
    assert told(server.seen) == [*LOGIN, "PUT users/ada/session", "PUT users/ada/presence/basic"]
    assert [one.headers.get("Presence-Session-Key") for one in server.seen[2:]] == [APP_KEY, USER_KEY]


def test_sessions_that_have_ended_are_made_anew(server: ScriptedServer, service: PresenceWebService) -> None:
    ended, new_app, new_user = error(101, 401), session("app-2"), session("user-2")
    server.script += [*LOGINS, ended, ended, new_app, new_user, DONE]
    service.set_presence("ada", ADDRESS, DND)
    put = "PUT users/ada/presence/basic"
    assert told(server.seen) == [*LOGIN, put, LOGIN[1], *LOGIN, put]
    assert server.seen[-1].headers["Presence-Session-Key"] == "user-2"

    server.script += [ended, new_user, ended]
    assert failing(lambda: service.set_presence("ada", ADDRESS, DND)).code == "101"
    assert server.script == []


def test_a_refused_login_is_asked_once(server: ScriptedServer, service: PresenceWebService) -> None:
    server.script += [error(114)]
    for _time in range(2):
        refusal = failing(lambda: service.set_presence("ada", ADDRESS, DND))
        assert isinstance(refusal, Unauthorized)
        assert "does not let app log in" in refusal.message
        assert "Admin-3rd Party API" in refusal.message
    assert told(server.seen) == LOGIN[:1]


@pytest.mark.parametrize(
    ("answer", "kind", "said"),
    [
        (error(141), ApiError, "application user"),
        (Reply(401, b"<html/>"), Unauthorized, "does not let app log in"),
        (Reply(403), Forbidden, "Admin-3rd Party API"),
        (Reply(404, b"<html>Not <br>Found"), UnexpectedAnswer, "not as the Presence Web Service does"),
        (Reply(301, b"", {"Location": "https://elsewhere.example.com/"}), UnexpectedAnswer, "Check host and port"),
        (Reply(200, b"<session/>"), UnexpectedAnswer, "told no session key"),
        (session("a\x7fb"), UnexpectedAnswer, "told no session key"),
        (session("a&#13;&#10;Presence-Override: true"), UnexpectedAnswer, "told no session key"),
        (session("k" * 2000), UnexpectedAnswer, "told no session key"),
        (Reply(200, b"welcome"), UnexpectedAnswer, "something else than the XML"),
        (Reply(200, b'<!DOCTYPE s [<!ENTITY a "aaa">]><session>&a;</session>'), UnexpectedAnswer, "something else"),
        (session("key-1" + " " * LARGEST_DOCUMENT), UnexpectedAnswer, "something else than the XML"),
    ],
    ids=[
        "end-user",
        "401",
        "403",
        "404",
        "301",
        "no-key",
        "control",
        "injection",
        "long-key",
        "text",
        "entities",
        "large",
    ],
)
def test_logins_that_fail(
    server: ScriptedServer, service: PresenceWebService, answer: Reply, kind: type[ImpError], said: str
) -> None:
    server.script += [answer]
    failure = failing(service.log_in)
    assert isinstance(failure, kind)
    assert said in failure.message
    assert len(server.seen) == 1


def test_a_password_that_xml_cannot_carry(served: tuple[ScriptedServer, Path], server: ScriptedServer) -> None:
    connection = Connection(PWS, "127.0.0.1", server.port, "app", f"{PASSWORD}\uffff", ca_path=str(served[1]))
    with Transport(connection) as transport:
        assert isinstance(failing(PresenceWebService(transport, print).log_in), InvalidInput)
    assert server.seen == []


def test_a_service_that_does_not_run(served: tuple[ScriptedServer, Path]) -> None:
    connection = Connection(PWS, "127.0.0.1", 1, "app", PASSWORD, ca_path=str(served[1]), retries=0)
    with Transport(connection) as transport:
        failure = failing(PresenceWebService(transport, print).log_in)
    assert isinstance(failure, ConnectionFailed)
    assert "Cisco SIP Proxy" in failure.message


def test_the_table_of_errors_is_complete() -> None:
    assert ERRORS.keys() == PUBLISHED
    assert all(text.endswith(".") and "_" not in text.replace("expires_minutes", "") for text in ERRORS.values())


@pytest.mark.parametrize("number", [number for number in sorted(ERRORS) if number not in (100, 101, 160, *BUSY)])
def test_every_error_is_a_sentence_with_what_to_do(
    server: ScriptedServer, service: PresenceWebService, number: int
) -> None:
    """What the server writes beside the number is not shown: here it repeats the keys."""
    status = 404 if number == 113 else 500 if number >= 200 else 400
    server.script += [*LOGINS, error(number, status, f"{APP_KEY} {USER_KEY} {PASSWORD}")]
    failure = failing(lambda: service.set_presence("ada", ADDRESS, DND))
    assert failure.code == str(number)
    assert ERRORS[number] in failure.message
    assert failure.message.endswith(f"(error {number})")


@pytest.mark.parametrize(
    ("body", "number"),
    [
        (b"<error><code>121</code><text>210 apples</text></error>", 121),
        (b'<error errorCode="122"/>', 122),
        (b'<e:error xmlns:e="urn:x"><e:errorCode> 124 </e:errorCode></e:error>', 124),
        (b"<error>Error 131: the expiry is wrong, 86400 at most</error>", 131),
        (b"<error><code>999</code></error>", 999),
        (b"<error>Nothing known: 404</error>", None),
        (b"<error>1213</error>", None),
        (b"<html>121", None),
        (b'<!DOCTYPE e [<!ENTITY a "121">]><error>&a;</error>', None),
        (b"", None),
    ],
)
def test_numbers_of_errors_are_found(body: bytes, number: int | None) -> None:
    assert error_number(body) == number


def test_an_unknown_error_keeps_its_number(server: ScriptedServer, service: PresenceWebService) -> None:
    server.script += [*LOGINS, error(999)]
    failure = failing(lambda: service.set_presence("ada", ADDRESS, DND))
    assert (failure.code, "does not know this error" in failure.message) == ("999", True)


@pytest.mark.parametrize("status", [503, 500, 400])
@pytest.mark.parametrize("number", [210, 211, 212])
def test_a_busy_node_is_waited_for(
    server: ScriptedServer, service: PresenceWebService, pauses: list[float], number: int, status: int
) -> None:
    busy = Reply(status, error(number, status, f"{APP_KEY} {PASSWORD}").body, {"Retry-After": "7"})
    server.script += [*LOGINS, busy, busy, DONE]
    service.set_presence("ada", ADDRESS, DND)
    assert pauses == [7.0, 7.0]

    server.script += [busy, busy, busy]
    failure = failing(lambda: service.set_presence("ada", ADDRESS, DND))
    assert isinstance(failure, Busy)
    assert f"error {number}: The node " in failure.message
    assert server.script == []


def test_a_change_is_not_sent_blindly_again(server: ScriptedServer, service: PresenceWebService) -> None:
    lost = Reply(hang_up=True)
    server.script += [lost, LOGINS[0], lost, LOGINS[1], lost]
    assert isinstance(failing(lambda: service.set_presence("ada", ADDRESS, DND)), AnswerLost)
    # Logins are asked again, they change nothing.
    assert told(server.seen) == [LOGIN[0], *LOGIN, LOGIN[1], "PUT users/ada/presence/basic"]


@pytest.mark.parametrize(
    ("answer", "hosts"),
    [
        (redirect("https://imp2.example.com:8083/presence-service/users/ada/session", "imp2"), ("imp2", IMP2)),
        (redirect("https://[2001:db8::2]:8083/presence-service/users/ada/session"), ("2001:db8::2",)),
        (redirect("https://admin:word@imp2.example.com/", IMP2), (IMP2,)),
        (redirect(None, IMP2), (IMP2,)),
        (redirect("/presence-service/users/ada/session", "imp3"), ("imp3",)),
        (redirect("https://[", "imp3"), ("imp3",)),
        (Reply(307, b"moved", {"Location": f"https://{IMP2}/"}), (IMP2,)),
    ],
    ids=["both", "ipv6", "with-user", "primary", "path", "broken", "no-document"],
)
def test_a_user_of_another_node(
    server: ScriptedServer, service: PresenceWebService, answer: Reply, hosts: tuple[str, ...]
) -> None:
    server.script += [LOGINS[0], answer]
    failure = failing(lambda: service.shown("ada", ADDRESS))
    assert isinstance(failure, WrongNode)
    assert (failure.hosts, failure.code) == (hosts, "wrong-node")
    assert told(server.seen) == LOGIN


@pytest.mark.parametrize("answer", [redirect(None), redirect(None, "a b"), Reply(307, b"<session/>"), Reply(307)])
def test_a_redirect_that_leads_nowhere(server: ScriptedServer, service: PresenceWebService, answer: Reply) -> None:
    server.script += [LOGINS[0], answer]
    assert isinstance(failing(lambda: service.shown("ada", ADDRESS)), UnexpectedAnswer)


def test_a_user_whose_presence_nobody_tells(server: ScriptedServer, service: PresenceWebService) -> None:
    server.script += [*LOGINS, Reply(200, b"<presence><tuple/></presence>")]
    assert "does not tell the presence of ada" in failing(lambda: service.shown("ada", ADDRESS)).message


def test_an_address_that_nobody_has(server: ScriptedServer, service: PresenceWebService) -> None:
    server.script += [*LOGINS, rich("unknown", "cisco-upc")]
    failure = failing(lambda: service.shown("ada", "ada@other.example.com"))
    assert failure.code == "unknown-address"
    assert "nobody with the IM address ada@other.example.com. Look at domain" in failure.message


@pytest.mark.parametrize("answers", [[DONE, DONE], [error(200, 500), DONE], [error(101, 401), error(101, 401)]])
def test_everybody_is_logged_out_whatever_has_happened(
    server: ScriptedServer, service: PresenceWebService, answers: list[Reply]
) -> None:
    server.script += [*LOGINS, error(120), *answers]
    with pytest.raises(ApiError), service:
        service.set_presence("ada", ADDRESS, DND)
    assert told(server.seen)[3:] == LOGOUT
    assert [one.headers["Presence-Session-Key"] for one in server.seen[3:]] == [USER_KEY, APP_KEY]


def test_a_session_that_has_ended_keeps_no_other_open(server: ScriptedServer, service: PresenceWebService) -> None:
    server.script += [*LOGINS, DONE, session("bob-key"), DONE, error(101, 401), DONE, DONE]
    with service:
        service.set_presence("ada", ADDRESS, DND)
        service.set_presence("bob", "bob@example.com", DND)
    assert told(server.seen)[-3:] == [LOGOUT[0], "DELETE users/bob/session", LOGOUT[1]]


def test_who_has_not_logged_in_is_not_logged_out(server: ScriptedServer, service: PresenceWebService) -> None:
    with service:
        pass
    assert server.seen == []
