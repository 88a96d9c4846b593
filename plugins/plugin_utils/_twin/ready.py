# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""The ready file of the emulator: which servers there are, where they listen, and with which accounts.

The file is JSON of format 1, described in ``docs/testing-roles.md``; keys that are not known are left alone. It is read
once in each process, as long as it stays the same.
"""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from ansible_collections.ucops.imp.plugins.module_utils._core.errors import shortened
from ansible_collections.ucops.imp.plugins.module_utils._formats import text_file
from ansible_collections.ucops.imp.plugins.module_utils._product.cluster import called

TWIN = "ucops_imp_twin"
"""The variable with the path of a ready file: the run works on the servers of that emulator, and on no others."""
FORMAT = 1
CUCM, IMP, EXCHANGE, CA = "cucm", "imp", "exchange", "ca"
"""What a server is."""
PUBLISHER = "publisher"
APPLICATION, SYSTEM, EXCHANGE_ADMIN = "application", "os", "exchange_admin"
REQUESTER, ADMINISTRATOR = "requester", "account"
"""The accounts of a certification authority: who may submit, and who decides."""
_START = "Start the emulator, or name the ready file that it has written."
_MOST_NAMES = 12


class NotReady(Exception):
    """A ready file that cannot be used; the text says why and what to do."""


@dataclass(frozen=True)
class Account:
    """An account of the emulator."""

    username: str
    password: str = field(repr=False)


@dataclass(frozen=True)
class Server:
    """A server of the emulator.

    ``names`` are all that it is called, its addresses in the emulated network among them. ``ports`` has the real port
    on ``address`` by that of the product. ``kind`` is one of :data:`CUCM`, :data:`IMP`, :data:`EXCHANGE` and
    :data:`CA`; ``usage`` and ``cluster`` are those of a node, else empty.
    """

    name: str
    names: tuple[str, ...]
    kind: str
    address: str
    ports: Mapping[int, int]
    accounts: Mapping[str, Account]
    usage: str = ""
    cluster: str = ""

    @property
    def full_name(self) -> str:
        """Its host name with the domain, where it has one."""
        return self.names[1] if self.cluster else self.name

    @property
    def is_publisher(self) -> bool:
        """Whether it is the publisher of its cluster."""
        return self.usage == PUBLISHER

    def product_port(self, real: int) -> int | None:
        """Return the product's port that listens at a real one."""
        return next((port for port, listening in self.ports.items() if listening == real), None)


@dataclass(frozen=True)
class Ready:
    """What a ready file tells.

    Attributes:
        path: The file.
        content: All of it, as JSON has it.
        servers: Nodes of clusters by cluster, then Exchange servers, then certification authorities.
    """

    path: Path
    content: Mapping[str, Any] = field(repr=False)
    servers: tuple[Server, ...] = field(repr=False)

    @property
    def ca_file(self) -> str:
        """The certificate that signs what all its servers show, but the Exchange servers at port 443."""
        return str(self.content["ca_file"])

    @property
    def folder(self) -> Path:
        """The folder of what belongs to this environment alone."""
        return self.path.parent

    @property
    def note(self) -> str:
        """What the scenario says of itself."""
        return str(self.content.get("note") or "")

    @cached_property
    def clusters(self) -> dict[str, list[Server]]:
        """The nodes of each cluster."""
        return {
            name: [server for server in self.servers if server.cluster == name] for name in self.content["clusters"]
        }

    def of_kind(self, *kinds: str) -> list[Server]:
        """Return the servers that are one of these kinds."""
        return [server for server in self.servers if server.kind in kinds]

    def called(self, name: str, kinds: Iterable[str]) -> list[Server]:
        """Return the servers of some kinds that have a name or an address, or the short form of such a name."""
        known = {f"{server.cluster}/{server.name}": server for server in self.of_kind(*kinds)}
        return [known[key] for key in called(name, {key: server.names for key, server in known.items()})]

    def at(self, address: str, port: int, kinds: Iterable[str]) -> Server | None:
        """Return the server that listens at a real address and port."""
        there = (server for server in self.of_kind(*kinds) if server.address == address)
        return next((server for server in there if server.product_port(port) is not None), None)

    def gateways_account(self, cluster: str) -> Account:
        """Return the account with which a cluster's gateways read the calendars."""
        own = self.content["clusters"].get(cluster, {}).get("gateways_account")
        return Account(**(own or self.content["exchange_account"]))


