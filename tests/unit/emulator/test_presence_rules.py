# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is shown of a user: each row of the table, which goes before which, and the words of an out-of-office period."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from babel.localedata import locale_identifiers

from imp_emulator.domain.imp import presence_words as words
from imp_emulator.domain.imp.presence_rules import (
    MANUAL_ACTIVITIES,
    MANUAL_PRESENCES,
    RULES,
    Inputs,
    Manual,
    OutOfOffice,
    SignIn,
    compose,
)

AVAILABLE, OFFLINE = Inputs(SignIn.AVAILABLE), Inputs(SignIn.OFFLINE)
AWAY, DND = Inputs(SignIn.AWAY), Inputs(SignIn.DO_NOT_DISTURB)
PERIOD = OutOfOffice(1.0, 2.0)
EVERYTHING = Inputs(SignIn.AVAILABLE, on_the_phone=True, calendar="Busy", out_of_office=PERIOD)
MESSAGE = "from - to"
DASH = "\N{EN DASH}"


def overriding(presence: str, activity: str = "", note: str = "") -> Inputs:
    """A user of whom everything else says something, too."""
    return replace(EVERYTHING, manual=Manual(presence, override=True, activity=activity, note=note))


def beside(inputs: Inputs, presence: str, activity: str = "", note: str = "") -> Inputs:
    """One more device."""
    return replace(inputs, manual=Manual(presence, override=False, activity=activity, note=note))


BY_ROW = [
    ("override_available", overriding("AVAILABLE"), ("Available", "", "", "green")),
    ("override_available", overriding("AWAY", "available", "here"), ("Available", "", "here", "green")),
    ("override_away", overriding("AWAY"), ("Away", "", "", "yellow")),
    ("override_away", overriding("BUSY"), ("Away", "", "", "yellow")),
    ("override_away", overriding("VACATION"), ("Away", "", "", "yellow")),
    ("override_busy", overriding("BUSY", "busy"), ("Busy", "", "", "red")),
    ("override_do_not_disturb", overriding("DND"), ("Do not disturb", "", "", "red")),
    ("override_meeting", overriding("BUSY", "meeting"), ("Busy", "In a meeting", "", "red")),
    ("override_on_the_phone", overriding("BUSY", "on-the-phone"), ("Busy", "On the phone", "", "red")),
    ("override_unavailable", overriding("UNAVAILABLE"), ("Offline", "", MESSAGE, "grey")),
    ("offline", OFFLINE, ("Offline", "", "", "grey")),
    ("offline", replace(EVERYTHING, sign_in=SignIn.OFFLINE), ("Offline", "", MESSAGE, "grey")),
    ("offline", beside(OFFLINE, "UNAVAILABLE", note="gone"), ("Offline", "", "gone", "grey")),
    ("on_the_phone", EVERYTHING, ("Busy", "On the phone", "", "red")),
    ("on_the_phone", beside(AVAILABLE, "BUSY", "on-the-phone"), ("Busy", "On the phone", "", "red")),
    ("out_of_office", replace(EVERYTHING, on_the_phone=False), ("Out of Office", "", MESSAGE, "orange")),
    ("meeting", replace(AVAILABLE, calendar="Busy"), ("Busy", "In a meeting", "", "red")),
    ("meeting", beside(AVAILABLE, "BUSY", "meeting", "shh"), ("Busy", "In a meeting", "shh", "red")),
    ("away_by_calendar", replace(AVAILABLE, calendar="OOF"), ("Away", "", "", "yellow")),
    ("available", AVAILABLE, ("Available", "", "", "green")),
    ("available", replace(AVAILABLE, calendar="Free"), ("Available", "", "", "green")),
    ("available", replace(AVAILABLE, calendar="Tentative"), ("Available", "", "", "green")),
    ("available", replace(AVAILABLE, calendar="WorkingElsewhere"), ("Available", "", "", "green")),
    ("available", beside(AWAY, "AVAILABLE"), ("Available", "", "", "green")),
    ("available", beside(AVAILABLE, "AWAY"), ("Available", "", "", "green")),
    ("available", beside(AVAILABLE, "UNAVAILABLE"), ("Available", "", "", "green")),
    ("available", beside(OFFLINE, "AVAILABLE"), ("Available", "", "", "green")),
    ("do_not_disturb", DND, ("Do not disturb", "", "", "red")),
    ("do_not_disturb", beside(AWAY, "DND"), ("Do not disturb", "", "", "red")),
    ("busy", beside(AWAY, "BUSY", "busy"), ("Busy", "", "", "red")),
    ("away", AWAY, ("Away", "", "", "yellow")),
    ("away", beside(OFFLINE, "VACATION"), ("Away", "", "", "yellow")),
]


