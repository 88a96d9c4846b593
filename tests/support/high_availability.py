# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""High availability of the emulator's cluster dc1, quick enough for tests."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.support.axl import OverTheWire
from tests.support.emulator import Emulator
from tests.support.imp_admin import Api

GROUP = "DefaultCUPSubcluster"
SWITCH = "updatePresenceRedundancyGroup"
MANAGER = "Cisco Server Recovery Manager"
QUICK = {"CriticalServiceDelay": 3, "KeepAliveInterval": 1}
"""Seconds after which users are moved, and after which nodes have heard each other; Cisco's are 90 and 15."""
USERS = ("user0001", "user0002", "user0003", "user0004")
TICK, PAUSE = 1.0, 0.02
"""Virtual seconds of a step, and the real ones between two steps."""


def group(emulator: Emulator) -> dict[str, Any]:
    return next(item for item in Api(emulator).items("/presence-redundancy-groups") if item["name"] == GROUP)


def states(emulator: Emulator) -> list[str]:
    return [node["state"] for node in group(emulator)["nodes"]]


def switch(emulator: Emulator, *, on: bool) -> None:
    """Do what an administrator does on the page of the group."""
    answer = OverTheWire(emulator).ask(
        SWITCH, f"<name>{GROUP}</name><haEnabled>{'true' if on else 'false'}</haEnabled>"
    )
    assert answer.status == 200, answer.text


def switch_on(emulator: Emulator) -> None:
    """Switch high availability on, with short times and users; both nodes are Normal then, and the journal is empty."""
    axl = OverTheWire(emulator)
    for userid in USERS:
        content = (
            f"<userid>{userid}</userid><homeCluster>true</homeCluster><imAndPresenceEnable>true</imAndPresenceEnable>"
        )
        assert axl.ask("updateUser", content).status == 200
    for name, seconds in QUICK.items():
        key = f"<processNodeName>EnterpriseWideData</processNodeName><name>{name}</name><service>{MANAGER}</service>"
        assert axl.ask("updateServiceParameter", f"{key}<value>{seconds}</value>").status == 200
    switch(emulator, on=True)
    emulator.control.advance(QUICK["KeepAliveInterval"])
    assert states(emulator) == ["Normal", "Normal"]
    emulator.control.clear_journal()


def fall_back(emulator: Emulator, node: str) -> None:
    """Have the users of a node come back to it, and let them arrive."""
    answer = Api(emulator)("POST", f"/presence-redundancy-groups/{GROUP}/fallback", json={"node": node})
    assert answer.status_code < 300, answer.text
    emulator.control.advance(60)
    assert states(emulator) == ["Normal", "Normal"]


@contextmanager
def time_flies(emulator: Emulator) -> Iterator[None]:
    """Move the clock of the emulator a second at a time, fifty times as fast as it goes by itself at the most."""
    ended = threading.Event()

    def move() -> None:
        while not ended.wait(PAUSE):
            emulator.control.advance(TICK)

    thread = threading.Thread(target=move)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
