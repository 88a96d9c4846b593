-- Copyright (c) 2026 ucops contributors
-- GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
-- SPDX-License-Identifier: GPL-3.0-or-later

-- Nodes that are away, or will be as soon as a service of theirs restarts; since (virtual time, seconds since the epoch)
-- is null until then. ran: the services that ran before, which start when the node is back.
CREATE TABLE IF NOT EXISTS node_outage (
    cluster TEXT NOT NULL COLLATE NOCASE,
    node    TEXT NOT NULL COLLATE NOCASE,
    since   REAL,
    ran     TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(ran)),
    PRIMARY KEY (cluster, node)
) WITHOUT ROWID;
