# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Variables and tags as a user gives them: what they mean, and what ``ucops.imp.setting_problems`` refuses."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.emulator import Emulator
from tests.support.playbooks import ROOT, play

SPECS = {
    path.parts[-3]: yaml.safe_load(path.read_text(encoding="utf-8"))["argument_specs"]["main"]["options"]
    for path in sorted(ROOT.glob("roles/*/meta/argument_specs.yml"))
}
BOOLEANS = {
    name: role for role, options in SPECS.items() for name, option in options.items() if option["type"] == "bool"
}
PARTS = {
    "trust": ["ucops.imp.trust_certificates"],
    "presence_gateways": ["ucops.imp.presence_gateways"],
    "calendar_users": ["ucops.imp.calendar_users"],
    "calendaring": ["ucops.imp.calendaring_parameters"],
    "presence_engine": ["ucops.imp.services"],
    "gateway_status": ["ucops.imp.presence_gateways_info"],
}
"""The parts in their order, and the modules that each calls."""


def modules(calls: list[str]) -> list[str]:
    return [call.split()[1] for call in calls]


def called(parts: list[str]) -> list[str]:
    return [module for part, calls in PARTS.items() for module in calls if part in parts]


def options(playbook: str, *arguments: str) -> list[str]:
    return [playbook, *(word for argument in arguments for word in ("-e", argument))]


def test_every_boolean_of_every_role_is_what_its_text_says(environment: Emulator, tmp_path: Path) -> None:
    reads = [f"lookup('ucops.imp.options', '{role}', '{name}').{name}" for name, role in BOOLEANS.items()]
    plays = [
        {
            "hosts": "imp_publisher",
            "gather_facts": False,
            "vars": dict.fromkeys(BOOLEANS, text),
            "tasks": [{"ansible.builtin.assert": {"that": [f"{read} is {kind}" for read in reads for kind in kinds]}}],
        }
        for text, *kinds in [
            ("no", "boolean", "false"),
            ("yes", "boolean", "true"),
            ("false", "boolean", "false"),
            ("0", "boolean", "false"),
        ]
    ]
    book = tmp_path / "read.yml"
    book.write_text(json.dumps(plays))

    played = play(environment.ready_file, tmp_path, str(book))

    assert played.status == 0, played.output
    assert played.recap["imp-pub.dc1"].ok == len(plays)
    assert len(reads) >= 8


REFUSED = {
    "trust_purge=2": ["trust_purge", "'2'", "true or false"],
    "calendaring_exchange_queue=many": ["calendaring_exchange_queue", "many", "whole number"],
    "trust_nodes=imp-pub": ["trust_nodes[0]", "dictionary with name"],
    "ucops_imp_certificates=maybe": ["ucops_imp_certificates", "maybe", "true or false"],
    '{"presence_gateways_list": [{"nmae": "a"}]}': ["presence_gateways_list", "nmae"],
    "presence_gateway_list=[]": ["presence_gateway_list", "Did you mean presence_gateways_list?"],
    "ucops_imp_certificate=yes": ["ucops_imp_certificate", "Did you mean ucops_imp_certificates?"],
}
"""What one run refuses, and what it says of each."""


@pytest.mark.parametrize(
    "refused",
    [
        REFUSED,
        # Without its parts it has none to look at.
        {"calendar_integration_parts=trust,calender": ["calendar_integration_parts", "calender", "gateway_status"]},
    ],
)
def test_what_cannot_be_meant_is_refused_before_anything_is_sent(
    environment: Emulator, tmp_path: Path, refused: dict[str, list[str]]
) -> None:
    played = play(environment.ready_file, tmp_path, *options("ucops.imp.site", *refused))

    assert played.status == 2
    failed = re.search(r"fatal: .*", played.output)
    assert failed
    # Each problem begins with the name of its variable.
    names = "|".join(re.escape(name) for name, *_ in refused.values())
    problems = re.split(rf"(?<!\w)(?=(?:{names}): )", failed[0].replace("\\n", "\n"))
    for name, *words in refused.values():
        (problem,) = [problem for problem in problems if problem.startswith(f"{name}: ")]
        assert [word for word in words if word not in problem] == []
    assert environment.journal() == []


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (
            ["calendar_users_query=null"],
            (
                "one of the following is required: calendar_users_list, calendar_users_csv_path, calendar_users_query, "
                "calendar_users_access_control_group, calendar_users_sql_where"
            ),
        ),
        (
            ["calendar_users_csv_path=users.csv"],
            "only one of these can be given: calendar_users_csv_path, calendar_users_query",
        ),
    ],
)
def test_options_that_belong_together_are_told_with_the_names_of_the_variables(
    environment: Emulator, tmp_path: Path, given: list[str], said: str
) -> None:
    played = play(environment.ready_file, tmp_path, *options("ucops.imp.calendar_users", *given))
    assert played.status == 2
    assert f"calendar_users: {said}" in " ".join(played.output.split())
    assert environment.journal() == []


