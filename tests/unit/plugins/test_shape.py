# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a JSON answer has to look like, and what is said of one that does not."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.ucops.imp.plugins.module_utils._core.errors import UnexpectedAnswer
from ansible_collections.ucops.imp.plugins.module_utils._http.shape import shaped

SHAPE = {"items": [{"name": str, "port": (int, type(None)), "tags?": [str], "ready?": bool}]}


@pytest.mark.parametrize(
    "item",
    [
        {"name": "a", "port": 1},
        {"name": "a", "port": None, "more": object()},
        {"name": "a", "port": 1, "tags": None, "ready": None},
        {"name": "a", "port": 1, "tags": ["x"], "ready": False},
    ],
)
def test_what_has_the_shape_is_returned(item: dict[str, Any]) -> None:
    content = {"items": [item], "next": 3}
    assert shaped(content, SHAPE, "It") is content


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "It sent null where an object was expected."),
        ([], "It sent a list where an object was expected."),
        ({}, "It sent no items."),
        ({"items": {}}, "It sent an object as items where a list was expected."),
        ({"items": ["x"]}, "It sent a text as items[0] where an object was expected."),
        ({"items": [{"name": "a", "port": 1}, {"port": 1}]}, "It sent no items[1].name."),
        ({"items": [{"name": None, "port": 1}]}, "It sent null as items[0].name where a text was expected."),
        ({"items": [{"name": "a"}]}, "It sent no items[0].port."),
        (
            {"items": [{"name": "a", "port": True}]},
            "It sent true or false as items[0].port where a whole number or null",
        ),
        (
            {"items": [{"name": "a", "port": 1.5}]},
            "It sent a number as items[0].port where a whole number or null was expected.",
        ),
        ({"items": [{"name": "a", "port": 1, "tags": [1]}]}, "It sent a whole number as items[0].tags[0] where a text"),
        ({"items": [{"name": "a", "port": 1, "ready": 1}]}, "a whole number as items[0].ready where true or false was"),
    ],
)
def test_the_first_wrong_place_is_named(content: Any, said: str) -> None:
    with pytest.raises(UnexpectedAnswer) as refused:
        shaped(content, SHAPE, "It")
    assert said in refused.value.message
    assert "another release" in refused.value.message
