# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The planner: what changes follow from what is there and what is wanted, and how they are shown."""

from __future__ import annotations

import json
from dataclasses import FrozenInstanceError

import pytest
from ansible_collections.ucops.imp.plugins.module_utils._core.plan import (
    DIFFERS,
    GIVEN,
    LONGEST_DIFF,
    Change,
    Field,
    FieldChange,
    Fields,
    Plan,
    Refusal,
    compare,
    undeclared,
)
from hypothesis import given
from hypothesis import strategies as st

FIELDS = (Field("port"), Field("description"), Field("password", secret=True))


def test_nothing_wanted_differs() -> None:
    plan = compare("gateway", {"a": {"port": 443, "description": "x"}}, {"a": {"port": 443}}, FIELDS)
    assert not plan.changed
    assert plan.changes == []
    assert plan.diff == {"before": {}, "after": {}}


def test_update_shows_only_the_fields_that_differ() -> None:
    plan = compare(
        "gateway", {"a": {"port": 443, "description": "x"}}, {"a": {"port": 444, "description": "x"}}, FIELDS
    )
    assert plan.changes == [
        {
            "kind": "gateway",
            "id": "a",
            "action": "update",
            "fields": [{"name": "port", "before": 443, "after": 444, "secret": False}],
        }
    ]
    assert plan.diff == {"before": {"gateway": {"a": {"port": 443}}}, "after": {"gateway": {"a": {"port": 444}}}}


def test_create_and_delete() -> None:
    plan = compare("gateway", {"old": {"port": 1}}, {"old": None, "new": {"port": 2}, "never": None}, FIELDS)
    assert [(step.action, step.id) for step in plan] == [("delete", "old"), ("create", "new")]
    assert plan.diff == {"before": {"gateway": {"old": {"port": 1}}}, "after": {"gateway": {"new": {"port": 2}}}}


def test_purge_deletes_what_is_not_named() -> None:
    current = {"a": {"port": 1}, "b": {"port": 2}}
    assert not compare("gateway", current, {"a": {"port": 1}}, FIELDS).changed
    plan = compare("gateway", current, {"a": {"port": 1}}, FIELDS, purge=True)
    assert [(step.action, step.id) for step in plan] == [("delete", "b")]


def test_a_field_that_is_missing_on_the_server_differs() -> None:
    plan = compare("gateway", {"a": {}}, {"a": {"description": ""}}, FIELDS)
    assert plan.changes[0]["fields"] == [{"name": "description", "before": None, "after": "", "secret": False}]


def test_values_are_compared_by_the_field() -> None:
    field = Field("name", same=lambda current, wanted: current.lower() == wanted.lower())
    assert not compare("gateway", {"a": {"name": "X"}}, {"a": {"name": "x"}}, (field,)).changed


def test_a_secret_never_enters_the_plan() -> None:
    wanted = {"a": {"password": "canary-1"}, "b": {"password": "canary-2"}}
    plan = compare("gateway", {"a": {"password": "canary-3"}}, wanted, FIELDS)
    shown = {step.id: step.fields[0] for step in plan}
    assert shown["a"] == FieldChange("password", DIFFERS, GIVEN, secret=True)
    assert shown["b"] == FieldChange("password", None, GIVEN, secret=True)
    assert "canary" not in json.dumps([plan.changes, plan.diff]) + repr(plan)
    assert plan.steps[1].desired == {"password": "canary-2"}, "whoever applies the change needs it"


def test_a_secret_of_what_is_deleted_is_not_mentioned() -> None:
    plan = compare("gateway", {"a": {"port": 1, "password": "canary"}}, {"a": None}, FIELDS)
    assert [field.name for field in plan.steps[0].fields] == ["port"]


def toggled(number: int, *, first: int = 0, kind: str = "calendar_user") -> Plan:
    """A plan that switches so many objects on."""
    ids = [f"user{one:04}" for one in range(first, first + number)]
    return compare(kind, {one: {"port": False} for one in ids}, {one: {"port": True} for one in ids}, FIELDS)


