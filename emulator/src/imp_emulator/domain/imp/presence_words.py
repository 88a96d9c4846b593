# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The message of an out-of-office period, "from - to" in a user's time zone and language (requirement O1).

Dates, times and zones are written as Unicode's CLDR says for the user's locale. The words around them are this
project's: what the product's clients say is published nowhere.
"""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_datetime, format_time, get_datetime_format

DEFAULT_LOCALE = "en_US"
"""What is taken for a user without a locale, or with one that CLDR does not know, as the product does."""

_SENTENCES = {
    "en": ("Out of office from {start} to {end}", "Out of office"),
    "ja": ("{start} から {end} まで不在です", "不在です"),
}
"""Whole sentences by language: for a period, and for replies without one."""

_WORDS = {
    "ar": "خارج المكتب",
    "bg": "Извън офиса",
    "ca": "Fora de l'oficina",
    "cs": "Mimo kancelář",
    "da": "Ikke på kontoret",
    "de": "Abwesend",
    "el": "Εκτός γραφείου",
    "es": "Fuera de la oficina",
    "et": "Kontorist väljas",
    "fi": "Poissa toimistosta",
    "fr": "Absence du bureau",
    "he": "מחוץ למשרד",
    "hr": "Izvan ureda",
    "hu": "Házon kívül",
    "it": "Fuori sede",
    "ko": "부재중",
    "lt": "Ne biure",
    "lv": "Ārpus biroja",
    "nb": "Ikke på kontoret",
    "nl": "Niet op kantoor",
    "pl": "Poza biurem",
    "pt": "Fora do escritório",
    "ro": "În afara biroului",
    "ru": "Не на рабочем месте",  # noqa: RUF001 - it is Russian
    "sk": "Mimo kancelárie",
    "sl": "Odsotnost",
    "sr": "Ван канцеларије",
    "sr_Latn": "Van kancelarije",
    "sv": "Inte på kontoret",
    "th": "ไม่อยู่ที่สำนักงาน",
    "tr": "Ofis dışında",  # noqa: RUF001 - it is Turkish
    "zh": "外出",
    "zh_Hant": "不在辦公室",
}
"""The words that stand before an interval as CLDR writes it; a language that is missing takes the English ones."""

# Where the product's names differ from those that CLDR has in English; "Portugese" is how it writes it.
_LANGUAGES = {"norwegian": "nb", "portugese": "pt"}
_TERRITORIES = {
    "czech republic": "CZ",
    "hong kong": "HK",
    "korea republic": "KR",
    "republic of montenegro": "ME",
    "republic of serbia": "RS",
    "russian federation": "RU",
    "turkey": "TR",
}

_MOST_WORDS = 16
"""More than any language and country have together; what somebody stores as a locale may be of any length."""

_ANY_SPACE = str.maketrans(dict.fromkeys("\u00a0\u2009\u202f", " "))
"""CLDR's narrow spaces and those at which no line breaks: nobody could type them to compare."""


@lru_cache(maxsize=256)
def locale(name: str) -> str:
    """Return the CLDR locale for a user locale as Unified CM names it, for example ``ja_JP`` for ``Japanese Japan``.

    The names are a language and a country in English; one without a country means the language alone. A name that
    nobody knows, and none at all, is :data:`DEFAULT_LOCALE`.
    """
    languages, territories = _names()
    words = name.casefold().split(maxsplit=_MOST_WORDS)
    for count in range(len(words), 0, -1):
        language = languages.get(" ".join(words[:count]))
        territory = territories.get(" ".join(words[count:]), "")
        if language is None or (count < len(words) and not territory):
            continue
        for wanted in (f"{language}_{territory}", language) if territory else (language,):
            try:
                return str(Locale.parse(wanted))
            except (UnknownLocaleError, ValueError):
                continue
    return DEFAULT_LOCALE


@lru_cache(maxsize=1)
def _names() -> tuple[dict[str, str], dict[str, str]]:
    """The codes of languages and territories by their English names, in lower case."""
    english = Locale("en")
    languages = {name.casefold(): code for code, name in english.languages.items() if "_" not in code}
    territories = {name.casefold(): code for code, name in english.territories.items()}
    return languages | _LANGUAGES, territories | _TERRITORIES


def out_of_office(start: float | None, end: float | None, zone: str, locale_name: str) -> str:
    """Return the message of automatic replies.

    Args:
        start: When they begin, in seconds since the epoch; ``None``, as for the end, for replies without a period.
        zone: The IANA name of the user's time zone; UTC is taken, and named, for one that nobody knows.
        locale_name: A CLDR locale, see :func:`locale`.
    """
    found = Locale.parse(locale_name)
    if start is None or end is None:
        return _frame(found)[1]
    where = _zone(zone)
    times = [_written(datetime.fromtimestamp(at, where), found) for at in (start, end)]
    zones = [_zone_of(datetime.fromtimestamp(at, where), found) for at in (start, end)]
    if zones[0] != zones[1]:
        first, last = (f"{time} ({at})" for time, at in zip(times, zones, strict=True))
        return _frame(found)[0].format(start=first, end=last).translate(_ANY_SPACE)
    return f"{_frame(found)[0].format(start=times[0], end=times[1])} ({zones[1]})".translate(_ANY_SPACE)


def _frame(found: Locale) -> tuple[str, str]:
    """Return the sentence for a period, with places for its start and end, and the one for replies without."""
    if found.language in _SENTENCES:
        return _SENTENCES[found.language]
    words = _WORDS.get(f"{found.language}_{found.script}") or _WORDS.get(found.language, _SENTENCES["en"][1])
    return f"{words}: {found.interval_formats[None]}".replace("{0}", "{start}").replace("{1}", "{end}"), words


def _written(at: datetime, found: Locale) -> str:
    """Write a time with its date: no seconds, which no period has, and the year in full."""
    pattern = str(get_datetime_format("medium", found)).replace("'", "")
    day, time = format_date(at, "medium", found), format_time(at, "short", at.tzinfo, found)
    return pattern.format(time, day)


def _zone_of(at: datetime, found: Locale) -> str:
    """Name the zone of a time: as people of that locale abbreviate it, or by its distance from GMT."""
    name: str = format_datetime(at, "z", at.tzinfo, found)
    return format_datetime(at, "ZZZZ", at.tzinfo, found) if name[:1] in "+-" else name


def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return UTC
