# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The console's words: the same in every language, none missing, none left over; and what it takes from others."""

from __future__ import annotations

import re
import string
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

import pytest

from imp_emulator.console import language
from imp_emulator.console.pages import PAGES

CONSOLE = Path(str(resources.files("imp_emulator.console")))
USED = re.compile(r"""\bt\(\s*["']([\w.]+)["']\s*([~,)])""")
"""A key in a template; with ``~`` after it, what all the keys begin with that may be meant."""
QUOTED = re.compile(r"""["']([\w.]+)["']""")


def places(words: str) -> set[str]:
    return {name for _text, name, _spec, _conversion in string.Formatter().parse(words) if name is not None}


def used() -> Iterator[tuple[str, bool, str]]:
    """Yield each key that a template uses, whether it is only its beginning, and where."""
    for template in (CONSOLE / "templates").glob("*.html"):
        for key, after in USED.findall(template.read_text(encoding="utf-8")):
            yield key, after == "~", template.name


def test_every_language_has_the_same_words_with_the_same_values() -> None:
    english, *others = (language.words(code) for code in language.LANGUAGES)
    for other in others:
        assert sorted(other) == sorted(english)
        assert {key: places(words) for key, words in other.items()} == {
            key: places(words) for key, words in english.items()
        }
        assert all(words.strip() for words in other.values())


def test_no_key_is_there_twice() -> None:
    for code in language.LANGUAGES:
        text = (CONSOLE / "words" / f"{code}.yml").read_text(encoding="utf-8")
        keys = re.findall(r"^([\w.]+):", text, re.MULTILINE)
        assert len(keys) == len(set(keys)), code


def test_every_key_that_a_page_uses_is_there_and_nothing_else() -> None:
    known = set(language.words("en"))
    wanted: set[str] = {f"page.{page.name}" for page in PAGES}
    missing = []
    for key, is_beginning, where in used():
        found = {one for one in known if one.startswith(key)} if is_beginning else {key} & known
        wanted |= found
        if not found:
            missing.append(f"{where}: {key}")
    assert missing == []
    # A view names others in its code.
    named = {key for path in CONSOLE.rglob("*.py") for key in QUOTED.findall(path.read_text(encoding="utf-8"))}
    named |= {key for path in CONSOLE.rglob("*.html") for key in QUOTED.findall(path.read_text(encoding="utf-8"))}
    assert known - wanted - named == set()


@pytest.mark.parametrize(
    ("wanted", "accepted", "spoken"),
    [
        (None, "", "en"),
        (None, "de-DE,ja;q=0.8,en;q=0.5", "ja"),
        (None, "de", "en"),
        ("ja", "en", "ja"),
        ("tlh", "ja-JP", "ja"),
    ],
)
def test_the_language_is_the_readers(wanted: str | None, accepted: str, spoken: str) -> None:
    assert language.chosen(wanted, accepted) == spoken


def test_what_is_somebody_elses_comes_with_its_licence() -> None:
    static = CONSOLE / "static"
    libraries = {path.name.removesuffix(".min.js").removesuffix("-ext") for path in static.glob("*.min.js")}
    licences = {path.name.removesuffix(".LICENSE.txt") for path in static.glob("*.LICENSE.txt")}
    assert libraries == licences != set()
