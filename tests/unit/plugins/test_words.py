# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values, names and numbers in sentences, and what is said of several: once."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.ucops.imp.plugins.module_utils._core.words import (
    alike,
    cell,
    counted,
    flat,
    named,
    noun,
    quoted,
    told_once,
)


@pytest.mark.parametrize(
    ("number", "told"),
    [(1, "a"), (2, "a, b"), (3, "a, b, c"), (4, "a, b, c, d"), (5, "a, b, c and 2 more")],
)
def test_names_are_told_as_far_as_they_are_read(number: int, told: str) -> None:
    assert named("abcdefgh"[:number]) == told


def test_very_many_names_are_counted() -> None:
    assert named([f"user{one}" for one in range(2000)]) == "user0, user1, user2 and 1,997 more"


def test_what_is_said_of_several_is_said_once() -> None:
    pairs = [
        ("imp1", "It is down."),
        ("mail1", "It is unknown."),
        ("imp2", "It is down."),
        ("imp3", "imp3: It is down."),
    ]
    assert told_once(pairs) == ["imp1, imp2, imp3: It is down.", "mail1: It is unknown."]


def test_sentences_that_differ_in_the_name_alone_are_the_same() -> None:
    pairs = [
        ("user1", "Unified CM refuses user1."),
        ("user2", "Unified CM refuses user2."),
        ("a", "a gateway is missing"),
    ]
    assert told_once(pairs) == ["user1, user2: Unified CM refuses <name>.", "a: a gateway is missing"]
    # Of one nothing is taken out.
    assert told_once(pairs[:1]) == ["user1: Unified CM refuses user1."]


def test_nothing_is_lost_by_grouping() -> None:
    items = [(str(number), f"reason {number % 3}") for number in range(10)]
    groups = alike(items, lambda item: item)
    assert [len(same) for same, _sentence in groups] == [4, 3, 3]
    assert sorted(item for same, _sentence in groups for item in same) == items


@pytest.mark.parametrize(
    ("number", "word", "told"),
    [(1, "calendar user", "1 calendar user"), (2000, "calendar user", "2,000 calendar users"), (0, "check", "0 checks"),
     (2, "presence gateway", "2 presence gateways"), (2, "high availability", "2 high availabilities"),
     (2, "certificate services", "2 certificate services")],
)  # fmt: skip
def test_numbers_of_objects(number: int, word: str, told: str) -> None:
    assert counted(number, word) == told


@pytest.mark.parametrize(
    ("value", "told"),
    [(None, "not set"), ("", "empty"), (True, "yes"), ("it", '"it"'), ([], "empty"), ({"a": [1, False]}, "a 1, no")],
)
def test_values_in_a_sentence(value: Any, told: str) -> None:
    assert quoted(value) == told


def test_a_line_is_one_line_and_no_command() -> None:
    assert flat("a\x1b[2J\n b\u202ec") == "a\\u001b[2J b\\u202ec"
    assert cell("a\n| *b*") == "a \\| \\*b\\*"


def test_kinds_have_the_names_that_people_use() -> None:
    assert [noun(kind) for kind in ("calendar_user", "presence_gateway")] == ["user", "presence gateway"]
