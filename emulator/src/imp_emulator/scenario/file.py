# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Scenario files: YAML in, the first state of an environment out, with an error that names what is wrong."""

from __future__ import annotations

import hashlib
import ipaddress
import re
from collections.abc import Iterator, Sequence
from dataclasses import fields, replace
from importlib import resources
from pathlib import Path

from imp_emulator.letter_case import ascii_lower
from imp_emulator.scenario import configuration, names, online
from imp_emulator.scenario.directories import check_users, group_names, read_directories
from imp_emulator.scenario.faults import read_faults
from imp_emulator.scenario.mailboxes import read_mailboxes
from imp_emulator.scenario.model import (
    CA_LANGUAGES,
    DEFAULT_ACCOUNTS,
    DEFAULT_CA_ACCOUNTS,
    DEFAULT_EXCHANGE_ACCOUNT,
    DEFAULT_EXCHANGE_ADMIN,
    ROOT_KINDS,
    AccountSpec,
    AxlSpec,
    CaSpec,
    ClusterSpec,
    ExchangeSpec,
    NodeSpec,
    RootSpec,
    Scenario,
    ScenarioError,
    ThrottlingSpec,
)
from imp_emulator.scenario.people import UserSpec
from imp_emulator.scenario.reader import VARIABLE, XML_TEXT, Pattern, Section, parse, unique
from imp_emulator.scenario.redundancy import read_groups
from imp_emulator.text_files import content, decoded, encoding_of
from imp_emulator.x509.certificate import checked_pem

FORMAT = 1
RELEASES = ("11.5", "12.5", "14.0", "15.0")
_CLUSTER_NAME = Pattern(
    r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,126}[A-Za-z0-9_]|[A-Za-z0-9_]",
    "a name of 1 to 128 letters, digits, underscores, hyphens and dots, as an inventory group has",
)
_VERSION = Pattern(r"\d+\.\d+\.\d+\.\d+-\d+", "a version like 14.0.1.13900-155")
# What AXL takes: all that XML can carry. Cisco's guide names = + < > # ; \ , " and blanks.
_USERID = Pattern(XML_TEXT + "{1,128}", "a user ID of 1 to 128 characters that XML can carry")
_FILLED = Pattern(r"\S(?:.{0,126}\S)?", "text of 1 to 128 characters")
_CA_NAME = Pattern(r"[A-Za-z0-9](?:[A-Za-z0-9 ._-]{0,55}[A-Za-z0-9])?", "a name of 1 to 57 letters, digits and spaces")
_DAYS = (-10_000, 36_500)  # X.509 knows no dates before 1950.
_EXCHANGE_PORTS = (443, 5986)
_FIRST_NAMES = ("Aiko", "Ben", "Chiara", "David", "Elif", "Femi", "Greta", "Hugo", "Ines", "Jonas")
_LAST_NAMES = ("Abe", "Baker", "Costa", "Dubois", "Endo", "Fischer", "Garcia", "Haddad", "Ito", "Jensen", "Kim")
_DEPARTMENTS = ("sales", "support", "engineering", "finance", "operations")


def load(name: str) -> Scenario:
    """Read a scenario from a file, or by its name from those that the package brings.

    Raises:
        ScenarioError: There is no such scenario, or it breaks a rule.
    """
    shipped = resources.files("imp_emulator.scenario") / f"{name}.yml"
    if re.fullmatch(r"[a-z0-9_-]{1,64}", name) and shipped.is_file():
        return read(shipped.read_text(encoding="utf-8"))
    try:
        data = content(Path(name))
    except OSError as error:
        raise ScenarioError(name, f"cannot be read: {error.strerror}") from None
    try:
        return read(decoded(data))
    except UnicodeDecodeError as error:
        encoding = encoding_of(data)[0].upper().replace("-LE", "").replace("-BE", "")
        line = data[: error.start].count(b"\n") + 1
        raise ScenarioError(name, f"is not {encoding} text in line {line}; save it as UTF-8") from None


