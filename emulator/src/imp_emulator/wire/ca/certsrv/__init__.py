# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Web enrollment of Active Directory Certificate Services (``/certsrv``), as its public clients use it.

Basic and NTLM log in; NTLM authenticates the connection. Revocation lists are also published under ``/CertEnroll``, for
everybody, because that is where the certificates say that they are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import ClassVar

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7

from imp_emulator.crypto.authority import crl_path
from imp_emulator.domain.ca import authority as ca
from imp_emulator.domain.ca.authority import RequestState
from imp_emulator.errors import InvalidValue, NotFound
from imp_emulator.pipeline.accounts import Accounts
from imp_emulator.pipeline.request import Operation, Request, Response
from imp_emulator.wire.ca.certsrv import forms
from imp_emulator.wire.ca.certsrv.login import log_in
from imp_emulator.wire.ca.certsrv.pages import UNKNOWN_REQUEST, Pages
from imp_emulator.wire.ca.certsrv.refusals import REFUSALS
from imp_emulator.wire.http import iis
from imp_emulator.wire.http.iis import error_page
from imp_emulator.world.context import Context

BASE = "/certsrv/"
PUBLIC = "/certenroll/"

CERTIFICATE_TYPE = "application/pkix-cert"
CHAIN_TYPE = "application/x-pkcs7-certificates"
CRL_TYPE = "application/pkix-crl"


