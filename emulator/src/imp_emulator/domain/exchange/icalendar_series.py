# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The events of a calendar file that belong together: a series with its exceptions."""

from __future__ import annotations

import dataclasses
import re
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time

from imp_emulator.domain.exchange import local_times
from imp_emulator.domain.exchange.calendar_items import Draft, settled
from imp_emulator.domain.exchange.icalendar_lines import Component
from imp_emulator.domain.exchange.icalendar_reading import Moment, Reader
from imp_emulator.domain.exchange.series import Series
from imp_emulator.errors import InvalidValue

_OF_AN_OCCURRENCE = re.compile(r"(.+)/\d{8}T\d{6}Z", re.DOTALL)
_NAMESPACE = uuid.UUID("6f1f3a0e-58c1-5e0b-9a53-0f6c2b7d9e14")


@dataclass(frozen=True, slots=True)
class Problem:
    """An event of a file that was not taken.

    Attributes:
        uid: Its UID, ``""`` when it has none.
        line: The number of its line in the file, from 1; where one line is at fault, of that.
        reason: What is wrong and what to do.
    """

    uid: str
    line: int
    reason: str

    def __str__(self) -> str:
        return f"line {self.line}, event {self.uid or 'without UID'}: {self.reason}"


@dataclass(frozen=True, slots=True)
class WholeItem:
    """An item with all that became of its occurrences.

    Attributes:
        draft: What it is, settled.
        changed: The occurrences that were changed, by their original starts in UTC.
        deleted: The original starts of those that were deleted.
    """

    draft: Draft
    changed: dict[datetime, Draft] = field(default_factory=dict)
    deleted: set[datetime] = field(default_factory=set)


def groups_of(parts: Iterable[Component], problems: list[Problem]) -> dict[str, list[Component]]:
    """Return the events of a file by UID; those whose text is odd are problems."""
    groups: dict[str, list[Component]] = {}
    for part in parts:
        odd = part.odd or next((inner.odd for inner in part.parts if inner.odd), None)
        uid = part.text("UID").strip()
        if part.name != "VEVENT":
            continue
        if odd is not None:
            problems.append(Problem(uid, *odd))
            continue
        if not uid:
            # The same event has the same one when the file comes again.
            uid = str(uuid.uuid5(_NAMESPACE, "\n".join(f"{known.name}:{known.raw}" for known in part.properties)))
        groups.setdefault(uid, []).append(part)
    return groups


def whole_items(reader: Reader, uid: str, events: list[Component], problems: list[Problem]) -> list[WholeItem]:
    """Return what the events of one UID say: an item, a series with its exceptions, or exceptions without a series.

    Args:
        reader: Reads the events of the file.
        uid: The UID.
        events: The events that have it.
        problems: Gets those that cannot be.
    """
    masters = [event for event in events if not event.first("RECURRENCE-ID")]
    exceptions = [event for event in events if event.first("RECURRENCE-ID")]
    if not masters:
        return [whole for event in exceptions if (whole := _alone(reader, uid, event, problems))]
    master = _latest(uid, masters, problems)
    try:
        draft = settled(_with_uid(reader.draft(master), uid))
        series = _series(draft)
        excluded = set() if series is None else set(_excluded(reader, series, master))
    except InvalidValue as error:
        problems.append(Problem(uid, master.line, error.message))
        text = f"its series on line {master.line} was not taken; correct that first"
        problems.extend(Problem(uid, event.line, text) for event in exceptions)
        return []
    changed = _exceptions(reader, uid, series, exceptions, problems)
    deleted = excluded - changed.keys()
    if series is not None and all(series.span(face)[0] in deleted for face in series.faces()):
        problems.append(Problem(uid, master.line, "EXDATE leaves nothing of the series; remove the event"))
        return []
    return [WholeItem(draft, changed, deleted)]


def _latest(uid: str, masters: list[Component], problems: list[Problem]) -> Component:
    """Return the last revision of an event (RFC 5545, 3.8.7.4)."""
    master = max(masters, key=_sequence)
    for other in masters:
        if other is not master and _sequence(other) == _sequence(master):
            text = f"the event on line {master.line} has the same UID; give each event a UID of its own"
            problems.append(Problem(uid, other.line, text))
    return master


