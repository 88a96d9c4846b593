# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: inventory_value
short_description: Write a value into an inventory file so that it is read back as it is
version_added: 0.1.0
author:
  - ucops contributors (@ucops)
description:
  - Returns one line of YAML for a text, a number, a truth value, nothing, or lists and dictionaries of them.
  - A text that Ansible would take for a template is marked C(!unsafe), so braces in a description stay what they are.
  - A text that Ansible has masked is refused, because it is not what the cluster has.
options:
  _input:
    description: The value.
    type: raw
    required: true
"""

EXAMPLES = r"""
- name: Write a description down, whatever is in it
  ansible.builtin.copy:
    content: "description: {{ gateway.description | ucops.imp.inventory_value }}\n"
    dest: group_vars/dc1/gateway.yml
    mode: "0644"
"""

RETURN = r"""
_value:
  description: The line, without a line end.
  type: str
  sample: '!unsafe "Exchange {{ first site }}"'
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

import yaml
from ansible.errors import AnsibleFilterError
from ansible_collections.ucops.imp.plugins.module_utils._core.masked import REASON, masked_places
from ansible_collections.ucops.imp.plugins.module_utils._module.shapes import DEEPEST, too_deep

_TEMPLATE = re.compile(r"\{[{%#]")
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]*")
_WIDTH = 1_000_000_000
"""Characters; a longer line than any value."""


class _Dumper(yaml.SafeDumper):
    """Texts in double quotes, in which everything can be written on one line; single words as YAML likes them."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: _Dumper, value: str) -> yaml.Node:
    tag = "!unsafe" if _TEMPLATE.search(value) else "tag:yaml.org,2002:str"
    return dumper.represent_scalar(tag, value, style=None if _WORD.fullmatch(value) else '"')


_Dumper.add_representer(str, _text)


def _plain(value: Any) -> Any:
    """Return the value in Python's own types; what modules return carries marks that only ansible knows."""
    if isinstance(value, str):
        return str.__str__(value)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, Mapping):
        return {_plain(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    raise AnsibleFilterError(f"inventory_value: {type(value).__name__} is no value of an inventory file.")


def inventory_value(value: Any) -> str:
    """Return one line of YAML for a JSON value; raises ``AnsibleFilterError`` for all else and for masked text."""
    if too_deep({"value": value}):
        raise AnsibleFilterError(f"inventory_value: more than {DEEPEST} lists and dictionaries are nested.")
    for place in masked_places(value):
        raise AnsibleFilterError(f"inventory_value: {place + ': ' if place else ''}{REASON}")
    written: str = yaml.dump(
        _plain(value), Dumper=_Dumper, default_flow_style=True, width=_WIDTH, allow_unicode=True, sort_keys=False
    )
    # PyYAML ends a document that is a plain word with three dots on a line of their own.
    return written.removesuffix("...\n").removesuffix("\n")


class FilterModule:
    """The filter under its name."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"inventory_value": inventory_value}
