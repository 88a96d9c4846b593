# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ControlCenterServices over the wire: messages, reason codes, faults, and what is remembered (R1)."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from lxml import etree

from tests.support.emulator import Emulator

RATE_CONTROL = "Exceeded allowed rate for Reatime information"
PATH = "/controlcenterservice2/services/ControlCenterServices"
AST = "http://schemas.cisco.com/ast/soap"
SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
ENGINE, PROXY, AXL = "Cisco Presence Engine", "Cisco SIP Proxy", "Cisco AXL Web Service"


def message(inside: str) -> str:
    return f'<e:Envelope xmlns:e="{SOAP}" xmlns:soap="{AST}"><e:Header/><e:Body>{inside}</e:Body></e:Envelope>'


def post(emulator: Emulator, inside: str, node: str = "imp-pub", **options: Any) -> httpx.Response:
    headers = {"Content-Type": "text/xml", **options.pop("headers", {})}
    with emulator.client(node, **options) as client:
        return client.post(PATH, content=message(inside), headers=headers)


def answer(response: httpx.Response) -> etree._Element:
    """Return the element inside the operation's response."""
    assert response.status_code == 200, response.text
    assert response.headers["content-type"].startswith("text/xml")
    (outer,) = etree.fromstring(response.content)[0]
    (inner,) = outer
    assert all(element.tag.startswith(f"{{{AST}}}") for element in outer.iter())
    return inner


def tree(element: etree._Element) -> Any:
    """Turn an answer into plain values: lists for items, dictionaries for the rest, texts at the leaves."""
    names = [etree.QName(child).localname for child in element]
    if not names:
        return element.text or ""
    if set(names) <= {"item", "Service"}:
        return [tree(child) for child in element]
    return {name: tree(child) for name, child in zip(names, element, strict=True)}


def status(emulator: Emulator, *names: str, node: str = "imp-pub", **options: Any) -> list[dict[str, str]]:
    wanted = "".join(f"<soap:ServiceStatus>{name}</soap:ServiceStatus>" for name in names)
    inside = f"<soap:soapGetServiceStatus>{wanted}</soap:soapGetServiceStatus>"
    found: list[dict[str, str]] = tree(answer(post(emulator, inside, node, **options)))["ServiceInfoList"]
    return found


def command(operation: str, wrapper: str, kind: str, verb: str, *names: str, node_name: str = "") -> str:
    items = "".join(f"<soap:item>{name}</soap:item>" for name in names)
    return (
        f"<soap:{operation}><soap:{wrapper}><soap:NodeName>{node_name}</soap:NodeName><soap:{kind}>{verb}</soap:{kind}>"
        f"<soap:ServiceList>{items}</soap:ServiceList></soap:{wrapper}></soap:{operation}>"
    )


def control(emulator: Emulator, verb: str, *names: str, node_name: str = "") -> Any:
    inside = command("soapDoControlServices", "ControlServiceRequest", "ControlType", verb, *names, node_name=node_name)
    return tree(answer(post(emulator, inside)))


def deploy(emulator: Emulator, verb: str, *names: str) -> Any:
    inside = command("soapDoServiceDeployment", "DeploymentServiceRequest", "DeployType", verb, *names)
    return tree(answer(post(emulator, inside)))


def test_a_status_answer_has_the_documented_shape(environment: Emulator) -> None:
    inside = f"<soap:soapGetServiceStatus><soap:ServiceStatus>{ENGINE}</soap:ServiceStatus></soap:soapGetServiceStatus>"
    found = tree(answer(post(environment, inside, headers={"SOAPAction": "soapGetServiceStatus"})))
    assert list(found) == ["ReturnCode", "ReasonCode", "ReasonString", "ServiceInfoList"]
    assert (found["ReturnCode"], found["ReasonCode"], found["ReasonString"]) == ("0", "-1", "")
    (item,) = found["ServiceInfoList"]
    assert list(item) == ["ServiceName", "ServiceStatus", "ReasonCode", "ReasonCodeString", "StartTime", "UpTime"]
    assert (item["ServiceName"], item["ServiceStatus"], item["ReasonCode"]) == (ENGINE, "Started", "-1")
    assert item["ReasonCodeString"] == " "
    assert item["StartTime"]
    assert int(item["UpTime"]) >= 0


def test_both_spellings_of_the_list_and_none_at_all(environment: Emulator) -> None:
    environment.control.clock(frozen=True)  # the answers hold the services' uptime
    repeated = status(environment, ENGINE, PROXY)
    inside = f"<soap:ServiceStatus><soap:item>{ENGINE}</soap:item><soap:item>{PROXY}</soap:item></soap:ServiceStatus>"
    listed = post(environment, f"<soap:soapGetServiceStatus>{inside}</soap:soapGetServiceStatus>")
    assert tree(answer(listed))["ServiceInfoList"] == repeated
    everything = status(environment)
    assert {ENGINE, PROXY, AXL, "A Cisco DB", "Cisco Tomcat", "Cisco XCP Router"} <= {
        i["ServiceName"] for i in everything
    }
    assert status(environment, "") == everything
    assert "Cisco CallManager" in {i["ServiceName"] for i in status(environment, node="cucm-pub")}


