# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From which release on there is what about presence gateways of Office 365, and the product's own URLs.

Source: Cisco's guides for the Exchange integration.
"""

from __future__ import annotations

from imp_emulator.scenario.model import GRAPH_HOST, LOGIN_HOST, OUTLOOK_HOST, ClusterSpec

OFFERED_FROM = (12.5, 2)
"""Release and service update from which on the type is offered, with an application that logs in by OAuth."""
URLS_FROM = (15.0, 2)
"""From which on the authentication endpoint and the resource can be set."""
GRAPH_FROM = (15.0, 4)
"""From which on the Presence Engine speaks Microsoft Graph instead of Exchange Web Services."""

AUTHENTICATION_ENDPOINT = f"https://{LOGIN_HOST}"


def at_least(cluster: ClusterSpec, release: tuple[float, int]) -> bool:
    """Tell whether a cluster is of a release and service update or of a later one."""
    return (cluster.release, cluster.service_update) >= release


def offered(cluster: ClusterSpec) -> bool:
    """Tell whether a cluster's release has gateways of this type."""
    return at_least(cluster, OFFERED_FROM)


def speaks_graph(cluster: ClusterSpec) -> bool:
    """Tell whether a cluster's Presence Engine asks Microsoft Graph; otherwise it asks Exchange Web Services."""
    return at_least(cluster, GRAPH_FROM)


def default_resource(cluster: ClusterSpec) -> str:
    """Return the resource of a release."""
    return f"https://{GRAPH_HOST if speaks_graph(cluster) else OUTLOOK_HOST}"
