#!/usr/bin/python

# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: calendar_users_info
short_description: Read which users are enabled for calendar integration
version_added: 0.1.0
author:
  - ucops contributors (@ucops)
description:
  - Reads whether users are enabled for Unified CM IM and Presence, and whether meeting information is included in their
    presence.
  - Without O(users) and a search (O(query), O(access_control_group), O(sql_where)) all users are read.
options:
  users:
    description:
      - The ids of the users to read. The very id counts first, then one in other letter case, of which Unified CM
        ignores that of the letters A to Z. Nothing in an id is a wildcard.
    type: list
    elements: str
  query:
    description:
      - Search for users. A user must match all criteria, in any letter case.
      - V(%) stands for any text, and nothing else is a wildcard. V(_), V(*) and V(?) stand for themselves. A user whose
        id holds V(%) is read with O(users).
    type: dict
    suboptions:
      userid:
        description:
          - The user id.
        type: str
      first_name:
        description:
          - The first name.
        type: str
      last_name:
        description:
          - The last name.
        type: str
      department:
        description:
          - The department.
        type: str
  access_control_group:
    description:
      - The name of an access control group. Its members are read. The very name counts first, then one in other letter
        case.
    type: str
  sql_where:
    description:
      - A condition in the SQL of Unified CM's database. The users for whom it holds are read. The rules are those of
        M(ucops.imp.calendar_users).
    type: str
  origins:
    description:
      - Whether to tell where the users come from and which mail address they have. It takes a second reading.
    type: bool
    default: false
  enabled_only:
    description:
      - Return only users whose presence includes meeting information.
    type: bool
    default: false
  concurrency:
    description:
      - How many single users are looked up at once at most, V(1) to V(32), each over a connection of its own. A cluster
        that is busy is asked for fewer.
    type: int
    default: 4
  page_size:
    description:
      - How many users are read at once. When the cluster finds the answer too large, the module asks for less.
    type: int
    default: 5000
extends_documentation_fragment:
  - ucops.imp.attributes.info
  - ucops.imp.connection.cucm
seealso:
  - module: ucops.imp.calendar_users
"""

EXAMPLES = r"""
- name: Who of sales shows meetings?
  ucops.imp.calendar_users_info:
    hostname: cucm-pub.dc1.example.com
    username: axladmin
    password: "{{ vault_axl_password }}"
    query:
      department: sales
    enabled_only: true
  register: sales

- name: Who has no mail address, and who comes from an LDAP directory?
  ucops.imp.calendar_users_info:
    hostname: cucm-pub.dc1.example.com
    username: axladmin
    password: "{{ vault_axl_password }}"
    origins: true

- name: Show their user ids
  ansible.builtin.debug:
    msg: "{{ sales.users | map(attribute='userid') }}"
"""

RETURN = r"""
users:
  description: The users, in the cluster's order.
  returned: success
  type: list
  elements: dict
  contains:
    userid:
      description: The user id.
      type: str
    home_cluster:
      description: Whether this is the user's home cluster.
      type: bool
    im_and_presence:
      description: Whether the user is enabled for IM and Presence.
      type: bool
    meeting_information:
      description: Whether the user's presence includes meeting information.
      type: bool
    mail:
      description: The mail address in Unified CM, empty without one.
      type: str
      returned: with O(origins=true)
    ldap_directory:
      description: The name of the LDAP directory that the user comes from, V(null) for a local user.
      type: str
      returned: with O(origins=true)
    feature_group_template:
      description: The name of the directory's feature group template, or V(null).
      type: str
      returned: with O(origins=true)
  sample:
    - userid: user0001
      home_cluster: true
      im_and_presence: true
      meeting_information: true
unknown:
  description: The ids of O(users) that do not exist.
  returned: success
  type: list
  elements: str
  sample: [user9999]
counts:
  description:
    - How many users there are of each sort, whatever O(enabled_only) says.
    - With O(origins=true) also C(without_mail) and C(ldap_synchronized), how many of RV(users) have no mail address and
      how many come from an LDAP directory.
  returned: success
  type: dict
  sample:
    selected: 1000
    home_cluster: 1000
    im_and_presence: 1000
    meeting_information: 997
failures:
  description: Always empty, because the task fails as a whole or not at all.
  returned: always
  type: list
  elements: dict
"""

from ansible_collections.ucops.imp.plugins.module_utils._core.options import Arguments
from ansible_collections.ucops.imp.plugins.module_utils._module.runner import run_info
from ansible_collections.ucops.imp.plugins.module_utils._product.endpoints import CUCM
from ansible_collections.ucops.imp.plugins.module_utils._resources.calendar_users import (
    read_users,
    read_users_problems,
)
from ansible_collections.ucops.imp.plugins.module_utils._resources.user_selection import READ_OPTIONS, SEARCHES

ARGUMENTS = Arguments(
    CUCM,
    {
        **READ_OPTIONS,
        "users": {"type": "list", "elements": "str"},
        "enabled_only": {"type": "bool", "default": False},
        "origins": {"type": "bool", "default": False},
    },
    mutually_exclusive=(("users", *SEARCHES),),
)


def main() -> None:
    run_info(read_users, ARGUMENTS, problems=read_users_problems)


if __name__ == "__main__":
    main()
