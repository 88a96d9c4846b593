# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a task's result becomes in a drift report."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.ucops.imp.plugins.plugin_utils._drift.records import (
    LONGEST_MESSAGE,
    TOLD_TO_FAIL,
    Origin,
    Record,
    Status,
    records_of,
)

from tests.support import drift
from tests.support.drift import change, field, result

CANARY = "canary-that-no-report-may-hold"


def only(origin: Origin, found: dict[str, Any], *, failed: bool = False) -> Record:
    (record,) = records_of(origin, found, failed=failed)
    return record


def test_each_field_of_an_object_is_a_record_of_its_own() -> None:
    two = change("presence_gateway", "mail1.example.com", field("description", "x", "y"), field("port", 444, 443))
    found = records_of(drift.GATEWAYS, result(two))
    assert [(record.id, record.field, record.before, record.after) for record in found] == [
        ("mail1.example.com", "description", "x", "y"),
        ("mail1.example.com", "port", 444, 443),
    ]
    assert {record.status for record in found} == {Status.DRIFT}
    assert (found[0].cluster, found[0].host, found[0].path, found[0].line) == (
        "dc1",
        "imp-pub.dc1",
        "site/gateways.yml",
        14,
    )


def test_what_a_run_has_changed_is_corrected_and_no_drift() -> None:
    record = only(replace(drift.GATEWAYS, predicted=False), result(drift.DESCRIPTION))
    assert record.status is Status.CORRECTED
    assert record.sentence == 'description was "ask <Jim> | *now*", is "First site"'


@pytest.mark.parametrize(
    ("found", "sentence"),
    [
        (drift.MISSING, "is missing (store cup-trust, subject CN=Example Root CA)"),
        (
            change("presence_gateway", "x", field("port", 443, None), action="delete"),
            "is there, but should not be (port 443)",
        ),
        (drift.PASSWORD, "password is not the declared one"),
        (drift.USER, "meeting_information is no, should be yes"),
        (drift.PENDING, "has not loaded its configuration: a restart is pending"),
        (
            change("service", "n:s", field("status", "Stopped", "Started"), action="start"),
            'status is "Stopped", should be "Started"',
        ),
        (change("gateway", "x", field("description", "", None)), "description is empty, should be not set"),
        (change("certificate", "x", field("services", [], ["IIS", "SMTP"])), "services is empty, should be IIS, SMTP"),
        (change("certificate", "mail1", action="install"), "install is needed"),
    ],
)
def test_a_difference_is_one_record_in_plain_words(found: dict[str, Any], sentence: str) -> None:
    record = only(drift.GATEWAYS, result(found))
    assert (record.status, record.sentence) == (Status.DRIFT, sentence)


def test_a_service_that_is_stopped_and_waits_for_a_restart_is_told_once() -> None:
    both = change(
        "service", "n:s", field("restart_required", True, False), field("status", "Stopped", "Started"), action="start"
    )
    assert only(drift.GATEWAYS, result(both)).field == "restart_required"


def test_a_secret_of_an_object_that_is_missing_is_not_told() -> None:
    new = change(
        "gateway_credentials",
        "shared",
        field("account", None, "EXAMPLE\\svc"),
        field("password", None, CANARY, secret=True),
        action="create",
    )
    assert only(drift.GATEWAYS, result(new)).sentence == "is missing (account EXAMPLE\\svc)"


def test_a_secret_that_a_module_tells_by_mistake_is_hidden() -> None:
    told = change("gateway_credentials", "shared", field("password", CANARY, CANARY + "2", secret=True))
    record = only(drift.GATEWAYS, result(told))
    assert (record.before, record.after, record.secret) == ("(hidden)", "(hidden)", True)


def test_each_failed_item_could_not_be_checked_and_the_others_still_count() -> None:
    found = records_of(drift.TRUST, result(drift.MISSING, failures=[drift.NODE_DOWN], msg="1 failed"), failed=True)
    assert [(record.status, record.kind, record.id, record.code) for record in found] == [
        (Status.COULD_NOT_CHECK, "trust_certificates", "imp-sub", "connection-failed"),
        (Status.DRIFT, "trust_certificate", drift.MISSING["id"], None),
    ]


def test_a_task_that_could_not_begin_speaks_in_the_modules_own_words() -> None:
    message = "This cluster has no interface for presence gateways; Cisco offers them in the web pages only."
    record = only(drift.GATEWAYS, {"msg": message, "code": "no-public-api", "failures": []}, failed=True)
    assert (record.status, record.code) == (Status.COULD_NOT_CHECK, "no-public-api")
    assert record.sentence == f"could not be checked: {message}"


