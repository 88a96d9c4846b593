# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sound requests for :mod:`tests.support.attacks` that only count with what an emulator has given before.

Remote PowerShell's are those of the public client, taken down; the others carry the key of a session, or a token.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from pypsrp.powershell import RunspacePool

from imp_emulator.scenario.model import GRAPH_HOST, LOGIN_HOST, OUTLOOK_HOST
from tests.support.attacks import FIND_ITEM, GET_FOLDER, JSON, PRESENCE, SOAP, Attack, json_request
from tests.support.axl import OverTheWire
from tests.support.emulator import Emulator
from tests.support.ews import PATH as EWS
from tests.support.ews import envelope
from tests.support.exchange import CONFIGURATION, MAIL1, Session, wsman
from tests.support.imp_admin import BASE as ADMIN
from tests.support.imp_admin import FIRST
from tests.support.online import EWS_SCOPE, application, reached, token
from tests.support.presence_web_client import Client
from tests.support.presence_web_service import endpoint, rich, subscription

_SOAP12 = {"Content-Type": "application/soap+xml;charset=UTF-8"}
_WSMAN = "/powershell?serializationLevel=Full;PSVersion=5.1"
_ANNA = "user0001@example.com"
_USER = "user0001"
_EVENT = {
    "subject": "one",
    "start": {"dateTime": "2026-11-26T09:00:00", "timeZone": "UTC"},
    "end": {"dateTime": "2026-11-26T10:00:00", "timeZone": "UTC"},
    "showAs": "busy",
    "attendees": [{"emailAddress": {"address": "user0002@example.com"}, "type": "required"}],
    "recurrence": {
        "pattern": {"type": "daily", "interval": 1},
        "range": {"type": "numbered", "startDate": "2026-11-26", "numberOfOccurrences": 3},
    },
}
_REPLIES = {
    "automaticRepliesSetting": {
        "status": "scheduled",
        "scheduledStartDateTime": {"dateTime": "2026-11-26T09:00:00", "timeZone": "UTC"},
        "scheduledEndDateTime": {"dateTime": "2026-11-27T09:00:00", "timeZone": "UTC"},
        "internalReplyMessage": "away",
    }
}


def requests_in_sessions(emulator: Emulator) -> tuple[Attack, ...]:
    """Return sound requests for what the emulator's scenario has."""
    online = _of_exchange_online(emulator) if emulator.ready["exchange_online"] else ()
    return (_gateway(emulator), *_of_powershell(emulator), *_of_presence(emulator), *online)


def _gateway(emulator: Emulator) -> Attack:
    with emulator.client("imp-pub") as client:
        place = client.post(f"{ADMIN}/presence-gateways", json=FIRST).raise_for_status().headers["Location"]
    return json_request("PUT", place, json.dumps(FIRST))


def _of_powershell(emulator: Emulator) -> Iterator[Attack]:
    """Take down what the public client sends for a session with a read and a write."""
    # Scenario "certificates" begins with servers that show a certificate nobody has signed.
    connection: Any = wsman(emulator, verified=False)
    sent: list[bytes] = []
    send = connection.transport.send

    def noted(message: bytes, **options: Any) -> bytes:
        # What waits for output would wait for so long.
        sent.append(message.replace(b"PT20S", b"PT0.1S"))
        return bytes(send(message, **options))

    connection.transport.send = noted
    with RunspacePool(connection, configuration_name=CONFIGURATION) as pool:
        session = Session(pool)
        session.run("Get-ExchangeCertificate")
        session.run("New-ManagementScope", Name="Staff", RecipientRestrictionFilter="Alias -like 'user*'")
    assert len(sent) > 5
    return (Attack(MAIL1, 5986, "exchange_admin", "POST", _WSMAN, _SOAP12, message) for message in sent)


def _of_presence(emulator: Emulator) -> Iterator[Attack]:
    axl = OverTheWire(emulator)
    for userid in (_USER, "user0002"):
        axl.ask("updateUser", f"<userid>{userid}</userid><imAndPresenceEnable>true</imAndPresenceEnable>").done()
    client = Client(emulator)
    application_key = client.application()
    user_key = client.user(_USER, application_key)
    contact = f"{_USER}@dc1.example.com"
    presence = f"/users/{_USER}/presence"
    for key, method, path, body in (
        (application_key, "POST", "/users/user0002/sessions", ""),
        (application_key, "POST", "/endpoints", endpoint()),
        (user_key, "POST", f"/users/{_USER}/subscriptions", subscription((contact,))),
        (user_key, "GET", f"{presence}/basic/subscriptions/1", ""),
        (user_key, "GET", f"{presence}/rich/contacts/{contact}", ""),
        (user_key, "PUT", f"{presence}/rich", rich("busy")),
        (user_key, "PUT", f"{presence}/basic", "<presence>BUSY</presence>"),
    ):
        headers = SOAP | {"Presence-Session-Key": key, "Presence-Expiry": "3600", "Presence-Override": "true"}
        yield Attack("imp-pub", 8083, "", method, f"{PRESENCE}{path}", headers, body.encode())


def _of_exchange_online(emulator: Emulator) -> Iterator[Attack]:
    with reached(emulator):
        graph = JSON | {"Authorization": f"Bearer {token(emulator, 'writer')}"}
        ews = SOAP | {"Authorization": f"Bearer {token(emulator, scope=EWS_SCOPE)}", "X-AnchorMailbox": _ANNA}
    impersonation = (
        "<t:ExchangeImpersonation><t:ConnectingSID><t:SmtpAddress>user0001@example.com</t:SmtpAddress>"
        "</t:ConnectingSID></t:ExchangeImpersonation>"
    )
    for content in (GET_FOLDER, FIND_ITEM):
        yield Attack(OUTLOOK_HOST, 443, "", "POST", EWS, ews, envelope(content, impersonation).encode())
    for method, path, body in (
        ("GET", "/calendarView?startDateTime=2026-11-26T00:00:00Z&endDateTime=2026-11-27T00:00:00Z&$top=5", None),
        ("GET", "/events?$filter=subject eq 'one'&$select=subject,start&$orderby=subject&$skip=1", None),
        ("POST", "/events", _EVENT),
        ("PATCH", "/mailboxSettings", _REPLIES),
        ("GET", "/mailboxSettings/automaticRepliesSetting", None),
    ):
        sent = b"" if body is None else json.dumps(body).encode()
        yield Attack(GRAPH_HOST, 443, "", method, f"/v1.0/users/{_ANNA}{path}", graph, sent)
    client_id, secret = application(emulator)
    form = f"grant_type=client_credentials&client_id={client_id}&client_secret={secret}&scope={EWS_SCOPE}"
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    tenant = emulator.ready["exchange_online"]["tenant_id"]
    yield Attack(LOGIN_HOST, 443, "", "POST", f"/{tenant}/oauth2/v2.0/token", kind, form.encode())
    yield Attack(LOGIN_HOST, 443, "", "GET", f"/{tenant}/v2.0/.well-known/openid-configuration")
