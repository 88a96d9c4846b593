# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The main job through ``ansible-playbook``: check, do, check, do, with the emulator's journal as the witness."""

from __future__ import annotations

import json
import re
from pathlib import Path

from tests.support.emulator import Emulator
from tests.support.pages import Shell, commands
from tests.support.playbooks import INVENTORY, Played, play, settings

HOST = "imp-pub.dc1"
TICKET = "calendar_integration_summary_path"
MODULE_CALLS_AT_MOST = 10
BACKUP = ("-e", "ucops_imp_backup=yes", "-e", "ucops_imp_backup_path=backups")
PARTS = ["trust", "presence_gateways", "calendar_users", "calendaring", "presence_engine"]


def run(environment: Emulator, folder: Path, playbook: str, *options: str) -> Played:
    played = play(environment.ready_file, folder, playbook, *options)
    assert played.status == 0, played.output
    return played


def gateways(environment: Emulator) -> list[str]:
    with environment.client("imp-pub") as client:
        return [item["name"] for item in client.get("/imp-admin/v1/presence-gateways").json()["items"]]


def pending(environment: Emulator) -> list[dict[str, str]]:
    with environment.client("imp-pub") as client:
        return client.get("/imp-admin/v1/restart-notifications").json()["items"]


def screen_of(played: Played) -> str:
    """Return what a run shows at its end, with one blank where there are several."""
    _before, first, rest = played.output.rpartition("\ndc1: ")
    return " ".join(f"{first}{rest}".split())


def assert_shown(played: Played, *parts: str) -> None:
    """Assert that the screen at the end of a run has these texts, wherever its lines are broken."""
    assert [part for part in parts if part not in screen_of(played)] == []


def figures_file(environment: Emulator) -> Path:
    return environment.ready_file.parent / "pending-restarts" / "dc1.figures.json"


def figures(environment: Emulator) -> dict[str, int]:
    """Return of how many changes it is kept how long they took."""
    kept = json.loads(figures_file(environment).read_text())
    return {name: figure["changes"] for name, figure in kept["figures"].items()}


def secrets(environment: Emulator) -> list[str]:
    accounts = environment.ready["clusters"]["dc1"]["accounts"]
    known = (accounts["application"], accounts["os"], environment.ready["exchange_account"])
    return [account["password"] for account in known]


def assert_secretive(environment: Emulator, played: Played) -> None:
    """Assert that no secret is printed, however verbose the run was."""
    assert "ansible-playbook [core" in played.output, "the run was not verbose"
    assert [secret for secret in secrets(environment) if secret in played.output] == []
    assert [secret for secret in secrets(environment) if secret in str(environment.journal())] == []


def assert_backed_up(environment: Emulator, folder: Path) -> None:
    """Assert that each part has written down what it was about to change, in one folder and without a secret."""
    (run_folder,) = (folder / "backups").iterdir()
    files = sorted((run_folder / HOST).iterdir())
    assert [path.stem.rpartition("Z-")[2] for path in files] == [
        "trust_certificates",
        "presence_gateways",
        "calendar_users",
        "calendaring_parameters",
        "services",
    ]
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
    assert [secret for secret in secrets(environment) if any(secret in path.read_text() for path in files)] == []


