# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names that are easily taken for one another, or for something else than a name."""

from __future__ import annotations

import string
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml
from hypothesis import strategies as st

from imp_emulator.client.launch import COMMAND
from tests.support.scenarios import write_scenario

ALIKE = (
    *("strasser", "straßer", "STRAẞER"),
    *("finn", "\ufb01nn"),
    *("müller", "MÜLLER", "mu\u0308ller"),
    *("isik", "\u0131s\u0131k", "İsik"),
    *("kelvin", "\u212aelvin"),
    *("sigma", "\u017figma", "σίγμα", "ΣΊΓΜΑ", "ςίγμα"),
    *("anna", "\u0430nna", "\uff41nna"),
    *("x y", "x\u00a0y", "x\u3000y", "x  y"),
)
"""Each is a name of its own; only the letter case of A to Z tells no names apart."""

WILD = ("a_b", "axb", "a%b", "axxb", "50%", "500", "a*b", "a?b", "a[xy]b", "a\\b", "a\\_b", "ab", "%", "_", "__")
"""Names with what search languages take for wildcards, and names that these would stand for."""

QUOTED = (
    *("o'brien", 'say "hi"', "john smith", "a,b", "a;b", "=1+1", "<b>", "&amp;", "a#b", "#x"),
    *("{{ 7 * 7 }}", "{% raw %}", "null", "yes", "007"),
)
"""Names with what file formats, SQL, markup and templates give a meaning to."""

ODD = ALIKE + WILD + QUOTED


def ascii_key(name: str) -> str:
    """Return the form in which the server compares names, spelled out once more so that no mistake is shared."""
    return "".join(chr(ord(letter) + 32) if letter in string.ascii_uppercase else letter for letter in name)


# XML has no way to write the two that are excluded by themselves.
_CHARACTERS = st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"), exclude_characters="\ufffe\uffff")
_TEXT = st.text(_CHARACTERS, min_size=1, max_size=20)
_LETTERS = "aAbBsSßẞkK\u212a\u0131iIİ\u017f\ufb01füÜu\u0308_%*?[]\\'\"<>&,; =+#"
_CLOSE = st.text(st.sampled_from(_LETTERS), min_size=1, max_size=6)
USERIDS = st.one_of(st.sampled_from(ODD), _CLOSE, _TEXT).filter(lambda text: bool(text.strip()))
"""Single user ids."""

SETS = st.lists(USERIDS, min_size=1, max_size=12, unique_by=ascii_key)
"""User ids that one server can have side by side."""


def scenario_of_users(folder: Path, names: Iterable[str], **options: Any) -> Path:
    """Write a scenario of one cluster with these users, each with these options, and return its path."""
    made = subprocess.run([*COMMAND, "scenario", "--users", "0"], check=True, capture_output=True, text=True).stdout
    content = yaml.safe_load(made)
    content["clusters"][0]["users"] = {"listed": [{"userid": name, "last_name": "N", **options} for name in names]}
    return write_scenario(folder, content)
