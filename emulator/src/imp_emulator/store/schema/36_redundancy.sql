-- Copyright (c) 2026 ucops contributors
-- GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
-- SPDX-License-Identifier: GPL-3.0-or-later

-- The presence redundancy groups of a cluster. pkid is a UUID in lower case without braces.
CREATE TABLE IF NOT EXISTS redundancy_group (
    id          INTEGER PRIMARY KEY,
    cluster     TEXT NOT NULL COLLATE NOCASE REFERENCES cluster (name),
    pkid        TEXT NOT NULL,
    name        TEXT NOT NULL COLLATE NOCASE,
    description TEXT NOT NULL DEFAULT '',
    ha_enabled  INTEGER NOT NULL DEFAULT 0 CHECK (ha_enabled IN (0, 1)),
    UNIQUE (cluster, name),
    UNIQUE (cluster, pkid)
);

-- The one or two nodes of each group, in places 1 and 2. state and reason are what the Server Recovery Manager says of the
-- node since an instant (virtual, seconds since the epoch), '' while high availability is off. served_by is the node where
-- the users are whose home this node is; NULL: here.
CREATE TABLE IF NOT EXISTS redundancy_node (
    cluster   TEXT NOT NULL COLLATE NOCASE,
    node      TEXT NOT NULL COLLATE NOCASE,
    group_id  INTEGER NOT NULL REFERENCES redundancy_group (id) ON DELETE CASCADE,
    place     INTEGER NOT NULL CHECK (place IN (1, 2)),
    state     TEXT NOT NULL DEFAULT '',
    reason    TEXT NOT NULL DEFAULT '',
    since     REAL NOT NULL DEFAULT 0,
    served_by TEXT COLLATE NOCASE,
    PRIMARY KEY (cluster, node),
    UNIQUE (group_id, place)
) WITHOUT ROWID;
