-- Copyright (c) 2026 ucops contributors
-- GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
-- SPDX-License-Identifier: GPL-3.0-or-later

-- The certificates of an Exchange server. thumbprint is SHA-1 in upper-case hexadecimal, as Windows names certificates.
-- A pending request has a self-signed placeholder for a certificate, as in Windows, and its PKCS #10 text in request.
-- served is what the TLS server sends: the certificate and the intermediates that came with it.
CREATE TABLE IF NOT EXISTS exchange_certificate (
    server        TEXT NOT NULL COLLATE NOCASE REFERENCES exchange (name),
    thumbprint    TEXT NOT NULL COLLATE NOCASE,
    status        TEXT NOT NULL CHECK (status IN ('PendingRequest', 'Valid')),
    private_key   TEXT NOT NULL,
    served        TEXT NOT NULL,
    request       TEXT NOT NULL DEFAULT '',
    friendly_name TEXT NOT NULL DEFAULT '',
    exportable    INTEGER NOT NULL DEFAULT 0,
    services      TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(services)),
    position      INTEGER NOT NULL,
    PRIMARY KEY (server, thumbprint)
) WITHOUT ROWID;

-- To which mailboxes role assignments may be limited: those that pass a filter of recipients.
CREATE TABLE IF NOT EXISTS management_scope (
    name        TEXT PRIMARY KEY COLLATE NOCASE,
    restriction TEXT NOT NULL
) WITHOUT ROWID;

-- Roles that accounts have, in the whole Exchange organisation or within a scope.
CREATE TABLE IF NOT EXISTS role_assignment (
    name     TEXT PRIMARY KEY COLLATE NOCASE,
    role     TEXT NOT NULL,
    assignee TEXT NOT NULL COLLATE NOCASE,
    scope    TEXT COLLATE NOCASE REFERENCES management_scope (name)
) WITHOUT ROWID;
