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
