#!/usr/bin/python

# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: preflight_info
short_description: Check an environment before anything is changed
version_added: 0.1.0
author:
  - ucops contributors (@ucops)
description:
  - Checks from the controller what the modules of this collection need. Names resolve, ports answer, both accounts log
    in and have their roles, versions are supported, services run, certificates are trusted, valid for some time more
    and hold the names of the gateways, clocks agree, and the prerequisites of IPv6 are there.
  - It changes nothing. Every check is tried independently of the others, and each is a row of RV(checks). A row that
    depends on one that failed is V(skipped) with the reason.
  - A failed check does not fail the task. Look at RV(passed), or run the playbook C(ucops.imp.preflight), which
    shows a table and fails at its end.
  - A password that is refused is sent once only, however many interfaces take the account, so that it is not locked.
  - C(Cisco AXL Web Service) is checked on the publisher of Unified CM alone, because the collection uses no other AXL.
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
      - Leave it out where trust certificates are uploaded by hand. What needs it is skipped then.
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
      - The presence gateways that are there or are going to be. The list of M(ucops.imp.presence_gateways) fits.
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
        description: Of no meaning here.
        type: str
      type:
        description:
          - The kind of server. Of V(office_365) the hosts for tokens and for calendars are looked at, which depend on
            the nodes' release, and the rows C(gateway-trusted) are about C(cup-trust) and C(tomcat-trust).
        type: str
        choices:
          - exchange_ews
          - office_365
        default: exchange_ews
      authentication_endpoint:
        description: Where the nodes get access tokens, by default V(https://login.microsoftonline.com).
        type: str
      resource:
        description: Where Microsoft Graph is, by default V(https://graph.microsoft.com).
        type: str
      proxy_url:
        description:
          - The proxy of the nodes. With one, the controller does not look at the hosts of Microsoft, because it may
            reach them in another way than the nodes or not at all.
        type: str
      client_id:
        description: Of no meaning here.
        type: str
      tenant_id:
        description: Of no meaning here.
        type: str
      client_secret:
        description: Of no meaning here.
        type: str
      proxy_username:
        description: Of no meaning here.
        type: str
      proxy_password:
        description: Of no meaning here.
        type: str
      probe_hostname:
        description:
          - Where the controller reaches the server, when that is not at its name. Its certificate must hold
            O(gateways[].name) all the same.
          - Of no meaning for V(office_365), as is O(gateways[].probe_port).
        type: str
      probe_port:
        description: The port there, by default O(gateways[].port).
        type: int
  enable_ipv6:
    description:
      - Whether the playbooks are going to switch the enterprise parameter EnableIPV6 on, which gateways with an IPv6
        address need. While it is off, the row V(ipv6-enabled) is then a V(warning) and not V(failed).
    type: bool
    default: false
  services:
    description: The services that have to run on every IM and Presence node.
    type: list
    elements: str
    default:
      - Cisco Presence Engine
      - Cisco SIP Proxy
      - Cisco XCP Router
  min_days:
    description: For how many days more each certificate has to be valid.
    type: int
    default: 30
  max_clock_skew:
    description: By how many seconds clocks may differ. At least 2, because the answers are dated in whole seconds.
    type: int
    default: 60
extends_documentation_fragment:
  - ucops.imp.attributes.info
  - ucops.imp.connection.cucm
requirements:
  - The Python package C(cryptography)
notes:
  - Whether a node reaches a gateway, has an IPv6 address at Eth0 and can read its users' mailboxes is known only where
    there is the admin API that the project's emulator serves. On a real cluster these rows are V(unknown) and say on
    which page to look.
  - An IM and Presence node of a release before 14 fails when O(platform) is given, because it has no interface for
    certificates.
seealso:
  - module: ucops.imp.cluster_info
  - module: ucops.imp.presence_gateways_info
  - module: ucops.imp.certificate_import
  - plugin: ucops.imp.preflight_table
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Check a cluster and its gateways
  ucops.imp.preflight_info:
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
    gateways:
      - name: mail1.example.com
      - name: mail2.example.com
    min_days: 60
  register: preflight

- name: Show the result as a table
  ansible.builtin.debug:
    msg: "{{ preflight.checks | ucops.imp.preflight_table }}"
"""

RETURN = r"""
passed:
  description: Whether no check failed. What is V(unknown) has not passed by itself; somebody has to look.
  returned: success
  type: bool
counts:
  description: How many rows have each result.
  returned: success
  type: dict
  contains:
    failed:
      description: What has to be put right first.
      type: int
    unknown:
      description: What no interface tells.
      type: int
    warning:
      description: What works, or what the playbooks put right themselves.
      type: int
    skipped:
      description: What is not needed, or depends on something that failed.
      type: int
    ok:
      description: What is as it should be.
      type: int
  sample:
    failed: 1
    unknown: 0
    warning: 4
    skipped: 2
    ok: 49
checks:
  description: One row for each check of each subject, always in the same order of checks.
  returned: success
  type: list
  elements: dict
  contains:
    check:
      description:
        - Which check it is. C(name-resolves), C(port-answers), C(certificate-trusted), C(certificate-valid),
          C(clock-agrees), C(clocks-agree), C(interface-answers), C(account-logs-in), C(account-has-role),
          C(version-supported), C(versions-match), C(axl-service-runs), C(service-runs),
          C(redundancy-normal), C(notify-port-unused), C(trust-store-valid), C(mailboxes-readable),
          C(mail-addresses), C(directory-templates), C(office-365-protocol), C(gateway-name-matches),
          C(gateway-trusted), C(gateway-reached), C(ipv6-enabled) or C(ipv6-address).
      type: str
    subject:
      description: What was checked, a host, a port, an account, a service, a gateway.
      type: str
    result:
      description: V(ok), V(failed), V(warning), V(unknown) or V(skipped).
      type: str
    found:
      description: What was found, or why it was not tried.
      type: str
    expected:
      description: What should have been found.
      type: str
    advice:
      description: What to do, empty when there is nothing to do.
      type: str
  sample:
    - check: service-runs
      subject: Cisco SIP Proxy on imp-sub
      result: failed
      found: Stopped
      expected: Started
      advice: >-
        Start it: ucops.imp.services with state started, or Cisco Unified Serviceability, Tools, Control Center -
        Feature Services.
failures:
  description: Always empty, because the task fails as a whole or not at all. What is wrong is in RV(checks).
  returned: always
  type: list
  elements: dict
"""

from ansible_collections.ucops.imp.plugins.module_utils._core.options import Arguments
from ansible_collections.ucops.imp.plugins.module_utils._module.runner import run_info
from ansible_collections.ucops.imp.plugins.module_utils._preflight.run import (
    OPTIONS,
    preflight_problems,
    read_preflight,
)
from ansible_collections.ucops.imp.plugins.module_utils._product.endpoints import CUCM

ARGUMENTS = Arguments(
    CUCM, OPTIONS, may_be_empty=["gateways.description", "gateways.proxy_url", "gateways.proxy_username"]
)


def main() -> None:
    run_info(read_preflight, ARGUMENTS, problems=preflight_problems)


if __name__ == "__main__":
    main()