def read(text: str) -> Scenario:
    """Read a scenario from YAML text.

    Raises:
        ScenarioError: It breaks a rule.
    """
    top = Section("", parse(text))
    top.number("format", FORMAT, FORMAT)
    of_clusters = top.sections("clusters", [])
    exchange = top.section("exchange", {})
    servers = tuple(_exchange_server(section) for section in exchange.sections("servers", []))
    clusters = tuple(_cluster(section, servers) for section in of_clusters)
    if not (clusters or servers or "online" in exchange):
        rule = "must hold at least one cluster, where there is no Exchange server and no tenant of Exchange Online"
        raise ScenarioError("clusters", rule)
    scenario = Scenario(
        clusters,
        servers,
        exchange_account=_account(exchange.section("account", {}), DEFAULT_EXCHANGE_ACCOUNT),
        exchange_admin=_account(exchange.section("admin", {}), DEFAULT_EXCHANGE_ADMIN),
        certification_authorities=tuple(_authority(one) for one in top.sections("certification_authorities", [])),
        axl=_axl(top.section("axl", {})),
        mailboxes=read_mailboxes(exchange.section("mailboxes", {})),
        throttling=_throttling(exchange.section("throttling", {})),
        online=online.tenant(exchange.section("online")) if "online" in exchange else None,
        impersonation=exchange.flag("impersonation", False),
        note=top.text("note", default="").strip(),
        faults=read_faults(top),
        fingerprint=hashlib.sha256(text.encode()).hexdigest(),
    )
    exchange.end()
    top.end()
    return _checked(_with_addresses(scenario))


def _checked(scenario: Scenario) -> Scenario:
    """Return a scenario whose parts go together; raises ``ScenarioError``."""
    _check_network(scenario)
    _check_roots(scenario)
    configuration.check_chains([server.stands_in_for for server in scenario.exchange])
    return scenario


def _addresses(scenario: Scenario) -> list[str]:
    """Return the addresses that a scenario names, one as often as it does."""
    found = [address for cluster in scenario.clusters for node in cluster.nodes for address in (node.ipv4, node.ipv6)]
    found += [address for server in scenario.exchange for address in (server.ipv4, server.ipv6)]
    found += [address for authority in scenario.certification_authorities for address in authority.addresses]
    return [*filter(None, found), *(scenario.online.addresses if scenario.online else ())]


def _with_addresses(scenario: Scenario) -> Scenario:
    """Give a node without an IPv4 address the next free one of the network for tests (RFC 2544)."""
    taken = _addresses(scenario)
    free = (str(address) for address in ipaddress.ip_network("198.18.0.0/15").hosts() if str(address) not in taken)
    clusters = tuple(
        replace(cluster, nodes=tuple(node if node.ipv4 else replace(node, ipv4=next(free)) for node in cluster.nodes))
        for cluster in scenario.clusters
    )
    return replace(scenario, clusters=clusters)


def _check_roots(scenario: Scenario) -> None:
    known = [authority.host for authority in scenario.certification_authorities]
    for place, server in enumerate(scenario.exchange):
        for number, root in enumerate(server.roots):
            if root.authority and root.authority not in known:
                at = f"exchange.servers[{place}].roots[{number}].authority"
                raise ScenarioError(at, f"must be the host of a certification authority, not {root.authority!r}")


def _check_network(scenario: Scenario) -> None:
    """All clusters and servers share one network, so names and addresses are unique across the scenario."""
    unique("clusters", (cluster.name for cluster in scenario.clusters))
    hosts = [node.fqdn for cluster in scenario.clusters for node in cluster.nodes]
    for server in scenario.exchange:
        hosts += [server.name, *server.aliases]
    hosts += [authority.host for authority in scenario.certification_authorities]
    hosts += scenario.online.hosts if scenario.online else []
    unique("host names of nodes, Exchange servers and certification authorities", hosts)
    # Accounts are kept by the name of the cluster, or by the host of the authority.
    owners = [
        *(cluster.name for cluster in scenario.clusters),
        *(one.host for one in scenario.certification_authorities),
    ]
    unique("names of clusters and hosts of certification authorities", owners)
    unique("certification authorities", (authority.common_name for authority in scenario.certification_authorities))
    unique("addresses of nodes, Exchange servers and certification authorities", _addresses(scenario))


