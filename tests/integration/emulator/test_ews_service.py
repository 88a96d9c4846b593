# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Exchange Web Services as a client meets them first: paths, login, versions, and what is no request."""

from __future__ import annotations

import base64
import ssl

import httpx
import pytest
import requests
import spnego
from requests_ntlm import HttpNtlmAuth

from tests.support.emulator import Emulator
from tests.support.ews import HEADERS, NAMESPACES, PATH, SERVER, Ews, envelope

ROOT_FOLDER = (
    "<m:GetFolder><m:FolderShape><t:BaseShape>IdOnly</t:BaseShape></m:FolderShape>"
    '<m:FolderIds><t:DistinguishedFolderId Id="root"/></m:FolderIds></m:GetFolder>'
)
VERSIONS = (
    "Exchange2007",
    "Exchange2007_SP1",
    "Exchange2010",
    "Exchange2010_SP1",
    "Exchange2010_SP2",
    "Exchange2013",
    "Exchange2013_SP1",
    "Exchange2016",
)


def test_who_does_not_log_in_is_offered_three_ways_in_headers_of_their_own(environment: Emulator) -> None:
    with Ews(environment, account=None) as ews:
        for answer in (ews.client.post(PATH, content=ews.message(ROOT_FOLDER)), ews.client.get(PATH)):
            assert answer.status_code == 401
            offered = [value for name, value in answer.headers.multi_items() if name == "www-authenticate"]
            assert offered == ["Negotiate", "NTLM", f'Basic realm="{SERVER}"']
            assert answer.headers["server"] == "Microsoft-IIS/10.0"
            assert "401 - Unauthorized: Access is denied due to invalid credentials." in answer.text
    assert [entry["operation"] for entry in environment.journal(protocol="ews")] == ["authenticate"] * 2


@pytest.mark.parametrize("name", ["EXAMPLE\\svc-imp", "example\\SVC-IMP", "svc-imp@example.com", "SVC-IMP@example.com"])
def test_basic_takes_the_account_by_either_name_in_any_letter_case(environment: Emulator, name: str) -> None:
    password = environment.ready["exchange_account"]["password"]
    with Ews(environment, account=None, auth=(name, password)) as ews:
        assert ews.ask(ROOT_FOLDER).codes == ["NoError"]
    entry = environment.journal(protocol="ews")[-1]
    assert (entry["operation"], entry["caller"], entry["status"]) == ("GetFolder", "EXAMPLE\\svc-imp", 200)


@pytest.mark.parametrize(
    ("account", "password"),
    [("EXAMPLE\\svc-imp", "wrong"), ("svc-imp", ""), ("EXAMPLE\\nobody", ""), ("EXAMPLE\\exadmin", "")],
)
def test_others_are_refused(environment: Emulator, account: str, password: str) -> None:
    key = "exchange_admin" if account.endswith("exadmin") else "exchange_account"
    right = environment.ready[key]["password"]
    with Ews(environment, account=None, auth=(account, password or right)) as ews:
        assert ews.client.post(PATH, content=ews.message(ROOT_FOLDER)).status_code == 401


def test_ntlm_logs_a_connection_in_until_the_password_changes_and_none_of_the_others(environment: Emulator) -> None:
    account = environment.ready["exchange_account"]
    place = environment.ready["exchange"][SERVER]
    url = f"https://{place['address']}:{place['ports']['443']}{PATH}"
    body = envelope(ROOT_FOLDER)
    with requests.Session() as session:
        session.trust_env = False
        session.verify = environment.ready["exchange"][SERVER]["root_file"]
        session.auth = HttpNtlmAuth(account["username"], account["password"])
        session.headers.update({**HEADERS, "Host": SERVER})
        session.mount("https://", _NameOf())
        assert session.post(url, data=body).status_code == 200
        session.auth = None
        assert session.post(url, data=body).status_code == 200
        environment.control.change_exchange_password()
        assert session.post(url, data=body).status_code == 401
    with requests.Session() as session:
        session.trust_env = False
        session.verify = environment.ready["exchange"][SERVER]["root_file"]
        session.mount("https://", _NameOf())
        assert session.post(url, data=body, headers=HEADERS).status_code == 401


