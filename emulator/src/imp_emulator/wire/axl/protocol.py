# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What CUCM's and IM and Presence's AXL have in common: authentication, versions, envelopes, faults, the throttle."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from lxml import etree

from imp_emulator.catalogue.services import AXL_WEB_SERVICE
from imp_emulator.domain.imp import services
from imp_emulator.errors import DomainError
from imp_emulator.pipeline.accounts import Access, Accounts
from imp_emulator.pipeline.request import Operation, Request, Response
from imp_emulator.wire.axl import faults, refusals
from imp_emulator.wire.axl.faults import AxlFault
from imp_emulator.wire.axl.schema import UNFILLED, Complex
from imp_emulator.wire.axl.throttle import Throttle
from imp_emulator.wire.http import soap
from imp_emulator.wire.http.tomcat import error_page
from imp_emulator.world.context import Context

ROLE = "Standard AXL API Access"
NAMESPACE = "http://www.cisco.com/AXL/API/"
VERSIONLESS = "1.0"
"""The namespace version that serves only to ask for the version."""

INCORRECT_VERSION = 599
"""The HTTP status that AXL gives for a schema version that it does not have."""

_PATH = "/axl/"
_SOAP_ACTION = re.compile(r"CUCM:DB ver=(?P<version>[\d.]+)\b")
_PAGE = (
    "<html><head><title>Cisco CallManager: AXL Web Service</title></head><body><h1>Cisco CallManager: AXL Web Service"
    "</h1><p>The AXL Web Service is working and accepting requests. Use HTTP POST to send a request.</p></body></html>"
)
_LONGEST_NAME = 100
_DIGITS = re.compile(r"[0-9]{1,20}")
_UNSIGNED_LONG = 2**64
_CHALLENGE = {"WWW-Authenticate": 'Basic realm="Cisco Web Services Realm"'}


@dataclass(slots=True)
class AxlRequest:
    """A request that has passed every check of its form.

    Attributes:
        version: The schema version that the request is written in, for example ``12.5``.
        values: The request's content, see :meth:`Complex.decode`.
    """

    context: Context
    cluster: str
    node: str
    operation: str
    version: str
    values: dict[str, Any]


@dataclass(frozen=True, slots=True)
class AxlOperation:
    """An operation of AXL.

    Attributes:
        request: The type of its request.
        run: Carries it out and returns the markup inside ``<return>``; raises faults or errors of the domain.
        kind: What it is about, in the words of AXL's faults, for example ``User``.
        write: Whether it changes anything.
        versionless: Whether it may be asked in the version-less namespace too.
    """

    request: Complex
    run: Callable[[AxlRequest], str]
    kind: str = ""
    write: bool = False
    versionless: bool = False


