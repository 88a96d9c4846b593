# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""The screen at the end of a run: what was done, left alone and failed on one cluster, and what to do next. Pure.

The sentences are those of the summary in Markdown as well (``ticket``).
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePath
from typing import Any

from ansible_collections.ucops.imp.plugins.module_utils._core.errors import shortened
from ansible_collections.ucops.imp.plugins.module_utils._core.words import alike, counted, named, noun, text
from ansible_collections.ucops.imp.plugins.module_utils._product.parameters import recommended_spread
from ansible_collections.ucops.imp.plugins.plugin_utils._screens.figures import Step, about, duration
from ansible_collections.ucops.imp.plugins.plugin_utils._screens.findings import (
    FAILED,
    NOT_RUN,
    RIGHT,
    SERVERS,
    USERS,
    Failure,
    Group,
    Part,
    restarted,
    still_to_restart,
    users_of,
)
from ansible_collections.ucops.imp.plugins.plugin_utils._screens.table import table, wrapped

VERBS = {
    "create": "added",
    "update": "changed",
    "delete": "removed",
    "restart": "restarted",
    "start": "started",
    "stop": "stopped",
    "activate": "activated",
    "deactivate": "deactivated",
    "disable": "switched off",
    "enable": "switched on",
}
ENABLED = ("im_and_presence", False, True)
"""The change of a user who is assigned to a node from then on."""
SHOWN = "meeting_information"
"""The option of a user whom the automatic calendar spread counts."""
VALUE = "value"
"""The one field of a parameter."""
LONGEST_NAME = 300
"""Characters of an object's name with its values on the screen; one may be longer than any screen."""


@dataclass(frozen=True)
class Console:
    """What is left for a person at a console: how many steps, and the page that has them."""

    steps: int
    path: str


@dataclass(frozen=True)
class Summary:
    """A run of one cluster; ``steps`` are those of the estimate, and empty outside of check mode."""

    cluster: str
    host: str
    check: bool
    begun: datetime
    ended: datetime
    by: str
    parts: tuple[Part, ...]
    steps: tuple[Step, ...] = ()
    console: Console | None = None

    @property
    def seconds(self) -> float:
        """How long it took; none where the clock was set back meanwhile."""
        return max((self.ended - self.begun).total_seconds(), 0.0)

    @property
    def failed(self) -> list[Part]:
        """The parts that failed."""
        return [part for part in self.parts if part.state == FAILED]

    @property
    def groups(self) -> list[Group]:
        """All changes."""
        return [group for part in self.parts for group in part.groups]

    @property
    def restarts(self) -> dict[str, list[str]]:
        """The services that restart, by node."""
        return restarted(self.parts)

    @property
    def verdict(self) -> str:
        """How it went, in a few words."""
        tried = [part for part in self.parts if part.state != NOT_RUN]
        if self.failed:
            told = f"{len(self.failed)} of {counted(len(tried), 'part')} failed"
        elif not tried:
            told = "no part was run"
        elif self.groups:
            told = counted(sum(group.count for group in self.groups), "change")
        elif len(tried) < len(self.parts):
            told = f"nothing to change, {len(tried)} of {counted(len(self.parts), 'part')} run"
        else:
            told = "everything is as declared"
        return f"check, nothing was written: {told}" if self.check else told


def screen(summary: Summary, width: int) -> list[str]:
    """Return the lines of the screen."""
    when = f"{summary.begun:%H:%M:%S} to {summary.ended:%H:%M:%S}, {duration(summary.seconds)}"
    lines = [*wrapped(f"{summary.cluster}: {summary.verdict}", width), *wrapped(f"{summary.host}, {when}", width)]
    for titles, rows in _sections(summary):
        if rows:
            lines += ["", *table(titles, rows, width)]
    notes = [line for note in sentences(summary) for line in wrapped(note, width)]
    lines += ["", *notes] if notes else []
    lines += ["", "NEXT"]
    for number, step in enumerate(next_steps(summary), 1):
        lines += wrapped(step, width, f"{number}. ")
    return lines


