# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An event of a calendar file as a calendar keeps it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from xml.parsers import expat

from icalendar.parser import split_on_unescaped_comma
from icalendar.prop import vDDDTypes, vDuration

from imp_emulator.domain.exchange import local_times, recurrence
from imp_emulator.domain.exchange.calendar_items import LONGEST_REMINDER, LONGEST_YEARS, Attendee, Draft
from imp_emulator.domain.exchange.icalendar_lines import Component, Property
from imp_emulator.domain.exchange.icalendar_zones import FileZones
from imp_emulator.domain.exchange.mailboxes import Mailbox
from imp_emulator.errors import InvalidValue

ZONE, END_ZONE = "X-IMP-EMULATOR-ZONE", "X-IMP-EMULATOR-END-ZONE"
RESPONSE, ELEMENT = "X-IMP-EMULATOR-RESPONSE", "X-IMP-EMULATOR-ELEMENT"
"""What the emulator writes beside the standard's properties, because they have no place for it."""
BUSY = {
    "FREE": "Free",
    "TENTATIVE": "Tentative",
    "BUSY": "Busy",
    "OOF": "OOF",
    "WORKINGELSEWHERE": "WorkingElsewhere",
    "NODATA": "NoData",
}
CLASSES = {
    "PUBLIC": "Normal",
    "X-PERSONAL": "Personal",
    "PRIVATE": "Private",
    "CONFIDENTIAL": "Confidential",
}
PARTICIPATION = {
    "ACCEPTED": "Accept",
    "DECLINED": "Decline",
    "TENTATIVE": "Tentative",
    "NEEDS-ACTION": "NoResponseReceived",
}
_WHOLE_DAYS = re.compile(r"[+-]?P(?:\d+W)?(?:\d+D)?(?:T0[HMS])?")
_LONGEST = timedelta(days=366 * LONGEST_YEARS)
_MAILTO = re.compile(r"mailto:\s*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Moment:
    """A date or a time of a file.

    Attributes:
        face: The date, or the naive time on the wall of the zone.
        zone: An IANA name.
    """

    face: date
    zone: str

    @property
    def is_date(self) -> bool:
        """Whether it is a date only."""
        return not isinstance(self.face, datetime)

    def aware(self) -> datetime:
        """Return the time in its zone, of a date its midnight."""
        face = self.face if isinstance(self.face, datetime) else datetime.combine(self.face, time())
        return face.replace(tzinfo=local_times.zone(self.zone))


class Reader:
    """Reads the events of one file for one mailbox."""

    def __init__(self, zones: FileZones, mailbox: Mailbox) -> None:
        self._zones = zones
        self._mailbox = mailbox
        self._date_zone = mailbox.time_zone

    def draft(self, event: Component) -> Draft:
        """Return what an event says.

        Raises:
            InvalidValue: No calendar of Exchange can hold it; the message says what is wrong and what to do.
        """
        repeats = _rule(event)
        self._date_zone = event.text(ZONE) or self._mailbox.time_zone
        start = self.moment(_required(event, "DTSTART"), recurs=bool(repeats))
        end, end_zone = self._end(event, start)
        all_day = start.is_date or event.word("X-MICROSOFT-CDO-ALLDAYEVENT") == "TRUE"
        zone = event.text(ZONE) or start.zone
        own_end = event.text(END_ZONE) or (None if end_zone == start.zone else end_zone)
        return Draft(
            start.aware(),
            end,
            zone=zone,
            end_zone=own_end,
            all_day=all_day,
            uid=event.text("UID").strip() or None,
            recurrence=(recurrence.recurrence_of(repeats, start.face, start.zone) if repeats else None),
            **self._words(event, start.aware(), end),  # type: ignore[arg-type]
        )

    def moment(self, found: Property, *, recurs: bool = False) -> Moment:
        """Return the date or time of a property.

        Raises:
            InvalidValue: It is none, or its zone is not known.
        """
        return self.moments(found, recurs=recurs)[0]

    def moments(self, found: Property, *, recurs: bool = False) -> list[Moment]:
        """Return the dates or times of a property, for example those of EXDATE; raises as :meth:`moment`."""
        return [self._moment(found, text, recurs=recurs) for text in found.raw.split(",")]

    def _moment(self, found: Property, text: str, *, recurs: bool) -> Moment:
        try:
            value = vDDDTypes.from_ical(text.strip())  # type: ignore[no-untyped-call]
        except ValueError:
            value = None
        if not isinstance(value, date):
            raise _odd(f"{found.name} must be a date or a time like 20261130T090000, not {text[:40]!r}", found.name)
        if not local_times.EARLIEST.year <= value.year <= local_times.LATEST.year:
            years = f"{local_times.EARLIEST.year} to {local_times.LATEST.year}"
            raise _odd(f"{found.name} must be in the years {years}, not {text[:40]}", found.name)
        if not isinstance(value, datetime):
            return Moment(value, self._date_zone)
        identifier = found.parameters.get("TZID", "")
        if value.tzinfo is not None:
            return Moment(value.replace(tzinfo=None), "UTC")
        if not identifier:
            return Moment(value, self._mailbox.time_zone)
        name = self._zones.name_of(identifier, value)
        if name is not None:
            return Moment(value, name)
        if recurs:
            text = (
                f"no time zone has the rules of the VTIMEZONE {identifier[:80]!r}, so that it cannot recur there;"
                " give an IANA name like Europe/Berlin"
            )
            raise _odd(text, found.name)
        return Moment(self._zones.moment(identifier, value).replace(tzinfo=None), "UTC")

    def _end(self, event: Component, start: Moment) -> tuple[datetime, str]:
        """Return the end, and its zone."""
        end, duration = event.first("DTEND"), event.first("DURATION")
        if end is not None:
            found = self.moment(end)
            if found.is_date != start.is_date:
                raise _odd("DTSTART and DTEND must both be dates or both be times", "DTEND")
            return found.aware(), found.zone
        if duration is None:
            return start.aware() + timedelta(days=start.is_date), start.zone
        try:
            length = vDuration.from_ical(duration.raw.strip())  # type: ignore[no-untyped-call]
        except ValueError:
            raise _odd(f"DURATION must be like PT30M, not {duration.raw[:40]!r}", "DURATION") from None
        if abs(length) > _LONGEST:
            raise _odd(f"an item must not last more than {LONGEST_YEARS} years", "DURATION")
        if _WHOLE_DAYS.fullmatch(duration.raw.strip()) or event.first("RRULE"):
            # Days are days on the wall, also when the clock is changed; hours are hours (RFC 5545, 3.3.6).
            return start.aware() + length, start.zone
        zone = local_times.zone(start.zone)
        return (start.aware().astimezone(UTC) + length).astimezone(zone), start.zone

    def _words(self, event: Component, start: datetime, end: datetime) -> dict[str, object]:
        cancelled = event.word("STATUS") == "CANCELLED"
        html = next((known for known in event.all("X-ALT-DESC") if _is_html(known)), None)
        organizer = _attendee(event.first("ORGANIZER"))
        attendees = tuple(filter(None, (_attendee(known) for known in event.all("ATTENDEE"))))
        return {
            "show_as": _show_as(event, cancelled),
            "subject": event.text("SUMMARY"),
            "location": event.text("LOCATION"),
            "body": event.text("DESCRIPTION") if html is None else html.text,
            "body_type": "Text" if html is None else "HTML",
            "sensitivity": CLASSES.get(event.word("CLASS") or "PUBLIC", "Private"),
            "importance": _importance(event),
            "categories": _categories(event),
            "reminder_minutes": _reminder(event, start, end),
            "organizer": organizer,
            "attendees": attendees,
            "response": event.text(RESPONSE) or self._response(organizer, attendees),
            "is_cancelled": cancelled,
            "others": {known.parameters.get("X-NAME", ""): _element(known) for known in event.all(ELEMENT)},
        }

    def _response(self, organizer: Attendee | None, attendees: tuple[Attendee, ...]) -> str:
        return response_of(self._mailbox, organizer, attendees)


def response_of(mailbox: Mailbox, organizer: Attendee | None, attendees: tuple[Attendee, ...]) -> str:
    """Return what the owner of a mailbox has answered, as far as the people of a meeting tell."""
    own = mailbox.address.lower()
    if organizer is not None and organizer.address.lower() == own:
        return "Organizer"
    return next((known.response for known in attendees if known.address.lower() == own), "Unknown")


def _rule(event: Component) -> str:
    """Return the rule of an event, ``""`` without one."""
    rules = event.all("RRULE")
    if len(rules) > 1:
        raise _odd("it has more than one RRULE; make an event of each", "RRULE")
    for name in ("RDATE", "EXRULE"):
        if event.first(name):
            text = f"no calendar of Exchange can hold {name}; make an event of its own of each such date"
            raise _odd(text if name == "RDATE" else "no calendar of Exchange can hold EXRULE; use EXDATE", name)
    return rules[0].raw if rules else ""


def _required(event: Component, name: str) -> Property:
    found = event.all(name)
    if len(found) != 1:
        raise _odd(f"it must have one {name}, not {len(found)}", name)
    return found[0]


def _is_html(found: Property) -> bool:
    return found.parameters.get("FMTTYPE", "").lower() == "text/html"


def _show_as(event: Component, cancelled: bool) -> str:
    said = event.word("X-MICROSOFT-CDO-BUSYSTATUS")
    if said:
        if said not in BUSY:
            text = f"X-MICROSOFT-CDO-BUSYSTATUS must be one of {', '.join(BUSY)}, not {said[:40]!r}"
            raise _odd(text, "X-MICROSOFT-CDO-BUSYSTATUS")
        return BUSY[said]
    if cancelled or event.word("TRANSP") == "TRANSPARENT":
        return "Free"
    return "Tentative" if event.word("STATUS") == "TENTATIVE" else "Busy"


def _importance(event: Component) -> str:
    said = event.word("X-MICROSOFT-CDO-IMPORTANCE")
    if said in ("0", "1", "2"):
        return ("Low", "Normal", "High")[int(said)]
    priority = event.word("PRIORITY")
    # RFC 5545 has 0 to 9 only (3.8.1.9); what is none of them says nothing.
    if priority not in tuple("12346789"):
        return "Normal"
    return "High" if priority < "5" else "Low"


def _categories(event: Component) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for known in event.all("CATEGORIES"):
        for text in split_on_unescaped_comma(known.raw):
            if text.strip():
                found[text.strip()] = None
    return tuple(found)


def _reminder(event: Component, start: datetime, end: datetime) -> int | None:
    """Return how many minutes before the start the first alarm is that comes before it."""
    found: list[int] = []
    for alarm in event.parts:
        trigger = alarm.first("TRIGGER") if alarm.name == "VALARM" else None
        if trigger is None:
            continue
        try:
            value = vDDDTypes.from_ical(trigger.raw.strip())  # type: ignore[no-untyped-call]
        except ValueError:
            raise _odd(f"TRIGGER must be like -PT15M, not {trigger.raw[:40]!r}", "TRIGGER") from None
        if isinstance(value, timedelta):
            of_the_end = trigger.parameters.get("RELATED", "").upper() == "END"
            before = (start - end if of_the_end else timedelta()) - value
        elif isinstance(value, datetime):
            before = start - (value if value.tzinfo else value.replace(tzinfo=start.tzinfo))
        else:
            continue
        minutes = int(before.total_seconds() // 60)
        if minutes > LONGEST_REMINDER:
            raise _odd(f"TRIGGER is more than {LONGEST_REMINDER} minutes before the start", "TRIGGER")
        if minutes >= 0:
            found.append(minutes)
    return max(found, default=None)


def _element(found: Property) -> str:
    """Return the XML of an element that is given back to clients of Exchange Web Services as it is."""
    try:
        # With a declaration or a document type it is a document, in which there may be entities.
        if not found.text.lstrip().startswith(("<?", "<!")):
            expat.ParserCreate(namespace_separator=" ").Parse(found.text, True)
            return found.text
    except (expat.ExpatError, ValueError):
        pass
    raise _odd(f"{ELEMENT} must be one element of XML; remove the line if another program wrote it", ELEMENT)


def _attendee(found: Property | None) -> Attendee | None:
    """Return somebody of a meeting; ``None`` for nobody."""
    address = "" if found is None else _MAILTO.sub("", found.raw.strip())
    if found is None or not address:
        return None
    parameters: Mapping[str, str] = found.parameters
    role = {"OPT-PARTICIPANT": "optional", "NON-PARTICIPANT": "resource"}.get(
        parameters.get("ROLE", "").upper(), "required"
    )
    if parameters.get("CUTYPE", "").upper() in ("ROOM", "RESOURCE"):
        role = "resource"
    answer = PARTICIPATION.get(parameters.get("PARTSTAT", "").upper(), parameters.get(RESPONSE, "Unknown"))
    return Attendee(address, parameters.get("CN", ""), role, answer)


def _odd(text: str, field: str) -> InvalidValue:
    return InvalidValue("icalendar-event", text, field)
