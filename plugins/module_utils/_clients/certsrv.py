# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""Client of the web enrollment pages of Active Directory Certificate Services (``/certsrv``).

Microsoft publishes no interface here; the pages are read as the public clients (PyPI ``certsrv`` and others) read them.
Pages of a real CA may be in any language, but the ids of their elements, the number of the disposition and the error
codes are the same in all of them. They tell what became of a request; English words do where a page has none of them,
and what cannot be told is :data:`UNKNOWN`, with the page's own message.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from ansible_collections.ucops.imp.plugins.module_utils._certificates.crl import RevocationList, read_crl
from ansible_collections.ucops.imp.plugins.module_utils._certificates.x509 import (
    Certificate,
    NotACertificate,
    split_bundle,
)
from ansible_collections.ucops.imp.plugins.module_utils._clients.certsrv_errors import not_now
from ansible_collections.ucops.imp.plugins.module_utils._core.backoff import NotNow
from ansible_collections.ucops.imp.plugins.module_utils._core.errors import ApiError, UnexpectedAnswer
from ansible_collections.ucops.imp.plugins.module_utils._formats.der import Malformed
from ansible_collections.ucops.imp.plugins.module_utils._http.transport import Answer, Transport

BASE = "/certsrv"
ISSUED = "issued"
PENDING = "pending"
DENIED = "denied"
REVOKED = "revoked"
UNKNOWN = "unknown"

_CERTIFICATE_TYPE = "application/pkix-cert"
_CHAIN_TYPE = "application/x-pkcs7-certificates"
_CRL_TYPE = "application/pkix-crl"
# A real CA gives a certificate its proper content type only if it takes the client for a browser.
_HEADERS = {"User-Agent": "Mozilla/5.0 (ucops.imp)"}
_ERROR_CODE = re.compile(r"0x8[0-9a-fA-F]{7}")
_NO_SUCH_REQUEST = re.compile(r"0x80094004", re.IGNORECASE)
"""CERTSRV_E_PROPERTY_EMPTY (winerror.h): the CA does not know a request of this number."""
_DISPOSITIONS = {0x2: DENIED, 0x5: PENDING, 0x6: REVOKED}
_ISSUED_DISPOSITIONS = (0x3, 0x4)
"""``CR_DISP_...`` of certcli.h; 0 and 1 are errors. Where a page says issued and has no link, the number of the request
leads to the certificate; without one it cannot be told."""
_DISPOSITION = re.compile(r"""([0-9A-F]+)\s*<LocID\s+ID=["']?locDispSpacer""", re.IGNORECASE)
_MESSAGE = re.compile(r"""ID=["']?locDispMsgLabel\b.*?<DD>\s*([^\r\n]+)""", re.IGNORECASE | re.DOTALL)
_REASON = re.compile(r"""ID=["']?locInfoReqIDandReason\b[^>]*>([^<]+)""", re.IGNORECASE)
_ENGLISH_MESSAGE = re.compile(r"Disposition message:[^\t]+\t\t([^\r\n]+)")


@dataclass(frozen=True)
class Disposition:
    """What became of a request; ``certificate`` is there when the state is ``issued``."""

    state: str
    request_id: int
    message: str = ""
    certificate: Certificate | None = None


