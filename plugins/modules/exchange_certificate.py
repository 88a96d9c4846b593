#!/usr/bin/python

# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: exchange_certificate
short_description: Request, install and bind the certificate of an Exchange server
version_added: 0.1.0
author:
  - ucops contributors (@ucops)
description:
  - Brings the certificate of a Microsoft Exchange server to a step of its life. It is requested (a pending request with
    its key is on the server), installed (the request is completed with what the authority issued), and bound (Exchange
    services use it, above all IIS on port 443).
  - Each step is done only where it is missing, so a play that was stopped anywhere can be run again.
  - The certificate is known by the names that it is for. One that holds O(common_name) and O(alternative_names), was
    issued by an authority and is not due for renewal, is the wanted one; a self-signed one never is.
  - The private key is made on the server and never leaves it.
  - Exchange must trust the authority itself, that is, have its root in the trusted root store of the server. The module
    cannot install it there, but tells whether Exchange finds the certificate valid, in RV(current.certificate.trusted),
    and with O(state=installed) or O(state=bound) warns when it does not. Such a certificate is bound all the same.
options:
  common_name:
    description:
      - The host name that the presence gateway is configured with. A wildcard (C(*.example.com)) covers one label.
    type: str
    required: true
  alternative_names:
    description:
      - The host names of the subject alternative name. When given, they must contain O(common_name).
    type: list
    elements: str
  organization:
    description: The organisation in the subject of a new request.
    type: str
  organizational_unit:
    description: The unit in the subject of a new request.
    type: str
  country:
    description: The country in the subject of a new request, two letters.
    type: str
  state_or_province:
    description: The state in the subject of a new request.
    type: str
  locality:
    description: The city in the subject of a new request.
    type: str
  key_size:
    description: The size of the RSA key of a new request, in bits.
    type: int
    choices:
      - 1024
      - 2048
      - 4096
    default: 2048
  allow_weak_key:
    description: Allow an O(key_size) below 2048, which authorities and servers of today refuse.
    type: bool
    default: false
  friendly_name:
    description: The name by which Windows shows a new certificate. Without it O(common_name) is taken.
    type: str
  private_key_exportable:
    description: Whether the key of a new request may be exported on the server. This module never does.
    type: bool
    default: false
  certificate:
    description:
      - The issued certificate in PEM, alone or with the certificates of the authorities above it.
      - Without it, and without O(certificate_path), a certificate that is installed already is the wanted one.
      - It must have the key of a pending request, or be installed already. What was issued for an earlier request or
        another server is refused.
      - With O(state=requested) nothing is installed; RV(current.answered) tells whether it answers the pending request.
    type: str
  certificate_path:
    description:
      - A file on the controller with the issued certificate, in PEM, DER or PKCS#7, see O(certificate).
      - With O(state=requested) it need not be there.
    type: path
  discard_request:
    description:
      - A request in PEM that is given up, for example because the authority has denied it. When it is pending on the
        server, it is removed with its key, and O(state=requested) makes another.
      - A request that is not pending any more is left alone, so the task may run again.
    type: str
  services:
    description: The Exchange services that use the certificate with O(state=bound). Services it has already stay.
    type: list
    elements: str
    choices:
      - IIS
      - IMAP
      - POP
      - SMTP
    default:
      - IIS
  renew_before_days:
    description:
      - A certificate that ends within so many days is due for renewal, so O(state=requested) requests a new one. The
        old one stays in use until the new one is bound.
      - It counts in check mode as in real runs.
    type: int
    default: 30
  state:
    description:
      - V(requested) makes sure of a pending request, unless a good certificate is installed.
      - V(installed) completes the request with the issued certificate.
      - V(bound) does the same and has O(services) use the certificate.
      - V(absent) removes requests and issued certificates for the names. The server refuses that for one that IIS uses.
    type: str
    choices:
      - requested
      - installed
      - bound
      - absent
    default: bound
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
notes:
  - Binding changes the certificate with which the server's port 443 answers, so give the authorities of the old and of
    the new one in O(ca_path).
seealso:
  - module: ucops.imp.trust_certificates
    description: The Presence Engine must trust the authority of the certificate.
  - module: ucops.imp.services
    description: Restart the Presence Engine and the SIP Proxy after binding another certificate.
"""

EXAMPLES = r"""
- name: Have a request pending, unless there is a good certificate
  ucops.imp.exchange_certificate:
    hostname: mail1.example.com
    username: EXAMPLE\exchange-admin
    password: "{{ vault_exchange_admin_password }}"
    common_name: mail1.example.com
    alternative_names:
      - mail1.example.com
      - autodiscover.example.com
    organization: Example
    country: JP
    state: requested
  register: request

- name: Keep the request for the authority
  ansible.builtin.copy:
    content: "{{ request.current.request }}"
    dest: mail1.example.com.csr
    mode: "0644"
  when: request.current.request is not none

- name: Have an enterprise authority sign it
  ucops.imp.adcs_certificate:
    hostname: eca.example.com
    username: EXAMPLE\requester
    password: "{{ vault_ca_password }}"
    csr_path: mail1.example.com.csr
    path: mail1.example.com.cer
    template: WebServer
  when: request.current.request is not none

- name: Install and bind what the authority issued
  ucops.imp.exchange_certificate:
    hostname: mail1.example.com
    username: EXAMPLE\exchange-admin
    password: "{{ vault_exchange_admin_password }}"
    common_name: mail1.example.com
    certificate_path: mail1.example.com.cer
    state: bound

