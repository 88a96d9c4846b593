# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lookup with which the playbooks refuse settings that cannot be meant."""

from __future__ import annotations

DOCUMENTATION = r"""
name: setting_problems
short_description: What is wrong with the settings of a run
version_added: 0.1.0
author:
  - ucops contributors (@ucops)
description:
  - Looks at the variables of a host and at the tags of the run before anything is sent, and returns a sentence for each
    problem.
  - A variable of a role or playbook whose value does not fit its argument spec, or whose template needs a variable that
    is not set. The sentence names that variable and the file that it belongs in.
  - What a module would refuse of the arguments that the tasks of the roles hand over, such as a number out of its
    range, a file that is missing, a certificate that cannot be read, or an account of another form. The modules
    themselves are asked. What an earlier task has to find out first is left to them. A Python library that is missing
    counts too, where modules run with the Python of Ansible.
  - A connection that one of these tasks needs and that is not set, or cannot be right. With C(ucops_imp_twin), a server
    that the twin does not have.
  - A variable that is almost called like one of the collection, which nothing reads. Variables that only begin like one
    of a role get a warning; C(ucops_imp_own_variables) names those that are meant to be there.
  - A tag that the playbook does not have. Ansible runs nothing then, or what was to be skipped, and ends well.
  - Of a part that does not run in this run, by its tags or by C(calendar_integration_parts), the tasks and connections
    are not looked at. Neither are they where modules run on another machine, which has other files.
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
  play_tags:
    description: The tags that the tasks of every role of the playbook have, beside the name of the role.
    type: list
    elements: str
    default: []
  modules:
    description: Whether the modules are asked what they would refuse.
    type: bool
    default: true
  connections:
    description: The variables of connections that the playbook needs beside those of the roles.
    type: list
    elements: str
    default: []
  connections_if_set:
    description: The variables of connections that the playbook takes when they are set.
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
    msg: "{{ problems | join('\n') }}"
  when: problems | length > 0
  vars:
    problems: "{{ query('ucops.imp.setting_problems', 'trust', tags=['trust']) }}"
  tags: always
"""

RETURN = r"""
_raw:
  description: What is wrong, one sentence for each problem; none when all is well.
  type: list
  elements: str
"""

import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from ansible import context
from ansible.errors import AnsibleError
from ansible.plugins.lookup import LookupBase
from ansible.utils.display import Display
from ansible_collections.ucops.imp.plugins.module_utils._core.errors import shortened
from ansible_collections.ucops.imp.plugins.module_utils._core.words import alike
from ansible_collections.ucops.imp.plugins.module_utils._module.validation import Job, job_of
from ansible_collections.ucops.imp.plugins.plugin_utils._settings.names import (
    OWN_VARIABLES,
    selected,
    unknown_tags,
    unknown_variables,
)
from ansible_collections.ucops.imp.plugins.plugin_utils._settings.parts import Parts, connection_problems
from ansible_collections.ucops.imp.plugins.plugin_utils._settings.unset import Unset
from ansible_collections.ucops.imp.plugins.plugin_utils._settings.variables import (
    SETTINGS,
    Host,
    Options,
    is_own_playbook,
    known_variables,
    options_of,
    roles,
    spec_of,
    used_names,
)
from ansible_collections.ucops.imp.plugins.plugin_utils._twin.arguments import AWAY
from ansible_collections.ucops.imp.plugins.plugin_utils._twin.ready import TWIN, NotReady, Ready

ALL_PARTS = "calendar_integration"
OTHER_TAGS = ("gateway_status", "certificates")
"""Tags of the playbooks that are not called like a role."""
UNTAGGED = {"export", "restore"}
"""Roles whose playbooks have no tag, so that a tag of the user's that is spelt alike is no misspelling of theirs."""
MOST_TOLD = 40
"""So many problems are told; who mends these sees the rest."""
_LONGEST_PROBLEM = 600


