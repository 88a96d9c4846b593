# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The console in a browser, as people use it: live, by keyboard, without scripts, on a small screen, in Japanese."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect
from starlette.routing import compile_path

from imp_emulator.console.pages import PAGES
from tests.support import browser as browsers
from tests.support.emulator import Emulator
from tests.support.followed_users import IN_A_MEETING, follow
from tests.support.imp_admin import FIRST, Api
from tests.support.playbooks import play
from tests.support.signing_requests import pem, signing_request

pytestmark = pytest.mark.skipif(browsers.missing() is not None, reason=str(browsers.missing()))

Open = Callable[..., Page]
STANDALONE = "ca.example.com"
SNAPSHOT = "before-the-change"
DESKTOP, PHONE = ViewportSize(width=1280, height=800), ViewportSize(width=360, height=740)
STAMP = "seen"
"""What a test writes into a page, to see that it was not loaded anew."""


# Of a field for a time, the browser shows itself which part of it has the focus.
FOCUS_IS_SEEN = """() => {
  const one = document.activeElement;
  return one.type === "datetime-local" || getComputedStyle(one).outlineStyle !== "none";
}"""


def submit(emulator: Emulator, common_name: str) -> None:
    """Hand a request to the standalone authority, where it waits for a decision."""
    known = emulator.ready["certification_authorities"][STANDALONE]
    login = (known["account"]["username"], known["account"]["password"])
    url = f"https://{known['address']}:{known['ports']['443']}/certsrv/certfnsh.asp"
    form = {"Mode": "newreq", "CertRequest": pem(signing_request(common_name)), "CertAttrib": ""}
    with httpx.Client(auth=login, verify=emulator.tls, trust_env=False, timeout=30) as client:
        assert client.post(url, data=form).status_code == 200


@pytest.fixture(name="filled")
def filled_fixture(environment: Emulator) -> Iterator[Emulator]:
    """An environment with something to show on every page."""
    follow(environment)
    environment.control.clock(frozen=False)
    submit(environment, "mail1.example.com")
    environment.control.fault("status", operation="getUser", times=2)
    environment.control.snapshot(SNAPSHOT)
    yield environment
    # A reset leaves snapshots.
    environment.control.request("DELETE", f"/snapshots/{SNAPSHOT}")


def stamp(page: Page) -> None:
    page.evaluate(f"document.body.dataset.{STAMP} = 'yes'")


def is_the_same(page: Page) -> bool:
    return bool(page.evaluate(f"document.body.dataset.{STAMP} === 'yes'"))


def every_page(page: Page) -> list[str]:
    """Return an address of each page, from its path or, where that has parameters, from a link that leads there."""
    seen, known = {one.path: one.path for one in PAGES if "{" not in one.path}, set(PAGES)
    for path in list(seen):
        page.goto(address(page, path))
        links = page.locator("main a[href]").evaluate_all("links => links.map(link => link.getAttribute('href'))")
        for one in known:
            pattern = compile_path(f"/console{one.path}")[0]
            for link in links:
                if one.path not in seen and pattern.match(urlsplit(link).path):
                    seen[one.path] = link.removeprefix("/console")
    assert set(seen) == {one.path for one in PAGES}, "no link leads to a page"
    return list(seen.values())


def address(page: Page, path: str) -> str:
    return f"{page.url.partition('/console')[0]}/console{path}"


def test_a_run_of_site_yml_is_seen_while_it_happens(environment: Emulator, opened: Open, tmp_path: Path) -> None:
    """A gateway of which no node trusts the certificate becomes green, and the engines are done with their restarts."""
    Api(environment).add(FIRST)
    gateways = opened("/gateways", viewport=DESKTOP)
    clusters = gateways.context.new_page()
    clusters.goto(address(gateways, "/"))
    expect(gateways.locator(".status .tag.bad").first).to_be_visible()
    expect(clusters.locator(".pending").first).to_contain_text("Cisco Presence Engine")
    for page in (gateways, clusters):
        stamp(page)
    gateways.locator("summary").first.click()

    played = play(environment.ready_file, tmp_path, "ucops.imp.site")
    assert played.status == 0, played.output

    expect(gateways.locator("article")).to_have_count(2)
    expect(gateways.locator(".status .tag.good")).to_have_count(8)
    expect(gateways.locator(".tag.bad")).to_have_count(0)
    expect(clusters.locator(".pending")).to_have_count(0)
    assert is_the_same(gateways)
    assert is_the_same(clusters)
    assert gateways.locator("details[open]").count() == 1, "what the reader has opened stays open"
    browsers.picture(gateways, "console-gateways")


