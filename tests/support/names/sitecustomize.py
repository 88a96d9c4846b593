# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lets a process find servers under their real names and ports, as a company's DNS would.

Python imports a module of this name at its start, here because a test puts this folder on ``PYTHONPATH``. The table is
in the environment variable ``HOSTS_OF_THE_TEST``: ``{"imp1.example.com": {"8443": ["127.0.0.1", 40123]}}``. Nothing but
the place of a server differs: names, ports and certificates are those that the page under test prints.
"""

from __future__ import annotations

import json
import os
import socket
from typing import Any

_resolve = socket.getaddrinfo


def _getaddrinfo(host: Any, port: Any, *arguments: Any, **named: Any) -> Any:
    hosts: dict[str, dict[str, list[Any]]] = json.loads(os.environ.get("HOSTS_OF_THE_TEST", "{}"))
    ports = hosts.get(host) if isinstance(host, str) else None
    if ports:
        # A port that nothing listens on is refused by the loopback interface, as the server itself would.
        host, port = ports.get(str(port), ["127.0.0.1", port])
    return _resolve(host, port, *arguments, **named)


socket.getaddrinfo = _getaddrinfo
