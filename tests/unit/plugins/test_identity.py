# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two names are one only when the server says so: the collection's side, over generated names."""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import Any
from xml.etree.ElementTree import Element
from xml.sax.saxutils import escape

import pytest
from ansible_collections.ucops.imp.plugins.module_utils._certificates.names import CertificateNames
from ansible_collections.ucops.imp.plugins.module_utils._clients.axl import Axl, User
from ansible_collections.ucops.imp.plugins.module_utils._core.errors import InvalidInput
from ansible_collections.ucops.imp.plugins.module_utils._core.options import (
    ascii_lower,
    canonical_host,
    check_unique,
    find_name,
)
from ansible_collections.ucops.imp.plugins.module_utils._formats import bat_file
from ansible_collections.ucops.imp.plugins.module_utils._http import soap
from ansible_collections.ucops.imp.plugins.module_utils._product import parameters
from ansible_collections.ucops.imp.plugins.module_utils._resources import calendar_users
from ansible_collections.ucops.imp.plugins.module_utils._resources.user_selection import read_listed, read_matching
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.support.odd_names import ALIKE, ODD, SETS, USERIDS, WILD, ascii_key
from tests.support.scripted_axl import Fault, Server

OPTIONS = {"concurrency": 2, "page_size": 5}


def user(userid: str) -> User:
    return User(userid, True, False, False)


def row(name: str) -> str:
    return f"<user><userid>{escape(name)}</userid><homeCluster>t</homeCluster></user>"


class Directory(Server):
    """A cluster with these users, which takes ids for one as ``key`` says and knows one wildcard, ``%``."""

    def __init__(self, names: Iterable[str], key: Any = ascii_key, count: int | None = None) -> None:
        self.names = list(names)
        self.key = key
        self.count = len(self.names) if count is None else count
        super().__init__(getUser=self._get, listUser=self._list, executeSQLQuery=self._count)

    def _get(self, request: Element) -> str:
        wanted = self.key(soap.text(request, "userid"))
        for name in self.names:
            if self.key(name) == wanted:
                return f"<return>{row(name)}</return>"
        raise Fault("5007", "Item not valid: The specified User was not found")

    def _list(self, request: Element) -> str:
        skip, first = (int(soap.text(request, name)) for name in ("skip", "first"))
        return f"<return>{''.join(map(row, self.names[skip : skip + first]))}</return>"

    def _count(self, _request: Element) -> str:
        return f"<return><row><count>{self.count}</count></row></return>"


FEW, MANY = 1_000_000, 0
"""How many users the server tells of, so that single users are looked up, or all are read in pages."""


@pytest.mark.parametrize("count", [FEW, MANY])
@settings(deadline=None)
@given(SETS, st.data())
def test_an_id_of_a_list_means_the_user_that_the_server_means(count: int, names: list[str], data: Any) -> None:
    wanted = data.draw(st.lists(st.one_of(st.sampled_from(names), USERIDS), unique=True, max_size=8))
    there = {ascii_key(name): name for name in names}
    found = read_listed(Axl(Directory(names, count=count)), wanted, OPTIONS)
    assert {userid: known.userid for userid, known in found.items()} == {
        userid: there[ascii_key(userid)] for userid in wanted if ascii_key(userid) in there
    }


@settings(deadline=None)
@given(SETS)
def test_nobody_is_hidden_by_somebody_alike(names: list[str]) -> None:
    assert list(read_matching(Axl(Directory(names)), {}, OPTIONS)) == names


@pytest.mark.parametrize("count", [FEW, MANY])
def test_the_very_id_counts_before_any_rule(count: int) -> None:
    """Should a cluster tell apart what the collection thinks is one, nobody is taken for somebody else."""
    directory = Directory(["ANNA", "anna", "Anna"], key=str, count=count)
    found = read_listed(Axl(directory), ["anna", "Anna", "aNNa"], OPTIONS)
    assert {userid: known.userid for userid, known in found.items()} == {"anna": "anna", "Anna": "Anna"}


@pytest.mark.parametrize("count", [FEW, MANY])
def test_a_server_that_knows_more_letter_case_is_believed(count: int) -> None:
    directory = Directory(["MÜLLER"], key=str.upper, count=count)
    found = read_listed(Axl(directory), ["müller", "MÜLLER"], OPTIONS)
    assert {userid: known.userid for userid, known in found.items()} == {"müller": "MÜLLER", "MÜLLER": "MÜLLER"}
    with pytest.raises(InvalidInput, match="'müller' and 'MÜLLER' are one user to Unified CM, 'MÜLLER'"):
        calendar_users._refuse_one_user_twice(found)


# --- search


class Pages(Server):
    """A cluster whose search takes everything for a wildcard and so answers everybody."""

    def __init__(self, rows: list[str]) -> None:
        super().__init__(listUser=lambda _request: f"<return>{''.join(rows)}</return>")


