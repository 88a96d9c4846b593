# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The description of ControlCenterServices that SOAP clients ask for (``?wsdl``), made of the tables below.

Names, order and types are those of the interface, so that a client made from Cisco's own file finds the same here; the
document is this project's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from imp_emulator.domain.imp.services import Action, Status
from imp_emulator.wire.http.soap import text

NAMESPACE = "http://schemas.cisco.com/ast/soap"
BINDING = "ControlCenterServicesBinding"
"""The name of the binding, which clients give when they say where a server is."""
DEPLOY_TYPES = ("Deploy", "UnDeploy")

_PREFIXES = " ".join(
    f'xmlns:{prefix}="http://{namespace}"'
    for prefix, namespace in (
        ("wsdl", "schemas.xmlsoap.org/wsdl/"),
        ("soap", "schemas.xmlsoap.org/wsdl/soap/"),
        ("xsd", "www.w3.org/2001/XMLSchema"),
    )
)

_SIMPLE = {
    "ServiceTypes": ("Service", "Servlet"),
    "ServiceStatus": tuple(Status),
    "DeployType": DEPLOY_TYPES,
    "ControlType": tuple(Action),
}
"""The types that have few values."""

# An element is "name:type"; the type stands for one of the schema's own where it is capitalised. Behind it "~" marks
# one that may be nil, "*" one that is repeated or left out, "+" one that is repeated.
_SERVICE = ("ServiceName:string~", "ServiceType:ServiceTypes~", "Deployable:boolean", "GroupName:string~")
_COMPLEX = {
    "DependentServices": ("Service:string*",),
    "ArrayOfServices": ("item:string~*",),
    "ServiceSpecification": (*_SERVICE, "DependentServices:DependentServices~"),
    "ArrayOfServiceSpecification": ("item:ServiceSpecification*",),
    "StaticServiceList": ("Services:ArrayOfServiceSpecification~",),
    "ServiceInformation": (
        "ServiceName:string~",
        "ServiceStatus:ServiceStatus~",
        "ReasonCode:integer~",
        "ReasonCodeString:string~",
        "StartTime:string~",
        "UpTime:integer~",
    ),
    "ArrayOfServiceInformation": ("item:ServiceInformation*",),
    "ServiceInformationResponse": (
        "ReturnCode:ReturnCode~",
        "ReasonCode:integer~",
        "ReasonString:string~",
        "ServiceInfoList:ArrayOfServiceInformation~",
    ),
    "DeploymentServiceRequest": ("NodeName:string~", "DeployType:DeployType~", "ServiceList:ArrayOfServices~"),
    "ControlServiceRequest": ("NodeName:string~", "ControlType:ControlType~", "ServiceList:ArrayOfServices~"),
    "InstalledProduct": (
        "ProductName:string~",
        "ProductVersion:string~",
        "ProductDescription:string~",
        "ProductID:string~",
        "ShortName:string~",
    ),
    "ArrayOfInstalledProduct": ("item:InstalledProduct*",),
    "ProductServiceSpecification": (*_SERVICE, "ProductID:string~", "DependentServices:DependentServices~"),
    "ArrayOfProductServiceSpecification": ("item:ProductServiceSpecification*",),
    "GetProductInformationListResponse": (
        "ActiveServerVersion:string~",
        "PrimaryNode:string~",
        "SecondaryNode:string~",
        "Products:ArrayOfInstalledProduct~",
        "Services:ArrayOfProductServiceSpecification~",
    ),
}

OPERATIONS = {
    "soapGetStaticServiceList": ("ServiceInformationResponse:string", "StaticServiceList"),
    "soapGetServiceStatus": ("ServiceStatus:string+", "ServiceInformationResponse"),
    "soapDoServiceDeployment": ("DeploymentServiceRequest:DeploymentServiceRequest", "ServiceInformationResponse"),
    "soapDoControlServices": ("ControlServiceRequest:ControlServiceRequest", "ServiceInformationResponse"),
    "getProductInformationList": ("ServiceInfo:string", "GetProductInformationListResponse"),
}
"""The element of each operation's request, and the type of what its answer holds."""


