# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Free and busy times and automatic replies over EWS.

The public schema has neither: the orders of elements are held against those that the clients of tests/conformance read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from lxml import etree

from tests.support.emulator import Emulator
from tests.support.ews import Answer, Ews
from tests.support.ews_items import ANNA, BERT, Calendar, calendar

DAY = ("2026-12-01T08:00:00Z", "2026-12-01T12:00:00Z")
BERLIN = (
    "<t:TimeZone><t:Bias>-60</t:Bias><t:StandardTime><t:Bias>0</t:Bias><t:Time>03:00:00</t:Time>"
    "<t:DayOrder>5</t:DayOrder><t:Month>10</t:Month><t:DayOfWeek>Sunday</t:DayOfWeek></t:StandardTime><t:DaylightTime>"
    "<t:Bias>-60</t:Bias><t:Time>02:00:00</t:Time><t:DayOrder>5</t:DayOrder><t:Month>3</t:Month>"
    "<t:DayOfWeek>Sunday</t:DayOfWeek></t:DaylightTime></t:TimeZone>"
)


@pytest.fixture
def anna(environment: Emulator) -> Iterator[Calendar]:
    found = calendar(environment)
    for known in found:
        known.made(
            "<t:Subject>Plan</t:Subject><t:Start>2026-12-01T09:00:00Z</t:Start><t:End>2026-12-01T10:00:00Z</t:End>"
            "<t:Location>R1</t:Location>"
        )
        known.made(
            "<t:Subject>Secret</t:Subject><t:Sensitivity>Private</t:Sensitivity><t:Start>2026-12-01T10:00:00Z</t:Start>"
            "<t:End>2026-12-01T10:30:00Z</t:End><t:LegacyFreeBusyStatus>OOF</t:LegacyFreeBusyStatus>"
        )
        yield known


def data(*addresses: str) -> str:
    return "".join(
        f"<t:MailboxData><t:Email><t:Address>{address}</t:Address></t:Email><t:AttendeeType>Required</t:AttendeeType>"
        "<t:ExcludeConflicts>false</t:ExcludeConflicts></t:MailboxData>"
        for address in addresses
    )


def request(
    people: str,
    view: str = "DetailedMerged",
    window: tuple[str, str] = DAY,
    minutes: str = "30",
    zone: str = "",
) -> str:
    return (
        f"<m:GetUserAvailabilityRequest>{zone}<m:MailboxDataArray>{people}</m:MailboxDataArray><t:FreeBusyViewOptions>"
        f"<t:TimeWindow><t:StartTime>{window[0]}</t:StartTime><t:EndTime>{window[1]}</t:EndTime></t:TimeWindow>"
        f"<t:MergedFreeBusyIntervalInMinutes>{minutes}</t:MergedFreeBusyIntervalInMinutes>"
        f"<t:RequestedView>{view}</t:RequestedView></t:FreeBusyViewOptions></m:GetUserAvailabilityRequest>"
    )


def names(element: etree._Element | None) -> list[str]:
    assert element is not None
    return [etree.QName(child).localname for child in element]


@pytest.mark.parametrize(
    ("view", "parts", "details"),
    [
        ("MergedOnly", ["FreeBusyViewType", "MergedFreeBusy", "WorkingHours"], 0),
        ("FreeBusy", ["FreeBusyViewType", "CalendarEventArray", "WorkingHours"], 0),
        ("FreeBusyMerged", ["FreeBusyViewType", "MergedFreeBusy", "CalendarEventArray", "WorkingHours"], 0),
        ("Detailed", ["FreeBusyViewType", "CalendarEventArray", "WorkingHours"], 2),
        ("DetailedMerged", ["FreeBusyViewType", "MergedFreeBusy", "CalendarEventArray", "WorkingHours"], 2),
    ],
)
def test_each_view_has_its_parts(anna: Calendar, view: str, parts: list[str], details: int) -> None:
    answer = anna.ask(request(data(ANNA), view))
    assert names(answer.find(".//m:FreeBusyView")) == parts
    assert answer.text(".//t:FreeBusyViewType") == view
    assert answer.texts(".//t:MergedFreeBusy") == (["00223000"] if "MergedFreeBusy" in parts else [])
    assert len(answer.all(".//t:CalendarEventDetails")) == details


