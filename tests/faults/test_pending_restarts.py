# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run that is killed or fails on a cluster without restart notifications leaves the restart to the next one."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.support.emulator import Emulator
from tests.support.kill import kill_when
from tests.support.playbooks import INVENTORY, command, play, settings
from tests.support.real_cluster import PARTS, new_authority, restarts, scenario, site

SITE = "ucops.imp.site"
HELD = 3600
"""Seconds for which a request is held up, so that the kill always comes before its answer."""
ENGINE = "Cisco Presence Engine"
PROXY = "Cisco SIP Proxy"
EVERYWHERE = ["imp-pub", "imp-pub", "imp-sub", "imp-sub"]


def notes_folder(environment: Emulator) -> Path:
    return environment.ready_file.parent / "pending-restarts"


def notes(environment: Emulator, cluster: str = "dc1") -> list[dict[str, Any]]:
    """Return what is noted as pending beside the emulator's ready file, but for what both nodes have loaded."""
    path = notes_folder(environment) / f"{cluster}.json"
    noted = json.loads(path.read_text(encoding="utf-8"))["restarts"]
    return [note for note in noted if sorted(note["loaded"]) != ["imp-pub", "imp-sub"]]


def places(environment: Emulator) -> list[tuple[str, str]]:
    return sorted((note["node"], note["service"]) for note in notes(environment))


def held_up(environment: Emulator, fault: int) -> bool:
    return next(rule for rule in environment.control.faults() if rule["id"] == fault)["hits"] > 0


def kill_at(environment: Emulator, folder: Path, variables: dict[str, Any], **request: Any) -> None:
    """Kill a site run while it waits for the answer to a request that has not been carried out."""
    fault = environment.control.fault("delay", effect={"seconds": HELD}, **request)
    moment = partial(held_up, environment, fault)
    kill_when(environment, folder, SITE, moment, variables={"calendar_integration_parts": PARTS, **variables})
    environment.control.clear_faults()


