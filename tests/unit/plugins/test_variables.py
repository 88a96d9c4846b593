# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Role variables as their argument specs say, whatever the form they are given in; and names that nothing reads."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from ansible_collections.ucops.imp.plugins.plugin_utils._settings.names import selected, unknown_tags, unknown_variables
from ansible_collections.ucops.imp.plugins.plugin_utils._settings.variables import (
    COLLECTION,
    converted,
    known_variables,
    playbooks,
    roles,
    spec_of,
    used_names,
)

OPTIONS = {name: option for source in [*roles(), *playbooks()] for name, option in spec_of(source).items()}
TRUE, FALSE = ("yes", "on", "true", "1", 1, True, "True"), ("no", "off", "false", "0", 0, False, "False")
FILLED = {"str": "x", "int": "5", "bool": "no", "path": "/x", "dict": "{}", "list": "a,b"}
"""Text for an option of each type, as ``-e`` gives it."""


def of_type(kind: str) -> list[str]:
    return sorted(name for name, option in OPTIONS.items() if option["type"] == kind)


def one(name: str, value: Any) -> Any:
    found, problems = converted({name: OPTIONS[name]}, {name: value})
    assert problems == []
    return found[name]


def refused(name: str, value: Any) -> str:
    _found, (problem,) = converted({name: OPTIONS[name]}, {name: value})
    assert problem.startswith((f"{name}:", f"{name}["))
    return problem


def called(wrong: Any, rule: str = "no truth value") -> str:
    """Return what is said of a value: what it is, or which rule it breaks."""
    kinds = {"": "it is an empty text.", "[]": "it is a list.", "[4]": "it is a list.", "{}": "it is a dictionary."}
    return kinds.get(str(wrong), f"{wrong!r} is {rule}.")


@pytest.mark.parametrize("name", [name for name in of_type("int") if re.search("_(canary|retries|delay)$", name)])
def test_a_number_that_only_a_role_reads_is_not_negative(name: str) -> None:
    assert one(name, "0") == 0
    assert refused(name, "-3") == f"{name}: -3 is too small. Give 0 or more."


@pytest.mark.parametrize("name", of_type("bool"))
def test_a_boolean_is_one_in_every_spelling(name: str) -> None:
    assert [one(name, value) for value in TRUE] == [True] * len(TRUE)
    assert [one(name, value) for value in FALSE] == [False] * len(FALSE)
    unfit: tuple[Any, ...] = ("maybe", "", 2, "2", [], {})
    for wrong in unfit:
        assert refused(name, wrong) == f"{name}: {called(wrong)} Give true or false."


@pytest.mark.parametrize("name", of_type("int"))
def test_a_number_is_one_when_it_is_text(name: str) -> None:
    assert one(name, "42") == one(name, 42) == 42
    for wrong in ("many", "", "4 2", "4.5", [4]):
        assert refused(name, wrong) == f"{name}: {called(wrong, 'not a whole number')} Give a whole number."


@pytest.mark.parametrize("name", of_type("list"))
def test_a_list_may_be_text(name: str) -> None:
    option = OPTIONS[name]
    assert one(name, "[]") == one(name, []) == []
    if option["elements"] == "dict":
        key = next(iter(option.get("options", {"name": {}})))
        assert one(name, json.dumps([{key: "a"}]))[0][key] == one(name, f"[{{'{key}': 'a'}}]")[0][key] == "a"
        assert "dict" in refused(name, "a,b")
        assert "dict" in refused(name, [4711])
        return
    first, second = option.get("choices", ["no", "b c"])[:2]
    for text in (f"{first},{second}", f"{first}, {second}", json.dumps([first, second]), f"['{first}', '{second}']"):
        assert one(name, text) == [first, second], text
    assert one(name, f"[{first}, {second}]") == [first, second]
    assert one(name, first) == [first]


@pytest.mark.parametrize("name", sorted(name for name in OPTIONS if "choices" in OPTIONS[name]))
def test_another_word_than_the_choices_is_refused_with_them(name: str) -> None:
    problem = refused(name, "nonsense")
    assert '"nonsense"' in problem
    assert all(choice in problem for choice in OPTIONS[name]["choices"])


@pytest.mark.parametrize("name", sorted(OPTIONS))
def test_null_is_as_good_as_left_out(name: str) -> None:
    spec = {name: OPTIONS[name]}
    assert converted(spec, {name: None}) == converted(spec, {})


@pytest.mark.parametrize("name", of_type("list"))
def test_a_list_of_nothing_but_null_is_no_empty_one_that_purges_everything(name: str) -> None:
    for value in ([None], [None, None], [[None]], "[null]", "[None]"):
        assert refused(name, value).startswith(f"{name}: it has nothing but null."), value
    assert one(name, []) == []


@pytest.mark.parametrize("source", [*roles(), *playbooks()])
def test_every_variable_keeps_its_place_when_all_are_text(source: str) -> None:
    spec = spec_of(source)
    given = {
        name: option["choices"][0] if "choices" in option else FILLED[option["type"]]
        for name, option in spec.items()
        if option["type"] in FILLED and "options" not in option and option.get("elements") != "dict"
    }
    found, problems = converted(spec, given)
    assert problems == []
    assert found.keys() >= given.keys()


def test_what_is_null_inside_of_a_dictionary_is_left_out() -> None:
    assert one("trust_certificates", [{"path": "/x", "content": None}]) == [{"path": "/x"}]
    assert one("presence_gateways_list", '[{"name": "a", "port": "8443", "description": null}]') == [
        {"name": "a", "port": 8443, "type": "exchange_ews"}
    ]


def test_dictionaries_may_be_text() -> None:
    assert one("calendar_users_query", "department=sales") == {"department": "sales"}
    assert one("calendar_users_query", '{"department": "sales"}') == {"department": "sales"}


