# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""High availability that was switched off: what goes wrong leaves a note, and whoever comes next heals it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.ucops.imp.plugins.module_utils._core.errors import (
    AnswerLost,
    ApiError,
    ImpError,
    UnexpectedAnswer,
)
from ansible_collections.ucops.imp.plugins.module_utils._module.pending_restarts import PendingRestarts
from ansible_collections.ucops.imp.plugins.plugin_utils._drift.records import Origin, records_of

from tests.support.modules import assert_contract
from tests.support.redundant_cluster import ENGINE, ROUTER
from tests.support.redundant_site import (
    FULL,
    GROUP,
    PAIR,
    RESTARTS,
    Killed,
    Site,
    failures,
    make_fixture,
    message,
    no_claim_is_left,
    raising,
    site_fixture,
    steps,
)

__all__ = ["make_fixture", "no_claim_is_left", "site_fixture"]

HOLDING = "import fcntl, sys; f = open(sys.argv[1], 'a'); fcntl.flock(f, fcntl.LOCK_EX); print(1, flush=True); input()"
"""What another process does that is at work."""


class TestHealing:
    """A run that dies leaves a note, and whoever comes next does what it could not."""

    @pytest.mark.parametrize("moment", [("restart", "pub"), ("restart", "sub"), ("on", GROUP)])
    @pytest.mark.parametrize("off", [True, False])
    def test_dead_before(self, site: Site, moment: tuple[str, str], off: bool) -> None:
        site.dies(site.cluster.before, moment)
        assert (site.cluster.groups, site.noted) == ({GROUP: False}, [GROUP])
        assert site.file.read().switched_off[0].made is not None, "Unified CM has answered"
        done = FULL.index(moment)
        check = site.run(off=off, check=True)
        assert_contract(check, changed=True)
        assert site.noted == [GROUP]
        assert_contract(site.run(off=off), changed=True)
        assert site.cluster.sent == FULL[done:]
        assert (site.cluster.groups, site.noted) == ({GROUP: True}, [])
        assert_contract(site.run(off=off), changed=False)

    def test_what_was_left_off_is_on_before_another_group_is_off(self, make: Callable[..., Site]) -> None:
        site = make(("A", True, PAIR), ("B", False, ("third", "fourth")), ("C", False, ("fifth", "sixth")))
        site.note("B", "C")
        site.cluster.need_restart("pub", "third")
        assert_contract(site.run(), changed=True)
        healed = [("restart", "third"), ("on", "B"), ("on", "C")]
        assert site.cluster.sent == [*healed, ("off", "A"), ("restart", "pub"), ("on", "A")]

    def test_it_is_drift(self, make: Callable[..., Site]) -> None:
        site = make((GROUP, False, PAIR))
        site.note(GROUP)
        for predicted, said in ((True, "is off, as a run that ended early has left it"), (False, "was switched on")):
            origin = Origin("dc1", "pub", "Restart", "site.yml", 1, "ucops.imp.services", predicted=predicted)
            (record,) = records_of(origin, site.run(off=False, check=predicted).data)
            assert (record.what, record.id, record.sentence) == ("Redundancy group", f"{GROUP}:on", said)

    def test_dead_while_it_waits_for_the_answer_to_off(self, site: Site) -> None:
        site.dies(site.cluster.after, ("off", GROUP))
        assert site.file.read().switched_off[0].made is None
        assert_contract(site.run(), changed=True)
        assert site.cluster.sent == FULL[1:]

    def test_dead_before_off_was_sent(self, site: Site) -> None:
        """It is on, so there is nothing to switch on, and from then on it is the operator's again."""
        site.dies(site.cluster.before, ("off", GROUP))
        site.cluster.due.clear()
        assert site.noted == [GROUP]
        assert_contract(site.run(check=True), changed=False)
        assert site.noted == [GROUP], "check mode writes nothing"
        assert_contract(site.run(), changed=False)
        assert (site.cluster.sent, site.noted) == ([], [])
        site.cluster.groups[GROUP] = False
        assert_contract(site.run(), changed=False)

    def test_dead_while_it_waits_for_the_answer_to_on(self, site: Site) -> None:
        site.dies(site.cluster.after, ("on", GROUP))
        assert (site.cluster.groups, site.noted) == ({GROUP: True}, [GROUP])
        assert_contract(site.run(), changed=False)
        assert site.noted == []

    @pytest.mark.parametrize("state", ["started", "activated"])
    def test_any_task_that_brings_services_up_heals(self, make: Callable[..., Site], state: str) -> None:
        site = make((GROUP, False, PAIR))
        site.note(GROUP)
        assert_contract(site.run(off=False, state=state, only_if_required=False), changed=True)
        assert site.cluster.sent == [("on", GROUP)]

    @pytest.mark.parametrize("state", ["stopped", "deactivated"])
    def test_a_task_that_takes_services_down_does_not(self, make: Callable[..., Site], state: str) -> None:
        site = make((GROUP, False, PAIR))
        site.note(GROUP)
        result = site.run(off=False, state=state, only_if_required=False, check=True)
        assert {change["kind"] for change in result["changes"]} == {"service"}
        assert site.noted == [GROUP]

    def test_without_the_server_that_has_the_switch(self, make: Callable[..., Site]) -> None:
        site = make((GROUP, False, PAIR))
        site.note(GROUP)
        for check in (True, False):
            result = site.run(off=False, cucm=None, check=check)
            assert_contract(result, changed=False, failed=True)
            assert failures(result) == {f"{GROUP}:on": "left-off"}
        assert site.noted == [GROUP]

    @pytest.mark.parametrize("name", ["Gone", "Single"])
    def test_a_group_that_nobody_can_switch_on_is_forgotten(self, make: Callable[..., Site], name: str) -> None:
        site = make((GROUP, True, PAIR), ("Single", False, ("third",)))
        site.note(name)
        result = site.run()
        assert_contract(result, changed=False)
        assert site.noted == []
        assert any(f"group {name}" in warning and "another name" in warning for warning in result.warnings)

    def test_where_unified_cm_does_not_tell_the_restarts_go_on(self, site: Site) -> None:
        site.note(GROUP)
        site.cluster.groups_refused = ApiError("no", status=500)
        result = site.run(off=False)
        assert site.cluster.sent == RESTARTS
        assert failures(result) == {"high_availability": "refused"}
        assert site.noted == [GROUP]

    def test_a_run_that_is_at_work_is_left_alone(self, make: Callable[..., Site]) -> None:
        """Another process holds the claim; once it ends, however it does, the note is anybody's."""
        site = make((GROUP, False, PAIR))
        site.note(GROUP)
        arguments = [sys.executable, "-c", HOLDING, f"{site.file.path}.switching"]
        with subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
            assert other.stdout is not None
            other.stdout.readline()
            alone = site.run(off=False)
            assert_contract(alone, changed=False)
            assert any(f"Another run has switched high availability of {GROUP} off" in told for told in alone.warnings)
            site.cluster.groups[GROUP] = True
            site.cluster.need_restart()
            refused = site.run()
            assert failures(refused)[f"{GROUP}:off"] == "not-tried"
            assert site.cluster.sent == []
            other.kill()
        site.cluster.groups[GROUP] = False
        site.cluster.due.clear()
        assert_contract(site.run(), changed=True)
        assert site.cluster.sent == [("on", GROUP)]


