# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ControlCenterServices: the SOAP interface that starts, stops and activates the services of one node.

Document/literal like AXL, but here the child elements are in the namespace too. The shapes of the messages are those
that Cisco's public documentation shows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from lxml import etree

from imp_emulator.catalogue.services import ServiceSpec
from imp_emulator.domain.imp import services
from imp_emulator.domain.imp.services import Action, Reason, ServiceState
from imp_emulator.pipeline.accounts import Access, Accounts
from imp_emulator.pipeline.request import Operation, Request, Response
from imp_emulator.wire import control_center_refusals as refusals
from imp_emulator.wire import control_center_wsdl as wsdl
from imp_emulator.wire.control_center_wsdl import NAMESPACE
from imp_emulator.wire.http import soap
from imp_emulator.wire.http.hosts import base_url
from imp_emulator.wire.http.soap import text
from imp_emulator.wire.http.tomcat import error_page
from imp_emulator.world.context import Context

PATH = "/controlcenterservice2/services/ControlCenterServices"
EXTENDED = f"{PATH}Ex"
"""The path of Cisco's second service, for which there is only an answer that says so."""
ROLE = "Standard SERVICEABILITY"
_APPLICATION_PATH = "/controlcenterservice2"
"""What Tomcat's cookie of a page's own session belongs to."""
_START_TIME = "%a %b %d %H:%M:%S %Y"
_MOST_NAMES = 1000
_PRODUCTS = {
    "cucm": ("Cisco Unified Communications Manager", "CallManager", "CCM"),
    "imp": ("Cisco Unified Communications Manager IM and Presence", "CUP", "CUP"),
}
"""Name, identifier and short name of what is installed on a node, by its role."""


class _BadRequest(Exception):
    """A request that does not have the form of its operation."""


@dataclass(frozen=True, slots=True)
class _Command:
    """A control or deployment request: what to do to which services, on the node that it names (may be empty)."""

    node: str
    verb: str
    names: list[str]


