# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Calendar items over EWS, as text: what the tests of items share."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tests.support.emulator import Emulator
from tests.support.ews import Answer, Ews, grant_impersonation

ANNA, BERT = "user0001@example.com", "user0002@example.com"
TIMES = "<t:Start>2026-12-01T09:00:00Z</t:Start><t:End>2026-12-01T10:00:00Z</t:End>"
WEEKLY = (
    "<t:Recurrence><t:WeeklyRecurrence><t:Interval>1</t:Interval><t:DaysOfWeek>Tuesday Thursday</t:DaysOfWeek>"
    "<t:FirstDayOfWeek>Monday</t:FirstDayOfWeek></t:WeeklyRecurrence><t:NumberedRecurrence>"
    "<t:StartDate>2026-12-01</t:StartDate><t:NumberOfOccurrences>4</t:NumberOfOccurrences></t:NumberedRecurrence>"
    "</t:Recurrence>"
)
EVERYTHING = (
    "<t:Subject>Quarter</t:Subject><t:Sensitivity>Private</t:Sensitivity>"
    '<t:Body BodyType="HTML">&lt;p&gt;Hello&lt;br&gt;you&lt;/p&gt;</t:Body>'
    "<t:Categories><t:String>red</t:String><t:String>blue</t:String></t:Categories><t:Importance>High</t:Importance>"
    "<t:ReminderIsSet>true</t:ReminderIsSet><t:ReminderMinutesBeforeStart>20</t:ReminderMinutesBeforeStart>"
    '<t:ExtendedProperty><t:ExtendedFieldURI DistinguishedPropertySetId="PublicStrings" PropertyName="lunch"'
    ' PropertyType="String"/><t:Value>pizza</t:Value></t:ExtendedProperty>'
    f"<t:UID>0123456789</t:UID>{TIMES}<t:IsAllDayEvent>false</t:IsAllDayEvent>"
    "<t:LegacyFreeBusyStatus>OOF</t:LegacyFreeBusyStatus><t:Location>Room 1</t:Location><t:When>soon</t:When>"
    "<t:IsResponseRequested>false</t:IsResponseRequested>"
    '<t:StartTimeZone Id="W. Europe Standard Time"/><t:EndTimeZone Id="Eastern Standard Time"/>'
    "<t:ConferenceType>1</t:ConferenceType><t:AllowNewTimeProposal>true</t:AllowNewTimeProposal>"
    "<t:NetShowUrl>http://example.com/</t:NetShowUrl>"
)
LUNCH = (
    '<t:AdditionalProperties><t:ExtendedFieldURI PropertySetId="00020329-0000-0000-C000-000000000046"'
    ' PropertyName="lunch" PropertyType="String"/></t:AdditionalProperties>'
)


@dataclass(frozen=True)
class Id:
    """The id of an item with its change key."""

    id: str
    change_key: str

    @property
    def xml(self) -> str:
        """The element that names the item."""
        return f'<t:ItemId Id="{self.id}" ChangeKey="{self.change_key}"/>'


