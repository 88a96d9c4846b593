# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""AXL's operations about service and enterprise parameters and about process nodes."""

from __future__ import annotations

import pytest

from imp_emulator.catalogue import database
from imp_emulator.catalogue.parameters import PARAMETERS
from imp_emulator.domain.imp import restarts
from imp_emulator.wire.axl.cucm import CucmAxl
from imp_emulator.world.environment import Environment
from tests.support.axl_in_process import InProcess

PRESENCE_ENGINE = "Cisco Presence Engine"
IMP_NODES = {"imp-pub", "imp-sub"}


@pytest.fixture
def axl(emulated: Environment) -> InProcess:
    return InProcess(emulated, CucmAxl, "cucm-pub")


def key(name: str, service: str = PRESENCE_ENGINE, node: str = "EnterpriseWideData") -> str:
    return f"<processNodeName>{node}</processNodeName><name>{name}</name><service>{service}</service>"


def value(axl: InProcess, name: str, service: str = PRESENCE_ENGINE, node: str = "EnterpriseWideData") -> str:
    return axl.ask("getServiceParameter", key(name, service, node)).values("serviceParameter/value")[0]


def pending(axl: InProcess) -> set[tuple[str, str]]:
    return {(found.node, found.service) for found in restarts.pending(axl.environment.context, "dc1")}


def change(
    axl: InProcess, name: str, new: str, service: str = PRESENCE_ENGINE, node: str = "EnterpriseWideData"
) -> str:
    answer = axl.ask("updateServiceParameter", f"{key(name, service, node)}<value>{new}</value>")
    return answer.done()


def test_get_gives_the_whole_parameter(axl: InProcess) -> None:
    found = axl.ask("getServiceParameter", key("CalendarSpread")).returned.find("serviceParameter")
    assert [(child.tag, child.text) for child in found] == [
        ("processNodeName", "EnterpriseWideData"),
        ("name", "CalendarSpread"),
        ("service", PRESENCE_ENGINE),
        ("value", "50"),
        ("valueType", "long"),
    ]
    assert found.find("processNodeName").get("uuid") == "{00000000-1111-0000-0000-000000000000}"
    same = axl.ask("getServiceParameter", f"<uuid>{found.get('uuid')}</uuid>")
    assert same.values("serviceParameter/name") == ["CalendarSpread"]


@pytest.mark.parametrize("node", ["EnterpriseWideData", "imp-pub", "imp-sub", "IMP-SUB", "imp-sub.dc1.example.com"])
def test_the_nodes_share_one_value(axl: InProcess, node: str) -> None:
    uuid = change(axl, "CalendarOutOfOffice", "0", node=node)
    for other in ("EnterpriseWideData", *IMP_NODES):
        assert value(axl, "CalendarOutOfOffice", node=other) == "0"
    assert uuid == axl.ask("getServiceParameter", key("CalendarOutOfOffice")).returned[0].get("uuid")


def test_a_change_asks_for_one_restart_of_the_engine_on_every_node(axl: InProcess) -> None:
    change(axl, "CalendarSpread", "10")
    change(axl, "ExchangeTimeout", "5")
    assert pending(axl) == {(node, PRESENCE_ENGINE) for node in IMP_NODES}


def test_the_same_value_again_asks_for_nothing(axl: InProcess) -> None:
    change(axl, "CalendarSpread", "50")
    assert pending(axl) == set()


def test_ipv6_asks_for_the_restart_of_three_services(axl: InProcess) -> None:
    change(axl, "EnableIPV6", "T", "Enterprise Wide")
    services = {"Cisco XCP Router", "Cisco SIP Proxy", PRESENCE_ENGINE}
    assert pending(axl) == {(node, service) for node in IMP_NODES for service in services}


def test_other_parameters_ask_for_no_restart(axl: InProcess) -> None:
    change(axl, "T302Timer", "10000", "Cisco CallManager")
    assert pending(axl) == set()


RANGES = [
    ("EWSStatusFrequency", ["10", "1440"], ["9", "1441", "", "ten", "1e2", "²"]),
    ("ExchangeNotificationPort", ["1024", "65535"], ["1023", "65536", "-1"]),
    ("CalendarSpread", ["0", "59"], ["60", "-1"]),
    ("ExchangeTimeout", ["1", "20"], ["0", "21"]),
    ("ExchangeQueue", ["1", "5000"], ["0", "5001"]),
    ("ExchangeThreads", ["1", "100"], ["0", "101"]),
    ("CalendarOutOfOffice", ["0", "1"], ["2", "true", "Display"]),
    ("FIPSModeExchangeServerAuthentication", ["0", "1"], ["2", "auto"]),
    ("Office365CalendarInformationPullInterval", ["10", "1440"], ["9", "1441", "0"]),
]


