# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Bulk Administration Tool: files, jobs, what their lines come to, and the service that carries them out (U2)."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from imp_emulator.domain.cucm import bulk_files, bulk_jobs, users
from imp_emulator.domain.cucm.bulk_jobs import BulkJob, Kind, LineError, Order
from imp_emulator.domain.imp import services
from imp_emulator.domain.imp.services import Action
from imp_emulator.engine.presence_engine import PresenceEngines
from imp_emulator.errors import Duplicate, Forbidden, InvalidValue, NotFound
from imp_emulator.serving import background
from imp_emulator.world.environment import Environment
from tests.support.states import advance

SERVICE = "Cisco Bulk Provisioning Service"
HEADER = "USER ID,DEPARTMENT,REMOTE DESTINATION LIMIT,ENABLE USER FOR UNIFIED CM IM AND PRESENCE\n"
ENABLED = Order(Kind.UPDATE_QUERY, "all", "axl", criteria={"userid": "%"}, options={"im_and_presence": True})


def upload(environment: Environment, content: str, kind: Kind = Kind.UPDATE_FILE, name: str = "a.txt") -> None:
    with environment.database.transaction():
        bulk_jobs.upload(environment.context, "dc1", kind, name, content, overwrite=True)


def submit(environment: Environment, order: Order, *, later: bool = False) -> int:
    with environment.database.transaction():
        return bulk_jobs.submit(environment.context, "dc1", order, later=later).id


def of_file(environment: Environment, content: str, kind: Kind = Kind.UPDATE_FILE, **more: Any) -> int:
    upload(environment, content, kind)
    return submit(environment, Order(kind, "a job", "axl", file_name="a.txt", **more))


def at_once(environment: Environment) -> None:
    """Let what is due happen, on a clock that stands."""
    advance(environment, 0)


def found(environment: Environment, identifier: int) -> BulkJob:
    return bulk_jobs.job(environment.context, "dc1", identifier)


def status(environment: Environment, identifier: int) -> str:
    return found(environment, identifier).status


def errors(environment: Environment, identifier: int) -> list[tuple[int, str, str]]:
    failed = bulk_jobs.errors(environment.context, "dc1", identifier)
    return [(error.line, error.userid, error.message) for error in failed]


def user(environment: Environment, userid: str) -> users.User:
    return users.find(environment.context, "dc1", users.UserKey("userid", userid))


def control(environment: Environment, action: Action) -> None:
    with environment.database.transaction():
        services.control(environment.context, "dc1", "cucm-pub", action, SERVICE)


def test_each_line_is_done_or_tells_why_not(emulated: Environment) -> None:
    lines = [
        "user0001,Sales,7,t",
        "user0002,~,~,~",
        "nobody,Sales,7,t",
        "user0001,Sales,7,maybe",
        "user0001,Sales,many,t",
        "user0001,Sales,11,t",
        "user0001,Sales",
        "~,Sales,7,t",
        "user0001,Sa\x01les,7,t",
        "",
        "user0002,Never,7,t",
    ]
    job = of_file(emulated, HEADER + "\n".join(lines), keep_symbol="~")
    at_once(emulated)
    about = found(emulated, job)
    assert (about.status, about.result, about.processed, about.failed, about.total) == ("Completed", "Error", 9, 7, 9)
    assert errors(emulated, job) == [
        (4, "nobody", "User not found"),
        (5, "user0001", "ENABLE USER FOR UNIFIED CM IM AND PRESENCE must be t or f."),
        (6, "user0001", "REMOTE DESTINATION LIMIT must be a number."),
        (7, "user0001", "remote_destination_limit must be between 1 and 10."),
        (8, "", "It has another number of columns than the header."),
        (9, "~", "USER ID names no user."),
        (10, "user0001", "DEPARTMENT has a control character."),
    ]
    changed = user(emulated, "user0001")
    assert (changed.department, changed.remote_destination_limit, changed.im_and_presence) == ("Sales", 7, 1)
    assert user(emulated, "user0002").department != "Never"


