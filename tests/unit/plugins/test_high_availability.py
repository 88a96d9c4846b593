# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``services`` and presence redundancy groups: looked at before and after a restart, off meanwhile, never left off."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.ucops.imp.plugins.module_utils._core.errors import (
    AnswerLost,
    ApiError,
    ImpError,
    UnexpectedAnswer,
)
from ansible_collections.ucops.imp.plugins.module_utils._core.polling import Polling
from ansible_collections.ucops.imp.plugins.module_utils._module.pending_restarts import (
    Content,
    PendingRestarts,
    SwitchedOff,
)
from ansible_collections.ucops.imp.plugins.module_utils._resources import services
from ansible_collections.ucops.imp.plugins.plugin_utils._drift.records import Origin, records_of

from tests.support.modules import ModuleResult, assert_contract, run_module
from tests.support.redundant_cluster import ENGINE, NORMAL, ROUTER, RedundantCluster

GROUP = "DefaultCUPSubcluster"
PAIR = ("pub", "sub")
FULL = [("off", GROUP), ("restart", "pub"), ("restart", "sub"), ("on", GROUP)]
RESTARTS = [("restart", "pub"), ("restart", "sub")]
NOW = 1_800_000_000.0
HOLDING = "import fcntl, sys; f = open(sys.argv[1], 'a'); fcntl.flock(f, fcntl.LOCK_EX); print(1, flush=True); input()"
"""What another process does that is at work."""


class Killed(BaseException):
    """Ends a run on the spot, as a kill does."""


def raising(error: BaseException) -> Callable[[], None]:
    def effect() -> None:
        raise error

    return effect


class Site:
    """A cluster, its file of pending restarts, and the task that restarts."""

    def __init__(self, cluster: RedundantCluster, file: Path) -> None:
        self.cluster = cluster
        self.file = PendingRestarts(str(file))

    def run(self, *, off: bool = True, check: bool = False, **more: Any) -> ModuleResult:
        way = "off_while_restarting" if off else "keep"
        options = {"high_availability": way, "pending_restarts_path": str(self.file.path), **more}
        self.cluster.sent.clear()
        return run_module("services", self.cluster.options(**options), check=check)

    @property
    def noted(self) -> list[str]:
        return [note.group for note in self.file.read().switched_off]

    def note(self, *groups: str, made: float | None = NOW) -> None:
        self.file.edit(lambda _: Content(switched_off=tuple(SwitchedOff(group, NOW, made) for group in groups)))

    def dies(self, moment: dict[tuple[str, str], Callable[[], None]], what: tuple[str, str]) -> None:
        """Have the next run die at a moment of the cluster."""
        moment[what] = raising(Killed())
        with pytest.raises(Killed):
            self.run()
        moment.clear()


@pytest.fixture(name="make")
def make_fixture(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., Site]:
    def make(*groups: tuple[str, bool, tuple[str, ...]], **more: Any) -> Site:
        cluster = RedundantCluster(*(groups or ((GROUP, True, PAIR),)), **more).patched(monkeypatch)
        clock = count(0.0, 0.1)
        quick = partial(Polling, clock=lambda: next(clock), sleep=lambda _seconds: None)
        monkeypatch.setattr(services, "Polling", quick)
        return Site(cluster, tmp_path / "notes.json")

    return make


@pytest.fixture(name="site")
def site_fixture(make: Callable[..., Site]) -> Site:
    site = make()
    site.cluster.need_restart()
    return site


def steps(result: ModuleResult) -> list[tuple[str, str]]:
    return [(change["action"], change["id"]) for change in result["changes"]]


def failures(result: ModuleResult) -> dict[str, str]:
    return {failure["id"]: failure["code"] for failure in result["failures"]}


def message(result: ModuleResult, identifier: str) -> str:
    return next(str(failure["message"]) for failure in result["failures"] if failure["id"] == identifier)


@pytest.mark.parametrize("more", [{}, {"admin_api": False}, {"admin_api": False, "imp_axl": True}])
def test_off_restart_node_by_node_and_on_again(make: Callable[..., Site], more: dict[str, Any]) -> None:
    site = make(**more)
    site.cluster.need_restart()
    # Without the admin API nobody tells what is due.
    listed: dict[str, Any] = {} if site.cluster.admin_api else {"required_services": [ENGINE]}
    predicted = site.run(check=True, **listed)
    assert_contract(predicted, changed=True)
    assert (site.cluster.sent, site.noted) == ([], [])
    done = site.run(**listed)
    assert_contract(done, changed=True)
    assert done["changes"] == predicted["changes"]
    assert site.cluster.sent == FULL
    assert steps(done)[0] == ("disable", f"{GROUP}:off")
    assert steps(done)[-1] == ("enable", f"{GROUP}:on")
    assert site.noted == []


