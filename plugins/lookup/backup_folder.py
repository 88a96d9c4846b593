# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lookup that tells the roles where a run keeps its backups."""

from __future__ import annotations

DOCUMENTATION = r"""
name: backup_folder
short_description: The folder for the backups of this run
version_added: 0.1.0
author:
  - ucops contributors (@ucops)
description:
  - Returns the folder in which the modules write down what a run changes of a host, an absolute path. All tasks of a
    run are told the same one, so that the run can be taken back as a whole.
  - It is empty unless the variable C(ucops_imp_backup) switches backups on.
  - The folder is C(MOMENT/HOST) in C(ucops_imp_backup_path), which is C(.ucops_imp/backups) beside the inventory unless
    given. A relative path starts in the working directory. On a twin (C(ucops_imp_twin)) it is C(MOMENT/HOST) in
    C(backups) beside the twin's ready file.
  - The roles of this collection use it. Nothing is written by it.
seealso:
  - plugin: ucops.imp.undo
    plugin_type: lookup
"""

EXAMPLES = r"""
# A play with tasks of its own; the roles of the collection have it as the default of their variables.
- name: Change something, with a backup
  hosts: imp_publisher
  vars:
    ucops_imp_backup: true
  module_defaults:
    group/ucops.imp.backup:
      backup: true
      backup_options:
        dir_path: "{{ lookup('ucops.imp.backup_folder') }}"
"""

RETURN = r"""
_raw:
  description: One path, or one empty text.
  type: list
  elements: str
"""

from pathlib import Path
from typing import Any

from ansible import constants
from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase
from ansible_collections.ucops.imp.plugins.module_utils._core.errors import joined
from ansible_collections.ucops.imp.plugins.plugin_utils._rollback.folders import USUAL, run_name
from ansible_collections.ucops.imp.plugins.plugin_utils._settings.variables import converted, spec_of, templated
from ansible_collections.ucops.imp.plugins.plugin_utils._twin.ready import TWIN, NotReady, backups, chosen

BACKUP = "ucops_imp_backup"
PATH = "ucops_imp_backup_path"


class LookupModule(LookupBase):
    """Names the folder of a host in this run."""

    def run(self, terms: list[str], variables: dict[str, Any] | None = None, **_kwargs: Any) -> list[str]:
        """Return one path, empty without backups; raises ``AnsibleLookupError`` when it cannot be made out."""
        host = variables or {}
        spec = {name: spec_of("settings")[name] for name in (BACKUP, PATH)}
        given = {name: templated(self._templar, host.get(name), host.get("omit")) for name in spec}
        settings, problems = converted(spec, given)
        if problems:
            raise AnsibleLookupError(joined(problems))
        if not settings.get(BACKUP):
            return [""]
        inventory = host.get("inventory_dir") or ""
        try:
            twin = chosen(templated(self._templar, host.get(TWIN), host.get("omit")))
        except NotReady as reason:
            raise AnsibleLookupError(f"{TWIN}: {reason}") from None
        if twin is not None:
            settings[PATH] = str(backups(twin))
        if not settings.get(PATH) and not inventory:
            text = f"{PATH}: the inventory has no folder in which backups could be kept. Give an absolute path."
            raise AnsibleLookupError(text)
        root = Path(settings[PATH]).expanduser() if settings.get(PATH) else Path(inventory) / USUAL
        try:
            start = root if root.is_absolute() else Path.cwd() / root
            folder = start / run_name(Path(constants.DEFAULT_LOCAL_TMP))
        except OSError as error:
            raise AnsibleLookupError(f"{PATH}: {root}: {error.strerror}. Give an absolute path.") from None
        return [str(folder / str(host["inventory_hostname"]))]
