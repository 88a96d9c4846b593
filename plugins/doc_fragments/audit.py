# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    # Modules that tell of what nobody asked for
    DOCUMENTATION = r"""
options:
  report_undeclared:
    description:
      - Whether to return in RV(undeclared) what the cluster has and the task does not ask for.
      - It changes nothing. What is found makes the task neither changed nor failed.
      - A task knows its own options only. Where several tasks share the work, each reports what the others ask for.
      - Say it once for a whole play with C(module_defaults) of the group C(group/ucops.imp.audit).
    type: bool
    default: false
"""