@pytest.mark.parametrize(
    ("playbook", "argument", "told"),
    [
        ("trust", "trust_certificate=x", "trust_certificates"),
        ("presence_gateways", "presence_gateways_purge=perhaps", "perhaps"),
        ("certificates", "exchange_certificate_wait_timeoutt=3", "exchange_certificate_wait_timeout"),
        ("drift", "ucops_imp_drift_undeclare=no", "ucops_imp_drift_undeclared"),
        ("drift", "calendar_integration_parts=calender", "calender"),
        ("export", "export_part=trust", "export_parts"),
        ("preflight", "preflight_gateway=x", "preflight_gateways"),
        ("preflight", "preflight_min_days=x", "preflight_min_days"),
        ("gateway_status", "trust_node=x", "trust_nodes"),
    ],
)
def test_every_playbook_looks_first(
    environment: Emulator, tmp_path: Path, playbook: str, argument: str, told: str
) -> None:
    callback = {"ANSIBLE_CALLBACKS_ENABLED": "ucops.imp.drift"} if playbook == "drift" else {}

    played = play(environment.ready_file, tmp_path, *options(f"ucops.imp.{playbook}", argument), environment=callback)

    assert played.status == 2, played.output
    assert told in played.output
    assert environment.journal() == []


@pytest.mark.parametrize("role", [role for role in PARTS if role in SPECS])
def test_the_playbook_of_a_role_begins_with_its_settings(role: str) -> None:
    """They differ in nothing but the role, so the two that run above stand for the others."""
    _, only_play = yaml.safe_load((ROOT / "playbooks" / f"{role}.yml").read_text(encoding="utf-8"))
    check, run = only_play["tasks"]
    assert check["ansible.builtin.import_tasks"] == "tasks/check.yml"
    assert check["vars"] == {"ucops_imp_checked": [role], "ucops_imp_known_tags": [role]}
    assert run["ansible.builtin.import_role"]["name"] == f"ucops.imp.{role}"


def test_a_variable_of_the_users_own_gets_a_warning_that_can_be_silenced(environment: Emulator, tmp_path: Path) -> None:
    own = ["trust_contact_person=Jim", "trust_node=x", "calendar_integration_parts=calendaring"]

    refused = play(environment.ready_file, tmp_path, *options("ucops.imp.site", *own))
    told = play(
        environment.ready_file, tmp_path, *options("ucops.imp.site", *own, "ucops_imp_own_variables=trust_node")
    )
    silent = play(
        environment.ready_file,
        tmp_path,
        *options("ucops.imp.site", *own, "ucops_imp_own_variables=trust_node,trust_contact_person"),
    )

    assert (refused.status, told.status, silent.status) == (2, 0, 0)
    assert "trust_contact_person: nothing" in re.sub(r"\s+", " ", told.output)
    assert "trust_contact_person" not in silent.output


def test_no_means_no(environment: Emulator, tmp_path: Path) -> None:
    played = play(
        environment.ready_file,
        tmp_path,
        *options(
            "ucops.imp.site",
            *("presence_gateways_enable_ipv6=no", "trust_from_adcs=no", "calendar_integration_require_verified=no"),
            *("ucops_imp_certificates=no", "calendar_integration_parts=presence_gateways,gateway_status"),
        ),
    )

    assert played.status == 0, played.output
    assert modules(played.module_calls) == called(["presence_gateways", "gateway_status"])
    assert environment.journal(operation="updateServiceParameter") == []


def test_what_is_null_has_its_default(environment: Emulator, tmp_path: Path) -> None:
    # What the inventory of the emulator sets has to keep its value, or the roles have nothing to do.
    inventory = {"trust_certificates", "trust_nodes", "presence_engine_nodes", "calendar_users_query"}
    kept = inventory | {"presence_gateways_list", "presence_gateways_account", "presence_gateways_account_password"}
    nulls: dict[str, Any] = dict.fromkeys({name for spec in SPECS.values() for name in spec} - kept)

    played = play(environment.ready_file, tmp_path, "ucops.imp.site", variables=nulls)

    assert played.status == 0, played.output
    assert [module for module in modules(played.module_calls) if module in called(list(PARTS))] == called(list(PARTS))


