# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""executeSQLQuery and executeSQLUpdate: what they answer, what they change, and what nobody gets to see."""

from __future__ import annotations

import pytest

from imp_emulator.catalogue import database
from imp_emulator.domain.cucm import public_tables
from imp_emulator.domain.imp import restarts
from imp_emulator.store.cucm import queries
from imp_emulator.wire.axl.cucm import CucmAxl
from imp_emulator.world.environment import Environment
from tests.support.axl_in_process import InProcess

PARAMETERS = (
    "select paramname, paramvalue from processconfig"
    " join typeparam on typeparam.enum = processconfig.tkparam"
    " join processnode on processnode.pkid = processconfig.fkprocessnode"
    " join typeservice on typeservice.enum = processconfig.tkservice"
    " where typeservice.name = 'Cisco Presence Engine' and processnode.systemnode = 't' order by paramname"
)


@pytest.fixture
def axl(emulated: Environment) -> InProcess:
    return InProcess(emulated, CucmAxl, "cucm-pub")


def rows(axl: InProcess, statement: str) -> list[dict[str, str]]:
    return [{cell.tag: cell.text or "" for cell in row} for row in axl.sql(statement).returned.findall("row")]


def test_the_query_of_the_guides_gives_parameters_with_their_values(axl: InProcess) -> None:
    found = rows(axl, PARAMETERS)
    assert {"paramname": "CalendarSpread", "paramvalue": "50"} in found
    assert len(found) == 9


def test_rows_hold_columns_in_lower_case_and_empty_elements_for_nothing(axl: InProcess) -> None:
    answer = axl.sql("SELECT UserId, telephonenumber, EnableCups FROM enduser WHERE userid = 'user0001'", update=False)
    assert answer.text.count("<row><userid>user0001</userid><telephonenumber/><enablecups>f</enablecups></row>") == 1


@pytest.mark.parametrize(
    ("expression", "label"),
    [
        ("count(*)", "count"),
        ("max(userid)", "max"),
        ("userid || 'x'", "expression"),
        ("'x'", "expression"),
        ("userid as who", "who"),
        ("e.userid", "userid"),
        ("userid as 'not a <name>'", "expression"),
    ],
)
def test_columns_are_named_as_informix_names_them(axl: InProcess, expression: str, label: str) -> None:
    assert list(rows(axl, f"select first 1 {expression} from enduser e")[0]) == [label]


def test_values_are_escaped(axl: InProcess) -> None:
    axl.ask("updateUser", "<userid>user0001</userid><title>a &lt;b&gt; &amp; c</title>").done()
    assert rows(axl, "select title from enduser where userid = 'user0001'") == [{"title": "a <b> & c"}]


def test_comparisons_count_letter_case_as_informix_does(axl: InProcess) -> None:
    assert rows(axl, "select userid from enduser where userid = 'USER0001'") == []
    assert rows(axl, "select userid from enduser where userid like 'USER%'") == []
    assert rows(axl, "select userid from enduser where lower(userid) = 'user0001'") == [{"userid": "user0001"}]


def test_first_skip_nvl_and_matches(axl: InProcess) -> None:
    assert rows(axl, "select skip 1 first 1 userid from enduser order by userid") == [{"userid": "user0002"}]
    found = rows(axl, "select nvl(fklbmhubgroup, 'none') hub from processnode where name matches 'imp-[ps]ub'")
    assert found == [{"hub": "none"}] * 2


def test_process_nodes_are_told_by_usage_and_role(axl: InProcess) -> None:
    found = rows(
        axl,
        "select p.name, u.name usage, r.name role from processnode p join typenodeusage u on u.enum = p.tknodeusage"
        " join typeprocessnoderole r on r.enum = p.tkprocessnoderole where p.systemnode = 'f' order by nodeid",
    )
    assert [tuple(row.values()) for row in found] == [
        ("cucm-pub", "Publisher", "CUCM Voice/Video"),
        ("imp-pub", "Publisher", "CUCM IM and Presence"),
        ("imp-sub", "Subscriber", "CUCM IM and Presence"),
    ]


@pytest.mark.parametrize(
    ("statement", "named"),
    [
        ("select name from device", "Table device is"),
        ("select d.name from Device as d, NumPlan as n", "Table Device is"),
        (
            "select userid from enduser where pkid in (select fkenduser from enduserdevicemap)",
            "Table enduserdevicemap is",
        ),
        ("select count(*) from rosters", "Table rosters is"),
        ("select idxname from informix.sysindexes", "Table sysindexes is"),
        ("select nickname from enduser", "Column nickname is"),
        ("select p.tkreset from processconfig p", "Column p.tkreset is"),
        ("select nickname from 'informix'.enduser", "Column nickname is"),
        ('select name from "informix".device', "Table device is"),
        ("select rpad(userid, 99) from enduser", "Function rpad is"),
        ("select Today from systables where tabid = 1", "Function Today is"),
        ("update informix.device set name = 'x'", "Table device is"),
        ("update dnddynamic set dndstatus = 't' where fkdevice = 'x'", "Table dnddynamic is"),
        ("update enduser set nickname = 'x'", "Column nickname is"),
        ("insert into ucservice (name) values ('x')", "INSERT is"),
    ],
)
def test_what_the_product_has_and_the_emulator_not_is_told_apart(axl: InProcess, statement: str, named: str) -> None:
    fault = axl.sql(statement, update=not statement.startswith("select")).fault
    assert fault.axlcode == 5002
    assert fault.message.startswith(f"{named} not implemented by this emulator")


