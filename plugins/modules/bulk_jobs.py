#!/usr/bin/python

# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: bulk_jobs
short_description: Run jobs of the Bulk Administration Tool of Unified CM
version_added: 0.1.0
author:
  - ucops contributors (@ucops)
description:
  - Uploads files for the Bulk Administration Tool, has the server look at them, submits jobs, follows them to their end
    and tells what their logs say of each line that failed.
  - A job is known by its description, which is O(jobs[].name). One of this name that does the same, with the same
    content of the file, is there already and is not submitted again. With another content, query or symbol it is
    another job.
  - It is about jobs, not about what users have afterwards. To keep the options of users as they should be, use
    M(ucops.imp.calendar_users), which compares each user.
  - The service C(Cisco Bulk Provisioning Service) of the first node of Unified CM carries jobs out, one after the
    other. It has to be activated there.
options:
  jobs:
    description:
      - The jobs. Others are left alone.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description:
          - The description of the job, 128 characters at most. No two jobs of a task have the same.
        type: str
        required: true
      transaction:
        description:
          - What the job does. It is needed with O(state=present).
          - V(insert_users) adds the users of a file, V(update_users_custom_file) changes those of a file, and
            V(update_users_query) those whom a query finds when the job begins.
        type: str
        choices:
          - insert_users
          - update_users_query
          - update_users_custom_file
      path:
        description:
          - The file on the controller, in UTF-8 or UTF-16, with commas, semicolons or tabs. Its first line names the
            columns; M(ucops.imp.bulk_jobs_info) shows a sample. A blank line ends it.
          - It is sent with all its columns, as UTF-8 with commas, under its own name and a mark of its content.
          - A file may hold passwords. Nothing of its cells but the user id is ever shown.
        type: path
      keep_symbol:
        description:
          - The text that keeps a stored value in a file of V(update_users_custom_file), which the operator chooses. An
            empty cell is a value there.
        type: str
        default: "#"
      query:
        description:
          - Which users V(update_users_query) changes. A user must match all criteria, in any letter case.
          - V(%) stands for any text, and nothing else is a wildcard.
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
      set:
        description:
          - What V(update_users_query) sets. What is left out stays.
        type: dict
        suboptions:
          im_and_presence:
            description:
              - Whether the users are enabled for Unified CM IM and Presence.
            type: bool
          meeting_information:
            description:
              - Whether meeting information is included in their presence.
            type: bool
          home_cluster:
            description:
              - Whether this is their home cluster.
            type: bool
      run:
        description:
          - V(immediately) has the job begin as soon as the service is free. With V(later) it is on Hold until somebody
            activates it, or begins at O(jobs[].start_at).
        type: str
        choices:
          - immediately
          - later
        default: immediately
      start_at:
        description:
          - When a job with O(jobs[].run=later) begins, as a time with its zone, such as V(2030-06-01T22:00:00Z). The
            clock of the server counts.
        type: str
  state:
    description:
      - V(present) submits the jobs that are not there.
      - V(absent) deletes all jobs of these names with their logs; then only O(jobs[].name) counts. One that is at work
        is stopped first.
    type: str
    choices:
      - present
      - absent
    default: present
  validate:
    description:
      - Whether the server looks at a file before its job is submitted. When a line could not be carried out, nothing of
        this job is sent, and the item fails.
      - With V(false) the other lines are done, and the log tells of those that failed.
    type: bool
    default: true
  rerun_failed:
    description:
      - Whether the lines of a job that failed, and those that it has not gone through, are run again when the job has
        ended. They become a job of the same name with a file of these lines only. An update by query is run as a whole.
    type: bool
    default: false
  wait:
    description:
      - Whether to wait for the end of jobs that run immediately or are at work.
    type: bool
    default: true
  wait_timeout:
    description:
      - Seconds to wait for all of them.
    type: int
    default: 600
  poll_interval:
    description:
      - Seconds between two looks at the jobs.
    type: float
    default: 2