def test_a_diff_is_exact_up_to_thirty_changes_and_then_a_page() -> None:
    assert LONGEST_DIFF == 30, "the pages and the documentation of the modules say so"
    assert len(toggled(30).diff["after"]["calendar_user"]) == 30
    plan = toggled(2000) + compare("calendar_user", {}, {"new": {"port": True}}, FIELDS)
    page = plan.diff["prepared"]
    assert plan.diff.keys() == {"prepared"}
    assert page.endswith("\n"), "ansible writes the next line after it"
    lines = page.splitlines()
    assert lines[:6] == [
        "2,001 changes:",
        "  2,000 users: port no -> yes",
        "  1 user: is added",
        "",
        "The first 30:",
        "  user user0000: port no -> yes",
    ]
    assert lines[-1] == "  and 1,971 more"
    assert len(lines) == 5 + 30 + 1


def test_a_page_holds_no_secret_no_command_and_no_endless_list() -> None:
    odd = "\x1b[2J" + "x" * 9999
    names = [f"user{one:02}{odd}" for one in range(40)]
    wanted: dict[str, Fields | None] = {
        name: {"description": f"{number}{odd}", "password": "canary"} for number, name in enumerate(names)
    }
    plan = compare("gateway", {name: {} for name in names}, wanted, FIELDS)
    page = plan.diff["prepared"]
    assert "canary" not in page + plan.listing
    assert "\x1b" not in page + plan.listing
    lines = page.splitlines()
    assert max(map(len, lines)) <= 202
    assert len(lines) == 1 + 10 + 1 + 2 + 30 + 1
    assert lines[11] == "  and 30 in other ways"


def test_a_listing_has_every_change_in_a_line() -> None:
    assert toggled(100).listing.splitlines()[99] == "user user0099: port no -> yes"
    assert Plan().listing == ""


def test_refusals_of_a_whole_task_that_say_the_same_are_one() -> None:
    plan = Plan(refusals=(Refusal("No."), Refusal("No."), Refusal("Not that either.")))
    assert plan.failure is not None
    assert plan.failure.message == "No. Not that either."


def test_plans_are_joined_and_cut() -> None:
    one, two = Change("gateway", "a", "create"), Change("service", "a", "restart")
    plan = Plan((one,)) + Plan((two,))
    assert list(plan.only([("service", "a")])) == [two]
    assert len(plan) == 2


def test_warnings_and_refusals_of_joined_plans_stay_in_their_order() -> None:
    plan = Plan(warnings=("a",), refusals=(Refusal("one", id="1"),)) + Plan(warnings=("b",), refusals=(Refusal("two"),))
    assert plan.warnings == ("a", "b")
    assert [refusal.message for refusal in plan.refusals] == ["one", "two"]
    assert not plan.changed
    assert plan.failure is not None
    assert plan.failure.message == "two"
    assert Plan(refusals=plan.refusals[:1]).failure is None


def test_nobody_alters_a_plan() -> None:
    parts = (Plan(), Change("gateway", "a", "create"), FieldChange("port", 1, 2), Refusal("No."))
    for part in parts:
        with pytest.raises(FrozenInstanceError):
            part.kind = "other"  # type: ignore[misc,union-attr]


VALUES = st.dictionaries(st.sampled_from(["port", "description"]), st.integers(0, 3), max_size=2)
SIDES = st.dictionaries(st.sampled_from("abcdef"), VALUES)


@given(current=SIDES, wanted=st.dictionaries(st.sampled_from("abcdef"), VALUES | st.none()), purge=st.booleans())
def test_carrying_out_a_plan_leaves_nothing_to_do(
    current: dict[str, dict[str, int]], wanted: dict[str, dict[str, int] | None], purge: bool
) -> None:
    plan = compare("gateway", current, wanted, FIELDS, purge=purge)
    after = {key: dict(fields) for key, fields in current.items()}
    for step in plan:
        if step.action == "delete":
            del after[step.id]
        else:
            after.setdefault(step.id, {}).update({item.name: item.after for item in step.fields})
    assert not compare("gateway", after, wanted, FIELDS, purge=purge).changed
    assert plan.changed == (after != current)


def test_what_nobody_declared_is_told_without_secrets() -> None:
    there: dict[str, Fields] = {
        "a": {"port": 443},
        "b": {"port": 444, "description": "by hand", "password": "canary", "position": 2},
    }
    assert [found.as_dict() for found in undeclared("gateway", there, iter(["a", "never"]), FIELDS)] == [
        {"kind": "gateway", "id": "b", "fields": {"port": 444, "description": "by hand"}}
    ]
