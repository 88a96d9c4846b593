#!/usr/bin/python

# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: presence
short_description: Set and release the presence that users have by hand
version_added: 0.1.0
author:
  - ucops contributors (@ucops)
description:
  - Sets the presence of users by hand, or gives it back, through the Presence Web Service of the IM and Presence nodes.
    It is for tests and rehearsals, such as that a presence set by hand hides an out of office and can be given back.
  - An application user logs in, and with it each user of the list, without the user's password. All of them are logged
    out at the end, whatever has happened.
  - Each user is compared first, and only those that differ are set. A user that fails does not stop the others. All
    failures are in RV(failures), and the task fails at its end.
  - The service takes a user on the user's own node only, and names that node elsewhere. The module goes on there when
    the name is one of O(nodes), or without O(nodes) when it is in the same domain as O(hostname), at O(port). The port
    and the protocol that the service names are not followed, because the password goes to that node, too.
options:
  users:
    description:
      - The users to manage. Users that are not in the list are left alone.
    type: list
    elements: dict
    required: true
    suboptions:
      userid:
        description:
          - The user id.
        type: str
        required: true
      presence:
        description:
          - The presence to set. It is needed with O(state=present).
          - Cisco's service takes V(busy) and V(vacation), and may show both as V(away). That counts as the same.
          - V(do_not_disturb) needs O(users[].override=true).
        type: str
        choices:
          - available
          - busy
          - do_not_disturb
          - away
          - unavailable
          - vacation
      override:
        description:
          - Whether it counts before all else that makes the user's presence, such as calendar, out of office and phone.
            Without it, it is that of one more device of the user.
          - V(available) with override and a O(users[].note) are set as rich presence, everything else as basic
            presence, which cannot say them.
        type: bool
        default: true
      expires_minutes:
        description:
          - After how many minutes the service takes it back by itself, 60 to 1440.
          - It counts from when the presence is set. A presence that is as wanted is not set again, so it does not end
            later; release it first for that.
        type: int
        default: 60
      note:
        description:
          - A text that is shown with it; an empty one is none.
          - Left out, it is not compared, and a presence that is set again has none.
        type: str
      address:
        description:
          - The user's IM address, by default O(users[].userid) and O(domain). Give it where IM addresses are those of
            the directory.
        type: str
  domain:
    description:
      - The presence domain, with which the user id makes the IM address of a user.
      - It is needed for users without O(users[].address).
    type: str
  state:
    description:
      - V(present) sets the presence, V(absent) gives back what was set by hand; then only the user id and the address
        count.
    type: str
    choices:
      - present
      - absent
    default: present
  nodes:
    description:
      - The IM and Presence nodes that may be logged in to, with the account of the connection options.
      - O(hostname) is always asked first. Where it is an address, or the nodes are not in one domain, a user of another
        node can only be found with this.
    type: list
    elements: dict
    suboptions:
      name:
        description: The node's name in the cluster.
        type: str
        required: true
      hostname:
        description: Where to reach it, by default its O(nodes[].name).
        type: str
      port:
        description: The port there, by default O(port).
        type: int
  wait_timeout:
    description:
      - Seconds to wait until what was set is shown. The service accepts a presence before the node has made it known.
    type: int
    default: 10
attributes:
  action_group:
    membership:
      - ucops.imp.pws
      - ucops.imp.backup
      - ucops.imp.all
  idempotent:
    support: partial
    details:
      - With O(users[].override=true) and with O(state=absent) it is.
      - Without override the service shows only what all of the user's devices, the calendar and the phone make
        together. Where that is not the wanted presence it is set again with every run, and RV(unknown) tells so. The
        same may be so of a O(users[].note), in the place of which an out of office may be shown.
extends_documentation_fragment:
  - ucops.imp.attributes
  - ucops.imp.connection.pws
  - ucops.imp.backup
notes:
  - Give it an application user of its own. Where applications share one, the service gives both the same session of an
    end user, and this module ends it.
  - An end user whom another application user has logged in is taken over; that session ends.
  - Nothing public says whether a presence that was set outlasts the session in which it was set. It is assumed that it
    does, until it expires.
  - The service shows the certificate C(cup) of the node, not C(tomcat); O(ca_path) has to hold its authority.
  - The Presence Web Service is a part of Cisco SIP Proxy, and answers only while that service runs.
seealso:
  - module: ucops.imp.presence_info
  - module: ucops.imp.calendar_users
  - module: ucops.imp.services
"""

EXAMPLES = r"""
- name: A rehearsal - one user is not to be disturbed, another is available whatever the calendar says
  ucops.imp.presence:
    hostname: imp-pub.dc1.example.com
    username: axladmin
    password: "{{ vault_application_password }}"
    domain: dc1.example.com
    users:
      - userid: user0001
        presence: do_not_disturb
        note: rehearsal until noon
      - userid: user0002
        presence: available
        expires_minutes: 120