@pytest.mark.parametrize("public", [public_tables.CUCM, public_tables.IMP], ids=["cucm", "imp"])
def test_no_table_or_column_that_is_there_counts_as_missing(public: public_tables.PublicTables) -> None:
    assert not database.TABLES & set(public)
    for name, table in public.items():
        assert not (database.COLUMNS | database.FUNCTIONS) & set(table.columns), name


def test_informix_s_own_tables_tell_what_is_there(axl: InProcess) -> None:
    tables = rows(axl, "select tabname, tabid, ncols, nrows from informix.systables where tabtype = 'T' and tabid > 99")
    assert [row["tabname"] for row in tables] == [name for name in public_tables.CUCM if not name.startswith("sys")]
    for row in tables:
        name = row["tabname"]
        query = f"select colname from syscolumns c, systables t where c.tabid = t.tabid and t.tabname = '{name}'"
        columns = [found["colname"] for found in rows(axl, f"{query} order by colno")]
        assert columns == list(public_tables.CUCM[name].columns)
        assert int(row["ncols"]) == len(columns)
        assert rows(axl, f"select count(*) from {name}") == [{"count": row["nrows"]}]
        for found in rows(axl, f"select first 1 * from informix.{name}"):
            assert list(found) == columns
    own = rows(axl, "select t.tabname, count(*) from systables t, syscolumns c where c.tabid = t.tabid group by 1")
    assert {row["tabname"]: row["count"] for row in own if row["tabname"].startswith("sys")} == {
        "systables": "6",
        "syscolumns": "5",
    }


@pytest.mark.parametrize(
    ("column", "coltype", "collength"),
    [("pkid", "0", "36"), ("enablecups", "41", "1"), ("status", "2", "4"), ("userid", "13", "255")],
)
def test_columns_have_informix_s_types(axl: InProcess, column: str, coltype: str, collength: str) -> None:
    query = "select coltype, collength from syscolumns where colname = '{}' and tabid = 100"
    assert rows(axl, query.format(column)) == [{"coltype": coltype, "collength": collength}]


def test_informix_s_own_tables_cannot_be_changed(axl: InProcess) -> None:
    assert axl.sql("update systables set tabname = 'x'", update=True).fault.axlcode == -273


@pytest.mark.parametrize(
    ("statement", "axlcode"),
    [
        ("select * from account", -206),
        ("select * from informix.account", -206),
        ("select informix from enduser", -217),
        ("select * from main.account", -206),
        ("select 1 from account", -206),
        ("select count(*) from enduser, account", -206),
        ("select x.userid from account as enduser, enduser x", -206),
        ("select * from (with enduser as (select * from account) select * from enduser)", -201),
        ("select userid from enduser where userid glob 'x'", -201),
        ("select userid into temp x from enduser", -201),
        ("select password_hash from end_user", -206),
        ("select password_hash from enduser", -217),
        ("select e.password_hash from enduser e, end_user x", -217),
        ("select (select password from account) from enduser", -206),
        ("select userid from enduser where exists (select 1 from key_pair)", -206),
        ("select userid from enduser union select password from account", -206),
        ("select * from sqlite_master", -206),
        ("select * from sqlite_temp_master", -206),
        ("select * from pragma_table_info('account')", -201),
        ("select * from nowhere", -206),
        ("select nothing from enduser", -217),
        ("select pkid from enduser, processnode", -324),
        ("select load_extension('x') from enduser", -674),
        ("select randomblob(1000000) from enduser", -674),
        ("select userid enduser", -217),
        ("select from enduser", -201),
        ("selekt userid from enduser", -201),
        ("select userid from enduser; select userid from enduser", -201),
        ("update enduser set title = 'x'", -201),
        ("select count(*) from enduser where userid = 'x", -282),
    ],
)
def test_what_is_wrong_or_not_public_gets_its_sql_code(axl: InProcess, statement: str, axlcode: int) -> None:
    fault = axl.sql(statement).fault
    assert fault.axlcode == axlcode
    assert fault.request == "executeSQLQuery"


def test_no_column_of_a_public_table_is_a_secret(emulated: Environment) -> None:
    for public in (public_tables.CUCM, public_tables.IMP):
        for name, view in public.items():
            with public_tables.select(emulated.context, "dc1", public, f"select * from {name}") as found:
                assert found.columns == list(view.columns)
                for row in found.rows:
                    assert not any("BEGIN" in str(value) for value in row)


