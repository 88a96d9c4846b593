# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules of Microsoft Graph that need no listener: filters, orders, and whom it knows."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from imp_emulator.domain.exchange import access_tokens, calendars, mailboxes, online
from imp_emulator.domain.exchange.access_tokens import Refusal, Resource, TokenRefused
from imp_emulator.domain.exchange.calendars import Draft
from imp_emulator.pipeline.accounts import Accounts
from imp_emulator.pipeline.request import Request, Response
from imp_emulator.scenario import file as scenario_file
from imp_emulator.scenario.model import Scenario
from imp_emulator.wire.exchange.online import graph_query
from imp_emulator.wire.exchange.online.graph import Graph
from imp_emulator.wire.exchange.online.graph_filter import FilterError, parse
from imp_emulator.world.environment import Environment
from tests.support import states

EVENT: dict[str, Any] = {
    "id": "1",
    "subject": "O'Hara's plan",
    "isAllDay": False,
    "size": 7,
    "recurrence": None,
    "start": {"dateTime": "2026-11-26T09:00:00.0000000", "timeZone": "UTC"},
}


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("subject eq 'o''hara''s PLAN'", True),
        ("subject ne 'x'", True),
        ("isAllDay eq false", True),
        ("size ge 7 and size lt 8", True),
        ("size gt 7 or contains(subject, 'plan')", True),
        ("startswith(subject,'o') and endsWith(subject,'PLAN')", True),
        ("not (size eq 7)", False),
        ("not size eq 8 and size eq 7", True),
        ("size eq 8 or size eq 7 and size eq 6", False),
        ("start/dateTime ge '2026-11-26T10:00:00+01:00'", True),
        ("start/DateTime lt 2026-11-26T09:00:00Z", False),
        ("start/dateTime eq '2026-11-26T09:00'", True),
        ("recurrence eq null", True),
        ("recurrence/pattern ne null", False),
        ("subject gt 5", False),
    ],
)
def test_a_filter_chooses(text: str, wanted: bool) -> None:
    assert parse(text)(EVENT) is wanted


@pytest.mark.parametrize(
    "text",
    [
        "",
        "subject",
        "subject eq",
        "subject is 'x'",
        "(size eq 7",
        "size eq 7)",
        "'x' eq subject",
        "size eq 7 8",
        "a $ b",
    ],
)
def test_a_filter_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(FilterError):
        parse(text)


def test_a_filter_of_what_is_not_there_is_refused() -> None:
    for path in ("colour", "start/colour", "subject/colour"):
        with pytest.raises(FilterError, match=path):
            parse(f"{path} eq 'red'")(EVENT)


def test_an_order_has_several_paths() -> None:
    entities = [{"name": name, "size": size} for name, size in (("b", 2), ("A", 10), ("a", 2), ("c", None))]
    query = graph_query.read({"$orderby": "size desc,name"}, top=10, limit=10)
    assert [one["name"] for one in query.chosen(entities)] == ["A", "a", "b", "c"]
    for wrong in ("name sideways", "name asc asc", " ", "colour"):
        with pytest.raises(graph_query.QueryError):
            graph_query.read({"$orderby": wrong}, top=10, limit=10).chosen(entities)


@pytest.fixture(name="scenario", scope="module")
def scenario_fixture() -> Scenario:
    return scenario_file.load("online")


