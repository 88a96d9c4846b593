#!/usr/bin/python

# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: services
short_description: Start, stop, restart or activate services of IM and Presence nodes
version_added: 0.1.0
author:
  - ucops contributors (@ucops)
description:
  - Starts, stops, restarts, activates or deactivates services, node after node, and waits until each is where it should
    be.
  - Restarts nothing on a node while another node is in trouble, because that one's users are on it. In trouble is a
    node that cannot be asked, or on which one of O(services) is activated and not C(Started), whichever run or person
    has stopped it.
  - With O(only_if_required=true) it restarts exactly the services that have not loaded the configuration yet. The
    cluster remembers those, or O(pending_restarts_path) does. So a play that ended between a change and the restart is
    healed by the next one, and any number of changes costs one restart.
options:
  services:
    description:
      - The names of the services, for example V(Cisco Presence Engine) and V(Cisco SIP Proxy).
    type: list
    elements: str
    required: true
  state:
    description:
      - V(started) and V(stopped) start and stop services that are activated.
      - V(restarted) restarts them, and starts those that are stopped, before it restarts any. Without
        O(only_if_required) it does so every time.
      - V(activated) activates feature services, which also starts them, and V(deactivated) undoes that.
    type: str
    choices:
      - started
      - stopped
      - restarted
      - activated
      - deactivated
    default: started
  only_if_required:
    description:
      - With O(state=restarted), restart a service on those nodes only where a restart is pending for it.
      - The nodes of O(nodes) must be called as the cluster calls them, by name, fully qualified name or address.
    type: bool
    default: false
  required_services:
    description:
      - Services that are known to need a restart, as RV(ucops.imp.presence_gateways#module:restart_required) of earlier
        tasks tells. Restarted on every node, as far as O(services) names them.
      - It counts where the cluster has no interface for restart notifications, and in check mode, where earlier tasks
        have only predicted their changes. Otherwise the cluster knows better.
    type: list
    elements: str
  ignore_other_nodes:
    description:
      - With O(state=restarted), restart services also while another node is in trouble. This can take the service away
        from the users of all nodes.
    type: bool
    default: false
  wait_timeout:
    description:
      - Seconds to wait for each service.
    type: int
    default: 300
  poll_interval:
    description:
      - Seconds between two looks at a service that is waited for.
    type: float
    default: 2
extends_documentation_fragment:
  - ucops.imp.attributes
  - ucops.imp.connection.imp
  - ucops.imp.nodes
  - ucops.imp.restarts
attributes:
  idempotent:
    support: partial
    details: With O(state=restarted) and without O(only_if_required) every run restarts.
notes:
  - The other nodes are looked at right before each restart; those of O(nodes) are waited for while they start or stop
    a service. What is not restarted is told in RV(failures) with the code C(not-tried), also in check mode. Once the
    other node is mended, the next run restarts it. A start is never refused, for it takes nothing down.
  - Other nodes are those of O(nodes) and those that the cluster itself tells of, through the server at O(hostname). It
    does so with the admin API of the project's emulator, or with AXL of IM and Presence (C(Cisco AXL Web Service) on
    its publisher, off by default), which knows the critical services only. Where neither answers, O(nodes) is taken for
    the whole cluster, and with a single node a warning says that no other is looked at. So give every node.
  - Two tasks that run at once wait for each other's restarts on the nodes that they name, and restart nothing during
    one on another node. A task that has waited for another's restart lets that one go first - it looks again after one
    to two times O(poll_interval). Only when two tasks begin within the same moment and decide about different nodes,
    neither can see the other, because no interface of the cluster has a lock.
  - Cisco publishes no interface for restart notifications. O(only_if_required) uses the admin API that the project's
    emulator serves. Where there is none, the notes in O(pending_restarts_path) and O(required_services) decide, and one
    of the two is needed.
  - A note is due on a node until the service has started after the change, as C(StartTime) and C(UpTime) of the control
    center tell, whoever restarted it. In doubt it is due.
