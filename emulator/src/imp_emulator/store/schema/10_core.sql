-- Copyright (c) 2026 ucops contributors
-- GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
-- SPDX-License-Identifier: GPL-3.0-or-later

-- Facts about the state file itself: its format, the scenario it was made from, the ports it was last served on.
CREATE TABLE IF NOT EXISTS meta (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS cluster (
    name    TEXT PRIMARY KEY COLLATE NOCASE,
    version TEXT NOT NULL,
    domain  TEXT NOT NULL
) WITHOUT ROWID;

-- ipv6 is the address of Eth0, ipv6_name what AXL calls the node's IPv6 name; the two are set in different places (G7).
-- assigned_users: how many users an IM and Presence node serves.
CREATE TABLE IF NOT EXISTS node (
    cluster     TEXT NOT NULL COLLATE NOCASE REFERENCES cluster (name),
    name        TEXT NOT NULL COLLATE NOCASE,
    pkid        TEXT NOT NULL UNIQUE,
    fqdn        TEXT NOT NULL UNIQUE COLLATE NOCASE,
    role        TEXT NOT NULL CHECK (role IN ('cucm', 'imp')),
    usage       TEXT NOT NULL CHECK (usage IN ('publisher', 'subscriber')),
    ipv4        TEXT NOT NULL,
    ipv6        TEXT,
    ipv6_name   TEXT NOT NULL DEFAULT '',
    description TEXT NOT NULL DEFAULT '',
    position    INTEGER NOT NULL,
    assigned_users INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (cluster, name)
) WITHOUT ROWID;

-- label is the account's key in the ready file; cluster '' holds the Exchange accounts, and the cluster of those of a
-- certification authority is its host name. An application of Exchange Online has its client ID for a user name.
CREATE TABLE IF NOT EXISTS account (
    cluster  TEXT NOT NULL COLLATE NOCASE,
    kind     TEXT NOT NULL CHECK (kind IN ('application', 'os', 'exchange', 'exchange_admin', 'ca', 'online')),
    username TEXT NOT NULL,
    label    TEXT NOT NULL,
    password TEXT NOT NULL,
    roles    TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(roles)),
    PRIMARY KEY (cluster, kind, username)
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS exchange (
    name TEXT PRIMARY KEY COLLATE NOCASE,
    ipv4 TEXT,
    ipv6 TEXT,
    CHECK (ipv4 IS NOT NULL OR ipv6 IS NOT NULL)
) WITHOUT ROWID;

-- The name service of the emulated network: which addresses a host name stands for.
CREATE TABLE IF NOT EXISTS host (
    name    TEXT NOT NULL COLLATE NOCASE,
    address TEXT NOT NULL,
    PRIMARY KEY (name, address)
) WITHOUT ROWID;

-- cluster '' holds what belongs to no cluster: the emulator's CA and the Exchange chains.
CREATE TABLE IF NOT EXISTS key_pair (
    cluster     TEXT NOT NULL COLLATE NOCASE,
    owner       TEXT NOT NULL COLLATE NOCASE,
    private_key TEXT NOT NULL,
    certificate TEXT NOT NULL,
    issuers     TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (cluster, owner)
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS journal (
    id        INTEGER PRIMARY KEY,
    at        REAL NOT NULL,
    cluster   TEXT NOT NULL,
    node      TEXT NOT NULL,
    protocol  TEXT NOT NULL,
    method    TEXT NOT NULL,
    operation TEXT NOT NULL,
    caller    TEXT,
    write     INTEGER NOT NULL,
    status    INTEGER NOT NULL,
    fault     TEXT,
    port      INTEGER NOT NULL,
    path      TEXT NOT NULL
);
