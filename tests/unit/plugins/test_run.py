# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The runner: what is read, planned, applied, read back and reported, on a resource that lives in memory."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.ucops.imp.plugins.module_utils._core.errors import (
    AnswerLost,
    ApiError,
    ConnectionFailed,
    NotArrived,
    WaitExpired,
)
from ansible_collections.ucops.imp.plugins.module_utils._core.masked import masked_places
from ansible_collections.ucops.imp.plugins.module_utils._core.options import REPORT_UNDECLARED, Arguments
from ansible_collections.ucops.imp.plugins.module_utils._core.plan import (
    Change,
    Field,
    Plan,
    Undeclared,
    Unknown,
    undeclared,
)
from ansible_collections.ucops.imp.plugins.module_utils._module import progress
from ansible_collections.ucops.imp.plugins.module_utils._module.pending_restarts import PENDING_RESTARTS
from ansible_collections.ucops.imp.plugins.module_utils._module.resource import Context
from ansible_collections.ucops.imp.plugins.module_utils._module.runner import run, run_info
from ansible_collections.ucops.imp.plugins.module_utils._product.endpoints import IMP

from tests.support.modules import ModuleResult, assert_contract, run_main
from tests.support.things import ARGUMENTS, CONNECTION, Things, run_things


def test_changes_are_made_and_told() -> None:
    result = run_things(Things, {"a": 1}, a=2, b=3)
    assert_contract(result, changed=True)
    assert result["diff"] == {
        "before": {"thing": {"a": {"value": 1}}},
        "after": {"thing": {"a": {"value": 2}, "b": {"value": 3}}},
    }
    assert result["current"] == {"a": 2, "b": 3}
    assert result["restart_required"] == ["Engine"]
    assert result["failures"] == []


def test_check_mode_applies_nothing() -> None:
    Things.store, Things.applied = {"a": 1}, []
    result = run_main(lambda: run(Things, ARGUMENTS), {**CONNECTION, "things": {"a": 2}}, check=True)
    assert_contract(result, changed=True)
    assert Things.applied == []
    assert result["current"] == {"a": 1}


def test_nothing_to_do() -> None:
    result = run_things(Things, {"a": 1}, a=1)
    assert_contract(result, changed=False)
    assert Things.applied == []


def test_a_failed_change_does_not_stop_the_others() -> None:
    class Failing(Things):
        def apply(self, change: Change) -> None:
            if change.id == "b":
                raise ApiError("No room for b.", status=422, code="no-room")
            super().apply(change)

    result = run_things(Failing, {}, a=1, b=2, c=3)
    assert_contract(result, changed=True, failed=True)
    assert result["failures"] == [{"id": "b", "code": "no-room", "message": "No room for b."}]
    assert [change["id"] for change in result["changes"]] == ["a", "c"]
    assert result["current"] == {"a": 1, "c": 3}
    assert "No room for b." in result.msg


def test_many_failures_are_summed_up() -> None:
    class Failing(Things):
        def apply(self, change: Change) -> None:
            raise ApiError(f"No room for {change.id}.", status=422)

    result = run_things(Failing, {}, **{f"t{number}": 1 for number in range(8)})
    assert_contract(result, changed=False, failed=True)
    assert len(result["failures"]) == 8
    assert "and 3 more" in result.msg


def test_a_bug_in_one_change_is_told_without_secrets() -> None:
    class Broken(Things):
        def apply(self, change: Change) -> None:
            if change.id == "b":
                raise ValueError(f"bad value {self.context.params['password']}")
            super().apply(change)

    result = run_things(Broken, {}, a=1, b=2)
    assert_contract(result, changed=True, failed=True)
    assert result["failures"][0]["code"] == "unexpected"
    assert "ValueError at test_run.py:" in result.msg
    assert "canary" not in result.output


def test_a_bug_elsewhere_is_a_sentence_too() -> None:
    class Broken(Things):
        def read(self) -> dict[str, Any]:
            raise KeyError(self.context.params["password"])

    result = run_things(Broken, {})
    assert result.failed
    assert result["code"] == "unexpected"
    assert "please report it: KeyError" in result.msg
    assert "canary" not in result.output
    assert "Traceback" not in result.output


