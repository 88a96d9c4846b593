# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The runner: what it does about the warnings and refusals of plans, and what it asks of the state afterwards."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.ucops.imp.plugins.module_utils._core.plan import Plan, Refusal
from ansible_collections.ucops.imp.plugins.module_utils._module.resource import Context
from ansible_collections.ucops.imp.plugins.module_utils._module.runner import run, run_info

from tests.support.modules import assert_contract, run_main
from tests.support.things import ARGUMENTS, CONNECTION, Things, run_things


class Reluctant(Things):
    """Its plan has the warnings and refusals that a test gives it."""

    warnings: tuple[str, ...] = ()
    refusals: tuple[Refusal, ...] = ()

    def plan(self, state: dict[str, Any]) -> Plan:
        return super().plan(state) + Plan(warnings=self.warnings, refusals=self.refusals)


def test_what_a_plan_warns_of_is_shown_once() -> None:
    class Careful(Reluctant):
        warnings = ("Mind the gap.", "Mind the door.")

    result = run_things(Careful, {}, a=1)
    assert_contract(result, changed=True)
    assert result.warnings == ["Mind the gap.", "Mind the door."]


def test_a_refusal_of_one_item_fails_it_and_leaves_the_others_alone() -> None:
    class Picky(Reluctant):
        refusals = (Refusal("It is not possible.", "impossible", "z"),)

    result = run_things(Picky, {}, a=1)
    assert_contract(result, changed=True, failed=True)
    assert result["failures"] == [{"id": "z", "code": "impossible", "message": "It is not possible."}]
    assert (result["code"], Picky.store) == ("items-failed", {"a": 1})


@pytest.mark.parametrize("check", [False, True])
def test_refusals_of_the_task_are_told_together_before_anything_is_sent(check: bool) -> None:
    class Stubborn(Reluctant):
        warnings = ("Mind the gap.",)
        refusals = (
            Refusal("a: it is not for this.", details={"one": 1}),
            Refusal("It is not possible.", "impossible", "z"),
            Refusal("b: nor is it for that.", "odd"),
        )

    Stubborn.store, Stubborn.applied = {}, []
    result = run_main(lambda: run(Stubborn, ARGUMENTS), {**CONNECTION, "things": {"a": 1}}, check=check)
    assert (result.failed, result.changed, Stubborn.applied) == (True, False, [])
    assert result.msg == "a: it is not for this. b: nor is it for that."
    assert result["code"] == "invalid-input"
    assert result["details"] == {"problems": ["a: it is not for this.", "b: nor is it for that."]}
    assert [failure["id"] for failure in result["failures"]] == ["z"]
    assert result.warnings == ["Mind the gap."]


@pytest.mark.parametrize(
    ("refusal", "details"),
    [
        (Refusal("Nothing to do it with."), {"problems": ["Nothing to do it with."]}),
        (Refusal("Nothing to do it with.", "too-many", details={"planned": 3}), {"planned": 3}),
    ],
)
def test_a_refusal_alone_is_the_error_that_it_says(refusal: Refusal, details: dict[str, Any]) -> None:
    class Stubborn(Reluctant):
        refusals = (refusal,)

    result = run_things(Stubborn, {}, a=1)
    assert (result.msg, result["code"], result["details"]) == ("Nothing to do it with.", refusal.code, details)


def test_what_is_refused_after_the_changes_does_not_undo_them() -> None:
    class Turning(Reluctant):
        def plan(self, state: dict[str, Any]) -> Plan:
            return Plan(refusals=(Refusal("Now it is too late."),)) if state else super().plan(state)

    result = run_things(Turning, {}, a=1)
    assert_contract(result, changed=True, failed=True)
    assert [(failure["id"], failure["message"]) for failure in result["failures"]] == [
        ("reading back", "Now it is too late.")
    ]


def test_what_the_state_leaves_to_be_told_is_told_at_the_end() -> None:
    class Watching(Things):
        def assess(self, state: dict[str, Any]) -> Plan:
            return Plan(warnings=(f"There is {state}.",), refusals=(Refusal("It is odd.", "odd", "a"),))

        def more_results(self, state: dict[str, Any]) -> dict[str, Any]:
            return {"names": sorted(state)}

    result = run_things(Watching, {}, a=1, b=2)
    assert_contract(result, changed=True, failed=True)
    assert result.warnings == ["There is {'a': 1, 'b': 2}."]
    assert (result["failures"], result["names"]) == ([{"id": "a", "code": "odd", "message": "It is odd."}], ["a", "b"])


def test_a_state_that_confirms_nothing_makes_no_failure() -> None:
    class Repeating(Things):
        reads: list[str]

        def read(self) -> dict[str, Any]:
            self.reads.append("first")
            return {}

        def read_back(self) -> dict[str, Any]:
            self.reads.append("back")
            return {}

        def confirms(self, state: dict[str, Any]) -> bool:
            return False

    Repeating.reads = []
    assert_contract(run_things(Repeating, {}, a=1), changed=True)
    assert Repeating.reads == ["first", "back"]


def test_all_wrong_input_of_a_module_that_reads_is_told_at_once() -> None:
    def read(context: Context) -> dict[str, Any]:
        raise AssertionError("nothing may be read")

    def problems(context: Context) -> list[str]:
        return [f"things: {len(context.params['things'])} are too few."]

    result = run_main(lambda: run_info(read, ARGUMENTS, problems=problems), {**CONNECTION, "port": 0})
    assert result["code"] == "invalid-input"
    assert result["details"]["problems"] == ["port: 0 is no TCP port; give 1 to 65535.", "things: 0 are too few."]
