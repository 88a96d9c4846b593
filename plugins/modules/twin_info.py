#!/usr/bin/python

# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: twin_info
short_description: Read all that a twin of a cluster in the emulator is made of
version_added: 0.1.0
author:
  - ucops contributors (@ucops)
description:
  - Reads version, nodes, presence redundancy groups, all users with their names, mail addresses and departments,
    parameters, services, trust stores, presence gateways, and the certificates that the Exchange servers show.
  - The filter P(ucops.imp.scenario#filter) makes a scenario of the project's emulator of it. P(ucops.imp.export#role)
    does both and writes the file.
  - It changes nothing and reads no secret. What cannot be read costs that part alone, and RV(twin.unread) names it.
    Without the nodes and the users of Unified CM there is no twin, and the task fails.
  - The addresses of nodes and Exchange servers are those that the controller finds for their names. What a server shows
    is asked of a node where there is an interface for it, else of the server itself.
  - A server of a twin tells which certificates its own stand for. It is these that are returned.
options:
  imp:
    description: The nodes of the IM and Presence Service, and the application user for them.
    type: dict
    required: true
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
          - Whether the certificates of the nodes are verified.
          - If not set, the value of the environment variable E(UCOPS_IMP_VALIDATE_CERTS) is used.
        type: bool
        default: true
      ca_path:
        description:
          - A PEM, DER or PKCS#7 file with the authorities that may sign these certificates, as in O(ca_path).
          - If not set, the value of the environment variable E(UCOPS_IMP_CA_PATH) is used.
        type: path
      timeout:
        description:
          - Seconds that each try of a request may take, from connecting to the last byte of the answer.
          - If not set, the value of the environment variable E(UCOPS_IMP_TIMEOUT) is used.
        type: int
        default: 30
      retries:
        description: How often a request is tried again when a node is busy or a connection is lost.
        type: int
        default: 5
      nodes:
        description: The nodes, by default the one at O(imp.hostname).
        type: list
        elements: dict
        suboptions:
          name:
            description: The node's name in the cluster.
            type: str
            required: true
          hostname:
            description: Where to reach it, by default its O(imp.nodes[].name).
            type: str
          port:
            description: The port there, by default O(imp.port).
            type: int
  platform:
    description:
      - Certificate management of the IM and Presence nodes, and the administrator of their operating system.
      - Leave it out where there is no such interface, which release 14 brings. The trust stores are not read then.
    type: dict
    suboptions:
      hostname:
        description:
          - A node of the IM and Presence Service.
          - If not set, the value of the environment variable E(UCOPS_PLATFORM_HOSTNAME) is used.
        type: str
        required: true
      port:
        description:
          - The port of the web service.
          - If not set, the value of the environment variable E(UCOPS_PLATFORM_PORT) is used.
        type: int
        default: 443
      username:
        description:
          - The administrator of the operating system.
          - If not set, the value of the environment variable E(UCOPS_PLATFORM_USERNAME) is used.
        type: str
        required: true
      password:
        description:
          - The account's password, at least four characters long.
          - If not set, the value of the environment variable E(UCOPS_PLATFORM_PASSWORD) is used.
        type: str
        required: true
      validate_certs:
        description:
          - Whether the certificates of the nodes are verified.
          - If not set, the value of the environment variable E(UCOPS_PLATFORM_VALIDATE_CERTS) is used.
        type: bool
        default: true
      ca_path:
        description:
          - A PEM, DER or PKCS#7 file with the authorities that may sign these certificates, as in O(ca_path).
          - If not set, the value of the environment variable E(UCOPS_PLATFORM_CA_PATH) is used.
        type: path
      timeout:
        description:
          - Seconds that each try of a request may take, from connecting to the last byte of the answer.
          - If not set, the value of the environment variable E(UCOPS_PLATFORM_TIMEOUT) is used.
        type: int
        default: 30
      retries:
        description: How often a request is tried again when a node is busy or a connection is lost.
        type: int
        default: 5
      nodes:
        description: The nodes, by default the one at O(platform.hostname).
        type: list
        elements: dict
        suboptions:
          name:
            description: The node's name in the cluster.
            type: str
            required: true
          hostname:
            description: Where to reach it, by default its O(platform.nodes[].name).
            type: str
          port:
            description: The port there, by default O(platform.port).
            type: int
  gateways:
    description:
      - The presence gateways, for a cluster that does not tell them. The list of M(ucops.imp.presence_gateways) fits.
      - A cluster that tells its gateways is believed.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: The server as a fully qualified name, an IPv4 address or an IPv6 address.
        type: str
        required: true
      port:
        description: The port of Exchange Web Services.
        type: int
        default: 443
      description:
        description: Text for administrators.
        type: str
        default: ""
      type:
        description: The kind of server.
        type: str
        choices:
          - exchange_ews
          - office_365
        default: exchange_ews
      client_id:
        description: Application (client) ID; for V(office_365), as are the options below.
        type: str
      tenant_id:
        description: Directory (tenant) ID.
        type: str
      client_secret:
        description: Of no meaning here.
        type: str
      proxy_url:
        description: The proxy of the nodes.
        type: str
      proxy_username:
        description: The user of the proxy.
        type: str
      proxy_password:
        description: Of no meaning here.
        type: str
      authentication_endpoint:
        description: Where the nodes get access tokens.
        type: str
      resource:
        description: What access tokens are for.
        type: str
  account:
    description: The account that the gateways share, for a cluster that does not tell it.
    type: str
  services:
    description: The services whose parameters are read, V(Enterprise Wide) for enterprise parameters.
    type: list
    elements: str
    default:
      - Cisco Presence Engine
      - Cisco SIP Proxy
      - Cisco Server Recovery Manager
      - Enterprise Wide
extends_documentation_fragment:
  - ucops.imp.attributes.info
  - ucops.imp.connection.cucm
requirements:
  - The Python package C(cryptography)
seealso:
  - plugin: ucops.imp.scenario
    plugin_type: filter
  - module: ucops.imp.cluster_info
"""

EXAMPLES = r"""
- name: Read a cluster
  ucops.imp.twin_info:
    hostname: cucm-pub.dc1.example.com
    username: axladmin
    password: "{{ vault_axl_password }}"
    imp:
      hostname: imp-pub.dc1.example.com
      username: axladmin
      password: "{{ vault_application_password }}"
      nodes:
        - name: imp-pub.dc1.example.com
        - name: imp-sub.dc1.example.com
    platform:
      hostname: imp-pub.dc1.example.com
      username: osadmin
      password: "{{ vault_platform_password }}"
      nodes:
        - name: imp-pub.dc1.example.com
        - name: imp-sub.dc1.example.com
  register: read

- name: Write its twin down, with other names
  ansible.builtin.copy:
    content: "{{ read.twin | ucops.imp.scenario('dc1', anonymize=true) }}"
    dest: scenario.yml
    mode: "0600"
"""

RETURN = r"""
twin:
  description: What was read.
  returned: success
  type: dict
  contains:
    version:
      description: The full version of Unified CM.
      type: str
    admin_api:
      description: Whether the IM and Presence nodes have the admin API that the project's emulator serves.
      type: bool
    accounts:
      description: The names of the accounts of the connections, C(application) and C(os).
      type: dict
    nodes:
      description:
        - The servers of the cluster, each with C(name), C(role), C(usage), C(description), C(ipv6_name), and with
          C(fqdn), C(ipv4) and C(ipv6), which are V(null) where nobody tells them.
      type: list
      elements: dict
    presence_redundancy_groups:
      description: The groups as M(ucops.imp.cluster_info) tells them, V(null) where nobody does.
      type: list
      elements: dict
    users:
      description:
        - All users, each with C(userid), C(first_name), C(last_name), C(mail), C(department), C(locale),
          C(home_cluster), C(im_and_presence) and C(meeting_information).
      type: list
      elements: dict
    parameters:
      description: Parameters as M(ucops.imp.service_parameters_info) tells them.
      type: list
      elements: dict
    services:
      description:
        - The services, each with C(node), C(service), C(activated), and C(running), which is V(null) for a node that
          was not asked.
      type: list
      elements: dict
    trust:
      description:
        - The trust stores that were read, each with C(store), C(nodes), and C(certificates). A certificate has what
          M(ucops.imp.trust_certificates_info) tells of it, and all its C(nodes).
      type: list
      elements: dict
    gateways:
      description: The gateways as M(ucops.imp.presence_gateways_info) tells them.
      type: list
      elements: dict
    account:
      description: The account that the gateways share, V(null) when there is none or nobody tells it.
      type: str
    servers:
      description:
        - What the Exchange server of each gateway shows, with C(name), C(port), C(addresses), and C(chain), which are
          certificates in PEM, the server's own first; none for a server that was not reached.
      type: list
      elements: dict
    unread:
      description: What could not be read, each with C(part) and C(message).
      type: list
      elements: dict
failures:
  description: Always empty, because the task fails as a whole or not at all. What was not read is in RV(twin.unread).
  returned: always
  type: list
  elements: dict
"""

from ansible_collections.ucops.imp.plugins.module_utils._core.options import Arguments
from ansible_collections.ucops.imp.plugins.module_utils._module.runner import run_info
from ansible_collections.ucops.imp.plugins.module_utils._product.endpoints import CUCM
from ansible_collections.ucops.imp.plugins.module_utils._resources.twin_info import OPTIONS, read_twin, twin_problems

ARGUMENTS = Arguments(
    CUCM, OPTIONS, may_be_empty=["gateways.description", "gateways.proxy_url", "gateways.proxy_username"]
)


def main() -> None:
    run_info(read_twin, ARGUMENTS, problems=twin_problems)


if __name__ == "__main__":
    main()