class _NameOf(requests.adapters.HTTPAdapter):
    """Verifies the server under its own name, although it is reached at an address of loopback."""

    def init_poolmanager(self, *arguments: object, **options: object) -> None:
        super().init_poolmanager(*arguments, assert_hostname=SERVER, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("scheme", ["NTLM", "Negotiate"])
def test_the_middle_of_a_handshake_offers_its_token_alone(environment: Emulator, scheme: str) -> None:
    first = base64.b64encode(b"NTLMSSP\0\1\0\0\0\x97\x82\x08\xe2" + bytes(24)).decode()
    with Ews(environment, account=None) as ews:
        answer = ews.client.post(PATH, headers={"Authorization": f"{scheme} {first}"})
        offered = [value for name, value in answer.headers.multi_items() if name == "www-authenticate"]
        assert (answer.status_code, len(offered)) == (401, 1)
        assert offered[0].startswith(f"{scheme} ")
        assert len(offered[0]) > len(scheme) + 20


@pytest.mark.parametrize("scheme", ["NTLM", "Negotiate"])
@pytest.mark.parametrize("name", ["EXAMPLE\\svc-imp", "example\\SVC-IMP", "svc-imp@example.com"])
def test_a_handshake_logs_its_connection_in(environment: Emulator, scheme: str, name: str) -> None:
    options = spnego.NegotiateOptions.use_ntlm
    options |= spnego.NegotiateOptions.use_negotiate if scheme == "Negotiate" else spnego.NegotiateOptions.use_ntlm
    password = environment.ready["exchange_account"]["password"]
    handshake = spnego.client(name, password, protocol=scheme.lower(), options=options)
    limits = httpx.Limits(max_connections=1)
    with Ews(environment, account=None, limits=limits) as one, Ews(environment, account=None) as another:
        token: bytes | None = None
        statuses = []
        while not handshake.complete:
            header = f"{scheme} {base64.b64encode(handshake.step(token) or b'').decode()}"
            answer = one.client.post(PATH, content=one.message(ROOT_FOLDER), headers={"Authorization": header})
            statuses.append(answer.status_code)
            if answer.status_code != 401:
                break
            token = base64.b64decode(answer.headers["www-authenticate"].removeprefix(f"{scheme} "))
        assert statuses == [401, 200]
        assert one.ask(ROOT_FOLDER).codes == ["NoError"]
        assert another.client.post(PATH, content=one.message(ROOT_FOLDER)).status_code == 401
    callers = [entry["caller"] for entry in environment.journal(protocol="ews")]
    assert callers == [None, "EXAMPLE\\svc-imp", "EXAMPLE\\svc-imp", None]


@pytest.mark.parametrize(
    ("method", "path", "status", "words"),
    [
        ("GET", "/EWS/Exchange.asmx", 200, "Exchange Web Services"),
        ("GET", "/ews/EXCHANGE.ASMX/", 200, "Exchange Web Services"),
        ("PUT", "/EWS/Exchange.asmx", 405, "405 - HTTP verb used to access this page is not allowed."),
        ("GET", "/EWS/", 403, "403 - Forbidden: Access is denied."),
        ("GET", "/ews", 403, "403 - Forbidden: Access is denied."),
        ("GET", "/EWS/Services.wsdl", 404, "404 - File or directory not found."),
        ("POST", "/EWS/other.asmx", 404, "404 - File or directory not found."),
    ],
)
def test_paths_and_methods(environment: Emulator, method: str, path: str, status: int, words: str) -> None:
    with Ews(environment) as ews:
        answer = ews.client.request(method, path)
        assert (answer.status_code, words in answer.text) == (status, True)
        assert answer.headers["server"] == "Microsoft-IIS/10.0"


def test_letter_case_of_the_path_does_not_count(environment: Emulator) -> None:
    with Ews(environment) as ews:
        assert ews.client.post("/ews/exchange.ASMX", content=ews.message(ROOT_FOLDER)).status_code == 200


def test_only_xml_is_taken(environment: Emulator) -> None:
    with Ews(environment) as ews:
        answer = ews.client.post(PATH, content=ews.message(ROOT_FOLDER), headers={"Content-Type": "application/json"})
        assert (answer.status_code, "415 - " in answer.text) == (415, True)


def test_the_answer_says_which_build_it_is_of(environment: Emulator) -> None:
    with Ews(environment, server="mail2.example.com") as ews:
        answer = ews.ask(ROOT_FOLDER)
        assert answer.response.headers["content-type"] == "text/xml; charset=utf-8"
        info = httpx.Response(200, content=answer.response.content).text.partition("ServerVersionInfo")[2]
        assert 'MajorVersion="15" MinorVersion="2"' in info


@pytest.mark.parametrize("version", VERSIONS)
def test_each_version_of_the_schema_is_taken(environment: Emulator, version: str) -> None:
    with Ews(environment, version=version) as ews:
        assert ews.ask(ROOT_FOLDER).codes == ["NoError"]


@pytest.mark.parametrize("version", ["Exchange2015", "Exchange2019", "exchange2016", ""])
def test_any_other_version_is_none(environment: Emulator, version: str) -> None:
    with Ews(environment) as ews:
        answer = ews.ask(ROOT_FOLDER, f'<t:RequestServerVersion Version="{version}"/>')
        assert (answer.status, answer.codes) == (500, ["ErrorInvalidServerVersion"])


@pytest.mark.parametrize(
    ("operation", "before", "since"),
    [
        ("ConvertId", "Exchange2007", "Exchange2007_SP1"),
        ("GetServerTimeZones", "Exchange2007_SP1", "Exchange2010"),
    ],
)
def test_an_operation_that_a_version_does_not_have(
    environment: Emulator, operation: str, before: str, since: str
) -> None:
    for version, refused in ((before, True), (since, False)):
        with Ews(environment, version=version) as ews:
            codes = ews.ask(f"<m:{operation}><m:Nothing/></m:{operation}>").codes
            assert (codes == ["ErrorIncorrectSchemaVersion"]) == refused


def test_without_a_version_a_request_is_of_the_oldest(environment: Emulator) -> None:
    with Ews(environment, version=None) as ews:
        assert ews.ask(ROOT_FOLDER).codes == ["NoError"]
        assert ews.ask("<m:GetServerTimeZones/>").codes == ["ErrorIncorrectSchemaVersion"]


def test_the_headers_may_stand_in_any_order_among_others(environment: Emulator) -> None:
    zone = '<t:TimeZoneContext><t:TimeZoneDefinition Id="W. Europe Standard Time" Name="x"/></t:TimeZoneContext>'
    version = '<t:RequestServerVersion Version="Exchange2016"/>'
    other = '<x:Trace xmlns:x="urn:example">1</x:Trace>'
    with Ews(environment) as ews:
        for header in (zone + version + other, other + version + zone, version + zone):
            assert ews.ask(ROOT_FOLDER, header).codes == ["NoError"]
        assert ews.ask(ROOT_FOLDER, version + version).codes == ["ErrorDuplicateSOAPHeader"]
        unknown = '<t:TimeZoneContext><t:TimeZoneDefinition Id="Middle-earth Time"/></t:TimeZoneContext>'
        answer = ews.ask(ROOT_FOLDER, unknown)
        assert (answer.status, answer.codes) == (500, ["ErrorTimeZone"])


@pytest.mark.parametrize("operation", ["SyncFolderItems", "GetUserPhoto", "Nonsense", "x" * 300])
def test_an_operation_that_there_is_not_is_a_typed_error(environment: Emulator, operation: str) -> None:
    with Ews(environment) as ews:
        answer = ews.ask(f"<m:{operation}/>")
        assert (answer.status, answer.codes) == (500, ["ErrorInvalidRequest"])
    assert environment.journal(protocol="ews")[-1]["operation"] == operation[:100]


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("", "ErrorSchemaValidation"),
        ("no XML", "ErrorSchemaValidation"),
        ("<unfinished", "ErrorSchemaValidation"),
        ("<Envelope/>", "ErrorSchemaValidation"),
        ('<!DOCTYPE x [<!ENTITY e "e">]>' + envelope(ROOT_FOLDER), "ErrorSchemaValidation"),
        (envelope(ROOT_FOLDER + ROOT_FOLDER), "ErrorSchemaValidation"),
        (envelope("<a>" * 40 + "</a>" * 40), "ErrorSchemaValidation"),
        (envelope(""), "ErrorInvalidRequest"),
        (envelope(ROOT_FOLDER).replace("FolderShape", "OtherShape"), "ErrorSchemaValidation"),
        (envelope(ROOT_FOLDER).replace("IdOnly", "Everything"), "ErrorSchemaValidation"),
        (envelope(ROOT_FOLDER).replace("DistinguishedFolderId", "FolderName"), "ErrorSchemaValidation"),
    ],
)
def test_what_is_no_request_is_a_typed_error(environment: Emulator, message: str, code: str) -> None:
    with Ews(environment) as ews:
        answer = ews.send(message)
        assert (answer.status, answer.codes) == (500, [code])
        violation = answer.body.findtext("detail/t:MessageXml/t:Violation", None, NAMESPACES)
        assert (violation is not None) == (code == "ErrorSchemaValidation")


