# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of presence gateways: what failed first, in the product's words, with what to do."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.ucops.imp.plugins.filter.gateway_table import gateway_table

WELL = {
    "name": "mail1.example.com",
    "position": 1,
    "checked": True,
    "reachable": True,
    "verified": True,
    "reachability": "Exchange Reachability (pingable)",
    "verification": "SSL Connection/Certificate Verification - Verified",
    "detail": None,
    "advice": None,
}
MISMATCH = {
    **WELL,
    "name": "mail2.example.com",
    "verified": False,
    "verification": "SSL Connection/Certificate Verification Failed - Subject CN mismatch",
    "detail": "mail2.example.com, other.example.com",
    "advice": "Name the gateway as in the certificate.",
}
DOWN = {**WELL, "name": "mail3.example.com", "reachable": False, "reachability": "Not reachable", "verification": ""}
UNCHECKED = {**WELL, "name": "mail11.example.com", "checked": False, "reachable": None, "verified": None}


def test_what_failed_stands_first_in_the_product_s_words_and_with_what_to_do() -> None:
    assert gateway_table([WELL, UNCHECKED, MISMATCH, DOWN], 100) == [
        "RESULT   GATEWAY             WHAT THE CLUSTER SAYS",
        "-------------------------------------------------------------------------------------------------",
        "failed   mail2.example.com   Exchange Reachability (pingable)",
        "                             SSL Connection/Certificate Verification Failed - Subject CN mismatch",
        "                             mail2.example.com, other.example.com",
        "                             -> Name the gateway as in the certificate.",
        "failed   mail3.example.com   Not reachable",
        "unknown  mail11.example.com  It was not checked: the product checks the first ten gateways only.",
        "ok       mail1.example.com   Exchange Reachability (pingable)",
        "                             SSL Connection/Certificate Verification - Verified",
        "4 gateways: 2 failed, 1 unknown, 1 ok.",
    ]


def test_it_is_as_wide_as_a_terminal_and_says_when_there_is_nothing() -> None:
    assert max(map(len, gateway_table([WELL, MISMATCH]))) <= 79
    assert gateway_table([]) == ["The cluster has no presence gateway."]


@pytest.mark.parametrize("given", ["", "text", None, [{"name": "mail1"}], [1]])
def test_anything_else_is_refused(given: Any) -> None:
    with pytest.raises(AnsibleFilterError, match="gateway_table: give it the status that"):
        gateway_table(given)


def test_a_width_that_cannot_be_is_refused() -> None:
    with pytest.raises(AnsibleFilterError, match="width 59 is not in the range 60 to 1000"):
        gateway_table([WELL], 59)