def test_a_statement_that_never_ends_is_stopped(axl: InProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "_MOST_STEPS", 1)
    axl.sql("update enduser set title = 'x'", update=True).done()
    many = ", ".join(f"processconfig p{number}" for number in range(8))
    assert axl.sql(f"select count(*) from {many}").fault.axlcode == -213


def test_an_answer_over_eight_megabytes_says_how_many_rows_fit(axl: InProcess) -> None:
    axl.sql(f"update enduser set title = '{'x' * 100_000}'", update=True).done()
    wide = "select e.title from enduser e, processconfig p, typeparam t"
    matched = int(rows(axl, "select count(*) from enduser e, processconfig p, typeparam t")[0]["count"])
    fault = axl.sql(wide).fault
    assert fault.axlcode == -1
    assert f"Total rows matched: {matched} rows. Suggestive Row Fetch: less than 83 rows" in fault.message
    assert axl.sql(wide.replace("select", "select first 83")).status == 200


def updated(axl: InProcess, statement: str) -> str:
    return axl.sql(statement, update=True).values("rowsUpdated")[0]


def test_an_update_of_users_goes_through_their_rules(axl: InProcess) -> None:
    assert (
        updated(axl, "update enduser set enablecups = 't', title = upper(userid) where userid matches 'user*'") == "2"
    )
    found = rows(axl, "select userid, enablecups, title from enduser order by userid")
    assert [tuple(row.values()) for row in found] == [("user0001", "t", "USER0001"), ("user0002", "t", "USER0002")]
    fault = axl.sql("update enduser set enablecalendarpresence = 't'", update=True).fault
    assert "presence gateway" in fault.message


@pytest.mark.parametrize("owner", ["informix.", "INFORMIX.", "'informix'.", '"informix" . ', "informix . "])
def test_the_owner_of_every_table_may_stand_before_it(axl: InProcess, owner: str) -> None:
    query = f"select e.userid from {owner}enduser e, {owner}systables where e.userid = 'user0001' and tabid = 1"
    assert rows(axl, query) == [{"userid": "user0001"}]
    update = f"update {owner}enduser set title = 'informix' where userid = 'user0001'"
    assert axl.sql(update, update=True).status == 200
    assert rows(axl, f"select userid from {owner}enduser where title = 'informix'") == [{"userid": "user0001"}]


def test_an_update_of_very_much_is_stopped_before_it_is_kept(axl: InProcess) -> None:
    long = f"replace('{'a' * 1000}', 'a', '{'x' * 2000}')"
    update = f"update enduser set {', '.join(f'{column} = {long}' for column in ('title', 'manager', 'department'))}"
    assert axl.sql(update, update=True).fault.axlcode == -213
    assert axl.sql(f"{update} where userid = 'user0001'", update=True).status == 200


def test_an_update_that_fails_for_one_row_changes_none(axl: InProcess) -> None:
    fault = axl.sql("update enduser set userid = 'same'", update=True).fault
    assert fault.axlcode == -239
    assert [row["userid"] for row in rows(axl, "select userid from enduser")] == ["user0001", "user0002"]


def test_an_update_of_a_parameter_asks_for_the_restart(axl: InProcess) -> None:
    assert updated(axl, "update processconfig set paramvalue = '10' where paramname = 'CalendarSpread'") == "1"
    assert {found.node for found in restarts.pending(axl.environment.context, "dc1")} == {"imp-pub", "imp-sub"}
    refused = axl.sql("update processconfig set paramvalue = 60 where paramname = 'CalendarSpread'", update=True)
    assert refused.fault.axlcode == 5007


def test_an_update_of_process_nodes_reaches_servers_only(axl: InProcess) -> None:
    assert updated(axl, "update processnode set description = name where systemnode = 'f'") == "3"
    assert rows(axl, "select description from processnode where name = 'imp-sub'") == [{"description": "imp-sub"}]
    assert axl.sql("update processnode set description = 'x'", update=True).fault.axlcode == -273


def test_an_update_of_nothing_is_no_error(axl: InProcess) -> None:
    assert updated(axl, "update enduser set title = 'x' where userid = 'nobody'") == "0"


@pytest.mark.parametrize(
    ("statement", "axlcode"),
    [
        ("update account set password = 'x'", -206),
        ("update end_user set title = 'x'", -206),
        ("update typeservice set name = 'x'", -273),
        ("update enduser set pkid = 'x'", -273),
        ("update enduser set nothing = 'x'", -217),
        ("update enduser set enablecups = 'yes'", -1213),
        ("update enduser set remotedestinationlimit = 'many'", -1213),
        ("update enduser set title = (select password from account)", -206),
        ("update enduser set title = 'x' where password_hash is null", -217),
        ("update enduser set title = 'x') from account --", -201),
        ("insert into enduser (userid) values ('x')", 5002),
        ("delete from enduser", 5002),
        ("drop table enduser", -201),
        ("select userid from enduser", -201),
    ],
)
def test_updates_that_are_wrong_or_not_allowed(axl: InProcess, statement: str, axlcode: int) -> None:
    assert axl.sql(statement, update=True).fault.axlcode == axlcode
