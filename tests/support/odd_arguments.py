# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Arguments of every wrong shape, made from a module's own argument spec, with a marked secret wherever one may be.

Every secret holds :data:`MARK`, between signs that Python, JSON, XML and URLs write in ways of their own, and no two
are alike: what a module prints must not hold the mark, whatever it says of the rest.
"""

from __future__ import annotations

import copy
import itertools
import json
import math
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

MARK = "Canary7f3a"
Path = tuple[Any, ...]
"""Names of options and positions in lists, from the outermost on."""
Spec = Mapping[str, Mapping[str, Any]]

_numbers = itertools.count(1000)
_SAMPLES: dict[str, Any] = {
    "str": "word",
    "path": "/none/such",
    "int": 7,
    "bool": True,
    "float": 1.5,
    "raw": "word",
    "list": ["word"],
}


def secret() -> str:
    """Return a new secret that is awkward to write."""
    return f"{next(_numbers)}\\ä\"<&'%{MARK}\t€]}}{next(_numbers)}"


def plain_secret() -> str:
    """Return a new secret of letters and digits."""
    return f"{next(_numbers)}{MARK}{next(_numbers)}"


def full_arguments(spec: Spec) -> dict[str, Any]:
    """Return arguments with every option, each of the right shape; together they may contradict each other."""
    return {name: _sample(name, option) for name, option in spec.items()}


def odd_arguments(spec: Spec) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield arguments with one odd value each, and in words what it is: ``('nodes', 0, 'name') is [['x']]``."""
    full = full_arguments(spec)
    for path, option in _places(spec, full, ()):
        makers = _ODD_SECRETS if option.get("no_log") else _ODD_VALUES
        for make in makers:
            yield _changed(full, path, make)
        if "options" in option:
            for alter in _ODD_CONTAINERS:
                yield _changed(full, path, partial(alter, _at(full, path)))
        if option.get("no_log"):
            yield from _misspelt(full, path)