class Calendar(Ews):
    """The calendar of one mailbox, reached by impersonation."""

    def create(self, properties: str, send: str = "SendToNone") -> Answer:
        """Ask for one new item with these elements."""
        return self.ask(
            f'<m:CreateItem SendMeetingInvitations="{send}"><m:Items><t:CalendarItem>{properties}</t:CalendarItem>'
            "</m:Items></m:CreateItem>"
        )

    def made(self, properties: str = TIMES, send: str = "SendToNone") -> Id:
        """Make an item and return its id."""
        return self.id_of(self.create(properties, send))

    def id_of(self, answer: Answer) -> Id:
        """Return the one id that a successful answer holds."""
        assert answer.codes == ["NoError"], answer.response.text
        found = answer.find(".//t:ItemId")
        assert found is not None
        return Id(str(found.get("Id")), str(found.get("ChangeKey")))

    def get(self, *wanted: str, shape: str = "AllProperties", more: str = "") -> Answer:
        """Ask for items by the elements of their ids."""
        return self.ask(
            f"<m:GetItem><m:ItemShape><t:BaseShape>{shape}</t:BaseShape>{more}</m:ItemShape>"
            f"<m:ItemIds>{''.join(wanted)}</m:ItemIds></m:GetItem>"
        )

    def update(
        self, item: str, updates: str, *, resolution: str = "AutoResolve", send: str | None = "SendToNone"
    ) -> Answer:
        """Ask for changes of one item."""
        told = f' SendMeetingInvitationsOrCancellations="{send}"' if send else ""
        return self.ask(
            f'<m:UpdateItem ConflictResolution="{resolution}"{told}><m:ItemChanges><t:ItemChange>{item}'
            f"<t:Updates>{updates}</t:Updates></t:ItemChange></m:ItemChanges></m:UpdateItem>"
        )

    def delete(self, *wanted: str, kind: str = "HardDelete", send: str | None = "SendToNone") -> Answer:
        """Ask for the end of items."""
        told = f' SendMeetingCancellations="{send}"' if send else ""
        return self.ask(
            f'<m:DeleteItem DeleteType="{kind}"{told}><m:ItemIds>{"".join(wanted)}</m:ItemIds></m:DeleteItem>'
        )

    def find(
        self, view: str, *, shape: str = "IdOnly", more: str = "", rest: str = "", folder: str = "calendar"
    ) -> Answer:
        """Ask for the items of a folder; ``rest`` stands between the view and the folder."""
        return self.ask(
            f'<m:FindItem Traversal="Shallow"><m:ItemShape><t:BaseShape>{shape}</t:BaseShape>{more}</m:ItemShape>'
            f'{view}{rest}<m:ParentFolderIds><t:DistinguishedFolderId Id="{folder}"/></m:ParentFolderIds></m:FindItem>'
        )

    def view(self, start: str, end: str, most: int | None = None, shape: str = "AllProperties") -> Answer:
        """Ask for what takes place in a time."""
        limit = "" if most is None else f' MaxEntriesReturned="{most}"'
        return self.find(f'<m:CalendarView{limit} StartDate="{start}" EndDate="{end}"/>', shape=shape)


def set_field(path: str, element: str) -> str:
    """Return the update that sets a property."""
    return f'<t:SetItemField><t:FieldURI FieldURI="{path}"/><t:CalendarItem>{element}</t:CalendarItem></t:SetItemField>'


def delete_field(path: str) -> str:
    """Return the update that deletes a property."""
    return f'<t:DeleteItemField><t:FieldURI FieldURI="{path}"/></t:DeleteItemField>'


def append_field(path: str, element: str) -> str:
    """Return the update that appends to a property."""
    return (
        f'<t:AppendToItemField><t:FieldURI FieldURI="{path}"/><t:CalendarItem>{element}</t:CalendarItem>'
        "</t:AppendToItemField>"
    )


def calendar(environment: Emulator, address: str = ANNA, **options: str | None) -> Iterator[Calendar]:
    """A mailbox's calendar, with the right to act for its owner; for a fixture."""
    grant_impersonation(environment)
    with Calendar(environment, address, **options) as found:  # type: ignore[arg-type]
        yield found


def occurrence(master: Id, index: int) -> str:
    """Return the element that names an occurrence of a series by its number, from 1."""
    return (
        f'<t:OccurrenceItemId RecurringMasterId="{master.id}" ChangeKey="{master.change_key}" InstanceIndex="{index}"/>'
    )


def only(anna: Calendar, item: Id | str, path: str) -> str:
    """Return the text of an element of an item."""
    answer = anna.get(item if isinstance(item, str) else item.xml)
    assert answer.codes == ["NoError"], answer.response.text
    return answer.text(f".//t:CalendarItem/t:{path}")
