# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""What the callback asks of ansible's plays, tasks and values: which compare something, and where they stand.

A value knows its line by a tag from ansible-core 2.19 on, and by an attribute before.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from ansible_collections.ucops.imp.plugins.plugin_utils._drift.places import Declared, Place
from ansible_collections.ucops.imp.plugins.plugin_utils._drift.records import COLLECTION, is_ours

try:
    # Private, and there is no public way: without it the reports point at tasks.
    from ansible._internal._datatag._tags import Origin as _Origin
except ImportError:  # up to core 2.18
    _TAG: Any = None
else:
    _TAG = _Origin

INSTALLED = "ansible_collections"
OURS = (INSTALLED, *COLLECTION.split(".")[:-1])
"""The folders below which this collection is installed, as parts of a path."""
READS = "_info"
"""The end of the names of modules that compare nothing."""
SHARED_ACTION = "ucops.imp.calendar_users"
"""The action plugin of all modules, see meta/runtime.yml."""
SHOWS = ("ucops.imp.screen", "ucops.imp.summary")
"""Actions that only show what others have found."""
READING_ROLES = ("ucops.imp.export",)


def compares(action: str) -> bool:
    """Whether a module or role, by its full name, compares something with what is declared."""
    return is_ours(action) and not action.endswith(READS) and action not in (*READING_ROLES, *SHOWS)


def play_compares(play: Any) -> bool:
    """Whether a play has a task or role that compares something, as far as its files say before it runs."""
    roles = (role.get_name(include_role_fqcn=True) for role in play.get_roles())
    blocks = (*play.pre_tasks, *play.tasks, *play.post_tasks, *play.handlers)
    return any(map(compares, roles)) or any(map(task_compares, _tasks(blocks)))


def task_compares(task: Any) -> bool:
    """Whether a task, or the role that it includes, compares something."""
    return compares(action_of(task)) or compares(str(getattr(task, "_role_name", None) or ""))


def action_of(task: Any) -> str:
    """Return the full name of a task's module."""
    resolved = str(task.resolved_action or task.action)
    # Up to core 2.18 that is the action plugin, which all modules of this collection share.
    return f"{COLLECTION}{str(task.action).rpartition('.')[2]}" if resolved == SHARED_ACTION else resolved


def _tasks(items: Iterable[Any]) -> Iterator[Any]:
    for item in items:
        if hasattr(item, "block"):
            yield from _tasks((*item.block, *item.rescue, *item.always))
        else:
            yield item


def place_of(value: Any) -> Place | None:
    """Return where a value stands in a file of the user."""
    path, line = _origin(value)
    return _users(path, line) if path else None


def _origin(value: Any) -> tuple[str | None, int | None]:
    """Return the file and the line of a value, as ansible-core keeps them."""
    if _TAG is None:
        path, line, _column = getattr(value, "ansible_pos", None) or (None, None, None)
        return path, line
    origin = _TAG.get_tag(value)
    return (origin.path, origin.line_num) if origin else (None, None)


def task_place(task: Any) -> Place:
    """Return the line of a task itself, in whatever file."""
    path, _colon, line = str(task.get_path() or "").rpartition(":")
    return Place(shown(Path(path)), int(line) if line.isdecimal() else 1)


def users_place(task: Any, host: Any, play: Any, declared: Declared | None) -> Place:
    """Return the line that a user would look at for a task: its own, or what leads to it.

    That of a task in a role of this collection is what its variables declare, the include of the role, the play, or the
    host in the inventory.
    """
    # What Ansible has made itself, such as the check of a role's arguments, has the line of the play.
    whole = _path_place(play) if play is not None else None
    own = _path_place(task)
    if own and own != whole:
        return own
    places = (declared.first if declared else None, _include(task, whole), _role_entry(task, play))
    nearest = next((place for place in places if place and place != whole), whole)
    return nearest or place_of(host.get_name()) or task_place(task)


def _include(task: Any, whole: Place | None) -> Place | None:
    """Return the nearest include or block of a user around a task, in the play that is ``whole``."""
    around = getattr(task, "_parent", None)
    while around is not None:
        place = _path_place(around)
        if place and place != whole:
            return place
        around = getattr(around, "_parent", None)
    return None


def _role_entry(task: Any, play: Any) -> Place | None:
    """Return the line of the task's role in a play."""
    if play is None:
        return None
    role = getattr(task, "_role", None)
    names = (role.get_name(include_role_fqcn=True), role.get_name(include_role_fqcn=False)) if role else ()
    for entry in (play.get_ds() or {}).get("roles") or ():
        told = entry if isinstance(entry, str) else entry.get("role") or entry.get("name")
        place = place_of(entry)
        if place and told in names:
            return place
    return None


def _path_place(item: Any) -> Place | None:
    path, _colon, line = str(item.get_path() or "").rpartition(":")
    return _users(path, int(line) if line.isdecimal() else 1) if path else None


def _users(path: str, line: int | None) -> Place | None:
    """Return a place, unless it is in this collection."""
    return None if _is_ours(Path(path)) else Place(shown(Path(path)), line or 1)


def _is_ours(path: Path) -> bool:
    length = len(OURS)
    return any(path.parts[start : start + length] == OURS for start in range(len(path.parts) - length + 1))


def shown(path: Path) -> str:
    """Return a path that is the same on every machine, where there is one: reports are compared between runs."""
    if path.is_relative_to(Path.cwd()):
        return path.relative_to(Path.cwd()).as_posix()
    if INSTALLED in path.parts:
        return Path(*path.parts[path.parts.index(INSTALLED) :]).as_posix()
    return path.as_posix()
