# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which node of a cluster is what, from what AXL says of them."""

from __future__ import annotations

import re

import pytest
from ansible_collections.ucops.imp.plugins.module_utils._core.errors import InvalidInput
from ansible_collections.ucops.imp.plugins.module_utils._product.cluster import groups, nodes, unknown_publisher

CUCM = "CUCM Voice/Video"
IMP = "CUCM IM and Presence"


def row(name: str, role: str, usage: str = "Subscriber", ipv6: str = "") -> dict[str, str]:
    return {"name": name, "role": role, "usage": usage, "description": f"node {name}", "ipv6_name": ipv6, "uuid": name}


def test_publishers_come_first_and_the_enterprise_row_is_no_server() -> None:
    found = nodes(
        [
            row("EnterpriseWideData", CUCM, "Publisher"),
            row("i2", IMP),
            row("i3", IMP, "Publisher", "2001:db8::3"),
            row("c2", CUCM),
            row("c9", CUCM, "Publisher"),
        ]
    )
    assert [(node["name"], node["role"], node["usage"]) for node in found] == [
        ("c9", "cucm", "publisher"),
        ("c2", "cucm", "subscriber"),
        ("i3", "imp", "publisher"),
        ("i2", "imp", "subscriber"),
    ]
    assert found[2] == {
        "name": "i3",
        "role": "imp",
        "usage": "publisher",
        "description": "node i3",
        "ipv6_name": "2001:db8::3",
        "uuid": "i3",
    }
    assert found[3]["ipv6_name"] is None
    assert groups(found) == {
        "cucm_publisher": ["c9"],
        "cucm_subscribers": ["c2"],
        "imp_publisher": ["i3"],
        "imp_subscribers": ["i2"],
        "imp_nodes": ["i3", "i2"],
    }


def test_a_single_imp_node_is_the_publisher() -> None:
    assert groups(nodes([row("c1", CUCM, "Publisher"), row("i1", IMP)]))["imp_publisher"] == ["i1"]


@pytest.mark.parametrize("named", ["i2", "I2"])
def test_the_imp_publisher_can_be_named_where_axl_does_not_tell(named: str) -> None:
    rows = [row("c1", CUCM, "Publisher"), row("i1", IMP), row("i2", IMP)]
    assert groups(nodes(rows))["imp_publisher"] == []
    assert groups(nodes(rows, named))["imp_publisher"] == ["i2"]
    assert groups(nodes(rows, named))["imp_subscribers"] == ["i1"]


TWINS = [row("c1", CUCM, "Publisher"), row("i1.a.example.com", IMP), row("i1.b.example.com", IMP), row("10.0.0.9", IMP)]


@pytest.mark.parametrize(
    ("named", "known", "domain", "found"),
    [
        ("i1.a.example.com", ["i1", "i2"], None, "i1"),
        ("I1.A.example.com", ["i1", "i2"], "a.example.com", "i1"),
        ("i1", ["i1.a.example.com", "i2.a.example.com"], None, "i1.a.example.com"),
        ("i1", ["i1", "i1.a.example.com"], None, "i1"),
        ("i1.a.example.com", ["i1", "i1.a.example.com"], None, "i1.a.example.com"),
        ("10.0.0.9", ["10.0.0.8", "10.0.0.9"], "a.example.com", "10.0.0.9"),
        ("2001:DB8:0::9", ["2001:db8::8", "2001:db8::9"], None, "2001:db8::9"),
    ],
)
def test_names_with_and_without_a_domain_and_addresses(
    named: str, known: list[str], domain: str | None, found: str
) -> None:
    rows = [row("c1", CUCM, "Publisher"), *(row(name, IMP) for name in known)]
    assert groups(nodes(rows, named, domain))["imp_publisher"] == [found]


@pytest.mark.parametrize(
    ("named", "domain", "said"),
    [
        ("i1", None, "the cluster has several nodes called 'i1'. Its IM and Presence nodes are 10.0.0.9, i1.a.exam"),
        ("i1.c.example.com", None, "the cluster has no IM and Presence node called 'i1.c.example.com'. Its"),
        ("c1", None, "has no IM and Presence node called 'c1'"),
        ("10", None, "has no IM and Presence node called '10'"),
        ("10.0.0.9.example.com", "example.com", "has no IM and Presence node called"),
        ("", None, "has no IM and Presence node called ''"),
    ],
)
def test_a_publisher_that_is_no_node_or_several(named: str, domain: str | None, said: str) -> None:
    with pytest.raises(InvalidInput, match=re.escape(said)):
        nodes(TWINS, named, domain)


def test_a_domain_decides_between_equal_first_labels() -> None:
    with pytest.raises(InvalidInput, match="no IM and Presence node called 'i1"):
        nodes([row("i1", IMP), row("i2", IMP)], "i1.b.example.com", "a.example.com")


def test_a_cluster_that_does_not_tell_its_publisher() -> None:
    rows = [row("c1", CUCM, "Publisher"), row("i1", IMP), row("i2", IMP)]
    assert "Name it in imp_publisher: i1, i2." in str(unknown_publisher(nodes(rows)))
    assert unknown_publisher(nodes(rows, "i1")) is None
    assert unknown_publisher(nodes(rows[:2])) is None
    assert unknown_publisher(nodes(rows[:1])) is None
    with pytest.raises(InvalidInput, match="It has no IM and Presence node"):
        nodes(rows[:1], "i1")


def test_every_group_is_there_without_any_node() -> None:
    names = ("cucm_publisher", "cucm_subscribers", "imp_publisher", "imp_subscribers", "imp_nodes")
    assert groups(nodes([])) == {name: [] for name in names}


def test_an_unknown_role_stays_in_axls_words_and_in_no_group() -> None:
    found = nodes([row("x1", "CUCM Something New")])
    assert found[0]["role"] == "CUCM Something New"
    assert not any(groups(found).values())
