# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    # Modules that need a restart of services, and the one that restarts
    DOCUMENTATION = r"""
options:
  pending_restarts_path:
    description:
      - File on the controller in which pending restarts are kept, an absolute path, one file for each cluster.
      - A restart is written down there before the change that needs it, and taken out when M(ucops.imp.services) finds
        that the service has started since. So a run that fails or is killed in between leaves the restart to the next
        one, also where the cluster does not remember it, as no real cluster does.
      - The roles give a file beside the inventory. Without this option nothing is kept.
      - Where the file cannot be written, or the value is an empty text, the task goes on and warns.
    type: path
"""
