# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""The planner: what is there, what should be there, and so what has to change. Pure: no network, no ansible.

``compare`` works on one kind of object. Both sides are mappings from the object's id, in the form in which ids are
compared, to its fields::

    plan = compare(
        "presence_gateway",
        current={"mail1.example.com": {"port": 443, "description": ""}},
        desired={"mail1.example.com": {"port": 444}, "mail2.example.com": None},
        fields=(Field("port"), Field("description")),
    )

A field that the desired side leaves out is not managed. ``None`` as a desired object means that it should not exist.
``purge=True`` deletes what the desired side does not name. Plans of several kinds are joined with ``+``.

``changed``, ``diff`` and ``changes`` of a module's result all derive from the plan. Values of secret fields never enter
it: they are replaced by :data:`DIFFERS` and :data:`GIVEN` when the change is made, so nothing depends on masking.

A plan also says what to warn of and what cannot be done. It only says so: the runner warns and fails.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from operator import eq
from typing import Any

from ansible_collections.ucops.imp.plugins.module_utils._core.errors import ImpError, InvalidInput, shortened
from ansible_collections.ucops.imp.plugins.module_utils._core.words import (
    alike,
    counted,
    flat,
    noun,
    text,
)

CREATE = "create"
UPDATE = "update"
DELETE = "delete"

DIFFERS = "(differs)"
"""Stands for a stored secret that is not the wanted one."""
GIVEN = "(as given)"
"""Stands for a secret that is going to be written."""

LONGEST_DIFF = 30
"""Changes that a ``diff`` shows exactly; of more it is a page with their numbers and so many of them. Documented."""
_MOST_SORTS = 10
"""Of changes that are counted on that page."""
_LONGEST_LINE = 200
"""Characters of a change on that page; a value may be longer than any screen."""
_VERBS = {CREATE: "is added", DELETE: "is removed"}

Fields = Mapping[str, Any]
"""The fields of one object by name; plain JSON values."""


@dataclass(frozen=True)
class Field:
    """A managed field. ``same(current, desired)`` tells whether two values mean the same."""

    name: str
    secret: bool = False
    same: Callable[[Any, Any], bool] = eq


@dataclass(frozen=True)
class FieldChange:
    """One field's change, ready to be shown. Made with :meth:`of`, which hides secrets."""

    name: str
    before: Any
    after: Any
    secret: bool = False

    @classmethod
    def of(cls, managed: Field, before: Any, after: Any) -> FieldChange:
        """Make the change of a managed field; a secret's values are replaced by markers here and nowhere else."""
        if not managed.secret:
            return cls(managed.name, before, after)
        return cls(managed.name, None if before is None else DIFFERS, None if after is None else GIVEN, secret=True)

    def as_dict(self) -> dict[str, Any]:
        """Return ``{name, before, after, secret}``."""
        return {"name": self.name, "before": self.before, "after": self.after, "secret": self.secret}


@dataclass(frozen=True)
class Change:
    """What happens to one object.

    ``action`` is ``create``, ``update``, ``delete`` or a word of the kind's own (``restart``). ``desired`` holds the
    fields as they should be, secrets included, or what else whoever applies the change has to know; it is never shown.
    """

    kind: str
    id: str
    action: str
    fields: tuple[FieldChange, ...] = ()
    desired: Fields = field(default_factory=dict, repr=False, compare=False)

    @property
    def key(self) -> tuple[str, str]:
        """Which object it is about."""
        return (self.kind, self.id)

    def as_dict(self) -> dict[str, Any]:
        """Return ``{kind, id, action, fields: [{name, before, after, secret}]}``."""
        return {
            "kind": self.kind,
            "id": self.id,
            "action": self.action,
            "fields": [changed.as_dict() for changed in self.fields],
        }

    @property
    def sentence(self) -> str:
        """What happens to it, in words that follow its id: ``im_and_presence no -> yes``."""
        if self.action in _VERBS:
            return _VERBS[self.action]
        fields = [f"{item.name} {text(item.before)} -> {text(item.after)}" for item in self.fields]
        return ", ".join(fields) or self.action

    @property
    def line(self) -> str:
        """What happens to it, as one line."""
        return flat(f"{noun(self.kind)} {self.id}: {self.sentence}")


