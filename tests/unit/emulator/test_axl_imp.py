# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""IM and Presence's own AXL: off until its service runs, then its nodes, services and users."""

from __future__ import annotations

import pytest

from imp_emulator.catalogue.services import AXL_WEB_SERVICE, PRESENCE_ENGINE
from imp_emulator.domain.imp import services
from imp_emulator.wire.axl.cucm import CucmAxl
from imp_emulator.wire.axl.imp import ImpAxl
from imp_emulator.world.environment import Environment
from imp_emulator.world.faults import Effect, EffectKind, Fault
from tests.support.axl import message
from tests.support.axl_in_process import InProcess


@pytest.fixture
def stopped(emulated: Environment) -> InProcess:
    return InProcess(emulated, ImpAxl, "imp-pub")


@pytest.fixture
def axl(stopped: InProcess) -> InProcess:
    with stopped.environment.database.transaction():
        services.deploy(stopped.environment.context, "dc1", "imp-pub", AXL_WEB_SERVICE, activate=True)
    return stopped


def test_it_is_off_by_default_whoever_asks(stopped: InProcess) -> None:
    assert stopped.ask("getCUPVersion").status == 404
    nobody = stopped.call(message("getCUPVersion"))
    nobody.headers = {}
    assert stopped.send(nobody).status == 404


def test_it_is_on_once_activated_and_off_again_when_stopped(axl: InProcess) -> None:
    assert axl.ask("getCUPVersion").values("version") == ["14.0.1.13900-155"]
    with axl.environment.database.transaction():
        services.control(axl.environment.context, "dc1", "imp-pub", services.Action.STOP, AXL_WEB_SERVICE)
    assert axl.ask("getCUPVersion").status == 404


def test_accounts_count_as_at_unified_cm(axl: InProcess) -> None:
    assert axl.send(axl.call(message("getCUPVersion"), account="noaxl")).status == 403
    nobody = axl.call(message("getCUPVersion"))
    nobody.headers = {}
    assert axl.send(nobody).status == 401


def test_cluster_info_names_the_servers_by_role(axl: InProcess) -> None:
    answer = axl.ask("getClusterInfo")
    assert answer.values("ServerInformation/cupservernames/servername") == ["imp-pub", "imp-sub"]
    assert answer.values("ServerInformation/cucmservernames/servername") == ["cucm-pub"]


ONE_NODE = "<nodeName>{}</nodeName><locale>en_US</locale>"


def test_nodes_and_services_tell_what_runs(axl: InProcess) -> None:
    answer = axl.ask("getClusterNodesAndCriticalServices", ONE_NODE.format(""))
    assert answer.values("clusterNodesInfo/return/name") == ["imp-pub", "imp-sub"]
    assert answer.values("clusterNodesInfo/return/isPublisher") == ["true", "false"]
    assert answer.values("clusterNodesInfo/return/nodeStateString") == ["Normal", "Normal"]
    status = "clusterNodesInfo/return/criticalServices/criticalServiceInfo/status"
    assert set(answer.values(status)) == {"Started"}


def test_a_stopped_engine_shows_on_its_node(axl: InProcess) -> None:
    with axl.environment.database.transaction():
        services.control(axl.environment.context, "dc1", "imp-sub", services.Action.STOP, PRESENCE_ENGINE)
    answer = axl.ask("getClusterNodesAndCriticalServices", ONE_NODE.format("imp-sub"))
    assert answer.values("clusterNodesInfo/return/nodeStateString") == ["Failed"]
    found = answer.returned.find("clusterNodesInfo/return/criticalServices")
    engine = next(service for service in found if service.findtext("serviceName") == PRESENCE_ENGINE)
    assert [engine.findtext(name) for name in ("status", "upTime", "reasonCode")] == ["Stopped", "-1", "-1069"]


def test_a_node_that_is_cut_off_is_not_reachable(axl: InProcess) -> None:
    axl.environment.faults.active.append(Fault(1, Effect(EffectKind.DROP), node="imp-sub"))
    answer = axl.ask("getClusterNodesAndCriticalServices", ONE_NODE.format(""))
    assert answer.values("clusterNodesInfo/return/isReachable") == ["true", "false"]
    assert answer.values("clusterNodesInfo/return/nodeStateString") == ["Normal", "Failed"]


@pytest.mark.parametrize("name", ["nowhere", "cucm-pub"])
def test_only_its_own_nodes_have_a_state(axl: InProcess, name: str) -> None:
    assert axl.ask("getClusterNodesAndCriticalServices", ONE_NODE.format(name)).fault.axlcode == 5007


def test_enabled_users_are_shared_out_to_the_nodes(axl: InProcess) -> None:
    cucm = InProcess(axl.environment, CucmAxl, "cucm-pub")
    for userid in ("user0001", "user0002"):
        cucm.ask("updateUser", f"<userid>{userid}</userid><imAndPresenceEnable>t</imAndPresenceEnable>").done()
    answer = axl.ask("getClusterNodesAndCriticalServices", ONE_NODE.format(""))
    assert answer.values("clusterNodesInfo/return/assignedUserCount") == ["1", "1"]


def test_users_can_be_read(axl: InProcess) -> None:
    user = axl.ask("getUser", "<userid>user0001</userid>").returned.find("user")
    assert user.findtext("enableCUP") == "false"
    few = axl.ask("getUser", "<userid>user0001</userid><returnedTags><firstName/></returnedTags>").returned.find("user")
    assert few.find("department") is None
    assert few.findtext("userid") == "user0001"
    assert axl.ask("getUser", "<userid>nobody</userid>").fault.axlcode == 5007


def test_users_can_be_listed(axl: InProcess) -> None:
    content = "<searchCriteria>{}</searchCriteria><returnedTags><userid/></returnedTags>"
    everybody = content.format("<userid>%</userid>")
    assert axl.ask("listUser", everybody).values("user/userid") == ["user0001", "user0002"]
    assert axl.ask("listUser", f"{everybody}<skip>1</skip><first>1</first>").values("user/userid") == ["user0002"]
    assert axl.ask("listUser", content.format("")).fault.axlcode == 5007


def test_the_sample_of_its_guide(axl: InProcess) -> None:
    sql = "<sql>SELECT count(*) from processnode WHERE systemnode='f'</sql>"
    answer = axl.ask("executeSQLQuery", sql, version="8.0", sequence=1)
    assert answer.element.tag == "{http://www.cisco.com/AXL/API/8.0}executeSQLQueryResponse"
    assert answer.element.get("sequence") == "1"
    assert answer.values("row/count") == ["2"]


def test_its_copy_of_the_users_is_read_only(axl: InProcess) -> None:
    found = axl.sql("select userid, enablecups, enablecalendarpresence from enduser where userid = 'user0001'")
    assert found.values("row/enablecups") == ["f"]
    assert axl.sql("update enduser set enablecups = 't'", update=True).fault.axlcode == -273
    change = "update processconfig set paramvalue = '10' where paramname = 'CalendarSpread'"
    assert axl.sql(change, update=True).values("rowsUpdated") == ["1"]


@pytest.mark.parametrize("operation", ["getContactList", "updateUser", "getCCMVersion", "addContact"])
def test_operations_that_it_does_not_have_are_named(axl: InProcess, operation: str) -> None:
    fault = axl.ask(operation).fault
    assert (fault.axlcode, fault.request) == (5002, operation)


def test_it_speaks_the_versions_up_to_its_release(axl: InProcess) -> None:
    for version in ("8.0", "11.5", "12.5", "14.0"):
        assert axl.ask("getCUPVersion", version=version).status == 200
    assert axl.ask("getCUPVersion", version="15.0").status == 599