def test_entries_are_told_in_order_with_their_details(anna: Calendar) -> None:
    answer = anna.ask(request(data(ANNA)))
    events = answer.all(".//t:CalendarEvent")
    assert names(events[0]) == ["StartTime", "EndTime", "BusyType", "CalendarEventDetails"]
    assert [event.findtext("{*}StartTime") for event in events] == ["2026-12-01T09:00:00", "2026-12-01T10:00:00"]
    assert [event.findtext("{*}BusyType") for event in events] == ["Busy", "OOF"]
    assert names(answer.find(".//t:CalendarEventDetails")) == [
        "ID",
        "Subject",
        "Location",
        "IsMeeting",
        "IsRecurring",
        "IsException",
        "IsReminderSet",
        "IsPrivate",
    ]
    found = anna.view("2026-12-01T00:00:00Z", "2026-12-02T00:00:00Z").find(".//t:ItemId")
    assert found is not None
    hexadecimal = answer.text(".//t:CalendarEventDetails/t:ID")
    converted = anna.ask(
        f'<m:ConvertId DestinationFormat="EwsId"><m:SourceIds><t:AlternateId Format="HexEntryId" Id="{hexadecimal}"'
        f' Mailbox="{ANNA}"/></m:SourceIds></m:ConvertId>'
    )
    assert converted.find(".//m:AlternateId").get("Id") == found.get("Id")  # type: ignore[union-attr]


def test_what_is_private_is_told_to_its_owner_alone(environment: Emulator, anna: Calendar) -> None:
    assert anna.ask(request(data(ANNA))).texts(".//t:Subject") == ["Plan", "Secret"]
    with Ews(environment) as service:
        answer = service.ask(request(data(ANNA)))
        assert answer.texts(".//t:Subject") == ["Plan"]
        assert answer.texts(".//t:IsPrivate") == ["false", "true"]


def test_who_has_no_mailbox_fails_alone(anna: Calendar) -> None:
    answer = anna.ask(request(data("nobody@example.com", BERT, ANNA)))
    assert answer.codes == ["ErrorMailRecipientNotFound", "NoError", "NoError"]
    first, second, third = answer.all(".//m:FreeBusyResponse")
    assert names(first) == ["ResponseMessage"]
    assert first[0].attrib["ResponseClass"] == "Error"
    assert names(second) == ["ResponseMessage", "FreeBusyView"]
    assert second.findtext(".//{*}MergedFreeBusy") == "00000000"
    assert second.find(".//{*}CalendarEventArray") is None
    assert third.findtext(".//{*}MergedFreeBusy") == "00223000"


def test_times_are_answered_in_the_zone_of_the_request(anna: Calendar) -> None:
    berlin = "<t:TimeZoneContext><t:TimeZoneDefinition Id='W. Europe Standard Time'/></t:TimeZoneContext>"
    for window in (DAY, ("2026-12-01T09:00:00", "2026-12-01T13:00:00")):
        for message, header in (
            (request(data(ANNA), window=window, zone=BERLIN), ""),
            (request(data(ANNA), window=window), berlin),
        ):
            answer = anna.ask(message, anna.header() + header)
            assert answer.texts(".//t:StartTime") == ["2026-12-01T10:00:00", "2026-12-01T11:00:00"]
            assert answer.text(".//t:MergedFreeBusy") == "00223000"


def test_the_rules_of_a_zone_hold_in_summer_too(anna: Calendar) -> None:
    anna.made("<t:Start>2027-07-01T09:00:00Z</t:Start><t:End>2027-07-01T10:00:00Z</t:End>")
    summer = ("2027-07-01T00:00:00", "2027-07-02T00:00:00")
    answer = anna.ask(request(data(ANNA), window=summer, minutes="60", zone=BERLIN))
    assert answer.texts(".//t:StartTime") == ["2027-07-01T11:00:00"]
    assert answer.text(".//t:MergedFreeBusy") == "0" * 11 + "2" + "0" * 12


def test_working_hours_are_those_of_the_mailbox(anna: Calendar) -> None:
    answer = anna.ask(request(data(ANNA), "MergedOnly"))
    hours = answer.find(".//t:WorkingHours")
    assert names(hours) == ["TimeZone", "WorkingPeriodArray"]
    assert names(answer.find(".//t:TimeZone")) == ["Bias", "StandardTime", "DaylightTime"]
    assert names(answer.find(".//t:StandardTime")) == ["Bias", "Time", "DayOrder", "Month", "DayOfWeek"]
    assert answer.text(".//t:WorkingPeriod/t:DayOfWeek") == "Monday Tuesday Wednesday Thursday Friday"
    minutes = [answer.text(f".//t:WorkingPeriod/t:{name}TimeInMinutes") for name in ("Start", "End")]
    assert minutes == ["480", "1020"]


