# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests that no sensible client sends: real ones of every door, spoiled by a seeded choice."""

from __future__ import annotations

import base64
import json
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from urllib.parse import quote_plus

import httpx

from tests.support.axl import message
from tests.support.certificates import issue
from tests.support.doors import CA, CA_ADMIN, CERTMGR, CONTROL_CENTER
from tests.support.emulator import Emulator
from tests.support.ews import PATH as EWS
from tests.support.ews import envelope
from tests.support.imp_admin import BASE as ADMIN
from tests.support.imp_admin import FIRST
from tests.support.signing_requests import pem, signing_request

SOAP = {"Content-Type": "text/xml; charset=utf-8"}
JSON = {"Content-Type": "application/json"}
PRESENCE = "/presence-service"


@dataclass(frozen=True)
class Attack:
    """A request to one listener: ``account`` is a key of the ready file, or empty for none."""

    host: str
    port: int
    account: str
    method: str
    path: str
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


def _axl(operation: str, content: str) -> Attack:
    headers = SOAP | {"SOAPAction": f'"CUCM:DB ver=14.0 {operation}"'}
    return Attack("cucm-pub", 8443, "application", "POST", "/axl/", headers, message(operation, content))


def _ews(content: str, header: str = "") -> Attack:
    return Attack("mail1.example.com", 443, "exchange", "POST", EWS, SOAP, envelope(content, header).encode())


def _control_center(inside: str) -> Attack:
    body = (
        '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/" xmlns:s="http://schemas.cisco.com/ast/soap">'
        f"<e:Body>{inside}</e:Body></e:Envelope>"
    )
    return Attack("imp-pub", 8443, "application", "POST", CONTROL_CENTER, SOAP, body.encode())


def json_request(method: str, path: str, body: str = "", port: int = 8443, account: str = "application") -> Attack:
    """Return a request with JSON to a node of IM and Presence."""
    return Attack("imp-pub", port, account, method, path, JSON | {"If-Match": "*"}, body.encode())


_CALENDAR = '<t:DistinguishedFolderId Id="calendar"><t:Mailbox><t:EmailAddress>user0001@example.com</t:EmailAddress>'
_FOLDER = f"{_CALENDAR}</t:Mailbox></t:DistinguishedFolderId>"
_SHAPE = "<m:ItemShape><t:BaseShape>AllProperties</t:BaseShape></m:ItemShape>"
GET_FOLDER = (
    f"<m:GetFolder><m:FolderShape><t:BaseShape>Default</t:BaseShape></m:FolderShape><m:FolderIds>{_FOLDER}"
    "</m:FolderIds></m:GetFolder>"
)
FIND_ITEM = (
    f'<m:FindItem Traversal="Shallow">{_SHAPE}<m:CalendarView MaxEntriesReturned="9" '
    'StartDate="2026-11-26T00:00:00Z" EndDate="2026-11-27T00:00:00Z"/><m:ParentFolderIds>'
    f"{_FOLDER}</m:ParentFolderIds></m:FindItem>"
)
_GROUPS = (
    "<associatedGroups><userGroup><name>Standard CCM End Users</name><userRoles><userRole>Standard CCM End Users"
    "</userRole></userRoles></userGroup></associatedGroups>"
)
_GROUP = "<name>second</name><description>one</description><server1>imp-sub</server1>"
_PARAMETER = (
    "<processNodeName>EnterpriseWideData</processNodeName><name>CalendarSpread</name><service>Cisco Presence Engine"
    "</service>"
)
_GROUP_TAGS = "<returnedTags><name/><haEnabled/><numUsers/></returnedTags>"
_TAGS = "<returnedTags><department/></returnedTags>"
_ZONES = '<m:GetServerTimeZones ReturnFullTimeZoneData="true"><m:Ids><t:Id>UTC</t:Id></m:Ids></m:GetServerTimeZones>'
_CONTACT = f"{PRESENCE}/users/user0001/presence/basic/contacts/user0002@dc1.example.com"
_SERVICE = "Cisco Presence Engine"
_CREATE = (
    '<m:CreateItem SendMeetingInvitations="SendToNone"><m:Items><t:CalendarItem><t:Subject>one</t:Subject>'
    "<t:Start>2026-11-26T09:00:00Z</t:Start><t:End>2026-11-26T10:00:00Z</t:End><t:LegacyFreeBusyStatus>Busy"
    "</t:LegacyFreeBusyStatus><t:Recurrence><t:DailyRecurrence><t:Interval>1</t:Interval></t:DailyRecurrence>"
    "<t:NumberedRecurrence><t:StartDate>2026-11-26Z</t:StartDate><t:NumberOfOccurrences>3</t:NumberOfOccurrences>"
    "</t:NumberedRecurrence></t:Recurrence></t:CalendarItem></m:Items></m:CreateItem>"
)
_AVAILABILITY = (
    "<m:GetUserAvailabilityRequest><t:TimeZone><t:Bias>0</t:Bias><t:StandardTime><t:Bias>0</t:Bias><t:Time>02:00:00"
    "</t:Time><t:DayOrder>5</t:DayOrder><t:Month>10</t:Month><t:DayOfWeek>Sunday</t:DayOfWeek></t:StandardTime>"
    "<t:DaylightTime><t:Bias>-60</t:Bias><t:Time>02:00:00</t:Time><t:DayOrder>5</t:DayOrder><t:Month>3</t:Month>"
    "<t:DayOfWeek>Sunday</t:DayOfWeek></t:DaylightTime></t:TimeZone><m:MailboxDataArray><t:MailboxData><t:Email>"
    "<t:Address>user0001@example.com</t:Address></t:Email><t:AttendeeType>Required</t:AttendeeType></t:MailboxData>"
    "</m:MailboxDataArray><t:FreeBusyViewOptions><t:TimeWindow><t:StartTime>2026-11-26T00:00:00</t:StartTime>"
    "<t:EndTime>2026-11-27T00:00:00</t:EndTime></t:TimeWindow><t:MergedFreeBusyIntervalInMinutes>30"
    "</t:MergedFreeBusyIntervalInMinutes><t:RequestedView>Detailed</t:RequestedView></t:FreeBusyViewOptions>"
    "</m:GetUserAvailabilityRequest>"
)
_SUBSCRIBE = (
    f"<m:Subscribe><m:PushSubscriptionRequest><t:FolderIds>{_FOLDER}</t:FolderIds><t:EventTypes><t:EventType>"
    "CreatedEvent</t:EventType></t:EventTypes><t:StatusFrequency>1</t:StatusFrequency><t:URL>http://127.0.0.1:9/x"
    "</t:URL></m:PushSubscriptionRequest></m:Subscribe>"
)
_GATEWAY = json.dumps(FIRST | {"name": "mail2.example.com"})
_REQUEST_2013 = '<t:RequestServerVersion Version="Exchange2013"/>'

