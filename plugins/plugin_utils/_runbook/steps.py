# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""Which steps are left for a person at a console, from what a run found and what the inventory wants. Pure.

Some steps have no public interface on a real cluster, so no program can do them. A step is left when a module said so
(its code is ``no-public-api``), or when what was read shows that it is still to be done. The order is that of Cisco's
guide: a chain must be trusted before a gateway is added (requirement G7), a gateway must be there before users are
enabled (U3), and one restart loads all of it (G5, C11).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.ucops.imp.plugins.module_utils._core.errors import NoPublicApi
from ansible_collections.ucops.imp.plugins.module_utils._core.options import in_url
from ansible_collections.ucops.imp.plugins.module_utils._formats.bat_file import KEEP
from ansible_collections.ucops.imp.plugins.module_utils._product.ipv6 import is_ipv6
from ansible_collections.ucops.imp.plugins.plugin_utils._drift.records import has_failed

AUTHORITY_ROLE = "authority_role"
DECISION = "decision"
EXCHANGE_ROOT = "exchange_root"
TRUST = "trust"
GATEWAYS = "gateways"
BULK_JOB = "bulk_job"
RESTART = "restart"
STATUS = "status"

PENDING, UNTRUSTED = "pending", "Untrusted"
"""What a certification authority says of a request, and Exchange of a certificate whose root it does not trust."""
OFFICE_365 = "office_365"
OFFICE_365_FIELDS = ("client_id", "tenant_id", "authentication_endpoint", "resource", "proxy_url", "proxy_username")
"""The fields of a gateway of Office 365 that may be shown, in the order of the console's page."""
HTTPS = 443
RESTART_COMMAND = "ansible-playbook -i INVENTORY ucops.imp.presence_engine -e presence_engine_only_if_required=no"
"""What restarts the services without a person, one node after another."""


class Key(str):
    """The key of a text that stands in a cell, whatever a value of the inventory looks like."""

    __slots__ = ()


Row = tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """Values to be typed in or compared; ``titles`` and ``captions`` are keys of texts, unless nobody has such a key.

    Attributes:
        caption: What the table is about, a name of the inventory or ``""``.
        titles: The titles of the columns, as keys of texts.
        rows: The cells. A :class:`Key` is that of a text.
    """

    caption: str
    titles: Row
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Step:
    """One step: its name, what its texts are filled in with, which of the optional actions it has, and its tables."""

    name: str
    values: Mapping[str, str] = field(default_factory=dict)
    actions: tuple[str, ...] = ()
    tables: tuple[Table, ...] = ()


