#!/usr/bin/python

# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: calendaring_parameters
short_description: Set the calendaring parameters of the Presence Engine
version_added: 0.1.0
author:
  - ucops contributors (@ucops)
description:
  - Sets the parameters with which the Presence Engine talks to Microsoft Exchange. They hold for the whole cluster.
  - An option that is left out is not managed, unless O(reset_others=true).
  - A change becomes effective for all users when the service C(Cisco Presence Engine) restarts, see
    RV(restart_required) and M(ucops.imp.services).
options:
  ews_status_frequency:
    description:
      - Minutes after which an Exchange server renews a subscription, V(1) to V(1440). The product's default is 60.
      - A shorter time finds a lost subscription sooner, and puts more load on both servers.
      - Recent releases refuse less than 10 minutes.
    type: int
  exchange_notification_port:
    description:
      - The TCP port on which the Presence Engine listens for notifications from Exchange, V(1024) to V(65535). The
        product's default is 50020.
      - Nothing else may use it on any node, or the Presence Engine does not start there. Ports that the product itself
        uses are refused; whether another program of a node has taken it cannot be seen from here.
      - Users whose subscription is not renewed yet keep their old calendar data, for an hour at most, until the
        Presence Engine restarts.
    type: int
  calendar_spread:
    description:
      - Seconds over which notifications of meetings that start or end are spread, V(0) to V(59). The product's default
        is 50.
      - V(auto) takes what Cisco recommends, the number of assigned users divided by 100, rounded up, and 59 at most.
    type: str
  assigned_users:
    description:
      - The number of users for O(calendar_spread=auto), for example the highest number that will be assigned to a node.
      - Without it, the users are counted whose meeting information is included in their presence now. In check mode
        that is before another task enables users, so give the number where the prediction must be exact.
    type: int
  exchange_timeout:
    description:
      - Seconds until a request to Exchange times out, V(1) to V(20). The product's default is 3.
      - Cisco advises against changing it.
    type: int
  exchange_queue:
    description:
      - Length of the queue of requests to Exchange, V(1) to V(5000). The product's default is 2200.
      - Cisco advises against changing it.
    type: int
  exchange_threads:
    description:
      - Number of threads that serve requests to Exchange, V(1) to V(100). The product's default is 60.
      - Cisco advises against changing it.
    type: int
  out_of_office_information:
    description:
      - Whether presence shows that a user is out of office according to Exchange.
      - The product's default is V(display) up to release 14, and V(do_not_display) from release 15 on.
    type: str
    choices: [display, do_not_display]
  fips_mode_authentication:
    description:
      - How the Presence Engine authenticates to Exchange while the node is in FIPS mode. The product's default is
        V(auto).
    type: str
    choices: [auto, basic_only]
  office_365_pull_interval:
    description:
      - Minutes between two readings of calendars and automatic replies from Office 365, V(10) to V(1440). The product's
        default is 60.
      - It matters with gateways of the type V(office_365) only, see M(ucops.imp.presence_gateways). What changes in
        between is seen at the next reading, or when the Presence Engine restarts.
      - Cisco does not publish the largest value; a day is the collection's assumption.
    type: int
  reset_others:
    description:
      - Whether the calendaring parameters that the task leaves out go back to the product's default in the cluster's
        release. So a parameter that is dropped from the task is undone.
      - Without it such a parameter keeps its value; O(report_undeclared) tells of it.
      - A parameter that the cluster does not have is passed by.
    type: bool
    default: false
  parameter_names:
    description:
      - The internal names that parameters have on this cluster, where they differ from those that
        M(ucops.imp.calendaring_parameters_info) shows. Keys are the options above, for example C(calendar_spread).
      - Cisco does not publish the internal names.
    type: dict
    default: {}
attributes:
  action_group:
    membership:
      - ucops.imp.cucm
      - ucops.imp.audit
      - ucops.imp.backup
      - ucops.imp.all
extends_documentation_fragment:
  - ucops.imp.attributes
  - ucops.imp.connection.cucm
  - ucops.imp.audit
  - ucops.imp.restarts
  - ucops.imp.backup
seealso:
  - module: ucops.imp.calendaring_parameters_info
  - module: ucops.imp.service_parameters
  - module: ucops.imp.services
"""

EXAMPLES = r"""
- name: Find lost subscriptions after half an hour, spread notifications as recommended
  ucops.imp.calendaring_parameters:
    hostname: cucm-pub.dc1.example.com
    username: axladmin
    password: "{{ vault_axl_password }}"
    ews_status_frequency: 30
    calendar_spread: auto
    out_of_office_information: display
  register: calendaring

