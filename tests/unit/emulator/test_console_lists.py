# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The console's long lists: a page costs what a page costs, whatever there is; filters, and the way from page to page.

How long the first paint takes is measured by ``make bench``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from lxml import html

from imp_emulator.domain.imp import trust
from imp_emulator.scenario import file as scenario_file
from imp_emulator.scenario.writer import generate
from imp_emulator.store.ca import requests
from imp_emulator.store.ca.requests import CertificateRequest, RequestState
from imp_emulator.store.imp import trust as trust_store
from imp_emulator.store.imp.trust import TrustedCertificate
from imp_emulator.world.environment import Environment
from tests.support import states
from tests.support.certificates import issue
from tests.support.console_reader import Reader, rows_of, words_of

USERS = 10_000
STANDALONE, ENTERPRISE = "ca.example.com", "enterprise-ca.example.com"
AUTHORITIES = f"""
certification_authorities:
  - {{host: {STANDALONE}, common_name: Example Root CA, kind: standalone, ipv4: 192.0.2.31}}
  - {{host: {ENTERPRISE}, common_name: Other Root CA, kind: enterprise, ipv4: 192.0.2.32, templates: [WebServer]}}
"""
MANY = scenario_file.read(generate(users=USERS) + AUTHORITIES)
FILLER = issue("Some CA", ca=True)
STEPS = 100
"""SQLite tells of its work whenever it has done so many instructions."""


@dataclass
class Cost:
    """What a page has cost: instructions of SQLite, its statements, and characters of HTML."""

    instructions: int
    statements: int
    characters: int
    rows: int


class Counted:
    """Reads pages of an environment and counts what each costs."""

    def __init__(self, environment: Environment, folder: Path) -> None:
        self._connection = environment.database._connection
        self._reader = Reader(environment, folder)

    def page(self, path: str) -> Cost:
        counted, statements = [0], list[str]()
        self._connection.set_progress_handler(lambda: counted.__setitem__(0, counted[0] + STEPS), STEPS)
        self._connection.set_trace_callback(statements.append)
        try:
            text = self._reader.page(path)
        finally:
            self._connection.set_progress_handler(None, 0)
            self._connection.set_trace_callback(None)
        return Cost(counted[0], len(statements), len(text), len(rows_of(text)))


@pytest.fixture(name="crowd", scope="module")
def crowd_fixture(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Environment]:
    """Ten thousand users with a mailbox, all of them served by a node; and two certification authorities."""
    seeded = states.seed(tmp_path_factory.mktemp("many"), MANY)
    with states.environment(seeded, tmp_path_factory.mktemp("served"), MANY) as environment:
        environment.database.execute(
            "UPDATE end_user SET im_and_presence = 1, meeting_information = 1, presence_node = 'imp-pub'"
        )
        yield environment


@pytest.fixture(name="many")
def many_fixture(crowd: Environment, tmp_path: Path) -> Counted:
    return Counted(crowd, tmp_path)


@pytest.fixture(name="asked")
def asked_fixture(crowd: Environment) -> Iterator[Environment]:
    """The same; what is submitted to the authorities is forgotten afterwards."""
    yield crowd
    crowd.database.execute("DELETE FROM ca_request")


@pytest.mark.parametrize(
    ("path", "rows", "million"),
    [
        ("/users", 50, 0.1),
        ("/users?page=200", 50, 0.3),
        ("/users?name=user09&department=", 50, 1),
        ("/users?presence=Available", 50, 1),
        ("/users?presence=Busy&name=x", 1, 1.5),
        ("/mailboxes", 50, 0.4),
        ("/mailboxes?name=user09", 50, 0.4),
    ],
)
def test_a_page_of_ten_thousand_costs_what_a_page_costs(many: Counted, path: str, rows: int, million: float) -> None:
    """So who is on the other pages takes no time."""
    cost = many.page(path)
    assert cost.rows == rows
    assert cost.statements <= 220, "a few for each row, and none for those of other pages"
    assert cost.characters <= 30_000
    assert cost.instructions <= million * 1e6


def test_the_other_pages_do_not_grow_with_the_users(many: Counted) -> None:
    for path in ("/", "/gateways", "/trust", "/parameters", "/authorities", "/state", "/faults", "/users/dc1/user5000"):
        cost = many.page(path)
        assert (cost.statements <= 300, cost.characters <= 120_000) == (True, True), (path, cost)
        assert cost.instructions <= 0.1e6, (path, cost)


# Trust stores


def fill(environment: Environment, node: str, store: str, count: int) -> None:
    for number in range(count):
        stored = TrustedCertificate(f"{store}{number:062}", f"{store}{number:03}.pem", "", FILLER.pem)
        trust_store.add_trusted(environment.database, "dc1", node, store, stored)


def headings(text: str) -> list[str]:
    found = html.document_fromstring(text).iter("h2", "h3")
    return [" ".join("".join(map(str, one.itertext())).split()) for one in found]


