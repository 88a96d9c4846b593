# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: from_working_directory
short_description: Make a path absolute, from where the command runs
version_added: 0.1.0
author:
  - ucops contributors (@ucops)
description:
  - Returns the absolute path of a folder or file on the controller. A relative path starts in the working directory of
    the process that runs the playbook, which is where the command was started.
  - The environment variable E(PWD) has no say. It is not set in every environment, and it may name another folder, as
    below C(ansible-runner).
  - Ansible itself takes a relative path from the folder of the playbook, which for a playbook of a collection is inside
    of the installed collection.
options:
  _input:
    description: The path. C(~) is the home directory.
    type: str
    required: true
  writable:
    description:
      - Whether the filter fails unless the folder is there and can be written to, or can be made.
      - The file system is only looked at.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Keep a report where the command was started
  ansible.builtin.copy:
    content: "{{ report | to_nice_json }}\n"
    dest: "{{ 'reports' | ucops.imp.from_working_directory(writable=true) }}/report.json"
    mode: "0644"
"""

RETURN = r"""
_value:
  description: The absolute path.
  type: str
  sample: /srv/site/reports
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.ucops.imp.plugins.module_utils._core.errors import shortened


def from_working_directory(path: Any, writable: bool = False) -> str:
    """Return the absolute path; raises ``AnsibleFilterError`` for what is no path or, when asked to, not writable."""
    if not isinstance(path, str) or not path.strip() or "\0" in path:
        raise _refused(f"from_working_directory: {path!r} is no path.")
    try:
        found = Path(path).expanduser()
        start = "" if found.is_absolute() else str(Path.cwd())
    except RuntimeError:
        raise _refused(f"from_working_directory: {path}: there is no such user.") from None
    except OSError:
        raise _refused(
            f"from_working_directory: {path}: the working directory is gone. Start the command in a folder that is "
            "there, or give an absolute path."
        ) from None
    found = start / found
    if writable:
        _require_writable(found, start)
    return str(found)


def _require_writable(folder: Path, start: str) -> None:
    """Look at the folder, or at the innermost one above it that is there."""
    there = next(place for place in (folder, *folder.parents) if os.path.lexists(place))
    if there.is_dir() and os.access(there, os.W_OK | os.X_OK):
        return
    reason = "cannot be written to" if there.is_dir() else "is no folder"
    what = "Give another path"
    if start:
        what += f", or start the command in another folder than {start}"
    raise _refused(f"Nothing can be written to {folder}: {there} {reason}. {what}.")


def _refused(text: str) -> AnsibleFilterError:
    return AnsibleFilterError(shortened(text))


class FilterModule:
    """The filter under its name."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"from_working_directory": from_working_directory}
