# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The emulated network: host names, virtual addresses and what listens behind them."""

from __future__ import annotations

import ipaddress

from imp_emulator.store import hosts
from imp_emulator.world.context import Context, Listener


def resolve(context: Context, host: str) -> list[str]:
    """Return the virtual addresses of a host, in canonical form; an address stands for itself.

    An unknown name gives an empty list, as a name service without a record would.
    """
    try:
        return [str(ipaddress.ip_address(host))]
    except ValueError:
        return hosts.addresses(context.database, host.rstrip("."))


def endpoint(context: Context, host: str, port: int) -> Listener | None:
    """Return the loopback listener that stands for a port of a host; ``None`` when nothing listens there."""
    for address in resolve(context, host):
        listener = context.network.get((address, port))
        if listener is not None:
            return listener
    return None
