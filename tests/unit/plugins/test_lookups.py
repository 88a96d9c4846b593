# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lookups that read the variables of roles and playbooks: null is as good as left out, wherever it stands."""

from __future__ import annotations

import ast
import math
import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.errors import AnsibleError
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar
from ansible_collections.ucops.imp.plugins.lookup import options, setting_problems
from ansible_collections.ucops.imp.plugins.plugin_utils._settings.variables import (
    COLLECTION,
    known_variables,
    playbooks,
    roles,
    spec_of,
)

LOADER = DataLoader()
CLUSTER = {
    "ucops_imp_cluster": "dc1",
    "inventory_hostname": "imp-pub.dc1",
    "playbook_dir": "/none/such",
    "ansible_check_mode": False,
}
CONNECTIONS = [name for name, spec in spec_of("settings").items() if spec["type"] == "dict"]
NULLS: dict[str, Any] = dict.fromkeys(known_variables() - CLUSTER.keys())


def looked_up(*terms: str, **variables: Any) -> dict[str, Any]:
    found = {**CLUSTER, **variables}
    lookup = options.LookupModule(loader=LOADER, templar=Templar(loader=LOADER, variables=found))
    return lookup.run(list(terms), variables=found)[0]


def problems(*terms: str, **variables: Any) -> list[str]:
    found = {**CLUSTER, **variables}
    lookup = setting_problems.LookupModule(loader=LOADER, templar=Templar(loader=LOADER, variables=found))
    return lookup.run(list(terms), variables=found)


@pytest.mark.parametrize("source", [*roles(), *playbooks()])
def test_variables_that_are_null_are_as_good_as_left_out(source: str) -> None:
    nothing = looked_up(source)
    assert looked_up(source, **NULLS) == nothing
    assert problems(source, **NULLS) == []
    # As -e gives it; where text is wanted, the word may be meant.
    words = {name: "null" for name, spec in spec_of(source).items() if spec["type"] not in ("str", "path", "raw")}
    assert looked_up(source, **words) == nothing
    assert problems(source, **words) == []


@pytest.mark.parametrize("source", [*roles(), *playbooks()])
def test_a_list_of_nothing_but_null_is_refused(source: str) -> None:
    """Its default may be the empty list, which deletes everything with a purge."""
    for name in [name for name, spec in spec_of(source).items() if spec.get("type") == "list"]:
        told = f"{name}: it has nothing but null. Give values, [] for none, or leave the option out."
        with pytest.raises(AnsibleError, match=re.escape(told)):
            looked_up(source, **{name: [None]})
        assert told in problems(source, **{name: [None]})


def test_a_default_that_is_worked_out_stands_in_for_null() -> None:
    nodes = [{"name": "imp-pub"}]
    found = looked_up("export", export_cluster=None, export_trust_nodes=None, trust_nodes=nodes)
    assert (found["export_cluster"], found["export_trust_nodes"]) == ("dc1", nodes)


@pytest.mark.parametrize("given", [{}, {"ucops_imp_cucm": None}])
def test_what_is_needed_and_not_given_is_named(given: dict[str, None]) -> None:
    with pytest.raises(AnsibleError, match=r"ucops_imp_cucm: it is needed here\. Set it in the inventory\.$"):
        looked_up("settings", "ucops_imp_cucm", **given)


@pytest.mark.parametrize("given", ["hunter22", ["hunter22"]])
def test_a_connection_of_another_shape_is_a_sentence_without_its_value(given: Any) -> None:
    with pytest.raises(AnsibleError, match=r"ucops_imp_cucm: .*dict") as refused:
        looked_up("settings", "ucops_imp_cucm", ucops_imp_cucm=given)
    assert "hunter22" not in str(refused.value)


