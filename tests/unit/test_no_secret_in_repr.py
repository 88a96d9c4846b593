# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is printed of an object, in a log or a traceback, has no secret: a data class never shows such a field."""

from __future__ import annotations

import dataclasses
import importlib
import pkgutil
import re
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest
from ansible_collections.ucops.imp import plugins

import imp_emulator

SECRET = re.compile(r"(^|_)(password|passwords|secret|secrets|private_key|token|authorization|credentials)$")
"""Names of fields that hold what nobody may read."""
REQUESTS = {"imp_emulator.pipeline.request.Request.headers", "imp_emulator.pipeline.request.Request.body"}
"""A login and whatever a client sends stand there."""


def submodules(package: ModuleType) -> Iterator[ModuleType]:
    for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        if not found.name.endswith("__main__"):
            yield importlib.import_module(found.name)


def shown_fields() -> Iterator[tuple[str, dataclasses.Field[Any]]]:
    """Yield the fields that the representation of a data class shows, but for numbers, by their full name."""
    for package in (imp_emulator, plugins):
        for module in submodules(package):
            for name, one in vars(module).items():
                if isinstance(one, type) and dataclasses.is_dataclass(one) and one.__module__ == module.__name__:
                    for field in dataclasses.fields(one):
                        if field.repr and not re.fullmatch(r"(bool|int|float)( \| None)?", str(field.type)):
                            yield f"{module.__name__}.{name}.{field.name}", field


def test_no_data_class_shows_a_secret() -> None:
    shown = dict(shown_fields())
    assert len(shown) > 300, "the classes were not found"
    assert {name for name, field in shown.items() if SECRET.search(field.name)} == set()
    assert not REQUESTS & shown.keys()


@pytest.mark.parametrize(
    ("name", "secret"),
    [("password", True), ("proxy_password", True), ("private_key", True), ("update_password", True), ("key", False)],
)
def test_what_counts_as_a_secret(name: str, secret: bool) -> None:
    assert bool(SECRET.search(name)) == secret
