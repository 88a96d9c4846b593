# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sets of faults: files that say what goes wrong, those that the package brings and a user's own.

A scenario may hold such faults, too. What a fault may be is the control plane's rule; here they are only read.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from imp_emulator.scenario.model import ScenarioError
from imp_emulator.scenario.reader import Section, parse
from imp_emulator.text_files import content, decoded

_SHIPPED = resources.files("imp_emulator.scenario") / "fault_sets"


@dataclass(frozen=True, slots=True)
class FaultSet:
    """A set of faults: what it is about, in one sentence or two, and its faults as ``POST /faults`` takes them."""

    about: str
    faults: tuple[dict[str, Any], ...]


def shipped() -> list[str]:
    """Return the names of the sets that the package brings."""
    return sorted(file.name.removesuffix(".yml") for file in _SHIPPED.iterdir() if file.name.endswith(".yml"))


def load(name: str) -> FaultSet:
    """Read a set by its name, or from a file of the user's.

    Raises:
        ScenarioError: There is no such set, or it breaks a rule.
    """
    file = _SHIPPED / f"{name}.yml"
    if name in shipped():
        return read(file.read_text(encoding="utf-8"))
    try:
        return read(decoded(content(Path(name))))
    except OSError as error:
        known = f"The sets are {', '.join(shipped())}"
        raise ScenarioError(name, f"is no set, and no file that can be read ({error.strerror}). {known}") from None
    except UnicodeDecodeError:
        raise ScenarioError(name, "is no text; save it as UTF-8") from None
    except ScenarioError as error:
        raise _in_file(name, error) from None


def _in_file(name: str, error: ScenarioError) -> ScenarioError:
    """Return what is wrong with a set, with the name of its file before the place."""
    place = name if error.place == "scenario" else f"{name}: {error.place}"
    return ScenarioError(place, error.rule)


def read(text: str) -> FaultSet:
    """Read a set from YAML text.

    Raises:
        ScenarioError: It breaks a rule.
    """
    top = Section("", parse(text))
    about = top.text("about", default="")
    faults = read_faults(top)
    top.end()
    return FaultSet(about, faults)


def read_faults(top: Section) -> tuple[dict[str, Any], ...]:
    """Read the faults of a set or scenario, each a mapping, as they stand."""
    return tuple(_plain(section.place, section.rest()) for section in top.sections("faults", []))


def _plain(place: str, fault: dict[str, Any]) -> dict[str, Any]:
    """Return a fault; refuse what YAML knows and JSON does not, such as a date that stands in no quotes."""
    try:
        json.dumps(fault)
    except TypeError as error:
        raise ScenarioError(
            place, f"holds what is no text, number, list or mapping; put it in quotes: {error}"
        ) from None
    return fault
