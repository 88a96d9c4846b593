# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    # Modules that change something
    DOCUMENTATION = r"""
options:
  backup:
    description:
      - Whether to write what the task is about to change to a file on the controller, before anything is sent.
      - The playbook P(ucops.imp.restore#role) puts it back. Passwords, private keys and restarts cannot be put back.
      - Nothing is written when nothing changes, and in check mode.
      - When the file cannot be written, the task fails and changes nothing.
      - Say it once for a whole play with C(module_defaults) of the group C(group/ucops.imp.backup). The roles and
        playbooks of this collection take C(ucops_imp_backup).
    type: bool
    default: false
  backup_options:
    description: Where the file is written; needed with O(backup=true).
    type: dict
    suboptions:
      dir_path:
        description:
          - The folder on the controller, an absolute path. It is made if it is not there.
          - The file gets a name of its own, with the moment and the module; only its owner can read it. It holds no
            secret.
        type: path
"""
