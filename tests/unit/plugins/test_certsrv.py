# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the pages of web enrollment are read, also in a language that nobody here speaks, and what is remembered."""

from __future__ import annotations

from base64 import b64decode
from datetime import timedelta
from pathlib import Path
from ssl import DER_cert_to_PEM_cert
from typing import Any

import pytest
from ansible_collections.ucops.imp.plugins.module_utils._certificates.chain import path_above
from ansible_collections.ucops.imp.plugins.module_utils._certificates.csr import NotARequest, read_request
from ansible_collections.ucops.imp.plugins.module_utils._certificates.x509 import split_bundle
from ansible_collections.ucops.imp.plugins.module_utils._clients.certsrv import CertSrv, Disposition
from ansible_collections.ucops.imp.plugins.module_utils._core.errors import ApiError, ImpError, UnexpectedAnswer
from ansible_collections.ucops.imp.plugins.module_utils._formats import request_file
from ansible_collections.ucops.imp.plugins.module_utils._formats.request_file import SubmittedRequest
from ansible_collections.ucops.imp.plugins.module_utils._http.transport import Answer
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7
from cryptography.x509 import CertificateRevocationListBuilder, RevokedCertificateBuilder

from tests.support.certificates import issue
from tests.support.signing_requests import pem, rsa_key, signing_request


class Pages:
    """Stands in for the transport: gives one answer and remembers the request."""

    server = "ca.example.com:443"

    def __init__(self, body: str | bytes, content_type: str = "text/html", status: int = 200) -> None:
        content = body if isinstance(body, bytes) else body.encode()
        self._answer = Answer(status, {"content-type": content_type}, content)
        self.seen: list[tuple[str, str, Any]] = []

    def request(self, method: str, path: str, **options: Any) -> Answer:
        self.seen.append((method, path, options))
        return self._answer


def pages(body: str | bytes, content_type: str = "text/html", status: int = 200) -> CertSrv:
    return CertSrv(Pages(body, content_type, status))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("page", "told"),
    [
        ('<a href="certnew.cer?ReqID=17&amp;Enc=b64">x</a>', Disposition("issued", 17)),
        ("location='certnew.cer?ReqID=17&Enc='+e", Disposition("issued", 17)),
        ("<b>Certificate Pending</b> Your Request Id is 4.", Disposition("pending", 4)),
        ("<p id=locInfoReqID>Ihre Anforderungs-ID lautet 4.</p>", Disposition("pending", 4)),
        (
            'Your Request Id is 5. The disposition message is "Denied by Policy Module  0x80094800, x".',
            Disposition("denied", 5, "Denied by Policy Module  0x80094800, x"),
        ),
        ("<P ID=locInfoReqID>\nL\u2019identificateur est 25.\n</P>", Disposition("pending", 25)),
        ("<P ID=locDenied> Запрос отклонён. </P>", Disposition("denied", 0, "Запрос отклонён.")),
        (
            '<p id="locDenied">x</p><p id="locInfoReqIDandReason">要求番号は 6 です。理由は「a&lt;b」です。</p>',
            Disposition("denied", 6, "要求番号は 6 です。理由は「a<b」です。"),
        ),
        ("<P ID=locIssRev> x </P>", Disposition("revoked", 0, "x")),
        ("<DD>\t\t2 <LocID ID=locDispSpacer>-</LocID>", Disposition("denied", 0, "2 -")),
        ("<p ID=locInfoReqID>Id: 7</p><DD>3 <LocID ID=locDispSpacer>-</LocID>", Disposition("issued", 7)),
        ('Your Request Id is 8.<DD>\t\t4 <LocID ID="locDispSpacer">-</LocID>', Disposition("issued", 8)),
        ("Your Request Id is 9.<DD>5 <LocID ID=locDispSpacer>-</LocID>", Disposition("pending", 9)),
        ("<p>Abgelehnt: 0x8009310b</p>", Disposition("denied", 0, "Abgelehnt: 0x8009310b")),
    ],
)
def test_what_became_of_a_submission(page: str, told: Disposition) -> None:
    assert pages(page).submit("csr", {}) == told


def test_a_submission_is_sent_as_a_browser_would() -> None:
    transport = Pages("certnew.cer?ReqID=1&")
    CertSrv(transport).submit("a+b=\n", {"CertificateTemplate": "WebServer"})  # type: ignore[arg-type]
    ((method, path, options),) = transport.seen
    assert (method, path) == ("POST", "/certsrv/certfnsh.asp")
    assert b"CertRequest=a%2Bb%3D%0A&CertAttrib=CertificateTemplate%3AWebServer%0D%0A&" in options["body"]
    assert options["headers"]["User-Agent"].startswith("Mozilla/5.0")
    assert "idempotent" not in options, "a submission is never repeated by the transport"


