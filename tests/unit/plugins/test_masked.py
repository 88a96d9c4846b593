# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Text that ansible has masked: found wherever it is, refused where it would be sent or written."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible.module_utils.common.parameters import remove_values
from ansible_collections.ucops.imp.plugins.filter.bat_file import bat_file
from ansible_collections.ucops.imp.plugins.filter.inventory_value import inventory_value
from ansible_collections.ucops.imp.plugins.filter.masked_places import places
from ansible_collections.ucops.imp.plugins.module_utils._core.masked import (
    MASK,
    WHOLE_VALUE,
    masked_problems,
    without_masks,
)
from ansible_collections.ucops.imp.plugins.module_utils._formats.bat_file import read as read_bat_file
from ansible_collections.ucops.imp.plugins.plugin_utils._drift.records import Origin, records_of


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ({"gateways": [{"name": "a"}, {"description": f"{MASK} calendar"}]}, ["gateways[1].description"]),
        ({"port": WHOLE_VALUE, "name": "a"}, ["port"]),
        ({"list": ["a", f"x{MASK}{MASK}y"]}, ["list[1]"]),
        ({f"{MASK} service": 1}, [""]),
        ([MASK], ["[0]"]),
        (MASK, [""]),
        ({"a": "*******", "b": "***", "c": None, "d": 7, "e": True}, []),
    ],
)
def test_masked_texts_are_found(value: Any, found: list[str]) -> None:
    assert places(value) == found


@pytest.mark.parametrize(
    ("value", "secret"), [("Cisco SIP Proxy", "Cisco"), ("Cisco", "Cisco"), (8443, "8443"), (18443, "8443")]
)
def test_what_ansible_makes_of_a_secret_is_known(value: Any, secret: str) -> None:
    """The mask is ansible's: this holds the constants against the installed core."""
    masked = remove_values({"value": value}, {secret})
    assert places(masked) == ["value"]
    assert without_masks(masked)["value"].startswith("(hidden)")


def test_a_masked_option_is_named_with_the_remedy() -> None:
    (problem,) = masked_problems({"required_services": ["Cisco SIP Proxy", f"{MASK} Presence Engine"]})
    assert problem.startswith(f"required_services[1]: it holds {MASK}, with which ansible hides a secret")
    assert "choose a password that is no ordinary word" in problem


@pytest.mark.parametrize("value", [f"{MASK} calendar", [MASK], {"a": WHOLE_VALUE}])
def test_a_masked_text_is_not_written_into_an_inventory(value: Any) -> None:
    with pytest.raises(AnsibleFilterError, match="with which ansible hides a secret"):
        inventory_value(value)


def test_a_masked_user_is_neither_written_nor_read() -> None:
    user = {"userid": f"{MASK}03", "im_and_presence": True, "meeting_information": True}
    with pytest.raises(AnsibleFilterError, match="with which ansible hides a secret"):
        bat_file([user])
    lines = bat_file([{**user, "userid": "right"}]).replace("right", MASK).splitlines(keepends=True)
    (problem,) = read_bat_file(lines).problems
    assert problem.startswith(f"line 2: USER ID: it holds {MASK}")


def test_a_drift_report_tells_a_masked_text_from_what_the_cluster_has() -> None:
    origin = Origin("dc1", "imp-pub", "Gateways", "site.yml", 1, "ucops.imp.presence_gateways", predicted=True)
    field = {"name": "description", "before": f"{MASK} a", "after": f"{MASK} b", "secret": False}
    change = {"kind": "presence_gateway", "id": f"mail.{MASK}", "action": "update", "fields": [field]}
    (record,) = records_of(origin, {"changed": True, "changes": [change]})
    assert MASK not in str(record.as_dict())
    assert (record.id, record.before, record.after) == ("mail.(hidden)", "(hidden) a", "(hidden) b")
