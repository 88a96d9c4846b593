# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""AXL over the wire: TLS, sessions, the journal, the throttle, and what survives a crash."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from imp_emulator.scenario.writer import generate
from tests.support.axl import Answer, OverTheWire, activate_imp_axl, add_gateway, message
from tests.support.connections import connection, nodes
from tests.support.emulator import Emulator
from tests.support.modules import run_module

ENABLE = "<imAndPresenceEnable>true</imAndPresenceEnable>"


@pytest.fixture
def axl(environment: Emulator) -> OverTheWire:
    return OverTheWire(environment)


def test_the_main_job_of_axl_from_gateway_to_restart(environment: Emulator, axl: OverTheWire) -> None:
    both = f"{ENABLE}<calendarPresence>true</calendarPresence>"
    assert "presence gateway" in axl.ask("updateUser", f"<userid>user0001</userid>{both}").fault.message
    add_gateway(environment)
    axl.ask("updateUser", f"<userid>user0001</userid>{both}").done()
    found = axl.ask("getUser", "<userid>user0001</userid>")
    assert found.values("user/calendarPresence") == ["true"]
    parameter = (
        "<processNodeName>imp-sub</processNodeName><name>CalendarSpread</name><service>Cisco Presence Engine</service>"
    )
    axl.ask("updateServiceParameter", f"{parameter}<value>10</value>").done()
    with environment.client("imp-pub") as client:
        for node in ("imp-pub", "imp-sub"):
            items = client.get("/imp-admin/v1/restart-notifications", params={"node": node}).json()["items"]
            reasons = {reason["object"] for item in items for reason in item["reasons"]}
            assert "Cisco Presence Engine: CalendarSpread" in reasons


def test_a_thousand_users_are_read_in_pages(axl: OverTheWire) -> None:
    content = "<searchCriteria><userid>user%</userid></searchCriteria><returnedTags><userid/></returnedTags>"
    found: list[str] = []
    for skip in range(0, 1000, 300):
        found += axl.ask("listUser", f"{content}<skip>{skip}</skip><first>300</first>").values("user/userid")
    assert found == [f"user{number:04}" for number in range(1, 1001)]


def test_cookies_are_issued_and_accepted(environment: Emulator, axl: OverTheWire) -> None:
    page = axl.session.get(axl.url, timeout=30)
    assert "The AXL Web Service is working" in page.text
    assert set(page.cookies.keys()) == {"JSESSIONIDSSO", "JSESSIONID"}
    axl.session.auth = None
    response = axl.post(message("getCCMVersion"))
    assert response.status_code == 200
    assert "set-cookie" not in response.headers
    axl.session.cookies.clear()
    assert axl.post(message("getCCMVersion")).status_code == 401


def test_there_is_no_axl_while_its_service_is_stopped(environment: Emulator, axl: OverTheWire) -> None:
    for action, status in (("stopped", 404), ("started", 200)):
        place = {**connection(environment, "imp"), "nodes": nodes(environment, 8443, "cucm-pub")}
        changed = run_module("services", {**place, "services": ["Cisco AXL Web Service"], "state": action})
        assert changed.changed, changed.msg
        assert axl.post(message("getCCMVersion")).status_code == status


def test_who_may_ask(environment: Emulator, axl: OverTheWire) -> None:
    axl.session.auth = ("axladmin", "wrong")
    response = axl.post(message("getCCMVersion"))
    assert response.status_code == 401
    assert "HTTP Status 401" in response.text
    assert response.headers["content-type"].startswith("text/html")
    assert OverTheWire(environment, account="readonly").post(message("getCCMVersion")).status_code == 403
    assert OverTheWire(environment, account="os").post(message("getCCMVersion")).status_code == 401


def test_im_and_presence_serves_its_own_axl_on_the_publisher_only(environment: Emulator) -> None:
    publisher, subscriber = OverTheWire(environment, "imp-pub"), OverTheWire(environment, "imp-sub")
    assert publisher.ask("getCUPVersion").status == 404
    activate_imp_axl(environment)
    assert publisher.ask("getCUPVersion").values("version") == ["14.0.1.13900-155"]
    assert subscriber.ask("getCUPVersion").status == 404


