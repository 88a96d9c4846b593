# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bad input of any kind is a sentence: variables of roles, options of the inventory, and what filters are given."""

from __future__ import annotations

import itertools
import json
import os
import random
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.errors import AnsibleFilterError
from ansible_collections.ucops.imp.plugins.filter.bat_file import bat_file
from ansible_collections.ucops.imp.plugins.filter.bat_unnamed import bat_unnamed
from ansible_collections.ucops.imp.plugins.filter.from_working_directory import from_working_directory
from ansible_collections.ucops.imp.plugins.filter.gateway_table import gateway_table
from ansible_collections.ucops.imp.plugins.filter.inventory_value import inventory_value
from ansible_collections.ucops.imp.plugins.filter.masked_places import places
from ansible_collections.ucops.imp.plugins.filter.preflight_table import preflight_table
from ansible_collections.ucops.imp.plugins.plugin_utils._settings.variables import converted, playbooks, roles, spec_of

from tests.support.odd_arguments import ODD_PLAINLY, paths, put
from tests.support.odd_arguments import Path as Place
from tests.support.playbooks import PROGRAMS, settings

ALL_CASES = "ALL_CASES" in os.environ
"""Set by ``make all-cases``; otherwise a fixed sample is tried, always the same."""
LONGEST = 1000
SEED = 20261126
SECRET = "canary-77aa"


def sample(every: list[Any], count: int) -> list[Any]:
    return every if ALL_CASES else random.Random(SEED).sample(every, min(count, len(every)))


def complete(option: dict[str, Any]) -> dict[str, Any]:
    """Return an option of a role as a module would write it, with the type that is left out."""
    inner = {"options": {name: complete(one) for name, one in option["options"].items()}} if "options" in option else {}
    return {"type": "str", **option, **inner}


@pytest.mark.parametrize("source", [*roles(), *playbooks()])
def test_an_odd_value_of_a_variable_is_understood_or_a_sentence(source: str) -> None:
    spec = {name: complete(dict(option)) for name, option in spec_of(source).items()}
    cases: list[tuple[Place, str]] = list(itertools.product(paths(spec), ODD_PLAINLY))
    for place, name in sample(cases, 20):
        given = put(spec, {}, place, ODD_PLAINLY[name])
        _found, problems = converted(spec, {place[0]: given[place[0]]})
        for problem in problems:
            assert len(problem) <= LONGEST, (place, name)
            assert "bug in" not in problem
        others = [problem for problem in problems if not problem.startswith(place[0])]
        assert all("missing required arguments" in problem for problem in others), (place, name)


WRITTEN = [name for name in ODD_PLAINLY if name not in ("very deep lists", "a surrogate")]
"""What a file of YAML can hold."""
INVENTORY = ("hostname", "port", "username", "password", "validate_certs", "ca_path", "timeout", "retries")
OWN = (
    "imp_publisher",
    "domain",
    "prefix",
    "cluster",
    "local_connection",
    "compose",
    "groups",
    "keyed_groups",
    "strict",
)


@pytest.mark.parametrize("options", [[one] for one in (*INVENTORY, *OWN)] if ALL_CASES else [[*INVENTORY, *OWN]])
def test_an_odd_option_of_the_inventory_is_understood_or_a_sentence(options: list[str], tmp_path: Path) -> None:
    """All files in one run of ansible-inventory, for which the plugin keeps what it could not read."""
    base = {
        "plugin": "ucops.imp.imp_cluster",
        "hostname": "127.0.0.1",
        "port": 1,
        "username": "axladmin",
        "password": SECRET,
        "timeout": 1,
        "retries": 0,
    }
    folder = tmp_path / "inventory"
    folder.mkdir()
    # 49 retries are understood, and take their time.
    every = [case for case in itertools.product(options, WRITTEN) if case != ("retries", "a template")]
    cases = dict(enumerate(sample(every, 10)))
    for number, (option, name) in cases.items():
        (folder / f"{number}.imp_cluster.yml").write_text(yaml.safe_dump({**base, option: ODD_PLAINLY[name]}))

    command = [str(PROGRAMS / "ansible-inventory"), "-i", str(folder), "--host", "localhost"]
    done = subprocess.run(
        command,
        env=settings(tmp_path / "none"),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )

    assert "Traceback" not in done.stdout + done.stderr
    assert SECRET not in done.stdout + done.stderr
    # Up to core 2.18, what is no template comes in a dictionary that says so.
    found = json.loads(done.stdout)["imp_cluster_unread"]
    unread = [line["__ansible_unsafe"] if isinstance(line, dict) else line for line in found]
    told = {int(Path(line.partition(".imp_cluster.yml: ")[0]).name): line for line in unread}
    assert {cases[number] for number in cases.keys() - told.keys()} == set()
    assert {cases[number]: line for number, line in told.items() if len(line) > LONGEST + len(str(folder)) + 30} == {}


def _user(**more: Any) -> dict[str, Any]:
    return {"userid": "ada", "im_and_presence": True, "meeting_information": True, **more}


GATEWAY = ("name", "checked", "reachable", "verified", "reachability", "verification", "detail", "advice")
FILTERS: dict[str, Callable[[Any], Any]] = {
    "bat_file": bat_file,
    "bat_file of users": lambda value: bat_file([_user(userid=value)]),
    "bat_file of options": lambda value: bat_file([_user(im_and_presence=value, meeting_information=value)]),
    "bat_unnamed": bat_unnamed,
    "from_working_directory": from_working_directory,
    "from_working_directory that can be written": lambda value: from_working_directory(value, writable=True),
    "gateway_table": gateway_table,
    "gateway_table of gateways": lambda value: gateway_table([dict.fromkeys(GATEWAY, value)]),
    "gateway_table of that width": lambda value: gateway_table([], width=value),
    "inventory_value": inventory_value,
    "masked_places": places,
    "preflight_table": preflight_table,
    "preflight_table of rows": lambda value: preflight_table([{"result": value}]),
    "preflight_table of that width": lambda value: preflight_table([], width=value),
}


def told(filtered: Callable[[Any], Any], value: Any) -> str:
    """Return how a filter refuses a value, an empty text when it takes it; every other error is a bug."""
    try:
        filtered(value)
    except AnsibleFilterError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("name", FILTERS)
def test_an_odd_value_for_a_filter_is_taken_or_a_sentence(name: str) -> None:
    for value in ODD_PLAINLY.values():
        assert len(told(FILTERS[name], value)) <= LONGEST
