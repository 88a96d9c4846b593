#!/usr/bin/python

# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: service_parameters
short_description: Set service and enterprise parameters
version_added: 0.1.0
author:
  - ucops contributors (@ucops)
description:
  - Sets parameters of any service, and enterprise parameters, by their internal names.
  - For the calendaring parameters of the Presence Engine use M(ucops.imp.calendaring_parameters), which knows their
    ranges.
  - The cluster checks the values. They appear in the result, so this module is not for parameters that are secrets.
options:
  parameters:
    description:
      - The parameters to set. Others are left alone.
    type: list
    elements: dict
    required: true
    suboptions:
      service:
        description:
          - The service, for example V(Cisco Presence Engine), or V(Enterprise Wide) for an enterprise parameter.
        type: str
        required: true
      name:
        description:
          - The internal name, for example V(EnableIPV6).
        type: str
        required: true
      value:
        description:
          - The value as the cluster stores it. Many switches are V(T) and V(F), so put them in quotation marks.
        type: str
        required: true
      node:
        description:
          - The process node, as M(ucops.imp.cluster_info) names it.
          - V(EnterpriseWideData) is for what holds for the whole cluster.
        type: str
        default: EnterpriseWideData
attributes:
  action_group:
    membership:
      - ucops.imp.cucm
      - ucops.imp.backup
      - ucops.imp.all
extends_documentation_fragment:
  - ucops.imp.attributes
  - ucops.imp.connection.cucm
  - ucops.imp.restarts
  - ucops.imp.backup
seealso:
  - module: ucops.imp.service_parameters_info
  - module: ucops.imp.calendaring_parameters
"""

EXAMPLES = r"""
- name: Allow IPv6 in the cluster, which gateways with an IPv6 address need
  ucops.imp.service_parameters:
    hostname: cucm-pub.dc1.example.com
    username: axladmin
    password: "{{ vault_axl_password }}"
    parameters:
      - service: Enterprise Wide
        name: EnableIPV6
        value: "T"
"""

RETURN = r"""
changes:
  description: What was changed, or would be in check mode; one entry a parameter.
  returned: always, unless nothing could be read
  type: list
  elements: dict
  contains:
    kind:
      description: Always V(service_parameter).
      type: str
    id:
      description: Node, service and name, with slashes between them.
      type: str
    action:
      description: Always V(update).
      type: str
    fields:
      description: The value before and after.
      type: list
      elements: dict
  sample:
    - kind: service_parameter
      id: EnterpriseWideData/Enterprise Wide/EnableIPV6
      action: update
      fields:
        - name: value
          before: F
          after: T
          secret: false
current:
  description: The values of O(parameters), by the same ids as in RV(changes).
  returned: always, unless nothing could be read
  type: dict
  sample:
    EnterpriseWideData/Enterprise Wide/EnableIPV6: T
restart_required:
  description:
    - The services that must restart before the changes have effect.
    - Known are parameters of C(Cisco Presence Engine) and the enterprise parameter C(EnableIPV6); the administration
      page tells what others need.
  returned: always, unless nothing could be read
  type: list
  elements: str
  sample: [Cisco Presence Engine, Cisco SIP Proxy, Cisco XCP Router]
failures:
  description: The parameters that could not be set. The task fails after all others were tried.
  returned: always
  type: list
  elements: dict
  contains:
    id:
      description: As in RV(changes).
      type: str
    code:
      description: V(not-found), the cluster's own C(axlcode), or the kind of the failure.
      type: str
    message:
      description: What happened.
      type: str
  sample: []
backup_file:
  description: The file on the controller with what was there before the changes.
  returned: with O(backup=true), when something changes, not in check mode
  type: str
  sample: /srv/backups/2026-11-26T151731.004512Z-service_parameters.json
"""

from ansible_collections.ucops.imp.plugins.module_utils._core.options import Arguments
from ansible_collections.ucops.imp.plugins.module_utils._module.backups import BACKUP
from ansible_collections.ucops.imp.plugins.module_utils._module.pending_restarts import PENDING_RESTARTS
from ansible_collections.ucops.imp.plugins.module_utils._module.runner import run
from ansible_collections.ucops.imp.plugins.module_utils._product.endpoints import CUCM
from ansible_collections.ucops.imp.plugins.module_utils._product.parameters import ENTERPRISE_NODE
from ansible_collections.ucops.imp.plugins.module_utils._resources.service_parameters import ServiceParameters

ARGUMENTS = Arguments(
    CUCM,
    {
        "parameters": {
            "type": "list",
            "elements": "dict",
            "required": True,
            "options": {
                "service": {"type": "str", "required": True},
                "name": {"type": "str", "required": True},
                "value": {"type": "str", "required": True},
                "node": {"type": "str", "default": ENTERPRISE_NODE},
            },
        },
        **PENDING_RESTARTS,
        **BACKUP,
    },
    may_be_empty=["parameters.value"],
)


def main() -> None:
    run(ServiceParameters, ARGUMENTS)


if __name__ == "__main__":
    main()
