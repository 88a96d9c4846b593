# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""The rows about Office 365: what the nodes' releases speak, and which hosts they have to reach. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ansible_collections.ucops.imp.plugins.module_utils._preflight.cluster import why_silent
from ansible_collections.ucops.imp.plugins.module_utils._preflight.logins import InterfaceAnswer
from ansible_collections.ucops.imp.plugins.module_utils._preflight.rows import Row, failed, ok, skipped, unknown, warned
from ansible_collections.ucops.imp.plugins.module_utils._product import office_365
from ansible_collections.ucops.imp.plugins.module_utils._product.releases import written_update

CHECK = "office-365-protocol"


def protocol_row(answer: InterfaceAnswer, gateways: Sequence[Mapping[str, Any]]) -> Row:
    """Say over what a node's release reads Office 365; ``answer`` is that of its control center."""
    subject = answer.interface.probed.endpoint.host
    expected = f"Microsoft Graph, {written_update(office_365.GRAPH_FROM)} or newer"
    if not answer.answered:
        return skipped(CHECK, subject, why_silent(answer))
    version: str | None = answer.value.version
    missing = [said for gateway in gateways for said in office_365.release_problems(version, gateway)]
    if missing:
        what = f"Leave it out, or upgrade the node: {' '.join(dict.fromkeys(missing))}"
        return failed(CHECK, subject, str(version), expected, what)
    graph = office_365.speaks_graph(version)
    advice = f"Upgrade the node before the tenant's turn comes. {office_365.END_OF_EWS}"
    if graph is None:
        where = "See Cisco Unified OS Administration, Show, Software."
        return unknown(CHECK, subject, "the node does not say its version", expected, f"{where} {advice}")
    if graph:
        return ok(CHECK, subject, f"Microsoft Graph ({version})", expected)
    return warned(CHECK, subject, f"Exchange Web Services ({version})", expected, advice)


def graph_on_all(answers: Iterable[InterfaceAnswer]) -> bool:
    """Tell whether all nodes whose version is known read calendars over Microsoft Graph, and one's is."""
    told = {office_365.speaks_graph(answer.value.version) for answer in answers if answer.answered} - {None}
    return told == {True}


def places(gateway: Mapping[str, Any], graph: bool) -> list[tuple[str, int]]:
    """Return the hosts and ports that the nodes talk to for a gateway: for tokens, and for calendars."""
    calendars = (gateway["name"], gateway["port"])
    if graph:
        calendars = office_365.host_of(gateway["resource"] or office_365.GRAPH)
    return [office_365.host_of(gateway["authentication_endpoint"] or office_365.LOGIN), calendars]
