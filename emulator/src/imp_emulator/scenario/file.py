# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Scenario files: YAML in, the first state of an environment out, with an error that names what is wrong."""

from __future__ import annotations

import hashlib
import ipaddress
import re
from collections.abc import Iterator
from dataclasses import fields
from importlib import resources
from pathlib import Path

from imp_emulator.letter_case import ascii_lower
from imp_emulator.scenario import online
from imp_emulator.scenario.directories import check_users, group_names, read_directories
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
from imp_emulator.scenario.reader import XML_TEXT, Pattern, Section, parse, unique
from imp_emulator.scenario.redundancy import read_groups
from imp_emulator.text_files import decoded, encoding_of
from imp_emulator.x509.certificate import checked_pem

FORMAT = 1
RELEASES = ("11.5", "12.5", "14.0", "15.0")
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_SHORT_NAME = Pattern(_LABEL, "a host name without dots")
_VERSION = Pattern(r"\d+\.\d+\.\d+\.\d+-\d+", "a version like 14.0.1.13900-155")
# What AXL takes: all that XML can carry. Cisco's guide names = + < > # ; \ , " and blanks.
_USERID = Pattern(XML_TEXT + "{1,128}", "a user ID of 1 to 128 characters that XML can carry")
_FILLED = Pattern(r"\S(?:.{0,126}\S)?", "text of 1 to 128 characters")
_CA_NAME = Pattern(r"[A-Za-z0-9](?:[A-Za-z0-9 ._-]{0,55}[A-Za-z0-9])?", "a name of 1 to 57 letters, digits and spaces")
_VARIABLE = Pattern(r"[A-Za-z_][A-Za-z0-9_]*", "the name of an environment variable")
_MAXIMUM_NAME = 64  # What fits a certificate's CN (RFC 5280).
_DAYS = (-10_000, 36_500)  # X.509 knows no dates before 1950.
_FQDN_WORDS = f"a host name with a dot, of at most {_MAXIMUM_NAME} characters"
_FIRST_NAMES = ("Aiko", "Ben", "Chiara", "David", "Elif", "Femi", "Greta", "Hugo", "Ines", "Jonas")
_LAST_NAMES = ("Abe", "Baker", "Costa", "Dubois", "Endo", "Fischer", "Garcia", "Haddad", "Ito", "Jensen", "Kim")
_DEPARTMENTS = ("sales", "support", "engineering", "finance", "operations")


def load(name: str) -> Scenario:
    """Read a scenario from a file, or by its name from those that the package brings.

    Raises:
        ScenarioError: There is no such scenario, or it breaks a rule.
    """
    shipped = resources.files("imp_emulator.scenario") / f"{name}.yml"
    if re.fullmatch(r"[a-z0-9_-]+", name) and shipped.is_file():
        return read(shipped.read_text(encoding="utf-8"))
    try:
        data = Path(name).read_bytes()
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
    clusters = tuple(_cluster(section) for section in top.sections("clusters", []))
    exchange = top.section("exchange", {})
    servers = tuple(_exchange_server(section) for section in exchange.sections("servers", []))
    if not (clusters or servers or "online" in exchange):
        rule = "must hold at least one cluster, where there is no Exchange server and no tenant of Exchange Online"
        raise ScenarioError("clusters", rule)
    account = _account(exchange.section("account", {}), DEFAULT_EXCHANGE_ACCOUNT)
    admin = _account(exchange.section("admin", {}), DEFAULT_EXCHANGE_ADMIN)
    mailboxes = read_mailboxes(exchange.section("mailboxes", {}))
    throttling = _throttling(exchange.section("throttling", {}))
    tenant = online.tenant(exchange.section("online")) if "online" in exchange else None
    impersonation = exchange.flag("impersonation", False)
    exchange.end()
    authorities = tuple(_authority(section) for section in top.sections("certification_authorities", []))
    axl = _axl(top.section("axl", {}))
    top.end()
    fingerprint = hashlib.sha256(text.encode()).hexdigest()
    scenario = Scenario(
        clusters,
        servers,
        account,
        admin,
        authorities,
        axl,
        mailboxes,
        throttling,
        tenant,
        impersonation,
        fingerprint,
    )
    _check_network(scenario)
    _check_roots(scenario)
    _check_gateways(scenario)
    return scenario