_NO_FAULT = b'{"effect": {"kind": "status"}, "cluster": "", "protocol": "axl"}'
"""A fault that strikes nothing: servers of no cluster do not speak AXL."""


def requests() -> tuple[Attack, ...]:
    """Return one sound request or more for every protocol."""
    return (*_soap_of_cisco(), *_forms_and_json(), *_of_exchange(), *_of_others())


def _soap_of_cisco() -> tuple[Attack, ...]:
    return (
        _axl("getUser", "<userid>user0001</userid>" + _TAGS),
        _axl("updateUser", "<userid>user0001</userid><department>sales</department>"),
        _axl(
            "listUser", "<searchCriteria><userid>user%</userid></searchCriteria><returnedTags><userid/></returnedTags>"
        ),
        _axl("executeSQLQuery", "<sql>select userid from enduser where userid matches 'user*1'</sql>"),
        _axl("executeSQLUpdate", "<sql>update enduser set department='x' where userid='user0001'</sql>"),
        _axl("getServiceParameter", _PARAMETER),
        _axl("addUser", f"<user><lastName>new</lastName><userid>new</userid>{_GROUPS}</user>"),
        _axl("updateUser", f"<userid>user0002</userid>{_GROUPS}<calendarPresence>t</calendarPresence>"),
        _axl("listPresenceRedundancyGroup", "<searchCriteria><name>%</name></searchCriteria>" + _GROUP_TAGS),
        _axl("updatePresenceRedundancyGroup", "<name>DefaultCUPSubcluster</name><haEnabled>true</haEnabled>"),
        _axl("addPresenceRedundancyGroup", f"<presenceRedundancyGroup>{_GROUP}</presenceRedundancyGroup>"),
        _axl("removePresenceRedundancyGroup", "<name>second</name>"),
        _control_center(
            f"<s:soapGetServiceStatus><s:ServiceStatus>{_SERVICE}</s:ServiceStatus></s:soapGetServiceStatus>"
        ),
        _control_center(
            "<s:soapDoControlServices><s:ControlServiceRequest><s:ControlType>Restart</s:ControlType><s:ServiceList>"
            f"<s:item>{_SERVICE}</s:item></s:ServiceList></s:ControlServiceRequest></s:soapDoControlServices>"
        ),
    )