@dataclass(frozen=True)
class Undeclared:
    """An object that is there and that nobody asked for; ``fields`` are JSON values without secrets."""

    kind: str
    id: str
    fields: Fields

    def as_dict(self) -> dict[str, Any]:
        """Return ``{kind, id, fields: {name: value}}``."""
        return {"kind": self.kind, "id": self.id, "fields": dict(self.fields)}


@dataclass(frozen=True)
class Unknown:
    """A field that somebody asked for and that could not be compared; ``reason`` is one sentence for people."""

    kind: str
    id: str
    field: str
    reason: str

    def as_dict(self) -> dict[str, str]:
        """Return ``{kind, id, field, reason}``."""
        return {"kind": self.kind, "id": self.id, "field": self.field, "reason": self.reason}


@dataclass(frozen=True)
class Refusal:
    """Something that was asked for and cannot be done.

    With an ``id`` that one item fails and everything else is done; without one the whole task fails before anything is
    sent. The other three are those of :class:`~._core.errors.ImpError`.
    """

    message: str
    code: str = InvalidInput.default_code
    id: str | None = None
    details: Mapping[str, Any] = field(default_factory=dict)

    @property
    def error(self) -> ImpError:
        """The failure that it leads to."""
        if self.code == InvalidInput.default_code:
            return InvalidInput([self.message])
        return ImpError(self.message, code=self.code, details=self.details)


@dataclass(frozen=True)
class Plan:
    """Changes in the order in which they are made, sentences to warn of, and what cannot be done."""

    steps: tuple[Change, ...] = ()
    warnings: tuple[str, ...] = ()
    refusals: tuple[Refusal, ...] = ()

    def __add__(self, other: Plan) -> Plan:
        return Plan(self.steps + other.steps, self.warnings + other.warnings, self.refusals + other.refusals)

    def __iter__(self) -> Iterator[Change]:
        return iter(self.steps)

    def __len__(self) -> int:
        return len(self.steps)

    @property
    def changed(self) -> bool:
        """Whether there is anything to do."""
        return bool(self.steps)

    @property
    def changes(self) -> list[dict[str, Any]]:
        """The result's ``changes``."""
        return [step.as_dict() for step in self.steps]

    @property
    def diff(self) -> dict[str, Any]:
        """The result's ``diff``: ``{before: {kind: {id: {field: value}}}, after: ...}`` of what changes, nothing else.

        An object that is created is missing in ``before``, one that is deleted is missing in ``after``. Of more than
        :data:`LONGEST_DIFF` changes it is ``{prepared: text}``, which ansible shows as it is: a page.
        """
        if len(self.steps) > LONGEST_DIFF:
            return {"prepared": self._page()}
        before: dict[str, Any] = {}
        after: dict[str, Any] = {}
        for step in self.steps:
            if step.action != CREATE:
                before.setdefault(step.kind, {})[step.id] = {item.name: item.before for item in step.fields}
            if step.action != DELETE:
                after.setdefault(step.kind, {})[step.id] = {item.name: item.after for item in step.fields}
        return {"before": before, "after": after}

    def _page(self) -> str:
        """Return how many objects of each kind change in which way, and the first of them."""
        lines = [f"{counted(len(self.steps), 'change')}:", *self._sorts(), "", f"The first {LONGEST_DIFF}:"]
        lines += [f"  {shortened(step.line, _LONGEST_LINE)}" for step in self.steps[:LONGEST_DIFF]]
        return "\n".join([*lines, f"  and {len(self.steps) - LONGEST_DIFF:,} more", ""])

    def _sorts(self) -> Iterator[str]:
        """Yield a line for each sort of change with its number, the most frequent first."""
        sorts: list[tuple[int, str, str]] = []
        for kind in dict.fromkeys(step.kind for step in self.steps):
            found = alike((step for step in self.steps if step.kind == kind), lambda step: (step.id, step.sentence))
            sorts += [(len(steps), noun(kind), sentence) for steps, sentence in found]
        sorts.sort(key=lambda sort: -sort[0])
        for number, kind, sentence in sorts[:_MOST_SORTS]:
            yield f"  {shortened(flat(f'{counted(number, kind)}: {sentence}'), _LONGEST_LINE)}"
        if len(sorts) > _MOST_SORTS:
            yield f"  and {sum(sort[0] for sort in sorts[_MOST_SORTS:]):,} in other ways"

    @property
    def listing(self) -> str:
        """All changes, a line each: what a file holds that the user asks for."""
        return "".join(f"{step.line}\n" for step in self.steps)

    @property
    def failure(self) -> ImpError | None:
        """Why nothing of it may be done: all refusals that are about the whole task, together."""
        whole = [refusal for refusal in self.refusals if refusal.id is None]
        if len(whole) > 1:
            messages = list(dict.fromkeys(refusal.message for refusal in whole))
            return ImpError(" ".join(messages), code=whole[0].code, details={"problems": messages})
        return whole[0].error if whole else None

    def only(self, keys: Iterable[tuple[str, str]]) -> Plan:
        """Return the changes of these objects (``Change.key``), in the plan's order."""
        wanted = set(keys)
        return Plan(tuple(step for step in self.steps if step.key in wanted))