class Axl:
    """AXL at one kind of node; the subclasses name its operations and versions."""

    name: ClassVar[str]
    table: ClassVar[Mapping[str, AxlOperation]]
    versions: ClassVar[tuple[str, ...]]

    def __init__(self, context: Context, accounts: Accounts) -> None:
        self.context = context
        self._accounts = accounts
        self.operations: Mapping[str, bool] = {name: operation.write for name, operation in self.table.items()}
        self._throttle = Throttle(context)
        # A scenario does not change while the process lives, so this is asked once for each cluster.
        self._supported = {
            cluster.name: [version for version in self.versions if float(version) <= cluster.release]
            for cluster in context.scenario.clusters
        }

    def owns(self, path: str) -> bool:
        """AXL lives below /axl/."""
        return path == "/axl" or path.startswith(_PATH)

    def authenticate(self, request: Request) -> Response | None:
        """Accept a session cookie or HTTP Basic of an application user that has AXL's role.

        While the service is down, the web server knows no such page (assumed).
        """
        if not services.is_running(self.context, request.cluster, request.node, AXL_WEB_SERVICE):
            return error_page(404, "The requested resource is not available.")
        access = self._accounts.session_or_basic(request, "application", ROLE)
        if access is Access.UNAUTHENTICATED:
            return error_page(401, "This request requires HTTP authentication.", _CHALLENGE)
        if access is Access.FORBIDDEN:
            return error_page(403, "Access to the requested resource has been denied.")
        return None

    def failure(self, request: Request, status: int, message: str) -> Response:
        """A SOAP fault for status 500; every other status comes from the web server in front of AXL."""
        if status == 500:
            return Response(500, AxlFault(faults.UNKNOWN_ERROR, message).body(""), soap.CONTENT_TYPE)
        return error_page(status, message, _CHALLENGE if status == 401 else None)

    def route(self, request: Request) -> Operation:
        """Find the operation; what cannot be understood becomes one that answers with its fault."""
        if request.method in ("GET", "HEAD"):
            return Operation("page", False, lambda: self._page(request))
        if request.method != "POST" or request.path.rstrip("/") != "/axl":
            status = 405 if request.method != "POST" else 404
            return Operation(request.method, False, lambda: error_page(status, "The request cannot be answered here."))
        try:
            _header, element = soap.parse_envelope(request.body)
        except soap.MalformedXml as error:
            fault = faults.malformed(error.reason)
            return Operation("malformed", False, lambda: self._fault(fault, ""))
        namespace, name = soap.split_tag(element)
        operation = self.table.get(name)
        write = operation is not None and operation.write
        return Operation(
            name[:_LONGEST_NAME],
            write,
            lambda: self._run(request, element, namespace, name),
            refuse=lambda code, _: refusals.answer(code, name) if code in refusals.REFUSALS else None,
        )

    def _page(self, request: Request) -> Response:
        if request.path.rstrip("/") != "/axl":
            return error_page(404, "The requested resource is not available.")
        return self._answer(request, _PAGE.encode(), "text/html;charset=utf-8")

    def _run(self, request: Request, element: etree._Element, namespace: str, name: str) -> Response:
        try:
            version = self._version(request, namespace, name)
            if version is None:
                supported = self._supported[request.cluster]
                listed = f"{', '.join(supported[:-1])} and {supported[-1]}" if len(supported) > 1 else supported[0]
                message = f"Incorrect axl version. Supported axl versions are {listed}"
                return error_page(INCORRECT_VERSION, message)
            operation = self.table.get(name)
            if operation is None or (version == VERSIONLESS and not operation.versionless):
                raise faults.not_implemented(name)
            return self._carry_out(request, element, name, operation, version)
        except AxlFault as fault:
            return self._fault(fault, name)

    def _carry_out(
        self, request: Request, element: etree._Element, name: str, operation: AxlOperation, version: str
    ) -> Response:
        if operation.write and (wait := self._throttle.seconds_to_wait(request.cluster)) is not None:
            return error_page(503, refusals.TOO_MANY_NOTIFICATIONS, {"Retry-After": str(wait)})
        values = operation.request.decode(element, version)
        sequence = _sequence(element)
        decoded = AxlRequest(self.context, request.cluster, request.node, name, version, values)
        try:
            content = operation.run(decoded)
        except DomainError as error:
            raise faults.of_domain(error, operation.kind, name.startswith("update")) from None
        if operation.write:
            self._throttle.note(request.cluster)
        opening = f'<ns:{name}Response xmlns:ns="{NAMESPACE}{version}"{sequence}>'
        body = f"{opening}<return>{content}</return></ns:{name}Response>"
        return self._answer(request, soap.envelope(body.encode()), soap.CONTENT_TYPE)

    def _answer(self, request: Request, body: bytes, content_type: str) -> Response:
        return Response(200, body, content_type, cookies=self._accounts.new_session(request, "/axl"))

    def _version(self, request: Request, namespace: str, name: str) -> str | None:
        """Return the schema version of a request, or ``None`` when the cluster's release does not have it.

        Raises:
            AxlFault: The namespace is not AXL's, or the SOAPAction header contradicts it.
        """
        if not namespace.startswith(NAMESPACE):
            raise faults.AxlFault(faults.UNKNOWN_REQUEST, f"Unknown request: {name} in namespace '{namespace}'.")
        version = namespace.removeprefix(NAMESPACE)
        if version == VERSIONLESS:
            return version
        action = _SOAP_ACTION.search(request.headers.get("soapaction", ""))
        announced = action["version"] if action else version
        supported = self._supported[request.cluster]
        if version not in supported or announced not in supported:
            return None
        if announced != version:
            message = f"The SOAPAction announces version {announced}, but {name} is written in version {version}."
            raise AxlFault(faults.INVALID_VALUE, message)
        return version

    def _fault(self, fault: AxlFault, name: str) -> Response:
        return Response(500, fault.body(name), soap.CONTENT_TYPE)


def _sequence(element: etree._Element) -> str:
    """Return the request's sequence number as the attribute of the answer."""
    value = element.get("sequence", UNFILLED)
    if value == UNFILLED:
        return ""
    if not _DIGITS.fullmatch(value) or int(value) >= _UNSIGNED_LONG:
        raise faults.bad_value("sequence", value, "unsignedLong")
    return f' sequence="{value}"'
