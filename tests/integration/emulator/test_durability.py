# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nothing that was acknowledged is lost when the process is killed in the middle of its work."""

from __future__ import annotations

import threading
import xml.etree.ElementTree as ET
from collections.abc import Callable

import httpx

from tests.support.emulator import Emulator

WORKERS = 3
ROUNDS = 3
ACKNOWLEDGED_A_ROUND = 150
ENVELOPE = (
    '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body>'
    '<ns:{0} xmlns:ns="http://www.cisco.com/AXL/API/14.0">{1}</ns:{0}></soapenv:Body></soapenv:Envelope>'
)


def ask(client: httpx.Client, operation: str, content: str) -> str:
    headers = {"SOAPAction": f'"CUCM:DB ver=14.0 {operation}"'}
    answer = client.post("/axl/", content=ENVELOPE.format(operation, content), headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.text


class Hammer(threading.Thread):
    """Writes without a pause until the emulator is gone; remembers what was acknowledged, and the write after it."""

    def __init__(self, emulator: Emulator, number: int, enough: threading.Semaphore) -> None:
        super().__init__()
        self._emulator = emulator
        self._number = number
        self._enough = enough
        self.acknowledged: dict[str, int] = {}
        self.attempted: dict[str, int] = {}

    def run(self) -> None:
        value = 0
        with self._emulator.client("cucm-pub") as client:
            while True:
                value += 1
                userid = f"user{self._number * 100 + value % 50 + 1:04d}"
                self.attempted[userid] = value
                try:
                    ask(client, "updateUser", f"<userid>{userid}</userid><department>v{value}</department>")
                except httpx.TransportError:
                    return
                self.acknowledged[userid] = value
                self._enough.release()


def departments(emulator: Emulator) -> dict[str, str]:
    tags = "<searchCriteria><userid>%</userid></searchCriteria><returnedTags><userid/><department/></returnedTags>"
    with emulator.client("cucm-pub") as client:
        document = ET.fromstring(ask(client, "listUser", tags))
    return {user.findtext("userid", ""): user.findtext("department", "") for user in document.iter("user")}


def test_a_killed_emulator_has_kept_every_acknowledged_write(start_emulator: Callable[..., Emulator]) -> None:
    for _ in range(ROUNDS):
        emulator = start_emulator()
        enough = threading.Semaphore(0)
        hammers = [Hammer(emulator, number, enough) for number in range(WORKERS)]
        for hammer in hammers:
            hammer.start()
        for _ in range(ACKNOWLEDGED_A_ROUND):
            assert enough.acquire(timeout=30)
        emulator.kill()
        for hammer in hammers:
            hammer.join()
        again = start_emulator()
        found = departments(again)
        for hammer in hammers:
            for userid, value in hammer.acknowledged.items():
                # The write that was under way may have been stored without its answer getting through.
                assert found[userid] in (f"v{value}", f"v{hammer.attempted[userid]}"), userid
        # Requests and their journal entries are one transaction: whatever was acknowledged is in the journal.
        written = [entry for entry in again.journal(writes=True) if entry["status"] == 200]
        assert len(written) >= ACKNOWLEDGED_A_ROUND
        again.kill()
