# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stands before ansible's own connection plugin of that name, so that no playbook of the tests imports it.

``ansible-playbook`` imports every connection plugin when it starts. That one brings pypsrp, which the modules about
Exchange need and which takes a seventh of the processor time of a start. No playbook here connects that way.
"""

from __future__ import annotations

from ansible.plugins.connection.local import Connection as Local

DOCUMENTATION = """
name: psrp
short_description: In the place of a connection that is not used
description: Connects to nothing.
"""


class Connection(Local):
    """Has the name that ansible looks for."""

    transport = "psrp"
