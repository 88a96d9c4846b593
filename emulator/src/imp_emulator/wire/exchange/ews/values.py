# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How XML Schema writes the simple values of Exchange Web Services: times, dates, booleans, durations.

Exchange takes a time with ``Z``, with an offset or without a zone, when the request's time zone is meant; it answers
times in UTC.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)?")
_DATE = re.compile(r"(\d{4}-\d\d-\d\d)(?:T[\d:.]+)?(?:Z|[+-]\d\d:\d\d)?")
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}
_MINUTE = timedelta(minutes=1)


def read_time(text: str | None, zone: str | tzinfo) -> datetime:
    """Return a time, aware, in UTC.

    Args:
        text: An ``xs:dateTime``.
        zone: The time zone that is meant when the text has none, or its IANA name.

    Raises:
        ValueError: It is no such time.
    """
    text = (text or "").strip()
    if not _TIME.fullmatch(text):
        raise ValueError(f"{text[:40]!r} is not a valid dateTime")
    time = datetime.fromisoformat(text)
    if time.tzinfo is None:
        time = time.replace(tzinfo=ZoneInfo(zone) if isinstance(zone, str) else zone)
    try:
        return time.astimezone(UTC)
    except OverflowError:
        raise ValueError(f"{text!r} is out of range") from None


def read_date(text: str | None) -> date:
    """Return the date of an ``xs:date``, whose zone means nothing; a time is taken for its date, as clients send it.

    Raises:
        ValueError: It is no date.
    """
    found = _DATE.fullmatch((text or "").strip())
    if not found:
        raise ValueError(f"{(text or '')[:40]!r} is not a valid date")
    return date.fromisoformat(found[1])


def read_boolean(text: str | None) -> bool:
    """Return an ``xs:boolean``.

    Raises:
        ValueError: It is none.
    """
    word = (text or "").strip()
    if word not in _BOOLEANS:
        raise ValueError(f"{word[:40]!r} is not a valid boolean")
    return _BOOLEANS[word]


def read_integer(text: str | None) -> int:
    """Return an ``xs:int``.

    Raises:
        ValueError: It is none.
    """
    word = (text or "").strip()
    if not re.fullmatch(r"[+-]?[0-9]{1,10}", word) or not -(2**31) <= int(word) < 2**31:
        raise ValueError(f"{word[:40]!r} is not a valid int")
    return int(word)


def time_text(time: datetime) -> str:
    """Return a time as Exchange writes it: UTC, whole seconds."""
    return f"{time.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def local_text(time: datetime) -> str:
    """Return the time on the wall in the time's own zone, without naming the zone."""
    return time.replace(tzinfo=None).isoformat(timespec="seconds")


def boolean_text(value: bool) -> str:
    """Return ``true`` or ``false``."""
    return "true" if value else "false"


def duration_text(length: timedelta) -> str:
    """Return a length of time as ``xs:duration`` in days, hours and minutes, for example ``PT1H30M``."""
    minutes = length // _MINUTE
    days, rest = divmod(minutes, 24 * 60)
    hours, minutes = divmod(rest, 60)
    clock = (f"{hours}H" if hours else "") + (f"{minutes}M" if minutes else "")
    text = (f"{days}D" if days else "") + (f"T{clock}" if clock else "")
    return f"P{text or 'T0S'}"