- name: Say what has to restart
  ansible.builtin.debug:
    var: calendaring.restart_required

- name: Plan for 3,000 users, however many are enabled now
  ucops.imp.calendaring_parameters:
    hostname: cucm-pub.dc1.example.com
    username: axladmin
    password: "{{ vault_axl_password }}"
    calendar_spread: auto
    assigned_users: 3000

- name: Have these two, and the product's default of every other calendaring parameter
  ucops.imp.calendaring_parameters:
    hostname: cucm-pub.dc1.example.com
    username: axladmin
    password: "{{ vault_axl_password }}"
    ews_status_frequency: 30
    calendar_spread: auto
    reset_others: true
    backup: true
    backup_options:
      dir_path: "{{ playbook_dir }}/backups"

- name: Use the internal name that a parameter has on this cluster
  ucops.imp.calendaring_parameters:
    hostname: cucm-pub.dc1.example.com
    username: axladmin
    password: "{{ vault_axl_password }}"
    exchange_notification_port: 50021
    parameter_names:
      exchange_notification_port: PeExchangeNotifyPort
"""

RETURN = r"""
changes:
  description: What was changed, or would be in check mode; one entry a parameter.
  returned: always, unless nothing could be read
  type: list
  elements: dict
  contains:
    kind:
      description: Always V(calendaring_parameter).
      type: str
    id:
      description: The option.
      type: str
    action:
      description: Always V(update).
      type: str
    fields:
      description: The value before and after.
      type: list
      elements: dict
  sample:
    - kind: calendaring_parameter
      id: calendar_spread
      action: update
      fields:
        - name: value
          before: 50
          after: 10
          secret: false
current:
  description: The values of all calendaring parameters that the cluster has, by option.
  returned: always, unless nothing could be read
  type: dict
  sample:
    calendar_spread: 10
    ews_status_frequency: 30
    out_of_office_information: display
assigned_users:
  description: The number of users from which O(calendar_spread=auto) was computed.
  returned: with O(calendar_spread=auto)
  type: int
  sample: 1000
undeclared:
  description:
    - The calendaring parameters that the task leaves out and that have another value than the product's default, after
      the changes; in check mode, as they are. Empty with O(reset_others=true).
  returned: with O(report_undeclared=true), unless nothing could be read
  type: list
  elements: dict
  contains:
    kind:
      description: Always V(calendaring_parameter).
      type: str
    id:
      description: The option.
      type: str
    fields:
      description: The value, and the default in the cluster's release.
      type: dict
  sample:
    - kind: calendaring_parameter
      id: exchange_timeout
      fields:
        value: 5
        default: 3
restart_required:
  description: The services that must restart before the changes have effect for all users.
  returned: always, unless nothing could be read
  type: list
  elements: str
  sample: [Cisco Presence Engine]
failures:
  description: The parameters that could not be set. The task fails after all others were tried.
  returned: always
  type: list
  elements: dict
  contains:
    id:
      description: The option.
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
  sample: /srv/backups/2026-11-26T151731.004512Z-calendaring_parameters.json
"""

from ansible_collections.ucops.imp.plugins.module_utils._core.options import REPORT_UNDECLARED, Arguments
from ansible_collections.ucops.imp.plugins.module_utils._module.backups import BACKUP
from ansible_collections.ucops.imp.plugins.module_utils._module.pending_restarts import PENDING_RESTARTS
from ansible_collections.ucops.imp.plugins.module_utils._module.runner import run
from ansible_collections.ucops.imp.plugins.module_utils._product.endpoints import CUCM
from ansible_collections.ucops.imp.plugins.module_utils._product.parameters import CALENDARING
from ansible_collections.ucops.imp.plugins.module_utils._resources.calendaring_parameters import (
    SPREAD,
    CalendaringParameters,
)

ARGUMENTS = Arguments(
    CUCM,
    {
        **{parameter.option: parameter.spec for parameter in CALENDARING},
        # A number or the word auto.
        SPREAD: {"type": "str"},
        "assigned_users": {"type": "int"},
        "reset_others": {"type": "bool", "default": False},
        "parameter_names": {"type": "dict", "default": {}},
        **REPORT_UNDECLARED,
        **PENDING_RESTARTS,
        **BACKUP,
    },
)


def main() -> None:
    run(CalendaringParameters, ARGUMENTS)


if __name__ == "__main__":
    main()
