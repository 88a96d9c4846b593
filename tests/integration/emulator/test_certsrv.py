# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The certification authorities over the wire: pages, logins, administration, control plane, journal, restart."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
import spnego
from cryptography import x509

from tests.support.emulator import Emulator
from tests.support.signing_requests import pem, signing_request

STANDALONE, ENTERPRISE = "ca.example.com", "eca.example.com"
HOST = "mail1.example.com"
ADMIN = "/ucops-ca-admin/v1"

Client = Callable[..., httpx.Client]


def client(emulator: Emulator, host: str = STANDALONE, account: str | None = "account", **options: Any) -> httpx.Client:
    known = emulator.ready["certification_authorities"][host]
    login = (known[account]["username"], known[account]["password"]) if account else None
    url = f"https://{known['address']}:{known['ports']['443']}"
    return httpx.Client(base_url=url, auth=login, verify=emulator.tls, trust_env=False, timeout=30, **options)


@pytest.fixture(name="ca")
def ca_fixture(environment: Emulator) -> Iterator[httpx.Client]:
    with client(environment) as connected:
        yield connected


def submit(connected: httpx.Client, common_name: str = HOST, attributes: str = "", **form: str) -> httpx.Response:
    fields = {"Mode": "newreq", "CertRequest": pem(signing_request(common_name)), "CertAttrib": attributes}
    return connected.post("/certsrv/certfnsh.asp", data={**fields, **form})


def test_without_an_account_all_ways_to_log_in_are_offered(environment: Emulator) -> None:
    with client(environment, account=None) as stranger:
        for path in ("/certsrv/", "/certsrv", "/CERTSRV/certcarc.asp", f"{ADMIN}/requests"):
            answer = stranger.get(path)
            assert answer.status_code == 401
            assert answer.headers["server"] == "Microsoft-IIS/10.0"
            assert answer.headers["www-authenticate"] == f'Negotiate, NTLM, Basic realm="{STANDALONE}"'
        assert stranger.get("/other").status_code == 404
    assert [entry["operation"] for entry in environment.journal(protocol="certsrv")] == ["authenticate"] * 3


def test_accounts_belong_to_one_ca(environment: Emulator) -> None:
    login = environment.ready["certification_authorities"][ENTERPRISE]["account"]
    with client(environment, account=None) as other:
        assert other.get("/certsrv/", auth=(login["username"], login["password"])).status_code == 401


def test_ntlm_authenticates_a_connection_and_no_other(environment: Emulator) -> None:
    login = environment.ready["certification_authorities"][STANDALONE]["account"]
    options = spnego.NegotiateOptions.use_ntlm
    handshake = spnego.client(login["username"], login["password"], protocol="ntlm", options=options)
    limits = httpx.Limits(max_connections=1)
    with client(environment, account=None, limits=limits) as one, client(environment, account=None) as another:
        token: bytes | None = None
        statuses = []
        for _message in range(2):
            header = f"NTLM {base64.b64encode(handshake.step(token) or b'').decode()}"
            answer = one.get("/certsrv/", headers={"Authorization": header})
            statuses.append(answer.status_code)
            offered = answer.headers.get("www-authenticate", "")
            token = base64.b64decode(offered.removeprefix("NTLM ")) if offered else None
        assert statuses == [401, 200]
        assert one.get("/certsrv/certcarc.asp").status_code == 200
        assert another.get("/certsrv/certcarc.asp").status_code == 401
    callers = [(entry["status"], entry["caller"]) for entry in environment.journal(protocol="certsrv")]
    assert callers == [(401, None), (200, login["username"]), (200, login["username"]), (401, None)]


def test_the_pages_of_a_pending_and_a_denied_request(environment: Emulator, ca: httpx.Client) -> None:
    page = submit(ca).text
    assert "Certificate Pending" in page
    assert "Your Request Id is 1." in page
    assert not re.search(r"certnew\.cer\?ReqID=\d+", page)
    answer = ca.get("/certsrv/certnew.cer", params={"ReqID": "1", "Enc": "b64"})
    assert answer.headers["content-type"].startswith("text/html")
    found = re.search("Disposition message:[^\t]+\t\t([^\r\n]+)", answer.text)
    assert found is not None
    assert found[1] == "Taken Under Submission"
    environment.control.ca_decide(STANDALONE, 1, "deny")
    assert "Denied by the control plane" in ca.get("/certsrv/certnew.cer", params={"ReqID": "1"}).text
    denied = submit(ca, "<script>example root ca</script>", CertRequest="no").text
    assert "<script>example" not in denied


