# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The policy for everything that is sent: size, environment, addresses, and the packages that it needs."""

from __future__ import annotations

import importlib
import importlib.util
import re
import socket
import ssl
import sys
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import requests
from ansible_collections.ucops.imp.plugins.module_utils._clients import exchange_powershell
from ansible_collections.ucops.imp.plugins.module_utils._clients.exchange_powershell import ExchangePs
from ansible_collections.ucops.imp.plugins.module_utils._core.errors import (
    AnswerLost,
    ImpError,
    TimedOut,
    Unauthorized,
    UnexpectedAnswer,
)
from ansible_collections.ucops.imp.plugins.module_utils._core.options import Connection, EndpointKind
from ansible_collections.ucops.imp.plugins.module_utils._http import adapter, transport
from ansible_collections.ucops.imp.plugins.module_utils._http.transport import Transport
from ansible_collections.ucops.imp.plugins.module_utils._product.endpoints import CA, ENDPOINT_KINDS, EXCHANGE, IMP, PWS
from urllib3.response import HTTPResponse

from tests.support.https_server import Reply, ScriptedServer

PASSWORD = "canary-adapter-0b9e"


@pytest.fixture(name="options")
def options_fixture(served: tuple[ScriptedServer, Path]) -> dict[str, Any]:
    server, ca_path = served
    server.script.clear()
    server.seen.clear()
    return {
        "hostname": "127.0.0.1", "port": server.port, "username": "reader", "password": PASSWORD,
        "ca_path": str(ca_path), "timeout": 5, "retries": 0,
    }  # fmt: skip


@pytest.fixture(name="small")
def small_fixture(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adapter, "LARGEST_ANSWER", 2**20)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("headers", [{}, {"X-Long": "x" * 60_000}])
def test_an_answer_of_any_size_up_to_the_bound(
    served: tuple[ScriptedServer, Path], options: dict[str, Any], headers: dict[str, str]
) -> None:
    served[0].script += [Reply(200, bytes(2**20 - 61_000), headers), Reply(200, bytes(2**20), headers)]
    with Transport(Connection(IMP, **options)) as transport:
        assert len(transport.request("GET", "/x").body) == 2**20 - 61_000
        with pytest.raises(UnexpectedAnswer, match="larger than 1 MB"):
            transport.request("GET", "/x")
        assert transport.request("GET", "/x").ok, "the next one has a connection of its own"
    assert len({seen.peer for seen in served[0].seen}) == 2


@pytest.mark.usefixtures("small")
def test_the_bound_holds_for_the_answers_to_a_login(
    served: tuple[ScriptedServer, Path], options: dict[str, Any]
) -> None:
    served[0].script.append(Reply(401, bytes(2**21), {"WWW-Authenticate": "NTLM"}))
    with (
        Transport(Connection(CA, auth="ntlm", **options)) as transport,
        pytest.raises(UnexpectedAnswer, match="larger than 1 MB"),
    ):
        transport.request("GET", "/certsrv/")
    served[0].script.append(Reply(401, bytes(2**21), {"WWW-Authenticate": "NTLM"}))
    with (
        ExchangePs(Connection(EXCHANGE, auth="ntlm", **options), "ntlm") as session,
        pytest.raises(UnexpectedAnswer, match="larger than 1 MB"),
    ):
        session.read("Get-ExchangeServer")


def test_a_part_of_an_answer_is_not_taken_for_the_whole(
    served: tuple[ScriptedServer, Path], options: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The session of requests reads piece by piece, and urllib3 1.26 has another default than 2."""
    lenient = partial(HTTPResponse, enforce_content_length=False)
    monkeypatch.setattr(adapter, "ResponseOfUrllib3", lenient)
    served[0].script.append(Reply(200, b"0123456789", {"Content-Length": "100", "Connection": "close"}))
    connection = Connection(CA, **options)
    with adapter.PolicySession(
        connection, adapter.watched(ssl.create_default_context(cafile=connection.ca_path))
    ) as session:
        session.auth = ("reader", PASSWORD)
        request = session.prepare_request(requests.Request("GET", f"https://127.0.0.1:{connection.port}/x"))
        with pytest.raises(requests.ConnectionError, match="IncompleteRead"):
            session.send(request)


@pytest.mark.parametrize("auth", ["basic", "ntlm"])
def test_powershell_heeds_nothing_of_the_environment(
    served: tuple[ScriptedServer, Path],
    options: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    auth: str,
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(netrc))
    served[0].script.append(Reply(401, headers={"WWW-Authenticate": 'Basic realm="x"'}))
    with ExchangePs(Connection(EXCHANGE, auth=auth, **options), auth) as session, pytest.raises(Unauthorized):
        session.read("Get-ExchangeServer")
    (seen,) = served[0].seen
    if auth == "basic":
        assert seen.headers["Authorization"] == "Basic cmVhZGVyOmNhbmFyeS1hZGFwdGVyLTBiOWU="
    else:
        assert "Authorization" not in seen.headers


def test_the_time_is_shared_among_the_addresses_of_a_name(
    served: tuple[ScriptedServer, Path], options: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A first address that swallows everything leaves time for the second, and none of them more than all."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        address = full.getsockname()
        # So many wait to be accepted that the kernel answers no further one.
        waiting = [socket.socket() for _ in range(4)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(address)
        found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", where) for where in (address, options_address(options))]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_names: found)
        with Transport(Connection(IMP, **{**options, "timeout": 2})) as transport:
            assert transport.request("GET", "/x").ok
        found.pop()
        with (
            Transport(Connection(IMP, **{**options, "timeout": 0.2})) as transport,
            pytest.raises(TimedOut, match=r"No connection to .* within 0\.2 s"),
        ):
            transport.request("GET", "/x")
        for one in waiting:
            one.close()
    assert len(served[0].seen) == 1


def options_address(options: dict[str, Any]) -> tuple[str, int]:
    return str(options["hostname"]), int(options["port"])


def test_a_server_that_accepts_and_says_nothing_of_tls(options: dict[str, Any]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        options = {**options, "port": mute.getsockname()[1], "timeout": 0.3}
        with (
            Transport(Connection(IMP, **options)) as transport,
            pytest.raises(TimedOut, match=r"No connection to .* within 0\.3 s"),
        ):
            transport.request("POST", "/x")


def test_a_request_that_nobody_reads(options: dict[str, Any], served: tuple[ScriptedServer, Path]) -> None:
    """Writing is held to the deadline as reading is; the request fills the buffers of both sides."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(served[1].with_name("certificate.pem"), served[1].with_name("key.pem"))
    ended = threading.Event()

    def shake_hands_only() -> None:
        with context.wrap_socket(listener.accept()[0], server_side=True):
            ended.wait(20)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=shake_hands_only)
        thread.start()
        options = {**options, "port": listener.getsockname()[1], "timeout": 0.5}
        with (
            Transport(Connection(IMP, **options)) as transport,
            pytest.raises(AnswerLost, match=r"did not answer within 0\.5 s"),
        ):
            transport.request("POST", "/x", body=bytes(2**26))
        assert thread.is_alive(), "the server has given up first"
        ended.set()
        thread.join()


