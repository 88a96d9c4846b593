# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Promises that no returned value shows: what is counted, which thread works, what is refused at the second place."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from imp_emulator.domain.imp.services import Reason
from imp_emulator.pipeline.accounts import Accounts
from imp_emulator.pipeline.request import Request
from imp_emulator.store.database import Database
from imp_emulator.store.exchange import certificates as exchange_certificates
from imp_emulator.wire.axl import answers
from imp_emulator.wire.axl.cucm import CucmAxl
from imp_emulator.wire.axl.faults import AxlFault
from imp_emulator.wire.axl.sql import operations
from imp_emulator.wire.exchange.ews import envelope
from imp_emulator.wire.exchange.ews.item_properties import PROPERTIES
from imp_emulator.wire.exchange.ews.messages import EwsError, T
from imp_emulator.wire.exchange.powershell import PowerShell, cmdlets
from imp_emulator.wire.http import soap
from imp_emulator.wire.imp_admin import ImpAdmin
from imp_emulator.world.environment import Environment
from imp_emulator.world.snapshots import Snapshots
from tests.support.axl_in_process import InProcess


@pytest.mark.parametrize(("rows", "fits"), [(["é" * 5], True), (["é" * 5, "x"], False), (["x" * 10], True)])
def test_the_limit_of_an_answer_counts_bytes(monkeypatch: pytest.MonkeyPatch, rows: list[str], fits: bool) -> None:
    monkeypatch.setattr(answers, "MAXIMUM_ANSWER", 10)
    if fits:
        assert answers.joined(rows, lambda: 2) == "".join(rows)
        return
    with pytest.raises(AxlFault, match="Total rows matched: 2"):
        answers.joined(rows, lambda: 2)


