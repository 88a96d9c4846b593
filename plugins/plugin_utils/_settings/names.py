# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""Names that nothing reads: misspelt variables, and tags that no part has. Pure functions that return sentences."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches

MISSPELT = 2
"""So many characters too much, too few, wrong or exchanged with the next make a misspelling; one in a short name."""
SHORT = 16
ALIKE = 0.6
"""From this likeness on, a name is worth a question."""
OWN_VARIABLES = "ucops_imp_own_variables"
"""The variable with which a user says that a name is meant as it is."""

_SPECIAL_TAGS = {"all", "tagged"}
"""What Ansible understands itself and what selects every part; all other words select none."""


@dataclass(frozen=True)
class Findings:
    """What must stop a run, and what a user is only told."""

    refused: list[str] = field(default_factory=list)
    warned: list[str] = field(default_factory=list)


def _question(name: str, known: Iterable[str]) -> str:
    near = get_close_matches(name, list(known), 1, ALIKE)
    return f" Did you mean {near[0]}?" if near else ""


def _is_misspelt(name: str, known: str) -> bool:
    plain = name.lower().replace("-", "_")
    allowed = MISSPELT if len(known) >= SHORT else 1
    if abs(len(plain) - len(known)) > allowed:
        return False
    # What goes on after a whole name, such as trust_nodes2, was meant to be another one.
    if re.fullmatch(rf"{re.escape(known)}(_\w*|\d+)", plain):
        return False
    # Cheap, and enough for nearly all: each change makes two letters at most differ in number.
    surplus, missing = Counter(plain) - Counter(known), Counter(known) - Counter(plain)
    return surplus.total() + missing.total() <= 2 * allowed and _changes(plain, known) <= allowed


def _changes(one: str, other: str) -> int:
    """Count the changes from one text to the other (optimal string alignment)."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, left in enumerate(one, 1):
        before, last, row = row, before, [i]
        for j, right in enumerate(other, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (left != right))
            if last and j > 1 and left == other[j - 2] and one[i - 2] == right:
                cost = min(cost, last[j - 2] + 1)
            row.append(cost)
    return row[-1]


def unknown_variables(
    names: Iterable[str], known: Collection[str], used: Collection[str], prefixes: Iterable[str]
) -> Findings:
    """Judge the names of variables that a host has.

    ``known`` are the variables that users may set, ``used`` all names that the collection's own files mention. A name
    that is almost a known one is refused, whatever it starts with; another one that nothing uses and that starts with
    one of our ``prefixes`` gets a warning, because it may be the user's own.
    """
    ours = tuple(prefixes)
    found = Findings()
    for name in sorted(set(names) - set(known)):
        if any(_is_misspelt(name, other) for other in known):
            found.refused.append(
                f"{name}: nothing reads this variable.{_question(name, known)} "
                f"If it is your own, name it in {OWN_VARIABLES}."
            )
        elif name.startswith(ours) and name not in used:
            found.warned.append(
                f"{name}: nothing reads this variable, though its name begins like one of a role of ucops.imp."
                f"{_question(name, known)} If it is your own, name it in {OWN_VARIABLES}."
            )
    return found


def unknown_tags(
    run: Iterable[str], skipped: Iterable[str], known: Collection[str], elsewhere: Collection[str]
) -> list[str]:
    """Judge ``--tags`` and ``--skip-tags``, with which Ansible runs nothing or too much, and says nothing.

    ``known`` are the tags of this playbook. With other playbooks in the run a tag may be one of theirs: ``elsewhere``
    has those of the collection's other playbooks, and then only what looks like a misspelling is refused. It is empty
    when no other playbook runs. In a playbook without tags ``tagged`` selects nothing either.
    """
    found = []
    special = _SPECIAL_TAGS if known or elsewhere else {"all"}
    has = f"it has the tags {', '.join(known)}" if known else "it has no tags"
    for option, tags in (("--tags", set(run) - special), ("--skip-tags", set(skipped))):
        for tag in sorted(tags - {*known, *elsewhere}):
            question = _question(tag, {*known, *elsewhere})
            if question or not elsewhere:
                found.append(f"{option} {tag}: this playbook has no such tag; {has}.{question}")
    return found


def selected(tags: Iterable[str], run: Collection[str], skipped: Collection[str]) -> bool:
    """Tell whether a task with these tags runs, as Ansible decides it."""
    own = set(tags)
    return bool(own & set(run) or _SPECIAL_TAGS & set(run)) and not own & set(skipped)
