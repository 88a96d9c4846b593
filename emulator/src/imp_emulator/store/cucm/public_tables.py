# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The public tables, as views on the emulator's own: names and columns are Cisco's, the rest is not shown to anybody.

The columns of CUCM's enduser and processnode were seen in outputs that users published; so were ``enablecups`` and
``enablecalendarpresence`` of IM and Presence. The numbers of services are this project's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from imp_emulator.catalogue.nodes import ENTERPRISE_NODE_ID, ROLES
from imp_emulator.catalogue.parameters import BOOLEAN, ENTERPRISE_NODE, LONG, PARAMETERS, STRING
from imp_emulator.catalogue.redundancy import State
from imp_emulator.catalogue.services import CATALOGUE, CRITICAL_SERVICES


@dataclass(frozen=True, slots=True)
class PublicTable:
    """A public table.

    Attributes:
        columns: Its columns with the expressions that fill them.
        source: What stands behind FROM; empty when ``rows`` has the content.
        tables: The emulator's tables that it reads.
        rows: Rows that are always there, before those of the source.
    """

    columns: Mapping[str, str]
    source: str = ""
    tables: frozenset[str] = frozenset()
    rows: Sequence[Sequence[str]] = ()

    def select(self, cluster: str) -> str:
        """Return the statement behind the table's view for one cluster."""
        parts = [
            "SELECT " + ", ".join(f"{value} AS {name}" for name, value in zip(self.columns, row, strict=True))
            for row in self.rows
        ]
        if self.source:
            columns = ", ".join(f"{value} AS {name}" for name, value in self.columns.items())
            source = self.source.replace(":cluster", literal(cluster))
            parts.append(f"SELECT {columns} FROM {source}")  # noqa: S608 - made of this module's own texts
        return " UNION ALL ".join(parts)