def test_the_answers_have_exactly_their_content_types(environment: Emulator) -> None:
    with client(environment, ENTERPRISE) as ca:
        page = submit(ca, attributes="Certificate Template : WebServer \r\nrubbish\r\n").text
        assert re.search(r"certnew\.cer\?ReqID=1&", page)
        query = {"ReqID": "1", "Enc": "b64"}
        answer = ca.get("/certsrv/certnew.cer", params=query)
        assert answer.headers["content-type"] == "application/pkix-cert"
        assert answer.content.startswith(b"-----BEGIN CERTIFICATE-----\r\n")
        assert (
            ca.get("/certsrv/certnew.p7b", params=query).headers["content-type"] == "application/x-pkcs7-certificates"
        )
        assert "var nRenewals=0;" in ca.get("/certsrv/certcarc.asp").text


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/certsrv/certnew.cer?ReqID=CACert&Renewal=1", 404),
        ("/certsrv/certnew.p7b?ReqID=CACert&Renewal=9", 404),
        ("/certsrv/certcrl.crl?Type=delta", 404),
        ("/certsrv/certcrl.crl?Renewal=1", 404),
        ("/certsrv/certnew.cer", 200),
        ("/certsrv/certnew.cer?ReqID=-1", 200),
        ("/certsrv/certnew.cer?ReqID=99999999999999999999", 200),
        ("/certsrv/other.asp", 404),
        ("/CertEnroll/Other.crl", 404),
    ],
)
def test_what_is_not_there(ca: httpx.Client, path: str, status: int) -> None:
    answer = ca.get(path)
    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("text/html")


def test_broken_forms(environment: Emulator, ca: httpx.Client) -> None:
    assert submit(ca, Mode="chkpnd").status_code == 500
    for body in (b"", b"\xff\xfe", b"&" * 100, b"Mode=newreq", b"Mode=newreq&CertRequest=%00"):
        assert ca.post("/certsrv/certfnsh.asp", content=body).status_code in (200, 500)
    assert environment.control.ca_requests(STANDALONE) == []


def test_the_crl_is_public_where_the_certificates_say(environment: Emulator) -> None:
    with client(environment, ENTERPRISE) as ca:
        submit(ca, attributes="CertificateTemplate:WebServer")
        leaf = x509.load_der_x509_certificate(ca.get("/certsrv/certnew.cer?ReqID=1&Enc=bin").content)
    environment.control.ca_decide(ENTERPRISE, 1, "revoke")
    (place,) = leaf.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    (address,) = place.full_name or []
    with client(environment, ENTERPRISE, account=None) as stranger:
        answer = stranger.get(httpx.URL(address.value).raw_path.decode())
        assert answer.headers["content-type"] == "application/pkix-crl"
    crl = x509.load_der_x509_crl(answer.content)
    assert [entry.serial_number for entry in crl] == [leaf.serial_number]