def texts_in_place(spec: Spec, text: str, *, secrets: bool) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Yield for each text option, or for each secret, the required arguments and this text in its place."""
    for path, option in _places(spec, full_arguments(spec), ()):
        if option["type"] in ("str", "path") and "choices" not in option and bool(option.get("no_log")) is secrets:
            yield path, _with(spec, path, text)


def paths(spec: Spec) -> list[Path]:
    """Return the place of every option, also inside of dictionaries and of the first item of lists."""
    return [path for path, _option in _places(spec, full_arguments(spec), ())]


def put(spec: Spec, base: Mapping[str, Any], path: Path, value: Any) -> dict[str, Any]:
    """Return arguments that are right but for the value at ``path``, which all that it needs is put around."""
    return {**base, path[0]: _with(spec, path, value)[path[0]]}


def _with(spec: Spec, path: Path, text: Any) -> dict[str, Any]:
    """Return the required arguments of a spec, and ``text`` at ``path`` with all that it needs around it."""
    arguments = {name: _needed(name, option) for name, option in spec.items() if option.get("required")}
    name, *rest = path
    if not rest:
        arguments[name] = text
    elif isinstance(rest[0], int):
        arguments[name] = [_with(spec[name]["options"], tuple(rest[1:]), text) if rest[1:] else text]
    else:
        arguments[name] = _with(spec[name]["options"], tuple(rest), text)
    return arguments


def nested(depth: int, make: Callable[[Any], Any]) -> Any:
    """Return so many containers in each other."""
    value: Any = "Wxyz"
    for _level in range(depth):
        value = make(value)
    return value


ODD_PLAINLY: dict[str, Any] = {
    "null": None,
    "true": True,
    "zero": 0,
    "minus one": -1,
    "a fraction": 1.5,
    "infinity": math.inf,
    "minus infinity": -math.inf,
    "not a number": math.nan,
    "1e300": 1e300,
    "beyond 32 bits": 2**31,
    "beyond a double": 10**400,
    "the largest": 2**31 - 1,
    "infinity as text": ".inf",
    "1e400 as text": "1e400",
    "an empty text": "",
    "blanks": " \t ",
    "a line break": "one\ntwo",
    "a bell": "one\atwo",
    "U+0000": "one\0two",
    "U+FFFF": "one\uffff",
    "a surrogate": "one\udc80",
    "right to left": "\u202eone",
    "another plane": "\U0001f600",
    "a template": "{{ 7 * 7 }}",
    "a template's begin": "{% raw %}",
    "a comment": "{# one",
    "300 characters": "A" * 300,
    "100 kB": "A" * 100_000,
    "100 kB with commas": "a," * 50_000,
    "100 kB of pairs": "a=b," * 25_000,
    "100 kB of brackets": "[" * 100_000,
    "a long list": ["Wxyz"] * 5_000,
    "a long dictionary": {f"name{number}": number for number in range(5_000)},
    "an empty list": [],
    "an empty dictionary": {},
    "a list of null": [None],
    "a list of lists": [[["Wxyz"]]],
    "a list of dictionaries": [{}, {"Wxyz": None}],
    "a dictionary of nulls": {"name": None, "Wxyz": None},
    "an empty key": {"": ""},
    "deep lists": nested(30, lambda inner: [inner]),
    "deep dictionaries": nested(30, lambda inner: {"Wxyz": inner}),
    "very deep lists": nested(400, lambda inner: [inner]),
    "a date": "2026-01-01",
    "Jinja's null": "None",
}
"""Values of every kind, of which each option takes few or none."""


def _needed(name: str, option: Mapping[str, Any]) -> Any:
    if "options" not in option:
        return _sample(name, option)
    inner = {name: _needed(name, below) for name, below in option["options"].items() if below.get("required")}
    return [inner] if option["type"] == "list" else inner


def _sample(name: str, option: Mapping[str, Any]) -> Any:
    if option.get("no_log"):
        return secret()
    if "options" in option:
        inner = full_arguments(option["options"])
        return [inner, full_arguments(option["options"])] if option["type"] == "list" else inner
    if "choices" in option:
        return option["choices"][0] if option["type"] != "list" else option["choices"][:1]
    if name in ("hostname", "name"):
        return "one.example.com"
    return {"word": 1} if option["type"] == "dict" else copy.copy(_SAMPLES[option["type"]])


def _places(spec: Spec, value: Mapping[str, Any], above: Path) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    for name, option in spec.items():
        path = (*above, name)
        yield path, option
        if "options" in option:
            inner = value[name]
            if isinstance(inner, list):
                # The whole list and one of its items; the other item keeps the right shape.
                yield (*path, 0), {"type": "dict", "options": option["options"]}
                yield from _places(option["options"], inner[0], (*path, 0))
            else:
                yield from _places(option["options"], inner, path)


def _at(value: Any, path: Path) -> Any:
    for step in path:
        value = value[step]
    return value


def _changed(full: dict[str, Any], path: Path, make: Callable[[], Any]) -> tuple[str, dict[str, Any]]:
    arguments = copy.deepcopy(full)
    odd = make()
    _at(arguments, path[:-1])[path[-1]] = odd
    return f"{path} is {odd!r:.200}", arguments


def _misspelt(full: dict[str, Any], path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    right = path[-1]
    for wrong in (right[:-1], right.upper(), right.replace("ss", "s") + "x", f"{right}s", "nothing_like_it"):
        for value in (secret(), [secret()], {"inner": secret()}, {plain_secret(): 1}):
            arguments = copy.deepcopy(full)
            holder = _at(arguments, path[:-1])
            del holder[right]
            holder[wrong] = value
            yield f"{path} is called {wrong}", arguments


_ODD_VALUES: tuple[Callable[[], Any], ...] = (
    lambda: None,
    lambda: "odd",
    lambda: "",
    lambda: 0,
    lambda: -1.5,
    lambda: True,
    list,
    dict,
    lambda: ["odd", 7, None],
    lambda: [["odd"]],
    lambda: [None],
    lambda: [0, {}],
    lambda: {"odd": {"odd": [{}]}},
    lambda: "[1, 2",
    lambda: "{'odd': 1",
    lambda: "odd=1,=,a=b=c",
    lambda: "\udc80odd",
    lambda: 10**30,
    lambda: {"odd": "word"},
    # A secret that is told by its name only.
    lambda: {"password": secret()},
    lambda: [{"Passwort": secret(), "word": 1}],
    lambda: [[{"deep": {"account_password": [secret(), {"more": secret()}]}}]],
)
_ODD_SECRETS: tuple[Callable[[], Any], ...] = (
    secret,
    plain_secret,
    lambda: f"{secret()}\n",
    lambda: f" \t{secret()}\r\n",
    lambda: [secret()],
    lambda: [[secret(), 7], plain_secret()],
    lambda: {"key": secret()},
    lambda: {secret(): secret()},
    lambda: {"key": [{"deep": secret()}]},
    lambda: json.dumps([secret()]),
    lambda: json.dumps({"key": secret()}),
    lambda: None,
    lambda: True,
    list,
)
_ODD_CONTAINERS: tuple[Callable[[Any], Any], ...] = (
    lambda old: [old],
    lambda old: [[old]],
    lambda old: {"word": old},
    json.dumps,
    lambda old: json.dumps([old]),
    lambda old: [json.dumps(old)],
    repr,
    lambda old: [old, "odd"],
    lambda old: [old, 7, None, ["odd"]],
    lambda old: [old, {"unknown": "word"}],
    lambda _old: f"password={plain_secret()}",
    lambda _old: [f"name=odd password={plain_secret()}"],
    lambda _old: [[f"password={plain_secret()}"]],
)
"""For options that hold dictionaries; what was in them stays in them, its secrets too."""
