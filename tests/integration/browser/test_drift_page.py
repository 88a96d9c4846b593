# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The drift report as a page, in a browser: for everybody, on every screen, and as a picture for the documentation."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.ucops.imp.plugins.plugin_utils._drift.page import page as page_of
from playwright.sync_api import Browser

from tests.support import browser as browsers
from tests.support.drift import full_report

pytestmark = pytest.mark.skipif(browsers.missing() is not None, reason=str(browsers.missing()))


def test_nothing_is_wrong_with_it(browser: Browser, tmp_path: Path) -> None:
    (tmp_path / "drift.html").write_text(page_of(full_report()), encoding="utf-8")
    context = browser.new_context(viewport={"width": 1280, "height": 800}, color_scheme="light")
    wrong = browsers.watched(context)
    page = context.new_page()
    page.goto((tmp_path / "drift.html").as_uri())
    browsers.picture(page, "drift-report")
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
    found = browsers.problems(page)
    page.emulate_media(color_scheme="dark")
    found += browsers.problems(page, "color-contrast")
    page.set_viewport_size({"width": 360, "height": 740})
    assert browsers.width(page) <= 360
    context.close()
    assert (found, wrong) == ([], [])
