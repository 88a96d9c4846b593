# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lookup with which roles and playbooks take their variables."""

from __future__ import annotations

DOCUMENTATION = r"""
name: options
short_description: The variables of a role or playbook as its argument spec says
version_added: 0.1.0
author:
  - ucops contributors (@ucops)
description:
  - Returns one dictionary with the variables of a role of this collection, each with the type that the role's
    C(meta/argument_specs.yml) gives it. Ansible validates the variables of a role but does not convert them, so that
    the text of C(-e trust_purge=no) would count as true.
  - A variable that is not given, C(null) or C(omit) has the default of the argument spec, else that of the role's
    C(defaults/main.yml), which may be a template. Without a default it is not in the dictionary.
  - Lists may be given as text, with commas (V(trust,calendaring)) or as JSON.
  - A relative path of a file starts in the folder of the playbook, where Ansible runs modules, or else in the working
    directory of the process. In a playbook of this collection it starts in the working directory.
  - A value that cannot be converted is an error that names the variable and the rule.
  - With C(ucops_imp_twin) the passwords of the real cluster are left out or replaced, and files that belong to an
    environment are beside the twin's ready file.
  - The roles and playbooks of this collection use it; it is of little use elsewhere.
options:
  _terms:
    description:
      - The name of a role of the collection, or of one of its playbooks that has variables of its own.
      - Names of variables that follow it limit the dictionary to these. The others are not looked at, and one of these
        without a value and a default is an error that names it.
    type: list
    elements: str
    required: true
seealso:
  - plugin: ucops.imp.setting_problems
    plugin_type: lookup
"""

EXAMPLES = r"""
# vars/main.yml of the role presence_gateways
presence_gateways_options: "{{ lookup('ucops.imp.options', 'presence_gateways') }}"

# One variable, wherever it is needed
trust_is_pruned: "{{ lookup('ucops.imp.options', 'trust', 'trust_purge').trust_purge }}"
"""

RETURN = r"""
_raw:
  description: One dictionary with the converted variables under their own names.
  type: list
  elements: dict
"""

from typing import Any

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase
from ansible_collections.ucops.imp.plugins.module_utils._core.errors import joined
from ansible_collections.ucops.imp.plugins.plugin_utils._settings.variables import (
    Host,
    Spec,
    needed,
    options_of,
    spec_of,
)
from ansible_collections.ucops.imp.plugins.plugin_utils._twin.ready import TWIN, NotReady


class _Found:
    """The options that were worked out with the variables of one task, as long as these stay as they are.

    A task takes its options several times, each time all of a role, and their templates may ask a vault or read a list
    of thousands of users. Ansible hands over the same variables each time, and makes new ones for the next task. In
    between it puts other objects into them: for the next round of a loop, and what each attempt of ``until`` registers.
    """

    def __init__(self) -> None:
        self._variables: dict[str, Any] | None = None
        self._held: dict[str, Any] = {}
        self._options: dict[tuple[str, ...], dict[str, Any]] = {}

    def of(self, variables: dict[str, Any]) -> dict[tuple[str, ...], dict[str, Any]]:
        """Return what is known by source and names of variables; nothing when these variables are not the last ones."""
        if variables is not self._variables or not self._holds(variables):
            self._variables, self._held, self._options = variables, dict(variables), {}
        return self._options

    def _holds(self, variables: dict[str, Any]) -> bool:
        # Objects are compared, and kept, so that no later one takes the place of another in memory.
        held = self._held
        return len(variables) == len(held) and all(held.get(name, held) is one for name, one in variables.items())


_FOUND = _Found()


class LookupModule(LookupBase):
    """Reads the variables of a role or playbook."""

    def run(self, terms: list[str], variables: dict[str, Any] | None = None, **_kwargs: Any) -> list[dict[str, Any]]:
        """Return one dictionary; raises ``AnsibleLookupError`` for an unknown name and for values that do not fit."""
        source, *wanted = terms
        try:
            described = spec_of(source)
            spec = {option: described[option] for option in wanted or described}
        except KeyError as error:
            raise AnsibleLookupError(f"ucops.imp.options: there is no role, playbook or variable {error}.") from None
        host = variables or {}
        found = _FOUND.of(host)
        if (key := tuple(terms)) not in found:
            found[key] = self._converted(source, spec, host)
        unset = [name for name in wanted if name not in found[key]]
        if unset:
            raise AnsibleLookupError(joined(map(needed, unset)))
        return [dict(found[key])]

    def _converted(self, source: str, spec: Spec, variables: dict[str, Any]) -> dict[str, Any]:
        """Convert what is given for the options of a spec; raises ``AnsibleLookupError`` for what does not fit."""
        try:
            found = options_of(source, spec, Host(variables, self._templar, self._loader))
        except NotReady as reason:
            raise AnsibleLookupError(f"{TWIN}: {reason}") from None
        for _template, error in found.unready.values():
            raise error
        if found.problems:
            raise AnsibleLookupError(joined(found.problems))
        return found.values
