# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Extended properties that a client of Microsoft Graph sets; Exchange Web Services show the same ones.

Source: Microsoft's page on the resource type singleValueLegacyExtendedProperty.
"""

from __future__ import annotations

import re
from typing import Any

from imp_emulator.wire.exchange.ews import item_parts
from imp_emulator.wire.exchange.ews.messages import t
from imp_emulator.wire.exchange.online.graph_call import GraphError

NAME = "singleValueExtendedProperties"
_TYPES = "Boolean|Integer|Long|Short|Double|Float|Currency|String|SystemTime|CLSID|Binary|ApplicationTime"
_LONGEST_NUMBER = 18
_ID = re.compile(
    rf"(?P<type>{_TYPES})\s+(?:(?P<tag>0x[0-9A-Fa-f]{{1,4}})"
    r"|\{?(?P<set>[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12})\}?\s+"
    r"(?:Name\s+(?P<name>\S.*)|Id\s+(?P<id>0x[0-9A-Fa-f]+|\d+)))",
    re.IGNORECASE | re.ASCII,
)


def read(value: Any) -> dict[str, str]:
    """Return the properties as an item keeps them, by their keys.

    Raises:
        GraphError: One has no identifier of the documented forms, or its value is no text.
    """
    if not isinstance(value, list):
        raise _invalid("must be a list")
    return dict(_one(one) for one in value)


def _one(value: Any) -> tuple[str, str]:
    content = value if isinstance(value, dict) else {}
    found = _ID.fullmatch(str(content.get("id", "")))
    if found is None or not isinstance(content.get("value"), str):
        raise _invalid("must each have a value and an id like 'String {GUID} Name Colour'")
    given = f"{found['name']}{content['value']}"
    if item_parts.printable(given) != given:
        raise _invalid("must have no control characters in names and values")
    if found["tag"]:
        path = t.ExtendedFieldURI(PropertyTag=found["tag"])
    elif found["name"]:
        path = t.ExtendedFieldURI(PropertySetId=found["set"], PropertyName=found["name"])
    else:
        path = t.ExtendedFieldURI(PropertySetId=found["set"], PropertyId=_number(found["id"]))
    known = {name.lower(): name for name in _TYPES.split("|")}
    path.set("PropertyType", known[found["type"].lower()])
    element = t.ExtendedProperty(path, t.Value(content["value"]))
    return item_parts.read_extended(element), item_parts.kept(element)


def _number(text: str) -> str:
    found = int(text, 16 if text[:2].lower() == "0x" else 10) if len(text) <= _LONGEST_NUMBER else None
    if found is None:
        raise _invalid(f"must have numbers of {_LONGEST_NUMBER} digits at most")
    return str(found)


def _invalid(rule: str) -> GraphError:
    return GraphError(400, "ErrorPropertyValidationFailure", f"The property '{NAME}' is not valid: it {rule}.")
