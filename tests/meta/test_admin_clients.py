# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The clients of the interfaces of our own call operations that there are, and all but those that no module needs."""

from __future__ import annotations

import inspect
import json
from typing import Any

import pytest
from ansible_collections.ucops.imp.plugins.module_utils._clients.ca_admin import CaAdmin as CaClient
from ansible_collections.ucops.imp.plugins.module_utils._clients.cucm_admin import CucmAdmin as CucmClient
from ansible_collections.ucops.imp.plugins.module_utils._clients.imp_admin import ImpAdmin as ImpClient
from ansible_collections.ucops.imp.plugins.module_utils._http.transport import Answer

from imp_emulator.pipeline.accounts import Accounts
from imp_emulator.pipeline.request import Request
from imp_emulator.serving.listeners import Maker
from imp_emulator.wire.ca.admin import CaAdmin
from imp_emulator.wire.cucm_admin import CucmAdmin
from imp_emulator.wire.imp_admin import ImpAdmin
from imp_emulator.world.environment import Environment
from tests.support.admin_operations import users_on_the_page
from tests.unit.emulator.conftest import emulated, seeded_state

__all__ = ["emulated", "seeded_state"]

INTERFACES: list[tuple[type[Any], Maker]] = [(ImpClient, ImpAdmin), (CucmClient, CucmAdmin), (CaClient, CaAdmin)]
GIVEN: dict[str, list[Any]] = {
    "gateway": [{"id": "5", "etag": '"1"'}],
    "fields": [{"name": "mail1.example.com"}],
    "transaction": ["Insert Users"],
    "secrets": [{"client_secret": "secret-word"}],
    "verb": ["issue", "deny", "revoke"],
    "port": [443],
    "identifier": [7],
    "filters": [{"failing": "true"}],
}
"""Arguments of the clients' methods, by the parameter's name; any other is a text."""
ANSWER: dict[str, Any] = {
    "state": "pending",
    "node": "imp-pub",
    "items": [],
    "service": {"node": "cucm-pub", "name": "BPS", "activated": True, "status": "Started"},
    "time": "2026-11-26T08:00:00Z",
    "name": "1#2.txt",
    "content": "",
    "errors": [],
    "total": 0,
    "certificates": [],
    "account": None,
    "match": True,
    "client_secret": True,
}


class Recorder:
    """A transport that sends nothing and answers what every method understands; remembers method and path."""

    server = "imp-pub"

    def __init__(self, identifier: object) -> None:
        self._answer = json.dumps({**ANSWER, "id": identifier}).encode()
        self.sent: list[tuple[str, str]] = []

    def request(self, method: str, path: str, **_: Any) -> Answer:
        self.sent.append((method, path.partition("?")[0]))
        return Answer(200, {"content-type": "application/json"}, self._answer)


def called(client: type[Any]) -> list[tuple[str, str]]:
    """Call every public method of a client, with every verb that one takes; returns what they sent."""
    # What a bulk job is called looks like a number, and is a text.
    recorder = Recorder("7" if client is CucmClient else 7)
    for name, method in inspect.getmembers(client, inspect.isfunction):
        if name.startswith("_"):
            continue
        parameters = list(inspect.signature(method).parameters)[1:]
        before = len(recorder.sent)
        for verb in GIVEN["verb"] if "verb" in parameters else [""]:
            arguments = [verb if parameter == "verb" else GIVEN.get(parameter, ["text"])[0] for parameter in parameters]
            method(client(recorder), *arguments)
        assert len(recorder.sent) > before, f"{name} sends nothing"
    return recorder.sent


@pytest.mark.parametrize(("client", "server"), INTERFACES, ids=["imp_admin", "cucm_admin", "ca_admin"])
def test_the_clients_call_every_operation_that_a_module_needs_and_no_other(
    client: type[Any], server: Maker, emulated: Environment
) -> None:
    interface = server(emulated.context, Accounts(emulated.database, emulated.sessions))
    operations = set()
    for method, path in called(client):
        request = Request("dc1", "imp-pub", 8443, method, path, {}, {}, b"")
        assert interface.owns(path), path
        operation = interface.route(request).name
        assert operation in interface.operations, f"{method} {path}"
        operations.add(operation)

    assert operations == {name for name, modules in users_on_the_page(interface.operations).items() if modules}
