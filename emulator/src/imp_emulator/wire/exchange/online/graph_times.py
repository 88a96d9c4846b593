# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How Microsoft Graph writes times: a time on the wall with its zone, or a time in UTC."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from imp_emulator.wire.exchange.online.graph_call import Call, GraphError, zone
from imp_emulator.wire.exchange.online.graph_filter import FilterError, moment


def wall(moment: datetime, zone: str, zone_name: str) -> dict[str, str]:
    """Return a dateTimeTimeZone: a time in a zone (IANA), which the answer calls ``zone_name``."""
    local = moment.astimezone(ZoneInfo(zone))
    return {"dateTime": f"{local:%Y-%m-%dT%H:%M:%S}.{local.microsecond:06d}0", "timeZone": zone_name}


def instant(moment: datetime) -> str:
    """Return a time in UTC, as in ``createdDateTime``."""
    utc = moment.astimezone(UTC)
    return f"{utc:%Y-%m-%dT%H:%M:%S}.{utc.microsecond:06d}0Z"


def read_wall(content: Any, name: str) -> tuple[datetime, str]:
    """Return what a dateTimeTimeZone says: an aware time, and the IANA name of its zone.

    A time on the wall that occurs twice is the first one.

    Raises:
        GraphError: It says nothing, or there is no such zone.
    """
    if not isinstance(content, dict) or not isinstance(content.get("dateTime"), str):
        raise GraphError(400, "ErrorPropertyValidationFailure", f"The property '{name}' needs a dateTime.")
    given = content.get("timeZone") or "UTC"
    found = zone(str(given))
    return _parsed(content["dateTime"], name, ZoneInfo(found)), found


def window(call: Call) -> tuple[datetime, datetime]:
    """Return the time window of a view, out of the URL.

    Raises:
        GraphError: There is none, or it is not one.
    """
    options = {name.lower(): value for name, value in call.request.query.items()}
    if "startdatetime" not in options or "enddatetime" not in options:
        text = "This request requires a time window: the query string parameters StartDateTime and EndDateTime."
        raise GraphError(400, "ErrorInvalidParameter", text)
    start = _parsed(options["startdatetime"], "StartDateTime", UTC)
    end = _parsed(options["enddatetime"], "EndDateTime", UTC)
    if end < start:
        raise GraphError(400, "ErrorInvalidParameter", "EndDateTime must not be before StartDateTime.")
    return start, end


def _parsed(text: str, name: str, default: tzinfo) -> datetime:
    # The "+" of an offset arrives as a blank when a client does not encode it.
    try:
        return moment(text.strip().replace(" ", "+"), default)
    except FilterError:
        raise GraphError(400, "ErrorInvalidParameter", f"The value '{text}' of {name} is not a time.") from None
