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
    repaired by the next one, and any number of changes costs one restart.
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
  high_availability:
    description:
      - What happens to the high availability of the presence redundancy groups whose nodes are restarted, with
        O(state=restarted).
      - With V(keep) it stays as it is. While it is on, a service that takes long to come back can move the users of its
        node to the other node of the group.
      - With V(off_while_restarting) it is switched off before the first restart in a group, and on again after the
        last, as soon as the nodes carry their own users. Where it is off, it stays off. It needs O(cucm), which has the
        switch, and O(pending_restarts_path), in which it is written down first. So a run that ends in between is
        repaired by the next one, whatever it restarts and whatever this option says then.
    type: str
    choices:
      - keep
      - off_while_restarting
    default: keep
  cucm:
    description:
      - The publisher of Unified CM, which has the presence redundancy groups.
      - Without it high availability cannot be switched, and where the cluster has no admin API nothing is known of it.
    type: dict
    suboptions:
      hostname:
        description:
          - The publisher of Unified Communications Manager.
          - If not set, the value of the environment variable E(UCOPS_CUCM_HOSTNAME) is used.
        type: str
        required: true
      port:
        description:
          - The port of the web service.
          - If not set, the value of the environment variable E(UCOPS_CUCM_PORT) is used.
        type: int
        default: 8443
      username:
        description:
          - An application user with the role C(Standard AXL API Access).
          - If not set, the value of the environment variable E(UCOPS_CUCM_USERNAME) is used.
        type: str
        required: true
      password:
        description:
          - The account's password, at least four characters long.
          - If not set, the value of the environment variable E(UCOPS_CUCM_PASSWORD) is used.
        type: str
        required: true
      validate_certs:
        description:
          - Whether the certificate of the publisher is verified.
          - If not set, the value of the environment variable E(UCOPS_CUCM_VALIDATE_CERTS) is used.
        type: bool
        default: true
      ca_path:
        description:
          - A PEM, DER or PKCS#7 file with the authorities that may sign this certificate, as in O(ca_path).
          - If not set, the value of the environment variable E(UCOPS_CUCM_CA_PATH) is used.
        type: path
      timeout:
        description:
          - Seconds that each try of a request may take, from connecting to the last byte of the answer.
          - If not set, the value of the environment variable E(UCOPS_CUCM_TIMEOUT) is used.
        type: int
        default: 30
      retries:
        description: How often a request is tried again when the server is busy or a connection is lost.
        type: int
        default: 5
  wait_timeout:
    description:
      - Seconds to wait for each service, and for the users of a node to be back on it.
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
  - ucops.imp.backup
attributes:
  action_group:
    membership:
      - ucops.imp.imp
      - ucops.imp.backup
      - ucops.imp.all
  idempotent:
    support: partial
    details: With O(state=restarted) and without O(only_if_required) every run restarts.
notes:
  - The other nodes are looked at right before each restart; those of O(nodes) are waited for while they start or stop
    a service. What is not restarted is listed in RV(failures) with the code C(not-tried), also in check mode. Once the
    other node works again, the next run restarts it. A start is never refused, because it takes nothing down.
  - Other nodes are those of O(nodes) and those that the cluster itself tells of, through the server at O(hostname). It
    does so with the admin API of the project's emulator, or with AXL of IM and Presence (C(Cisco AXL Web Service) on
    its publisher, off by default), which knows the critical services only. Where neither answers, O(nodes) is taken for
    the whole cluster, and with a single node a warning says that no other is looked at. So give every node.
  - Two tasks that run at once wait for each other's restarts on the nodes that they name, and restart nothing during
    one on another node. A task that has waited for another's restart lets that one go first - it looks again after one
    to two times O(poll_interval). So does one that finds a service that it has not started itself and that has run for
    less than two times O(poll_interval). Only when two tasks begin within the same moment and decide about different
    nodes, neither can see the other, because no interface of the cluster has a lock.
  - Cisco publishes no interface for restart notifications. O(only_if_required) uses the admin API that the project's
    emulator serves. Where there is none, the notes in O(pending_restarts_path) and O(required_services) decide, and one
    of the two is needed.
  - With O(state=restarted) and without O(ignore_other_nodes), the presence redundancy group of a node is looked at
    before each restart and after it. Nothing is restarted while the other node of a group with high availability is in
    another state than C(Normal), and the restart is complete when both serve exactly their own users again.
  - The state of a node comes from the admin API of the project's emulator, or by AXL of IM and Presence where it runs.
    Cisco has no other interface for it. Where neither answers, all critical services of the nodes of O(nodes) have to
    be C(Started) instead, and whether users have moved is not known.
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

