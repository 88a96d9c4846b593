# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clients of Exchange Online, unmodified: what they send to Microsoft's hosts arrives at the emulator's listeners."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import msal
import pytest
import requests
from urllib3.util import connection

from imp_emulator.scenario.model import GRAPH_HOST, LOGIN_HOST, OUTLOOK_HOST
from tests.support.emulator import Emulator

GRAPH = f"https://{GRAPH_HOST}"
GRAPH_SCOPE = f"{GRAPH}/.default"
EWS_SCOPE = f"https://{OUTLOOK_HOST}/.default"


@pytest.fixture(scope="session")
def online_emulator(imp_emulator_class: type[Emulator], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """An emulator with a tenant, in whatever state the last test left it."""
    emulator = imp_emulator_class(tmp_path_factory.mktemp("online"), "--scenario", "online")
    yield emulator
    emulator.stop()


@pytest.fixture
def tenant(online_emulator: Emulator) -> Iterator[Emulator]:
    """The same, set back to its scenario; what stands on ``requests`` finds Microsoft's hosts and Exchange there."""
    online_emulator.control.reset()
    with reached(online_emulator):
        yield online_emulator


@contextmanager
def reached(emulator: Emulator) -> Iterator[None]:
    """Have connections to Microsoft's hosts and to Exchange arrive at an emulator while the block lasts."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NO_PROXY", "*")
        for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):  # They would count more than what a client trusts.
            patch.delenv(name, raising=False)
        patch.setattr(connection, "create_connection", _redirected(emulator))
        yield


def _redirected(emulator: Emulator) -> Callable[..., socket.socket]:
    """Return what connects to the listener of a host in place of the host; names in TLS and HTTP stay as they are."""
    hosts = emulator.ready["exchange_online"]["hosts"] | emulator.ready["exchange"]
    listeners = {(host, 443): (known["address"], known["ports"]["443"]) for host, known in hosts.items()}
    connect = connection.create_connection

    def redirected(address: tuple[str, int], *args: Any, **options: Any) -> socket.socket:
        return connect(listeners.get(address, address), *args, **options)

    return redirected


def session(emulator: Emulator) -> requests.Session:
    """Return a session that trusts the certificates of Microsoft's hosts."""
    found = requests.Session()
    found.verify = emulator.ca_file
    return found


def application(emulator: Emulator, label: str = "presence") -> tuple[str, str]:
    """Return client ID and secret of an application."""
    known = emulator.ready["exchange_online"]["applications"][label]
    return known["client_id"], known["client_secret"]


def authority(emulator: Emulator) -> str:
    """Return the URL under which the tenant's tokens are issued."""
    return f"https://{LOGIN_HOST}/{emulator.ready['exchange_online']['tenant_id']}"


def ask(emulator: Emulator, path: str = "/oauth2/v2.0/token", **form: str) -> requests.Response:
    """Ask the token endpoint by hand; without a form as the application ``presence`` for Microsoft Graph."""
    client_id, secret = application(emulator)
    usual = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret, "scope": GRAPH_SCOPE}
    content = {name: value for name, value in {**usual, **form}.items() if value}
    return session(emulator).post(authority(emulator) + path, data=content)


def token(emulator: Emulator, label: str = "presence", scope: str = GRAPH_SCOPE) -> str:
    """Return an access token, acquired with Microsoft's own library."""
    client_id, secret = application(emulator, label)
    client = msal.ConfidentialClientApplication(
        client_id, client_credential=secret, authority=authority(emulator), verify=emulator.ca_file
    )
    found = client.acquire_token_for_client([scope])
    assert "access_token" in found, found
    return str(found["access_token"])


class Graph:
    """Microsoft Graph as an application calls it."""

    def __init__(self, emulator: Emulator, label: str = "writer") -> None:
        self._session = session(emulator)
        self._session.headers["Authorization"] = f"Bearer {token(emulator, label)}"

    def call(
        self,
        method: str,
        path: str,
        json: Any = None,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """Send a request; ``path`` follows the version, or is a whole URL. A parameter ``_top`` is the option $top."""
        url = path if path.startswith("https:") else f"{GRAPH}/v1.0{path}"
        query = {f"${name[1:]}" if name[0] == "_" else name: value for name, value in (params or {}).items()}
        return self._session.request(method, url, json=json, headers=headers, params=query or None)

    def get(self, path: str, **params: str) -> Any:
        """Return the content of what is there."""
        answer = self.call("GET", path, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()