@pytest.fixture(name="base", scope="module")
def base_fixture(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """An emulated cluster without the admin API, as a site run has left it."""
    folder = tmp_path_factory.mktemp("real")
    emulator = Emulator(folder / "own", "--scenario", str(scenario(folder)))
    try:
        done = site(emulator, folder)
        assert done.status == 0, done.output
        assert restarts(emulator) == EVERYWHERE
        emulator.control.snapshot("converged")
        shutil.copytree(notes_folder(emulator), folder / "kept")
        yield emulator
    finally:
        emulator.stop()


@pytest.fixture(name="converged")
def converged_fixture(base: Emulator) -> Emulator:
    base.control.clear_faults()
    base.control.transitions("immediate")
    base.control.restore("converged")
    base.control.clear_journal()
    shutil.rmtree(notes_folder(base))
    shutil.copytree(base.ready_file.parents[1] / "kept", notes_folder(base))
    return base


def assert_quiet(environment: Emulator, folder: Path, **variables: Any) -> None:
    """Assert that a further run writes nothing; where no note is left, every further run is this one."""
    last = environment.control.last_journal_id()
    again = site(environment, folder, **variables)
    assert again.status == 0, again.output
    assert [(entry["node"], entry["operation"]) for entry in environment.journal(writes=True, after=last)] == []
    assert again.recap["imp-pub.dc1"].changed == 0


def test_killed_between_the_note_and_the_change(converged: Emulator, tmp_path: Path) -> None:
    authority = new_authority(tmp_path)
    kill_at(converged, tmp_path, authority, protocol="certmgr", operation="POST /trust/certificates")
    assert places(converged) == [("imp-pub", ENGINE), ("imp-pub", PROXY)]
    assert [note["made"] for note in notes(converged)] == [None, None]

    healed = site(converged, tmp_path, **authority)

    assert healed.status == 0, healed.output
    assert restarts(converged) == EVERYWHERE
    assert notes(converged) == []
    assert_quiet(converged, tmp_path, **authority)


def test_killed_between_the_change_and_the_restart(converged: Emulator, tmp_path: Path) -> None:
    authority = new_authority(tmp_path)
    kill_at(converged, tmp_path, authority, protocol="axl", operation="listUser")
    assert len(converged.journal(operation="POST /trust/certificates")) == 2
    assert restarts(converged) == []

    healed = site(converged, tmp_path, **authority)

    assert healed.status == 0, healed.output
    assert restarts(converged) == EVERYWHERE
    assert len(converged.journal(operation="POST /trust/certificates")) == 2, "the next run changed nothing more"
    assert notes(converged) == []


def test_killed_during_the_restart(converged: Emulator, tmp_path: Path) -> None:
    authority = new_authority(tmp_path)
    converged.control.transitions("seconds", 5)
    variables = {"calendar_integration_parts": PARTS, **authority}
    kill_when(
        converged, tmp_path, SITE, lambda: restarts(converged) == ["imp-pub"], variables=variables, whom="workers"
    )

    converged.control.transitions("immediate")
    healed = site(converged, tmp_path, **authority)

    assert healed.status == 0, healed.output
    assert restarts(converged) == EVERYWHERE, "what had restarted before the kill was restarted once more"
    assert notes(converged) == []


def test_a_failed_part_keeps_back_what_depends_on_it_only(converged: Emulator, tmp_path: Path) -> None:
    """One unknown user: what was changed restarts in the same run, which fails at its end with the message."""
    variables = {
        **new_authority(tmp_path),
        "calendaring_ews_status_frequency": 45,
        "calendar_users_query": "{{ omit }}",
        "calendar_users_list": [{"userid": "user0001"}, {"userid": "ghost"}],
    }

    failed = site(converged, tmp_path, **variables)

    assert failed.status == 2
    assert restarts(converged) == EVERYWHERE
    assert "calendar_users: 1 failed, everything else was tried. ghost:" in failed.output
    assert failed.recap["imp-pub.dc1"].failed == 1
    last = converged.control.last_journal_id()
    again = site(converged, tmp_path, **variables)
    assert (again.status, restarts(converged, last)) == (2, [])


def test_users_wait_for_the_trust_that_failed(converged: Emulator, tmp_path: Path) -> None:
    converged.control.fault("status", effect={"status": 403}, protocol="certmgr", operation="POST /trust/certificates")
    variables = {**new_authority(tmp_path), "calendaring_ews_status_frequency": 45}

    failed = site(converged, tmp_path, **variables)

    assert failed.status == 2
    assert "trust: " in failed.output
    assert "calendar_users" not in " ".join(failed.module_calls)
    assert restarts(converged) == ["imp-pub", "imp-sub"], "the parameter needs the Presence Engine, on each node"
    assert notes(converged) == [], "what was refused needs no restart"


def test_check_mode_and_drift_report_what_is_noted(converged: Emulator, tmp_path: Path) -> None:
    authority = new_authority(tmp_path)
    kill_at(converged, tmp_path, authority, protocol="axl", operation="listUser")
    before = notes(converged)
    variables = {"calendar_integration_parts": PARTS, **authority}

    checked = play(converged.ready_file, tmp_path, "ucops.imp.presence_engine", "--check")
    drift = play(
        converged.ready_file,
        tmp_path,
        "ucops.imp.drift",
        variables=variables,
        environment={"ANSIBLE_CALLBACKS_ENABLED": "ucops.imp.drift,module_calls"},
    )

    assert (checked.status, checked.recap["imp-pub.dc1"].changed) == (0, 1)
    assert drift.status == 3, drift.output
    assert f"imp-sub:{PROXY}: has not loaded its configuration: a restart is pending" in drift.output
    assert notes(converged) == before
    assert restarts(converged) == []


def test_two_clusters_of_one_inventory_keep_their_own(start_emulator: Callable[..., Emulator], tmp_path: Path) -> None:
    """Beside the inventory, as on a real cluster: the emulator's own variable counts as not given."""
    environment = start_emulator("--scenario", str(scenario(tmp_path, "dc1", "dc2")))
    inventory = tmp_path / "inventory"
    shutil.copytree(INVENTORY, inventory)
    (inventory / "group_vars" / "all" / "restarts.yml").write_text("ucops_imp_pending_restarts_path: null\n")
    shutil.copytree(inventory / "group_vars" / "dc1", inventory / "group_vars" / "dc2")
    variables = {"calendar_integration_parts": ["trust", "calendaring", "presence_engine"]}
    run = partial(play, environment.ready_file, tmp_path, SITE, inventory=inventory)
    first = run(variables=variables)
    assert first.status == 0, first.output
    environment.control.clear_journal()
    variables |= new_authority(tmp_path)
    without_restart = {**variables, "calendar_integration_parts": ["trust"]}

    assert run("-l", "imp-pub.dc2", variables=without_restart).status == 0
    healed = run(variables=variables | {"trust_certificates": []})

    assert healed.status == 0, healed.output
    asked = environment.journal(operation="soapDoControlServices")
    assert [(entry["cluster"], entry["node"]) for entry in asked] == [("dc2", node) for node in EVERYWHERE]
    kept = inventory / ".ucops_imp" / "pending-restarts"
    assert sorted(path.name for path in kept.glob("dc?.json")) == ["dc1.json", "dc2.json"]


def test_two_runs_at_once_lose_nothing(converged: Emulator, tmp_path: Path) -> None:
    """Both change certificates while the other does; the notes of both are there when both were killed."""
    processes = []
    for name in ("One CA", "Other CA"):
        extra = {"calendar_integration_parts": ["trust", "calendaring"], **new_authority(tmp_path, name)}
        arguments = command(SITE, "--extra-vars", json.dumps(extra))
        processes.append(subprocess.Popen(arguments, cwd=tmp_path, env=settings(converged.ready_file)))
    assert [process.wait(120) for process in processes] == [0, 0]

    assert len({note["id"] for note in notes(converged) if note["node"] == "imp-sub"}) == 2
    healed = site(converged, tmp_path, trust_certificates=[])
    assert healed.status == 0, healed.output
    assert restarts(converged) == EVERYWHERE
    assert notes(converged) == []
