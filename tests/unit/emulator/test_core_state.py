# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The state file: transactions, seeding, snapshots, the journal and who may open it."""

from __future__ import annotations

import asyncio
import dataclasses
import sqlite3
import stat
from pathlib import Path

import pytest

from imp_emulator.domain.network import hosts as network
from imp_emulator.scenario import file as scenario_file
from imp_emulator.scenario.model import AccountSpec, Scenario, ScenarioError
from imp_emulator.scenario.writer import generate
from imp_emulator.store import accounts, hosts, keys, meta, nodes
from imp_emulator.store.database import Database, StateError
from imp_emulator.store.journal import Entry, Journal
from imp_emulator.world.clock import Clock
from imp_emulator.world.environment import Environment
from imp_emulator.world.faults import Effect, EffectKind, Fault
from imp_emulator.world.pace import Pace, Rule, ServicePace
from imp_emulator.world.snapshots import FORMAT, INITIAL, Snapshots, StateFolder, prepare, reset

SCENARIO = scenario_file.read(generate(users=3, clusters=2))


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    database = Database(tmp_path / "state.sqlite3")
    prepare(database, Snapshots(database, tmp_path / "snapshots"), SCENARIO)
    return Environment(database, Clock(), ServicePace(), SCENARIO)


def snapshots(environment: Environment) -> Snapshots:
    return Snapshots(environment.database, environment.database.path.parent / "snapshots")


def entry(operation: str, write: bool = False) -> Entry:
    return Entry(0.0, "dc1", "imp-pub", "axl", "POST", operation, "axladmin", write, 200)


def passwords(database: Database) -> list[str]:
    return [account.password for cluster in ("dc1", "dc2", "") for account in accounts.accounts(database, cluster)]


def test_a_transaction_is_kept_or_undone_as_a_whole(environment: Environment) -> None:
    database = environment.database
    with database.transaction(), database.transaction():
        meta.put(database, "kept", "1")

    def broken() -> None:
        with database.transaction():
            meta.put(database, "undone", "1")
            with database.transaction():
                meta.put(database, "undone too", "1")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        broken()
    assert meta.get(database, "kept") == "1"
    assert meta.get(database, "undone") is None
    assert meta.get(database, "undone too") is None


def test_nodes_are_found_by_name_fqdn_and_address(environment: Environment) -> None:
    database = environment.database
    assert [node.name for node in nodes.nodes(database, "dc1")] == ["cucm-pub", "imp-pub", "imp-sub"]
    assert [node.name for node in nodes.nodes(database, "dc1", "imp")] == ["imp-pub", "imp-sub"]
    for name in ("imp-pub", "IMP-PUB", "imp-pub.dc1.example.com", "Imp-Pub.DC1.example.com", "198.18.1.12"):
        found = nodes.node(database, "dc1", name)
        assert found is not None
        assert (found.name, found.cluster) == ("imp-pub", "dc1")
    assert nodes.node(database, "dc1", "imp-pub.dc2.example.com") is None
    nodes.set_ipv6(database, "dc1", "imp-pub", "2001:db8::1")
    found = nodes.node(database, "dc1", "imp-pub")
    assert found is not None
    assert found.ipv6 == "2001:db8::1"


def test_names_resolve_and_lead_to_listeners(environment: Environment) -> None:
    environment.network[("192.0.2.21", 443)] = ("127.0.0.1", 4711)
    assert network.resolve(environment.context, "MAIL1.example.com.") == ["192.0.2.21", "2001:db8::21"]
    assert network.resolve(environment.context, "2001:DB8:0::21") == ["2001:db8::21"]
    assert network.resolve(environment.context, "unknown.example.com") == []
    assert network.endpoint(environment.context, "mail1.example.com", 443) == ("127.0.0.1", 4711)
    assert network.endpoint(environment.context, "192.0.2.21", 443) == ("127.0.0.1", 4711)
    assert network.endpoint(environment.context, "mail1.example.com", 8443) is None
    assert [server.name for server in hosts.servers(environment.database)] == ["mail1.example.com", "mail2.example.com"]


