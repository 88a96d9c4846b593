#!/usr/bin/python

# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: trust_certificates_info
short_description: List trusted certificates of IM and Presence nodes
version_added: 0.1.0
author:
  - ucops contributors (@ucops)
description:
  - Lists the certificates in a trust store of every node.
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
extends_documentation_fragment:
  - ucops.imp.attributes.info
  - ucops.imp.connection.platform
  - ucops.imp.nodes
requirements:
  - The Python package C(cryptography)
seealso:
  - module: ucops.imp.trust_certificates
"""

EXAMPLES = r"""
- name: What both nodes trust
  ucops.imp.trust_certificates_info:
    hostname: imp-pub.dc1.example.com
    username: osadmin
    password: "{{ vault_platform_password }}"
    nodes:
      - name: imp-pub.dc1.example.com
      - name: imp-sub.dc1.example.com
  register: trust

- name: Certificates that expire this year
  ansible.builtin.debug:
    msg: "{{ trust.certificates | selectattr('not_after', 'lt', '2027') | map(attribute='subject') }}"
"""

RETURN = r"""
certificates:
  description: The certificates of the store, node by node.
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
    file_name:
      description: What the node calls the certificate.
      type: str
    own:
      description:
        - Whether it is the identity certificate of one of the nodes that the task asks, or of an authority above it.
        - M(ucops.imp.trust_certificates) neither purges nor reports these.
      type: bool
    content:
      description: The certificate in PEM.
      type: str
failures:
  description: What failed. When there is anything, the task fails after everything else was tried.
  returned: always
  type: list
  elements: dict
  contains:
    id:
      description: The name of a node that could not be asked.
      type: str
    code:
      description: A stable word for programs.
      type: str
    message:
      description: What happened and what to do.
      type: str
"""

from ansible_collections.ucops.imp.plugins.module_utils._core.options import Arguments
from ansible_collections.ucops.imp.plugins.module_utils._module.nodes import NODES, node_problems
from ansible_collections.ucops.imp.plugins.module_utils._module.runner import run_info
from ansible_collections.ucops.imp.plugins.module_utils._product.endpoints import PLATFORM
from ansible_collections.ucops.imp.plugins.module_utils._resources.trust_certificates import STORE_OPTIONS, read_trusted

ARGUMENTS = Arguments(PLATFORM, {**STORE_OPTIONS, **NODES})


def main() -> None:
    run_info(read_trusted, ARGUMENTS, problems=lambda context: node_problems(context.connection, context.params))


if __name__ == "__main__":
    main()
