# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The AXL client against a scripted server: messages, faults, versions and paging."""

from __future__ import annotations

from typing import Any
from xml.etree.ElementTree import Element

import pytest
from ansible_collections.ucops.imp.plugins.module_utils._clients.axl import SEARCH_TAGS, USER_TAGS, Axl, User
from ansible_collections.ucops.imp.plugins.module_utils._core.errors import ApiError, ImpError, UnexpectedAnswer
from ansible_collections.ucops.imp.plugins.module_utils._http import soap
from ansible_collections.ucops.imp.plugins.module_utils._http.transport import Answer, Transport

from tests.support.scripted_axl import CONNECTION, Fault, Handler, Server, enveloped


class Raw(Transport):
    """Answers everything with the same bytes."""

    def __init__(self, status: int, body: bytes) -> None:
        super().__init__(CONNECTION)
        self.answer = Answer(status, {}, body)

    def request(self, *_args: Any, **_kwargs: Any) -> Answer:
        return self.answer


def shape(element: Element) -> list[Any]:
    """Return an element as nested lists of names and texts, so that order shows."""
    inner: Any = [shape(child) for child in element] or element.text
    return [element.tag, inner]


@pytest.mark.parametrize(
    ("version", "schema"),
    [
        ("11.5.1.18900-97", "11.5"),
        ("12.0.1.10000-10", "11.5"),
        ("12.5.1.16900-48", "12.5"),
        ("14.0.1.13900-155", "14.0"),
        ("15.0.1.12900-234", "15.0"),
        ("16.1.2.3-4", "15.0"),
    ],
)
def test_schema_is_the_newest_that_both_sides_speak(version: str, schema: str) -> None:
    server = Server(version)
    axl = Axl(server)
    assert (axl.version, axl.schema) == (version, schema)
    sent = server.sent[0]
    assert sent.message.tag == "{http://www.cisco.com/AXL/API/1.0}getCCMVersion"
    assert "SOAPAction" not in sent.headers


def test_version_is_asked_once() -> None:
    server = Server(executeSQLQuery=lambda _request: "<return/>")
    axl = Axl(server)
    axl.sql("select 1")
    axl.sql("select 2")
    assert len(server.messages("getCCMVersion")) == 1
    sent = server.sent[-1]
    assert sent.message.tag == "{http://www.cisco.com/AXL/API/14.0}executeSQLQuery"
    assert sent.headers["SOAPAction"] == '"CUCM:DB ver=14.0 executeSQLQuery"'
    assert sent.idempotent


@pytest.mark.parametrize(("version", "code"), [("10.5.2.10000-5", "unsupported-version"), ("", "unexpected-answer")])
def test_a_server_of_no_use_is_told(version: str, code: str) -> None:
    with pytest.raises(ImpError) as caught:
        _ = Axl(Server(version)).schema
    assert caught.value.code == code


def test_messages_keep_the_order_of_the_schema() -> None:
    server = Server(
        updateUser=lambda _request: "<return>{A}</return>",
        updateServiceParameter=lambda _request: "<return>{A}</return>",
        listUser=lambda _request: "<return/>",
        listServiceParameter=lambda _request: "<return/>",
    )
    axl = Axl(server)
    axl.update_user("u1", {"meeting_information": True, "home_cluster": False, "im_and_presence": True})
    axl.update_parameter("Cisco Presence Engine", "EnterpriseWideData", "CalendarSpread", "10")
    list(axl.list_users({"department": "sales", "userid": "u%", "first_name": "A%"}, 7))
    assert axl.list_parameters("Enterprise Wide", "EnterpriseWideData") == {}
    version, update, parameter, users, parameters = [shape(sent.message) for sent in server.sent]
    assert version[1] is None
    assert update[1] == [
        ["userid", "u1"],
        ["homeCluster", "false"],
        ["imAndPresenceEnable", "true"],
        ["calendarPresence", "true"],
    ]
    assert parameter[1] == [
        ["processNodeName", "EnterpriseWideData"],
        ["name", "CalendarSpread"],
        ["service", "Cisco Presence Engine"],
        ["value", "10"],
    ]
    tags = [[name, "t"] for name in ("userid", "homeCluster", "imAndPresenceEnable", "calendarPresence")]
    assert users[1] == [
        ["searchCriteria", [["firstName", "A%"], ["userid", "u%"], ["department", "sales"]]],
        ["returnedTags", tags],
        ["skip", "0"],
        ["first", "7"],
    ]
    assert parameters[1][0] == [
        "searchCriteria",
        [["processNodeName", "EnterpriseWideData"], ["service", "Enterprise Wide"]],
    ]


def test_a_write_is_not_sent_blindly_again() -> None:
    server = Server(updateUser=lambda _request: "<return>{A}</return>")
    Axl(server).update_user("u1", {"im_and_presence": True})
    assert [sent.idempotent for sent in server.sent] == [True, False]


@pytest.mark.parametrize(("wire", "value"), [("t", True), ("true", True), ("1", True), ("f", False), ("", False)])
def test_user_is_read(wire: str, value: bool) -> None:
    user = f"<userid>u1</userid><homeCluster>true</homeCluster><calendarPresence>{wire}</calendarPresence>"
    axl = Axl(Server(getUser=lambda _request: f'<return><user uuid="{{A}}">{user}</user></return>'))
    assert axl.get_user("u1") == User("u1", True, False, value)


