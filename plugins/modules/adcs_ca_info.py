#!/usr/bin/python

# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: adcs_ca_info
short_description: Read the certificate, chain and revocation list of a certification authority
version_added: 0.1.0
author:
  - ucops contributors (@ucops)
description:
  - Downloads from the web enrollment pages of Active Directory Certificate Services what clients need to trust the
    authority, in PEM.
  - An authority that was renewed has several certificates of its own. Servers go on showing what an earlier one has
    signed, so RV(valid_content) holds every one that has not expired, and is what nodes should trust. Certificates that
    have expired are left out; a warning and RV(expired) name them.
options:
  renewal:
    description:
      - Which of the authority's own certificates RV(certificate), RV(root), RV(chain), RV(chain_content) and RV(crl)
        are about, V(0) being the first. By default it is the newest, whose number is how often the authority has been
        renewed.
    type: int
  crl:
    description: Whether to download the base revocation list, too.
    type: bool
    default: true
extends_documentation_fragment:
  - ucops.imp.attributes.info
  - ucops.imp.connection.ca
requirements:
  - The Python package C(cryptography)
  - The Python package C(pyspnego), with O(auth=ntlm)
seealso:
  - module: ucops.imp.adcs_certificate
  - module: ucops.imp.trust_certificates
    description: Have the IM and Presence nodes trust the certificates.
"""

EXAMPLES = r"""
- name: What the nodes have to trust
  ucops.imp.adcs_ca_info:
    hostname: ca.example.com
    username: EXAMPLE\requester
    password: "{{ vault_ca_password }}"
  register: ca

- name: Trust the authority
  ucops.imp.trust_certificates:
    certificates:
      - content: "{{ ca.valid_content }}"
"""

RETURN = r"""
renewals:
  description: How often the authority has been renewed.
  returned: always
  type: int
renewal:
  description: Which of its certificates this is about.
  returned: always
  type: int
certificate:
  description: The certificate of the authority that issues.
  returned: always
  type: dict
  contains: &certificate
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
root:
  description: The root above it, which may be the same; null when the authority does not give it.
  returned: always
  type: dict
  contains: *certificate
chain:
  description: The authority's certificate and those above it, the root last.
  returned: always
  type: list
  elements: dict
  contains: *certificate
chain_content:
  description: The chain in PEM, one certificate after another.
  returned: always
  type: str
valid:
  description:
    - Every certificate of the authority's renewals that has not expired, the newest renewal first, and what is above
      them, each once. What any of them has signed may still be in use.
  returned: always
  type: list
  elements: dict
  contains: *certificate
valid_content:
  description: The same in PEM, one certificate after another; this is what nodes should trust.
  returned: always
  type: str
expired:
  description: The certificates of the authority and of those above it that have expired.
  returned: always
  type: list
  elements: dict
  contains: *certificate
missing:
  description: The renewals before the newest whose certificate the authority does not give; a warning says why.
  returned: always
  type: list
  elements: int
  sample: []
crl:
  description: The base revocation list, or null with O(crl=false).
  returned: always
  type: dict
  contains:
    issuer:
      description: The issuer, as in RFC 4514.
      type: str
    last_update:
      description: When it was made, ISO 8601 in UTC.
      type: str
    next_update:
      description: Until when it is good, ISO 8601 in UTC.
      type: str
    revoked:
      description: Serial numbers of the revoked certificates, hexadecimal in lower case.
      type: list
      elements: str
    content:
      description: The list in PEM.
      type: str
failures:
  description: Always empty, because the task fails as a whole or not at all.
  returned: always
  type: list
  elements: dict
"""

from ansible_collections.ucops.imp.plugins.module_utils._core.options import Arguments
from ansible_collections.ucops.imp.plugins.module_utils._module.runner import run_info
from ansible_collections.ucops.imp.plugins.module_utils._product.endpoints import CA
from ansible_collections.ucops.imp.plugins.module_utils._resources.adcs_ca_info import read_ca

ARGUMENTS = Arguments(CA, {"renewal": {"type": "int"}, "crl": {"type": "bool", "default": True}})


def main() -> None:
    run_info(read_ca, ARGUMENTS)


if __name__ == "__main__":
    main()
