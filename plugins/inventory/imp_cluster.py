# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: imp_cluster
short_description: The nodes of a Unified CM and IM and Presence cluster
version_added: 0.1.0
author:
  - ucops contributors (@ucops)
description:
  - Asks the publisher of Unified Communications Manager for the nodes of its cluster, and makes a host of each.
  - The groups are C(cucm_publisher), C(cucm_subscribers), C(imp_publisher), C(imp_subscribers) and C(imp_nodes), the
    last with publisher and subscribers. They exist also when they are empty.
  - Every host has the variable C(imp_cluster_node), a dictionary with C(name), C(role) (V(cucm) or V(imp)), C(usage)
    (V(publisher) or V(subscriber)), C(description), C(ipv6_name) and C(uuid). C(imp_cluster_source) names the publisher
    that was asked.
  - Every node of a presence redundancy group has the variable C(imp_cluster_redundancy_group), a dictionary with
    C(name), C(ha_enabled) and C(peer), the host of the other node or V(null). How the nodes stand, C(Normal) or failed
    over, Unified CM does not tell; M(ucops.imp.cluster_info) does where the cluster has an interface for it.
  - The name of a configuration file must end in C(imp_cluster.yml) or C(imp_cluster.yaml).
  - The values in the configuration file may be templates, for example with a lookup or an extra variable, and may be
    vaulted. What comes from the environment is taken as it is.
  - A host belongs to one cluster. The file is refused when one of its nodes is already a host of another cluster, or is
    called like a group; O(domain) and O(cluster) keep clusters apart.
  - With the variable C(ucops_imp_twin), on the command line or in the inventory's variables for all hosts or for one of
    these groups, the publisher of that name in the emulator is asked, with its account. The real cluster is not asked.
  - Ansible goes on with a warning when it cannot read a source, and the hosts of that cluster are missing then. The
    playbooks of this collection refuse such a run, unless C(--limit) names the hosts.
extends_documentation_fragment:
  - constructed
  - inventory_cache
options:
  plugin:
    description:
      - The name of this plugin.
    type: str
    required: true
    choices: [ucops.imp.imp_cluster]
  hostname:
    description:
      - The publisher of Unified Communications Manager, a host name or an address. Its certificate must name it.
    type: str
    required: true
    env:
      - name: UCOPS_CUCM_HOSTNAME
  port:
    description:
      - The port of the web service.
    type: int
    default: 8443
    env:
      - name: UCOPS_CUCM_PORT
  username:
    description:
      - An application user with the role C(Standard AXL API Access).
    type: str
    required: true
    env:
      - name: UCOPS_CUCM_USERNAME
  password:
    description:
      - The account's password, at least four characters long.
    type: str
    required: true
    env:
      - name: UCOPS_CUCM_PASSWORD
  validate_certs:
    description:
      - Whether the server's certificate is verified. Set it to V(false) only to try something out.
    type: bool
    default: true
    env:
      - name: UCOPS_CUCM_VALIDATE_CERTS
  ca_path:
    description:
      - A file with the certificates of the authorities that may sign the server's certificate; no other is trusted.
        It is PEM, DER or PKCS#7.
      - Without it the authorities of the controller's system are trusted.
    type: path
    env:
      - name: UCOPS_CUCM_CA_PATH
  timeout:
    description:
      - Seconds that each try of a request may take, from connecting to the last byte of the answer.
    type: int
    default: 30
    env:
      - name: UCOPS_CUCM_TIMEOUT
  retries:
    description:
      - How often a request is tried again when the server is busy or the connection fails.
    type: int
    default: 5
  imp_publisher:
    description:
      - The name of the IM and Presence publisher, where the cluster does not tell it.
      - The database of Unified CM may know no publisher but its own. A single IM and Presence node is taken as one.
      - A full name stands for the node of that short name, which has the domain O(domain) where that is set. A short
        name stands for the node of that full name. It is an error when no node is called so, or several are.
    type: str
  cluster:
    description:
      - The name of a group of all nodes. Every host gets it in the variable C(ucops_imp_cluster) too.
      - So several clusters fit into one inventory, whose group C(imp_publisher) has the publishers of all of them.
      - It must be another name than those of hosts, of the five groups and of the group C(exchange).
    type: str
  domain:
    description:
      - The domain of nodes that the cluster knows by a short name. The hosts are then called by their full names, by
        which the controller and the certificates know them.
    type: str
  prefix:
    description:
      - Put before the names of the five groups, for an inventory that must not mix the nodes of several clusters.
    type: str
    default: ""
  local_connection:
    description:
      - Whether every host gets C(ansible_connection=local) and ansible's own Python interpreter. The modules of this
        collection talk HTTPS from the controller; none of them logs in to a node.
    type: bool
    default: true
