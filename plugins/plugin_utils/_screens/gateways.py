# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""The status of presence gateways as a table for people to read. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.ucops.imp.plugins.module_utils._core.words import counted
from ansible_collections.ucops.imp.plugins.plugin_utils._screens.table import LONGEST, SHORTEST
from ansible_collections.ucops.imp.plugins.plugin_utils._screens.table import table as table_of

OK, FAILED, UNKNOWN = "ok", "failed", "unknown"
_ORDER = (FAILED, UNKNOWN, OK)
_NEEDED = {"name", "checked", "reachable", "verified", "reachability", "verification", "detail", "advice"}
_TITLES = ("RESULT", "GATEWAY", "WHAT THE CLUSTER SAYS")

Gateway = Mapping[str, Any]


def table(status: Any, width: int) -> list[str]:
    """Return the lines of the table, what failed first; its last line counts the gateways by result.

    Raises ``TypeError`` for anything that is not the status of gateways, ``ValueError`` for a width that cannot be.
    """
    rows_of_status = isinstance(status, Sequence) and not isinstance(status, (str, bytes))
    if not rows_of_status or not all(isinstance(one, Mapping) and {*one} >= _NEEDED for one in status):
        raise TypeError("give it the status that ucops.imp.presence_gateways_info returns.")
    if not SHORTEST <= width <= LONGEST:
        raise ValueError(f"width {width} is not in the range {SHORTEST} to {LONGEST}.")
    if not status:
        return ["The cluster has no presence gateway."]
    rows = [(result, str(one["name"]), _said(one)) for result in _ORDER for one in status if _result(one) == result]
    counts = [f"{sum(row[0] == result for row in rows)} {result}" for result in _ORDER]
    return [*table_of(_TITLES, rows, width), f"{counted(len(rows), 'gateway')}: {', '.join(counts)}."]


def _result(gateway: Gateway) -> str:
    if not gateway["checked"]:
        return UNKNOWN
    return OK if gateway["reachable"] and gateway["verified"] else FAILED


def _said(gateway: Gateway) -> list[str]:
    """Return what is said of a gateway: the product's words, what does not fit, and what to do."""
    if not gateway["checked"]:
        return ["It was not checked: the product checks the first ten gateways only."]
    words = [gateway["reachability"], gateway["verification"], gateway["detail"]]
    advice = [f"-> {gateway['advice']}"] if gateway["advice"] else []
    return [str(text) for text in words if text] + advice
