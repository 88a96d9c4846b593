#!/usr/bin/python

# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: calendaring_parameters_info
short_description: Read the calendaring parameters of the Presence Engine
version_added: 0.1.0
author:
  - ucops contributors (@ucops)
description:
  - Reads the parameters with which the Presence Engine talks to Microsoft Exchange.
options:
  parameter_names:
    description:
      - The internal names that parameters have on this cluster, where they differ from those that this module shows.
        Keys are options of M(ucops.imp.calendaring_parameters), for example C(calendar_spread).
      - Cisco does not publish the internal names.
    type: dict
    default: {}
extends_documentation_fragment:
  - ucops.imp.attributes.info
  - ucops.imp.connection.cucm
seealso:
  - module: ucops.imp.calendaring_parameters
"""

EXAMPLES = r"""
- name: Read the calendaring parameters
  ucops.imp.calendaring_parameters_info:
    hostname: cucm-pub.dc1.example.com
    username: axladmin
    password: "{{ vault_axl_password }}"
  register: calendaring

- name: Show how far notifications are spread
  ansible.builtin.debug:
    msg: "{{ calendaring.current.calendar_spread }} seconds"
"""

RETURN = r"""
current:
  description: The values of all calendaring parameters that the cluster has, by option.
  returned: success
  type: dict
  sample:
    calendar_spread: 50
    ews_status_frequency: 60
    out_of_office_information: display
parameters:
  description:
    - Every calendaring parameter that the collection knows, by option.
    - Each has a C(label), what the administration page calls it, a C(name), the internal name that was looked for, and
      C(found), whether the cluster has a parameter of that name. C(default) is the product's default in the release of
      the cluster.
  returned: success
  type: dict
  sample:
    calendar_spread:
      label: Calendar Spread
      name: CalendarSpread
      found: true
      default: 50
failures:
  description: Always empty, because the task fails as a whole or not at all.
  returned: always
  type: list
  elements: dict
"""

from ansible_collections.ucops.imp.plugins.module_utils._core.options import Arguments
from ansible_collections.ucops.imp.plugins.module_utils._module.runner import run_info
from ansible_collections.ucops.imp.plugins.module_utils._product.endpoints import CUCM
from ansible_collections.ucops.imp.plugins.module_utils._resources.calendaring_parameters import (
    calendaring_problems,
    read_calendaring,
)

ARGUMENTS = Arguments(CUCM, {"parameter_names": {"type": "dict", "default": {}}})


def main() -> None:
    run_info(read_calendaring, ARGUMENTS, problems=calendaring_problems)


if __name__ == "__main__":
    main()
