# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: masked_places
short_description: Tell where Ansible has masked a text
version_added: 0.1.0
author:
  - ucops contributors (@ucops)
description:
  - Returns the places in a value whose text holds C(********) or C(VALUE_SPECIFIED_IN_NO_LOG_PARAMETER), with which
    Ansible hides the secrets of a task in its result.
  - When a password is an ordinary word, Ansible hides the word in names and descriptions too. Such a text is not what
    the cluster has. The modules of this collection take none, and P(ucops.imp.export#role) writes none.
options:
  _input:
    description: The value, for example a part of a result. In C(invocation) of a result, every secret is masked.
    type: raw
    required: true
"""

EXAMPLES = r"""
- name: Refuse a list that is not what the cluster has
  ansible.builtin.assert:
    that: found.gateways | ucops.imp.masked_places == []
"""

RETURN = r"""
_value:
  description: The places, empty when nothing is masked.
  type: list
  elements: str
  sample: ["[0].description"]
"""

from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.ucops.imp.plugins.module_utils._core.masked import masked_places


def places(value: Any) -> list[str]:
    """Return the places of masked texts in a JSON value."""
    try:
        return list(masked_places(value))
    except RecursionError:
        raise AnsibleFilterError("masked_places: too many lists and dictionaries are nested.") from None


class FilterModule:
    """The filter under its name."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"masked_places": places}
