# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""The file of pending restarts: what a change still needs, kept for clusters that do not remember it themselves.

It also keeps which presence redundancy groups a task has switched off while it restarts, so that a later one can switch
them on when that task never came to it.

One file for each cluster, JSON, of :data:`FORMAT`. A note is written before the change that needs the restart, and is
taken out when the service is known to have started after it; ``restart_duty`` decides on that. Whoever writes holds a
lock on the file beside it (``.lock``) and replaces the file as a whole, so that a reader, a second run or a kill never
meets half a file. What cannot be read is an error that says so: forgetting a restart is worse than stopping.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import IO, Any

from ansible_collections.ucops.imp.plugins.module_utils._core.errors import ImpError
from ansible_collections.ucops.imp.plugins.module_utils._core.options import OptionSpec
from ansible_collections.ucops.imp.plugins.module_utils._core.plan import Change

FORMAT = 2
OLDER_FORMATS = (1,)
"""Formats that are a part of this one: the first knew no groups that are switched off."""
PENDING_RESTARTS: dict[str, OptionSpec] = {"pending_restarts_path": {"type": "path"}}
"""The option of every module that needs a restart or makes one; documented by the fragment ``ucops.imp.restarts``."""
_ABOUT = (
    "What ucops.imp has still to do: restarts that changes need, and high availability to be switched on again; and "
    "when services were seen. Kept by its modules; do not edit."
)


class UnreadableNotes(ImpError):
    """The file of pending restarts is there and cannot be understood, so that nobody knows what has to restart."""

    default_code = "pending-restarts-unreadable"


@dataclass(frozen=True)
class Entry:
    """A service that has to restart for a change.

    ``node`` is ``None`` for every node of the cluster; then ``loaded`` names those that have restarted. ``noted`` is
    when the change was about to be sent, ``made`` when it was answered (seconds since the epoch, the controller's
    clock); a run that was killed in between leaves ``None``.
    """

    service: str
    node: str | None
    kind: str
    id: str
    action: str
    noted: float
    made: float | None = None
    loaded: tuple[str, ...] = ()

    @property
    def key(self) -> tuple[str, str | None, str, str]:
        """What it is about; a later change of the same object takes its place."""
        return (self.service, self.node, self.kind, self.id)

    def is_same_note(self, other: Entry) -> bool:
        """Whether it is still the note that was read; which nodes have restarted since does not matter."""
        return replace(self, loaded=()) == replace(other, loaded=())


@dataclass(frozen=True)
class Seen:
    """The start time of a node's service as the node wrote it, and when that was seen (seconds since the epoch)."""

    node: str
    service: str
    started: str
    at: float


@dataclass(frozen=True)
class SwitchedOff:
    """A presence redundancy group whose high availability a task was about to switch off, though it was on.

    ``noted`` is when, ``made`` when Unified CM has answered (seconds since the epoch); ``None`` when it never has.
    """

    group: str
    noted: float
    made: float | None = None


@dataclass(frozen=True)
class Content:
    """What the file holds."""

    restarts: tuple[Entry, ...] = ()
    seen: tuple[Seen, ...] = ()
    switched_off: tuple[SwitchedOff, ...] = ()

    def with_entries(self, entries: Iterable[Entry]) -> Content:
        """Return it with these entries in the place of those with the same key."""
        merged = {entry.key: entry for entry in self.restarts} | {entry.key: entry for entry in entries}
        return replace(self, restarts=tuple(merged.values()))

    def with_switched_off(self, note: SwitchedOff) -> Content:
        """Return it with this note in the place of an earlier one about the same group."""
        return replace(self, switched_off=(*self.without_switched_off({note.group}).switched_off, note))

    def without_switched_off(self, groups: Collection[str]) -> Content:
        """Return it without the notes about these groups."""
        return replace(self, switched_off=tuple(note for note in self.switched_off if note.group not in groups))


