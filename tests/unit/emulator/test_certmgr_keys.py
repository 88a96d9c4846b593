# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A signing request's key is made beside the event loop: others are answered meanwhile."""

from __future__ import annotations

import asyncio
import json
import threading

import pytest

from imp_emulator.domain.imp import identities
from imp_emulator.pipeline.accounts import Accounts
from imp_emulator.pipeline.request import Request, Response
from imp_emulator.wire.certmgr import BASE, Certmgr
from imp_emulator.world.environment import Environment

WANTED = {"service": "cup", "distribution": "this-server", "commonName": "imp-pub.dc1.example.com", "keyLength": 4096}
PATIENCE = 10
"""Seconds after which a key that is waited for in vain fails the test."""


def call(method: str, path: str, **body: object) -> Request:
    return Request("dc1", "imp-pub", 443, method, BASE + path, {}, {}, json.dumps(body).encode())


def test_another_request_is_answered_while_a_key_is_made(
    emulated: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, answered = threading.Event(), threading.Event()
    make_key = identities.make_key

    def make_key_after_the_answer(request: identities.SigningRequest) -> identities.PrivateKey:
        begun.set()
        assert answered.wait(PATIENCE), "nobody was answered while the key was made"
        return make_key(request)

    monkeypatch.setattr(identities, "make_key", make_key_after_the_answer)
    certmgr = Certmgr(emulated.context, Accounts(emulated.database, emulated.sessions))

    async def ask() -> tuple[Response, Response]:
        operation = certmgr.route(call("POST", "/csr", **WANTED))
        assert operation.prepare is not None
        making = asyncio.ensure_future(operation.prepare())
        assert await asyncio.to_thread(begun.wait, PATIENCE)
        other = certmgr.route(call("GET", "/options")).run()
        assert not making.done()
        answered.set()
        await making
        return other, operation.run()

    other, own = asyncio.run(ask())

    assert (other.status, own.status) == (200, 200)
    assert json.loads(own.body)["csr"] == identities.waiting_request(emulated.context, "dc1", "imp-pub", "cup")


def test_no_key_is_made_for_a_request_that_is_refused(emulated: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[identities.SigningRequest] = []
    monkeypatch.setattr(identities, "make_key", made.append)
    operation = Certmgr(emulated.context, Accounts(emulated.database, emulated.sessions)).route(
        call("POST", "/csr", **{**WANTED, "keyLength": 1024})
    )
    assert operation.prepare is not None
    asyncio.run(operation.prepare())  # type: ignore[arg-type]
    assert operation.run().status == 400
    assert made == []
