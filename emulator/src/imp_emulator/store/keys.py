# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Private keys and certificates: the emulator's own CA, the nodes' and the Exchange servers'."""

from __future__ import annotations

from dataclasses import dataclass, field

from imp_emulator.store.database import Database

NO_CLUSTER = ""
"""The cluster of the key pairs that belong to none."""

EMULATOR_CA = "ca"
EXCHANGE_ROOT = "exchange-root"
EXCHANGE_INTERMEDIATE = "exchange-intermediate"
TOKEN_SIGNING = "token-signing"  # noqa: S105 - a name
"""The RSA key with which the tenant of Exchange Online signs access tokens."""


def management(server: str) -> str:
    """Return the owner of the key pair with which an Exchange server's management port is served."""
    return f"{server}/management"


def stand_in(name: str) -> str:
    """Return the owner of a key that stands for a real one; it has no certificate of its own."""
    return f"stand-in/{name}"


@dataclass(frozen=True, slots=True)
class KeyPair:
    """A private key and its certificate, all in PEM.

    Attributes:
        issuers: The CA certificates above it, next issuer first, root last; empty for a root.
    """

    private_key: str = field(repr=False)
    certificate: str
    issuers: str = ""

    @property
    def served(self) -> str:
        """What a TLS server of this pair sends: its certificate and the intermediates, without the root."""
        return self.certificate + "".join(self._above[:-1])

    @property
    def root(self) -> str:
        """The root above it, or itself when it has signed itself."""
        return self._above[-1] if self._above else self.certificate

    @property
    def _above(self) -> list[str]:
        marker = "-----BEGIN CERTIFICATE-----"
        return [marker + part for part in self.issuers.split(marker)[1:]]


def put(database: Database, cluster: str, owner: str, pair: KeyPair) -> None:
    """Store a key pair; an older one of the same owner is replaced."""
    database.execute(
        "INSERT OR REPLACE INTO key_pair (cluster, owner, private_key, certificate, issuers) VALUES (?, ?, ?, ?, ?)",
        (cluster, owner, pair.private_key, pair.certificate, pair.issuers),
    )


def of_no_cluster(database: Database) -> list[KeyPair]:
    """Return the key pairs that belong to no cluster: those of the named CAs, and of servers."""
    rows = database.all(
        "SELECT private_key, certificate, issuers FROM key_pair WHERE cluster = ? ORDER BY owner", (NO_CLUSTER,)
    )
    return [KeyPair(row["private_key"], row["certificate"], row["issuers"]) for row in rows]


def get(database: Database, cluster: str, owner: str) -> KeyPair:
    """Return the key pair of a node (its name), an Exchange server (its name, no cluster) or one of the named CAs.

    Raises:
        KeyError: There is none.
    """
    row = database.one(
        "SELECT private_key, certificate, issuers FROM key_pair WHERE cluster = ? AND owner = ?", (cluster, owner)
    )
    if row is None:
        raise KeyError(f"{cluster}/{owner}")
    return KeyPair(row["private_key"], row["certificate"], row["issuers"])