def test_an_ideographic_space_is_a_part_of_what_stands_in_a_cell(emulated: Environment) -> None:
    """Neither does it end the file, nor does a name with it mean the user without."""
    job = of_file(emulated, "USER ID,DEPARTMENT\nuser0001\u3000,Sales\n\u3000,\u3000\nuser0002,\u3000Sales\n")
    at_once(emulated)
    assert errors(emulated, job) == [(2, "user0001\u3000", "User not found"), (3, "\u3000", "User not found")]
    assert user(emulated, "user0002").department == "\u3000Sales"


def test_an_empty_cell_is_a_value_but_never_a_password(emulated: Environment) -> None:
    of_file(emulated, "USER ID,DEPARTMENT,PASSWORD\nuser0001,first,secret-word\n")
    at_once(emulated)
    of_file(emulated, "USER ID,DEPARTMENT,PASSWORD\nuser0001,,\n")
    at_once(emulated)
    assert user(emulated, "user0001").department == ""
    assert users.authenticate(emulated.context, "dc1", "user0001", "secret-word", "password")


def test_new_users(emulated: Environment) -> None:
    meeting = "INCLUDE MEETING INFORMATION IN PRESENCE"
    content = (
        f"user id,Last Name,PRESENCE GROUP,TITLE,UC SERVICE PROFILE,{meeting}\n"
        'new1,One,standard presence group,"a ""b"", c",,\nUSER0001,Two,,,,\nnew3,,,,,\nnew4,Four,,,profile,\n'
        "new5,Five,,,,t\n"
    )
    job = of_file(emulated, content, Kind.INSERT)
    at_once(emulated)
    assert [line for line, _userid, _message in errors(emulated, job)] == [3, 4, 5, 6]
    assert errors(emulated, job)[2][2] == "UC SERVICE PROFILE is not emulated; leave it empty or keep it."
    assert "requires Home Cluster" in errors(emulated, job)[3][2]
    added = user(emulated, "new1")
    assert (added.last_name, added.title, added.home_cluster) == ("One", 'a "b", c', 1)


def test_a_user_who_is_there_already_takes_no_place_at_a_node(emulated: Environment) -> None:
    content = "USER ID,LAST NAME,ENABLE USER FOR UNIFIED CM IM AND PRESENCE\nuser0001,x,t\n"
    before = emulated.database.all("SELECT name, assigned_users FROM node")
    of_file(emulated, content, Kind.INSERT)
    at_once(emulated)
    assert emulated.database.all("SELECT name, assigned_users FROM node") == before


def test_a_validation_finds_what_a_job_would_and_changes_nothing(emulated: Environment) -> None:
    content = "USER ID,LAST NAME\nnew1,One\nNEW1,Two\nuser0001,Three\nnew4,\n"
    before = emulated.database.changes
    check = bulk_jobs.check(emulated.context, "dc1", Kind.INSERT, content, None)
    assert emulated.database.changes == before
    assert check.total == 4
    assert [(error.line, error.message) for error in check.errors] == [
        (3, "A user NEW1 stands in the file already."),
        (4, "A user user0001 exists already."),
        (5, "A user needs last_name."),
    ]
    update = bulk_jobs.check(emulated.context, "dc1", Kind.UPDATE_FILE, f"{HEADER}nobody,#,#,t\n", "#")
    assert update.errors == [LineError(2, "nobody", "User not found")]


@pytest.mark.parametrize("kind", [Kind.INSERT, Kind.UPDATE_FILE])
def test_the_sample_is_a_file_that_can_be_used(emulated: Environment, kind: Kind) -> None:
    content = bulk_files.sample(kind is Kind.INSERT).replace("user0001", "x1")
    check = bulk_jobs.check(emulated.context, "dc1", kind, content, None if kind is Kind.INSERT else "#")
    # There is no gateway, and no such user.
    assert len(check.errors) == 1
    assert "gateway" in check.errors[0].message or check.errors[0].message == "User not found"


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("", "line 1: the first line names no column USER ID."),
        ("user0001,Sales\n", "line 1: the first line names no column USER ID."),
        ("USER ID,SECRETWORD\nuser0001,x\n", "line 1: column 2 is none of the transaction's."),
        ("USER ID,TITLE,TITLE\n", "line 1: a column is there twice."),
        ('USER ID\n"user0001\n', "line 2: it has a quote too many or too few."),
        ('USER ID\n"user"0001\n', "line 2: it has a quote too many or too few."),
        (f"USER ID,TITLE\nuser0001,{'x' * 131_073}\n", "line 2: it has a cell that is too long."),
    ],
)
def test_what_is_no_file(emulated: Environment, content: str, problem: str) -> None:
    with pytest.raises(InvalidValue) as raised:
        bulk_jobs.check(emulated.context, "dc1", Kind.UPDATE_FILE, content, None)
    assert raised.value.message == problem
    job = of_file(emulated, content)
    at_once(emulated)
    assert (status(emulated, job), found(emulated, job).result) == ("InComplete", "Error")
    assert [f"line {line}: {said}" for line, _userid, said in errors(emulated, job)] == [problem]


