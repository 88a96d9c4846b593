# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``services`` and presence redundancy groups: looked at before and after a restart, off meanwhile, on again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.modules import assert_contract
from tests.support.redundant_cluster import ENGINE, NORMAL, ROUTER
from tests.support.redundant_site import (
    FULL,
    GROUP,
    PAIR,
    RESTARTS,
    Site,
    failures,
    make_fixture,
    message,
    no_claim_is_left,
    site_fixture,
    steps,
)

__all__ = ["make_fixture", "no_claim_is_left", "site_fixture"]


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
        assert any(f"High availability of {GROUP} is on, and no interface" in told for told in result.warnings)
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


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"cucm": None}, "cucm: high_availability=off_while_restarting needs it"),
        ({"pending_restarts_path": ""}, "pending_restarts_path: high_availability=off_while_restarting needs it"),
        ({"state": "started", "only_if_required": False}, "high_availability: off_while_restarting works with"),
        ({"cucm": {"hostname": "a b", "username": "u", "password": "canary-4c1d"}}, "cucm.hostname: 'a b' is no host"),
    ],
)
def test_options_that_cannot_be_right(site: Site, options: dict[str, Any], said: str) -> None:
    result = site.run(**options)
    assert result.failed
    assert said in result.msg
    assert site.cluster.sent == []
