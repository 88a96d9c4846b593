# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lookup that tells what puts back what was changed."""

from __future__ import annotations

DOCUMENTATION = r"""
name: undo
short_description: What puts back what a run has changed
version_added: 0.1.0
author:
  - ucops contributors (@ucops)
description:
  - Reads the backups of a run, or the registered results of tasks, and returns the options with which the modules of
    this collection put everything back, and what nothing puts back. It sends nothing.
  - Of several changes of one object the first counts. That is how the object was before all of them.
  - The role P(ucops.imp.restore#role) uses it.
options:
  _terms:
    description:
      - Folders with backups, or results, those of the first task first.
      - The folder of a run may be given, which has a folder for each host; then it is the one of this host that counts.
      - A folder that is called like another host of the inventory is not this host's, so nothing of it is.
    type: list
    elements: raw
    required: true
  nodes:
    description:
      - Where the nodes are reached whose trust stores were changed, as in M(ucops.imp.trust_certificates).
      - A node that is not in the list is reached by its name.
    type: list
    elements: dict
    default: []
seealso:
  - plugin: ucops.imp.backup_folder
    plugin_type: lookup
"""

EXAMPLES = r"""
- name: Tell what the playbook ucops.imp.restore would do
  ansible.builtin.debug:
    msg: "{{ lookup('ucops.imp.undo', inventory_dir ~ '/.ucops_imp/backups/2026-11-26T151725.123Z') }}"

- name: Tell what would take back the last task
  ansible.builtin.debug:
    msg: "{{ lookup('ucops.imp.undo', calendaring_result).parameters }}"
"""

RETURN = r"""
_raw:
  description:
    - One dictionary. C(cannot) has a sentence for each thing that stays as it is, C(back) how many objects of
      each kind can be put back. The other keys have the options of the modules.
  type: list
  elements: dict
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase
from ansible_collections.ucops.imp.plugins.module_utils._core.errors import ImpError
from ansible_collections.ucops.imp.plugins.module_utils._module.backups import Entry, read_folder
from ansible_collections.ucops.imp.plugins.plugin_utils._rollback.folders import NotOneHosts, host_folder
from ansible_collections.ucops.imp.plugins.plugin_utils._rollback.undo import entries_of, undo


class LookupModule(LookupBase):
    """Reads backups and results."""

    def run(self, terms: list[Any], variables: dict[str, Any] | None = None, **kwargs: Any) -> list[dict[str, Any]]:
        """Return one dictionary; raises ``AnsibleLookupError`` for what is no backup."""
        host = variables or {}
        entries: list[Entry] = []
        try:
            for term in terms:
                entries += entries_of(term) if isinstance(term, Mapping) else _entries_in(term, host)
            found = undo(entries)
        except (AttributeError, KeyError, TypeError, ValueError):
            text = (
                "what is to be put back is damaged. Give results of this collection, or the folder of a run as it was."
            )
            raise AnsibleLookupError(f"ucops.imp.undo: {text}") from None
        known = {node.get("name"): node for node in kwargs.get("nodes") or []}
        for call in (*found.trust_first, *found.trust_last):
            call["nodes"] = [known.get(name, {"name": name}) for name in call["nodes"]]
        return [found.as_dict()]


def _entries_in(path: Any, host: Mapping[str, Any]) -> list[Entry]:
    folder = Path(str(path)).expanduser()
    name = str(host.get("inventory_hostname", ""))
    others = [one for one in (host.get("groups") or {}).get("all", ()) if one != name]
    try:
        mine = host_folder(folder, name, others, alone=_is_alone(name, host))
        return [] if mine is None else [entry for backup in read_folder(mine) for entry in backup.entries]
    except NotOneHosts:
        text = (
            "it does not say of which host its backups are. Name that one with --limit, or give the folder of the run."
        )
        raise AnsibleLookupError(f"{folder}: {text}") from None
    except OSError as error:
        raise AnsibleLookupError(f"{folder} cannot be read: {error.strerror}. Give the folder of a run.") from None
    except ValueError:
        text = "it has no backups. Give the folder of a run, or that of one host in it."
        raise AnsibleLookupError(f"{folder}: {text}") from None
    except ImpError as error:
        raise AnsibleLookupError(error.message) from None


def _is_alone(name: str, host: Mapping[str, Any]) -> bool:
    """Tell whether a run is about this host only. The playbook has a play for clusters and one for Exchange servers."""
    groups = host.get("groups") or {}
    elsewhere = () if host.get("ansible_limit") else (*groups.get("imp_publisher", ()), *groups.get("exchange", ()))
    return {name, *(host.get("ansible_play_hosts_all") or ()), *elsewhere} == {name}