def test_failed_items_count_though_the_task_calls_them_a_success() -> None:
    """As with ``failed_when: false``."""
    assert only(drift.TRUST, result(failures=[drift.NODE_DOWN])).status is Status.COULD_NOT_CHECK


def test_of_other_collections_nothing_but_the_fact_and_the_message_is_taken() -> None:
    secret = {"stdout": CANARY, "invocation": {"module_args": {"content": CANARY}}, "diff": {"after": CANARY}}
    changed = only(drift.FOREIGN, {"changed": True, **secret})
    failed = only(
        drift.FOREIGN, {"changed": True, "msg": "The disk is full.", "failures": [CANARY], **secret}, failed=True
    )
    assert (changed.status, changed.kind, changed.id, changed.field) == (Status.DRIFT, "task", "Keep a file", None)
    assert (failed.status, failed.message) == (Status.COULD_NOT_CHECK, "The disk is full.")
    assert CANARY not in repr([changed, failed])
    assert records_of(drift.FOREIGN, {"changed": False, **secret}) == []


def test_a_long_message_is_cut() -> None:
    record = only(drift.FOREIGN, {"msg": "x" * 5000}, failed=True)
    assert len(record.message or "") == LONGEST_MESSAGE + 4


def test_what_nobody_declared() -> None:
    gateway, parameter = records_of(drift.GATEWAYS, result(undeclared=[drift.UNDECLARED, drift.OFF_DEFAULT]))
    assert {gateway.status, parameter.status} == {Status.UNDECLARED}
    assert (
        gateway.sentence
        == "is there, but nobody declared it (type Exchange -- EWS Server, description empty, port 443)"
    )
    assert (parameter.field, parameter.before, parameter.after) == ("value", 9, 2200)
    assert parameter.sentence == "value is 9, which nobody declared; the default is 2200"


def test_what_is_write_only_is_unknown() -> None:
    record = only(drift.GATEWAYS, result(unknown=[drift.UNKNOWN]))
    assert (record.status, record.field) == (Status.UNKNOWN, "password")
    assert record.sentence == "password could not be compared: It is not compared."


def test_no_log_hides_whether_anything_differs() -> None:
    censored = {"censored": "the output has been hidden", "changed": False}
    assert only(drift.GATEWAYS, censored).status is Status.UNKNOWN
    assert only(drift.GATEWAYS, censored, failed=True).status is Status.COULD_NOT_CHECK
    assert records_of(drift.FOREIGN, censored) == []


def test_the_items_of_a_loop_count_and_not_their_sum() -> None:
    loop = {
        "changed": True,
        "msg": "One or more items failed",
        "results": [
            result(drift.DESCRIPTION),
            {"skipped": True, "changed": False},
            {"failed": True, "msg": "No answer.", "changed": False},
        ],
    }
    found = records_of(drift.GATEWAYS, loop, failed=True)
    assert [(record.status, record.message) for record in found] == [
        (Status.DRIFT, None),
        (Status.COULD_NOT_CHECK, "No answer."),
    ]


def test_a_loop_that_failed_before_its_first_item() -> None:
    assert only(drift.GATEWAYS, {"msg": "'x' is undefined", "results": []}, failed=True).message == "'x' is undefined"


def test_a_task_that_was_told_to_fail_says_so_beside_what_it_found() -> None:
    """Up to its last attempt with ``until``, or by ``failed_when``: ansible has no message for that."""
    found = records_of(drift.GATEWAYS, result(drift.DESCRIPTION), failed=True)
    assert [(record.status, record.message) for record in found] == [
        (Status.COULD_NOT_CHECK, TOLD_TO_FAIL),
        (Status.DRIFT, None),
    ]


@pytest.mark.parametrize("changes", [["a line"], [{"path": "x"}], [None]])
def test_another_collection_may_have_a_list_of_changes_of_its_own(changes: list[Any]) -> None:
    found = {"changed": True, "changes": changes, "undeclared": ["x"], "unknown": ["x"], "failures": []}
    assert only(drift.FOREIGN, found).sentence == "would change"


@pytest.mark.parametrize("items", [["a line"], [None, {}], "text", 3, []])
def test_results_that_are_no_items_of_a_loop_are_none(items: Any) -> None:
    """Modules of other collections call what they like ``results``."""
    assert only(drift.FOREIGN, {"changed": True, "results": items}).id == "Keep a file"