def test_where_nothing_is_due_nothing_is_asked_or_switched(make: Callable[..., Site]) -> None:
    site = make()
    assert_contract(site.run(), changed=False)
    assert (site.cluster.sent, site.cluster.looks) == ([], 0)


def test_what_the_operator_has_off_stays_off(make: Callable[..., Site]) -> None:
    site = make((GROUP, False, PAIR))
    site.cluster.need_restart()
    assert_contract(site.run(), changed=True)
    assert site.cluster.sent == RESTARTS
    assert site.cluster.groups == {GROUP: False}


def test_to_keep_it_is_the_default(site: Site) -> None:
    assert_contract(site.run(off=False), changed=True)
    assert site.cluster.sent == RESTARTS


def test_one_group_after_another(make: Callable[..., Site]) -> None:
    """Starts come first, and a group of one node has nothing to switch."""
    site = make(("A", True, PAIR), ("B", True, ("third", "fourth")), ("C", True, ("fifth",)))
    site.cluster.need_restart("third", "pub", "fifth", "sub")
    site.cluster.nodes["fourth"].services[ENGINE] = "Stopped"
    site.cluster.due.add(("fourth", ENGINE))
    assert_contract(site.run(), changed=True)
    first = [("start", "fourth"), ("off", "A"), ("restart", "pub"), ("restart", "sub"), ("on", "A")]
    assert site.cluster.sent == [*first, ("off", "B"), ("restart", "third"), ("on", "B"), ("restart", "fifth")]


