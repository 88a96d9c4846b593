# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""Client of the certificate-management REST interface of one server (Cisco, release 14 and later).

Base path ``/platformcom/api/v1/certmgr/config``, account: the operating-system administrator. The service tokens of IM
and Presence and the removal of a trust certificate are not in Cisco's public documents; docs/fidelity.md says what is
assumed.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

from ansible_collections.ucops.imp.plugins.module_utils._certificates.x509 import (
    Certificate,
    NotACertificate,
    held_pem,
    unique,
)
from ansible_collections.ucops.imp.plugins.module_utils._core.backoff import NotNow, of_status, of_words
from ansible_collections.ucops.imp.plugins.module_utils._core.errors import (
    ApiError,
    Conflict,
    NoPublicApi,
    UnexpectedAnswer,
)
from ansible_collections.ucops.imp.plugins.module_utils._http.shape import Shape, shaped
from ansible_collections.ucops.imp.plugins.module_utils._http.transport import Answer, Transport

BASE = "/platformcom/api/v1/certmgr/config"

STORES = {"cup-trust": "cup", "cup-xmpp-trust": "cup-xmpp", "tomcat-trust": "tomcat"}
"""Trust stores of an IM and Presence node and their service tokens on the wire."""

_TRUST = {"service?": str, "certificate_data?": [{"certificate": str, "filename": str}]}
"""What is read of the snapshot's trust stores, see ``shaped``."""


class CertManager:
    """Trust stores and identities of one server; every call raises the errors of the transport and ``ApiError``."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def trusted(self, service: str) -> list[Certificate]:
        """Return the certificates of a trust store.

        Public clients take a list or a document with one, of objects that hold a certificate each; texts are taken too.
        """
        answer = self._call("GET", f"/trust/certificate?{urlencode({'service': service})}")
        content = answer.json()
        listed = content.get("certificates") if isinstance(content, dict) else content
        entries = self._shaped(listed, [(str, dict)], "/trust/certificate")
        return unique(certificate for entry in entries for certificate in self._parsed(_text(entry)))

    def file_names(self, service: str) -> dict[str, str]:
        """Return the file name of each certificate of a trust store, by fingerprint."""
        return {
            certificate.fingerprint: str(entry["filename"])
            for trust in self._snapshot("trusts", _TRUST)
            if trust.get("service") == service
            for entry in trust.get("certificate_data") or []
            for certificate in self._parsed(entry["certificate"])
        }

    def identities(self) -> list[Certificate]:
        """Return the certificates with which the server identifies itself, with whatever chain it stores for them."""
        entries = self._snapshot("identities", {"certificate?": str})
        return unique(
            certificate
            for entry in entries
            if entry.get("certificate")
            for certificate in self._parsed(entry["certificate"])
        )

    def trust(self, service: str, pem: str, description: str | None) -> None:
        """Upload one certificate to a trust store; one that is there already is no error."""
        body: dict[str, Any] = {"service": [service], "certificates": [pem]}
        if description is not None:
            body["description"] = description
        self._call("POST", "/trust/certificates", body)

    def distrust(self, service: str, fingerprint: str) -> None:
        """Remove a certificate from a trust store."""
        self._call("DELETE", f"/trust/certificate?{urlencode({'service': service, 'fingerprint': fingerprint})}")

    def _snapshot(self, part: str, shape: Shape) -> list[dict[str, Any]]:
        content = self._call("GET", "/snapshot/server").json()
        return list(self._shaped(content, {part: [shape]}, "/snapshot/server")[part])

    def _parsed(self, pem: Any) -> list[Certificate]:
        try:
            return held_pem(str(pem))
        except NotACertificate as error:
            raise UnexpectedAnswer(f"{self._transport.server} sent a certificate of which {error}") from None

    def _shaped(self, content: Any, shape: Shape, path: str) -> Any:
        return shaped(content, shape, f"The certificate management of {self._transport.server}, {path},")

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Answer:
        headers = {"Accept": "application/json"}
        content = None
        if body is not None:
            headers["Content-Type"] = "application/json"
            content = json.dumps(body).encode()
        answer = self._transport.request(method, BASE + path, body=content, headers=headers, busy=_not_now)
        if not answer.ok:
            raise self._error(answer)
        return answer

    def _error(self, answer: Answer) -> ApiError | NoPublicApi:
        """Read ``{"key": 400, "messages": [...], "trackingId": ...}``."""
        try:
            content = answer.json()
        except UnexpectedAnswer:
            content = None
        if isinstance(content, dict) and content.get("messages") and isinstance(content["messages"], list):
            text = " ".join(str(message).rstrip(".") + "." for message in content["messages"])
            details = {"tracking_id": content["trackingId"]} if content.get("trackingId") else {}
            kind = Conflict if answer.status in Conflict.MEANS_IT else ApiError
            return kind(f"{self._transport.server}: {text}", status=answer.status, details=details)
        if answer.status in (301, 302, 404, 405, 501):
            return NoPublicApi(
                f"{self._transport.server} has no certificate-management interface. It needs release 14 or later; on "
                "older ones upload certificates in Cisco Unified OS Administration, Security, Certificate Management."
            )
        return ApiError(f"{self._transport.server} answered HTTP {answer.status}.", status=answer.status)


def _text(entry: Any) -> Any:
    """Return the certificate that an entry of a list holds."""
    return entry.get("certificate") if isinstance(entry, dict) else entry


def _not_now(answer: Answer) -> NotNow | None:
    """Return what an error means that passes by itself: by the number in its body, or by its words."""
    if answer.ok:
        return None
    try:
        content = answer.json()
    except UnexpectedAnswer:
        return None
    if not isinstance(content, dict):
        return None
    number, messages = content.get("key"), content.get("messages")
    told = " ".join(map(str, messages)) if isinstance(messages, list) else ""
    return (of_status(number) if isinstance(number, int) else None) or of_words(told)