def test_an_interrupt_is_left_alone() -> None:
    class Interrupted(Things):
        def apply(self, change: Change) -> None:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_things(Interrupted, {}, a=1)


def test_a_failure_to_read_fails_the_task() -> None:
    class Unreachable(Things):
        def read(self) -> dict[str, Any]:
            raise ConnectionFailed("No connection to imp:8443.", details={"server": "imp:8443"})

    result = run_things(Unreachable, {}, a=1)
    assert result.failed
    assert (result["code"], result["details"], result.changed) == ("connection-failed", {"server": "imp:8443"}, False)


def test_reading_back_finds_what_was_not_made() -> None:
    class Lazy(Things):
        def apply(self, change: Change) -> None:
            if change.id == "a":
                super().apply(change)

    result = run_things(Lazy, {}, a=1, b=2)
    assert_contract(result, changed=True, failed=True)
    assert [change["id"] for change in result["changes"]] == ["a"]
    assert [(failure["id"], failure["code"]) for failure in result["failures"]] == [("b", "not-effective")]


def test_what_was_accepted_and_does_not_arrive_is_made_and_failed() -> None:
    class Hanging(Things):
        def apply(self, change: Change) -> None:
            if change.id == "b":
                raise NotArrived("b is on its way after 5 s.")
            if change.id == "c":
                raise WaitExpired("c was never begun.")
            super().apply(change)

    result = run_things(Hanging, {}, a=1, b=2, c=3)
    assert_contract(result, changed=True, failed=True)
    assert [change["id"] for change in result["changes"]] == ["a", "b"]
    assert result["restart_required"] == ["Engine"]
    assert [(failure["id"], failure["code"]) for failure in result["failures"]] == [
        ("b", "wait-expired"),
        ("c", "wait-expired"),
    ], "reading back does not make a second failure of it"


def test_what_was_done_is_told_though_it_cannot_be_read_back() -> None:
    class Vanishing(Things):
        def read(self) -> dict[str, Any]:
            if self.applied:
                raise ConnectionFailed("Gone.")
            return super().read()

    result = run_things(Vanishing, {}, a=1)
    assert_contract(result, changed=True, failed=True)
    assert result["failures"] == [{"id": "reading back", "code": "connection-failed", "message": "Gone."}]


@pytest.mark.parametrize(("committed", "tries"), [(True, 1), (False, 2)])
def test_after_a_lost_answer_the_state_decides(committed: bool, tries: int) -> None:
    class Losing(Things):
        def apply(self, change: Change) -> None:
            first = not self.applied
            self.applied.append(change.id)
            if committed or not first:
                self.store[change.id] = change.desired["value"]
            if first:
                raise AnswerLost("Lost.")

    result = run_things(Losing, {}, a=1)
    assert_contract(result, changed=True)
    assert len(Losing.applied) == tries


def test_an_answer_that_is_always_lost() -> None:
    class Losing(Things):
        def apply(self, change: Change) -> None:
            self.applied.append(change.id)
            raise AnswerLost("Lost.")

    result = run_things(Losing, {}, a=1)
    assert_contract(result, changed=False, failed=True)
    assert len(Losing.applied) == 3
    assert result["failures"][0]["code"] == "answer-lost"


def test_changes_side_by_side() -> None:
    class Parallel(Things):
        concurrency = 3
        together = threading.Barrier(3)

        def apply(self, change: Change) -> None:
            if change.id in ("t0", "t1", "t2"):
                self.together.wait(10)
            super().apply(change)

    result = run_things(Parallel, {}, **{f"t{number}": 1 for number in range(400)})
    assert_contract(result, changed=True)
    assert len(Parallel.applied) == 400
    assert [change["id"] for change in result["changes"]] == [f"t{number}" for number in range(400)]