def _check_gateways(scenario: Scenario) -> None:
    known = {name for server in scenario.exchange for name in (server.name, *server.aliases)}
    for place, cluster in enumerate(scenario.clusters):
        for number, name in enumerate(cluster.presence_gateways):
            if name not in known:
                at = f"clusters[{place}].presence_gateways[{number}]"
                raise ScenarioError(at, f"must be a name or alias of an Exchange server, not {name!r}")


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
    nodes = [node for cluster in scenario.clusters for node in cluster.nodes]
    names = [node.fqdn for node in nodes]
    for server in scenario.exchange:
        names += [server.name, *server.aliases]
    names += [authority.host for authority in scenario.certification_authorities]
    names += scenario.online.hosts if scenario.online else []
    unique("host names of nodes, Exchange servers and certification authorities", names)
    unique("certification authorities", (authority.common_name for authority in scenario.certification_authorities))
    addresses = [address for node in nodes for address in (node.ipv4, node.ipv6)]
    addresses += [address for server in scenario.exchange for address in (server.ipv4, server.ipv6)]
    addresses += [address for authority in scenario.certification_authorities for address in authority.addresses]
    addresses += scenario.online.addresses if scenario.online else ()
    unique("addresses of nodes, Exchange servers and certification authorities", filter(None, addresses))


def _cluster(section: Section) -> ClusterSpec:
    name = section.text("name", _SHORT_NAME)
    version = section.text("version", _VERSION)
    if ".".join(version.split(".")[:2]) not in RELEASES:
        raise ScenarioError(section.at("version"), f"must be of release {', '.join(RELEASES)}, not {version!r}")
    domain = section.converted("domain", _fqdn, "a domain name with a dot")
    nodes = tuple(_node(node, domain) for node in section.sections("nodes"))
    _check_nodes(section.at("nodes"), nodes)
    people = section.section("users", {})
    signed_in = people.flag("signed_in", True)
    users = tuple(_users(people))
    unique(section.at("users"), (user.userid for user in users))
    known = read_directories(section)
    check_users(section.at("users"), users, known)
    accounts = _accounts(section.section("accounts", {}))
    admin_api = section.flag("admin_api", True)
    gateways = section.texts("presence_gateways", _fqdn, _FQDN_WORDS, [])
    minutes = section.number("out_of_office_poll_minutes", 1, 1440, 60)
    groups = read_groups(section, nodes)
    section.end()
    return ClusterSpec(
        name, version, domain, nodes, users, accounts, admin_api, gateways, signed_in, minutes, groups, *known
    )


def _node(section: Section, domain: str) -> NodeSpec:
    name = section.converted("name", _node_name, "a host name, a host name with its domain, or an address")
    node = NodeSpec(
        name=name,
        fqdn=section.converted("fqdn", _fqdn, _FQDN_WORDS, _default_fqdn(name, domain)),
        role=section.choice("role", ("cucm", "imp")),
        usage=section.choice("usage", ("publisher", "subscriber")),
        ipv4=section.converted("ipv4", _ipv4, "an IPv4 address"),
        ipv6=section.converted("ipv6", _ipv6, "an IPv6 address", None),
        description=section.text("description", default=""),
        occupied_ports=section.numbers("occupied_ports", 1, 65535, []),
    )
    section.end()
    if _address(name) is not None:
        if name not in (node.ipv4, node.ipv6):
            raise ScenarioError(section.at("name"), f"must be an address of the node itself, not {name!r}")
    elif "." in name and name.lower() != node.fqdn:
        raise ScenarioError(section.at("fqdn"), f"must be the name {name!r}, which has a domain, not {node.fqdn!r}")
    if len(node.fqdn) > _MAXIMUM_NAME:
        raise ScenarioError(section.at("fqdn"), f"must be {_FQDN_WORDS}, not {node.fqdn!r}")
    return node


def _node_name(text: str) -> str:
    """Return what a processnode table holds: a host name with or without its domain, as written, or an address."""
    address = _address(text)
    if address is None and not re.fullmatch(_LABEL, text):
        _fqdn(text)
    return text if address is None else str(address)