class CertSrv:
    """The pages of one CA; every call raises the errors of the transport, ``ApiError`` and ``UnexpectedAnswer``."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def check(self) -> None:
        """Make sure that the pages are there and the account may see them."""
        self._call("GET", "/")

    def submit(self, csr: str, attributes: Mapping[str, str]) -> Disposition:
        """Submit a request in PEM with attributes such as ``CertificateTemplate``.

        Whatever the CA thinks of it is a disposition without certificate; request 0 was not even given a number.
        """
        form = {
            "Mode": "newreq",
            "CertRequest": csr,
            "CertAttrib": "".join(f"{name}:{value}\r\n" for name, value in attributes.items()),
            "FriendlyType": "Saved-Request Certificate",
            "TargetStoreFlags": "0",
            "SaveCert": "yes",
        }
        page = _text(self._call("POST", "/certfnsh.asp", form))
        told = _of_submission(page)
        if told is None:
            raise UnexpectedAnswer(
                f"{self._transport.server} took the request, but its answer does not say what became of it: "
                f"{_words(page)}"
            )
        return told

    def fetch(self, request_id: int) -> Disposition:
        """Ask what became of a request, with its certificate when there is one."""
        answer = self._call("GET", f"/certnew.cer?{urlencode({'ReqID': request_id, 'Enc': 'bin'})}")
        if _type(answer) == _CERTIFICATE_TYPE:
            return Disposition(ISSUED, request_id, "Issued", self._certificate(answer))
        page = _text(answer)
        told = _MESSAGE.search(page) or _ENGLISH_MESSAGE.search(page)
        message = _words(told[1] if told else page)
        return Disposition(_state(page, message), request_id, message)

    def renewals(self) -> int:
        """Return how often the CA's own certificate has been renewed."""
        found = re.search(r"var nRenewals=(\d+);", _text(self._call("GET", "/certcarc.asp")))
        if not found:
            raise UnexpectedAnswer(f"{self._transport.server} does not say how often its CA was renewed.")
        return int(found[1])

    def ca_certificate(self, renewal: int) -> Certificate:
        """Return one of the CA's own certificates, the one that issues."""
        query = urlencode({"ReqID": "CACert", "Renewal": renewal, "Enc": "bin"})
        return self._certificate(self._typed(f"/certnew.cer?{query}", _CERTIFICATE_TYPE))

    def chain(self, renewal: int) -> list[Certificate]:
        """Return the CA's certificate and those above it, in no particular order."""
        query = urlencode({"ReqID": "CACert", "Renewal": renewal, "Enc": "bin"})
        answer = self._typed(f"/certnew.p7b?{query}", _CHAIN_TYPE)
        try:
            return split_bundle(answer.body)
        except NotACertificate:
            raise self._unreadable("PKCS #7 bundle") from None

    def crl(self, renewal: int) -> RevocationList:
        """Return the base CRL."""
        query = urlencode({"Type": "base", "Renewal": renewal, "Enc": "bin"})
        answer = self._typed(f"/certcrl.crl?{query}", _CRL_TYPE)
        try:
            return read_crl(answer.body)
        except Malformed:
            raise self._unreadable("revocation list") from None

    def _certificate(self, answer: Answer) -> Certificate:
        try:
            return split_bundle(answer.body)[0]
        except NotACertificate:
            raise self._unreadable("certificate") from None

    def _unreadable(self, what: str) -> UnexpectedAnswer:
        return UnexpectedAnswer(f"The {what} of {self._transport.server} cannot be read.")

    def _typed(self, path: str, content_type: str) -> Answer:
        answer = self._call("GET", path)
        if _type(answer) != content_type:
            raise UnexpectedAnswer(
                f"{self._transport.server} answered {_type(answer) or 'nothing'} where {content_type} was expected."
            )
        return answer

    def _call(self, method: str, path: str, form: Mapping[str, str] | None = None) -> Answer:
        headers = dict(_HEADERS)
        body = None
        if form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            body = urlencode(form).encode("ascii")
        answer = self._transport.request(method, BASE + path, body=body, headers=headers, busy=_not_now)
        if answer.ok:
            return answer
        if answer.status == 404:
            raise ApiError(
                f"{self._transport.server} has no web enrollment pages ({BASE}). Check host and port; the role service "
                "Certification Authority Web Enrollment must be installed.",
                status=404,
                code="no-web-enrollment",
            )
        raise ApiError(
            f"{self._transport.server} answered HTTP {answer.status} to {method} {BASE}{path.partition('?')[0]}.",
            status=answer.status,
        )


def _not_now(answer: Answer) -> NotNow | None:
    """Return why the CA cannot answer now; a request that has got its number is there, whatever became of it."""
    if _type(answer) != "text/html":
        return None
    page = _text(answer)
    found = not_now(page)
    told = None if found is None else _of_submission(page)
    return None if told is not None and told.request_id else found


def _of_submission(page: str) -> Disposition | None:
    """Tell what became of a submission, ``None`` when the page does not say."""
    text = html.unescape(page)
    issued = re.search(r"certnew\.cer\?ReqID=(\d+)&", text)
    if issued:
        return Disposition(ISSUED, int(issued[1]))
    found = re.search(r"Your Request Id is (\d+)", text) or re.search(r"locInfoReqID\D*>\D*(\d+)", text)
    number = int(found[1]) if found else 0
    reason = re.search(r'The disposition message is "([^"]+)', text) or _REASON.search(page)
    coded = _DISPOSITION.search(page)
    if coded and int(coded[1], 16) in _ISSUED_DISPOSITIONS:
        return Disposition(ISSUED, number) if number else None
    state = _DISPOSITIONS.get(int(coded[1], 16), DENIED) if coded else None
    if _has(page, "locIssRev"):
        state = REVOKED
    elif state is None and (reason or _has(page, "locDenied") or _ERROR_CODE.search(page)):
        state = DENIED
    if state in (DENIED, REVOKED):
        return Disposition(state, number, html.unescape(reason[1]).strip() if reason else _words(page))
    return Disposition(PENDING, number) if number else None


def _state(page: str, message: str) -> str:
    """Tell the state of a request from the page that came in place of its certificate."""
    if _NO_SUCH_REQUEST.search(page):
        return DENIED
    coded = _DISPOSITION.search(page)
    if coded:
        return _DISPOSITIONS.get(int(coded[1], 16), UNKNOWN)
    if _ERROR_CODE.search(message) or message.startswith("Denied"):
        return DENIED
    if message.startswith("Revoked"):
        return REVOKED
    return PENDING if message.startswith("Taken Under Submission") else UNKNOWN


def _has(page: str, element: str) -> bool:
    """Whether a page has an element of this id."""
    return re.search(rf"""\bID=["']?{element}\b""", page, re.IGNORECASE) is not None


def _type(answer: Answer) -> str:
    return answer.headers.get("content-type", "").partition(";")[0].strip().lower()


def _text(answer: Answer) -> str:
    return answer.body.decode("utf-8", "replace")


def _words(page: str) -> str:
    """Return the beginning of a page's text, for a message."""
    return " ".join(html.unescape(re.sub(r"(?s)<script.*?</script>|<[^>]*>", " ", page)).split())[:300]
