# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The presence gateways of the clusters and the account that they share."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field

from imp_emulator.catalogue.office_365 import AUTHENTICATION_ENDPOINT, default_resource
from imp_emulator.scenario.configured import Office365Spec
from imp_emulator.scenario.model import AccountSpec, ClusterSpec, Scenario
from imp_emulator.scenario.names import gateway_name
from imp_emulator.store import accounts
from imp_emulator.store.database import Database
from imp_emulator.store.imp import office_365
from imp_emulator.store.imp.office_365 import StoredOffice365

EWS_SERVER = "Exchange -- EWS Server"
OFFICE_365 = "Office 365 Server"
"""The types of presence gateways, as the product writes them."""
DEFAULT_PORT = 443


@dataclass(frozen=True, slots=True)
class PresenceGateway:
    """A presence gateway; ``name_key`` is the canonical form of its name, ``id`` a UUID."""

    id: str
    type: str
    name: str
    name_key: str
    description: str
    port: int


@dataclass(frozen=True, slots=True)
class Credentials:
    """The account that all Exchange gateways of a cluster share; its revision grows with each change."""

    account: str
    password: str = field(repr=False)
    revision: int


def seed(database: Database, scenario: Scenario) -> None:
    """Store the gateways that somebody has made before the start, and the account that those of Exchange share."""
    for cluster in scenario.clusters:
        for spec in cluster.presence_gateways:
            kind = EWS_SERVER if spec.office_365 is None else OFFICE_365
            identifier, key = str(uuid.uuid4()), gateway_name(spec.name)
            gateway = PresenceGateway(identifier, kind, spec.name, key, spec.description, spec.port)
            insert(database, cluster.name, gateway)
            if spec.office_365 is not None:
                office_365.put(database, identifier, _office_365(database, cluster, spec.office_365))
        if any(spec.office_365 is None for spec in cluster.presence_gateways):
            _seed_credentials(database, scenario, cluster)


def _seed_credentials(database: Database, scenario: Scenario, cluster: ClusterSpec) -> None:
    """Store the shared account: with the password that the Exchange servers know, or with one of its own.

    It has one of its own where the scenario says so, or when the Exchange servers do not know its name.
    """
    account = scenario.exchange_account
    known = accounts.account(database, accounts.EXCHANGE, account.kind, account.username)
    given = cluster.gateways_account
    if given is None:
        if known is not None:
            put_credentials(database, cluster.name, known.username, known.password)
        return
    shared = given.password_env is None and given.username.casefold() == account.username.casefold()
    password = known.password if known is not None and shared else accounts.password(given)
    put_credentials(database, cluster.name, given.username, password)


def _office_365(database: Database, cluster: ClusterSpec, spec: Office365Spec) -> StoredOffice365:
    """Return the fields of a gateway; its secret is that of the tenant's application where there is one."""
    known = accounts.account(database, accounts.ONLINE, "online", spec.client_id)
    secret = AccountSpec("client_secret", "online", f"of {spec.client_id}", password_env=spec.client_secret_env)
    proxy = AccountSpec("proxy_password", "online", spec.proxy_username, password_env=spec.proxy_password_env)
    return StoredOffice365(
        client_id=spec.client_id,
        tenant_id=spec.tenant_id,
        client_secret=known.password if known and not spec.client_secret_env else accounts.password(secret),
        proxy_url=spec.proxy_url,
        proxy_username=spec.proxy_username,
        proxy_password=accounts.password(proxy) if spec.proxy_username else "",
        authentication_endpoint=spec.authentication_endpoint or AUTHENTICATION_ENDPOINT,
        resource=spec.resource or default_resource(cluster),
    )


def count(database: Database, cluster: str) -> int:
    """Return how many presence gateways a cluster has."""
    row = database.one("SELECT count(*) AS n FROM presence_gateway WHERE cluster = ?", (cluster,))
    return 0 if row is None else int(row["n"])


def count_of_type(database: Database, cluster: str, kind: str) -> int:
    """Return how many presence gateways of a type a cluster has."""
    row = database.one("SELECT count(*) AS n FROM presence_gateway WHERE cluster = ? AND type = ?", (cluster, kind))
    return 0 if row is None else int(row["n"])


def gateways(database: Database, cluster: str) -> list[PresenceGateway]:
    """Return the gateways of a cluster in the order in which they were added."""
    rows = database.all(
        "SELECT id, type, name, name_key, description, port FROM presence_gateway WHERE cluster = ? ORDER BY sequence",
        (cluster,),
    )
    return [PresenceGateway(*row) for row in rows]


def by_key(database: Database, cluster: str, name_key: str) -> PresenceGateway | None:
    """Return the gateway of a canonical name."""
    row = database.one(
        "SELECT id, type, name, name_key, description, port FROM presence_gateway WHERE cluster = ? AND name_key = ?",
        (cluster, name_key),
    )
    return None if row is None else PresenceGateway(*row)


def insert(database: Database, cluster: str, gateway: PresenceGateway) -> None:
    """Add a gateway behind the others."""
    database.execute(
        "INSERT INTO presence_gateway (cluster, id, type, name, name_key, description, port)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (cluster, *_values(gateway)),
    )


def update(database: Database, gateway: PresenceGateway) -> None:
    """Replace the fields of the gateway that has this identifier."""
    identifier, *fields = _values(gateway)
    database.execute(
        "UPDATE presence_gateway SET type = ?, name = ?, name_key = ?, description = ?, port = ? WHERE id = ?",
        (*fields, identifier),
    )


def _values(gateway: PresenceGateway) -> tuple[str, str, str, str, str, int]:
    return gateway.id, gateway.type, gateway.name, gateway.name_key, gateway.description, gateway.port


def remove(database: Database, identifier: str) -> None:
    """Remove a gateway."""
    database.execute("DELETE FROM presence_gateway WHERE id = ?", (identifier,))


def credentials(database: Database, cluster: str) -> Credentials | None:
    """Return the shared account, or ``None`` while there is no Exchange gateway."""
    row = database.one("SELECT account, password, revision FROM gateway_credentials WHERE cluster = ?", (cluster,))
    return None if row is None else Credentials(*row)


def put_credentials(database: Database, cluster: str, account: str, password: str) -> None:
    """Set the shared account; its revision grows."""
    database.execute(
        "INSERT INTO gateway_credentials (cluster, account, password, revision) VALUES (?, ?, ?, 1)"
        " ON CONFLICT (cluster) DO UPDATE SET account = excluded.account, password = excluded.password,"
        " revision = revision + 1",
        (cluster, account, password),
    )


def remove_credentials(database: Database, cluster: str) -> None:
    """Forget the shared account, because no Exchange gateway is left."""
    database.execute("DELETE FROM gateway_credentials WHERE cluster = ?", (cluster,))


def failed_compares(database: Database, cluster: str, after: float, now: float) -> list[float]:
    """Return when comparisons failed between two instants (virtual time, seconds since the epoch), oldest first.

    All others are forgotten, also those that lie in the future because the clock was set back.
    """
    database.execute("DELETE FROM failed_compare WHERE cluster = ? AND (at <= ? OR at > ?)", (cluster, after, now))
    rows = database.all("SELECT at FROM failed_compare WHERE cluster = ? ORDER BY at", (cluster,))
    return [row["at"] for row in rows]


def add_failed_compare(database: Database, cluster: str, now: float) -> None:
    """Note that a comparison failed."""
    database.execute("INSERT INTO failed_compare (cluster, at) VALUES (?, ?)", (cluster, now))
