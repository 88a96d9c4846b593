#!/usr/bin/python

# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: presence_gateways
short_description: Manage the Exchange presence gateways of an IM and Presence cluster
version_added: 0.1.0
author:
  - ucops contributors (@ucops)
description:
  - Adds, updates and deletes Microsoft Exchange servers as presence gateways, the whole list in one task, and sets the
    impersonation account that all of them share.
  - A change has effect when the service C(Cisco Presence Engine) restarts. One restart serves any number of changes,
    see RV(restart_required) and M(ucops.imp.services).
  - The stored password cannot be read. It is compared with a call that reveals nothing else, so a password that is
    right already is no change, and one that was changed elsewhere is found.
options:
  gateways:
    description:
      - The gateways. The order of new ones is the order in which they are added; only the first ten are checked by the
        status page of the product.
      - The list may be left out to set the account alone. An empty list changes nothing, unless O(purge=true).
    type: list
    elements: dict
    suboptions:
      name:
        description:
          - The Exchange server as a fully qualified name, an IPv4 address or an IPv6 address.
          - It must be the common name or one of the subject alternative names of the server's certificate.
          - An IPv6 address needs the enterprise parameter IPv6 and an IPv6 address of Eth0 on every node first, see
            M(ucops.imp.service_parameters).
          - Letter case and the way of writing an IPv6 address do not matter. No gateway may be given twice.
        type: str
        required: true
      description:
        description: A text for administrators. Without it an existing description stays.
        type: str
      port:
        description:
          - The port of Exchange Web Services. Cisco recommends V(443), so there is a warning for any other.
        type: int
        default: 443
      type:
        description:
          - The kind of server. V(exchange_ews) is what the product calls C(Exchange -- EWS Server).
        type: str
        choices:
          - exchange_ews
        default: exchange_ews
  account:
    description:
      - The impersonation account with which the Presence Engine signs in to Exchange, as a user principal name
        (C(user@domain)) or a down-level logon name (C(domain\\user)).
      - All gateways share it, so changing it changes it for every gateway. The first gateway cannot be added without
        it.
    type: str
  account_password:
    description:
      - The password of O(account), at least four characters long, without control characters.
    type: str
  update_password:
    description:
      - With V(always) the stored password is compared and, when it differs, replaced.
      - With V(on_create) the password is only used when there is no account yet, or when O(account) is another one.
    type: str
    choices:
      - always
      - on_create
    default: always
  state:
    description:
      - V(present) adds and updates the gateways, V(absent) deletes them.
      - The account goes with the last gateway.
    type: str
    choices:
      - present
      - absent
    default: present
  purge:
    description:
      - With O(state=present), also delete every gateway that O(gateways) does not name.
      - Without it such a gateway stays, and a warning names it, unless O(report_undeclared) tells of it.
    type: bool
    default: false
attributes:
  action_group:
    membership:
      - ucops.imp.imp
      - ucops.imp.audit
      - ucops.imp.all
extends_documentation_fragment:
  - ucops.imp.attributes
  - ucops.imp.connection.imp
  - ucops.imp.audit
  - ucops.imp.restarts
notes:
  - Cisco publishes no interface for presence gateways. The module uses the admin API that the project's emulator serves
    and fails with the code C(no-public-api) where there is none; add the gateways in Cisco Unified CM IM and Presence
    Administration, Presence, Gateways, there.
seealso:
  - module: ucops.imp.presence_gateways_info
  - module: ucops.imp.trust_certificates
    description: Upload the certificate chain of the Exchange servers before adding them.
  - module: ucops.imp.services
    description: Restart the Presence Engine where it is required.
"""

EXAMPLES = r"""
- name: Two Exchange servers
  ucops.imp.presence_gateways:
    hostname: imp-pub.dc1.example.com
    username: axladmin
    password: "{{ vault_application_password }}"
    gateways:
      - name: mail1.example.com
        description: Exchange, first site
      - name: mail2.example.com
        description: Exchange, second site
    account: EXAMPLE\svc-imp
    account_password: "{{ vault_exchange_password }}"

- name: Exactly these gateways and no others, connection from module_defaults
  ucops.imp.presence_gateways:
    gateways:
      - name: mail1.example.com
    purge: true

- name: A new password of the shared account
  ucops.imp.presence_gateways:
    account: EXAMPLE\svc-imp
    account_password: "{{ vault_exchange_password }}"