class CertSrv:
    """The web pages of a certification authority; ``request.node`` is its host."""

    name = "certsrv"
    operations: ClassVar[Mapping[str, bool]] = {
        "GET /": False,
        "GET /certcarc.asp": False,
        "GET /certcrl.crl": False,
        "GET /certnew.cer": False,
        "GET /certnew.p7b": False,
        "POST /certfnsh.asp": True,
        "GET CertEnroll": False,
    }

    def __init__(self, context: Context, accounts: Accounts) -> None:
        self._context = context
        self._accounts = accounts
        self._handlers: dict[str, Callable[[Request], Response]] = {
            "GET /": self._home,
            "GET /certcarc.asp": self._authority,
            "GET /certcrl.crl": self._crl,
            "GET /certnew.cer": self._certificate,
            "GET /certnew.p7b": self._chain,
            "POST /certfnsh.asp": self._submit,
            "GET CertEnroll": self._published,
        }

    def owns(self, path: str) -> bool:
        # IIS does not care about letter case.
        return f"{path.lower()}/".startswith((BASE, PUBLIC))

    def authenticate(self, request: Request) -> Response | None:
        return None if request.path.lower().startswith(PUBLIC) else log_in(self._accounts, request)

    def route(self, request: Request) -> Operation:
        path = request.path.lower()
        operation = f"{request.method} /{path.removeprefix(BASE.rstrip('/')).strip('/')}"
        if path.startswith(PUBLIC):
            operation = f"{request.method} CertEnroll"
        if operation not in self.operations:
            return Operation(operation[:128], False, lambda: error_page(404))
        return Operation(
            operation,
            self.operations[operation],
            lambda: self._handlers[operation](request),
            refuse=lambda code, _: self._refusal(request, code),
        )

    def failure(self, request: Request, status: int, message: str) -> Response:
        return error_page(status, message)

    def _refusal(self, request: Request, code: str) -> Response | None:
        return self._pages(request).failed(f"{REFUSALS[code]} {code}") if code in REFUSALS else None

    def _home(self, request: Request) -> Response:
        return self._pages(request).home()

    def _name(self, request: Request) -> str:
        return ca.authority(self._context, request.node).common_name

    def _pages(self, request: Request) -> Pages:
        return Pages(self._name(request), ca.language(self._context, request.node))

    def _submit(self, request: Request) -> Response:
        form = forms.fields(request.body)
        pages = self._pages(request)
        if form.get("mode", "").lower() != "newreq":
            return pages.bad_request("Mode")
        try:
            submitted = ca.submit(
                self._context,
                request.node,
                form.get("certrequest", ""),
                forms.attributes(form.get("certattrib", "")),
                request.caller or "",
            )
        except InvalidValue as error:
            return pages.denied(0, error.message)
        answer = {RequestState.ISSUED: pages.issued, RequestState.PENDING: pages.pending}.get(submitted.state)
        return answer(submitted.id) if answer else pages.denied(submitted.id, submitted.message)

    def _certificate(self, request: Request) -> Response:
        wanted = request.query.get("ReqID", "")
        if wanted.lower() == "cacert":
            found = self._own_chain(request)
            return _encoded(request, found[0], CERTIFICATE_TYPE) if found else error_page(404)
        return self._of_request(
            request, wanted, lambda certificate, _: _encoded(request, certificate, CERTIFICATE_TYPE)
        )

    def _chain(self, request: Request) -> Response:
        wanted = request.query.get("ReqID", "")
        if wanted.lower() == "cacert":
            found = self._own_chain(request)
            return _bundle(request, found) if found else error_page(404)

        def answer(certificate: x509.Certificate, renewal: int) -> Response:
            return _bundle(request, [certificate, *ca.chain(self._context, request.node, renewal)])

        return self._of_request(request, wanted, answer)

    def _of_request(
        self, request: Request, wanted: str, answer: Callable[[x509.Certificate, int], Response]
    ) -> Response:
        """Answer with an issued certificate, or say on a page why there is none."""
        try:
            found = ca.find(self._context, request.node, forms.number(wanted, default=0))
        except NotFound:
            return self._pages(request).no_certificate(wanted, None, UNKNOWN_REQUEST)
        if found.state is not RequestState.ISSUED:
            return self._pages(request).no_certificate(wanted, found.state, found.message)
        return answer(x509.load_pem_x509_certificate(found.certificate.encode()), found.renewal)

    def _authority(self, request: Request) -> Response:
        return self._pages(request).authority(ca.renewals(self._context, request.node))

    def _own_chain(self, request: Request) -> list[x509.Certificate]:
        """Return the CA's chain of the renewal that is asked for, the newest by default; empty for an unknown one."""
        newest = ca.renewals(self._context, request.node)
        try:
            renewal = forms.number(request.query.get("Renewal", ""), default=newest)
            return ca.chain(self._context, request.node, renewal)
        except NotFound:
            return []

    def _crl(self, request: Request) -> Response:
        newest = ca.renewals(self._context, request.node)
        renewal = forms.number(request.query.get("Renewal", ""), default=newest)
        if request.query.get("Type", "base").lower() != "base" or not 0 <= renewal <= newest:
            return error_page(404)
        content = ca.crl(self._context, request.node, renewal).public_bytes(Encoding.DER)
        return _answer(request, content, "X509 CRL", CRL_TYPE)

    def _published(self, request: Request) -> Response:
        name = self._name(request)
        for renewal in range(ca.renewals(self._context, request.node) + 1):
            if request.path.lower() == crl_path(name, renewal).lower():
                content = ca.crl(self._context, request.node, renewal).public_bytes(Encoding.DER)
                return iis.answer(200, content, CRL_TYPE)
        return error_page(404)


def _encoded(request: Request, certificate: x509.Certificate, content_type: str) -> Response:
    return _answer(request, certificate.public_bytes(Encoding.DER), "CERTIFICATE", content_type)


def _bundle(request: Request, certificates: list[x509.Certificate]) -> Response:
    # In base 64, Windows calls a PKCS #7 bundle a certificate in its first and last line.
    return _answer(request, pkcs7.serialize_certificates(certificates, Encoding.DER), "CERTIFICATE", CHAIN_TYPE)


def _answer(request: Request, content: bytes, label: str, content_type: str) -> Response:
    binary = request.query.get("Enc", "bin").lower() == "bin"
    return iis.answer(200, content if binary else forms.armoured(content, label), content_type)
