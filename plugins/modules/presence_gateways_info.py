#!/usr/bin/python

# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: presence_gateways_info
short_description: List the presence gateways of an IM and Presence cluster and their status
version_added: 0.1.0
author:
  - ucops contributors (@ucops)
description:
  - Lists the presence gateways and the name of the account that the Exchange servers among them share.
  - Tells how a node finds each server, as the troubleshooter of the product does. It connects to the server and
    verifies its certificate with the node's own trust store C(cup-trust). Of Office 365, the hosts for tokens and for
    calendars are connected to and verified with C(cup-trust) and with C(tomcat-trust).
options:
  status:
    description:
      - Whether to check the servers, which takes as long as their answers.
    type: bool
    default: true
  node:
    description:
      - The name of the node that checks, by default the one at O(hostname).
    type: str
extends_documentation_fragment:
  - ucops.imp.attributes.info
  - ucops.imp.connection.imp
notes:
  - Cisco publishes no interface for presence gateways. The module uses the admin API that the project's emulator serves
    and fails with the code C(no-public-api) where there is none.
seealso:
  - module: ucops.imp.presence_gateways
"""

EXAMPLES = r"""
- name: The gateways as the publisher sees them
  ucops.imp.presence_gateways_info:
    hostname: imp-pub.dc1.example.com
    username: axladmin
    password: "{{ vault_application_password }}"
  register: exchange

- name: All certificates must be right
  ansible.builtin.assert:
    that: exchange.status | selectattr('checked') | rejectattr('verified') | length == 0
"""

RETURN = r"""
account:
  description: The account that all Exchange servers share, or null when there is none.
  returned: always
  type: str
gateways:
  description: The gateways in their order.
  returned: always
  type: list
  elements: dict
  contains:
    name:
      description: Name or address.
      type: str
    type:
      description: Kind of server.
      type: str
    description:
      description: Text for administrators.
      type: str
    port:
      description: Port of Exchange Web Services.
      type: int
    position:
      description: 1 for the gateway that was added first.
      type: int
    subscriptions:
      description: How many users have a subscription at it, V(null) where nobody tells.
      type: int
    client_id:
      description: Application (client) ID; for Office 365, as are the fields below. Its secrets are never told.
      type: str
    tenant_id:
      description: Directory (tenant) ID.
      type: str
    proxy_url:
      description: The proxy, or empty.
      type: str
    proxy_username:
      description: The user of the proxy, or empty.
      type: str
    authentication_endpoint:
      description: Where access tokens come from.
      type: str
    resource:
      description: What access tokens are for, which tells whether calendars come from Exchange Web Services or from
        Microsoft Graph.
      type: str
node:
  description: The node that checked the servers.
  returned: with O(status=true)
  type: str
status:
  description: How the node finds each server.
  returned: with O(status=true)
  type: list
  elements: dict
  contains:
    name:
      description: Name or address.
      type: str
    position:
      description: Position of the gateway.
      type: int
    checked:
      description: Whether it was checked. The product checks the first ten gateways only.
      type: bool
    reachable:
      description: Whether the server can be reached, or null when it was not checked.
      type: bool
    verified:
      description: Whether its certificate is right, or null when it was not checked.
      type: bool
    reachability:
      description: The product's words about the connection.
      type: str
    verification:
      description: The product's words about the certificate.
      type: str
    detail:
      description: What does not fit, for example the two names of a mismatch.
      type: str
    advice:
      description: What to do about a verdict other than verified, or null.
      type: str
  sample:
    - name: mail1.example.com
      position: 1
      checked: true
      reachable: true
      verified: true
      reachability: Exchange Reachability (pingable)
      verification: SSL Connection/Certificate Verification - Verified
      detail:
      advice:
failures:
  description: What failed. When there is anything, the task fails after everything else was tried.
  returned: always
  type: list
  elements: dict
  contains:
    id:
      description: Always empty, because one failure fails the task.
      type: str
    code:
      description: A stable word for programs.
      type: str
    message:
      description: What happened and what to do.
      type: str
"""

from ansible_collections.ucops.imp.plugins.module_utils._core.options import Arguments
from ansible_collections.ucops.imp.plugins.module_utils._module.runner import run_info
from ansible_collections.ucops.imp.plugins.module_utils._product.endpoints import IMP
from ansible_collections.ucops.imp.plugins.module_utils._resources.presence_gateways import read_gateways

ARGUMENTS = Arguments(IMP, {"status": {"type": "bool", "default": True}, "node": {"type": "str"}})


def main() -> None:
    run_info(read_gateways, ARGUMENTS)


if __name__ == "__main__":
    main()
