# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The messages of the Presence Engine to Exchange, held to the schema, and what it reads in answers."""

from __future__ import annotations

import pytest
from lxml import etree

from imp_emulator.engine import ews_messages
from imp_emulator.engine.ews_messages import Meeting, Page, Refused, Replies, Unreadable
from tests.support import ews_schema
from tests.support.ews import NAMESPACES, envelope

ADDRESS = "o'brien&co@example.com"
NOON, HOUR = 1_800_014_400.0, 3600
MEETING = (
    '<t:CalendarItem><t:ItemId Id="{id}" ChangeKey="c"/><t:Start>{start}</t:Start><t:End>2027-01-15T13:00:00Z</t:End>'
    "<t:LegacyFreeBusyStatus>{status}</t:LegacyFreeBusyStatus>{more}</t:CalendarItem>"
)


@pytest.mark.parametrize(
    ("message", "name", "parts"),
    [
        (ews_messages.get_folder(ADDRESS), "GetFolder", {"//t:DistinguishedFolderId/@Id": "calendar"}),
        (
            ews_messages.subscribe(ADDRESS, 'a"<b', "https://192.0.2.12:50020/presence-engine?a=1&b=2", 30),
            "Subscribe",
            {
                "//t:FolderId/@Id": 'a"<b',
                "//t:StatusFrequency": "30",
                "//t:URL": "https://192.0.2.12:50020/presence-engine?a=1&b=2",
            },
        ),
        (ews_messages.unsubscribe(ADDRESS, "s&1"), "Unsubscribe", {"//m:SubscriptionId": "s&1"}),
        (
            ews_messages.find_meetings(ADDRESS, "f", NOON, NOON + HOUR),
            "FindItem",
            {
                "//m:CalendarView/@StartDate": "2027-01-15T12:00:00Z",
                "//m:CalendarView/@EndDate": "2027-01-15T13:00:00Z",
                "//m:CalendarView/@MaxEntriesReturned": "1000",
                "//t:FolderId/@Id": "f",
                "//t:BaseShape": "IdOnly",
            },
        ),
        (ews_messages.get_automatic_replies(ADDRESS), "GetUserOofSettingsRequest", {"//t:Address": ADDRESS}),
        (
            ews_messages.get_options(ADDRESS),
            "GetUserConfiguration",
            {"//m:UserConfigurationName/@Name": "OWA.UserOptions", "//m:UserConfigurationProperties": "Dictionary"},
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_requests_keep_to_the_schema_and_act_for_the_mailbox(message: bytes, name: str, parts: dict[str, str]) -> None:
    root = etree.fromstring(message)
    header, body = root
    assert [etree.QName(child).localname for child in header] == ["RequestServerVersion", "ExchangeImpersonation"]
    assert header.xpath("string(t:RequestServerVersion/@Version)", namespaces=NAMESPACES) == "Exchange2010_SP1"
    assert header.xpath("string(.//t:PrimarySmtpAddress)", namespaces=NAMESPACES) == ADDRESS
    (content,) = body
    assert etree.QName(content).localname == name
    ews_schema.check_content(content)
    found = {path: str(content.xpath(f"string({path})", namespaces=NAMESPACES)) for path in parts}
    assert found == parts


def test_a_subscription_is_to_every_kind_of_event() -> None:
    kinds = etree.fromstring(ews_messages.subscribe(ADDRESS, "f", "http://h/", 1)).findall(".//t:EventType", NAMESPACES)
    words = ("Copied", "Created", "Deleted", "Modified", "Moved", "NewMail", "FreeBusyChanged")
    assert [kind.text for kind in kinds] == [f"{word}Event" for word in words]


def answer(content: str) -> etree._Element:
    return ews_messages.answer(envelope(content).encode())


def responded(name: str, content: str) -> etree._Element:
    message = f"{name}ResponseMessage"
    return answer(
        f'<m:{name}Response><m:ResponseMessages><m:{message} ResponseClass="Success">'
        f"<m:ResponseCode>NoError</m:ResponseCode>{content}</m:{message}></m:ResponseMessages></m:{name}Response>"
    )


def view(*items: str, attributes: str = 'TotalItemsInView="1" IncludesLastItemInRange="true"') -> etree._Element:
    return responded("FindItem", f"<m:RootFolder {attributes}><t:Items>{''.join(items)}</t:Items></m:RootFolder>")


def test_meetings_with_the_times_that_servers_write() -> None:
    cancelled = "<t:IsCancelled>true</t:IsCancelled>"
    first = MEETING.format(id="1", start="2027-01-15T12:00:00Z", status="OOF", more=cancelled)
    second = MEETING.format(id="2", start="2027-01-15T14:30:00.000+02:00", status="Busy", more="")
    assert ews_messages.meetings(view(first, second)) == Page(
        (
            Meeting("1", NOON, NOON + HOUR, "OOF", True),
            Meeting("2", NOON + HOUR / 2, NOON + HOUR, "Busy", False),
        ),
        True,
    )
    part = view(attributes='TotalItemsInView="9" IncludesLastItemInRange="false"')
    assert ews_messages.meetings(part) == Page((), False)


@pytest.mark.parametrize(
    "content",
    [
        view(MEETING.format(id="1", start="noon", status="Busy", more="")),
        view("<t:CalendarItem><t:ItemId Id='1'/></t:CalendarItem>"),
        view(attributes="IncludesLastItemInRange='perhaps'"),
        responded("FindItem", ""),
    ],
    ids=["a start that is no time", "an item without times", "an odd boolean", "no list"],
)
def test_lists_that_are_none(content: etree._Element) -> None:
    with pytest.raises(Unreadable):
        ews_messages.meetings(content)


def replies(state: str, period: str = "") -> etree._Element:
    return answer(
        '<m:GetUserOofSettingsResponse><m:ResponseMessage ResponseClass="Success"><m:ResponseCode>NoError'
        f"</m:ResponseCode></m:ResponseMessage><t:OofSettings><t:OofState>{state}</t:OofState>{period}"
        "</t:OofSettings></m:GetUserOofSettingsResponse>"
    )


def test_automatic_replies() -> None:
    period = "<t:Duration><t:StartTime>2027-01-15T12:00:00</t:StartTime><t:EndTime>2027-01-15T13:00:00Z</t:EndTime>"
    period += "</t:Duration>"
    assert ews_messages.automatic_replies(replies("Scheduled", period)) == Replies("Scheduled", NOON, NOON + HOUR)
    # Exchange always tells a period; it counts for scheduled ones only.
    assert ews_messages.automatic_replies(replies("Enabled", period)) == Replies("Enabled", None, None)
    for broken in (replies("Scheduled"), replies("")):
        with pytest.raises(Unreadable):
            ews_messages.automatic_replies(broken)


def test_the_time_zone_is_an_entry_of_a_dictionary() -> None:
    entries = "".join(
        f"<t:DictionaryEntry><t:DictionaryKey><t:Type>String</t:Type><t:Value>{key}</t:Value></t:DictionaryKey>"
        f"<t:DictionaryValue><t:Type>String</t:Type><t:Value>{value}</t:Value></t:DictionaryValue></t:DictionaryEntry>"
        for key, value in (("hourincrement", "30"), ("timezone", "Tokyo Standard Time"))
    )
    name = '<t:UserConfigurationName Name="OWA.UserOptions"><t:FolderId Id="f"/></t:UserConfigurationName>'
    options = f"<m:UserConfiguration>{name}<t:Dictionary>{entries}</t:Dictionary></m:UserConfiguration>"
    unlisted = answer(
        '<m:GetUserConfigurationResponse ResponseClass="Success"><m:ResponseCode>NoError</m:ResponseCode>'
        f"{options}</m:GetUserConfigurationResponse>"
    )
    listed = responded("GetUserConfiguration", options)
    ews_schema.check_content(listed)
    for content in (unlisted, listed):
        assert ews_messages.time_zone(content) == "Tokyo Standard Time"
    assert ews_messages.time_zone(responded("GetUserConfiguration", "")) == ""


def test_ids() -> None:
    found = responded("GetFolder", '<m:Folders><t:CalendarFolder><t:FolderId Id="f"/></t:CalendarFolder></m:Folders>')
    assert ews_messages.folder_id(found) == "f"
    assert ews_messages.subscription_id(responded("Subscribe", "<m:SubscriptionId>s</m:SubscriptionId>")) == "s"
    for read in (ews_messages.folder_id, ews_messages.subscription_id):
        with pytest.raises(Unreadable):
            read(responded("GetFolder", "<m:Folders/>"))


BACK_OFF = '<t:MessageXml><t:Value Name="BackOffMilliseconds">1500</t:Value></t:MessageXml>'
CODE = "<faultcode>a:ErrorServerBusy</faultcode>"
DETAIL = '<e:ResponseCode xmlns:e="urn:e">ErrorServerBusy</e:ResponseCode>'
ERROR = '<m:ResponseMessage ResponseClass="Error"><m:ResponseCode>{}</m:ResponseCode>{}</m:ResponseMessage>'


@pytest.mark.parametrize(
    ("content", "code", "back_off"),
    [
        (
            f"<soap:Fault>{CODE}<faultstring>x</faultstring><detail>{DETAIL}{BACK_OFF}</detail></soap:Fault>",
            "ErrorServerBusy",
            1.5,
        ),
        ("<soap:Fault><faultcode>a:ErrorTimeZone</faultcode></soap:Fault>", "ErrorTimeZone", None),
        ("<soap:Fault/>", "a fault without a code", None),
        (
            "<m:GetFolderResponse><m:ResponseMessages>"
            + ERROR.format("ErrorX", BACK_OFF.replace("1500", "soon"))
            + "</m:ResponseMessages></m:GetFolderResponse>",
            "ErrorX",
            None,
        ),
        (f"<m:GetUserOofSettingsResponse>{ERROR.format('ErrorY', '')}</m:GetUserOofSettingsResponse>", "ErrorY", None),
        (f"<m:AResponse>{ERROR.format('', '')}</m:AResponse>", "an error without a code", None),
    ],
)
def test_refusals(content: str, code: str, back_off: float | None) -> None:
    with pytest.raises(Refused) as refused:
        answer(content)
    assert (refused.value.code, refused.value.back_off) == (code, back_off)


@pytest.mark.parametrize("body", [b"", b"<html/>", b"{}", envelope("<m:GetFolderResponse/>").encode()])
def test_what_is_no_answer(body: bytes) -> None:
    with pytest.raises(Unreadable):
        ews_messages.answer(body)
