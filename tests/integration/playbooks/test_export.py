# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ``export.yml`` writes is all that ``site.yml`` needs to change nothing and to find nothing undeclared."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.ucops.imp.plugins.module_utils._formats import bat_file

from imp_emulator.scenario.writer import generate
from tests.support.by_hand import CLIENT_SECRET, DESCRIPTION, GATEWAYS, ODD_AUTHORITY, PROXY, configure_by_hand, do
from tests.support.connections import connection, nodes
from tests.support.emulator import Emulator
from tests.support.inventory_files import load
from tests.support.odd_names import ODD as NAMES
from tests.support.odd_names import scenario_of_users
from tests.support.office_365 import CLIENT_ID, OUTLOOK, OUTLOOK_URL
from tests.support.playbooks import INVENTORY, Played, play
from tests.support.scenarios import shipped, with_users, write_scenario

HOST = "imp-pub.dc1"


def export(emulator: Emulator, folder: Path, *options: str, **variables: Any) -> Played:
    return play(
        emulator.ready_file,
        folder,
        "ucops.imp.export",
        *options,
        variables={"export_directory": str(folder / "adopted"), **variables},
    )


def adopt(emulator: Emulator, folder: Path) -> Path:
    """Make an inventory of what was exported, the connections and the vault; nothing else is in it."""
    adopted = folder / "adopted"
    # A twin is no inventory.
    (adopted / "scenario.yml").unlink(missing_ok=True)
    shutil.copy(INVENTORY / "imp_emulator.yml", adopted)
    vault = {
        "vault_ucops_imp_exchange_password": emulator.ready["exchange_account"]["password"],
        "vault_ucops_imp_client_secrets": {OUTLOOK: CLIENT_SECRET},
        "vault_ucops_imp_proxy_passwords": {OUTLOOK: PROXY["proxy_password"]},
    }
    (adopted / "group_vars" / "all" / "vault.yml").write_text(json.dumps(vault))
    return adopted


def variables(folder: Path) -> dict[str, Any]:
    """Return the exported variables."""
    return load((folder / "adopted/group_vars/dc1/calendar_integration.yml").read_text())


def files(folder: Path) -> dict[str, str]:
    adopted = folder / "adopted"
    return {str(path.relative_to(adopted)): path.read_text() for path in adopted.rglob("*") if path.is_file()}


def audit(emulator: Emulator, folder: Path, inventory: Path) -> tuple[Played, dict[str, Any]]:
    """Run the roles in check mode, with one line of ``module_defaults`` that makes them report what nobody declared."""
    results = ("trust_result", "presence_gateways_result", "calendar_users_result", "calendaring_result")
    kinds = {"cucm": "ucops_imp_cucm", "imp": "ucops_imp_publisher", "platform": "ucops_imp_platform"}
    defaults: dict[str, Any] = {f"group/ucops.imp.{kind}": f"{{{{ {name} }}}}" for kind, name in kinds.items()}
    defaults["group/ucops.imp.audit"] = {"report_undeclared": True}
    shown = {name: f"{{{{ {name}.undeclared }}}}" for name in results}
    copy = {"content": shown, "dest": str(folder / "shown.json"), "mode": "0644"}
    book = {
        "hosts": "imp_publisher",
        "gather_facts": False,
        "module_defaults": defaults,
        "roles": [{"role": "ucops.imp.calendar_integration"}],
        "post_tasks": [{"ansible.builtin.copy": copy, "check_mode": False, "changed_when": False}],
    }
    (folder / "audit.yml").write_text(json.dumps([book]))
    played = play(emulator.ready_file, folder, str(folder / "audit.yml"), "--check", inventory=inventory)
    assert played.status == 0, played.output
    return played, json.loads((folder / "shown.json").read_text())