@dataclass(frozen=True)
class Found:
    """What the role hands over.

    Attributes:
        cluster: The name of the cluster.
        cucm: The host name of the publisher of Unified CM.
        publisher: The host name of the IM and Presence publisher.
        host: The name of the cluster's host in the inventory, or ``""``.
        nodes: The names of the IM and Presence nodes; empty where the inventory does not tell them.
        services: The services that load the changes when they restart.
        gateways: The wanted gateways, as the module ``presence_gateways`` takes them.
        account: The account that they share, or ``""``.
        purge: Whether gateways that are not wanted are deleted.
        store: The trust store.
        certificates: The files of the wanted certificates.
        authority: The host name of the certification authority, or ``""`` where the inventory has none.
        user_file: The file for the Bulk Administration Tool, or ``""`` when no job is to be run.
        users: How many users it has.
        results: Results of modules: ``trust``, ``presence_gateways``, ``presence_engine``, ``authority``; and by server
            ``submitted`` and ``certificate``.
    """

    cluster: str
    cucm: str = ""
    publisher: str = ""
    host: str = ""
    nodes: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    gateways: tuple[Mapping[str, Any], ...] = ()
    account: str = ""
    purge: bool = False
    store: str = ""
    certificates: tuple[str, ...] = ()
    authority: str = ""
    user_file: str = ""
    users: int = 0
    results: Mapping[str, Any] = field(default_factory=dict)

    def result(self, name: str) -> Mapping[str, Any]:
        """Return the result of a module, an empty one when it did not run."""
        found = self.results.get(name)
        return found if isinstance(found, Mapping) else {}

    def servers(self, name: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Yield the Exchange servers with what a module found of each of them."""
        for server, result in self.result(name).items():
            current = result.get("current") if isinstance(result, Mapping) else None
            if isinstance(current, Mapping):
                yield str(server), current


def has_no_interface(result: Any) -> bool:
    """Whether a module has failed because the cluster has no interface for what it does."""
    return isinstance(result, Mapping) and has_failed(result) and result.get("code") == NoPublicApi.default_code


def steps(found: Found) -> list[Step]:
    """Return the steps that are left, in the order in which they are to be done."""
    made = [step for make in _STEPS if (step := make(found)) is not None]
    names = {step.name for step in made}
    # What a person changes needs a restart afterwards, whatever this run has restarted before.
    if not names & {TRUST, GATEWAYS}:
        made = [step for step in made if step.name != RESTART]
    return made


def _authority_role(found: Found) -> Step | None:
    if not found.authority or not has_failed(found.result("authority")):
        return None
    values = {**_authority(found), "why": str(found.result("authority").get("msg") or "")}
    names = tuple((str(gateway["name"]),) for gateway in found.gateways)
    return Step(AUTHORITY_ROLE, values, tables=(Table("", ("taken",), names),) if names else ())


def _decision(found: Found) -> Step | None:
    waiting = [
        (server, str(current.get("request_id")))
        for server, current in found.servers("submitted")
        if current.get("state") == PENDING
    ]
    table = Table("", ("server", "request_id"), tuple(waiting))
    return Step(DECISION, {"authority": found.authority}, tables=(table,)) if waiting else None


def _exchange_root(found: Found) -> Step | None:
    rows = [
        (server, str(shown.get("issuer")), str(shown.get("thumbprint")))
        for server, current in found.servers("certificate")
        if isinstance(shown := current.get("certificate"), Mapping) and shown.get("status") == UNTRUSTED
    ]
    table = Table("", ("server", "issuer", "thumbprint"), tuple(rows))
    return Step(EXCHANGE_ROOT, _authority(found), tables=(table,)) if rows else None


def _trust(found: Found) -> Step | None:
    if not has_no_interface(found.result("trust")):
        return None
    servers = tuple((str(gateway["name"]), str(_port(gateway))) for gateway in found.gateways)
    tables = [Table("", ("peer_server", "port"), servers)] if servers else []
    if found.certificates:
        tables.append(Table("", ("file",), tuple((path,) for path in found.certificates)))
    return Step(TRUST, {"store": found.store, **_consoles(found)}, tables=tuple(tables))


def _gateways(found: Found) -> Step | None:
    result = found.result("presence_gateways")
    if not has_no_interface(result) or not (found.gateways or found.purge):
        return None
    needed = {"ipv6": any(is_ipv6(str(gateway["name"])) for gateway in found.gateways), "purge": found.purge}
    actions = tuple(name for name, wanted in needed.items() if wanted)
    tables = tuple(
        Table(str(gateway["name"]), ("field", "value"), _fields(gateway, found)) for gateway in found.gateways
    )
    return Step(GATEWAYS, _consoles(found), actions, tables)


def _fields(gateway: Mapping[str, Any], found: Found) -> tuple[Row, ...]:
    online = gateway.get("type") == OFFICE_365
    rows: list[Row] = [(Key("type"), Key("office_365") if online else Key("exchange_ews"))]
    rows += [(Key("description"), str(gateway["description"]))] if gateway.get("description") else []
    rows.append((Key("presence_gateway"), str(gateway["name"])))
    if not online:
        # The account belongs to every server; the password stays in the vault.
        rows += [(Key("account"), found.account or Key("as_it_is")), (Key("password"), Key("from_vault"))]
        return (*rows, (Key("port"), str(_port(gateway))))
    rows += [(Key(name), str(gateway[name])) for name in OFFICE_365_FIELDS if gateway.get(name)]
    secrets = [name for name in ("client_secret", "proxy_password") if gateway.get(name)]
    return (*rows, *((Key(name), Key("from_vault")) for name in secrets))


def _port(gateway: Mapping[str, Any]) -> Any:
    return gateway.get("port") or HTTPS


def _bulk_job(found: Found) -> Step | None:
    if not found.user_file:
        return None
    values = {"file": found.user_file, "users": f"{found.users:,}", "keep": KEEP}
    return Step(BULK_JOB, {**values, **_consoles(found)})


def _restart(found: Found) -> Step | None:
    nodes = found.nodes or (Key("every_node"),)
    services = ", ".join(found.services)
    table = Table("", ("node", "services"), tuple((node, services) for node in nodes))
    limit = f" --limit {found.host}" if found.host else ""
    return Step(RESTART, _consoles(found), tables=(table, Table("", ("instead",), ((f"{RESTART_COMMAND}{limit}",),))))


def _status(found: Found) -> Step | None:
    return Step(STATUS, _consoles(found)) if _gateways(found) is not None and found.gateways else None


def _authority(found: Found) -> dict[str, str]:
    """Return the certification authority, and its host as it stands in a URL."""
    return {"authority": found.authority, "url": in_url(found.authority)}


def _consoles(found: Found) -> dict[str, str]:
    """Return where the web pages are, as it stands in a URL."""
    return {"cucm": in_url(found.cucm), "publisher": in_url(found.publisher)}


_STEPS: Sequence[Callable[[Found], Step | None]] = (
    _authority_role,
    _decision,
    _exchange_root,
    _trust,
    _gateways,
    _bulk_job,
    _restart,
    _status,
)
