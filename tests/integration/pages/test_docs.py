# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The console blocks of the pages in docs/ and of the emulator's page, run as printed and in their order."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.certificate_site import MAIL1, CertificateSite
from tests.support.certificate_steps import STANDALONE
from tests.support.collection_tree import ensure_collection_tree
from tests.support.connections import connection
from tests.support.drift_site import Site
from tests.support.emulator import Emulator
from tests.support.headquarters import headquarters, inventory, shell
from tests.support.modules import run_module
from tests.support.pages import Shell, blocks, commands
from tests.support.playbooks import INVENTORY
from tests.support.project_files import ROOT, copy_project

FAILED, DRIFT = 2, 3
ROLE = Path("examples/acme_presence")


def installed(**more: str) -> dict[str, str]:
    """Return the settings with which a reader's ansible finds the collection."""
    return {"ANSIBLE_COLLECTIONS_PATH": str(ensure_collection_tree(ROOT)), **more}


def test_preflight(tmp_path: Path) -> None:
    """``docs/preflight.md``: the company's servers and the emulator of the checkout, side by side."""
    both, report = (block for block in blocks("docs/preflight.md") if block.language == "console")
    company, emulated = both.commands
    folder = tmp_path / "work"
    folder.mkdir()
    with headquarters(tmp_path / "cluster") as environment:
        inventory(environment, folder)
        terminal = shell(environment, folder, **installed())
        told = terminal.run(company)
        assert "account-logs-in" in told
        assert "imp2.example.com" in told
        assert '"passed": true' in terminal.run(*report.commands)
        assert environment.journal(writes=True) == []
    assert "inventory/emulator" in emulated


def checkout_of(emulator: Emulator, folder: Path) -> Shell:
    """Return a terminal in a checkout, as far as the pages need one, beside a running emulator."""
    (folder / "inventory").mkdir()
    shutil.copytree(INVENTORY, folder / "inventory" / "emulator")
    return Shell(folder, more=installed(IMP_EMULATOR_READY=str(emulator.ready_file)))


def test_preflight_of_the_emulator(environment: Emulator, tmp_path: Path) -> None:
    command = commands("docs/preflight.md")[1]
    assert "0 failed" in checkout_of(environment, tmp_path).run(command)


def test_certificates_after_a_denial(start_emulator: Callable[..., Emulator], tmp_path: Path) -> None:
    """The two ways on that ``docs/certificates.md`` shows; its plays are run by ``test_exchange_root.py``.

    The ways begin at the same denial of one server's request: the same request again, and a new one.
    """
    site = CertificateSite(start_emulator("--scenario", "certificates"), tmp_path)
    with (site.inventory / "imp_emulator.yml").open("a") as source:
        source.write(f"exchange_servers: [{MAIL1}]\n")
    assert site.play().status == 2
    control = site.emulator.control
    control.ca_decide(STANDALONE, 1, "deny")
    control.snapshot("denied")
    shutil.copytree(site.files, tmp_path / "denied")
    asked = (site.files / f"{MAIL1}.csr").read_text()
    (site.start / "inventory").mkdir()
    (site.start / "inventory" / "site").symlink_to(site.inventory)
    # Nobody waits for the administrator.
    (site.inventory / "group_vars" / "exchange" / "wait.yml").write_text("exchange_certificate_wait_timeout: 0\n")
    terminal = Shell(site.start, more=installed(IMP_EMULATOR_READY=str(site.emulator.ready_file)))
    _first, *ways = commands("docs/certificates.md")
    for way, same in zip(ways, (True, False), strict=True):
        control.restore("denied")
        shutil.rmtree(site.files)
        shutil.copytree(tmp_path / "denied", site.files)
        terminal.run(way, expected=FAILED)
        assert site.states() == ["denied", "pending"]
        assert ((site.files / f"{MAIL1}.csr").read_text() == asked) == same
        control.ca_decide(STANDALONE, 2, "issue")
        done = site.play()
        assert done.status == 0, done.output


