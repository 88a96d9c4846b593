# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Public AXL clients at work: ciscoaxl and ciscouctoolkit, both on zeep, whose every message is checked as well."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest
import requests
import zeep.exceptions
from requests.adapters import HTTPAdapter
from zeep.cache import InMemoryCache

from tests.conformance.axl_schemas import schema
from tests.support.axl import OverTheWire, activate_imp_axl, add_gateway
from tests.support.emulator import Emulator


class Recorder:
    """Keeps the messages of a client, to be checked against the schema that it works with."""

    def __init__(self, session: requests.Session) -> None:
        self.messages: list[tuple[bytes, bytes, int]] = []
        session.hooks["response"].append(self._record)

    def _record(self, response: requests.Response, **_options: Any) -> None:
        body = response.request.body
        if body:
            self.messages.append(
                (body if isinstance(body, bytes) else body.encode(), response.content, response.status_code)
            )

    def check(self, product: str, version: str) -> None:
        """Insist that requests and successful answers were valid, and that there were some."""
        assert self.messages
        oracle = schema(product, version)
        self.messages, found = [], self.messages
        for request, answer, status in found:
            assert oracle.errors(request) == []
            if status == 200:
                assert oracle.errors(answer) == []


@pytest.fixture(scope="module")
def patched(emulator: Emulator) -> Iterator[pytest.MonkeyPatch]:
    """Lets the clients find the emulator: its CA, and its port behind the 8443 that one of them has built in."""
    with pytest.MonkeyPatch.context() as patch:
        # requests prefers these to what a session says.
        patch.setenv("REQUESTS_CA_BUNDLE", emulator.ca_file)
        patch.setenv("CURL_CA_BUNDLE", emulator.ca_file)
        yield patch


@pytest.fixture(scope="module")
def ciscoaxl(emulator: Emulator, patched: pytest.MonkeyPatch) -> Any:
    """A client of the package ciscoaxl, with the schema 12.5."""
    module = importlib.import_module("ciscoaxl.axl")
    patched.setattr(module, "SqliteCache", InMemoryCache)
    username, password = emulator.account()
    client = module.axl(username, password, "localhost", "12.5", cucm_port=emulator.port("cucm-pub"), strict_ssl=True)
    client.recorder = Recorder(client._zeep.transport.session)
    return client


@pytest.fixture(scope="module")
def toolkit(emulator: Emulator, patched: pytest.MonkeyPatch) -> Any:
    """The module of the package ciscouctoolkit; port 8443 of ``cucm.localhost`` and ``imp.localhost`` is redirected."""
    module = importlib.import_module("UCToolkit.UCToolkit")
    cache: Any = InMemoryCache
    patched.setattr(module, "SqliteCache", lambda **_options: cache())
    ports = {"cucm.localhost": emulator.port("cucm-pub"), "imp.localhost": emulator.port("imp-pub")}
    send = HTTPAdapter.send

    def redirected(self: HTTPAdapter, request: requests.PreparedRequest, *args: Any, **options: Any) -> Any:
        parts = urlsplit(request.url or "")
        if parts.hostname in ports:
            request.url = urlunsplit(parts._replace(netloc=f"localhost:{ports[parts.hostname]}"))
        return send(self, request, *args, **options)

    patched.setattr(HTTPAdapter, "send", redirected)
    return module


def test_ciscoaxl_reads_and_writes_users(environment: Emulator, ciscoaxl: Any) -> None:
    add_gateway(environment)
    assert len(ciscoaxl.get_users()) == 1000
    assert ciscoaxl.get_user("user0001")["mailid"] == "user0001@example.com"
    answer = ciscoaxl.update_user(
        userid="user0001", homeCluster="true", imAndPresenceEnable="t", calendarPresence="1", telephoneNumber="+1"
    )
    user = ciscoaxl.get_user("user0001")
    assert answer["return"] == user["uuid"]
    assert [user[name] for name in ("imAndPresenceEnable", "calendarPresence", "telephoneNumber")] == [
        "true",
        "true",
        "+1",
    ]
    assert ciscoaxl.add_user("new", "Last", "First")["return"].startswith("{")
    assert ciscoaxl.delete_user(userid="new")["return"].startswith("{")
    ciscoaxl.recorder.check("CUCM", "12.5")


def test_ciscoaxl_understands_the_faults(environment: Emulator, ciscoaxl: Any) -> None:
    fault = ciscoaxl.get_user("nobody")
    assert isinstance(fault, zeep.exceptions.Fault)
    assert fault.message == "Item not valid: The specified User was not found"
    assert fault.detail.findtext("axlError/axlcode") == "5007"


def test_ciscoaxl_asks_in_sql(environment: Emulator, ciscoaxl: Any) -> None:
    rows = ciscoaxl.run_sql_query("select first 2 userid, enablecups from enduser order by userid")["rows"]
    assert rows == [{"userid": f"user000{number}", "enablecups": "f"} for number in (1, 2)]
    assert ciscoaxl.sql_update("update enduser set enablecups = 't' where userid like 'user000%'")["rowsUpdated"] == 9


def test_ciscoaxl_lists_the_nodes(environment: Emulator, ciscoaxl: Any) -> None:
    assert [node["name"] for node in ciscoaxl.list_process_nodes()] == ["EnterpriseWideData", "cucm-pub"]
    ciscoaxl.recorder.check("CUCM", "12.5")


