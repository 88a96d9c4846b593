-- Copyright (c) 2026 ucops contributors
-- GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
-- SPDX-License-Identifier: GPL-3.0-or-later

-- What has happened, for people who look back: the newest steps of each subject (a user, a mailbox, the Presence Engine of
-- a node), in the order of their ids. at is virtual time, in seconds since the epoch. about: JSON of the domain.
CREATE TABLE IF NOT EXISTS history (
    id      INTEGER PRIMARY KEY,
    subject TEXT NOT NULL COLLATE NOCASE,
    at      REAL NOT NULL,
    step    TEXT NOT NULL,
    what    TEXT NOT NULL,
    about   TEXT NOT NULL CHECK (json_valid(about))
);

CREATE INDEX IF NOT EXISTS history_by_subject ON history (subject);
