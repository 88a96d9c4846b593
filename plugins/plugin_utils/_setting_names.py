# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""Names that nothing reads: misspelt variables, and tags that no part has. Pure functions that return sentences."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from difflib import SequenceMatcher, get_close_matches

MISSPELT = 0.9
"""From this likeness (0 to 1) on, a name is taken for a misspelling: about one character in ten differs."""
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


def _likeness(name: str, known: str) -> float:
    plain = name.lower().replace("-", "_")
    # What goes on after a whole name, such as trust_nodes_dc1, was meant to be another one.
    if re.match(rf"{re.escape(known)}(_|\d)", plain):
        return 0.0
    if abs(len(plain) - len(known)) > 0.2 * len(known):
        return 0.0
    return SequenceMatcher(None, plain, known).ratio()


def unknown_variables(
    names: Iterable[str], known: Collection[str], used: Collection[str], prefixes: Iterable[str]
) -> Findings:
    """Judge the names of variables that a host has.

    ``known`` are the variables that users may set, ``used`` all names that the collection's own files mention. A name
    that is almost a known one is refused, whatever it starts with; another one that starts with one of our ``prefixes``
    gets a warning, because it may be the user's own.
    """
    ours = tuple(prefixes)
    found = Findings()
    for name in sorted(set(names) - set(known) - set(used)):
        if any(_likeness(name, other) >= MISSPELT for other in known):
            found.refused.append(
                f"{name}: nothing reads this variable.{_question(name, known)} "
                f"If it is your own, name it in {OWN_VARIABLES}."
            )
        elif name.startswith(ours):
            found.warned.append(
                f"{name}: nothing reads this variable, though its name begins like one of a role of ucops.imp."
                f"{_question(name, known)} If it is your own, name it in {OWN_VARIABLES}."
            )
    return found


def unknown_tags(
    run: Iterable[str], skipped: Iterable[str], known: Collection[str], elsewhere: Collection[str]
) -> list[str]:
    """Judge ``--tags`` and ``--skip-tags``, with which Ansible runs nothing or too much, and says nothing.

    ``known`` are the tags of this playbook. With other playbooks in the run a tag may be one of theirs: ``elsewhere`` has
    those of the collection's other playbooks, and then only what looks like a misspelling is refused. It is empty when
    no other playbook runs.
    """
    found = []
    has = f"it has the tags {', '.join(known)}" if known else "it has no tags"
    for option, tags in (("--tags", set(run) - _SPECIAL_TAGS), ("--skip-tags", set(skipped))):
        for tag in sorted(tags - {*known, *elsewhere}):
            question = _question(tag, {*known, *elsewhere})
            if question or not elsewhere:
                found.append(f"{option} {tag}: this playbook has no such tag; {has}.{question}")
    return found


def selected(tags: Iterable[str], run: Collection[str], skipped: Collection[str]) -> bool:
    """Tell whether a task with these tags runs, as Ansible decides it."""
    own = set(tags)
    return bool(own & set(run) or _SPECIAL_TAGS & set(run)) and not own & set(skipped)