def _exceptions(
    reader: Reader, uid: str, series: Series | None, events: list[Component], problems: list[Problem]
) -> dict[datetime, Draft]:
    """Return the last revision of each changed occurrence (RFC 5545, 3.8.7.4)."""
    found: dict[datetime, tuple[Component, Draft]] = {}
    for event in events:
        try:
            original, draft = _exception(reader, series, event)
        except InvalidValue as error:
            problems.append(Problem(uid, event.line, error.message))
            continue
        other = found[original][0] if original in found else None
        if other is not None and _sequence(other) == _sequence(event):
            text = f"the event on line {other.line} changes the same occurrence; remove one of them"
            problems.append(Problem(uid, event.line, text))
        elif other is None or _sequence(other) < _sequence(event):
            found[original] = event, draft
    return {original: draft for original, (_, draft) in found.items()}


def _sequence(event: Component) -> int:
    text = event.word("SEQUENCE")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def _with_uid(draft: Draft, uid: str) -> Draft:
    return dataclasses.replace(draft, uid=uid)


def _series(draft: Draft) -> Series | None:
    """Return the series that an event begins, ``None`` for a single one."""
    if draft.recurrence is None:
        return None
    series = Series.of(draft, draft.recurrence)
    start = local_times.wall(draft.start, draft.zone)
    if series.first != start:
        text = f"DTSTART is no date of RRULE, whose first is {series.first.date()}; have it start there"
        raise InvalidValue("icalendar-event", text, "DTSTART")
    return series


def _alone(reader: Reader, uid: str, event: Component, problems: list[Problem]) -> WholeItem | None:
    """Return an occurrence whose series is not in the file, as when somebody is invited to one: an item of its own."""
    try:
        draft = reader.draft(event)  # First, because a date is one in the zone of its event.
        original = reader.moment(event.all("RECURRENCE-ID")[0]).aware().astimezone(UTC)
        return WholeItem(settled(_with_uid(draft, f"{uid}/{original:%Y%m%dT%H%M%SZ}")))
    except InvalidValue as error:
        problems.append(Problem(uid, event.line, error.message))
        return None


def series_uid(uid: str | None) -> str:
    """Return the UID of the series of which an item of its own was an occurrence; ``""`` where it was none."""
    found = _OF_AN_OCCURRENCE.fullmatch(uid or "")
    return "" if found is None else found[1]


def _exception(reader: Reader, series: Series | None, event: Component) -> tuple[datetime, Draft]:
    found = event.all("RECURRENCE-ID")[0]
    if series is None:
        text = "the event of its UID does not recur, so that it has no occurrences; give it a UID of its own"
        raise InvalidValue("icalendar-event", text, "RECURRENCE-ID")
    if found.parameters.get("RANGE"):
        text = "no calendar of Exchange can hold RANGE; end the series there with UNTIL, and begin another one"
        raise InvalidValue("icalendar-event", text, "RECURRENCE-ID")
    if event.first("RRULE"):
        text = "an occurrence cannot recur itself; remove RRULE or RECURRENCE-ID"
        raise InvalidValue("icalendar-event", text, "RRULE")
    original = _original(series, reader.moment(found))
    if original is None:
        text = f"the series has no occurrence at RECURRENCE-ID {found.raw[:40]}; give the event a UID of its own"
        raise InvalidValue("icalendar-event", text, "RECURRENCE-ID")
    return original, settled(reader.draft(event))


def _excluded(reader: Reader, series: Series, event: Component) -> Iterable[datetime]:
    """Return the occurrences that a series leaves out; a date that is none of them has nothing to leave out."""
    for known in event.all("EXDATE"):
        for moment in reader.moments(known):
            original = _original(series, moment)
            if original is not None:
                yield original


def _original(series: Series, moment: Moment) -> datetime | None:
    """Return the start of the occurrence that a file means, by its time or by its day only."""
    if isinstance(moment.face, datetime):
        original = moment.aware().astimezone(UTC)
        return original if series.holds(original) else None
    return _on(series, moment.face)


def _on(series: Series, day: date) -> datetime | None:
    face = next(series.faces(datetime.combine(day, time())), None)
    return None if face is None or face.date() != day else series.span(face)[0]
