# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ResolveNames and GetServerTimeZones."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from tzlocal.windows_tz import win_tz

from tests.support.emulator import Emulator
from tests.support.ews import Ews


def resolve(entry: str, full: str = "false", **attributes: str) -> str:
    more = "".join(f' {name}="{value}"' for name, value in attributes.items())
    return (
        f'<m:ResolveNames ReturnFullContactData="{full}"{more}><m:UnresolvedEntry>{entry}</m:UnresolvedEntry>'
        "</m:ResolveNames>"
    )


@pytest.mark.parametrize(
    "entry", ["user0007@example.com", "USER0007@EXAMPLE.COM", "smtp:user0007@example.com", "user0007"]
)
def test_one_that_is_meant(environment: Emulator, entry: str) -> None:
    with Ews(environment) as ews:
        answer = ews.ask(resolve(entry))
        assert answer.codes == ["NoError"]
        assert answer.text(".//t:EmailAddress") == "user0007@example.com"
        assert (answer.text(".//t:RoutingType"), answer.text(".//t:MailboxType")) == ("SMTP", "Mailbox")
        assert answer.all(".//t:Contact") == []
        contact = ews.ask(resolve(entry, "1")).texts(".//t:Contact/t:EmailAddresses/t:Entry")
        assert contact == ["SMTP:user0007@example.com"]


def test_several_are_a_warning_with_all_of_them_and_a_hundred_at_most(environment: Emulator) -> None:
    with Ews(environment) as ews:
        answer = ews.ask(resolve("user000"))
        message = answer.find(".//m:ResolveNamesResponseMessage")
        assert message is not None
        assert message.get("ResponseClass") == "Warning"
        assert answer.codes == ["ErrorNameResolutionMultipleResults"]
        assert len(answer.all(".//t:Resolution")) == 9
        found = ews.ask(resolve("user")).find(".//m:ResolutionSet")
        assert found is not None
        assert (len(found), found.get("TotalItemsInView")) == (100, "100")
        assert found.get("IncludesLastItemInRange") == "false"


def test_nobody_is_an_error(environment: Emulator) -> None:
    with Ews(environment) as ews:
        answer = ews.ask(resolve("nobody at all"))
        message = answer.find(".//m:ResolveNamesResponseMessage")
        assert message is not None
        assert (answer.status, message.get("ResponseClass")) == (200, "Error")
        assert answer.codes == ["ErrorNameResolutionNoResults"]
        assert ews.ask(resolve("user0007", SearchScope="Contacts")).codes == ["ErrorNameResolutionNoResults"]
        assert ews.ask(resolve("user0007", SearchScope="ActiveDirectory")).codes == ["NoError"]
        assert ews.ask(resolve("")).codes == ["ErrorSchemaValidation"]
        assert ews.ask(resolve("x", "perhaps")).codes == ["ErrorSchemaValidation"]
        assert ews.ask(resolve("x", SearchScope="Everywhere")).codes == ["ErrorSchemaValidation"]


def zones(*names: str, full: str | None = None) -> str:
    data = "" if full is None else f' ReturnFullTimeZoneData="{full}"'
    ids = "".join(f"<t:Id>{name}</t:Id>" for name in names)
    return f"<m:GetServerTimeZones{data}>{f'<m:Ids>{ids}</m:Ids>' if names else ''}</m:GetServerTimeZones>"


def test_all_time_zones_of_windows_are_known(environment: Emulator) -> None:
    with Ews(environment) as ews:
        for asked in (zones(), zones(full="1")):
            answer = ews.ask(asked)
            found = answer.all(".//t:TimeZoneDefinition")
            assert {zone.get("Id") for zone in found} == set(win_tz)
            assert all(len(zone) == 3 for zone in found)
        brief = ews.ask(zones(full="false")).all(".//t:TimeZoneDefinition")
        assert len(brief) == len(win_tz)
        assert all(len(zone) == 0 for zone in brief)


def test_a_zone_that_nobody_knows_is_left_out(environment: Emulator) -> None:
    with Ews(environment) as ews:
        found = ews.ask(zones("Tokyo Standard Time", "Middle-earth Time", "UTC")).all(".//t:TimeZoneDefinition")
        assert [zone.get("Id") for zone in found] == ["Tokyo Standard Time", "UTC"]


def test_a_zone_that_is_named_again_is_told_once(environment: Emulator) -> None:
    with Ews(environment) as ews:
        found = ews.ask(zones(*["UTC", "Tokyo Standard Time"] * 500)).all(".//t:TimeZoneDefinition")
        assert [zone.get("Id") for zone in found] == ["UTC", "Tokyo Standard Time"]


@pytest.mark.parametrize("name", ["W. Europe Standard Time", "Pacific Standard Time", "AUS Eastern Standard Time"])
def test_the_rules_are_those_of_the_time_zone(environment: Emulator, name: str) -> None:
    environment.control.clock(now="2026-06-01T00:00:00+00:00", frozen=True)
    zone = ZoneInfo(win_tz[name])
    with Ews(environment) as ews:
        answer = ews.ask(zones(name, full="1"))
    biases = {period.get("Id"): period.get("Bias", "") for period in answer.all(".//t:Period")}
    changes = answer.all(".//t:RecurringDayTransition")
    assert len(changes) == 2
    for change in changes:
        space = "{http://schemas.microsoft.com/exchange/services/2006/types}"
        after = timedelta(hours=-int(biases[change.findtext(f"{space}To", "")].replace("PT", "").partition("H")[0]))
        month, occurrence = int(change.findtext(f"{space}Month", "")), int(change.findtext(f"{space}Occurrence", ""))
        day = _day(2027, month, change.findtext(f"{space}DayOfWeek", ""), occurrence)
        hours = int(change.findtext(f"{space}TimeOffset", "").removeprefix("PT").partition("H")[0])
        moment = (day + timedelta(hours=hours)).replace(tzinfo=zone)
        # The clock shows that time, an hour later or none, just before it is set.
        before = moment.astimezone(UTC) - timedelta(hours=2)
        later = moment.astimezone(UTC) + timedelta(hours=2)
        assert before.astimezone(zone).utcoffset() != later.astimezone(zone).utcoffset() == after


def _day(year: int, month: int, weekday: str, occurrence: int) -> datetime:
    days = [datetime(year, month, 1) + timedelta(days=number) for number in range(31)]  # noqa: DTZ001
    days = [day for day in days if day.month == month and f"{day:%A}" == weekday]
    return days[occurrence if occurrence < 0 else occurrence - 1]
