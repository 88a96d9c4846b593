# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the playbooks refuse before they begin: what the modules of the roles would refuse, and what is not set."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar
from ansible_collections.ucops.imp.plugins.lookup import setting_problems
from ansible_collections.ucops.imp.plugins.module_utils._certificates import x509
from ansible_collections.ucops.imp.plugins.plugin_utils._settings.parts import CONNECTIONS
from ansible_collections.ucops.imp.plugins.plugin_utils._settings.variables import COLLECTION

try:
    from ansible.template import trust_as_template
except ImportError:  # up to core 2.18

    def trust_as_template(value: str) -> str:
        return value


LOADER = DataLoader()
SECRET = "canary-51c8"
CONNECTION = {"hostname": "a.example.com", "username": "somebody", "password": SECRET}
HOST: dict[str, Any] = {
    "ansible_check_mode": False,
    "ansible_connection": "local",
    "ansible_run_tags": ["all"],
    "inventory_hostname": "imp1.example.com",
    "playbook_dir": str(COLLECTION / "playbooks"),
    **dict.fromkeys(CONNECTIONS.values(), CONNECTION),
}
UNSET = trust_as_template("{{ vault_os_password }}")


def problems(*terms: str, options: dict[str, Any] | None = None, **variables: Any) -> list[str]:
    host = {**HOST, **variables}
    lookup = setting_problems.LookupModule(loader=LOADER, templar=Templar(loader=LOADER, variables=host))
    found = lookup.run(list(terms), variables=host, **(options or {}))
    assert SECRET not in str(found)
    return found


def one(*terms: str, **variables: Any) -> str:
    (problem,) = problems(*terms, **variables)
    return problem


def test_every_role_of_the_run_is_told_in_one_list(tmp_path: Path) -> None:
    broken, none = tmp_path / "broken.pem", tmp_path / "none.csv"
    broken.write_text("no certificate")

    told = problems(
        "calendar_integration",
        trust_certificates=[{"path": str(broken)}, {"path": str(tmp_path / "none.pem")}],
        presence_gateways_list=[{"name": "mail1.example.com"}],
        presence_gateways_account="svc-exchange",
        presence_gateways_account_password=SECRET,
        calendar_users_csv_path=str(none),
        calendaring_exchange_queue=0,
        calendaring_calendar_spread=-1,
        presence_engine_wait_timeout=0,
        ucops_imp_platform={**CONNECTION, "ca_path": "/none.pem"},
        trust_purrge=True,
    )

    assert [re.split(r": ", said)[0] for said in told] == [
        "trust_purrge",
        "trust_certificates[0]",
        "trust_certificates[1]",
        "presence_gateways_account",
        "calendar_users_csv_path",
        "calendaring_calendar_spread",
        "calendaring_exchange_queue",
        "presence_engine_wait_timeout",
        "ucops_imp_platform.ca_path",
    ]


def test_of_many_settings_with_one_problem_the_problem_stays_in_sight() -> None:
    """The screen has a column for the settings and one for what is wrong with them, which a colon parts."""
    path = f"/{'n' * 240}.pem"
    problem, _twice = problems("trust", trust_certificates=[{"path": path}] * 60)
    names, _colon, said = problem.partition(": ")
    assert names.startswith("trust_certificates[0], trust_certificates[1], ")
    assert names.endswith(", trust_certificates[59]")
    assert said == f"{path}: No such file or directory"


def test_a_part_that_does_not_run_is_not_looked_at() -> None:
    wrong: dict[str, Any] = {"presence_engine_wait_timeout": 0, "ucops_imp_platform": None, "ucops_imp_publisher": None}
    told = problems("calendar_integration", calendar_users_query={"userid": "%"}, **wrong)
    # What is said of several is said once.
    connections = "ucops_imp_publisher, ucops_imp_platform: it is needed here. Set it in the inventory."
    assert told == ["presence_engine_wait_timeout: 0 is not in the range 1 to 86400 seconds.", connections]
    assert problems("calendar_integration", calendar_integration_parts=["calendaring"], **wrong) == []
    assert problems("calendar_integration", ansible_run_tags=["calendaring"], **wrong) == []
    skips: dict[str, Any] = {
        "ansible_skip_tags": ["trust", "presence_engine", "presence_gateways", "gateway_status"],
        "calendar_users_query": {"userid": "%"},
    }
    assert problems("calendar_integration", **skips, **wrong) == []
    assert problems("trust", options={"modules": False}, trust_purge=True) == []
    assert problems("trust", ansible_connection="ssh", trust_purge=True) == []


def test_what_an_earlier_task_finds_out_is_left_to_the_module() -> None:
    """With the authority's certificate the list is not empty; what the user has written is looked at all the same."""
    adcs: dict[str, Any] = {"trust_from_adcs": True}
    assert "leave the nodes without any authority" in one("trust", trust_purge=True)
    assert problems("trust", trust_purge=True, **adcs) == []
    assert "trust_certificates[0]: /none" in one("trust", trust_certificates=[{"path": "/none"}], **adcs)
    assert one("trust", ucops_ca=None, **adcs).startswith("ucops_ca: ")
    assert problems("trust", ucops_ca=None) == []


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("exchange_certificate_common_name", "no host"),
        ("exchange_certificate_country", "Japan"),
        ("exchange_certificate_renew_before_days", -1),
        ("exchange_certificate_wait_timeout", -1),
    ],
)
def test_the_certificates_of_exchange_are_looked_at(variable: str, value: Any) -> None:
    administrator = {"username": "somebody", "password": SECRET}
    assert problems("exchange_certificate", exchange_certificate_administrator=administrator) == []
    assert one("exchange_certificate", **{variable: value}).startswith(f"{variable}: ")


