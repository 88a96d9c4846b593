# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading what a cluster has been configured with: gateways, parameters, trust stores, services.

A real cluster holds what its product let in, in this release or an earlier one. So what stands here is taken as long as
the emulated product can live with it, also where its own doors would refuse it today.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence
from datetime import UTC, date, datetime
from functools import partial

from imp_emulator.letter_case import ascii_lower
from imp_emulator.scenario import names
from imp_emulator.scenario.configured import (
    OFFICE_365_GATEWAY,
    CertificateSpec,
    GatewaySpec,
    GeneratedSpec,
    Office365Spec,
    ParameterValueSpec,
    ServiceStateSpec,
    TrustSpec,
)
from imp_emulator.scenario.model import GATEWAYS_ACCOUNT, AccountSpec, NodeSpec, ScenarioError
from imp_emulator.scenario.reader import VARIABLE, Pattern, Section, unique
from imp_emulator.x509.certificate import held, held_pem

PRESENCE_ENGINE = "Cisco Presence Engine"
"""The service that the calendaring parameters belong to."""
STORES = {
    "cucm": ("CallManager", "CAPF", "TVS", "ipsec", "tomcat"),
    "imp": ("cup", "cup-xmpp", "tomcat"),
}
"""The service tokens of a node, by its role; each has an identity and a trust store (``cup`` -> cup-trust)."""

_GATEWAY_TYPES = ("exchange", "exchange_ews", OFFICE_365_GATEWAY)
_GATEWAY_WORDS = "a host name with a dot, or an address"
_NAME = Pattern(r"\S(?:.{0,254}\S)?", "text of 1 to 256 characters")
_FILE_NAME = Pattern(r"[^/\x00-\x1f]{1,255}", "the name of a file, without slashes")
_ONE = re.compile(r"\s*-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----\s*")
_PEM_WORDS = "one certificate in PEM"
_URL_WORDS = "an http or https URL of a host, without a path"
_TIME_WORDS = "a time like 2026-11-30T09:00:00Z"


def read_gateways(cluster: Section, servers: Sequence[str]) -> tuple[GatewaySpec, ...]:
    """Read the presence gateways: names of the scenario's Exchange servers, or mappings.

    A mapping may name a server that there is not, as a cluster may have a gateway that is gone.

    Args:
        cluster: The cluster.
        servers: All names, aliases and addresses of the Exchange servers.

    Raises:
        ScenarioError: They break a rule.
    """
    found = []
    for item in cluster.items("presence_gateways"):
        if not isinstance(item.value, dict):
            name = item.converted(names.gateway_name, f"{_GATEWAY_WORDS}, or a mapping")
            if name not in servers:
                rule = f"must be a name, alias or address of an Exchange server, not {item.value!r}"
                raise ScenarioError(item.place, rule)
            found.append(GatewaySpec(name))
            continue
        found.append(_gateway(item.section()))
    unique(cluster.at("presence_gateways"), (names.gateway_name(gateway.name) for gateway in found))
    return tuple(found)


def _gateway(section: Section) -> GatewaySpec:
    kind = section.choice("type", _GATEWAY_TYPES, "exchange")
    gateway = GatewaySpec(
        name=section.converted("name", _gateway_name, _GATEWAY_WORDS),
        description=section.text("description", default=""),
        port=section.number("port", 1, 65535, 443),
        office_365=_office_365(section) if kind == OFFICE_365_GATEWAY else None,
    )
    section.end()
    return gateway


def _gateway_name(text: str) -> str:
    """Return the name as it was written, once it is known to be one."""
    names.gateway_name(text)
    return text


def _office_365(section: Section) -> Office365Spec:
    return Office365Spec(
        client_id=section.converted("client_id", names.lower_uuid, "a UUID"),
        tenant_id=section.converted("tenant_id", names.lower_uuid, "a UUID"),
        proxy_url=section.converted("proxy_url", _url, _URL_WORDS, ""),
        proxy_username=section.text("proxy_username", default=""),
        authentication_endpoint=section.converted("authentication_endpoint", _url, _URL_WORDS, ""),
        resource=section.converted("resource", _url, _URL_WORDS, ""),
        client_secret_env=section.text("client_secret_env", VARIABLE, None),
        proxy_password_env=section.text("proxy_password_env", VARIABLE, None),
    )


def _url(text: str) -> str:
    """Return a URL of a host, or nothing as it is."""
    return names.origin(text) if text else text