class ControlCenter:
    """The interface on every node's port 8443; it acts on the node that it is asked at."""

    name = "control_center"
    operations: ClassVar[Mapping[str, bool]] = {
        "getProductInformationList": False,
        "soapDoControlServices": True,
        "soapDoServiceDeployment": True,
        "soapGetServiceStatus": False,
        "soapGetStaticServiceList": False,
        "wsdl": False,
    }

    def __init__(self, context: Context, accounts: Accounts) -> None:
        self._context = context
        self._accounts = accounts
        self._handlers: dict[str, Callable[[Request, etree._Element], str]] = {
            "getProductInformationList": self._products,
            "soapDoControlServices": self._control,
            "soapDoServiceDeployment": self._deploy,
            "soapGetServiceStatus": self._status,
            "soapGetStaticServiceList": self._static,
        }

    def owns(self, path: str) -> bool:
        return path.rstrip("/") in (PATH, EXTENDED)

    def authenticate(self, request: Request) -> Response | None:
        """Accept a session cookie or HTTP Basic of an application user that has the role."""
        access = self._accounts.session_or_basic(request, "application", ROLE)
        if access is Access.UNAUTHENTICATED:
            return error_page(401, headers={"WWW-Authenticate": 'Basic realm="Cisco Serviceability"'})
        return None if access is Access.OK else error_page(403, f"The caller lacks the role {ROLE}")

    def route(self, request: Request) -> Operation:
        described = request.method in ("GET", "HEAD") and any(name.lower() == "wsdl" for name in request.query)
        if request.path.rstrip("/") == EXTENDED:
            refusal = "ControlCenterServicesEx is not implemented by this emulator"
            return Operation("ControlCenterServicesEx", False, lambda: _fault("Client", refusal))
        if described:
            return Operation("wsdl", False, lambda: self._description(request))
        if request.method != "POST":
            return Operation(request.method, False, _only_post)
        try:
            _, content = soap.parse_envelope(request.body)
        except soap.MalformedXml as error:
            reason = error.reason
            return Operation("malformed", False, lambda: _fault("Client", reason))
        namespace, operation = soap.split_tag(content)
        if namespace != NAMESPACE or operation not in self._handlers:
            return Operation(operation[:64], False, lambda: _fault("Client", f"No such operation: {operation[:64]}"))
        return Operation(
            operation,
            self.operations[operation],
            lambda: self._run(request, operation, content),
            refuse=lambda code, _: refusals.answer(code, operation, NAMESPACE) if code in refusals.REFUSALS else None,
        )

    def failure(self, request: Request, status: int, message: str) -> Response:
        return _fault("Client" if status < 500 else "Server", message, status)

    def _run(self, request: Request, operation: str, content: etree._Element) -> Response:
        action = request.headers.get("soapaction", "").strip().strip('"')
        if action and not action.endswith(operation):
            return _fault("Client", f"The SOAPAction does not name the operation {operation}")
        try:
            inside = self._handlers[operation](request, content)
        except _BadRequest as error:
            return _fault("Client", str(error))
        markup = (
            f'<ns1:{operation}Response xmlns:ns1="{NAMESPACE}"><ns1:{operation}Return>{inside}'
            f"</ns1:{operation}Return></ns1:{operation}Response>"
        )
        return self._answer(request, soap.envelope(markup.encode()))

    def _description(self, request: Request) -> Response:
        """Describe the service at the address that the client asked, which a listener's port is part of."""
        return self._answer(request, wsdl.document(f"{base_url(request, request.node)}{PATH}"))

    def _answer(self, request: Request, body: bytes) -> Response:
        return Response(200, body, soap.CONTENT_TYPE, cookies=self._accounts.new_session(request, _APPLICATION_PATH))

    def _status(self, request: Request, content: etree._Element) -> str:
        """Answer for the services of a repeated element, or of a list of items; without any, for all."""
        names: list[str] = []
        for element in _fields(content, "ServiceStatus").get("ServiceStatus", []):
            items = _fields(element, "item").get("item", [])
            names += [soap.content(item) for item in items] or [soap.content(element)]
        wanted = _bounded(names)
        return _information(services.poll(self._context, request.cluster, request.node, wanted), Reason.DONE)

    def _control(self, request: Request, content: etree._Element) -> str:
        command = _command(content, "ControlServiceRequest", "ControlType", list(Action))
        action = Action(command.verb)
        return self._carry_out(
            request,
            command,
            lambda name: services.control(self._context, request.cluster, request.node, action, name),
        )

    def _deploy(self, request: Request, content: etree._Element) -> str:
        command = _command(content, "DeploymentServiceRequest", "DeployType", wsdl.DEPLOY_TYPES)
        activate = command.verb == "Deploy"
        return self._carry_out(
            request,
            command,
            lambda name: services.deploy(self._context, request.cluster, request.node, name, activate),
        )

    def _carry_out(self, request: Request, command: _Command, carry_out: Callable[[str], Reason]) -> str:
        """Do it to every service of the list; those that are refused do not keep the others from it."""
        if not command.names:
            return _information([], Reason.BAD_ARGUMENTS)
        if command.node and not services.means(self._context, request.cluster, request.node, command.node):
            return _information([], Reason.ENTRY_NOT_FOUND)
        reasons = {name: carry_out(name) for name in command.names}
        states = services.states(self._context, request.cluster, request.node, list(reasons))
        refused = [reason for reason in reasons.values() if reason is not Reason.DONE]
        return _information(states, refused[0] if refused else Reason.DONE, list(reasons.values()))

    def _static(self, request: Request, content: etree._Element) -> str:
        _fields(content, "ServiceInformationResponse")
        items = "".join(_item(_specification(spec)) for spec in self._catalogue(request))
        return f"<ns1:Services>{items}</ns1:Services>"

    def _products(self, request: Request, content: etree._Element) -> str:
        _fields(content, "ServiceInfo")
        version = self._context.scenario.cluster(request.cluster).version
        name, identifier, short = _PRODUCTS[self._role(request)]
        product = _elements(
            ("ProductName", name),
            ("ProductVersion", version),
            ("ProductDescription", name),
            ("ProductID", identifier),
            ("ShortName", short),
        )
        items = "".join(_item(_specification(spec, identifier)) for spec in self._catalogue(request))
        head = _elements(("ActiveServerVersion", version), ("PrimaryNode", request.node), ("SecondaryNode", ""))
        return f"{head}<ns1:Products>{_item(product)}</ns1:Products><ns1:Services>{items}</ns1:Services>"

    def _catalogue(self, request: Request) -> list[ServiceSpec]:
        return services.catalogue(self._context, request.cluster, request.node)

    def _role(self, request: Request) -> str:
        return services.role(self._context, request.cluster, request.node)


