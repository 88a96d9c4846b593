#!/usr/bin/python

# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: certificate_import
short_description: Import the certificates that Exchange servers offer into trust stores of IM and Presence nodes
version_added: 0.1.0
author:
  - ucops contributors (@ucops)
description:
  - Does what the Certificate Import Tool of the product does, for several servers and nodes in one task. Each node
    connects to each server, judges its certificate by the node's own trust store, and downloads what the handshake
    offers.
  - Installs what is missing only after an explicit approval, which is O(fingerprints), O(anchor) or O(accept_chain).
    Without any of them the module changes nothing and reports RV(missing) and RV(current).
  - What a server does not offer, usually the certificate of the root CA, stays missing until
    M(ucops.imp.trust_certificates) uploads it. RV(current[].advice) names the authority.
  - A server's own certificate is not installed when an authority has issued it, unless O(fingerprints) names it. The
    store needs the certificates above it, and they outlive its renewal.
  - A verdict other than verified is a warning, with what to do about it.
options:
  peers:
    description:
      - The servers to connect to.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Host name or address, exactly as the presence gateway is called. The certificate must hold it.
        type: str
        required: true
      port:
        description: Port of HTTPS.
        type: int
        default: 443
  store:
    description:
      - The trust store. The Presence Engine and the SIP Proxy use V(cup-trust), which the product's page calls
        C(IM and Presence (IM/P) Trust).
    type: str
    choices:
      - cup-trust
      - cup-xmpp-trust
      - tomcat-trust
    default: cup-trust
  fingerprints:
    description:
      - SHA-256 fingerprints of the certificates that may be installed. Letter case and colons do not matter.
      - The task fails with C(not-approved) when a server that is not verified offers others that are missing.
    type: list
    elements: str
  anchor:
    description:
      - Certificates of authorities that are known to be right. What a server offers is installed as far as it leads, by
        signature, from its own certificate to one of them.
      - The task fails with C(not-approved) when it does not lead there.
      - The anchor itself is installed only when the server offers it.
    type: dict
    suboptions:
      content:
        description: One or more certificates in PEM. A private key among them is refused, and never logged.
        type: str
      path:
        description: A file on the controller with one or more certificates, in PEM, DER or PKCS#7.
        type: path
  accept_chain:
    description:
      - Installs whatever the servers offer. Whoever can answer in a server's place is trusted from then on, so use it
        only where the network in between is beyond doubt.
    type: bool
    default: false
attributes:
  action_group:
    membership:
      - ucops.imp.imp
      - ucops.imp.backup
      - ucops.imp.all
extends_documentation_fragment:
  - ucops.imp.attributes
  - ucops.imp.connection.imp
  - ucops.imp.nodes
  - ucops.imp.restarts
  - ucops.imp.backup
requirements:
  - The Python package C(cryptography)
notes:
  - Cisco publishes no interface for the Certificate Import Tool. The module uses the admin API that the project's
    emulator serves and fails with the code C(no-public-api) where there is none. M(ucops.imp.trust_certificates)
    uploads certificates to any cluster since release 14.
seealso:
  - module: ucops.imp.trust_certificates
  - module: ucops.imp.presence_gateways_info
  - module: ucops.imp.services
    description: Restart the Presence Engine and the SIP Proxy where it is required.
"""

EXAMPLES = r"""
- name: What do the Exchange servers offer, and what is missing?
  ucops.imp.certificate_import:
    hostname: imp-pub.dc1.example.com
    username: axladmin
    password: "{{ vault_application_password }}"
    peers:
      - name: mail1.example.com
      - name: mail2.example.com
  register: offered

- name: Import on both nodes what leads to the company's root
  ucops.imp.certificate_import:
    nodes:
      - name: imp-pub.dc1.example.com
      - name: imp-sub.dc1.example.com
    peers:
      - name: mail1.example.com
      - name: mail2.example.com
    anchor:
      content: "{{ lookup('ansible.builtin.file', 'files/company-root.pem') }}"

- name: Import exactly this certificate
  ucops.imp.certificate_import:
    peers:
      - name: mail1.example.com
    fingerprints:
      - 4F:A0:2D:0C:7E:8A:51:B3:99:60:12:EE:6C:05:D1:77:30:C8:1B:FA:22:84:9D:E5:13:5A:BC:F7:08:61:94:2E
"""

RETURN = r"""
changes:
  description:
    - What was changed, or in check mode would be. A change that failed is in RV(failures) instead.
    - The kind is C(trust_certificate), as that of M(ucops.imp.trust_certificates).
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
  description: What each node finds about each server after the changes. In check mode, as it is.
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
    peer:
      description: The server's name.
      type: str
    port:
      description: The server's port.
      type: int
    reachable:
      description: Whether the server accepts connections.
      type: bool
    reachability:
      description: The product's words about the connection.
      type: str
    verified:
      description: Whether its certificate is right.
      type: bool
    verification:
      description: The product's words about the certificate.
      type: str
    detail:
      description: What does not fit, for example the two names of a mismatch, or null.
      type: str
    advice:
      description: What to do about it, or null when all is well.
      type: str
    certificates:
      description: What the handshake offers, the server's own certificate first.
      type: list
      elements: dict
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
        position:
          description: Place in the handshake, 1 for the server's own.
          type: int
        status:
          description:
            - C(Verified) when the store has the certificate or, for the server's own, its issuer. C(Missing) otherwise.
          type: str
missing:
  description:
    - What the servers offer and the stores still lack, in other words what an approval would install. A server's own
      certificate is not among them when an authority has issued it.
  returned: always
  type: list
  elements: dict
  contains:
    node:
      description: The node's name.
      type: str
    peer:
      description: The server that offers it.
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
      description: Node name and fingerprint or server, or the name of a node that could not be asked.
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
  sample: /srv/backups/2026-11-26T151731.004512Z-certificate_import.json
"""

from ansible_collections.ucops.imp.plugins.module_utils._clients.certmgr import STORES
from ansible_collections.ucops.imp.plugins.module_utils._core.options import Arguments
from ansible_collections.ucops.imp.plugins.module_utils._module.backups import BACKUP
from ansible_collections.ucops.imp.plugins.module_utils._module.nodes import NODES
from ansible_collections.ucops.imp.plugins.module_utils._module.pending_restarts import PENDING_RESTARTS
from ansible_collections.ucops.imp.plugins.module_utils._module.runner import run
from ansible_collections.ucops.imp.plugins.module_utils._product.endpoints import IMP
from ansible_collections.ucops.imp.plugins.module_utils._resources.certificate_import import CertificateImport

ARGUMENTS = Arguments(
    IMP,
    {
        "peers": {
            "type": "list",
            "elements": "dict",
            "required": True,
            "options": {
                "name": {"type": "str", "required": True},
                "port": {"type": "int", "default": 443},
            },
        },
        "store": {"type": "str", "choices": list(STORES), "default": "cup-trust"},
        "fingerprints": {"type": "list", "elements": "str"},
        "anchor": {
            "type": "dict",
            "options": {
                # A private key that is in it by mistake must not end up in logs.
                "content": {"type": "str", "no_log": True},
                "path": {"type": "path"},
            },
            "mutually_exclusive": [("content", "path")],
            "required_one_of": [("content", "path")],
        },
        "accept_chain": {"type": "bool", "default": False},
        **NODES,
        **PENDING_RESTARTS,
        **BACKUP,
    },
    mutually_exclusive=[("fingerprints", "anchor")],
)


def main() -> None:
    run(CertificateImport, ARGUMENTS)


if __name__ == "__main__":
    main()