- name: Without failovers on the way
  ucops.imp.services:
    services:
      - Cisco Presence Engine
    state: restarted
    only_if_required: true
    high_availability: off_while_restarting
    cucm:
      hostname: cucm-pub.dc1.example.com
      username: axladmin
      password: "{{ vault_application_password }}"
    pending_restarts_path: /var/lib/ucops/dc1.json

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
    - The kind is C(service), or C(high_availability) for the switch of a presence redundancy group.
  returned: always
  type: list
  elements: dict
  contains:
    kind:
      description: The kind of object.
      type: str
    id:
      description:
        - Node name and service name, with a colon between them.
        - Of high availability the name of the group, and C(off) or C(on).
      type: str
    action:
      description:
        - C(start), C(stop), C(restart), C(activate) or C(deactivate).
        - Of high availability C(disable) or C(enable).
      type: str
    fields:
      description: The fields that change.
      type: list
      elements: dict
      contains:
        name:
          description: C(status), C(activated) or C(restart_required); of high availability C(ha_enabled).
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
users_assigned:
  description:
    - How many users are assigned to the nodes, each alone or those of a presence redundancy group together.
    - Before a restart only, and only as far as the cluster tells it.
  returned: in check mode, when something would restart
  type: list
  elements: dict
  contains:
    nodes:
      description: Names of nodes.
      type: list
      elements: str
    users:
      description: Users that are assigned to them.
      type: int
  sample:
    - nodes: [imp-pub]
      users: 500
elapsed:
  description: The seconds that the changes took, with waiting and without reading before.
  returned: when something was changed
  type: float
  sample: 241.7
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
      description:
        - Node name and service name, or the name of a node that could not be asked.
        - A group and C(off) or C(on), or C(high_availability) when Unified CM does not tell its groups.
      type: str
    code:
      description:
        - A stable word for programs, C(reason) with the control center's reason code where it refused.
        - C(not-tried) is a restart that was not made because another node is in trouble.
        - C(left-off) is high availability that an earlier run has left off and that this task cannot switch on.
      type: str
    message:
      description: What happened and what to do.
      type: str
backup_file:
  description: The file on the controller with what was there before the changes.
  returned: with O(backup=true), when something changes, not in check mode
  type: str
  sample: /srv/backups/2026-11-26T151731.004512Z-services.json
"""

from ansible_collections.ucops.imp.plugins.module_utils._core.options import Arguments
from ansible_collections.ucops.imp.plugins.module_utils._module.backups import BACKUP
from ansible_collections.ucops.imp.plugins.module_utils._module.nodes import NODES
from ansible_collections.ucops.imp.plugins.module_utils._module.pending_restarts import PENDING_RESTARTS
from ansible_collections.ucops.imp.plugins.module_utils._module.runner import run
from ansible_collections.ucops.imp.plugins.module_utils._product.endpoints import IMP
from ansible_collections.ucops.imp.plugins.module_utils._resources.high_availability import HIGH_AVAILABILITY
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
        **HIGH_AVAILABILITY,
        "wait_timeout": {"type": "int", "default": 300},
        "poll_interval": {"type": "float", "default": 2},
        **NODES,
        **PENDING_RESTARTS,
        **BACKUP,
    },
)


def main() -> None:
    run(Services, ARGUMENTS)


if __name__ == "__main__":
    main()
