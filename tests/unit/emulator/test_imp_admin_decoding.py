# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The administration API decodes a request first and carries it out in the gate's transaction only."""

from __future__ import annotations

import asyncio
import inspect
import json
from typing import Any

import pytest

from imp_emulator.domain.imp import gateways
from imp_emulator.pipeline.accounts import Accounts
from imp_emulator.pipeline.request import Operation, Request
from imp_emulator.wire.imp_admin import ImpAdmin, certificate_import, credentials, nodes
from imp_emulator.wire.imp_admin import gateways as gateway_endpoints
from imp_emulator.wire.imp_admin.decoding import EndpointRouter
from imp_emulator.wire.imp_admin.models import Account
from imp_emulator.world.environment import Environment
from tests.support.imp_admin import BASE, FIRST

ROUTERS = [certificate_import.router, credentials.router, gateway_endpoints.router, nodes.router]


def decoded(environment: Environment, method: str, path: str, body: Any = None) -> Operation:
    """Decode a request as the gate has it done, and return what it would run."""
    content = b"" if body is None else json.dumps(body).encode()
    headers = {"content-type": "application/json", "host": "imp-pub"}
    scope = {
        "type": "http",
        "method": method,
        "path": BASE + path,
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }
    request = Request("dc1", "imp-pub", 8443, method, BASE + path, {}, headers, content, scope=scope)
    admin = ImpAdmin(environment.context, Accounts(environment.database, environment.sessions))
    operation = admin.route(request)
    assert operation.prepare is not None
    asyncio.run(operation.prepare())  # type: ignore[arg-type]
    return operation


def test_what_could_await_is_no_endpoint() -> None:
    router = EndpointRouter()

    async def waits() -> Account:
        await asyncio.sleep(0)
        return Account(account=None)

    with pytest.raises(TypeError, match="waits must be a plain function"):
        router.get("/waits")(waits)


def test_every_endpoint_is_a_plain_function_behind_the_decoder() -> None:
    endpoints = [route.endpoint for router in ROUTERS for route in router.routes]  # type: ignore[attr-defined]
    assert len(endpoints) == 16
    for endpoint in endpoints:
        assert not inspect.iscoroutinefunction(inspect.unwrap(endpoint)), endpoint
        assert endpoint is not inspect.unwrap(endpoint), endpoint


def test_decoding_changes_nothing_and_carrying_out_does(emulated: Environment) -> None:
    operation = decoded(emulated, "POST", "/presence-gateways", FIRST)
    assert (operation.name, operation.write) == ("addPresenceGateway", True)
    assert gateways.gateways(emulated.context, "dc1") == []
    with emulated.database.own_transaction(write=True):
        response = operation.run()
    (added,) = gateways.gateways(emulated.context, "dc1")
    assert (response.status, response.content_type) == (201, "application/json")
    assert response.headers == {"location": f"{BASE}/presence-gateways/{added.id}", "etag": added.etag}
    assert json.loads(response.body)["id"] == added.id


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/presence-gateways", {"name": 5}, 422),
        ("POST", "/presence-gateways", {**FIRST, "port": 0}, 422),
        ("GET", "/presence-gateways/00000000-0000-0000-0000-000000000000", None, 404),
        ("PATCH", "/presence-gateways", None, 405),
        ("GET", "/nowhere", None, 404),
        ("DELETE", "/presence-gateways/00000000-0000-0000-0000-000000000000", None, 428),
    ],
)
def test_refusals_of_either_stage_have_one_form(
    emulated: Environment, method: str, path: str, body: Any, status: int
) -> None:
    response = decoded(emulated, method, path, body).run()
    assert (response.status, response.content_type) == (status, "application/problem+json")
    assert json.loads(response.body)["status"] == status


def test_an_endpoint_runs_in_the_transaction_that_it_is_given(emulated: Environment) -> None:
    operation = decoded(emulated, "POST", "/presence-gateways", FIRST)

    def killed() -> None:
        with emulated.database.own_transaction(write=True):
            assert operation.run().status == 201
            raise RuntimeError

    with pytest.raises(RuntimeError):
        killed()
    assert gateways.gateways(emulated.context, "dc1") == []
