# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pages of AXL that are asked for while others are read: no row lost, no page too many, none waited for in vain."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element, fromstring

import pytest
from ansible_collections.ucops.imp.plugins.module_utils._clients.axl_faults import TOO_LARGE
from ansible_collections.ucops.imp.plugins.module_utils._clients.axl_pages import rows_of_pages
from ansible_collections.ucops.imp.plugins.module_utils._core.errors import ApiError, ConnectionFailed
from ansible_collections.ucops.imp.plugins.module_utils._http.transport import Answer
from hypothesis import given
from hypothesis import strategies as st

WAITED = 20
"""Seconds after which what does not come has failed."""


@dataclass
class Rows:
    """A server of ``total`` rows, which refuses pages of more than ``fits``, and remembers what it was asked for.

    A row's text is ``text``. What was asked for from the row ``breaks`` on fails.
    """

    total: int
    fits: int = 1_000
    text: str = "x"
    breaks: int | None = None
    asked: list[tuple[int, int]] = field(default_factory=list)
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def ask(self, skip: int, first: int) -> Answer:
        with self._changed:
            self.asked.append((skip, first))
            self._changed.notify_all()
        if self.breaks is not None and skip >= self.breaks:
            raise ConnectionFailed(f"row {skip} is out of reach")
        if min(first, self.total - skip) > self.fits:
            return Answer(500, {}, b"too large")
        ids = range(skip, min(skip + first, self.total))
        rows = "".join(f'<row id="{n}">{self.text}</row>' for n in ids)
        return Answer(200, {}, f"<page>{rows}</page>".encode())

    def wait_until_asked(self, times: int) -> bool:
        with self._changed:
            return self._changed.wait_for(lambda: len(self.asked) >= times, WAITED)


def read(answer: Answer) -> list[Element]:
    if answer.status != 200:
        raise ApiError("Query request too large.", code=TOO_LARGE, status=500)
    return list(fromstring(answer.body))


def ids(server: Rows, size: int) -> list[int]:
    return [int(row.get("id", "")) for row in rows_of_pages("row", server.ask, read, size)]


def test_the_next_pages_are_asked_for_before_this_one_is_read() -> None:
    server = Rows(50)

    def read_when_more_is_under_way(answer: Answer) -> list[Element]:
        rows = read(answer)
        assert len(rows) < 10 or server.wait_until_asked(int(rows[0].get("id", "")) // 10 + 2)
        return rows

    found = list(rows_of_pages("row", server.ask, read_when_more_is_under_way, 10))
    assert [row.get("id") for row in found] == [str(n) for n in range(50)]


def test_no_more_than_two_are_asked_for_before_they_are_needed() -> None:
    server = Rows(100)
    rows = rows_of_pages("row", server.ask, read, 10)
    for number in range(100):
        assert next(rows).get("id") == str(number)
        assert len(server.asked) <= number // 10 + 1 + 2
    assert list(rows) == []


@given(total=st.integers(0, 60), size=st.integers(1, 25), fits=st.integers(1, 30))
def test_every_row_comes_once_and_in_order(total: int, size: int, fits: int) -> None:
    assert ids(Rows(total, fits), size) == list(range(total))


@given(total=st.integers(0, 60), size=st.integers(1, 25))
def test_no_page_is_asked_for_that_one_by_one_would_not(total: int, size: int) -> None:
    server = Rows(total)
    ids(server, size)
    assert server.asked == [(skip, size) for skip in range(0, total + 1, size)]


@pytest.mark.parametrize("text", ["<row/>", "<row></row>", "&lt;/row>", "<!--</row>-->", "<![CDATA[</row>]]>"])
def test_a_guess_that_the_text_of_a_row_misleads_loses_nothing(text: str) -> None:
    assert ids(Rows(23, text=text), 10) == list(range(23))


def test_a_page_that_was_asked_for_in_vain_fails_nobody() -> None:
    # The comments make each of the 7 rows look like two.
    assert ids(Rows(7, text="<!--</row>-->", breaks=8), 10) == list(range(7))


def test_a_page_that_is_needed_and_fails_is_told_after_the_rows_before_it() -> None:
    rows = rows_of_pages("row", Rows(100, breaks=20).ask, read, 10)
    assert [next(rows).get("id") for _ in range(20)] == [str(n) for n in range(20)]
    with pytest.raises(ConnectionFailed, match="row 20 is out of reach"):
        next(rows)


def test_whoever_stops_early_leaves_no_thread() -> None:
    before = set(threading.enumerate())
    rows = rows_of_pages("row", Rows(100).ask, read, 10)
    next(rows)
    rows.close()  # type: ignore[attr-defined]
    assert set(threading.enumerate()) <= before
