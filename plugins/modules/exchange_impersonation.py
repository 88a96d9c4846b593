#!/usr/bin/python

# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: exchange_impersonation
short_description: Let an account act for the mailboxes of others in Exchange
version_added: 0.1.0
author:
  - ucops contributors (@ucops)
description:
  - Gives an account the management role C(ApplicationImpersonation), or takes it away. The Presence Engine reads the
    calendars of all users with one such account, see M(ucops.imp.presence_gateways).
  - Only assignments to the account itself are managed, not those that it has through a group.
options:
  account:
    description: The account, as C(domain\\user) or C(user@domain).
    type: str
    required: true
  name:
    description: The name of a new assignment. Without it Exchange makes one.
    type: str
  state:
    description: Whether the account has the role.
    type: str
    choices:
      - present
      - absent
    default: present
attributes:
  action_group:
    membership:
      - ucops.imp.exchange
      - ucops.imp.backup
      - ucops.imp.all
extends_documentation_fragment:
  - ucops.imp.attributes
  - ucops.imp.connection.exchange
  - ucops.imp.backup
seealso:
  - module: ucops.imp.presence_gateways
  - module: ucops.imp.exchange_certificate
"""

EXAMPLES = r"""
- name: The account of the presence gateways may read all calendars
  ucops.imp.exchange_impersonation:
    hostname: mail1.example.com
    username: EXAMPLE\exchange-admin
    password: "{{ vault_exchange_admin_password }}"
    account: EXAMPLE\svc-imp
"""

RETURN = r"""
changes:
  description:
    - What was changed, or in check mode would be. A change that failed is in RV(failures) instead.
    - The kind is C(role_assignment).
  returned: always
  type: list
  elements: dict
  contains:
    kind:
      description: The kind of object.
      type: str
    id:
      description: The account of a new assignment, the name of one that is removed.
      type: str
    action:
      description: C(create) or C(delete).
      type: str
    fields:
      description: The fields that change.
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
          description: Always false; there are no secrets in it.
          type: bool
  sample:
    - kind: role_assignment
      id: EXAMPLE\svc-imp
      action: create
      fields:
        - name: role
          before: null
          after: ApplicationImpersonation
          secret: false
current:
  description: The assignments after the changes. In check mode, as they are.
  returned: always
  type: dict
  contains:
    account:
      description: The account as given.
      type: str
    assignments:
      description: The names of its assignments of the role.
      type: list
      elements: str
restart_required:
  description: Always empty; the right has effect at once.
  returned: always
  type: list
  elements: str
failures:
  description: What failed. When there is anything, the task fails after everything else was tried.
  returned: always
  type: list
  elements: dict
  contains:
    id:
      description: The account or the assignment.
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
  sample: /srv/backups/2026-11-26T151731.004512Z-exchange_impersonation.json
"""

from ansible_collections.ucops.imp.plugins.module_utils._core.options import Arguments
from ansible_collections.ucops.imp.plugins.module_utils._module.backups import BACKUP
from ansible_collections.ucops.imp.plugins.module_utils._module.runner import run
from ansible_collections.ucops.imp.plugins.module_utils._product.endpoints import EXCHANGE
from ansible_collections.ucops.imp.plugins.module_utils._resources.exchange_impersonation import Impersonation

ARGUMENTS = Arguments(
    EXCHANGE,
    {
        "account": {"type": "str", "required": True},
        "name": {"type": "str"},
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        **BACKUP,
    },
)


def main() -> None:
    run(Impersonation, ARGUMENTS)


if __name__ == "__main__":
    main()
