-- Copyright (c) 2026 ucops contributors
-- GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
-- SPDX-License-Identifier: GPL-3.0-or-later

-- The files that were uploaded for bulk jobs, each for the transaction that it is to serve. Times are virtual, seconds
-- since the epoch. A file may hold passwords, so no interface shows its content.
CREATE TABLE IF NOT EXISTS bulk_file (
    cluster     TEXT NOT NULL COLLATE NOCASE REFERENCES cluster (name),
    name        TEXT NOT NULL,
    kind        TEXT NOT NULL,
    content     TEXT NOT NULL,
    sha256      TEXT NOT NULL,
    uploaded_at REAL NOT NULL,
    PRIMARY KEY (cluster, name)
) WITHOUT ROWID;

-- Bulk jobs. Their id is the second of their submission, or the next one that is free. content is what a job works on:
-- the file as it was when the job was submitted; of an update by query the ids of the users, from the launch on.
CREATE TABLE IF NOT EXISTS bulk_job (
    cluster      TEXT NOT NULL COLLATE NOCASE REFERENCES cluster (name),
    id           INTEGER NOT NULL,
    description  TEXT NOT NULL,
    kind         TEXT NOT NULL,
    status       TEXT NOT NULL,
    file_name    TEXT,
    sha256       TEXT,
    content      TEXT NOT NULL DEFAULT '',
    keep_symbol  TEXT,
    criteria     TEXT CHECK (criteria IS NULL OR json_valid(criteria)),
    options      TEXT CHECK (options IS NULL OR json_valid(options)),
    submitted_by TEXT NOT NULL,
    submitted_at REAL NOT NULL,
    start_at     REAL,
    launched_at  REAL,
    ended_at     REAL,
    result       TEXT,
    processed    INTEGER NOT NULL DEFAULT 0,
    failed       INTEGER NOT NULL DEFAULT 0,
    total        INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (cluster, id)
);

CREATE INDEX IF NOT EXISTS bulk_job_status ON bulk_job (cluster, status, start_at);

-- The lines that a job could not carry out; userid is empty where the line names none.
CREATE TABLE IF NOT EXISTS bulk_error (
    cluster TEXT NOT NULL COLLATE NOCASE,
    job     INTEGER NOT NULL,
    line    INTEGER NOT NULL,
    userid  TEXT NOT NULL,
    message TEXT NOT NULL,
    FOREIGN KEY (cluster, job) REFERENCES bulk_job (cluster, id) ON DELETE CASCADE
);

CREATE INDEX IF NOT EXISTS bulk_error_of_job ON bulk_error (cluster, job, line);