def _forms_and_json() -> tuple[Attack, ...]:
    root = json.dumps({"service": ["cup"], "certificates": [issue("Attacked CA", ca=True).pem]})
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    return (
        json_request("POST", f"{CERTMGR}/trust/certificates", root, 443, "os"),
        json_request("GET", f"{CERTMGR}/trust/certificate?service=cup", "", 443, "os"),
        json_request("POST", f"{ADMIN}/presence-gateways", _GATEWAY),
        json_request("GET", f"{ADMIN}/presence-gateways/status?node=imp-sub"),
        json_request("GET", f"{ADMIN}/presence?userid=user0001"),
        Attack(CA, 443, "ca", "POST", "/certsrv/certfnsh.asp", form, _FORM.encode()),
        Attack(CA, 443, "ca", "GET", "/certsrv/certnew.cer?ReqID=1&Enc=b64"),
        Attack(CA, 443, "ca", "POST", f"{CA_ADMIN}/requests/1/issue", JSON),
        Attack(CA, 443, "ca", "POST", f"{CA_ADMIN}/requests/1/revoke", JSON, b'{"reason": "superseded"}'),
        Attack(CA, 443, "ca", "GET", f"{CA_ADMIN}/requests?state=pending&csr=00"),
        json_request("GET", f"{ADMIN}/presence-redundancy-groups"),
        json_request(
            "POST", f"{ADMIN}/presence-redundancy-groups/DefaultCUPSubcluster/failover", '{"node": "imp-sub"}'
        ),
    )


def _of_exchange() -> tuple[Attack, ...]:
    return (
        _ews(GET_FOLDER),
        _ews(FIND_ITEM),
        _ews(_CREATE),
        _ews(f'<m:GetItem>{_SHAPE}<m:ItemIds><t:ItemId Id="AAA=" ChangeKey="BBB="/></m:ItemIds></m:GetItem>'),
        _ews(_AVAILABILITY),
        _ews(_SUBSCRIBE),
        _ews(_ZONES, _REQUEST_2013),
    )


def _of_others() -> tuple[Attack, ...]:
    presence = Attack("imp-pub", 8083, "", "POST", f"{PRESENCE}/users/app/sessions", SOAP)
    replies = b'{"state": "Scheduled", "start": "2026-11-26T09:00:00Z", "end": "2026-11-27T09:00:00Z"}'
    return (
        replace(presence, body=b"<session><password>wrong</password></session>"),
        replace(presence, method="GET", path=_CONTACT, headers=SOAP | {"Presence-Session-Key": "none"}),
        Attack("control", 0, "control", "POST", "/clock/advance", JSON, b'{"seconds": 1}'),
        Attack("control", 0, "control", "POST", "/faults", JSON, _NO_FAULT),
        Attack("control", 0, "control", "GET", "/journal?after=0"),
        Attack("control", 0, "control", "PUT", "/mailboxes/user0001@example.com/automatic-replies", JSON, replies),
    )


_VALUES = (
    b"",
    b" ",
    b"\x00",
    b"\xff\xfe",
    b"\xed\xa0\x80",
    b"-1",
    b"0",
    b"99999999999999999999999999",
    b"1e999",
    b"NaN",
    b"1" * 5000,
    b"\xef\xbf\xbf",
    b"&#0;",
    b"&#xD800;",
    b"&undefined;",
    b"<a>",
    b"]]>",
    b"'",
    b'"',
    b"%",
    b"[",
    b"*" * 40,
    b"\\ud800",
    b"\\u0000",
    b"null",
    b"true",
    b"{}",
    b"[[]]",
    b"[" * 3000,
    b'{"a":' * 2000,
    b"9999-12-31T23:59:59Z",
    b"0001-01-01T00:00:00Z",
    b"2026-02-30T00:00:00Z",
    b"2026-11-26T00:00:00+99:99",
    b"a" * 70_000,
    "\u3000\u202e\u0130".encode(),
    b"?",
    b"../../../etc/passwd",
    b"-9223372036854775809",
    b"P9999999999Y",
)
_HEADERS = (
    ("Authorization", "Basic \xff\xfe"),
    ("Authorization", "Basic " + base64.b64encode(b"\xff:\xfe").decode()),
    ("Authorization", "Basic " + base64.b64encode("ü\x00:ü".encode()).decode()),
    ("Authorization", "NTLM AAAA"),
    ("Authorization", "NTLM \xff"),
    ("Authorization", "Negotiate \xff"),
    ("Authorization", "NTLM TlRMTVNTUAADAAAA/////w=="),
    ("Authorization", "Negotiate TlRMTVNTUAADAAAA"),
    ("Authorization", "NTLM TlRMTVNTUAABAAAA"),
    ("Authorization", "\xe9"),
    ("Authorization", "Bearer \xff"),
    ("Authorization", "Bearer a.b.c"),
    ("Authorization", "Basic"),
    ("Authorization", "Basic ="),
    ("Content-Type", "\xff"),
    ("Content-Type", "multipart/form-data"),
    ("Content-Type", "text/xml; charset=utf-7"),
    ("Content-Type", 'application/json; charset="nonsense"'),
    ("SOAPAction", "\xff"),
    ("SOAPAction", "x" * 9000),
    ("Cookie", "JSESSIONIDSSO=\xff; =;;="),
    ("If-Match", "\xff"),
    ("Accept", "\xff/*"),
    ("Accept-Language", "\xff-,;q=x"),
    ("Presence-Session-Key", "\xff"),
    ("Presence-Expiry", "99999999999999999999"),
    ("Presence-Override", "\xff"),
    ("X-AnchorMailbox", "\xff"),
    ("Content-Encoding", "gzip"),
    ("Host", "\xff"),
    ("Expect", "100-continue"),
)
_FORM = f"Mode=newreq&CertRequest={quote_plus(pem(signing_request('mail1.example.com')))}&CertAttrib=a:b"
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND")
_PLACES = re.compile(rb">([^<>]*)<|\"([^\"]*)\"|=([^&]*)")
_IN_PATH = re.compile(r"[^/?&=]+")


