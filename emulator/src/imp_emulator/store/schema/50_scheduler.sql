-- Copyright (c) 2026 ucops contributors
-- GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
-- SPDX-License-Identifier: GPL-3.0-or-later

-- The virtual clock: its distance from real time in seconds, and the instant of real time at which it was stopped; NULL
-- while it runs. Without a row it shows real time.
CREATE TABLE IF NOT EXISTS clock (
    id             INTEGER PRIMARY KEY CHECK (id = 1),
    offset_seconds REAL NOT NULL,
    frozen_at      REAL
);

-- What is to happen at a later time (virtual, seconds since the epoch). A key is one job's within its kind. The id gives
-- the order of those that are due at the same time, so no id is used twice. taken: a coroutine has begun with it.
-- repeats: it comes again and again, and may be left out on a long way of the clock.
CREATE TABLE IF NOT EXISTS job (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    kind    TEXT NOT NULL,
    key     TEXT NOT NULL,
    payload TEXT NOT NULL CHECK (json_valid(payload)),
    due_at  REAL NOT NULL,
    taken   INTEGER NOT NULL DEFAULT 0 CHECK (taken IN (0, 1)),
    repeats INTEGER NOT NULL DEFAULT 0 CHECK (repeats IN (0, 1)),
    UNIQUE (kind, key)
);

CREATE INDEX IF NOT EXISTS job_due ON job (due_at, id) WHERE taken = 0;
CREATE INDEX IF NOT EXISTS job_taken ON job (id) WHERE taken = 1;
CREATE INDEX IF NOT EXISTS job_repeating ON job (id) WHERE repeats = 1;
