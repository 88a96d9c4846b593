# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every answer of the emulator, over the wire, against the schemas that public client packages carry."""

from __future__ import annotations

import pytest

from tests.conformance.axl_schemas import IMP_VERSIONS, OFFERED_VERSIONS, schema
from tests.support.axl import Answer, OverTheWire, activate_imp_axl, add_gateway, message
from tests.support.emulator import Emulator

PARAMETER = (
    "<processNodeName>EnterpriseWideData</processNodeName><name>CalendarSpread</name>"
    "<service>Cisco Presence Engine</service>"
)
GROUP = "<presenceGroupName>Standard Presence group</presenceGroupName>"
ENABLED = (
    "<homeCluster>true</homeCluster><imAndPresenceEnable>t</imAndPresenceEnable><calendarPresence>1</calendarPresence>"
)
USER_TAGS = ("firstName", "lastName", "userid", "mailid", "department", "manager", "userLocale", "primaryExtension")


def viewer(userid: str, watcher: str = "user0002") -> tuple[str, str]:
    content = f"<userid>{userid}</userid><perspectiveuserid>{watcher}</perspectiveuserid>"
    return "getPresenceViewer", content


def listing(criteria: str, *tags: str, more: str = "") -> str:
    returned = "".join(f"<{tag}/>" for tag in tags)
    return f"<searchCriteria>{criteria}</searchCriteria><returnedTags>{returned}</returnedTags>{more}"


REDUNDANCY_GROUP = "DefaultCUPSubcluster"

CUCM = [
    ("getCCMVersion", ""),
    ("getCCMVersion", "<processNodeName>imp-pub</processNodeName>"),
    ("getUser", "<userid>user0001</userid>"),
    ("getUser", "<userid>user0001</userid><returnedTags><userid/><mailid/></returnedTags>"),
    ("listUser", listing("<userid>user00%</userid>", *USER_TAGS, more="<skip>1</skip><first>5</first>")),
    ("listUser", listing("<userid>nobody</userid>", "userid")),
    ("addUser", f"<user><lastName>L</lastName><userid>new</userid>{GROUP}</user>"),
    ("updateUser", f"<userid>user0001</userid>{ENABLED}"),
    (
        "updateUser",
        (
            "<userid>user0002</userid><associatedGroups><userGroup><name>Standard CCM End Users</name></userGroup>"
            "<userGroup><name>Standard TabSync User</name></userGroup></associatedGroups><title>a &lt; &amp; ä</title>"
        ),
    ),
    ("getUser", "<userid>user0002</userid>"),
    ("removeUser", "<userid>new</userid>"),
    ("doAuthenticateUser", "<userid>user0001</userid><password>wrong</password>"),
    ("getServiceParameter", PARAMETER),
    (
        "listServiceParameter",
        listing("<service>%</service>", "processNodeName", "name", "service", "value"),
    ),
    ("updateServiceParameter", f"{PARAMETER}<value>10</value>"),
    ("doServiceParametersReset", PARAMETER.replace("<name>CalendarSpread</name>", "")),
    ("getProcessNode", "<name>imp-sub</name>"),
    ("listProcessNode", listing("<name>%</name>", "name", "description", "ipv6Name", "nodeUsage", "processNodeRole")),
    ("updateProcessNode", "<name>imp-sub</name><description>d</description><ipv6Name>imp-sub6</ipv6Name>"),
    ("listProcessNodeService", listing("<processNodeName>%</processNodeName>", "processNodeName", "service")),
    ("getPresenceRedundancyGroup", f"<name>{REDUNDANCY_GROUP}</name>"),
    ("updatePresenceRedundancyGroup", f"<name>{REDUNDANCY_GROUP}</name><server2/><haEnabled>false</haEnabled>"),
    (
        "addPresenceRedundancyGroup",
        "<presenceRedundancyGroup><name>second</name><server1>imp-sub</server1></presenceRedundancyGroup>",
    ),
    ("listPresenceRedundancyGroup", listing("<name>%</name>", "name", "description", "server1", "server2")),
    ("removePresenceRedundancyGroup", "<name>second</name>"),
    ("listUserGroup", listing("<name>%</name>", "name")),
    ("listLdapDirectory", listing("<name>%</name>", "name", "ldapDn", "nextExecTime")),
    ("getLdapDirectory", "<name>Corporate</name>"),
    ("getLdapSyncStatus", "<name>Corporate</name>"),
    ("listFeatureGroupTemplate", listing("<name>%</name>", "name", "description")),
    ("getFeatureGroupTemplate", "<name>Staff</name>"),
    ("updateFeatureGroupTemplate", "<name>Staff</name><meetingInformation>true</meetingInformation>"),
    ("updateUser", "<userid>user0003</userid><ldapDirectoryName>Corporate</ldapDirectoryName>"),
    ("getUser", "<userid>user0003</userid>"),
    ("doLdapSync", "<name>Corporate</name><sync>true</sync>"),
    ("executeSQLQuery", "<sql>select first 3 * from enduser</sql>"),
    ("executeSQLQuery", "<sql>select * from enduser where userid = 'nobody'</sql>"),
    ("executeSQLUpdate", "<sql>update enduser set title = 'x' where userid = 'user0001'</sql>"),
]

