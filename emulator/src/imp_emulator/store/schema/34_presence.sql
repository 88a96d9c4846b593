-- Copyright (c) 2026 ucops contributors
-- GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
-- SPDX-License-Identifier: GPL-3.0-or-later

-- What a running Presence Engine has loaded when it started, one row for each node where it runs; settings are JSON of
-- the domain, trust and tomcat_trust the certificates of the two stores. turn counts how often a gateway was given to a
-- user, the next one gets the next of the pool.
CREATE TABLE IF NOT EXISTS engine (
    cluster      TEXT NOT NULL COLLATE NOCASE,
    node         TEXT NOT NULL COLLATE NOCASE,
    loaded_at    REAL NOT NULL,
    settings     TEXT NOT NULL CHECK (json_valid(settings)),
    trust        TEXT NOT NULL,
    secrets      TEXT NOT NULL CHECK (json_valid(secrets)),
    tomcat_trust TEXT NOT NULL,
    turn         INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (cluster, node)
) WITHOUT ROWID;

-- What a Presence Engine knows of a user whose calendar it follows. gateway is the one that the user was given, folder the
-- calendar's identifier at Exchange, token the last part of the URL that notifications come to, subscription Exchange's
-- identifier ('' without one) with the parameters that it was made with. Times are virtual, in seconds since the epoch;
-- NULL: never. news counts the events that were told since the calendar was read last. failure is the code of what went
-- wrong last, '' for nothing. busy: [[start, end, shown as], ...] between window_start and window_end. out_of_office:
-- {"start", "end"} (null: without), or null for none.
CREATE TABLE IF NOT EXISTS engine_user (
    cluster          TEXT NOT NULL COLLATE NOCASE,
    pkid             TEXT NOT NULL,
    node             TEXT NOT NULL COLLATE NOCASE,
    mail             TEXT NOT NULL,
    gateway          TEXT NOT NULL DEFAULT '',
    folder           TEXT NOT NULL DEFAULT '',
    time_zone        TEXT NOT NULL DEFAULT '',
    token            TEXT NOT NULL UNIQUE,
    subscription     TEXT NOT NULL DEFAULT '',
    minutes          INTEGER NOT NULL DEFAULT 0,
    port             INTEGER NOT NULL DEFAULT 0,
    spread           INTEGER NOT NULL DEFAULT 0,
    subscribed_at    REAL,
    heard_at         REAL,
    event_at         REAL,
    news             INTEGER NOT NULL DEFAULT 0,
    read_at          REAL,
    window_start     REAL,
    window_end       REAL,
    busy             TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(busy)),
    out_of_office    TEXT NOT NULL DEFAULT 'null' CHECK (json_valid(out_of_office)),
    out_of_office_at REAL,
    failure          TEXT NOT NULL DEFAULT '',
    failure_detail   TEXT NOT NULL DEFAULT '',
    failed_at        REAL,
    PRIMARY KEY (cluster, pkid)
) WITHOUT ROWID;

CREATE INDEX IF NOT EXISTS engine_user_by_node ON engine_user (cluster, node, gateway);
CREATE INDEX IF NOT EXISTS engine_user_failed ON engine_user (cluster, node) WHERE failure != '';

-- What is known of a user's presence beside the calendar, and what is shown of it since when. A user without a row counts
-- as signed in, see the rules. manual: JSON of the domain, null when nothing was set by hand.
CREATE TABLE IF NOT EXISTS presence (
    cluster      TEXT NOT NULL COLLATE NOCASE,
    pkid         TEXT NOT NULL,
    sign_in      TEXT NOT NULL,
    on_the_phone INTEGER NOT NULL DEFAULT 0 CHECK (on_the_phone IN (0, 1)),
    manual       TEXT NOT NULL DEFAULT 'null' CHECK (json_valid(manual)),
    shown        TEXT NOT NULL CHECK (json_valid(shown)),
    since        REAL NOT NULL,
    PRIMARY KEY (cluster, pkid)
) WITHOUT ROWID;

-- What the administration of a node shows as notifications; no two of a node have the same key.
CREATE TABLE IF NOT EXISTS notification (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    cluster   TEXT NOT NULL COLLATE NOCASE,
    node      TEXT NOT NULL COLLATE NOCASE,
    key       TEXT NOT NULL,
    severity  TEXT NOT NULL CHECK (severity IN ('Information', 'Warning', 'Error')),
    text      TEXT NOT NULL,
    raised_at REAL NOT NULL,
    UNIQUE (cluster, node, key)
);
