# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""AXL about presence redundancy groups: what is read, changed and refused, and what the nodes' own AXL tells."""

from __future__ import annotations

import pytest

from imp_emulator.catalogue.services import AXL_WEB_SERVICE, PRESENCE_ENGINE
from imp_emulator.domain.imp import services
from imp_emulator.wire.axl.cucm import CucmAxl
from imp_emulator.wire.axl.imp import ImpAxl
from imp_emulator.world.environment import Environment
from tests.support.axl_in_process import InProcess
from tests.support.states import advance

GROUP = "DefaultCUPSubcluster"
TAGS = "<name/><description/><server1/><server2/><haEnabled/><numUsers/>"
LIST = "<searchCriteria>{}</searchCriteria><returnedTags>" + TAGS + "</returnedTags>"
NIL = '<server2 xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:nil="true"/>'
ON = f"<name>{GROUP}</name><haEnabled>true</haEnabled>"
ONE_NODE = "<nodeName>{}</nodeName><locale>en_US</locale>"


@pytest.fixture
def axl(emulated: Environment) -> InProcess:
    return InProcess(emulated, CucmAxl, "cucm-pub")


@pytest.fixture
def imp(emulated: Environment) -> InProcess:
    with emulated.database.transaction():
        services.deploy(emulated.context, "dc1", "imp-pub", AXL_WEB_SERVICE, activate=True)
    return InProcess(emulated, ImpAxl, "imp-pub")


def told(axl: InProcess, name: str = GROUP) -> dict[str, str]:
    (group,) = axl.ask("getPresenceRedundancyGroup", f"<name>{name}</name>").returned
    return {child.tag: child.text or "" for child in group}


def fail_over(axl: InProcess) -> None:
    """Switch high availability on, and have imp-pub fail over."""
    axl.ask("updatePresenceRedundancyGroup", ON).done()
    advance(axl.environment, 15)
    with axl.environment.database.transaction():
        services.control(axl.environment.context, "dc1", "imp-pub", services.Action.STOP, PRESENCE_ENGINE)
    advance(axl.environment, 95)


def test_two_nodes_are_a_group_from_the_start(axl: InProcess) -> None:
    axl.ask("updateUser", "<userid>user0001</userid><imAndPresenceEnable>t</imAndPresenceEnable>").done()
    expected = {
        "name": GROUP,
        "description": "",
        "server1": "imp-pub",
        "server2": "imp-sub",
        "haEnabled": "false",
        "numUsers": "1",
    }
    assert told(axl) == told(axl, GROUP.upper()) == expected
    listed = axl.ask("listPresenceRedundancyGroup", LIST.format("<name>default%</name>"))
    assert {name: listed.values(f"presenceRedundancyGroup/{name}") for name in expected} == {
        name: [value] for name, value in expected.items()
    }
    assert len(axl.ask("listPresenceRedundancyGroup", LIST.format("<name>other%</name>")).returned) == 0
    assert axl.ask("listPresenceRedundancyGroup", LIST.format("")).fault.axlcode == 5007
    uuid = listed.returned[0].get("uuid")
    found = axl.ask("getPresenceRedundancyGroup", f"<uuid>{uuid}</uuid><returnedTags><haEnabled/></returnedTags>")
    assert [child.tag for child in found.returned[0]] == ["haEnabled"]
    server = listed.returned[0].find("server2").get("uuid")
    assert axl.ask("getProcessNode", f"<uuid>{server}</uuid>").values("processNode/name") == ["imp-sub"]


def test_the_switch_is_changed_and_what_is_not_named_stays(axl: InProcess) -> None:
    uuid = axl.ask("updatePresenceRedundancyGroup", f"{ON.replace('<haE', '<description>d</description><haE')}").done()
    assert (told(axl)["haEnabled"], told(axl)["description"]) == ("true", "d")
    axl.ask("updatePresenceRedundancyGroup", f"<uuid>{uuid}</uuid><newName>pair</newName>").done()
    assert (told(axl, "pair")["haEnabled"], told(axl, "pair")["server2"]) == ("true", "imp-sub")
    axl.ask("updatePresenceRedundancyGroup", f"<uuid>{uuid}</uuid><haEnabled>f</haEnabled>").done()
    assert told(axl, "pair")["haEnabled"] == "false"


def test_groups_come_and_go(axl: InProcess) -> None:
    axl.ask("updatePresenceRedundancyGroup", f"<name>{GROUP}</name>{NIL}").done()
    assert (told(axl)["server1"], told(axl)["server2"]) == ("imp-pub", "")
    new = "<presenceRedundancyGroup><name>second</name><server1>imp-sub</server1></presenceRedundancyGroup>"
    uuid = axl.ask("addPresenceRedundancyGroup", new).done()
    assert axl.ask("addPresenceRedundancyGroup", new.replace("second", "third")).fault.axlcode == 5007
    paged = LIST.format("<name>%</name>") + "<skip>1</skip><first>1</first>"
    found = axl.ask("listPresenceRedundancyGroup", paged)
    assert found.values("presenceRedundancyGroup/name") == ["second"]
    assert axl.ask("removePresenceRedundancyGroup", f"<uuid>{uuid}</uuid>").done() == uuid
    assert axl.ask("getPresenceRedundancyGroup", "<name>second</name>").fault.axlcode == 5007