def test_the_journal_tells_operations_callers_and_writes(environment: Emulator, axl: OverTheWire) -> None:
    axl.ask("getUser", "<userid>user0001</userid>")
    axl.ask("updateUser", f"<userid>user0001</userid>{ENABLE}")
    axl.ask("updateUser", f"<userid>nobody</userid>{ENABLE}")
    axl.ask("addPhone")
    axl.post(b"nonsense")
    axl.session.get(axl.url, timeout=30)
    entries = environment.journal(protocol="axl")
    assert [(entry["operation"], entry["write"], entry["status"]) for entry in entries] == [
        ("getUser", False, 200),
        ("updateUser", True, 200),
        ("updateUser", True, 500),
        ("addPhone", False, 500),
        ("malformed", False, 500),
        ("page", False, 200),
    ]
    assert {entry["caller"] for entry in entries} == {"axladmin"}
    assert len(environment.journal(protocol="axl", writes=True)) == 2


def test_a_change_that_fails_half_way_leaves_nothing_behind(axl: OverTheWire) -> None:
    statement = "update enduser set userid = 'same' where userid like 'user000%'"
    assert axl.ask("executeSQLUpdate", f"<sql>{statement}</sql>").fault.axlcode == -239
    answer = axl.ask("executeSQLQuery", "<sql>select count(*) from enduser where userid like 'user%'</sql>")
    assert answer.values("row/count") == ["1000"]


def test_injected_faults_look_like_the_web_server_s(environment: Emulator, axl: OverTheWire) -> None:
    environment.control.fault("status", effect={"status": 503, "retry_after": 2}, protocol="axl", times=1)
    response = axl.post(message("getCCMVersion"))
    assert (response.status_code, response.headers["Retry-After"]) == (503, "2")
    assert "HTTP Status 503" in response.text
    environment.control.fault("drop_after", protocol="axl", operation="updateUser", times=1)
    with pytest.raises(requests.ConnectionError):
        axl.ask("updateUser", f"<userid>user0001</userid>{ENABLE}")
    # The answer was lost, the change was not.
    assert axl.ask("getUser", "<userid>user0001</userid>").values("user/imAndPresenceEnable") == ["true"]


def test_bodies_that_are_too_large_are_refused(axl: OverTheWire) -> None:
    response = axl.post(message("getUser", f"<userid>{'x' * 9_000_000}</userid>"))
    assert response.status_code == 413


def test_many_clients_write_at_once(environment: Emulator) -> None:
    def work(worker: int) -> list[int]:
        axl = OverTheWire(environment)
        users = range(worker * 25 + 1, worker * 25 + 26)
        return [axl.ask("updateUser", f"<userid>user{number:04}</userid>{ENABLE}").status for number in users]

    with ThreadPoolExecutor(4) as pool:
        assert {status for statuses in pool.map(work, range(4)) for status in statuses} == {200}
    answer = OverTheWire(environment).ask(
        "executeSQLQuery", "<sql>select count(*) from enduser where enablecups = 't'</sql>"
    )
    assert answer.values("row/count") == ["100"]


def test_a_killed_emulator_keeps_what_it_answered(start_emulator: Callable[..., Emulator]) -> None:
    first = start_emulator()
    axl = OverTheWire(first)
    for number in range(1, 21):
        axl.ask("updateUser", f"<userid>user{number:04}</userid>{ENABLE}").done()
    first.kill()
    again = OverTheWire(start_emulator())
    answer = again.ask("executeSQLQuery", "<sql>select count(*) from enduser where enablecups = 't'</sql>")
    assert answer.values("row/count") == ["20"]


def test_the_scenario_sets_the_write_throttle(start_emulator: Callable[..., Emulator], tmp_path: Path) -> None:
    scenario = tmp_path / "throttled.yml"
    scenario.write_text(generate(users=3) + "axl:\n  outstanding_limit: 2\n  drained_per_second: 1\n", encoding="utf-8")
    emulator = start_emulator("--scenario", str(scenario))
    emulator.control.clock(frozen=True)
    axl = OverTheWire(emulator)
    answers: list[Answer] = [axl.ask("updateUser", f"<userid>user0001</userid>{ENABLE}") for _ in range(3)]
    assert [answer.status for answer in answers] == [200, 200, 503]
    assert int(answers[-1].headers["Retry-After"]) >= 1
    emulator.control.advance(1)
    assert axl.ask("updateUser", f"<userid>user0001</userid>{ENABLE}").status == 200