def test_passwords_are_generated_differ_and_stay(environment: Environment) -> None:
    first = passwords(environment.database)
    assert len(set(first)) == 8
    assert min(len(password) for password in first) >= 16
    prepare(environment.database, snapshots(environment), SCENARIO)
    assert passwords(environment.database) == first


def test_a_password_may_come_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    account = AccountSpec("exchange", "exchange", "EXAMPLE\\svc", password_env="EXCHANGE_PASSWORD")
    scenario = dataclasses.replace(SCENARIO, exchange_account=account)
    database = Database(tmp_path / "other.sqlite3")
    monkeypatch.delenv("EXCHANGE_PASSWORD", raising=False)
    with pytest.raises(ScenarioError, match="environment variable EXCHANGE_PASSWORD"):
        prepare(database, Snapshots(database, tmp_path / "other"), scenario)
    monkeypatch.setenv("EXCHANGE_PASSWORD", "from outside")
    prepare(database, Snapshots(database, tmp_path / "other"), scenario)
    assert accounts.accounts(database, "")[0].password == "from outside"


def test_a_reset_goes_back_to_the_scenario_and_keeps_keys_passwords_and_ports(environment: Environment) -> None:
    database = environment.database
    before = (passwords(database), keys.get(database, "", keys.EMULATOR_CA), keys.get(database, "dc1", "imp-pub"))
    meta.put(database, "ports", "{}")
    nodes.set_ipv6(database, "dc1", "imp-pub", "2001:db8::1")
    environment.journal.append(entry("getUser"))
    environment.faults.active.append(Fault(1, Effect(EffectKind.DROP)))
    environment.clock.advance(60)
    environment.pace.set(Rule(Pace.HANG))
    generation = database.generation
    asyncio.run(reset(environment, snapshots(environment)))
    node = nodes.node(database, "dc1", "imp-pub")
    assert node is not None
    assert node.ipv6 is None
    assert environment.journal.entries({}) == ([], 1)
    assert environment.faults.active == []
    assert environment.clock.offset_seconds == 0
    assert environment.pace.rule_for("imp-pub", "x").pace is Pace.IMMEDIATE
    assert meta.get(database, "ports") == "{}"
    assert database.generation == generation + 1
    after = (passwords(database), keys.get(database, "", keys.EMULATOR_CA), keys.get(database, "dc1", "imp-pub"))
    assert after == before


def test_snapshots_are_taken_restored_listed_and_removed(environment: Environment) -> None:
    found = snapshots(environment)
    meta.put(environment.database, "colour", "red")
    found.take("red")
    meta.put(environment.database, "colour", "blue")
    found.restore("red")
    assert meta.get(environment.database, "colour") == "red"
    assert found.names() == [INITIAL, "red"]
    found.remove("red")
    assert found.names() == [INITIAL]
    for wrong in (found.restore, found.remove):
        with pytest.raises(KeyError):
            wrong("red")


@pytest.mark.parametrize("name", ["", "../x", "a/b", "a.b", "x" * 65, INITIAL])
def test_a_snapshot_needs_a_usable_name(environment: Environment, name: str) -> None:
    with pytest.raises(ValueError, match="snapshot"):
        snapshots(environment).take(name)


def test_the_initial_snapshot_cannot_be_removed(environment: Environment) -> None:
    with pytest.raises(ValueError, match="initial"):
        snapshots(environment).remove(INITIAL)


def test_files_with_secrets_are_private(environment: Environment) -> None:
    snapshots(environment).take("one")
    folder = environment.database.path.parent
    for file in (folder / "state.sqlite3", folder / "snapshots" / "initial.sqlite3", folder / "snapshots/one.sqlite3"):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_another_scenario_or_format_is_refused(environment: Environment) -> None:
    with pytest.raises(StateError, match="made from another scenario"):
        prepare(environment.database, snapshots(environment), dataclasses.replace(SCENARIO, fingerprint="other"))
    meta.put(environment.database, "format", "0")
    with pytest.raises(
        StateError, match=rf"another version .*\(format 0, this one has {FORMAT}\); use a new state file"
    ):
        prepare(environment.database, snapshots(environment), SCENARIO)