def test_drift(site: Site, tmp_path: Path) -> None:
    """``docs/drift.md`` and the README's block: drift, then the parts that have a public API alone.

    That it tells a clean cluster, ``test_drift.py`` shows.
    """
    site.only("dc1", tmp_path)
    terminal = Shell(tmp_path, more=installed(IMP_EMULATOR_READY=str(site.emulator.ready_file)))
    everything, parts = commands("docs/drift.md")
    assert everything in commands("README.md")
    site.by_hand("calendaring_parameters", "cucm", ews_status_frequency=77)
    assert "77" in terminal.run(everything, expected=DRIFT)
    # The callback is that of the first block: a page is read from its top.
    setting = everything.partition(" ")[0]
    assert "77" in terminal.run(f"export {setting}", parts, expected=DRIFT)


PARTS = ["trust", "presence_gateways", "calendar_users", "calendaring", "presence_engine"]
CHOSEN = [
    *(PARTS, ["trust", "calendaring"], []),
    *(["calendaring"], ["trust", "presence_engine"], [part for part in PARTS if part != "calendar_users"]),
]
"""The parts that each command of ``docs/variables.md`` runs; an export is none."""


@pytest.mark.parametrize("number", range(len(CHOSEN)))
def test_variables(site: Site, tmp_path: Path, number: int) -> None:
    """``docs/variables.md``: each command runs the parts that it says, and finds nothing to do on a configured site."""
    given = [command for command in commands("docs/variables.md") if "ucops_imp_twin" not in command]
    assert len(given) == len(CHOSEN)
    site.only("dc1", tmp_path)
    terminal = Shell(tmp_path, more=installed(IMP_EMULATOR_READY=str(site.emulator.ready_file)))
    told = terminal.run(given[number])
    parts = re.findall(r"^included: ucops\.imp\.(\w+) for imp-pub\.dc1$", told, re.MULTILINE)
    assert parts == CHOSEN[number]
    assert site.emulator.journal(writes=True) == []
    assert (tmp_path / "exported").is_dir() == ("ucops.imp.export" in given[number])


def test_restarts(tmp_path: Path) -> None:
    """``docs/restarts.md``: a change, the note of its restart, and the restart by another run."""
    (tmp_path / "inventory").mkdir()
    shutil.copytree(INVENTORY, tmp_path / "inventory" / "emulator")
    terminal = Shell(tmp_path, more=installed())
    *before, show, restart, stop = commands("docs/restarts.md")
    try:
        terminal.run(*before)
        noted = json.loads(terminal.run(show))["restarts"]
        assert {note["service"] for note in noted} == {"Cisco Presence Engine"}
        assert [note["loaded"] for note in noted] == len(noted) * [[]]
        assert "changed=1" in terminal.run(restart)
        loaded = [note["loaded"] for note in json.loads(terminal.run(show))["restarts"]]
        assert loaded == len(noted) * [["imp-pub", "imp-sub"]]
        assert "changed=0" in terminal.run(restart)
    finally:
        terminal.run(stop)


def test_busy_servers(tmp_path: Path) -> None:
    """``docs/busy-servers.md``: what the emulator can inject, a program that does, and a main job on a bad Monday."""
    program = next(block.text for block in blocks("docs/busy-servers.md") if block.language == "python")
    (tmp_path / "busy.py").write_text(program, encoding="utf-8")
    (tmp_path / "inventory").mkdir()
    shutil.copytree(INVENTORY, tmp_path / "inventory" / "emulator")
    terminal = Shell(tmp_path, more=installed())
    start, errors, inject, sets, begin, site, listed, end, stop = commands("docs/busy-servers.md")
    try:
        terminal.run(start)
        assert "axl\tmemory\tMaximum AXL Memory Allocation Consumed." in terminal.run(errors)
        assert terminal.run(inject).strip() == "6 faults"
        assert "a_bad_monday\tA bad Monday." in terminal.run(sets)
        terminal.run("imp-emulator faults end --ready-file run/ready.json", begin)
        assert "1,000 users changed" in terminal.run(site)
        struck = dict(line.split("\t")[1::2] for line in terminal.run(listed).splitlines())
        assert int(struck["drop_after"].split()[0]) > 0
        assert terminal.run(end) != ""
        assert terminal.run(listed) == ""
        assert "changed=0" in terminal.run(site), "whatever was lost, all of it was done"
    finally:
        terminal.run(stop)


