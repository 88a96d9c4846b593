# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The AXL operations executeSQLQuery and executeSQLUpdate."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from imp_emulator.domain.cucm import parameters, users
from imp_emulator.store import nodes
from imp_emulator.store.cucm import parameters as parameter_store
from imp_emulator.wire.axl import faults
from imp_emulator.wire.axl.answers import MAXIMUM_ANSWER
from imp_emulator.wire.axl.protocol import AxlOperation, AxlRequest
from imp_emulator.wire.axl.schema import sequence
from imp_emulator.wire.axl.sql import engine, errors, translate
from imp_emulator.wire.axl.sql.views import View
from imp_emulator.wire.http.soap import text as escape

_SQL = sequence("sql", attributes=("sequence",))
_LABEL = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_CALL = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)\s*\(", re.ASCII)

Convert = Callable[[Any], Any]


class UpdatableTable(NamedTuple):
    """A table that executeSQLUpdate may change.

    Attributes:
        columns: The columns that can be set, with the field they stand for and how their values are read.
        apply: Changes one object: the request, its key and new values by field.
    """

    columns: Mapping[str, tuple[str, Convert]]
    apply: Callable[[AxlRequest, str, dict[str, Any]], None]


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _flag(value: Any) -> bool:
    if value not in ("t", "f"):
        raise errors.not_convertible()
    return bool(value == "t")


def _number(value: Any) -> int:
    try:
        return int(value)
    except (TypeError, ValueError):
        raise errors.not_convertible() from None


def _change_user(request: AxlRequest, pkid: str, changes: dict[str, Any]) -> None:
    row = users.find(request.context, request.cluster, pkid=pkid)
    users.update(request.context, request.cluster, row, changes)


def _change_node(request: AxlRequest, pkid: str, changes: dict[str, Any]) -> None:
    database = request.context.database
    for row in nodes.nodes(database, request.cluster):
        if row.pkid == pkid:
            new = {"description": row.description, "ipv6_name": row.ipv6_name, **changes}
            nodes.describe(database, request.cluster, row.name, new["description"], new["ipv6_name"])
            return
    raise errors.no_permission("the row of the whole cluster")


def _change_parameter(request: AxlRequest, pkid: str, changes: dict[str, Any]) -> None:
    row = parameter_store.by_pkid(request.context.database, request.cluster, pkid)
    if row is not None:
        parameters.change(request.context, request.cluster, row, changes["value"])


PROCESSCONFIG = UpdatableTable({"paramvalue": ("value", _text)}, _change_parameter)

ENDUSER = UpdatableTable(
    {
        "assocpc": ("associated_pc", _text),
        "firstname": ("first_name", _text),
        "middlename": ("middle_name", _text),
        "lastname": ("last_name", _text),
        "userid": ("userid", _text),
        "manager": ("manager", _text),
        "department": ("department", _text),
        "telephonenumber": ("telephone", _text),
        "mailid": ("mail", _text),
        "mobile": ("mobile", _text),
        "pager": ("pager", _text),
        "homephone": ("home_phone", _text),
        "title": ("title", _text),
        "allowcticontrolflag": ("enable_cti", _flag),
        "enablemobilevoice": ("enable_mobile_voice_access", _flag),
        "maxdeskpickupwaittime": ("max_desk_pickup_wait_time", _number),
        "enablemobility": ("enable_mobility", _flag),
        "remotedestinationlimit": ("remote_destination_limit", _number),
        "enableemcc": ("enable_emcc", _flag),
        "directoryuri": ("directory_uri", _text),
        "islocaluser": ("home_cluster", _flag),
        "enablecalendarpresence": ("meeting_information", _flag),
        "enablecups": ("im_and_presence", _flag),
        "keypadenteredalternateidentifier": ("numeric_userid", _text),
        "discoveryuseridentity": ("user_identity", _text),
        "displayname": ("display_name", _text),
        "enableusertohostconferencenow": ("enable_host_conference_now", _flag),
        "conferencenowaccesscode": ("attendees_access_code", _text),
    },
    _change_user,
)

PROCESSNODE = UpdatableTable(
    {"description": ("description", _text), "ipv6name": ("ipv6_name", _text)},
    _change_node,
)


def operations(views: Mapping[str, View], tables: Mapping[str, UpdatableTable]) -> dict[str, AxlOperation]:
    """Make the two operations for a database with these public tables, of which these can be changed."""
    return {
        "executeSQLQuery": AxlOperation(_SQL, lambda request: _query(request, views)),
        "executeSQLUpdate": AxlOperation(_SQL, lambda request: _update(request, views, tables), write=True),
    }


def _query(request: AxlRequest, views: Mapping[str, View]) -> str:
    sql = translate.query(request.values["sql"])
    with engine.cursor(request.context, request.cluster, views, sql) as cursor:
        labels = [_label(column[0]) for column in cursor.description]
        rows: list[str] = []
        size = matched = 0
        for values in cursor:
            matched += 1
            if size <= MAXIMUM_ANSWER:
                rows.append(_row(labels, values))
                size += len(rows[-1].encode())
    if size > MAXIMUM_ANSWER:
        raise faults.too_large(matched, len(rows) - 1)
    return "".join(rows)


def _label(name: str) -> str:
    """Name a column as Informix does: in lower case; a call by its function, anything else ``expression``."""
    if _LABEL.fullmatch(name):
        return name.lower()
    call = _CALL.match(name)
    return call[1].lower() if call else "expression"


def _row(labels: list[str], values: tuple[Any, ...]) -> str:
    cells = "".join(
        f"<{label}/>" if value is None or value == "" else f"<{label}>{escape(str(value))}</{label}>"
        for label, value in zip(labels, values, strict=True)
    )
    return f"<row>{cells}</row>"


def _update(request: AxlRequest, views: Mapping[str, View], tables: Mapping[str, UpdatableTable]) -> str:
    statement = translate.update(request.values["sql"])
    if statement.table not in views:
        raise errors.no_table(statement.table)
    target = tables.get(statement.table)
    if target is None:
        raise errors.no_permission(f"table {statement.table}")
    for column in statement.columns:
        if column not in views[statement.table].columns:
            raise errors.no_column(column)
        if column not in target.columns:
            raise errors.no_permission(f"column {statement.table}.{column}")
    with engine.cursor(request.context, request.cluster, views, statement.query) as cursor:
        rows = cursor.fetchall()
    fields = [target.columns[column] for column in statement.columns]
    for pkid, *values in rows:
        changes = {field: convert(value) for (field, convert), value in zip(fields, values, strict=True)}
        target.apply(request, pkid, changes)
    return f"<rowsUpdated>{len(rows)}</rowsUpdated>"