def test_an_automatic_reply_turns_a_user_orange(environment: Emulator, opened: Open) -> None:
    """It is set on the page of the user, while the list of users is open beside."""
    follow(environment)
    everybody = opened("/users?gateway=mail1.example.com", viewport=DESKTOP)
    row = everybody.get_by_role("row", name=IN_A_MEETING)
    expect(row).to_contain_text("In a meeting")
    expect(row.locator(".icon.orange")).to_have_count(0)
    stamp(everybody)
    user = everybody.context.new_page()
    user.goto(address(everybody, f"/users/dc1/{IN_A_MEETING}"))
    user.locator("#forms > summary").click()
    replies = user.get_by_role("region", name="Automatic replies")
    replies.get_by_label("State").select_option("Enabled")
    replies.get_by_role("button").click()
    expect(user.get_by_role("status")).to_contain_text(f"/mailboxes/{IN_A_MEETING}")
    environment.control.advance(2 * 3600)
    expect(row.locator(".icon.orange")).to_be_visible()
    expect(row).to_contain_text("Out of Office")
    expect(user.locator(".timeline li").first).to_contain_text("Out of Office")
    assert is_the_same(everybody)
    browsers.picture(user, "console-user")


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize(("locale", "scheme"), [("en-US", "light"), ("ja-JP", "dark")])
def test_nothing_is_wrong_for_people_who_see_or_work_otherwise(
    opened: Open, locale: str, scheme: Literal["light", "dark"]
) -> None:
    """On every page, in each language, axe-core finds nothing, and none scrolls sideways on a telephone."""
    page = opened(viewport=DESKTOP, color_scheme=scheme, locale=locale)
    wrong = []
    for path in every_page(page):
        page.set_viewport_size(DESKTOP)
        page.goto(address(page, path))
        page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
        wrong += [f"{path}: {found}" for found in browsers.problems(page)]
        page.set_viewport_size(PHONE)
        if browsers.width(page) > PHONE["width"]:
            wrong.append(f"{path}: is {browsers.width(page)} wide on a screen of {PHONE['width']}")
    assert page.locator("html").get_attribute("lang") == locale[:2]
    assert wrong == []


def test_a_service_is_changed_by_the_button_of_its_row(environment: Emulator, opened: Open) -> None:
    page = opened("/", viewport=DESKTOP)
    stamp(page)
    page.get_by_role("button", name="Stop: Cisco Presence Engine, imp-pub").click()
    call = "POST /clusters/dc1/nodes/imp-pub/services/Cisco%20Presence%20Engine/stop"
    expect(page.get_by_role("status")).to_contain_text(f"Done. Call of the control plane: {call}")
    node = page.get_by_role("article", name="imp-pub")
    expect(node.get_by_role("listitem").filter(has_text="Cisco Presence Engine")).to_contain_text("Stopped")
    expect(node.get_by_role("button", name="Start: Cisco Presence Engine, imp-pub")).to_be_visible()
    group = page.get_by_role("button", name="Switch high availability on: DefaultCUPSubcluster")
    group.click()
    expect(page.get_by_text("high availability on", exact=True)).to_be_visible()
    page.get_by_role("button", name="Stop: Cisco XCP Router, imp-sub").click()
    outcome = page.locator(".outcome")
    expect(outcome).to_contain_text("/imp-sub/services/Cisco%20XCP%20Router/stop")
    page.mouse.wheel(0, 10_000)
    expect(page.get_by_role("article", name="imp-sub").locator("summary")).to_be_in_viewport()
    expect(outcome).to_be_in_viewport()
    outcome.get_by_role("button", name="Close").click()
    expect(outcome).to_have_count(0)
    assert is_the_same(page)
    assert environment.control.redundancy_groups()[0]["ha_enabled"]


def test_the_keyboard_does_it_all(environment: Emulator, opened: Open) -> None:
    page = opened("/state")
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    expect(page.locator(".skip")).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    stop = page.get_by_role("button", name="Stop it")
    for _ in range(30):
        page.keyboard.press("Tab")
        assert page.evaluate(FOCUS_IS_SEEN)
        if stop.evaluate("button => button === document.activeElement"):
            break
    stamp(page)
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text('PUT /clock {"frozen": true}')
    expect(page.get_by_role("button", name="Let it run")).to_be_visible()
    expect(page.locator(".clock")).to_contain_text("stopped")
    assert is_the_same(page)
    assert environment.control.clock()["frozen"]


def test_without_scripts_every_page_reads_and_forms_work(filled: Emulator, opened: Open) -> None:
    page = opened(java_script_enabled=False)
    for one in PAGES:
        if "{" not in one.path:
            page.goto(address(page, one.path))
            expect(page.locator("h1")).not_to_be_empty()
            expect(page.locator("#live")).not_to_be_empty()
    page.goto(address(page, "/state"))
    page.get_by_role("button", name="Stop it").click()
    expect(page.locator("main")).to_contain_text("PUT /clock")
    assert filled.control.clock()["frozen"]
    page.get_by_role("link", name="Back").click()
    expect(page.get_by_role("button", name="Let it run")).to_be_visible()


