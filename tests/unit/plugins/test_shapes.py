# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Arguments as they were given: what counts as left out, and which values nobody can have meant."""

from __future__ import annotations

import math
from typing import Any

import pytest
from ansible_collections.ucops.imp.plugins.module_utils._core.errors import LONGEST_MESSAGE, joined, shortened
from ansible_collections.ucops.imp.plugins.module_utils._module.shapes import (
    DEEPEST,
    Spec,
    shape_problems,
    too_deep,
    value_problems,
    without_nulls,
)

from tests.support.odd_arguments import nested

SPEC: Spec = {
    "name": {"type": "str"},
    "path": {"type": "path"},
    "port": {"type": "int"},
    "pause": {"type": "float"},
    "purge": {"type": "bool"},
    "words": {"type": "list", "elements": "str"},
    "numbers": {"type": "list", "elements": "int"},
    "free": {"type": "dict"},
    "things": {"type": "list", "elements": "dict", "options": {"name": {"type": "str"}, "note": {"type": "str"}}},
    "password": {"type": "str", "no_log": True},
}


@pytest.mark.parametrize(
    ("given", "left"),
    [
        ({"name": None, "port": 1}, {"port": 1}),
        ({"words": ["a", None]}, {"words": ["a"]}),
        # A list of nothing but nulls is no empty list, which might purge everything.
        ({"words": [None, None]}, {}),
        ({"words": []}, {"words": []}),
        ({"things": [None, {"name": "a", "note": None}]}, {"things": [{"name": "a"}]}),
        ({"things": [{"name": None}]}, {"things": [{}]}),
        ({"free": {"a": None, "b": {"c": None}}}, {"free": {"b": {}}}),
        ({"name": "", "purge": False, "port": 0}, {"name": "", "purge": False, "port": 0}),
    ],
)
def test_null_is_as_good_as_left_out(given: dict[str, Any], left: dict[str, Any]) -> None:
    assert without_nulls(SPEC, given) == left


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (
            {"name": True},
            "name: it is a truth value (YAML takes yes, no, on and off for one). Give one value",
        ),
        ({"name": 15.1}, "name: it is a number with a fraction"),
        ({"words": ["a", False]}, "words[1]: it is a truth value"),
        ({"free": {"a": True}}, "free.a: it is a truth value"),
        ({"things": [{"name": "a"}, {"name": 1.5}]}, "things[1].name: it is a number with a fraction"),
        ({"things": "a"}, "things: it is no dictionary. Give a dictionary with name, note."),
        ({"words": {}}, "words: it is a dictionary. Give a list, [] for an empty one."),
        ({"words": " "}, "words: it is an empty text. Give a list"),
        ({"port": ""}, "port: it is an empty text. Give a whole number."),
        ({"port": True}, "port: it is a truth value"),
        ({"port": 7.5}, "port: 7.5 is not a whole number."),
        ({"port": math.inf}, "port: inf is not a whole number."),
        ({"port": "often"}, "port: 'often' is not a whole number."),
        ({"port": 2**31}, "port: 2147483648 is beyond 2147483647"),
        ({"numbers": [1, -(2**31)]}, "numbers[1]: -2147483648 is beyond 2147483647"),
        ({"pause": "nan"}, "pause: 'nan' is not a number."),
        ({"purge": "maybe"}, "purge: 'maybe' is no truth value. Give true or false."),
        ({"path": "a\0"}, "path: it has the character U+0000"),
        ({"password": ["a"]}, "password: it is a list."),
    ],
)
def test_a_value_of_another_shape_is_told_with_its_place_and_what_to_give(given: dict[str, Any], told: str) -> None:
    (problem,) = shape_problems(SPEC, given)
    assert problem.startswith(told)


@pytest.mark.parametrize(
    "given",
    [
        {"name": 1001, "port": "8443", "pause": 1, "purge": "no", "words": "a,b", "numbers": [1, "2", 3.0]},
        {"port": 2**31 - 1, "pause": 0.5, "purge": 0, "free": {"a": 1}, "things": '[{"name": "a"}]'},
    ],
)
def test_what_can_be_understood_is_taken(given: dict[str, Any]) -> None:
    assert shape_problems(SPEC, given) == value_problems(SPEC, given) == []


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"name": ""}, ["name: it is an empty text. Give a value, or leave the option out."]),
        ({"words": ["a", " "]}, ["words[1]: it is an empty text. Give a value, or leave the option out."]),
        ({"things": [{"name": "a", "note": ""}]}, []),
        ({"password": ""}, []),
        ({"name": "a\x07"}, ["name: it has the control character U+0007. Look at where the value comes from."]),
        ({"name": "a\nb\tc"}, []),
        ({"name": "a" * 8193}, ["name: it has 8193 characters in one line, more than any name has."]),
        ({"name": "a" * 8192}, []),
        ({"name": "a\n" * 8192}, []),
    ],
)
def test_a_text_that_cannot_be_meant_is_told(given: dict[str, Any], told: list[str]) -> None:
    assert value_problems(SPEC, given, ["things.note"]) == told


def test_values_that_are_too_deep_are_found_without_following_them() -> None:
    deep = {
        "a": nested(DEEPEST - 1, lambda one: [one]),
        "b": nested(DEEPEST, lambda one: [one]),
        "c": nested(100_000, lambda one: {"x": one}),
    }
    assert too_deep(deep) == ["b", "c"]


def test_a_message_keeps_its_begin_and_its_end_and_tells_how_much_is_left_out() -> None:
    long = shortened(f"name: {'a' * 5000} is no name.")
    assert len(long) == LONGEST_MESSAGE
    assert long.startswith("name: aaa")
    assert long.endswith("aaa is no name.")
    assert shortened("a" * LONGEST_MESSAGE) == "a" * LONGEST_MESSAGE
    many = joined([f"thing {number}: {'a' * 90}." for number in range(50)], "{} more.")
    assert len(many) <= LONGEST_MESSAGE
    told = many.count("thing ")
    assert many.endswith(f"{50 - told} more.")
    assert told >= 8
    assert joined(["One.", "Two."]) == "One. Two."
    assert joined(["One.", "Two.", "Three."], "{} more.", 2) == "One. Two. 1 more."
