# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The console with 10,000 users beside one with 10: how long its pages take, and until a browser paints something."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import httpx
import yaml
from playwright.sync_api import Page

from imp_emulator.scenario.writer import generate
from imp_emulator.testing import Emulator, running
from tests.benchmarks.table import Measurement, show
from tests.support import browser as browsers

FEW, MANY = 10, 10_000
TIMES = 15
"""How often each page is asked for; the middle one counts."""
PAINT_MILLISECONDS = 200
"""What the first paint with 10,000 users may take on an idle machine."""
PAGES = {
    "all users": "/users",
    "the last page of them": f"/users?page={MANY // 50}",
    "users by name": "/users?name=er09",
    "users by presence": "/users?presence=Available",
    "all mailboxes": "/mailboxes",
}
# The policy of the pages lets nothing be evaluated by itself, so that a function waits and not Playwright.
_PAINTED = """() => new Promise(done => new PerformanceObserver(seen => {
  const paint = seen.getEntriesByName("first-contentful-paint")[0];
  if (paint) { done(paint.startTime); }
}).observe({type: "paint", buffered: true}))"""


def scenario(users: int) -> str:
    """Return a scenario whose users are all served by IM and Presence."""
    content = yaml.safe_load(generate(users=0))
    listed = [
        {
            "userid": f"user{number:05}",
            "last_name": "User",
            "mail": f"user{number:05}@example.com",
            "im_and_presence": True,
        }
        for number in range(1, users + 1)
    ]
    content["clusters"][0]["users"] = {"listed": listed}
    return yaml.safe_dump(content, sort_keys=False)


def middle(measure: Callable[[str], float]) -> dict[str, float]:
    """Return for each page the middle of what was measured, in milliseconds."""
    return {name: statistics.median(measure(path) for _ in range(TIMES)) for name, path in PAGES.items()}


def served(emulator: Emulator) -> dict[str, float]:
    """Return how long a client waits for each page."""
    with httpx.Client(base_url=emulator.ready["control"]["url"], trust_env=False, follow_redirects=True) as client:
        client.get(emulator.console).raise_for_status()

        def wait(path: str) -> float:
            begun = time.perf_counter()
            client.get(f"/console{path}").raise_for_status()
            return (time.perf_counter() - begun) * 1000

        return middle(wait)


def painted(emulator: Emulator) -> dict[str, float]:
    """Return how long a browser takes from the request to the first paint of each page."""
    with browsers.chromium() as browser:
        page = browser.new_page()
        page.goto(emulator.console)
        return middle(lambda path: _paint(page, f"{emulator.ready['control']['url']}/console{path}"))


def _paint(page: Page, url: str) -> float:
    page.goto(url)
    return float(page.evaluate(_PAINTED))


def _table(title: str, few: Mapping[str, float], many: Mapping[str, float]) -> None:
    for name in PAGES:
        rows = [Measurement(f"{FEW:,} users", few[name], "ms"), Measurement(f"{MANY:,} users", many[name], "ms")]
        show(f"{title}: {name}", rows)


def run(folder: Path) -> None:
    """Measure both, and print."""
    found: dict[int, tuple[dict[str, float], dict[str, float]]] = {}
    lacking = browsers.missing()
    for users in (FEW, MANY):
        place = folder / f"console-{users}"
        place.mkdir()
        (place / "scenario.yml").write_text(scenario(users), encoding="utf-8")
        with running(place / "scenario.yml", place) as emulator:
            found[users] = (served(emulator), {} if lacking else painted(emulator))
    _table("A page of the console", found[FEW][0], found[MANY][0])
    if lacking:
        print(f"\nNo first paint was measured: {lacking}")
        return
    _table("First paint", found[FEW][1], found[MANY][1])
    longest = max(found[MANY][1].values())
    print(f"\nThe longest first paint with {MANY:,} users: {longest:.0f} ms; it may take {PAINT_MILLISECONDS} ms.")