def literal(text: str) -> str:
    """Write a text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def _flag(column: str) -> str:
    return f"CASE WHEN {column} THEN 't' ELSE 'f' END"


def _case_sensitive(column: str) -> str:
    # Informix compares letter by letter; the emulator's own column does not.
    return f"{column} COLLATE BINARY"


def _types(names: Sequence[str], first: int = 0) -> PublicTable:
    rows = [
        (str(number), literal(name), literal(name.upper().replace(" ", "_").replace("/", "_")))
        for number, name in enumerate(names, first)
    ]
    return PublicTable({"enum": "enum", "name": "name", "moniker": "moniker"}, rows=rows)


PARAMETER_KINDS = (BOOLEAN, "double", LONG, STRING)
SERVICES = tuple(
    dict.fromkeys(
        ["Cisco CallManager", "Cisco Tftp", *(spec.service for spec in PARAMETERS)]
        + [spec.name for specs in CATALOGUE.values() for spec in specs]
    )
)
_KIND_OF = " ".join(
    f"WHEN {literal(f'{spec.service}/{spec.name}')} THEN {PARAMETER_KINDS.index(spec.kind)}" for spec in PARAMETERS
)
_SERVICE_OF = " ".join(f"WHEN {literal(name)} THEN {number}" for number, name in enumerate(SERVICES))

# Without an index the rows come in the order in which the users were added, page after page.
_USERS = "end_user NOT INDEXED WHERE cluster = :cluster"

ENDUSER = PublicTable(
    {
        "pkid": "pkid",
        "assocpc": "associated_pc",
        "firstname": "first_name",
        "middlename": "middle_name",
        "lastname": "last_name",
        "userid": _case_sensitive("userid"),
        "manager": "manager",
        "department": "department",
        "telephonenumber": "telephone",
        "mailid": "mail",
        "status": "status",
        "mobile": "mobile",
        "pager": "pager",
        "homephone": "home_phone",
        "title": "title",
        "allowcticontrolflag": _flag("enable_cti"),
        "enablemobilevoice": _flag("enable_mobile_voice_access"),
        "maxdeskpickupwaittime": "max_desk_pickup_wait_time",
        "enablemobility": _flag("enable_mobility"),
        "remotedestinationlimit": "remote_destination_limit",
        "enableemcc": _flag("enable_emcc"),
        "directoryuri": "directory_uri",
        "islocaluser": _flag("home_cluster"),
        "enablecalendarpresence": _flag("meeting_information"),
        "enablecups": _flag("im_and_presence"),
        "keypadenteredalternateidentifier": "numeric_userid",
        "discoveryuseridentity": "user_identity",
        "displayname": "display_name",
        "enableusertohostconferencenow": _flag("enable_host_conference_now"),
        "conferencenowaccesscode": "attendees_access_code",
        "fkdirectorypluginconfig": "ldap_directory",
    },
    _USERS,
    frozenset({"end_user"}),
)

_IMP_ENDUSER = PublicTable(
    {
        "pkid": "pkid",
        "userid": _case_sensitive("userid"),
        "imaddress": "userid || '@' || (SELECT domain FROM cluster WHERE name = end_user.cluster)",
        "directoryuri": "directory_uri",
        "mailid": "mail",
        "status": "status",
        "enablecalendarpresence": _flag("meeting_information"),
        "enablecups": _flag("im_and_presence"),
    },
    _USERS,
    frozenset({"end_user", "cluster"}),
)

_NODE_COLUMNS = {
    "pkid": "pkid",
    "name": _case_sensitive("name"),
    "mac": "'02' || substr(replace(pkid, '-', ''), 1, 10)",
    "systemnode": "'f'",
    "description": "description",
    "isactive": "'t'",
    "nodeid": "position + 2",
    "tknodeusage": "CASE usage WHEN 'publisher' THEN 0 ELSE 1 END",
    "ipv6name": "ipv6_name",
    "fklbmhubgroup": "NULL",
    "tkprocessnoderole": "CASE role WHEN 'cucm' THEN 1 ELSE 2 END",
    "tkssomode": "0",
}
_NODE_TABLES = frozenset({"node"})


def _enterprise_row(role: int) -> tuple[str, ...]:
    identity = (literal(ENTERPRISE_NODE_ID), literal(ENTERPRISE_NODE))
    return (*identity, "''", "'t'", "''", "'t'", "1", "1", "''", "NULL", str(role), "0")


_PROCESSCONFIG = PublicTable(
    {
        "pkid": "p.pkid",
        "fkprocessnode": f"coalesce(n.pkid, {literal(ENTERPRISE_NODE_ID)})",
        "paramname": _case_sensitive("p.name"),
        "paramvalue": "p.value",
        "tkparam": f"CASE p.service || '/' || p.name {_KIND_OF} END",
        "tkservice": f"CASE p.service {_SERVICE_OF} END",
    },
    "parameter AS p LEFT JOIN node AS n ON n.cluster = p.cluster AND n.name = p.node WHERE p.cluster = :cluster",
    frozenset({"parameter", "node"}),
)

_TYPES = {
    "typeparam": _types(PARAMETER_KINDS),
    "typeservice": _types(SERVICES),
    "typenodeusage": _types(("Publisher", "Subscriber")),
    "typeprocessnoderole": _types(tuple(ROLES.values()), 1),
}

_STATE_NUMBERS = " ".join(f"WHEN {literal(state)} THEN {state.number}" for state in State)
# Without high availability nobody watches the node: whether its critical services run decides.
_CRITICAL = ", ".join(literal(name) for name in CRITICAL_SERVICES)
_RUNNING = (
    "SELECT count(*) FROM service AS s WHERE s.cluster = n.cluster AND s.node = n.name"  # noqa: S608
    f" AND (s.running AND s.change IS NULL OR NOT s.activated) AND s.name IN ({_CRITICAL})"
)
_PLAIN_STATE = (
    f"CASE WHEN ({_RUNNING}) = {len(CRITICAL_SERVICES)} THEN {State.NORMAL.number} ELSE {State.FAILED.number} END"
)

# Published queries name "name", "isprimary" and "tkhaserverstate"; the other columns are assumed.
_ENTERPRISENODE = PublicTable(
    {
        "id": "n.position + 1",
        "name": _case_sensitive("n.name"),
        "subclusterid": "r.group_id",
        "isprimary": _flag("r.place = 1"),
        "tkhaserverstate": f"CASE coalesce(r.state, '') {_STATE_NUMBERS} ELSE {_PLAIN_STATE} END",
    },
    "node AS n LEFT JOIN redundancy_node AS r ON r.cluster = n.cluster AND r.node = n.name"
    " WHERE n.cluster = :cluster AND n.role = 'imp'",
    frozenset({"node", "redundancy_node", "service"}),
)
_ENTERPRISESUBCLUSTER = PublicTable(
    {"id": "id", "name": _case_sensitive("name"), "haenabled": _flag("ha_enabled")},
    "redundancy_group WHERE cluster = :cluster",
    frozenset({"redundancy_group"}),
)

_DIRGROUP = PublicTable(
    {"pkid": "pkid", "name": _case_sensitive("name"), "isstandard": _flag("standard")},
    "access_group WHERE cluster = :cluster",
    frozenset({"access_group"}),
)
_ENDUSERDIRGROUPMAP = PublicTable(
    {"pkid": "substr(g.pkid, 1, 18) || substr(m.user, 19)", "fkenduser": "m.user", "fkdirgroup": "g.pkid"},
    "access_group AS g JOIN access_group_member AS m ON m.group_id = g.id WHERE g.cluster = :cluster",
    frozenset({"access_group", "access_group_member"}),
)
_DIRECTORYPLUGINCONFIG = PublicTable(
    {
        "pkid": "pkid",
        "name": _case_sensitive("name"),
        "scheduleunit": "'HOUR'",
        "intervalvalue": "every_hours",
        "repeatable": _flag("every_hours > 0"),
    },
    "ldap_directory WHERE cluster = :cluster",
    frozenset({"ldap_directory"}),
)
_FEATUREGROUPTEMPLATE = PublicTable(
    {
        "pkid": "pkid",
        "name": _case_sensitive("name"),
        "description": "description",
        "islocaluser": _flag("home_cluster"),
        "cupsenabled": _flag("im_and_presence"),
        "enablecalendarpresence": _flag("meeting_information"),
    },
    "feature_group_template WHERE cluster = :cluster",
    frozenset({"feature_group_template"}),
)

PublicTables = Mapping[str, PublicTable]
"""The public tables of a database, by name."""

_CHAR, _INTEGER, _VARCHAR, _BOOLEAN = (0, 36), (2, 4), (13, 255), (41, 1)
"""Informix's numbers of types, with the lengths that columns have here."""
_NUMBERS = frozenset(
    {"enum", "nodeid", "status", "maxdeskpickupwaittime", "remotedestinationlimit"}
    | {"intervalvalue"}
    | {"tabid", "ncols", "nrows", "colno", "coltype", "collength"}
)
_SYSTABLES = ("tabname", "owner", "tabid", "ncols", "nrows", "tabtype")
_SYSCOLUMNS = ("colname", "tabid", "colno", "coltype", "collength")
_FIRST_TABLE = 100
"""Where Informix begins to number the tables that are not its own."""