def test_an_unknown_key_of_a_dictionary_is_refused() -> None:
    assert "nmae" in refused("presence_gateways_list", [{"name": "a", "nmae": "b"}])
    assert "name" in refused("presence_gateways_list", [{"port": 1}])


@pytest.mark.parametrize("value", ["canary-4711", ["canary-4711"], "username=a canary=canary-4711", 4711])
def test_what_may_be_a_secret_is_not_shown(value: Any) -> None:
    for name in ("exchange_certificate_administrator", "presence_gateways_account_password"):
        _found, problems = converted({name: OPTIONS[name]}, {name: value})
        assert "4711" not in " ".join(problems)


def test_there_is_no_role_that_there_is_not() -> None:
    with pytest.raises(KeyError):
        spec_of("trsut")


TASKS = [path.read_text(encoding="utf-8") for path in COLLECTION.glob("roles/*/tasks/*.yml")]
SET_BY_ROLES = {a or b for text in TASKS for a, b in re.findall(r"register: (\w+)|set_fact:\n\s+(\w+):", text)}
PREFIXES = [f"{role}_" for role in roles()]


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("presence_gateway_list", "presence_gateways_list"),
        ("trust_certificate", "trust_certificates"),
        ("trust_form_adcs", "trust_from_adcs"),
        ("trust_node", "trust_nodes"),
        ("Trust_Nodes", "trust_nodes"),
        ("trust-nodes", "trust_nodes"),
        ("rtust_nodes", "trust_nodes"),
        ("calendaring_calender_spread", "calendaring_calendar_spread"),
        ("calendar_user_list", "calendar_users_list"),
        ("calendar_users_querry", "calendar_users_query"),
        ("calendar_integration_part", "calendar_integration_parts"),
        ("ucops_imp_certificate", "ucops_imp_certificates"),
        ("ucops_imp_drift_undeclare", "ucops_imp_drift_undeclared"),
        ("ucops_imp_publihser", "ucops_imp_publisher"),
        ("exchange_certificate_wait_timeoutt", "exchange_certificate_wait_timeout"),
        ("exchange_certifcate_directory", "exchange_certificate_directory"),
        ("export_part", "export_parts"),
        ("preflight_gateway", "preflight_gateways"),
    ],
)
def test_a_misspelt_variable_is_refused_with_the_one_that_was_meant(name: str, meant: str) -> None:
    found = unknown_variables([name, meant], known_variables(), used_names(), PREFIXES)
    assert found.warned == []
    assert len(found.refused) == 1
    assert f"{name}: " in found.refused[0]
    assert f"Did you mean {meant}?" in found.refused[0]


@pytest.mark.parametrize(
    "name", ["trust_contact_person", "trust_nodes_dc1", "trust_nodes2", "export_path", "calendaring_owner"]
)
def test_what_may_be_the_users_own_is_only_told(name: str) -> None:
    found = unknown_variables([name], known_variables(), used_names(), PREFIXES)
    assert found.refused == []
    assert len(found.warned) == 1
    assert "ucops_imp_own_variables" in found.warned[0]


@pytest.mark.parametrize(
    "name",
    [
        *sorted(known_variables()),
        # What the roles set themselves may be there when the next playbook of a run looks.
        *sorted(SET_BY_ROLES),
        *("ucops_imp_ca_path", "ucops_imp_node", "ucops_imp_nodes", "ucops_imp_platform_node", "vault_trust"),
        *("ansible_connection", "imp_cluster_node", "groups", "nodes", "gateways", "users", "state"),
    ],
)
def test_of_all_other_names_nothing_is_said(name: str) -> None:
    found = unknown_variables([name], known_variables(), used_names(), PREFIXES)
    assert (found.refused, found.warned) == ([], [])


PARTS = ["trust", "calendar_users", "calendaring"]


@pytest.mark.parametrize(
    ("run", "skipped", "told"),
    [
        (["all"], [], []),
        (["tagged"], [], []),
        (["trust", "calendaring"], ["calendar_users"], []),
        (["trsut"], [], ["--tags trsut"]),
        (["all"], ["calendar_user"], ["--skip-tags calendar_user"]),
        (["network", "trust"], [], ["--tags network"]),
        (["never"], [], ["--tags never"]),
        (["untagged"], [], ["--tags untagged"]),
        (["always"], [], ["--tags always"]),
    ],
)
def test_a_tag_that_the_playbook_does_not_have_is_refused(run: list[str], skipped: list[str], told: list[str]) -> None:
    assert [text.partition(":")[0] for text in unknown_tags(run, skipped, PARTS, [])] == told


def test_nothing_is_tagged_in_a_playbook_without_tags() -> None:
    (problem,) = unknown_tags(["tagged"], [], [], [])
    assert problem == "--tags tagged: this playbook has no such tag; it has no tags."
    assert unknown_tags(["tagged"], [], [], ["trust"]) == [], "in others something may be"
    assert unknown_tags(["all"], [], [], []) == []


def test_beside_other_playbooks_only_a_misspelt_tag_is_refused() -> None:
    others = [*roles(), "certificates"]
    assert unknown_tags(["network", "presence_engine"], ["database"], ["trust"], others) == []
    (problem,) = unknown_tags(["trsut"], [], ["trust"], others)
    assert "Did you mean trust?" in problem


@pytest.mark.parametrize(
    ("run", "skipped", "taken"),
    [(["all"], [], True), (["trust"], [], True), (["calendaring"], [], False), (["all"], ["trust"], False)],
)
def test_a_part_is_taken_as_its_tag_says(run: list[str], skipped: list[str], taken: bool) -> None:
    assert selected(["trust"], run, skipped) is taken
