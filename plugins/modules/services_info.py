#!/usr/bin/python

# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: services_info
short_description: List services of IM and Presence nodes and the restarts that are pending
version_added: 0.1.0
author:
  - ucops contributors (@ucops)
description:
  - Lists the services of every node, with their state, and which of them have to restart and why.
options:
  services:
    description:
      - The names of the services, by default all of the node.
    type: list
    elements: str
    default: []
extends_documentation_fragment:
  - ucops.imp.attributes.info
  - ucops.imp.connection.imp
  - ucops.imp.nodes
seealso:
  - module: ucops.imp.services
"""

EXAMPLES = r"""
- name: The services that matter for calendars
  ucops.imp.services_info:
    hostname: imp-pub.dc1.example.com
    username: axladmin
    password: "{{ vault_application_password }}"
    services:
      - Cisco Presence Engine
      - Cisco SIP Proxy
"""

RETURN = r"""
services:
  description: The services, node by node.
  returned: always
  type: list
  elements: dict
  contains:
    node:
      description: The node's name.
      type: str
    service:
      description: The service's name.
      type: str
    status:
      description: C(Started), C(Stopped), C(Starting), C(Stopping) or C(Unknown).
      type: str
    activated:
      description: Whether it is activated.
      type: bool
    reason:
      description: Why it does not run, in the product's words.
      type: str
    started:
      description: When it started, as the node writes it, or an empty text.
      type: str
    up_time:
      description: Seconds since then, or -1 when it does not run.
      type: int
restart_notifications:
  description:
    - The services of the whole cluster that have to restart, and why.
    - Null where the cluster has no interface for them or the account may not ask. What the modules have written down
      there, M(ucops.imp.services) tells in check mode, with O(ucops.imp.services#module:only_if_required) and
      O(ucops.imp.services#module:pending_restarts_path).
  returned: always
  type: list
  elements: dict
  contains:
    node:
      description: The node's name.
      type: str
    service:
      description: The service's name.
      type: str
    since:
      description: When the first of the changes was made.
      type: str
    reasons:
      description: What was changed.
      type: list
      elements: dict
      contains:
        object:
          description: The object that was changed.
          type: str
        action:
          description: What was done to it.
          type: str
        at:
          description: When.
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
from ansible_collections.ucops.imp.plugins.module_utils._product.endpoints import IMP
from ansible_collections.ucops.imp.plugins.module_utils._resources.services import read_services

ARGUMENTS = Arguments(IMP, {"services": {"type": "list", "elements": "str", "default": []}, **NODES})


def main() -> None:
    run_info(read_services, ARGUMENTS, problems=lambda context: node_problems(context.connection, context.params))


if __name__ == "__main__":
    main()