class TestLooking:
    """Before and after a restart."""

    @pytest.mark.parametrize("check", [True, False])
    @pytest.mark.parametrize("off", [True, False])
    @pytest.mark.parametrize("imp_axl", [True, False])
    def test_a_peer_that_is_not_normal(self, make: Callable[..., Site], check: bool, off: bool, imp_axl: bool) -> None:
        site = make(admin_api=not imp_axl, imp_axl=imp_axl)
        site.cluster.need_restart("pub")
        site.cluster.nodes["sub"].state, site.cluster.nodes["sub"].reason = "Running in Backup Mode", "Peer Failed"
        listed = {"required_services": [ENGINE], "nodes": [{"name": "pub", "hostname": "pub.example.com"}]}
        result = site.run(off=off, check=check, **(listed if imp_axl else {}))
        assert_contract(result, changed=False, failed=True)
        assert site.cluster.sent == []
        assert failures(result)[f"pub:{ENGINE}"] == "not-tried"
        told = message(result, f"pub:{ENGINE}" if check or not off else f"{GROUP}:off")
        assert "sub is in the state Running in Backup Mode (Peer Failed)" in told
        assert "ignore_other_nodes" in told

    def test_forced(self, site: Site) -> None:
        site.cluster.nodes["sub"].state = "Failed"
        site.cluster.after["on", GROUP] = lambda: setattr(site.cluster.nodes["sub"], "state", NORMAL)
        assert_contract(site.run(ignore_other_nodes=True), changed=True)
        assert site.cluster.sent == FULL

    def test_its_own_state_keeps_nobody_from_restarting_it(self, make: Callable[..., Site]) -> None:
        site = make()
        site.cluster.need_restart("pub")
        site.cluster.nodes["pub"].state = "Failed"
        site.cluster.after["restart", "pub"] = lambda: setattr(site.cluster.nodes["pub"], "state", NORMAL)
        assert_contract(site.run(off=False), changed=True)

    def test_a_peer_in_transit_is_waited_for(self, site: Site) -> None:
        peer = site.cluster.nodes["sub"]
        peer.state = "Initializing"
        site.cluster.on_look = lambda number: setattr(peer, "state", NORMAL) if number == 4 else None
        assert_contract(site.run(off=False), changed=True)
        assert site.cluster.sent == RESTARTS

    def test_users_that_have_moved_are_waited_for(self, site: Site) -> None:
        pub, sub = site.cluster.nodes.values()

        def moved() -> None:
            pub.fail_over_to(sub)
            back = site.cluster.looks + 5
            site.cluster.on_look = lambda number: pub.fall_back_from(sub) if number == back else None

        site.cluster.after["restart", "pub"] = moved
        assert_contract(site.run(off=False), changed=True)
        assert site.cluster.sent == RESTARTS

    def test_started_is_not_enough(self, site: Site) -> None:
        pub, sub = site.cluster.nodes.values()
        site.cluster.after["restart", "pub"] = lambda: pub.fail_over_to(sub)
        result = site.run(off=False)
        assert_contract(result, changed=True, failed=True)
        assert site.cluster.sent == RESTARTS[:1]
        assert failures(result) == {f"pub:{ENGINE}": "wait-expired", f"sub:{ENGINE}": "not-tried"}
        assert f"pub:{ENGINE} has restarted, but pub is in the state Failed Over" in result.msg
        assert "Fallback" in result.msg
        again = site.run(off=False)
        assert failures(again) == {f"sub:{ENGINE}": "not-tried"}
        pub.fall_back_from(sub)
        assert_contract(site.run(off=False), changed=True)

    def test_every_user_counts(self, site: Site) -> None:
        """Also where the state says nothing, because high availability is off."""
        site.cluster.groups[GROUP] = False
        sub = site.cluster.nodes["sub"]
        sub.here += 1
        result = site.run(off=False)
        assert "sub serves 4 users where 3 are assigned to it" in message(result, f"pub:{ENGINE}")

    def test_without_any_interface_the_critical_services_count(self, make: Callable[..., Site]) -> None:
        site = make(admin_api=False)
        site.cluster.nodes["sub"].services[ROUTER] = "Stopped"
        listed: dict[str, Any] = {"off": False, "required_services": [ENGINE]}
        for check in (True, False):
            result = site.run(check=check, **listed)
            assert f"{ROUTER} is Stopped on sub" in message(result, f"pub:{ENGINE}")
        site.cluster.nodes["sub"].services[ROUTER] = "Started"
        site.cluster.after["restart", "pub"] = lambda: site.cluster.nodes["pub"].services.update({ROUTER: "Stopped"})
        result = site.run(**listed)
        assert f"has restarted, but {ROUTER} is Stopped on pub" in message(result, f"pub:{ENGINE}")

    @pytest.mark.parametrize("name", ["pub.example.com", "PUB", "192.0.2.1", None])
    def test_nodes_by_any_of_their_names(self, make: Callable[..., Site], name: str | None) -> None:
        site = make()
        site.cluster.need_restart("pub")
        place = None if name is None else [{"name": name, "hostname": "pub.example.com"}]
        done = site.run(nodes=place)
        assert_contract(done, changed=True)
        assert site.cluster.sent == [("off", GROUP), ("restart", "pub"), ("on", GROUP)]
        assert done.warnings == []

    def test_a_node_that_no_group_knows_is_told(self, make: Callable[..., Site]) -> None:
        site = make(("Others", True, PAIR))
        site.cluster.members["Others"] = ("other1", "other2")
        site.cluster.admin_api = False
        result = site.run(required_services=[ENGINE])
        assert any("pub is in no presence redundancy group" in warning for warning in result.warnings)
        assert site.cluster.sent == RESTARTS


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

    def test_it_is_drift(self, make: Callable[..., Site]) -> None:
        site = make((GROUP, False, PAIR))
        site.note(GROUP)
        for predicted, said in ((True, "is off, as a run that ended early has left it"), (False, "was switched on")):
            origin = Origin("dc1", "pub", "Restart", "site.yml", 1, "ucops.imp.services", predicted=predicted)
            (record,) = records_of(origin, site.run(off=False, check=predicted).data)
            assert (record.what, record.id, record.sentence) == ("High availability", f"{GROUP}:on", said)

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

    def test_a_group_that_is_gone_is_forgotten(self, make: Callable[..., Site]) -> None:
        site = make()
        site.note("Gone")
        assert_contract(site.run(), changed=False)
        assert site.noted == []

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
            assert_contract(site.run(), changed=False)
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
        site.cluster.admin_broken = True
        result = site.run(off=False, cucm=None)
        assert result.failed
        assert "It is not known how the presence redundancy groups are: Out of order." in result.msg
        assert site.cluster.sent == []

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
        assert any("are not known" in warning for warning in result.warnings)
        assert site.cluster.sent == RESTARTS


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"cucm": None}, "cucm: high_availability=off_while_restarting needs it"),
        ({"pending_restarts_path": ""}, "pending_restarts_path: high_availability=off_while_restarting needs it"),
        ({"state": "started", "only_if_required": False}, "high_availability: off_while_restarting has a meaning with"),
        ({"cucm": {"hostname": "a b", "username": "u", "password": "canary-4c1d"}}, "cucm.hostname: 'a b' is no host"),
    ],
)
def test_options_that_cannot_be_right(site: Site, options: dict[str, Any], said: str) -> None:
    result = site.run(**options)
    assert result.failed
    assert said in result.msg
    assert site.cluster.sent == []


def test_notes_of_the_first_format_are_understood(site: Site) -> None:
    site.file.path.write_text(json.dumps({"format": 1, "about": "", "restarts": [], "seen": []}))
    assert_contract(site.run(), changed=True)
    assert json.loads(site.file.path.read_text())["format"] == 2


@pytest.fixture(autouse=True)
def no_claim_is_left(tmp_path: Path) -> Iterator[None]:
    yield
    assert not PendingRestarts(str(tmp_path / "notes.json")).is_claimed()
