#!/usr/bin/python

# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: bulk_jobs_info
short_description: Read jobs and files of the Bulk Administration Tool of Unified CM
version_added: 0.1.0
author:
  - ucops contributors (@ucops)
description:
  - Reads the jobs of the Bulk Administration Tool with what their logs say of each line that failed, the files that
    were uploaded for it, how the service stands that carries jobs out, and a sample file.
options:
  names:
    description:
      - Only the jobs with these descriptions.
    type: list
    elements: str
  errors:
    description:
      - Whether to read the logs of jobs of which lines failed.
    type: bool
    default: true
  sample:
    description:
      - Also return the sample file of this transaction, which shows the columns that it takes.
    type: str
    choices:
      - insert_users
      - update_users_custom_file
attributes:
  action_group:
    membership:
      - ucops.imp.cucm
      - ucops.imp.all
extends_documentation_fragment:
  - ucops.imp.attributes.info
  - ucops.imp.connection.cucm
notes:
  - Cisco publishes no interface for bulk jobs. The module uses the admin API that the project's emulator serves and
    fails with the code C(no-public-api) where there is none.
  - That interface takes an application user with the role C(Standard CCMADMIN Administration).
seealso:
  - module: ucops.imp.bulk_jobs
"""

EXAMPLES = r"""
- name: What became of a job
  ucops.imp.bulk_jobs_info:
    hostname: cucm-pub.dc1.example.com
    username: axladmin
    password: "{{ vault_application_password }}"
    names:
      - Sales, autumn 2026

- name: The columns of a file of new users
  ucops.imp.bulk_jobs_info:
    hostname: cucm-pub.dc1.example.com
    username: axladmin
    password: "{{ vault_application_password }}"
    sample: insert_users
"""

RETURN = r"""
jobs:
  description: The jobs, the oldest first.
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
      description: The lines that failed, with O(errors=true).
      type: list
      elements: dict
      contains:
        line:
          description: The line of the file on the server; of the users that a query has found, counted from 1.
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
files:
  description: The uploaded files by name. What is in them is never told, for it may be a password.
  returned: always, unless nothing could be read
  type: list
  elements: dict
  contains:
    name:
      description: Its name on the server.
      type: str
    transaction:
      description: The product's word for what it is for.
      type: str
    sha256:
      description: SHA-256 of its content.
      type: str
  sample:
    - name: sales-3f2a91c0.txt
      transaction: Update Users - Custom File
      sha256: 3f2a91c0b7d4e6581f0c9a2b3d4e5f60718293a4b5c6d7e8f9a0b1c2d3e4f506
service:
  description: What carries jobs out.
  returned: always, unless nothing could be read
  type: dict
  contains:
    node:
      description: The first node of Unified CM.
      type: str
    name:
      description: The service.
      type: str
    activated:
      description: Whether it is activated.
      type: bool
    status:
      description: V(Started), V(Stopped), V(Starting) or V(Stopping).
      type: str
  sample:
    node: cucm-pub
    name: Cisco Bulk Provisioning Service
    activated: true
    status: Started
sample:
  description: The sample file, the header and one line.
  returned: with O(sample), unless nothing could be read
  type: str
failures:
  description: What failed. When there is anything, the task fails after everything else was tried.
  returned: always
  type: list
  elements: dict
  contains:
    id:
      description: Always empty, because one failure fails the task.
      type: str
    code:
      description: A stable word for programs.
      type: str
    message:
      description: What happened and what to do.
      type: str
"""

from ansible_collections.ucops.imp.plugins.module_utils._core.options import Arguments
from ansible_collections.ucops.imp.plugins.module_utils._module.runner import run_info
from ansible_collections.ucops.imp.plugins.module_utils._product.bulk_administration import FILE_TRANSACTIONS
from ansible_collections.ucops.imp.plugins.module_utils._product.endpoints import CUCM_ADMINISTRATION
from ansible_collections.ucops.imp.plugins.module_utils._resources.bulk_jobs import read_bulk_jobs

ARGUMENTS = Arguments(
    CUCM_ADMINISTRATION,
    {
        "names": {"type": "list", "elements": "str"},
        "errors": {"type": "bool", "default": True},
        "sample": {"type": "str", "choices": list(FILE_TRANSACTIONS)},
    },
)


def main() -> None:
    run_info(read_bulk_jobs, ARGUMENTS)


if __name__ == "__main__":
    main()