@pytest.mark.parametrize(("name", "allowed", "refused"), RANGES, ids=[name for name, _, _ in RANGES])
def test_ranges_are_kept(axl: InProcess, name: str, allowed: list[str], refused: list[str]) -> None:
    for new in allowed:
        change(axl, name, new)
        assert value(axl, name) == new
    for new in refused:
        fault = axl.ask("updateServiceParameter", f"{key(name)}<value>{new}</value>").fault
        assert fault.axlcode == 5007
        assert name in fault.message
        assert value(axl, name) == allowed[-1]


def test_earlier_releases_allow_any_frequency_and_later_ones_hide_out_of_office() -> None:
    by_name = {parameter.name: parameter for parameter in PARAMETERS}
    assert by_name["EWSStatusFrequency"].accepts("1", 12.5)
    assert not by_name["EWSStatusFrequency"].accepts("1", 14.0)
    assert [by_name["CalendarOutOfOffice"].default(release) for release in (12.5, 14.0, 15.0)] == ["1", "1", "0"]


def test_every_default_is_allowed() -> None:
    for parameter in PARAMETERS:
        for release in (11.5, 12.5, 14.0, 15.0):
            assert parameter.accepts(parameter.default(release), release), parameter.name


def test_nil_is_the_default_and_no_value_changes_nothing(axl: InProcess) -> None:
    change(axl, "CalendarSpread", "10")
    assert axl.ask("updateServiceParameter", key("CalendarSpread")).status == 200
    assert value(axl, "CalendarSpread") == "10"
    nil = '<value xsi:nil="true" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"/>'
    assert axl.ask("updateServiceParameter", key("CalendarSpread") + nil).status == 200
    assert value(axl, "CalendarSpread") == "50"


def test_reset_gives_a_service_its_defaults(axl: InProcess) -> None:
    change(axl, "CalendarSpread", "10")
    change(axl, "T302Timer", "10000", "Cisco CallManager")
    content = f"<processNodeName>imp-pub</processNodeName><service>{PRESENCE_ENGINE}</service>"
    assert axl.ask("doServiceParametersReset", content).returned.text == "true"
    assert value(axl, "CalendarSpread") == "50"
    assert value(axl, "T302Timer", "Cisco CallManager") == "10000"


@pytest.mark.parametrize(
    "content",
    [
        f"<processNodeName>nowhere</processNodeName><service>{PRESENCE_ENGINE}</service>",
        "<processNodeName>imp-pub</processNodeName><service>Cisco Nothing</service>",
    ],
)
def test_reset_of_what_is_not_there_is_a_fault(axl: InProcess, content: str) -> None:
    assert axl.ask("doServiceParametersReset", content).fault.axlcode == 5007


@pytest.mark.parametrize(
    "where", [key("NoSuch"), key("CalendarSpread", "Cisco SIP Proxy"), key("CalendarSpread", node="nowhere")]
)
def test_what_is_not_there_cannot_be_read_or_changed(axl: InProcess, where: str) -> None:
    assert axl.ask("getServiceParameter", where).fault.axlcode == 5007
    assert axl.ask("updateServiceParameter", f"{where}<value>1</value>").fault.axlcode == 5003


@pytest.mark.parametrize(
    "where",
    [
        key("BLFForCallLists", "Enterprise Wide"),
        key("blfforcalllists", "enterprise wide", node="imp-pub"),
        key("CdrLogCallsWithZeroDurationFlag", "Cisco CallManager", node="cucm-pub"),
    ],
)
def test_a_parameter_that_every_cluster_has_is_told_apart(axl: InProcess, where: str) -> None:
    for operation, content in (("getServiceParameter", where), ("updateServiceParameter", f"{where}<value>1</value>")):
        fault = axl.ask(operation, content).fault
        assert fault.axlcode == 5002
        assert "is not implemented by this emulator" in fault.message


def test_no_parameter_that_is_there_counts_as_missing() -> None:
    known = {(service, name) for service, names in database.PARAMETERS.items() for name in names}
    assert not known & {(spec.service, spec.name) for spec in PARAMETERS}


def test_cisco_s_sample_sets_a_parameter_on_each_node(axl: InProcess) -> None:
    where = key("CdrEnabled", "Cisco CallManager", node="cucm-pub")
    axl.ask("updateServiceParameter", f"{where}<value>T</value>").done()
    assert value(axl, "CdrEnabled", "Cisco CallManager", node="cucm-pub") == "T"
    assert axl.ask("getServiceParameter", key("CdrEnabled", "Cisco CallManager")).fault.axlcode == 5007


def test_parameters_of_a_node_differ_from_node_to_node(axl: InProcess) -> None:
    where = ("StationKeepaliveInterval", "Cisco CallManager")
    assert value(axl, *where, node="cucm-pub") == "30"
    assert axl.ask("getServiceParameter", key(*where)).fault.axlcode == 5007