class Audited(Things):
    """It tells of the values that nobody asked for, and that it cannot compare those of ``secret``."""

    def undeclared(self, state: dict[str, Any]) -> list[Undeclared]:
        there = {name: {"value": value} for name, value in state.items()}
        return undeclared("thing", there, self.context.params["things"], (Field("value"),))

    def unknown(self, state: dict[str, Any]) -> list[Unknown]:
        return [Unknown("thing", name, "value", "It is never shown.") for name in state if name == "secret"]


AUDITED = Arguments(IMP, {**ARGUMENTS.options, **REPORT_UNDECLARED})


def run_audited(kind: type[Things], store: dict[str, Any], *, check: bool = False, **options: Any) -> ModuleResult:
    kind.store, kind.applied = store, []
    return run_main(lambda: run(kind, AUDITED), {**CONNECTION, **options}, check=check)


@pytest.mark.parametrize("check", [False, True])
def test_what_nobody_asked_for_is_told_and_left_alone(check: bool) -> None:
    result = run_audited(Audited, {"a": 1, "b": 2}, check=check, things={"a": 1}, report_undeclared=True)
    assert_contract(result, changed=False)
    assert result["undeclared"] == [{"kind": "thing", "id": "b", "fields": {"value": 2}}]
    assert Audited.applied == []


def test_what_nobody_asked_for_is_told_as_it_is_after_the_changes() -> None:
    class Spawning(Audited):
        def apply(self, change: Change) -> None:
            super().apply(change)
            self.store["by the way"] = 3

    result = run_audited(Spawning, {}, things={"a": 1}, report_undeclared=True)
    assert_contract(result, changed=True)
    assert [found["id"] for found in result["undeclared"]] == ["by the way"]


def test_what_nobody_asked_for_is_told_when_something_else_fails() -> None:
    class Failing(Audited):
        def apply(self, change: Change) -> None:
            raise ApiError("No room.", status=422)

    result = run_audited(Failing, {"b": 2}, things={"a": 1}, report_undeclared=True)
    assert_contract(result, changed=False, failed=True)
    assert [found["id"] for found in result["undeclared"]] == ["b"]


def test_without_the_option_nothing_is_said_of_it() -> None:
    result = run_audited(Audited, {"a": 1, "b": 2}, things={"a": 1})
    assert "undeclared" not in result.data


def test_what_cannot_be_compared_is_told_by_resources_that_have_such_fields() -> None:
    result = run_audited(Audited, {"secret": 1})
    assert result["unknown"] == [{"kind": "thing", "id": "secret", "field": "value", "reason": "It is never shown."}]
    assert "unknown" not in run_things(Things, {"secret": 1}).data


def test_what_was_written_in_this_run_counts_as_it_was_before() -> None:
    """What could not be compared is a matter of the state that the plan saw, not of the one that it made."""
    result = run_audited(Audited, {}, things={"secret": 1})
    assert_contract(result, changed=True)
    assert result["unknown"] == []


def test_all_wrong_input_is_told_at_once_and_nothing_is_read() -> None:
    class Picky(Things):
        def problems(self) -> list[str]:
            return ["things: wrong."]

        def read(self) -> dict[str, Any]:
            raise AssertionError("nothing may be read")

    Picky.store, Picky.applied = {}, []
    result = run_main(lambda: run(Picky, ARGUMENTS), {**CONNECTION, "port": 0})
    assert result.failed
    assert result["code"] == "invalid-input"
    assert result["details"]["problems"] == ["port: 0 is no TCP port; give 1 to 65535.", "things: wrong."]


def test_the_environment_completes_the_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UCOPS_IMP_HOSTNAME", "imp.example.org")
    monkeypatch.setenv("UCOPS_IMP_PORT", "9443")

    def read(context: Context) -> dict[str, Any]:
        return {"server": f"{context.connection.hostname}:{context.connection.port}"}

    options = {"username": "axladmin", "password": "canary-77aa"}
    assert run_main(lambda: run_info(read, ARGUMENTS), options)["server"] == "imp.example.org:9443"