seealso:
  - module: ucops.imp.services_info
  - module: ucops.imp.presence_gateways
  - module: ucops.imp.trust_certificates
"""

EXAMPLES = r"""
- name: Restart what has not loaded the new configuration
  ucops.imp.services:
    hostname: imp-pub.dc1.example.com
    username: axladmin
    password: "{{ vault_application_password }}"
    nodes:
      - name: imp-pub.dc1.example.com
      - name: imp-sub.dc1.example.com
    services:
      - Cisco Presence Engine
      - Cisco SIP Proxy
    state: restarted
    only_if_required: true

- name: The same where the cluster cannot tell
  ucops.imp.services:
    services:
      - Cisco Presence Engine
      - Cisco SIP Proxy
    state: restarted
    only_if_required: true
    required_services: "{{ (gateways.restart_required + trust.restart_required) | unique }}"

- name: AXL of the IM and Presence node is off by default
  ucops.imp.services:
    services:
      - Cisco AXL Web Service
    state: activated
"""

RETURN = r"""
changes:
  description:
    - What was done, or in check mode would be. What failed is in RV(failures) instead.
    - A command that was accepted and whose service did not get there in time is in both.
    - The kind is C(service).
  returned: always
  type: list
  elements: dict
  contains:
    kind:
      description: The kind of object.
      type: str
    id:
      description: Node name and service name, with a colon between them.
      type: str
    action:
      description: C(start), C(stop), C(restart), C(activate) or C(deactivate).
      type: str
    fields:
      description: The fields that change.
      type: list
      elements: dict
      contains:
        name:
          description: C(status), C(activated) or C(restart_required).
          type: str
        before:
          description: The value before.
          type: raw
        after:
          description: The value after.
          type: raw
        secret:
          description: Always false.
          type: bool
  sample:
    - kind: service
      id: imp-pub:Cisco Presence Engine
      action: restart
      fields:
        - name: restart_required
          before: true
          after: false
          secret: false
current:
  description: The services of each node after the changes. In check mode, as they are.
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
      description: C(Started), C(Stopped), C(Starting) or C(Stopping).
      type: str
    activated:
      description: Whether it is activated.
      type: bool
restart_required:
  description: Always empty, because nothing has to restart after this.
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
      description: Node name and service name, or the name of a node that could not be asked.
      type: str
    code:
      description:
        - A stable word for programs, C(reason) with the control center's reason code where it refused.
        - C(not-tried) is a restart that was not made because another node is in trouble.
      type: str
    message:
      description: What happened and what to do.
      type: str
"""

from ansible_collections.ucops.imp.plugins.module_utils._core.options import Arguments
from ansible_collections.ucops.imp.plugins.module_utils._module.nodes import NODES
from ansible_collections.ucops.imp.plugins.module_utils._module.pending_restarts import PENDING_RESTARTS
from ansible_collections.ucops.imp.plugins.module_utils._module.runner import run
from ansible_collections.ucops.imp.plugins.module_utils._product.endpoints import IMP
from ansible_collections.ucops.imp.plugins.module_utils._resources.services import Services

ARGUMENTS = Arguments(
    IMP,
    {
        "services": {"type": "list", "elements": "str", "required": True},
        "state": {
            "type": "str",
            "choices": ["started", "stopped", "restarted", "activated", "deactivated"],
            "default": "started",
        },
        "only_if_required": {"type": "bool", "default": False},
        "required_services": {"type": "list", "elements": "str"},
        "ignore_other_nodes": {"type": "bool", "default": False},
        "wait_timeout": {"type": "int", "default": 300},
        "poll_interval": {"type": "float", "default": 2},
        **NODES,
        **PENDING_RESTARTS,
    },
)


def main() -> None:
    run(Services, ARGUMENTS)


if __name__ == "__main__":
    main()
