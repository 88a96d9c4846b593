# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter that makes a scenario of the emulator of what was read of a cluster."""

from __future__ import annotations

DOCUMENTATION = r"""
name: scenario
short_description: Make a scenario of the emulator of a cluster that was read
version_added: 0.1.0
author:
  - ucops contributors (@ucops)
description:
  - Makes the text of a scenario of what M(ucops.imp.twin_info) returns. C(imp-emulator start --scenario) with it is a
    twin of the cluster, to rehearse on or to hand to somebody else.
  - No secret is in it. What a twin cannot be stands in the note of the scenario, which the emulator shows.
  - The same cluster makes the same text, so that a file of it changes only when the cluster has changed.
  - A text that Ansible has masked is refused, because it is not what the cluster has.
options:
  _input:
    description: The RV(ucops.imp.twin_info#module:twin) of the module.
    type: dict
    required: true
  cluster:
    description: The name of the cluster, that of its group in the inventory.
    type: str
    required: true
  anonymize:
    description:
      - Whether all names become other ones. The same name becomes the same other name wherever it stands, and a twin of
        a twin has the same names again.
      - Nodes, domains, addresses, users with their names, mail addresses and departments, gateways, accounts,
        groups, descriptions and certificates are named anew. Parameters whose value may be a name are left out.
    type: bool
    default: false
positional: cluster
seealso:
  - module: ucops.imp.twin_info
"""

EXAMPLES = r"""
- name: Write down the twin of a cluster that was read before
  ansible.builtin.copy:
    content: "{{ read.twin | ucops.imp.scenario('dc1') }}"
    dest: scenario.yml
    mode: "0600"

- name: And one for somebody else
  ansible.builtin.copy:
    content: "{{ read.twin | ucops.imp.scenario('dc1', anonymize=true) }}"
    dest: anonymous.yml
    mode: "0600"
"""

RETURN = r"""
_value:
  description: The text of the scenario, YAML.
  type: str
"""

from collections.abc import Callable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.ucops.imp.plugins.module_utils._core.errors import shortened
from ansible_collections.ucops.imp.plugins.module_utils._core.masked import REASON, masked_places
from ansible_collections.ucops.imp.plugins.plugin_utils._scenario.anonymous import anonymous
from ansible_collections.ucops.imp.plugins.plugin_utils._scenario.build import scenario as built
from ansible_collections.ucops.imp.plugins.plugin_utils._scenario.text import note, written

_PARTS = {
    "version": str,
    "admin_api": bool,
    "accounts": Mapping,
    "nodes": list,
    "users": list,
    "parameters": list,
    "services": list,
    "trust": list,
    "servers": list,
    "unread": list,
}


def scenario(twin: Any, cluster: Any, anonymize: bool = False) -> str:
    """Return the text of the scenario; raises ``AnsibleFilterError`` for what is no result of ``twin_info``."""
    known = isinstance(twin, Mapping) and all(isinstance(twin.get(name), kind) for name, kind in _PARTS.items())
    if not known or not isinstance(cluster, str):
        raise AnsibleFilterError("scenario: give it what twin_info returns in twin, and the name of the cluster.")
    read = _plain(twin)
    for place in masked_places(read):
        raise AnsibleFilterError(f"scenario: {place}: {REASON}")
    try:
        found = built(read, str.__str__(cluster))
        if anonymize:
            found = anonymous(found)
        return written(found, note(read, found, other_names=anonymize))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        text = f"scenario: this is not what twin_info returns: {type(error).__name__}: {error}"
        raise AnsibleFilterError(shortened(text)) from None


def _plain(value: Any) -> Any:
    """Return a value in Python's own types; what modules return carries marks that only ansible knows."""
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, Mapping):
        return {_plain(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value if value is None or isinstance(value, bool) else int(value)


class FilterModule:
    """Tell ansible which filters are here."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters by name."""
        return {"scenario": scenario}