@pytest.mark.parametrize("failing", [False, True])
def test_info(failing: bool) -> None:
    def read(context: Context) -> dict[str, Any]:
        if failing:
            context.fail("imp-sub", ConnectionFailed("No connection."))
        return {"nodes": ["imp-pub"]}

    result = run_main(lambda: run_info(read, ARGUMENTS), CONNECTION)
    assert result.failed is failing
    assert result["nodes"] == ["imp-pub"], "what could be read is told in any case"
    assert not result.changed


def test_warnings_and_progress_reach_ansible(monkeypatch: pytest.MonkeyPatch) -> None:
    logged: list[str] = []

    class Slow(Things):
        def __init__(self, context: Context) -> None:
            super().__init__(context)
            context.warn("Mind the gap.")
            context.warn("Mind the gap.")
            context.counter = progress.Progress(context.lifeline.tell, logged.append)
            context.counter._logged -= 60

    result = run_things(Slow, {}, a=1)
    assert result.warnings == ["Mind the gap."]
    assert logged == ["1 of 1 changes done"]


COMMON = "The value of password is a part of ordinary words in what this task returns."


@pytest.mark.parametrize(
    ("password", "told"), [("Engine", True), ("ngin", True), ("8443", True), ("engine", False), ("canary-77aa", False)]
)
def test_a_password_that_hides_a_part_of_the_result_is_told(password: str, told: bool) -> None:
    """A lost name in ``restart_required`` would be a lost restart."""
    Things.store, Things.applied = {}, []
    options = {**CONNECTION, "password": password, "things": {"a": 18443}}
    result = run_main(lambda: run(Things, ARGUMENTS), options)
    assert_contract(result, changed=True)
    assert bool(list(masked_places(result.data["restart_required"] + [result["current"]]))) is told
    assert [warning.startswith(COMMON) for warning in result.warnings] == ([True] if told else [])


def test_a_warning_shows_no_secret() -> None:
    class Telling(Things):
        def plan(self, state: dict[str, Any]) -> Plan:
            return super().plan(state) + Plan(warnings=("The server says: canary-77aa is wrong.",))

    assert run_things(Telling, {}).warnings == ["The server says: ******** is wrong."]


def test_what_is_wrong_with_any_option_is_told_with_the_others() -> None:
    options = {**CONNECTION, "password": "canary-77aa\n", "port": 0, "things": {"a": "******** engine"}}
    problems = run_main(lambda: run(Things, ARGUMENTS), options)["details"]["problems"]
    assert [problem.split(":")[0] for problem in problems] == ["port", "password", "things.a"]


def test_a_secret_of_a_wrong_shape_is_refused_before_anything_else() -> None:
    result = run_main(lambda: run(Things, ARGUMENTS), {**CONNECTION, "key": ["canary", "77aa"], "port": 0})
    assert result.msg == "key: it is a list. Give one value, a text in quotes."


@pytest.mark.parametrize("refused", [False, True])
def test_notes_that_are_damaged_during_a_change_do_not_undo_it(tmp_path: Path, refused: bool) -> None:
    path = tmp_path / "restarts.json"

    class Damaging(Things):
        def apply(self, change: Change) -> None:
            path.write_text("{", encoding="utf-8")
            if refused:
                raise ApiError("No.", status=400)
            super().apply(change)

    Damaging.store, Damaging.applied = {}, []
    arguments = Arguments(IMP, {**ARGUMENTS.options, **PENDING_RESTARTS})
    options = {**CONNECTION, "things": {"a": 1}, "pending_restarts_path": str(path)}
    result = run_main(lambda: run(Damaging, arguments), options)
    assert (result.failed, result.changed) == (refused, not refused)
    (warning,) = result.warnings
    assert f"{path} tells which services still have to restart, but it is damaged." in warning


def test_transports_are_closed_at_the_end() -> None:
    closed: list[Callable[[], None]] = []

    def read(context: Context) -> dict[str, Any]:
        transport = context.transport()
        transport.close = lambda: closed.append(transport.close)  # type: ignore[method-assign]
        return {}

    run_main(lambda: run_info(read, ARGUMENTS), CONNECTION)
    assert len(closed) == 1