class TestFailing:
    """What goes wrong is told, and leaves nothing half done without a note."""

    def test_off_is_refused(self, site: Site) -> None:
        site.cluster.before["off", GROUP] = raising(ApiError("Not allowed.", status=500, code="5001"))
        result = site.run()
        assert_contract(result, changed=False, failed=True)
        assert failures(result) == {
            f"{GROUP}:off": "5001",
            f"pub:{ENGINE}": "not-tried",
            f"sub:{ENGINE}": "not-tried",
            f"{GROUP}:on": "not-tried",
        }
        assert (site.cluster.sent, site.noted, site.cluster.groups) == ([], [], {GROUP: True})

    @pytest.mark.parametrize("what", ["off", "on"])
    def test_an_answer_that_got_lost_is_compared(self, site: Site, what: str) -> None:
        site.cluster.after[what, GROUP] = raising(AnswerLost("gone"))
        assert_contract(site.run(), changed=True)
        assert site.cluster.sent == FULL
        assert site.noted == []

    def test_a_request_that_got_lost_is_sent_again(self, site: Site) -> None:
        lost = iter([AnswerLost("gone")])

        def once() -> None:
            for error in lost:
                raise error

        site.cluster.before["off", GROUP] = once
        assert_contract(site.run(), changed=True)
        assert site.cluster.sent == FULL

    def test_on_is_refused(self, site: Site) -> None:
        site.cluster.before["on", GROUP] = raising(ApiError("Critical services are not up.", status=500, code="5000"))
        result = site.run()
        assert_contract(result, changed=True, failed=True)
        assert "stays off: Critical services are not up. The next run tries it again." in message(result, f"{GROUP}:on")
        assert site.noted == [GROUP]
        site.cluster.before.clear()
        assert_contract(site.run(), changed=True)
        assert site.cluster.sent == FULL[-1:]

    def test_services_that_do_not_come_back_keep_it_off(self, site: Site) -> None:
        services = site.cluster.nodes["sub"].services
        site.cluster.after["restart", "sub"] = lambda: services.update({ROUTER: "Stopped"})
        result = site.run()
        assert_contract(result, changed=True, failed=True)
        assert f"{ROUTER} is Stopped on sub" in message(result, f"{GROUP}:on")
        assert site.noted == [GROUP]
        services[ROUTER] = "Started"
        site.cluster.after.clear()
        assert_contract(site.run(), changed=True)
        assert site.cluster.sent == FULL[-1:]

    def test_states_that_do_not_come_back_after_on(self, site: Site) -> None:
        site.cluster.after["on", GROUP] = lambda: setattr(site.cluster.nodes["sub"], "state", "Unknown")
        result = site.run()
        assert_contract(result, changed=True, failed=True)
        assert steps(result)[-1] == ("enable", f"{GROUP}:on")
        assert "is on again, but sub is in the state Unknown" in message(result, f"{GROUP}:on")
        assert site.noted == [], "it is on"

    def test_an_admin_api_that_is_out_of_order_is_no_leave(self, site: Site) -> None:
        site.cluster.groups_status = lambda: 500
        result = site.run(off=False, cucm=None)
        assert result.failed
        assert "The state of the presence redundancy groups is not known: Out of order." in result.msg
        assert site.cluster.sent == []

    @pytest.mark.parametrize("status", [500, 404])
    def test_who_tells_and_is_silent_after_a_restart(self, site: Site, status: int) -> None:
        """It may be restarting too, so it is asked again; what has restarted counts as restarted."""
        refused = iter([status] * 3)
        asked: dict[str, Any] = {"off": False, "cucm": None}
        site.cluster.after["restart", "pub"] = lambda: setattr(
            site.cluster, "groups_status", lambda: next(refused, None)
        )
        assert_contract(site.run(**asked), changed=True)
        assert next(refused, None) is None
        assert site.cluster.sent == RESTARTS
        site.cluster.need_restart()
        site.cluster.after["restart", "pub"] = lambda: setattr(site.cluster, "groups_status", lambda: status)
        result = site.run(**asked)
        assert_contract(result, changed=True, failed=True)
        assert site.cluster.sent == RESTARTS[:1]
        assert failures(result) == {f"pub:{ENGINE}": "wait-expired", f"sub:{ENGINE}": "not-tried"}
        assert f"pub:{ENGINE} has restarted, but how its presence redundancy group stands is not known" in result.msg

    def test_a_restart_whose_answer_got_lost_waits_for_its_users_too(self, site: Site) -> None:
        pub, sub = site.cluster.nodes.values()

        def moved() -> None:
            pub.fail_over_to(sub)
            raise AnswerLost("gone")

        site.cluster.after["restart", "pub"] = moved
        result = site.run(off=False)
        assert site.cluster.sent == RESTARTS[:1]
        assert "has restarted, but pub is in the state Failed Over" in message(result, f"pub:{ENGINE}")

    def test_what_was_waited_for_in_vain_is_not_waited_for_again(self, site: Site) -> None:
        pub = site.cluster.nodes["pub"]
        site.cluster.after["restart", "pub"] = lambda: pub.services.update({ENGINE: "Stopping"})
        looks: list[int] = []
        site.cluster.on_look = lambda number: looks.append(number) if pub.services[ENGINE] == "Stopping" else None
        result = site.run()
        assert f"{ENGINE} is Stopping on pub" in message(result, f"{GROUP}:on")
        assert site.noted == [GROUP]
        assert len(looks) == 2, "once before on, once to read back"

    def test_once_it_is_on_the_note_is_gone(self, site: Site) -> None:
        """Also when the run dies while it waits for the states: who switches it off then wants it off."""

        def die(_number: int) -> None:
            raise Killed

        site.cluster.after["on", GROUP] = lambda: setattr(site.cluster, "on_look", die)
        with pytest.raises(Killed):
            site.run()
        assert (site.cluster.groups, site.noted) == ({GROUP: True}, [])

    def test_once_it_is_on_the_states_count(self, site: Site) -> None:
        services = site.cluster.nodes["sub"].services
        site.cluster.after["on", GROUP] = lambda: services.update({ROUTER: "Stopped"})
        assert_contract(site.run(), changed=True)

    def test_somebody_switches_it_off_meanwhile(self, site: Site) -> None:
        """What was off before this task came to it is not this task's to switch on."""
        site.cluster.on_look = lambda number: site.cluster.groups.update({GROUP: False}) if number == 2 else None
        result = site.run()
        assert failures(result)[f"{GROUP}:off"] == "not-tried"
        assert (site.cluster.sent, site.noted) == ([], [])

    def test_what_cannot_be_noted_is_not_switched(self, site: Site, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("")
        site.file = PendingRestarts(str(tmp_path / "file" / "notes.json"))
        result = site.run()
        assert_contract(result, changed=False, failed=True)
        assert "nobody would know" in message(result, f"{GROUP}:off")
        assert site.cluster.sent == []

    @pytest.mark.parametrize("answer", [ApiError("out of order", status=500), UnexpectedAnswer("a proxy")])
    def test_groups_that_unified_cm_does_not_tell(self, site: Site, answer: ImpError) -> None:
        site.cluster.groups_refused = answer
        result = site.run()
        assert result.failed
        assert site.cluster.sent == [], "to switch it off was asked for"
        site.cluster.admin_api = False
        result = site.run(off=False, required_services=[ENGINE])
        assert any("could not be read" in warning for warning in result.warnings)
        assert site.cluster.sent == RESTARTS


def test_notes_of_the_first_format_are_understood(site: Site) -> None:
    site.file.path.write_text(json.dumps({"format": 1, "about": "", "restarts": [], "seen": []}))
    assert_contract(site.run(), changed=True)
    assert json.loads(site.file.path.read_text())["format"] == 2