@pytest.mark.parametrize(
    ("operation", "content", "axlcode"),
    [
        ("getPresenceRedundancyGroup", "<name>none</name>", 5007),
        ("updatePresenceRedundancyGroup", "<name>none</name>", 5003),
        ("updatePresenceRedundancyGroup", f"<name>{GROUP}</name><server2>nowhere</server2>", -691),
        ("updatePresenceRedundancyGroup", f"<name>{GROUP}</name><server2>cucm-pub</server2>", 5007),
        ("updatePresenceRedundancyGroup", f"<name>{GROUP}</name><newName>a%b</newName>", 5007),
        ("updatePresenceRedundancyGroup", f"<name>{GROUP}</name>{NIL}<haEnabled>true</haEnabled>", 5007),
        ("updatePresenceRedundancyGroup", f"<name>{GROUP}</name><haEnabled>perhaps</haEnabled>", 5003),
        ("addPresenceRedundancyGroup", "<presenceRedundancyGroup/>", 5005),
        (
            "addPresenceRedundancyGroup",
            f"<presenceRedundancyGroup><name>{GROUP}</name><server1>imp-pub</server1></presenceRedundancyGroup>",
            5007,
        ),
        ("removePresenceRedundancyGroup", "<name>none</name>", 5007),
    ],
)
def test_what_cannot_be_is_a_fault_and_changes_nothing(
    axl: InProcess, operation: str, content: str, axlcode: int
) -> None:
    before = told(axl)
    assert axl.ask(operation, content).fault.axlcode == axlcode
    assert told(axl) == before


def test_a_name_that_is_taken_is_a_duplicate(axl: InProcess) -> None:
    axl.ask("updatePresenceRedundancyGroup", f"<name>{GROUP}</name>{NIL}").done()
    new = f"<presenceRedundancyGroup><name>{GROUP}</name><server1>imp-sub</server1></presenceRedundancyGroup>"
    assert axl.ask("addPresenceRedundancyGroup", new).fault.axlcode == -239


def test_the_nodes_own_axl_tells_the_states_and_whose_user_is_elsewhere(axl: InProcess, imp: InProcess) -> None:
    axl.ask("updateUser", "<userid>user0001</userid><imAndPresenceEnable>t</imAndPresenceEnable>").done()
    user = "<userid>user0001</userid>"
    assert imp.ask("getUser", user).values("user/failedOver") == ["false"]
    fail_over(axl)
    answer = imp.ask("getClusterNodesAndCriticalServices", ONE_NODE.format(""))
    path = "clusterNodesInfo/return/"
    assert answer.values(f"{path}nodeState") == ["8", "4"]
    assert answer.values(f"{path}nodeStateString") == [
        "Failed Over with Critical Services Not Running",
        "Running in Backup Mode",
    ]
    assert answer.values(f"{path}nodeReasonString") == ["Critical Service Down", "Critical Service Down"]
    assert answer.values(f"{path}assignedUserCount") == ["1", "0"]
    assert answer.values(f"{path}assignedSubcluster") == [GROUP, GROUP]
    assert imp.ask("getUser", user).values("user/failedOver") == ["true"]


SQL = "<sql>select name, isprimary, tkhaserverstate from enterprisenode order by name</sql>"


def test_the_tables_of_the_nodes_database_tell_the_same(axl: InProcess, imp: InProcess) -> None:
    rows = imp.ask("executeSQLQuery", SQL)
    assert rows.values("row/name") == ["imp-pub", "imp-sub"]
    assert (rows.values("row/isprimary"), rows.values("row/tkhaserverstate")) == (["t", "f"], ["3", "3"])
    groups = "<sql>select name, haenabled from enterprisesubcluster</sql>"
    assert imp.ask("executeSQLQuery", groups).values("row/haenabled") == ["f"]
    with axl.environment.database.transaction():
        services.control(axl.environment.context, "dc1", "imp-sub", services.Action.STOP, PRESENCE_ENGINE)
    assert imp.ask("executeSQLQuery", SQL).values("row/tkhaserverstate") == ["3", "12"]
    with axl.environment.database.transaction():
        services.control(axl.environment.context, "dc1", "imp-sub", services.Action.START, PRESENCE_ENGINE)
    fail_over(axl)
    assert imp.ask("executeSQLQuery", SQL).values("row/tkhaserverstate") == ["8", "4"]
    assert imp.ask("executeSQLQuery", groups).values("row/haenabled") == ["t"]
    assert "enterprisenode" in axl.ask("executeSQLQuery", SQL).fault.message