def test_what_several_roles_read_may_be_null_too(environment: Emulator, tmp_path: Path) -> None:
    inventory = tmp_path / "hosts.yml"
    inventory.write_text(json.dumps({"imp_publisher": {"hosts": {"imp1.example.com": None}}}))
    roles = ("trust", "presence_gateways", "calendaring", "presence_engine")
    names = {role: f"{role}_pending_restarts_path" for role in roles}
    default = f"{tmp_path}/.ucops_imp/pending-restarts/imp1.example.com.json"
    that = [f"lookup('ucops.imp.options', '{role}', '{name}').{name} == '{default}'" for role, name in names.items()]
    book = tmp_path / "read.yml"
    task = {"ansible.builtin.assert": {"that": that}}
    book.write_text(json.dumps([{"hosts": "imp_publisher", "gather_facts": False, "tasks": [task]}]))
    nulls: dict[str, Any] = {"ucops_imp_cluster": None, "ucops_imp_pending_restarts_path": None}

    played = play(environment.ready_file, tmp_path, str(book), variables=nulls, inventory=inventory)

    assert played.status == 0, played.output


OMITTED = """\
- hosts: imp_publisher
  gather_facts: false
  vars:
    calendar_users_query: "{{ omit }}"
    trust_purge: "{{ omit }}"
    trust_nodes: [{name: imp-pub, hostname: "{{ omit }}"}, "{{ omit }}"]
    calendaring_pending_restarts_path: "{{ omit }}"
    presence_gateways_pending_restarts_path: "{{ none }}"
    ucops_imp_pending_restarts_path: /kept
    presence_gateways_list: "{{ omit }}"
  tasks:
    - ansible.builtin.assert:
        that:
          - "'calendar_users_query' not in lookup('ucops.imp.options', 'calendar_users')"
          - lookup('ucops.imp.options', 'trust').trust_purge is false
          - "lookup('ucops.imp.options', 'trust').trust_nodes == [{'name': 'imp-pub'}]"
          - lookup('ucops.imp.options', 'calendaring').calendaring_pending_restarts_path == '/kept'
          - lookup('ucops.imp.options', 'presence_gateways').presence_gateways_pending_restarts_path == '/kept'
          - lookup('ucops.imp.options', 'presence_gateways', 'presence_gateways_list').presence_gateways_list == []
          - query('ucops.imp.setting_problems', 'trust', 'calendaring', 'presence_gateways') == []
          - query('ucops.imp.setting_problems', 'calendar_users') | length == 1
"""


def test_what_is_omitted_has_its_default(environment: Emulator, tmp_path: Path) -> None:
    book = tmp_path / "omit.yml"
    book.write_text(OMITTED)

    played = play(environment.ready_file, tmp_path, str(book))

    assert played.status == 0, played.output


ONCE = """\
- hosts: imp_publisher
  gather_facts: false
  vars:
    calendar_users_concurrency: "{{ lookup('ansible.builtin.pipe', 'echo >> asked; echo 7') }}"
    calendar_users_max_changes: "{{ (item | default(1) | int) + (number | default(0) | int) }}"
    once: "{{ lookup('ucops.imp.options', 'calendar_users') }}"
  tasks:
    - ansible.builtin.assert:
        that:
          - once.calendar_users_concurrency == 7
          - once.calendar_users_concurrency == lookup('ucops.imp.options', 'calendar_users').calendar_users_concurrency
          - once.calendar_users_max_changes == 1
    - ansible.builtin.assert:
        that:
          - once.calendar_users_max_changes == item + number
          - once.calendar_users_concurrency == 7
      loop: [5, 5, 6]
      loop_control: {index_var: number}
    - ansible.builtin.debug: {msg: Said by another host}
      loop: "{{ [5, 5, 6] }}"
      loop_control: {index_var: number}
      delegate_to: host-{{ once.calendar_users_max_changes }}
    - ansible.builtin.assert:
        that: once.calendar_users_max_changes == 9
      vars: {item: 9}
    - ansible.builtin.set_fact:
        number: "{{ once.calendar_users_max_changes }}"
      loop: [1, 1, 1]
    - ansible.builtin.command: printf x
      vars: {item: "{{ tried.attempts }}"}
      register: tried
      until: once.calendar_users_max_changes == 3 + 2
      retries: 2
      delay: 0
    - ansible.builtin.assert:
        that: number | int == 3
"""


def test_variables_are_worked_out_once_for_each_task_and_round_of_its_loop(
    environment: Emulator, tmp_path: Path
) -> None:
    book = tmp_path / "once.yml"
    book.write_text(ONCE)

    played = play(environment.ready_file, tmp_path, str(book))

    assert played.status == 0, played.output
    # Where a task is delegated to is worked out with variables that ansible changes from round to round.
    assert re.findall(r" -> host-(\d)", played.output) == ["5", "6", "8"]
    assert (tmp_path / "asked").read_text() == "\n" * (1 + 3 + 3 + 1 + 3 + 2)


