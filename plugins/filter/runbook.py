# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter that writes the steps that are left for a console."""

from __future__ import annotations

DOCUMENTATION = r"""
name: runbook
short_description: Write the steps that only a console can do
version_added: 0.1.0
author:
  - ucops contributors (@ucops)
description:
  - Some steps of the calendar integration have no public interface on a real cluster. This filter decides which of them
    are left, from what modules of this collection have found, and writes them with the values of the inventory.
  - The role P(ucops.imp.runbook#role) uses it. It reads nothing and sends nothing, and no password passes it.
options:
  _input:
    description:
      - What was found and what is wanted, see the variable C(runbook_found) of the role.
      - The keys are C(cluster), C(cucm), C(publisher), C(host), C(nodes), C(services), C(gateways), C(account),
        C(purge), C(store), C(certificates), C(authority), C(user_file), C(users) and C(results). All but C(cluster) may
        be left out.
    type: dict
    required: true
  form:
    description: What to write. V(steps) is a list with the name and the title of each step.
    type: str
    choices: [steps, markdown, html]
    default: steps
  language:
    description: The language, as ISO 639-1 names it.
    type: str
    choices: [en, ja]
    default: en
seealso:
  - plugin: ucops.imp.runbook
    plugin_type: role
"""

EXAMPLES = r"""
- name: Tell what is left for the console
  ansible.builtin.debug:
    msg: "{{ found | ucops.imp.runbook | map(attribute='title') | list }}"
  vars:
    found:
      cluster: headquarters
      publisher: imp-pub.example.com
      gateways:
        - name: mail1.example.com
      account: 'EXAMPLE\svc-imp'
      results:
        presence_gateways:
          failed: true
          code: no-public-api
"""

RETURN = r"""
_value:
  description: The text of the page, or with O(form=steps) a list of C(step) and C(title).
  type: raw
"""

from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.ucops.imp.plugins.module_utils._core.errors import shortened
from ansible_collections.ucops.imp.plugins.plugin_utils._runbook.pages import LANGUAGES, html, markdown, titles
from ansible_collections.ucops.imp.plugins.plugin_utils._runbook.steps import Found

PAGES = {"markdown": markdown, "html": html}
STEPS = "steps"


def runbook(found: Any, form: str = STEPS, language: str = "en") -> Any:
    """Return the page or the steps; raises ``AnsibleFilterError`` for what cannot be understood."""
    known = {one.name for one in fields(Found)}
    if not isinstance(found, Mapping) or "cluster" not in found or set(found) - known:
        raise AnsibleFilterError(
            f"runbook: give it a dictionary with cluster, and none but {', '.join(sorted(known))}."
        )
    if language not in LANGUAGES:
        raise AnsibleFilterError(f"runbook: language: it must be one of {', '.join(LANGUAGES)}.")
    if form != STEPS and form not in PAGES:
        raise AnsibleFilterError(f"runbook: form: it must be one of {', '.join([STEPS, *PAGES])}.")
    given = Found(**{name: _plain(value) for name, value in found.items() if value is not None})
    try:
        return titles(given, language) if form == STEPS else PAGES[form](given, language)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        text = f"runbook: a value has another shape than the role hands over: {type(error).__name__}: {error}"
        raise AnsibleFilterError(shortened(text)) from None


def _plain(value: Any) -> Any:
    """Return a list as a tuple."""
    return tuple(value) if isinstance(value, list) else value


class FilterModule:
    """The filter under its name."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"runbook": runbook}