- name: Give back what was set by hand
  ucops.imp.presence:
    hostname: imp-pub.dc1.example.com
    username: axladmin
    password: "{{ vault_application_password }}"
    domain: dc1.example.com
    users:
      - userid: user0001
      - userid: user0002
    state: absent

- name: A user of any of these nodes, with the IM address in full
  ucops.imp.presence:
    hostname: imp-pub.dc1.example.com
    username: axladmin
    password: "{{ vault_application_password }}"
    nodes:
      - name: imp-pub.dc1.example.com
      - name: imp-sub.dc1.example.com
    users:
      - userid: user0003
        address: user0003@dc1.example.com
        presence: away
"""

RETURN = r"""
changes:
  description: Every user whose presence was set or given back, or would be in check mode.
  returned: always, unless nothing could be read
  type: list
  elements: dict
  contains:
    kind:
      description: Always V(user_presence).
      type: str
    id:
      description: The user id.
      type: str
    action:
      description: V(create) where nothing was set by hand, else V(update), or V(delete) where it is given back.
      type: str
    fields:
      description: What changes, before and after.
      type: list
      elements: dict
  sample:
    - kind: user_presence
      id: user0001
      action: create
      fields:
        - name: presence
          before:
          after: do_not_disturb
          secret: false
current:
  description: How the users who could be asked are shown, after the changes; in check mode before them.
  returned: always, unless nothing could be read
  type: list
  elements: dict
  contains:
    userid:
      description: The user id.
      type: str
    node:
      description: The node on which the user was asked, as the options name it, or as the service does.
      type: str
    presence:
      description:
        - The presence that others see; a word of O(users[].presence), V(meeting), V(on-the-phone), or empty when the
          service tells none.
      type: str
    override:
      description: Whether what was set by hand overrides everything else; none when nothing was set by hand.
      type: bool
    note:
      description: The text that goes with what was set by hand, or what the service shows in its place.
      type: str
  sample:
    - userid: user0001
      node: imp-pub.dc1.example.com
      presence: do_not_disturb
      override: true
      note: rehearsal until noon
unknown:
  description:
    - What the task asks for and could not compare, for users who have a presence by hand already. That is the end of
      it, and without override the presence itself where another one is shown.
  returned: always, unless nothing could be read
  type: list
  elements: dict
  contains:
    kind:
      description: Always V(user_presence).
      type: str
    id:
      description: The user id.
      type: str
    field:
      description: V(expires_minutes) or V(presence).
      type: str
    reason:
      description: Why it was not compared.
      type: str
  sample:
    - kind: user_presence
      id: user0001
      field: expires_minutes
      reason: The service does not tell when a presence ends. To have it end later, release it first (absent).
restart_required:
  description: Always empty; a presence needs no restart.
  returned: always, unless nothing could be read
  type: list
  elements: str
  sample: []
failures:
  description: Every user for whom it failed. The task fails after all others were tried.
  returned: always
  type: list
  elements: dict
  contains:
    id:
      description: The user id.
      type: str
    code:
      description: The number of the service's error, V(wrong-node), V(unknown-address), or the kind of the failure.
      type: str
    message:
      description: What happened and what to do.
      type: str
  sample:
    - id: user9999
      code: "113"
      message: >-
        imp-pub.dc1.example.com:8083: There is no such user. Look at the user id, and whether the user is enabled for
        IM and Presence. (error 113)
backup_file:
  description: The file on the controller with what was there before the changes.
  returned: with O(backup=true), when something changes, not in check mode
  type: str
  sample: /srv/backups/2026-11-26T151731.004512Z-presence.json
"""

from ansible_collections.ucops.imp.plugins.module_utils._core.options import Arguments
from ansible_collections.ucops.imp.plugins.module_utils._module.backups import BACKUP
from ansible_collections.ucops.imp.plugins.module_utils._module.nodes import NODES
from ansible_collections.ucops.imp.plugins.module_utils._module.runner import run
from ansible_collections.ucops.imp.plugins.module_utils._product.endpoints import PWS
from ansible_collections.ucops.imp.plugins.module_utils._resources.presence import STATES, Presence

ARGUMENTS = Arguments(
    PWS,
    {
        "users": {
            "type": "list",
            "elements": "dict",
            "required": True,
            "options": {
                "userid": {"type": "str", "required": True},
                "presence": {"type": "str", "choices": list(STATES)},
                "override": {"type": "bool", "default": True},
                "expires_minutes": {"type": "int", "default": 60},
                "note": {"type": "str"},
                "address": {"type": "str"},
            },
        },
        "domain": {"type": "str"},
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        **NODES,
        "wait_timeout": {"type": "int", "default": 10},
        **BACKUP,
    },
    may_be_empty=["users.note"],
)


def main() -> None:
    run(Presence, ARGUMENTS)


if __name__ == "__main__":
    main()
