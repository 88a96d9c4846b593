# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The first state of an environment, as a scenario declares it; ``file`` reads one from YAML."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from imp_emulator.scenario.calendars import MailboxesSpec
from imp_emulator.scenario.configured import (
    CertificateSpec,
    GatewaySpec,
    ParameterValueSpec,
    RedundancyGroupSpec,
    ServiceStateSpec,
    TrustSpec,
)
from imp_emulator.scenario.people import FeatureGroupTemplateSpec, LdapDirectorySpec, UserSpec


class ScenarioError(Exception):
    """A scenario breaks a rule.

    Args:
        place: Where, for example ``clusters[0].nodes[1].role``.
        rule: What must hold there, in words that follow the place.
    """

    def __init__(self, place: str, rule: str) -> None:
        super().__init__(f"{place}: {rule}")
        self.place = place
        self.rule = rule


APPLICATION_ROLES = (
    "Admin-3rd Party API",
    "Standard AXL API Access",
    "Standard CCM Admin Users",
    "Standard CCMADMIN Administration",
    "Standard SERVICEABILITY",
)


@dataclass(frozen=True, slots=True)
class AccountSpec:
    """An account of an emulated product.

    Attributes:
        label: Its key in the ready file.
        kind: ``application`` (AXL, ControlCenterServices, admin API, Presence Web Service),
            ``os`` (certmgr), ``exchange`` (EWS),
            ``exchange_admin`` (remote PowerShell), ``ca`` (certification authorities) or ``online`` (applications of
            Exchange Online, whose user name is the client ID and whose password is the client secret).
        roles: The roles of an application account; one without any can log in and may do nothing. Of an application of
            Exchange Online the permissions that it was granted.
        password_env: The environment variable that holds its password; without one a password is generated.
    """

    label: str
    kind: str
    username: str
    roles: tuple[str, ...] = ()
    password_env: str | None = None


DEFAULT_ACCOUNTS = (
    AccountSpec("application", "application", "axladmin", APPLICATION_ROLES),
    AccountSpec("readonly", "application", "noaxl"),
    AccountSpec("os", "os", "osadmin"),
)
GATEWAYS_ACCOUNT = "gateways"
"""The label of the account that the gateways of a cluster share."""
DEFAULT_EXCHANGE_ACCOUNT = AccountSpec("exchange", "exchange", "EXAMPLE\\svc-imp")
DEFAULT_EXCHANGE_ADMIN = AccountSpec("exchange_admin", "exchange_admin", "EXAMPLE\\exadmin")

CA_MANAGER = "CA Manager"
"""The role that may issue, deny and revoke; every account of a certification authority may submit requests."""
CA_LANGUAGES = ("en", "de", "ja")
"""The languages that the pages of a certification authority can be in (ISO 639-1)."""

DEFAULT_CA_ACCOUNTS = (
    AccountSpec("account", "ca", "EXAMPLE\\caadmin", (CA_MANAGER,)),
    AccountSpec("requester", "ca", "EXAMPLE\\requester"),
)