@pytest.mark.parametrize(
    ("window", "minutes", "code"),
    [
        (("2026-12-01T00:00:00Z", "2027-01-12T00:00:00Z"), "1440", "NoError"),
        (("2026-12-01T00:00:00Z", "2027-01-12T00:00:01Z"), "1440", "ErrorTimeIntervalTooBig"),
        (("2026-12-01T00:00:00Z", "2026-12-01T00:00:00Z"), "30", "ErrorInvalidTimeInterval"),
        (DAY, "4", "ErrorInvalidMergedFreeBusyInterval"),
        (DAY, "1441", "ErrorInvalidMergedFreeBusyInterval"),
    ],
)
def test_what_can_be_asked_about(anna: Calendar, window: tuple[str, str], minutes: str, code: str) -> None:
    assert anna.ask(request(data(ANNA, BERT), "MergedOnly", window, minutes)).codes == [code] * 2


@pytest.mark.parametrize(
    ("message", "code"),
    [
        (request(""), "ErrorMailboxDataArrayEmpty"),
        (request(data(ANNA) * 101), "ErrorMailboxDataArrayTooBig"),
        (request(data(ANNA), "Everything"), "ErrorInvalidFreeBusyViewType"),
        (request(data(ANNA), window=("today", DAY[1])), "ErrorSchemaValidation"),
        (request(data(ANNA), minutes="some"), "ErrorSchemaValidation"),
        (request(data(ANNA), zone=BERLIN.replace(">Sunday<", ">Someday<")), "ErrorSchemaValidation"),
        (request(data(ANNA), zone=BERLIN.replace("<t:Month>10", "<t:Month>13")), "ErrorSchemaValidation"),
        (request(data(ANNA), zone=BERLIN.replace("03:00:00", "99999999999:00:00")), "ErrorSchemaValidation"),
        (request(data(ANNA), zone=BERLIN.replace("03:00:00", "-3:00:00")), "ErrorSchemaValidation"),
        (request(data(ANNA), zone=BERLIN.replace("03:00:00", "25:00:00")), "ErrorSchemaValidation"),
        (request(data(ANNA), zone=BERLIN.replace("03:00:00", "three")), "ErrorSchemaValidation"),
        (
            (
                f"<m:GetUserAvailabilityRequest><m:MailboxDataArray>{data(ANNA)}</m:MailboxDataArray>"
                "</m:GetUserAvailabilityRequest>"
            ),
            "ErrorMissingArgument",
        ),
    ],
)
def test_requests_that_fail_as_a_whole(anna: Calendar, message: str, code: str) -> None:
    answer = anna.ask(message)
    assert (answer.status, answer.codes) == (500, [code])


def test_suggestions_are_refused_beside_what_is_told(anna: Calendar) -> None:
    suggestions = "<t:SuggestionsViewOptions><t:GoodThreshold>25</t:GoodThreshold></t:SuggestionsViewOptions>"
    message = request(data(ANNA)).replace("</m:GetUser", f"{suggestions}</m:GetUser")
    answer = anna.ask(message)
    assert answer.codes == ["NoError", "ErrorMeetingSuggestionGenerationFailed"]
    assert names(answer.body) == ["FreeBusyResponseArray", "SuggestionsResponse"]


# Automatic replies


def ask_replies(anna: Ews, address: str = ANNA) -> Answer:
    return anna.ask(
        f"<m:GetUserOofSettingsRequest><t:Mailbox><t:Address>{address}</t:Address></t:Mailbox>"
        "</m:GetUserOofSettingsRequest>"
    )


def set_replies(anna: Ews, settings: str, address: str = ANNA) -> Answer:
    return anna.ask(
        f"<m:SetUserOofSettingsRequest><t:Mailbox><t:Address>{address}</t:Address></t:Mailbox><t:UserOofSettings>"
        f"{settings}</t:UserOofSettings></m:SetUserOofSettingsRequest>"
    )


def settings(state: str, time: str = "", audience: str = "Known", reply: str = "in", external: str = "out") -> str:
    duration = time and "<t:Duration><t:StartTime>{}</t:StartTime><t:EndTime>{}</t:EndTime></t:Duration>".format(
        *time.split()
    )
    return (
        f"<t:OofState>{state}</t:OofState><t:ExternalAudience>{audience}</t:ExternalAudience>{duration}"
        f"<t:InternalReply><t:Message>{reply}</t:Message></t:InternalReply>"
        f"<t:ExternalReply><t:Message>{external}</t:Message></t:ExternalReply>"
    )


def values(answer: Answer) -> dict[str, str]:
    found = answer.find("t:OofSettings")
    assert found is not None, answer.response.text
    leaves = [leaf for leaf in found.iter() if len(leaf) == 0]
    return {
        "/".join(etree.QName(part).localname for part in (leaf.getparent(), leaf)): leaf.text or "" for leaf in leaves
    }


SOON = "2027-01-01T09:00:00Z 2027-01-08T09:00:00Z"


