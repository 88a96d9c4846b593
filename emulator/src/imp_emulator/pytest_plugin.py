# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""pytest fixtures; pytest finds them by itself when the package is installed, and loads nothing before one is used.

``imp_environment`` (an emulated environment in the scenario's first state, for each test), ``imp_emulator`` (the same
process, one for the session or for each worker of pytest-xdist, in whatever state the last test left it) and
``imp_start`` (processes of the test's own). The option ``--imp-scenario`` or the ini value ``imp_scenario`` names a
scenario file, seen from pytest's root folder, or a shipped scenario.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from imp_emulator.testing import Emulator


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option and the ini value."""
    text = "scenario file, or name of a shipped scenario, of the fixtures imp_emulator and imp_environment"
    parser.getgroup("imp-emulator").addoption("--imp-scenario", metavar="FILE", help=text)
    parser.addini("imp_scenario", text, default="default")


@pytest.fixture(scope="session")
def imp_scenario(pytestconfig: pytest.Config) -> str:
    """The scenario of ``imp_emulator``."""
    name = str(pytestconfig.getoption("imp_scenario") or pytestconfig.getini("imp_scenario"))
    file = pytestconfig.rootpath / name
    return str(file) if file.is_file() else name


@pytest.fixture(scope="session")
def imp_emulator_class() -> type[Emulator]:
    """The class of the emulators that the fixtures start; override it to give them methods of your own."""
    from imp_emulator.testing import Emulator  # noqa: PLC0415 - loaded when used

    return Emulator


@pytest.fixture(scope="session")
def imp_emulator(
    imp_emulator_class: type[Emulator], imp_scenario: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Emulator]:
    """A running emulator, in whatever state the last test left it."""
    emulator = imp_emulator_class(tmp_path_factory.mktemp("imp-emulator"), "--scenario", imp_scenario)
    yield emulator
    emulator.stop()


@pytest.fixture
def imp_environment(imp_emulator: Emulator) -> Emulator:
    """The running emulator, set back to its scenario: data, journal, faults, transitions and clock."""
    imp_emulator.control.reset()
    return imp_emulator


@pytest.fixture
def imp_start(imp_emulator_class: type[Emulator], tmp_path: Path) -> Iterator[Callable[..., Emulator]]:
    """A function that starts an emulator: ``imp_start(*arguments, folder="own", environment=None)``.

    The arguments are those of ``imp-emulator serve``. The same folder again means the same state. Those that still run
    at the end of the test are stopped.
    """
    started: list[Emulator] = []

    def start(*arguments: str, folder: str = "own", environment: Mapping[str, str] | None = None) -> Emulator:
        started.append(imp_emulator_class(tmp_path / folder, *arguments, environment=environment))
        return started[-1]

    yield start
    for emulator in started:
        emulator.stop()