def test_an_export_takes_its_variables_as_text(environment: Emulator, tmp_path: Path) -> None:
    texts = ["export_directory=out", 'export_parts=["calendaring"]', "export_all_parameters=no", "trust_nodes=[]"]

    played = play(environment.ready_file, tmp_path, *options("ucops.imp.export", *texts))

    assert played.status == 0, played.output
    assert modules(played.module_calls) == ["ucops.imp.calendaring_parameters_info"]
    written = yaml.safe_load((tmp_path / "out/group_vars/dc1/calendar_integration.yml").read_text())
    assert set(written) == {"calendar_integration_parts"}


@pytest.mark.parametrize(
    ("chosen", "parts"),
    [
        (["--tags", "calendaring"], ["calendaring"]),
        (["--tags", "trust,presence_engine"], ["trust", "presence_engine"]),
        (["--tags", "gateway_status", "-e", "calendar_integration_require_verified=no"], ["gateway_status"]),
        (["--skip-tags", "calendar_users"], [part for part in PARTS if part != "calendar_users"]),
        (["--tags", "trust,calendaring", "-e", "calendar_integration_parts=calendaring"], ["calendaring"]),
    ],
)
def test_tags_choose_parts(environment: Emulator, tmp_path: Path, chosen: list[str], parts: list[str]) -> None:
    played = play(environment.ready_file, tmp_path, "ucops.imp.site", *chosen)

    assert played.status == 0, played.output
    assert modules(played.module_calls) == called(parts)


@pytest.mark.parametrize(
    ("playbook", "option"),
    [
        *(("site", option) for option in ("--tags", "--skip-tags")),
        *((playbook, "--tags") for playbook in ("trust", "preflight", "drift")),
        *((playbook, "--skip-tags") for playbook in ("export", "certificates", "gateway_status")),
    ],
)
def test_a_misspelt_tag_is_refused(environment: Emulator, tmp_path: Path, playbook: str, option: str) -> None:
    callback = {"ANSIBLE_CALLBACKS_ENABLED": "ucops.imp.drift"} if playbook == "drift" else {}

    played = play(environment.ready_file, tmp_path, f"ucops.imp.{playbook}", option, "trsut", environment=callback)

    assert played.status == 2, played.output
    assert f"{option} trsut" in played.output
    assert environment.journal() == []


def test_in_a_playbook_of_others_their_tags_are_theirs(environment: Emulator, tmp_path: Path) -> None:
    book = tmp_path / "all.yml"
    own = {"hosts": "localhost", "gather_facts": False, "tags": ["network"]}
    own["tasks"] = [{"ansible.builtin.debug": {"msg": "the network"}}]
    book.write_text(
        json.dumps([own, {"import_playbook": "ucops.imp.calendar_users"}, {"import_playbook": "ucops.imp.calendaring"}])
    )

    theirs = play(environment.ready_file, tmp_path, str(book), "--tags", "network")
    ours = play(environment.ready_file, tmp_path, str(book), "--tags", "calendaring")
    misspelt = play(environment.ready_file, tmp_path, str(book), "--tags", "calender_users")

    assert (theirs.status, ours.status, misspelt.status) == (0, 0, 2)
    assert theirs.module_calls == []
    assert modules(ours.module_calls) == called(["calendaring"])
    assert "Did you mean calendar_users?" in misspelt.output


def test_the_drift_playbook_takes_the_same_parts_and_tags(environment: Emulator, tmp_path: Path) -> None:
    callback = {"ANSIBLE_CALLBACKS_ENABLED": "ucops.imp.drift,module_calls"}

    by_tag = play(environment.ready_file, tmp_path, "ucops.imp.drift", "--tags", "trust", environment=callback)
    by_text = play(
        environment.ready_file,
        tmp_path,
        *options("ucops.imp.drift", "calendar_integration_parts=trust,calendaring"),
        environment=callback,
    )

    assert modules(by_tag.module_calls) == called(["trust"])
    assert modules(by_text.module_calls) == called(["trust", "calendaring"])
    assert environment.journal(writes=True) == []
    assert (tmp_path / "drift-report" / "drift.json").is_file()


def test_no_password_is_shown_while_variables_are_converted(environment: Emulator, tmp_path: Path) -> None:
    secret = "canary-8d1f7a"
    given = {
        "exchange_certificate_administrator": {"username": "ca", "password": secret, "domain": "x"},
        "presence_gateways_account_password": secret,
        "presence_gateways_purge": "perhaps",
    }

    # Ansible itself shows what stands on the command line.
    (tmp_path / "given.json").write_text(json.dumps(given))

    for playbook in ("ucops.imp.site", "ucops.imp.certificates"):
        played = play(environment.ready_file, tmp_path, *options(playbook, "@given.json"), "-vvvv")
        assert played.status == 2
        assert "fatal:" in played.output
        assert secret not in played.output