def test_a_submission_with_an_answer_that_says_nothing() -> None:
    with pytest.raises(UnexpectedAnswer, match="does not say what became of it: Hello"):
        pages("<p>Hello</p>").submit("csr", {})
    with pytest.raises(UnexpectedAnswer, match="does not say what became of it: Issued 3 -"):
        pages("<p>Issued</p><DD>3 <LocID ID=locDispSpacer>-</LocID>").submit("csr", {})


@pytest.mark.parametrize(
    ("message", "state"),
    [
        ("Taken Under Submission", "pending"),
        (r"Denied by EXAMPLE\admin", "denied"),
        ("Revoked by somebody", "revoked"),
        ("The request ID is not known. 0x80094004 (...)", "denied"),
        ("Wurde zur Bearbeitung angenommen", "unknown"),
    ],
)
def test_what_became_of_a_request(message: str, state: str) -> None:
    told = pages(f"<b>Disposition message:</b> \t\t{message}\r\nLastStatus: 0x0").fetch(3)
    assert told == Disposition(state, 3, message)


@pytest.mark.parametrize(
    ("number", "status", "state"),
    [
        ("5", "0x0 (WIN32: 0)", "pending"),
        ("2", "0x0 (WIN32: 0)", "denied"),
        ("2", "0x80094014", "denied"),
        ("6", "0x0", "revoked"),
        ("1", "0x80094004 (-2146877436)", "denied"),
        ("1", "0x800706BA (WIN32: 1722 RPC_S_SERVER_UNAVAILABLE)", "unknown"),
        ("0", "0x0", "unknown"),
    ],
)
@pytest.mark.parametrize("quote", ["", '"'])
def test_numbers_tell_what_became_of_a_request_in_every_language(
    number: str, status: str, state: str, quote: str
) -> None:
    page = (
        f"<DT ID={quote}locDispLabel{quote}><B>Disposition&nbsp;:</B></DT><DD>\r\n\t\t{number} "
        f"<LocID ID={quote}locDispSpacer{quote}>-</LocID></DD>\r\n"
        f"<DT ID={quote}locDispMsgLabel{quote}><B>Message&nbsp;:</B></DT><DD>\r\n\t\t"
        f"Denied n&apos;est qu&apos;un mot\r\n</DD><DT>Dernier &eacute;tat</DT><DD>{status}</DD>"
    )
    assert pages(page).fetch(3) == Disposition(state, 3, "Denied n'est qu'un mot")


def test_a_certificate() -> None:
    identity = issue("mail1.example.com")
    told = pages(identity.pem, "application/pkix-cert").fetch(3)
    assert told.state == "issued"
    assert told.certificate is not None
    assert told.certificate.fingerprint == identity.fingerprint
    with pytest.raises(UnexpectedAnswer):
        pages("rubbish", "application/pkix-cert").fetch(3)


def test_pages_that_are_not_there() -> None:
    with pytest.raises(ApiError) as missing:
        pages("", status=404).check()
    assert missing.value.code == "no-web-enrollment"
    with pytest.raises(ApiError, match=r"HTTP 500 to GET /certsrv/certcarc\.asp"):
        pages("", status=500).renewals()
    with pytest.raises(UnexpectedAnswer):
        pages("<p>x</p>").renewals()
    with pytest.raises(UnexpectedAnswer, match="text/html where application/x-pkcs7"):
        pages("<p>x</p>").chain(0)
    for read, kind in (("chain", "x-pkcs7-certificates"), ("crl", "pkix-crl"), ("ca_certificate", "pkix-cert")):
        with pytest.raises(UnexpectedAnswer, match="cannot be read"):
            getattr(pages(b"\x30\x03abc", f"application/{kind}"), read)(0)


def test_a_chain_and_a_revocation_list_with_a_part_that_cannot_be_read() -> None:
    root = issue("Example Root CA", ca=True)
    bundle = pkcs7.serialize_certificates([root.certificate], Encoding.DER)
    assert [one.fingerprint for one in pages(bundle, "application/x-pkcs7-certificates").chain(0)] == [root.fingerprint]
    now = root.certificate.not_valid_before_utc
    names = root.certificate.subject
    builder = CertificateRevocationListBuilder(issuer_name=names, last_update=now, next_update=now + timedelta(days=1))
    listed = builder.sign(root.key, SHA256()).public_bytes(Encoding.DER)
    assert pages(listed, "application/pkix-crl").crl(0).issuer == "CN=Example Root CA"
    broken = bundle.replace(b"Example Root CA", b"\xff\xfeample Root CA")
    (one,) = pages(broken, "application/x-pkcs7-certificates").chain(0)
    assert one.subject == "CN=\ufffd\ufffdample Root CA"
    broken = listed.replace(b"\x0c\x0fExample Root CA", b"\x14\x0fB\xfcro    Root CA")
    told = pages(broken, "application/pkix-crl").crl(0)
    assert told.issuer == "CN=Büro    Root CA"
    assert told.pem == DER_cert_to_PEM_cert(broken).replace("CERTIFICATE", "X509 CRL")


