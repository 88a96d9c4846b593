# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lookup with which the playbooks refuse settings that cannot be meant."""

from __future__ import annotations

DOCUMENTATION = r"""
name: setting_problems
short_description: Variables and tags that cannot be meant
version_added: 0.1.0
author:
  - ucops contributors (@ucops)
description:
  - Looks at the variables of a host and at the tags of the run before anything is sent, and returns a sentence for each
    problem.
  - A variable of a role or playbook whose value does not fit its argument spec. What depends on something that is not
    there yet is left to the role.
  - A variable that is almost called like one of the collection, which nothing reads. Variables that only begin like one
    of a role get a warning; C(ucops_imp_own_variables) names those that are meant to be there.
  - A tag that the playbook does not have. Ansible runs nothing then, or what was to be skipped, and ends well.
options:
  _terms:
    description:
      - The names of the roles and playbooks whose variables are looked at.
      - With V(calendar_integration) come the roles of its parts that this run takes.
    type: list
    elements: str
    required: true
  tags:
    description: The tags that the playbook has.
    type: list
    elements: str
    default: []
seealso:
  - plugin: ucops.imp.options
    plugin_type: lookup
"""

EXAMPLES = r"""
- name: Refuse settings that cannot be meant
  ansible.builtin.fail:
    msg: "{{ problems }}"
  when: problems | length > 0
  vars:
    problems: "{{ query('ucops.imp.setting_problems', 'trust', tags=['trust']) }}"
  tags: always
"""

RETURN = r"""
_raw:
  description: One text with what is wrong, as far as a message holds it; none when all is well.
  type: list
  elements: str
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ansible import context
from ansible.errors import AnsibleError
from ansible.plugins.lookup import LookupBase
from ansible.utils.display import Display
from ansible_collections.ucops.imp.plugins.module_utils._core.errors import joined
from ansible_collections.ucops.imp.plugins.plugin_utils._settings.names import (
    OWN_VARIABLES,
    selected,
    unknown_tags,
    unknown_variables,
)
from ansible_collections.ucops.imp.plugins.plugin_utils._settings.variables import (
    converted,
    is_own_playbook,
    known_variables,
    roles,
    spec_of,
    templated,
    used_names,
)

SETTINGS = "settings"
"""What all playbooks read."""
ALL_PARTS = "calendar_integration"
OTHER_TAGS = ("gateway_status", "certificates")
"""Tags of the playbooks that are not called like a role."""


class LookupModule(LookupBase):
    """Judges the settings of a run."""

    def run(self, terms: list[str], variables: dict[str, Any] | None = None, **kwargs: Any) -> list[str]:
        """Return one text with the problems, as far as a message holds them; warns of what is only odd."""
        given = variables or {}
        run, skipped = (list(given.get(name, ())) for name in ("ansible_run_tags", "ansible_skip_tags"))
        elsewhere = [] if _own_playbook_alone() else [*roles(), *OTHER_TAGS]
        problems = unknown_tags(run, skipped, kwargs.get("tags", []), elsewhere)
        problems += self._problems_of(SETTINGS, given)
        for name in dict.fromkeys(terms):
            problems += self._problems_of(name, given)
        if ALL_PARTS in terms:
            parts = self._value(ALL_PARTS, f"{ALL_PARTS}_parts", given) or []
            for part in parts:
                if part in roles() and part not in terms and selected([part], run, skipped):
                    problems += self._problems_of(part, given)
        problems += self._misspelt(given)
        return [joined(problems)] if problems else []

    def _misspelt(self, given: Mapping[str, Any]) -> list[str]:
        own = self._value(SETTINGS, OWN_VARIABLES, given) or []
        # What a task has registered is nobody's setting.
        names = [name for name, value in given.items() if name not in own and not _registered(value)]
        prefixes = [f"{name}_" for name in [*roles(), "preflight"]]
        found = unknown_variables(names, known_variables(), used_names(), prefixes)
        for sentence in found.warned:
            Display().warning(sentence)
        return found.refused

    def _problems_of(self, name: str, given: Mapping[str, Any]) -> list[str]:
        # A connection is looked at where it is needed: elsewhere nobody should have to open the vault for it.
        options = [option for option, spec in spec_of(name).items() if name != SETTINGS or spec["type"] != "dict"]
        return [problem for option in options if option in given for problem in self._read(name, option, given)[1]]

    def _value(self, name: str, option: str, given: Mapping[str, Any]) -> Any:
        return self._read(name, option, given)[0].get(option)

    def _read(self, name: str, option: str, given: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
        """Convert one variable; one that cannot be known yet, because of what its template needs, counts as well.

        One that is null is not missing here: only the role knows the default that it works out.
        """
        spec = {option: {**spec_of(name)[option], "required": False}}
        try:
            return converted(spec, {option: templated(self._templar, given.get(option), given.get("omit"))})
        except AnsibleError:
            return {}, []


def _registered(value: Any) -> bool:
    return isinstance(value, Mapping) and "failed" in value and "changed" in value


def _own_playbook_alone() -> bool:
    """Tell whether the command line names one playbook, and that is one of this collection."""
    named: Sequence[str] = context.CLIARGS.get("args", ())
    return len(named) == 1 and (named[0].startswith("ucops.imp.") or is_own_playbook(Path(named[0]).resolve().parent))