attributes:
  action_group:
    membership:
      - ucops.imp.cucm
      - ucops.imp.backup
      - ucops.imp.all
extends_documentation_fragment:
  - ucops.imp.attributes
  - ucops.imp.connection.cucm
  - ucops.imp.backup
notes:
  - Cisco publishes no interface for bulk jobs. The module uses the admin API that the project's emulator serves and
    fails with the code C(no-public-api) where there is none. Submit the job in Cisco Unified CM Administration, Bulk
    Administration, Users, there.
  - That interface takes an application user with the role C(Standard CCMADMIN Administration).
  - What a job has changed is not put back by P(ucops.imp.restore#role).
seealso:
  - module: ucops.imp.bulk_jobs_info
  - module: ucops.imp.calendar_users
    description: Compares and changes users without a job, and takes the same file.
  - module: ucops.imp.services
    description: Activates and starts the service.
"""

EXAMPLES = r"""
- name: Change the users of a file, in which ~ keeps what is stored
  ucops.imp.bulk_jobs:
    hostname: cucm-pub.dc1.example.com
    username: axladmin
    password: "{{ vault_application_password }}"
    jobs:
      - name: Sales, autumn 2026
        transaction: update_users_custom_file
        path: files/sales.csv
        keep_symbol: "~"

- name: Everybody of a department, on Saturday night
  ucops.imp.bulk_jobs:
    hostname: cucm-pub.dc1.example.com
    username: axladmin
    password: "{{ vault_application_password }}"
    jobs:
      - name: Meetings for Sales
        transaction: update_users_query
        query:
          department: Sales%
        set:
          im_and_presence: true
          meeting_information: true
        run: later
        start_at: "2030-06-01T22:00:00Z"

- name: Run the lines again that have failed
  ucops.imp.bulk_jobs:
    hostname: cucm-pub.dc1.example.com
    username: axladmin
    password: "{{ vault_application_password }}"
    jobs:
      - name: New colleagues
        transaction: insert_users
        path: files/new.csv
    rerun_failed: true

- name: Remove a job with its log
  ucops.imp.bulk_jobs:
    hostname: cucm-pub.dc1.example.com
    username: axladmin
    password: "{{ vault_application_password }}"
    jobs:
      - name: Meetings for Sales
    state: absent
"""

RETURN = r"""
changes:
  description: Every job that was submitted, activated, run again or deleted, or would be in check mode.
  returned: always, unless nothing could be read
  type: list
  elements: dict
  contains:
    kind:
      description: Always V(bulk_job).
      type: str
    id:
      description: The job's name.
      type: str
    action:
      description: V(create), V(update) when only its start changes, V(rerun) or V(delete).
      type: str
    fields:
      description: What changes, before and after.
      type: list
      elements: dict
  sample:
    - kind: bulk_job
      id: Sales, autumn 2026
      action: create
      fields:
        - name: transaction
          before:
          after: Update Users - Custom File
          secret: false
        - name: file_name
          before:
          after: sales-3f2a91c0.txt
          secret: false
        - name: lines
          before:
          after: 240
          secret: false
        - name: keep_symbol
          before:
          after: "#"
          secret: false
        - name: start
          before:
          after: immediately
          secret: false
current:
  description: The newest job of each item that is there, after the changes; in check mode before them.
  returned: always, unless nothing could be read
  type: list
  elements: dict
  contains:
    name:
      description: Its description, by which a task knows it.
      type: str
    id:
      description: Its id on the server.
      type: str
    transaction:
      description: The product's word for it.
      type: str
    status:
      description: V(Hold), V(Pending), V(Processing), V(Stop Requested), V(Completed) or V(InComplete).
      type: str
    result:
      description: V(Success), or V(Error) when a line failed or not all of them were gone through; else null.
      type: str
    processed:
      description: How many lines were gone through, the failed ones among them.
      type: int
    failed:
      description: How many of them failed.
      type: int
    total:
      description: How many lines there are, V(0) before it begins.
      type: int
    file_name:
      description: The file on the server, null for an update by query.
      type: str
    keep_symbol:
      description: What keeps a stored value, or null.
      type: str
    start_at:
      description: When it begins or should have begun, null on Hold.
      type: str
    launched_at:
      description: When it began, or null.
      type: str
    ended_at:
      description: When it ended, or null.
      type: str
    log_name:
      description: The name of its log file on the server, or null before it begins.
      type: str
    errors:
      description: The lines that failed.
      type: list
      elements: dict
      contains:
        line:
          description: The line of the file on the controller; of the users that a query has found, counted from 1.
          type: int
        userid:
          description: The user, empty where the line names none.
          type: str
        message:
          description: Why it failed.
          type: str
  sample:
    - name: Sales, autumn 2026
      id: "1795683000"
      transaction: Update Users - Custom File
      status: Completed
      result: Error
      processed: 240
      failed: 1
      total: 240
      file_name: sales-3f2a91c0.txt
      keep_symbol: "#"
      start_at: "2026-11-26T08:10:00Z"
      launched_at: "2026-11-26T08:10:00Z"
      ended_at: "2026-11-26T08:10:01Z"
      log_name: 1795683000#11262026081000.txt
      errors:
        - line: 17
          userid: user0016
          message: User not found
restart_required:
  description: Always empty; a job needs no restart.
  returned: always, unless nothing could be read
  type: list
  elements: str
  sample: []
failures:
  description: What failed. When there is anything, the task fails after everything else was tried.
  returned: always
  type: list
  elements: dict
  contains:
    id:
      description: The job's name.
      type: str
    code:
      description: A stable word for programs.
      type: str
    message:
      description: What happened and what to do.
      type: str
backup_file:
  description: The file on the controller with what the task was about to change.
  returned: with O(backup=true), when something changes, not in check mode
  type: str
  sample: /srv/backups/2026-11-26T151731.004512Z-bulk_jobs.json
"""

from ansible_collections.ucops.imp.plugins.module_utils._clients.axl import SEARCH_TAGS, USER_TAGS
from ansible_collections.ucops.imp.plugins.module_utils._core.options import Arguments
from ansible_collections.ucops.imp.plugins.module_utils._module.backups import BACKUP
from ansible_collections.ucops.imp.plugins.module_utils._module.runner import run
from ansible_collections.ucops.imp.plugins.module_utils._product.bulk_administration import (
    IMMEDIATELY,
    LATER,
    TRANSACTIONS,
)
from ansible_collections.ucops.imp.plugins.module_utils._product.endpoints import CUCM_ADMINISTRATION
from ansible_collections.ucops.imp.plugins.module_utils._resources.bulk_jobs import BulkJobs

ARGUMENTS = Arguments(
    CUCM_ADMINISTRATION,
    {
        "jobs": {
            "type": "list",
            "elements": "dict",
            "required": True,
            "options": {
                "name": {"type": "str", "required": True},
                "transaction": {"type": "str", "choices": list(TRANSACTIONS)},
                "path": {"type": "path"},
                # A symbol is no secret, though its name sounds like a key.
                "keep_symbol": {"type": "str", "default": "#", "no_log": False},
                "query": {"type": "dict", "options": {name: {"type": "str"} for name in SEARCH_TAGS}},
                "set": {"type": "dict", "options": {name: {"type": "bool"} for name in USER_TAGS}},
                "run": {"type": "str", "choices": [IMMEDIATELY, LATER], "default": IMMEDIATELY},
                "start_at": {"type": "str"},
            },
        },
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        "validate": {"type": "bool", "default": True},
        "rerun_failed": {"type": "bool", "default": False},
        "wait": {"type": "bool", "default": True},
        "wait_timeout": {"type": "int", "default": 600},
        "poll_interval": {"type": "float", "default": 2},
        **BACKUP,
    },
)


def main() -> None:
    run(BulkJobs, ARGUMENTS)


if __name__ == "__main__":
    main()