@pytest.mark.parametrize(
    "message",
    [
        "<m:GetItem><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape></m:ItemShape><m:ItemIds/></m:GetItem>",
        '<m:CreateItem SendMeetingInvitations="SendToNone"><m:Items/></m:CreateItem>',
        (
            '<m:UpdateItem ConflictResolution="AutoResolve" SendMeetingInvitationsOrCancellations="SendToNone">'
            "<m:ItemChanges/></m:UpdateItem>"
        ),
        '<m:DeleteItem DeleteType="HardDelete" SendMeetingCancellations="SendToNone"><m:ItemIds/></m:DeleteItem>',
        (
            '<m:FindItem Traversal="Shallow"><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape></m:ItemShape>'
            "<m:ParentFolderIds/></m:FindItem>"
        ),
        "<m:GetFolder><m:FolderShape><t:BaseShape>IdOnly</t:BaseShape></m:FolderShape><m:FolderIds/></m:GetFolder>",
        (
            '<m:FindFolder Traversal="Deep"><m:FolderShape><t:BaseShape>IdOnly</t:BaseShape></m:FolderShape>'
            "<m:ParentFolderIds/></m:FindFolder>"
        ),
        '<m:ConvertId DestinationFormat="EwsId"><m:SourceIds/></m:ConvertId>',
        "<m:GetServerTimeZones><m:Ids/></m:GetServerTimeZones>",
        (
            "<m:GetStreamingEvents><m:SubscriptionIds><t:SubscriptionId/></m:SubscriptionIds>"
            "<m:ConnectionTimeout>1</m:ConnectionTimeout></m:GetStreamingEvents>"
        ),
    ],
)
def test_a_list_that_names_nothing_breaks_the_schema(environment: Emulator, message: str) -> None:
    with Ews(environment) as ews:
        answer = ews.ask(message)
        assert (answer.status, answer.codes) == (500, ["ErrorSchemaValidation"])


def test_a_document_that_is_not_plain_enough_is_never_expanded(environment: Emulator) -> None:
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10 if n else "x" * 10}">' for n in range(10))
    with Ews(environment) as ews:
        answer = ews.send(f"<!DOCTYPE x [{entities}]>" + envelope("<m:GetFolder>&e9;</m:GetFolder>"))
        assert answer.codes == ["ErrorSchemaValidation"]


def test_the_host_name_is_that_of_the_certificate(environment: Emulator) -> None:
    place = environment.ready["exchange"][SERVER]
    context = ssl.create_default_context(cafile=place["root_file"])
    with httpx.Client(verify=context, trust_env=False) as client:
        answer = client.get(
            f"https://{place['address']}:{place['ports']['443']}{PATH}",
            headers={"Host": SERVER},
            extensions={"sni_hostname": SERVER},
        )
        assert answer.status_code == 401
