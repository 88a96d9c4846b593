# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A task that restarts the services of a cluster with presence redundancy groups, and its file of pending restarts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.ucops.imp.plugins.module_utils._core.polling import Polling
from ansible_collections.ucops.imp.plugins.module_utils._module import resource
from ansible_collections.ucops.imp.plugins.module_utils._module.lifeline import Lifeline
from ansible_collections.ucops.imp.plugins.module_utils._module.pending_restarts import (
    Content,
    PendingRestarts,
    SwitchedOff,
)

from tests.support.modules import ModuleResult, run_module
from tests.support.redundant_cluster import RedundantCluster

GROUP = "DefaultCUPSubcluster"
PAIR = ("pub", "sub")
FULL = [("off", GROUP), ("restart", "pub"), ("restart", "sub"), ("on", GROUP)]
RESTARTS = [("restart", "pub"), ("restart", "sub")]
NOW = 1_800_000_000.0


class Killed(BaseException):
    """Ends a run on the spot, as a kill does."""


def raising(error: BaseException) -> Callable[[], None]:
    def effect() -> None:
        raise error

    return effect


class Site:
    """A cluster, its file of pending restarts, and the task that restarts."""

    def __init__(self, cluster: RedundantCluster, file: Path) -> None:
        self.cluster = cluster
        self.file = PendingRestarts(str(file))

    def run(self, *, off: bool = True, check: bool = False, **more: Any) -> ModuleResult:
        way = "off_while_restarting" if off else "keep"
        options = {"high_availability": way, "pending_restarts_path": str(self.file.path), **more}
        self.cluster.sent.clear()
        return run_module("services", self.cluster.options(**options), check=check)

    @property
    def noted(self) -> list[str]:
        return [note.group for note in self.file.read().switched_off]

    def note(self, *groups: str, made: float | None = NOW) -> None:
        self.file.edit(lambda _: Content(switched_off=tuple(SwitchedOff(group, NOW, made) for group in groups)))

    def dies(self, moment: dict[tuple[str, str], Callable[[], None]], what: tuple[str, str]) -> None:
        """Have the next run die at a moment of the cluster."""
        moment[what] = raising(Killed())
        with pytest.raises(Killed):
            self.run()
        moment.clear()


@pytest.fixture(name="make")
def make_fixture(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., Site]:
    def make(*groups: tuple[str, bool, tuple[str, ...]], **more: Any) -> Site:
        cluster = RedundantCluster(*(groups or ((GROUP, True, PAIR),)), **more).patched(monkeypatch)
        clock = count(0.0, 0.1)
        quick = partial(Polling, clock=lambda: next(clock))
        monkeypatch.setattr(resource, "Polling", quick)
        monkeypatch.setattr(Lifeline, "sleep", lambda _lifeline, _seconds: None)
        return Site(cluster, tmp_path / "notes.json")

    return make


@pytest.fixture(name="site")
def site_fixture(make: Callable[..., Site]) -> Site:
    site = make()
    site.cluster.need_restart()
    return site


def steps(result: ModuleResult) -> list[tuple[str, str]]:
    return [(change["action"], change["id"]) for change in result["changes"]]


def failures(result: ModuleResult) -> dict[str, str]:
    return {failure["id"]: failure["code"] for failure in result["failures"]}


def message(result: ModuleResult, identifier: str) -> str:
    return next(str(failure["message"]) for failure in result["failures"] if failure["id"] == identifier)


@pytest.fixture(autouse=True)
def no_claim_is_left(tmp_path: Path) -> Iterator[None]:
    yield
    assert not PendingRestarts(str(tmp_path / "notes.json")).is_claimed()
