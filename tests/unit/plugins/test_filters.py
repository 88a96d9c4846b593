# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filters with which a cluster is written down: what they write is read back as it was."""

from __future__ import annotations

import io
from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.ucops.imp.plugins.filter.bat_file import FilterModule as BatFile
from ansible_collections.ucops.imp.plugins.filter.bat_unnamed import bat_unnamed
from ansible_collections.ucops.imp.plugins.filter.inventory_value import FilterModule as InventoryValue
from ansible_collections.ucops.imp.plugins.module_utils._core.masked import is_masked
from ansible_collections.ucops.imp.plugins.module_utils._formats.bat_file import read as read_bat_file
from hypothesis import given
from hypothesis import strategies as st

from tests.support.inventory_files import load

inventory_value = InventoryValue().filters()["inventory_value"]
bat_file = BatFile().filters()["bat_file"]


class Marked(str):
    """A text as modules return it: more than a text, which no YAML writer knows."""


def read(line: str) -> Any:
    return load(f"before: 1\nkey: {line}\nafter: 2\n")


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@given(VALUES)
def test_every_value_is_one_line_that_is_read_back(value: Any) -> None:
    assert read(inventory_value(value)) == {"before": 1, "key": value, "after": 2}


@pytest.mark.parametrize(
    ("value", "line"),
    [
        ("mail1.example.com", "mail1.example.com"),
        ("yes", "'yes'"),
        ("443", "'443'"),
        ("2001:db8::22", '"2001:db8::22"'),
        ("", '""'),
        ("a\nb: c # d", '"a\\nb: c # d"'),
        ("grün ☃ 😀", '"grün ☃ \\U0001F600"'),
        ("{{ x }}", '!unsafe "{{ x }}"'),
        ("{% raw %}", '!unsafe "{% raw %}"'),
        ("{# x #}", '!unsafe "{# x #}"'),
        (443, "443"),
        (True, "true"),
        (None, "null"),
        ({"a": ["b c", 1]}, '{a: ["b c", 1]}'),
    ],
)
def test_how_values_are_written(value: Any, line: str) -> None:
    assert inventory_value(value) == line
    assert inventory_value(Marked(value) if isinstance(value, str) else value) == line


def test_what_is_no_value_is_refused() -> None:
    with pytest.raises(AnsibleFilterError, match="inventory_value: object is no value"):
        inventory_value(object())


USERIDS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1).filter(
    lambda text: text.strip() == text and text != "#" and text.isprintable() and not is_masked(text)
)


@given(st.dictionaries(USERIDS.map(str.casefold), st.tuples(st.booleans(), st.booleans()), max_size=5))
def test_users_are_read_back_from_their_file(users: dict[str, tuple[bool, bool]]) -> None:
    people = [
        {"userid": name, "home_cluster": True, "im_and_presence": presence, "meeting_information": meeting}
        for name, (presence, meeting) in users.items()
    ]
    found = read_bat_file(io.StringIO(bat_file(people), newline=""))
    assert (found.problems, found.notes) == ([], [])
    # A user whose meetings show without IM and Presence keeps that, for the rule forbids to ask for it.
    assert {user.userid: (user.im_and_presence, user.meeting_information) for user in found.users} == {
        name: (None if meeting and not presence else presence, meeting) for name, (presence, meeting) in users.items()
    }
    assert {user.home_cluster for user in found.users} <= {None}


def test_users_are_sorted_whatever_order_they_came_in() -> None:
    people = [{"userid": name, "im_and_presence": True, "meeting_information": False} for name in ("b", "C", "a")]
    assert [line.partition(",")[0] for line in bat_file(iter(people)).splitlines()[1:]] == ["a", "b", "C"]


@pytest.mark.parametrize(
    ("users", "said"),
    [
        ([["user0001"]], "without userid, im_and_presence, meeting_information"),
        ([{"userid": "user0001", "im_and_presence": True}], "without meeting_information"),
        ([{"userid": "#", "im_and_presence": True, "meeting_information": True}], "cannot name the user '#'"),
        ([{"userid": "a\nb", "im_and_presence": True, "meeting_information": True}], "cannot name the user"),
        ([{"userid": " a", "im_and_presence": True, "meeting_information": True}], "cannot name the user ' a'"),
    ],
)
def test_what_is_no_user_of_a_file_is_refused(users: list[Any], said: str) -> None:
    with pytest.raises(AnsibleFilterError, match=said):
        bat_file(users)


def test_who_cannot_be_named_is_told() -> None:
    ids = ["anna", " anna", "anna ", "an\nna", "#", "\u3000", "\u3000anna", "山田\u3000太郎", "a\u2028b"]
    assert bat_unnamed(ids) == [" anna", "anna ", "an\nna", "#", "\u3000"]