def test_an_exported_cluster_is_left_as_it_is(
    environment: Emulator, start_emulator: Callable[..., Emulator], tmp_path: Path
) -> None:
    """Nor does an export of its twin differ in anything from that of the cluster."""
    configure_by_hand(environment)
    last = environment.control.last_journal_id()

    exported = export(environment, tmp_path)
    assert exported.status == 0, exported.output
    written = variables(tmp_path)
    *exchange, online = written["presence_gateways_list"]
    assert exchange == [{"port": 443, **gateway} for gateway in GATEWAYS]
    assert (online["client_id"], online["resource"]) == (CLIENT_ID, OUTLOOK_URL)
    assert online["client_secret"] == f"{{{{ vault_ucops_imp_client_secrets['{OUTLOOK}'] }}}}"
    example = files(tmp_path)["group_vars/all/vault.example.yml"]
    assert f'vault_ucops_imp_client_secrets:\n  "{OUTLOOK}": ' in example
    assert f'vault_ucops_imp_proxy_passwords:\n  "{OUTLOOK}": ' in example
    assert (written["presence_gateways_enable_ipv6"], len(written["trust_certificates"])) == (True, 3)
    assert written["calendar_integration_require_verified"] is False, "nobody listens at port 444"
    assert {name: value for name, value in written.items() if name.startswith("calendaring_")} == {
        "calendaring_calendar_spread": 7,
        "calendaring_exchange_timeout": 5,
        "calendaring_out_of_office_information": "do_not_display",
    }
    accounts = environment.ready["clusters"]["dc1"]["accounts"]
    secrets = [accounts["application"]["password"], accounts["os"]["password"]]
    secrets += [environment.ready["exchange_account"]["password"], CLIENT_SECRET, PROXY["proxy_password"]]
    assert [secret for secret in secrets if secret in str(files(tmp_path)) + exported.output] == []

    first = files(tmp_path)
    twin = start_emulator("--scenario", str(tmp_path / "adopted" / "scenario.yml"), folder="twin")
    again = export(twin, tmp_path)
    assert (again.status, again.recap[HOST].changed, files(tmp_path)) == (0, 0, first), again.output
    assert twin.journal(writes=True) == []
    twin.stop()

    inventory = adopt(environment, tmp_path)
    audited, undeclared = audit(environment, tmp_path, inventory)
    done = play(environment.ready_file, tmp_path, "ucops.imp.site", inventory=inventory)

    assert done.status == 0, done.output
    assert (audited.recap[HOST].changed, done.recap[HOST].changed) == (0, 0)
    assert environment.journal(writes=True, after=last) == []
    assert {name: found for name, found in undeclared.items() if found} == {}

    by_hand = {"gateways": [{"name": "mail1.example.com", "description": DESCRIPTION.replace("7", "8")}]}
    do(environment, "presence_gateways", "imp", **by_hand)
    do(environment, "calendar_users", "cucm", users=[{"userid": "user0003", "meeting_information": False}])
    found = play(environment.ready_file, tmp_path, "ucops.imp.site", "--check", "--diff", inventory=inventory)
    assert "8 * 8" in found.output
    assert "user0003" in found.output
    # The engine has not loaded the gateway.
    assert found.recap[HOST].changed == 3


def test_an_untouched_cluster_can_be_adopted_too(environment: Emulator, tmp_path: Path) -> None:
    exported = export(environment, tmp_path)
    assert exported.status == 0, exported.output
    assert set(files(tmp_path)) == {
        "group_vars/dc1/calendar_integration.yml",
        "group_vars/dc1/calendar_users.csv",
        "scenario.yml",
    }
    assert variables(tmp_path) == {
        "calendar_integration_parts": [
            "trust",
            "presence_gateways",
            "calendar_users",
            "calendaring",
            "presence_engine",
            "gateway_status",
        ],
        "trust_store": "cup-trust",
        "trust_certificates": [],
        "presence_gateways_list": [],
        "calendar_users_csv_path": "{{ inventory_dir }}/group_vars/dc1/calendar_users.csv",
    }

    inventory = adopt(environment, tmp_path)
    done = play(environment.ready_file, tmp_path, "ucops.imp.site", inventory=inventory)

    assert done.status == 0, done.output
    assert done.recap[HOST].changed == 0
    assert environment.journal(writes=True) == []