def _default_fqdn(name: str, domain: str) -> str:
    """Return the host name of a node: its name where that has a domain, else a label in the cluster's domain."""
    address = _address(name)
    if address is not None:
        return f"node-{name.replace('.', '-') if address.version == 4 else address.packed.hex()}.{domain}"
    return name.lower() if "." in name else f"{name}.{domain}"


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Return an address without a zone, or ``None`` for any other text."""
    try:
        return None if "%" in text else ipaddress.ip_address(text)
    except ValueError:
        return None


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
            last_name=listed.text("last_name", _FILLED),
            mail=listed.text("mail", default=""),
            department=listed.text("department", default=""),
            im_and_presence=listed.flag("im_and_presence", False),
            meeting_information=listed.flag("meeting_information", False),
            locale=listed.text("locale", _FILLED, ""),
            ldap_directory=listed.text("ldap_directory", default=""),
            access_control_groups=group_names(listed),
        )
        if user.meeting_information and not user.im_and_presence:
            raise ScenarioError(listed.at("meeting_information"), "needs im_and_presence")
        listed.end()
        yield user
    section.end()


def _generated(section: Section) -> Iterator[UserSpec]:
    """Users user0001, user0002, ... with names and departments in rotation."""
    count = section.number("count", 0, 1_000_000)
    start = section.number("start", 1, 10_000_000, 1)
    domain = section.converted("mail_domain", _fqdn, "a domain name with a dot")
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
        password_env=section.text("password_env", _VARIABLE, None),
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
    name = section.converted("name", _fqdn, _FQDN_WORDS)
    server = ExchangeSpec(
        name=name,
        ipv4=section.converted("ipv4", _ipv4, "an IPv4 address", None),
        ipv6=section.converted("ipv6", _ipv6, "an IPv6 address", None),
        common_name=section.converted("common_name", _certificate_name, "a host name, a wildcard or an address", name),
        alternative_names=section.texts(
            "alternative_names", _certificate_name, "a host name, a wildcard or an address", [name]
        ),
        aliases=section.texts("aliases", _fqdn, _FQDN_WORDS, []),
        certificate=section.choice("certificate", ("issued", "self_signed"), "issued"),
        certificate_from_days=section.number("certificate_from_days", *_DAYS, -1),
        certificate_until_days=section.number("certificate_until_days", *_DAYS, 3650),
        minimum_key_size=section.number("minimum_key_size", 1024, 16384, 2048),
        roots=tuple(_root(root) for root in section.sections("roots", [])),
        crl_reachable=section.flag("crl_reachable", True),
    )
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
        authority=section.converted("authority", _fqdn, _FQDN_WORDS, ""),
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
        host=section.converted("host", _fqdn, _FQDN_WORDS),
        common_name=section.text("common_name", _CA_NAME),
        kind=section.choice("kind", ("standalone", "enterprise")),
        ipv4=section.converted("ipv4", _ipv4, "an IPv4 address", None),
        ipv6=section.converted("ipv6", _ipv6, "an IPv6 address", None),
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


def _fqdn(text: str) -> str:
    """Return a host name of at least two labels (RFC 1123), in lower case, that fits a certificate's CN (RFC 5280)."""
    if len(text) > _MAXIMUM_NAME or not re.fullmatch(rf"{_LABEL}(?:\.{_LABEL})+", text):
        raise ValueError(text)
    # Four numbers with dots would be read as an address, whatever was meant.
    if text.rsplit(".", 1)[1].isdigit():
        raise ValueError(text)
    return text.lower()


def _certificate_name(text: str) -> str:
    """Return a name as a certificate may hold it: host name, wildcard or address (requirement C1)."""
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return "*." + _fqdn(text[2:]) if text.startswith("*.") else _fqdn(text)


def _ipv4(text: str) -> str:
    return str(ipaddress.IPv4Address(text))


def _ipv6(text: str) -> str:
    if "%" in text:  # A zone is of one machine only (RFC 4007).
        raise ValueError(text)
    return str(ipaddress.IPv6Address(text))
