# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The journal: one entry per request, which tests assert on."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

from imp_emulator.store.database import Database, NotStored, Row

DEFAULT_LIMIT = 200_000
_PRUNE_EVERY = 1_024
_COLUMNS = "at, cluster, node, protocol, method, operation, caller, write, status, fault, port, path, id"
_ANY: dict[str, Any] = {"cluster": None, "node": None, "protocol": None, "operation": None, "write": None}
_MATCHES = " AND ".join(f"(:{column} IS NULL OR {column} = :{column})" for column in _ANY)
_logger = logging.getLogger("imp_emulator")


@dataclass(frozen=True, slots=True)
class Entry:
    """What happened to one request.

    Attributes:
        at: The emulated time in seconds since the epoch.
        operation: The protocol's own name of the operation; ``authenticate`` for a refused caller, empty when the
            request was refused before it was understood.
        write: Whether the operation changes the environment when it succeeds.
        status: The HTTP status of the answer; 0 when the connection was closed before the request was handled.
        fault: The kind of the injected fault, or ``None``.
        port: The port of the real product that the request came to.
        path: That of its URL, decoded and without a query; a very long one is cut off.
        id: Its number in the journal; 0 as long as it is not there.
    """

    at: float
    cluster: str
    node: str
    protocol: str
    method: str
    operation: str
    caller: str | None
    write: bool
    status: int
    fault: str | None = None
    port: int = 0
    path: str = ""
    id: int = 0


class Journal:
    """The newest ``limit`` entries, in the state file. Identifiers only grow, also when the journal was cleared."""

    def __init__(self, database: Database, limit: int = DEFAULT_LIMIT) -> None:
        self._database = database
        self._limit = limit
        self._last = self.last()
        self._told: set[str] = set()

    def last(self) -> int:
        """Return the identifier of the newest entry in the file; 0 when there is none."""
        row = self._database.one("SELECT coalesce(max(id), 0) AS last FROM journal")
        return 0 if row is None else int(row["last"])

    def append(self, entry: Entry) -> None:
        """Add an entry, inside the transaction that is open; now and then the oldest ones go.

        Raises:
            NotStored: It could not be written.
        """
        self._last += 1
        self._database.execute(
            "INSERT INTO journal (id, at, cluster, node, protocol, method, operation, caller, write, status, fault,"
            " port, path) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                self._last,
                entry.at,
                entry.cluster,
                entry.node,
                entry.protocol,
                entry.method,
                entry.operation,
                entry.caller,
                entry.write,
                entry.status,
                entry.fault,
                entry.port,
                entry.path,
            ),
        )
        if self._last % _PRUNE_EVERY == 0:
            self._database.execute("DELETE FROM journal WHERE id <= ?", (self._last - self._limit,))

    def missed(self, error: NotStored) -> None:
        """Log that requests are answered without an entry: once for each kind of error, for it will hit many."""
        if error.kind not in self._told:
            self._told.add(error.kind)
            _logger.error("requests are answered without an entry in the journal: %s (%s)", error.kind, error)

    def entries(self, filters: dict[str, Any], after: int = 0, limit: int = -1) -> tuple[list[Entry], int]:
        """Return the entries newer than ``after``, oldest first, and the newest identifier.

        Args:
            filters: Wanted values by column (cluster, node, protocol, operation, write); ``None`` means any.
            after: The identifier of the last entry already seen.
            limit: How many at most; all of them by default.
        """
        rows = self._database.all(
            f"SELECT {_COLUMNS} FROM journal WHERE id > :after AND {_MATCHES} ORDER BY id LIMIT :limit",  # noqa: S608
            _ANY | filters | {"after": after, "limit": limit},
        )
        return [_entry(row) for row in rows], self._last

    def newest(self, filters: dict[str, Any], limit: int, before: int | None = None) -> list[Entry]:
        """Return so many entries, the newest first.

        Args:
            filters: As for :meth:`entries`.
            limit: How many at most.
            before: The identifier of the entry behind which to go on.
        """
        rows = self._database.all(
            f"SELECT {_COLUMNS} FROM journal WHERE (:before IS NULL OR id < :before) AND {_MATCHES}"  # noqa: S608
            " ORDER BY id DESC LIMIT :limit",
            _ANY | filters | {"before": before, "limit": limit},
        )
        return list(map(_entry, rows))

    def clear(self) -> None:
        """Forget every entry."""
        clear(self._database)


def clear(database: Database) -> None:
    """Forget every entry of a state file."""
    database.execute("DELETE FROM journal")


def _entry(row: Row) -> Entry:
    return Entry(**(dict(row) | {"write": bool(row["write"])}))
