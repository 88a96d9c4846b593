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
    (V(publisher) or V(subscriber)), C(description), C(ipv6_name) and C(uuid).
  - The name of a configuration file must end in C(imp_cluster.yml) or C(imp_cluster.yaml).
  - Texts may be templates, for example with a lookup or an extra variable, and may be vaulted.
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
      - A PEM file with the certificates of the authorities that may sign the server's certificate; no other is trusted.
      - Without it the authorities of the controller's system are trusted.
    type: path
    env:
      - name: UCOPS_CUCM_CA_PATH
  timeout:
    description:
      - Seconds to wait for a connection, and for each answer.
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
    type: str
  cluster:
    description:
      - The name of a group of all nodes. Every host gets it in the variable C(ucops_imp_cluster) too.
      - So several clusters fit into one inventory, whose group C(imp_publisher) has the publishers of all of them.
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
from typing import Any

from ansible.errors import AnsibleError, AnsibleParserError
from ansible.plugins.inventory import BaseInventoryPlugin, Cacheable, Constructable
from ansible.utils.unsafe_proxy import wrap_var
from ansible_collections.ucops.imp.plugins.module_utils._axl import Axl
from ansible_collections.ucops.imp.plugins.module_utils._cluster import Node, groups, nodes
from ansible_collections.ucops.imp.plugins.module_utils._errors import ImpError
from ansible_collections.ucops.imp.plugins.module_utils._masked import masked_problems
from ansible_collections.ucops.imp.plugins.module_utils._options import connection_from, connection_options
from ansible_collections.ucops.imp.plugins.module_utils._secrets import masked, secret_texts
from ansible_collections.ucops.imp.plugins.module_utils._transport import Transport

OPTIONS = ("hostname", "port", "username", "password", "validate_certs", "ca_path", "timeout", "retries")


class InventoryModule(BaseInventoryPlugin, Constructable, Cacheable):
    NAME = "ucops.imp.imp_cluster"

    def verify_file(self, path: str) -> bool:
        return bool(super().verify_file(path)) and path.endswith(("imp_cluster.yml", "imp_cluster.yaml"))

    def parse(self, inventory: Any, loader: Any, path: str, cache: bool = True) -> None:
        super().parse(inventory, loader, path, cache)
        # So that templates may use extra variables.
        self.templar.available_variables = self._vars
        try:
            self._read_config_data(path)
        except AnsibleError as error:
            # Ansible's own sentence about an option of a wrong shape shows its value.
            config = loader.load_from_file(path)
            given = {name: config.get(name) for name in OPTIONS} if isinstance(config, dict) else {}
            raise AnsibleParserError(masked(str(error), secret_texts(connection_options("cucm"), given))) from None
        servers = self._servers(path, cache)
        hosts = {node["name"]: self._host_name(node["name"]) for node in servers}
        for node in servers:
            self._add_host(hosts[node["name"]], node)
        for group, members in groups(servers).items():
            name = self.inventory.add_group(f"{self._option('prefix')}{group}")
            for member in members:
                self.inventory.add_host(hosts[member], group=name)

    def _option(self, name: str) -> Any:
        """Return an option's value; a text may be a template."""
        value = self.get_option(name)
        return self.templar.template(value) if isinstance(value, str) else value

    def _servers(self, path: str, cache: bool) -> list[Node]:
        """Return the nodes, from ansible's inventory cache where the user wants it and it has them."""
        caching = bool(self.get_option("cache"))
        key = self.get_cache_key(path)
        if caching and cache:
            try:
                known: list[Node] = self._cache[key]
            except KeyError:
                # Never asked, or expired.
                pass
            else:
                return known
        servers = self._ask()
        if caching:
            self._cache[key] = servers
        return servers

    def _ask(self) -> list[Node]:
        """Ask the publisher."""
        options = {name: self._option(name) for name in OPTIONS}
        connection = connection_from("cucm", options)
        problems = connection.problems() + masked_problems(options)
        if problems:
            raise AnsibleParserError(" ".join(problems))
        try:
            with Transport(connection) as transport:
                return nodes(Axl(transport).process_nodes(), self._option("imp_publisher"))
        except ImpError as error:
            raise AnsibleParserError(error.message) from None

    def _host_name(self, node: str) -> str:
        """Return what a node is called in the inventory; an address stays as it is, and so does a full name."""
        domain = self._option("domain")
        return f"{node}.{domain}" if domain and not set(node) & {".", ":"} else node

    def _add_host(self, name: str, node: Node) -> None:
        """Make the host of a node, with its variables and the groups that the user composes of them."""
        cluster = self._option("cluster")
        if cluster:
            self.inventory.add_host(name, group=self.inventory.add_group(cluster))
            self.inventory.set_variable(name, "ucops_imp_cluster", cluster)
        else:
            self.inventory.add_host(name)
        # Up to core 2.18 a description that looks like a template would be taken for one.
        self.inventory.set_variable(name, "imp_cluster_node", wrap_var(node))
        if self.get_option("local_connection"):
            self.inventory.set_variable(name, "ansible_connection", "local")
            self.inventory.set_variable(name, "ansible_python_interpreter", sys.executable)
        strict = self.get_option("strict")
        variables = self.inventory.get_host(name).get_vars()
        self._set_composite_vars(self.get_option("compose"), variables, name, strict=strict)
        variables = self.inventory.get_host(name).get_vars()
        self._add_host_to_composed_groups(self.get_option("groups"), variables, name, strict=strict)
        self._add_host_to_keyed_groups(self.get_option("keyed_groups"), variables, name, strict=strict)