def test_list_filters_by_node_and_service(axl: InProcess) -> None:
    tags = "<returnedTags><name/></returnedTags>"
    criteria = (
        f"<searchCriteria><processNodeName>%</processNodeName><service>{PRESENCE_ENGINE}</service></searchCriteria>"
    )
    names = axl.ask("listServiceParameter", criteria + tags).values("serviceParameter/name")
    assert names == [parameter.name for parameter in PARAMETERS if parameter.service == PRESENCE_ENGINE]
    everything = "<searchCriteria><service>%</service></searchCriteria>"
    first = axl.ask("listServiceParameter", f"{everything}{tags}<skip>2</skip><first>3</first>")
    assert first.values("serviceParameter/name") == names[2:5]
    own = "<searchCriteria><processNodeName>cucm-pub</processNodeName></searchCriteria>"
    assert "T302Timer" not in axl.ask("listServiceParameter", own + tags).values("serviceParameter/name")
    assert axl.ask("listServiceParameter", f"<searchCriteria/>{tags}").fault.axlcode == 5007


NODES = "<searchCriteria>{}</searchCriteria><returnedTags><name/><nodeUsage/><processNodeRole/></returnedTags>"


def test_list_process_node_gives_the_whole_cluster_and_its_pseudo_node(axl: InProcess) -> None:
    answer = axl.ask("listProcessNode", NODES.format("<name>%</name>"))
    assert answer.values("processNode/name") == ["EnterpriseWideData", "cucm-pub", "imp-pub", "imp-sub"]
    assert answer.values("processNode/nodeUsage") == ["Subscriber", "Publisher", "Publisher", "Subscriber"]


def test_list_process_node_filters_by_role(axl: InProcess) -> None:
    answer = axl.ask("listProcessNode", NODES.format("<processNodeRole>CUCM IM and Presence</processNodeRole>"))
    assert answer.values("processNode/name") == ["imp-pub", "imp-sub"]
    assert axl.ask("listProcessNode", NODES.format("")).fault.axlcode == 5007
    paged = axl.ask("listProcessNode", NODES.format("<name>%</name>") + "<skip>1</skip><first>2</first>")
    assert paged.values("processNode/name") == ["cucm-pub", "imp-pub"]


def test_process_nodes_are_found_by_any_name_and_by_uuid(axl: InProcess) -> None:
    uuid = axl.ask("getProcessNode", "<name>imp-sub</name>").returned[0].get("uuid")
    for where in ("<name>imp-sub.dc1.example.com</name>", f"<uuid>{uuid}</uuid>"):
        assert axl.ask("getProcessNode", where).values("processNode/name") == ["imp-sub"]
    assert axl.ask("getProcessNode", "<name>nowhere</name>").fault.axlcode == 5007


def test_update_process_node_sets_the_ipv6_name(axl: InProcess) -> None:
    content = "<name>imp-sub</name><description>second</description><ipv6Name>imp-sub6.example.com</ipv6Name>"
    assert axl.ask("updateProcessNode", content).status == 200
    answer = axl.ask("getProcessNode", "<name>imp-sub</name>")
    assert answer.values("processNode/ipv6Name") == ["imp-sub6.example.com"]
    assert answer.values("processNode/description") == ["second"]


@pytest.mark.parametrize(
    ("content", "axlcode"),
    [
        ("<name>nowhere</name>", 5003),
        ("<name>EnterpriseWideData</name><description>x</description>", 5007),
        ("<name>imp-sub</name><newName>other</newName>", 5007),
        ("<name>imp-sub</name><mac>001122334455</mac>", 5007),
        ("<name>imp-sub</name><mac>00:11</mac>", 5003),
        ("<name>imp-sub</name><lbmHubGroup>hub</lbmHubGroup>", -691),
    ],
)
def test_update_process_node_refuses_what_it_cannot_do(axl: InProcess, content: str, axlcode: int) -> None:
    assert axl.ask("updateProcessNode", content).fault.axlcode == axlcode


def test_list_process_node_service_tells_what_is_activated(axl: InProcess) -> None:
    content = (
        "<searchCriteria><processNodeName>imp-%</processNodeName></searchCriteria>"
        "<returnedTags><processNodeName/><service/><isActive/></returnedTags>"
    )
    answer = axl.ask("listProcessNodeService", content)
    rows = zip(
        *(answer.values(f"processNodeService/{tag}") for tag in ("processNodeName", "service", "isActive")), strict=True
    )
    active = {(node, service): value for node, service, value in rows}
    assert {node for node, _ in active} == IMP_NODES
    assert active["imp-pub", PRESENCE_ENGINE] == "true"
    assert active["imp-pub", "Cisco AXL Web Service"] == "false"


def test_the_version_of_a_node_is_that_of_the_cluster(axl: InProcess) -> None:
    answer = axl.ask("getCCMVersion", "<processNodeName>imp-pub</processNodeName>")
    assert answer.values("componentVersion/version") == ["14.0.1.13900-155"]
    assert axl.ask("getCCMVersion", "<processNodeName>nowhere</processNodeName>").fault.axlcode == 5007