def test_a_revocation_list_is_read_as_the_library_reads_it() -> None:
    root = issue("Example Root CA", ca=True)
    now = root.certificate.not_valid_before_utc
    builder = CertificateRevocationListBuilder(root.certificate.subject, now, now + timedelta(days=1))
    for serial in (1, 0x80, 2**159 - 1):
        builder = builder.add_revoked_certificate(RevokedCertificateBuilder(serial, now).build())
    listed = builder.sign(root.key, SHA256())
    told = pages(listed.public_bytes(Encoding.DER), "application/pkix-crl").crl(0)
    assert told.revoked == tuple(f"{entry.serial_number:x}" for entry in listed)
    assert (told.last_update, told.next_update) == (listed.last_update_utc, listed.next_update_utc)
    assert told.pem == listed.public_bytes(Encoding.PEM).decode()


def test_a_chain_is_put_in_order() -> None:
    root = issue("root", ca=True)
    middle = issue("middle", by=root, ca=True)
    stranger = issue("stranger", ca=True)
    own = issue("own", by=middle, ca=True)
    found = [split_bundle(one.pem.encode())[0] for one in (root, stranger, own, middle)]
    assert [one.subject for one in path_above(found[2], found)] == ["CN=own", "CN=middle", "CN=root"]
    assert [one.subject for one in path_above(found[2], found[1:2])] == ["CN=own"]


def test_of_two_roots_with_one_name_the_one_that_has_signed_is_in_the_chain() -> None:
    old, new = issue("root", ca=True), issue("root", ca=True)
    below = [issue("own", by=root, ca=True) for root in (old, new)]
    roots = [split_bundle(root.pem.encode())[0] for root in (old, new)]
    for order in (roots, roots[::-1]):
        chains = [path_above(split_bundle(one.pem.encode())[0], order) for one in below]
        assert [chain[1] for chain in chains] == roots


def test_signing_requests() -> None:
    request = read_request(pem(signing_request("mail1.example.com")))
    assert (request.common_name, request.subject) == ("mail1.example.com", "CN=mail1.example.com,O=Example")
    assert request.pem not in repr(request)
    assert read_request(pem(signing_request(None))).common_name == ""
    other = read_request(pem(signing_request("mail1.example.com", key=rsa_key(number=1))))
    assert other.key != request.key
    assert split_bundle(issue("x").pem.encode())[0].key not in (request.key, other.key)
    for text in ("", "rubbish", pem(signing_request("x")).replace("M", "m")):
        with pytest.raises(NotARequest):
            read_request(text)


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        (b"mail1.example.com", b"\xff\xfeil1.example.com"),
        (b"\x02\x01\x00\x30", b"\x02\x01\x07\x30"),
        (b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01", b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x29"),
    ],
    ids=["subject-no-text", "unknown-version", "unknown-kind-of-key"],
)
def test_a_signing_request_of_which_a_part_cannot_be_read(good: bytes, bad: bytes) -> None:
    content = b64decode("".join(pem(signing_request("mail1.example.com")).splitlines()[1:-1]))
    assert good in content
    text = DER_cert_to_PEM_cert(content.replace(good, bad, 1)).replace("CERTIFICATE", "CERTIFICATE REQUEST")
    request = read_request(text)
    assert request.common_name in ("mail1.example.com", "\ufffd\ufffdil1.example.com")
    assert request.key != request.fingerprint
    with pytest.raises(NotARequest, match="no certificate signing request"):
        read_request(DER_cert_to_PEM_cert(content[:-4]).replace("CERTIFICATE", "CERTIFICATE REQUEST"))


def test_what_a_request_file_keeps(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    assert request_file.load(path) is None
    for kept in (
        SubmittedRequest("ca:443", "f0", None, request_file.SUBMITTING),
        SubmittedRequest("ca:443", "f0", "WebServer", request_file.SUBMITTED, 7, after=3),
    ):
        request_file.save(path, kept)
        assert request_file.load(path) == kept
    request_file.save(path, None)
    request_file.save(path, None)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_cannot_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(ImpError, match="cannot be written"):
        request_file.write_atomically(tmp_path / "folder", "x")
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]
