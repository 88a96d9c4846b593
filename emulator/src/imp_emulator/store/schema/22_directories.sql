-- Copyright (c) 2026 ucops contributors
-- GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
-- SPDX-License-Identifier: GPL-3.0-or-later

-- What users belong to and where they come from. An access control group is standard when every cluster has it.
CREATE TABLE IF NOT EXISTS access_group (
    id       INTEGER PRIMARY KEY,
    cluster  TEXT NOT NULL COLLATE NOCASE REFERENCES cluster (name),
    pkid     TEXT NOT NULL,
    name     TEXT NOT NULL COLLATE NOCASE,
    standard INTEGER NOT NULL,
    UNIQUE (cluster, name),
    UNIQUE (cluster, pkid)
);

-- The members of each group, as the users' own column access_groups has them: it is what statements of SQL search by.
-- user is the pkid.
CREATE TABLE IF NOT EXISTS access_group_member (
    group_id INTEGER NOT NULL REFERENCES access_group (id),
    user_id  INTEGER NOT NULL REFERENCES end_user (id) ON DELETE CASCADE,
    user     TEXT NOT NULL,
    PRIMARY KEY (group_id, user_id)
) WITHOUT ROWID;

CREATE INDEX IF NOT EXISTS access_group_member_by_user ON access_group_member (user_id);

-- The options that a synchronisation gives to users.
CREATE TABLE IF NOT EXISTS feature_group_template (
    id                  INTEGER PRIMARY KEY,
    cluster             TEXT NOT NULL COLLATE NOCASE REFERENCES cluster (name),
    pkid                TEXT NOT NULL,
    name                TEXT NOT NULL COLLATE NOCASE,
    description         TEXT NOT NULL,
    home_cluster        INTEGER NOT NULL,
    im_and_presence     INTEGER NOT NULL,
    meeting_information INTEGER NOT NULL,
    UNIQUE (cluster, name)
);

-- An agreement with an LDAP directory. template is the pkid of its feature group template, or NULL. next_at is when it
-- is synchronised next, in virtual seconds since the epoch, or NULL.
CREATE TABLE IF NOT EXISTS ldap_directory (
    id          INTEGER PRIMARY KEY,
    cluster     TEXT NOT NULL COLLATE NOCASE REFERENCES cluster (name),
    pkid        TEXT NOT NULL,
    name        TEXT NOT NULL COLLATE NOCASE,
    template    TEXT,
    every_hours INTEGER NOT NULL,
    next_at     REAL,
    UNIQUE (cluster, name)
);
