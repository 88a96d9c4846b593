# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""The arguments of a module for a twin: each server is the one of that name in the emulator, with its account.

Which arguments name servers and secrets is read of the module's own argument spec. No secret of the real cluster goes
along: passwords are the twin's, and what the twin has no counterpart for is a stand-in. Pure, but for the environment
that Ansible's own options of connections come from.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible.module_utils.common.validation import check_type_dict, check_type_int, check_type_list
from ansible_collections.ucops.imp.plugins.module_utils._core.options import (
    Arguments,
    EndpointKind,
    OptionSpec,
    connection_options,
)
from ansible_collections.ucops.imp.plugins.module_utils._product.endpoints import ENDPOINT_KINDS
from ansible_collections.ucops.imp.plugins.module_utils._product.endpoints import EXCHANGE as POWERSHELL
from ansible_collections.ucops.imp.plugins.plugin_utils._twin.ready import (
    ADMINISTRATOR,
    APPLICATION,
    CA,
    CUCM,
    EXCHANGE,
    EXCHANGE_ADMIN,
    IMP,
    REQUESTER,
    SYSTEM,
    Account,
    Ready,
    Server,
    listed,
    pending_restarts,
)

STAND_IN = "not known to the twin"
"""A secret in the place of one that the twin has no counterpart for."""
AWAY = (
    "the emulator listens on this machine alone, so modules have to run on it. Set ansible_connection to local, and "
    "delegate no task."
)
POWERSHELL_PORT = 5986
"""Where an emulated Exchange server offers remote PowerShell with a certificate of the emulator, whatever 443 shows."""
NOWHERE = ("127.0.0.1", 1)
"""Where nothing listens, for a gateway whose server the twin does not have: a cluster may have one that is down."""
HTTPS = 443
_KINDS = {"exchange": (EXCHANGE,), "ca": (CA,)}
"""What a server may be, by kind of endpoint; all others are nodes of a cluster."""
_NODES = (CUCM, IMP)
_WORDS = {"exchange": "Exchange server", "ca": "certification authority"}
_ACCOUNTS = {"platform": SYSTEM, "exchange": EXCHANGE_ADMIN, "ca": REQUESTER}
"""The account for a kind of endpoint; all others take that of applications."""
_DECIDES = "adcs_request"
"""The module that needs the account that may decide."""
_CONNECTION = ("hostname", "port", "username", "password")


def server(ready: Ready, kind: EndpointKind, hostname: str, port: int | None) -> tuple[Server, int]:
    """Return the twin's server of a name or address, and the real port for the product's.

    What is a server of the twin already, by its real address and port, is itself. Raises ``LookupError`` with a
    sentence when there is none, or several.
    """
    kinds = _KINDS.get(kind.name, _NODES)
    if port is not None and (there := ready.at(hostname, port, kinds)) is not None:
        return there, port
    found = ready.called(hostname, kinds)
    if len(found) != 1:
        word = _WORDS.get(kind.name, "node")
        known = listed(one.full_name for one in ready.of_kind(*kinds))
        several = f"has several servers called {hostname}" if found else f"has no {word} called {hostname}"
        raise LookupError(f"the twin {ready.path} {several}. It has {known or 'none'}.")
    return found[0], _real_port(found[0], kind, port)


def _real_port(there: Server, kind: EndpointKind, port: int | None) -> int:
    usual = POWERSHELL_PORT if kind == POWERSHELL else kind.port
    # Where the network in between has another port, the product still has its own.
    wanted = usual if port is None or kind == POWERSHELL else port
    real = there.ports.get(wanted, there.ports.get(usual))
    if real is None:
        raise LookupError(f"{there.full_name} of the twin has no port {usual}.")
    return real