def test_unknown_services_are_told_apart(environment: Emulator) -> None:
    (unknown,) = status(environment, "Cisco &amp; Nothing")
    assert (unknown["ServiceName"], unknown["ServiceStatus"]) == ("Cisco & Nothing", "Unknown")
    assert (unknown["ReasonCode"], unknown["UpTime"]) == ("-1010", "-1")


def test_a_restart_is_accepted_first_and_finished_later(environment: Emulator) -> None:
    environment.control.transitions("polls", 2)
    accepted = control(environment, "Restart", ENGINE, PROXY, node_name="imp-pub")
    assert (accepted["ReturnCode"], accepted["ReasonCode"]) == ("0", "-1")
    assert [item["ServiceStatus"] for item in accepted["ServiceInfoList"]] == ["Stopping", "Stopping"]
    pending = control(environment, "Stop", ENGINE)
    assert (pending["ReturnCode"], pending["ReasonCode"]) == ("1", "-1029")
    seen = [[item["ServiceStatus"] for item in status(environment, ENGINE, PROXY)] for _ in range(3)]
    assert seen == [["Stopping"] * 2, ["Starting"] * 2, ["Started"] * 2]


def test_stop_and_start_with_their_reasons(environment: Emulator) -> None:
    assert control(environment, "Stop", ENGINE)["ReturnCode"] == "0"
    (stopped,) = status(environment, ENGINE)
    assert (stopped["ServiceStatus"], stopped["ReasonCode"]) == ("Stopped", "-1069")
    assert (stopped["ReasonCodeString"], stopped["StartTime"], stopped["UpTime"]) == (
        "Commanded Out of Service",
        "",
        "-1",
    )
    assert control(environment, "Stop", ENGINE)["ReasonCode"] == "-1040"
    assert control(environment, "Start", ENGINE)["ReturnCode"] == "0"
    assert control(environment, "Start", ENGINE)["ReasonCode"] == "-1039"
    environment.control.clock(frozen=True)
    control(environment, "Restart", ENGINE)
    environment.control.advance(120)
    assert status(environment, ENGINE)[0]["UpTime"] == "120"
    assert status(environment, ENGINE, node="imp-sub")[0]["ServiceStatus"] == "Started"


def test_those_that_are_refused_do_not_keep_the_others_from_it(environment: Emulator) -> None:
    found = control(environment, "Stop", "A Cisco DB", ENGINE, "Nothing")
    assert (found["ReturnCode"], found["ReasonCode"]) == ("1", "-1042")
    assert [(i["ServiceStatus"], i["ReasonCode"]) for i in found["ServiceInfoList"]] == [
        ("Started", "-1042"),
        ("Stopped", "-1069"),
        ("Unknown", "-1010"),
    ]


@pytest.mark.parametrize("name", ["A Cisco DB", "Cisco Tomcat"])
@pytest.mark.parametrize("verb", ["Stop", "Restart"])
def test_services_that_cannot_be_stopped(environment: Emulator, name: str, verb: str) -> None:
    assert control(environment, verb, name)["ReasonCode"] == "-1042"
    assert status(environment, name)[0]["ServiceStatus"] == "Started"


def test_activate_and_deactivate(environment: Emulator) -> None:
    assert control(environment, "Start", AXL)["ReasonCode"] == "-1068"
    assert deploy(environment, "Deploy", AXL)["ReturnCode"] == "0"
    assert status(environment, AXL)[0]["ServiceStatus"] == "Started"
    assert deploy(environment, "UnDeploy", AXL)["ReturnCode"] == "0"
    (item,) = status(environment, AXL)
    assert (item["ServiceStatus"], item["ReasonCode"]) == ("Stopped", "-1068")
    assert item["ReasonCodeString"] == "Service Not Activated"
    assert deploy(environment, "UnDeploy", "Cisco XCP Router")["ReasonCode"] == "-1045"


def test_empty_lists_and_other_nodes_are_refused(environment: Emulator) -> None:
    assert control(environment, "Stop")["ReasonCode"] == "-1012"
    assert deploy(environment, "UnDeploy")["ReasonCode"] == "-1012"
    for node_name in ("imp-sub", "nowhere"):
        assert control(environment, "Stop", ENGINE, node_name=node_name)["ReasonCode"] == "-1004"
    assert {item["ServiceStatus"] for item in status(environment, ENGINE)} == {"Started"}
    for node_name in ("IMP-PUB", "imp-pub.dc1.example.com", "192.0.2.12"):
        assert control(environment, "Restart", ENGINE, node_name=node_name)["ReturnCode"] == "0"