def test_replies_are_off_at_first_and_a_time_is_always_told(environment: Emulator, anna: Calendar) -> None:
    environment.control.clock(now="2026-11-26T12:34:56Z")
    answer = ask_replies(anna)
    assert names(answer.body) == ["ResponseMessage", "OofSettings", "AllowExternalOof"]
    assert names(answer.find("t:OofSettings")) == [
        "OofState",
        "ExternalAudience",
        "Duration",
        "InternalReply",
        "ExternalReply",
    ]
    assert values(answer) == {
        "OofSettings/OofState": "Disabled",
        "OofSettings/ExternalAudience": "All",
        "Duration/StartTime": "2026-11-26T00:00:00Z",
        "Duration/EndTime": "2026-11-27T00:00:00Z",
        "InternalReply/Message": "",
        "ExternalReply/Message": "",
    }
    assert answer.text("m:AllowExternalOof") == "All"


@pytest.mark.parametrize("state", ["Disabled", "Enabled", "Scheduled"])
def test_replies_are_answered_as_they_were_set(environment: Emulator, anna: Calendar, state: str) -> None:
    assert set_replies(anna, settings(state, SOON, reply="&lt;b&gt;Tschüß&lt;/b&gt;")).codes == ["NoError"]
    assert values(ask_replies(anna)) == {
        "OofSettings/OofState": state,
        "OofSettings/ExternalAudience": "Known",
        "Duration/StartTime": "2027-01-01T09:00:00Z",
        "Duration/EndTime": "2027-01-08T09:00:00Z",
        "InternalReply/Message": "<b>Tschüß</b>",
        "ExternalReply/Message": "out",
    }
    rows = [(entry["operation"], entry["write"]) for entry in environment.journal(protocol="ews")][-2:]
    assert rows == [("SetUserOofSettings", True), ("GetUserOofSettings", False)]


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (settings("Scheduled"), "ErrorInvalidScheduledOofDuration"),
        (settings("Scheduled", "2027-01-08T09:00:00Z 2027-01-08T09:00:00Z"), "ErrorInvalidScheduledOofDuration"),
        (settings("Scheduled", "2020-01-01T09:00:00Z 2020-01-08T09:00:00Z"), "ErrorInvalidScheduledOofDuration"),
        (settings("Enabled").partition("<t:ExternalReply>")[0], "ErrorInvalidUserOofSettings"),
        (settings("Enabled").partition("<t:InternalReply>")[0], "ErrorInvalidUserOofSettings"),
        (settings("On"), "ErrorSchemaValidation"),
        (settings("Enabled", audience="Some"), "ErrorSchemaValidation"),
        (settings("Scheduled", "now then"), "ErrorSchemaValidation"),
        ("<t:OofState>Enabled</t:OofState>", "ErrorSchemaValidation"),
    ],
)
def test_settings_that_cannot_be_change_nothing(anna: Calendar, sent: str, code: str) -> None:
    set_replies(anna, settings("Enabled", audience="None"))
    before = values(ask_replies(anna))
    answer = set_replies(anna, sent)
    assert (answer.codes, answer.status) == ([code], 500 if code == "ErrorSchemaValidation" else 200)
    assert values(ask_replies(anna)) == before


def test_the_languages_of_replies_are_kept(anna: Calendar) -> None:
    sent = settings("Enabled").replace("<t:InternalReply>", '<t:InternalReply xml:lang="de-DE">')
    assert set_replies(anna, sent).codes == ["NoError"]
    lang = "{http://www.w3.org/XML/1998/namespace}lang"
    for _ in range(2):
        told = ask_replies(anna)
        found = [told.find(f"t:OofSettings/t:{name}Reply") for name in ("Internal", "External")]
        assert [None if reply is None else reply.get(lang) for reply in found] == ["de-DE", None]
        assert set_replies(anna, settings("Disabled").partition("<t:InternalReply>")[0]).codes == ["NoError"]


def test_who_switches_replies_off_need_not_say_what_they_were(anna: Calendar) -> None:
    set_replies(anna, settings("Enabled"))
    assert set_replies(anna, settings("Disabled").partition("<t:InternalReply>")[0]).codes == ["NoError"]
    assert values(ask_replies(anna))["InternalReply/Message"] == "in"


@pytest.mark.parametrize("ask", [ask_replies, lambda ews, address: set_replies(ews, settings("Enabled"), address)])
def test_only_the_mailbox_that_is_acted_for(
    environment: Emulator, anna: Calendar, ask: Callable[[Ews, str], Answer]
) -> None:
    assert ask(anna, BERT).codes == ["ErrorAccessDenied"]
    assert ask(anna, "nobody@example.com").codes == ["ErrorNonExistentMailbox"]
    with Ews(environment) as service:
        assert ask(service, ANNA).codes == ["ErrorAccessDenied"]
        assert ask(service, "svc-imp@example.com").codes == ["NoError"]
