# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The passwords of the state file, to be kept out of what is handed to others."""

from __future__ import annotations

import json
from typing import Any

from imp_emulator.store.database import Database

COLUMNS = (
    ("account", "password"),
    ("gateway_credentials", "password"),
    ("office_365_gateway", "client_secret"),
    ("office_365_gateway", "proxy_password"),
    ("web_session", "session_key"),
)
"""Where they stand, by table and column; passwords of end users are kept as hashes only."""
ENGINE = ("engine", "secrets")
"""Those that a running Presence Engine has loaded, which may be older: JSON."""


def read(database: Database) -> frozenset[str]:
    """Return all of them."""
    found: set[str] = set()
    for table, column in COLUMNS:
        found.update(str(row[0]) for row in database.all(f"SELECT {column} FROM {table}"))  # noqa: S608
    for row in database.all("SELECT {1} FROM {0}".format(*ENGINE)):  # noqa: S608
        found.update(_texts(json.loads(row[0])))
    return frozenset(found - {""})


def _texts(content: Any) -> set[str]:
    if isinstance(content, str):
        return {content}
    inner = content.values() if isinstance(content, dict) else content if isinstance(content, list) else ()
    return {text for one in inner for text in _texts(one)}
