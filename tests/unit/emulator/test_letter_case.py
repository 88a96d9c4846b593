# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Patterns of LIKE: what matches in any letter case of A to Z, and that no pattern takes for ever."""

from __future__ import annotations

import pytest

from imp_emulator.letter_case import like


@pytest.mark.parametrize(
    ("pattern", "text", "matches"),
    [
        ("", "", True),
        ("", "a", False),
        ("%", "", True),
        ("USER%", "user0001", True),
        ("Ü%", "über", False),
        ("a%b%c", "axbyc", True),
        ("a%b%c", "acb", False),
        ("a%aa", "aa", False),
        ("%aab", "aaab", True),
        ("%a%%b", "xa\nb", True),
        ("u_er", "user", True),
        ("%s_r%1", "user-sar-1", True),
        ("a.b", "axb", False),
        ("a(b", "a(b", True),
    ],
)
def test_a_pattern(pattern: str, text: str, matches: bool) -> None:
    assert like(pattern, text) is matches


def test_without_a_sign_for_any_one_it_stands_for_itself() -> None:
    assert like("u_er%", "u_er1", one="")
    assert not like("u_er%", "user1", one="")


def test_many_signs_for_any_text_do_not_multiply() -> None:
    """A matcher that tries every place for each of them would not come to an end."""
    assert not like("%a" * 30 + "%b%", "a" * 200)
    assert like("%a" * 30 + "b", "a" * 200 + "b")
