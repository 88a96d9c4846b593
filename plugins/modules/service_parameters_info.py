#!/usr/bin/python

# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: service_parameters_info
short_description: Read service and enterprise parameters
version_added: 0.1.0
author:
  - ucops contributors (@ucops)
description:
  - Reads parameters of any service, and enterprise parameters.
options:
  parameters:
    description:
      - What to read. Every entry names a service, and one of its parameters or all of them.
    type: list
    elements: dict
    required: true
    suboptions:
      service:
        description:
          - The service, for example V(Cisco Presence Engine), or V(Enterprise Wide) for enterprise parameters.
        type: str
        required: true
      name:
        description:
          - The internal name of one parameter. Without it all parameters of the service are read.
        type: str
      node:
        description:
          - The process node, as M(ucops.imp.cluster_info) names it.
          - V(EnterpriseWideData) is for what holds for the whole cluster.
        type: str
        default: EnterpriseWideData
extends_documentation_fragment:
  - ucops.imp.attributes.info
  - ucops.imp.connection.cucm
seealso:
  - module: ucops.imp.service_parameters
"""

EXAMPLES = r"""
- name: Read whether IPv6 is allowed, and everything about the Presence Engine
  ucops.imp.service_parameters_info:
    hostname: cucm-pub.dc1.example.com
    username: axladmin
    password: "{{ vault_axl_password }}"
    parameters:
      - service: Enterprise Wide
        name: EnableIPV6
      - service: Cisco Presence Engine
  register: result

- name: Show them
  ansible.builtin.debug:
    msg: "{{ result.parameters | items2dict(key_name='name') }}"
"""

RETURN = r"""
parameters:
  description:
    - The parameters that there are, sorted by node, service and name.
    - One that was asked for by name and does not exist is missing.
  returned: success
  type: list
  elements: dict
  contains:
    service:
      description: The service.
      type: str
    name:
      description: The internal name.
      type: str
    value:
      description: The value as the cluster stores it.
      type: str
    node:
      description: The process node.
      type: str
  sample:
    - service: Enterprise Wide
      name: EnableIPV6
      value: F
      node: EnterpriseWideData
failures:
  description: Always empty, because the task fails as a whole or not at all.
  returned: always
  type: list
  elements: dict
"""

from ansible_collections.ucops.imp.plugins.module_utils._core.options import Arguments
from ansible_collections.ucops.imp.plugins.module_utils._module.runner import run_info
from ansible_collections.ucops.imp.plugins.module_utils._product.endpoints import CUCM
from ansible_collections.ucops.imp.plugins.module_utils._product.parameters import ENTERPRISE_NODE
from ansible_collections.ucops.imp.plugins.module_utils._resources.service_parameters import read_parameters

ARGUMENTS = Arguments(
    CUCM,
    {
        "parameters": {
            "type": "list",
            "elements": "dict",
            "required": True,
            "options": {
                "service": {"type": "str", "required": True},
                "name": {"type": "str"},
                "node": {"type": "str", "default": ENTERPRISE_NODE},
            },
        }
    },
)


def main() -> None:
    run_info(read_parameters, ARGUMENTS)


if __name__ == "__main__":
    main()
