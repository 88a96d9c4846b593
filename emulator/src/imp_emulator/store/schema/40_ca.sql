-- Copyright (c) 2026 ucops contributors
-- GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
-- SPDX-License-Identifier: GPL-3.0-or-later

-- The certification authorities with their settings (requirement C2).
CREATE TABLE IF NOT EXISTS ca (
    host             TEXT PRIMARY KEY COLLATE NOCASE,
    common_name      TEXT NOT NULL,
    kind             TEXT NOT NULL CHECK (kind IN ('standalone', 'enterprise')),
    templates        TEXT NOT NULL CHECK (json_valid(templates)),
    validity_days    INTEGER NOT NULL,
    issued_days      INTEGER NOT NULL,
    hash             TEXT NOT NULL,
    key_size         INTEGER NOT NULL,
    minimum_key_size INTEGER NOT NULL
) WITHOUT ROWID;

-- A CA's own certificates. level 0 is the root, the highest level issues; renewal counts from 0 for each level.
CREATE TABLE IF NOT EXISTS ca_certificate (
    host        TEXT NOT NULL COLLATE NOCASE REFERENCES ca (host),
    level       INTEGER NOT NULL,
    renewal     INTEGER NOT NULL,
    private_key TEXT NOT NULL,
    certificate TEXT NOT NULL,
    PRIMARY KEY (host, level, renewal)
) WITHOUT ROWID;

-- Requests are numbered from 1 for each CA and never removed. renewal says which of the CA's certificates has signed.
-- Times are seconds since the epoch, virtual.
CREATE TABLE IF NOT EXISTS ca_request (
    host         TEXT NOT NULL COLLATE NOCASE REFERENCES ca (host),
    id           INTEGER NOT NULL,
    csr          TEXT NOT NULL,
    fingerprint  TEXT NOT NULL,
    subject      TEXT NOT NULL,
    template     TEXT,
    requester    TEXT NOT NULL,
    submitted_at REAL NOT NULL,
    state        TEXT NOT NULL CHECK (state IN ('pending', 'issued', 'denied', 'revoked')),
    message      TEXT NOT NULL,
    certificate  TEXT,
    serial       TEXT,
    renewal      INTEGER,
    revoked_at   REAL,
    reason       TEXT,
    PRIMARY KEY (host, id)
) WITHOUT ROWID;