def test_site_configures_everything_and_then_nothing(environment: Emulator, tmp_path: Path) -> None:
    """Check, do, check, do; the first two very verbosely, for what they print must hold no secret."""
    # Another test's run on this emulator.
    figures_file(environment).unlink(missing_ok=True)
    predicted = run(environment, tmp_path, "ucops.imp.site", "--check", "--diff", "-vvvv")
    assert_secretive(environment, predicted)
    assert environment.journal(writes=True) == [], "check mode has written"
    assert predicted.recap[HOST].changed == len(PARTS)
    assert [*predicted.recap] == [HOST], "nobody has asked for certificates, so no task was looked at for a server"
    assert gateways(environment) == []

    assert_shown(
        predicted,
        "dc1: check, nothing was written: 1,013 changes",
        "imp-sub Cisco Presence Engine, Cisco SIP Proxy",
        "1,000 users 2 min assumed: 15 a second",
        "Users on these nodes now: 0, and 1,000 that this run enables before.",
    )

    ticket = tmp_path / "tickets" / "dc1.md"
    done = run(environment, tmp_path, "ucops.imp.site", "--diff", "-vvvv", "-e", f"{TICKET}={ticket}", *BACKUP)
    assert_secretive(environment, done)
    assert_backed_up(environment, tmp_path)
    assert_shown(
        done,
        "1,000 users changed user0001, user0002, user0003 and 997 more",
        "gateway status 2 of 2 gateways verified",
        "NEXT 1. Nothing. Another run changes nothing.",
    )
    written = ticket.read_text()
    assert [secret for secret in secrets(environment) if secret in written] == []
    assert "| gateway account added: shared |" in written
    assert "| password | not set | (as given) |" in written
    assert done.recap[HOST].changed == len(PARTS)
    assert len(done.module_calls) <= MODULE_CALLS_AT_MOST
    assert gateways(environment) == ["mail1.example.com", "mail2.example.com"]
    assert pending(environment) == []
    # The restarts follow the changes once: Presence Engine and SIP Proxy on each node, one node after the other.
    controls = environment.journal(writes=True, operation="soapDoControlServices")
    assert [entry["node"] for entry in controls] == ["imp-pub", "imp-pub", "imp-sub", "imp-sub"]

    last = environment.control.last_journal_id()
    # As the page prints it.
    check, again = commands("docs/maintenance-window.md")
    (tmp_path / "inventory").symlink_to(INVENTORY)
    calls = tmp_path / "calls.txt"
    terminal = Shell(tmp_path, more=settings(environment.ready_file, calls))
    checked, repeated = terminal.run(check), terminal.run(again)
    assert environment.journal(writes=True, after=last) == []
    unchanged = re.compile(rf"^{re.escape(HOST)} +: .*changed=0 .*failed=0 ", re.MULTILINE)
    assert unchanged.search(checked)
    assert unchanged.search(repeated)
    assert len(calls.read_text().splitlines()) <= 2 * MODULE_CALLS_AT_MOST
    assert "calendar users 1,000 users as declared" in " ".join(checked.split())
    assert "everything is as declared" in (tmp_path / "tickets" / "headquarters.md").read_text()
    # What the run took is the figure of the next check.
    assert figures(environment) == {"calendar_users": 1000, "presence_engine": 4}


def test_each_part_has_a_playbook_that_converges(environment: Emulator, tmp_path: Path) -> None:
    for part in PARTS:
        assert run(environment, tmp_path, f"ucops.imp.{part}").recap[HOST].changed == 1, part

    last = environment.control.last_journal_id()
    again = tmp_path / "again.json"
    again.write_text(json.dumps([{"ansible.builtin.import_playbook": f"ucops.imp.{part}"} for part in PARTS]))
    repeated = run(environment, tmp_path, str(again))
    assert len(repeated.module_calls) == len(PARTS)
    assert repeated.recap[HOST].changed == 0
    assert environment.journal(writes=True, after=last) == []


def test_the_parts_of_a_run_can_be_chosen(environment: Emulator, tmp_path: Path) -> None:
    chosen = {"calendar_integration_parts": ["trust", "calendaring"]}

    played = play(environment.ready_file, tmp_path, "ucops.imp.site", variables=chosen)

    assert [call.split()[1] for call in played.module_calls] == [
        "ucops.imp.trust_certificates",
        "ucops.imp.calendaring_parameters",
    ]


def test_the_run_fails_when_a_gateway_is_not_verified(environment: Emulator, tmp_path: Path) -> None:
    """Without the CA certificates of Exchange the status cannot be green (requirements G6 and G7)."""
    without_trust = {"calendar_integration_parts": ["presence_gateways", "gateway_status"]}

    played = play(environment.ready_file, tmp_path, "ucops.imp.site", variables=without_trust)

    assert played.status == 2
    said = " ".join(played.output.split())
    for server in ("mail1.example.com", "mail2.example.com"):
        verdict = "SSL Connection/Certificate Verification - Failed - Certificate Missing From Chain"
        assert f"{server} is not verified: Exchange Reachability (pingable), {verdict}" in said
    assert "have the server send its whole chain." in said
    told = screen_of(played)
    assert "dc1: 1 of 2 parts failed" in told
    assert "FAILED WHAT HAPPENED, AND WHAT TO DO" in told
    assert "gateway status Exchange Reachability" in told
    assert (
        "mail1.example.com, SSL Connection/Certificate Verification" in told
        or "mail1.example.com, mail2.example.com" in told
    )
    assert "Restart what has not loaded the changes (Cisco Presence Engine)" in told


def test_a_wrong_role_variable_is_refused_before_anything_is_sent(environment: Emulator, tmp_path: Path) -> None:
    played = play(
        environment.ready_file, tmp_path, "ucops.imp.calendaring", variables={"calendaring_exchange_queue": "many"}
    )

    assert played.status == 2
    assert "calendaring_exchange_queue" in played.output
    assert environment.journal() == []