def test_a_denial_shows_and_a_refused_action_says_why(environment: Emulator, opened: Open) -> None:
    page = opened("/authorities")
    submit(environment, "mail2.example.com")
    page.get_by_role("button", name="Deny").click()
    expect(page.get_by_role("status")).to_contain_text(f"POST /certification-authorities/{STANDALONE}/requests/1/deny")
    expect(page.locator("#live .tag.bad")).to_have_text("denied")
    assert [one["state"] for one in environment.control.ca_requests(STANDALONE)] == ["denied"]
    page.goto(address(page, "/faults"))
    page.get_by_label("Effect").select_option("error")
    page.get_by_label("Error code").fill("NoSuchCode")
    page.get_by_role("button", name="Inject").click()
    expect(page.get_by_role("status")).to_contain_text("Refused (")
    assert environment.control.faults() == []


def test_what_was_typed_stays_when_something_changes(environment: Emulator, opened: Open) -> None:
    page = opened("/state")
    page.get_by_label("Name").fill("half-typed")
    environment.control.clock(frozen=True)
    expect(page.get_by_text("The clock stands still.")).to_be_visible()
    expect(page.get_by_label("Name")).to_have_value("half-typed")
    expect(page.get_by_label("Name")).to_be_focused()


def test_any_number_of_pages_is_open(environment: Emulator, opened: Open) -> None:
    """Those that nobody sees use none of the few connections that a browser has for a server, and catch up later."""
    seen = opened("/state")
    for page in (seen, *(seen.context.new_page() for _ in range(7))):
        page.add_init_script("Object.defineProperty(document, 'hidden', { get: () => !window.isSeen })")
        page.goto(address(seen, "/state"))
    environment.control.clock(frozen=True)
    seen.evaluate("window.isSeen = true; document.dispatchEvent(new Event('visibilitychange'))")
    expect(seen.get_by_text("The clock stands still.")).to_be_visible()


def test_a_connection_that_is_lost_is_told_and_comes_back(environment: Emulator, browser: Browser) -> None:
    """What was missed is there then; who has no cookie any more is led to the page that says what to do."""
    context = browser.new_context()
    page = context.new_page()
    page.add_init_script("Object.defineProperty(document, 'hidden', { get: () => Boolean(window.isHidden) })")
    page.goto(environment.console)
    page.goto(address(page, "/state"))
    notice = page.locator("#connection")
    expect(page.locator(".clock")).to_contain_text("UTC")
    expect(notice).to_be_empty()

    def turn_away_and_back() -> None:
        for hidden in ("true", "false"):
            page.evaluate(f"isHidden = {hidden}; document.dispatchEvent(new Event('visibilitychange'))")

    page.route("**/console/events*", lambda route: route.abort())
    turn_away_and_back()
    expect(notice).to_have_text("The connection to the emulator is lost. What you see may be old.")
    assert browsers.problems(page) == []
    environment.control.clock(frozen=True)
    page.unroute_all()
    expect(notice).to_have_text("The connection is back.")
    expect(page.get_by_text("The clock stands still.")).to_be_visible()
    context.clear_cookies()
    turn_away_and_back()
    expect(page.locator("main")).to_contain_text("Open the link that imp-emulator start has printed")
    assert browsers.problems(page) == []
    context.close()


def test_in_japanese_and_back(opened: Open) -> None:
    page = opened("/journal", locale="ja-JP")
    expect(page.locator("html")).to_have_attribute("lang", "ja")
    page.get_by_role("link", name="English").click()
    expect(page).to_have_url(re.compile(r"/console/journal$"))
    expect(page.locator("html")).to_have_attribute("lang", "en")
    page.get_by_role("link", name="日本語").click()
    expect(page.locator("html")).to_have_attribute("lang", "ja")


def test_the_link_opens_it_and_another_site_cannot_act(environment: Emulator, browser: Browser) -> None:
    """The token is gone from the address, neither script nor stranger gets at the cookie, and it stays at home.

    Who has lost it is told so.
    """
    environment.control.clock(frozen=True)
    context, stranger = browser.new_context(), browser.new_context()
    page = context.new_page()
    page.goto(environment.console)
    expect(page).to_have_url(re.compile(r"/console/$"))
    assert page.evaluate("document.cookie") == ""
    (cookie,) = context.cookies()
    assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Strict")
    url = f"{environment.ready['control']['url']}/console"
    form = f"<form method=post action={url}/do/reset><button>Win a prize</button></form>"
    context.route("http://elsewhere.example/", lambda route: route.fulfill(body=form, content_type="text/html"))
    page.goto("http://elsewhere.example/")
    with page.expect_response(f"{url}/do/reset") as answered:
        page.get_by_role("button").click()
    assert answered.value.status == 401
    refused = stranger.new_page().goto(f"{url}/")
    assert refused is not None
    assert refused.status == 401
    assert environment.control.clock()["frozen"], "nothing was reset"
    page.goto(f"{url}/state")
    context.clear_cookies()
    page.get_by_role("button", name="Let it run").click()
    expect(page.locator("main")).to_contain_text("Open the link that imp-emulator start has printed")
    context.close()
    stranger.close()
