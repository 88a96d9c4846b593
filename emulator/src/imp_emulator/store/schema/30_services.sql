-- Copyright (c) 2026 ucops contributors
-- GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
-- SPDX-License-Identifier: GPL-3.0-or-later

-- One row for each service of each node. running and started_at are the state before the change in progress, if any.
-- Of the change: what it is, at which pace it goes, how long it is (polls or seconds), how many polls it saw, and
-- when it began (virtual time, seconds since the epoch).
CREATE TABLE IF NOT EXISTS service (
    cluster    TEXT NOT NULL COLLATE NOCASE,
    node       TEXT NOT NULL COLLATE NOCASE,
    name       TEXT NOT NULL COLLATE NOCASE,
    activated  INTEGER NOT NULL CHECK (activated IN (0, 1)),
    running    INTEGER NOT NULL CHECK (running IN (0, 1)),
    started_at REAL,
    change     TEXT CHECK (change IN ('start', 'stop', 'restart')),
    pace       TEXT,
    total      REAL,
    polls      INTEGER,
    changed_at REAL,
    PRIMARY KEY (cluster, node, name)
) WITHOUT ROWID;

CREATE INDEX IF NOT EXISTS service_in_change ON service (cluster, node) WHERE change IS NOT NULL;

-- Why a running service has to be restarted: one row for each thing that was done to each object since it started.
CREATE TABLE IF NOT EXISTS pending_restart (
    id       INTEGER PRIMARY KEY,
    cluster  TEXT NOT NULL COLLATE NOCASE,
    node     TEXT NOT NULL COLLATE NOCASE,
    service  TEXT NOT NULL COLLATE NOCASE,
    object   TEXT NOT NULL,
    action   TEXT NOT NULL,
    first_at REAL NOT NULL,
    at       REAL NOT NULL,
    UNIQUE (cluster, node, service, object, action)
);
