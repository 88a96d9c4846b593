# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading YAML strictly: every value has a place, a type and a rule, and what breaks one is named."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Hashable, Iterable
from datetime import date, datetime, time
from typing import Any, NamedTuple, TypeVar

import yaml

from imp_emulator.letter_case import ascii_lower
from imp_emulator.scenario.calendars import LocalTime
from imp_emulator.scenario.model import ScenarioError

T = TypeVar("T")
_REQUIRED: Any = object()
_SHOWN = 80

UNLIMITED = "unlimited"
"""What a limit says that does not limit anything."""

XML_TEXT = "[\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
"""A character that XML 1.0 can carry (2.2), as a regular expression."""


class Pattern(NamedTuple):
    """What a text must look like: an expression for the whole of it, and the same in words."""

    expression: str
    words: str


VARIABLE = Pattern(r"[A-Za-z_][A-Za-z0-9_]*", "the name of an environment variable")

_MERGE = "tag:yaml.org,2002:merge"


class _Strict(yaml.constructor.SafeConstructor):
    """Refuses a key given twice, which YAML forbids and PyYAML lets pass, and merge keys, which YAML 1.2 dropped."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        merged = next((key for key, _ in node.value if key.tag == _MERGE), None)
        if merged is not None:
            place = f"line {merged.start_mark.line + 1}"
            raise ScenarioError(place, "the key << is not known here; write the keys of the other mapping in its place")
        found = dict(super().construct_mapping(node, deep=deep))
        if len(found) < len(node.value):
            keys = [self.construct_object(key, deep=True) for key, _ in node.value]
            twice = next((key for index, key in enumerate(keys) if key in keys[:index]), None)
            if twice is not None:
                raise ScenarioError(f"line {node.start_mark.line + 1}", f"key {twice!r} is given twice")
        return found


def _timestamp(loader: Any, node: yaml.ScalarNode) -> Any:
    """Return a date or time; one that does not exist stays a text, which whoever reads the key refuses by its place."""
    try:
        return loader.construct_yaml_timestamp(node)
    except ValueError:
        return node.value


_Strict.add_constructor("tag:yaml.org,2002:timestamp", _timestamp)


class _Loader(_Strict, yaml.SafeLoader):
    """The loader that is all Python; its errors name the right line."""


class _FastLoader(_Strict, getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """That of libyaml where PyYAML has it: ten thousand users take seconds with the other one."""


def parse(text: str) -> Any:
    """Parse one YAML document.

    Raises:
        ScenarioError: It is not YAML, or a mapping holds a key twice.
    """
    try:
        try:
            return yaml.load(text, Loader=_FastLoader)  # noqa: S506 - it is a SafeLoader
        except yaml.YAMLError:
            return yaml.load(text, Loader=_Loader)  # noqa: S506 - the same
    except RecursionError:
        raise ScenarioError("scenario", "holds lists or mappings too deep in each other") from None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ScenarioError(f"line {line}", f"is not YAML: {error.problem}") from None
    except (yaml.YAMLError, TypeError, ValueError) as error:
        raise ScenarioError("scenario", f"is not YAML: {error}") from None


class Section:
    """A mapping that is read key by key; :meth:`end` refuses the keys that nobody read.

    Raises:
        ScenarioError: From every method, naming the place and the rule.
    """

    def __init__(self, place: str, value: Any) -> None:
        if not isinstance(value, dict):
            raise ScenarioError(place or "scenario", f"must be a mapping, not {_kind(value)}")
        self.place = place
        self._values = dict(value)
        self._known: list[str] = []

    def __contains__(self, key: str) -> bool:
        return key in self._values

    def at(self, key: str) -> str:
        """Return the place of a key."""
        return f"{self.place}.{key}" if self.place else key

    def _take(self, key: str, kind: type, default: Any) -> Any:
        self._known.append(key)
        value = self._values.pop(key, default)
        if value is _REQUIRED:
            raise ScenarioError(self.at(key), "is missing")
        # A bool is an int to Python and not to a person.
        if value is not default and (not isinstance(value, kind) or (kind is int and isinstance(value, bool))):
            raise ScenarioError(self.at(key), f"must be {_NAMES[kind]}, not {_kind(value)}")
        return value

    def text(self, key: str, pattern: Pattern | None = None, default: Any = _REQUIRED) -> Any:
        """Return a string that matches the pattern and can stand in XML, which most of the protocols speak."""
        value = self._take(key, str, default)
        if value is not default and pattern is not None and not re.fullmatch(pattern.expression, value):
            raise ScenarioError(self.at(key), f"must be {pattern.words}, not {_shown(value)}")
        if value is not default and not re.fullmatch(f"{XML_TEXT}*", value):
            raise ScenarioError(self.at(key), f"must be text that XML can carry, not {_shown(value)}")
        return value

    def choice(self, key: str, choices: Collection[str], default: Any = _REQUIRED) -> Any:
        """Return one of several strings."""
        value = self._take(key, str, default)
        if value is not default and value not in choices:
            raise ScenarioError(self.at(key), f"must be one of {', '.join(choices)}, not {value!r}")
        return value

    def switch(self, key: str, choices: Collection[str], default: str) -> str:
        """Return one of several strings, among them ``on`` and ``off``, which YAML reads as true and false."""
        value = self._values.get(key)
        if isinstance(value, bool):
            self._values[key] = "on" if value else "off"
        return str(self.choice(key, choices, default))

    def number(self, key: str, low: int, high: int, default: Any = _REQUIRED) -> int:
        """Return a whole number between ``low`` and ``high``."""
        value = self._take(key, int, default)
        if not low <= value <= high:
            raise ScenarioError(self.at(key), f"must be between {low} and {high}, not {value}")
        return int(value)

    def limit(self, key: str, high: int, default: Any) -> int | None:
        """Return a whole number between 0 and ``high``, or ``None`` for ``unlimited``."""
        value = self._values.get(key)
        if isinstance(value, str):
            # Exchange itself writes "Unlimited".
            if value.lower() != UNLIMITED:
                raise ScenarioError(self.at(key), f"must be a whole number or {UNLIMITED}, not {_shown(value)}")
            self._take(key, str, UNLIMITED)
            return None
        return self.number(key, 0, high, default)

    def numbers(self, key: str, low: int, high: int, default: Any = _REQUIRED) -> tuple[int, ...]:
        """Return a list of whole numbers between ``low`` and ``high``, none given twice."""
        found = self._take(key, list, default)
        for index, value in enumerate(found):
            if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
                rule = f"must be a whole number between {low} and {high}, not {value!r}"
                raise ScenarioError(f"{self.at(key)}[{index}]", rule)
        unique(self.at(key), map(str, found))
        return tuple(found)

    def flag(self, key: str, default: bool) -> bool:
        """Return true or false."""
        return bool(self._take(key, bool, default))

    def converted(self, key: str, convert: Callable[[str], T], rule: str, default: Any = _REQUIRED) -> Any:
        """Return what ``convert`` makes of a string; its ``ValueError`` means that ``rule`` is broken."""
        value = self._take(key, str, default)
        return value if value is default else _convert(self.at(key), value, convert, rule)

    def texts(self, key: str, convert: Callable[[str], str], rule: str, default: Any = _REQUIRED) -> tuple[str, ...]:
        """Return a list of strings, each converted like :meth:`converted`, none given twice."""
        found: list[str] = []
        for index, value in enumerate(self._take(key, list, default)):
            place = f"{self.at(key)}[{index}]"
            if not isinstance(value, str):
                raise ScenarioError(place, f"must be text, not {_kind(value)}")
            found.append(_convert(place, value, convert, rule))
        unique(self.at(key), found)
        return tuple(found)

    def local_time(self, key: str, default: Any = _REQUIRED) -> Any:
        """Return a date, or a day from the first start, with a time of the day; YAML has a type for the former."""
        value = self._take(key, object, default)
        if value is default:
            return value
        if isinstance(value, datetime) and value.tzinfo is None:
            return LocalTime(value.date(), value.time())
        if isinstance(value, date) and not isinstance(value, datetime):
            return LocalTime(value, time())
        return _convert(self.at(key), str(value), _local_time, _LOCAL_TIME_WORDS)

    def free_keys(self, known: Collection[str] | None = None) -> list[str]:
        """Return the keys of a mapping whose keys are names; ``known`` are the only ones that there may be."""
        for key in self._values:
            if not isinstance(key, str):
                raise ScenarioError(self.at(str(key)), f"must be text as a key, not {_kind(key)}")
            if known is not None and key not in known:
                raise ScenarioError(self.at(key), f"is not known here; known are {', '.join(known)}")
        return list(self._values)

    def value(self, key: str) -> str:
        """Return the value of a parameter as it stands on the wire: a text that XML can carry, or a whole number."""
        value = self.any(key)
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        if not isinstance(value, str):
            hint = '; put "T" and "F" in quotation marks' if isinstance(value, bool) else ""
            raise ScenarioError(self.at(key), f"must be text or a whole number, not {_kind(value)}{hint}")
        if not re.fullmatch(f"{XML_TEXT}*", value):
            raise ScenarioError(self.at(key), f"must be text that XML can carry, not {_shown(value)}")
        return value

    def any(self, key: str) -> Any:
        """Return what stands under a key, of whatever type."""
        return self._take(key, object, _REQUIRED)

    def items(self, key: str) -> list[Item]:
        """Return what is in the list under a key, none when there is no such key."""
        return [Item(f"{self.at(key)}[{i}]", value) for i, value in enumerate(self._take(key, list, []))]

    def section(self, key: str, default: Any = _REQUIRED) -> Section:
        """Return the mapping under a key."""
        return Section(self.at(key), self._take(key, dict, default))

    def sections(self, key: str, default: Any = _REQUIRED) -> list[Section]:
        """Return the list of mappings under a key."""
        return [Section(f"{self.at(key)}[{i}]", value) for i, value in enumerate(self._take(key, list, default))]

    def rest(self) -> dict[str, Any]:
        """Return all that was not read yet, which somebody else will judge."""
        found, self._values = self._values, {}
        return found

    def end(self) -> None:
        """Refuse what was not read."""
        for key in self._values:
            raise ScenarioError(self.at(str(key)), f"is not known here; known are {', '.join(self._known)}")


class Item(NamedTuple):
    """An item of a list, which may be a text or a mapping."""

    place: str
    value: Any

    def converted(self, convert: Callable[[str], T], rule: str) -> T:
        """Return what ``convert`` makes of a string; its ``ValueError`` means that ``rule`` is broken."""
        if not isinstance(self.value, str):
            raise ScenarioError(self.place, f"must be {rule}, not {_kind(self.value)}")
        return _convert(self.place, self.value, convert, rule)

    def section(self) -> Section:
        """Return the mapping."""
        return Section(self.place, self.value)


_LOCAL_TIME_WORDS = "a time without a zone like 2026-11-30T09:00, or +1 09:00 for the day after the first start"


def _local_time(text: str) -> LocalTime:
    day, _, clock = text.replace("T", " ", 1).partition(" ")
    at = time.fromisoformat(clock) if clock else time()
    if at.tzinfo is not None:
        raise ValueError(text)
    if re.fullmatch(r"[+-]?\d{1,4}", day):
        return LocalTime(int(day), at)
    return LocalTime(date.fromisoformat(day), at)


def unique(place: str, values: Iterable[str], key: Callable[[str], str] = ascii_lower) -> None:
    """Refuse a value that occurs twice; ``key`` returns the form in which the emulated product compares them.

    Raises:
        ScenarioError: One does.
    """
    seen: set[str] = set()
    for value in values:
        if key(value) in seen:
            raise ScenarioError(place, f"holds {value!r} twice")
        seen.add(key(value))


def _shown(text: str) -> str:
    """Return a text as a message shows it; a long one may be a private key, which no message may show."""
    return repr(text) if len(text) <= _SHOWN and "\n" not in text else f"a text of {len(text)} characters"


def _convert(place: str, value: str, convert: Callable[[str], T], rule: str) -> T:
    try:
        return convert(value)
    except ValueError:
        raise ScenarioError(place, f"must be {rule}, not {_shown(value)}") from None


_NAMES: dict[type, str] = {
    str: "text",
    int: "a whole number",
    bool: "true or false",
    list: "a list",
    dict: "a mapping",
    type(None): "nothing",
}


def _kind(value: Any) -> str:
    return _NAMES.get(type(value), type(value).__name__)
