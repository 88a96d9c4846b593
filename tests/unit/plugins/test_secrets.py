# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which texts among arguments are secrets, and what of the arguments is shown."""

from __future__ import annotations

import importlib
from typing import Any

import pytest
from ansible_collections.ucops.imp.plugins.module_utils._core.masked import WHOLE_VALUE
from ansible_collections.ucops.imp.plugins.module_utils._core.options import OptionSpec
from ansible_collections.ucops.imp.plugins.module_utils._module.secrets import (
    common_passwords,
    secret_texts,
    shown_arguments,
)
from ansible_collections.ucops.imp.plugins.module_utils._module.shapes import shape_problems

from tests.support.plugin_files import MODULES, PACKAGE

INNER: dict[str, OptionSpec] = {"path": {"type": "path"}, "content": {"type": "str", "no_log": True}}
SPEC: dict[str, OptionSpec] = {
    "password": {"type": "str", "no_log": True},
    "update_password": {"type": "str", "choices": ["always"]},
    "guarded": {"type": "list", "elements": "dict", "options": INNER},
    "open": {"type": "list", "elements": "dict", "options": {"name": {"type": "str"}}},
    "one": {"type": "dict", "options": INNER},
    "free": {"type": "dict"},
}


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({"password": "canary"}, {"canary"}),
        ({"password": 12345}, {"12345"}),
        ({"password": ["canary", {"some_key": ["other"]}]}, {"canary", "some_key", "other"}),
        ({"password": "abc"}, set()),
        ({"update_password": "canary"}, {"canary"}),
        ({"update_password": "always"}, set()),
        ({"guarded": [{"content": "canary", "path": "/some/path"}]}, {"canary"}),
        ({"guarded": ["canary"]}, {"canary"}),
        ({"guarded": [["canary"]]}, {"canary"}),
        ({"guarded": '[{"content": "canary"}]'}, {"canary"}),
        ({"guarded": "content=canary path=/some/path"}, {"canary"}),
        ({"one": {"content": "canary"}}, {"canary"}),
        ({"one": [{"content": "canary"}]}, {"canary"}),
        ({"open": ["imp-pub"]}, set()),
        ({"open": [{"name": "imp-pub", "nmae": "canary"}]}, {"canary"}),
        ({"open": [["password=canary"]]}, {"password=canary"}),
        ({"free": {"deep": [{"Passwort": "canary", "word": "shown"}]}}, {"canary"}),
        ({"pasword": "canary"}, {"canary"}),
    ],
)
def test_secrets_are_found_in_any_shape(given: dict[str, Any], found: set[str]) -> None:
    texts = secret_texts(SPEC, given)
    assert texts >= found
    assert not texts & {"imp-pub", "shown", "/some/path", "always"}


def test_a_secret_is_known_in_every_way_in_which_it_may_be_told() -> None:
    texts = secret_texts(SPEC, {"password": " a\\b\"c'd&ä "})
    assert texts >= {"a\\b\"c'd&ä", " a\\\\b\"c\\'d&ä ", " a\\\\b\\\"c'd&\\u00e4 ", " a\\b\"c'd&amp;ä "}
    assert "%20a%5Cb%22c%27d%26%C3%A4%20" in texts


def test_arguments_are_shown_without_what_may_be_a_secret() -> None:
    given = {
        "password": {"canary": "other"},
        "update_password": "canary",
        "guarded": [{"content": "canary", "path": "/some/path"}, "canary", None],
        "open": [{"name": "imp-pub", "nmae": "canary"}, "imp-sub", "password=canary"],
        "one": {"content": None, "path": "/some/path"},
        "free": {"word": "shown", "token": "canary"},
        "pasword": ["canary"],
    }
    shown = shown_arguments(SPEC, given)
    assert shown == {
        "password": WHOLE_VALUE,
        "update_password": WHOLE_VALUE,
        "guarded": [{"content": WHOLE_VALUE, "path": "/some/path"}, WHOLE_VALUE, None],
        "open": [{"name": "imp-pub", "nmae": WHOLE_VALUE}, "imp-sub", {"password": WHOLE_VALUE}],
        "one": {"content": None, "path": "/some/path"},
        "free": {"word": "shown", "token": WHOLE_VALUE},
        "pasword": WHOLE_VALUE,
    }


def test_right_arguments_have_no_problem() -> None:
    given = {"password": "canary", "guarded": "path=/some/path", "one": '{"path": "/some/path"}', "free": {"a": 1}}
    assert shape_problems(SPEC, given) == []
    assert shape_problems(SPEC, dict.fromkeys(SPEC)) == []


def test_only_values_of_a_result_are_compared_with_a_password() -> None:
    params = {"password": "canary"}
    assert common_passwords(SPEC, params, {"canary": 1, "deep": [{"a": "no"}]}) == []
    assert common_passwords(SPEC, params, {"deep": [{"a": "a canary sings"}]}) == ["password"]
    assert common_passwords(SPEC, {"one": {"content": "canary"}}, ["canary"]) == [], "it is no password"


@pytest.mark.parametrize("module", MODULES)
def test_every_secret_is_a_password_or_a_whole_text(module: str) -> None:
    """What a password must not hold is checked by the option's name."""

    def names(spec: dict[str, OptionSpec]) -> set[str]:
        inner = {name for option in spec.values() for name in names(option.get("options", {}))}
        return inner | {name for name, option in spec.items() if option.get("no_log")}

    found = names(importlib.import_module(f"{PACKAGE}.{module}").ARGUMENTS.spec)
    assert (
        {"password"}
        <= found
        <= {
            "password",
            "account_password",
            "client_secret",
            "proxy_password",
            "content",
        }
    )