def test_a_lost_initial_snapshot_is_not_taken_anew(environment: Environment) -> None:
    (environment.database.path.parent / "snapshots" / "initial.sqlite3").unlink()
    with pytest.raises(StateError, match="initial snapshot"):
        prepare(environment.database, snapshots(environment), SCENARIO)


def test_snapshots_of_a_deleted_state_file_do_not_return(environment: Environment) -> None:
    snapshots(environment).take("old")
    environment.database.close()
    environment.database.path.unlink()
    database = Database(environment.database.path)
    again = Snapshots(database, database.path.parent / "snapshots")
    prepare(database, again, SCENARIO)
    assert again.names() == [INITIAL]


def test_a_state_file_serves_one_emulator(tmp_path: Path) -> None:
    folder = StateFolder(tmp_path / "s.sqlite3")
    with pytest.raises(StateError, match="in use by another emulator"):
        StateFolder(tmp_path / "s.sqlite3")
    folder.release()
    StateFolder(tmp_path / "s.sqlite3").release()


def test_going_back_to_a_snapshot_is_one_step(environment: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    database, taken = environment.database, snapshots(environment)
    taken.take("before")
    meta.put(database, "fact", "later")
    environment.journal.append(entry("getUser"))

    def broken(_: Database) -> None:
        raise RuntimeError

    monkeypatch.setattr("imp_emulator.world.snapshots.journal.clear", broken)
    with pytest.raises(RuntimeError):
        taken.restore("before")
    assert meta.get(database, "fact") == "later"
    assert len(environment.journal.entries({})[0]) == 1
    monkeypatch.undo()
    taken.restore("before")
    assert meta.get(database, "fact") is None
    assert environment.journal.entries({})[0] == []
    assert sorted(path.name for path in (database.path.parent / "snapshots").iterdir()) == [
        "before.sqlite3",
        "initial.sqlite3",
    ]


def test_what_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("this is not a database file\n" * 100)
    for path in (tmp_path / "text", tmp_path):
        with pytest.raises(StateError, match="cannot be used as a state file"):
            Database(path)


def test_the_journal_filters_and_goes_on_after_an_identifier(environment: Environment) -> None:
    journal = environment.journal
    for number, write in enumerate((False, True, False, True)):
        journal.append(entry(f"op{number}", write))
    assert [e.operation for e in journal.entries({})[0]] == ["op0", "op1", "op2", "op3"]
    assert [e.operation for e in journal.entries({"write": True})[0]] == ["op1", "op3"]
    assert [e.id for e in journal.entries({"operation": "op2"})[0]] == [3]
    assert journal.entries({"cluster": "dc2"})[0] == []
    assert journal.entries({}, after=4) == ([], 4)
    assert journal.entries({"write": False}, after=2)[0][0] == Entry(
        id=3,
        at=0.0,
        cluster="dc1",
        node="imp-pub",
        protocol="axl",
        method="POST",
        operation="op2",
        caller="axladmin",
        write=False,
        status=200,
        fault=None,
    )
    journal.clear()
    journal.append(entry("later"))
    assert [e.id for e in journal.entries({})[0]] == [5]


def test_the_journal_forgets_its_oldest_entries(environment: Environment) -> None:
    journal = Journal(environment.database, limit=100)
    with environment.database.transaction():
        for _ in range(5000):
            journal.append(entry("x"))
    entries, last = journal.entries({})
    assert last == 5000
    assert 100 <= len(entries) <= 100 + 1024
    assert entries[-1].id == 5000
    assert Journal(environment.database).entries({})[1] == 5000


def test_a_copy_that_is_not_there_cannot_be_restored(environment: Environment, tmp_path: Path) -> None:
    with pytest.raises(sqlite3.OperationalError):
        environment.database.replace_from(tmp_path / "none.sqlite3")
    assert len(nodes.nodes(environment.database, "dc1")) == 3


def test_the_scenario_of_an_unknown_cluster_is_asked_for() -> None:
    with pytest.raises(KeyError):
        Scenario((), ()).cluster("dc9")
