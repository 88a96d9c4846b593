# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The console's pages, in each language: sound, usable without scripts, and with nothing of others in them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from importlib import resources
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest
import yaml
from lxml import html

from imp_emulator.console import language
from imp_emulator.console.actions import ACTIONS
from imp_emulator.console.live import Live
from imp_emulator.console.pages import PAGES
from imp_emulator.domain.ca import authority
from imp_emulator.domain.cucm import bulk_jobs
from imp_emulator.domain.cucm.bulk_jobs import Kind, Order
from imp_emulator.domain.exchange import certificates as exchange_certificates
from imp_emulator.domain.imp import gateway_status, gateways, outages, ports
from imp_emulator.domain.imp.gateway_status import GatewayStatus
from imp_emulator.domain.imp.gateways import Draft
from imp_emulator.scenario import file as scenario_file
from imp_emulator.store.ca.requests import RequestState
from imp_emulator.store.database import Database
from imp_emulator.store.journal import Entry
from imp_emulator.world.clock import Clock
from imp_emulator.world.context import Context
from imp_emulator.world.environment import Environment
from imp_emulator.world.faults import Effect, EffectKind, Fault
from imp_emulator.world.pace import ServicePace
from tests.support import states
from tests.support.console_reader import Reader, rows_of, words_of
from tests.support.signing_requests import pem, rsa_key, signing_request
from tests.support.twin_scenario import TWIN

STRANGE = "\"><script>alert('1')</script>&amp;<i>%s{x}"
CA = "ca.example.com"
SCENARIO = scenario_file.read(
    """
format: 1
clusters:
  - name: dc1
    version: 14.0.1.13900-155
    domain: dc1.example.com
    nodes:
      - {name: cucm-pub, role: cucm, usage: publisher, ipv4: 192.0.2.11}
      - {name: imp-pub, role: imp, usage: publisher, ipv4: 192.0.2.21}
    users: {listed: [{userid: kyo, last_name: Kyo, mail: kyo@example.com, im_and_presence: true}]}
exchange: {servers: [{name: mail1.example.com, ipv4: 192.0.2.41}]}
certification_authorities:
  - {host: ca.example.com, common_name: Example Root CA, kind: standalone, ipv4: 192.0.2.31}
"""
)
PLACES = {"cluster": "dc1", "userid": "kyo", "address": "kyo@example.com"}
PATHS = [re.sub(r"\{(\w+)(:path)?\}", lambda part: PLACES[part[1]], page.path) for page in PAGES]


@pytest.fixture(name="seeded", scope="module")
def seeded_fixture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = states.seed(tmp_path_factory.mktemp("console"), SCENARIO)
    with states.environment(path, tmp_path_factory.mktemp("filled"), SCENARIO) as environment:
        fill(environment)
        environment.database.copy_to(path)
    return path


@pytest.fixture(name="environment")
def environment_fixture(seeded: Path, tmp_path: Path) -> Iterator[Environment]:
    with states.environment(seeded, tmp_path, SCENARIO) as environment:
        for number, kind in enumerate(EffectKind, 1):
            effect = Effect(kind=kind, status=503, code=STRANGE, seconds=1.0)
            environment.faults.active.append(Fault(id=number, effect=effect, operation=STRANGE, protocol="axl"))
        yield environment


def entry(operation: str, **fields: object) -> Entry:
    told = {"at": 0.0, "cluster": "dc1", "node": "imp-pub", "protocol": "axl", "method": "POST", "caller": "admin"}
    return Entry(**{**told, "write": False, "status": 200, **fields, "operation": operation})  # type: ignore[arg-type]


def fill(environment: Environment) -> None:
    """Put words of others into everything that a page shows."""
    with environment.database.transaction():
        for status, fault in ((200, None), (0, "drop"), (500, STRANGE)):
            environment.journal.append(entry(STRANGE, caller=STRANGE, status=status, fault=fault))
        text = pem(signing_request(STRANGE, key=rsa_key()))
        for _ in range(3):
            authority.submit(environment.context, CA, text, {}, STRANGE)
        authority.issue(environment.context, CA, 2)
        authority.deny(environment.context, CA, 3, STRANGE)
        # The product checks the first ten gateways.
        for number in range(11):
            name = f"mail{number}.example.com"
            draft = Draft(name, description=STRANGE, account="svc@example.com", password="password")
            gateways.add(environment.context, "dc1", draft)
        bulk(environment, "new.txt", f"USER ID,LAST NAME\n{'x' * 60},\nkyo,x\n")
        bulk(environment, f"{STRANGE.replace('/', '')}.txt", "nothing", description=STRANGE)
    states.advance(environment, 0)
    with environment.database.transaction():
        bulk(environment, "new.txt", "USER ID,LAST NAME\n", later=True)


