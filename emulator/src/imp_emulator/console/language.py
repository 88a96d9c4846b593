# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page's words, in each language one file of the same keys."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import resources

import yaml

LANGUAGES = {"en": "English", "ja": "日本語"}
"""Those that there are, each by its own name; the first one is for everybody else."""


@cache
def words(language: str) -> Mapping[str, str]:
    """Return the words of a language by key."""
    text = (resources.files("imp_emulator.console") / "words" / f"{language}.yml").read_text(encoding="utf-8")
    found: dict[str, str] = yaml.safe_load(text)
    return found


def chosen(wanted: str | None, accepted: str) -> str:
    """Return the language to speak.

    Args:
        wanted: What the reader has chosen, if anything.
        accepted: The header Accept-Language (RFC 9110); its order counts, its weights do not.
    """
    if wanted in LANGUAGES:
        return wanted
    asked = (part.split(";")[0].strip().lower().split("-")[0] for part in accepted.split(","))
    return next((language for language in asked if language in LANGUAGES), next(iter(LANGUAGES)))


def said(language: str, key: str, **values: object) -> str:
    """Return the words for a key, with values in their places.

    Raises:
        KeyError: There is no such key, or a value is missing.
    """
    return words(language)[key].format(**values)