def document(address: str) -> bytes:
    """Return the description of the service at an address (a URL)."""
    parts = (
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<wsdl:definitions targetNamespace="{NAMESPACE}" xmlns:tns="{NAMESPACE}" {_PREFIXES}>',
        f'<wsdl:types><xsd:schema elementFormDefault="qualified" targetNamespace="{NAMESPACE}">',
        *_schema(),
        "</xsd:schema></wsdl:types>",
        *_messages(),
        '<wsdl:portType name="ControlCenterServicesPort">',
        *map(_abstract, OPERATIONS),
        f'</wsdl:portType><wsdl:binding name="{BINDING}" type="tns:ControlCenterServicesPort">',
        '<soap:binding style="document" transport="http://schemas.xmlsoap.org/soap/http"/>',
        *map(_bound, OPERATIONS),
        '</wsdl:binding><wsdl:service name="ControlCenterServices">',
        f'<wsdl:port name="ControlCenterServicesPort" binding="tns:{BINDING}">',
        f'<soap:address location="{text(address)}"/></wsdl:port></wsdl:service></wsdl:definitions>',
    )
    return "".join(parts).encode()


def _schema() -> Iterator[str]:
    for name, values in _SIMPLE.items():
        allowed = "".join(f'<xsd:enumeration value="{value}"/>' for value in values)
        restriction = f'<xsd:restriction base="xsd:string">{allowed}</xsd:restriction>'
        yield f'<xsd:simpleType name="{name}">{restriction}</xsd:simpleType>'
    extension = '<xsd:simpleContent><xsd:extension base="xsd:string"/></xsd:simpleContent>'
    yield f'<xsd:complexType name="ReturnCode">{extension}</xsd:complexType>'
    for name, lines in _COMPLEX.items():
        yield f'<xsd:complexType name="{name}">{_sequence(lines)}</xsd:complexType>'
    for name, (asked, answered) in OPERATIONS.items():
        yield f'<xsd:element name="{name}"><xsd:complexType>{_sequence([asked])}</xsd:complexType></xsd:element>'
        inside = _sequence([f"{name}Return:{answered}"])
        yield f'<xsd:element name="{name}Response"><xsd:complexType>{inside}</xsd:complexType></xsd:element>'


def _sequence(lines: Iterable[str]) -> str:
    return f"<xsd:sequence>{''.join(map(_element, lines))}</xsd:sequence>"


def _element(line: str) -> str:
    name, _, rest = line.partition(":")
    kind = rest.rstrip("~*+")
    qualified = f"tns:{kind}" if kind[0].isupper() else f"xsd:{kind}"
    least = ' minOccurs="0"' if rest.endswith("*") else ""
    most = ' maxOccurs="unbounded"' if rest.endswith(("*", "+")) else ""
    nil = ' nillable="true"' if "~" in rest else ""
    return f'<xsd:element name="{name}" type="{qualified}"{least}{most}{nil}/>'


def _messages() -> Iterator[str]:
    for name in OPERATIONS:
        for message, element in ((f"{name}Request", name), (f"{name}Response", f"{name}Response")):
            part = f'<wsdl:part name="parameters" element="tns:{element}"/>'
            yield f'<wsdl:message name="{message}">{part}</wsdl:message>'


def _abstract(name: str) -> str:
    ends = "".join(
        f'<wsdl:{end} name="{name}{kind}" message="tns:{name}{kind}"/>'
        for end, kind in (("input", "Request"), ("output", "Response"))
    )
    return f'<wsdl:operation name="{name}">{ends}</wsdl:operation>'


def _bound(name: str) -> str:
    ends = "".join(
        f'<wsdl:{end} name="{name}{kind}"><soap:body use="literal"/></wsdl:{end}>'
        for end, kind in (("input", "Request"), ("output", "Response"))
    )
    return f'<wsdl:operation name="{name}"><soap:operation soapAction="{name}"/>{ends}</wsdl:operation>'