@dataclass(frozen=True, slots=True)
class NodeSpec:
    """A server of a cluster.

    Attributes:
        name: Its name in the cluster's ``processnode`` table, unique there: a host name with or without its domain, or
            one of its addresses.
        role: ``cucm`` or ``imp``.
        usage: ``publisher`` or ``subscriber``.
        ipv4: Its address in the emulated network.
        ipv6: The IPv6 address of its Eth0, or ``None`` (requirement G7).
        occupied_ports: What something else than the product listens on (requirement P2).
    """

    name: str
    fqdn: str
    role: str
    usage: str
    ipv4: str
    ipv6: str | None = None
    description: str = ""
    occupied_ports: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class ClusterSpec:
    """A Unified CM cluster with its IM and Presence nodes.

    Attributes:
        admin_api: Whether its nodes serve the admin API; no real cluster does.
        presence_gateways: What is a presence gateway from the start.
        signed_in: Whether the users count as signed in with a client until something else is said of one.
        out_of_office_poll_minutes: How often the Presence Engines ask Exchange servers for automatic replies; the
            product has no parameter for it.
        redundancy_groups: The presence redundancy groups; each node is in one of them at most.
        gateways_account: The account that the gateways of Exchange share; ``None`` for that of the Exchange servers.
        parameters: The parameters that are not at their default.
        trusted: What is in the trust stores; the nodes' own certificates are not among it.
        services: The services that are not as the first boot leaves them.
        access_control_groups: The names of access control groups beside the standard ones.
    """

    name: str
    version: str
    domain: str
    nodes: tuple[NodeSpec, ...]
    users: tuple[UserSpec, ...]
    accounts: tuple[AccountSpec, ...] = DEFAULT_ACCOUNTS
    admin_api: bool = True
    presence_gateways: tuple[GatewaySpec, ...] = ()
    signed_in: bool = True
    out_of_office_poll_minutes: int = 60
    redundancy_groups: tuple[RedundancyGroupSpec, ...] = ()
    gateways_account: AccountSpec | None = None
    parameters: tuple[ParameterValueSpec, ...] = ()
    trusted: tuple[TrustSpec, ...] = ()
    services: tuple[ServiceStateSpec, ...] = ()
    access_control_groups: tuple[str, ...] = ()
    feature_group_templates: tuple[FeatureGroupTemplateSpec, ...] = ()
    ldap_directories: tuple[LdapDirectorySpec, ...] = ()

    @property
    def release(self) -> float:
        """The major release, for example ``14.0``."""
        major, minor = self.version.split(".")[:2]
        return float(f"{major}.{minor}")

    @property
    def service_update(self) -> int:
        """The number of the service update: 4 for ``15.0.1.14900-37``, 0 for a release without one.

        The fourth number of a version is 10000 for the release itself and a thousand more for each service update.
        """
        fourth = int(self.version.split(".")[3].partition("-")[0])
        return max(fourth // 1000 - 10, 0)


ENTERPRISE_ROOT = "Enterprise"
REGISTRY_ROOT = "Registry"
ROOT_KINDS = {
    "enterprise": ENTERPRISE_ROOT,
    "group_policy": "GroupPolicy",
    "registry": REGISTRY_ROOT,
    "third_party": "ThirdParty",
}
"""How a root gets to an Exchange server: the word in scenarios and on the control plane, and that of Exchange."""


@dataclass(frozen=True, slots=True)
class RootSpec:
    """A root certificate that an Exchange server trusts from the start (requirement C6a).

    Attributes:
        kind: One of the values of :data:`ROOT_KINDS`.
        authority: The host of a certification authority of the scenario, or ``""``.
        certificate: The root in PEM, or ``""`` when the authority is named.
    """

    kind: str
    authority: str = ""
    certificate: str = ""


@dataclass(frozen=True, slots=True)
class ExchangeSpec:
    """An Exchange server: where it is in the emulated network and which names its certificate holds.

    Attributes:
        ipv4: Its IPv4 address, or ``None``; it has one of the two at least.
        ipv6: Its IPv6 address, or ``None``.
        common_name: The subject CN of its certificate; a name, an address or a wildcard (requirement C1).
        alternative_names: The SAN entries of its certificate; none at all makes a certificate without SAN.
        aliases: Further host names that resolve to it, whether its certificate holds them or not.
        certificate: What it starts with: ``issued`` by an enterprise's CA, or ``self_signed`` as set up by Exchange.
        certificate_from_days: When that begins to be valid, in days from the first start; later for a positive number.
        certificate_until_days: When it ends, in days from the first start; it has expired for a negative number.
        minimum_key_size: The smallest RSA key that it makes, in bits (requirement C3).
        roots: Root certificates that it trusts beside those that the domain brings.
        crl_reachable: Whether it reaches the revocation lists of the authorities.
        further_ports: Where Exchange Web Services answer beside port 443.
        stands_in_for: What a real server sends, its own certificate first; this one's are made like that. None for a
            server with a certificate of its own.
    """

    name: str
    ipv4: str | None
    ipv6: str | None
    common_name: str
    alternative_names: tuple[str, ...]
    aliases: tuple[str, ...] = ()
    certificate: str = "issued"
    certificate_from_days: int = -1
    certificate_until_days: int = 3650
    minimum_key_size: int = 2048
    roots: tuple[RootSpec, ...] = ()
    crl_reachable: bool = True
    further_ports: tuple[int, ...] = ()
    stands_in_for: tuple[CertificateSpec, ...] = ()


@dataclass(frozen=True, slots=True)
class CaSpec:
    """A certification authority with web enrollment (requirement C2).

    Attributes:
        host: Where its web pages are, a fully qualified name.
        common_name: The root's subject CN; that of an intermediate has a number behind it.
        kind: ``standalone`` (an administrator decides on every request) or ``enterprise`` (a template decides).
        intermediates: How many intermediate CAs stand below the root; the last one issues.
        ipv4: Its IPv4 address, or ``None``; it has one of the two at least.
        templates: What an enterprise CA issues by.
        validity_days: The validity of the CA's own certificates.
        issued_days: The validity of what it issues, unless its own ends earlier.
        minimum_key_size: The smallest RSA key that it signs, in bits (requirement C3).
        language: The language of its pages (ISO 639-1).
        manager_approval: Those of the templates by which a request waits for a CA manager.
        ipv6: Its IPv6 address, or ``None``.
    """

    host: str
    common_name: str
    kind: str
    ipv4: str | None
    intermediates: int
    templates: tuple[str, ...]
    validity_days: int
    issued_days: int
    hash: str
    key_size: int
    minimum_key_size: int
    accounts: tuple[AccountSpec, ...] = DEFAULT_CA_ACCOUNTS
    language: str = "en"
    manager_approval: tuple[str, ...] = ()
    ipv6: str | None = None

    @property
    def addresses(self) -> tuple[str, ...]:
        """Its addresses, IPv4 before IPv6."""
        return tuple(filter(None, (self.ipv4, self.ipv6)))


LOGIN_HOST = "login.microsoftonline.com"
GRAPH_HOST = "graph.microsoft.com"
OUTLOOK_HOST = "outlook.office365.com"
ONLINE_HOSTS = (LOGIN_HOST, GRAPH_HOST, OUTLOOK_HOST)
"""Where tokens are issued, Microsoft Graph answers, and Exchange Online answers Exchange Web Services."""

FULL_ACCESS = "full_access_as_app"
"""The permission of an application for Exchange Web Services; the others are for Microsoft Graph."""
ONLINE_PERMISSIONS = (
    "Calendars.ReadBasic.All",
    "Calendars.Read",
    "Calendars.ReadWrite",
    "MailboxSettings.Read",
    "MailboxSettings.ReadWrite",
    "User.Read.All",
    FULL_ACCESS,
)

EWS_ON = "on"
EWS_OFF = "off"
EWS_ALLOW_LISTED = "allow-listed"
EWS_STATES = (EWS_ON, EWS_OFF, EWS_ALLOW_LISTED)
"""Whether a tenant has Exchange Web Services: for all applications, for none, for those of its list."""


@dataclass(frozen=True, slots=True)
class OnlineSpec:
    """A tenant of Exchange Online, which serves the mailboxes of the organisation (requirement O1).

    Attributes:
        tenant_id: The directory (tenant) ID, a UUID in lower case.
        tenant_domain: Its first domain, which may stand for the ID.
        applications: The registered applications.
        addresses: The IPv4 address of each of :data:`ONLINE_HOSTS`, in their order.
        ews: One of :data:`EWS_STATES`.
        ews_allow_list: The labels of the applications that may go on with Exchange Web Services.
        requests_per_mailbox: How often an application may ask Microsoft Graph for one mailbox in ten minutes.
    """

    tenant_id: str
    tenant_domain: str
    applications: tuple[AccountSpec, ...]
    addresses: tuple[str, ...]
    ews: str = EWS_ON
    ews_allow_list: tuple[str, ...] = ()
    requests_per_mailbox: int = 10_000

    @property
    def hosts(self) -> dict[str, str]:
        """The IPv4 address of each host."""
        return dict(zip(ONLINE_HOSTS, self.addresses, strict=True))


@dataclass(frozen=True, slots=True)
class AxlSpec:
    """How much writing AXL bears before it answers 503.

    Attributes:
        outstanding_limit: How many change notifications may wait to be delivered to the nodes.
        drained_per_second: How many are delivered in a second of virtual time; the default never lets any wait.
    """

    outstanding_limit: int = 1_500
    drained_per_second: int = 1_000_000


@dataclass(frozen=True, slots=True)
class ThrottlingSpec:
    """What Exchange Web Services bear of one account, as a throttling policy of Exchange says it; ``None``: no limit.

    Attributes:
        max_concurrency: Requests at a time.
        hanging_connections: Connections of GetStreamingEvents at a time, which are counted by themselves.
        max_subscriptions: Subscriptions to one mailbox.
        find_count_limit: Results at a time.
        max_burst: Milliseconds of server time that may be used beyond what is recharged.
        recharge_rate: Milliseconds of server time that are given back in an hour of virtual time.
        cutoff_balance: By how many milliseconds that may be exceeded before requests are refused.
        request_cost: Milliseconds of server time that a request is taken to use.
    """

    max_concurrency: int | None = 27
    hanging_connections: int | None = 10
    max_subscriptions: int | None = 20
    find_count_limit: int | None = 1_000
    max_burst: int | None = 300_000
    recharge_rate: int | None = 900_000
    cutoff_balance: int | None = 3_000_000
    request_cost: int | None = 10


@dataclass(frozen=True, slots=True)
class Scenario:
    """The whole first state.

    Attributes:
        online: The tenant of Exchange Online, or ``None``.
        note: What whoever starts it is to know, for example of what it is a twin.
        faults: What goes wrong from the start and after each reset, as ``POST /faults`` of the control plane takes it.
        fingerprint: Identifies the text that it was read from; a state file goes on only with its own scenario.
    """

    clusters: tuple[ClusterSpec, ...]
    exchange: tuple[ExchangeSpec, ...]
    exchange_account: AccountSpec = DEFAULT_EXCHANGE_ACCOUNT
    exchange_admin: AccountSpec = DEFAULT_EXCHANGE_ADMIN
    certification_authorities: tuple[CaSpec, ...] = ()
    axl: AxlSpec = AxlSpec()
    mailboxes: MailboxesSpec = field(default_factory=MailboxesSpec)
    throttling: ThrottlingSpec = ThrottlingSpec()
    online: OnlineSpec | None = None
    impersonation: bool = False
    note: str = ""
    faults: tuple[dict[str, Any], ...] = ()
    fingerprint: str = field(default="", compare=False)

    def cluster(self, name: str) -> ClusterSpec:
        """Return one cluster; raises ``KeyError`` for an unknown name."""
        for cluster in self.clusters:
            if cluster.name == name:
                return cluster
        raise KeyError(name)

    @property
    def service_address(self) -> str:
        """The address of the mailbox that the account of kind ``exchange`` has itself."""
        name = self.exchange_account.username.rpartition("\\")[2]
        if "@" in name:
            return name
        addresses = [mailbox.address for mailbox in self.mailboxes.listed]
        addresses += [user.mail for cluster in self.clusters for user in cluster.users[:1] if "@" in user.mail]
        addresses += [f"@{server.name.partition('.')[2]}" for server in self.exchange[:1]]
        return f"{name}@{addresses[0].partition('@')[2] if addresses else 'example.com'}"
