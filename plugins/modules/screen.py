# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# The action plugin of the same name does it, on the controller.

from __future__ import annotations

DOCUMENTATION = r"""
module: screen
short_description: Show a table and sentences to people
version_added: 0.1.0
author:
  - ucops contributors (@ucops)
description:
  - Prints text for people, in one piece, beside Ansible's own output. Ansible itself shows a result as JSON.
  - A table is made as wide as the terminal, and what does not fit is wrapped. Signs that are two columns wide, such as
    Chinese ones, stay in their column.
  - A line that begins with V(failed), V(unknown), V(warning), V(changed), V(done) or V(ok) has Ansible's colour for it,
    where Ansible shows colours.
  - Nothing is printed for a task with C(no_log), and when Ansible's output is for programs (the callbacks C(json),
    C(jsonl) and C(null)). The lines are in the result in any case.
options:
  title:
    description: The first line.
    type: str
  columns:
    description: The titles of the columns of a table.
    type: list
    elements: str
  rows:
    description:
      - The rows of the table, each a list with as many cells as there are O(columns).
      - A list in a cell gets a line for each of its items. V(true) and V(false) are shown as yes and no.
    type: list
    elements: list
  lines:
    description: Lines that are shown as they are, such as those of P(ucops.imp.preflight_table#filter).
    type: list
    elements: str
  notes:
    description: Sentences below the table, each beginning a line, and wrapped where they are too long.
    type: list
    elements: str
  width:
    description:
      - The longest line of a table or sentence, in columns of a terminal, 60 to 1000.
      - Left out, it is the terminal's own width, and 79 where there is no terminal.
    type: int
attributes:
  check_mode:
    description: Can run in check mode; it changes nothing anyhow.
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
  - module: ucops.imp.preflight_info
"""

EXAMPLES = r"""
- name: Show the gateways as a table
  ucops.imp.screen:
    title: Presence gateways of {{ inventory_hostname }}
    columns: [GATEWAY, VERIFIED, WHAT TO DO]
    rows:
      - [mail1.example.com, true, ""]
      - [mail2.example.com, false, Add the certificate of its authority to the trust store.]
    notes:
      - A gateway that is not verified gets no calendars.
"""

RETURN = r"""
lines:
  description: The lines as they were printed, without colours.
  returned: success
  type: list
  elements: str
  sample:
    - GATEWAY             VERIFIED  WHAT TO DO
    - --------------------------------------------
    - mail1.example.com   yes
"""
