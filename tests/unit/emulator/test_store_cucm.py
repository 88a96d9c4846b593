# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the store gives of a cluster: named types that nobody can change, errors with names, few statements."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from typing import Any

import pytest

from imp_emulator.catalogue.parameters import ENTERPRISE_NODE, ENTERPRISE_SERVICE
from imp_emulator.domain.cucm import nodes as process_nodes
from imp_emulator.errors import Forbidden
from imp_emulator.store import hosts, nodes
from imp_emulator.store.cucm import parameters, public_tables, queries, users
from imp_emulator.store.cucm.queries import Flaw, StatementError
from imp_emulator.store.cucm.users import UseridTaken, UserKey
from imp_emulator.wire.axl.cucm import CucmAxl
from imp_emulator.world.environment import Environment
from tests.support.axl_in_process import InProcess

FIRST, SECOND = UserKey("userid", "USER0001"), UserKey("userid", "user0002")


def known(found: Any) -> Any:
    assert found is not None
    return found


def test_nobody_changes_what_the_store_gave(emulated: Environment) -> None:
    database = emulated.database
    given = {
        "domain": nodes.clusters(database)[0],
        "description": known(nodes.node(database, "dc1", "imp-pub")),
        "ipv4": hosts.servers(database)[0],
        "value": known(parameters.parameter(database, "dc1", ENTERPRISE_NODE, ENTERPRISE_SERVICE, "EnableIPV6")),
        "meeting_information": known(users.presence_user(database, "dc1", FIRST)),
    }
    for attribute, thing in given.items():
        with pytest.raises(FrozenInstanceError):
            setattr(thing, attribute, "other")
        assert not hasattr(thing, "__dict__")
    user = known(users.user(database, "dc1", FIRST))
    with pytest.raises(AttributeError):
        user.mail = "other"


def test_a_user_has_the_values_of_the_columns_that_have_its_names(emulated: Environment) -> None:
    database = emulated.database
    user = known(users.user(database, "dc1", FIRST))
    row = dict(known(database.one("SELECT * FROM end_user WHERE userid = 'user0001'")))
    assert {name: row[name] for name in users.User._fields} == user._asdict()
    # Where it stands and what nobody may see.
    assert row.keys() - user._asdict().keys() == {
        "id",
        "cluster",
        "presence_group",
        "presence_node",
        "password_hash",
        "pin_hash",
    }
    assert users.user(database, "dc1", UserKey("pkid", user.pkid)) == user
    assert users.user(database, "dc1", UserKey("pkid", user.pkid.upper())) is None


def test_flags_of_presence_are_truth_values(emulated: Environment) -> None:
    users.update(emulated.database, known(users.presence_user(emulated.database, "dc1", FIRST)).id, {"home_cluster": 0})
    user = known(users.presence_user(emulated.database, "dc1", FIRST))
    assert (user.home_cluster, user.im_and_presence, user.meeting_information) == (False, False, False)
    assert isinstance(user.home_cluster, bool)


def test_a_user_id_that_is_taken_has_an_error_of_its_own(emulated: Environment) -> None:
    database = emulated.database
    second = known(users.presence_user(database, "dc1", SECOND))
    with pytest.raises(UseridTaken):
        users.update(database, second.id, {"userid": "User0001"})
    with pytest.raises(UseridTaken):
        users.insert(database, "dc1", "0", {"userid": "user0001", "last_name": "x"})
    assert known(users.user(database, "dc1", SECOND)).pkid == second.pkid


