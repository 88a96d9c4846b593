# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""Backups: what a task is about to change, written to a file on the controller before the first write.

One file for each task that changes something, JSON, of :data:`FORMAT`, only for its owner to read. It has the planned
changes as the result shows them, so that no secret is in it, and what else is needed to put an object back
(:func:`saved`). ``plugin_utils/_rollback`` makes of it what the modules take. Changes that a run did not come to
are in the file, too: putting back what is as it was changes nothing.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from ansible_collections.ucops.imp.plugins.module_utils._core.errors import ImpError
from ansible_collections.ucops.imp.plugins.module_utils._core.options import OptionSpec
from ansible_collections.ucops.imp.plugins.module_utils._core.plan import Change
from ansible_collections.ucops.imp.plugins.module_utils._formats.request_file import write_atomically
from ansible_collections.ucops.imp.plugins.module_utils._module.secrets import masked

FORMAT = 1
BACKUP: dict[str, OptionSpec] = {
    "backup": {"type": "bool", "default": False},
    "backup_options": {"type": "dict", "options": {"dir_path": {"type": "path"}}},
}
"""The options of every module that changes something; documented by the fragment ``ucops.imp.backup``."""
REPLACED = "replace"
"""The action of an entry about an object that gives way to another one without being deleted by name."""
_ABOUT = (
    "What a task of ucops.imp was about to change, as it was before. The playbook ucops.imp.restore puts it back; do "
    "not edit."
)
_OWNER_ONLY = 0o600
_FOLDER_OF_OWNER = 0o700

Entry = dict[str, Any]
"""What one change was about: ``kind``, ``id``, ``action`` and ``fields`` as in ``changes`` of a result; and with
``before`` what else the object was, if that is needed to put it back. JSON values without secrets."""


class UnreadableBackup(ImpError):
    """A backup is not there or cannot be understood."""

    default_code = "backup-unreadable"


@dataclass(frozen=True)
class Backup:
    """The content of one file. ``written`` is ISO 8601 in UTC, ``server`` the one of the task's connection."""

    module: str
    server: str
    written: str
    entries: tuple[Entry, ...]


def saved(change: Change, before: Mapping[str, Any] | None = None) -> Entry:
    """Return the entry of a change, with what else the object was."""
    return {**change.as_dict(), **({} if before is None else {"before": dict(before)})}


class Backups:
    """Writes down what a task is about to change, when its options ask for it.

    ``secrets`` are the texts that must not be written. They may grow until something is.
    """

    def __init__(self, params: Mapping[str, Any], module: str, server: str, secrets: Collection[str]) -> None:
        self.wanted = bool(params.get("backup"))
        self._folder: str = (params.get("backup_options") or {}).get("dir_path") or ""
        self._module = module
        self._server = server
        self._secrets = secrets

    def problems(self) -> list[str]:
        """Return what is wrong with :data:`BACKUP`."""
        if not self.wanted or Path(self._folder).is_absolute():
            return []
        if not self._folder:
            return ["backup_options: backup=true needs dir_path, a folder on the controller for the file."]
        return [
            f"backup_options.dir_path: {self._folder} is relative, and to what is not certain; give an absolute path."
        ]

    def keep(self, entries: Iterable[Entry]) -> dict[str, str]:
        """Write a file, and return the result that tells where it is; raise :class:`ImpError` when it cannot be."""
        folder, now = Path(self._folder), datetime.now(timezone.utc)
        try:
            folder.mkdir(mode=_FOLDER_OF_OWNER, parents=True, exist_ok=True)
            while (path := folder / f"{_moment(now)}-{self._module}.json").exists():
                now += timedelta(microseconds=1)
            write_atomically(path, _content(self._module, self._server, now, entries, self._secrets), _OWNER_ONLY)
        except (OSError, ImpError) as error:
            why = error.message if isinstance(error, ImpError) else f"{folder} cannot be written to: {error.strerror}."
            text = f"Nothing was changed, because there is no backup of it. {why} Correct that, or switch backup off."
            raise ImpError(text, code="backup-not-written", details={"path": str(folder)}) from None
        return {"backup_file": str(path)}


def _moment(now: datetime) -> str:
    """Return a moment so that names sort as moments do."""
    return now.strftime("%Y-%m-%dT%H%M%S.%fZ")


def _content(module: str, server: str, now: datetime, entries: Iterable[Entry], secrets: Collection[str]) -> str:
    head = {"about": _ABOUT, "format": FORMAT, "module": module, "server": server, "written": now.isoformat()}
    begin = json.dumps(head, indent=1).removesuffix("\n}")
    # A line for each entry: there may be thousands, and people read it, too.
    lines = ",\n".join(f"  {_line(entry, secrets)}" for entry in entries)
    return f'{begin},\n "entries": [\n{lines}\n ]\n}}\n'


def _line(entry: Entry, secrets: Collection[str]) -> str:
    line = json.dumps(entry, ensure_ascii=False)
    # Looking at the whole line first saves looking at each text of thousands of users.
    return json.dumps(_masked(entry, secrets)) if any(secret in line for secret in secrets) else json.dumps(entry)


def _masked(value: Any, secrets: Collection[str]) -> Any:
    if isinstance(value, str):
        return masked(value, secrets)
    if isinstance(value, Mapping):
        return {key: _masked(item, secrets) for key, item in value.items()}
    return [_masked(item, secrets) for item in value] if isinstance(value, (list, tuple)) else value


def read(path: Path) -> Backup:
    """Read a backup; raises :class:`UnreadableBackup`."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise _unreadable(path, f"it cannot be read ({error.strerror})") from None
    except (ValueError, RecursionError):
        raise _unreadable(path, "it is damaged") from None
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise _unreadable(path, "another program, or another release of ucops.imp, has written it")
    texts = [data.get(name) for name in ("module", "server", "written")]
    entries = data.get("entries")
    if not all(isinstance(text, str) for text in texts) or not are_entries(entries):
        raise _unreadable(path, "it is damaged")
    return Backup(str(data["module"]), str(data["server"]), str(data["written"]), tuple(data["entries"]))


def are_entries(entries: Any) -> bool:
    """Whether a JSON value is a list of entries."""
    return isinstance(entries, list) and all(
        isinstance(entry, dict)
        and all(isinstance(entry.get(name), str) for name in ("kind", "id", "action"))
        and isinstance(entry.get("fields"), list)
        and all(isinstance(item, dict) and isinstance(item.get("name"), str) for item in entry["fields"])
        and isinstance(entry.get("before", {}), dict)
        for entry in entries
    )


def _unreadable(path: Path, why: str) -> UnreadableBackup:
    text = f"{path} is no backup that can be put back: {why}. Give the folder that a run has written, as it was."
    return UnreadableBackup(text, details={"path": str(path)})


def read_folder(folder: Path) -> list[Backup]:
    """Return the backups in a folder, the oldest first; raises :class:`UnreadableBackup`."""
    try:
        paths = sorted(path for path in folder.iterdir() if path.suffix == ".json")
    except OSError as error:
        raise _unreadable(folder, f"it cannot be read ({error.strerror})") from None
    return [read(path) for path in paths]
