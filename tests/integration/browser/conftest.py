# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A browser, and the console of an emulator in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.support import browser as browsers
from tests.support.emulator import Emulator

Open = Callable[..., Page]


# One for each file of tests, and gone after it: Playwright's loop would stand in the way of other tests' own ones.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with browsers.chromium() as found:
        yield found


@pytest.fixture
def opened(browser: Browser, environment: Emulator) -> Iterator[Open]:
    """A function that opens the emulator's link in a browser of its own: ``opened("/journal", locale="ja")``.

    At the end of the test, nothing may have gone wrong in any of them.
    """
    known: list[tuple[Any, list[str]]] = []

    def open_page(path: str = "/", **options: Any) -> Page:
        context = browser.new_context(**options)
        known.append((context, browsers.watched(context)))
        page = context.new_page()
        page.goto(environment.console)
        if path != "/":
            page.goto(f"{environment.ready['control']['url']}/console{path}")
        return page

    yield open_page
    for context, _ in known:
        context.close()
    assert [wrong for _, found in known for wrong in found] == []
