# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every role has its options described, a scenario, a playbook and its place in the README; every other plugin too."""

from __future__ import annotations

import functools
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.playbooks import ROOT
from tests.support.plugin_files import STATE_MODULES, plugin_text
from tests.support.project_files import project_files

README = (ROOT / "README.md").read_text(encoding="utf-8")
ROLES = sorted({path.parts[1] for path in project_files("roles/*/meta/main.yml")})
PLUGINS = project_files("plugins/inventory/*.py", "plugins/callback/*.py", "plugins/filter/*", "plugins/lookup/*.py")
TESTS = project_files("tests/*/test_*.py", "tests/*/*/test_*.py")
VERSION = yaml.safe_load((ROOT / "galaxy.yml").read_text())["version"]
SCENARIOS = {"exchange_certificate": "certificates"}
"""The role presupposes what its playbook does before, so the playbook's scenario takes it."""
WITHOUT_SCENARIO = {"restore", "runbook"}
"""One presupposes a run of others, one a cluster without the admin API; the commands of their pages are run."""
BLOCK = re.compile(r"^```yaml\n(.*?)^```", re.MULTILINE | re.DOTALL)


def content(path: Path | str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def loaded(path: Path | str) -> Any:
    return yaml.safe_load(content(path))


def options(role: str) -> dict[str, dict[str, Any]]:
    return dict(loaded(f"roles/{role}/meta/argument_specs.yml")["argument_specs"]["main"]["options"])


def defaults(role: str) -> dict[str, Any]:
    path = ROOT / "roles" / role / "defaults" / "main.yml"
    return dict(loaded(path) or {}) if path.exists() else {}


@functools.cache
def roles_of(text: str) -> frozenset[str]:
    """Return the roles that a playbook takes, through playbooks that it imports and roles that include others."""
    found = set(re.findall(r"role: ucops\.imp\.(\w+)|_role:\n\s+name: ucops\.imp\.(\w+)", text))
    roles = {name for names in found for name in names} & set(ROLES)
    inner = [content(path) for role in roles for path in project_files(f"roles/{role}/tasks/*.yml")]
    imported = re.findall(r"import_playbook: (?:ucops\.imp\.)?(\w+)", text)
    inner += [content(f"playbooks/{name}.yml") for name in imported]
    return frozenset(roles.union(*map(roles_of, inner)))


def test_there_are_roles_and_plugins() -> None:
    assert {"trust", "presence_gateways", "calendar_integration"} <= set(ROLES)
    assert Path("plugins/inventory/imp_cluster.py") in PLUGINS


@pytest.mark.parametrize("role", ROLES)
def test_the_defaults_of_a_role_are_those_that_it_describes(role: str) -> None:
    described = {name: option["default"] for name, option in options(role).items() if "default" in option}
    # What depends on the host can be told in words only.
    computed = {name for name, value in defaults(role).items() if "{{" in str(value)}
    assert computed <= set(options(role))
    assert described == {name: value for name, value in defaults(role).items() if name not in computed}


@pytest.mark.parametrize("role", ROLES)
def test_every_variable_of_a_role_is_its_own_typed_and_described(role: str) -> None:
    for name, option in options(role).items():
        assert name.startswith(f"{role}_"), name
        assert option["description"], name
        assert option["type"], name
        assert "default" not in option or not option.get("required"), name


@pytest.mark.parametrize("role", ROLES)
def test_a_role_uses_every_variable_that_it_describes_and_no_other(role: str) -> None:
    tasks = "".join(map(content, project_files(*(f"roles/{role}/{part}/*" for part in ("tasks", "vars", "templates")))))
    tasks = re.sub(r"ucops\.imp\.\w+", "", tasks)
    own = set(re.findall(rf"(?:register|loop_var): ({role}_\w+)|^\s*({role}_\w+):", tasks, re.MULTILINE))
    used = set(re.findall(rf"\b{role}_\w+", tasks)) - {name for names in own for name in names}
    assert used == set(options(role))


@pytest.mark.parametrize("role", ROLES)
def test_a_role_takes_its_variables_converted(role: str) -> None:
    """Ansible does not convert them: the text ``no`` is true. The role's dictionary has them as they are described."""
    assert (
        loaded(f"roles/{role}/vars/main.yml")[f"{role}_options"] == f"{{{{ lookup('ucops.imp.options', '{role}') }}}}"
    )
    files = project_files(*(f"roles/{role}/{part}/*" for part in ("tasks", "vars", "templates")))
    code = "".join(re.sub(r"^\s*#.*$", "", content(path), flags=re.MULTILINE) for path in files)
    bare = {
        name
        for name in options(role)
        if re.search(rf"(?<![\w.'\"]){name}\b(?=[^\n{{]*}}}}|\s*\||\s*$| is )", code, re.MULTILINE)
    }
    assert bare == set()


PLAYBOOKS = [path for path in project_files(":(glob)playbooks/*.yml") if path.stem != "require_hosts"]


@pytest.mark.parametrize("playbook", PLAYBOOKS, ids=lambda path: path.stem)
def test_a_playbook_takes_variables_converted_and_looks_at_them_first(playbook: Path) -> None:
    described = loaded("playbooks/meta/argument_specs.yml")["argument_specs"]
    own = {name for entry, spec in described.items() if entry != "settings" for name in spec["options"]}
    names = own.union(*map(options, ROLES))
    code = re.sub(r"^\s*#.*$", "", content(playbook), flags=re.MULTILINE)
    # A name is a key that sets it, an argument of the lookup, or taken from what the lookup returns.
    assert {name for name in names if re.search(rf"(?<![\w.'\"]){name}\b(?!:)", code)} == set()
    first = next(task for play in loaded(playbook) for task in play.get("tasks", []) if "_tasks" in " ".join(task))
    assert first["ansible.builtin.import_tasks"] == "tasks/check.yml"


CHECKED_ONLY = Path("roles/presence_engine/tasks/started.yml")
"""The drift report takes it, which never changes anything."""


def test_every_change_of_a_role_can_be_written_down() -> None:
    """Each task that may change something passes on the folder of the backups."""
    silent = []
    for path in project_files("roles/*/tasks/*.yml"):
        tasks = [inner for task in loaded(path) for inner in (task, *task.get("block", []), *task.get("rescue", []))]
        calls = [
            task[f"ucops.imp.{module}"] for task in tasks for module in STATE_MODULES if f"ucops.imp.{module}" in task
        ]
        silent += [path for call in calls if not {"backup", "backup_options"} <= call.keys()]
    assert silent == [CHECKED_ONLY]


@pytest.mark.parametrize("role", ROLES)
def test_a_role_says_since_when_it_is_there(role: str) -> None:
    main = loaded(f"roles/{role}/meta/argument_specs.yml")["argument_specs"]["main"]
    assert str(main["version_added"]) <= VERSION
    assert main["short_description"]


@pytest.mark.parametrize("role", ROLES)
def test_the_readmes_name_a_role(role: str) -> None:
    assert f"`{role}`" in README
    own = content(f"roles/{role}/README.md")
    assert f"ucops.imp.{role}" in own
    examples = [yaml.safe_load(block) for block in BLOCK.findall(own)]
    assert examples
    known = {f"ucops.imp.{other}" for other in ROLES}
    for play in (play for example in examples for play in example):
        taken = {entry["role"] if isinstance(entry, dict) else entry for entry in play.get("roles", [])}
        assert taken <= known
        variables = {name for name in play.get("vars", {}) if name.startswith(f"{role}_")}
        assert variables <= set(options(role))


@pytest.mark.parametrize("role", ROLES)
def test_a_scenario_and_a_playbook_take_a_role(role: str) -> None:
    scenario = SCENARIOS.get(role, role)
    if role not in WITHOUT_SCENARIO:
        assert role in roles_of(content(f"extensions/molecule/{scenario}/converge.yml"))
    assert any(role in roles_of(content(path)) for path in project_files("playbooks/*.yml"))


@pytest.mark.parametrize("plugin", PLUGINS, ids=lambda path: path.stem)
def test_every_other_plugin_is_in_the_readme_and_in_a_test(plugin: Path) -> None:
    documentation = plugin_text(plugin, "DOCUMENTATION") if plugin.suffix == ".py" else loaded(plugin)["DOCUMENTATION"]
    assert documentation["name"] in (plugin.stem, f"ucops.imp.{plugin.stem}")
    assert str(documentation["version_added"]) <= VERSION
    assert re.search(rf"`(ucops\.imp\.)?{plugin.stem}`", README)
    named = re.compile(rf"ucops\.imp\.{plugin.stem}\b|\.{plugin.parts[1]}\.{plugin.stem} import ")
    assert any(named.search(content(path)) for path in TESTS)
