#!/usr/bin/python

# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: presence_info
short_description: Read what is shown of users, and why a user is not in a meeting
version_added: 0.1.0
author:
  - ucops contributors (@ucops)
description:
  - Reads the presence of users as others see it, and what the Presence Engine of their node knows of their calendars.
    The task can wait with C(until) for a user to be as expected.
  - With O(explain=true) it goes through the conditions for a user to be shown in a meeting, from the user's options to
    the table of states. The first that is not met is the reason, and it comes with what to do.
  - A cluster without the admin API is asked through AXL of its IM and Presence publisher. That tells a text for each
    user of O(users) and the user's node, and nothing else. The task warns then. It fails with the code
    C(no-public-api) where there is neither.
options:
  users:
    description:
      - The ids of the users to read. Without it all users are read that an IM and Presence node serves.
      - A user that no node serves is read by its id only.
    type: list
    elements: str
  node:
    description:
      - Only users of this IM and Presence node.
    type: str
  presence:
    description:
      - Only users that are shown so.
    type: str
    choices:
      - available
      - busy
      - away
      - do_not_disturb
      - out_of_office
      - offline
  activity:
    description:
      - Only users that do this.
    type: str
    choices:
      - in_a_meeting
      - on_the_phone
  gateway:
    description:
      - Only users that were given the presence gateway of this name.
    type: str
  failing:
    description:
      - Only users whose meeting information is included and whose calendar is not followed.
    type: bool
    default: false
  explain:
    description:
      - Whether to tell why each user is not in a meeting.
    type: bool
    default: false
  watcher:
    description:
      - The id of the user whose view AXL is asked for, because AXL wants one. By default each user is looked at with
        the user's own eyes. The admin API needs none.
    type: str
extends_documentation_fragment:
  - ucops.imp.attributes.info
  - ucops.imp.connection.imp
notes:
  - Cisco publishes no interface for what the Presence Engine knows. All but RV(users[].status), RV(users[].node) and
    RV(users[].in_a_meeting) comes from the admin API that the project's emulator serves.
  - AXL of the IM and Presence Service is off by default. It needs the service C(Cisco AXL Web Service) on the IM and
    Presence publisher, and an application user with the role C(Standard AXL API Access).
seealso:
  - module: ucops.imp.presence
  - module: ucops.imp.presence_gateways_info
  - module: ucops.imp.calendar_users
"""

EXAMPLES = r"""
- name: Whose calendar is not followed, and why?
  ucops.imp.presence_info:
    hostname: imp-pub.dc1.example.com
    username: axladmin
    password: "{{ vault_application_password }}"
    failing: true
    explain: true
  register: failing

- name: Show the reasons
  ansible.builtin.debug:
    msg: "{{ item.userid }}: {{ item.reason.detail }} {{ item.reason.remedy }}"
  loop: "{{ failing.users }}"
  loop_control:
    label: "{{ item.userid }}"

- name: Wait until a user is back from a meeting
  ucops.imp.presence_info:
    hostname: imp-pub.dc1.example.com
    username: axladmin
    password: "{{ vault_application_password }}"
    users:
      - user0001
  register: back
  until: back.users | selectattr('presence', 'equalto', 'available') | length == 1
  retries: 10
  delay: 30
"""

RETURN = r"""
interface:
  description: Which interface has told, V(admin_api) or V(axl).
  returned: success
  type: str
