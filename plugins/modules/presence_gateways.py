#!/usr/bin/python

# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: presence_gateways
short_description: Manage the presence gateways of an IM and Presence cluster, Exchange and Office 365
version_added: 0.1.0
author:
  - ucops contributors (@ucops)
description:
  - Adds, updates and deletes Microsoft Exchange servers and Office 365 as presence gateways, the whole list in one
    task, and sets the impersonation account that all Exchange servers share.
  - A change has effect when the service C(Cisco Presence Engine) restarts. One restart serves any number of changes,
    see RV(restart_required) and M(ucops.imp.services).
  - Stored passwords and client secrets cannot be read. They are compared with a call that reveals nothing else, so one
    that is right already is no change, and one that was changed elsewhere is found.
  - For Office 365 the certificates of the authorities behind Microsoft's hosts have to be in C(cup-trust) and in
    C(tomcat-trust) of every node, see M(ucops.imp.trust_certificates).
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
          - The Exchange server as a fully qualified name, an IPv4 address or an IPv6 address. For Office 365, as a rule
            V(outlook.office365.com).
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
          - The kind of server. V(exchange_ews) is what the product calls C(Exchange -- EWS Server), V(office_365) what
            it calls C(Office 365 Server).
          - Office 365 needs release 12.5(1)SU2 or a newer one. Releases before 15SU4 read it over Exchange Web
            Services, and from 15SU4 on over Microsoft Graph. Exchange Online turns Exchange Web Services off tenant by
            tenant from 1 October 2026; applications on a tenant's allow list go on until 1 April 2027. The task warns
            of it.
        type: str
        choices:
          - exchange_ews
          - office_365
        default: exchange_ews
      client_id:
        description:
          - Application (client) ID of the application that is registered for the cluster, a UUID.
          - V(office_365) needs it. V(exchange_ews) has neither this option nor those below.
        type: str
      tenant_id:
        description: Directory (tenant) ID, a UUID.
        type: str
      client_secret:
        description:
          - The application's secret, at least four characters long. A new gateway needs it, and so does another
            O(gateways[].client_id).
          - It can be compared and not read, see O(update_password).
        type: str
      proxy_url:
        description:
          - The http or https URL of the proxy through which the nodes reach Microsoft. V("") takes a proxy away.
        type: str
      proxy_username:
        description: The user of the proxy, where it wants one.
        type: str
      proxy_password:
        description: The password of O(gateways[].proxy_username), at least four characters long.
        type: str
      authentication_endpoint:
        description:
          - Where access tokens come from. The product's default is V(https://login.microsoftonline.com).
          - Releases before 15SU2 have no field for it.
        type: str
      resource:
        description:
          - What access tokens are for. The product's default is V(https://outlook.office365.com), and from 15SU4 on
            V(https://graph.microsoft.com).
          - Releases before 15SU2 have no field for it.
        type: str
  account:
    description:
      - The impersonation account with which the Presence Engine signs in to Exchange, as a user principal name
        (C(user@domain)) or a down-level logon name (C(domain\\user)).
      - All Exchange servers share it, so changing it changes it for every one. The first one cannot be added without
        it; Office 365 has nothing to do with it.
    type: str
  account_password:
    description:
      - The password of O(account), at least four characters long, without control characters.
    type: str
  update_password:
    description:
      - With V(always) stored passwords and client secrets are compared and, where they differ, replaced.
      - With V(on_create) the password is only used when there is no account yet, or when O(account) is another one. A
        client secret or the password of a proxy is only used for a new gateway, or with another client or user.
    type: str
    choices:
      - always
      - on_create
    default: always
  state:
    description:
      - V(present) adds and updates the gateways, V(absent) deletes them.
      - The account goes with the last Exchange server.
    type: str
    choices:
      - present
      - absent
    default: present
  purge:
    description:
      - With O(state=present), also delete every gateway that O(gateways) does not name.
      - Without it such a gateway stays. RV(kept) lists it, and a warning names it, unless O(report_undeclared) tells of
        it.
    type: bool
    default: false
attributes:
  action_group:
    membership:
      - ucops.imp.imp
      - ucops.imp.audit
      - ucops.imp.backup
      - ucops.imp.all
extends_documentation_fragment:
  - ucops.imp.attributes
  - ucops.imp.connection.imp
  - ucops.imp.audit
  - ucops.imp.restarts
  - ucops.imp.backup
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

- name: Office 365, after its authorities were uploaded to cup-trust and tomcat-trust
  ucops.imp.presence_gateways:
    gateways:
      - name: outlook.office365.com
        type: office_365
        description: Exchange Online
        client_id: 7f4b0f64-6e0e-4c0f-8a55-0c0b8a1d2e01
        tenant_id: 3f1c5a52-6a0e-4a37-9a3f-2d1d7c1f0c11
        client_secret: "{{ vault_office_365_secret }}"
        proxy_url: http://proxy.example.com:3128

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
      description: The shared account, or null when there is no Exchange server among the gateways.
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
        client_id:
          description: Application (client) ID; for Office 365, as are the fields below.
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
          description: What access tokens are for.
          type: str
kept:
  description:
    - The names of the gateways that O(gateways) leaves out and that stay, because O(purge) is off.
    - Empty with O(state=absent), with O(purge=true), and without O(gateways).
  returned: always, unless nothing could be read
  type: list
  elements: str
  sample: [mail9.example.com]
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
      description: Its type, description and port, and what else is known of one of Office 365.
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
    - What the task asks for and could not compare. That is a password or a client secret with
      O(update_password=on_create), when the account or the gateway is there already.
  returned: always, unless nothing could be read
  type: list
  elements: dict
  contains:
    kind:
      description: V(gateway_credentials) or V(presence_gateway).
      type: str
    id:
      description: V(shared), or the gateway's name in lower case.
      type: str
    field:
      description: V(password), V(client_secret) or V(proxy_password).
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
backup_file:
  description: The file on the controller with what was there before the changes.
  returned: with O(backup=true), when something changes, not in check mode
  type: str
  sample: /srv/backups/2026-11-26T151731.004512Z-presence_gateways.json
"""

from ansible_collections.ucops.imp.plugins.module_utils._core.options import REPORT_UNDECLARED, Arguments
from ansible_collections.ucops.imp.plugins.module_utils._module.backups import BACKUP
from ansible_collections.ucops.imp.plugins.module_utils._module.pending_restarts import PENDING_RESTARTS
from ansible_collections.ucops.imp.plugins.module_utils._module.runner import run
from ansible_collections.ucops.imp.plugins.module_utils._product.endpoints import IMP
from ansible_collections.ucops.imp.plugins.module_utils._product.office_365 import OPTIONS
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
                "type": {"type": "str", "choices": ["exchange_ews", "office_365"], "default": "exchange_ews"},
                **OPTIONS,
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
        **BACKUP,
    },
    required_together=[("account", "account_password")],
    may_be_empty=["gateways.description", "gateways.proxy_url", "gateways.proxy_username"],
    required_one_of=[("gateways", "account")],
)


def main() -> None:
    run(Gateways, ARGUMENTS)


if __name__ == "__main__":
    main()