@dataclass
class _Replacing:
    """One call of a module.

    ``environment`` are the variables from which the module would take what is not given.
    """

    ready: Ready
    module: str
    environment: Mapping[str, str]
    problems: list[str] = field(default_factory=list)
    cluster: str = ""

    def call(self, arguments: Arguments, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return the arguments of the whole call."""
        found = dict(given)
        found.update(self._connection(arguments.kind, given, ""))
        for name, option in arguments.options.items():
            if given.get(name) is None:
                continue
            inner = option.get("options") or {}
            if name == "nodes":
                found[name] = self._nodes(arguments.kind, given[name], given, name)
            elif name in ENDPOINT_KINDS and inner.keys() >= connection_options(ENDPOINT_KINDS[name]).keys():
                found[name] = self._other(ENDPOINT_KINDS[name], given[name], f"{name}.")
            elif name == "gateways":
                found[name] = self._gateways(given[name], inner)
            elif option.get("no_log"):
                found[name] = self.ready.gateways_account(self.cluster).password
            elif name == "pending_restarts_path":
                found[name] = pending_restarts(self.ready, str(given[name]))
        return found

    def _other(self, kind: EndpointKind, value: Any, place: str) -> Any:
        """Return a second connection of a call, with its nodes."""
        given = self._read(place, check_type_dict, value)
        if given is None:
            return value
        found = {**given, **self._connection(kind, given, place)}
        if given.get("nodes") is not None:
            found["nodes"] = self._nodes(kind, given["nodes"], given, f"{place}nodes")
        return found

    def _connection(self, kind: EndpointKind, given: Mapping[str, Any], place: str) -> dict[str, Any]:
        """Return the options of a connection; what is wrong is noted, and then they stay as they are."""
        taken = {name: self._taken(kind, given, name) for name in _CONNECTION}
        if not taken["hostname"]:
            self.problems.append(f"{place}hostname: it is needed, to find the server in the twin.")
            return {}
        try:
            there, port = self._server(kind, taken["hostname"], taken["port"])
            account = self._account(kind, there, taken["username"])
        except (LookupError, TypeError, ValueError) as error:
            self.problems.append(f"{place}hostname: {_reason(error)}")
            return {}
        self.cluster = self.cluster or there.cluster
        return {
            "hostname": there.address,
            "port": port,
            "username": account.username,
            "password": account.password,
            "validate_certs": True,
            "ca_path": self.ready.ca_file,
        }

    def _server(self, kind: EndpointKind, hostname: Any, port: Any) -> tuple[Server, int]:
        return server(self.ready, kind, str(hostname), None if port in (None, "") else check_type_int(port))

    def _taken(self, kind: EndpointKind, given: Mapping[str, Any], name: str) -> Any:
        value = given.get(name)
        return self.environment.get(f"{kind.environment}_{name.upper()}") if value is None else value

    def _account(self, kind: EndpointKind, there: Server, username: Any) -> Account:
        """Return the account of that name, so that one with few rights stays one, else the usual one.

        Raises ``LookupError`` with a sentence when the server has neither.
        """
        same = [one for one in there.accounts.values() if one.username.lower() == str(username).lower()]
        usual = ADMINISTRATOR if self.module == _DECIDES else _ACCOUNTS.get(kind.name, APPLICATION)
        found = [*same, *(one for label, one in there.accounts.items() if label == usual)]
        if not found:
            raise LookupError(f"{there.full_name} of the twin has no account for this.")
        return found[0]

    def _nodes(self, kind: EndpointKind, value: Any, beside: Mapping[str, Any], place: str) -> Any:
        """Return a list of nodes; without a host name a node is reached by its name."""
        nodes = self._entries(place, value)
        if nodes is None:
            return value
        return [
            {**node, **self._node(kind, node, self._taken(kind, beside, "port"), f"{place}[{number}]")}
            for number, node in enumerate(nodes)
        ]

    def _node(self, kind: EndpointKind, node: Mapping[str, Any], port: Any, place: str) -> dict[str, Any]:
        name = node.get("hostname") or node.get("name")
        if not name:
            # The module refuses it.
            return {}
        own = node.get("port")
        try:
            there, real = self._server(kind, name, port if own is None else own)
        except (LookupError, TypeError, ValueError) as error:
            self.problems.append(f"{place}: {_reason(error)}")
            return {}
        return {"hostname": there.address, "port": real}

    def _gateways(self, value: Any, spec: Mapping[str, OptionSpec]) -> Any:
        gateways = self._entries("gateways", value)
        if gateways is None:
            return value
        return [
            {**gateway, **self._gateway(gateway, spec, f"gateways[{number}]")}
            for number, gateway in enumerate(gateways)
        ]

    def _gateway(self, gateway: Mapping[str, Any], spec: Mapping[str, OptionSpec], place: str) -> dict[str, Any]:
        """Return what differs of a gateway: its secrets, and where the controller itself reaches it."""
        name = str(gateway.get("name"))
        found: dict[str, Any] = {
            option: self._gateway_secret(gateway, name, option)
            for option, described in spec.items()
            if described.get("no_log") and gateway.get(option) is not None
        }
        if "probe_hostname" not in spec or gateway.get("type") == "office_365":
            return found
        host = str(gateway.get("probe_hostname") or name)
        try:
            port = check_type_int(gateway.get("probe_port") or gateway.get("port") or HTTPS)
        except TypeError:
            self.problems.append(f"{place}: it has a port that is no number.")
            return found
        found["probe_hostname"], found["probe_port"] = self._probed(host, port)
        return found

    def _probed(self, host: str, port: int) -> tuple[str, int]:
        """Return where the twin's server is reached; one that it does not have is found to be down."""
        if self.ready.at(host, port, (EXCHANGE,)) is not None:
            return host, port
        found = self.ready.called(host, (EXCHANGE,))
        return (found[0].address, found[0].ports.get(port, NOWHERE[1])) if len(found) == 1 else NOWHERE

    def _gateway_secret(self, gateway: Mapping[str, Any], name: str, option: str) -> str:
        """Return the twin's secret of a gateway: what the cluster has, or that of the application in the tenant."""
        own = (self.ready.content["clusters"].get(self.cluster, {}).get("gateway_secrets") or {}).get(name, {})
        if own.get(option):
            return str(own[option])
        applications = (self.ready.content.get("exchange_online") or {}).get("applications", {}).values()
        secrets = [one["client_secret"] for one in applications if one["client_id"] == gateway.get("client_id")]
        return str(secrets[0]) if secrets and option == "client_secret" else STAND_IN

    def _entries(self, place: str, value: Any) -> list[dict[str, Any]] | None:
        entries = self._read(place, check_type_list, value)
        if entries is None:
            return None
        read = [self._read(place, check_type_dict, entry) for entry in entries if entry is not None]
        return None if None in read else [entry for entry in read if entry is not None]

    def _read(self, place: str, check: Callable[[Any], Any], value: Any) -> Any:
        """Return a value as the module would take it, ``None`` when it is of another shape, which is noted."""
        try:
            return check(value)
        except (TypeError, ValueError, SyntaxError, RecursionError):
            self.problems.append(f"{place.rstrip('.')}: it has another shape than the module takes.")
            return None


def _reason(error: Exception) -> str:
    return error.args[0] if isinstance(error, LookupError) else "it has a port that is no number."


def in_the_twin(
    ready: Ready, module: str, arguments: Arguments, given: Mapping[str, Any], environment: Mapping[str, str]
) -> tuple[dict[str, Any], list[str]]:
    """Return the arguments of a call with the servers and accounts of a twin, and a sentence for each problem.

    With a problem nothing may be sent. Arguments that are the twin's already stay as they are.
    """
    replacing = _Replacing(ready, module, environment)
    found = replacing.call(arguments, given)
    return found, list(dict.fromkeys(replacing.problems))
