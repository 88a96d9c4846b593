# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""UpdateItem of calendar items: what is set, appended to and deleted, and who changed an item first."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.emulator import Emulator
from tests.support.ews_items import (
    EVERYTHING,
    LUNCH,
    TIMES,
    Calendar,
    append_field,
    calendar,
    delete_field,
    only,
    set_field,
)


@pytest.fixture
def anna(environment: Emulator) -> Iterator[Calendar]:
    yield from calendar(environment)


def test_properties_are_set_appended_to_and_deleted(anna: Calendar) -> None:
    attendee = "<t:Attendee><t:Mailbox><t:EmailAddress>{}</t:EmailAddress></t:Mailbox></t:Attendee>"
    people = "<t:RequiredAttendees>{}</t:RequiredAttendees>"
    item = anna.made(f'<t:Body BodyType="Text">one</t:Body>{EVERYTHING.partition("</t:Body>")[2]}')
    changed = anna.update(
        item.xml,
        set_field("item:Subject", "<t:Subject>New</t:Subject>")
        + set_field("calendar:Start", "<t:Start>2026-12-01T11:00:00Z</t:Start>")
        + set_field("calendar:End", "<t:End>2026-12-01T12:30:00Z</t:End>")
        + set_field("calendar:RequiredAttendees", people.format(attendee.format("x@example.net")))
        + append_field("item:Body", '<t:Body BodyType="Text"> two</t:Body>')
        + delete_field("calendar:Location")
        + delete_field("item:Categories")
        + delete_field("item:ReminderIsSet")
        + delete_field("calendar:NetShowUrl")
        + '<t:DeleteItemField><t:ExtendedFieldURI DistinguishedPropertySetId="PublicStrings" PropertyName="lunch"'
        ' PropertyType="String"/></t:DeleteItemField>',
    )
    assert changed.text(".//m:ConflictResults/t:Count") == "0"
    after = anna.id_of(changed)
    assert (after.id, after.change_key != item.change_key) == (item.id, True)
    more = people.format(attendee.format("y@example.net"))
    assert anna.update(after.xml, append_field("calendar:RequiredAttendees", more)).codes == ["NoError"]
    answer = anna.get(item.xml, more=LUNCH)
    names = ("Subject", "Start", "End", "Body", "Duration", "ReminderIsSet", "Location", "NetShowUrl", "ConferenceType")
    assert [answer.text(f".//t:CalendarItem/t:{name}") for name in names] == [
        "New",
        "2026-12-01T11:00:00Z",
        "2026-12-01T12:30:00Z",
        "one two",
        "PT1H30M",
        "false",
        "",
        "",
        "1",
    ]
    assert answer.all(".//t:Categories") == []
    assert answer.all(".//t:ExtendedProperty") == []
    assert answer.texts(".//t:RequiredAttendees//t:EmailAddress") == ["x@example.net", "y@example.net"]


@pytest.mark.parametrize(
    ("update", "code"),
    [
        (set_field("item:Subject", "<t:Location>x</t:Location>"), "ErrorUpdatePropertyMismatch"),
        (
            set_field("item:Subject", "<t:Subject>x</t:Subject><t:Location>x</t:Location>"),
            "ErrorUpdatePropertyMismatch",
        ),
        (set_field("message:From", "<t:Subject>x</t:Subject>"), "ErrorInvalidPropertyRequest"),
        (set_field("calendar:IsMeeting", "<t:IsMeeting>true</t:IsMeeting>"), "ErrorInvalidPropertySet"),
        (set_field("item:ItemClass", "<t:ItemClass>IPM.Note</t:ItemClass>"), "ErrorInvalidPropertySet"),
        (append_field("item:Subject", "<t:Subject>x</t:Subject>"), "ErrorInvalidPropertyAppend"),
        (append_field("item:Body", '<t:Body BodyType="HTML">x</t:Body>'), "ErrorInvalidPropertyAppend"),
        (delete_field("calendar:Start"), "ErrorInvalidPropertyDelete"),
        (delete_field("item:ItemId"), "ErrorInvalidPropertyDelete"),
        (
            set_field("calendar:End", "<t:End>2026-12-01T08:00:00Z</t:End>"),
            "ErrorCalendarEndDateIsEarlierThanStartDate",
        ),
        (set_field("calendar:Start", "<t:Start>never</t:Start>"), "ErrorSchemaValidation"),
        (set_field("item:ReminderDueBy", "<t:ReminderDueBy>never</t:ReminderDueBy>"), "ErrorSchemaValidation"),
    ],
)
def test_changes_that_cannot_be_made_change_nothing(anna: Calendar, update: str, code: str) -> None:
    item = anna.made(f'<t:Subject>As it was</t:Subject><t:Body BodyType="Text">b</t:Body>{TIMES}')
    first = set_field("item:Importance", "<t:Importance>High</t:Importance>")
    assert anna.update(item.xml, first + update).codes == [code]
    answer = anna.get(item.xml)
    assert [answer.text(f".//t:{name}") for name in ("Subject", "Importance")] == ["As it was", "Normal"]