def test_a_missing_user_is_none_and_other_faults_are_errors() -> None:
    def missing(_request: Element) -> str:
        raise Fault("5007", "Item not valid: The specified User was not found")

    def broken(_request: Element) -> str:
        raise Fault("-691", "Missing key in referenced table.")

    assert Axl(Server(getUser=missing)).get_user("u1") is None
    with pytest.raises(ApiError) as caught:
        Axl(Server(getUser=broken)).get_user("u1")
    assert (caught.value.code, caught.value.message, caught.value.status) == (
        "-691",
        "Missing key in referenced table.",
        500,
    )


def user_rows(total: int, fits: int | None = None, message: str = "") -> Handler:
    """Return a handler of listUser over ``total`` users that refuses pages of more than ``fits`` rows."""

    def handle(request: Element) -> str:
        skip, first = int(soap.text(request, "skip")), int(soap.text(request, "first"))
        if fits is not None and min(first, total - skip) > fits:
            raise Fault("-1", message)
        ids = range(skip, min(skip + first, total))
        return "<return>" + "".join(f"<user><userid>u{n}</userid></user>" for n in ids) + "</return>"

    return handle


@pytest.mark.parametrize(("total", "pages"), [(0, 1), (9, 1), (10, 2), (25, 3)])
def test_users_come_in_pages(total: int, pages: int) -> None:
    server = Server(listUser=user_rows(total))
    users = list(Axl(server).list_users({}, 10))
    assert [user.userid for user in users] == [f"u{n}" for n in range(total)]
    assert len(server.messages("listUser")) == pages


@pytest.mark.parametrize(
    ("message", "asked"),
    [
        (
            "Query request too large. Total rows matched: 100 rows. Suggestive Row Fetch: less than 31 rows",
            ["100", "30", "30", "30", "30"],
        ),
        ("Query request too large.", ["100", "50", "25", "25", "25", "25", "25"]),
        # A suggestion that does not help must not be followed for ever.
        (
            "Query request too large. Suggestive Row Fetch: less than 500 rows",
            ["100", "50", "25", "25", "25", "25", "25"],
        ),
    ],
)
def test_pages_shrink_until_they_fit(message: str, asked: list[str]) -> None:
    server = Server(listUser=user_rows(100, fits=30, message=message))
    assert len(list(Axl(server).list_users({}, 100))) == 100
    assert [soap.text(request, "first") for request in server.messages("listUser")] == asked


def test_one_row_that_is_too_large_is_an_error() -> None:
    with pytest.raises(ApiError, match="too large"):
        list(Axl(Server(listUser=user_rows(5, fits=0, message="Query request too large."))).list_users({}, 4))


def test_nodes_and_services_are_read() -> None:
    node = (
        '<processNode uuid="{0A1B}"><name>imp1</name><description/><nodeUsage>Publisher</nodeUsage>'
        "<processNodeRole>CUCM IM and Presence</processNodeRole></processNode>"
    )
    service = "<processNodeName>imp1</processNodeName><service>Cisco Presence Engine</service><isActive>t</isActive>"
    axl = Axl(
        Server(
            listProcessNode=lambda _request: f"<return>{node}</return>",
            listProcessNodeService=lambda _request: (
                f"<return><processNodeService>{service}</processNodeService></return>"
            ),
        )
    )
    (found,) = axl.process_nodes()
    assert found == {
        "name": "imp1",
        "uuid": "0a1b",
        "description": "",
        "role": "CUCM IM and Presence",
        "usage": "Publisher",
        "ipv6_name": "",
    }
    assert axl.node_services() == [("imp1", "Cisco Presence Engine", True)]


def test_count_is_one_number() -> None:
    def handler(rows: str) -> Handler:
        return lambda _request: f"<return>{rows}</return>"

    assert Axl(Server(executeSQLQuery=handler("<row><count>42</count></row>"))).count_users() == 42
    for rows in ("", "<row><count>many</count></row>", "<row/>", "<row><a>1</a></row><row><a>1</a></row>"):
        with pytest.raises(UnexpectedAnswer):
            Axl(Server(executeSQLQuery=handler(rows))).count_users()


@pytest.mark.parametrize(
    ("status", "body"), [(404, b"<html>HTTP Status 404</html>"), (200, b"{}"), (502, b""), (200, b"<!DOCTYPE html>")]
)
def test_another_server_is_told_apart(status: int, body: bytes) -> None:
    with pytest.raises(UnexpectedAnswer) as caught:
        _ = Axl(Raw(status, body)).version
    assert "Unified CM publisher" in caught.value.message
    assert str(status) in caught.value.message


def test_an_answer_to_another_question_is_refused() -> None:
    with pytest.raises(UnexpectedAnswer, match="getUserResponse"):
        _ = Axl(Raw(200, enveloped('<n:getUserResponse xmlns:n="urn:any"/>'))).version


def test_tables_are_in_the_order_of_the_schema() -> None:
    assert list(USER_TAGS.values()) == ["homeCluster", "imAndPresenceEnable", "calendarPresence"]
    assert list(SEARCH_TAGS.values()) == ["firstName", "lastName", "userid", "department"]