- name: Make another request in place of one that the authority has denied
  ucops.imp.exchange_certificate:
    hostname: mail1.example.com
    username: EXAMPLE\exchange-admin
    password: "{{ vault_exchange_admin_password }}"
    common_name: mail1.example.com
    discard_request: "{{ request.current.request }}"
    state: requested
  when: request.current.request is not none
"""

RETURN = r"""
changes:
  description:
    - What was changed, or in check mode would be. A change that failed is in RV(failures) instead.
    - The kinds are C(certificate_request), C(certificate) and C(certificate_services).
  returned: always
  type: list
  elements: dict
  contains:
    kind:
      description: The kind of object.
      type: str
    id:
      description: The common name, or the thumbprint of a certificate that is there.
      type: str
    action:
      description: C(create), C(update) or C(delete).
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
    - kind: certificate_services
      id: 0F1E2D3C4B5A69788796A5B4C3D2E1F001122334
      action: update
      fields:
        - name: services
          before: []
          after:
            - IIS
          secret: false
current:
  description: The certificate after the changes. In check mode, as it is.
  returned: always
  type: dict
  contains:
    state:
      description: The step that is reached, C(absent), C(requested), C(installed) or C(bound).
      type: str
    renewal_due:
      description: Whether all there is ends within O(renew_before_days).
      type: bool
    request:
      description: The pending request in PEM (PKCS 10), for the authority. Null when nothing has to be issued.
      type: str
    answered:
      description:
        - Whether O(certificate) or O(certificate_path) holds a certificate with the key of a pending request. After the
          certificate is installed nothing is pending any more.
      type: bool
    certificate:
      description: The wanted certificate, or the one that is due for renewal. Null when there is none.
      type: dict
      contains:
        thumbprint:
          description: SHA-1, as Windows names certificates.
          type: str
        fingerprint:
          description: SHA-256.
          type: str
        subject:
          description: Whom it is for.
          type: str
        issuer:
          description: Who issued it.
          type: str
        names:
          description: The names that it is for.
          type: list
          elements: str
        not_after:
          description: When it ends, ISO 8601 in UTC.
          type: str
        services:
          description: The Exchange services that use it.
          type: list
          elements: str
        status:
          description:
            - What Exchange says of it. V(Valid), V(Untrusted) (the root is not in the server's root store), V(Invalid),
              V(RevocationCheckFailure), V(Revoked), V(DateInvalid) or V(Unknown).
          type: str
        root_ca_type:
          description:
            - How the root of its chain got to the server, as Exchange calls it. V(Enterprise), V(GroupPolicy),
              V(Registry) (installed by hand), V(ThirdParty), V(None) (it is not there) or V(Unknown). Empty when
              Exchange does not say.
          type: str
        trusted:
          description: Whether Exchange finds it valid, so that its status is V(Valid).
          type: bool
        pem:
          description: The certificate in PEM.
          type: str
    in_use:
      description: The certificate that IIS uses, with the same fields, whatever it is for.
      type: dict
restart_required:
  description: The services of the IM and Presence nodes that must restart before the changes have effect.
  returned: always
  type: list
  elements: str
  sample:
    - Cisco Presence Engine
    - Cisco SIP Proxy
failures:
  description: What failed. When there is anything, the task fails after everything else was tried.
  returned: always
  type: list
  elements: dict
  contains:
    id:
      description: The common name or the thumbprint.
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
  sample: /srv/backups/2026-11-26T151731.004512Z-exchange_certificate.json
"""

from ansible_collections.ucops.imp.plugins.module_utils._core.options import Arguments
from ansible_collections.ucops.imp.plugins.module_utils._module.backups import BACKUP
from ansible_collections.ucops.imp.plugins.module_utils._module.runner import run
from ansible_collections.ucops.imp.plugins.module_utils._product.endpoints import EXCHANGE
from ansible_collections.ucops.imp.plugins.module_utils._resources.exchange_certificate import (
    STATES,
    ExchangeCertificate,
)

ARGUMENTS = Arguments(
    EXCHANGE,
    {
        "common_name": {"type": "str", "required": True},
        "alternative_names": {"type": "list", "elements": "str"},
        "organization": {"type": "str"},
        "organizational_unit": {"type": "str"},
        "country": {"type": "str"},
        "state_or_province": {"type": "str"},
        "locality": {"type": "str"},
        # They hold no secret, whatever their names make ansible think.
        "key_size": {"type": "int", "choices": [1024, 2048, 4096], "default": 2048, "no_log": False},
        "allow_weak_key": {"type": "bool", "default": False, "no_log": False},
        "friendly_name": {"type": "str"},
        "private_key_exportable": {"type": "bool", "default": False, "no_log": False},
        "certificate": {"type": "str"},
        "certificate_path": {"type": "path"},
        "discard_request": {"type": "str"},
        "services": {
            "type": "list",
            "elements": "str",
            "choices": ["IIS", "IMAP", "POP", "SMTP"],
            "default": ["IIS"],
        },
        "renew_before_days": {"type": "int", "default": 30},
        "state": {"type": "str", "choices": list(STATES), "default": "bound"},
        **BACKUP,
    },
    mutually_exclusive=[("certificate", "certificate_path")],
    # In check mode an authority issues nothing that a later task could install.
    may_be_empty=["certificate"],
)


def main() -> None:
    run(ExchangeCertificate, ARGUMENTS)


if __name__ == "__main__":
    main()