def test_a_library_that_is_missing_is_told_where_modules_run_with_this_python(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(x509, "MISSING_LIBRARY", "a traceback")
    assert "library (cryptography)" in one("trust", ansible_python_interpreter=sys.executable)
    assert problems("trust", ansible_python_interpreter="/usr/bin/another") == []


def test_the_connection_of_what_runs_must_be_there() -> None:
    assert one("trust", ucops_imp_platform=None) == "ucops_imp_platform: it is needed here. Set it in the inventory."
    without = {name: value for name, value in CONNECTION.items() if name != "username"}
    assert one("trust", ucops_imp_platform=without) == "ucops_imp_platform: missing required arguments: username"
    assert one("trust", ucops_imp_platform={**CONNECTION, "password": "ab"}).startswith("ucops_imp_platform.password: ")
    # A module has its own folder, not the one in which the command was started.
    relative = one("trust", ucops_imp_platform={**CONNECTION, "ca_path": "none.pem"})
    assert relative.endswith(f" there is no file {COLLECTION}/playbooks/none.pem on the controller.")
    for shape in (["imp1"], f'{{"password": "{SECRET}",'):
        told = one("trust", ucops_imp_platform=shape)
        assert told.startswith("ucops_imp_platform: it is ")
        assert SECRET not in told
    written = json.dumps({**CONNECTION, "password": "ab"})
    assert one("trust", ucops_imp_platform=written).startswith("ucops_imp_platform.password: ")
    misspelt = one("trust", ucops_imp_platform={**CONNECTION, "pasword": SECRET})
    assert misspelt.startswith("ucops_imp_platform: there is no option pasword. Supported parameters include: ")
    options = {"connections": ["ucops_imp_publisher"], "connections_if_set": ["ucops_imp_platform"]}
    (publisher,) = problems(options=options, ucops_imp_publisher=None, ucops_imp_platform=None)
    assert publisher.startswith("ucops_imp_publisher: ")
    assert len(problems(options=options, ucops_imp_publisher=None, ucops_imp_platform={"port": 1})) == 2


def test_what_is_not_set_is_named_by_variable_and_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    platform = {**CONNECTION, "password": UNSET}
    given: dict[str, Any] = {"inventory_dir": str(tmp_path / "inventory"), "ucops_imp_platform": platform}
    vault = Path("inventory", "group_vars", "all", "vault.yml")

    told = one("trust", **given)
    assert told == f"vault_os_password: it is not set, and ucops_imp_platform.password needs it. Set it in {vault}."

    vault.parent.mkdir(parents=True)
    vault.with_name("vault.example.yml").write_text("vault_os_password: x\n")
    assert one("trust", **given).endswith(f" Set it in {vault}; vault.example.yml beside it shows how.")

    # Behind as many variables as there are, and once for all that need it.
    through = {"password_of_all": UNSET, "vault_os_password": trust_as_template("{{ undef(hint='x') }}")}
    both = {**CONNECTION, "password": trust_as_template("{{ password_of_all }}")}
    given = {**given, **through, "ucops_imp_platform": both, "ucops_imp_cucm": both}
    (told,) = problems("trust", "calendaring", **given)
    assert told.startswith("vault_os_password: it is not set, and ucops_imp_platform.password and ucops_imp_cucm.")
    vault.with_name("other.yml").write_text("vault_os_password: x\n")
    assert one("trust", **given).endswith(f"Set it in {vault.with_name('other.yml')}.")


def test_a_secret_in_the_wrong_place_is_not_told() -> None:
    assert "********" in one("calendaring", calendaring_calendar_spread=SECRET)


def test_what_nothing_on_this_host_needs_is_not_missed() -> None:
    unset: dict[str, Any] = {"ucops_imp_pending_restarts_path": UNSET, "ucops_imp_cucm": {"password": UNSET}}
    assert problems("exchange_certificate", **unset) == []


def test_a_template_that_fails_is_told_at_its_variable() -> None:
    missing = trust_as_template("{{ lookup('ansible.builtin.file', '/none/such') }}")
    assert one("trust", trust_certificates=[{"content": missing}]).startswith("trust_certificates: ")
    said = one("calendaring", calendaring_exchange_queue=trust_as_template("{{ nobody }}"))
    assert said.startswith("nobody: it is not set, and calendaring_exchange_queue needs it. Set it in the inventory.")


def test_the_playbooks_take_connections_from_the_variables_that_are_looked_at() -> None:
    for path in COLLECTION.glob("playbooks/*.yml"):
        for play in yaml.safe_load(path.read_text()):
            groups = {name.rpartition(".")[2]: str(one) for name, one in play.get("module_defaults", {}).items()}
            for kind, template in groups.items():
                assert kind == "audit" or CONNECTIONS[kind] in template, (path.name, kind)