@pytest.mark.parametrize("path", sorted(COLLECTION.glob("playbooks/*.yml")), ids=lambda path: path.stem)
def test_a_playbook_takes_a_connection_so_that_null_is_as_good_as_left_out(path: Path) -> None:
    """Ansible itself breaks down on defaults of modules that are null, without a word of which variable it was."""
    for play in yaml.safe_load(path.read_text()):
        for group, template in play.get("module_defaults", {}).items():
            name = next((name for name in CONNECTIONS if name in str(template)), None)
            needed = f"{{{{ lookup('ucops.imp.options', 'settings', '{name}').{name} }}}}"
            wanted_by_some = (
                f"(lookup('ucops.imp.options', 'settings', '{name}', errors='ignore') or {{}}).{name} | default({{}})"
            )
            known = (needed, f"{{{{ {name} | default({{}}, true) }}}}", f"{{{{ {wanted_by_some} }}}}")
            assert name is None or template in known, group


def test_all_that_is_wrong_is_a_list_that_ends_and_a_connection_is_left_to_those_who_need_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(setting_problems, "MOST_TOLD", 10)
    told = problems(*roles(), **dict.fromkeys(known_variables(), ""))
    assert len(told) == setting_problems.MOST_TOLD + 1
    assert re.fullmatch(r"and more: \d+ problems\.", told[-1])
    assert len(set(told)) == len(told)
    assert problems("trust", ucops_imp_cucm="{{ undefined_vault }}", ucops_ca=7) == []
    (told_of_path,) = problems("trust", ucops_imp_pending_restarts_path={"a": 1})
    assert told_of_path.startswith("ucops_imp_pending_restarts_path: it is a dictionary.")


def test_up_to_core_2_18_what_a_lookup_returns_survives_being_written_as_text() -> None:
    """There ``omit`` is a text. Later cores hand the objects over."""
    given = {"password": date(2026, 1, 1), "timeout": math.inf, "retries": math.nan, "port": 8443, "more": ["word"]}
    found = looked_up("settings", "ucops_imp_cucm", ucops_imp_cucm=given, omit="__omit_place_holder__1")
    assert ast.literal_eval(str(found)) == found
    assert found["ucops_imp_cucm"] == {**given, "password": "2026-01-01", "timeout": "inf", "retries": "nan"}


ROLES_THAT_CHANGE = sorted(name for name in roles() if f"{name}_backup_path" in spec_of(name))


@pytest.mark.parametrize("role", ROLES_THAT_CHANGE)
def test_one_variable_has_every_role_keep_backups_in_the_folder_of_the_run(role: str, tmp_path: Path) -> None:
    """The default of each role is the lookup ``ucops.imp.backup_folder``."""
    beside = looked_up(role, ucops_imp_backup="yes", inventory_dir=str(tmp_path))[f"{role}_backup_path"]
    again = looked_up("trust", ucops_imp_backup=True, inventory_dir=str(tmp_path))["trust_backup_path"]
    elsewhere = looked_up(role, ucops_imp_backup=True, ucops_imp_backup_path=str(tmp_path / "kept"))
    run = Path(beside).parent
    assert run.parent == tmp_path / ".ucops_imp" / "backups"
    assert (beside, Path(beside).name) == (again, CLUSTER["inventory_hostname"])
    assert elsewhere[f"{role}_backup_path"] == str(tmp_path / "kept" / run.name / str(CLUSTER["inventory_hostname"]))
    assert not looked_up(role, ucops_imp_backup="no", inventory_dir=str(tmp_path)).get(f"{role}_backup_path")
    own = {f"{role}_backup_path": "/srv/kept"}
    assert looked_up(role, ucops_imp_backup=True, **own)[f"{role}_backup_path"] == "/srv/kept"


def test_backups_without_a_folder_beside_the_inventory_say_what_to_set() -> None:
    with pytest.raises(AnsibleError, match=r"ucops_imp_backup_path: the inventory has no folder"):
        looked_up("trust", ucops_imp_backup=True)
    with pytest.raises(AnsibleError, match="ucops_imp_backup: 'perhaps' is no truth value"):
        looked_up("trust", ucops_imp_backup="perhaps")
