# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a cluster of a scenario has been configured with before the first start, as a twin of a real one is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

OFFICE_365_GATEWAY = "office_365"
"""The type of presence gateways in scenarios that are no Exchange servers."""


@dataclass(frozen=True, slots=True)
class Office365Spec:
    """What a gateway of Office 365 is told beside.

    Attributes:
        client_id: Application (client) ID, a UUID.
        tenant_id: Directory (tenant) ID, a UUID.
        proxy_url: The proxy through which the nodes reach Microsoft, or ``""``.
        authentication_endpoint: Where tokens come from; ``""`` for the product's own.
        resource: What tokens are for; ``""`` for that of the release.
        client_secret_env: The environment variable that holds the secret; without one it is that of the tenant's
            application of this ID, or a new one.
        proxy_password_env: The same for the proxy's user.
    """

    client_id: str
    tenant_id: str
    proxy_url: str = ""
    proxy_username: str = ""
    authentication_endpoint: str = ""
    resource: str = ""
    client_secret_env: str | None = None
    proxy_password_env: str | None = None


@dataclass(frozen=True, slots=True)
class GatewaySpec:
    """A presence gateway that is there from the start.

    Attributes:
        name: As its administrator has written it, a host name with a domain or an address.
        office_365: For a gateway of Office 365, ``None`` for an Exchange server.
    """

    name: str
    description: str = ""
    port: int = 443
    office_365: Office365Spec | None = None


@dataclass(frozen=True, slots=True)
class GeneratedSpec:
    """A certificate that the emulator makes; one and the same description is one and the same certificate.

    Attributes:
        not_before: From when it is valid, aware.
        not_after: How long it is valid, aware.
        alternative_names: Host names, wildcards and addresses of its SAN; none makes a certificate without one.
    """

    common_name: str
    not_before: datetime
    not_after: datetime
    alternative_names: tuple[str, ...] = ()


CertificateSpec = str | GeneratedSpec
"""A certificate of somebody else's in PEM, or one to be made."""


@dataclass(frozen=True, slots=True)
class TrustSpec:
    """A certificate of a trust store.

    Attributes:
        store: The service token of the store, for example ``cup`` for cup-trust.
        nodes: The nodes that have it.
        file_name: What they call it; ``""`` for a name made of its common name.
        own: Whether a node identifies itself with it, or an authority above it does; the nodes of the emulator have
            others, but say that they have this one.
    """

    store: str
    certificate: CertificateSpec
    nodes: tuple[str, ...]
    file_name: str = ""
    description: str = ""
    own: bool = False


@dataclass(frozen=True, slots=True)
class ParameterValueSpec:
    """A service or enterprise parameter that is not at its default.

    Attributes:
        node: The node that it belongs to; ``None`` for the whole cluster, or for every node where each has its own.
        place: Where it stands in the scenario.
    """

    service: str
    name: str
    value: str
    node: str | None = None
    place: str = ""


@dataclass(frozen=True, slots=True)
class ServiceStateSpec:
    """A service of a node that is not as the first boot leaves it; ``None`` for what is."""

    node: str
    service: str
    activated: bool | None = None
    running: bool | None = None


@dataclass(frozen=True, slots=True)
class RedundancyGroupSpec:
    """A presence redundancy group.

    Attributes:
        nodes: One or two IM and Presence nodes of the cluster.
        high_availability: Whether the two stand in for each other.
    """

    name: str
    nodes: tuple[str, ...]
    high_availability: bool = False
    description: str = ""