def test_a_long_job_is_seen_at_work_and_can_be_stopped(emulated: Environment) -> None:
    """The next one waits for it; ids are those of the second and free, and the log says how far it has come."""
    content = "USER ID,LAST NAME\n" + "".join(f"new{number},x\n" for number in range(450))
    first = of_file(emulated, content, Kind.INSERT)
    second = submit(emulated, ENABLED)
    at_once(emulated)
    assert second == first + 1 == int(emulated.clock.timestamp()) + 1
    assert (status(emulated, first), found(emulated, first).processed) == ("Processing", 200)
    assert status(emulated, second) == "Pending"
    advance(emulated, 1)
    assert found(emulated, first).processed == 400
    with emulated.database.transaction():
        bulk_jobs.stop(emulated.context, "dc1", first)
        for refused in (bulk_jobs.stop, bulk_jobs.delete):
            with pytest.raises(Forbidden, match="is Stop Requested and cannot be"):
                refused(emulated.context, "dc1", first)
    assert status(emulated, first) == "Stop Requested"
    advance(emulated, 1)
    assert status(emulated, first) == "InComplete"
    log = bulk_jobs.log(emulated.context, "dc1", first)[0]
    assert "Records processed: 400, failed: 0, total: 450\nStatus: InComplete" in log
    launched = services.instant(found(emulated, first).launched_at or 0)
    assert bulk_jobs.log_name(found(emulated, first)) == f"{first}#{launched:%m%d%Y%H%M%S}.txt"
    advance(emulated, 2)
    assert (status(emulated, second), found(emulated, second).total) == ("Completed", 402)


def test_a_job_on_hold_begins_when_it_is_activated_at_its_time(emulated: Environment) -> None:
    job = submit(emulated, ENABLED, later=True)
    advance(emulated, 3600)
    assert status(emulated, job) == "Hold"
    start = emulated.clock.timestamp() + 100.25
    with emulated.database.transaction():
        bulk_jobs.activate(emulated.context, "dc1", job, start)
        with pytest.raises(InvalidValue, match="in the past"):
            bulk_jobs.activate(emulated.context, "dc1", job, start - 200)
    advance(emulated, 100)
    assert status(emulated, job) == "Pending"
    with pytest.raises(NotFound):
        bulk_jobs.log(emulated.context, "dc1", job)
    advance(emulated, 0.25)
    assert found(emulated, job).launched_at == pytest.approx(start, abs=1e-5)
    with pytest.raises(Forbidden, match="is Completed and cannot be activated"):
        bulk_jobs.activate(emulated.context, "dc1", job, None)
    gone = submit(emulated, ENABLED, later=True)
    with emulated.database.transaction():
        bulk_jobs.activate(emulated.context, "dc1", gone, emulated.clock.timestamp() + 5)
        bulk_jobs.delete(emulated.context, "dc1", gone)
    advance(emulated, 10)
    assert [one.id for one in bulk_jobs.jobs(emulated.context, "dc1")] == [job]


