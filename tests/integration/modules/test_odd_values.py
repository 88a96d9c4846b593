# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bad input of any kind is a sentence: every option of every module with values of every kind, against the emulator.

Each call is right but for one value, so that it comes past the checks wherever the value does. CI tries a sample that
is always the same; ``make all-cases`` tries all.
"""

from __future__ import annotations

import importlib
import os
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.emulator import Emulator
from tests.support.module_calls import CALLS, call_of
from tests.support.modules import ModuleResult, run_main
from tests.support.odd_arguments import ODD_PLAINLY, paths, put
from tests.support.odd_arguments import Path as Place
from tests.support.plugin_files import MODULES, PACKAGE

ALL_CASES = "ALL_CASES" in os.environ
SEED = 20261126
CASES = 8
"""Of each module, in CI."""
LONGEST = 1000
"""Characters of a message."""


def cases(module: str) -> list[tuple[Place, str]]:
    """Return place and name of the odd value of each case to try."""
    spec = importlib.import_module(f"{PACKAGE}.{module}").ARGUMENTS.spec
    every = [(path, name) for path in paths(spec) for name in ODD_PLAINLY if path != ("hostname",) or name != "a date"]
    return every if ALL_CASES else random.Random(f"{SEED}{module}").sample(every, CASES)


def wrong(result: ModuleResult, place: Place) -> Iterator[str]:
    """Yield what no user may be shown, and what a user who gave this value needs and is not told."""
    messages = [result.msg, *result.warnings, *(item["message"] for item in result.data.get("failures", []))]
    for message in messages:
        if len(message) > LONGEST:
            yield f"{len(message)} characters: {message[:200]}"
        if "bug in the collection" in message or "Traceback" in message:
            yield message
    if "exception" in result.data or "Traceback" in result.output:
        yield "a traceback"
    if not result.failed:
        return
    if not result.msg.strip() or "code" not in result.data:
        yield f"no message or code: {result.output[:300]}"
    # A number for a truth value is understood, and may then go against another option, which is named.
    named = any(str(step) in result.msg for step in place) or re.match(r"[a-z_]+: ", result.msg)
    if result.data.get("code") == "invalid-input" and not named:
        yield f"the option is not named: {result.msg}"


@pytest.mark.parametrize("module", MODULES)
def test_every_odd_value_is_understood_or_a_sentence(
    emulator: Emulator, module: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    arguments = importlib.import_module(f"{PACKAGE}.{module}")
    base = {**call_of(module)(emulator), "retries": 0, "timeout": 10}
    found: dict[str, list[str]] = {}
    for place, name in cases(module):
        options = put(arguments.ARGUMENTS.spec, base, place, ODD_PLAINLY[name])
        try:
            said = list(wrong(run_main(arguments.main, options, check=True), place))
        except Exception as error:  # noqa: BLE001 - whatever it is, a user would see its traceback
            said = [f"a traceback for the user: {error!r:.300}"]
        if said:
            found[f"{place} is {name}"] = said
    assert found == {}


@pytest.mark.parametrize(
    ("module", "options", "told"),
    [
        ("calendar_users", {"query": None}, "one of the following is required: users, csv_path, query"),
        ("calendar_users", {"query": None, "users": None}, "one of the following is required: users, csv_path, query"),
        (
            "trust_certificates",
            {"certificates": [{"path": ""}]},
            "certificates[0].path: it is an empty text. Give a value, or leave the option out.",
        ),
        (
            "service_parameters",
            {"parameters": [{"service": "Cisco Presence Engine", "name": "ExchangeQueue", "value": True}]},
            "parameters[0].value: it is a truth value (YAML takes yes, no, on and off for one).",
        ),
        (
            "calendar_users",
            {
                "users": [None, {"userid": "user0001", "im_and_presence": None}],
                "query": None,
                "meeting_information": False,
            },
            "",
        ),
    ],
)
def test_null_is_as_good_as_left_out_and_what_cannot_be_meant_is_told_in_check_mode_and_without(
    environment: Emulator, module: str, options: dict[str, Any], told: str
) -> None:
    main = importlib.import_module(f"{PACKAGE}.{module}").main
    for check in (True, False):
        result = run_main(main, {**CALLS[module](environment), **options}, check=check)
        assert result.failed == bool(told), result.msg
        assert result.msg.startswith(told)
        assert environment.journal(writes=True) == [] or not told
