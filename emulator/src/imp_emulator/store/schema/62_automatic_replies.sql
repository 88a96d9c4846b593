-- Copyright (c) 2026 ucops contributors
-- GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
-- SPDX-License-Identifier: GPL-3.0-or-later

-- What a mailbox answers by itself. Times are virtual, in seconds since the epoch; both or none. A mailbox without a row
-- has never been asked to answer.
CREATE TABLE IF NOT EXISTS automatic_replies (
    mailbox           INTEGER PRIMARY KEY REFERENCES mailbox (id) ON DELETE CASCADE,
    state             TEXT NOT NULL CHECK (state IN ('Disabled', 'Enabled', 'Scheduled')),
    external_audience TEXT NOT NULL CHECK (external_audience IN ('None', 'Known', 'All')),
    start_at          REAL,
    end_at            REAL,
    internal_reply    TEXT NOT NULL,
    external_reply    TEXT NOT NULL,
    internal_language TEXT NOT NULL,
    external_language TEXT NOT NULL,
    CHECK ((start_at IS NULL) = (end_at IS NULL))
);