def read_gateways_account(cluster: Section, gateways: Sequence[GatewaySpec]) -> AccountSpec | None:
    """Read the account that the gateways of Exchange share; ``None`` for that of the Exchange servers.

    Raises:
        ScenarioError: It breaks a rule, or there is no gateway that could use it.
    """
    key = "presence_gateways_account"
    if key not in cluster:
        return None
    section = cluster.section(key)
    account = AccountSpec(
        label=GATEWAYS_ACCOUNT,
        kind="exchange",
        username=section.text("username", _NAME),
        password_env=section.text("password_env", VARIABLE, None),
    )
    section.end()
    if all(gateway.office_365 is not None for gateway in gateways):
        raise ScenarioError(cluster.at(key), "needs an Exchange server among presence_gateways")
    return account


def read_parameters(cluster: Section, nodes: Sequence[NodeSpec]) -> tuple[ParameterValueSpec, ...]:
    """Read the parameters that are not at their default; a later line for the same one is refused.

    Raises:
        ScenarioError: They break a rule.
    """
    calendaring = cluster.section("calendaring_parameters", {})
    found = [
        ParameterValueSpec(PRESENCE_ENGINE, name, calendaring.value(name), None, calendaring.at(name))
        for name in calendaring.free_keys()
    ]
    calendaring.end()
    for section in cluster.sections("service_parameters", []):
        found.append(
            ParameterValueSpec(
                service=section.text("service", _NAME),
                name=section.text("name", _NAME),
                value=section.value("value"),
                node=section.converted("node", partial(_parameter_node, nodes), "a node of the cluster", None),
                place=section.place,
            )
        )
        section.end()
    place = f"{cluster.at('calendaring_parameters')} and service_parameters"
    unique(place, (f"{one.name} of {one.service}{f' on {one.node}' if one.node else ''}" for one in found))
    return tuple(found)


def _parameter_node(nodes: Sequence[NodeSpec], text: str) -> str | None:
    """Return a node as its cluster writes it; ``None`` for the name that stands for all of them."""
    return None if ascii_lower(text) == "enterprisewidedata" else node_name(nodes, text)


def node_name(nodes: Sequence[NodeSpec], text: str) -> str:
    """Return the node that a text names in any letter case, as its cluster writes it.

    Raises:
        ValueError: There is none.
    """
    wanted = ascii_lower(text)
    found = next((node.name for node in nodes if wanted in (ascii_lower(node.name), ascii_lower(node.fqdn))), None)
    if found is None:
        raise ValueError(text)
    return found


def read_trust_stores(cluster: Section, nodes: Sequence[NodeSpec]) -> tuple[TrustSpec, ...]:
    """Read the trust stores: store by store, which certificates are in it and which nodes have them.

    Raises:
        ScenarioError: They break a rule.
    """
    stores = cluster.section("trust_stores", {})
    known = tuple(f"{service}-trust" for service in dict.fromkeys(token for role in STORES.values() for token in role))
    found: list[TrustSpec] = []
    for store in stores.free_keys(known):
        service = store.removesuffix("-trust")
        holders = [node for node in nodes if service in STORES[node.role]]
        read = [_trusted(section, service, holders) for section in stores.sections(store)]
        unique(stores.at(store), (f"{node}: {key}" for one in read for node in one.nodes for key in _keys(one)))
        found += read
    stores.end()
    return tuple(found)


def _keys(trusted: TrustSpec) -> list[str]:
    """Return what no two certificates of a node's store may share."""
    names = [f"file {trusted.file_name}"] if trusted.file_name else []
    if isinstance(trusted.certificate, str):
        return [*names, f"certificate {held_pem(trusted.certificate)[0].fingerprint}"]
    return [*names, f"generated certificate {trusted.certificate.common_name} {trusted.certificate}"]


def _trusted(section: Section, service: str, holders: Sequence[NodeSpec]) -> TrustSpec:
    rule = f"a node of the cluster that has {service}-trust"
    trusted = TrustSpec(
        store=service,
        certificate=read_certificate(section),
        nodes=section.texts("nodes", partial(node_name, holders), rule, [node.name for node in holders]),
        file_name=section.text("file_name", _FILE_NAME, ""),
        description=section.text("description", default=""),
        own=section.flag("own", False),
    )
    section.end()
    return trusted


def read_certificate(section: Section) -> CertificateSpec:
    """Read ``certificate`` (PEM) or ``generated`` (a description), of which exactly one must be there.

    Raises:
        ScenarioError: They break a rule.
    """
    if ("certificate" in section) == ("generated" in section):
        raise ScenarioError(section.place, "must have either a certificate or generated")
    if "generated" in section:
        return _generated(section.section("generated"))
    return str(section.converted("certificate", one_certificate, _PEM_WORDS))