def test_products_and_the_static_list(environment: Emulator) -> None:
    found = tree(
        answer(
            post(environment, "<soap:getProductInformationList><soap:ServiceInfo/></soap:getProductInformationList>")
        )
    )
    assert list(found) == ["ActiveServerVersion", "PrimaryNode", "SecondaryNode", "Products", "Services"]
    assert found["ActiveServerVersion"] == environment.ready["clusters"]["dc1"]["version"]
    assert found["PrimaryNode"] == "imp-pub"
    assert [product["ProductID"] for product in found["Products"]] == ["CUP"]
    engine = next(service for service in found["Services"] if service["ServiceName"] == ENGINE)
    assert engine == {
        "ServiceName": ENGINE,
        "ServiceType": "Service",
        "Deployable": "true",
        "GroupName": "IM and Presence Services",
        "ProductID": "CUP",
        "DependentServices": ["A Cisco DB"],
    }
    static = tree(answer(post(environment, "<soap:soapGetStaticServiceList/>")))["Services"]
    assert [s["ServiceName"] for s in static] == [s["ServiceName"] for s in found["Services"]]
    assert all("ProductID" not in service for service in static)


REQUEST = "<soap:soapGetServiceStatus/>"


@pytest.mark.parametrize(
    ("inside", "headers"),
    [
        ("<soap:soapDoEverything/>", {}),
        ("<soapGetServiceStatus/>", {}),
        ("<soap:soapGetServiceStatus><ServiceStatus/></soap:soapGetServiceStatus>", {}),
        ("<soap:soapGetServiceStatus><soap:Status/></soap:soapGetServiceStatus>", {}),
        ("<soap:soapDoControlServices/>", {}),
        (command("soapDoControlServices", "ControlServiceRequest", "ControlType", "Explode", ENGINE), {}),
        (command("soapDoServiceDeployment", "DeploymentServiceRequest", "DeployType", "deploy", ENGINE), {}),
        (command("soapDoServiceDeployment", "ControlServiceRequest", "DeployType", "Deploy", ENGINE), {}),
        (REQUEST, {"SOAPAction": '"soapDoControlServices"'}),
        (REQUEST + REQUEST, {}),
        ("", {}),
        ("<soap:soapGetServiceStatus>", {}),
    ],
)
def test_what_is_not_understood_gets_a_fault(environment: Emulator, inside: str, headers: dict[str, str]) -> None:
    response = post(environment, inside, headers=headers)
    assert response.status_code == 500
    fault = etree.fromstring(response.content)[0][0]
    assert fault.tag == f"{{{SOAP}}}Fault"
    assert fault.findtext("faultcode") == "soapenv:Client"
    assert fault.findtext("faultstring")


@pytest.mark.parametrize("action", ["", "soapGetServiceStatus", '"soapGetServiceStatus"'])
def test_soap_actions_that_fit(environment: Emulator, action: str) -> None:
    assert post(environment, REQUEST, headers={"SOAPAction": action}).status_code == 200


def test_document_types_and_other_methods(environment: Emulator) -> None:
    with environment.client("imp-pub") as client:
        evil = f'<!DOCTYPE x [<!ENTITY a "b">]>{message(REQUEST)}'
        assert client.post(PATH, content=evil).status_code == 500
        refused = client.get(PATH)
    assert (refused.status_code, refused.headers["allow"]) == (405, "POST")
    assert b"Fault" in refused.content


@pytest.mark.parametrize(("account", "expected"), [(None, 401), ("os", 401), ("readonly", 403)])
def test_who_may_call(environment: Emulator, account: str | None, expected: int) -> None:
    response = post(environment, REQUEST, account=account)
    assert response.status_code == expected
    assert f"HTTP Status {expected}" in response.text
    assert ("www-authenticate" in response.headers) == (expected == 401)


def test_the_journal_tells_reads_from_writes(environment: Emulator) -> None:
    status(environment, ENGINE)
    control(environment, "Restart", ENGINE)
    deploy(environment, "Deploy", AXL)
    entries = environment.journal(protocol="control_center")
    assert [(entry["operation"], entry["write"], entry["node"]) for entry in entries] == [
        ("soapGetServiceStatus", False, "imp-pub"),
        ("soapDoControlServices", True, "imp-pub"),
        ("soapDoServiceDeployment", True, "imp-pub"),
    ]


def test_a_lost_answer_has_still_had_its_effect(environment: Emulator) -> None:
    environment.control.fault("drop_after", operation="soapDoControlServices", times=1)
    with pytest.raises(httpx.TransportError):
        control(environment, "Stop", ENGINE)
    assert control(environment, "Stop", ENGINE)["ReasonCode"] == "-1040"


def test_the_fault_of_the_rate_control_has_the_code_that_clients_look_for(environment: Emulator) -> None:
    environment.control.fault("error", effect={"code": "RateControl"}, protocol="control_center", times=1)
    found = post(environment, "<soap:soapGetServiceStatus/>")
    (told,) = etree.fromstring(found.content)[0]
    code, words = told.findtext("faultcode"), told.findtext("faultstring")
    assert (found.status_code, code) == (500, "ns1:Server.RateControl")
    assert str(words).startswith(f"AxisFault: {RATE_CONTROL}")
    assert status(environment, ENGINE)[0]["ServiceStatus"] == "Started"
