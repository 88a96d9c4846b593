# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    # Modules that act on several nodes of a cluster
    DOCUMENTATION = r"""
options:
  nodes:
    description:
      - The nodes to act on, one after another in this order, with the account of the connection options.
      - Without it the module acts on the one node at O(hostname).
      - A node that cannot be reached is listed in RV(failures), and the others are handled all the same.
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
"""
