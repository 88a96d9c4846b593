# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The client of remote PowerShell: what is tried again, what is not, and what a user is told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any
from xml.etree.ElementTree import ParseError

import pytest
from ansible_collections.ucops.imp.plugins.module_utils._certificates.exchange import server_certificate
from ansible_collections.ucops.imp.plugins.module_utils._clients import exchange_powershell
from ansible_collections.ucops.imp.plugins.module_utils._clients.exchange_powershell import ExchangePs
from ansible_collections.ucops.imp.plugins.module_utils._core.backoff import Backoff
from ansible_collections.ucops.imp.plugins.module_utils._core.errors import (
    AnswerLost,
    ApiError,
    Busy,
    ConnectionFailed,
    Forbidden,
    ImpError,
    TimedOut,
    TlsFailed,
    Unauthorized,
    UnexpectedAnswer,
)
from ansible_collections.ucops.imp.plugins.module_utils._core.options import Connection
from ansible_collections.ucops.imp.plugins.module_utils._http.adapter import NotConnected
from ansible_collections.ucops.imp.plugins.module_utils._product.endpoints import EXCHANGE
from ansible_collections.ucops.imp.plugins.module_utils._resources.exchange_certificate import windows_subject
from ansible_collections.ucops.imp.plugins.module_utils._resources.exchange_impersonation import Impersonation
from pypsrp.exceptions import AuthenticationError, WinRMError, WinRMTransportError, WSManFaultError
from requests import exceptions as http

PASSWORD = "canary-of-powershell"

Make = Callable[..., tuple[ExchangePs, list[float]]]


@pytest.fixture(name="make")
def make_fixture(monkeypatch: pytest.MonkeyPatch) -> Make:
    """A client whose exchanges end as told: each with how far it came and what was raised, at last with output."""

    def make(*endings: tuple[str, Exception], retries: int = 2) -> tuple[ExchangePs, list[float]]:
        left = list(endings)

        def run(self: ExchangePs, cmdlet: str, parameters: Mapping[str, Any], progress: Any) -> list[Any]:
            if not left:
                return [cmdlet]
            how_far, error = left.pop(0)
            progress.sent = how_far in ("sent", "taken")
            progress.taken = how_far == "taken"
            raise error

        monkeypatch.setattr(ExchangePs, "_run", run)
        pauses: list[float] = []
        connection = Connection(EXCHANGE, "mail1", 443, r"EXAMPLE\admin", PASSWORD, retries=retries)
        return ExchangePs(connection, "ntlm", backoff=Backoff(sleep=pauses.append, jitter=lambda: 1.0)), pauses

    return make


def fault(code: int, reason: str | None = None) -> WSManFaultError:
    return WSManFaultError(code, "mail1", reason, None, None, None)


@pytest.mark.parametrize(
    ("how_far", "error"),
    [
        ("", http.ConnectionError()),
        ("", http.ConnectTimeout()),
        ("", WinRMTransportError("http", 503, "")),
        ("sent", fault(503)),
        ("sent", fault(2150858843)),
    ],
)
@pytest.mark.parametrize("method", ["read", "write"])
def test_what_the_server_has_not_done_is_tried_again(make: Make, method: str, how_far: str, error: Exception) -> None:
    client, pauses = make((how_far, error), (how_far, error))
    assert getattr(client, method)("Some-Cmdlet", {}) == ["Some-Cmdlet"]
    assert pauses == [0.5, 1.0]


class Pool:
    """A session that tells whether the server has been asked to end it."""

    def __init__(self) -> None:
        self.ended: list[str] = []
        self.connection = SimpleNamespace(close=lambda: self.ended.append("connection"))

    def close(self) -> None:
        self.ended.append("session")


@pytest.mark.parametrize(
    ("error", "ended"),
    [(fault(0x803381A5), ["session", "connection"]), (http.ConnectionError(), ["connection"])],
)
def test_a_session_counts_towards_the_quotas_until_it_is_ended(
    make: Make, monkeypatch: pytest.MonkeyPatch, error: Exception, ended: list[str]
) -> None:
    client, _pauses = make(("sent", error))
    pool = Pool()
    monkeypatch.setattr(client, "_pool", pool)
    client.read("Some-Cmdlet")
    assert pool.ended == ended


@pytest.mark.parametrize(
    ("how_far", "error"),
    [
        ("sent", http.ConnectionError()),
        ("sent", http.ReadTimeout()),
        ("sent", fault(504)),
        ("sent", WinRMTransportError("http", 502, "")),
        ("taken", http.ConnectionError()),
        ("taken", fault(503)),
        ("taken", fault(2150858843)),
    ],
)
def test_a_write_of_which_nobody_knows_is_not_tried_again(make: Make, how_far: str, error: Exception) -> None:
    client, pauses = make((how_far, error))
    with pytest.raises(AnswerLost):
        client.write("Some-Cmdlet", {})
    assert pauses == []
    reader, pauses = make((how_far, error))
    assert reader.read("Some-Cmdlet") == ["Some-Cmdlet"]
    assert pauses == [0.5]