@pytest.mark.parametrize(
    ("statement", "flaw", "name"),
    [
        ("SELECT 1 FROM [nothing]", Flaw.NO_TABLE, "nothing"),
        ("SELECT password_hash FROM end_user", Flaw.NO_TABLE, "end_user"),
        ("SELECT [nothing] FROM enduser", Flaw.NO_COLUMN, "nothing"),
        ("SELECT enum FROM typeparam, typeservice", Flaw.AMBIGUOUS_COLUMN, "enum"),
        ("SELECT unknown(1) FROM typeparam", Flaw.NO_FUNCTION, "unknown"),
        ("SELECT randomblob(9) FROM typeparam", Flaw.NO_FUNCTION, "randomblob"),
        ("SELECT FROM enduser", Flaw.SYNTAX, ""),
        ("DELETE FROM end_user", Flaw.SYNTAX, ""),
    ],
)
def test_what_is_wrong_with_a_statement_has_a_name(
    emulated: Environment, statement: str, flaw: Flaw, name: str
) -> None:
    with (
        pytest.raises(StatementError) as caught,
        queries.select(emulated.database, "dc1", public_tables.CUCM, statement) as found,
    ):
        list(found.rows)
    assert (caught.value.flaw, caught.value.name) == (flaw, name)


def test_what_goes_wrong_while_rows_are_read_has_a_name_too(
    emulated: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "_MOST_STEPS", 1)
    statement = "SELECT p.pkid FROM processconfig p, processconfig q, processconfig r, processconfig s, processconfig t"
    read: list[Any] = []
    with (
        pytest.raises(StatementError) as caught,
        queries.select(emulated.database, "dc1", public_tables.CUCM, statement) as found,
    ):
        read.extend(found.rows)
    assert read
    assert caught.value.flaw is Flaw.TOO_LONG


@pytest.mark.parametrize(
    "change",
    [
        "<department>other</department>",
        "<homeCluster>true</homeCluster><imAndPresenceEnable>true</imAndPresenceEnable>",
        "<password>correct horse</password>",
    ],
)
def test_an_update_reads_its_user_once_and_writes_it_once(emulated: Environment, change: str) -> None:
    assert about_users(InProcess(emulated, CucmAxl, "cucm-pub"), change) == ["SELECT", "UPDATE"]


@pytest.mark.parametrize(
    ("field", "value", "other"),
    [
        ("department", "other", ""),
        ("department", "other", "Other"),
        ("userid", "USER0001", "user0001"),
        ("im_and_presence", True, False),
        ("em_max_login_time", 7, None),
        ("em_max_login_time", None, 0),
    ],
)
def test_an_update_tells_whether_a_value_is_another(
    emulated: Environment, field: str, value: object, other: object
) -> None:
    database, user_id = emulated.database, known(users.presence_user(emulated.database, "dc1", FIRST)).id
    users.update(database, user_id, {field: value, "title": "same"})
    assert not users.update(database, user_id, {field: value, "title": "same"})
    assert users.update(database, user_id, {"title": "same", field: other})
    assert getattr(known(users.user(database, "dc1", FIRST)), field) == other


def about_users(axl: InProcess, change: str) -> list[str]:
    """Update a user and tell the first words of the statements about users that this took."""
    statements: list[str] = []
    connection = axl.environment.database._connection
    connection.set_trace_callback(statements.append)
    axl.ask("updateUser", f"<userid>user0001</userid>{change}").done()
    connection.set_trace_callback(None)
    return [statement.split()[0] for statement in statements if "end_user" in statement]


def test_the_node_of_the_whole_cluster_has_no_description(emulated: Environment) -> None:
    first, *servers = process_nodes.process_nodes(emulated.context, "dc1")
    assert (first, len(servers)) == (process_nodes.ENTERPRISE, 3)
    with pytest.raises(Forbidden):
        process_nodes.describe(emulated.context, "dc1", first, description="x")
    process_nodes.describe(emulated.context, "dc1", servers[0], description="x")
    process_nodes.describe(
        emulated.context, "dc1", process_nodes.find(emulated.context, "dc1", "cucm-pub"), ipv6_name="y"
    )
    changed = process_nodes.find(emulated.context, "dc1", "CUCM-PUB")
    assert (changed.description, changed.ipv6_name) == ("x", "y")