@pytest.mark.parametrize(("rule", "inputs", "shown"), BY_ROW)
def test_each_row_of_the_table(rule: str, inputs: Inputs, shown: tuple[str, str, str, str]) -> None:
    found = compose(inputs, MESSAGE if inputs.out_of_office else "")
    assert (found.rule, (found.presence, found.activity, found.message, found.icon)) == (rule, shown)


def test_every_row_decides_something() -> None:
    assert {rule for rule, _, _ in BY_ROW} == {rule.name for rule in RULES}


def test_whatever_is_combined_there_is_an_answer_and_an_override_beats_it() -> None:
    manuals = [None] + [
        Manual(presence, override, activity=activity)
        for presence in MANUAL_PRESENCES
        for activity in ("", *MANUAL_ACTIVITIES)
        for override in (False, True)
    ]
    calendars = (None, "Free", "Tentative", "Busy", "OOF", "WorkingElsewhere", "NoData")
    for signed_in, phone, manual, calendar, period in itertools.product(
        SignIn, (False, True), manuals, calendars, (None, PERIOD)
    ):
        found = compose(Inputs(signed_in, phone, manual, calendar, period), MESSAGE if period else "")
        assert found.rule.startswith("override_") == (manual is not None and manual.override)
        nowhere = signed_in is SignIn.OFFLINE and (manual is None or manual.state == "unavailable")
        if manual is None or not manual.override:
            assert (found.presence == "Offline") == nowhere


def at(text: str, zone: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()


# Clocks in Germany are set back in the night to 25 October; those in Japan never.
GERMAN_AUTUMN = (at("2026-10-24T00:00", "Europe/Berlin"), at("2026-10-26T10:00", "Europe/Berlin"))


@pytest.mark.parametrize(
    ("language", "zone", "message"),
    [
        ("Japanese Japan", "Asia/Tokyo", "2026/10/24 7:00 から 2026/10/26 18:00 まで不在です (JST)"),
        (
            "English United States",
            "Asia/Tokyo",
            "Out of office from Oct 24, 2026, 7:00 AM to Oct 26, 2026, 6:00 PM (GMT+09:00)",
        ),
        ("", "America/New_York", "Out of office from Oct 23, 2026, 6:00 PM to Oct 26, 2026, 5:00 AM (EDT)"),
        (
            "English United Kingdom",
            "Europe/Berlin",
            "Out of office from 24 Oct 2026, 00:00 (CEST) to 26 Oct 2026, 10:00 (CET)",
        ),
        ("German Germany", "Europe/Berlin", f"Abwesend: 24.10.2026, 00:00 (MESZ) {DASH} 26.10.2026, 10:00 (MEZ)"),
        ("German Germany", "Not/There", f"Abwesend: 23.10.2026, 22:00 {DASH} 26.10.2026, 09:00 (UTC)"),
        ("Klingon Kronos", "", "Out of office from Oct 23, 2026, 10:00 PM to Oct 26, 2026, 9:00 AM (UTC)"),
        ("Swahili Kenya", "UTC", f"Out of office: 23 Okt 2026 22:00 {DASH} 26 Okt 2026 09:00 (UTC)"),
    ],
)
def test_a_period_in_the_zone_and_language_of_the_user(language: str, zone: str, message: str) -> None:
    assert words.out_of_office(*GERMAN_AUTUMN, zone, words.locale(language)) == message


@pytest.mark.parametrize(
    ("language", "message"),
    [("Japanese Japan", "不在です"), ("English United States", "Out of office"), ("German Germany", "Abwesend")],
)
def test_replies_without_a_period_have_a_message_without_times(language: str, message: str) -> None:
    assert words.out_of_office(None, None, "Asia/Tokyo", words.locale(language)) == message


@pytest.mark.parametrize(
    ("name", "locale"),
    [
        ("Japanese Japan", "ja_JP"),
        ("JAPANESE japan", "ja_JP"),
        ("Chinese China", "zh_Hans_CN"),
        ("Chinese Hong Kong", "zh_Hant_HK"),
        ("Korean Korea Republic", "ko_KR"),
        ("Portugese Brazil", "pt_BR"),
        ("Norwegian Norway", "nb_NO"),
        ("Arabic United Arab Emirates", "ar_AE"),
        ("French", "fr"),
        ("French Atlantis", "en_US"),
        ("", "en_US"),
        ("English " + "very " * 100_000, "en_US"),
    ],
    ids=lambda name: name[:30],
)
def test_names_of_unified_cm_are_locales_of_cldr(name: str, locale: str) -> None:
    assert words.locale(name) == locale


def test_every_language_of_cldr_can_write_a_period() -> None:
    for name in (name for name in locale_identifiers() if "_" not in name):
        message = words.out_of_office(*GERMAN_AUTUMN, "UTC", name)
        assert "{" not in message, name
        assert "UTC" in message or "(" in message, name
