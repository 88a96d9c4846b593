# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real browser for the tests of pages: Debian's Chromium, driven by Playwright, and axe-core, which judges them.

Neither is anything that the project needs: where one is missing, the summary of the run says what was not tested.
``python -m tests.support.browser`` says the same, with exit status 1.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright

from tests.support.project_files import ROOT

AXE = ROOT / ".build" / "axe_core" / "node_modules" / "axe-core" / "axe.min.js"
SCREENSHOTS = ROOT / ".build" / "screenshots"
"""Where the tests leave the pictures of the documentation; ``make screenshots`` takes them from there."""
PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
SECONDS = 30
"""How long a page may take to become what a test waits for."""
ACTION = "/console/do/"
"""In the address of what acts."""
# Chromium asks its maker's servers for news, unless it is told not to.
_ALONE = [
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
]
# Of the rules that axe-core has, those of WCAG 2.2 AA and what it calls good practice.
_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def program() -> str | None:
    """Return the path of a Chromium."""
    return next(filter(None, map(shutil.which, PROGRAMS)), None)


def missing() -> str | None:
    """Say what the tests in a browser lack to run; None when nothing."""
    if program() is None:
        return "no page is tested in a browser: chromium is not found"
    if not AXE.is_file():
        return (
            "no page is tested in a browser: axe-core is not there, make node-packages installs it where npm is found"
        )
    return None


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser without a window."""
    expect.set_options(timeout=SECONDS * 1000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program(), args=_ALONE)
        try:
            yield browser
        finally:
            browser.close()


def watched(context: BrowserContext) -> list[str]:
    """Return a list that fills with what goes wrong in a context's pages: errors of scripts, files, the policy.

    That an action is refused is none of it.
    """
    context.set_default_timeout(SECONDS * 1000)
    wrong: list[str] = []

    def told(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and ACTION not in message.location["url"]:
            wrong.append(message.text)

    context.on("console", told)
    context.on("weberror", lambda error: wrong.append(str(error.error)))
    return wrong


@cache
def _axe() -> str:
    return AXE.read_text(encoding="utf-8")


def problems(page: Page, *rules: str) -> list[str]:
    """Return what axe-core finds wrong with a page as it is now, by all rules or by those that are named."""
    page.evaluate(_axe())
    only: dict[str, Any] = {"type": "rule", "values": list(rules)} if rules else {"type": "tag", "values": _RULES}
    found = page.evaluate("(only) => axe.run(document, {runOnly: only, resultTypes: ['violations']})", only)
    return [
        f"{violation['id']}: {violation['help']}: {node['target']}"
        for violation in found["violations"]
        for node in violation["nodes"]
    ]


def width(page: Page) -> int:
    """Return how wide a page is; more than its window's width means that it scrolls sideways."""
    return int(page.evaluate("document.documentElement.scrollWidth"))


def picture(page: Page, name: str, folder: Path = SCREENSHOTS) -> None:
    """Leave a picture of what a page shows for the documentation."""
    folder.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=folder / f"{name}.png", animations="disabled", caret="hide")


if __name__ == "__main__":
    sys.exit(missing())
