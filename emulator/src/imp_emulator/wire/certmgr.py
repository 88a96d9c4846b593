# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The certificate-management REST interface of a node (port 443, release 14 and later).

It has its own account, the operating system's administrator. Calls and bodies follow Cisco's public documentation and
public clients; the deletion of a trust certificate and the service tokens but ``tomcat`` are this project's choice.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import uuid
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from imp_emulator.domain.imp import identities, nodes, trust
from imp_emulator.errors import DomainError, NotFound
from imp_emulator.pipeline.accounts import Access, Accounts
from imp_emulator.pipeline.request import Operation, Request, Response
from imp_emulator.wire.certmgr_refusals import REFUSALS
from imp_emulator.world.context import Context

BASE = "/platformcom/api/v1/certmgr/config"
_JSON = "application/json"


class _BadRequest(Exception):
    """A request that the interface does not understand."""


class Certmgr:
    """The interface on every node's port 443; every node has its own certificates."""

    since = 14.0
    """The release that brought it."""

    name = "certmgr"
    operations: ClassVar[Mapping[str, bool]] = {
        "GET /csr": False,
        "GET /identity/certificate": False,
        "GET /options": False,
        "GET /snapshot/server": False,
        "GET /trust/certificate": False,
        "DELETE /trust/certificate": True,
        "POST /csr": True,
        "POST /identity/certificates": True,
        "POST /trust/certificates": True,
    }

    def __init__(self, context: Context, accounts: Accounts) -> None:
        self._context = context
        self._accounts = accounts
        self._handlers: dict[str, Callable[[Request], Response]] = {
            "GET /csr": self._get_request,
            "GET /identity/certificate": self._get_identity,
            "GET /options": self._options,
            "GET /snapshot/server": self._snapshot,
            "GET /trust/certificate": self._get_trusted,
            "DELETE /trust/certificate": self._delete_trusted,
            "POST /identity/certificates": self._post_identity,
            "POST /trust/certificates": self._post_trusted,
        }

    def owns(self, path: str) -> bool:
        return path.startswith("/platformcom/")

    def authenticate(self, request: Request) -> Response | None:
        if self._accounts.basic(request, "os") is Access.OK:
            return None
        refusal = _error(401, "Unauthorized")
        refusal.headers["WWW-Authenticate"] = 'Basic realm="CMPlatform Realm"'
        return refusal

    def route(self, request: Request) -> Operation:
        operation = f"{request.method} {request.path.removeprefix(BASE).rstrip('/')}"
        if not request.path.startswith(BASE) or operation not in self.operations:
            return Operation(operation[:128], False, lambda: _error(404, "Resource not found"))
        if operation == "POST /csr":
            return self._route_request(request)
        return Operation(
            operation,
            self.operations[operation],
            lambda: self._run(self._handlers[operation], request),
            refuse=_refuse,
        )

    def failure(self, request: Request, status: int, message: str) -> Response:
        return _error(status, message)

    def _run(self, handler: Callable[[Request], Response], request: Request) -> Response:
        try:
            return handler(request)
        except _BadRequest as error:
            return _error(400, str(error))
        except NotFound as error:
            return _error(404, error.message)
        except DomainError as error:
            return _error(400, error.message)

    def _snapshot(self, request: Request) -> Response:
        place = (self._context, request.cluster, request.node)
        return _answer(
            server=nodes.server(*place).fqdn,
            identities=[
                {
                    "service": service,
                    "certificate": _or_none(identities.certificate, *place, service),
                    "csr": _or_none(identities.waiting_request, *place, service),
                }
                for service in trust.services(*place)
            ]
            + [
                {"service": service, "certificate": pem, "csr": None}
                for service, pem in trust.foreign_identities(*place)
            ],
            trusts=[
                {
                    "service": service,
                    "certificate_data": [
                        {"filename": found.filename, "certificate": found.pem}
                        for found in trust.trusted(*place, service)
                    ],
                }
                for service in trust.services(*place)
            ],
            revokedCertificates=[],
        )

    def _options(self, request: Request) -> Response:
        return _answer(
            services=list(trust.services(self._context, request.cluster, request.node)),
            distributions=["this-server"],
            keyTypes={kind: list(lengths) for kind, lengths in identities.KEY_LENGTHS.items()},
            hashAlgorithms=list(identities.HASHES),
        )

    def _get_request(self, request: Request) -> Response:
        service = _parameter(request, "service")
        csr = identities.waiting_request(self._context, request.cluster, request.node, service)
        return _answer(service=service, csr=csr)

    def _route_request(self, request: Request) -> Operation:
        """Have the key made in a thread: a long one takes seconds, in which others want their answers."""
        made: list[identities.PrivateKey] = []

        async def make_key() -> None:
            # What is wrong with the request is told by the handler, which looks again.
            with contextlib.suppress(_BadRequest, DomainError):
                _, wanted = self._wanted(request)
                made.append(await asyncio.to_thread(identities.make_key, wanted))

        def handler(_: Request) -> Response:
            service, wanted = self._wanted(request)
            csr = identities.create_request(self._context, request.cluster, request.node, service, wanted, made[0])
            return _answer(service=service, csr=csr)

        return Operation("POST /csr", True, lambda: self._run(handler, request), make_key, refuse=_refuse)

    def _wanted(self, request: Request) -> tuple[str, identities.SigningRequest]:
        """Return the service and what its certificate is asked for; raises what is wrong with them."""
        body = _body(
            request,
            required={"service": str, "distribution": str, "commonName": str},
            optional={"keyType": str, "keyLength": int, "hashAlgorithm": str, "altNames": list},
        )
        if body["distribution"] != "this-server":
            raise _BadRequest("Unsupported distribution; only this-server is supported")
        wanted = identities.SigningRequest(
            body["commonName"],
            body.get("keyType", "rsa"),
            body.get("keyLength", 2048),
            body.get("hashAlgorithm", "sha256"),
            tuple(_texts(body.get("altNames", []), "altNames")),
        )
        service = trust.check_service(self._context, request.cluster, request.node, body["service"])
        identities.check_request(wanted)
        return service, wanted

    def _get_identity(self, request: Request) -> Response:
        service = _parameter(request, "service")
        found = identities.certificate(self._context, request.cluster, request.node, service)
        return _answer(service=service, certificate=found)

    def _post_identity(self, request: Request) -> Response:
        body = _body(request, required={"service": str, "certificates": list}, optional={})
        texts = _texts(body["certificates"], "certificates")
        identities.upload(self._context, request.cluster, request.node, body["service"], texts)
        return _answer(201, messages=["The certificate is installed; restart the service to use it."])

    def _get_trusted(self, request: Request) -> Response:
        service = _parameter(request, "service")
        found = trust.trusted(self._context, request.cluster, request.node, service)
        return _answer(certificates=[{"certificate": certificate.pem} for certificate in found])

    def _post_trusted(self, request: Request) -> Response:
        """Add certificates; 201 when any was added, 200 when all were there already."""
        body = _body(request, required={"service": list, "certificates": list}, optional={"description": str})
        added = trust.upload(
            self._context,
            request.cluster,
            request.node,
            _texts(body["service"], "service"),
            _texts(body["certificates"], "certificates"),
            body.get("description", ""),
        )
        return _answer(201 if added else 200, messages=[f"Certificates added: {added}"])

    def _delete_trusted(self, request: Request) -> Response:
        service, fingerprint = _parameter(request, "service"), _parameter(request, "fingerprint")
        trust.delete(self._context, request.cluster, request.node, service, fingerprint)
        return _answer(messages=["The certificate is deleted."])