def _sections(summary: Summary) -> Iterator[tuple[list[str], list[list[Any]]]]:
    done = "WOULD CHANGE" if summary.check else "DONE"
    yield [done, "WHICH"], [[what, which] for what, which in done_rows(summary.groups, check=summary.check)]
    if summary.check:
        yield ["WOULD RESTART ON", "SERVICES"], [[node, ", ".join(names)] for node, names in summary.restarts.items()]
        yield (
            ["TIME FOR", "ABOUT", "FIGURE"],
            [[step.what, about(step.seconds).removeprefix("about "), step.basis] for step in summary.steps],
        )
    yield ["LEFT ALONE", "WHY"], [[part, why] for part, why in left_rows(summary.parts)]
    yield (
        ["FAILED", "WHAT HAPPENED, AND WHAT TO DO"],
        [
            [[line for part, failure in same for line in (part.title, *_ids(failure, 3))], message]
            for same, message in failures(summary)
        ],
    )
    yield ["NOTE", ""], [[part.title, warning] for part in summary.parts for warning in part.warnings]


def failures(summary: Summary) -> list[tuple[list[tuple[Part, Failure]], str]]:
    """Return what failed, each message once with the parts and failures that it is about."""
    told = [(part, failure) for part in summary.failed for failure in part.failures]
    return alike(told, lambda one: ("", one[1].message))


def _ids(failure: Failure, most: int) -> list[str]:
    return [named(failure.ids, most)] if failure.ids else []


def done_rows(groups: Iterable[Group], *, check: bool, most: int = 3) -> Iterator[tuple[str, str]]:
    """Yield what was done by kind of object, and the first names: ``("2 gateways added", "mail1, mail2")``."""
    kinds: dict[tuple[str, str], list[Group]] = {}
    for group in groups:
        kinds.setdefault((group.kind, group.action), []).append(group)
    for (kind, action), same in kinds.items():
        verb = VERBS.get(action, action)
        number = sum(group.count for group in same)
        yield f"{counted(number, noun(kind))} {'to be ' if check else ''}{verb}", _which(same, most)


def _which(groups: Iterable[Group], most: int) -> str:
    places: dict[tuple[str, ...], list[str]] = {}
    for group in groups:
        values = {name: (before, after) for name, before, after in group.fields}
        suffix = ""
        if values.keys() == {VALUE}:
            before, after = values[VALUE]
            suffix = f": {text(before)} -> {text(after)}"
        names = (shortened(f"{name}{suffix}", LONGEST_NAME) for name in group.names)
        places.setdefault(group.nodes, []).extend(names)
    told = []
    for nodes, those in places.items():
        # A request for a server's certificate has the server's name.
        where = f" on {named(nodes)}" if nodes and list(nodes) != those else ""
        told.append(f"{named(those, most)}{where}")
    return "; ".join(told)


def left_rows(parts: Iterable[Part]) -> Iterator[tuple[str, str]]:
    """Yield what was left alone, and why."""
    for part in parts:
        if part.state == NOT_RUN:
            yield part.title, part.why
        elif part.name == "calendar_users":
            right = _users_right(part)
            if right:
                yield part.title, f"{counted(right, 'user')} as declared"
            elif part.state == RIGHT:
                yield part.title, "no user is selected"
        elif part.name == "gateway_status":
            # A status that could not be read tells nothing of gateways.
            if "status" in part.found:
                yield part.title, _verified(part)
        elif part.state == RIGHT:
            yield part.title, "a meeting is shown" if part.name == "proof" else "as declared"


def _users_right(part: Part) -> int:
    current = part.found.get("current") or {}
    failed = sum(max(len(failure.ids), 1) for failure in part.failures)
    changed = sum(group.count for group in part.groups)
    return max(int(current.get("selected", 0)) - changed - failed, 0)


def _verified(part: Part) -> str:
    status = part.found.get("status") or []
    checked = [row for row in status if row.get("checked")]
    missing = [str(row.get("name")) for row in checked if not row.get("verified")]
    if not status:
        return "no gateway is there to be checked"
    told = f"{len(checked) - len(missing)} of {counted(len(checked), 'gateway')} verified"
    if len(checked) < len(status):
        told += f", {len(status) - len(checked)} not checked by the product"
    return f"{told}; not verified: {named(missing)}" if missing else told


