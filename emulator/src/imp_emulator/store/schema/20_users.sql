-- Copyright (c) 2026 ucops contributors
-- GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
-- SPDX-License-Identifier: GPL-3.0-or-later

-- The end users of a cluster. pkid is a UUID in lower case without braces. A password or PIN is kept as a salted hash;
-- NULL means that none was ever set. The three flags of requirement U1 are home_cluster, im_and_presence and
-- meeting_information. presence_node is the IM and Presence node that serves the user, NULL while it is not enabled.
-- ldap_directory is the pkid of the LDAP directory that the user comes from, NULL for a local user.
CREATE TABLE IF NOT EXISTS end_user (
    id                         INTEGER PRIMARY KEY,
    cluster                    TEXT NOT NULL COLLATE NOCASE REFERENCES cluster (name),
    pkid                       TEXT NOT NULL,
    userid                     TEXT NOT NULL COLLATE NOCASE,
    first_name                 TEXT NOT NULL DEFAULT '',
    display_name               TEXT NOT NULL DEFAULT '',
    middle_name                TEXT NOT NULL DEFAULT '',
    last_name                  TEXT NOT NULL DEFAULT '',
    mail                       TEXT NOT NULL DEFAULT '',
    department                 TEXT NOT NULL DEFAULT '',
    manager                    TEXT NOT NULL DEFAULT '',
    locale                     TEXT NOT NULL DEFAULT '',
    associated_pc              TEXT NOT NULL DEFAULT '',
    directory_uri              TEXT NOT NULL DEFAULT '',
    telephone                  TEXT NOT NULL DEFAULT '',
    title                      TEXT NOT NULL DEFAULT '',
    mobile                     TEXT NOT NULL DEFAULT '',
    home_phone                 TEXT NOT NULL DEFAULT '',
    pager                      TEXT NOT NULL DEFAULT '',
    numeric_userid             TEXT NOT NULL DEFAULT '',
    self_service               TEXT NOT NULL DEFAULT '',
    user_identity              TEXT NOT NULL DEFAULT '',
    name_dialing               TEXT NOT NULL DEFAULT '',
    attendees_access_code      TEXT NOT NULL DEFAULT '',
    pattern_precedence         TEXT NOT NULL DEFAULT 'Default',
    access_groups              TEXT NOT NULL DEFAULT '',
    presence_group             TEXT NOT NULL DEFAULT 'Standard Presence group',
    em_max_login_time          INTEGER,
    max_desk_pickup_wait_time  INTEGER NOT NULL DEFAULT 10000,
    remote_destination_limit   INTEGER NOT NULL DEFAULT 4,
    status                     INTEGER NOT NULL DEFAULT 1,
    enable_cti                 INTEGER NOT NULL DEFAULT 1,
    enable_mobility            INTEGER NOT NULL DEFAULT 0,
    enable_mobile_voice_access INTEGER NOT NULL DEFAULT 0,
    enable_emcc                INTEGER NOT NULL DEFAULT 0,
    enable_host_conference_now INTEGER NOT NULL DEFAULT 0,
    home_cluster               INTEGER NOT NULL DEFAULT 1,
    im_and_presence            INTEGER NOT NULL DEFAULT 0,
    meeting_information        INTEGER NOT NULL DEFAULT 0,
    presence_node              TEXT COLLATE NOCASE,
    ldap_directory             TEXT,
    password_hash              TEXT,
    pin_hash                   TEXT,
    UNIQUE (cluster, userid),
    UNIQUE (cluster, pkid)
);

CREATE INDEX IF NOT EXISTS end_user_by_presence_node ON end_user (cluster, presence_node)
    WHERE presence_node IS NOT NULL;