def test_an_anonymous_export_is_the_twins_alone(start_emulator: Callable[..., Emulator], tmp_path: Path) -> None:
    """Every other file has names in it. Of several clusters each has a folder, or one would take the other's place.

    That no name of the site is in a twin, ``test_scenario_filter.py`` shows.
    """
    scenario = tmp_path / "two.yml"
    scenario.write_text(generate(3, 2))
    exported = export(start_emulator("--scenario", str(scenario)), tmp_path, export_anonymize=True)
    assert exported.status == 0, exported.output
    assert set(files(tmp_path)) == {"dc1/scenario.yml", "dc2/scenario.yml"}
    assert "changed  dc1/scenario.yml  a twin for the emulator, users: 3" in exported.output
    for path in (tmp_path / "adopted").glob("*/scenario.yml"):
        assert path.stat().st_mode & 0o077 == 0, "others have no business with it"
        text = path.read_text()
        assert "Written by ucops.imp.export" in text
        assert re.findall(r"dc\d|imp-(?:pub|sub)|Baker|axladmin", text) == []


def test_a_part_without_an_interface_is_left_out_and_told(environment: Emulator, tmp_path: Path) -> None:
    """As on a real cluster: gateways and restart notifications have no public interface, everything else has one."""
    do(environment, "calendaring_parameters", "cucm", exchange_queue=2000)
    place = nodes(environment, 443, "imp-sub")
    do(environment, "trust_certificates", "platform", nodes=place, certificates=[{"content": ODD_AUTHORITY.pem}])
    file = tmp_path / "adopted/group_vars/dc1/calendar_integration.yml"
    file.parent.mkdir(parents=True)
    file.write_text("mine: true\n")

    exported = export(
        environment, tmp_path, ucops_imp_publisher=connection(environment, "cucm"), export_all_parameters=True
    )

    assert exported.status == 2
    message = exported.output[exported.output.rindex("Fail when a part could not be read") :]
    assert "Cisco publishes no interface" in message
    assert "Everything else was written" in message
    assert [path.read_text() for path in file.parent.glob("calendar_integration.yml.*~")] == ["mine: true\n"]
    text, written = file.read_text(), variables(tmp_path)
    assert written["calendar_integration_parts"] == ["trust", "calendar_users", "calendaring", "presence_engine"]
    assert "presence_gateways: " in text
    assert "Cisco publishes no interface" in text
    assert not [name for name in written if name.startswith("presence_gateways")]
    assert len([name for name in written if name.startswith("calendaring_")]) == 9
    assert written["trust_certificates"] == []
    assert "#  - path:" in text
    assert "# On imp-sub only; to have it on every node:" in text
    assert ODD_AUTHORITY.pem in files(tmp_path).values()


