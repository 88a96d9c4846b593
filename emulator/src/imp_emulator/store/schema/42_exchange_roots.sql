-- Copyright (c) 2026 ucops contributors
-- GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
-- SPDX-License-Identifier: GPL-3.0-or-later

-- The root certificates that an Exchange server trusts (requirement C6a). kind is how one got there, as the property
-- RootCAType of Get-ExchangeCertificate tells it. fingerprint is SHA-256 in lower-case hexadecimal.
CREATE TABLE IF NOT EXISTS exchange_root (
    server      TEXT NOT NULL COLLATE NOCASE REFERENCES exchange (name),
    fingerprint TEXT NOT NULL,
    kind        TEXT NOT NULL CHECK (kind IN ('Enterprise', 'GroupPolicy', 'Registry', 'ThirdParty')),
    certificate TEXT NOT NULL,
    PRIMARY KEY (server, fingerprint)
) WITHOUT ROWID;

-- Exchange servers that cannot reach the revocation lists of certification authorities.
CREATE TABLE IF NOT EXISTS exchange_without_crl (
    server TEXT PRIMARY KEY COLLATE NOCASE REFERENCES exchange (name)
) WITHOUT ROWID;