@pytest.fixture(name="seeded_online", scope="module")
def seeded_online_fixture(scenario: Scenario, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return states.seed(tmp_path_factory.mktemp("online"), scenario)


@pytest.fixture(name="world_online")
def world_online_fixture(scenario: Scenario, seeded_online: Path, tmp_path: Path) -> Iterator[Environment]:
    with states.environment(seeded_online, tmp_path, scenario) as environment:
        yield environment


def token_of(environment: Environment, resource: Resource = Resource.GRAPH) -> str:
    spec = environment.scenario.online
    assert spec is not None
    application = online.application(environment.context, spec.applications[0].username)
    assert application is not None
    return access_tokens.issue(environment.context, application, resource)


def graph_of(environment: Environment) -> Graph:
    return Graph(environment.context, Accounts(environment.database, environment.sessions))


def sent(environment: Environment, graph: Graph, path: str) -> Response:
    headers = {"authorization": f"Bearer {token_of(environment)}"}
    request = Request("", "graph.microsoft.com", 443, "GET", f"/v1.0{path}", {}, headers, b"")
    assert graph.authenticate(request) is None
    return graph.route(request).run()


def ask(environment: Environment, path: str) -> tuple[int, Any]:
    answer = sent(environment, graph_of(environment), path)
    return answer.status, json.loads(answer.body)


def test_requests_for_a_mailbox_are_counted_for_ten_minutes(
    scenario: Scenario, seeded_online: Path, tmp_path: Path
) -> None:
    assert scenario.online is not None
    few = dataclasses.replace(scenario, online=dataclasses.replace(scenario.online, requests_per_mailbox=2))
    with states.environment(seeded_online, tmp_path, few) as world:
        graph = graph_of(world)
        anna, ben = "/users/user0001@example.com", "/users/user0002@example.com"
        assert [sent(world, graph, f"{anna}/events").status for _ in range(3)] == [200, 200, 429]
        identifier = json.loads(sent(world, graph, anna).body)["id"]
        states.advance(world, 599.5)
        refused = sent(world, graph, f"/users/{identifier}/calendar")
        assert (refused.status, refused.headers["Retry-After"]) == (429, "1")
        assert json.loads(refused.body)["error"]["code"] == "ApplicationThrottled"
        assert sent(world, graph, f"{ben}/events").status == 200
        states.advance(world, 0.5)
        assert [sent(world, graph, f"{anna}/events").status for _ in range(3)] == [200, 200, 429]
        states.advance(world, -3000)
        assert sent(world, graph, f"{anna}/events").status == 200


def test_a_user_without_a_mailbox_is_told_from_nobody(world_online: Environment) -> None:
    anna = mailboxes.by_principal_name(world_online.context, "user0001@example.com")
    assert anna is not None
    identifier = ask(world_online, f"/users/{anna.address}")[1]["id"]
    assert ask(world_online, f"/users/{identifier}")[1]["mail"] == anna.address
    mailboxes.remove(world_online.context, anna)
    status, content = ask(world_online, f"/users/{anna.address}/events")
    assert (status, content["error"]["code"]) == (404, "MailboxNotEnabledForRESTAPI")
    status, content = ask(world_online, f"/users/{identifier}/events")
    assert (status, content["error"]["code"]) == (404, "ErrorInvalidUser")


def test_a_move_leaves_the_object_id_and_old_events(world_online: Environment) -> None:
    anna = mailboxes.by_principal_name(world_online.context, "user0001@example.com")
    assert anna is not None
    identifier = ask(world_online, f"/users/{anna.address}")[1]["id"]
    noon = datetime(2026, 6, 1, 12, tzinfo=UTC)
    calendars.create(world_online.context, anna.id, Draft(noon, noon, subject="Planning"))
    (old,) = ask(world_online, f"/users/{identifier}/events")[1]["value"]
    mailboxes.move(world_online.context, anna)
    (new,) = ask(world_online, f"/users/{identifier}/events")[1]["value"]
    assert old["id"] != new["id"]
    for event in (old, new):
        assert ask(world_online, f"/users/{identifier}/events/{event['id']}")[1]["subject"] == "Planning"


def test_a_token_of_another_key_is_refused(
    world_online: Environment, scenario: Scenario, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("another")
    with states.environment(states.seed(folder, scenario), folder, scenario) as another:
        token = token_of(another)
        assert access_tokens.verify(another.context, token, Resource.GRAPH).permissions
    with pytest.raises(TokenRefused) as error:
        access_tokens.verify(world_online.context, token, Resource.GRAPH)
    assert error.value.refusal is Refusal.SIGNATURE