- name: A server that is gone
  ucops.imp.presence_gateways:
    gateways:
      - name: mail2.example.com
    state: absent
"""

RETURN = r"""
changes:
  description:
    - What was changed, or in check mode would be. A change that failed is in RV(failures) instead.
    - The kinds are C(presence_gateway) and C(gateway_credentials).
  returned: always
  type: list
  elements: dict
  contains:
    kind:
      description: The kind of object.
      type: str
    id:
      description: The gateway's name in lower case, or C(shared) for the account.
      type: str
    action:
      description: C(create), C(update) or C(delete).
      type: str
    fields:
      description: The fields that change. The values of a secret field are replaced by words.
      type: list
      elements: dict
      contains:
        name:
          description: The field.
          type: str
        before:
          description: The value before.
          type: raw
        after:
          description: The value after.
          type: raw
        secret:
          description: Whether the values are replaced.
          type: bool
  sample:
    - kind: presence_gateway
      id: mail1.example.com
      action: update
      fields:
        - name: port
          before: 444
          after: 443
          secret: false
current:
  description: The account and the gateways after the changes. In check mode, as they are.
  returned: always
  type: dict
  contains:
    account:
      description: The shared account, or null when there is no gateway.
      type: str
    gateways:
      description: The gateways in their order.
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
undeclared:
  description:
    - The gateways that O(gateways) does not name, after the changes; in check mode, as they are.
    - Empty with O(state=absent), with O(purge=true), and without O(gateways), for such a task does not say which other
      gateways there may be.
  returned: with O(report_undeclared=true), unless nothing could be read
  type: list
  elements: dict
  contains:
    kind:
      description: Always V(presence_gateway).
      type: str
    id:
      description: The gateway's name in lower case.
      type: str
    fields:
      description: Its type, description and port.
      type: dict
  sample:
    - kind: presence_gateway
      id: mail9.example.com
      fields:
        type: Exchange -- EWS Server
        description: added by hand
        port: 443
unknown:
  description:
    - What the task asks for and could not compare. That is the password with O(update_password=on_create), when the
      account is there already.
  returned: always, unless nothing could be read
  type: list
  elements: dict
  contains:
    kind:
      description: Always V(gateway_credentials).
      type: str
    id:
      description: Always V(shared).
      type: str
    field:
      description: Always V(password).
      type: str
    reason:
      description: Why it was not compared.
      type: str
  sample:
    - kind: gateway_credentials
      id: shared
      field: password
      reason: With update_password=on_create the stored password is not compared with the given one.
restart_required:
  description: The services that must restart before the changes have effect.
  returned: always
  type: list
  elements: str
  sample:
    - Cisco Presence Engine
failures:
  description: What failed. When there is anything, the task fails after everything else was tried.
  returned: always
  type: list
  elements: dict
  contains:
    id:
      description: The gateway, or C(shared).
      type: str
    code:
      description: A stable word for programs.
      type: str
    message:
      description: What happened and what to do.
      type: str
"""

from ansible_collections.ucops.imp.plugins.module_utils._core.options import REPORT_UNDECLARED, Arguments
from ansible_collections.ucops.imp.plugins.module_utils._module.pending_restarts import PENDING_RESTARTS
from ansible_collections.ucops.imp.plugins.module_utils._module.runner import run
from ansible_collections.ucops.imp.plugins.module_utils._product.endpoints import IMP
from ansible_collections.ucops.imp.plugins.module_utils._resources.presence_gateways import Gateways

ARGUMENTS = Arguments(
    IMP,
    {
        "gateways": {
            "type": "list",
            "elements": "dict",
            "options": {
                "name": {"type": "str", "required": True},
                "description": {"type": "str"},
                "port": {"type": "int", "default": 443},
                "type": {"type": "str", "choices": ["exchange_ews"], "default": "exchange_ews"},
            },
        },
        "account": {"type": "str"},
        "account_password": {"type": "str", "no_log": True},
        "update_password": {
            "type": "str",
            "choices": ["always", "on_create"],
            "default": "always",
            # It holds no password, whatever its name makes ansible think.
            "no_log": False,
        },
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        "purge": {"type": "bool", "default": False},
        **REPORT_UNDECLARED,
        **PENDING_RESTARTS,
    },
    required_together=[("account", "account_password")],
    required_one_of=[("gateways", "account")],
)


def main() -> None:
    run(Gateways, ARGUMENTS)


if __name__ == "__main__":
    main()