def _fields(element: etree._Element, *allowed: str) -> dict[str, list[etree._Element]]:
    """Return the child elements by name; raises ``_BadRequest`` for one that does not belong there."""
    found: dict[str, list[etree._Element]] = {}
    for child in element:
        namespace, name = soap.split_tag(child)
        if namespace != NAMESPACE or name not in allowed:
            raise _BadRequest(f"Unexpected subelement {child.tag[:128]} in {soap.local_name(element)}")
        found.setdefault(name, []).append(child)
    return found


def _command(content: etree._Element, wrapper: str, verb: str, verbs: Iterable[str]) -> _Command:
    wrapped = _fields(content, wrapper).get(wrapper, [])
    if len(wrapped) != 1:
        raise _BadRequest(f"{soap.local_name(content)} must hold one {wrapper}")
    fields = _fields(wrapped[0], "NodeName", verb, "ServiceList")
    if any(len(elements) > 1 for elements in fields.values()):
        raise _BadRequest(f"An element of {wrapper} is repeated")
    chosen = soap.content(fields.get(verb, [None])[0])
    if chosen not in verbs:
        raise _BadRequest(f"{verb} must be one of {', '.join(verbs)}")
    items = [item for element in fields.get("ServiceList", []) for item in _fields(element, "item").get("item", [])]
    names = _bounded(map(soap.content, items))
    return _Command(soap.content(fields.get("NodeName", [None])[0]), chosen, names)


def _bounded(names: Iterable[str]) -> list[str]:
    """Return each name once, without empty ones; raises ``_BadRequest`` for more than anybody has services."""
    wanted = list(dict.fromkeys(filter(None, names)))
    if len(wanted) > _MOST_NAMES:
        raise _BadRequest(f"More than {_MOST_NAMES} services are named")
    return wanted


def _information(states: Sequence[ServiceState], result: Reason, refusals: Sequence[Reason] = ()) -> str:
    """Write the answer about services; ``refusals`` tells for each of them why its command was not accepted."""
    items = []
    for state, refusal in zip(states, refusals or [Reason.DONE] * len(states), strict=True):
        items.append(_item(_service(state, state.reason if refusal is Reason.DONE else refusal)))
    head = _elements(
        ("ReturnCode", "0" if result is Reason.DONE else "1"),
        ("ReasonCode", str(result.code)),
        ("ReasonString", result.text),
    )
    return f"{head}<ns1:ServiceInfoList>{''.join(items)}</ns1:ServiceInfoList>"


def _service(state: ServiceState, reason: Reason) -> str:
    started = "" if state.started_at is None else services.instant(state.started_at).strftime(_START_TIME)
    return _elements(
        ("ServiceName", state.name),
        ("ServiceStatus", state.status.value),
        ("ReasonCode", str(reason.code)),
        ("ReasonCodeString", _reason(state, reason) or " "),
        ("StartTime", started),
        ("UpTime", str(state.uptime)),
    )


def _reason(state: ServiceState, reason: Reason) -> str:
    return f"{reason.text}: {state.detail}" if state.detail and reason is state.reason else reason.text


def _specification(spec: ServiceSpec, product: str | None = None) -> str:
    before = _elements(
        ("ServiceName", spec.name),
        ("ServiceType", "Servlet" if spec.servlet else "Service"),
        ("Deployable", "true" if spec.feature else "false"),
        ("GroupName", spec.group),
    )
    identifier = _elements(("ProductID", product)) if product else ""
    depends = _elements(*(("Service", name) for name in spec.depends))
    return f"{before}{identifier}<ns1:DependentServices>{depends}</ns1:DependentServices>"


def _elements(*fields: tuple[str, str]) -> str:
    return "".join(f"<ns1:{name}>{text(value)}</ns1:{name}>" for name, value in fields)


def _item(inside: str) -> str:
    return f"<ns1:item>{inside}</ns1:item>"


def _only_post() -> Response:
    refusal = _fault("Client", "The service answers POST requests only", 405)
    refusal.headers["Allow"] = "POST"
    return refusal


def _fault(code: str, message: str, status: int = 500) -> Response:
    return Response(status, soap.fault(code, message), soap.CONTENT_TYPE)
