# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The client side of NTLM where it goes wrong: no library, no NTLM at the server, messages that cannot be read."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.ucops.imp.plugins.module_utils._core.backoff import Backoff
from ansible_collections.ucops.imp.plugins.module_utils._core.errors import (
    Busy,
    ConnectionFailed,
    ImpError,
    Unauthorized,
    UnexpectedAnswer,
)
from ansible_collections.ucops.imp.plugins.module_utils._core.options import Connection
from ansible_collections.ucops.imp.plugins.module_utils._http.transport import Transport
from ansible_collections.ucops.imp.plugins.module_utils._product.endpoints import CA

from tests.support.https_server import Reply, ScriptedServer

PASSWORD = "canary-ntlm-7c1d"


@pytest.fixture(name="transport")
def transport_fixture(served: tuple[ScriptedServer, Path]) -> Iterator[Transport]:
    server, ca_path = served
    server.script.clear()
    server.seen.clear()
    options: dict[str, Any] = {"hostname": "127.0.0.1", "port": server.port, "ca_path": str(ca_path)}
    connection = Connection(CA, username=r"EXAMPLE\u", password=PASSWORD, auth="ntlm", retries=0, **options)
    with Transport(connection) as transport:
        yield transport


def test_the_library_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "spnego", None)
    with pytest.raises(ImpError, match="pyspnego") as missing:
        Transport(Connection(CA, "ca", 443, "u", PASSWORD, auth="ntlm"))
    assert missing.value.code == "missing-library"
    assert PASSWORD not in str(missing.value.details)
    Transport(Connection(CA, "ca", 443, "u", PASSWORD)).close()


def test_a_server_that_offers_no_ntlm(transport: Transport, served: tuple[ScriptedServer, Path]) -> None:
    served[0].script.append(Reply(401, headers={"WWW-Authenticate": 'Basic realm="x"'}))
    with pytest.raises(UnexpectedAnswer, match="does not offer NTLM"):
        transport.request("POST", "/certsrv/certfnsh.asp", body=b"x")
    assert [seen.path for seen in served[0].seen] == ["/certsrv/"], "the request itself was not sent"


@pytest.mark.parametrize("token", ["AAAA", "%%%", "TlRMTVNTUAACAAAA"])
def test_a_challenge_that_cannot_be_read(transport: Transport, served: tuple[ScriptedServer, Path], token: str) -> None:
    served[0].script.append(Reply(401, headers={"WWW-Authenticate": f"NTLM {token}"}))
    with pytest.raises(UnexpectedAnswer):
        transport.request("GET", "/certsrv/")


def test_a_server_that_asks_for_nothing(transport: Transport, served: tuple[ScriptedServer, Path]) -> None:
    served[0].script.extend([Reply(200), Reply(200, body=b"yes")])
    assert transport.request("GET", "/x").body == b"yes"
    headers = [{name.lower(): value for name, value in seen.headers.items()} for seen in served[0].seen]
    assert headers[0]["authorization"].startswith("NTLM ")
    assert "authorization" not in headers[1]


def test_each_connection_is_logged_in_and_only_once(transport: Transport, served: tuple[ScriptedServer, Path]) -> None:
    login, last = Reply(200), Reply(200, headers={"Connection": "close"})
    served[0].script.extend([login, Reply(200), last, login, Reply(200)])
    for path in ("/1", "/2", "/3"):
        transport.request("POST", path, body=b"x")
    assert [seen.path for seen in served[0].seen] == ["/certsrv/", "/1", "/2", "/certsrv/", "/3"]
    assert len({seen.peer for seen in served[0].seen}) == 2
    assert transport.requests == 3


def test_a_request_is_not_sent_over_a_connection_that_lacks_the_login(
    transport: Transport, served: tuple[ScriptedServer, Path]
) -> None:
    served[0].script.append(Reply(200, headers={"Connection": "close"}))
    with pytest.raises(ConnectionFailed, match="closed the connection after the login"):
        transport.request("POST", "/x", body=b"x")
    assert [seen.path for seen in served[0].seen] == ["/certsrv/"]


def test_a_login_that_is_cut_off_is_tried_again_for_it_has_sent_nothing(served: tuple[ScriptedServer, Path]) -> None:
    served[0].script[:] = [Reply(hang_up=True), Reply(200), Reply(200, body=b"done")]
    served[0].seen.clear()
    options: dict[str, Any] = {"hostname": "127.0.0.1", "port": served[0].port, "ca_path": str(served[1])}
    connection = Connection(CA, username=r"EXAMPLE\u", password=PASSWORD, auth="ntlm", retries=1, **options)
    pauses: list[float] = []
    with Transport(connection, backoff=Backoff(sleep=pauses.append)) as transport:
        assert transport.request("POST", "/x", body=b"x").body == b"done"
    assert [seen.path for seen in served[0].seen] == ["/certsrv/", "/certsrv/", "/x"]
    assert len(pauses) == 1


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_server_without_time_for_a_login_has_not_refused_the_password(
    status: int, served: tuple[ScriptedServer, Path]
) -> None:
    """Nothing was sent over the connection, so the request may follow, whatever it changes."""
    busy = Reply(status, headers={"Retry-After": "7"})
    served[0].script[:] = [busy, busy, Reply(200), Reply(200, body=b"done"), busy, busy, busy]
    served[0].seen.clear()
    options: dict[str, Any] = {"hostname": "127.0.0.1", "port": served[0].port, "ca_path": str(served[1])}
    connection = Connection(CA, username=r"EXAMPLE\u", password=PASSWORD, auth="ntlm", retries=2, **options)
    pauses: list[float] = []
    with Transport(connection, backoff=Backoff(sleep=pauses.append)) as transport:
        assert transport.request("POST", "/x", body=b"x").body == b"done"
        assert pauses == [7.0, 7.0]
    assert [seen.path for seen in served[0].seen] == ["/certsrv/"] * 3 + ["/x"]
    with (
        Transport(connection, backoff=Backoff(sleep=pauses.append)) as transport,
        pytest.raises(Busy, match=f"HTTP {status} to the login"),
    ):
        transport.request("POST", "/x", body=b"x")


def test_a_refusal_is_repeated_without_asking_again(
    transport: Transport, served: tuple[ScriptedServer, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise Unauthorized("no")

    monkeypatch.setattr("ansible_collections.ucops.imp.plugins.module_utils._http.login.NtlmLogin.log_in", refuse)
    for _request in range(2):
        with pytest.raises(Unauthorized, match=r"does not accept the password of EXAMPLE\\u") as refused:
            transport.request("GET", "/x")
        assert PASSWORD not in str(refused.value)
    assert served[0].seen == []