def test_administration(environment: Emulator, ca: httpx.Client) -> None:
    submit(ca)
    with client(environment, account="requester") as requester:
        submit(requester, "mail2.example.com")
        assert [item["id"] for item in requester.get(f"{ADMIN}/requests").json()["items"]] == [2]
        assert requester.get(f"{ADMIN}/requests/2").json()["state"] == "pending"
        for method, path in (("GET", "/requests/1"), ("POST", "/requests/2/issue")):
            answer = requester.request(method, ADMIN + path)
            assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    listed = ca.get(f"{ADMIN}/requests", params={"state": "pending"}).json()["items"]
    assert [item["id"] for item in listed] == [1, 2]
    found = ca.get(f"{ADMIN}/requests", params={"csr": listed[1]["csr_fingerprint"]}).json()["items"]
    assert [item["id"] for item in found] == [2]
    assert ca.post(f"{ADMIN}/requests/1/issue").json()["certificate"].startswith("-----BEGIN CERTIFICATE-----")
    revoked = ca.post(f"{ADMIN}/requests/1/revoke", json={"reason": "superseded"}).json()
    assert (revoked["state"], revoked["reason"]) == ("revoked", "superseded")
    assert [entry["operation"] for entry in environment.journal(protocol="ca_admin", writes=True)] == [
        "issueRequest",
        "issueRequest",
        "revokeRequest",
    ]


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("GET", "/requests?state=lost", b"", 422, "invalid-field"),
        ("GET", "/requests/99", b"", 404, "request-not-found"),
        ("POST", "/requests/99/issue", b"", 404, "request-not-found"),
        ("POST", "/requests/1/revoke", b"", 409, "wrong-state"),
        ("POST", "/requests/1/revoke", b"{", 400, "invalid-json"),
        ("POST", "/requests/1/revoke", b"[]", 422, "invalid-field"),
        ("POST", "/requests/1/revoke", b'{"reason": "whim"}', 422, "invalid-field"),
        ("POST", "/requests/1/forget", b"", 404, "not-found"),
        ("DELETE", "/requests/1", b"", 404, "not-found"),
        ("GET", "/requests/1/issue", b"", 404, "not-found"),
        ("GET", "/", b"", 404, "not-found"),
    ],
)
def test_errors_of_the_administration(
    ca: httpx.Client, method: str, path: str, body: bytes, status: int, code: str
) -> None:
    submit(ca)
    answer = ca.request(method, ADMIN + path, content=body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"


def test_errors_of_the_control_plane(environment: Emulator) -> None:
    control = environment.control
    base = "/certification-authorities"
    for method, path, status in (
        ("GET", "/nowhere/requests", 404),
        ("GET", f"/{STANDALONE}/requests?state=lost", 422),
        ("POST", f"/{STANDALONE}/requests/1/issue", 404),
        ("POST", f"/{STANDALONE}/requests/1/forget", 422),
        ("POST", "/nowhere/renew", 404),
    ):
        assert control.request(method, base + path).status_code == status, path
    assert httpx.get(f"{environment.ready['control']['url']}{base}/{STANDALONE}/requests").status_code == 401
    assert control.request("POST", f"{base}/{STANDALONE}/renew").json() == {"renewals": 1}


def test_faults_strike_the_pages(environment: Emulator, ca: httpx.Client) -> None:
    environment.control.fault("status", effect={"status": 503}, protocol="certsrv", node=STANDALONE, times=1)
    assert submit(ca).status_code == 503
    environment.control.fault("drop_after", protocol="certsrv", operation="POST /certfnsh.asp", times=1)
    with pytest.raises(httpx.RemoteProtocolError):
        submit(ca)
    assert len(environment.control.ca_requests(STANDALONE)) == 1


def test_requests_and_keys_survive_a_kill(start_emulator: Callable[..., Emulator]) -> None:
    first = start_emulator()
    with client(first) as ca:
        submit(ca)
    roots = [known["root_file"] for known in first.ready["certification_authorities"].values()]
    first.kill()
    second = start_emulator()
    assert [request["state"] for request in second.control.ca_requests(STANDALONE)] == ["pending"]
    second.control.ca_decide(STANDALONE, 1, "issue")
    known = second.ready["certification_authorities"]
    assert [known[host]["root_file"] for host in known] == roots
    second.control.reset()
    assert second.control.ca_requests(STANDALONE) == []


def test_no_key_leaves_the_ca(environment: Emulator, ca: httpx.Client) -> None:
    submit(ca)
    environment.control.ca_decide(STANDALONE, 1, "issue")
    seen = [ca.get(path).text for path in ("/certsrv/", "/certsrv/certcarc.asp", f"{ADMIN}/requests")]
    seen.append(str(environment.control.ca_requests(STANDALONE)))
    assert not [text for text in seen if "PRIVATE" + " KEY" in text]
