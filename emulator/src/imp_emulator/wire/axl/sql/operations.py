# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The AXL operations executeSQLQuery and executeSQLUpdate."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

from imp_emulator.domain.cucm import nodes, parameters, public_tables, users
from imp_emulator.domain.cucm.public_tables import Found, PublicTables, StatementError
from imp_emulator.domain.cucm.users import UserKey
from imp_emulator.wire.axl import faults
from imp_emulator.wire.axl.answers import MAXIMUM_ANSWER
from imp_emulator.wire.axl.protocol import AxlOperation, AxlRequest
from imp_emulator.wire.axl.schema import sequence
from imp_emulator.wire.axl.sql import errors, translate
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
    users.update(request.context, request.cluster, UserKey("pkid", pkid), changes)


def _change_node(request: AxlRequest, pkid: str, changes: dict[str, Any]) -> None:
    if pkid == nodes.ENTERPRISE.pkid:
        raise errors.no_permission("the row of the whole cluster")
    nodes.describe(request.context, request.cluster, nodes.find(request.context, request.cluster, pkid=pkid), **changes)


def _change_parameter(request: AxlRequest, pkid: str, changes: dict[str, Any]) -> None:
    parameter = parameters.by_pkid(request.context, request.cluster, pkid)
    parameters.change(request.context, request.cluster, parameter, changes["value"])


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


def operations(public: PublicTables, tables: Mapping[str, UpdatableTable]) -> dict[str, AxlOperation]:
    """Make the two operations for a database with these public tables, of which these can be changed."""
    return {
        "executeSQLQuery": AxlOperation(_SQL, lambda request: _query(request, public)),
        "executeSQLUpdate": AxlOperation(_SQL, lambda request: _update(request, public, tables), write=True),
    }


@contextmanager
def _select(request: AxlRequest, public: PublicTables, statement: str) -> Iterator[Found]:
    """Run a translated statement; what it must not do or cannot do becomes Informix's error."""
    try:
        with public_tables.select(request.context, request.cluster, public, statement) as found:
            yield found
    except StatementError as error:
        raise errors.of_statement(error) from None


def _query(request: AxlRequest, public: PublicTables) -> str:
    sql = translate.query(request.values["sql"])
    with _select(request, public, sql) as found:
        labels = [_label(column) for column in found.columns]
        rows: list[str] = []
        size = matched = 0
        for values in found.rows:
            matched += 1
            if size <= MAXIMUM_ANSWER:
                rows.append(_row(labels, values))
                size += len(rows[-1].encode())
    if size > MAXIMUM_ANSWER:
        raise faults.too_large(matched, len(rows) - 1)
    return "".join(rows)


def _bounded(found: Found) -> Iterator[tuple[Any, ...]]:
    """Give the rows of an update, which are kept until all are read, while they are no more than an answer may hold."""
    size = 0
    for row in found.rows:
        size += sum(len(value) for value in row if isinstance(value, str))
        if size > MAXIMUM_ANSWER:
            raise errors.interrupted()
        yield row


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


def _update(request: AxlRequest, public: PublicTables, tables: Mapping[str, UpdatableTable]) -> str:
    statement = translate.update(request.values["sql"])
    if statement.table not in public:
        raise errors.no_table(statement.table)
    target = tables.get(statement.table)
    if target is None:
        raise errors.no_permission(f"table {statement.table}")
    for column in statement.columns:
        if column not in public[statement.table].columns:
            raise errors.no_column(column)
        if column not in target.columns:
            raise errors.no_permission(f"column {statement.table}.{column}")
    with _select(request, public, statement.query) as found:
        rows = list(_bounded(found))
    fields = [target.columns[column] for column in statement.columns]
    for pkid, *values in rows:
        changes = {field: convert(value) for (field, convert), value in zip(fields, values, strict=True)}
        target.apply(request, pkid, changes)
    return f"<rowsUpdated>{len(rows)}</rowsUpdated>"