IMP = [
    ("getCUPVersion", ""),
    ("getClusterInfo", ""),
    ("getClusterNodesAndCriticalServices", "<nodeName>imp-sub</nodeName><locale>en_US</locale>"),
    ("getClusterNodesAndCriticalServices", "<nodeName/><locale/>"),
    ("getUser", "<userid>user0001</userid>"),
    ("listUser", listing("<userid>user000%</userid>", "userid")),
    viewer("user0001"),
    viewer("user0002"),
    viewer("nobody"),
    viewer("user0001", "nobody"),
    ("executeSQLQuery", "<sql>select count(*) from processnode where systemnode = 'f'</sql>"),
    ("executeSQLUpdate", "<sql>update processconfig set paramvalue = '9' where paramname = 'CalendarSpread'</sql>"),
]


def check(axl: OverTheWire, product: str, version: str, operation: str, content: str) -> None:
    oracle = schema(product, version)
    # The one request whose type has no sequence number in these schemas.
    sequence = None if operation == "getCCMVersion" else 7
    assert oracle.errors(message(operation, content, version, sequence)) == []
    answer = axl.ask(operation, content, version, sequence)
    assert answer.status == 200, answer.text
    assert oracle.errors(answer.text.encode()) == []


@pytest.mark.parametrize("version", OFFERED_VERSIONS)
def test_cucm_answers_are_valid(environment: Emulator, version: str) -> None:
    add_gateway(environment)
    axl = OverTheWire(environment)
    for operation, content in CUCM:
        check(axl, "CUCM", version, operation, content)
    tried = {operation for operation, _ in CUCM}
    assert tried == set(environment.control.about()["protocols"]["axl"])


@pytest.mark.parametrize("version", IMP_VERSIONS)
def test_imp_answers_are_valid(environment: Emulator, version: str) -> None:
    activate_imp_axl(environment)
    enabled = "<userid>user0001</userid><imAndPresenceEnable>t</imAndPresenceEnable>"
    assert OverTheWire(environment).ask("updateUser", enabled).status == 200
    axl = OverTheWire(environment, "imp-pub")
    for operation, content in IMP:
        check(axl, "IMP", version, operation, content)
    assert {operation for operation, _ in IMP} == set(environment.control.about()["protocols"]["imp_axl"])


@pytest.mark.parametrize(
    ("operation", "content"),
    [
        ("getUser", "<userid>nobody</userid>"),
        ("updateUser", "<nonsense/>"),
        ("addPhone", ""),
        ("executeSQLQuery", "<sql>select * from nowhere</sql>"),
    ],
)
def test_the_detail_of_a_fault_has_the_type_that_the_schema_gives_it(
    environment: Emulator, operation: str, content: str
) -> None:
    answer: Answer = OverTheWire(environment).ask(operation, content, "12.5")
    error = answer.element.find("detail/axlError")
    declared = [(line.name, line.type) for line in schema("CUCM", "12.5").lines("AXLError")]
    assert declared == [("axlcode", "int"), ("axlmessage", "string"), ("request", "string")]
    assert [child.tag for child in error] == [name for name, _ in declared]
    int(error.findtext("axlcode"))
