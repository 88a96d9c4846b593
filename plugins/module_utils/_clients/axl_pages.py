# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""Reading a list of AXL page by page: what is asked for next, and when.

While a page is read the next one is on its way: it takes a server about as long to make one as it takes to read one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from xml.etree.ElementTree import Element

from ansible_collections.ucops.imp.plugins.module_utils._clients.axl_faults import TOO_LARGE
from ansible_collections.ucops.imp.plugins.module_utils._core.errors import ApiError
from ansible_collections.ucops.imp.plugins.module_utils._http.transport import Answer

_SUGGESTION = re.compile(r"less than (\d+) rows", re.IGNORECASE)

AHEAD = 2
"""So many pages at most are asked for before they are needed: one that waits to be read, and one under way."""

AskPage = Callable[[int, int], Answer]
"""Asks for the page after so many rows, with so many rows."""
ReadPage = Callable[[Answer], "list[Element]"]
"""Reads the rows of a page; raises :class:`ApiError` for a fault."""


def rows_of_pages(row: str, ask: AskPage, read: ReadPage, page_size: int) -> Iterator[Element]:
    """Yield all rows, the elements called ``row``; pages that the server finds too large are made smaller."""
    skip, first = 0, page_size
    with _Ahead(ask, row) as ahead:
        while True:
            try:
                rows = read(ahead.page(skip, first))
            except ApiError as error:
                smaller = _smaller_page(error, first)
                if smaller is None:
                    raise
                first = smaller
                continue
            yield from rows
            if len(rows) < first:
                return
            skip += len(rows)


class _Ahead:
    """Asks for pages before they are needed, in a thread of its own, which has a connection like any other.

    Which page comes next is a guess from the one before. What was asked for in vain is forgotten, together with what
    went wrong with it.
    """

    def __init__(self, ask: AskPage, row: str) -> None:
        self._ask = ask
        self._end_tag = f"</{row}>".encode()
        self._pool = ThreadPoolExecutor(max_workers=1)
        self._begun: dict[tuple[int, int], Future[Answer | None]] = {}

    def __enter__(self) -> _Ahead:
        return self

    def __exit__(self, *_raised: object) -> None:
        self._pool.shutdown(cancel_futures=True)

    def page(self, skip: int, first: int) -> Answer:
        """Return a page, asked for before or now, and begin to ask for those after it."""
        begun = self._begun.pop((skip, first), None)
        answer = None if begun is None else begun.result()
        if answer is None:
            for other in self._begun.values():
                other.cancel()
            self._begun.clear()
            answer = self._ask(skip, first)
        if self._seems_full(answer, first):
            for ahead in range(1, AHEAD + 1):
                self._begin(skip + ahead * first, first)
        return answer

    def _begin(self, skip: int, first: int) -> None:
        if (skip, first) not in self._begun:
            before = self._begun.get((skip - first, first))
            self._begun[skip, first] = self._pool.submit(self._ask_after, before, skip, first)

    def _ask_after(self, before: Future[Answer | None] | None, skip: int, first: int) -> Answer | None:
        """Ask for a page, unless the one before it, which the same thread has asked for, was the last."""
        if before is not None:
            found = before.result()
            if found is None or not self._seems_full(found, first):
                return None
        return self._ask(skip, first)

    def _seems_full(self, answer: Answer, first: int) -> bool:
        """Guess from the end tags whether a page has as many rows as were asked for; to read it takes much longer."""
        return answer.body.count(self._end_tag) >= first


def _smaller_page(error: ApiError, first: int) -> int | None:
    """Return the page size to go on with, or ``None`` when the error is another one or no smaller page is possible."""
    if error.code != TOO_LARGE or "too large" not in error.message.lower() or first <= 1:
        return None
    suggestion = _SUGGESTION.search(error.message)
    rows = int(suggestion[1]) - 1 if suggestion else first // 2
    # A suggestion that is no smaller than the page that failed would ask the same for ever.
    return max(1, rows if rows < first else first // 2)