def compare(
    kind: str,
    current: Mapping[str, Fields],
    desired: Mapping[str, Fields | None],
    fields: Sequence[Field],
    *,
    purge: bool = False,
) -> Plan:
    """Return the changes that turn ``current`` into ``desired``: deletions first, then the desired side's order.

    Deletions come first because an object may have to make room for another of the same name.
    """
    gone = [key for key in current if (key in desired and desired[key] is None) or (purge and key not in desired)]
    steps = [_deletion(kind, key, current[key], fields) for key in gone]
    for key, wanted in desired.items():
        if wanted is None:
            continue
        step: Change | None
        if key in current:
            step = _update(kind, key, current[key], wanted, fields)
        else:
            step = _creation(kind, key, wanted, fields)
        if step is not None:
            steps.append(step)
    return Plan(tuple(steps))


def _deletion(kind: str, key: str, current: Fields, fields: Sequence[Field]) -> Change:
    """Return the change that removes an object; secrets of an object that goes are nobody's business."""
    shown = tuple(FieldChange(f.name, current[f.name], None) for f in fields if f.name in current and not f.secret)
    return Change(kind, key, DELETE, shown)


def _creation(kind: str, key: str, wanted: Fields, fields: Sequence[Field]) -> Change:
    """Return the change that makes an object."""
    shown = tuple(FieldChange.of(f, None, wanted[f.name]) for f in fields if f.name in wanted)
    return Change(kind, key, CREATE, shown, wanted)


def _update(kind: str, key: str, current: Fields, wanted: Fields, fields: Sequence[Field]) -> Change | None:
    """Return the change of the fields that differ, or ``None`` when none does."""
    shown = tuple(
        FieldChange.of(f, current.get(f.name), wanted[f.name])
        for f in fields
        if f.name in wanted and not (f.name in current and f.same(current[f.name], wanted[f.name]))
    )
    return Change(kind, key, UPDATE, shown, wanted) if shown else None


def undeclared(
    kind: str, current: Mapping[str, Fields], declared: Iterable[str], fields: Sequence[Field]
) -> list[Undeclared]:
    """Return the objects of ``current`` whose id is not among ``declared``, with these fields and no secrets."""
    known = set(declared)
    return [
        Undeclared(kind, key, {f.name: there[f.name] for f in fields if f.name in there and not f.secret})
        for key, there in current.items()
        if key not in known
    ]