def sentences(summary: Summary) -> list[str]:
    """Return what a check tells beside its tables: whom it touches and how long it takes."""
    if not summary.check or not summary.groups:
        return []
    users = sum(group.count for group in summary.groups if group.kind == USERS)
    told = [f"Users that would get other settings: {users:,}."] if users else []
    if summary.restarts:
        touched = users_of(summary.restarts, summary.parts)
        whom = "How many users that touches is not known: the cluster does not tell which node has which users."
        if touched is not None:
            whom = f"Users on these nodes now: {touched:,}{_and_enabled(summary.groups)}."
        told.append(f"While a node restarts, the presence of its users is not up to date. {whom}")
    spread = _spread_of_the_run(summary.parts)
    if spread is not None:
        told.append(
            f"calendar_spread will be {spread}: the check counts the users of now, the run those that it leaves."
        )
    total = sum(step.seconds for step in summary.steps)
    return [*told, f"The run takes {about(total)}."]


def _spread_of_the_run(parts: Sequence[Part]) -> int | None:
    """Return the automatic calendar spread for the users as they will be, where that is not what the check says."""
    users = next((part.found["assigned_users"] for part in parts if "assigned_users" in part.found), None)
    if users is None:
        return None
    switched = sum(
        group.count * (1 if after else -1)
        for part in parts
        for group in part.groups
        for name, before, after in group.fields
        if (group.kind, name) == (USERS, SHOWN) and bool(before) != bool(after)
    )
    spread = recommended_spread(max(users + switched, 0))
    return spread if spread != recommended_spread(users) else None


def _and_enabled(groups: Iterable[Group]) -> str:
    """Tell of the users that the same run puts on the nodes before they restart."""
    more = sum(group.count for group in groups if group.kind == USERS and ENABLED in group.fields)
    return f", and {more:,} that this run enables before" if more else ""


def next_steps(summary: Summary) -> list[str]:
    """Return what somebody should do now, at least one sentence."""
    steps = list(_at_the_console(summary))
    if summary.failed and summary.check:
        steps.append("Put right what failed, and check again before the maintenance window.")
    elif summary.failed:
        # Servers have no run of their own: it needs the cluster.
        alone = all(part.name == SERVERS for part in summary.parts)
        steps.append(
            "Put right what failed, and run the same command again. It does what is missing, and nothing twice."
            + ("" if alone else f" For this cluster alone add --limit {summary.host}")
        )
    left = [] if summary.check else still_to_restart(summary.parts)
    if left:
        steps.append(
            f"Restart what has not loaded the changes ({', '.join(left)}) in a maintenance window: "
            f"ansible-playbook -i INVENTORY ucops.imp.presence_engine --limit {summary.host}"
        )
    unverified = [part for part in summary.parts if part.name == "gateway_status" and "not verified" in _verified(part)]
    if unverified and not summary.failed and not (summary.check and summary.groups):
        steps.append("See what to do about the gateways: ansible-playbook -i INVENTORY ucops.imp.gateway_status")
    if summary.check and summary.groups and not summary.failed:
        window = " in a maintenance window" if summary.restarts else ""
        steps.append(f"Run the same command without --check{window}.")
    steps = steps or ["Nothing. Another run changes nothing."]
    files = (path for part in summary.parts for path in part.found.get("backup_files", ()))
    return steps + [
        f"To take this run back: ansible-playbook -i INVENTORY ucops.imp.restore -e {_variable('restore_path', folder)}"
        for folder in dict.fromkeys(str(PurePath(path).parent) for path in files)
    ]


def _at_the_console(summary: Summary) -> Iterator[str]:
    """Yield what is left for a person; it comes first, because users that failed may wait for a gateway."""
    if summary.console is not None and summary.console.steps:
        are = "is" if summary.console.steps == 1 else "are"
        page = (
            f"See {summary.console.path}" if not summary.check else f"The run writes them into {summary.console.path}"
        )
        yield f"{counted(summary.console.steps, 'step')} {are} left for the console. {page}"


def _variable(name: str, value: str) -> str:
    """Return what to write after ``-e`` in a shell: with a blank or a quote in it, ansible wants a value as JSON."""
    plain = f"{name}={value}"
    return plain if shlex.quote(plain) == plain else shlex.quote(json.dumps({name: value}))


def states(parts: Sequence[Part]) -> list[dict[str, Any]]:
    """Return the parts for programs: ``{part, state, changes, failures}``."""
    return [
        {
            "part": part.name,
            "state": part.state,
            "changes": sum(group.count for group in part.groups),
            "failures": sum(max(len(failure.ids), 1) for failure in part.failures),
        }
        for part in parts
    ]
