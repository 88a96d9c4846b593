-- Copyright (c) 2026 ucops contributors
-- GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
-- SPDX-License-Identifier: GPL-3.0-or-later

-- The mailboxes of the Exchange organisation. address is the primary SMTP address, time_zone an IANA name. An id is never
-- given twice, because identifiers on the wire are made from it. Of an account they are made from the first mailbox that it
-- had: from account, or where that is NULL from id. A mailbox that was moved leaves its old copy behind: a row without
-- names whose moved_to is the mailbox that has them now.
CREATE TABLE IF NOT EXISTS mailbox (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    account        INTEGER UNIQUE,
    address        TEXT UNIQUE COLLATE NOCASE,
    principal_name TEXT UNIQUE COLLATE NOCASE,
    display_name   TEXT NOT NULL,
    time_zone      TEXT NOT NULL,
    language       TEXT NOT NULL,
    moved_to       INTEGER REFERENCES mailbox (id) ON DELETE CASCADE
);

CREATE INDEX IF NOT EXISTS mailbox_moved_to ON mailbox (moved_to);

-- Further addresses of mailboxes.
CREATE TABLE IF NOT EXISTS mailbox_alias (
    address TEXT PRIMARY KEY COLLATE NOCASE,
    mailbox INTEGER NOT NULL REFERENCES mailbox (id) ON DELETE CASCADE
) WITHOUT ROWID;

CREATE INDEX IF NOT EXISTS mailbox_alias_by_mailbox ON mailbox_alias (mailbox);

-- Calendar items: single ones and masters of series. starts and ends are seconds since the epoch; those of a master are
-- the first start and the last end of its occurrences, with a last end of a series without end far in the future.
-- wide tells masters, and items longer than a day, from the many that a view finds by their start alone.
-- change grows with every change of the item or of one of its occurrences. content is what the domain makes of an item.
CREATE TABLE IF NOT EXISTS calendar_item (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    mailbox  INTEGER NOT NULL REFERENCES mailbox (id) ON DELETE CASCADE,
    uid      TEXT NOT NULL,
    wide     INTEGER NOT NULL,
    starts   REAL NOT NULL,
    ends     REAL NOT NULL,
    change   INTEGER NOT NULL,
    created  REAL NOT NULL,
    modified REAL NOT NULL,
    content  TEXT NOT NULL CHECK (json_valid(content))
);

CREATE INDEX IF NOT EXISTS calendar_item_by_time ON calendar_item (mailbox, wide, starts);
CREATE INDEX IF NOT EXISTS calendar_item_by_uid ON calendar_item (mailbox, uid);

-- Occurrences of a series that were changed or, with no content, deleted. original is the start that the pattern gives,
-- content only what differs from the master.
CREATE TABLE IF NOT EXISTS calendar_exception (
    item     INTEGER NOT NULL REFERENCES calendar_item (id) ON DELETE CASCADE,
    original REAL NOT NULL,
    starts   REAL,
    ends     REAL,
    content  TEXT CHECK (content IS NULL OR json_valid(content)),
    PRIMARY KEY (item, original)
) WITHOUT ROWID;
