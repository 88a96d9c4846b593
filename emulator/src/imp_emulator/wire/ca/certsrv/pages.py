# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The HTML pages of web enrollment, in this project's words except for the phrases that public clients search for.

Those are: the link ``certnew.cer?ReqID=N&`` of an issued certificate; ``Certificate Pending`` with
``Your Request Id is N.``; ``The disposition message is "..."``; ``Disposition message:`` with two tabs before its
text; ``LastStatus``; ``var nRenewals=N;``. In another language than English only what no language changes is left of
them: links, ids of elements, the number of the disposition, error codes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape

from imp_emulator.domain.ca.authority import RequestState
from imp_emulator.pipeline.request import Response
from imp_emulator.wire.ca.certsrv.words import WORDS, disposition
from imp_emulator.wire.http import iis

UNKNOWN_REQUEST = "The request ID is not known to this CA. 0x80094004 (-2146877436 CERTSRV_E_PROPERTY_EMPTY)"

_DISPOSITIONS = {RequestState.DENIED: 2, RequestState.PENDING: 5, RequestState.REVOKED: 6}
"""``CR_DISP_...`` of certcli.h."""
_ERROR = 1
_HTML = "text/html; charset=UTF-8"


@dataclass(frozen=True, slots=True)
class Pages:
    """The pages of one CA: its name and its language, one of :data:`WORDS`."""

    name: str
    language: str

    @property
    def _words(self) -> Mapping[str, str]:
        return WORDS[self.language]

    def home(self) -> Response:
        """The first page."""
        return self._page("welcome", f'<p><a href="certcarc.asp">{self._words["own_files"]}</a></p>')

    def issued(self, request: int) -> Response:
        """The answer to a request that was issued at once."""
        files = (("certnew.cer", "certificate"), ("certnew.p7b", "chain"))
        links = "".join(
            f'<p><a href="{file}?ReqID={request}&amp;Enc={encoding}">{self._words[what]}, {form}</a></p>'
            for file, what in files
            for encoding, form in (("bin", "DER"), ("b64", "Base 64"))
        )
        return self._page("issued", f"<p>{self._words['signed']}</p>{links}")

    def pending(self, request: int) -> Response:
        """The answer to a request that waits for an administrator."""
        number = self._words["number"].format(number=request)
        return self._page(
            "pending", f"<p id=locInfoNewReq>{self._words['received']}</p><p id=locInfoReqID>{number}</p>"
        )

    def denied(self, request: int, message: str) -> Response:
        """The answer to a request that was denied; request 0 stands for one that could not even be read."""
        number = self._words["number"].format(number=request)
        reason = self._words["reason"].format(message=escape(disposition(self.language, message), quote=False))
        text = f"<p id=locDenied>{self._words['refused']}</p><p id=locInfoReqIDandReason>{number} {reason}</p>"
        return self._page("denied", text)

    def no_certificate(self, request: str, state: RequestState | None, message: str) -> Response:
        """The answer where a certificate was asked for and there is none (yet); an unknown request has no state."""
        number = _DISPOSITIONS.get(state, _ERROR) if state else _ERROR
        told = escape(disposition(self.language, message), quote=False)
        words = self._words
        text = (
            f"<p>{words['nothing'].format(number=escape(request))}</p>\r\n<dl>\r\n"
            f"<DT ID=locDispLabel><B>{words['disposition']}</B></DT><DD>\r\n\t\t{number:X}"
            " <LocID ID=locDispSpacer>-</LocID>\r\n</DD>\r\n"
            f"<DT ID=locDispMsgLabel><B>{words['message']}</B></DT><DD>\r\n\t\t{told}\r\n</DD>\r\n"
            f"<DT ID=locLastStatLabel><B>{words['status']}</B></DT><DD>\r\n\t\t{words['success']} 0x0 (WIN32: 0)\r\n"
            "</DD></dl>"
        )
        return self._page("error", text)

    def failed(self, message: str) -> Response:
        """The answer where the pages have not reached their CA, or it has failed."""
        told = escape(disposition(self.language, message), quote=False)
        words = self._words
        text = (
            f"<p id=locInfoError>{words['failure']}</p>\r\n<dl>\r\n"
            f"<DT ID=locLastStatLabel><B>{words['status']}</B></DT><DD>\r\n\t\t{told}\r\n</DD></dl>"
        )
        return self._page("error", text)

    def bad_request(self, field: str) -> Response:
        """The answer to a form that does not say what is wanted."""
        return self._page("error", f"<p>{self._words['field'].format(field=escape(field))}</p>", status=500)

    def authority(self, renewals: int) -> Response:
        """The page that offers the CA's own certificates and revocation lists."""
        script = f"<script>\r\nvar nRenewals={renewals};\r\n</script>"
        links = "".join(
            f'<p>{number}: <a href="certnew.cer?ReqID=CACert&amp;Renewal={number}&amp;Enc=b64">'
            f"{self._words['certificate']}</a>,"
            f' <a href="certnew.p7b?ReqID=CACert&amp;Renewal={number}&amp;Enc=b64">{self._words["chain"]}</a>,'
            f' <a href="certcrl.crl?Type=base&amp;Renewal={number}&amp;Enc=b64">CRL</a></p>'
            for number in range(renewals, -1, -1)
        )
        return self._page("own_files", script + links)

    def _page(self, title: str, content: str, status: int = 200) -> Response:
        shown = self._words[title]
        body = (
            f"<!doctype html>\r\n<html><head><title>{shown}</title></head><body>\r\n"
            f"<p>Certificate Services: {escape(self.name)}</p>\r\n<h1 id=locPageTitle>{shown}</h1>\r\n{content}\r\n"
            "</body></html>"
        )
        return iis.answer(status, body.encode(), _HTML)
