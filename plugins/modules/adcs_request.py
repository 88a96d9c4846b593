#!/usr/bin/python

# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: adcs_request
short_description: Issue, deny or revoke requests of a certification authority
version_added: 0.1.0
author:
  - ucops contributors (@ucops)
description:
  - Does what an administrator does in the console of Active Directory Certificate Services, for a list of requests.
options:
  request_ids:
    description: The numbers of the requests, see RV(ucops.imp.adcs_certificate#module:current.request_id).
    type: list
    elements: int
    required: true
  state:
    description:
      - V(issued) issues requests that are pending, or were denied.
      - V(denied) denies requests that are pending.
      - V(revoked) revokes certificates that were issued; the revocation list has them at once.
    type: str
    choices:
      - issued
      - denied
      - revoked
    default: issued
  reason:
    description: Why certificates are revoked (RFC 5280).
    type: str
    choices:
      - unspecified
      - keyCompromise
      - cACompromise
      - affiliationChanged
      - superseded
      - cessationOfOperation
      - certificateHold
      - privilegeWithdrawn
      - aACompromise
attributes:
  action_group:
    membership:
      - ucops.imp.ca
      - ucops.imp.backup
      - ucops.imp.all
extends_documentation_fragment:
  - ucops.imp.attributes
  - ucops.imp.connection.ca
  - ucops.imp.backup
requirements:
  - The Python package C(pyspnego), with O(auth=ntlm)
notes:
  - Microsoft publishes no web interface for these decisions. The module uses the one that the project's emulator has,
    and fails with the code C(no-public-api) where there is none; use the console of the certification authority there.
seealso:
  - module: ucops.imp.adcs_certificate
"""

EXAMPLES = r"""
- name: Submit a request without waiting for the certificate
  ucops.imp.adcs_certificate:
    hostname: ca.example.com
    username: EXAMPLE\requester
    password: "{{ vault_ca_password }}"
    csr_path: certificates/mail4.example.com.csr
    path: certificates/mail4.example.com.cer
    wait: false
  register: submitted

- name: Issue what was submitted
  ucops.imp.adcs_request:
    hostname: ca.example.com
    username: EXAMPLE\caadmin
    password: "{{ vault_ca_admin_password }}"
    request_ids:
      - "{{ submitted.current.request_id }}"

- name: Revoke a certificate that was replaced
  ucops.imp.adcs_request:
    request_ids: [17]
    state: revoked
    reason: superseded
"""

RETURN = r"""
changes:
  description:
    - What was changed, or in check mode would be. A change that failed is in RV(failures) instead.
    - The kind is C(certificate_request), the actions are C(issue), C(deny) and C(revoke).
  returned: always
  type: list
  elements: dict
  contains:
    kind:
      description: What was changed.
      type: str
    id:
      description: Which one, see the description of the module.
      type: str
    action:
      description: What was done.
      type: str
    fields:
      description: The fields that changed.
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
current:
  description: The requests after the changes. In check mode, as they are.
  returned: always
  type: list
  elements: dict
  contains:
    id:
      description: The number of the request.
      type: int
    state:
      description: C(pending), C(issued), C(denied) or C(revoked).
      type: str
    subject:
      description: The subject, as in RFC 4514.
      type: str
    requester:
      description: Who has submitted it.
      type: str
    template:
      description: The template that was asked for, or null.
      type: str
    message:
      description: What the authority says about the request.
      type: str
    certificate:
      description: The certificate in PEM, or null.
      type: str
restart_required:
  description: The services that must restart before the changes have effect. Always empty here.
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
      description: What it is about.
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
  sample: /srv/backups/2026-11-26T151731.004512Z-adcs_request.json
"""

from ansible_collections.ucops.imp.plugins.module_utils._core.options import Arguments
from ansible_collections.ucops.imp.plugins.module_utils._module.backups import BACKUP
from ansible_collections.ucops.imp.plugins.module_utils._module.runner import run
from ansible_collections.ucops.imp.plugins.module_utils._product.endpoints import CA
from ansible_collections.ucops.imp.plugins.module_utils._resources.adcs_request import AdcsRequests

REASONS = [
    "unspecified",
    "keyCompromise",
    "cACompromise",
    "affiliationChanged",
    "superseded",
    "cessationOfOperation",
    "certificateHold",
    "privilegeWithdrawn",
    "aACompromise",
]

ARGUMENTS = Arguments(
    CA,
    {
        "request_ids": {"type": "list", "elements": "int", "required": True},
        "state": {"type": "str", "choices": ["issued", "denied", "revoked"], "default": "issued"},
        "reason": {"type": "str", "choices": REASONS},
        **BACKUP,
    },
)


def main() -> None:
    run(AdcsRequests, ARGUMENTS)


if __name__ == "__main__":
    main()
