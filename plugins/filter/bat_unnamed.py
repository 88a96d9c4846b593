# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: bat_unnamed
short_description: User ids that a file of the Bulk Administration Tool cannot hold
version_added: 0.1.0
author:
  - ucops contributors (@ucops)
description:
  - Returns those of the given user ids that P(ucops.imp.bat_file#filter) refuses, because they would not be read back
    as they are.
  - These are an id with a blank at its beginning or end, one with a line break or another control character, and the id
    V(#), which keeps what is stored.
options:
  _input:
    description: The user ids.
    type: list
    elements: str
    required: true
seealso:
  - plugin: ucops.imp.bat_file
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Who must be managed with a list instead of a file?
  ansible.builtin.debug:
    msg: "{{ found.users | map(attribute='userid') | ucops.imp.bat_unnamed }}"
"""

RETURN = r"""
_value:
  description: The ids that no file can hold, in the order given.
  type: list
  elements: str
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.ucops.imp.plugins.module_utils._formats import bat_file


def bat_unnamed(userids: Any) -> list[str]:
    """Return the ids that no file can hold."""
    if not isinstance(userids, Iterable) or isinstance(userids, (str, Mapping)):
        raise AnsibleFilterError("bat_unnamed: give it a list of user ids.")
    return [userid for userid in map(str, userids) if not bat_file.can_name(userid)]


class FilterModule:
    """The filter under its name."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"bat_unnamed": bat_unnamed}