def chosen(value: Any) -> Ready | None:
    """Return the twin that the variable names, ``None`` when it is empty and the run works on the real cluster.

    A relative path starts in the working directory. Raises what :func:`read` raises.
    """
    if value in (None, "", False):
        return None
    if not isinstance(value, str):
        raise NotReady("it must be the path of a ready file.")
    try:
        return read(Path.cwd() / Path(value).expanduser())
    except (OSError, RuntimeError, ValueError) as error:
        raise NotReady(f"{shortened(value)}: {error}.") from None


def labelled(cluster: str, value: Any) -> str:
    """Return what a cluster is called in a report: what was done to its twin is never told of the cluster itself.

    ``value`` is that of the variable.
    """
    return f"{cluster} (twin)" if value else cluster


def pending_restarts(ready: Ready, path: str) -> str:
    """Return where a twin's pending restarts are kept, in the place of a file of the real cluster."""
    return path if not path or _is_own(ready, path) else str(ready.folder / "pending-restarts" / Path(path).name)


def certificates(ready: Ready, path: str) -> str:
    """Return where requests and certificates of a twin's servers are kept."""
    return path if _is_own(ready, path) else str(ready.folder / "certificates")


def backups(ready: Ready) -> Path:
    """Return the folder with the backups of a twin."""
    return ready.folder / "backups"


def _is_own(ready: Ready, path: str) -> bool:
    return Path(path).is_relative_to(ready.folder)


def read(path: Path) -> Ready:
    """Read a ready file.

    Raises:
        NotReady: There is none, it is no ready file, or it names a server that is not on this machine.
    """
    try:
        stat = path.stat()
        known = _KNOWN.get(path)
        if known is None or known[0] != (stat.st_mtime_ns, stat.st_ino):
            _KNOWN[path] = known = ((stat.st_mtime_ns, stat.st_ino), _read(path))
    except FileNotFoundError:
        raise NotReady(f"there is no file {path}. {_START}") from None
    except OSError as error:
        raise NotReady(f"{path} cannot be read: {error.strerror}.") from None
    return known[1]


_KNOWN: dict[Path, tuple[tuple[int, int], Ready]] = {}


def _read(path: Path) -> Ready:
    try:
        content = json.loads(text_file.text_of(text_file.content(path)))
        if not isinstance(content, dict) or content.get("format") != FORMAT:
            raise NotReady(f"{path} is no ready file of the emulator. {_START}")
        ready = Ready(path, content, tuple(_servers(content)))
        # The emulator listens on this machine alone; anything else was not written by it.
        away = [server.name for server in ready.servers if not ipaddress.ip_address(server.address).is_loopback]
    except (AttributeError, KeyError, RecursionError, TypeError, ValueError):
        raise NotReady(f"{path} is no ready file of the emulator. {_START}") from None
    if away:
        raise NotReady(f"{path} names servers that are not on this machine: {listed(away)}.")
    return ready


def _servers(content: Mapping[str, Any]) -> Iterable[Server]:
    for cluster, told in content["clusters"].items():
        for name, node in told["nodes"].items():
            yield _server(name, node, node["role"], [node["fqdn"]], told["accounts"], node["usage"], cluster)
    for name, place in content["exchange"].items():
        yield _server(name, place, EXCHANGE, place.get("aliases", ()), {EXCHANGE_ADMIN: content["exchange_admin"]})
    for name, place in content["certification_authorities"].items():
        both = {label: place[label] for label in (REQUESTER, ADMINISTRATOR) if label in place}
        yield _server(name, place, CA, (), both)


def _server(
    name: str,
    place: Mapping[str, Any],
    kind: str,
    names: Iterable[str],
    accounts: Mapping[str, Mapping[str, str]],
    usage: str = "",
    cluster: str = "",
) -> Server:
    addresses = [str(place[key]) for key in ("ipv4", "ipv6") if place.get(key)]
    return Server(
        name,
        (name, *names, *addresses),
        kind,
        str(place["address"]),
        {int(port): int(real) for port, real in place["ports"].items()},
        {label: Account(one["username"], one["password"]) for label, one in accounts.items()},
        usage,
        cluster,
    )


def listed(names: Iterable[str]) -> str:
    """Return names as they stand in a sentence; of very many only the first."""
    all_names = list(names)
    more = len(all_names) - _MOST_NAMES
    return ", ".join([*all_names[:_MOST_NAMES], *([f"{more} more"] if more > 0 else [])])