def _cluster(section: Section, servers: Sequence[ExchangeSpec]) -> ClusterSpec:
    name = section.text("name", _CLUSTER_NAME)
    version = section.text("version", _VERSION)
    if ".".join(version.split(".")[:2]) not in RELEASES:
        raise ScenarioError(section.at("version"), f"must be of release {', '.join(RELEASES)}, not {version!r}")
    domain = section.converted("domain", names.fqdn, "a domain name with a dot")
    nodes = tuple(_node(node, domain) for node in section.sections("nodes"))
    _check_nodes(section.at("nodes"), nodes)
    people = section.section("users", {})
    signed_in = people.flag("signed_in", True)
    users = tuple(_users(people))
    unique(section.at("users"), (user.userid for user in users))
    directories = read_directories(section)
    check_users(section.at("users"), users, directories)
    known = [name for one in servers for name in (one.name, *one.aliases, one.ipv4, one.ipv6) if name]
    gateways = configuration.read_gateways(section, known)
    cluster = ClusterSpec(
        name,
        version,
        domain,
        nodes,
        users,
        accounts=_accounts(section.section("accounts", {})),
        admin_api=section.flag("admin_api", True),
        presence_gateways=gateways,
        signed_in=signed_in,
        out_of_office_poll_minutes=section.number("out_of_office_poll_minutes", 1, 1440, 60),
        redundancy_groups=read_groups(section, nodes),
        gateways_account=configuration.read_gateways_account(section, gateways),
        parameters=configuration.read_parameters(section, nodes),
        trusted=configuration.read_trust_stores(section, nodes),
        services=configuration.read_services(section, nodes),
        access_control_groups=directories.groups,
        feature_group_templates=directories.templates,
        ldap_directories=directories.directories,
    )
    section.end()
    return cluster


def _node(section: Section, domain: str) -> NodeSpec:
    name = section.converted("name", _node_name, "a host name, a host name with its domain, or an address")
    node = NodeSpec(
        name=name,
        fqdn=section.converted("fqdn", names.fqdn, names.FQDN_WORDS, _default_fqdn(name, domain)),
        role=section.choice("role", ("cucm", "imp")),
        usage=section.choice("usage", ("publisher", "subscriber")),
        ipv4=section.converted("ipv4", names.ipv4, "an IPv4 address", _own_address(name, 4)),
        ipv6=section.converted("ipv6", names.ipv6, "an IPv6 address", _own_address(name, 6) or None),
        description=section.text("description", default=""),
        occupied_ports=section.numbers("occupied_ports", 1, 65535, []),
    )
    section.end()
    if names.address(name) is not None:
        if name not in (node.ipv4, node.ipv6):
            raise ScenarioError(section.at("name"), f"must be an address of the node itself, not {name!r}")
    elif "." in name and name.lower() != node.fqdn:
        raise ScenarioError(section.at("fqdn"), f"must be the name {name!r}, which has a domain, not {node.fqdn!r}")
    # It may have been put together of a name and a domain.
    if len(node.fqdn) > names.MAXIMUM_NAME:
        raise ScenarioError(section.at("fqdn"), f"must be {names.FQDN_WORDS}, not {node.fqdn!r}")
    return node


def _node_name(text: str) -> str:
    """Return what a processnode table holds: a host name with or without its domain, as written, or an address."""
    address = names.address(text)
    if address is None and not re.fullmatch(names.LABEL, text):
        names.fqdn(text)
    return text if address is None else str(address)


def _own_address(name: str, version: int) -> str:
    """Return the address that a node is named by, when it is one of this version of IP, or ``""``."""
    address = names.address(name)
    return name if address is not None and address.version == version else ""


def _default_fqdn(name: str, domain: str) -> str:
    """Return the host name of a node: its name where that has a domain, else a label in the cluster's domain."""
    address = names.address(name)
    if address is not None:
        return f"node-{name.replace('.', '-') if address.version == 4 else address.packed.hex()}.{domain}"
    return name.lower() if "." in name else f"{name}.{domain}"


