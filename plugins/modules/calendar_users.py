#!/usr/bin/python

# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: calendar_users
short_description: Enable users for IM and Presence and include their meetings in presence
version_added: 0.1.0
author:
  - ucops contributors (@ucops)
description:
  - Sets, for one user or a hundred thousand, whether a user is enabled for Unified CM IM and Presence, and whether
    meeting information is included in the user's presence.
  - The users come from a list (O(users)), from a file (O(csv_path)), which may be one of the Bulk Administration
    Tool, from a search (O(query)), from an access control group (O(access_control_group)), or from a condition in SQL
    (O(sql_where)).
  - Users are read in pages, compared, and updated over several connections at once. Only users that differ are updated,
    and only in the options that differ.
  - A user that cannot be updated does not stop the others. All failures are in RV(failures), and the task fails at its
    end.
  - Of the users that change, the task warns of those without a mail address, by which Exchange finds a calendar, and of
    those whose LDAP directory has a feature group template that says otherwise, see RV(remarks).
  - Unified CM wants a presence gateway to exist before it includes meeting information, see
    M(ucops.imp.presence_gateways).
options:
  users:
    description:
      - The users to manage. Users that are not in the list are left alone.
    type: list
    elements: dict
    suboptions:
      userid:
        description:
          - The user id. The very id counts first, then one in other letter case, of which Unified CM ignores that of
            the letters A to Z. So V(strasser) is never V(straßer), and V(müller) is not V(MÜLLER). Nothing in an id is
            a wildcard.
          - Two entries that Unified CM takes for one user are refused.
        type: str
        required: true
      im_and_presence:
        description:
          - As O(im_and_presence), for this user.
        type: bool
      meeting_information:
        description:
          - As O(meeting_information), for this user.
        type: bool
      home_cluster:
        description:
          - As O(home_cluster), for this user.
        type: bool
  csv_path:
    description:
      - A file on the controller, in UTF-8 or UTF-16, in one of three formats. Columns are separated by commas,
        semicolons or tabs, and empty cells at the end of a line are nothing.
      - A list, with one user id a line. O(im_and_presence), O(meeting_information) and O(home_cluster) say what the
        users get.
      - A short file. Its first line names its columns, in any order. These are C(userid) and, as far as they differ
        from user to user, C(im_and_presence), C(meeting_information) and C(home_cluster). Cells say C(true),
        C(false), or C(#) to keep what is stored. For an empty cell and a column that is not there the option of the
        task counts. Blank rows are nothing.
      - A custom file for C(Update Users) of the Bulk Administration Tool. Its name must not hold a comma. The first
        line names the columns, which are found by their names, so there may be any number of C(CONTROLLED DEVICE)
        columns. The columns C(HOME CLUSTER), C(ENABLE USER FOR UNIFIED CM IM AND PRESENCE) and C(INCLUDE MEETING
        INFORMATION IN PRESENCE) say C(t), C(f), or C(#) to keep what is stored, and the three options of the task are
        left out. Other columns are not used; the module warns of those that would set something. A blank row ends the
        file.
      - The samples and an explanation are on the page L(Choose
        users,https://github.com/ucops/ucops.imp/blob/main/docs/user-files.md).
    type: path
  query:
    description:
      - Search for the users to manage. A user must match all criteria, in any letter case.
      - V(%) stands for any text, and nothing else is a wildcard. V(_), V(*) and V(?) stand for themselves. A user whose
        id holds V(%) is named with O(users).
      - Think of O(max_changes).
    type: dict
    suboptions:
      userid:
        description:
          - The user id. V(%) selects everybody.
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
      - The name of an access control group. Its members are the users to manage. The very name counts first, then one
        in other letter case.
      - Think of O(max_changes).
    type: str
  sql_where:
    description:
      - A condition in the SQL of Unified CM's database (Informix). The users for whom it holds are the users to manage.
        It goes behind C(where) of a statement that reads the table C(enduser), through C(executeSQLQuery) of AXL.
      - It only reads. It is one condition, without the word C(where), and may have up to five subselects. Words of
        statements, functions that could change something, comments and semicolons are refused before anything is
        sent. It has 4,000 characters at most.
      - Names and texts are compared letter by letter. What the tables and columns are called stands in Cisco's data
        dictionary of the release.
      - Think of O(max_changes).
    type: str
  only:
    description:
      - Of the users that are selected, manage only these. A user id that the selection does not have is left out.
      - It is for going on in steps, as the role does with its variable C(calendar_users_canary).
    type: list
    elements: str
  im_and_presence:
    description:
      - Whether the users of O(users), of a search and of a short file are enabled for Unified CM IM and Presence.
      - Left out, it is V(true). A file of the Bulk Administration Tool says it itself.
    type: bool
  meeting_information:
    description:
      - Whether meeting information is included in the presence of the users of O(users), of a search and
        of a short file.
      - It needs users that are enabled for IM and Presence and have their home cluster here.
      - Left out, it is the same as O(im_and_presence). A file of the Bulk Administration Tool says it itself.
    type: bool
  home_cluster:
    description:
      - Whether this is the home cluster of the users of O(users), of a search and of a short file.
      - Left out, it is not managed. A file of the Bulk Administration Tool says it itself.
    type: bool
  max_changes:
    description:
      - Fail without changing anything when more users than this would change, so that a wrong query is no accident.
      - V(0) means no limit. In check mode the module warns and returns the changes, so that they can be looked at.
    type: int
    default: 0
  max_failures:
    description:
      - Stop when so many users have failed. Those that are not tried any more are in RV(failures) with the code
        C(not-tried). Updates that are under way at that moment come to their end, see O(concurrency).
      - When so many cannot be as wanted before the first change, for example because they do not exist, nothing is
        changed.
      - V(0) means no limit.
    type: int
    default: 0
  diff_path:
    description:
      - A file on the controller for all changes, a line for each user, in check mode too. What it held before is
        replaced. Only its owner can read it.
      - With C(--diff) ansible shows up to 30 changes exactly. Of more it shows a page, with their numbers and the first
        30.
    type: path
  concurrency:
    description:
      - How many requests go to the cluster at once at most, V(1) to V(32), each over a connection of its own.
      - The module begins with up to four. It finds by itself how many the cluster takes. As long as all is answered
        there are more and more of them, up to this number. When the cluster is busy there are half as many, and later
        one more from time to time.
      - Busy is a cluster that says so in any way, such as HTTP 503 when it has too many changes to pass on, that is
        late, or that takes no connection. What it did not do is tried again after a pause, see O(retries).
    type: int
    default: 4
  page_size:
    description:
      - How many users are read at once. When the cluster finds the answer too large, the module asks for less.
    type: int
    default: 5000
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
  - ucops.imp.backup
seealso:
  - module: ucops.imp.calendar_users_info
  - module: ucops.imp.presence_gateways
"""

EXAMPLES = r"""
- name: Enable two users, and stop a third one's meetings from showing
  ucops.imp.calendar_users:
    hostname: cucm-pub.dc1.example.com
    username: axladmin
    password: "{{ vault_axl_password }}"
    users:
      - userid: user0001
      - userid: user0002
      - userid: user0003
        meeting_information: false

- name: Enable a whole department, but no more users than it is known to have
  ucops.imp.calendar_users:
    hostname: cucm-pub.dc1.example.com
    username: axladmin
    password: "{{ vault_axl_password }}"
    query:
      department: sales
    max_changes: 250

- name: See whom a query would change; with --check this writes the file and nothing else
  ucops.imp.calendar_users:
    hostname: cucm-pub.dc1.example.com
    username: axladmin
    password: "{{ vault_axl_password }}"
    query:
      userid: "%"
    diff_path: changes.txt

- name: Enable the members of an access control group, and stop when ten users fail
  ucops.imp.calendar_users:
    hostname: cucm-pub.dc1.example.com
    username: axladmin
    password: "{{ vault_axl_password }}"
    access_control_group: Calendar users
    max_failures: 10

- name: Enable everybody of two sites who has a mail address
  ucops.imp.calendar_users:
    hostname: cucm-pub.dc1.example.com
    username: axladmin
    password: "{{ vault_axl_password }}"
    sql_where: "department in ('Berlin', 'Kyoto') and mailid like '%@example.com'"
    max_changes: 2000

- name: Do what a file for the Bulk Administration Tool says
  ucops.imp.calendar_users:
    hostname: cucm-pub.dc1.example.com
    username: axladmin
    password: "{{ vault_axl_password }}"
    csv_path: files/calendar-users.csv

- name: Enable those whose user ids stand in a file, one a line
  ucops.imp.calendar_users:
    hostname: cucm-pub.dc1.example.com
    username: axladmin
    password: "{{ vault_axl_password }}"
    csv_path: files/user-ids.txt

- name: Disable calendar integration and IM and Presence for those who have left
  ucops.imp.calendar_users:
    hostname: cucm-pub.dc1.example.com
    username: axladmin
    password: "{{ vault_axl_password }}"
    query:
      department: former employees
    im_and_presence: false
"""

RETURN = r"""
changes:
  description: Every user that was changed, or would be in check mode.
  returned: always, unless nothing could be read
  type: list
  elements: dict
  contains:
    kind:
      description: Always V(calendar_user).
      type: str
    id:
      description: The user id as the cluster writes it.
      type: str
    action:
      description: Always V(update).
      type: str
    fields:
      description: The options that change, before and after.
      type: list
      elements: dict
  sample:
    - kind: calendar_user
      id: user0001
      action: update
      fields:
        - name: im_and_presence
          before: false
          after: true
          secret: false
        - name: meeting_information
          before: false
          after: true
          secret: false
current:
  description:
    - How many users there are of each sort; in check mode before the changes.
    - The users themselves are not listed, for there may be very many. See M(ucops.imp.calendar_users_info).
  returned: always, unless nothing could be read
  type: dict
  contains:
    selected:
      description: Users that the task is about.
      type: int
    unknown:
      description: Those of them that do not exist.
      type: int
    home_cluster:
      description: Those of them whose home cluster this is.
      type: int
    im_and_presence:
      description: Those of them that are enabled for IM and Presence.
      type: int
    meeting_information:
      description: Those of them whose presence includes meeting information.
      type: int
  sample:
    selected: 1000
    unknown: 0
    home_cluster: 1000
    im_and_presence: 1000
    meeting_information: 997
undeclared:
  description:
    - The users whose presence includes meeting information and who are not among the users of the task, after the
      changes; in check mode, as they are. All users are read for it.
    - Empty when the task enables nobody, because it does not say then who else may be. An empty list of O(users) is
      another thing and reports everybody.
  returned: with O(report_undeclared=true), unless nothing could be read
  type: list
  elements: dict
  contains:
    kind:
      description: Always V(calendar_user).
      type: str
    id:
      description: The user id as the cluster writes it.
      type: str
    fields:
      description: The user's options.
      type: dict
  sample:
    - kind: calendar_user
      id: user0815
      fields:
        home_cluster: true
        im_and_presence: true
        meeting_information: true
remarks:
  description: What is remarkable about the users that change, as it was before the changes.
  returned: when something changes, or would in check mode
  type: dict
  contains:
    without_mail:
      description:
        - The ids of those without a mail address. Exchange finds no calendar for them. The task warns when their
          meetings are to be shown.
      type: list
      elements: str
    ldap_synchronized:
      description: The LDAP directories that some of them come from.
      type: list
      elements: dict
      contains:
        directory:
          description: Its name.
          type: str
        feature_group_template:
          description: The name of its feature group template, empty without one.
          type: str
        users:
          description: How many of the users that change come from it.
          type: int
        undone:
          description:
            - The ids of those whom the template gives other options than the task. A synchronisation that applies it
              undoes the change. The task warns of it.
          type: list
          elements: str
  sample:
    without_mail: [user0007]
    ldap_synchronized:
      - directory: Corporate
        feature_group_template: Staff
        users: 250
        undone: []
elapsed:
  description: The seconds that the updates took, without reading.
  returned: when something was to be changed, outside of check mode
  type: float
  sample: 41.3
restart_required:
  description: Always empty; changes of users need no restart.
  returned: always, unless nothing could be read
  type: list
  elements: str
  sample: []
failures:
  description: Every user that could not be updated. The task fails after all others were tried.
  returned: always
  type: list
  elements: dict
  contains:
    id:
      description: The user id.
      type: str
    code:
      description:
        - V(user-not-found), V(meeting-information-needs-presence), the cluster's own C(axlcode), or the kind of the
          failure.
      type: str
    message:
      description: What happened.
      type: str
  sample:
    - id: user9999
      code: user-not-found
      message: There is no such user in Unified CM.
backup_file:
  description: The file on the controller with what was there before the changes.
  returned: with O(backup=true), when something changes, not in check mode
  type: str
  sample: /srv/backups/2026-11-26T151731.004512Z-calendar_users.json
"""

from ansible_collections.ucops.imp.plugins.module_utils._clients.axl import USER_TAGS
from ansible_collections.ucops.imp.plugins.module_utils._core.options import DIFF_PATH, REPORT_UNDECLARED, Arguments
from ansible_collections.ucops.imp.plugins.module_utils._module.backups import BACKUP
from ansible_collections.ucops.imp.plugins.module_utils._module.runner import run
from ansible_collections.ucops.imp.plugins.module_utils._product.endpoints import CUCM
from ansible_collections.ucops.imp.plugins.module_utils._resources.calendar_users import CalendarUsers
from ansible_collections.ucops.imp.plugins.module_utils._resources.user_selection import READ_OPTIONS, SEARCHES

SOURCES = ("users", "csv_path", *SEARCHES)

ARGUMENTS = Arguments(
    CUCM,
    {
        **READ_OPTIONS,
        "users": {
            "type": "list",
            "elements": "dict",
            "options": {
                "userid": {"type": "str", "required": True},
                **{name: {"type": "bool"} for name in USER_TAGS},
            },
        },
        "csv_path": {"type": "path"},
        **{name: {"type": "bool"} for name in USER_TAGS},
        "only": {"type": "list", "elements": "str"},
        "max_changes": {"type": "int", "default": 0},
        "max_failures": {"type": "int", "default": 0},
        **DIFF_PATH,
        **REPORT_UNDECLARED,
        **BACKUP,
    },
    mutually_exclusive=(SOURCES,),
    required_one_of=(SOURCES,),
)


def main() -> None:
    run(CalendarUsers, ARGUMENTS)


if __name__ == "__main__":
    main()
