# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every AXL request meets: authentication, versions, the form of messages, the throttle, the faults."""

from __future__ import annotations

from dataclasses import replace

import pytest

from imp_emulator.scenario.model import AxlSpec
from imp_emulator.wire.axl.cucm import CucmAxl
from imp_emulator.world.environment import Environment
from tests.support.axl import ENVELOPE, Answer, message
from tests.support.axl_in_process import InProcess

UPDATE = "<userid>user0001</userid>"
NIL = 'xsi:nil="true" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'


@pytest.fixture
def axl(emulated: Environment) -> InProcess:
    return InProcess(emulated, CucmAxl, "cucm-pub")


def test_the_version_can_be_asked_without_knowing_it(axl: InProcess) -> None:
    answer = axl.send(axl.call(message("getCCMVersion", version="1.0")))
    assert answer.values("componentVersion/version") == ["14.0.1.13900-155"]
    assert answer.element.tag == "{http://www.cisco.com/AXL/API/1.0}getCCMVersionResponse"


def test_only_the_version_can_be_asked_that_way(axl: InProcess) -> None:
    answer = axl.send(axl.call(message("getUser", UPDATE, version="1.0")))
    assert answer.fault.axlcode == 5002


@pytest.mark.parametrize("version", ["11.5", "12.5", "14.0"])
def test_the_answer_is_in_the_version_of_the_request(axl: InProcess, version: str) -> None:
    answer = axl.ask("getCCMVersion", version=version)
    assert answer.element.tag == f"{{http://www.cisco.com/AXL/API/{version}}}getCCMVersionResponse"


@pytest.mark.parametrize("version", ["15.0", "12.0", "9.0", "next"])
def test_a_version_that_the_release_does_not_have_is_599(axl: InProcess, version: str) -> None:
    answer = axl.ask("getCCMVersion", version=version)
    assert answer.status == 599
    assert "HTTP Status 599 - Incorrect axl version. Supported axl versions are 11.5, 12.5 and 14.0" in answer.text


def test_the_soap_action_must_not_contradict_the_namespace(axl: InProcess) -> None:
    headers = {"soapaction": '"CUCM:DB ver=12.5 getUser"'}
    fault = axl.send(axl.call(message("getUser", UPDATE), headers)).fault
    assert fault.axlcode == 5003
    assert "12.5" in fault.message
    assert "14.0" in fault.message


@pytest.mark.parametrize("action", [None, '""', '"CUCM:DB ver=14.0"', 'CUCM:DB ver=14.0 "getUser"'])
def test_the_soap_action_may_be_short_or_missing(axl: InProcess, action: str | None) -> None:
    headers = {} if action is None else {"soapaction": action}
    assert axl.send(axl.call(message("getUser", UPDATE), headers)).status == 200


@pytest.mark.parametrize("operation", ["addPhone", "listLine", "getNothingAtAll", "doDeviceLogin"])
def test_an_operation_that_is_not_there_gets_a_fault_that_names_it(axl: InProcess, operation: str) -> None:
    fault = axl.ask(operation, "<name>x</name>").fault
    assert (fault.axlcode, fault.request) == (5002, operation)
    assert operation in fault.message


def test_a_foreign_namespace_is_no_request(axl: InProcess) -> None:
    body = message("getUser", UPDATE).replace(b"www.cisco.com/AXL/API/", b"www.example.com/")
    assert axl.send(axl.call(body)).fault.axlcode == 5002


def test_the_sequence_number_comes_back(axl: InProcess) -> None:
    assert axl.ask("getUser", UPDATE, sequence=18446744073709551615).element.get("sequence") == "18446744073709551615"
    assert axl.ask("getUser", UPDATE).element.get("sequence") is None
    body = message("getUser", UPDATE).replace(b"<ns:getUser>", b'<ns:getUser sequence="one">')
    assert axl.send(axl.call(body)).fault.axlcode == 5003


def test_attributes_that_nobody_filled_in_say_nothing(axl: InProcess) -> None:
    body = message("getUser", f'{UPDATE}<returnedTags uuid="?"><userid/></returnedTags>')
    answer = axl.send(axl.call(body.replace(b"<ns:getUser>", b'<ns:getUser sequence="?">')))
    assert answer.values("user/userid") == ["user0001"]
    assert answer.element.get("sequence") is None
    key = '<processNodeName uuid="?">EnterpriseWideData</processNodeName>'
    parameter = f"{key}<name>EnableIPV6</name><service>Enterprise Wide</service>"
    assert axl.ask("getServiceParameter", parameter).values("serviceParameter/value") == ["F"]
    assert axl.ask("updateServiceParameter", f"{parameter}<value>T</value>").status == 200
    assert axl.ask("getServiceParameter", parameter).values("serviceParameter/value") == ["T"]
    assert axl.ask("getUser", "<uuid>?</uuid>").fault.axlcode == 5003