def _check_nodes(place: str, nodes: tuple[NodeSpec, ...]) -> None:
    unique(place, (node.name for node in nodes))
    for role, words in (("cucm", "Unified CM"), ("imp", "IM and Presence")):
        usages = [node.usage for node in nodes if node.role == role]
        if (usages or role == "cucm") and usages.count("publisher") != 1:
            raise ScenarioError(place, f"must hold exactly one {words} publisher, not {usages.count('publisher')}")


def _users(section: Section) -> Iterator[UserSpec]:
    if "generated" in section:
        yield from _generated(section.section("generated"))
    for listed in section.sections("listed", []):
        user = UserSpec(
            userid=listed.text("userid", _USERID),
            first_name=listed.text("first_name", default=""),
            last_name=listed.text("last_name", default=""),
            mail=listed.text("mail", default=""),
            department=listed.text("department", default=""),
            im_and_presence=listed.flag("im_and_presence", False),
            meeting_information=listed.flag("meeting_information", False),
            locale=listed.text("locale", _FILLED, ""),
            home_cluster=listed.flag("home_cluster", True),
            ldap_directory=listed.text("ldap_directory", default=""),
            access_control_groups=group_names(listed),
        )
        listed.end()
        yield user
    section.end()


def _generated(section: Section) -> Iterator[UserSpec]:
    """Users user0001, user0002, ... with names and departments in rotation."""
    count = section.number("count", 0, 1_000_000)
    start = section.number("start", 1, 10_000_000, 1)
    domain = section.converted("mail_domain", names.fqdn, "a domain name with a dot")
    departments = section.texts("departments", str, "text", list(_DEPARTMENTS)) or ("",)
    directory = section.text("ldap_directory", default="")
    groups = group_names(section)
    section.end()
    for number in range(start, start + count):
        userid = f"user{number:04d}"
        yield UserSpec(
            userid=userid,
            first_name=_FIRST_NAMES[number % len(_FIRST_NAMES)],
            last_name=_LAST_NAMES[number % len(_LAST_NAMES)],
            mail=f"{userid}@{domain}",
            department=departments[(number - 1) % len(departments)],
            ldap_directory=directory,
            access_control_groups=groups,
        )


def _accounts(section: Section, defaults: tuple[AccountSpec, ...] = DEFAULT_ACCOUNTS) -> tuple[AccountSpec, ...]:
    accounts = tuple(_account(section.section(default.label, {}), default) for default in defaults)
    section.end()
    # Windows takes account names in any letter case, Unified CM in that of A to Z.
    for kind, key in (("application", ascii_lower), ("ca", str.casefold)):
        unique(section.place, (account.username for account in accounts if account.kind == kind), key)
    return accounts


def _account(section: Section, default: AccountSpec) -> AccountSpec:
    account = AccountSpec(
        label=default.label,
        kind=default.kind,
        username=section.text("username", _FILLED, default.username),
        roles=default.roles,
        password_env=section.text("password_env", VARIABLE, None),
    )
    section.end()
    return account


def _axl(section: Section) -> AxlSpec:
    default = AxlSpec()
    axl = AxlSpec(
        outstanding_limit=section.number("outstanding_limit", 1, 1_000_000, default.outstanding_limit),
        drained_per_second=section.number("drained_per_second", 0, 1_000_000, default.drained_per_second),
    )
    section.end()
    return axl


def _throttling(section: Section) -> ThrottlingSpec:
    limits = {limit.name: section.limit(limit.name, 2**31 - 1, limit.default) for limit in fields(ThrottlingSpec)}
    section.end()
    return ThrottlingSpec(**limits)


