# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which ports of a node are taken (requirement P2): by the product itself, or by what the scenario put there.

The product's own are those of Cisco's guide to the ports of the IM and Presence Service, TCP and UDP alike: the engine
opens both for its notifications.
"""

from __future__ import annotations

from imp_emulator.catalogue.parameters import ENTERPRISE_NODE
from imp_emulator.catalogue.ports import PRODUCT
from imp_emulator.catalogue.services import PRESENCE_ENGINE
from imp_emulator.errors import InvalidValue, NotFound
from imp_emulator.letter_case import ascii_lower
from imp_emulator.store import nodes
from imp_emulator.store.cucm import parameters
from imp_emulator.store.imp import ports as store
from imp_emulator.store.imp.ports import OccupiedPort
from imp_emulator.world.context import Context

NOTIFICATION_PORT = "ExchangeNotificationPort"


def why_not_started(context: Context, cluster: str, node: str, service: str) -> str:
    """Tell why a service cannot start on a node; ``""`` when it can."""
    if ascii_lower(service) != ascii_lower(PRESENCE_ENGINE):
        return ""
    setting = parameters.parameter(context.database, cluster, ENTERPRISE_NODE, PRESENCE_ENGINE, NOTIFICATION_PORT)
    if setting is None:
        return ""
    return why_not_listening(context, cluster, node, int(setting.value))


def why_not_listening(context: Context, cluster: str, node: str, port: int) -> str:
    """Tell why the Presence Engine of a node cannot listen for notifications on a port; ``""`` when it can."""
    user = PRODUCT.get(port) or next(
        (taken.used_by for taken in store.occupied(context.database, cluster, node) if taken.port == port), ""
    )
    return f"Microsoft Exchange Notification Port {port} is in use by {user}" if user else ""


def occupied(context: Context, cluster: str, node: str) -> list[OccupiedPort]:
    """Return what is taken on a node beside the product's own ports.

    Raises:
        NotFound: There is no such node.
    """
    return store.occupied(context.database, cluster, _known(context, cluster, node))


def occupy(context: Context, cluster: str, node: str, port: int, used_by: str) -> None:
    """Have something take a port of a node; whoever listens there already goes on until its service restarts.

    Raises:
        NotFound: There is no such node.
        InvalidValue: There is no such port.
    """
    if not 1 <= port <= 65535:
        raise InvalidValue("invalid-port", f"A port is a number from 1 to 65535, not {port}.", "port")
    store.occupy(context.database, cluster, _known(context, cluster, node), port, used_by)


def release(context: Context, cluster: str, node: str, port: int) -> None:
    """Free a port that was taken.

    Raises:
        NotFound: There is no such node, or nothing has taken that port.
    """
    name = _known(context, cluster, node)
    if port not in [taken.port for taken in store.occupied(context.database, cluster, name)]:
        raise NotFound("port-not-occupied", f"Nothing has taken port {port} of {name}.")
    store.release(context.database, cluster, name, port)


def _known(context: Context, cluster: str, node: str) -> str:
    known = nodes.node(context.database, cluster, node)
    if known is None:
        raise NotFound("node-not-found", f"There is no node {node} in {cluster}.")
    return known.name