requirements:
  - The Python package C(requests), 2.28 or newer
seealso:
  - module: ucops.imp.cluster_info
"""

EXAMPLES = r"""
# dc1.imp_cluster.yml
plugin: ucops.imp.imp_cluster
hostname: cucm-pub.dc1.example.com
username: axladmin
password: "{{ lookup('ansible.builtin.env', 'AXL_PASSWORD') }}"

# Another file: one of several clusters in an inventory. The node imp-pub becomes imp-pub.dc2.example.com, in the groups
# imp_publisher and dc2.
# plugin: ucops.imp.imp_cluster
# hostname: cucm-pub.dc2.example.com
# username: axladmin
# password: !vault |
#   $ANSIBLE_VAULT;1.1;AES256
#   ...
# cluster: dc2
# domain: dc2.example.com

# Another file: a group for each role, a variable of one's own, and the answer kept in a cache.
# plugin: ucops.imp.imp_cluster
# hostname: cucm-pub.dc1.example.com
# username: axladmin
# password: "{{ axl_password }}"
# keyed_groups:
#   - key: imp_cluster_node.role
#     prefix: role
# compose:
#   monitored: imp_cluster_node.role == 'imp'
# cache: true
# cache_plugin: ansible.builtin.jsonfile
# cache_connection: .ansible/inventory
"""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible import context
from ansible.errors import AnsibleError, AnsibleParserError
from ansible.inventory.group import Group
from ansible.inventory.helpers import get_group_vars
from ansible.plugins.inventory import BaseInventoryPlugin, Cacheable, Constructable
from ansible.utils.unsafe_proxy import wrap_var
from ansible.vars.plugins import get_vars_from_inventory_sources
from ansible_collections.ucops.imp.plugins.module_utils._clients.axl import Axl
from ansible_collections.ucops.imp.plugins.module_utils._core.backoff import Backoff
from ansible_collections.ucops.imp.plugins.module_utils._core.errors import ImpError, joined, shortened
from ansible_collections.ucops.imp.plugins.module_utils._core.masked import masked_problems
from ansible_collections.ucops.imp.plugins.module_utils._core.options import (
    Arguments,
    check_host,
    connection_from,
    connection_options,
)
from ansible_collections.ucops.imp.plugins.module_utils._http.transport import Transport
from ansible_collections.ucops.imp.plugins.module_utils._module.secrets import masked, secret_texts
from ansible_collections.ucops.imp.plugins.module_utils._product.cluster import (
    Node,
    groups,
    nodes,
    qualified,
    unknown_publisher,
)
from ansible_collections.ucops.imp.plugins.module_utils._product.endpoints import CUCM
from ansible_collections.ucops.imp.plugins.plugin_utils._twin.arguments import in_the_twin
from ansible_collections.ucops.imp.plugins.plugin_utils._twin.ready import TWIN, NotReady, Ready, chosen

OPTIONS = ("hostname", "port", "username", "password", "validate_certs", "ca_path", "timeout", "retries")
NODE = "imp_cluster_node"
GROUP = "imp_cluster_redundancy_group"
CLUSTER = "ucops_imp_cluster"
SOURCE = "imp_cluster_source"
"""The variable that tells which publisher a host comes from."""
UNREAD = "imp_cluster_unread"
"""The variable of all hosts that tells the playbooks of this collection what is missing."""
Told = dict[str, Any]
"""Something that AXL tells, as JSON has it."""
TAKEN = ("all", "ungrouped", "exchange", "localhost")
"""Names that mean something to Ansible, or to the playbooks of this collection."""


def _secrets(config: Mapping[str, Any]) -> set[str]:
    """Return the texts among a file's options that may be secrets, whatever shape they have."""
    return secret_texts(connection_options(CUCM), {name: config.get(name) for name in OPTIONS})


def _redundancy(name: str, groups: list[Told], hosts: Mapping[str, str]) -> Told | None:
    """Return what the host of a node tells of its presence redundancy group, ``None`` for a node in none."""
    for group in groups:
        members = [node["name"] for node in group["nodes"]]
        if name in members:
            peer = next((hosts.get(other, other) for other in members if other != name), None)
            return {"name": group["name"], "ha_enabled": group["ha_enabled"], "peer": peer}
    return None


