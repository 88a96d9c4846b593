# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every door of the emulator with one write and one read, for tests that hold all doors to the same promise."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import httpx
from lxml import etree
from pypsrp.exceptions import WinRMError

from tests.support.axl import message
from tests.support.certificates import Identity, issue
from tests.support.emulator import Emulator
from tests.support.exchange import powershell
from tests.support.imp_admin import BASE as ADMIN
from tests.support.imp_admin import FIRST
from tests.support.signing_requests import pem, signing_request

CA = "ca.example.com"
CA_ADMIN = "/ucops-ca-admin/v1"
CERTMGR = "/platformcom/api/v1/certmgr/config"
CONTROL_CENTER = "/controlcenterservice2/services/ControlCenterServices"
ENGINE = "Cisco Presence Engine"
ROLE = {"Role": "ApplicationImpersonation", "User": r"EXAMPLE\svc-imp"}
INTERNAL_ERROR = "Internal error of the emulator"


class Refused(Exception):
    """The door has answered with an error; its text is the answer's."""


@dataclass(frozen=True)
class Door:
    """A protocol: a write, by its name in the journal, and a read that tells whether the write is stored.

    Both raise :class:`Refused` for an error, and one of :data:`BROKEN` when no answer comes.
    """

    protocol: str
    operation: str
    write: Callable[[Emulator], None]
    stored: Callable[[Emulator], bool]
    prepare: Callable[[Emulator], None] = lambda _: None


BROKEN = (httpx.TransportError, OSError, WinRMError)


def _ask(client: httpx.Client, method: str, path: str, **options: object) -> httpx.Response:
    with client:
        answer = client.request(method, path, **options)  # type: ignore[arg-type]
    if answer.status_code >= 400:
        raise Refused(answer.text)
    return answer


def _axl(emulator: Emulator, operation: str, content: str) -> str:
    headers = {"SOAPAction": f'"CUCM:DB ver=14.0 {operation}"', "Content-Type": "text/xml"}
    return _ask(emulator.client("cucm-pub"), "POST", "/axl/", content=message(operation, content), headers=headers).text


def _add_gateway(emulator: Emulator) -> None:
    _ask(emulator.client("imp-pub"), "POST", f"{ADMIN}/presence-gateways", json=FIRST)


def _has_gateway(emulator: Emulator) -> bool:
    return bool(_ask(emulator.client("imp-pub"), "GET", f"{ADMIN}/presence-gateways").json()["items"])


def _update_user(emulator: Emulator) -> None:
    _axl(emulator, "updateUser", "<userid>user0001</userid><department>stored</department>")


def _is_updated(emulator: Emulator) -> bool:
    return "<department>stored</department>" in _axl(emulator, "getUser", "<userid>user0001</userid>")


@cache
def _root() -> Identity:
    return issue("Root CA", ca=True)


def _upload(emulator: Emulator) -> None:
    body = {"service": ["cup"], "certificates": [_root().pem]}
    _ask(emulator.client("imp-pub", 443, "os"), "POST", f"{CERTMGR}/trust/certificates", json=body)


def _is_trusted(emulator: Emulator) -> bool:
    client = emulator.client("imp-pub", 443, "os")
    return bool(_ask(client, "GET", f"{CERTMGR}/trust/certificate?service=cup").json()["certificates"])


def _control_center(emulator: Emulator, inside: str) -> str:
    envelope = (
        '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/" xmlns:s="http://schemas.cisco.com/ast/soap">'
        f"<e:Body>{inside}</e:Body></e:Envelope>"
    )
    headers = {"Content-Type": "text/xml"}
    return _ask(emulator.client("imp-pub"), "POST", CONTROL_CENTER, content=envelope, headers=headers).text


def _stop_engine(emulator: Emulator) -> None:
    _control_center(
        emulator,
        "<s:soapDoControlServices><s:ControlServiceRequest><s:ControlType>Stop</s:ControlType><s:ServiceList><s:item>"
        f"{ENGINE}</s:item></s:ServiceList></s:ControlServiceRequest></s:soapDoControlServices>",
    )


def _engine_is_stopped(emulator: Emulator) -> bool:
    wanted = f"<s:soapGetServiceStatus><s:ServiceStatus>{ENGINE}</s:ServiceStatus></s:soapGetServiceStatus>"
    answer = etree.fromstring(_control_center(emulator, wanted).encode())
    return [element.text for element in answer.iter("{*}ServiceStatus")] == ["Stopped"]


def _assign(emulator: Emulator) -> None:
    with powershell(emulator) as session:
        outcome = session.run("New-ManagementRoleAssignment", **ROLE)
        if outcome.failed:
            raise Refused(str(outcome.errors))


def _is_assigned(emulator: Emulator) -> bool:
    with powershell(emulator) as session:
        outcome = session.run("Get-ManagementRoleAssignment", Role=ROLE["Role"])
        if outcome.failed:
            raise Refused(str(outcome.errors))
        return any("svc-imp" in str(found) for found in outcome.output)


def _ca(emulator: Emulator) -> httpx.Client:
    known = emulator.ready["certification_authorities"][CA]
    login = known["account"]["username"], known["account"]["password"]
    url = f"https://{known['address']}:{known['ports']['443']}"
    return httpx.Client(base_url=url, auth=login, verify=emulator.tls, trust_env=False, timeout=30)


def _submit(emulator: Emulator) -> None:
    form = {"Mode": "newreq", "CertRequest": pem(signing_request("mail1.example.com")), "CertAttrib": ""}
    _ask(_ca(emulator), "POST", "/certsrv/certfnsh.asp", data=form)


def _ca_requests(emulator: Emulator) -> list[str]:
    return [found["state"] for found in _ask(_ca(emulator), "GET", f"{CA_ADMIN}/requests").json()["items"]]


def _is_submitted(emulator: Emulator) -> bool:
    return bool(_ca_requests(emulator))


def _issue(emulator: Emulator) -> None:
    _ask(_ca(emulator), "POST", f"{CA_ADMIN}/requests/1/issue")


def _is_issued(emulator: Emulator) -> bool:
    return _ca_requests(emulator) == ["issued"]


DOORS = (
    Door("imp_admin", "addPresenceGateway", _add_gateway, _has_gateway),
    Door("axl", "updateUser", _update_user, _is_updated),
    Door("certmgr", "POST /trust/certificates", _upload, _is_trusted),
    Door("control_center", "soapDoControlServices", _stop_engine, _engine_is_stopped),
    Door("powershell", "New-ManagementRoleAssignment", _assign, _is_assigned),
    Door("certsrv", "POST /certfnsh.asp", _submit, _is_submitted),
    Door("ca_admin", "issueRequest", _issue, _is_issued, prepare=_submit),
)
