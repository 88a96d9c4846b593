#!/usr/bin/python

# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: cluster_info
short_description: Read version, nodes and activated services of a cluster
version_added: 0.1.0
author:
  - ucops contributors (@ucops)
description:
  - Asks the publisher of Unified Communications Manager for its version, for the nodes of its cluster, those of the IM
    and Presence Service among them, and for the services of every node.
  - Whether a service runs is for its node to say, see M(ucops.imp.services_info).
options:
  imp_publisher:
    description:
      - The name of the IM and Presence publisher, where the cluster does not tell it.
      - The database of Unified CM may know no publisher but its own. A single IM and Presence node is taken as one.
      - A full name stands for the node of that short name, and a short name for the node of that full name. It is an
        error when no node is called so, or several are.
    type: str
extends_documentation_fragment:
  - ucops.imp.attributes.info
  - ucops.imp.connection.cucm
seealso:
  - module: ucops.imp.services_info
  - plugin: ucops.imp.imp_cluster
    plugin_type: inventory
"""

EXAMPLES = r"""
- name: Get to know the cluster
  ucops.imp.cluster_info:
    hostname: cucm-pub.dc1.example.com
    username: axladmin
    password: "{{ vault_axl_password }}"
  register: cluster

- name: Show its IM and Presence nodes
  ansible.builtin.debug:
    var: cluster.groups.imp_nodes
"""

RETURN = r"""
version:
  description: The full version of Unified CM.
  returned: success
  type: str
  sample: 14.0.1.13900-155
axl_schema:
  description: The version of the AXL schema that the collection speaks with this cluster.
  returned: success
  type: str
  sample: "14.0"
nodes:
  description: The servers of the cluster, publishers before subscribers, then by name.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: The name in the cluster's database, a host name or an address.
      type: str
    role:
      description: V(cucm) or V(imp).
      type: str
    usage:
      description: V(publisher) or V(subscriber).
      type: str
    description:
      description: The description.
      type: str
    ipv6_name:
      description: The IPv6 name or address, V(null) without one.
      type: str
    uuid:
      description: The unique id.
      type: str
    services:
      description: The services of the node by name, and whether each is activated.
      type: dict
  sample:
    - name: imp-pub
      role: imp
      usage: publisher
      description: ""
      ipv6_name: null
      uuid: 3f0e5a4c-5d5e-4b5b-9c39-2c1b6f3f7a10
      services:
        Cisco Presence Engine: true
        Cisco SIP Proxy: true
groups:
  description: The names of the servers by group, as the inventory plugin P(ucops.imp.imp_cluster#inventory) makes them.
  returned: success
  type: dict
  contains:
    cucm_publisher:
      description: The Unified CM publisher.
      type: list
    cucm_subscribers:
      description: The Unified CM subscribers.
      type: list
    imp_publisher:
      description: The IM and Presence publisher.
      type: list
    imp_subscribers:
      description: The IM and Presence subscribers.
      type: list
    imp_nodes:
      description: All IM and Presence nodes, the publisher first.
      type: list
  sample:
    cucm_publisher: [cucm-pub]
    cucm_subscribers: []
    imp_publisher: [imp-pub]
    imp_subscribers: [imp-sub]
    imp_nodes: [imp-pub, imp-sub]
failures:
  description: Always empty, because the task fails as a whole or not at all.
  returned: always
  type: list
  elements: dict
"""

from ansible_collections.ucops.imp.plugins.module_utils._core.options import Arguments
from ansible_collections.ucops.imp.plugins.module_utils._module.runner import run_info
from ansible_collections.ucops.imp.plugins.module_utils._product.endpoints import CUCM
from ansible_collections.ucops.imp.plugins.module_utils._resources.cluster_info import read_cluster

ARGUMENTS = Arguments(CUCM, {"imp_publisher": {"type": "str"}})


def main() -> None:
    run_info(read_cluster, ARGUMENTS)


if __name__ == "__main__":
    main()
