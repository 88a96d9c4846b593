-- Copyright (c) 2026 ucops contributors
-- GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
-- SPDX-License-Identifier: GPL-3.0-or-later

-- The certificates that a node trusts. store is the service token of the REST interface: cup, cup-xmpp, tomcat.
CREATE TABLE IF NOT EXISTS trust_certificate (
    cluster     TEXT NOT NULL COLLATE NOCASE,
    node        TEXT NOT NULL COLLATE NOCASE,
    store       TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    filename    TEXT NOT NULL,
    description TEXT NOT NULL DEFAULT '',
    pem         TEXT NOT NULL,
    PRIMARY KEY (cluster, node, store, fingerprint),
    UNIQUE (cluster, node, store, filename)
) WITHOUT ROWID;

-- What a node identifies itself with, for each service.
CREATE TABLE IF NOT EXISTS identity (
    cluster     TEXT NOT NULL COLLATE NOCASE,
    node        TEXT NOT NULL COLLATE NOCASE,
    service     TEXT NOT NULL,
    certificate TEXT NOT NULL,
    private_key TEXT NOT NULL,
    PRIMARY KEY (cluster, node, service)
) WITHOUT ROWID;

-- The signing request that waits for its certificate; the key stays here until then.
CREATE TABLE IF NOT EXISTS signing_request (
    cluster     TEXT NOT NULL COLLATE NOCASE,
    node        TEXT NOT NULL COLLATE NOCASE,
    service     TEXT NOT NULL,
    request     TEXT NOT NULL,
    private_key TEXT NOT NULL,
    PRIMARY KEY (cluster, node, service)
) WITHOUT ROWID;

-- Certificates that the emulator has made after a description. described is the SHA-256 fingerprint of the real certificate
-- that one stands in for, because its key is not here, or says what was asked for; real is that certificate, or ''.
CREATE TABLE IF NOT EXISTS stand_in (
    described   TEXT PRIMARY KEY,
    certificate TEXT NOT NULL,
    real        TEXT NOT NULL DEFAULT ''
) WITHOUT ROWID;