def test_a_pending_restart_is_not_made_by_adopting_the_cluster(
    environment: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Besides, a relative path starts where the process is, and check mode writes nothing."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.setenv("PWD", str(elsewhere))
    do(environment, "calendaring_parameters", "cucm", exchange_queue=2000)
    chosen = {"export_parts": ["calendaring", "presence_engine"], "export_directory": "adopted"}

    predicted = export(environment, tmp_path, "--check", **chosen)
    assert predicted.status == 0, predicted.output
    assert f"In check mode nothing is written to {tmp_path}/adopted" in predicted.output
    assert not (tmp_path / "adopted").exists()
    exported = export(environment, tmp_path, **chosen)
    monkeypatch.delenv("PWD")
    assert list(elsewhere.iterdir()) == []
    assert f"Written to {tmp_path}/adopted" in exported.output
    assert "changed  group_vars/dc1/calendar_integration.yml  variables, of parts: 1\n\nWritten to " in exported.output
    unchanged = export(environment, tmp_path, "--check", **chosen)
    assert unchanged.status == 0, unchanged.output
    assert unchanged.recap[HOST].changed == 0, "where it is written is no part of it"

    assert "changes wait for a restart of Cisco Presence Engine" in " ".join(exported.output.split())
    assert variables(tmp_path) == {"calendar_integration_parts": ["calendaring"], "calendaring_exchange_queue": 2000}


def test_odd_users_are_exported_and_cost_nobody_else(start_emulator: Callable[..., Emulator], tmp_path: Path) -> None:
    """What is exported names just the users that are there; one that a file cannot hold is told and left out."""
    unnamed = [" {{ 7 * 7 }}", "anna ", "li\nsa", "#"]
    named = [*NAMES, "山田\u3000太郎"]
    emulator = start_emulator("--scenario", str(scenario_of_users(tmp_path, [*named, *unnamed], im_and_presence=True)))
    last = emulator.control.last_journal_id()

    exported = export(emulator, tmp_path, export_parts=["calendar_users"])
    assert exported.status == 0, exported.output
    assert "Users whose ids a BAT file cannot hold are left out" in exported.output
    assert json.dumps(unnamed) in (tmp_path / "adopted/group_vars/dc1/calendar_integration.yml").read_text()
    with (tmp_path / "adopted/group_vars/dc1/calendar_users.csv").open(encoding="utf-8", newline="") as lines:
        assert {user.userid for user in bat_file.read(lines).users} == set(named)
    inventory = adopt(emulator, tmp_path)
    done = play(emulator.ready_file, tmp_path, "ucops.imp.site", inventory=inventory)

    assert done.status == 0, done.output
    assert done.recap[HOST].changed == 0
    assert emulator.journal(writes=True, after=last) == []


def test_a_folder_that_cannot_be_is_refused_before_the_cluster_is_read(environment: Emulator, tmp_path: Path) -> None:
    (tmp_path / "adopted").touch()
    exported = export(environment, tmp_path, export_directory="adopted/here")
    assert exported.status == 2
    assert f"Nothing can be written to {tmp_path}/adopted/here: {tmp_path}/adopted is no folder." in exported.output
    assert environment.journal() == []


def common_password(start_emulator: Callable[..., Emulator], folder: Path, word: str) -> Emulator:
    """Start an emulator whose application account has an ordinary word as its password."""
    content = with_users(shipped(), 5)
    content["clusters"][0]["accounts"]["application"]["password_env"] = "COMMON_WORD"
    path = write_scenario(folder, content)
    return start_emulator("--scenario", str(path), environment={"COMMON_WORD": word})


def export_with(emulator: Emulator, folder: Path, *lost: str) -> Played:
    """Export a cluster of which the account's password hides a part; assert that these parts are left out and told."""
    account = emulator.ready["exchange_account"]
    gateways = [{"name": "mail1.example.com", "description": "Cisco calendar of the first site", "port": 44300}]
    credentials = {"account": account["username"], "account_password": account["password"]}
    do(emulator, "presence_gateways", "imp", gateways=gateways, **credentials)
    do(emulator, "calendar_users", "cucm", users=[{"userid": "user0003"}, {"userid": "user0004"}])

    exported = export(emulator, folder)
    assert exported.status == 2, exported.output
    assert not any("***" in text or "NO_LOG" in text for text in files(folder).values())
    parts = set(variables(folder)["calendar_integration_parts"])
    # A restart is pending, which leaves that part out in any case.
    assert parts == {"trust", "presence_gateways", "calendar_users", "calendaring", "gateway_status"} - {*lost}
    assert "because a password of the connections is the same word" in exported.output
    assert "Choose a password that is no ordinary word" in exported.output
    return exported


def test_a_description_that_ansible_has_masked_is_not_exported(
    start_emulator: Callable[..., Emulator], tmp_path: Path
) -> None:
    emulator = common_password(start_emulator, tmp_path, "Cisco")
    exported = export_with(emulator, tmp_path, "presence_gateways", "gateway_status")
    assert "presence_gateways.gateways[0].description" in exported.output
    assert "presence_engine[0].service" in exported.output, "a masked restart is not told"
    assert exported.output.count("The value of password is a part of ordinary words") == 1, "it is to be said once"
    last = emulator.control.last_journal_id()

    adopt(emulator, tmp_path)
    done = play(emulator.ready_file, tmp_path, "ucops.imp.site", inventory=tmp_path / "adopted")
    assert done.status == 0, done.output
    assert emulator.journal(writes=True, after=last) == []


@pytest.mark.parametrize(
    ("word", "place", "lost"),
    [
        ("user0003", "calendar_users[2].userid", {"calendar_users"}),
        # A number is masked as a whole.
        ("4430", "presence_gateways.gateways[0].port", {"presence_gateways", "gateway_status"}),
    ],
)
def test_what_ansible_has_masked_is_not_exported(
    start_emulator: Callable[..., Emulator], tmp_path: Path, word: str, place: str, lost: set[str]
) -> None:
    exported = export_with(common_password(start_emulator, tmp_path, word), tmp_path, *lost)
    assert place in exported.output
