#!/usr/bin/python

# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: trust_certificates
short_description: Manage trusted certificates of IM and Presence nodes
version_added: 0.1.0
author:
  - ucops contributors (@ucops)
description:
  - Uploads certificates to a trust store of every node, or deletes them, the whole list in one task. Chains in one file
    are split.
  - A certificate is known by its SHA-256 fingerprint, so file names and texts around it do not matter.
  - Of two certificates with one subject a node keeps the one whose validity begins later, and leaves out an older one
    without an error, as Cisco's security guide says. The module foresees it, uploads nothing that a node would not
    take, and warns which one is kept. When an authority is renewed with a new key, what the old key has signed is not
    trusted any more.
  - What is in V(cup-trust) has effect when the services C(Cisco Presence Engine) and C(Cisco SIP Proxy) restart, see
    RV(restart_required) and M(ucops.imp.services).
options:
  store:
    description:
      - The trust store. The Presence Engine and the SIP Proxy use V(cup-trust), the XCP services V(cup-xmpp-trust).
    type: str
    choices:
      - cup-trust
      - cup-xmpp-trust
      - tomcat-trust
    default: cup-trust
  service_token:
    description:
      - What the node's interface calls the store, where it is not C(cup), C(cup-xmpp) or C(tomcat). Cisco does not
        publish the tokens of IM and Presence.
    type: str
  certificates:
    description:
      - The certificates. Every certificate of the chain above the Exchange servers' own belongs into the store.
      - An empty list changes nothing, and is refused with O(purge=true).
      - Chains may overlap. A certificate that comes twice counts once.
    type: list
    elements: dict
    required: true
    suboptions:
      content:
        description: One or more certificates in PEM. A private key among them is refused, and never logged.
        type: str
      path:
        description: A file on the controller with one or more certificates, in PEM, DER or PKCS#7.
        type: path
      fingerprint:
        description: With O(state=absent), the SHA-256 fingerprint is enough. Letter case and colons do not matter.
        type: str
      description:
        description: A text that is stored with an uploaded certificate. It cannot be read back, so it is not compared.
        type: str
  state:
    description:
      - V(present) uploads what is missing, V(absent) deletes what is there.
    type: str
    choices:
      - present
      - absent
    default: present
  purge:
    description:
      - With O(state=present), also delete every certificate that O(certificates) does not name.
      - Without it one that is dropped from the list stays trusted. A store holds certificates of many purposes, so that
        no warning tells of them; O(report_undeclared) does.
      - The nodes' own identity certificates, and those of the authorities above them, always stay.
    type: bool
    default: false
attributes:
  action_group:
    membership:
      - ucops.imp.platform
      - ucops.imp.audit
      - ucops.imp.backup
      - ucops.imp.all
extends_documentation_fragment:
  - ucops.imp.attributes
  - ucops.imp.connection.platform
  - ucops.imp.nodes
  - ucops.imp.audit
  - ucops.imp.restarts
  - ucops.imp.backup
requirements:
  - The Python package C(cryptography)
notes:
  - The certificate-management interface exists since release 14. Its account is the administrator of the operating
    system.
seealso:
  - module: ucops.imp.trust_certificates_info
  - module: ucops.imp.presence_gateways
  - module: ucops.imp.services
    description: Restart the Presence Engine and the SIP Proxy where it is required.
"""

EXAMPLES = r"""
- name: The authorities of the Exchange servers, on both nodes
  ucops.imp.trust_certificates:
    hostname: imp-pub.dc1.example.com
    username: osadmin
    password: "{{ vault_platform_password }}"
    nodes:
      - name: imp-pub.dc1.example.com
      - name: imp-sub.dc1.example.com
    certificates:
      - path: files/exchange-chain.pem
        description: Exchange servers
      - content: "{{ lookup('ansible.builtin.file', 'files/third-party-root.pem') }}"

