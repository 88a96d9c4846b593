# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The HTML pages of web enrolment, in this project's words except for the phrases that public clients search for.

Those are: the link ``certnew.cer?ReqID=N&`` of an issued certificate; ``Certificate Pending`` with
``Your Request Id is N.``; ``The disposition message is "..."``; ``Disposition message:`` with two tabs before its
text; ``LastStatus``; ``var nRenewals=N;``.
"""

from __future__ import annotations

from html import escape

from imp_emulator.kernel.calls import Reply

UNKNOWN_REQUEST = "The request ID is not known to this CA. 0x80094004 (-2146877436 CERTSRV_E_PROPERTY_EMPTY)"

_HTML = "text/html"


def home(name: str) -> Reply:
    """The first page."""
    return _page(name, "Welcome", '<p><a href="certcarc.asp">CA certificate, chain and CRL</a></p>')


def issued(name: str, request: int) -> Reply:
    """The answer to a request that was issued at once."""
    links = "".join(
        f'<p><a href="{file}?ReqID={request}&amp;Enc={encoding}">{what}, {form}</a></p>'
        for file, what in (("certnew.cer", "Certificate"), ("certnew.p7b", "Certificate chain"))
        for encoding, form in (("bin", "DER"), ("b64", "Base 64"))
    )
    return _page(name, "Certificate Issued", f"<p>The CA has signed your certificate.</p>{links}")


def pending(name: str, request: int) -> Reply:
    """The answer to a request that waits for an administrator."""
    text = (
        "<p id=locInfoReceived>Your request has arrived. An administrator has to issue the certificate.</p>"
        f"<p id=locInfoReqID>Your Request Id is {request}.</p>"
    )
    return _page(name, "Certificate Pending", text)


def denied(name: str, request: int, message: str) -> Reply:
    """The answer to a request that was denied; request 0 stands for one that could not even be read."""
    text = (
        f"<p id=locInfoReqID>Your Request Id is {request}.</p>"
        f'<p id=locDispMsg>The disposition message is "{escape(message, quote=False)}".</p>'
    )
    return _page(name, "Certificate Request Denied", text)


def no_certificate(name: str, request: str, message: str) -> Reply:
    """The answer where a certificate was asked for and there is none (yet)."""
    text = (
        f"<p>Request {escape(request)} has no certificate to give out.</p>\r\n<pre>\r\n"
        f"Disposition message: \t\t{escape(message, quote=False)}\r\n"
        "LastStatus: \t\tThe operation completed successfully. 0x0 (WIN32: 0)\r\n</pre>"
    )
    return _page(name, "Error", text)


def bad_request(name: str, field: str) -> Reply:
    """The answer to a form that does not say what is wanted."""
    return _page(name, "Error", f"<p>Unexpected value of the field {escape(field)}.</p>", status=500)


def authority(name: str, renewals: int) -> Reply:
    """The page that offers the CA's own certificates and revocation lists."""
    script = f"<script>\r\nvar nRenewals={renewals};\r\n</script>"
    links = "".join(
        f'<p>Renewal {number}: <a href="certnew.cer?ReqID=CACert&amp;Renewal={number}&amp;Enc=b64">certificate</a>,'
        f' <a href="certnew.p7b?ReqID=CACert&amp;Renewal={number}&amp;Enc=b64">chain</a>,'
        f' <a href="certcrl.crl?Type=base&amp;Renewal={number}&amp;Enc=b64">base CRL</a></p>'
        for number in range(renewals, -1, -1)
    )
    return _page(name, "CA certificate, chain and CRL", script + links)


def _page(name: str, title: str, content: str, status: int = 200) -> Reply:
    body = (
        f"<!doctype html>\r\n<html><head><title>{title}</title></head><body>\r\n"
        f"<p>Certificate Services: {escape(name)}</p>\r\n<h1 id=locPageTitle>{title}</h1>\r\n{content}\r\n"
        "</body></html>"
    )
    return Reply(status, body.encode(), _HTML)