class LookupModule(LookupBase):
    """Judges the settings of a run."""

    def run(self, terms: list[str], variables: dict[str, Any] | None = None, **kwargs: Any) -> list[str]:
        """Return the problems; warns of what is only odd."""
        host = Host(variables or {}, self._templar, self._loader)
        run, skipped = (list(host.variables.get(name, ())) for name in ("ansible_run_tags", "ansible_skip_tags"))
        elsewhere = [] if _own_playbook_alone() else [*({*roles()} - UNTAGGED), *OTHER_TAGS]
        problems = unknown_tags(run, skipped, kwargs.get("tags", []), elsewhere)
        try:
            twin = host.twin()
        except (AnsibleError, NotReady) as reason:
            return [*problems, shortened(f"{TWIN}: {reason}", _LONGEST_PROBLEM)]
        if twin is not None and not _runs_here(host):
            return [*problems, f"{TWIN}: {AWAY}"]
        unset = Unset(host)
        parts = Parts(host, unset, lambda tags: selected(tags, run, skipped), _job, _same_python(host))
        names = _with_parts(terms, host, run, skipped)
        found = {name: _options(name, host) for name in dict.fromkeys([SETTINGS, *names])}
        for name, options in found.items():
            # A default that a role makes of another variable is told with that one.
            problems += [said for said in options.problems if _variable(said) in host.variables]
            # What all playbooks may read, not every host needs; the roles that do have variables of their own for it.
            for variable, (template, error) in options.unready.items() if name != SETTINGS else ():
                unset.note(variable, template, error)
        problems += self._misspelt(host, found[SETTINGS])
        if _runs_here(host):
            play_tags = kwargs.get("play_tags", ())
            asked = [name for name in names if name in roles() and kwargs.get("modules", True)]
            for name in (name for name in asked if name == ALL_PARTS or selected([name, *play_tags], run, skipped)):
                problems += parts.problems(name, found[name])
            problems += connection_problems(parts, kwargs.get("connections", ()), kwargs.get("connections_if_set", ()))
        told = _told_once([*unset.sentences(), *problems])
        if twin is not None and not told:
            _say(host, twin)
        more = [f"and more: {len(told) - MOST_TOLD} problems."] if len(told) > MOST_TOLD else []
        return [shortened(said, _LONGEST_PROBLEM) for said in told[:MOST_TOLD]] + more

    def _misspelt(self, host: Host, settings: Options) -> list[str]:
        own = settings.values.get(OWN_VARIABLES) or []
        # What a task has registered is nobody's setting.
        names = [name for name, value in host.variables.items() if name not in own and not _registered(value)]
        prefixes = [f"{name}_" for name in [*roles(), "preflight"]]
        found = unknown_variables(names, known_variables(), used_names(), prefixes)
        for sentence in found.warned:
            Display().warning(sentence)
        return found.refused


def _say(host: Host, twin: Ready) -> None:
    """Tell that the run works on a twin, and what the twin says of itself."""
    name = host.variables.get("inventory_hostname")
    text = f"[{name}] works on the twin {twin.path}; the real servers are not asked. {twin.note}"
    Display().display(text.rstrip(), stderr=True)


def _with_parts(terms: Sequence[str], host: Host, run: list[str], skipped: list[str]) -> list[str]:
    """Return the names of roles and playbooks with the roles of the parts that this run takes."""
    names = list(dict.fromkeys(terms))
    if ALL_PARTS in names:
        parts = _options(ALL_PARTS, host).values.get(f"{ALL_PARTS}_parts") or []
        names += [part for part in parts if part in roles() and part not in names and selected([part], run, skipped)]
    return names


def _options(name: str, host: Host) -> Options:
    """Return the options of a role or playbook, as far as they are to be looked at.

    A connection is looked at where it is needed: elsewhere nobody should have to open the vault for it. One that is
    missing is no problem here: whether a role needs it, its tasks tell.
    """
    spec = {
        option: {**described, "required": False}
        for option, described in spec_of(name).items()
        if name != SETTINGS or described["type"] != "dict"
    }
    return options_of(name, spec, host)


def _told_once(problems: Iterable[str]) -> list[str]:
    """Return the problems with one sentence for all settings of which the same is said; each setting is named."""
    pairs = [(name, said) for name, _colon, said in (problem.partition(": ") for problem in dict.fromkeys(problems))]
    # What a long list leaves out must not be the colon behind it, where the screen's two columns part.
    return [
        f"{shortened(', '.join(name for name, _said in same), _LONGEST_PROBLEM // 2)}: {said}"
        for same, said in alike(pairs, lambda pair: pair)
    ]


def _variable(problem: str) -> str:
    return re.split(r"\W", problem, maxsplit=1)[0]


def _job(module: str) -> Job | None:
    """Return the job of a module, found by its name as ansible finds it to run it; none of what only an action does."""
    main = getattr(import_module(f"ansible_collections.ucops.imp.plugins.modules.{module}"), "main", None)
    return main and job_of(main)


def _runs_here(host: Host) -> bool:
    """Tell whether modules run on the controller, where this lookup does, with the same files."""
    try:
        connection = host.value(host.variables.get("ansible_connection"))
    except AnsibleError:
        return False
    return str(connection or context.CLIARGS.get("connection")).rpartition(".")[2] == "local"


def _same_python(host: Host) -> bool:
    """Tell whether modules run with the Python that runs ansible."""
    try:
        return bool(host.value(host.variables.get("ansible_python_interpreter")) == sys.executable)
    except AnsibleError:
        return False


def _registered(value: Any) -> bool:
    return isinstance(value, Mapping) and "failed" in value and "changed" in value


def _own_playbook_alone() -> bool:
    """Tell whether the command line names one playbook, and that is one of this collection."""
    named: Sequence[str] = context.CLIARGS.get("args", ())
    return len(named) == 1 and (named[0].startswith("ucops.imp.") or is_own_playbook(Path(named[0]).resolve().parent))