- name: An authority that is not trusted any more
  ucops.imp.trust_certificates:
    certificates:
      - fingerprint: 4F:A0:2D:0C:7E:8A:51:B3:99:60:12:EE:6C:05:D1:77:30:C8:1B:FA:22:84:9D:E5:13:5A:BC:F7:08:61:94:2E
    state: absent
"""

RETURN = r"""
changes:
  description:
    - What was changed, or in check mode would be. A change that failed is in RV(failures) instead.
    - The kind is C(trust_certificate).
  returned: always
  type: list
  elements: dict
  contains:
    kind:
      description: The kind of object.
      type: str
    id:
      description: Node name and fingerprint, with a colon between them.
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
          description: Whether the values are replaced by words, as those of passwords are.
          type: bool
  sample:
    - kind: trust_certificate
      id: imp-pub:4fa02d0c7e8a51b3996012ee6c05d17730c81bfa22849de5135abcf70861942e
      action: create
      fields:
        - name: subject
          before:
          after: CN=Example Root CA
          secret: false
current:
  description: The certificates in the store of each node after the changes. In check mode, as they are.
  returned: always
  type: list
  elements: dict
  contains:
    node:
      description: The node's name.
      type: str
    store:
      description: The trust store.
      type: str
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
undeclared:
  description:
    - The certificates in the store of each node that O(certificates) does not name, after the changes; in check mode,
      as they are.
    - Not among them are the identity certificates of the nodes that the task asks, and those of the authorities above
      them. A certificate that a release brings along, or that was exchanged with Unified CM, is reported until it is
      named.
    - Empty with O(state=absent) and with O(purge=true).
  returned: with O(report_undeclared=true), unless nothing could be read
  type: list
  elements: dict
  contains:
    kind:
      description: Always V(trust_certificate).
      type: str
    id:
      description: Node name and fingerprint, with a colon between them.
      type: str
    fields:
      description: The store, subject, issuer and end of the validity.
      type: dict
  sample:
    - kind: trust_certificate
      id: imp-pub:4fa02d0c7e8a51b3996012ee6c05d17730c81bfa22849de5135abcf70861942e
      fields:
        store: cup-trust
        subject: CN=Unknown CA
        issuer: CN=Unknown CA
        not_after: '2034-05-01T00:00:00+00:00'
restart_required:
  description: The services that must restart before the changes have effect.
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
      description: Node name and fingerprint, or the name of a node that could not be asked.
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
  sample: /srv/backups/2026-11-26T151731.004512Z-trust_certificates.json
"""

from ansible_collections.ucops.imp.plugins.module_utils._core.options import REPORT_UNDECLARED, Arguments
from ansible_collections.ucops.imp.plugins.module_utils._module.backups import BACKUP
from ansible_collections.ucops.imp.plugins.module_utils._module.nodes import NODES
from ansible_collections.ucops.imp.plugins.module_utils._module.pending_restarts import PENDING_RESTARTS
from ansible_collections.ucops.imp.plugins.module_utils._module.runner import run
from ansible_collections.ucops.imp.plugins.module_utils._product.endpoints import PLATFORM
from ansible_collections.ucops.imp.plugins.module_utils._resources.trust_certificates import (
    STORE_OPTIONS,
    TrustCertificates,
)

ARGUMENTS = Arguments(
    PLATFORM,
    {
        **STORE_OPTIONS,
        "certificates": {
            "type": "list",
            "elements": "dict",
            "required": True,
            "options": {
                # A private key that is in it by mistake must not end up in logs.
                "content": {"type": "str", "no_log": True},
                "path": {"type": "path"},
                "fingerprint": {"type": "str"},
                "description": {"type": "str"},
            },
            "mutually_exclusive": [("content", "path", "fingerprint")],
            "required_one_of": [("content", "path", "fingerprint")],
        },
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        "purge": {"type": "bool", "default": False},
        **NODES,
        **REPORT_UNDECLARED,
        **PENDING_RESTARTS,
        **BACKUP,
    },
    may_be_empty=["certificates.description"],
)


def main() -> None:
    run(TrustCertificates, ARGUMENTS)


if __name__ == "__main__":
    main()
