# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter that makes the status of presence gateways readable."""

from __future__ import annotations

DOCUMENTATION = r"""
name: gateway_table
short_description: Make a table of the status of presence gateways
version_added: 0.1.0
author:
  - ucops contributors (@ucops)
description:
  - Makes lines of text of the status that M(ucops.imp.presence_gateways_info) returns, for people to read on a
    terminal.
  - What failed comes first, each with what to do; then what was not checked, and what is well. The last line counts
    them.
  - M(ucops.imp.screen) shows the lines.
options:
  _input:
    description: The RV(ucops.imp.presence_gateways_info#module:status) of the module.
    type: list
    elements: dict
    required: true
  width:
    description:
      - The longest line, in columns of a terminal, 60 to 1000.
      - Left out, it is the terminal's own width, and 79 where there is no terminal.
    type: int
seealso:
  - module: ucops.imp.presence_gateways_info
  - module: ucops.imp.screen
"""

EXAMPLES = r"""
- name: Show the gateways as a table
  ucops.imp.screen:
    title: Presence gateways of {{ inventory_hostname }}
    lines: "{{ exchange.status | ucops.imp.gateway_table }}"
"""

RETURN = r"""
_value:
  description: The lines of the table.
  type: list
  elements: str
"""

from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.ucops.imp.plugins.module_utils._core.errors import shortened
from ansible_collections.ucops.imp.plugins.plugin_utils._screens.gateways import table
from ansible_collections.ucops.imp.plugins.plugin_utils._screens.shown import terminal_width


def gateway_table(status: Any, width: int | None = None) -> list[str]:
    """Return the lines of the table; raises ``AnsibleFilterError`` for anything that is no status of gateways."""
    try:
        return table(status, terminal_width() if width is None else width)
    except (OverflowError, TypeError, ValueError) as error:
        raise AnsibleFilterError(shortened(f"gateway_table: {error}")) from None


class FilterModule:
    """Tell ansible which filters are here."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters by name."""
        return {"gateway_table": gateway_table}