def links(text: str) -> dict[str, str]:
    """Return where the links to the pages around lead."""
    return {
        str(one.get("rel")): str(one.get("href")).removeprefix("/console")
        for one in html.document_fromstring(text).iterfind(".//a[@rel]")
    }


def test_trust_stores_are_shown_page_by_page(emulated: Environment, tmp_path: Path) -> None:
    fill(emulated, "imp-pub", "cup", 30)
    fill(emulated, "imp-pub", "tomcat", 40)
    fill(emulated, "imp-sub", "cup", 2)
    reader = Reader(emulated, tmp_path)
    first = reader.page("/trust")
    told = headings(first)
    assert (len(told), told[0], told[1]) == (52, "imp-pub: cup-trust dc1", "cup000.pem")
    assert told[31:33] == ["imp-pub: tomcat-trust dc1", "tomcat000.pem"]
    assert "1 to 50 of 72" in words_of(first)
    second = reader.page(links(first)["next"])
    assert headings(second)[:2] == ["imp-pub: tomcat-trust dc1", "tomcat020.pem"]
    assert headings(second)[-3:] == ["imp-sub: cup-trust dc1", "cup000.pem", "cup001.pem"]
    assert links(second) == {"prev": "/trust?page=1"}
    assert "dc1, imp-sub: tomcat-trust" in words_of(first), "a store without a certificate"
    assert "dc1, imp-pub: tomcat-trust" not in words_of(first)


def test_trust_stores_are_chosen_by_node_and_store(emulated: Environment, tmp_path: Path) -> None:
    fill(emulated, "imp-pub", "cup", 60)
    fill(emulated, "imp-sub", "cup", 1)
    root = issue("Root CA", ca=True)
    trust.upload(emulated.context, "dc1", "imp-sub", ["tomcat"], [root.pem])
    reader = Reader(emulated, tmp_path)
    chosen = reader.page("/trust?node=imp-pub&store=cup-trust")
    assert "1 to 50 of 60" in words_of(chosen)
    assert links(chosen) == {"next": "/trust?node=imp-pub&store=cup-trust&page=2"}
    assert headings(reader.page("/trust?store=tomcat-trust")) == ["imp-sub: tomcat-trust dc1", "Root_CA.pem"]
    assert root.fingerprint in reader.page("/trust?node=imp-sub")
    for nothing in ("node=imp-9", "store=x", "node=cucm-pub", "page=9&node=imp-pub"):
        assert "There is no such certificate." in reader.page(f"/trust?{nothing}"), nothing
    assert "Empty trust stores" not in reader.page("/trust?node=cucm-pub")


# Requests


def submit(environment: Environment, host: str, state: RequestState, count: int) -> None:
    for _ in range(count):
        number = requests.next_id(environment.database, host)
        request = CertificateRequest(host, number, "csr", f"{number}", f"CN={number}", None, "admin", 0.0, state, "m")
        requests.add(environment.database, request)


def test_requests_are_shown_page_by_page_the_newest_first(asked: Environment, tmp_path: Path) -> None:
    submit(asked, STANDALONE, RequestState.ISSUED, 60)
    submit(asked, STANDALONE, RequestState.PENDING, 1)
    submit(asked, ENTERPRISE, RequestState.DENIED, 20)
    reader = Reader(asked, tmp_path)
    hosts = [spec.host for spec in asked.context.scenario.certification_authorities]
    first = reader.page("/authorities")
    second = reader.page(links(first)["next"])
    rows = [row.split()[1] for row in [*rows_of(first), *rows_of(second)]]
    counts = {STANDALONE: 61, ENTERPRISE: 20}
    assert rows == [f"CN={number}" for host in hosts for number in range(counts[host], 0, -1)]
    assert (len(rows_of(first)), len(rows_of(second))) == (50, 31)
    assert "51 to 81 of 81" in words_of(second)
    assert [row.split()[0] for row in rows_of(reader.page("/authorities?state=pending"))] == ["61"]
    assert len(rows_of(reader.page(f"/authorities?authority={ENTERPRISE}"))) == 20
    chosen = reader.page(f"/authorities?authority={STANDALONE}&state=issued")
    assert links(chosen) == {"next": f"/authorities?authority={STANDALONE}&state=issued&page=2"}
    assert rows_of(reader.page("/authorities?state=revoked")) == []
    assert "There is no such request." in reader.page("/authorities?state=revoked")
    assert "There is no such request." in reader.page("/authorities?authority=nowhere")


def test_an_authority_that_nobody_has_asked_is_shown(asked: Environment, tmp_path: Path) -> None:
    submit(asked, STANDALONE, RequestState.PENDING, 1)
    text = Reader(asked, tmp_path).page("/authorities")
    assert headings(text) == [STANDALONE, ENTERPRISE]
    assert text.count("No request has been submitted.") == 1