@pytest.mark.parametrize(
    ("error", "kind", "said"),
    [
        (AuthenticationError("no"), Unauthorized, "auth=ntlm"),
        (WinRMTransportError("http", 403, ""), Forbidden, "Organization Management"),
        (WinRMTransportError("http", 404, "<html>"), UnexpectedAnswer, "Check host and port"),
        (WinRMError("other"), UnexpectedAnswer, "Check host and port"),
        (ValueError("Server responded with the auth protocol"), UnexpectedAnswer, "does not offer auth=ntlm"),
        (fault(5, "Access is denied."), ApiError, "Access is denied."),
        (fault(5), ApiError, "without a reason"),
        (NotConnected(TlsFailed("Give its CA in ca_path."), again=False), TlsFailed, "ca_path"),
        (ParseError("no element found"), UnexpectedAnswer, "Check host and port"),
        (RecursionError(), UnexpectedAnswer, "Check host and port"),
        (UnexpectedAnswer("It sent an encoded answer."), UnexpectedAnswer, "encoded"),
    ],
)
def test_other_failures_are_told_at_once(make: Make, error: Exception, kind: type[ImpError], said: str) -> None:
    client, pauses = make(("", error))
    with pytest.raises(kind) as told:
        client.read("Some-Cmdlet")
    assert said in told.value.message
    assert PASSWORD not in told.value.message + str(told.value.details)
    assert pauses == []


@pytest.mark.parametrize(
    ("error", "kind"),
    [(http.ConnectionError(), ConnectionFailed), (http.ConnectTimeout(), TimedOut), (fault(429), Busy)],
)
def test_retries_have_an_end(make: Make, error: Exception, kind: type[ImpError]) -> None:
    client, pauses = make(("", error), ("", error), retries=1)
    with pytest.raises(kind):
        client.write("Some-Cmdlet", {})
    assert pauses == [0.5]


def test_a_refused_password_is_sent_once(make: Make) -> None:
    client, pauses = make(("sent", AuthenticationError("no")))
    for _cmdlet in range(3):
        with pytest.raises(Unauthorized):
            client.write("Some-Cmdlet", {})
    assert pauses == []


class _Record:
    def __init__(self, text: str, error_id: str) -> None:
        self._text = text
        self.fq_error = error_id

    def __str__(self) -> str:
        return self._text


@pytest.mark.parametrize(
    ("error_id", "code"),
    [
        ("[Server=M,RequestId=1] [FailureCategory=Cmdlet-ManagementObjectNotFoundException] 9A,Get", "not-found"),
        ("CommandNotFoundException", "no-such-cmdlet"),
        ("Something,Get-It", "refused"),
    ],
)
def test_error_records(error_id: str, code: str) -> None:
    error = exchange_powershell._refusal("Get-It", [_Record("It is not there.", error_id), _Record("Really.", "")])
    assert isinstance(error, ApiError)
    assert (error.code, error.message) == (code, "Get-It: It is not there. Really.")
    assert error.details["error_id"] == error_id


@pytest.mark.parametrize("identifier", ["CommandNotFoundException", None])
def test_error_records_without_their_type_or_an_identifier(identifier: str | None) -> None:
    """One that ends a pipeline has its parts as plain properties; one of a script may have none at all."""
    named = {} if identifier is None else {"FullyQualifiedErrorId": identifier}
    record = SimpleNamespace(adapted_properties=named, extended_properties={})
    error = exchange_powershell._refusal("Get-It", [record])
    assert isinstance(error, ApiError)
    assert (error.code, error.details["error_id"]) == ("no-such-cmdlet" if identifier else "refused", identifier or "")


@pytest.mark.parametrize(
    ("rows", "names"),
    [
        (["text", None, 7], []),
        ([{"Name": "b"}, {"Name": "a", "AssignmentMethod": "Direct"}, {"AssignmentMethod": "Group"}], ["a", "b"]),
        ([{"AssignmentMethod": "Direct"}], None),
        ([{"Name": None}], None),
    ],
)
def test_assignments_that_are_none(rows: list[Any], names: list[str] | None) -> None:
    asked: Any = SimpleNamespace(_account="a", _present=True, _exchange=SimpleNamespace(read=lambda *_: rows))
    if names is None:
        with pytest.raises(UnexpectedAnswer):
            Impersonation.read(asked)
    else:
        assert list(Impersonation.read(asked).assignments) == names


@pytest.mark.parametrize("row", [{}, "text", {"RawData": b""}, {"RawData": None}, {"RawData": 7}])
def test_objects_that_are_no_certificates(row: Any) -> None:
    with pytest.raises(UnexpectedAnswer):
        server_certificate(row)


def test_values_with_separators_stand_in_quotes() -> None:
    options = dict.fromkeys(("country", "state_or_province", "locality", "organizational_unit"))
    subject = windows_subject({**options, "country": "JP", "organization": 'A "B", C', "common_name": "a.b"})
    assert subject == 'C=JP,O="A ""B"", C",CN=a.b'
