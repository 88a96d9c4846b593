-- Copyright (c) 2026 ucops contributors
-- GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
-- SPDX-License-Identifier: GPL-3.0-or-later

-- Who is told of changes in a mailbox. caller is the account that made the subscription, server the Exchange server that
-- it was made at, events the kinds of events, separated by blanks; in_calendar whether the calendar is among its folders.
-- minutes is the status frequency of a push subscription, and how long another one may go unused. last is the number of
-- the event up to which its client has been told, watermark the text that said so.
-- failing_since: since when the listener of a push subscription has not answered a notification, with so many tries;
-- NULL while it answers. status_at: when a push subscription without events is told so.
CREATE TABLE IF NOT EXISTS subscription (
    id            TEXT PRIMARY KEY,
    mailbox       INTEGER NOT NULL REFERENCES mailbox (id) ON DELETE CASCADE,
    caller        TEXT NOT NULL,
    server        TEXT NOT NULL COLLATE NOCASE,
    method        TEXT NOT NULL CHECK (method IN ('push', 'pull', 'streaming')),
    version       TEXT NOT NULL,
    events        TEXT NOT NULL,
    in_calendar   INTEGER NOT NULL CHECK (in_calendar IN (0, 1)),
    minutes       INTEGER NOT NULL,
    url           TEXT NOT NULL,
    last          INTEGER NOT NULL,
    watermark     TEXT NOT NULL,
    status_at     REAL NOT NULL,
    failing_since REAL,
    tries         INTEGER NOT NULL DEFAULT 0
);

CREATE INDEX IF NOT EXISTS subscription_by_mailbox ON subscription (mailbox);

-- The mailboxes whose events are kept: those with a subscription, and those that had one in the last days, until
-- kept_until. last is the number of the newest event.
CREATE TABLE IF NOT EXISTS event_log (
    mailbox    INTEGER PRIMARY KEY REFERENCES mailbox (id) ON DELETE CASCADE,
    last       INTEGER NOT NULL,
    kept_until REAL NOT NULL
);

-- What happened in a calendar: kind is the event's name on the wire, change what the item's change number was afterwards.
CREATE TABLE IF NOT EXISTS mailbox_event (
    mailbox  INTEGER NOT NULL REFERENCES event_log (mailbox) ON DELETE CASCADE,
    number   INTEGER NOT NULL,
    at       REAL NOT NULL,
    kind     TEXT NOT NULL,
    item     INTEGER NOT NULL,
    change   INTEGER NOT NULL,
    PRIMARY KEY (mailbox, number)
) WITHOUT ROWID;