def test_jobs_wait_for_their_service_and_one_at_work_ends_with_it(emulated: Environment) -> None:
    control(emulated, Action.STOP)
    waits = submit(emulated, ENABLED)
    at_once(emulated)
    assert status(emulated, waits) == "Pending"
    control(emulated, Action.START)
    assert status(emulated, waits) == "Completed"

    content = "USER ID,LAST NAME\n" + "".join(f"new{number},x\n" for number in range(201))
    cut = of_file(emulated, content, Kind.INSERT)
    at_once(emulated)
    assert status(emulated, cut) == "Processing"
    control(emulated, Action.STOP)
    assert (status(emulated, cut), found(emulated, cut).processed) == ("InComplete", 200)
    advance(emulated, 10)
    assert found(emulated, cut).processed == 200

    with emulated.database.transaction():
        services.deploy(emulated.context, "dc1", "cucm-pub", SERVICE, False)
    with pytest.raises(Forbidden, match="is not activated on cucm-pub"):
        submit(emulated, ENABLED)


def test_the_next_process_goes_on(emulated: Environment) -> None:
    control(emulated, Action.STOP)
    job = submit(emulated, ENABLED)
    # As if the process had ended between the start of the service and the job.
    emulated.database.execute("UPDATE service SET running = 1, started_at = 0 WHERE name = ?", (SERVICE,))
    asyncio.run(background.start(emulated, PresenceEngines(emulated)))
    assert status(emulated, job) == "Completed"


def test_a_query_has_one_wildcard_and_finds_its_users_at_the_launch(emulated: Environment) -> None:
    criteria = {"userid": "User_00%", "last_name": "%"}
    order = Order(Kind.UPDATE_QUERY, "few", "axl", criteria=criteria, options={"meeting_information": True})
    job = submit(emulated, order, later=True)
    with emulated.database.transaction():
        users.add(emulated.context, "dc1", {"userid": "user_001", "last_name": "x"})
        bulk_jobs.activate(emulated.context, "dc1", job, None)
    at_once(emulated)
    assert found(emulated, job).total == 1
    ((line, userid, message),) = errors(emulated, job)
    assert (line, userid) == (1, "user_001")
    assert "requires Home Cluster" in message


def test_what_is_refused(emulated: Environment) -> None:
    context = emulated.context
    upload(emulated, HEADER)
    with emulated.database.transaction():
        for name in ("a,b.txt", "a/b.txt", " ", "x" * 129, "a\nb"):
            with pytest.raises(InvalidValue):
                bulk_jobs.upload(context, "dc1", Kind.INSERT, name, HEADER, overwrite=False)
        with pytest.raises(InvalidValue, match="takes no file"):
            bulk_jobs.upload(context, "dc1", Kind.UPDATE_QUERY, "b.txt", HEADER, overwrite=False)
        with pytest.raises(Duplicate):
            bulk_jobs.upload(context, "dc1", Kind.INSERT, "a.txt", HEADER, overwrite=False)
    for order, words in (
        (Order(Kind.INSERT, "x", "axl", file_name="a.txt"), "was uploaded for"),
        (Order(Kind.UPDATE_FILE, "x", "axl"), "needs a file"),
        (Order(Kind.UPDATE_FILE, "x", "axl", file_name="other.txt"), "no file other.txt"),
        (Order(Kind.UPDATE_FILE, " ", "axl", file_name="a.txt"), "needs a description"),
        (Order(Kind.UPDATE_FILE, "x", "axl", file_name="a.txt", keep_symbol=" # "), "no blank around it"),
        (Order(Kind.INSERT, "x", "axl", file_name="a.txt", keep_symbol="#"), "has no symbol"),
        (Order(Kind.UPDATE_QUERY, "x", "axl", criteria={"userid": "%"}), "needs a query and what to set"),
    ):
        with pytest.raises((InvalidValue, NotFound), match=words):
            submit(emulated, order)
    with emulated.database.transaction():
        bulk_jobs.delete_file(context, "dc1", "a.txt")
        with pytest.raises(NotFound):
            bulk_jobs.delete_file(context, "dc1", "a.txt")
    assert bulk_jobs.files(context, "dc1") == []


def test_the_service_rests_on_subscribers(emulated: Environment) -> None:
    nodes = ("cucm-pub", "imp-pub", "imp-sub")
    states = [services.status(emulated.context, "dc1", node, SERVICE).activated for node in nodes]
    assert states == [True, True, False]