def bulk(environment: Environment, name: str, content: str, *, description: str = "New", later: bool = False) -> None:
    """Submit a bulk job that adds users."""
    bulk_jobs.upload(environment.context, "dc1", Kind.INSERT, name, content, overwrite=True)
    order = Order(Kind.INSERT, description, STRANGE, file_name=name)
    bulk_jobs.submit(environment.context, "dc1", order, later=later)


def document(text: str) -> html.HtmlElement:
    return html.document_fromstring(text)


@pytest.mark.parametrize("path", PATHS)
def test_a_page_is_sound_and_works_without_scripts(environment: Environment, tmp_path: Path, path: str) -> None:
    for code in language.LANGUAGES:
        sound(document(Reader(environment, tmp_path, code).page(path)), path, code)


def sound(page: html.HtmlElement, path: str, code: str) -> None:
    assert page.get("lang") == code
    ids = [one.get("id") for one in page.iter() if one.get("id")]
    assert len(ids) == len(set(ids))
    named = {name for one in page.iter() for name in (one.get("aria-labelledby") or "").split()}
    named |= {one.get("href")[1:] for one in page.iter("a") if one.get("href").startswith("#")}
    assert named <= set(ids)
    assert len(page.findall(".//h1")) == len(page.findall(".//main")) == 1
    for control in page.iter("input", "select", "textarea"):
        inside = any(above.tag == "label" for above in control.iterancestors())
        assert control.get("type") == "hidden" or inside or control.get("aria-label"), html.tostring(control)
    for form in page.iter("form"):
        assert form.get("hx-post") in (None, form.get("action"))
        action = form.get("action")
        if form.get("method") == "post":
            assert action.removeprefix("/console/do/") in ACTIONS
            buttons = form.findall(".//button")
            assert len(buttons) == 1 or (buttons and all(one.get("name") and one.get("value") for one in buttons))
            assert form.find(".//input[@name='back']").get("value") == f"/console{path}"
        else:
            assert urlsplit(action).path.startswith("/console/")
    for table in page.iter("table"):
        assert all(head.get("scope") for head in table.iter("th"))
    current = [one.get("href") for one in page.iter("a") if one.get("aria-current") == "page"]
    assert len(current) <= 1


def test_to_look_changes_nothing(environment: Environment, tmp_path: Path) -> None:
    """A page that changed something would be made anew without end."""
    reader, live = Reader(environment, tmp_path), Live(environment)
    before = live.stamp()
    for path in PATHS:
        reader.page(path)
    assert live.stamp() == before


@pytest.mark.parametrize("path", PATHS)
def test_nothing_of_others_becomes_part_of_a_page(environment: Environment, tmp_path: Path, path: str) -> None:
    page = document(Reader(environment, tmp_path).page(f"{path}?name={quote(STRANGE)}&protocol={quote(STRANGE)}"))
    scripts = [(one.get("src"), one.text) for one in page.iter("script")]
    assert all((src or "").startswith("/console/static/") and words is None for src, words in scripts)
    assert not list(page.iter("i", "style", "iframe", "object", "embed", "base"))
    for one in page.iter():
        assert not [name for name in one.attrib if name.startswith("on") or name == "style"], html.tostring(one)
        for name in ("href", "src", "action"):
            assert re.match(r"[/?#]|$", one.get(name, "")), one.get(name)


@pytest.mark.parametrize(
    ("path", "times"), [("/journal", 7), ("/authorities", 4), ("/faults", 6), ("/gateways", 11), ("/bulk", 1)]
)
def test_words_of_others_are_shown_as_they_are(environment: Environment, tmp_path: Path, path: str, times: int) -> None:
    page = document(Reader(environment, tmp_path).page(path))
    assert page.text_content().count("<script>alert('1')</script>&amp;") >= times


def test_of_another_certificate_the_page_counts_connections(environment: Environment, tmp_path: Path) -> None:
    page = document(Reader(environment, tmp_path).page("/faults"))
    told = {row.findtext("th", ""): row.findall("td")[1].text for row in page.iterfind(".//tbody/tr")}
    assert told["another certificate 1.0 s"] == "0 of 0 connections"
    assert told["close before the request 1.0 s"] == "0 of 0 requests"