users:
  description: The users, in the cluster's order. What AXL does not tell is V(null).
  returned: success
  type: list
  elements: dict
  contains:
    userid:
      description: The user id.
      type: str
    presence:
      description:
        - V(available), V(busy), V(away), V(do_not_disturb), V(out_of_office) or V(offline), V(null) for a user that no
          node serves.
      type: str
    activity:
      description: V(in_a_meeting), V(on_the_phone) or V(null).
      type: str
    message:
      description: The text that clients show beside it, for example the period of an out of office.
      type: str
    icon:
      description: Its colour, V(green), V(red), V(yellow), V(orange) or V(grey).
      type: str
    status:
      description: What is shown as one text. This is all that AXL tells of it, in the words of the cluster.
      type: str
    in_a_meeting:
      description: Whether the user is shown in a meeting.
      type: bool
    since:
      description: Since when it is shown so, V(null) when nothing has changed since the user was enabled.
      type: str
    node:
      description: The IM and Presence node that serves the user.
      type: str
    gateway:
      description: The name of the presence gateway that the user was given.
      type: str
    mailbox:
      description: The address of the mailbox, V(null) while no calendar is followed.
      type: str
    subscription_age_seconds:
      description: How old the subscription to the calendar is, by the cluster's clock. V(null) without one.
      type: int
    last_notification:
      description: When Exchange sent the last notice, of an event or of the status.
      type: str
    last_event:
      description: When Exchange sent the last notice of an event in the calendar.
      type: str
    failure:
      description: What went wrong last between the Presence Engine and Exchange, or V(null).
      type: dict
      contains:
        code:
          description: A stable word for programs, for example V(trust), V(login), V(mailbox) or V(right).
          type: str
        detail:
          description: One sentence.
          type: str
        since:
          description: When it went wrong.
          type: str
    why:
      description: The conditions in the order in which they are looked at.
      returned: with O(explain=true)
      type: list
      elements: dict
      contains:
        name:
          description:
            - V(enabled), V(node), V(gateway), V(trust), V(account), V(mailbox), V(right), V(subscription), V(event),
              V(window) or V(rule).
          type: str
        met:
          description: Whether it is met. V(null) when it was not reached, or is not needed.
          type: bool
        detail:
          description: What is known.
          type: str
        remedy:
          description: What to do, empty unless it is not met.
          type: str
    reason:
      description: The first of them that is not met, V(null) while the user is in a meeting.
      returned: with O(explain=true)
      type: dict
      contains:
        name:
          description: As in RV(users[].why[].name).
          type: str
        met:
          description: Always V(false).
          type: bool
        detail:
          description: What is known.
          type: str
        remedy:
          description: What to do.
          type: str
  sample:
    - userid: user0001
      presence: busy
      activity: in_a_meeting
      message: ""
      icon: red
      status: Busy - In a meeting
      in_a_meeting: true
      since: "2026-11-26T09:00:07Z"
      node: imp-pub
      gateway: mail1.example.com
      mailbox: user0001@example.com
      subscription_age_seconds: 3607
      last_notification: "2026-11-26T08:58:00Z"
      last_event: "2026-11-26T08:40:11Z"
      failure: null
unknown:
  description: The ids of O(users) that do not exist. Empty when an option chooses among the users.
  returned: success
  type: list
  elements: str
  sample: [user9999]
summary:
  description: How many of RV(users) there are of each sort.
  returned: success
  type: dict
  contains:
    users:
      description: All of them.
      type: int
    in_a_meeting:
      description: Those in a meeting.
      type: int
    failing:
      description: Those with a RV(users[].failure).
      type: int
    presence:
      description: How many are shown so, by RV(users[].presence).
      type: dict
    gateway:
      description: How many were given the gateway, by its name.
      type: dict
  sample:
    users: 3
    in_a_meeting: 1
    failing: 0
    presence: {available: 2, busy: 1}
    gateway: {mail1.example.com: 2, mail2.example.com: 1}
engines:
  description: The nodes whose Presence Engine runs, V(null) where nobody tells.
  returned: success
  type: list
  elements: str
  sample: [imp-pub, imp-sub]
notifications:
  description: The active notifications of the nodes, V(null) where nobody tells.
  returned: success
  type: list
  elements: dict
  contains:
    node:
      description: The node.
      type: str
    severity:
      description: V(Information), V(Warning) or V(Error).
      type: str
    text:
      description: The text.
      type: str
    raised_at:
      description: Since when there is a reason for it.
      type: str
failures:
  description: Always empty, because the task fails as a whole or not at all.
  returned: always
  type: list
  elements: dict
"""

from ansible_collections.ucops.imp.plugins.module_utils._core.options import Arguments
from ansible_collections.ucops.imp.plugins.module_utils._module.runner import run_info
from ansible_collections.ucops.imp.plugins.module_utils._product.endpoints import IMP
from ansible_collections.ucops.imp.plugins.module_utils._resources.presence_info import (
    OPTIONS,
    read_presence,
    read_presence_problems,
)

ARGUMENTS = Arguments(IMP, OPTIONS)


def main() -> None:
    run_info(read_presence, ARGUMENTS, problems=read_presence_problems)


if __name__ == "__main__":
    main()
