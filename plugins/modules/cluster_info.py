#!/usr/bin/python

# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: cluster_info
short_description: Read version, nodes, activated services and redundancy groups of a cluster
version_added: 0.1.0
author:
  - ucops contributors (@ucops)
description:
  - Asks the publisher of Unified Communications Manager for its version, for the nodes of its cluster, those of the IM
    and Presence Service among them, for the services of every node, and for the presence redundancy groups.
  - Whether a service runs is for its node to say, see M(ucops.imp.services_info).
options:
  imp_publisher:
    description:
      - The name of the IM and Presence publisher, where the cluster does not tell it.
      - The database of Unified CM may know no publisher but its own. A single IM and Presence node is taken as one.
      - A full name stands for the node of that short name, and a short name for the node of that full name. It is an
        error when no node is called so, or several are.
    type: str
  imp:
    description:
      - A node of the IM and Presence Service, to be asked how the nodes of the presence redundancy groups stand.
      - Unified CM tells the groups and whether high availability is on, not the state. The admin API of the project's
        emulator tells it, and AXL of IM and Presence where C(Cisco AXL Web Service) runs on its publisher, which is off
        by default. Cisco has no other interface for it; see Cisco Unified CM Administration, System, Presence
        Redundancy Groups.
    type: dict
    suboptions:
      hostname:
        description:
          - A node of the IM and Presence Service, as a rule the publisher.
          - If not set, the value of the environment variable E(UCOPS_IMP_HOSTNAME) is used.
        type: str
        required: true
      port:
        description:
          - The port of the web service.
          - If not set, the value of the environment variable E(UCOPS_IMP_PORT) is used.
        type: int
        default: 8443
      username:
        description:
          - An application user with the roles C(Standard CCMADMIN Administration), C(Standard SERVICEABILITY).
          - If not set, the value of the environment variable E(UCOPS_IMP_USERNAME) is used.
        type: str
        required: true
      password:
        description:
          - The account's password, at least four characters long.
          - If not set, the value of the environment variable E(UCOPS_IMP_PASSWORD) is used.
        type: str
        required: true
      validate_certs:
        description:
          - Whether the certificate of the node is verified.
          - If not set, the value of the environment variable E(UCOPS_IMP_VALIDATE_CERTS) is used.
        type: bool
        default: true
      ca_path:
        description:
          - A PEM, DER or PKCS#7 file with the authorities that may sign this certificate, as in O(ca_path).
          - If not set, the value of the environment variable E(UCOPS_IMP_CA_PATH) is used.
        type: path
      timeout:
        description:
          - Seconds that each try of a request may take, from connecting to the last byte of the answer.
          - If not set, the value of the environment variable E(UCOPS_IMP_TIMEOUT) is used.
        type: int
        default: 30
      retries:
        description: How often a request is tried again when the server is busy or a connection is lost.
        type: int
        default: 5
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
presence_redundancy_groups:
  description:
    - The presence redundancy groups, by name. V(null) where Unified CM refuses to tell them, which is warned of.
    - The states of the nodes are there with O(imp) only, and only by a cluster that has an interface for it.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: The name of the group.
      type: str
    description:
      description: The description, empty where it is not told.
      type: str
    ha_enabled:
      description: Whether high availability is on.
      type: bool
    users:
      description: How many users are assigned to the nodes of the group, V(null) where it is not told.
      type: int
    nodes:
      description: Its nodes, one or two.
      type: list
      elements: dict
      contains:
        name:
          description: The node's name in the cluster.
          type: str
        state:
          description: The state, C(Normal) when it carries its own users; V(null) where nobody tells.
          type: str
        reason:
          description: Why it is in this state, V(null) where nobody tells.
          type: str
        users_assigned:
          description: How many users are assigned to the node, V(null) where nobody tells.
          type: int
        users_here:
          description: How many users the node serves at this moment, V(null) where nobody tells.
          type: int
  sample:
    - name: DefaultCUPSubcluster
      description: ""
      ha_enabled: true
      users: 200
      nodes:
        - name: imp-pub
          state: Normal
          reason: On Administrator Request
          users_assigned: 100
          users_here: 100
        - name: imp-sub
          state: Normal
          reason: On Administrator Request
          users_assigned: 100
          users_here: 100
failures:
  description: Always empty, because the task fails as a whole or not at all.
  returned: always
  type: list
  elements: dict
"""

from ansible_collections.ucops.imp.plugins.module_utils._core.options import Arguments, connection_options
from ansible_collections.ucops.imp.plugins.module_utils._module.runner import run_info
from ansible_collections.ucops.imp.plugins.module_utils._product.endpoints import CUCM, IMP
from ansible_collections.ucops.imp.plugins.module_utils._resources.cluster_info import cluster_problems, read_cluster

ARGUMENTS = Arguments(
    CUCM, {"imp_publisher": {"type": "str"}, "imp": {"type": "dict", "options": connection_options(IMP)}}
)


def main() -> None:
    run_info(read_cluster, ARGUMENTS, problems=cluster_problems)


if __name__ == "__main__":
    main()