def test_the_limit_of_a_query_counts_bytes(emulated: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    axl = InProcess(emulated, CucmAxl, "cucm-pub")
    size = len("<row><expression>éé</expression></row>".encode())
    statement = "select first 1 'éé' from enduser"
    monkeypatch.setattr(operations, "MAXIMUM_ANSWER", size)
    assert axl.sql(statement).status == 200
    monkeypatch.setattr(operations, "MAXIMUM_ANSWER", size - 1)
    assert axl.sql(statement).status == 500


def test_the_key_of_a_certificate_request_is_made_off_the_event_loop(
    emulated: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[int] = []
    monkeypatch.setattr(cmdlets, "generate_key", lambda _size: made.append(threading.get_ident()))
    monkeypatch.setattr(cmdlets, "key_to_make", lambda _invocation: 2048)
    endpoint = PowerShell(emulated.context, Accounts(emulated.database, emulated.sessions))
    given: Any = SimpleNamespace(invocation=cmdlets.Invocation("New-ExchangeCertificate"))
    nothing: Any = SimpleNamespace(node="mail1.example.com")
    prepare = endpoint._input(nothing, nothing, nothing, None, given, "").prepare
    assert prepare is not None

    async def wait() -> None:
        await prepare()

    asyncio.run(wait())

    assert made
    assert made != [threading.get_ident()]


HEADER, BODY = "<e:Header/>", "<e:Body><ask/></e:Body>"


@pytest.mark.parametrize(
    ("content", "taken"),
    [
        (BODY, True),
        (HEADER + BODY, True),
        # SOAP 1.1 allows elements after the body, which mean nothing.
        (BODY + HEADER, True),
        (HEADER + HEADER + BODY, False),
        ("<e:Other/>" + BODY, False),
        ("<Header/>" + BODY, False),
        (HEADER, False),
        ("", False),
        ("<e:Body/>", False),
        ("<e:Body><ask/><ask/></e:Body>", False),
    ],
)
def test_a_message_has_at_most_one_header_and_asks_for_one_thing(content: str, taken: bool) -> None:
    body = f'<e:Envelope xmlns:e="{soap.ENVELOPE}">{content}</e:Envelope>'.encode()
    if taken:
        assert soap.parse_envelope(body)[1].tag == "ask"
        return
    with pytest.raises(soap.MalformedXml):
        soap.parse_envelope(body)


@pytest.mark.parametrize("apart", [True, False])
def test_a_header_of_exchange_is_given_once_also_in_two_lists_of_headers(apart: bool) -> None:
    one = f'<t:RequestServerVersion xmlns:t="{T}" Version="Exchange2013"/>'
    headers = f"<e:Header>{one}{'</e:Header><e:Header>' if apart else ''}{one}</e:Header>"
    with pytest.raises(EwsError, match="ErrorDuplicateSOAPHeader"):
        envelope.parse(f'<e:Envelope xmlns:e="{soap.ENVELOPE}">{headers}{BODY}</e:Envelope>'.encode())


REASONS = {
    -1: "",
    -1004: "Entry not found",
    -1010: "No such service",
    -1012: "Bad arguments",
    -1019: "Component is not running",
    -1029: "Operation is pending",
    -1039: "Component already started",
    -1040: "Component already stopped",
    -1042: "Requested process state transition not allowed",
    -1045: "Operation not supported",
    -1068: "Service Not Activated",
    -1069: "Commanded Out of Service",
}
"""As Cisco's guide of the serviceability API has them."""


def test_every_reason_has_the_code_and_text_of_the_guide() -> None:
    assert {reason.code: reason.text for reason in Reason} == REASONS


def test_the_representation_of_a_request_has_no_login() -> None:
    canary = "canary-31aa"
    request = Request("dc1", "imp-pub", 8443, "POST", "/", {}, {"authorization": canary}, canary.encode())
    assert canary not in repr(request)


def test_a_schema_violation_names_the_line() -> None:
    body = f'<e:Envelope xmlns:e="{soap.ENVELOPE}">\n<e:Body>\n<ask/>\n\n<ask/></e:Body></e:Envelope>'
    with pytest.raises(EwsError) as refused:
        envelope.parse(body.encode())
    assert refused.value.values["LineNumber"] == "5"


def in_reverse(listed: Any) -> Any:
    """Return a way to list a folder that gives the last name first, as a file system may."""
    return lambda *given, **named: iter(sorted(listed(*given, **named), reverse=True))


def test_the_order_of_files_in_a_folder_means_nothing(
    unseeded: Environment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    snapshots = Snapshots(unseeded.database, tmp_path / "snapshots")
    for name in ("b", "a", "c"):
        snapshots.take(name)
    for way in ("glob", "iterdir"):
        monkeypatch.setattr(Path, way, in_reverse(getattr(Path, way)))

    assert snapshots.names() == ["a", "b", "c"]
    # Tables refer to those of earlier scripts.
    Database(tmp_path / "other.sqlite3").close()


ATTENDEES = {f"calendar:{name}" for name in ("OptionalAttendees", "RequiredAttendees", "Resources")}
SERIES = {f"calendar:{name}Occurrence{many}" for name, many in (("First", ""), ("Last", ""), ("Deleted", "s"))}
SHAPES: dict[str, set[str]] = {
    "default": {
        *("item:HasAttachments", "item:IsAssociated", "item:Subject"),
        *(f"calendar:{name}" for name in ("CalendarItemType", "End", "LegacyFreeBusyStatus", "Location", "Organizer")),
        "calendar:Start",
    },
    "not first_class": {
        "item:ExtendedProperty",
        *(f"calendar:{name}" for name in ("StartWallClock", "EndWallClock", "StartTimeZoneId", "EndTimeZoneId")),
        "calendar:IsOrganizer",
    },
    "not found": {
        *("item:Attachments", "item:Body", "calendar:Recurrence", "calendar:ModifiedOccurrences"),
        *ATTENDEES,
        *SERIES,
    },
    "appends": {"item:Body", *ATTENDEES},
}
"""As Microsoft describes the base shapes, FindItem and AppendToItemField for calendar items."""


@pytest.mark.parametrize("row", SHAPES)
def test_every_property_is_in_the_shapes_that_are_published(row: str) -> None:
    attribute = row.removeprefix("not ")
    assert {known.path for known in PROPERTIES if getattr(known, attribute) == (attribute == row)} == SHAPES[row]


def test_every_operation_of_the_admin_api_has_one_way_to_succeed(emulated: Environment) -> None:
    """Generated clients take the documented answer of a success; a second one would be a type that never comes."""
    api = ImpAdmin(emulated.context, Accounts(emulated.database, emulated.sessions))
    paths = api.openapi()["paths"]
    documented = {operation["operationId"] for item in paths.values() for operation in item.values()}
    assert set(api.operations) == documented
    found = {
        f"{method} {path}": [status for status in operation["responses"] if status.startswith("2")]
        for path, item in paths.items()
        for method, operation in item.items()
        if method in {"get", "put", "post", "delete"}
    }
    assert len(found) > 15
    assert {name: told for name, told in found.items() if len(told) != 1} == {}
    created = {name for name, told in found.items() if told == ["201"]}
    assert {name for name in created if name.endswith("/presence-gateways")} == created != set()


def test_the_certificate_that_a_server_comes_with_serves_iis_and_smtp_and_stays_there(emulated: Environment) -> None:
    (held,) = exchange_certificates.certificates(emulated.database, "mail1.example.com")
    assert (held.services, held.exportable, held.friendly_name, held.request) == (
        ("IIS", "SMTP"),
        False,
        "Microsoft Exchange",
        "",
    )