def _with_catalogue(tables: PublicTables) -> PublicTables:
    """Add Informix's two tables that say which tables and columns there are."""
    columns = {"systables": _SYSTABLES, "syscolumns": _SYSCOLUMNS} | {
        name: tuple(tables[name].columns) for name in tables
    }
    numbers = {name: 1 + place if place < 2 else _FIRST_TABLE + place - 2 for place, name in enumerate(columns)}
    listed = [
        (literal(name), "'informix'", str(numbers[name]), str(len(own)), _count(name, tables, columns), "'T'")
        for name, own in columns.items()
    ]
    described = [
        (literal(column), str(numbers[name]), str(place), *map(str, _type(column, _filled(tables, name, column))))
        for name, own in columns.items()
        for place, column in enumerate(own, 1)
    ]
    return {
        "systables": PublicTable({name: name for name in _SYSTABLES}, rows=listed),
        "syscolumns": PublicTable({name: name for name in _SYSCOLUMNS}, rows=described),
        **tables,
    }


def _count(name: str, tables: PublicTables, columns: Mapping[str, Sequence[str]]) -> str:
    if name in tables:
        return f"(SELECT count(*) FROM {name})"  # noqa: S608 - a name of this module
    return str(len(columns) if name == "systables" else sum(map(len, columns.values())))


def _filled(tables: PublicTables, name: str, column: str) -> str:
    """Return the expression that fills a column, which tells a flag from a text."""
    return tables[name].columns[column] if name in tables else ""


def _type(column: str, filled: str) -> tuple[int, int]:
    if column == "pkid" or column.startswith("fk"):
        return _CHAR
    if filled.endswith("THEN 't' ELSE 'f' END") or filled in ("'t'", "'f'"):
        return _BOOLEAN
    return _INTEGER if column.startswith("tk") or column in _NUMBERS else _VARCHAR


_CUCM: PublicTables = {
    "enduser": ENDUSER,
    "processnode": PublicTable(_NODE_COLUMNS, "node WHERE cluster = :cluster", _NODE_TABLES, [_enterprise_row(1)]),
    "processconfig": _PROCESSCONFIG,
    "dirgroup": _DIRGROUP,
    "enduserdirgroupmap": _ENDUSERDIRGROUPMAP,
    "directorypluginconfig": _DIRECTORYPLUGINCONFIG,
    "featuregrouptemplate": _FEATUREGROUPTEMPLATE,
    **_TYPES,
}
CUCM = _with_catalogue(_CUCM)
"""The public tables of Unified CM's database."""

_IMP: PublicTables = {
    "enduser": _IMP_ENDUSER,
    "processnode": PublicTable(
        _NODE_COLUMNS, "node WHERE cluster = :cluster AND role = 'imp'", _NODE_TABLES, [_enterprise_row(2)]
    ),
    "processconfig": _PROCESSCONFIG,
    "enterprisenode": _ENTERPRISENODE,
    "enterprisesubcluster": _ENTERPRISESUBCLUSTER,
    **_TYPES,
}
IMP = _with_catalogue(_IMP)
"""The public tables of IM and Presence's database."""