def test_names_as_odd_as_those_of_a_twin(tmp_path: Path) -> None:
    scenario = scenario_file.read(yaml.safe_dump(TWIN, allow_unicode=True))
    # Nobody follows users in it: its engines would look for Exchange servers that do not listen.
    with closing(Database(states.seed(tmp_path, scenario))) as database:
        reader = Reader(Environment(database, Clock(), ServicePace(), scenario), tmp_path)
        for path in (page.path for page in PAGES if "{" not in page.path):
            page = document(reader.page(path))
            sound(page, path, "en")
            assert not [one for one in page.iter() if " " in one.get("id", "")], path


def test_gateways_that_come_and_go_while_servers_are_asked(
    environment: Environment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = gateway_status.check

    async def meanwhile(context: Context, cluster: str, node: str) -> list[GatewayStatus]:
        with environment.database.transaction():
            gateways.delete(context, cluster, gateways.gateways(context, cluster)[0].id)
        found = await asked(context, cluster, node)
        with environment.database.transaction():
            gateways.add(context, cluster, Draft("new1.example.com"))
            gateways.add(context, cluster, Draft("new2.example.com"))
        return found

    monkeypatch.setattr(gateway_status, "check", meanwhile)
    page = document(Reader(environment, tmp_path).page("/gateways"))
    told = {" ".join(card.text_content().split()) for card in page.iter("article")}
    # The first is gone by now, and so nobody has asked its server; the others have their own status.
    assert sum("not checked" in one for one in told) == 1
    assert len(told) == 11


@pytest.mark.parametrize("path", ["/gateways", "/trust", "/parameters", "/users"])
def test_a_cluster_that_there_is_not_is_told_as_words(environment: Environment, tmp_path: Path, path: str) -> None:
    status, text = Reader(environment, tmp_path).get(f"{path}?cluster={quote(STRANGE)}")
    assert (status, "<script>" in text, '<p lang="en">There is no cluster' in text) == (404, False, True)


def test_requests_are_decided_as_far_as_they_can_be(environment: Environment, tmp_path: Path) -> None:
    page = document(Reader(environment, tmp_path).page("/authorities"))
    offered = {
        row.find("th").text_content(): {form.get("action").removeprefix("/console/do/") for form in row.iter("form")}
        for row in page.findall(".//tbody/tr")
    }
    assert offered == {"1": {"issue-request", "deny-request"}, "2": {"revoke-request"}, "3": set()}
    with environment.database.transaction():
        authority.revoke(environment.context, CA, 2, "admin")
    states_shown = Reader(environment, tmp_path, "ja").page("/authorities")
    for state in RequestState:
        assert language.said("ja", f"authorities.state.{state.value}")
    assert "失効" in states_shown


def test_what_may_go_wrong_is_shown_and_offered(environment: Environment, tmp_path: Path) -> None:
    context = environment.context
    with environment.database.transaction():
        outages.begin_at_restart(context, "dc1", "cucm-pub")
        outages.begin(context, "dc1", "imp-pub")
        ports.occupy(context, "dc1", "imp-pub", 50021, STRANGE)
        exchange_certificates.issue_again(context, "mail1.example.com", 12)
    page = document(Reader(environment, tmp_path).page("/rehearse"))
    publisher, node = (" ".join(row.text_content().split()) for row in page.findall(".//div[@id='live']//li"))
    assert publisher == "cucm-pub goes away with its next restart Cancel: have it stay"
    assert node.startswith("imp-pub away since ")
    assert node.endswith(f"Have it come back port 50021: {STRANGE} Release")
    assert "days left: 12" in page.text_content()
    offered = [form.get("action").removeprefix("/console/do/") for form in page.iter("form")]
    assert offered == ["take-port", "issue-again", "change-password", "end-outage", "end-outage", "release-port"]


def test_bulk_jobs_are_shown_with_the_lines_that_failed(environment: Environment, tmp_path: Path) -> None:
    held, unreadable, done = rows_of(Reader(environment, tmp_path).page("/bulk"))
    assert "Hold Activate 0 of 0, 0 failed" in held
    assert "InComplete 0 of 0, 0 failed" in unreadable
    assert "Line 1: the first line names no column USER ID." in unreadable
    assert "Completed 2 of 2, 2 failed" in done
    assert "Line 3: kyo A user kyo exists already." in done
    assert re.search(r"[0-9]+#[0-9]{14}\.txt", done)
    assert "Cisco Bulk Provisioning Service Started" in words_of(Reader(environment, tmp_path).page("/bulk"))


def test_the_clock_and_snapshots_are_shown(environment: Environment, tmp_path: Path) -> None:
    reader = Reader(environment, tmp_path)
    (tmp_path / "snapshots" / "initial.sqlite3").touch()
    (tmp_path / "snapshots" / "before.sqlite3").touch()
    text = reader.page("/state")
    now = datetime.fromisoformat(environment.clock.isoformat())
    assert f"{now:%Y-%m-%d %H:%M:%S}" in text
    assert "The clock stands still." in text
    page = document(text)
    restored = {
        one.get("value") for one in page.findall(".//form[@action='/console/do/restore-snapshot']/input[@name='name']")
    }
    removed = {
        one.get("value") for one in page.findall(".//form[@action='/console/do/remove-snapshot']/input[@name='name']")
    }
    assert (restored, removed) == ({"before", "initial"}, {"before"})


# The journal


def journaled(environment: Environment) -> None:
    environment.journal.clear()
    with environment.database.transaction():
        for number in range(120):
            fields = {"write": number % 2 == 0, "node": "imp-pub" if number % 3 else "cucm-pub"}
            environment.journal.append(entry(f"op{number:03}", **fields, protocol="axl" if number < 60 else "ews"))


def operations(text: str) -> list[str]:
    return re.findall(r"\bop\d{3}\b", words_of(text))


def link(text: str, words: str) -> str | None:
    found = [one.get("href") for one in document(text).iter("a") if one.text_content() == words]
    return found[0].removeprefix("/console") if found else None


def test_the_journal_is_shown_page_by_page_the_newest_first(environment: Environment, tmp_path: Path) -> None:
    journaled(environment)
    reader, seen, path = Reader(environment, tmp_path), [], "/journal"
    pages = []
    while path:
        text = reader.page(path)
        pages.append(len(operations(text)))
        seen += operations(text)
        path = link(text, "Older") or ""
        assert (link(text, "Newest") is None) == (len(pages) == 1)
    assert pages == [50, 50, 20]
    assert seen == [f"op{number:03}" for number in reversed(range(120))]


def test_the_journal_is_filtered_on_all_its_pages_and_in_its_files(environment: Environment, tmp_path: Path) -> None:
    journaled(environment)
    reader = Reader(environment, tmp_path)
    first = reader.page("/journal?writes=yes&node=imp-pub&cluster=dc1&protocol=&operation=")
    wanted = [f"op{n:03}" for n in reversed(range(120)) if n % 2 == 0 and n % 3]
    assert operations(first) == wanted[:50]
    assert len(wanted) == 40
    for words, form in (("Download as HAR", "har"), ("Download as JSON", "json")):
        path = link(first, words)
        assert path == f"/journal/export.{form}?cluster=dc1&node=imp-pub&writes=yes"
        assert re.findall(r"\bop\d{3}\b", reader.page(path)) == wanted[::-1]
    assert operations(reader.page("/journal?operation=op007")) == ["op007"]
    assert len(operations(reader.page("/journal?protocol=ews"))) == 50
    assert "protocol=ews&amp;before=" in reader.page("/journal?protocol=ews")
    assert rows_of(reader.page("/journal?node=nowhere")) == ["No request."]


def test_an_odd_place_in_the_journal_is_none(environment: Environment, tmp_path: Path) -> None:
    for before in ("", "x", "-1", "0", "²", "٣", "9" * 18, "9" * 30, "1.5", "%00"):
        assert Reader(environment, tmp_path).get(f"/journal?before={before}")[0] == 200, before


def test_a_file_of_another_form_is_not_found(environment: Environment, tmp_path: Path) -> None:
    for form in ("xml", "HAR", "har.exe", "%3Cscript%3E"):
        status, text = Reader(environment, tmp_path).get(f"/journal/export.{form}")
        assert (status, "<script>" in text) == (404, False)


def test_each_page_has_its_template() -> None:
    templates = Path(str(resources.files("imp_emulator.console"))) / "templates"
    assert {page.name for page in PAGES} <= {path.stem for path in templates.glob("*.html")}