@pytest.mark.parametrize(
    ("criterion", "found"),
    [
        ("a_b", ["a_b"]),
        ("a*b", ["a*b"]),
        ("a?b", ["a?b"]),
        ("a[xy]b", ["a[xy]b"]),
        ("a\\b", ["a\\b"]),
        ("a\\_b", ["a\\_b"]),
        ("_", ["_"]),
        ("A_B", ["a_b"]),
        ("a_%", ["a_b"]),
        ("%\\%", ["a\\b", "a\\_b"]),
    ],
)
def test_nothing_but_the_percent_sign_is_a_wildcard(criterion: str, found: list[str]) -> None:
    server = Pages([row(name) for name in WILD])
    assert [known.userid for known in Axl(server).list_users({"userid": criterion}, 1000)] == found
    (sent,) = server.messages("listUser")
    assert soap.text(sent, "searchCriteria", "userid") == criterion.replace("\\", "%"), "a superset is asked for"


def test_every_criterion_is_compared_when_it_must_be() -> None:
    fields = "<userid>u{0}</userid><department>{1}</department>"
    server = Pages(["<user>" + fields.format(n, d) + "</user>" for n, d in ((1, "a_b"), (2, "axb"), (3, "A_B"))])
    found = Axl(server).list_users({"department": "a_b", "userid": "u%"}, 1000)
    assert [known.userid for known in found] == ["u1", "u3"]
    tags = soap.find(server.messages("listUser")[0], "returnedTags")
    assert tags is not None
    assert [soap.local_name(tag) for tag in tags][:2] == ["userid", "department"]


# --- names of other things


@given(st.text())
def test_letter_case_is_that_of_the_alphabet(text: str) -> None:
    assert ascii_lower(text) == ascii_key(text)


def test_names_that_look_alike_are_no_duplicates() -> None:
    assert check_unique("users", ALIKE, ascii_lower) == []
    assert check_unique("users", ["Anna", "b", "anna", "B"], ascii_lower) == [
        "users: Anna is given more than once.",
        "users: b is given more than once.",
    ]


@given(SETS, USERIDS)
def test_a_name_is_found_as_the_server_would(names: list[str], wanted: str) -> None:
    known = {name: name for name in names}
    assert find_name(known, wanted) == next((name for name in names if ascii_key(name) == ascii_key(wanted)), None)
    for name in names:
        assert find_name(known, name) == name


def test_a_name_that_may_mean_two_means_none() -> None:
    assert find_name({"a b": 1, "A B": 2}, "A b") is None
    assert find_name({"a b": 1, "A B": 2}, "A B") == 2


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("MAIL1.Example.com", "mail1.example.com", True),
        ("2001:DB8:0::21", "2001:db8::21", True),
        ("::ffff:192.0.2.1", "192.0.2.1", False),
        ("\u212aale.example.com", "kale.example.com", False),
        ("straße.example.com", "strasse.example.com", False),
    ],
)
def test_hosts_are_one_when_dns_says_so(one: str, other: str, same: bool) -> None:
    assert (canonical_host(one) == canonical_host(other)) is same
    if "." in other and not other[0].isdigit():
        assert (CertificateNames((one,)).mismatch(other) is None) is same


def test_parameters_are_those_of_the_very_service_and_node() -> None:
    """AXL's criteria are patterns, so a name with an underscore answers rows of others."""
    rows = [("imp_1", "My_Service", "A", "1"), ("imp-1", "My_Service", "A", "2"), ("imp_1", "My Service", "B", "3")]
    answer = "".join(
        f"<serviceParameter><processNodeName>{node}</processNodeName><name>{name}</name><service>{service}</service>"
        f"<value>{value}</value></serviceParameter>"
        for node, service, name, value in rows
    )
    server = Server(listServiceParameter=lambda _request: f"<return>{answer}</return>")
    assert Axl(server).list_parameters("my_service", "imp_1") == {"A": "1"}


def test_a_service_in_other_letter_case_restarts_no_less() -> None:
    engine = parameters.restarts("Cisco Presence Engine", "CalendarSpread")
    assert engine == parameters.restarts("CISCO PRESENCE ENGINE", "calendarspread") != ()
    assert parameters.restarts("enterprise wide", "ENABLEIPV6") == parameters.restarts("Enterprise Wide", "EnableIPV6")
    assert parameters.restarts("Cisco Pre\u017fence Engine", "CalendarSpread") == ()


# --- what a message and a file can hold


@given(st.text(st.characters(codec="utf-8")))
@example("a\rb\r\nc")
@example("\x01")
def test_a_text_that_a_message_carries_arrives_as_it_is(text: str) -> None:
    if not soap.carries(text):
        assert any(ord(letter) < 0x20 or letter in "\ufffe\uffff" for letter in text)
        return
    message = Element("getUser")
    soap.append(message, "userid", text)
    assert soap.text(soap.parse(soap.envelope(message)), "userid") == text


@given(SETS)
@example([*ODD, "\u3000anna", "anna\u00a0"])
def test_a_file_names_just_the_users_that_it_was_written_for(names: list[str]) -> None:
    names = [name for name in names if bat_file.can_name(name)]
    users = [{"userid": name, "im_and_presence": True, "meeting_information": False} for name in names]
    read = bat_file.read(io.StringIO(bat_file.write(users), newline=""))
    assert (read.problems, read.notes) == ([], [])
    assert {found.userid for found in read.users} == set(names)


@given(USERIDS)
@example("\u3000anna")
@example("anna\u00a0")
def test_a_file_can_name_whomever_it_could_be_about(name: str) -> None:
    assert bat_file.can_name(name) is (name != "#" and name.strip(" ") == name)


def test_a_file_can_name_all_odd_users() -> None:
    assert [name for name in ODD if not bat_file.can_name(name)] == []