@pytest.mark.parametrize(
    ("more", "axlcode", "named"),
    [
        ("<calendarPresence>true</calendarPresence><homeCluster>t</homeCluster>", 5005, "homeCluster"),
        ("<nonsense>1</nonsense>", 5005, "nonsense"),
        ("<userid>user0001</userid>", 5005, "userid"),
        ("<uuid>{00000000-0000-0000-0000-000000000000}</uuid>", 5005, "uuid"),
        ("<extensionsInfo/><addExtensionsInfo/>", 5005, "addExtensionsInfo"),
        ("<addExtensionsInfo/><extensionsInfo/>", 5005, "extensionsInfo"),
        ("<homeCluster>yes</homeCluster>", 5003, "homeCluster"),
        ("<homeCluster>True </homeCluster>", 5003, "homeCluster"),
        ("<homeCluster>?</homeCluster>", 5003, "homeCluster"),
        ("<homeCluster/>", 5003, "homeCluster"),
        ("<maxDeskPickupWaitTime>ten</maxDeskPickupWaitTime>", 5003, "maxDeskPickupWaitTime"),
        ("<selfService>" + "9" * 51 + "</selfService>", 5003, "selfService"),
        ('<title size="1">t</title>', 5005, "size"),
        ("<title><b/></title>", 5005, "b"),
        ("text", 5003, "updateUser"),
        (f"<title {NIL}/>", 5003, "title"),
        ('<serviceProfile uuid="x">p</serviceProfile>', 5003, "uuid"),
        ("<ns:title>t</ns:title>", 5005, "title"),
        ("<primaryExtension><routePartitionName>p</routePartitionName></primaryExtension>", 5005, "pattern"),
    ],
)
def test_order_elements_types_and_attributes_are_checked(axl: InProcess, more: str, axlcode: int, named: str) -> None:
    fault = axl.ask("updateUser", f"{UPDATE}{more}").fault
    assert fault.axlcode == axlcode
    assert named in fault.message


def test_the_key_must_be_there_and_a_uuid_has_its_form(axl: InProcess) -> None:
    assert "userid" in axl.ask("updateUser", "<title>t</title>").fault.message
    assert axl.ask("updateUser", "<uuid>00000000-0000-0000-0000-000000000000</uuid>").fault.axlcode == 5003


@pytest.mark.parametrize("value", ["t", "f", "true", "false", "0", "1", "True", "False", "TRUE", "F"])
def test_every_spelling_of_a_boolean_counts(axl: InProcess, value: str) -> None:
    content = f"{UPDATE}<imAndPresenceEnable>{value}</imAndPresenceEnable>"
    assert axl.ask("updateUser", content).status == 200
    expected = "true" if value.lower() in ("t", "true", "1") else "false"
    assert axl.ask("getUser", UPDATE).values("user/imAndPresenceEnable") == [expected]


def test_nillable_elements_may_be_nil(axl: InProcess) -> None:
    nil = '<directoryUri xsi:nil="true" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"/>'
    axl.ask("updateUser", f"{UPDATE}<directoryUri>a@example.com</directoryUri>").done()
    assert axl.ask("updateUser", f"{UPDATE}{nil}").status == 200
    assert axl.ask("getUser", UPDATE).values("user/directoryUri") == [""]


def test_elements_belong_to_their_versions(axl: InProcess) -> None:
    account = f"{UPDATE}<accountType>Local</accountType>"
    assert axl.ask("updateUser", account, version="12.5").fault.axlcode == 5005
    login = f"{UPDATE}<emMaxLoginTime>10</emMaxLoginTime>"
    assert axl.ask("updateUser", login, version="11.5").fault.axlcode == 5005
    assert axl.ask("updateUser", login, version="12.5").status == 200


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not xml",
        b"<a/>",
        f'<e:Envelope xmlns:e="{ENVELOPE}"><e:Body/></e:Envelope>'.encode(),
        b'<!DOCTYPE a [<!ENTITY x "y">]>' + message("getUser", "<userid>&x;</userid>"),
        message("getUser", UPDATE).decode().encode("utf-16"),
        message("getUser", "<a>" * 40 + "</a>" * 40),
        message("getUser", "<a " + " ".join(f'a{number}="1"' for number in range(40)) + "/>"),
        message("getUser", UPDATE).replace(ENVELOPE.encode(), b"http://www.w3.org/2003/05/soap-envelope"),
    ],
)
def test_what_is_no_soap_message_gets_a_client_fault(axl: InProcess, body: bytes) -> None:
    fault = axl.send(axl.call(body)).fault
    assert (fault.code, fault.axlcode) == ("soapenv:Client", 5000)


