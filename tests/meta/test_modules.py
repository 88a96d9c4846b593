# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every module has its tests, its action group, its documentation and its place in the README."""

from __future__ import annotations

import ast
import re
from typing import Any

import pytest
import yaml
from ansible_collections.ucops.imp.plugins.module_utils._product.endpoints import ENDPOINT_KINDS

from tests.support.plugin_files import MODULES, STATE_MODULES, first_arguments, kind_of, module_text
from tests.support.project_files import ROOT, project_files

TESTS = project_files("tests/integration/modules/test_*.py")
RUNTIME: dict[str, Any] = yaml.safe_load((ROOT / "meta" / "runtime.yml").read_text())
GROUPS: dict[str, list[Any]] = RUNTIME["action_groups"]
README = (ROOT / "README.md").read_text(encoding="utf-8")
VERSION = yaml.safe_load((ROOT / "galaxy.yml").read_text())["version"]
TASK_WORDS = {
    "name",
    "when",
    "register",
    "loop",
    "vars",
    "delegate_to",
    "run_once",
    "no_log",
    "loop_control",
    "until",
    "retries",
    "delay",
}
"""The words of a task in an example beside the module that it calls."""

Documented = dict[str, dict[str, Any]]


def numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


def members(group: str) -> list[str]:
    """Return the modules of an action group, those of the groups that it extends among them."""
    found: list[str] = []
    for entry in GROUPS[group]:
        extended = [] if isinstance(entry, str) else entry["metadata"]["extend_group"]
        found += [entry] if isinstance(entry, str) else [name for other in extended for name in members(other)]
    return found


def actions(task: dict[str, Any]) -> list[str]:
    """Return the modules that a task of an example calls, those of its blocks among them."""
    inner = [action for word in ("block", "rescue", "always") for one in task.get(word, []) for action in actions(one)]
    return inner or sorted(task.keys() - TASK_WORDS)


def test_there_are_modules() -> None:
    assert {"presence_gateways", "presence_gateways_info"} <= set(MODULES)
    assert TESTS


@pytest.mark.parametrize("module", MODULES)
def test_every_module_runs_against_the_emulator(module: str) -> None:
    calls = ("run_module", "assert_four_steps")
    assert any(module in first_arguments(path, call) for path in TESTS for call in calls)


@pytest.mark.parametrize("module", STATE_MODULES)
def test_every_state_module_is_taken_through_the_four_steps(module: str) -> None:
    """Check, do, check, do, with the journal of the emulator: see ``tests/support/modules.py``."""
    assert any(module in first_arguments(path, "assert_four_steps") for path in TESTS)


@pytest.mark.parametrize("module", MODULES)
def test_a_module_is_documentation_argument_spec_and_one_call(module: str) -> None:
    """What it manages is a file with its name, or that of the module that writes what this one reads."""
    tree = ast.parse((ROOT / "plugins" / "modules" / f"{module}.py").read_text(encoding="utf-8"))
    other = [node for node in tree.body if not isinstance(node, ast.Import | ast.ImportFrom | ast.Assign)]
    main, start = other
    assert isinstance(main, ast.FunctionDef)
    assert isinstance(start, ast.If)
    (call,) = main.body
    assert isinstance(call, ast.Expr)
    assert isinstance(call.value, ast.Call)
    assert ast.unparse(call.value.func) == ("run_info" if module.endswith("_info") else "run")
    imported = {
        node.module.rpartition("plugins.module_utils.")[2]
        for node in tree.body
        if isinstance(node, ast.ImportFrom) and node.module
    }
    assert imported & {f"_resources.{module}", f"_resources.{module.removesuffix('_info')}", "_preflight.run"}


@pytest.mark.parametrize("kind", ENDPOINT_KINDS)
def test_the_group_of_a_kind_of_endpoint_holds_exactly_its_modules(kind: str) -> None:
    assert sorted(members(kind)) == [module for module in MODULES if kind_of(module) == kind]


def test_the_group_for_all_holds_every_module_once() -> None:
    assert sorted(members("all")) == MODULES


@pytest.mark.parametrize("module", STATE_MODULES)
def test_every_state_module_writes_down_what_it_is_about_to_change(module: str, documented: Documented) -> None:
    assert module in members("backup")
    assert members("backup") == STATE_MODULES
    assert {"backup", "backup_options"} <= documented["module"][module]["doc"]["options"].keys()
    assert "backup_file" in documented["module"][module]["return"]


@pytest.mark.parametrize("group", GROUPS)
def test_a_group_names_modules_once_and_only_those_that_exist(group: str) -> None:
    listed = members(group)
    assert len(listed) == len(set(listed))
    assert set(listed) <= set(MODULES)


def test_every_module_is_run_with_a_line_to_it() -> None:
    """What shows its progress and has it end with ansible, see ``docs/progress.md``."""
    routed = {module: routing["action_plugin"] for module, routing in RUNTIME["plugin_routing"]["modules"].items()}
    assert routed == dict.fromkeys(MODULES, "ucops.imp.calendar_users")


@pytest.mark.parametrize("module", MODULES)
def test_the_documentation_names_the_groups_of_a_module(module: str, documented: Documented) -> None:
    said = documented["module"][module]["doc"]["attributes"]["action_group"]["membership"]
    groups = {f"ucops.imp.{group}" for group in GROUPS if module in members(group)}
    assert {f"ucops.imp.{kind_of(module)}", "ucops.imp.all"} <= set(said) <= groups


@pytest.mark.parametrize("module", MODULES)
def test_the_readme_names_every_module(module: str) -> None:
    assert re.search(rf"`(ucops\.imp\.)?{module}`", README)


@pytest.mark.parametrize("module", MODULES)
def test_a_module_says_its_name_and_since_when_it_is_there(module: str, documented: Documented) -> None:
    assert module_text(module, "DOCUMENTATION")["module"] == module
    assert numbers("0.1.0") <= numbers(documented["module"][module]["doc"]["version_added"]) <= numbers(VERSION)


@pytest.mark.parametrize("module", MODULES)
def test_a_module_says_how_it_behaves_in_check_mode(module: str, documented: Documented) -> None:
    attributes = documented["module"][module]["doc"]["attributes"]
    assert attributes["check_mode"]["support"] == "full"
    assert attributes["diff_mode"]["support"] == ("full" if module in STATE_MODULES else "N/A")
    # What is not full has to be explained.
    assert attributes["idempotent"]["support"] == "full" or attributes["idempotent"]["details"]


@pytest.mark.parametrize("module", MODULES)
def test_a_module_leads_on_to_others(module: str) -> None:
    seen = {entry.get("module") for entry in module_text(module, "DOCUMENTATION")["seealso"]} - {None}
    assert seen <= {f"ucops.imp.{other}" for other in MODULES if other != module}
    twin = module.removesuffix("_info") if module.endswith("_info") else f"{module}_info"
    assert seen
    assert twin not in MODULES or f"ucops.imp.{twin}" in seen


@pytest.mark.parametrize("module", MODULES)
def test_the_examples_call_the_module_by_its_full_name(module: str) -> None:
    called = [actions(task) for task in module_text(module, "EXAMPLES")]
    assert [f"ucops.imp.{module}"] in called
    for (action,) in called:
        assert action.count(".") >= 2, action