def test_export(tmp_path: Path) -> None:
    """``docs/export.md``, its numbered steps: from a cluster configured by hand to a run without a change.

    Then ``docs/twin.md``, which goes on there: the same run on the twin, of which the cluster hears nothing.
    """
    export, check = commands("docs/export.md")
    start, rehearse, stop = commands("docs/twin.md")
    folder = tmp_path / "work"
    folder.mkdir()
    with headquarters(tmp_path / "cluster") as environment:
        account = environment.ready["exchange_account"]
        there = connection(environment, "imp", node="imp1", cluster="headquarters")
        by_hand = {"account": account["username"], "account_password": account["password"]}
        added = run_module("presence_gateways", {**there, **by_hand, "gateways": [{"name": "mail1.example.com"}]})
        assert not added.failed, added.msg
        inventory(environment, tmp_path).rename(folder / "inventory")
        variables = folder / "inventory" / "group_vars"
        shutil.rmtree(variables / "headquarters")
        last = environment.control.last_journal_id()
        terminal = shell(environment, folder, **installed())

        terminal.run(export)
        shutil.copytree(folder / "exported" / "group_vars", variables, dirs_exist_ok=True)
        assert "vault_ucops_imp_exchange_password" in (variables / "all" / "vault.example.yml").read_text()
        vault = variables / "all" / "vault.yml"
        secrets = {**json.loads(vault.read_text()), "vault_ucops_imp_exchange_password": account["password"]}
        vault.write_text(json.dumps(secrets))
        assert "changed=0" in terminal.run(check)
        assert environment.journal(writes=True, after=last) == []

        last = environment.control.last_journal_id()
        try:
            assert "A twin of the cluster headquarters with release" in terminal.run(start)
            assert "changed=0" in terminal.run(rehearse)
            assert environment.journal(after=last) == []
        finally:
            terminal.run(stop)


def test_the_emulator(tmp_path: Path) -> None:
    """``emulator/README.md``: start and stop."""
    start, stop = commands("emulator/README.md")
    terminal = Shell(tmp_path)
    terminal.run(start)
    ready = json.loads((tmp_path / "ready.json").read_text())
    assert ready["clusters"]
    terminal.run(stop)
    assert not (tmp_path / "ready.json").exists()


def test_testing_roles(tmp_path: Path) -> None:
    """``docs/testing-roles.md``: the role's environment, from nothing; what it runs then, another test runs.

    The emulator comes from the address that the page prints, which git finds in this repository, as it is committed.
    """
    (block,) = (block for block in blocks("docs/testing-roles.md") if block.language == "console")
    environment, requirements, collection = block.commands
    copy_project(tmp_path, str(ROLE))
    role = tmp_path / ROLE
    ours = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": f"url.file://{ROOT}.insteadOf"}
    ours["GIT_CONFIG_VALUE_0"] = "https://github.com/ucops/ucops.imp"
    # Most of what is installed is never imported here. pip takes this as the value of ``compile``.
    ours["PIP_NO_COMPILE"] = "0"
    terminal = Shell(role, more=ours | {"PYTHONPATH": ""})
    told = terminal.run(environment, requirements, "imp-emulator --help", "command -v imp-emulator molecule pytest")
    assert told.count(f"{role}/.venv/bin/") == 3
    assert collection in commands("README.md")
