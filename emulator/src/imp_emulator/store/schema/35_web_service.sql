-- Copyright (c) 2026 ucops contributors
-- GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
-- SPDX-License-Identifier: GPL-3.0-or-later

-- Who is logged in at the Presence Web Service. An application has pkid and parent NULL; an end user's parent is the
-- session of the application that logged it in, and ends with it. Times are virtual, in seconds since the epoch.
CREATE TABLE IF NOT EXISTS web_session (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    cluster     TEXT NOT NULL COLLATE NOCASE,
    node        TEXT NOT NULL COLLATE NOCASE,
    session_key TEXT NOT NULL UNIQUE,
    application TEXT NOT NULL,
    pkid        TEXT,
    parent      INTEGER REFERENCES web_session (id) ON DELETE CASCADE,
    expires_at  REAL NOT NULL,
    CHECK ((pkid IS NULL) = (parent IS NULL))
);

CREATE UNIQUE INDEX IF NOT EXISTS web_session_of_application ON web_session (cluster, application) WHERE pkid IS NULL;
CREATE UNIQUE INDEX IF NOT EXISTS web_session_of_user ON web_session (cluster, pkid) WHERE pkid IS NOT NULL;
CREATE INDEX IF NOT EXISTS web_session_by_parent ON web_session (parent) WHERE parent IS NOT NULL;

-- Where applications want to be called. number is the identifier on the wire, given out anew when it is free.
-- failures: how many calls in a row were not answered.
CREATE TABLE IF NOT EXISTS web_endpoint (
    id         INTEGER PRIMARY KEY,
    cluster    TEXT NOT NULL COLLATE NOCASE,
    node       TEXT NOT NULL COLLATE NOCASE,
    number     INTEGER NOT NULL,
    session    INTEGER NOT NULL REFERENCES web_session (id) ON DELETE CASCADE,
    url        TEXT NOT NULL,
    expires_at REAL NOT NULL,
    failures   INTEGER NOT NULL DEFAULT 0,
    UNIQUE (cluster, node, number)
);

CREATE INDEX IF NOT EXISTS web_endpoint_by_session ON web_endpoint (session);

-- Whose presence an end user wants to be told of. told: whether the endpoint was called since the last time that the
-- changes were asked for. The identifier is never given out anew, because a call that is under way names it.
CREATE TABLE IF NOT EXISTS web_subscription (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    cluster    TEXT NOT NULL COLLATE NOCASE,
    node       TEXT NOT NULL COLLATE NOCASE,
    number     INTEGER NOT NULL,
    session    INTEGER NOT NULL REFERENCES web_session (id) ON DELETE CASCADE,
    endpoint   INTEGER NOT NULL REFERENCES web_endpoint (id) ON DELETE CASCADE,
    expires_at REAL NOT NULL,
    told       INTEGER NOT NULL DEFAULT 0 CHECK (told IN (0, 1)),
    UNIQUE (cluster, node, number)
);

CREATE INDEX IF NOT EXISTS web_subscription_by_session ON web_subscription (session);
CREATE INDEX IF NOT EXISTS web_subscription_by_endpoint ON web_subscription (endpoint);

-- changed: whether the contact's presence has changed since the last time that the changes were asked for.
CREATE TABLE IF NOT EXISTS web_contact (
    subscription INTEGER NOT NULL REFERENCES web_subscription (id) ON DELETE CASCADE,
    uri          TEXT NOT NULL COLLATE NOCASE,
    position     INTEGER NOT NULL,
    changed      INTEGER NOT NULL DEFAULT 1 CHECK (changed IN (0, 1)),
    PRIMARY KEY (subscription, uri)
) WITHOUT ROWID;

CREATE INDEX IF NOT EXISTS web_contact_by_uri ON web_contact (uri);

-- A contact may be given by mail address or directory URI.
CREATE INDEX IF NOT EXISTS end_user_by_mail ON end_user (cluster, mail COLLATE NOCASE) WHERE mail <> '';
CREATE INDEX IF NOT EXISTS end_user_by_directory_uri ON end_user (cluster, directory_uri COLLATE NOCASE)
    WHERE directory_uri <> '';
