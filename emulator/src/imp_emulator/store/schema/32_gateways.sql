-- Copyright (c) 2026 ucops contributors
-- GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
-- SPDX-License-Identifier: GPL-3.0-or-later

-- name_key is the name in its canonical form, which no two gateways of a cluster may share. sequence gives the order
-- in which the gateways were added.
CREATE TABLE IF NOT EXISTS presence_gateway (
    sequence    INTEGER PRIMARY KEY,
    cluster     TEXT NOT NULL COLLATE NOCASE,
    id          TEXT NOT NULL UNIQUE,
    type        TEXT NOT NULL,
    name        TEXT NOT NULL,
    name_key    TEXT NOT NULL,
    description TEXT NOT NULL,
    port        INTEGER NOT NULL,
    UNIQUE (cluster, name_key)
);

-- The impersonation account that all Exchange gateways of a cluster share (requirement G4). revision counts its changes.
CREATE TABLE IF NOT EXISTS gateway_credentials (
    cluster  TEXT PRIMARY KEY COLLATE NOCASE,
    account  TEXT NOT NULL,
    password TEXT NOT NULL,
    revision INTEGER NOT NULL
) WITHOUT ROWID;

-- When somebody asked for a comparison and was wrong: the rate limit counts these (virtual time, seconds since the epoch).
CREATE TABLE IF NOT EXISTS failed_compare (
    id      INTEGER PRIMARY KEY,
    cluster TEXT NOT NULL COLLATE NOCASE,
    at      REAL NOT NULL
);

-- What a presence gateway of the type "Office 365 Server" has beside the columns of every gateway; '' for what it does not
-- have. revision counts the changes of the two secrets, so that whoever compares entity tags sees them.
CREATE TABLE IF NOT EXISTS office_365_gateway (
    id                      TEXT PRIMARY KEY,
    client_id               TEXT NOT NULL,
    tenant_id               TEXT NOT NULL,
    client_secret           TEXT NOT NULL,
    proxy_url               TEXT NOT NULL,
    proxy_username          TEXT NOT NULL,
    proxy_password          TEXT NOT NULL,
    authentication_endpoint TEXT NOT NULL,
    resource                TEXT NOT NULL,
    revision                INTEGER NOT NULL
) WITHOUT ROWID;