class InventoryModule(BaseInventoryPlugin, Constructable, Cacheable):
    NAME = "ucops.imp.imp_cluster"

    def verify_file(self, path: str) -> bool:
        return bool(super().verify_file(path)) and path.endswith(("imp_cluster.yml", "imp_cluster.yaml"))

    def parse(self, inventory: Any, loader: Any, path: str, cache: bool = True) -> None:
        super().parse(inventory, loader, path, cache)
        self._secrets: set[str] = set()
        self._twin: Ready | None = None
        try:
            self._parse(path, cache)
        except Exception as error:
            # Ansible only warns, and a run that leaves a cluster out would look well.
            unread = self.inventory.groups["all"].get_vars().get(UNREAD, [])
            self.inventory.set_variable("all", UNREAD, [*unread, wrap_var(f"{path}: {error}")])
            raise

    def set_options(self, task_keys: Any = None, var_options: Any = None, direct: Any = None) -> None:
        """Take the options; a text of the configuration file may be a template, whatever type the option has."""
        if direct:
            self._secrets = _secrets(direct)
            direct = {name: self._templated(name, value) for name, value in direct.items()}
            self._secrets |= _secrets(direct)
        super().set_options(task_keys=task_keys, var_options=var_options, direct=direct)

    def _templated(self, name: str, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        try:
            return self.templar.template(value)
        except AnsibleError as error:
            raise AnsibleParserError(shortened(f"{name}: {error.message}")) from None

    def _parse(self, path: str, cache: bool) -> None:
        # So that templates may use extra variables.
        self.templar.available_variables = {**self._vars, "inventory_dir": str(Path(path).absolute().parent)}
        try:
            self._read_config_data(path)
        except AnsibleError as error:
            # Ansible's own sentence about an option of a wrong shape shows its value, as the templates have made it.
            raise AnsibleParserError(shortened(masked(str(error), self._secrets))) from None
        self._twin = self._chosen_twin(path)
        servers, redundancy_groups = self._servers(path, cache)
        hosts = {node["name"]: qualified(node["name"], self.get_option("domain")) for node in servers}
        members = {
            f"{self.get_option('prefix')}{group}": [hosts[name] for name in names]
            for group, names in groups(servers).items()
        }
        problems = self._merging(hosts, members)
        if problems:
            raise AnsibleParserError(joined(problems))
        untold = unknown_publisher(servers)
        if untold:
            self.display.warning(f"{path}: {untold}")
        for node in servers:
            self._add_host(hosts[node["name"]], node, _redundancy(node["name"], redundancy_groups, hosts))
        for group, names in members.items():
            self.inventory.add_group(group)
            for name in names:
                self.inventory.add_host(name, group=group)

    def _chosen_twin(self, path: str) -> Ready | None:
        """Return the twin that is to be asked in the place of the cluster.

        An inventory plugin is given extra variables alone, so those of all hosts and of the cluster's groups are looked
        for here, where Ansible looks for them later.
        """
        sources = [*(context.CLIARGS.get("inventory") or ()), path]
        names = ("all", *(f"{self.get_option('prefix')}{name}" for name in groups([])), self.get_option("cluster"))
        known = [self.inventory.groups.get(name) or Group(name) for name in names if name]
        set_there = [group.get_vars() for group in known]
        in_files = get_vars_from_inventory_sources(self.loader, sources, known, "task")
        given = {name: one for found in (*set_there, in_files, self._vars) for name, one in found.items()}.get(TWIN)
        try:
            return chosen(self._templated(TWIN, given))
        except NotReady as reason:
            raise AnsibleParserError(f"{TWIN}: {reason}") from None

    def _source(self) -> str:
        """Return what tells this cluster from others, for people and programs."""
        there = f"{self.get_option('hostname')} port {self.get_option('port')}"
        return there if self._twin is None else f"{there} ({self._twin.path})"

    def _servers(self, path: str, cache: bool) -> tuple[list[Node], list[Told]]:
        """Return the nodes and the presence redundancy groups, as the publisher says or has said to ansible's cache."""
        options = {name: self.get_option(name) for name in OPTIONS}
        away: list[str] = []
        if self._twin is not None:
            options, away = in_the_twin(self._twin, self.NAME, Arguments(CUCM), options, {})
        connection = connection_from(CUCM, options)
        domain = self.get_option("domain")
        problems = away or connection.problems() + masked_problems(options) + (
            check_host("domain", domain) if domain else []
        )
        if problems:
            raise AnsibleParserError(joined(problems))
        try:
            told = self._told(path, cache, connection)
            return nodes(told["rows"], self.get_option("imp_publisher"), domain), list(told["groups"])
        except ImpError as error:
            raise AnsibleParserError(error.message) from None

    def _told(self, path: str, cache: bool, connection: Any) -> Told:
        """Return AXL's own words, ``{rows, groups}``, so that a cache does not outlive the options of the file."""
        caching = bool(self.get_option("cache"))
        key = self.get_cache_key(path)
        if caching and cache:
            try:
                known = self._cache[key]
            except KeyError:
                # Never asked, or expired.
                known = None
            if isinstance(known, Mapping) and known.get("source") == self._source() and "groups" in known:
                return dict(known)
        with Transport(connection, backoff=Backoff(report=self._report)) as transport:
            axl = Axl(transport)
            told = {"source": self._source(), "rows": axl.process_nodes(), "groups": self._groups(path, axl)}
        if caching:
            self._cache[key] = told
        return told

    def _report(self, text: str) -> None:
        self.display.vvv(masked(text, self._secrets))

    def _groups(self, path: str, axl: Axl) -> list[Told]:
        """Return the presence redundancy groups; an inventory is as good without them."""
        try:
            return [group.as_dict() for group in axl.redundancy_groups()]
        except ImpError as error:
            self.display.warning(f"{path}: the presence redundancy groups could not be read: {error.message}")
            return []

    def _merging(self, hosts: Mapping[str, str], members: Mapping[str, list[str]]) -> list[str]:
        """Return why the hosts and groups of this cluster cannot be told from what the inventory has already."""
        cluster, found = self.get_option("cluster"), []
        others: dict[str, list[str]] = {}
        for name in sorted(hosts.values()):
            other = self._other_cluster(name)
            if other:
                others.setdefault(other, []).append(name)
        for other, names in others.items():
            found.append(f"{', '.join(names)}: {other} Set domain, so that each cluster has hosts of its own.")
        twice = sorted({name for name in hosts.values() if list(hosts.values()).count(name) > 1})
        found += [f"domain: it makes two nodes of the cluster {name}." for name in twice]
        new_groups = [*members, *([cluster] if cluster else [])]
        taken = {*hosts.values(), *self.inventory.hosts}
        found += [f"{name} would be a host and a group." for name in sorted(taken.intersection(new_groups))]
        in_use = sorted({*hosts.values()}.intersection(self.inventory.groups))
        found += [f"{name} is a node, and a group of the inventory." for name in in_use]
        if cluster and (cluster in TAKEN or cluster in members):
            found.append(f"cluster: {cluster} is the name of another group; give it one of its own.")
        elif cluster and cluster in self.inventory.groups:
            told = {source for host in self.inventory.groups[cluster].get_hosts() if (source := self._told_by(host))}
            found += [f"cluster: {cluster} is the name of the cluster of {other}." for other in sorted(told)]
        return found

    def _told_by(self, host: Any) -> str | None:
        """Return the source of a host, or ``None`` when it is not of another cluster's publisher."""
        source = host.get_vars().get(SOURCE)
        return None if source in (None, self._source()) else str(source)

    def _other_cluster(self, name: str) -> str | None:
        """Return why a host that is there already is not this node, or ``None`` when it may be."""
        host = self.inventory.get_host(name) if name in self.inventory.hosts else None
        if host is None:
            return None
        other = self._told_by(host)
        if other:
            return f"a node of the cluster of {other} is called so already."
        emulated = self.inventory.groups["all"].get_vars().get("imp_emulator_ready_file")
        if emulated:
            return f"the emulator of {emulated} has a host of this name already."
        cluster = self.get_option("cluster")
        known = {**get_group_vars(host.get_groups()), **host.get_vars()}.get(CLUSTER)
        if cluster and known is not None and str(known) != cluster:
            return f"the inventory has a host of this name with {CLUSTER}={known} already, not {cluster}."
        return None

    def _add_host(self, name: str, node: Node, redundancy: Told | None) -> None:
        """Make the host of a node, with its variables and the groups that the user composes of them."""
        cluster = self.get_option("cluster")
        if cluster:
            self.inventory.add_host(name, group=self.inventory.add_group(cluster))
            self.inventory.set_variable(name, CLUSTER, cluster)
        else:
            self.inventory.add_host(name)
        self.inventory.set_variable(name, SOURCE, self._source())
        # Up to core 2.18 a description that looks like a template would be taken for one.
        self.inventory.set_variable(name, NODE, wrap_var(node))
        if redundancy is not None:
            self.inventory.set_variable(name, GROUP, wrap_var(redundancy))
        if self.get_option("local_connection"):
            self.inventory.set_variable(name, "ansible_connection", "local")
            self.inventory.set_variable(name, "ansible_python_interpreter", sys.executable)
        strict = self.get_option("strict")
        variables = self.inventory.get_host(name).get_vars()
        self._set_composite_vars(self.get_option("compose"), variables, name, strict=strict)
        variables = self.inventory.get_host(name).get_vars()
        self._add_host_to_composed_groups(self.get_option("groups"), variables, name, strict=strict)
        self._add_host_to_keyed_groups(self.get_option("keyed_groups"), variables, name, strict=strict)