def _or_none(read: Callable[[Context, str, str, str], str], *place: Any) -> str | None:
    try:
        return read(*place)
    except NotFound:
        return None


def _parameter(request: Request, name: str) -> str:
    value = request.query.get(name, "")
    if not value:
        raise _BadRequest(f"The query parameter {name} is missing")
    return value


def _body(request: Request, required: Mapping[str, type], optional: Mapping[str, type]) -> dict[str, Any]:
    """Read a JSON object and check its fields; the messages name fields and never repeat values."""
    try:
        body = json.loads(request.body)
        # A lone surrogate is JSON but no Unicode text, and nothing could store it.
        json.dumps(body, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        raise _BadRequest("Invalid JSON Format") from None
    if not isinstance(body, dict):
        raise _BadRequest("Invalid JSON Format")
    types = {**required, **optional}
    for name, value in body.items():
        if name not in types:
            raise _BadRequest(f"Unrecognized field: {name[:64]}")
        if not isinstance(value, types[name]) or isinstance(value, bool):
            raise _BadRequest(f"Invalid value for field: {name}")
    for name in required:
        if name not in body:
            raise _BadRequest(f"Missing field: {name}")
    return body


def _texts(values: list[Any], name: str) -> list[str]:
    if not all(isinstance(value, str) for value in values):
        raise _BadRequest(f"Invalid value for field: {name}")
    return values


def _answer(status: int = 200, **fields: Any) -> Response:
    return Response(status, json.dumps({"trackingId": _tracking_id(), **fields}).encode(), _JSON)


def _error(status: int, message: str) -> Response:
    error = {"key": status, "messages": [message], "trackingId": _tracking_id()}
    return Response(status, json.dumps(error).encode(), _JSON)


def _refuse(code: str, _values: Mapping[str, str]) -> Response | None:
    return _error(*REFUSALS[code]) if code in REFUSALS else None


def _tracking_id() -> str:
    return f"UC_{uuid.uuid4()}"
