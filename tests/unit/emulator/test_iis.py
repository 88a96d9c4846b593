# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Exchange servers and certification authorities answer as IIS does, Cisco's nodes as Tomcat does."""

from __future__ import annotations

import pytest

from imp_emulator.pipeline.accounts import Accounts
from imp_emulator.pipeline.request import Protocol, Request, Response
from imp_emulator.wire.axl.cucm import CucmAxl
from imp_emulator.wire.ca.admin import CaAdmin
from imp_emulator.wire.ca.certsrv import CertSrv
from imp_emulator.wire.control_center import ControlCenter
from imp_emulator.wire.exchange.ews import Ews
from imp_emulator.wire.exchange.powershell import PowerShell
from imp_emulator.wire.http import iis
from imp_emulator.world.environment import Environment

TITLES = {
    401: "401 - Unauthorized: Access is denied due to invalid credentials.",
    403: "403 - Forbidden: Access is denied.",
    404: "404 - File or directory not found.",
    405: "405 - HTTP verb used to access this page is not allowed.",
    500: "500 - Internal server error.",
    503: "503 - Service Unavailable.",
    599: "599 - Error.",
}
PATHS = {"ews": "/EWS/Exchange.asmx", "powershell": "/PowerShell/", "certsrv": "/certsrv/", "ca_admin": "/x"}


def protocol(environment: Environment, kind: type[CertSrv | CaAdmin | Ews | PowerShell]) -> Protocol:
    return kind(environment.context, Accounts(environment.database, environment.sessions))


def request(path: str = "/", method: str = "GET", node: str = "mail1.example.com", body: bytes = b"") -> Request:
    return Request("", node, 443, method, path, {}, {}, body)


@pytest.mark.parametrize("status", TITLES)
def test_a_page_is_titled_as_people_know_it(status: int) -> None:
    page = iis.error_page(status, "<why>", {"WWW-Authenticate": "NTLM"})
    text = page.body.decode()
    assert (page.status, page.content_type) == (status, "text/html")
    assert page.headers == {"Server": "Microsoft-IIS/10.0", "WWW-Authenticate": "NTLM"}
    assert f"<title>{TITLES[status]}</title>" in text
    assert f"<h2>{TITLES[status]}</h2>" in text
    assert "<p>&lt;why&gt;</p>" in text
    assert "<p>" not in iis.error_page(status).body.decode()


def test_the_title_of_an_oversized_request_is_that_of_http() -> None:
    assert b"<title>413 - " in iis.error_page(413).body


@pytest.mark.parametrize("kind", [Ews, PowerShell, CertSrv, CaAdmin])
def test_every_refusal_of_a_door_of_iis_is_of_iis(
    emulated: Environment, kind: type[CertSrv | CaAdmin | Ews | PowerShell]
) -> None:
    door = protocol(emulated, kind)
    refused = door.authenticate(request(PATHS[door.name]))
    assert refused is not None
    assert refused.status == 401
    failures = [door.failure(request(), status, "busy") for status in TITLES if status != 401]
    for answer in (refused, *failures):
        assert answer.headers["Server"] == "Microsoft-IIS/10.0"
        assert b"HTTP Status" not in answer.body
    if kind in (Ews, CertSrv):
        assert TITLES[401].encode() in refused.body
        # A failure of the service itself is an error of EWS, with that status.
        pages = [answer for answer in failures if kind is not Ews or answer.status != 500]
        assert [TITLES[answer.status].encode() in answer.body for answer in pages] == [True] * len(pages)


def test_what_is_answered_well_is_of_iis_too(emulated: Environment) -> None:
    service = protocol(emulated, Ews)
    found: Response = service.route(request("/EWS/Exchange.asmx")).run()
    assert (found.status, found.headers["Server"]) == (200, "Microsoft-IIS/10.0")
    found = service.route(request("/EWS/Services.wsdl")).run()
    assert (found.status, TITLES[404].encode() in found.body) == (404, True)
    broken = protocol(emulated, PowerShell).route(request("/PowerShell/", "POST", body=b"<a/>")).run()
    assert (broken.status, broken.headers["Server"]) == (500, "Microsoft-IIS/10.0")


@pytest.mark.parametrize("kind", [CucmAxl, ControlCenter])
def test_cisco_keeps_tomcats_pages(emulated: Environment, kind: type[CucmAxl | ControlCenter]) -> None:
    door = kind(emulated.context, Accounts(emulated.database, emulated.sessions))
    answer = door.authenticate(Request("dc1", "cucm-pub", 8443, "POST", "/", {}, {}, b""))
    assert answer is not None
    assert b"HTTP Status 401 - Unauthorized" in answer.body
    assert "Server" not in answer.headers


@pytest.mark.parametrize(
    ("path", "owned"),
    [
        ("/EWS/Exchange.asmx", True),
        ("/ews/exchange.asmx", True),
        ("/EWS/", True),
        ("/EWS", True),
        ("/", False),
        ("/EWSX/", False),
        ("/owa/", False),
        ("/PowerShell/", False),
        ("/Autodiscover/Autodiscover.xml", False),
        ("/x/EWS/", False),
    ],
)
def test_the_service_owns_what_it_answers(emulated: Environment, path: str, owned: bool) -> None:
    assert protocol(emulated, Ews).owns(path) is owned