def test_zeep_itself_reaches_parameters_and_versions(environment: Emulator, ciscoaxl: Any) -> None:
    service = ciscoaxl.client
    key = {
        "processNodeName": "EnterpriseWideData",
        "name": "CalendarSpread",
        "service": "Cisco Presence Engine",
    }
    assert service.getCCMVersion()["return"]["componentVersion"]["version"] == "14.0.1.13900-155"
    assert service.getServiceParameter(**key)["return"]["serviceParameter"]["value"] == "50"
    uuid = service.updateServiceParameter(**key, value="10")["return"]
    found = service.getServiceParameter(uuid=uuid)["return"]["serviceParameter"]
    assert (found["value"], found["processNodeName"]["_value_1"]) == ("10", "EnterpriseWideData")
    listed = service.listServiceParameter(
        searchCriteria={"service": "Cisco Presence Engine"}, returnedTags={"name": "", "value": ""}
    )["return"]["serviceParameter"]
    assert {row["name"]: row["value"] for row in listed}["CalendarSpread"] == "10"
    services = service.listProcessNodeService(
        searchCriteria={"processNodeName": "imp-pub"}, returnedTags={"service": "", "isActive": "t"}
    )["return"]["processNodeService"]
    assert {row["service"]: row["isActive"] for row in services}["Cisco Presence Engine"] == "true"
    assert service.doAuthenticateUser(userid="user0001", password="x")["return"]["userAuthenticated"] == "false"
    with pytest.raises(zeep.exceptions.Fault, match="listPhone is not implemented"):
        service.listPhone({"name": "%"}, returnedTags={"name": ""})
    ciscoaxl.recorder.check("CUCM", "12.5")


@pytest.mark.usefixtures("patched")
def test_ciscoaxl_is_told_what_is_wrong_with_its_account(environment: Emulator) -> None:
    module = importlib.import_module("ciscoaxl.axl")
    port = environment.port("cucm-pub")
    with pytest.raises(Exception, match="401 Unauthorized"):
        module.axl("axladmin", "wrong", "localhost", "12.5", cucm_port=port, strict_ssl=True)
    with pytest.raises(Exception, match="403 Forbidden"):
        module.axl(*environment.account("readonly"), "localhost", "12.5", cucm_port=port, strict_ssl=True)


def test_ciscouctoolkit_works_with_unified_cm(environment: Emulator, toolkit: Any) -> None:
    username, password = environment.account()
    client = toolkit.CUCMAxlToolkit(
        username, password, "cucm.localhost", version="11.5", tls_verify=environment.ca_file
    )
    recorder = Recorder(client.session)
    assert client.getUser("user0002")["department"] == "support"
    client.updateUser(userid="user0002", imAndPresenceEnable="t")
    assert client.getUser("user0002")["imAndPresenceEnable"] == "true"
    client.addUser("new", "Last", "First")
    client.removeUser("new")
    assert [node["name"] for node in client.listAllProcessNodes()] == ["EnterpriseWideData", "cucm-pub"]
    assert client.run_sql_query("select count(*) from enduser")["rows"] == [{"count": "1000"}]
    with pytest.raises(Exception, match="The specified User was not found"):
        client.getUser("new")
    recorder.check("CUCM", "11.5")


def test_ciscouctoolkit_works_with_im_and_presence(environment: Emulator, toolkit: Any) -> None:
    activate_imp_axl(environment)
    username, password = environment.account()
    folder = f"{toolkit.__file__.rpartition('/')[0]}/"
    client = toolkit.IMPAxlToolkit(
        username, password, "imp.localhost", version="12.5", tls_verify=environment.ca_file, schema_folder_path=folder
    )
    recorder = Recorder(client.session)
    assert client.get_cup_version() == "14.0.1.13900-155"
    assert client.service.getClusterInfo()["return"]["ServerInformation"]["cupservernames"]["servername"] == [
        "imp-pub",
        "imp-sub",
    ]
    nodes = client.service.getClusterNodesAndCriticalServices(nodeName="imp-pub", locale="en_US")["return"]
    assert nodes["clusterNodesInfo"][0]["return"]["nodeStateString"] == "Normal"
    OverTheWire(environment).ask(
        "updateUser", "<userid>user0001</userid><imAndPresenceEnable>t</imAndPresenceEnable>"
    ).done()
    environment.control.set_manual("user0001", "BUSY", override=True, activity="meeting", note="Planning <1 & 2>")
    viewed = client.service.getPresenceViewer(userid="user0001", perspectiveuserid="user0002")["return"]
    assert (viewed["userCheck"], viewed["perspectiveUserCheck"], viewed["isUserAssigned"]) == ("true", "true", "true")
    shown = viewed["PresenceViewerInfo"]
    assert (shown["userstatus"], shown["node"]) == ("Busy - In a meeting - Planning <1 & 2>", "imp-pub")
    viewed = client.service.getPresenceViewer(userid="nobody", perspectiveuserid="user0002")["return"]
    assert (viewed["userCheck"], viewed["PresenceViewerInfo"]) == ("false", None)
    query = "SELECT count(*) from processnode WHERE systemnode='f'"
    assert client.run_sql_query(query)["rows"] == [{"count": "2"}]
    recorder.check("IMP", "12.5")


def test_ciscouctoolkit_works_with_the_control_center(environment: Emulator, toolkit: Any) -> None:
    username, password = environment.account()
    client = toolkit.UcmServiceabilityToolkit(username, password, "imp.localhost", tls_verify=environment.ca_file)
    found = {item.ServiceName: item.ServiceStatus for item in client.soapGetServiceStatus()("").ServiceInfoList.item}
    assert (found["Cisco Presence Engine"], found["Cisco AXL Web Service"]) == ("Started", "Stopped")
    request = {"NodeName": "imp-pub", "DeployType": "Deploy", "ServiceList": {"item": ["Cisco AXL Web Service"]}}
    (item,) = client.soapDoServiceDeployment()(request).ServiceInfoList.item
    assert item.ServiceStatus == "Started"
