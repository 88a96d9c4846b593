# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every language that the product has for calendars is one that the message of an out-of-office period has."""

from __future__ import annotations

from babel import Locale
from lxml import etree

from imp_emulator.domain.imp import presence_words
from tests.conformance.axl_schemas import XSD, package_folder

ODD = {"Portugese": "Portuguese"}


def test_the_languages_of_calendars_have_locales_and_words() -> None:
    path = package_folder("UCToolkit") / "IMP" / "schema" / "12.5" / "AXLSoap.xsd"
    listed = etree.parse(str(path)).iterfind(f"{XSD}simpleType[@name='XLocalizedCalendar']//{XSD}enumeration")
    names = [str(value.get("value")) for value in listed]
    assert len(names) > 50
    english = presence_words.out_of_office(None, None, "", "en")
    for name in names:
        locale = presence_words.locale(name)
        language = name.partition(" ")[0]
        written = Locale.parse(locale).get_language_name("en")
        assert ODD.get(language, language) in str(written), (name, locale)
        assert (presence_words.out_of_office(None, None, "", locale) == english) == (language == "English"), name
