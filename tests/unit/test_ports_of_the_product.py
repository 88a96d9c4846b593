# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ports of an IM and Presence node, as the collection and the emulator know them: apart, and the same."""

from __future__ import annotations

from ansible_collections.ucops.imp.plugins.module_utils._product.parameters import BY_OPTION, problem
from ansible_collections.ucops.imp.plugins.module_utils._product.ports import IM_AND_PRESENCE

from imp_emulator.catalogue.ports import PRODUCT

PARAMETER = BY_OPTION["exchange_notification_port"]


def test_both_know_the_same_ports() -> None:
    assert isinstance(PARAMETER.allowed, range)
    assert {port: used_by for port, used_by in PRODUCT.items() if port in PARAMETER.allowed} == IM_AND_PRESENCE
    assert len(IM_AND_PRESENCE) > 40


def test_each_port_of_the_product_is_refused_and_no_other() -> None:
    refused = {port for port in PARAMETER.allowed if problem(PARAMETER, port) is not None}
    assert refused == set(IM_AND_PRESENCE)
    assert PARAMETER.default not in refused
    public = {5060, 5061, 5062, 5070, 5080, 5222, 5223, 5269, 1533, 7400, 7335, 7336, 8080, 8082, 8083, 8443}
    assert public <= refused