def test_the_package_is_missing(monkeypatch: pytest.MonkeyPatch, options: dict[str, Any]) -> None:
    monkeypatch.setattr(adapter, "MISSING_LIBRARY", "Traceback")
    with pytest.raises(ImpError, match=r"\(requests\)") as missing:
        Transport(Connection(IMP, **options))
    assert missing.value.code == "missing-library"


@pytest.fixture(name="without_requests")
def without_requests_fixture(monkeypatch: pytest.MonkeyPatch) -> Callable[[ModuleType], ModuleType]:
    """Load a copy of a module as on a controller without the packages."""
    for name in [*sys.modules]:
        if name.partition(".")[0] in ("requests", "urllib3", "pypsrp", "spnego"):
            monkeypatch.delitem(sys.modules, name)
    for name in ("requests", "urllib3", "pypsrp", "spnego"):
        monkeypatch.setitem(sys.modules, name, None)

    def load(module: ModuleType) -> ModuleType:
        assert module.__file__ is not None
        spec = importlib.util.spec_from_file_location(module.__name__, module.__file__)
        assert spec is not None
        assert spec.loader is not None
        copy = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, module.__name__, copy)
        spec.loader.exec_module(copy)
        return copy

    return load


def test_everything_loads_without_the_packages(
    without_requests: Callable[[ModuleType], ModuleType], options: dict[str, Any]
) -> None:
    policy, bare, powershell = (without_requests(one) for one in (adapter, transport, exchange_powershell))
    assert "requests" in policy.MISSING_LIBRARY
    with pytest.raises(ImpError) as missing:
        bare.Transport(Connection(IMP, **options))
    assert missing.value.code == "missing-library"
    with pytest.raises(ImpError) as missing:
        powershell.ExchangePs(Connection(EXCHANGE, **options), "basic")
    assert missing.value.code == "missing-library"


TRANSPORT_LOGS_IN = {name: kind for name, kind in ENDPOINT_KINDS.items() if not kind.own_login}


@pytest.mark.parametrize("kind", TRANSPORT_LOGS_IN.values(), ids=TRANSPORT_LOGS_IN)
def test_every_kind_of_server_says_which_account_it_takes(
    served: tuple[ScriptedServer, Path], options: dict[str, Any], kind: EndpointKind
) -> None:
    served[0].script += [Reply(403), Reply(401)]
    with Transport(Connection(kind, **options)) as transport:
        for told in (kind.rights, kind.account):
            assert told.endswith(".")
            with pytest.raises(ImpError) as caught:
                transport.request("GET", "/x")
            assert caught.value.message.endswith(told)


def test_a_protocol_with_a_login_of_its_own_reads_401_itself(
    served: tuple[ScriptedServer, Path], options: dict[str, Any]
) -> None:
    served[0].script += [Reply(401), Reply(200)]
    with Transport(Connection(PWS, **options)) as transport:
        assert [transport.request("GET", "/x").status for _time in range(2)] == [401, 200]
    assert "Authorization" not in served[0].seen[-1].headers


PRODUCTS = re.compile(r"(?i)\b(?:cisco|axl|cucm|unified|certsrv|ucops-\w+|platformcom|controlcenter\w*)\b")


def test_the_transport_knows_no_product() -> None:
    """Accounts, rights and paths are those of the kind of endpoint; comments tell of no product, either."""
    files = list(Path(adapter.__file__).parent.glob("*.py"))
    assert len(files) >= 4
    assert {path.name: found for path in files if (found := PRODUCTS.findall(path.read_text()))} == {}