def spoiled(seed: int, count: int, sound: Sequence[Attack]) -> Iterator[Attack]:
    """Give so many spoiled requests made of sound ones, always the same for a seed."""
    # What is random here guards nothing.
    choice = random.Random(seed)
    for number in range(count):
        attack = sound[number % len(sound)]
        for _ in range(choice.randint(1, 2)):
            attack = choice.choice((_value, _value, _value, _bytes, _header, _path, _method))(attack, choice)
        yield attack


def _value(attack: Attack, choice: random.Random) -> Attack:
    places = list(_PLACES.finditer(attack.body))
    if not places:
        return _path(attack, choice)
    found = choice.choice(places)
    group = found.lastindex or 0
    start, end = found.span(group)
    return replace(attack, body=attack.body[:start] + choice.choice(_VALUES) + attack.body[end:])


def _bytes(attack: Attack, choice: random.Random) -> Attack:
    start, length = choice.randint(0, len(attack.body)), choice.randint(0, 40)
    inside = choice.choice((b"", choice.choice(_VALUES), attack.body[start : start + length] * 2))
    return replace(attack, body=attack.body[:start] + inside + attack.body[start + length :])


def _header(attack: Attack, choice: random.Random) -> Attack:
    name, value = choice.choice(_HEADERS)
    account = "" if name == "Authorization" else attack.account
    return replace(attack, account=account, headers=attack.headers | {name: value})


def _path(attack: Attack, choice: random.Random) -> Attack:
    places = list(_IN_PATH.finditer(attack.path))
    if not places:
        return attack
    found = choice.choice(places)
    value = "".join(f"%{octet:02x}" for octet in choice.choice(_VALUES)[:2000])
    return replace(attack, path=attack.path[: found.start()] + value + attack.path[found.end() :])


def _method(attack: Attack, choice: random.Random) -> Attack:
    return replace(attack, method=choice.choice(_METHODS))


class Attacker:
    """Sends attacks to an emulator, over one connection for each listener."""

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator
        self._clients: dict[tuple[str, int, str], httpx.Client] = {}

    def send(self, attack: Attack) -> httpx.Response | None:
        """Return the answer; ``None`` when the server closed the connection or did not understand it as HTTP."""
        key = (attack.host, attack.port, attack.account)
        if key not in self._clients:
            self._clients[key] = self._client(*key)
        headers = [(name.encode(), value.encode("latin-1")) for name, value in attack.headers.items()]
        try:
            return self._clients[key].request(attack.method, attack.path, headers=headers, content=attack.body)
        except httpx.RemoteProtocolError:
            return None

    def close(self) -> None:
        """Close all connections."""
        for client in self._clients.values():
            client.close()

    def _client(self, host: str, port: int, account: str) -> httpx.Client:
        ready = self._emulator.ready
        if host == "control":
            headers = {"Authorization": f"Bearer {ready['control']['token']}"} if account else {}
            return httpx.Client(base_url=ready["control"]["url"], headers=headers, trust_env=False, timeout=30)
        others = (
            ready["exchange"] | ready["certification_authorities"] | (ready["exchange_online"] or {}).get("hosts", {})
        )
        if host in others:
            known = others[host]
            given = {"ca": known.get("account"), "exchange": ready["exchange_account"]}.get(
                account, ready["exchange_admin"]
            )
            login = (given["username"], given["password"]) if account else None
            url = f"https://{known['address']}:{known['ports'][str(port)]}"
            # Scenario "certificates" begins with servers that show a certificate nobody has signed.
            return httpx.Client(base_url=url, auth=login, verify=False, trust_env=False, timeout=30)
        return self._emulator.client(host, port, account or None)
