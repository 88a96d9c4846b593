# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: bat_file
short_description: Write users as a file of the Bulk Administration Tool
version_added: 0.1.0
author:
  - ucops contributors (@ucops)
description:
  - Returns the text of a custom file for C(Update Users) that sets the two options of calendar integration to what the
    given users have, and keeps everything else.
  - It is what O(ucops.imp.calendar_users#module:csv_path) takes. The users are sorted by their id.
  - A user that is given as a plain user id gets both options.
  - A change of a user, as RV(ucops.imp.calendar_users#module:changes) lists them in check mode, gives the user what is
    still to be changed, and keeps the other option.
  - A user whose id would not be read back as it is fails the filter, see P(ucops.imp.bat_unnamed#filter).
  - A user id that Ansible has masked is refused, because it is not the one of the cluster.
options:
  _input:
    description:
      - The users, as RV(ucops.imp.calendar_users_info#module:users) lists them, as user ids, or as changes of users.
    type: list
    elements: raw
    required: true
seealso:
  - plugin: ucops.imp.calendar_users
    plugin_type: module
  - plugin: ucops.imp.bat_unnamed
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Write down who is enabled
  ansible.builtin.copy:
    content: "{{ found.users | selectattr('meeting_information') | ucops.imp.bat_file }}"
    dest: calendar-users.csv
    mode: "0644"

- name: See who is not as wanted
  ucops.imp.calendar_users:
    query:
      department: sales
    meeting_information: true
    im_and_presence: true
  check_mode: true
  register: wanted

- name: Write a file with which the Bulk Administration Tool does the same
  ansible.builtin.copy:
    content: "{{ wanted.changes | ucops.imp.bat_file }}"
    dest: calendar-users.csv
    mode: "0644"

- name: Write a file with which the Bulk Administration Tool enables two users
  ansible.builtin.copy:
    content: "{{ ['user0001', 'user0002'] | ucops.imp.bat_file }}"
    dest: calendar-users.csv
    mode: "0644"
"""

RETURN = r"""
_value:
  description: The text of the file.
  type: str
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.ucops.imp.plugins.module_utils._core.errors import shortened
from ansible_collections.ucops.imp.plugins.module_utils._formats import bat_file as _bat

NEEDED = ("userid", "im_and_presence", "meeting_information")
BOTH = {"im_and_presence": True, "meeting_information": True}
"""What a user has who is given as an id."""


def bat_file(users: Any) -> str:
    """Return the file's text; raises ``AnsibleFilterError`` for what is no user."""
    if not isinstance(users, Iterable) or isinstance(users, (str, Mapping)):
        raise AnsibleFilterError("bat_file: give it a list of users or user ids.")
    people = [_user(user) for user in users]
    for user in people:
        missing = [name for name in NEEDED if name not in user] if isinstance(user, Mapping) else NEEDED
        if missing:
            raise AnsibleFilterError(f"bat_file: a user without {', '.join(missing)}.")
    try:
        return _bat.write(people)
    except ValueError as error:
        raise AnsibleFilterError(shortened(f"bat_file: {error}")) from None


def _user(given: Any) -> Any:
    """Return a user with both options, of which ``None`` keeps the stored value; what is no user stays as it is.

    Raises ``AnsibleFilterError`` for a change that is none.
    """
    if isinstance(given, str):
        return {"userid": given, **BOTH}
    if not isinstance(given, Mapping) or not {"id", "fields"} <= given.keys():
        return given
    try:
        after = {change["name"]: change["after"] for change in given["fields"]}
    except (KeyError, TypeError):
        raise AnsibleFilterError("bat_file: a change whose fields are no list of name and after.") from None
    return {"userid": given["id"], **{name: after.get(name) for name in BOTH}}


class FilterModule:
    """The filter under its name."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"bat_file": bat_file}
