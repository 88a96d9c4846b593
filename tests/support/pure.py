# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hold code of the collection to being pure: what it asks, sends, tells or opens is an error, and so is remembering."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import io
import pkgutil
import socket
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import datetime
from types import ModuleType, SimpleNamespace
from typing import Any, NoReturn
from unittest import mock

from ansible_collections.ucops.imp.plugins.module_utils import _clients
from ansible_collections.ucops.imp.plugins.module_utils._http.transport import Transport
from ansible_collections.ucops.imp.plugins.module_utils._module.resource import Context

COLLECTION = "ansible_collections.ucops.imp.plugins."


class Impure(AssertionError):
    """Something was used that a pure function has no use for."""


def submodules(package: ModuleType) -> Iterator[ModuleType]:
    """Import and yield all modules of a package, as found in its folder."""
    for found in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
        yield importlib.import_module(found.name)


def classes_of(module: ModuleType) -> list[type]:
    """Return the classes that a module defines itself."""
    return [one for one in vars(module).values() if inspect.isclass(one) and one.__module__ == module.__name__]


def _refuse(what: str) -> Callable[..., NoReturn]:
    def refuse(*_arguments: Any, **_options: Any) -> NoReturn:
        raise Impure(f"{what} was used")

    return refuse


class _WithoutClock(datetime):
    @classmethod
    def now(cls, *_arguments: Any) -> NoReturn:
        raise Impure("the clock was used")


@contextmanager
def nothing_but_computing() -> Iterator[None]:
    """Let all methods of context, transport and clients fail meanwhile, and files, clock and network."""
    clients = [one for module in submodules(_clients) for one in classes_of(module)]
    users = [one for one in clients if not dataclasses.is_dataclass(one) and not issubclass(one, Exception)]
    modules = [module for name, module in sys.modules.items() if name.startswith(COLLECTION)]
    with ExitStack() as patches:
        for used in (Context, Transport, *users):
            for name in [name for name, member in vars(used).items() if inspect.isfunction(member)]:
                patches.enter_context(mock.patch.object(used, name, _refuse(f"{used.__name__}.{name}")))
        for module in modules:
            if getattr(module, "datetime", None) is datetime:
                patches.enter_context(mock.patch.object(module, "datetime", _WithoutClock))
            if inspect.ismodule(getattr(module, "time", None)):
                clock = {name: _refuse(f"time.{name}") for name in ("time", "monotonic", "sleep")}
                patches.enter_context(mock.patch.object(module, "time", SimpleNamespace(**clock)))
        patches.enter_context(mock.patch.object(socket, "socket", _refuse("the network")))
        # pathlib opens with the one, everybody else with the other.
        patches.enter_context(mock.patch.object(io, "open", _refuse("a file")))
        patches.enter_context(mock.patch("builtins.open", _refuse("a file")))
        yield


def remembered(thing: Any, known: frozenset[int] = frozenset()) -> Any:
    """Return what an object of the collection holds, all the way down, to be compared with a later look at it."""
    if id(thing) in known:
        return "see above"
    inside = known | {id(thing)}
    if isinstance(thing, Mapping):
        return {key: remembered(value, inside) for key, value in thing.items()}
    if isinstance(thing, (list, tuple)):
        return [remembered(value, inside) for value in thing]
    if isinstance(thing, (set, frozenset)):
        return frozenset(thing)
    if type(thing).__module__.startswith(COLLECTION) and hasattr(thing, "__dict__"):
        return type(thing).__name__, remembered(vars(thing), inside)
    return thing
