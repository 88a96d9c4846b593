#!/usr/bin/python

# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: adcs_certificate
short_description: Get a certificate from Active Directory Certificate Services
version_added: 0.1.0
author:
  - ucops contributors (@ucops)
description:
  - Submits a certificate signing request to the web enrollment pages of a certification authority, waits while it is
    pending, and writes the issued certificate to a file on the controller.
  - The number that the authority gave to the request is remembered in O(request_file), so however often the task runs,
    a request is submitted once. A request that is pending or was issued is gone on with.
  - The file is written before the submission, too. A run that ends between the submission and its answer leaves a
    trace, and the next run looks the request up. The pages of Active Directory Certificate Services offer no lookup.
    Without the interface that the project's emulator has beside them, the task then fails with the code
    C(submission-in-doubt) and leaves the decision to you, see O(request_id) and O(resubmit).
  - A certificate is only accepted for the key of the request.
options:
  csr:
    description: The certificate signing request in PEM (PKCS#10, base 64).
    type: str
  csr_path:
    description: A file on the controller with the certificate signing request, in PEM or DER.
    type: path
  path:
    description:
      - Where the certificate is written, in PEM. The directory must exist, except in check mode, where an earlier
        task may make it.
      - A certificate for the key of the request that is there already counts as issued, also without O(request_file).
    type: path
    required: true
  request_file:
    description:
      - Where the request is remembered, as JSON. By default it is O(path) with C(.request.json) behind it.
      - It holds no secret. Keep it as long as the certificate is in use.
      - It counts for the same server, signing request and template only. When one of these changes, a new request is
        submitted.
    type: path
  template:
    description:
      - The certificate template of an enterprise authority, for example V(WebServer). It is the name without spaces.
      - A standalone authority takes no notice of it.
    type: str
  attributes:
    description: Further request attributes by name, as the form of the pages takes them.
    type: dict
  request_id:
    description:
      - Adopt this request, instead of submitting one. It is for a request that was submitted by hand, or by a run that
        did not learn its number.
      - It is ignored when another number is remembered already.
    type: int
  resubmit:
    description:
      - Submit the same request again, when the earlier one was denied (V(denied)), when its certificate was revoked
        (V(revoked)), or when it is not known whether an interrupted run has submitted it (V(in_doubt)).
      - With V(denied) or V(revoked) the request is submitted once in every run for as long as that is its outcome.
    type: list
    elements: str
    choices:
      - denied
      - revoked
      - in_doubt
    default: []
  renew_before_days:
    description:
      - Submit the request again, for a new certificate with the same key, when the certificate has expired or will
        within so many days. With V(0) it is never renewed. A new key needs a new signing request.
      - While the new request is pending, the old certificate stays in the file.
    type: int
    default: 0
  wait:
    description:
      - Wait until a pending request is issued. With V(false) the task ends after the submission, and a later run
        fetches the certificate.
    type: bool
    default: true
  wait_timeout:
    description: How many seconds to wait. A request that is still pending then fails the task, and a later run goes on.
    type: int
    default: 300
  poll_interval:
    description: Seconds between two looks at a pending request.
    type: int
    default: 5
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
  - The Python package C(cryptography)
  - The Python package C(pyspnego), with O(auth=ntlm)
seealso:
  - module: ucops.imp.adcs_ca_info
  - module: ucops.imp.adcs_request
"""

EXAMPLES = r"""
- name: A certificate for the Exchange server, by template
  ucops.imp.adcs_certificate:
    hostname: eca.example.com
    username: EXAMPLE\requester
    password: "{{ vault_ca_password }}"
    csr_path: certificates/mail1.example.com.csr
    path: certificates/mail1.example.com.cer
    template: WebServer
    renew_before_days: 30
  register: issued

- name: The same from a standalone authority, whose administrator needs up to an hour
  ucops.imp.adcs_certificate:
    hostname: ca.example.com
    username: EXAMPLE\requester
    password: "{{ vault_ca_password }}"
    auth: ntlm
    csr_path: certificates/mail2.example.com.csr
    path: certificates/mail2.example.com.cer
    wait_timeout: 3600
    poll_interval: 30

- name: Go on with a request that was submitted by hand
  ucops.imp.adcs_certificate:
    csr_path: certificates/mail3.example.com.csr
    path: certificates/mail3.example.com.cer
    request_id: 17
"""

RETURN = r"""
changes:
  description:
    - What was changed, or in check mode would be. A change that failed is in RV(failures) instead.
    - The kinds are C(certificate_request) and C(certificate).
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
  description: The request and the certificate after the changes. In check mode, as they are.
  returned: always
  type: dict
  contains:
    request_id:
      description: The number of the request at the authority, or null when none is remembered.
      type: int
    state:
      description:
        - C(issued), C(pending), C(denied) or C(revoked); C(unknown) when the authority says something else, see
          RV(current.message); null when there is neither a request nor a certificate.
      type: str
    message:
      description: What the authority says about the request.
      type: str
    certificate:
      description: The certificate, or null when there is none yet.
      type: dict
      contains:
        fingerprint:
          description: SHA-256 fingerprint, 64 hexadecimal digits in lower case.
          type: str
        subject:
          description: The subject, as in RFC 4514.
          type: str
        issuer:
          description: The issuer, as in RFC 4514.
          type: str
        not_before:
          description: Start of the validity, ISO 8601 in UTC.
          type: str
        not_after:
          description: End of the validity, ISO 8601 in UTC.
          type: str
        content:
          description: The certificate in PEM.
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
  sample: /srv/backups/2026-11-26T151731.004512Z-adcs_certificate.json
"""

from ansible_collections.ucops.imp.plugins.module_utils._core.options import Arguments
from ansible_collections.ucops.imp.plugins.module_utils._module.backups import BACKUP
from ansible_collections.ucops.imp.plugins.module_utils._module.runner import run
from ansible_collections.ucops.imp.plugins.module_utils._product.endpoints import CA
from ansible_collections.ucops.imp.plugins.module_utils._resources.adcs_certificate import AdcsCertificate

ARGUMENTS = Arguments(
    CA,
    {
        "csr": {"type": "str"},
        "csr_path": {"type": "path"},
        "path": {"type": "path", "required": True},
        "request_file": {"type": "path"},
        "template": {"type": "str"},
        "attributes": {"type": "dict"},
        "request_id": {"type": "int"},
        "resubmit": {"type": "list", "elements": "str", "choices": ["denied", "revoked", "in_doubt"], "default": []},
        "renew_before_days": {"type": "int", "default": 0},
        "wait": {"type": "bool", "default": True},
        "wait_timeout": {"type": "int", "default": 300},
        "poll_interval": {"type": "int", "default": 5},
        **BACKUP,
    },
    mutually_exclusive=[("csr", "csr_path")],
    required_one_of=[("csr", "csr_path")],
)


def main() -> None:
    run(AdcsCertificate, ARGUMENTS)


if __name__ == "__main__":
    main()
