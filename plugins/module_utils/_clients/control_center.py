# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""Client of ControlCenterServices (SOAP): what the services of one node do, and making them do it.

Namespace ``http://schemas.cisco.com/ast/soap``, elements qualified, at port 8443 of every node; the SOAPAction is the
operation's bare name. A call goes to the node that it concerns, and its answer does not mean that the work is done.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from ansible_collections.ucops.imp.plugins.module_utils._core.backoff import Asked, NotNow, of_words
from ansible_collections.ucops.imp.plugins.module_utils._core.errors import ApiError, UnexpectedAnswer
from ansible_collections.ucops.imp.plugins.module_utils._http import soap
from ansible_collections.ucops.imp.plugins.module_utils._http.transport import Answer, Transport

PATH = "/controlcenterservice2/services/ControlCenterServices"
NAMESPACE = "http://schemas.cisco.com/ast/soap"

STARTED = "Started"
STOPPED = "Stopped"
IN_BETWEEN = ("Starting", "Stopping")

NO_SUCH_SERVICE = -1010
NOT_RUNNING = -1019
PENDING = -1029
ALREADY_STARTED = -1039
ALREADY_STOPPED = -1040
NOT_ACTIVATED = -1068
OUT_OF_MEMORY, FILE_LOCKED, TIMED_OUT = -1024, -1032, -1031
PASSING = (OUT_OF_MEMORY, FILE_LOCKED, -1041, -1046, -1047, -1048, -1049, -1050)
"""Reason codes of a node that has not taken a command and soon will. An earlier command that is pending is none of
them: it may be the very same one."""

RATE_CONTROL = "RateControl"
"""Ends the fault code of a client that has asked more often in a minute than the enterprise parameters under Rate
Control allow."""
RATE_PAUSE = Asked("15")
"""Seconds. The count begins anew each minute, so four pauses are enough, whenever it was full."""

REASONS = {
    -1004: "the entry was not found",
    NO_SUCH_SERVICE: "there is no such service",
    -1012: "the arguments are not valid",
    NOT_RUNNING: "the service is not running",
    PENDING: "an earlier command is still pending",
    TIMED_OUT: "the command timed out",
    ALREADY_STARTED: "it is already started",
    ALREADY_STOPPED: "it is already stopped",
    OUT_OF_MEMORY: "the node is out of memory",
    FILE_LOCKED: "a file is locked",
    -1042: "the service does not permit this transition",
    -1045: "the service does not support this",
    -1041: "what it depends on is still on its way",
    -1046: "it is being recovered",
    -1047: "a restart is scheduled already",
    -1048: "it waits for what it depends on",
    -1049: "it waits for what depends on it",
    -1050: "it is being shut down",
    NOT_ACTIVATED: "the service is not activated",
    -1069: "the service was stopped on purpose",
}
"""Reason codes of the control center, in words."""


@dataclass(frozen=True)
class Service:
    """A service of a node. ``up_time`` in seconds, -1 when it does not run; ``started`` as the node writes it."""

    name: str
    status: str
    reason_code: int
    reason: str
    started: str
    up_time: int

    @property
    def activated(self) -> bool:
        """Whether it is deployed; a service that is not cannot be started."""
        return self.reason_code != NOT_ACTIVATED

    @property
    def exists(self) -> bool:
        """Whether the node has such a service at all."""
        return self.reason_code != NO_SUCH_SERVICE


