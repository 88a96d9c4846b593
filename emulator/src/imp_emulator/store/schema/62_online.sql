-- Copyright (c) 2026 ucops contributors
-- GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
-- SPDX-License-Identifier: GPL-3.0-or-later

-- Whether the tenant of Exchange Online has Exchange Web Services.
CREATE TABLE IF NOT EXISTS online_ews (
    tenant_id TEXT PRIMARY KEY,
    state     TEXT NOT NULL CHECK (state IN ('on', 'off', 'allow-listed'))
) WITHOUT ROWID;

-- The applications that may go on with Exchange Web Services, by client ID.
CREATE TABLE IF NOT EXISTS online_ews_allowed (
    client_id TEXT PRIMARY KEY
) WITHOUT ROWID;
