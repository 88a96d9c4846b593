# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tables in text: nothing is lost, no line is longer than the terminal, wide signs and hostile ones stay in place."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from ansible_collections.ucops.imp.plugins.action.screen import ActionModule, screen
from ansible_collections.ucops.imp.plugins.module_utils._core.words import counted, named, printable
from ansible_collections.ucops.imp.plugins.plugin_utils._screens.shown import coloured
from ansible_collections.ucops.imp.plugins.plugin_utils._screens.table import (
    table,
    width_of,
    wrapped,
)
from hypothesis import given
from hypothesis import strategies as st

NOTHING = {"title": None, "columns": None, "rows": None, "lines": None, "notes": None}
TEXTS = st.text(max_size=60)


def test_columns_are_as_wide_as_what_is_in_them() -> None:
    assert table(["NAME", "PORT"], [["mail1", "443"], ["mail2.example.com", ""]], 80) == [
        "NAME               PORT",
        "-----------------------",
        "mail1              443",
        "mail2.example.com",
    ]


def test_the_widest_column_is_wrapped_and_the_others_stay() -> None:
    assert table(["NAME", "ADVICE"], [["mail1", "Add the certificate to every node."]], 24) == [
        "NAME   ADVICE",
        "------------------------",
        "mail1  Add the",
        "       certificate to",
        "       every node.",
    ]


def test_a_path_stays_in_one_piece_where_the_others_can_spare_the_room() -> None:
    row = ["group_vars/dc1/calendar.yml", "which of the parts could be read"]
    assert table(["", ""], [row], 44) == [
        "group_vars/dc1/calendar.yml  which of the",
        "                             parts could be",
        "                             read",
    ]


def test_a_wide_sign_takes_two_columns_and_a_combining_one_none() -> None:
    assert width_of("邮件e\u0301") == 5
    first, second = table(["", ""], [["邮件", "x"], ["mail", "x"]], 80)
    assert (first, second) == ("邮件  x", "mail  x")
    assert wrapped("邮件服务器邮件服务器", 8) == ["邮件服务", "器邮件服", "务器"]


def test_a_list_in_a_cell_has_a_line_for_each_item() -> None:
    assert table(["", ""], [[["a", "b"], "x"], [[], "y"]], 80) == ["a  x", "b", "   y"]


@pytest.mark.parametrize("sign", ["\n", "\x1b", "\x9b", "\u2028", "\u202e", "\udc80"])
def test_what_would_steer_a_terminal_is_spelled(sign: str) -> None:
    assert printable(f"a{sign}b") == f"a\\u{ord(sign):04x}b"
    assert sign not in "".join(table(["NAME"], [[f"a{sign}b"]], 80))


@given(st.lists(st.tuples(TEXTS, TEXTS, TEXTS), max_size=5), st.integers(60, 120))
def test_no_line_is_too_long_and_no_sign_is_lost(rows: list[tuple[str, str, str]], width: int) -> None:
    lines = table(["ONE", "TWO", "THREE"], rows, width)
    assert max(map(width_of, lines)) <= width
    shown = sorted("".join("".join(lines[2:]).split()))
    assert shown == sorted("".join("".join(printable(cell).split()) for row in rows for cell in row))


def test_many_names_are_the_first_ones_and_a_number() -> None:
    assert named(["a", "b", "c", "d"]) == "a, b, c, d"
    assert named([f"user{number}" for number in range(3267)]) == "user0, user1, user2 and 3,264 more"
    assert (counted(1, "user"), counted(3267, "user")) == ("1 user", "3,267 users")


def test_a_row_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="as many cells as there are columns, 2"):
        table(["A", "B"], [["a"]], 80)


def test_a_screen_has_title_table_lines_and_notes() -> None:
    given = {"title": "Gateways", "columns": ["NAME", "WELL"], "rows": [["mail1", True], ["mail2", None]]}
    assert screen({**NOTHING, **given, "notes": ["Run it again."]}, 80)[2:] == [
        "NAME   WELL",
        "-----------",
        "mail1  yes",
        "mail2",
        "",
        "Run it again.",
    ]
    assert screen({**NOTHING, "columns": ["NAME"], "rows": []}, 80)[-1] == "(none)"
    assert screen({**NOTHING, "lines": ["as  it is\x1b"]}, 80) == ["as  it is\\u001b"]


def test_only_the_line_of_a_state_has_a_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ansible.utils.color.ANSIBLE_COLOR", True)
    assert coloured("failed   mail2") != "failed   mail2"
    assert coloured("failed to do it") == "failed to do it"
    assert coloured("mail2  failed") == "mail2  failed"


@pytest.mark.parametrize(("callback", "prints"), [("default", True), ("ansible.posix.json", False), ("null", False)])
def test_output_for_programs_stays_as_it_is(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], callback: str, prints: bool
) -> None:
    monkeypatch.setattr("ansible.constants.DEFAULT_STDOUT_CALLBACK", callback)
    action = ActionModule.__new__(ActionModule)
    action._task = SimpleNamespace(no_log=False)
    action.show(["one", "two"])
    assert ("one\ntwo" in capsys.readouterr().out) == prints
