# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    # Modules that change something
    DOCUMENTATION = r"""
options: {}
attributes:
  check_mode:
    description: Can run in check mode, where it sends nothing that changes the cluster and returns what it would do.
    support: full
  diff_mode:
    description:
      - Returns what changes, before and after. Passwords are left out of it.
      - Of more than 30 changes it is a page, with their numbers and the first 30. C(changes) has all of them.
    support: full
  idempotent:
    description: When run twice in a row, the second run sends nothing that changes the cluster.
    support: full
"""

    # Modules that only read
    INFO = r"""
options: {}
attributes:
  check_mode:
    description: Can run in check mode; it changes nothing anyhow.
    support: full
  diff_mode:
    description: Returns what changes, before and after.
    support: N/A
    details: The module changes nothing.
  idempotent:
    description: When run twice in a row, the second run sends nothing that changes the cluster.
    support: full
    details: The module changes nothing.
"""