def _generated(section: Section) -> GeneratedSpec:
    generated = GeneratedSpec(
        common_name=section.text("common_name", Pattern(r".{1,64}", "text of 1 to 64 characters")),
        not_before=_moment(section, "not_before"),
        not_after=_moment(section, "not_after"),
        alternative_names=section.texts("alternative_names", names.certificate_name, names.CERTIFICATE_NAME_WORDS, []),
    )
    if generated.not_after <= generated.not_before:
        raise ScenarioError(section.at("not_after"), "must be later than not_before")
    section.end()
    return generated


def _moment(section: Section, key: str) -> datetime:
    """Return a moment, aware and in whole seconds; YAML has a type for it, and text is read as well."""
    value = section.any(key)
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day, tzinfo=UTC)
    try:
        found = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
        found = found.replace(microsecond=0)
        # What has no zone is in UTC, as YAML has it.
        found = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ScenarioError(section.at(key), f"must be {_TIME_WORDS}, not {value!r}") from None
    if not 1950 <= found.year <= 9999:  # X.509 knows no dates before 1950.
        raise ScenarioError(section.at(key), f"must be in the years 1950 to 9999, not {value!r}")
    return found


def one_certificate(text: str) -> str:
    """Return a certificate in the form in which the state keeps it.

    A node may hold one that nobody can read, so no more is looked at than that it is one.

    Raises:
        ValueError: It is not exactly one certificate in PEM.
    """
    found = _ONE.fullmatch(text)
    if found is None:
        raise ValueError(text)
    try:
        return held(base64.b64decode("".join(found[1].split()), validate=True)).pem
    except binascii.Error:
        raise ValueError(text) from None


def read_services(cluster: Section, nodes: Sequence[NodeSpec]) -> tuple[ServiceStateSpec, ...]:
    """Read how services of nodes are, where they are not as the first boot leaves them.

    Raises:
        ScenarioError: They break a rule.
    """
    found = []
    for section in cluster.sections("services", []):
        state = ServiceStateSpec(
            node=section.converted("node", partial(node_name, nodes), "a node of the cluster"),
            service=section.text("service", _NAME),
            activated=_optional_flag(section, "activated"),
            running=_optional_flag(section, "running"),
        )
        if state.running and state.activated is False:
            raise ScenarioError(section.at("running"), "must be false for a service that is not activated")
        section.end()
        found.append(state)
    unique(cluster.at("services"), (f"{state.service} on {state.node}" for state in found))
    return tuple(found)


def _optional_flag(section: Section, key: str) -> bool | None:
    return section.flag(key, False) if key in section else None


def read_stands_in_for(server: Section) -> tuple[CertificateSpec, ...]:
    """Read the chain of a real server that this one stands in for, its own certificate first.

    Raises:
        ScenarioError: It breaks a rule.
    """
    chain: list[CertificateSpec] = []
    for item in server.items("stands_in_for"):
        if isinstance(item.value, dict):
            section = item.section()
            chain.append(read_certificate(section))
            section.end()
        else:
            chain.append(item.converted(one_certificate, f"{_PEM_WORDS}, or a mapping with certificate or generated"))
    if len({isinstance(one, str) for one in chain}) > 1:
        raise ScenarioError(server.at("stands_in_for"), "must hold certificates or generated ones, not both")
    unique(server.at("stands_in_for"), map(_shown, chain))
    return tuple(chain)


def check_chains(chains: Sequence[Sequence[CertificateSpec]]) -> None:
    """See that one and the same description is the same certificate in the chains of all servers.

    Raises:
        ScenarioError: One has another certificate above it in another chain.
    """
    seen: dict[CertificateSpec, tuple[int, tuple[CertificateSpec, ...]]] = {}
    for server, chain in enumerate(chains):
        for number, certificate in enumerate(chain):
            first, above = seen.setdefault(certificate, (server, tuple(chain[number + 1 :])))
            if isinstance(certificate, GeneratedSpec) and above != tuple(chain[number + 1 :]):
                rule = f"must have the same certificate above it as in exchange.servers[{first}]"
                raise ScenarioError(f"exchange.servers[{server}].stands_in_for[{number}]", rule)


def _shown(certificate: CertificateSpec) -> str:
    if isinstance(certificate, GeneratedSpec):
        return str(certificate)
    return f"the certificate {held_pem(certificate)[0].fingerprint}"


def not_with(section: Section, key: str, others: Sequence[str]) -> None:
    """Refuse keys that another one makes meaningless.

    Raises:
        ScenarioError: One of them is there.
    """
    if key in section:
        for other in others:
            if other in section:
                raise ScenarioError(section.at(other), f"has no meaning beside {key}")