def _exchange_server(section: Section) -> ExchangeSpec:
    name = section.converted("name", names.fqdn, names.FQDN_WORDS)
    own = ("common_name", "alternative_names", "certificate", "certificate_from_days", "certificate_until_days")
    configuration.not_with(section, "stands_in_for", own)
    server = ExchangeSpec(
        name=name,
        ipv4=section.converted("ipv4", names.ipv4, "an IPv4 address", None),
        ipv6=section.converted("ipv6", names.ipv6, "an IPv6 address", None),
        common_name=section.converted("common_name", names.common_name, names.COMMON_NAME_WORDS, name),
        alternative_names=section.texts(
            "alternative_names", names.certificate_name, names.CERTIFICATE_NAME_WORDS, [name]
        ),
        aliases=section.texts("aliases", names.fqdn, names.FQDN_WORDS, []),
        certificate=section.choice("certificate", ("issued", "self_signed"), "issued"),
        certificate_from_days=section.number("certificate_from_days", *_DAYS, -1),
        certificate_until_days=section.number("certificate_until_days", *_DAYS, 3650),
        minimum_key_size=section.number("minimum_key_size", 1024, 16384, 2048),
        roots=tuple(_root(root) for root in section.sections("roots", [])),
        crl_reachable=section.flag("crl_reachable", True),
        further_ports=section.numbers("further_ports", 1, 65535, []),
        stands_in_for=configuration.read_stands_in_for(section),
    )
    if taken := [port for port in server.further_ports if port in _EXCHANGE_PORTS]:
        raise ScenarioError(section.at("further_ports"), f"must not hold {taken[0]}, which is there anyway")
    if server.ipv4 is None and server.ipv6 is None:
        raise ScenarioError(section.place, "must have an ipv4, an ipv6 or both")
    first, last = server.certificate_from_days, server.certificate_until_days
    if last <= first:
        rule = f"must be later than certificate_from_days, which is {first}, not {last}"
        raise ScenarioError(section.at("certificate_until_days"), rule)
    section.end()
    return server


def _root(section: Section) -> RootSpec:
    root = RootSpec(
        kind=ROOT_KINDS[section.choice("type", tuple(ROOT_KINDS), "registry")],
        authority=section.converted("authority", names.fqdn, names.FQDN_WORDS, ""),
        certificate=section.converted("certificate", _root_certificate, "one self-signed certificate in PEM", ""),
    )
    if bool(root.authority) == bool(root.certificate):
        raise ScenarioError(section.place, "must have either an authority or a certificate")
    section.end()
    return root


def _root_certificate(text: str) -> str:
    """Return a root in the form in which the state keeps certificates; whatever else stands in the text is refused."""
    (root,) = checked_pem(text)
    if not root.self_signed:
        raise ValueError(text)
    return root.pem


def _authority(section: Section) -> CaSpec:
    authority = CaSpec(
        host=section.converted("host", names.fqdn, names.FQDN_WORDS),
        common_name=section.text("common_name", _CA_NAME),
        kind=section.choice("kind", ("standalone", "enterprise")),
        ipv4=section.converted("ipv4", names.ipv4, "an IPv4 address", None),
        ipv6=section.converted("ipv6", names.ipv6, "an IPv6 address", None),
        intermediates=section.number("intermediates", 0, 5, 0),
        templates=section.texts("templates", _template, "a template's name without spaces", []),
        manager_approval=section.texts("manager_approval", _template, "a template's name without spaces", []),
        validity_days=section.number("validity_days", 1, 36500, 3650),
        issued_days=section.number("issued_days", 1, 36500, 365),
        hash=section.choice("hash", ("sha256", "sha384", "sha512"), "sha256"),
        key_size=section.number("key_size", 2048, 8192, 2048),
        minimum_key_size=section.number("minimum_key_size", 1024, 16384, 2048),
        accounts=_accounts(section.section("accounts", {}), DEFAULT_CA_ACCOUNTS),
        language=section.choice("language", CA_LANGUAGES, "en"),
    )
    if (authority.kind == "enterprise") != bool(authority.templates):
        raise ScenarioError(section.at("templates"), "belong to a CA of kind enterprise, which needs at least one")
    if not authority.addresses:
        raise ScenarioError(section.place, "must have an ipv4, an ipv6 or both")
    known = {template.lower() for template in authority.templates}
    for number, template in enumerate(authority.manager_approval):
        if template.lower() not in known:
            raise ScenarioError(
                section.at(f"manager_approval[{number}]"), f"must be one of templates, not {template!r}"
            )
    section.end()
    return authority


def _template(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", text):
        raise ValueError(text)
    return text
