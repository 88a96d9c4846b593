# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# The action plugin of the same name does it, on the controller.

from __future__ import annotations

DOCUMENTATION = r"""
module: summary
short_description: Show what a run did to a cluster, and what to do next
version_added: 0.1.0
author:
  - ucops contributors (@ucops)
description:
  - Prints one screen for people, from the results that the roles of this collection have registered in the same run. It
    shows what was done, what was left alone and why, what failed and what to do about it, and what comes next.
  - In check mode it shows what would change, which services would restart on which nodes, how many users that touches,
    and about how long the run takes.
  - Writes the same in Markdown for a change ticket, with every change before and after, when O(path) is given.
  - The role P(ucops.imp.calendar_integration#role) ends with it, and so do the playbooks C(ucops.imp.site) and
    C(ucops.imp.certificates).
  - It reads no cluster and changes none. It shows no password, and nothing at all for a task with C(no_log) or when
    Ansible's output is for programs (the callbacks C(json), C(jsonl) and C(null)).
options:
  parts:
    description: The parts that the run is about. Other parts are shown as well when they have results.
    type: list
    elements: str
    default: []
    choices:
      - trust
      - exchange_certificate
      - presence_gateways
      - calendar_users
      - calendaring
      - presence_engine
      - gateway_status
      - proof
  cluster:
    description: The name of the cluster; the name of the host unless given.
    type: str
  failures:
    description: What failed, for parts whose results do not tell it.
    type: list
    elements: dict
    default: []
    suboptions:
      part:
        description: The part.
        type: str
        required: true
      message:
        description: What happened and what to do.
        type: str
        required: true
  begun:
    description:
      - When the run began, in ISO 8601 with its offset.
      - In check mode the time since then counts as that for reading.
    type: str
  earlier:
    description:
      - Results of parts that ran before and whose variables others have taken since, by the names of the variables.
    type: dict
    default: {}
  servers:
    description:
      - Hosts whose results of the role P(ucops.imp.exchange_certificate#role) belong to it. One with another
        C(ucops_imp_cluster) does not.
    type: list
    elements: str
    default: []
  pending_restarts_path:
    description:
      - The file of pending restarts of the cluster. Beside it, in C(CLUSTER.figures.json), the action keeps how long
        the users and the restarts of the last run took, and a check reads it for its estimate.
      - Left out or empty, nothing is kept, and the estimate is made of assumptions.
    type: path
  path:
    description:
      - Where to write the summary in Markdown. Nothing is written unless it is given. An older file is replaced.
      - It is written in check mode as well. A relative path starts in the working directory of the process that runs
        the playbook.
    type: path
  console:
    description:
      - What is left for a person, because the cluster has no interface for it. See P(ucops.imp.runbook#role).
    type: dict
    suboptions:
      parts:
        description: The parts whose results say so. They count as left alone, and not as failed.
        type: list
        elements: str
        required: true
      steps:
        description: How many steps there are.
        type: int
        required: true
      path:
        description: The page that has them.
        type: path
        required: true
  hosts:
    description:
      - Show a table with how each of these hosts ended, and nothing else. A host without a summary of its own,
        registered as C(calendar_integration_summary), has dropped out of the run.
    type: list
    elements: str
attributes:
  check_mode:
    description: Can run in check mode; it changes no cluster anyhow.
    support: full
  diff_mode:
    description: Returns what changes, before and after.
    support: N/A
    details: It changes nothing.
  idempotent:
    description: When run twice in a row, the second run changes nothing.
    support: full
    details: It changes nothing.
seealso:
  - module: ucops.imp.screen
  - name: The maintenance window
    description: What a check tells before it, and what to put into a change ticket after it.
    link: https://github.com/ucops/ucops.imp/blob/main/docs/maintenance-window.md
"""

EXAMPLES = r"""
- name: Set the calendaring parameters
  ansible.builtin.include_role:
    name: ucops.imp.calendaring

- name: Show what was done
  ucops.imp.summary:
    cluster: headquarters
    parts: [calendaring]
    path: tickets/headquarters.md
"""

RETURN = r"""
lines:
  description: The lines as they were printed, without colours.
  returned: always
  type: list
  elements: str
  sample:
    - "headquarters: 1 change"
verdict:
  description: How it went, in a few words.
  returned: unless O(hosts) is given
  type: str
  sample: 1 of 6 parts failed
parts:
  description: What became of each part.
  returned: unless O(hosts) is given
  type: list
  elements: dict
  contains:
    part:
      description: The name of the part.
      type: str
    state:
      description: C(changed), C(ok), C(failed) or C(not run). In check mode C(changed) is what would change.
      type: str
    changes:
      description: How many changes it made; in check mode, would make.
      type: int
    failures:
      description: How many items failed.
      type: int
  sample:
    - part: calendaring
      state: changed
      changes: 1
      failures: 0
path:
  description: The file that was written.
  returned: when one was written
  type: str
  sample: tickets/headquarters.md
"""