def page(axl: InProcess, method: str = "GET", path: str = "/axl/") -> Answer:
    call = replace(axl.call(b""), method=method, path=path)
    return axl.send(call)


def test_the_page_tells_that_axl_works(axl: InProcess) -> None:
    answer = page(axl)
    assert answer.status == 200
    assert "<title>Cisco CallManager: AXL Web Service</title>" in answer.text
    assert "The AXL Web Service is working and accepting requests. Use HTTP POST to send a request." in answer.text


def test_other_methods_and_paths_are_refused(axl: InProcess) -> None:
    assert page(axl, "PUT").status == 405
    assert page(axl, "GET", "/axl/other").status == 404
    assert page(axl, "POST", "/axl/other").status == 404


def test_a_wrong_password_is_401_and_a_missing_role_403(axl: InProcess) -> None:
    call = axl.call(message("getUser", UPDATE))
    call.headers = {"authorization": "Basic YXhsYWRtaW46d3Jvbmc="}
    answer = axl.send(call)
    assert answer.status == 401
    assert "HTTP Status 401" in answer.text
    assert "Basic" in answer.headers["WWW-Authenticate"]
    assert axl.send(axl.call(message("getUser", UPDATE), account="noaxl")).status == 403


def test_a_session_cookie_stands_for_the_password(axl: InProcess) -> None:
    first = axl.call(message("getUser", UPDATE))
    assert axl.protocol.authenticate(first) is None
    cookies = axl.protocol.route(first).run().cookies
    assert [cookie.split("=")[0] for cookie in cookies] == ["JSESSIONIDSSO", "JSESSIONID"]
    again = axl.call(message("getUser", UPDATE))
    again.headers = {"cookie": "; ".join(cookie.split(";")[0] for cookie in cookies)}
    assert axl.send(again).status == 200
    assert axl.protocol.route(again).run().cookies == ()
    again.headers = {"cookie": "JSESSIONIDSSO=0123456789ABCDEF0123456789ABCDEF"}
    assert axl.send(again).status == 401


@pytest.fixture
def throttled(emulated: Environment) -> InProcess:
    emulated.context = replace(
        emulated.context, scenario=replace(emulated.scenario, axl=AxlSpec(outstanding_limit=3, drained_per_second=2))
    )
    return InProcess(emulated, CucmAxl, "cucm-pub")


def test_too_many_writes_wait_until_the_notifications_are_delivered(throttled: InProcess) -> None:
    write = f"{UPDATE}<title>t</title>"
    assert [throttled.ask("updateUser", write).status for _ in range(4)] == [200, 200, 200, 503]
    refused = throttled.ask("updateUser", write)
    assert refused.headers["Retry-After"] == "1"
    assert throttled.ask("getUser", UPDATE).status == 200
    throttled.environment.clock.advance(1)
    assert [throttled.ask("updateUser", write).status for _ in range(3)] == [200, 200, 503]
    throttled.environment.clock.advance(60)
    assert [throttled.ask("updateUser", write).status for _ in range(4)] == [200, 200, 200, 503]


def test_reads_and_refused_writes_make_no_notifications(throttled: InProcess) -> None:
    for _ in range(5):
        assert throttled.ask("updateUser", f"{UPDATE}<lastName/>").status == 500
        assert throttled.ask("getUser", UPDATE).status == 200
    assert throttled.ask("updateUser", f"{UPDATE}<title>t</title>").status == 200


def test_a_restored_state_has_nothing_outstanding(throttled: InProcess) -> None:
    write = f"{UPDATE}<title>t</title>"
    assert [throttled.ask("updateUser", write).status for _ in range(4)][-1] == 503
    throttled.environment.database.generation += 1
    assert throttled.ask("updateUser", write).status == 200


def test_every_operation_says_whether_it_writes(axl: InProcess) -> None:
    writes = {name for name, write in axl.protocol.operations.items() if write}
    assert writes == {
        *("addUser", "updateUser", "removeUser", "updateServiceParameter", "doServiceParametersReset"),
        *("updateProcessNode", "executeSQLUpdate", "updateFeatureGroupTemplate", "doLdapSync"),
        *(f"{verb}PresenceRedundancyGroup" for verb in ("add", "update", "remove")),
    }
    for name in ("listUser", "getUser", "getServiceParameter", "listServiceParameter", "getProcessNode"):
        assert axl.protocol.operations[name] is False


def test_failures_of_the_web_server_are_its_pages_and_those_of_axl_faults(axl: InProcess) -> None:
    call = axl.call(b"")
    assert axl.protocol.failure(call, 503, "busy").content_type.startswith("text/html")
    broken = axl.protocol.failure(call, 500, "broken")
    assert Answer(broken.status, broken.body).fault.axlcode == 5000