class PendingRestarts:
    """The file at ``path``."""

    def __init__(self, path: str) -> None:
        self.path = Path(path)

    def read(self) -> Content:
        """Return what the file holds, nothing when there is none; raises :class:`UnreadableNotes`."""
        try:
            text = self.path.read_text(encoding="utf-8")
        except (FileNotFoundError, NotADirectoryError):
            return Content()
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
            raise self._unreadable(f"it cannot be read ({reason})") from None
        try:
            data = json.loads(text)
            known = data["format"]
        except (ValueError, TypeError, KeyError, RecursionError):
            raise self._unreadable("it is damaged") from None
        if known != FORMAT and known not in OLDER_FORMATS:
            raise self._unreadable(f"it has the format {str(known)[:20]}, and this release knows format {FORMAT} only")
        try:
            switched_off = data["switched_off"] if known == FORMAT else ()
            return Content(
                tuple(map(_entry, data["restarts"])),
                tuple(map(_seen, data["seen"])),
                tuple(map(_switched_off, switched_off)),
            )
        except (ValueError, TypeError, KeyError, OverflowError):
            raise self._unreadable("it is damaged") from None

    def _unreadable(self, reason: str) -> UnreadableNotes:
        return UnreadableNotes(
            f"{self.path} tells which services still have to restart, but {reason}. Use the release of ucops.imp "
            "that wrote the file; or delete it, and then restart the services on every node once "
            "(ucops.imp.services with state=restarted and without only_if_required), and see that high availability is "
            "on where it should be.",
            details={"path": str(self.path)},
        )

    def edit(self, change: Callable[[Content], Content]) -> Content:
        """Change the file as a whole while nobody else does, and return what it held before.

        Raises:
            OSError: It cannot be written.
            UnreadableNotes: It cannot be understood.
        """
        # Unreadable is told as such, also where it could not be written either.
        self.read()
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self._locked():
            before = self.read()
            after = change(before)
            if after != before:
                self._write(after)
        return before

    def claim(self) -> IO[str] | None:
        """Return what keeps others from switching groups for as long as it is open, ``None`` when somebody has it.

        The system lets go of it when a process ends, however it does; so who left a note behind and holds no claim is
        gone. Raises ``OSError`` when the file for it cannot be made.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        return _claimed(self._claim_path.open("a", encoding="utf-8"))

    def is_claimed(self) -> bool:
        """Whether another process switches groups at this moment; nothing is written."""
        try:
            held = _claimed(self._claim_path.open(encoding="utf-8"))
        except OSError:
            return False
        if held is None:
            return True
        held.close()
        return False

    @property
    def _claim_path(self) -> Path:
        return self.path.with_name(f"{self.path.name}.switching")

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with self.path.with_name(f"{self.path.name}.lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _write(self, content: Content) -> None:
        data = {
            "about": _ABOUT,
            "format": FORMAT,
            "restarts": [_entry_as_json(entry) for entry in content.restarts],
            "seen": [{**vars(seen), "at": _time_as_text(seen.at)} for seen in content.seen],
            "switched_off": [
                {**vars(note), "noted": _time_as_text(note.noted), "made": _answered_as_text(note.made)}
                for note in content.switched_off
            ],
        }
        # Only the holder of the lock writes it, so one name is enough, and a kill leaves one file at most behind.
        new = self.path.with_name(f"{self.path.name}.new")
        with new.open("w", encoding="utf-8") as file:
            file.write(json.dumps(data, indent=1) + "\n")
            file.flush()
            os.fsync(file.fileno())
        new.replace(self.path)
        folder = os.open(self.path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _claimed(file: IO[str]) -> IO[str] | None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    return file


@dataclass
class Note:
    """What was written down before one change, and what stood in its place."""

    entries: tuple[Entry, ...]
    before: Content = field(default_factory=Content)


class Notebook:
    """Writes down the restarts that the changes of a task need; without a path it does nothing.

    ``now`` returns seconds since the epoch. A file that cannot be written makes a warning, not a failure: the same run
    usually restarts.
    """

    def __init__(self, path: str | None, warn: Callable[[str], None], now: Callable[[], float]) -> None:
        self._path = path
        self._warn = warn
        self._now = now
        self._file = PendingRestarts(path) if path else None

    def problems(self) -> list[str]:
        """Return what is wrong with the option."""
        if not self._path or Path(self._path).is_absolute():
            return []
        return [f"pending_restarts_path: {self._path} is relative, and to what is not certain; give an absolute path."]

    def check(self) -> None:
        """Raise :class:`UnreadableNotes` before anything is sent."""
        if self._file is not None:
            self._file.read()

    def note(self, change: Change, services: Iterable[str], nodes: Sequence[str] | None) -> Note:
        """Write down that these services have to restart, on these nodes or on every one (``None``)."""
        now = self._moment()
        places: Sequence[str | None] = nodes if nodes is not None else (None,)
        entries = tuple(
            Entry(service, node, change.kind, change.id, change.action, noted=now)
            for service in services
            for node in places
        )
        before = self._edit(entries, lambda content: content.with_entries(entries))
        return Note(entries, before or Content())

    def made(self, note: Note) -> None:
        """Write down that the change was answered: what started before this moment may not have loaded it."""
        made_at = self._moment()
        made = tuple(replace(entry, made=made_at) for entry in note.entries)
        self._settle(made, lambda content: content.with_entries(made))

    def withdraw(self, note: Note) -> None:
        """Take a note back whose change was refused; what stood there before is still pending."""
        old = {entry.key: entry for entry in note.before.restarts}

        def undo(content: Content) -> Content:
            gone = [known for known in content.restarts if any(known.is_same_note(mine) for mine in note.entries)]
            kept = replace(content, restarts=tuple(known for known in content.restarts if known not in gone))
            return kept.with_entries(old[known.key] for known in gone if known.key in old)

        self._settle(note.entries, undo)

    def _settle(self, entries: Sequence[Entry], change: Callable[[Content], Content]) -> None:
        """Change the file after the change of the cluster, which a file that was damaged meanwhile does not undo."""
        try:
            self._edit(entries, change)
        except UnreadableNotes as error:
            self._warn(error.message)

    def _moment(self) -> float:
        """Return the present as the file keeps it, so that a note is equal to itself after reading."""
        return _time(_time_as_text(self._now()))

    def _edit(self, entries: Sequence[Entry], change: Callable[[Content], Content]) -> Content | None:
        if self._path is None or not entries:
            return None
        reason = "pending_restarts_path is empty (ansible knows no inventory_dir for this host)"
        if self._file is not None:
            try:
                return self._file.edit(change)
            except OSError as error:
                reason = f"{self._file.path} cannot be written ({error.strerror})"
        self._warn(
            f"The restart that a change needs cannot be noted: {reason}. When this run ends before the restart, no "
            "later run knows of it, unless the cluster itself remembers; then restart the services yourself."
        )
        return None


def _entry(data: dict[str, Any]) -> Entry:
    words = {name: data[name] for name in ("service", "kind", "id", "action")}
    node, made, loaded = data["node"], data["made"], data["loaded"]
    texts = [*words.values(), *loaded, *([] if node is None else [node])]
    if not isinstance(loaded, list) or not all(isinstance(text, str) for text in texts):
        raise TypeError("not text")
    noted = _time(data["noted"])
    return Entry(node=node, noted=noted, made=_answered(made), loaded=tuple(loaded), **words)


def _entry_as_json(entry: Entry) -> dict[str, Any]:
    made = _answered_as_text(entry.made)
    return {**vars(entry), "noted": _time_as_text(entry.noted), "made": made, "loaded": list(entry.loaded)}


def _seen(data: dict[str, Any]) -> Seen:
    words = {name: data[name] for name in ("node", "service", "started")}
    if not all(isinstance(text, str) for text in words.values()):
        raise TypeError("not text")
    return Seen(at=_time(data["at"]), **words)


def _switched_off(data: dict[str, Any]) -> SwitchedOff:
    if not isinstance(data["group"], str):
        raise TypeError("not text")
    return SwitchedOff(data["group"], _time(data["noted"]), _answered(data["made"]))


def _answered(text: str | None) -> float | None:
    return None if text is None else _time(text)


def _answered_as_text(at: float | None) -> str | None:
    return None if at is None else _time_as_text(at)


def _time_as_text(at: float) -> str:
    return datetime.fromtimestamp(at, tz=timezone.utc).isoformat(timespec="microseconds")


def _time(text: str) -> float:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("no zone")
    return moment.timestamp()