def test_an_update_changes_something(anna: Calendar) -> None:
    assert anna.update(anna.made().xml, "").codes == ["ErrorSchemaValidation"]


def test_a_reminder_that_is_off_keeps_its_time(anna: Calendar) -> None:
    def state() -> list[str]:
        answer = anna.get(item.xml)
        return [answer.text(f".//t:{name}") for name in ("ReminderIsSet", "ReminderMinutesBeforeStart")]

    off, on = ("<t:ReminderIsSet>false</t:ReminderIsSet>", "<t:ReminderIsSet>true</t:ReminderIsSet>")
    minutes = "<t:ReminderMinutesBeforeStart>{}</t:ReminderMinutesBeforeStart>"
    item = anna.made(off + minutes.format(25) + TIMES)
    assert state() == ["false", "25"]
    anna.update(item.xml, set_field("item:ReminderMinutesBeforeStart", minutes.format(35)))
    assert state() == ["false", "35"]
    anna.update(item.xml, set_field("item:ReminderIsSet", on))
    assert state() == ["true", "35"]
    anna.update(item.xml, set_field("item:ReminderMinutesBeforeStart", minutes.format(5)))
    assert state() == ["true", "5"]
    item = anna.made(on + TIMES)
    assert state() == ["true", "15"]


def test_a_client_that_sends_all_it_has_read_moves_the_reminder_with_the_item(anna: Calendar) -> None:
    def due() -> str:
        return only(anna, item, "ReminderDueBy")

    element = "<t:ReminderDueBy>{}</t:ReminderDueBy>"
    item = anna.made(element.format("2026-12-01T09:00:00Z") + TIMES)
    start = set_field("calendar:Start", "<t:Start>2026-12-01T09:30:00Z</t:Start>")
    anna.update(item.xml, set_field("item:ReminderDueBy", element.format("2026-12-01T09:00:00Z")) + start)
    assert due() == "2026-12-01T09:30:00Z"
    anna.update(item.xml, set_field("item:ReminderDueBy", element.format("2026-12-02T00:00:00Z")))
    assert due() == "2026-12-02T00:00:00Z"


def test_conflicts(anna: Calendar) -> None:
    subject = set_field("item:Subject", "<t:Subject>{}</t:Subject>")
    old = anna.made()
    new = anna.id_of(anna.update(old.xml, subject.format("first")))
    assert anna.update(old.xml, subject.format("x"), resolution="NeverOverwrite").codes == ["ErrorIrresolvableConflict"]
    assert only(anna, old, "Subject") == "first"
    resolved = anna.update(old.xml, subject.format("second"), resolution="AutoResolve")
    assert (resolved.codes, resolved.text(".//m:ConflictResults/t:Count")) == (["NoError"], "1")
    assert anna.update(new.xml, subject.format("third"), resolution="AlwaysOverwrite").codes == ["NoError"]
    assert only(anna, old, "Subject") == "third"
    for resolution in ("NeverOverwrite", "AutoResolve", "AlwaysOverwrite"):
        answer = anna.update(f'<t:ItemId Id="{old.id}"/>', subject.format("y"), resolution=resolution)
        assert answer.codes == ["ErrorChangeKeyRequiredForWriteOperations"]
        answer = anna.update(f'<t:ItemId Id="{old.id}" ChangeKey="x"/>', subject.format("y"), resolution=resolution)
        assert answer.codes == ["ErrorInvalidChangeKey"]
