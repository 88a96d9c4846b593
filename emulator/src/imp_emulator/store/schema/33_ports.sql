-- Copyright (c) 2026 ucops contributors
-- GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
-- SPDX-License-Identifier: GPL-3.0-or-later

-- TCP and UDP ports of a node that something else than the product has taken (requirement P2); used_by says what.
CREATE TABLE IF NOT EXISTS occupied_port (
    cluster TEXT NOT NULL COLLATE NOCASE,
    node    TEXT NOT NULL COLLATE NOCASE,
    port    INTEGER NOT NULL,
    used_by TEXT NOT NULL,
    PRIMARY KEY (cluster, node, port)
) WITHOUT ROWID;

-- Why the last start of a service failed; the row goes with the next start.
CREATE TABLE IF NOT EXISTS failed_start (
    cluster TEXT NOT NULL COLLATE NOCASE,
    node    TEXT NOT NULL COLLATE NOCASE,
    service TEXT NOT NULL COLLATE NOCASE,
    reason  TEXT NOT NULL,
    PRIMARY KEY (cluster, node, service)
) WITHOUT ROWID;