class ControlCenter:
    """The control center of one node; every call raises the errors of the transport and ``ApiError``."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def services(self, names: Sequence[str] = ()) -> dict[str, Service]:
        """Return these services, or all of the node, by name."""
        request = _element("soapGetServiceStatus")
        for name in names or ("",):
            soap.append(request, _name("ServiceStatus"), name)
        answer = self._call(request, repeatable=True)
        items = soap.find(answer, "soapGetServiceStatusReturn", "ServiceInfoList")
        if items is None:
            raise UnexpectedAnswer(f"The control center of {self._transport.server} sent no list of services.")
        found = [_service(item) for item in soap.children(items, "item")]
        return {service.name: service for service in found}

    def version(self) -> str:
        """Return the full version of what runs on the node, for example ``14.0.1.13900-155``."""
        return self._product("ActiveServerVersion", "version")

    def node_name(self) -> str:
        """Return what the cluster calls this node."""
        return self._product("PrimaryNode", "node's name")

    def _product(self, element: str, what: str) -> str:
        request = _element("getProductInformationList")
        soap.append(request, _name("ServiceInfo"))
        answer = self._call(request, repeatable=True)
        value = soap.text(answer, "getProductInformationListReturn", element).strip()
        if not value:
            raise UnexpectedAnswer(f"The control center of {self._transport.server} does not say its {what}.")
        return value

    def control(self, node: str, command: str, names: Iterable[str]) -> None:
        """Send ``Start``, ``Stop`` or ``Restart``; raises ``ApiError`` with the reason when it is not accepted."""
        self._command("soapDoControlServices", "ControlServiceRequest", ("ControlType", command), node, names)

    def deploy(self, node: str, command: str, names: Iterable[str]) -> None:
        """Send ``Deploy`` (activate and start) or ``UnDeploy``; raises ``ApiError`` when it is not accepted."""
        self._command("soapDoServiceDeployment", "DeploymentServiceRequest", ("DeployType", command), node, names)

    def _command(self, operation: str, wrapper: str, kind: tuple[str, str], node: str, names: Iterable[str]) -> None:
        request = _element(operation)
        content = soap.append(request, _name(wrapper))
        soap.append(content, _name("NodeName"), node)
        soap.append(content, _name(kind[0]), kind[1])
        services = soap.append(content, _name("ServiceList"))
        for name in names:
            soap.append(services, _name("item"), name)
        answer = self._call(request, repeatable=False)
        self._check(soap.find(answer, f"{operation}Return"))

    def _check(self, result: Element | None) -> None:
        """Raise the reason why a command was not accepted, of the call or of one of its services."""
        if result is None:
            raise UnexpectedAnswer(f"The control center of {self._transport.server} sent no result.")
        code = _refused(result)
        if code is None:
            return
        text = REASONS.get(code) or soap.text(result, "ReasonString").strip() or "no reason given"
        raise ApiError(f"not accepted: {text} (reason code {code})", status=200, code=f"reason{code}")

    def _call(self, request: Element, *, repeatable: bool) -> Element:
        operation = soap.local_name(request)
        answer = self._transport.request(
            "POST",
            PATH,
            body=soap.envelope(request),
            headers={"Content-Type": soap.CONTENT_TYPE, "SOAPAction": f'"{operation}"'},
            idempotent=repeatable,
            busy=_not_now if repeatable else _command_not_now,
        )
        try:
            return soap.parse(answer.body)
        except soap.SoapFault as fault:
            raise ApiError(f"the control center refused: {fault.message}", status=answer.status) from None
        except soap.MalformedXml as error:
            raise UnexpectedAnswer(
                f"{self._transport.server} answered HTTP {answer.status} where the control center should be. {error} "
                "Check hostname and port.",
                details={"status": answer.status},
            ) from None


def _not_now(answer: Answer) -> NotNow | None:
    """Return what a fault means that passes by itself; ``None`` for any other, and for no fault."""
    fault = soap.fault_of(answer.body)
    if fault is None:
        return None
    if fault.code.endswith(RATE_CONTROL) or "exceeded allowed rate" in fault.message.lower():
        return NotNow(f"that it was asked too often ({fault.message[:200]})", RATE_PAUSE)
    return of_words(fault.message)


def _command_not_now(answer: Answer) -> NotNow | None:
    """Return the same of the answer to a command, which has reason codes of its own."""
    found = _not_now(answer)
    if found is not None or not answer.ok:
        return found
    try:
        content = soap.parse(answer.body)
    except (soap.SoapFault, soap.MalformedXml):
        return None
    code = _refused(next(iter(content), None))
    if code not in (*PASSING, TIMED_OUT):
        return None
    return NotNow(f"that {REASONS[code]} (reason code {code})", undone=code != TIMED_OUT)


def _refused(result: Element | None) -> int | None:
    """Return the reason code of a command that was not accepted, of the call or of one of its services."""
    if result is None or soap.text(result, "ReturnCode").strip() == "0":
        return None
    items = soap.find(result, "ServiceInfoList")
    codes = [_number(soap.text(item, "ReasonCode")) for item in (() if items is None else items)]
    refused = [code for code in codes if code in REASONS]
    return refused[0] if refused else _number(soap.text(result, "ReasonCode"))


def _name(local: str) -> str:
    return f"{{{NAMESPACE}}}{local}"


def _element(operation: str) -> Element:
    return Element(_name(operation))


def _service(item: Element) -> Service:
    return Service(
        name=soap.text(item, "ServiceName"),
        status=soap.text(item, "ServiceStatus"),
        reason_code=_number(soap.text(item, "ReasonCode")),
        reason=soap.text(item, "ReasonCodeString").strip(),
        started=soap.text(item, "StartTime").strip(),
        up_time=_number(soap.text(item, "UpTime")),
    )


def _number(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        return -1
